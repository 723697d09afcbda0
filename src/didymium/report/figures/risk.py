"""What may come: how likely a loss is exceeded, and whose material end uses hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from didymium.messages import _
from didymium.report.figures.style import (
    BLUE,
    INK,
    MUTED,
    RED,
    SKY,
    Chart,
    behind,
    dress_axes,
    extreme,
    fade,
    label,
    name_of,
    new_figure,
    panel,
    region_colour,
)

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result

RARE = 0.05
"""Share of the draws that exceed what the title calls a bad case."""

DRAWN = ("NdPr", "Dy", "Tb", "Sm")
"""Elements drawn: those of magnets."""


def exceedance_chart(case: Case, drawn: Result) -> Chart | None:
    """Return the probability with which a loss of users is exceeded, per participant and end of the secret stocks.

    Parameters
    ----------
    case : Case
        For names and participants.
    drawn : Result
        Of :func:`didymium.shock.draws`.
    """
    curve = drawn["exceedance"]
    curve = curve[curve["quantity"].eq("users_loss")]
    if curve.empty:
        return None
    count = int(drawn.manifest["options"]["draws"])
    level = str(curve["level"].iloc[0])
    rare = max(RARE, float(curve["probability"].min()))  # few draws tell of no rarer case
    tail = curve[curve["probability"].eq(rare) & curve["level"].eq(level)].set_index("region")["value"]
    middle = curve[curve["probability"].eq(0.5) & curve["level"].eq(level)].set_index("region")["value"]
    worst = str(tail.idxmax())
    said = _(
        "The cut costs users in {region} more than {tail:,.0f} million dollars in 1 of {rare:.0f} draws, "
        "{middle:,.0f} in 1 of 2"
    )
    title = said.format(region=name_of(case, "regions", worst), tail=float(tail[worst]), rare=1.0 / rare,
                        middle=float(middle[worst]))  # fmt: skip
    note = _(
        "{count} draws of the scenario: onset, duration, approvals, elasticities, commercial stocks and demand, each "
        "by its band, and the same draw without the cut taken off. Solid: secret stocks at the low end of their range; "
        "dotted: at the high end. The two are never mixed: nobody gives a range a probability. The share of draws is "
        "no forecast: it says what the bands imply."
    ).format(count=count)
    forms = [_exceedance(case, curve, across) for across in (True, False)]
    return Chart("exceedance", title, note, forms[0], forms[1], behind(curve["rests_on"]), "draws.exceedance")


def _exceedance(case: Case, curve: pd.DataFrame, across: bool) -> go.Figure:
    figure = new_figure(320 if across else 300)
    figure.update_layout(margin={"l": 8, "r": 90, "t": 14, "b": 8, "pad": 4})
    for (region, level), mine in curve.groupby(["region", "level"], sort=False):
        line = mine.sort_values("probability")
        colour = region_colour(str(region))
        figure.add_scatter(
            x=line["value"], y=line["probability"] * 100.0, mode="lines",
            line={"color": colour, "width": 2, "dash": "solid" if level == "low" else "dot"},
            hovertemplate=_("%{y:.0f} % of the draws exceed %{x:,.0f}") + "<extra></extra>",
        )  # fmt: skip
        if level == curve["level"].iloc[0]:
            end = line.iloc[0]
            label(figure, float(end["value"]), float(end["probability"]) * 100.0, name_of(case, "regions", str(region)),
                  xshift=6, font={"size": 12, "color": colour})  # fmt: skip
    figure.update_xaxes(title={"text": _("Loss of users, million USD")}, rangemode="tozero")
    figure.update_yaxes(title={"text": _("% of draws that exceed it")}, range=[0, 100])
    return figure


def origin_chart(case: Case, screened: Result) -> Chart | None:
    """Return the share of defence's magnets that went through covered nations, with the extreme mixings.

    Parameters
    ----------
    case : Case
        For names and participants.
    screened : Result
        Of the verb screen.
    """
    if "origins" not in screened.tables:
        return None
    table = screened["origins"]
    table = table[table["rule"].eq("covered") & table["end_use"].isin(["defence", "ev"]) & table["element"].isin(DRAWN)]
    if table.empty:
        return None
    first = table[table["end_use"].eq("defence") & table["region"].eq(case.participants[0])]
    most = extreme(first if len(first) else table, "share")
    said = _("{share:.0%} of the {element} in {use} of {region} went through a covered nation, at least {low:.0%}")
    title = said.format(
        share=float(most["share"]), element=most["element"], low=float(most["low"]),
        use=name_of(case, "end_uses", str(most["end_use"])).lower(),
        region=name_of(case, "regions", str(most["region"])),
    )  # fmt: skip
    unseen = str(most["unseen"]).replace(";", ", ")
    note = _(
        "Base year. Dot: material mixes in proportion. Bar: what the same flows allow where lots are kept apart. A bar "
        "from 0 to 100 % says that statistics cannot answer: only papers lot by lot can. Any stage from mine to magnet "
        "counts (10 USC 4872)."
    ) + (" " + _("Not told apart in this case: {nations}.").format(nations=unseen) if unseen else "")
    forms = [_origins(case, table, across) for across in (True, False)]
    return Chart("origins", title, note, forms[0], forms[1], behind(table["rests_on"]), "screen.origins")


def _origins(case: Case, table: pd.DataFrame, across: bool) -> go.Figure:
    regions = [r for r in case.participants if table["region"].eq(r).any()]
    rows = max(len(table[table["region"].eq(r)]) for r in regions)
    figure = new_figure(60 + 26 * rows if across else (60 + 26 * rows) * len(regions))
    for at, region in enumerate(regions):
        x, y = panel(at, len(regions), across)
        axis = "" if at == 0 else str(at + 1)
        mine = table[table["region"].eq(region)].sort_values(["end_use", "element"]).iloc[::-1]
        names = [
            f"{name_of(case, 'end_uses', str(use))}, {element}"
            for use, element in zip(mine["end_use"], mine["element"], strict=True)
        ]
        figure.update_layout({
            f"xaxis{axis}": {"domain": x, "range": [-2, 102], "anchor": f"y{axis}"},
            f"yaxis{axis}": {"domain": [y[0], y[1] - 0.08], "anchor": f"x{axis}"},
        })  # fmt: skip
        for name, low, high in zip(names, mine["low"] * 100, mine["high"] * 100, strict=True):
            figure.add_scatter(x=[low, high], y=[name, name], mode="lines", hoverinfo="skip",
                               line={"color": fade(SKY, 0.55), "width": 10}, xaxis=f"x{axis}",
                               yaxis=f"y{axis}")  # fmt: skip
        colours = [RED if low > 0.5 else BLUE for low in mine["low"]]
        figure.add_scatter(
            x=mine["share"] * 100, y=names, mode="markers", marker={"color": colours, "size": 9}, xaxis=f"x{axis}",
            yaxis=f"y{axis}", hovertemplate="%{y}: %{x:.0f} %<extra></extra>",
        )  # fmt: skip
        label(figure, x[0], y[1], name_of(case, "regions", region), xref="paper", yref="paper", yanchor="top",
              font={"size": 12, "color": INK})  # fmt: skip
    dress_axes(figure)
    if across:  # the rows are the same in each panel
        for at in range(1, len(regions)):
            figure.update_layout({f"yaxis{at + 1}": {"showticklabels": False}})
    figure.update_xaxes(ticksuffix=" %", tickfont={"size": 11, "color": MUTED})
    return figure
