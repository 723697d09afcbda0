"""Fewer scenarios that stand for all: the chance of no cut stays, and the kept cuts share what the others are like.

What a cut costs depends on when it begins, how long it lasts, which forms it covers and at whom it is aimed. A few cuts
stand for many if each of these four is as likely among them as among all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls
from scipy.spatial.distance import cdist

from didymium.faults import DidymiumError
from didymium.messages import _

if TYPE_CHECKING:
    from datetime import date

    from didymium.case.scenario import Scenario
    from didymium.plan.stories import Story

Values = npt.NDArray[np.float64]

STEPS = 11
"""Thresholds by which an ordered property is told apart at most: of six years by month, each year and its half."""

PAIRS = 0.3
"""Weight of two properties at once beside each by itself."""

NEARNESS = 0.02
"""Weight of what the nearest stories would hand over: it decides where the properties leave a choice."""

LEAST = 0.2
"""A kept story has at least this share of what the stories nearest to it would hand over."""

CLOSE = 1e-4
"""Squared misfit at which no better set is looked for."""

LOOKED_AT = 40
"""Stories that are tried in place of a kept one: those that fill best what it leaves."""

ROUNDS = 10
"""Times that every kept story is looked at."""


def reduced(stories: Sequence[Story], count: int, keep: Sequence[int] = ()) -> tuple[list[Story], float]:
    """Return ``count`` of the stories that stand for all, and how far the cuts are from the kept ones.

    Stories without a cut keep their probability. Among the cuts, forward selection takes the ones that leave the least
    ``sum_s p_s min_kept d(s, kept)`` (Heitsch and Roemisch 2003, Computational Optimization and Applications 24,
    187-206, algorithm 2.4), ``d`` counting onset, length, forms and aim alike. As those crowd where most probability
    is, kept ones are exchanged, and all of them weighed, for the least ``|sum_kept w_s X_s - sum_s p_s X_s|^2``, where
    ``X`` tells the four properties and, with less weight, each two of them (docs/decisions/032).

    Parameters
    ----------
    stories : sequence of Story
        All of them.
    count : int
        How many are kept; those without a cut always are.
    keep : sequence of int
        Positions of stories that are kept in any case.

    Returns
    -------
    tuple of list of Story and float
        The kept ones with their new probabilities, and the expected distance of a cut from the nearest kept one: 0
        where all are kept, 4 where they have nothing in common.

    Raises
    ------
    DidymiumError
        Fewer than one cut could be kept.
    """
    cuts = [at for at, story in enumerate(stories) if story.scenario is not None]
    calm = len(stories) - len(cuts)
    if count < 1 or (cuts and count <= calm):
        raise DidymiumError(_("{count} scenarios cannot stand for anything -> keep at least {least}").format(
            count=count, least=calm + 1))  # fmt: skip
    if count >= len(stories):
        return list(stories), 0.0
    share = np.array([stories[at].probability for at in cuts])
    told = _properties([stories[at].scenario for at in cuts])  # type: ignore[misc]
    fit = _Fit(told, share)
    fixed = [cuts.index(at) for at in dict.fromkeys(keep) if at in cuts]
    kept = fit.exchanged(fit.forward(count - calm, fixed), len(fixed))
    weight = dict(zip((cuts[at] for at in kept), fit.weights(kept)[0].tolist(), strict=True))
    found = [
        replace(story, probability=weight[at]) if at in weight else story
        for at, story in enumerate(stories)
        if at in weight or story.scenario is None
    ]
    return found, float(share @ fit.distance[kept].min(axis=0) / share.sum())


class _Fit:
    """Chooses and weighs stories.

    Parameters
    ----------
    told : list of array
        Each property: stories x what tells it.
    share : array
        Probability of each story.
    """

    def __init__(self, told: list[Values], share: Values) -> None:
        self.share, self.total = share, float(share.sum())
        self.distance = sum((cdist(x, x, "cityblock") / max(1, x.shape[1]) for x in told),
                            np.zeros((len(share), len(share))))  # fmt: skip
        scaled = [x / np.sqrt(max(1, x.shape[1])) for x in told]
        pairs = [(a[:, :, None] * b[:, None, :]).reshape(len(share), -1) for a, b in combinations(scaled, 2)]
        self.columns = np.hstack([*scaled, *(PAIRS * pair for pair in pairs)])
        self.mean = share @ self.columns / self.total
        self.alike = np.unique(self.columns, axis=0, return_inverse=True)[1].ravel()

    def forward(self, count: int, fixed: Sequence[int]) -> list[int]:
        """Return the stories nearest to all, one after the other, after those that are kept in any case."""
        kept = list(fixed)
        nearest = self.distance[kept].min(axis=0) if kept else np.full(len(self.share), np.inf)
        while len(kept) < count:
            cost = np.minimum(nearest[None, :], self.distance) @ self.share
            cost[kept] = np.inf
            kept.append(int(np.argmin(cost)))
            nearest = np.minimum(nearest, self.distance[kept[-1]])
        return kept

    def weights(self, kept: Sequence[int]) -> tuple[Values, float]:
        """Return the probabilities with which some stories tell all properties best, and the squared misfit.

        Kept stories that are told alike share what is nearest to them: none stands for nothing.
        """
        nearest = np.bincount(np.argmin(self.distance[list(kept)], axis=0), self.share, len(kept)) / self.total
        group = self.alike[list(kept)]
        nearest = (np.bincount(group, nearest) / np.maximum(np.bincount(group), 1))[group]
        least = LEAST * nearest
        sums = 1e3 * np.ones((1, len(kept)))  # so that they add up
        rows = np.vstack([self.columns[list(kept)].T, NEARNESS * np.eye(len(kept)), sums])
        wanted = np.concatenate([self.mean, NEARNESS * nearest, [1e3]])
        more, misfit = nnls(rows, wanted - rows @ least)
        found = least + more
        return self.total * found / found.sum(), float(misfit**2)

    def exchanged(self, kept: list[int], fixed: int) -> list[int]:
        """Return a set from which no exchange of one story leads to one that tells the properties better."""
        weight, misfit = self.weights(kept)
        for _round in range(ROUNDS):
            moved = False
            for place in range(fixed, len(kept)):
                if misfit <= CLOSE:
                    return kept
                best = kept
                for at in self._instead(kept, weight, place):
                    tried = [*kept[:place], at, *kept[place + 1 :]]
                    other, left = self.weights(tried)
                    if left < misfit - 1e-9:
                        best, weight, misfit, moved = tried, other, left, True
                kept = best
            if not moved:
                break
        return kept

    def _instead(self, kept: Sequence[int], weight: Values, place: int) -> list[int]:
        """Return the stories that with its weight would fill best what a kept one leaves."""
        part = weight / self.total
        missing = self.mean - part @ self.columns[list(kept)] + part[place] * self.columns[kept[place]]
        left = ((missing - part[place] * self.columns) ** 2).sum(axis=1)
        left[list(kept)] = np.inf
        order = np.argsort(left, kind="stable")[:LOOKED_AT]
        return [int(at) for at in order if np.isfinite(left[at])]


def _properties(cuts: Sequence[Scenario]) -> list[Values]:
    """Return what tells onset, length, forms and aim of each: 0 to 1, stories x columns."""
    onset = np.array([float(first_day(cut).toordinal()) for cut in cuts])
    length = np.array([float(months_of(cut)) for cut in cuts])
    goods = [frozenset(name for r in cut.restrictions for name in r.commodities) for cut in cuts]
    reach = [frozenset(region for r in cut.restrictions for region in r.destinations) for cut in cuts]
    return [_ordered(onset), _ordered(length), _members(goods), _members(reach)]


def _ordered(value: Values) -> Values:
    """Return whether a value is above each of some thresholds: their mean is the distribution."""
    levels = np.unique(value)
    parts = min(len(levels), STEPS + 1)
    levels = levels[np.linspace(0, len(levels), parts + 1)[1:-1].round().astype(int) - 1]
    above: Values = (value[:, None] > levels[None, :]).astype(float)
    return above


def _members(sets: Sequence[frozenset[str]]) -> Values:
    """Return what each set holds; names that are always together count once, those that all sets hold not at all."""
    names = sorted(frozenset().union(*sets))
    held = np.array([[float(name in each) for name in names] for each in sets]).reshape(len(sets), len(names))
    told: Values = np.unique(held, axis=1)
    return told[:, np.ptp(told, axis=0) > 0]


def first_day(cut: Scenario) -> date:
    """Return the day on which a scenario's first measure begins."""
    return min((r.start for r in cut.restrictions), default=cut.start)


def months_of(cut: Scenario) -> int:
    """Return the months from the first measure to the end of the last one; as long as it is looked at, without one."""
    begin, ends = first_day(cut), [r.end for r in cut.restrictions]
    if not ends or None in ends:
        return cut.months
    end = max(day for day in ends if day is not None)
    return 12 * (end.year - begin.year) + end.month - begin.month
