"""One thing at a time: what the calibrated market answers to a changed demand, a lost mine, or a mistake of basis."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.network import Network
from didymium.case.scenario import Scenario
from didymium.case.units import metal_per_mixed_oxide
from didymium.faults import DidymiumError
from didymium.market.clear import TRACE_TONNES, market_inputs
from didymium.market.options import Options
from didymium.market.prepare import Market, prepare
from didymium.market.program import build
from didymium.market.solve import Instance, Solution, prices
from didymium.market.tree import Tree, single_year
from didymium.messages import _
from didymium.result import RESTS_ON, Column, Result, ResultTable, join_inputs, new_manifest

if TYPE_CHECKING:
    from didymium.case.case import Case

HIDDEN = ("mine", "alloy", "recycling")
"""Stages whose goods do not stand side by side; they, mixed concentrates and swarf stand in table ``prices``."""

LEAST = 0.05
"""USD/kg below which a multiple of a base price says nothing."""

BASKET = ("Dy", "Tb")
"""Elements whose price is also shown as one basket: recipes trade one for the other."""


def stress(case: Case) -> Result:
    """Clear the base year with one thing changed at a time.

    The case's scenarios that say ``stress = true``, and the mistake of reading tonnes of oxide as tonnes of element.

    Parameters
    ----------
    case : Case
        The case.

    Returns
    -------
    Result
        Tables ``stress`` (price multiples of the base year, commodities x stresses), ``why`` (a paragraph each),
        ``prices`` (USD/kg) and ``served`` (share of what is wanted, by end use).

    Raises
    ------
    DidymiumError
        The case has no such scenario.
    SolverError
        No verified optimum.
    """
    started = time.perf_counter()
    market = prepare(case)
    changed = list(_changes(case, market))
    if not any(other is market for _story, other in changed):
        raise DidymiumError(
            _("case {case} has no stress: write `stress = true` in a scenario of its base year").format(case=case.name)
        )
    calm = _clear(case, market, None)
    found = [(story, *_clear(case, other, story)) for story, other in changed]
    beside, every = _prices(case, market, calm[0], [(story, price) for story, price, _solution in found])
    served = _served(market, [(story, solution) for story, _price, solution in found])
    tables = (beside, _why([story for story, _other in changed]), every, served)
    manifest = new_manifest(case.digest, {"variant": case.variant}, run=calm[1].run)
    manifest["timings"] = {"total": time.perf_counter() - started}
    return Result("stress", case.name, {table.name: table for table in tables}, manifest)


def _changes(case: Case, market: Market) -> Iterator[tuple[Scenario, Market]]:
    year = single_year(case.base_year).dates()[0]
    for name in case.scenarios():
        story = case.scenario(name)
        if not story.stress:
            continue
        if story.start > year[0] or story.months < 12:
            raise DidymiumError(
                _("scenario {name}: a stress covers the base year {year} -> start it on {start} for 12 months").format(
                    name=name, year=case.base_year, start=year[0]
                )
            )
        yield story, market
    if not market.network.activities["stage"].eq("metal").any():
        return  # no plant makes metal of oxide: there is no basis to mistake
    mistaken = market._replace(network=oxide_read_as_element(case, market.network))
    title = _("Oxide read as element")
    why = _(
        "Metal makers' feed stated in tonnes of oxide and taken for tonnes of element: a tonne of metal seems to need "
        "about a sixth more. It is a mistake of a table and no event, and it moves prices like a large rise in demand: "
        "neodymium-praseodymium by half. The ore that is dug for it brings dysprosium and terbium along, which is why "
        "these move little although their makers need more too. It stands here as a warning of what a basis is worth."
    )
    yield Scenario("oxide-read-as-element", title, "", year[0], 12, why=why, stress=True), mistaken


def oxide_read_as_element(case: Case, network: Network) -> Network:
    """Return the network with the feed of metal making ``1 / f`` as large, ``f`` the metal per oxide.

    Parameters
    ----------
    case, network : Case, Network
        The case and its arrays.
    """
    terms = network.terms.copy()
    feed = terms["coefficient"].lt(0) & terms["activity"].map(network.activities["stage"]).eq("metal")
    factor = [1.0 / metal_per_mixed_oxide(case.content.mix(str(c))) for c in terms.loc[feed, "commodity"]]
    terms.loc[feed, "coefficient"] *= factor
    return replace(network, terms=terms)


def _clear(case: Case, market: Market, story: Scenario | None) -> tuple[pd.Series, Solution]:
    tree = single_year(case.base_year)
    program = build(case, Tree(tree.nodes, (story,)), Options(curves="tangents"), market)
    solution = Instance(program).solve()
    return prices(program, solution)[0], solution


def _prices(
    case: Case, market: Market, calm: pd.Series, found: list[tuple[Scenario, pd.Series]]
) -> tuple[ResultTable, ResultTable]:
    """Return price multiples side by side, and every price, each where most of the commodity is made."""
    network, base = market
    inputs = market_inputs(case, market)
    output = base.output(network)
    places = output[output.gt(TRACE_TONNES) & base.price.gt(LEAST)].sort_values(ascending=False)
    largest = (
        pd.Series(places.index, index=network.markets["commodity"].reindex(places.index).to_numpy())
        .groupby(level=0)
        .first()
    )
    rows = []
    for story, price in found:
        for commodity, label in largest.items():
            rows.append({
                "stress": story.name, "title": story.title, "commodity": commodity,
                "region": network.markets.at[label, "region"], "base": calm[label], "price": price[label],
                "disposal": -float(network.markets["disposal"][label]),
                RESTS_ON: join_inputs(story.inputs(), str(inputs[label]).split(";")),
            })  # fmt: skip
        oxides = {e: m for c, m in largest.items() for e in BASKET if case.content.elements[str(c)] == [e] and
                  network.markets.at[m, "stage"] == "heavy_separation"}  # fmt: skip
        if len(oxides) == len(BASKET):
            mine = list(oxides.values())
            weight = output[mine] / output[mine].sum()
            rows.append({
                "stress": story.name, "title": story.title, "commodity": "+".join(BASKET), "region": "",
                "base": float((calm[mine] * weight).sum()), "price": float((price[mine] * weight).sum()),
                "disposal": np.nan, RESTS_ON: join_inputs(story.inputs(), *(str(inputs[m]).split(";") for m in mine)),
            })  # fmt: skip
    columns = {
        "stress": Column("", _("Stress")), "title": Column("", _("What is changed")),
        "commodity": Column("", _("Commodity; Dy+Tb: both oxides, weighted with base output")),
        "region": Column("", _("Where most of it is made")),
        "base": Column("USD/kg", _("Price of the base year")), "price": Column("USD/kg", _("Price under the stress")),
        "multiple": Column("ratio", _("Price as a multiple of the base year's")),
        "disposal": Column("USD/kg", _("Lowest price possible: minus the cost of throwing it away")),
    }  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    frame["multiple"] = frame["price"] / frame["base"]
    every = ResultTable("prices", _("Prices under one change at a time"), frame, columns, ("stress", "commodity"))
    return _side_by_side(case, frame, [story.name for story, _price in found]), every


def _side_by_side(case: Case, frame: pd.DataFrame, names: list[str]) -> ResultTable:
    """Return one row per oxide, metal and magnet, and one column per stress."""
    basis = case.content.basis
    stage = dict(zip(case["commodities"]["commodity"], case["commodities"]["stage"], strict=True))
    shown = [
        c for c in frame["commodity"].unique()
        if c not in stage or (stage[c] not in HIDDEN and basis[c] != "reo" and not c.startswith("swarf"))
    ]  # fmt: skip
    shown = shown or list(frame["commodity"].unique())  # a case of ores only
    kept = frame[frame["commodity"].isin(shown)]
    wide = kept.pivot(index="commodity", columns="stress", values="multiple").reindex(shown)[names]
    wide = wide.rename(columns={name: name.removeprefix("stress-") for name in names}).reset_index()
    first = kept.drop_duplicates("commodity").set_index("commodity")
    wide.insert(1, "base", wide["commodity"].map(first["base"]))
    keys = kept.groupby("commodity")[RESTS_ON].agg(lambda cells: join_inputs(*(cell.split(";") for cell in cells)))
    wide[RESTS_ON] = wide["commodity"].map(keys)
    titles = dict(zip(frame["stress"], frame["title"], strict=True))
    said = _("Price as a multiple of the base year's: {title}")
    columns = {
        "commodity": Column("", _("Commodity; Dy+Tb: both oxides, weighted with base output")),
        "base": Column("USD/kg", _("Price of the base year where most of it is made")),
        **{name.removeprefix("stress-"): Column("ratio", said.format(title=titles[name])) for name in names},
    }
    title = _("One change at a time: prices as multiples of the base year's")
    return ResultTable("stress", title, pd.DataFrame(wide), columns, ("commodity",))


def _served(market: Market, found: list[tuple[Scenario, Solution]]) -> ResultTable:
    """Return what end uses get of what they want, by end use and commodity over all regions."""
    uses = market.network.uses
    rows = []
    for story, solution in found:
        wanted = pd.Series(solution.instance.program.parts.conditions.demand[:, 0], index=uses.index)
        served = solution.frame("served")[0]
        for (end_use, commodity), group in uses.groupby(["end_use", "commodity"], sort=False):
            rows.append({
                "stress": story.name, "title": story.title, "end_use": end_use, "commodity": commodity,
                "wanted": float(wanted[group.index].sum()), "served": float(served[group.index].sum()),
                "share": float(served[group.index].sum() / wanted[group.index].sum()),
                RESTS_ON: join_inputs(story.inputs(), *(str(cell).split(";") for cell in group["inputs"])),
            })  # fmt: skip
    columns = {
        "stress": Column("", _("Stress")), "title": Column("", _("What is changed")),
        "end_use": Column("", _("End use")), "commodity": Column("", _("Commodity")),
        "wanted": Column("t", _("Wanted at base prices")), "served": Column("t", _("Served")),
        "share": Column("ratio", _("Served as a share of what is wanted")),
    }  # fmt: skip
    return ResultTable("served", _("What end uses get"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns,
                       ("stress", "end_use", "commodity"))  # fmt: skip


def _why(stories: list[Scenario]) -> ResultTable:
    rows = [
        {"stress": story.name, "title": story.title, "why": story.why,
         RESTS_ON: join_inputs(story.inputs()) or "assumptions/a_no_shock"}
        for story in stories
    ]  # fmt: skip
    columns = {
        "stress": Column("", _("Stress")), "title": Column("", _("What is changed")),
        "why": Column("", _("Why the outcome is plausible")),
    }  # fmt: skip
    return ResultTable("why", _("Why each is plausible"), pd.DataFrame(rows), columns, ("stress",))
