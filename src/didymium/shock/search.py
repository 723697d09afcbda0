"""Sets of measures, each run once, on as many processes as there are processors."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from didymium.case.scenario_bands import moved
from didymium.market.options import Options
from didymium.market.prepare import Market, prepare
from didymium.shock.crew import Crew, Found, Item, own_sweep
from didymium.shock.engine import Progress
from didymium.shock.harm import Harm, Set, harm_of, listed, only
from didymium.shock.path import Path
from didymium.shock.sweep import Reference, Sweep

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario

EXACT = 3
"""Most measures of which every set is run."""


@dataclass(frozen=True)
class Sets:
    """What sets of measures have in common.

    Parameters
    ----------
    case, market, scenario, participant, options
        Whom the measures of which scenario are to hurt, and in which market.
    singles : dict of int to Reference
        Where the months of each measure alone ended.
    """

    case: cases.Case
    market: Market
    scenario: Scenario
    participant: str
    options: Options
    singles: dict[int, Reference] = field(default_factory=dict)
    name: str = field(default_factory=lambda: uuid.uuid4().hex, init=False)

    def story(self, chosen: Set) -> Scenario:
        """Return the scenario with a set of its measures."""
        names = listed(self.scenario)
        return only(self.scenario, [names[at] for at in chosen])

    def sweep(self) -> Sweep:
        """Return the sweep of this process."""
        return own_sweep(self.name, lambda: Sweep(self.case, self.market, self.options))

    def harm(self, path: Path) -> Harm:
        """Return what a path does to the participant."""
        return harm_of(self.case, self.market, path, self.participant)


def alone(sets: Sets, at: int) -> tuple[Harm, Reference]:
    """Run a measure alone and keep where its months ended: sets start from their members."""
    sweep, kept = sets.sweep(), Reference()
    sweep.references, sweep.recorded = (), kept
    try:
        path = sweep.draw(sets.story((at,)), "none", sets.market, sets.options)
    finally:
        sweep.recorded = None
    return sets.harm(path), kept


def together(sets: Sets, chosen: Set) -> Harm:
    """Run a set."""
    sweep = sets.sweep()
    sweep.references = [sets.singles[at] for at in chosen]
    return sets.harm(sweep.draw(sets.story(chosen), "none", sets.market, sets.options))


def later(sets: Sets, shift: int) -> Harm:
    """Run the whole scenario so many months later, with as many months after its beginning as before."""
    sweep = sets.sweep()
    sweep.references = ()
    story = replace(moved(sets.scenario, shift, 1.0), months=sets.scenario.months + shift)
    return sets.harm(sweep.draw(story, "none", sets.market, sets.options))


class Search:
    """Runs sets of the measures that a scenario lists, each once.

    Parameters
    ----------
    case, scenario, participant
        Whom the measures are to hurt.
    options : Options
        Market options.
    crew : Crew
        Who runs them.
    progress : callable, optional
        Called with sets run and sets in all.
    """

    def __init__(
        self, case: cases.Case, scenario: Scenario, participant: str, options: Options, crew: Crew,
        progress: Progress | None = None,
    ) -> None:  # fmt: skip
        self.case, self.scenario, self.participant = case, scenario, participant
        self.market, self.options = prepare(case), options
        self.names = listed(scenario)
        self.crew, self.progress = crew, progress
        self.sets = Sets(case, self.market, scenario, participant, options)
        self.found: dict[Set, Harm] = {}

    def singles(self) -> None:
        """Run each measure alone."""
        found = self._all(alone, self.sets, range(len(self.names)))
        self.found |= {(at,): harm for at, (harm, _kept) in found.items()}
        self.sets = replace(self.sets, singles={at: reference for at, (_harm, reference) in found.items()})

    def run(self, sets: Sequence[Set]) -> None:
        """Run sets that were not run before."""
        self.found |= self._all(together, self.sets, [s for s in dict.fromkeys(sets) if s not in self.found])

    def later(self, shifts: Sequence[int]) -> dict[int, Harm]:
        """Return what the whole scenario does so many months later, by months."""
        return self._all(later, self.sets, shifts)

    def _all(self, work: Callable[[Sets, Item], Found], sets: Sets, items: Sequence[Item]) -> dict[Item, Found]:
        """Return the results in order, whoever ran them."""
        found: dict[Item, Found] = {}
        for item, result in self.crew.each(work, sets, items):
            found[item] = result
            if self.progress:
                self.progress(len(found), len(items))
        return {item: found[item] for item in items}

    def exhaustive(self, count: int) -> None:
        """Run every set of up to ``count`` measures."""
        self.singles()
        for size in range(2, count + 1):
            self.run(list(combinations(range(len(self.names)), size)))

    def best(self, count: int, pays: bool, most: int) -> list[Set]:
        """Return the worst sets of a size that were run: by what the adversary wants, tonnes short, value at risk."""
        mine = [s for s in self.found if len(s) == count]
        wants = [
            sorted(mine, key=lambda s: -self.found[s].score(pays)),
            sorted(mine, key=lambda s: -self.found[s].short),
            sorted(mine, key=lambda s: -np.nan_to_num(self.found[s].value_at_risk)),
        ]  # fmt: skip
        return list(dict.fromkeys(s for ranked in wants for s in ranked[:most]))

    def climb(self, count: int, pays: bool) -> Set:
        """Return the best set found from the worst three: add the worst measure, then exchange one while it helps."""

        def score(chosen: Set) -> float:
            return self.found[chosen].score(pays)

        best = max((s for s in self.found if len(s) == EXACT), key=score)
        everything = set(range(len(self.names)))
        while len(best) < count:
            longer = [tuple(sorted((*best, at))) for at in everything - set(best)]
            self.run(longer)
            best = max(longer, key=score)
        while True:
            near = [
                tuple(sorted({*best} - {old} | {new})) for old in best for new in everything - set(best)
            ]  # fmt: skip
            self.run(near)
            better = max([best, *near], key=score)
            if score(better) <= score(best):
                return best
            best = better
