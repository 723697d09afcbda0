"""What a halt takes away, and what the plan puts in its place; who gains, and who pays."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from didymium.messages import _
from didymium.report.figures.style import (
    BLUE,
    GREY,
    INK,
    MUTED,
    ORANGE,
    RED,
    SKY,
    Chart,
    behind,
    dress_axes,
    goods,
    label,
    name_of,
    new_figure,
    region_colour,
)
from didymium.report.numbers import digits, money, percent

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result

_COLOURS = {"need": "#4a5866", "supply": GREY, "project": BLUE, "stock": SKY, "short": RED}


def best_plan(planned: Result) -> str:
    """Return whose plan the brief shows: the partners' together where there is one."""
    who = list(planned["compare"]["who"])
    return "both" if "both" in who else str(who[-1])


def chosen(planned: Result, who: str) -> pd.DataFrame:
    """Return the projects that a plan adds to those that go ahead anyway."""
    choices = planned["choices"]
    return choices[choices["who"].eq(who) & choices["share"].gt(0) & ~choices["committed"].astype(bool)]


def committed(planned: Result) -> pd.DataFrame:
    """Return the projects that go ahead whatever the partners decide."""
    choices = planned["choices"]
    return choices[choices["committed"].astype(bool)].drop_duplicates("facility")


def peak_stock(planned: Result, who: str) -> pd.DataFrame:
    """Return the stock of a plan: its highest level, what was bought in all, when and for how much."""
    stocks = planned["stock_plan"]
    stocks = stocks[stocks["who"].eq(who) & stocks["bought"].gt(0)]
    groups = stocks.assign(years=stocks["year"].astype(str)).groupby(["commodity", "region", "payer"], sort=False)
    return groups.agg(
        level=("level", "max"),
        bought=("bought", "sum"),
        first=("years", "min"),
        last=("years", "max"),
        cost=("cost", "sum"),
        rests_on=("rests_on", behind),
    ).reset_index()


def gap_waterfall(case: Case, planned: Result) -> Chart | None:
    """Return each participant's need in the halt and what meets it.

    Parameters
    ----------
    case : Case
        For names and participants.
    planned : Result
        Of the verb plan.
    """
    who = best_plan(planned)
    gap = planned["gap"]
    gap = gap[gap["who"].eq(who)].sort_values(["participant", "order"])
    if gap.empty:
        return None
    before, after = (_short(planned["gap"], name) for name in ("nothing", who))
    title = _("In the halt {after} of the {goods} wanted are missing with the plan, {before} without").format(
        goods=goods(case), after=percent(after), before=percent(before)
    )
    note = _("Tonnes of finished {goods} over the halt, with the plan of: {who}.").format(
        goods=goods(case), who=who_name(case, who)
    )
    return Chart(
        "gap",
        title,
        note,
        _waterfall(case, gap, True),
        _waterfall(case, gap, False),
        behind(gap["rests_on"]),
        "plan.gap",
        paper=326,
    )


def _short(gap: pd.DataFrame, who: str) -> float:
    """Share of the need in the halt that stays unmet."""
    sums = gap[gap["who"].eq(who)].groupby("kind")["quantity"].sum()
    return float(sums.get("short", 0.0)) / float(sums["need"]) if sums.get("need") else float("nan")


def people(case: Case, payers: str) -> str:
    """Return who pays, in words: one participant, or several joined by +."""
    return " + ".join(name_of(case, "regions", payer) for payer in payers.split("+") if payer) or "–"


def who_name(case: Case, who: str) -> str:
    """Return who acts, in words."""
    if who == "nothing":
        return _("nobody")
    if who == "both":
        return _("both together")
    return name_of(case, "regions", who)


def _waterfall(case: Case, gap: pd.DataFrame, across: bool) -> go.Figure:
    unit = _("t of finished {goods}").format(goods=goods(case))
    shown = [p for p in case.participants if p in set(gap["participant"])]
    steps = max(gap.groupby("participant").size())
    panel_height = (28 if across else 24) * steps + 38
    figure = new_figure(panel_height + 20 if across else panel_height * len(shown) + 12)
    most = float(gap["quantity"].max()) * (1.16 if across else 1.3)
    for place, participant in enumerate(shown):
        axis = "" if place == 0 else str(place + 1)
        rows = gap[gap["participant"].eq(participant)]
        left = float(rows.loc[rows["kind"].eq("need"), "quantity"].sum())
        for record in rows.to_dict("records"):
            quantity = float(record["quantity"])
            start = 0.0 if record["kind"] == "need" else left - quantity
            left = left if record["kind"] == "need" else start
            figure.add_trace(
                go.Bar(
                    x=[quantity],
                    base=[max(start, 0.0)],
                    y=[_wrapped(record["step"], across)],
                    orientation="h",
                    width=0.62,
                    showlegend=False,
                    marker_color=_COLOURS.get(str(record["kind"]), GREY),
                    xaxis=f"x{axis}",
                    yaxis=f"y{axis}",
                    hovertemplate="%{y}: " + digits(quantity) + " t<extra></extra>",
                )
            )
            label(
                figure,
                max(start, 0.0) + quantity,
                _wrapped(record["step"], across),
                digits(quantity),
                xref=f"x{axis}",
                yref=f"y{axis}",
                xshift=4,
                font={"size": 11, "color": _COLOURS["short"] if record["kind"] == "short" else INK},
            )
        count = len(shown)
        if across:
            width = (1 - 0.03 * (count - 1)) / count
            horizontal, vertical = [place * (width + 0.03), place * (width + 0.03) + width], [0.0, 1.0]
        else:
            between = 0.15
            height = (1 - between * (count - 1)) / count
            high = 1 - place * (height + between)
            horizontal, vertical = [0.0, 1.0], [max(high - height, 0.0), high]
        figure.update_layout(
            {
                f"xaxis{axis}": {
                    "domain": horizontal,
                    "anchor": f"y{axis}",
                    "range": [0, most],
                    "nticks": 5,
                    "title": {"text": unit if across or place == count - 1 else ""},
                },
                f"yaxis{axis}": {
                    "domain": vertical,
                    "anchor": f"x{axis}",
                    "autorange": "reversed",
                    "showgrid": False,
                    "showticklabels": place == 0 or not across,
                },
            }
        )
        label(
            figure,
            horizontal[0],
            vertical[1],
            f"<b>{name_of(case, 'regions', str(participant))}</b>",
            xref="paper",
            yref="paper",
            yshift=10,
        )
    dress_axes(figure)
    figure.update_yaxes(tickfont_size=12 if across else 10)
    figure.update_layout(margin={"l": 8, "r": 8, "t": 22, "b": 6})
    return figure


def _wrapped(step: str, across: bool) -> str:
    """A label in as many lines as its place needs."""
    return "<br>".join(textwrap.wrap(step, 30 if across else 27))


def gain_chart(case: Case, planned: Result) -> Chart | None:
    """Return what each partner gains when one acts alone and when both act, beside the public cost.

    Parameters
    ----------
    case : Case
        For names and participants.
    planned : Result
        Of the verb plan.
    """
    compare = planned["compare"]
    compare = compare[compare["who"].ne("nothing")]
    if compare.empty:
        return None
    gains = {p: f"gain_{p.lower()}" for p in case.participants if f"gain_{p.lower()}" in compare}
    total = {str(row["who"]): sum(float(row[c]) for c in gains.values()) for row in compare.to_dict("records")}
    cost = dict(zip(compare["who"].astype(str), compare["public_cost"].astype(float), strict=True))
    best = max(total, key=lambda who: total[who])
    said = _("public cost {cost}") if cost[best] >= 0 else _("the purses earn {cost}")
    title = _("Most is gained by {who}: {gain} after public cost ({purses})").format(
        who=who_name(case, best), gain=money(total[best]), purses=said.format(cost=money(abs(cost[best])))
    )
    note = _(
        "Gain: loss of users avoided over doing nothing, less own public cost. Public cost below zero: the stock, "
        "bought before a cut that is known to come, earns. Million US dollars over the plan, discounted."
    )
    drawn = [_gains(case, compare, gains, wide) for wide in (True, False)]
    return Chart("gains", title, note, drawn[0], drawn[1], behind(compare["rests_on"]), "plan.compare")


def _gains(case: Case, compare: pd.DataFrame, gains: dict[str, str], wide: bool) -> go.Figure:
    figure = new_figure(52 * len(compare) + 66, barmode="group", bargap=0.28, bargroupgap=0.06)
    names = [who_name(case, str(w)) for w in compare["who"]]
    bars = [
        (_("gain of {region}").format(region=name_of(case, "regions", p)), c, region_colour(p))
        for p, c in gains.items()
    ]
    for name, column, colour in [*bars, (_("public cost"), "public_cost", ORANGE)]:
        figure.add_trace(
            go.Bar(
                x=compare[column],
                y=names,
                orientation="h",
                name=name,
                marker_color=colour,
                text=[digits(float(v)) for v in compare[column]],
                textposition="outside",
                textfont={"size": 11, "color": MUTED},
                cliponaxis=False,
                hovertemplate="%{y}: %{x:,.0f}<extra>" + name + "</extra>",
            )
        )
    span = [
        float(compare[[*gains.values(), "public_cost"]].min().min()),
        float(compare[[*gains.values(), "public_cost"]].max().max()),
    ]
    figure.update_layout(
        xaxis={
            "title": {"text": _("million US dollars")},
            "range": [min(0.0, span[0] - 0.12 * (span[1] - span[0])) if span[0] < 0 else 0.0, span[1] * 1.15],
            "nticks": 6,
            "zeroline": True,
            "zerolinecolor": "#9aa5b1",
        },
        yaxis={"autorange": "reversed", "showgrid": False},
        showlegend=True,
        legend={
            "orientation": "h",
            "x": 0,
            "xref": "container",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "font": {"size": 11},
            "traceorder": "normal",
        },
        margin={"l": 8, "t": 28 if wide else 62},
    )
    return figure
