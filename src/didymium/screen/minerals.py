"""Screening of every mineral: the published methods side by side, per stage, participant and both together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from didymium.economy.methods import NO_TABLE
from didymium.messages import _
from didymium.result import RESTS_ON, join_inputs
from didymium.screen.draws import COMPONENTS, Draws
from didymium.screen.effects import Effects, effects, markets_of
from didymium.screen.from_chain import chain_rows
from didymium.screen.index import Index
from didymium.screen.indices import Indices, build_sources
from didymium.screen.industries import Industries, economic_importance, manufacturing
from didymium.screen.mineral_rows import Whose, mineral_rows
from didymium.screen.networks import cascades
from didymium.screen.ranks import Scored, rank_table
from didymium.screen.sourcing import Sources
from didymium.screen.supply import KEYS, Supply, read_supply

if TYPE_CHECKING:
    from didymium.case.case import Case

ALONE = 200
"""Draws that show what drives a rank; the band takes all."""

_ERRORS = ("assumptions/a_statistic_measured", "assumptions/a_statistic_estimated")
"""Behind every band of a share."""


@dataclass
class Screened:
    """What the screening of minerals found.

    Parameters
    ----------
    supply : Supply
        World supply.
    sources : dict of str to list of Sources
        By participant.
    minerals, ranks, disruptions, cascades : DataFrame
        The tables of those names.
    """

    supply: Supply
    sources: dict[str, list[Sources]]
    minerals: pd.DataFrame
    ranks: pd.DataFrame
    disruptions: pd.DataFrame
    cascades: pd.DataFrame


def screen_minerals(case: Case, places: Mapping[str, Sequence[str]], exposure: pd.DataFrame, shares: pd.DataFrame,
                    year: int | None = None, draws: int = 1000,
                    shown: Sequence[str] | None = None) -> Screened:  # fmt: skip
    """Return the tables of minerals.

    Parameters
    ----------
    case : Case
        The case.
    places : mapping of str to sequence of str
        Regions of each participant, of both together, and of further regions.
    exposure, shares : DataFrame
        The calibrated chain: it knows elements that no statistic tells apart.
    year : int, optional
        Year of production; the base year where None.
    draws : int
        Draws behind bands and intervals; 0 for none.
    shown : sequence of str, optional
        Participants in the table of minerals; all of ``places`` where None.
    """
    more, cover = chain_rows(case, exposure, shares)
    supply = read_supply(case, year, more=[more])
    sources = build_sources(case, supply, places)
    covers = {g: cover[key] for g, key in enumerate(zip(*(supply.table[k] for k in KEYS), strict=True)) if key in cover}
    markets = markets_of(case, supply, sources)
    full = _Run(case, supply, sources, places, Draws(draws), covers, markets)
    alone = {
        component: _Run(case, supply, sources, places, Draws(min(ALONE, draws), (component,)), covers, markets,
                        drawn=True)
        for component in COMPONENTS
    } if draws else {}  # fmt: skip
    falls = cascades(case, places)
    scored = full.scored(alone)
    scored += _cascade(supply, falls, places)
    ranks = rank_table(scored)
    table = mineral_rows(case, supply, full.found, ranks, {
        p: Whose(sources[p], places[p], full.worst(p)) for p in places if shown is None or p in shown
    }, full.effects.table["exporter"].tolist())  # fmt: skip
    return Screened(supply, sources, table, ranks, full.effects.table, falls)


class _Run:
    """All methods with one set of draws; with ``drawn`` only those in which anything is drawn."""

    def __init__(self, case: Case, supply: Supply, sources: Mapping[str, Sequence[Sources]],
                 places: Mapping[str, Sequence[str]], draws: Draws, cover: Mapping[int, float],
                 markets: pd.DataFrame, drawn: bool = False) -> None:  # fmt: skip
        self.case, self.supply, self.places, self.draws, self.sources = case, supply, places, draws, sources
        self.indices = Indices(case, supply, sources, draws, cover)
        self.found: list[Index] = self.indices.world()
        for participant, place in places.items():
            self.found += self.indices.of(participant)
            self.found += [] if drawn else self._industries(participant, place)
        self._worst: dict[str, list[int]] = {}
        self.effects: Effects = effects(case, supply, sources, places, draws, markets)
        self.labels = supply.table[KEYS].astype(str)

    def _industries(self, participant: str, place: Sequence[str]) -> list[Index]:
        """Return economic importance and the supply risk to manufacturing."""
        industries = Industries(self.case, place)
        nothing = np.full((len(self.supply.table), 2), np.nan)
        value, why, inputs = economic_importance(self.indices, industries)
        wide = np.repeat(value[:, None], 1 + self.draws.count, axis=1)
        important = Index("economic_importance", participant, wide, why, nothing, inputs=inputs)
        home = self.sources[participant][0].home if len(self.supply.table) else ""
        values, why, parts = manufacturing(self.case, self.indices, industries, self.sources[participant], home,
                                           participant)  # fmt: skip
        problem = self.supply.table["problem"]
        why = [str(p) or w for p, w in zip(problem, why, strict=True)]
        values = np.where(problem.ne("").to_numpy(bool)[:, None], np.nan, values)
        return [important, Index("nassar", participant, values, why, nothing, parts=parts)]

    def scored(self, alone: Mapping[str, _Run]) -> list[Scored]:
        """Return every method as values to be ranked."""
        base = [[*keys, *_ERRORS] for keys in self.supply.table["inputs"]]
        found = []
        apart = {c: {(i.method, i.participant): i.values for i in run.found} for c, run in alone.items()}
        for index in self.found:
            low, high = index.bands()
            inputs = index.inputs or [[] for _row in base]
            found.append(Scored(
                index.method, index.participant, self.labels, index.values, low, high, index.why,
                [[*b, *i] for b, i in zip(base, inputs, strict=True)],
                {c: v for c, by in apart.items() if (v := by.get((index.method, index.participant))) is not None},
            ))  # fmt: skip
        return [*found, *self._disruptions(alone)]

    def worst(self, participant: str) -> list[int]:
        """Return the row of the disruption with the highest price, by group; -1 where there is none."""
        if participant not in self._worst:
            table = self.effects.table
            rows: dict[tuple[str, ...], int] = {}
            price = table["price"].tolist()
            cells = zip(*(table[c].tolist() for c in ("participant", *KEYS)), strict=True)
            for at, (whose, *key) in enumerate(cells):
                group = tuple(key)
                if whose == participant and ";" not in key[0] and (group not in rows or price[at] > price[rows[group]]):
                    rows[group] = at
            groups = zip(*(self.labels[k].tolist() for k in KEYS), strict=True)
            self._worst[participant] = [rows.get(g, rows.get((g[0], "", ""), -1)) for g in groups]
        return self._worst[participant]

    def _disruptions(self, alone: Mapping[str, _Run]) -> list[Scored]:
        found = []
        table = self.effects.table
        keys = table[RESTS_ON].tolist()
        for participant in self.places:
            rows = self.worst(participant)
            for method, name, sign in (("disruption_price", "price", 1.0), ("disruption", "gdp", -1.0),
                                       ("disruption_economy", "economy", -1.0)):  # fmt: skip
                values = _picked(getattr(self.effects, name), rows, sign)
                first, last = (f"{name}_low", f"{name}_high")[:: int(sign)]
                low, high = (np.array([sign * ends[r] if r >= 0 else np.nan for r in rows])
                             for ends in (table[first].tolist(), table[last].tolist()))  # fmt: skip
                why = self._why(participant, method, rows, values[:, 0])
                inputs = [keys[r].split(";") if r >= 0 else [] for r in rows]
                found.append(Scored(method, participant, self.labels, values, low, high, why, inputs, {
                    c: _picked(getattr(run.effects, name), rows, sign) for c, run in alone.items()}))  # fmt: skip
            # A sum over exporters, whichever step each of them has.
            weighted = np.full(len(rows), np.nan)
            sums = table[table["participant"].eq(participant)].groupby("mineral")["weighted"].sum(min_count=1)
            for g, mineral in enumerate(self.labels["mineral"]):
                weighted[g] = -float(sums.get(mineral, np.nan))
            known = table["probability"].notna().any()
            why = ["" if w == w else _("not computable: probability that an exporter stops missing")
                   if r >= 0 or not known else _("not computable: no share of an exporter, or reliance missing")
                   for w, r in zip(weighted, rows, strict=True)]  # fmt: skip
            found.append(Scored("disruption_weighted", participant, self.labels, weighted[:, None], weighted, weighted,
                                why, [[] for _r in rows]))  # fmt: skip
        return found

    def _why(self, participant: str, method: str, rows: Sequence[int], values: np.ndarray[Any, Any]) -> list[str]:
        """Return why a disruption has no value, by group."""
        if method == "disruption_economy" and not self._has_table(participant):
            return [_(NO_TABLE)] * len(rows)
        losses = self.effects.table["note"].tolist()
        return ["" if v == v else
                _("not computable: no share of an exporter, or reliance missing") if r < 0 else
                _("not computable: uses by industry missing") if method == "disruption" else losses[r]
                for r, v in zip(rows, values, strict=True)]  # fmt: skip

    def _has_table(self, participant: str) -> bool:
        """Return whether an input-output table of any region of a participant is imported."""
        return bool(self.case["input_output"]["region"].isin(list(self.places[participant])).any())


def _picked(values: np.ndarray[Any, Any], rows: Sequence[int], sign: float) -> np.ndarray[Any, Any]:
    out = np.full((len(rows), values.shape[1]), np.nan)
    for g, row in enumerate(rows):
        if row >= 0:
            out[g] = sign * values[row]
    return out


def _cascade(supply: Supply, falls: pd.DataFrame, places: Mapping[str, Sequence[str]]) -> list[Scored]:
    """Return the highest threshold at which a participant falls, over the exporters and products of a mineral."""
    labels = supply.table[KEYS].astype(str)
    found = []
    covered = set(falls["mineral"])
    for participant in places:
        mine = falls[falls["participant"].eq(participant)]
        worst = mine.groupby("mineral")["falls_to"].max()
        keys = {str(m): join_inputs(*(k.split(";") for k in part)) for m, part in mine.groupby("mineral")[RESTS_ON]}
        value = np.array([float(worst.get(m, np.nan)) for m in labels["mineral"]])
        why = [
            "" if v == v else _("not computable: it hardly trades it") if m in covered else
            _("not computable: trade of all countries missing") for v, m in zip(value, labels["mineral"], strict=True)
        ]  # fmt: skip
        inputs = [keys.get(str(m), "").split(";") for m in labels["mineral"]]
        found.append(Scored("cascade", participant, labels, value[:, None], value, value, why, inputs))
    return found
