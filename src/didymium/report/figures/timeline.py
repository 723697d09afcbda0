"""The shock month by month: prices in and out of the controlling country, and who goes short of what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from didymium.messages import _
from didymium.report.figures.style import (
    BLUE,
    GREEN,
    GREY,
    MUTED,
    ORANGE,
    PINK,
    RED,
    SKY,
    Chart,
    behind,
    dress_axes,
    extreme,
    label,
    name_of,
    new_figure,
    short_name,
)
from didymium.report.numbers import digits

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result

_USES = (BLUE, ORANGE, GREEN, SKY, RED, PINK, GREY, MUTED)
_PANELS = 4
_REFINED = ("light_separation", "heavy_separation", "refining", "precursor", "cathode", "anode")
_TITLE = 24
"""Letters that fit above a panel."""
_NEAR_CHOKE = 0.8


def outside_prices(case: Case, shocked: Result, calibrated: bool = True) -> pd.DataFrame:
    """Return, by foresight, commodity and month, the row of the dearest participant.

    Parameters
    ----------
    case : Case
        For participants and for which prices are calibrated.
    shocked : Result
        Of the verb shock.
    calibrated : bool
        Leave out commodities whose price is a band only.
    """
    prices = shocked["prices"]
    found = prices[prices["region"].isin(case.participants) & prices["multiple"].notna()]
    if calibrated:
        commodities = case["commodities"]
        found = found[~found["commodity"].isin(commodities.loc[commodities["calibrated"].eq("no"), "commodity"])]
    dearest = found.groupby(["foresight", "commodity", "month"])["multiple"].idxmax()
    return found.loc[dearest].sort_values(["foresight", "commodity", "month"])


def observed_prices(case: Case, shocked: Result) -> pd.DataFrame:
    """Return prices observed outside the controlling country within the months shown, as multiples of the base.

    Parameters
    ----------
    case : Case
        Table ``prices``; quotations that the calibration was fitted to are left out.
    shocked : Result
        Of the verb shock, for the base price of each commodity and region and the months.

    Returns
    -------
    DataFrame
        Columns commodity, region, date, multiple, low, high, rests_on.
    """
    base = shocked["prices"].drop_duplicates(["commodity", "region"]).set_index(["commodity", "region"])["base"]
    first, last = shocked["prices"]["month"].min(), shocked["prices"]["month"].max()
    table = case["prices"]
    seen = table[
        table["use"].eq("check")
        & table["region"].ne(case.controller)
        & table["date"].str.len().ge(7)
        & table["date"].str[:7].between(first, last)
    ].copy()
    per_kg = [base.get((c, r), float("nan")) * 1000.0 for c, r in zip(seen["commodity"], seen["region"], strict=True)]
    for column, name in (("price", "multiple"), ("low", "low"), ("high", "high")):
        seen[name] = seen[column] / per_kg
    seen["rests_on"] = seen["_row"]
    found = seen[["commodity", "region", "date", "multiple", "low", "high", "rests_on"]]
    return found[found["multiple"].notna()].sort_values("date")


def at_choke(case: Case, peak: Mapping[str, Any]) -> bool:
    """Tell whether a price has come close to the one at which one of its buyers stops: the model then knows no more."""
    demands, uses = case["demands"], case["end_uses"]
    buyers = demands.loc[demands["commodity"].eq(peak["commodity"]) & demands["region"].eq(peak["region"]), "end_use"]
    chokes = uses.loc[uses["end_use"].isin(buyers), "choke"]
    return bool(len(chokes)) and float(peak["multiple"]) >= _NEAR_CHOKE * float(chokes.min())


def price_timeline(case: Case, shocked: Result) -> Chart | None:
    """Return prices in and out of the controlling country, as multiples of the base.

    Parameters
    ----------
    case : Case
        For names and regions.
    shocked : Result
        Of the verb shock.
    """
    outside = outside_prices(case, shocked)
    if outside.empty:
        return None
    blind = outside[outside["foresight"].eq("none")]
    peaks = blind.groupby("commodity")["multiple"].max().sort_values(ascending=False)
    chosen = _spread(case, [str(c) for c in peaks.index])
    if not chosen:
        return None
    inside = shocked["prices"]
    inside = inside[
        inside["region"].eq(case.controller) & inside["foresight"].eq("none") & inside["commodity"].isin(chosen)
    ]
    worst = chosen[0]
    seen = outside[outside["foresight"].eq("perfect") & outside["commodity"].eq(worst)]["multiple"]
    title = _(
        "{commodity} outside {region} peaks at {blind} times its base price if nobody sees the cut coming, {seen} "
        "if everybody does"
    ).format(
        commodity=name_of(case, "commodities", worst),
        region=name_of(case, "regions", case.controller),
        blind=digits(float(peaks[worst])),
        seen=digits(float(seen.max())) if len(seen) else "–",
    )
    note = _(
        "Price as a multiple of its base price (1 = no shock), by month; outside: the dearer of {regions}."
    ).format(regions=", ".join(name_of(case, "regions", p) for p in case.participants))
    seen_prices = observed_prices(case, shocked)
    seen_prices = seen_prices[seen_prices["commodity"].isin(chosen)]
    if len(seen_prices):
        note += " " + _("Dots: quotations outside {region}, thin markets; not used in the fit.").format(
            region=name_of(case, "regions", case.controller)
        )
    rests = behind(
        [*outside.loc[outside["commodity"].isin(chosen), "rests_on"], *inside["rests_on"], *seen_prices["rests_on"]]
    )
    parts = (case, outside, inside, seen_prices, chosen)
    wide, narrow = _prices(*parts, len(chosen)), _prices(*parts, 2)
    return Chart("prices", title, note, wide, narrow, rests, "shock.prices", paper=196)


def _spread(case: Case, commodities: list[str]) -> list[str]:
    """Pick panels: the worst, then forms of other elements, so that one element does not fill the figure."""
    table = case["commodities"]
    first = table["stage"].isin(_REFINED)
    shown = table[first | table["commodity"].isin(case.finished())]
    elements = dict(zip(shown["commodity"], shown["elements"], strict=True))
    commodities = [c for c in commodities if c in elements]
    chosen: list[str] = []
    for again in (False, True):
        for commodity in commodities:
            new = elements[commodity] not in {elements[c] for c in chosen}
            if commodity not in chosen and (new or again) and len(chosen) < _PANELS:
                chosen.append(commodity)
    return sorted(chosen, key=commodities.index)


def _first_seen(seen: pd.DataFrame, chosen: list[str]) -> str:
    return next((commodity for commodity in chosen if seen["commodity"].eq(commodity).any()), "")


def _quotations(figure: go.Figure, seen: pd.DataFrame, axis: str, in_legend: bool) -> None:
    """Add what was quoted outside the controlling country, with its band."""
    if seen.empty:
        return
    figure.add_trace(
        go.Scatter(
            x=seen["date"],
            y=seen["multiple"],
            error_y={
                "type": "data",
                "array": (seen["high"] - seen["multiple"]).fillna(0.0),
                "arrayminus": (seen["multiple"] - seen["low"]).fillna(0.0),
                "thickness": 1.2,
                "width": 3,
                "color": MUTED,
            },
            mode="markers",
            marker={"color": "#1d2733", "size": 7},
            name=_("quoted outside"),
            showlegend=in_legend,
            hovertemplate="%{x|%b %Y}: %{y:.2f}<extra>" + _("quoted outside") + "</extra>",
            xaxis=f"x{axis}",
            yaxis=f"y{axis}",
        )
    )


def _prices(
    case: Case, outside: pd.DataFrame, inside: pd.DataFrame, seen: pd.DataFrame, chosen: list[str], across: int
) -> go.Figure:
    down = -(-len(chosen) // across)
    single = down == 1
    figure = new_figure(240 if single else 176 * down + 76)
    top = float(outside.loc[outside["commodity"].isin(chosen), "multiple"].max())
    lines = (
        (_("outside, not foreseen"), outside[outside["foresight"].eq("none")], {"color": RED, "width": 2.4}),
        (
            _("outside, foreseen"),
            outside[outside["foresight"].eq("perfect")],
            {"color": BLUE, "width": 2.0, "dash": "dash"},
        ),
        (
            _("in {region}").format(region=name_of(case, "regions", case.controller)),
            inside,
            {"color": MUTED, "width": 1.6, "dash": "dot"},
        ),
    )
    for place, commodity in enumerate(chosen):
        axis = "" if place == 0 else str(place + 1)
        for name, rows, line in lines:
            rows = rows[rows["commodity"].eq(commodity)]
            figure.add_trace(
                go.Scatter(
                    x=rows["month"],
                    y=rows["multiple"],
                    mode="lines",
                    line=line,
                    name=name,
                    showlegend=place == 0,
                    hovertemplate="%{x|%b %Y}: %{y:.2f}<extra>" + name + "</extra>",
                    xaxis=f"x{axis}",
                    yaxis=f"y{axis}",
                )
            )
            peak = extreme(rows, "multiple") if len(rows) and name != lines[2][0] else None
            if peak is not None and float(peak["multiple"]) > 1.15:
                label(
                    figure,
                    peak["month"],
                    float(peak["multiple"]),
                    f"{digits(float(peak['multiple']))}×",
                    xref=f"x{axis}",
                    yref=f"y{axis}",
                    yshift=9,
                    xanchor="center",
                    font={"size": 11, "color": line["color"]},
                )
        _quotations(figure, seen[seen["commodity"].eq(commodity)], axis, commodity == _first_seen(seen, chosen))
        column, row = place % across, place // across
        gap = 0.028 if single else 0.05
        left, right = (
            column / across + (gap / 2 if column else 0),
            (column + 1) / across - (gap / 2 if column < across - 1 else 0),
        )
        # a panel is a title, a plot and its dates
        title_share, date_share = (0.17, 0.0) if single else (26 / (176 * down), 42 / (176 * down))
        high = 1 - row / down - title_share
        low = 1 - (row + 1) / down + (date_share if row < down - 1 else 0.0)
        figure.update_layout(
            {
                f"xaxis{axis}": {
                    "domain": [left, right],
                    "anchor": f"y{axis}",
                    "type": "date",
                    "tickformat": "%b<br>%Y",
                    "nticks": 4,
                    "tickangle": 0,
                    "range": [outside["month"].min(), outside["month"].max()],
                    "showgrid": False,
                },
                f"yaxis{axis}": {
                    "domain": [low, high],
                    "anchor": f"x{axis}",
                    "range": [0, top * 1.14],
                    "showticklabels": column == 0,
                    "title": {"text": _("multiple of base price") if column == 0 and row == 0 else ""},
                    "nticks": 5,
                },
            }
        )
        called = short_name(case, commodity).replace(_(" magnet,"), "")
        if len(called) > _TITLE:
            called = called.partition(",")[0].partition(_(" and "))[0]
        label(figure, left, high, f"<b>{called}</b>", xref="paper", yref="paper", yshift=11)
        figure.add_shape(
            type="line",
            x0=0,
            x1=1,
            y0=1,
            y1=1,
            xref=f"x{axis} domain",
            yref=f"y{axis}",
            line={"color": "#b9c2cb", "width": 1},
        )
    dress_axes(figure)
    figure.update_layout(
        showlegend=True,
        legend={
            "orientation": "h",
            "x": 0,
            "xref": "container",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "font": {"size": 12},
            "traceorder": "normal",
        },
        margin={"l": 10, "r": 10, "t": 4 if single else 48, "b": 8},
    )
    return figure
