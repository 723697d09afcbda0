"""Which measures hurt a participant most.

``max_{S, |S| = k} harm(S)`` over the measures and outages that a scenario lists. Up to three of them every set is run:
the answer is exact. Beyond, the best found by adding and exchanging one at a time stands beside a valid bound
(:mod:`didymium.shock.bound`). An adversary who pays counts what he earns less on his exports against the harm.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.scenario import RATIONINGS
from didymium.faults import DidymiumError
from didymium.market.options import Options
from didymium.market.tree import add_months
from didymium.messages import _
from didymium.result import RESTS_ON, Column, Result, ResultTable, new_manifest
from didymium.shock.bound import BOUNDED, bounded
from didymium.shock.crew import crew_of
from didymium.shock.engine import OPTIONS, Progress
from didymium.shock.harm import Set, harm_cells, harm_columns, listed, rests_on
from didymium.shock.rationing import said, settled
from didymium.shock.remedy import remedies_for
from didymium.shock.search import EXACT, Search

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario

SHOWN = 20
"""Sets that are shown, worst first."""

TRIED = 3
"""Sets by each loss that are solved with every date known, to stand beside the bound."""


def worst(
    case: cases.Case,
    scenario: str | Scenario,
    count: int = 2,
    participant: str | None = None,
    pays: bool = False,
    remedies: bool = True,
    workers: int | None = None,
    options: Options | None = None,
    progress: Progress | None = None,
    rationing: str | None = None,
) -> Result:
    """Find which measures of a scenario hurt a participant most.

    Parameters
    ----------
    case : Case
        The case.
    scenario : str or Scenario
        Its measures and outages are what an adversary may choose from.
    count : int
        How many he may take; 0: all of them, and which month they begin in.
    participant : str, optional
        Whom he wants to hurt; the case's last participant where None.
    pays : bool
        What he earns less on his exports counts against the harm.
    remedies : bool
        Also look for what would relieve the worst set most.
    workers : int, optional
        Processes; as many as processors where None.
    options : Options, optional
        Market options.
    progress : callable, optional
        Called with sets run and sets in all.
    rationing : str, optional
        ``price`` or ``priority``; what the scenario, else the case says where None.

    Returns
    -------
    Result
        sets, bound (beyond three), months (count 0), remedies, given_out.

    Raises
    ------
    DidymiumError
        An unknown participant or way to ration, more measures than there are, a scenario that lists none, or more
        than three measures by priority.
    """
    started = time.perf_counter()
    story = settled(case, case.scenario(scenario) if isinstance(scenario, str) else scenario, options or OPTIONS,
                    rationing, "none")  # fmt: skip
    who = participant or case.participants[-1]
    names = listed(story)
    if who not in case.participants:
        raise DidymiumError(_("`{name}` is no participant -> name one of {known}").format(
            name=who, known=", ".join(case.participants)))  # fmt: skip
    if not names or not 0 <= count <= len(names):
        raise DidymiumError(_("{scenario} lists {known} measures, not {count} -> ask for 1 to {known}, or 0 for the "
                              "worst month").format(scenario=story.name, count=count, known=len(names)))  # fmt: skip
    if count > EXACT and story.rationing != RATIONINGS[0]:
        raise DidymiumError(_("beyond {most} measures the bound holds where prices ration -> ask for at most {most}, "
                              "or for rationing by price").format(most=EXACT))  # fmt: skip
    market_options = replace(options or OPTIONS, rationing=story.rationing)
    search = Search(case, story, who, market_options, crew_of(workers), progress)
    tables = []
    if count == 0:
        tables.append(_months(search))
        top: Set = tuple(range(len(names)))
    else:
        search.exhaustive(min(count, EXACT))
        if count > EXACT:
            top = search.climb(count, pays)
        else:
            top = max((s for s in search.found if len(s) == count), key=lambda s: search.found[s].score(pays))
        tables.append(_sets(search, count, pays))
        if count > EXACT:
            best = search.best(count, pays, TRIED)
            tables.append(
                _bound(search, count, pays, bounded(case, search.market, story, who, count, best, search.options))
            )
    if remedies:
        tables += remedies_for(search, top)
    chosen = {
        "scenario": story.name, "title": story.title, "start": story.start.isoformat(), "months": story.months,
        "foresight": ["none"], "participant": who, "count": count, "pays": pays, "listed": names,
        "worst": [names[at] for at in top], "probability": story.probability, "rationing": story.rationing,
    }  # fmt: skip
    seconds = time.perf_counter() - started
    notes = [_("Rationing: {used}.").format(used=said(story.rationing))]
    if count == 0:
        still = _("Demand and plants stand still, as in {year}: months differ by the days that are cut in each alone.")
        notes.append(still.format(year=case.base_year))
    manifest = new_manifest(
        case.digest, chosen, run={"sets": {"status": "Optimal", "count": len(search.found), "seconds": seconds}},
        timings={"total": seconds}, notes=notes,
    )  # fmt: skip
    return Result("worst", case.name, {table.name: table for table in tables}, manifest)


def _sets(search: Search, count: int, pays: bool) -> ResultTable:
    rows = []
    for size in range(1, count + 1):
        ranked = sorted((s for s in search.found if len(s) == size), key=lambda s: -search.found[s].score(pays))
        exact = _("all run") if size <= EXACT else _("best found")
        for rank, chosen in enumerate(ranked[: SHOWN if size in (1, count) else 3], 1):
            names = [search.names[at] for at in chosen]
            rows.append({"size": size, "rank": rank, "measures": "; ".join(names), **harm_cells(search.found[chosen]),
                         "search": exact, RESTS_ON: rests_on(search.scenario, names)})  # fmt: skip
    columns = {
        "size": Column("count", _("How many measures")), "rank": Column("count", _("Worst first")),
        "measures": Column("", _("Measures of the scenario that are taken")), **harm_columns(),
        "search": Column("", _("Every set was run, or the best was looked for")),
    }  # fmt: skip
    title = _("What hurts {region} most").format(region=search.participant)
    frame = pd.DataFrame(rows).sort_values(["size", "rank"], ascending=[False, True], ignore_index=True)
    return ResultTable("sets", title, frame, columns, ("size", "rank"))


def _bound(search: Search, count: int, pays: bool, bounds: list[tuple[str, Set, float, float]]) -> ResultTable:
    """Best found beside its bound, by loss; what has none says why."""
    rests = rests_on(search.scenario, search.names)
    rows: list[dict[str, object]] = [
        {"loss": name, "meaning": _(BOUNDED[name]), "unit": "t" if name == "short" else "MUSD", "size": count,
         "measures": "; ".join(search.names[at] for at in chosen), "found": found, "bound": most,
         "gap": (most - found) / most * 100.0 if most > 0 else 0.0, "state": "", RESTS_ON: rests}
        for name, chosen, found, most in bounds
    ]  # fmt: skip
    best = search.best(count, pays, 1)[0]
    why = _("no bound: what users pay is a price times a quantity, and months that nobody foresees are no one program")
    rows.append({
        "loss": "users_loss", "meaning": _("loss of its users, nothing foreseen: what the sets are ranked by"),
        "unit": "MUSD", "size": count, "measures": "; ".join(search.names[at] for at in best),
        "found": search.found[best].users_loss, "bound": np.nan, "gap": np.nan, "state": why, RESTS_ON: rests,
    })  # fmt: skip
    if pays:
        why = _("no bound: what he earns depends on prices that his choice makes; the bounds above hold for the harm")
        rows.append({
            "loss": "net", "meaning": _("the same less what he earns less on exports"), "unit": "MUSD", "size": count,
            "measures": "; ".join(search.names[at] for at in best), "found": search.found[best].score(True),
            "bound": np.nan, "gap": np.nan, "state": why, RESTS_ON: rests,
        })  # fmt: skip
    columns = {
        "loss": Column("", _("Loss of the participant")), "meaning": Column("", _("What it is")),
        "unit": Column("", _("Unit of found and bound")), "size": Column("count", _("How many measures")),
        "measures": Column("", _("Best set found, by this loss")),
        "found": Column("", _("What it takes")),
        "bound": Column("", _("No set of this size takes more: relaxation of the choice and of the market")),
        "gap": Column("percent", _("Bound less found, of the bound: the worst set may take as much more")),
        "state": Column("", _("Why there is no bound")),
    }  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("bound", _("Best found beside a bound"), frame, columns, ("loss",))


def _months(search: Search) -> ResultTable:
    """Run the whole scenario from each month of its first year on."""
    story, rests = search.scenario, rests_on(search.scenario, search.names)
    rows = [
        {"shift": shift, "month": add_months(story.start, shift).isoformat()[:7], **harm_cells(harm), RESTS_ON: rests}
        for shift, harm in search.later(range(min(12, story.months))).items()
    ]
    columns = {
        "shift": Column("month", _("Months by which it all begins later")),
        "month": Column("", _("Month that the scenario's first month moves to")), **harm_columns(),
    }  # fmt: skip
    return ResultTable("months", _("When it hurts {region} most").format(region=search.participant),
                       pd.DataFrame(rows), columns, ("shift",))  # fmt: skip
