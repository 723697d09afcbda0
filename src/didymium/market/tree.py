"""The tree of nodes that every variable belongs to: periods that share a history share a node.

A year without scenarios is a tree of one node, a shock is a chain of months, a plan under scenarios is a tree that
branches where histories part.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from didymium.case.scenario_span import add_months as add_months
from didymium.faults import DidymiumError
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.scenario import Scenario

YEAR = 365.25
MONTH = YEAR / 12

LONG = 1.5 / 12
"""Years above which a node receives what it ships: six weeks."""


@dataclass(frozen=True)
class Tree:
    """Nodes in order, parents before children.

    Parameters
    ----------
    nodes : DataFrame
        Index node (0, 1, ...); columns parent (-1 at a root), start, end (dates), years (length), label, probability,
        discount (factor to the first day). Optional: settled (working stocks are back at rest when the node ends, so
        that what follows does not depend on it through them), open (the node is no end of the horizon though the tree
        stops there).
    scenarios : tuple of Scenario or None
        What happens at each node.
    """

    nodes: pd.DataFrame
    scenarios: tuple[Scenario | None, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse a tree whose probabilities or order are broken."""
        frame = self.nodes
        if len(self.scenarios) != len(frame):
            raise DidymiumError(_("a tree needs one scenario (or none) for each node"))
        parent, probability = frame["parent"].to_numpy(int), frame["probability"].to_numpy(float)
        if (parent >= np.arange(len(frame))).any():
            raise DidymiumError(_("a tree lists parents before their children"))
        inner = parent >= 0
        shared = np.bincount(parent[inner], probability[inner], len(frame))
        wrong = np.nonzero(np.isin(np.arange(len(frame)), parent) & (np.abs(shared - probability) > 1e-9))[0]
        if len(wrong):
            raise DidymiumError(_("the branches of node {node} do not share its probability").format(node=wrong[0]))

    def __len__(self) -> int:
        """Return the number of nodes."""
        return len(self.nodes)

    @property
    def index(self) -> pd.Index:
        """Return the node labels."""
        return self.nodes.index

    def weight(self) -> npt.NDArray[np.float64]:
        """Return probability x discount of every node."""
        return self._weight

    def years(self) -> npt.NDArray[np.float64]:
        """Return the length of every node in years."""
        return self._years

    def dates(self) -> list[tuple[date, date]]:
        """Return first day and first day after of every node."""
        return self._dates

    @cached_property
    def _weight(self) -> npt.NDArray[np.float64]:
        return _fixed(self.nodes["probability"].to_numpy(float) * self.nodes["discount"].to_numpy(float))

    @cached_property
    def _years(self) -> npt.NDArray[np.float64]:
        return _fixed(self.nodes["years"].to_numpy(float))

    @cached_property
    def _dates(self) -> list[tuple[date, date]]:
        return list(zip(self.nodes["start"].tolist(), self.nodes["end"].tolist(), strict=True))

    def leaves(self) -> np.ndarray:
        """Return the nodes where the horizon ends: without children, and not open."""
        last = np.setdiff1d(np.arange(len(self)), self.nodes["parent"].to_numpy())
        return np.asarray(last[~self._flag("open")[last]])

    def settled(self) -> npt.NDArray[np.bool_]:
        """Return at which nodes working stocks are back at rest in the end."""
        return self._flag("settled")

    def rested(self) -> npt.NDArray[np.bool_]:
        """Return which nodes begin with working stocks at rest: the first ones, and what follows a settled node."""
        parent = self.nodes["parent"].to_numpy(int)
        return np.asarray((parent < 0) | self.settled()[np.maximum(parent, 0)])

    def path(self, node: int) -> list[int]:
        """Return the nodes from a root to ``node``."""
        parent, found = self.nodes["parent"].to_numpy(int), [int(node)]
        while parent[found[-1]] >= 0:
            found.append(int(parent[found[-1]]))
        return found[::-1]

    def _flag(self, name: str) -> npt.NDArray[np.bool_]:
        frame = self.nodes
        given = frame[name].to_numpy(bool) if name in frame else np.zeros(len(frame), dtype=bool)
        return np.asarray(given)

    def lagged(self, node: int | npt.NDArray[np.intp], months: int) -> npt.NDArray[np.intp]:
        """Return the node ``months`` monthly steps back; -1 before the first, itself where nodes are longer."""
        short, parent = self.years() <= LONG, self.nodes["parent"].to_numpy(int)
        at = np.asarray(node)
        for _step in range(months):
            at = np.where((at >= 0) & short[at], parent[at], at)
        return at


def _fixed(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return values that nobody may write to: many ask for the same."""
    values = values.view()
    values.flags.writeable = False
    return values


def single_year(year: int) -> Tree:
    """Return the tree of one year."""
    return periods([(date(year, 1, 1), date(year + 1, 1, 1), str(year))], None, 0.0)


def months(start: date, count: int, scenario: Scenario | None, discount_rate: float) -> Tree:
    """Return a chain of months.

    Parameters
    ----------
    start : date
        First day; months begin on it.
    count : int
        Number of months.
    scenario : Scenario or None
        What happens.
    discount_rate : float
        Per year.
    """
    days = [add_months(start, step) for step in range(count + 1)]
    spans = [(a, b, a.isoformat()[:7]) for a, b in pairwise(days)]
    return periods(spans, scenario, discount_rate)


def periods(spans: list[tuple[date, date, str]], scenario: Scenario | None, discount_rate: float) -> Tree:
    """Return a chain of periods, each (first day, first day after, label)."""
    return Tree(_chain(tuple(spans), discount_rate), (scenario,) * len(spans))


@lru_cache(maxsize=256)
def _chain(spans: tuple[tuple[date, date, str], ...], discount_rate: float) -> pd.DataFrame:
    """Return the nodes of :func:`periods`; a rolling horizon asks for the same ones in every draw."""
    frame = pd.DataFrame(spans, columns=["start", "end", "label"])
    # Calendar months differ by 3 days: every month counts as a twelfth, or the base year would wobble.
    length = [years_between(a, b) for a, b in zip(frame["start"], frame["end"], strict=True)]
    middle = np.concatenate([[0.0], np.cumsum(length)[:-1]]) + np.asarray(length) / 2
    frame["years"] = length
    frame["parent"] = np.arange(len(frame)) - 1
    frame["probability"] = 1.0
    frame["discount"] = (1.0 + discount_rate) ** -middle
    frame.index = pd.RangeIndex(len(frame), name="node")
    return frame


def years_between(start: date, end: date) -> float:
    """Return the length of a period in years: whole months count as twelfths."""
    whole = (end.year - start.year) * 12 + end.month - start.month
    return whole / 12 if start.day == end.day else (end - start).days / YEAR
