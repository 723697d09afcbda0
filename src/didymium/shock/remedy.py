"""What would relieve a participant most under the worst measures: a stock or a plant on its own side.

The program of all months says by its duals what a tonne more of a stock, or of a capacity, is worth to the world; what
it is worth without a cut is taken off. The most promising are then run, one at a time (:mod:`didymium.shock.relief`).
What they take off the harm of the cut is the answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.network import positions
from didymium.market.options import Options, Project
from didymium.market.program import build
from didymium.market.solve import Instance, Solution, price_array
from didymium.market.tree import months
from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.shock.engine import suited
from didymium.shock.harm import Set, daily_use, only, rests_on
from didymium.shock.relief import Relief, Remedy, Trials, reliefs

if TYPE_CHECKING:
    from didymium.case.scenario import Scenario
    from didymium.shock.search import Search

DAYS = 30
"""Days of use that a stock holds."""

TRIED = 5
"""Stocks, and plants, that are run."""

SLIGHT = 1e-3
"""Share of the greatest promise below which a remedy is not run, and of a stock that is nothing."""

LEAVES = 0.5
"""Share of a stock from which the reason is told why it goes abroad."""


def remedies_for(search: Search, top: Set) -> list[ResultTable]:
    """Return the stocks and plants that relieve a participant most under a set of measures, and where stocks go.

    Parameters
    ----------
    search : Search
        The sets that were run.
    top : tuple of int
        The set to be relieved.
    """
    names = [search.names[at] for at in top]
    projects = _projects(search)
    options = replace(search.options, projects=projects)
    trials, remedies = _promising(search, only(search.scenario, names), options)
    found = reliefs(trials, remedies, search.crew, search.progress)
    found.sort(key=lambda done: -(done.relief + done.earned))
    title = _("What would relieve {region} under: {names}").format(region=search.participant, names="; ".join(names))
    why = rests_on(search.scenario, names).split(";")
    tables = [_remedies(found, title, why), _given_out(found, search.participant, why)]
    if not trials.held_back.any():
        shut = _("Where the stocks go: no measure cuts {region} off, so strategic ones stay shut")
        tables[1] = replace(tables[1], title=shut.format(region=search.participant))
    return tables


def _promising(search: Search, cut: Scenario, options: Options) -> tuple[Trials, list[Remedy]]:
    """Return the stocks and plants that the cut makes worth most, by the duals of the program of all months."""
    case, (network, base) = search.case, search.market
    calm, rate = only(cut, []), case.assumption("a_discount_rate")
    held = suited(case, cut, options)
    with_cut, without = (
        build(case, months(s.start, s.months, s, rate), held, search.market) for s in (cut, calm)
    )  # fmt: skip
    instance = Instance(with_cut)
    solution = instance.solve()
    weight = with_cut.parts.tree.weight()
    dear = price_array(solution) * weight
    busy = _capacity_worth(solution, held)
    # One instance serves both: the calm months go on from the basis of the cut.
    instance.become(without)
    busy = busy - _capacity_worth(instance.solve(), held)
    labels = [m for m in dict.fromkeys(network.stocks["market"]) if m.endswith(f"|{search.participant}")]
    at = positions(network.markets.index, labels)
    open_in = with_cut.parts.conditions.cut[at]
    ton = DAYS * np.array([daily_use(search.market, label) for label in labels])
    best = np.where(open_in, dear[at], 0.0).max(axis=1, initial=0.0)
    inputs = network.stocks.groupby("market", sort=False)["inputs"].first()
    rises = (best - base.price.reindex(labels).to_numpy(float)) * ton / 1000.0
    stocks = [
        Remedy("stock", label, float(tonnes), float(worth), str(inputs[label]))
        for label, tonnes, worth in zip(labels, ton, rises, strict=True) if options.stocks and tonnes > 0
    ]  # fmt: skip
    plants = [
        Remedy("plant", name, float(network.facilities["capacity"][name]), float(worth),
               str(network.facilities["inputs"][name]))
        for name, worth in zip([x.facility for x in options.projects], busy, strict=True)
    ]  # fmt: skip
    floor = SLIGHT * max((x.promise for x in (*stocks, *plants)), default=0.0)
    chosen = [
        x for kind in (stocks, plants) for x in sorted(kind, key=lambda x: -x.promise)[:TRIED] if x.promise > floor
    ]  # fmt: skip
    region = network.markets["region"].eq(search.participant).to_numpy()
    held_back = np.asarray(with_cut.parts.conditions.cut[region].any(axis=0))
    watched = tuple(x.what for x in chosen if x.kind == "stock")
    return Trials(case, search.market, search.participant, cut, calm, options, watched, held_back), chosen


def _capacity_worth(solution: Solution, options: Options) -> np.ndarray:
    """Return what the capacity of each project that stands idle would be worth in all months, MUSD."""
    parts = solution.instance.program.parts
    names = [x.facility for x in options.projects]
    place = positions(parts.model.rows["capacity"].coords[0], names)
    size = parts.conditions.projects  # what each adds by month
    return np.asarray((np.abs(solution.dual.array("capacity")[place]) * size).sum(axis=1) / 1000.0)


def _remedies(found: list[Relief], title: str, why: list[str]) -> ResultTable:
    rows = [
        {"kind": done.remedy.kind, "what": done.remedy.what, "amount": done.remedy.amount,
         "promise": done.remedy.promise, "relief": done.relief, "share": done.share, "earned": done.earned,
         "anyway": done.anyway, "spared": done.spared, "risk_relief": done.risk_relief,
         RESTS_ON: join_inputs(why, done.remedy.inputs.split(";"))}
        for done in found
    ]  # fmt: skip
    columns = {
        "kind": Column("", _("stock: the participant holds {days} days of use, and gives it out only while a measure "
                             "cuts it off; plant: it runs").format(days=DAYS)),
        "what": Column("", _("Market of the stock, or facility")),
        "amount": Column("t", _("Tonnes of stock, or of capacity a year")),
        "promise": Column("MUSD", _("What the cut makes it worth to the world, by the program's duals")),
        "relief": Column("MUSD", _("What it takes off that which the cut costs the participant's users")),
        "share": Column("ratio", _("As a share of what the cut costs them")),
        "earned": Column("MUSD", _("What it earns by the cut at home: a stock above the base year's price, for its "
                                   "holder or for users to whom he gives it at that price; a plant above calm months")),
        "anyway": Column("MUSD", _("What it saves the same users without any cut: no part of relief")),
        "spared": Column("t", _("What end uses of the participant miss less")),
        "risk_relief": Column("MUSD", _("Value added that is no longer at risk")),
    }  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("remedies", title, frame, columns, ("kind", "what"))


def _given_out(found: list[Relief], participant: str, why: list[str]) -> ResultTable:
    rows = []
    for done in found:
        if done.remedy.kind != "stock":
            continue
        flow = done.flows
        rows.append({
            "what": done.remedy.what, "amount": done.remedy.amount, "released": done.released, "used": flow["used"],
            "abroad": flow["abroad"], "less_made": -flow["made"], "firms": flow["firms"],
            "rest": done.released - flow["used"] - flow["abroad"] + flow["made"] - flow["firms"],
            "exports": done.exports, "why": _reason(done, participant),
            RESTS_ON: join_inputs(why, done.remedy.inputs.split(";")),
        })  # fmt: skip
    columns = {
        "what": Column("", _("Market of the stock")), "amount": Column("t", _("Held")),
        "released": Column("t", _("Given out in the months of the cut")),
        "used": Column("t", _("More used at home, by end uses and plants")),
        "abroad": Column("t", _("More sold abroad, or less bought there")),
        "less_made": Column("t", _("Less made at home")), "firms": Column("t", _("More held by firms in the end")),
        "rest": Column("t", _("Serves as a lesser good, is under way or thrown away")),
        "exports": Column("t", _("Sold abroad less bought there in those months without the stock")),
        "why": Column("", _("Why it does not stay")),
    }  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("given_out", _("Where the stocks go"), frame, columns, ("what",))


def _reason(done: Relief, participant: str) -> str:
    """Return why a stock that is given out at home does not stay there; nothing where most of it does."""
    held = done.remedy.amount
    if done.released < SLIGHT * held:
        return _("stays shut: nobody pays more than the base year's price for it")
    if done.flows["abroad"] >= LEAVES * done.released and done.exports > 0:
        return _("{region} makes it for sale abroad too: what the stock gives at home frees home-made goods for "
                 "export, at the price abroad").format(region=participant)  # fmt: skip
    if done.flows["abroad"] >= LEAVES * done.released:
        return _("{region} buys less abroad: others who pay as much take what it leaves").format(region=participant)
    if -done.flows["made"] >= LEAVES * done.released:
        return _("plants in {region} make less of it: their feed is worth more in other goods").format(
            region=participant)  # fmt: skip
    if done.flows["firms"] >= LEAVES * done.released:
        return _("firms in {region} fill their own stocks with it").format(region=participant)
    return ""


def _projects(search: Search) -> tuple[Project, ...]:
    """Return the projects of the case that do not run, as plants that stand idle; none outside friendly hands."""
    case, facilities = search.case, search.market.network.facilities
    friends = set(case["regions"].loc[case["regions"]["role"].isin(["participant", "partner"]), "region"])
    names = [str(n) for n in case["projects"]["facility"] if str(n) in facilities.index]
    wanted = [n for n in names if facilities["region"][n] in friends and facilities["status"][n] != "operating"]
    return tuple(Project(n, search.scenario.start, 0.0, 0.0, "", choose=False, share=0.0) for n in wanted)
