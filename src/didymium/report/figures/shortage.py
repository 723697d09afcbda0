"""Who goes short, of how much, month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from didymium.messages import _
from didymium.report.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    MUTED,
    ORANGE,
    PINK,
    RED,
    SKY,
    Chart,
    behind,
    dress_axes,
    goods,
    label,
    name_of,
    new_figure,
    panel,
)
from didymium.report.numbers import month, percent

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result

_REST, _LEAST = "_rest", 0.02  # end uses with a smaller share of the shortage are drawn together
_USES = (BLUE, ORANGE, GREEN, SKY, RED, PINK, GREY, MUTED)


_UNMET = 0.01
"""Share of need that must go unmet before a month counts as short."""


def first_short(served: pd.DataFrame, region: str, foresight: str = "none", least: float = _UNMET) -> tuple[str, str]:
    """Return the first month in which a region is short by more than a share of its need, and what that rests on."""
    rows = served[served["region"].eq(region) & served["foresight"].eq(foresight)]
    sums = rows.groupby("month")[["short", "wanted"]].sum()
    months = [str(m) for m in sums.index[sums["short"] > least * sums["wanted"]]]
    if not months:
        return "", behind(rows["rests_on"])
    return min(months), behind(rows.loc[rows["month"].eq(min(months)), "rests_on"])


def shown_uses(case: Case, served: pd.DataFrame) -> pd.DataFrame:
    """Return what is served of finished goods with a fitted price.

    Tonnes of magnets and of oxides are different things and are not added; of goods whose price is not fitted the
    shortage is known as a band only.
    """
    commodities = case["commodities"]
    fitted = commodities["commodity"].isin(case.finished()) & commodities["calibrated"].ne("no")
    return served[served["commodity"].isin(commodities.loc[fitted, "commodity"])]


def shortage_timeline(case: Case, shocked: Result) -> Chart | None:
    """Return the shortage of each participant by end use and month.

    Parameters
    ----------
    case : Case
        For names and participants.
    shocked : Result
        Of the verb shock.
    """
    magnets = shown_uses(case, shocked["served"])
    served = magnets[magnets["region"].isin(case.participants)]
    rests = behind(served["rests_on"])
    keys = ["foresight", "region", "month", "end_use"]
    served = served.groupby(keys, as_index=False)[["short", "wanted"]].sum()
    sums = served.groupby("end_use")["short"].sum()
    small = sums.index[sums < _LEAST * sums.sum()]
    served = served.assign(end_use=served["end_use"].where(~served["end_use"].isin(small), _REST))
    served = served.groupby(keys, as_index=False)[["short", "wanted"]].sum()
    if served.empty or not float(served["short"].sum()) > 0:
        return None
    starts = []
    for region in case.participants:
        begin, _inputs = first_short(magnets, region)
        name = name_of(case, "regions", region)
        starts.append(
            _("{region} from {month}").format(region=name, month=month(begin))
            if begin
            else _("{region} never").format(region=name)
        )
    called = goods(case)
    title = _("{goods} run short: {starts}").format(goods=called[:1].upper() + called[1:], starts=", ".join(starts))
    note = _(
        "Tonnes of finished {goods} a month. Bars: nobody foresees the cut. Line: everybody does. Title: the first "
        "month in which more than {least} of need goes unmet. What is used before that stage, and goods without a "
        "fitted price, are left out."
    ).format(goods=called, least=percent(_UNMET))
    drawn = [_shortage(case, served, across) for across in (True, False)]
    return Chart("shortage", title, note, drawn[0], drawn[1], rests, "shock.served", paper=205)


def _shortage(case: Case, served: pd.DataFrame, across: bool) -> go.Figure:
    regions = case.participants
    uses = served.groupby("end_use")["short"].sum().sort_values(ascending=False)
    names = {u: _("the rest") if u == _REST else name_of(case, "end_uses", u).split(":")[0] for u in uses.index}
    figure = new_figure(226 if across else 180 * len(regions) + 70, barmode="stack", bargap=0.15)
    top = float(served.groupby(["foresight", "region", "month"])["short"].sum().max()) * 1.1
    for place, region in enumerate(regions):
        axis = "" if place == 0 else str(place + 1)
        here = served[served["region"].eq(region)]
        blind = here[here["foresight"].eq("none")]
        for use, colour in zip(uses.index, _USES, strict=False):
            rows = blind[blind["end_use"].eq(use)]
            figure.add_trace(
                go.Bar(
                    x=rows["month"],
                    y=rows["short"],
                    name=names[use],
                    marker_color=colour,
                    showlegend=place == 0,
                    xaxis=f"x{axis}",
                    yaxis=f"y{axis}",
                    hovertemplate="%{x|%b %Y}: %{y:.3s} t<extra>" + names[use] + "</extra>",
                )
            )
        seen = here[here["foresight"].eq("perfect")].groupby("month")["short"].sum()
        if len(seen):
            figure.add_trace(
                go.Scatter(
                    x=list(seen.index),
                    y=seen.to_list(),
                    mode="lines",
                    name=_("total if foreseen"),
                    line={"color": INK, "width": 1.8, "dash": "dash"},
                    xaxis=f"x{axis}",
                    yaxis=f"y{axis}",
                    showlegend=place == 0,
                    hovertemplate="%{x|%b %Y}: %{y:.3s} t<extra></extra>",
                )
            )
        count = len(regions)
        horizontal, vertical = panel(place, count, across)
        figure.update_layout(
            {
                f"xaxis{axis}": {
                    "domain": horizontal,
                    "anchor": f"y{axis}",
                    "type": "date",
                    "tickformat": "%b<br>%Y" if across else "%b %y",
                    "nticks": 6 if across else 5,
                    "showgrid": False,
                },
                f"yaxis{axis}": {
                    "domain": vertical,
                    "anchor": f"x{axis}",
                    "range": [0, top],
                    "nticks": 5,
                    "title": {"text": _("missing, t a month") if place == 0 or not across else ""},
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
    figure.update_layout(
        showlegend=True,
        legend={
            "orientation": "h",
            "x": 0,
            "xref": "container",
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
            "font": {"size": 11},
            "entrywidth": 132 if across else 0,
            "entrywidthmode": "pixels",
            "traceorder": "normal",
        },
        margin={"l": 10, "r": 8, "t": 20, "b": 42 if across else 88},
    )
    return figure
