"""Whose material goods hold, month by month: by proportional mixing, between the two extreme mixings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from didymium.messages import _
from didymium.report.figures.risk import DRAWN
from didymium.report.figures.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    RED,
    Chart,
    behind,
    dress_axes,
    extreme,
    fade,
    label,
    name_of,
    new_figure,
    panel,
    short_name,
)
from didymium.report.numbers import month

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result

_COLOURS = (BLUE, ORANGE, GREEN, RED)
_LINES = 4
"""Elements in goods drawn: those of which most tonnes are marked."""


def drawn_content(case: Case, shocked: Result) -> pd.DataFrame:
    """Return what is drawn: finished goods, under the first rule of the case, elements of magnets where it has them."""
    table = shocked["content"]
    table = table[table["commodity"].isin(case.finished()) & table["region"].isin(case.participants)]
    table = table[table["rule"].eq(table["rule"].iloc[0])] if len(table) else table
    chosen = table[table["element"].isin(DRAWN)]
    table = chosen if len(chosen) else table
    bounded = table[table["low"].notna()].groupby(["commodity", "element"])["tonnes"].sum()
    kept = bounded.sort_values(ascending=False).head(_LINES).index
    pairs = list(zip(table["commodity"], table["element"], strict=True))
    return table[[pair in kept for pair in pairs]]


def content_chart(case: Case, shocked: Result) -> Chart | None:
    """Return the share of finished goods' elements that marked plants have touched, month by month, with its band.

    Parameters
    ----------
    case : Case
        For names and participants.
    shocked : Result
        Of the verb shock.
    """
    if "content" not in shocked.tables:
        return None
    table = drawn_content(case, shocked)
    if table.empty:
        return None
    bounded = table[table["low"].notna()]
    sure = extreme(bounded.assign(gap=bounded["low"]), "gap")
    mixed = extreme(table.sort_values("month").groupby(["commodity", "region", "element"]).tail(1), "share")
    rule = _("covered nations") if str(mixed["rule"]) == "covered" else name_of(case, "regions", case.controller)
    said = _("At the end {share:.0%} of the {element} in {good} in {region} has been through {rule}, mixed evenly")
    title = said.format(
        share=float(mixed["share"]), element=mixed["element"], rule=rule,
        good=short_name(case, str(mixed["commodity"])), region=name_of(case, "regions", str(mixed["region"])),
    )  # fmt: skip
    note = _(
        "Share of each element in finished goods that passed a plant of {rule} at any stage. Lines: material mixes in "
        "proportion. Bars: what the same flows allow where lots are kept apart, in the months computed; from 0 to "
        "100 % papers alone can tell. Surest: {element} in {good} in {region}, at least {low:.0%} in {month}."
    ).format(
        rule=rule, element=sure["element"], good=short_name(case, str(sure["commodity"])), low=float(sure["low"]),
        region=name_of(case, "regions", str(sure["region"])), month=month(str(sure["month"])),
    )  # fmt: skip
    forms = [_content(case, table, across) for across in (True, False)]
    return Chart("content", title, note, forms[0], forms[1], behind(table["rests_on"]), "shock.content")


def _content(case: Case, table: pd.DataFrame, across: bool) -> go.Figure:
    regions = [r for r in case.participants if table["region"].eq(r).any()]
    lines = list(dict.fromkeys(zip(table["commodity"].astype(str), table["element"].astype(str), strict=True)))
    figure = new_figure(300 if across else 240 * len(regions) + 80)
    for at, region in enumerate(regions):
        x, y = panel(at, len(regions), across)
        axis = "" if at == 0 else str(at + 1)
        ends = {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
        for place, (commodity, element) in enumerate(lines):
            mine = table[table["region"].eq(region) & table["commodity"].eq(commodity) & table["element"].eq(element)]
            colour = _COLOURS[place % len(_COLOURS)]
            name = _("{element} in {good}").format(element=element, good=short_name(case, commodity))
            known = mine[mine["low"].notna()]
            # Bars of lines stand side by side: half a week apart.
            when = known["month"] + f"-{10 + 4 * place:02d}"
            for day, low, high in zip(when, known["low"] * 100.0, known["high"] * 100.0, strict=True):
                figure.add_scatter(x=[day, day], y=[low, high], mode="lines", hoverinfo="skip", showlegend=False,
                                   line={"color": fade(colour, 0.45), "width": 4}, **ends)  # fmt: skip
            figure.add_scatter(
                x=mine["month"] + "-15", y=mine["share"] * 100.0, mode="lines", name=name,
                line={"color": colour, "width": 2},
                hovertemplate="%{x|%b %Y}: %{y:.0f} %<extra>" + name + "</extra>", showlegend=at == 0, **ends,
            )  # fmt: skip
        figure.update_layout({
            f"xaxis{axis}": {"domain": x, "anchor": f"y{axis}", "type": "date", "tickformat": "%b<br>%Y", "nticks": 6},
            f"yaxis{axis}": {"domain": [y[0], y[1] - 0.06], "anchor": f"x{axis}", "range": [-2, 103],
                             "ticksuffix": " %"},
        })  # fmt: skip
        label(figure, x[0], y[1], name_of(case, "regions", region), xref="paper", yref="paper", yanchor="bottom",
              font={"size": 12, "color": INK})  # fmt: skip
    dress_axes(figure)
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "xref": "container", "y": 0, "yref": "container", "yanchor": "bottom",
                "font": {"size": 11, "color": MUTED}},
        margin={"l": 8, "r": 10, "t": 24, "b": 92 if across else 130},
    )  # fmt: skip
    return figure
