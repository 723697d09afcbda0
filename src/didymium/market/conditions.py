"""What holds at each node: capacities, trade bounds, demands. Scenarios and dates become arrays here, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from didymium.case.check import first_day
from didymium.case.facilities import Step, operating_in
from didymium.case.network import Network
from didymium.case.scenario import DemandChange, Restriction
from didymium.market.base import Base
from didymium.market.curves import Array
from didymium.market.options import Options
from didymium.market.tree import Tree

if TYPE_CHECKING:
    from didymium.case import case as cases


class Pool(NamedTuple):
    """What a pooled quota covers: its sum is bounded, whatever the mix."""

    controller: str
    commodities: frozenset[str]
    destinations: frozenset[str]

    @classmethod
    def of(cls, measure: Restriction) -> Pool:
        """Return the pool of a measure."""
        return cls(measure.controller, measure.commodities, measure.destinations)


@dataclass(frozen=True)
class Conditions:
    """Arrays by node.

    Parameters
    ----------
    capacity : array, facilities x nodes
        What a facility can do in the period, t; project capacity counts in full, the built share multiplies it.
    ship_bound : array, routes x nodes
        Most that may go, t; infinite where no measure bites.
    demand : array, uses x nodes
        Base quantity wanted in the period, t.
    cut : array of bool, markets x nodes
        A measure cuts supply of something to the region: its strategic stocks of every form may be released.
    projects : array, projects x nodes
        What each project of the options adds in the period where it is built in full, t.
    pools : dict of Pool to array
        Most that may go by pooled quota and node, t.
    standing : array, facilities x nodes
        What a facility could do if nothing failed, t.
    """

    capacity: Array
    ship_bound: Array
    demand: Array
    cut: npt.NDArray[np.bool_]
    projects: Array
    pools: dict[Pool, Array]
    standing: Array

    def of(self, nodes: list[int]) -> Conditions:
        """Return what holds at some of the nodes."""
        return Conditions(
            self.capacity[:, nodes], self.ship_bound[:, nodes], self.demand[:, nodes], self.cut[:, nodes],
            self.projects[:, nodes], {pool: most[nodes] for pool, most in self.pools.items()},
            self.standing[:, nodes],
        )  # fmt: skip


def conditions(
    case: cases.Case, network: Network, base: Base, tree: Tree, options: Options, standing: Array | None = None
) -> Conditions:
    """Return what holds at each node of ``tree``.

    Parameters
    ----------
    case, network, base, tree, options
        The case and its arrays, the nodes, and what the verb chose.
    standing : array, facilities x nodes, optional
        What facilities could do if nothing failed, where it is known of another tree with nodes as long, t: while
        nothing grows and no project is built, it is the same.
    """
    bound, cut, pools = _restrictions(network, base, tree)
    if standing is None or options.expansion or options.projects:
        standing, projects = _standing(case, network, base, tree, options)
    else:
        projects = np.zeros((0, len(tree)))
    capacity, projects = _failing(network, tree, options, standing, projects)
    return Conditions(capacity, bound, _demand(case, network, base, tree, options), cut, projects, pools, standing)


def _standing(case: cases.Case, network: Network, base: Base, tree: Tree, options: Options) -> tuple[Array, Array]:
    """``capacity x share in operation x ramp x length``, at least what ran in the base year.

    By facility, where a project counts in full; and by project of the options.
    """
    facilities, years = network.facilities, tree.years()
    ran = (
        base.activity.groupby(network.activities["facility"])
        .sum()
        .reindex(facilities.index, fill_value=0.0)
        .to_numpy(float)
    )
    in_base = operating_in(network.facilities, case.base_year)
    now = np.maximum(facilities["capacity"].to_numpy(float), ran) * in_base
    available = np.repeat(now[:, None], len(tree), axis=1)
    decided = {project.facility for project in options.projects}
    position = {str(name): row for row, name in enumerate(facilities.index)}
    projects = np.zeros((len(options.projects), len(tree)))
    # A tree has few periods and many nodes of each.
    period = {span: at for at, span in enumerate(dict.fromkeys(tree.dates()))}
    spans, of_node = list(period), np.array([period[span] for span in tree.dates()])
    ramps = {
        str(name): rows.sort_values("year")["share"].to_numpy(float) for name, rows in case["ramps"].groupby("ramp")
    }
    if options.expansion:
        for row, (name, facility) in enumerate(facilities.iterrows()):
            steps = list(facility["steps"])
            if str(name) in decided:
                continue
            if facility["status"] != "operating":
                available[row] = 0.0  # a project that nobody decided about stays out
                continue
            available[row] = _steps(steps, ramps, spans, bool(in_base[row]), ran[row])[of_node]
    steps_of: list[list[Step]] = facilities["steps"].tolist()
    size_of = facilities["capacity"].to_numpy(float)
    for at, project in enumerate(options.projects):
        row = position[project.facility]
        _start, _end, size, ramp = steps_of[row][0]
        step: list[Step] = [(project.start.isoformat(), "", size, ramp)]
        full = np.full(len(tree), size_of[row])
        if options.expansion:
            full = _steps(step, ramps, spans, False, 0.0)[of_node]
        projects[at] = full if project.nodes is None else np.where(np.isin(tree.index, project.nodes), full, 0.0)
    for name in decided:
        available[position[name]] = np.max(projects[[x.facility == name for x in options.projects]], axis=0)
    return available * years[None, :], projects * years[None, :]


def _failing(network: Network, tree: Tree, options: Options, standing: Array, projects: Array) -> tuple[Array, Array]:
    """``standing x availability``: what outages leave of facilities and of projects."""
    available, projects = standing.copy(), projects.copy()
    position = {str(name): row for row, name in enumerate(network.facilities.index)}
    built = np.array([position[x.facility] for x in options.projects], dtype=int)
    for node, ((first, last), scenario) in enumerate(zip(tree.dates(), tree.scenarios, strict=True)):
        for outage in scenario.outages if scenario else ():
            if outage.facility in position:
                overlap = _overlap(outage.start, outage.end, first, last)
                left = 1.0 - overlap * (1.0 - outage.availability)
                available[position[outage.facility], node] *= left
                projects[built == position[outage.facility], node] *= left
    return available, projects


def _steps(
    steps: list[Step], ramps: dict[str, Array], spans: list[tuple[date, date]], in_base: bool, ran: float
) -> Array:
    """Return a facility's capacity by period, t/year: the sum of its rows, each from start to end, on its ramp."""
    total = np.zeros(len(spans))
    for at, (start, end, capacity, ramp) in enumerate(steps):
        settled = at == 0 and in_base  # what ran in the base year needs no ramp
        begin = None if settled or not start else first_day(start)
        stop = first_day(end) if end else None
        full = max(capacity, ran) if settled else capacity
        total += full * np.array([
            _share_running(begin, stop, ramps.get(ramp) if not settled else None, a, b) for a, b in spans
        ])  # fmt: skip
    return total


def _share_running(begin: date | None, end: date | None, ramp: Array | None, first: date, last: date) -> float:
    share = 1.0
    if begin is not None:
        share *= 1.0 - _overlap(date.min, begin, first, last)
        if ramp is not None and share > 0:
            middle = first + (last - first) / 2
            year = max(0, (middle - begin).days) / 365.25
            share *= float(ramp[min(int(year), len(ramp) - 1)])
    if end is not None:
        share *= 1.0 - _overlap(end, date.max, first, last)
    return share


def _overlap(start: date, end: date, first: date, last: date) -> float:
    """Return the share of a period that lies between two days."""
    inside = (min(end, last) - max(start, first)).days
    return max(0.0, inside / (last - first).days)


def _restrictions(network: Network, base: Base, tree: Tree) -> tuple[Array, npt.NDArray[np.bool_], dict[Pool, Array]]:
    """``ship <= share x base flow x length`` on every route that a measure covers; one such bound for a pooled quota.

    What bites on some end uses alone, or follows atoms of an origin, bounds no route by itself: the split by origin
    does (:mod:`didymium.market.origin`).
    """
    routes = network.routes
    flow = base.ship.reindex(routes.index).to_numpy(float)
    bound = np.full((len(routes), len(tree)), np.inf)
    cut = np.zeros((len(network.markets), len(tree)), dtype=bool)
    pools: dict[Pool, Array] = {}
    years = tree.years()
    for measure, let_through in shares(tree).items():
        on, reached = covered(network, measure)
        bites = np.nonzero(let_through < 1.0)[0]
        cut[np.ix_(reached, bites)] = True
        if measure.end_uses or measure.kind == "content_rule":
            continue
        most = let_through[bites] * years[bites]
        if measure.pooled:
            limit = pools.setdefault(Pool.of(measure), np.full(len(tree), np.inf))
            limit[bites] = np.minimum(limit[bites], most * flow[on].sum())
        else:
            cells = np.ix_(np.nonzero(on)[0], bites)
            bound[cells] = np.minimum(bound[cells], most * flow[on, None])
    return bound, cut, pools


def covered(network: Network, measure: Restriction) -> tuple[npt.NDArray[np.bool_], ...]:
    """Return the routes from the controller that a measure covers, and the markets of the regions that it cuts off."""
    reach = Pool.of(measure)
    if reach not in network.covered:
        origin, destination, commodity = network.ways
        on = np.asarray(origin == measure.controller, dtype=bool)
        for at in np.nonzero(on)[0].tolist():
            on[at] = destination[at] in measure.destinations and commodity[at] in measure.commodities
        network.covered[reach] = on, network.markets["region"].isin(measure.destinations).to_numpy(bool)
    return network.covered[reach]


def shares(tree: Tree) -> dict[Restriction, Array]:
    """Return what each measure lets through at each node, where it bites at all."""
    found: dict[Restriction, Array] = {}
    last_word: dict[Restriction, float] = {}
    for node, ((first, last), scenario) in enumerate(zip(tree.dates(), tree.scenarios, strict=True)):
        for measure in scenario.restrictions if scenario else ():
            # After its last step a measure lets through what it does then, for as long as it is in force.
            settled = first >= measure.steps[-1][0]
            share = last_word.get(measure) if settled else None
            if share is None:
                share = measure.share(first, last)
            if settled:
                last_word[measure] = share
            if share < 1.0 - 1e-9:
                found.setdefault(measure, np.ones(len(tree)))[node] = share
    return found


def _demand(case: cases.Case, network: Network, base: Base, tree: Tree, options: Options) -> Array:
    """``q0 x growth x scenario factor x intensity x length``."""
    uses = network.uses
    wanted = base.served.to_numpy(float)[:, None] * tree.years()[None, :] * options.demand_scale
    if options.intensity is not None:
        wanted *= options.intensity.reindex(uses.index).to_numpy(float)[:, None]
    if options.growth:
        middle = np.array([
            s.year + (s.timetuple().tm_yday - 1) / 365.25 + y / 2
            for s, y in zip(tree.nodes["start"], tree.nodes["years"], strict=True)
        ])  # fmt: skip
        keyed = case["growth"].groupby(["end_use", "region"])
        table = {(str(use), str(region)): rows.sort_values("year") for (use, region), rows in keyed}
        for row, (end_use, region) in enumerate(zip(uses["end_use"], uses["region"], strict=True)):
            closest = ((end_use, region), (end_use, "*"), ("*", region), ("*", "*"))
            path = next((table[key] for key in closest if key in table), None)
            if path is not None:
                # The base year's demand is its average: the index is read half a year back.
                wanted[row] *= np.interp(middle - 0.5, path["year"].to_numpy(float), path["index"].to_numpy(float))
    of_use, of_region = uses["end_use"].to_numpy(object), uses["region"].to_numpy(object)
    touched: dict[DemandChange, npt.NDArray[np.bool_]] = {}
    for node, ((first, last), scenario) in enumerate(zip(tree.dates(), tree.scenarios, strict=True)):
        for change in scenario.demand_changes if scenario else ():
            if change not in touched:
                named = (change.end_use == "*") | (of_use == change.end_use)
                touched[change] = named & ((change.region == "*") | (of_region == change.region))
            share = _overlap(change.start, change.end, first, last)
            wanted[touched[change], node] *= 1.0 + (change.factor - 1.0) * share
    return wanted
