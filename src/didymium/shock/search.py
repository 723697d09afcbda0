"""Sets of measures, each run once, on as many threads as there are processors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np

from didymium.market.options import Options
from didymium.market.prepare import prepare
from didymium.shock.engine import Progress
from didymium.shock.harm import Harm, Set, harm_of, listed, only
from didymium.shock.sweep import Reference, Sweep

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario

EXACT = 3
"""Most measures of which every set is run."""


class Search:
    """Runs sets of the measures that a scenario lists, each once.

    Parameters
    ----------
    case, scenario, participant
        Whom the measures are to hurt.
    options : Options
        Market options.
    threads : int
        Each has a program of its own.
    progress : callable, optional
        Called with sets run and sets in all.
    """

    def __init__(
        self, case: cases.Case, scenario: Scenario, participant: str, options: Options, threads: int,
        progress: Progress | None = None,
    ) -> None:  # fmt: skip
        self.case, self.scenario, self.participant = case, scenario, participant
        self.market, self.options = prepare(case), options
        self.names = listed(scenario)
        self.threads, self.progress = threads, progress
        self.found: dict[Set, Harm] = {}
        self.references: dict[int, Reference] = {}
        self._idle: SimpleQueue[Sweep] = SimpleQueue()
        for _thread in range(threads):
            self._idle.put(Sweep(case, self.market, options))

    def singles(self) -> None:
        """Run each measure alone and keep where its months ended: sets start from their members."""

        def run(at: int) -> tuple[Harm, Reference]:
            with _taken(self._idle) as sweep:
                sweep.recorded = Reference()
                path = sweep.draw(only(self.scenario, [self.names[at]]), "none", self.market, self.options)
                kept, sweep.recorded = sweep.recorded, None
                return harm_of(self.case, self.market, path, self.participant), kept

        for at, (harm, kept) in enumerate(self._all(run, list(range(len(self.names))))):
            self.found[(at,)], self.references[at] = harm, kept

    def run(self, sets: Sequence[Set]) -> None:
        """Run sets that were not run before."""
        todo = [s for s in dict.fromkeys(sets) if s not in self.found]

        def one(chosen: Set) -> Harm:
            with _taken(self._idle) as sweep:
                sweep.references = [self.references[at] for at in chosen]
                story = only(self.scenario, [self.names[at] for at in chosen])
                path = sweep.draw(story, "none", self.market, self.options)
                return harm_of(self.case, self.market, path, self.participant)

        for chosen, harm in zip(todo, self._all(one, todo), strict=True):
            self.found[chosen] = harm

    def with_options(self, chosen: Set, options: Options) -> Harm:
        """Run a set in another market: with more stock, or another plant."""
        sweep = Sweep(self.case, self.market, options)
        story = only(self.scenario, [self.names[at] for at in chosen])
        return harm_of(self.case, self.market, sweep.draw(story, "none", self.market, options), self.participant)

    def _all(self, run: Callable[[Any], Any], what: Sequence[Any]) -> list[Any]:
        """Return the results in order, whichever thread ran them."""
        results = []
        with ThreadPoolExecutor(max_workers=self.threads) as pool:
            try:
                for done, result in enumerate(pool.map(run, what), 1):
                    results.append(result)
                    if self.progress:
                        self.progress(done, len(what))
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return results

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


class _taken:  # noqa: N801 - used as a verb: with _taken(queue) as sweep
    """Take a thing from a queue and give it back."""

    def __init__(self, queue: SimpleQueue[Sweep]) -> None:
        self.queue = queue

    def __enter__(self) -> Sweep:
        self.sweep = self.queue.get()
        return self.sweep

    def __exit__(self, *rest: object) -> None:
        self.sweep.references = ()
        self.queue.put(self.sweep)
