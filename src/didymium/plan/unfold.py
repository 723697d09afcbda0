"""From stories to the tree: stories share nodes until they part, and nobody at a node knows which one it will be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.market.tree import Tree, add_months, years_between

if TYPE_CHECKING:
    from didymium.case.scenario import Scenario
    from didymium.plan.stories import Story

REFILL = 12
"""Months after a cut within which firms have refilled their working stocks."""


@dataclass(frozen=True)
class Unfolded:
    """The tree of a set of stories.

    Parameters
    ----------
    tree : Tree
        Nodes; settled where working stocks are back at rest.
    stories : tuple of Story
        What was unfolded.
    leaf : tuple of int
        Last node of each story.
    cut : array of bool
        A measure, an outage or a change of demand is at work in the node.
    """

    tree: Tree
    stories: tuple[Story, ...]
    leaf: tuple[int, ...]
    cut: np.ndarray

    @cached_property
    def paths(self) -> list[list[int]]:
        """Return the nodes of each story."""
        return [self.tree.path(leaf) for leaf in self.leaf]

    @cached_property
    def hit(self) -> np.ndarray:
        """Return the nodes before which, or in which, something was cut."""
        parent, found = self.tree.nodes["parent"].to_numpy(int), self.cut.copy()
        for node, above in enumerate(parent):
            found[node] |= above >= 0 and found[above]
        return found


def unfold(
    stories: Sequence[Story], decision: date, last: int, discount_rate: float, step: int = 3, calm: int = 12
) -> Unfolded:
    """Return the tree on which the stories part where they first differ.

    Years are the periods, months or quarters while something is cut. Firms hold their working stocks at rest until
    something is cut, and have them back there :data:`REFILL` months after it ends (docs/decisions/020).

    Parameters
    ----------
    stories : sequence of Story
        Their probabilities share 1.
    decision : date
        First day.
    last : int
        Last year.
    discount_rate : float
        Per year.
    step : int
        Months of a period in a year in which something is cut: 1, 3, 6 or 12.
    calm : int
        Months of a period in every other year.
    """
    early = {_first_day(s.scenario) for s in stories if s.scenario} - {None}
    split = {day.year for day in early if day is not None and (day.month, day.day) != (1, 1)}
    rows: list[tuple[int, date, date, str]] = []
    known: dict[tuple[object, ...], int] = {}
    scenarios: list[Scenario | None] = []
    probability: list[float] = []
    settled: list[bool] = []
    cut: list[bool] = []
    leaves: list[int] = []
    for story in stories:
        parent, ended = -1, _end(story.scenario)
        begun = _first_day(story.scenario) if story.scenario else None
        for start, end, label in _spans(story.scenario, decision, last, split, step, calm):
            signature = _signature(story.scenario, start, end)
            key = (parent, start, end, signature)
            if key not in known:
                known[key] = len(rows)
                rows.append((parent, start, end, label))
                scenarios.append(story.scenario if signature else None)
                probability.append(0.0)
                before = begun is None or end <= begun
                settled.append(before or (ended is not None and end >= add_months(ended, REFILL)))
                cut.append(bool(signature))
            parent = known[key]
            probability[parent] += story.probability
        leaves.append(parent)
    frame = pd.DataFrame([row[1:] for row in rows], columns=["start", "end", "label"])
    frame["years"] = [years_between(start, end) for _parent, start, end, _label in rows]
    middle = [(a.year - decision.year) + (a.month - decision.month) / 12 + y / 2
              for a, y in zip(frame["start"], frame["years"], strict=True)]  # fmt: skip
    frame["parent"] = [row[0] for row in rows]
    frame["probability"] = probability
    frame["discount"] = (1.0 + discount_rate) ** -np.asarray(middle)
    frame["settled"] = settled
    frame.index = pd.RangeIndex(len(frame), name="node")
    return Unfolded(Tree(frame, tuple(scenarios)), tuple(stories), tuple(leaves), np.array(cut))


def _spans(
    scenario: Scenario | None, decision: date, last: int, split: set[int], step: int, calm: int
) -> list[tuple[date, date, str]]:
    """Return the periods of a story: years, and shorter ones while something is cut."""
    begun, ended = _first_day(scenario), _end(scenario)
    spans: list[tuple[date, date, str]] = []
    for year in range(decision.year, last + 1):
        first = date(year, 1, 1)
        before = begun is None or first <= begun
        # What has no end is followed in short periods for two years.
        until = ended or (date(begun.year + 2, 1, 1) if begun else None)
        within = begun is not None and until is not None and begun.year <= year and first < until
        length = step if within or (before and year in split) else calm
        days = [date(year, month, 1) for month in range(1, 13, length)] + [date(year + 1, 1, 1)]
        for at, (a, b) in enumerate(pairwise(days), 1):
            part = {1: f"{a:%Y-%m}", 3: f"{year} Q{at}", 6: f"{year} H{at}", 12: str(year)}
            spans.append((a, b, part.get(length, f"{year} P{at}")))
    return spans


def _parts(scenario: Scenario | None) -> list[tuple[date, date | None]]:
    if scenario is None:
        return []
    spans: list[tuple[date, date | None]] = [(r.start, r.end) for r in scenario.restrictions]
    spans += [(o.start, o.end) for o in scenario.outages]
    return spans + [(d.start, d.end) for d in scenario.demand_changes]


def _first_day(scenario: Scenario | None) -> date | None:
    return min((start for start, _end in _parts(scenario)), default=None)


def _end(scenario: Scenario | None) -> date | None:
    """Return the day from which nothing is at work any more; None where something stays."""
    ends = [end for _start, end in _parts(scenario)]
    return None if None in ends else max((end for end in ends if end), default=None)


def _signature(scenario: Scenario | None, first: date, last: date) -> tuple[object, ...]:
    """Return what is at work between two days: two histories with equal ones are the same history."""
    if scenario is None:
        return ()
    found: list[tuple[object, ...]] = []
    for r in scenario.restrictions:
        share = round(r.share(first, last), 9)
        if share < 1.0:
            found.append(("measure", r.controller, tuple(sorted(r.commodities)), tuple(sorted(r.destinations)), share))
    for o in scenario.outages:
        if o.start < last and o.end > first:
            days = (max(o.start, first), min(o.end, last))
            found.append(("outage", o.facility, days, round(o.availability, 9)))
    for d in scenario.demand_changes:
        if d.start < last and d.end > first:
            days = (max(d.start, first), min(d.end, last))
            found.append(("demand", d.end_use, d.region, days, round(d.factor, 9)))
    return tuple(sorted(found, key=repr))
