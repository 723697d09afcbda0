"""The map of trade. Outlines come with the package and are drawn on plain axes: nothing is fetched."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from didymium.messages import N_, _
from didymium.report.figures.style import (
    FAINT,
    INK,
    MUTED,
    NARROW,
    WIDE,
    Chart,
    behind,
    fade,
    goods,
    label,
    name_of,
    new_figure,
    region_colour,
)
from didymium.report.numbers import amount, digits

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result

GROUPS = ("goods", "materials", "ores")
"""What is drawn together: finished goods, what lies between, and what leaves the mines."""

_COUNTED = {
    "reo": N_("Tonnes of rare-earth oxide"),
    "element": N_("Tonnes of element"),
    "oxide": N_("Tonnes of oxide"),
    "gross": N_("Tonnes"),
}
"""What a tonne is a tonne of, by basis."""

_WORLD = Path(__file__).parent.parent / "world.json"
_CENTRE = 150.0  # the Pacific in the middle: the partners face each other across it
_MOST_FLOWS = 12
_FEWEST_SHARE = 0.004
_ACROSS, _UP = (-2.6, 2.45), (-0.78, 1.16)
_RATIO = (_UP[1] - _UP[0]) / (_ACROSS[1] - _ACROSS[0])
_SIDES = {
    "CHN": "left",
    "KOR": "top",
    "JPN": "right",
    "VNM": "right",
    "THA": "left",
    "MYS": "bottom",
    "MMR": "left",
    "IND": "left",
    "LAO": "right",
    "AUS": "bottom",
    "EUR": "top",
    "ROW": "bottom",
    "BRA": "left",
    "USA": "right",
    "CAN": "top",
    "RUS": "right",
}
"""Where a region's name stands beside its dot, so that neighbours do not cover each other."""


def project(longitude: float, latitude: float) -> tuple[float, float]:
    """Return the place on the map, by the Equal Earth projection (Savric, Patterson and Jenny, 2018)."""
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    turned = (longitude - _CENTRE + 180) % 360 - 180
    theta = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    t2 = theta * theta
    t6 = t2**3
    x = 2 * math.sqrt(3) * math.radians(turned) * math.cos(theta)
    return x / (3 * (9 * a4 * t6 * t2 + 7 * a3 * t6 + 3 * a2 * t2 + a1)), theta * (a1 + a2 * t2 + t6 * (a3 + a4 * t2))


@lru_cache(maxsize=1)
def _shapes() -> tuple[tuple[str, tuple[tuple[float, float], ...]], ...]:
    """Outlines of countries on the map, by ISO code."""
    shapes = json.loads(_WORLD.read_text("utf-8"))["shapes"]
    found = []
    for shape in shapes:
        flat = shape["outline"]
        # the file runs from 30 W to 330 E; a hair inside, or the edge would jump to the other side
        points = [project(min(max(x, -29.99), 329.99), y) for x, y in zip(flat[::2], flat[1::2], strict=True)]
        found.append((shape["country"], tuple((round(x, 3), round(y, 3)) for x, y in points)))
    return tuple(found)


def flow_map(case: Case, cleared: Result, group: str) -> Chart | None:
    """Return the map of one group's trade in the base year; None where nothing is traded.

    Parameters
    ----------
    case : Case
        For places and names.
    cleared : Result
        Of the verb clear.
    group : str
        One of :data:`GROUPS`.
    """
    members = _members(case, group)
    called = {
        "goods": _("finished {goods}").format(goods=goods(case)),
        "materials": _("materials between the mine and finished {goods}").format(goods=goods(case)),
        "ores": _("ores and concentrates"),
    }[group]
    flows = cleared["flows"]
    drawn = flows[flows["commodity"].isin(members) & flows["origin"].ne(flows["destination"])]
    sums = drawn.groupby(["origin", "destination"])["quantity"].sum().sort_values(ascending=False)
    total = float(sums.sum())
    if total <= 0:
        return None
    shown = sums[sums > _FEWEST_SHARE * total].head(_MOST_FLOWS)
    sources = sums.groupby(level="origin").sum().sort_values(ascending=False)
    title = _("{region} ships {share} of the {goods} traded between regions ({total} in all)").format(
        region=name_of(case, "regions", str(sources.index[0])),
        goods=called,
        total=amount(total, "t"),
        share=amount(float(sources.iloc[0]) / total, "share"),
    )
    note = _(
        "{unit} in {year} as the market model clears, the {count} largest flows. Width grows with quantity; "
        "colour is the origin."
    ).format(unit=_unit(case, members), year=case.base_year, count=len(shown))
    rests = behind(drawn["rests_on"])
    return Chart(f"map_{group}", title, note, _draw(case, shown, False), _draw(case, shown, True), rests, "clear.flows")


def _members(case: Case, group: str) -> list[str]:
    """Commodities of a group: no by-products and alloys that would swamp the map, of finished goods what is used."""
    commodities = case["commodities"]
    if group == "goods":
        return case.finished()
    mined = commodities["stage"].eq("mine")
    between = ~mined & ~commodities["stage"].isin((*case.final_stages, "alloy", "recycling", "use"))
    found = commodities[(mined if group == "ores" else between) & commodities["elements"].ne("La;Ce")]
    if group == "materials":
        found = found[found["basis"].ne("reo")]
    return [str(c) for c in found["commodity"]]


def _unit(case: Case, members: list[str]) -> str:
    """Return what is counted; where members are counted in different things, the weight as traded."""
    bases = {case.content.basis[c] for c in members}
    counted = _(_COUNTED[bases.pop()] if len(bases) == 1 else _COUNTED["gross"])
    elements = {tuple(case.content.elements[c]) for c in members}
    light = _("without lanthanum and cerium") if ("Nd", "Pr") in elements else ""
    return f"{counted}, {light}," if light else counted


def _draw(case: Case, flows: pd.Series, narrow: bool) -> go.Figure:
    figure = new_figure(round(_RATIO * (NARROW if narrow else WIDE)), meta={"ratio": _RATIO})
    member = {
        code: str(r["region"]) for r in case["regions"].to_dict("records") for code in str(r["countries"]).split(";")
    }
    active = {region for pair in flows.index for region in pair}
    land: dict[str, tuple[list[float | None], list[float | None]]] = {}
    for country, outline in _shapes():
        region = member.get(country, "ROW")
        colour = fade(region_colour(region), 0.28) if region in active and region != "ROW" else FAINT
        xs, ys = land.setdefault(colour, ([], []))
        xs += [*(x for x, _y in outline), outline[0][0], None]
        ys += [*(y for _x, y in outline), outline[0][1], None]
    for colour, (xs, ys) in land.items():
        figure.add_trace(
            go.Scatter(
                x=xs,
                y=ys,
                mode="lines",
                fill="toself",
                fillcolor=colour,
                hoverinfo="skip",
                line={"color": "#ffffff", "width": 0.6},
            )
        )
    places = {
        r["region"]: project(float(r["longitude"]), float(r["latitude"])) for r in case["regions"].to_dict("records")
    }
    largest = float(flows.iloc[0])
    thick = 6.0 if narrow else 11.0
    for (origin, destination), quantity in reversed(list(flows.items())):
        curve = _arc(places[origin], places[destination])
        width = max(0.9, thick * float(quantity) / largest)
        text = _("{origin} to {destination}: {quantity}").format(
            origin=name_of(case, "regions", origin),
            destination=name_of(case, "regions", destination),
            quantity=amount(float(quantity), "t"),
        )
        figure.add_trace(
            go.Scatter(
                x=[p[0] for p in curve],
                y=[p[1] for p in curve],
                mode="lines+markers",
                hoverinfo="text",
                text=text,
                line={"color": fade(region_colour(origin), 0.8), "width": width},
                marker={
                    "symbol": "arrow",
                    "angleref": "previous",
                    "color": region_colour(origin),
                    "size": [0] * (len(curve) - 1) + [max(8.0 if narrow else 11.0, 1.7 * width)],
                },
            )
        )
    _quantities(figure, flows.head(4 if narrow else 8), places, narrow)
    for region in sorted(active):
        x, y = places[region]
        side = _SIDES.get(region, "top")
        label(
            figure,
            x,
            y,
            region if narrow else name_of(case, "regions", region),
            xanchor={"left": "right", "right": "left"}.get(side, "center"),
            xshift={"left": -5, "right": 5}.get(side, 0),
            yshift={"top": 11, "bottom": -11}.get(side, 0),
            font={"size": 10 if narrow else 12, "color": INK},
            bgcolor="rgba(255,255,255,0.6)",
            borderpad=0,
        )
        figure.add_trace(go.Scatter(x=[x], y=[y], mode="markers", hoverinfo="skip", marker={"size": 4, "color": MUTED}))
    hidden = {"visible": False, "fixedrange": True}
    figure.update_layout(
        xaxis={**hidden, "range": _ACROSS},
        yaxis={**hidden, "range": _UP},
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
    )
    return figure


def _quantities(figure: go.Figure, flows: pd.Series, places: Mapping[str, tuple[float, float]], narrow: bool) -> None:
    """Write quantities beside their lines, the largest first, where there is room."""
    active = sorted({region for pair in flows.index for region in pair})
    taken = [spot for r in active for spot in (places[r], _name_at(places[r], _SIDES.get(r, "top")))]
    for (origin, destination), quantity in zip(flows.index.to_list(), flows.to_list(), strict=True):
        spot = _clear_spot(_arc(places[origin], places[destination]), taken, 0.36 if narrow else 0.25)
        if spot is None:
            continue
        taken.append(spot)
        label(
            figure,
            *spot,
            digits(float(quantity)),
            xanchor="center",
            bgcolor="rgba(255,255,255,0.85)",
            borderpad=1,
            font={"size": 10 if narrow else 12, "color": region_colour(origin)},
        )


def _name_at(place: tuple[float, float], side: str) -> tuple[float, float]:
    """Return about where the middle of a name stands beside its dot."""
    x, y = place
    across, up = {"left": (-0.12, 0.0), "right": (0.14, 0.0), "top": (0.0, 0.06)}.get(side, (0.0, -0.06))
    return x + across, y + up


def _clear_spot(
    curve: list[tuple[float, float]], taken: list[tuple[float, float]], room: float
) -> tuple[float, float] | None:
    """Return the point of a line, near its middle, where a label touches no name and no other label."""
    order = sorted(range(len(curve)), key=lambda i: abs(i - len(curve) / 2))
    for place in order[: 2 * len(order) // 3]:
        x, y = curve[place]
        # a label is wider than it is high
        if all(math.hypot(x - a, 2.2 * (y - b)) > room for a, b in taken):
            return x, y
    return None


def _arc(start: tuple[float, float], end: tuple[float, float], points: int = 24) -> list[tuple[float, float]]:
    """A bent line between two places, bent to the left of its way so that both directions can be told apart."""
    (x0, y0), (x1, y1) = start, end
    bend = 0.18
    xm, ym = (x0 + x1) / 2 - bend * (y1 - y0), (y0 + y1) / 2 + bend * (x1 - x0)
    steps = [0.02 + 0.95 * i / (points - 1) for i in range(points)]
    return [
        (
            round((1 - t) ** 2 * x0 + 2 * t * (1 - t) * xm + t * t * x1, 4),
            round((1 - t) ** 2 * y0 + 2 * t * (1 - t) * ym + t * t * y1, 4),
        )
        for t in steps
    ]
