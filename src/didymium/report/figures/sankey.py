"""Who hands what to whom, from the mine to the user, each step drawn as 100 per cent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from didymium.case.chain_tables import STAGES
from didymium.market.content import composition, groups
from didymium.messages import _
from didymium.report.figures.style import (
    PRODUCTS,
    STAGE_NAMES,
    Chart,
    behind,
    fade,
    label,
    name_of,
    new_figure,
    region_colour,
)
from didymium.report.numbers import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result

OTHER = "other"
_SMALL = 0.012
_PAD = 14  # pixels between nodes


def sankeys(case: Case) -> list[tuple[str, ...]]:
    """Return the groups of elements that are drawn: as ``sankey`` in ``case.toml`` says, or each element alone."""
    named = case.settings.get("sankey") or [[element] for element in groups(case)]
    return [tuple(str(element) for element in group) for group in named]


def steps_of(case: Case, elements: tuple[str, ...]) -> dict[str, list[str]]:
    """Return what leaves each stage with these elements in it: products, neither swarf nor mixtures to separate."""
    symbols = {symbol for element in elements for symbol in groups(case)[element]}
    processes, content = case["processes"], case.content
    products = set(processes.loc[processes["capacity_side"].eq("output"), "capacity_commodity"])
    found: dict[str, list[str]] = {}
    stages = dict(zip(case["commodities"]["commodity"], case["commodities"]["stage"], strict=True))
    for commodity, stage in stages.items():
        kept = stage == "mine" or commodity in products or content.basis[commodity] in ("element", "oxide")
        if kept and symbols.intersection(content.elements[commodity]) and stage not in ("recycling", "use"):
            found.setdefault(stage, []).append(commodity)
    return {stage: found[stage] for stage in STAGES if stage in found}


def stage_sankey(case: Case, cleared: Result, elements: tuple[str, ...]) -> Chart | None:
    """Return the Sankey of some elements in the base year; None where the result holds fewer than two steps of them.

    Parameters
    ----------
    case : Case
        For names and stages.
    cleared : Result
        Of the verb clear.
    elements : tuple of str
        Elements that the case follows.
    """
    links: list[tuple[int, str, str, float]] = []
    stages: list[str] = []
    rows: list[str] = []
    for stage, members in steps_of(case, elements).items():
        mined = stage == "mine"
        step, inputs = _step(cleared, {c: _content(case, c, elements) if mined else 1.0 for c in members})
        if step.empty:
            continue
        rows += inputs
        for pair, share in zip(step.index.to_list(), (step / step.sum()).to_list(), strict=True):
            origin, destination = pair
            links.append((len(stages), str(origin), str(destination), float(share)))
        stages.append(stage)
    if len(stages) < 2:
        return None
    kept = {
        region
        for place in range(len(stages) + 1)
        for region, share in _column(links, place, len(stages)).items()
        if share >= _SMALL * 3
    }
    merged: dict[tuple[int, str, str], float] = {}
    for place, origin, destination, share in links:
        key = (place, origin if origin in kept else OTHER, destination if destination in kept else OTHER)
        merged[key] = merged.get(key, 0.0) + share
    products = [_(PRODUCTS.get(stage, STAGE_NAMES[stage])) for stage in stages]
    names = [*products, _("Use")]
    columns = [
        _column([(p, o, d, s) for (p, o, d), s in merged.items()], place, len(stages)) for place in range(len(names))
    ]
    leader = case.controller
    shares = [
        _("{share} of {product}").format(share=percent(columns[at].get(leader, 0.0)), product=products[at].lower())
        for at in dict.fromkeys((0, 1, len(stages) - 1))
    ]
    title = _("{elements}: {region}'s share goes from {first} to {others}").format(
        elements=_called(case, elements),
        region=name_of(case, "regions", leader),
        first=shares[0],
        others=_(" and ").join(shares[1:]),
    )
    note = _(
        "Per cent of what leaves each step in {year}, ore by its content of these elements, the rest by weight; a "
        "band is what one region sends to the next step "
        "in another. By-products and losses are left out."
    ).format(year=case.base_year)
    figures = [_draw(case, merged, columns, names, narrow) for narrow in (False, True)]
    name = f"sankey_{'_'.join(elements).lower()}"
    return Chart(name, title, note, figures[0], figures[1], behind(rows), "clear.net_trade", least=600)


def _called(case: Case, elements: tuple[str, ...]) -> str:
    """Return the names of elements: ``Neodymium and praseodymium``."""
    import periodictable

    symbols = [symbol for element in elements for symbol in groups(case)[element]]
    names = _(" and ").join(_(periodictable.elements.symbol(symbol).name) for symbol in symbols)
    return names[:1].upper() + names[1:]


def _content(case: Case, commodity: str, elements: tuple[str, ...]) -> float:
    """Tonnes of the elements in a tonne of ore; 1 where ore is traded by weight and nothing more is known."""
    if case.content.basis[commodity] == "gross":
        return 1.0
    held = composition(case, commodity)
    return sum(held.get(element, 0.0) for element in elements)


def _step(cleared: Result, content: dict[str, float]) -> tuple[pd.Series, list[str]]:
    """What each region sends to each, itself included, of the goods that leave a step."""
    import numpy as np
    import pandas as pd

    trade, flows = cleared["net_trade"], cleared["flows"]
    trade = trade[trade["commodity"].isin(content)]
    flows = flows[flows["commodity"].isin(content) & flows["origin"].ne(flows["destination"])]
    flows = flows.assign(quantity=flows["quantity"] * np.array([content[c] for c in flows["commodity"]], float))
    trade = trade.assign(production=trade["production"] * np.array([content[c] for c in trade["commodity"]], float))
    sent = flows.groupby(["origin", "destination"])["quantity"].sum()
    made = trade.groupby("region")["production"].sum()
    home = (made - sent.groupby(level="origin").sum().reindex(made.index, fill_value=0.0)).clip(lower=0.0)
    home.index = pd.MultiIndex.from_arrays([home.index, home.index], names=["origin", "destination"])
    both = pd.concat([sent, home])
    return both[both > 0], [*trade.loc[trade["production"].gt(0), "rests_on"], *flows["rests_on"]]


def _column(links: Sequence[tuple[int, str, str, float]], place: int, last: int) -> dict[str, float]:
    """Shares of the regions in a column: what leaves it, and at the end what arrives."""
    found: dict[str, float] = {}
    for step, origin, destination, share in links:
        if place < last and step == place:
            found[origin] = found.get(origin, 0.0) + share
        if place == last and step == last - 1:
            found[destination] = found.get(destination, 0.0) + share
    return found


def _draw(
    case: Case,
    links: dict[tuple[int, str, str], float],
    columns: list[dict[str, float]],
    names: list[str],
    narrow: bool,
) -> go.Figure:
    places = sorted(
        {(p, o) for p, o, _d in links} | {(p + 1, d) for p, _o, d in links}, key=lambda n: (n[0], n[1] == OTHER)
    )
    number = {node: i for i, node in enumerate(places)}

    def text(node: tuple[int, str]) -> str:
        step, region = node
        share = columns[step].get(region, 0.0)
        called = _("others") if region == OTHER else region
        return f"{called} {percent(share)}" if share >= 0.004 else called

    height = 310 if narrow else 288
    figure = new_figure(height)
    figure.add_trace(
        go.Sankey(
            arrangement="snap",
            textfont={"size": 10, "shadow": "none"},
            node={
                "label": [text(n) for n in places],
                "color": [region_colour(n[1]) for n in places],
                "pad": _PAD,
                "thickness": 12,
                "line": {"width": 0},
                "x": [min(max(n[0] / (len(names) - 1), 0.001), 0.999) for n in places],
                "y": _heights(places, columns, links, height - 40),
                "hovertemplate": "%{label}<extra></extra>",
            },
            link={
                "source": [number[(p, o)] for p, o, _d in links],
                "target": [number[(p + 1, d)] for p, _o, d in links],
                "value": list(links.values()),
                "color": [fade(region_colour(o), 0.33) for _p, o, _d in links],
                "customdata": [percent(v) for v in links.values()],
                "hovertemplate": "%{source.label} > %{target.label}: %{customdata}<extra></extra>",
            },
        )
    )
    for place, name in enumerate(names):
        anchor = "left" if place == 0 else "right" if place == len(names) - 1 else "center"
        label(
            figure,
            place / (len(names) - 1),
            1.0,
            f"<b>{name}</b>",
            xref="paper",
            yref="paper",
            yshift=16,
            xanchor=anchor,
        )
    figure.update_layout(margin={"l": 4, "r": 4, "t": 30, "b": 10})
    return figure


def _heights(
    places: list[tuple[int, str]],
    columns: list[dict[str, float]],
    links: dict[tuple[int, str, str], float],
    height_px: float,
) -> list[float]:
    """Where each node stands in its column: the largest on top, others below, with room between."""
    size: dict[tuple[int, str], float] = {}
    for (place, origin, destination), share in links.items():
        size[(place, origin)] = size.get((place, origin), 0.0) + share
        size.setdefault((place + 1, destination), 0.0)
    arriving: dict[tuple[int, str], float] = {}
    for (place, _origin, destination), share in links.items():
        arriving[(place + 1, destination)] = arriving.get((place + 1, destination), 0.0) + share
    for node, share in arriving.items():
        size[node] = max(size[node], share)
    heights: dict[tuple[int, str], float] = {}
    crowds = [[size[n] for n in places if n[0] == place] for place in range(len(columns))]
    # the scale that plotly will find: the fullest column fills the height
    room = _PAD / height_px
    scale = min((1 - room * (len(crowd) - 1)) / max(sum(crowd), 1e-9) for crowd in crowds)
    for place in range(len(columns)):
        column = sorted((n for n in places if n[0] == place), key=lambda n: (n[1] == OTHER, -size[n]))
        top = 0.0
        for node in column:
            height = size[node] * scale
            heights[node] = min(max(top + height / 2, 0.001), 0.999)
            top += height + room
    return [heights[node] for node in places]
