"""How long stocks last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from didymium.messages import _
from didymium.report.figures.style import (
    BLUE,
    RED,
    Chart,
    behind,
    dress_axes,
    extreme,
    label,
    name_of,
    new_figure,
    panel,
    short_name,
)
from didymium.report.names import place
from didymium.report.numbers import amount, month

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result


_MOST = 6
"""Commodities drawn: those that run lowest."""
_HELD = 0.001
"""Share of a commodity's stocks below which a region does not hold it: days of a use of grams say nothing."""


def fitted_cover(case: Case, shocked: Result) -> pd.DataFrame:
    """Return the participants' cover, nothing foreseen, of what has a fitted price and is not ore."""
    import numpy as np

    cover, commodities = shocked["cover"], case["commodities"]
    quiet = commodities.loc[commodities["calibrated"].eq("no") | commodities["stage"].eq("mine"), "commodity"]
    known = cover["days_at_start"].notna() & cover["lowest_days"].notna() & ~cover["commodity"].isin(quiet)
    held = shocked["stocks"].groupby(["commodity", "region"])["level"].max()
    share = held / held.groupby(level="commodity").transform("sum")
    pairs = zip(cover["commodity"], cover["region"], strict=True)
    held_here = np.array([share.get(pair, 0.0) > _HELD for pair in pairs], bool)
    return cover[cover["region"].isin(case.participants) & cover["foresight"].eq("none") & known & held_here]


def cover_chart(case: Case, shocked: Result) -> Chart | None:
    """Return days of cover at the start, with their band, and at the lowest, per participant.

    Parameters
    ----------
    case : Case
        For names and participants.
    shocked : Result
        Of the verb shock.
    """
    cover = fitted_cover(case, shocked)
    if cover.empty:
        return None
    weakest = extreme(cover, "lowest_days", largest=False)
    title = _("{commodity} in {region} runs lowest: {lowest} left, from {start}").format(
        commodity=name_of(case, "commodities", weakest["commodity"]),
        region=place(case, str(weakest["region"])),
        lowest=amount(float(weakest["lowest_days"]), "days"),
        start=amount(float(weakest["days_at_start"]), "days"),
    )
    note = _(
        "Days of use that stocks last; at most {count} commodities, those that run lowest. Dot: at the start, with its "
        "band; ring: the lowest in the shock, not foreseen. Red: the month in which need first goes unmet. Ores and "
        "commodities whose price is not fitted are left out."
    ).format(count=_MOST)
    drawn = [_cover(case, cover, across) for across in (True, False)]
    return Chart("cover", title, note, drawn[0], drawn[1], behind(cover["rests_on"]), "shock.cover", paper=316)


def _cover(case: Case, cover: pd.DataFrame, across: bool) -> go.Figure:
    order = cover.groupby("commodity")["lowest_days"].min().sort_values(ascending=False).tail(_MOST)
    names = [short_name(case, str(c)) for c in order.index]
    regions = case.participants
    rows_high = (24 if across else 20) * len(order) + 46
    figure = new_figure(rows_high if across else rows_high * len(regions))
    most = float(cover[["days_high", "days_at_start"]].max().max()) * 1.05
    for at, region in enumerate(regions):
        axis = "" if at == 0 else str(at + 1)
        here = cover[cover["region"].eq(region)].set_index("commodity").reindex(order.index)
        ends: dict[str, Any] = {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
        for name, low, high in zip(names, here["days_low"], here["days_high"], strict=True):
            figure.add_trace(
                go.Scatter(
                    x=[low, high],
                    y=[name, name],
                    mode="lines",
                    line={"color": "#b7cfe0", "width": 7},
                    hoverinfo="skip",
                    **ends,
                )
            )
        figure.add_trace(
            go.Scatter(
                x=here["days_at_start"],
                y=names,
                mode="markers",
                marker={"color": BLUE, "size": 9},
                hovertemplate="%{y}: %{x:.0f}<extra></extra>",
                **ends,
            )
        )
        figure.add_trace(
            go.Scatter(
                x=here["lowest_days"],
                y=names,
                mode="markers",
                hovertemplate="%{y}: %{x:.0f}<extra></extra>",
                marker={"color": "#ffffff", "size": 8, "line": {"color": RED, "width": 2}},
                **ends,
            )
        )
        for name, begin in zip(names, here["first_short"], strict=True):
            if isinstance(begin, str) and begin:
                label(
                    figure,
                    most,
                    name,
                    month(begin),
                    xref=f"x{axis}",
                    yref=f"y{axis}",
                    xanchor="right",
                    font={"size": 11, "color": RED},
                )
        horizontal, vertical = panel(at, len(regions), across)
        figure.update_layout(
            {
                f"xaxis{axis}": {
                    "domain": horizontal,
                    "anchor": f"y{axis}",
                    "range": [-0.03 * most, most],
                    "nticks": 6 if across else 4,
                    "tickangle": 0,
                    "showticklabels": across or at == len(regions) - 1,
                    "title": {"text": _("days of use") if across or at == len(regions) - 1 else ""},
                },
                f"yaxis{axis}": {
                    "domain": vertical,
                    "anchor": f"x{axis}",
                    "showticklabels": at == 0 or not across,
                    "type": "category",
                    "categoryarray": names,
                    "categoryorder": "array",
                },
            }
        )
        label(
            figure,
            horizontal[0],
            vertical[1],
            f"<b>{name_of(case, 'regions', region)}</b>",
            xref="paper",
            yref="paper",
            yshift=10,
        )
    dress_axes(figure)
    figure.update_layout(margin={"l": 8, "r": 10, "t": 20, "b": 8})
    return figure
