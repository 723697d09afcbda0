"""N-1 of minerals: what the largest producer uses itself, from the best evidence that the case holds.

``N-1 = (supply - supply of the largest) / (need - need of the largest)``, need of all = supply of all

Evidence, first to last:

1. the calibrated chain, which knows the need of every region;
2. a consumption of that country and stage in the year of the production, or the nearest year;
3. its share of the next stage that takes the mineral in (:data:`TAKEN_IN`): of copper ore, who refines it.

Where none is there the row names what is missing. That a producer uses nothing itself is never assumed: every miner
would be an exporter of all that it makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from didymium.case.case import ROW
from didymium.messages import _
from didymium.screen import concentration
from didymium.screen.grouped import Array
from didymium.screen.index import WORLD, Index
from didymium.screen.n_minus_1 import left_over
from didymium.screen.records import Record, records
from didymium.screen.supply import KEYS, SLIGHT, Supply

if TYPE_CHECKING:
    from didymium.case.case import Case

TAKEN_IN = {
    ("bauxite", "mine", ""): ("alumina", "refinery", ""),
    ("alumina", "refinery", ""): ("aluminum", "smelter", ""),
    ("cobalt", "mine", ""): ("cobalt", "refinery", "refined cobalt"),
    ("copper", "mine", ""): ("copper", "refinery", ""),
    ("iron_and_steel", "smelter", "pig iron"): ("iron_and_steel", "smelter", "raw steel"),
    ("iron_ore", "mine", "iron content"): ("iron_and_steel", "smelter", "pig iron"),
    ("iron_ore", "mine", "usable ore"): ("iron_and_steel", "smelter", "pig iron"),
    ("lithium", "mine", ""): ("lithium", "refinery", "lithium chemicals"),
    ("nickel", "mine", ""): ("nickel", "refinery", "refined nickel"),
    ("rare_earths", "mine", ""): ("rare_earths", "refinery", "magnet rare earths"),
}
"""Mineral, stage and form, and the one that takes nearly all of it in. Scrap also feeds some of these: see the note."""


@dataclass
class Cover:
    """What is left without the largest producer, for each group of the supply.

    Parameters
    ----------
    values : array, groups x draws
        N-1; NaN where not computable.
    swept : array, groups x 2
        Its ends where own use is only known as an interval; else NaN.
    why : list of str
        What is missing.
    use : array
        What the largest producer uses itself, in the unit of the group; NaN where not known or from the chain.
    how : list of str
        Where that comes from.
    inputs : list of list of str
        Rows behind it.
    """

    values: Array
    swept: Array
    why: list[str]
    use: Array
    how: list[str]
    inputs: list[list[str]]


@dataclass(frozen=True)
class Taken:
    """Share of a country in the stage that takes a mineral in: group of that stage, low and high."""

    at: int
    low: float
    high: float


class OwnUse:
    """Finds what the largest producers use themselves.

    Parameters
    ----------
    case : Case
        The case.
    supply : Supply
        World supply.
    share : array, rows x draws
        Shares of every producer.
    chain : mapping of int to float
        N-1 that the calibrated chain gives, by group.
    """

    def __init__(self, case: Case, supply: Supply, share: Array, chain: Mapping[int, float]) -> None:
        self.case, self.supply, self.share, self.chain = case, supply, share, chain
        self.groups = records(supply.table)
        self.place = {tuple(str(facts[k]) for k in KEYS): g for g, facts in enumerate(self.groups)}
        self.ends = np.cumsum(supply.groups.sizes)
        self.countries = [str(c) for c in supply.rows["country"]]
        self.used: dict[tuple[str, str], list[Record]] = {}
        for row in records(case["consumption"]):
            self.used.setdefault((str(row["mineral"]), str(row["country"])), []).append(row)
        self.names = case.names("minerals")

    def index(self) -> Index:
        """Return N-1 as a method of the world."""
        found = self.cover()
        problem = np.array([bool(p) for p in self.supply.table["problem"]], dtype=bool)
        why = [str(p) or w for p, w in zip(self.supply.table["problem"], found.why, strict=True)]
        values = np.where(problem[:, None], np.nan, found.values)
        swept = np.where(problem[:, None], np.nan, found.swept)
        return Index("n_minus_1", WORLD, values, why, swept, {"largest_use": found.use}, found.inputs, found.how)

    def cover(self) -> Cover:
        """Return N-1 for every group."""
        supply, count = self.supply, len(self.groups)
        row = concentration.largest(supply.rows["quantity"].to_numpy(float), supply.groups, supply.named)
        made = self.share * supply.groups.spread(supply.table["total"].to_numpy(float)[:, None])
        total, out = supply.groups.sum(made), made[row]
        found = Cover(np.full_like(total, np.nan), np.full((count, 2), np.nan), [""] * count, np.full(count, np.nan),
                      [""] * count, [[] for _g in range(count)])  # fmt: skip
        for g, facts in enumerate(self.groups):
            if g in self.chain:
                found.values[g] = self.chain[g]
                continue
            country, whole = self.countries[row[g]], float(facts["total"])
            stated = self._stated(facts, country)
            if stated is not None:
                low = high = float(stated["quantity"])
                found.how[g] = _("own use is consumption of {year:.0f}").format(year=stated["year"])
                found.inputs[g] = [str(stated[ROW])]
            else:
                taken, found.why[g] = self._taken(g, country)
                if taken is None:
                    continue
                low, high = taken.low * whole, taken.high * whole
                found.how[g] = _("own use is its share of {stage}, which takes it in").format(stage=self._say(taken.at))
                found.inputs[g] = list(self.groups[taken.at]["inputs"])
            if high >= whole:
                found.why[g] = _("not computable: {country} uses more than the world makes").format(country=country)
            elif low < high:
                ends = [float(left_over(total[g, 0], out[g, 0], total[g, 0], use)) for use in (low, high)]
                found.swept[g] = ends
            else:
                found.use[g] = low
                found.values[g] = left_over(total[g], out[g], total[g], low)
        return found

    def _stated(self, facts: Record, country: str) -> Record | None:
        """Return the consumption of a country at the stage, of the year of the production or the nearest to it."""
        rows = [
            row for row in self.used.get((str(facts["mineral"]), country), [])
            if row["unit"] == facts["unit"] and row["stage"] in ("", facts["stage"])
            and row["quantity"] == row["quantity"]
        ]  # fmt: skip
        return min(rows, key=lambda row: (row["stage"] == "", abs(row["year"] - facts["year"])), default=None)

    def _taken(self, g: int, country: str) -> tuple[Taken | None, str]:
        """Return the share of a country in the next stage, and what is missing where it has no single value."""
        mineral, stage, form = (str(self.groups[g][k]) for k in KEYS)
        following = TAKEN_IN.get((mineral, stage, form))
        lacks = _("not computable: consumption of {country} missing ({stage}, {year:.0f})").format(
            country=country or "?", stage=stage, year=self.groups[g]["year"])  # fmt: skip
        if following is None:
            return None, _("{lacks}, and shares of a stage that takes nearly all of it in").format(lacks=lacks)
        at = self.place.get(following)
        if at is None or self.groups[at]["problem"]:
            return None, _("{lacks}, and shares of the stage that takes it in: {stage}").format(
                lacks=lacks, stage=following[2] or self.names.get(following[0], following[0]))  # fmt: skip
        first = self.ends[at] - self.supply.groups.sizes[at]
        rows = range(int(first), int(self.ends[at]))
        by = {self.countries[r]: float(self.share[r, 0]) for r in rows}
        if country in by:
            return Taken(at, by[country], by[country]), ""
        rest = sum(float(self.share[r, 0]) for r in rows if not self.supply.named[r])
        if rest <= SLIGHT:
            return Taken(at, 0.0, 0.0), ""
        text = _("{country} is not listed in {stage}: its share is from 0 to {rest:.0f} %")
        return Taken(at, 0.0, rest), text.format(stage=self._say(at), country=country, rest=100 * rest)

    def _say(self, g: int) -> str:
        facts = self.groups[g]
        return str(facts["form"]) or f"{self.names.get(facts['mineral'], facts['mineral'])}, {facts['stage']}"
