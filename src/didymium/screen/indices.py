"""Every index of every mineral, stage and participant, on arrays of groups x draws; what has none says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from didymium.case.case import ROW
from didymium.case.risk_tables import STUDY_STAGE
from didymium.messages import _
from didymium.screen import concentration, geopolrisk, supply_risk
from didymium.screen.draws import Draws
from didymium.screen.governance import UNSEEN, weighted_hhi
from didymium.screen.grouped import Array, one_group
from didymium.screen.index import WORLD, Index
from didymium.screen.own_sources import own_index
from didymium.screen.own_use import OwnUse
from didymium.screen.sourcing import NO_RELIANCE, NO_TRADE, Sources, Sourcing
from didymium.screen.supply import Supply
from didymium.screen.weights import Governance, TradeParameters

if TYPE_CHECKING:
    from didymium.case.case import Case

ENDS = 5
"""Points at which withheld values are swept from their lower to their upper end."""


class Indices:
    """Computes indices with one set of draws.

    Parameters
    ----------
    case : Case
        The case.
    supply : Supply
        World supply.
    sources : mapping of str to sequence of Sources
        By participant: its sources for each group.
    draws : Draws
        What varies.
    cover : mapping of int to float, optional
        N-1 covers that a calibrated chain gives, by group.
    """

    def __init__(self, case: Case, supply: Supply, sources: Mapping[str, Sequence[Sources]], draws: Draws,
                 cover: Mapping[int, float] | None = None) -> None:  # fmt: skip
        self.case, self.supply, self.sources, self.draws = case, supply, sources, draws
        self.cover = cover or {}
        self.governance, self.trade = Governance(case, draws), TradeParameters(case)
        self.count = len(supply.table)
        self.minerals = [str(m) for m in supply.table["mineral"]]
        self.error = {
            kind: (case.assumption(f"a_statistic_{kind}", "low"), case.assumption(f"a_statistic_{kind}", "high"))
            for kind in ("measured", "estimated")
        }
        rows = supply.rows
        self.share = self._shares()
        self.sweep = self._sweep()
        self.countries = [str(c) for c in rows["country"]]
        stages = [STUDY_STAGE.get(str(s), "processing") for s in supply.table["stage"]]
        self.stage = stages
        weak = self.governance.weak(self.countries)
        trade = np.ones(len(rows))
        ends = np.cumsum(supply.groups.sizes)
        self.behind: list[list[str]] = []
        for mineral, stage, first, last in zip(self.minerals, stages, supply.groups.starts, ends, strict=True):
            trade[first:last] = self.trade.of(mineral, stage, "*", self.countries[first:last])
            self.behind.append(self.governance.behind(self.countries[first:last]))
        self.plain = self._weighted(self.share, weak, 1.0)
        self.global_supply = self._weighted(self.share, weak, trade[:, None])
        self.global_swept = self._weighted(self.sweep, np.repeat(weak[:, :1], ENDS, axis=1), trade[:, None])
        self.parameters = _parameters(case)

    def world(self) -> list[Index]:
        """Return the indices that are the same for everybody."""
        supply = self.supply
        unnamed = [
            _("no governance estimate for {who}").format(who=", ".join(sorted(set(missing)))) if missing else ""
            for missing in self._without_governance()
        ]
        found = []
        for method, values, swept in (
            ("hhi", concentration.hhi(self.share, supply.groups, supply.named), self._hhi_of_sweep()),
            ("top1", concentration.top(self.share, supply.groups, 1, supply.named),
             self._ends(concentration.top(self.sweep, supply.groups, 1, supply.named))),
            ("top3", concentration.top(self.share, supply.groups, 3, supply.named),
             self._ends(concentration.top(self.sweep, supply.groups, 3, supply.named))),
        ):  # fmt: skip
            found.append(self._index(method, WORLD, values, ["" for _g in range(self.count)], swept))
        weighted = self._index("hhi_wgi", WORLD, self.plain, unnamed, self._ends(self.global_swept), inputs=self.behind)
        found.append(weighted)
        found.append(OwnUse(self.case, self.supply, self.share, self.cover).index())
        return found

    def of(self, participant: str) -> list[Index]:
        """Return the indices of a participant."""
        return [self._reliance(participant), self._supply_risk(participant), self._geopolrisk(participant)]

    # What the indices are made of

    def _shares(self) -> Array:
        """Return shares of every producer; the error of a figure is that of its kind of statistic."""
        rows = self.supply.rows
        low, high = np.ones(len(rows)), np.ones(len(rows))
        for kind, ends in self.error.items():
            on = rows["qualifier"].eq(kind).to_numpy(bool)
            low[on], high[on] = ends
        quantity = rows["quantity"].to_numpy(float)
        drawn = self.draws.banded("shares", "production", quantity, quantity * low, quantity * high)
        return concentration.shares(drawn, self.supply.groups)

    def _sweep(self) -> Array:
        """Return shares with what is withheld at several points from its lower to its upper end."""
        rows = self.supply.rows
        low, high = (rows[c].fillna(0.0).to_numpy(float)[:, None] for c in ("low", "high"))
        return concentration.shares(low + (high - low) * np.linspace(0.0, 1.0, ENDS)[None, :], self.supply.groups)

    def _weighted(self, share: Array, weak: Array, trade: Array | float) -> Array:
        return weighted_hhi(share, weak, trade, self.supply.groups, self.supply.named)

    def _ends(self, values: Array) -> Array:
        return np.column_stack([values.min(axis=1), values.max(axis=1)])

    def _hhi_of_sweep(self) -> Array:
        return self._ends(concentration.hhi(self.sweep, self.supply.groups, self.supply.named))

    def _without_governance(self) -> list[list[str]]:
        missing: list[list[str]] = [[] for _g in range(self.count)]
        place = np.repeat(np.arange(self.count), self.supply.groups.sizes)
        lacks = np.isnan(self.governance.weak(self.countries)[:, 0]) & self.supply.named
        lacks &= 10.0 * self.share[:, 0] ** 2 > UNSEEN
        for row in np.nonzero(lacks)[0]:
            missing[place[row]].append(self.countries[row])
        return missing

    def _index(self, method: str, participant: str, values: Array, why: list[str], swept: Array | None = None,
               supply: bool = True, parts: dict[str, Array] | None = None,
               inputs: list[list[str]] | None = None) -> Index:  # fmt: skip
        """Return an index; a group that has no supply index has no value here either, and keeps its reason."""
        reasons = [str(p) or w if supply else w for p, w in zip(self.supply.table["problem"], why, strict=True)]
        values = np.where(np.array([bool(r) for r in reasons])[:, None], np.nan, values)
        for g in np.nonzero(np.isnan(values[:, 0]))[0]:
            reasons[g] = reasons[g] or _("an input is missing")
        ends = np.full((self.count, 2), np.nan)
        if swept is not None:
            only = self.supply.table["swept"].to_numpy(bool)
            ends[only] = swept[only]
        return Index(method, participant, values, reasons, ends, parts or {}, inputs or [])

    # Methods

    def _reliance(self, participant: str) -> Index:
        sources = self.sources[participant]
        value = np.array([s.imported for s in sources])
        why = ["" if v == v else _("only known as {low:.0f} to {high:.0f} %").format(low=100 * s.low, high=100 * s.high)
               if s.low == s.low else _(NO_RELIANCE) for v, s in zip(value, sources, strict=True)]  # fmt: skip
        index = self._index("reliance", participant, np.repeat(value[:, None], 1 + self.draws.count, axis=1), why,
                            supply=False, inputs=[list(s.inputs) for s in sources])  # fmt: skip
        index.swept = np.array([[s.low, s.high] for s in sources], dtype=float).reshape(-1, 2)
        return index

    def _supply_risk(self, participant: str) -> Index:
        sources, mineral = self.sources[participant], self.supply.table["mineral"]
        recycled = np.full(self.count, np.nan)
        replaced = np.full(self.count, np.nan)
        why = [""] * self.count
        inputs: list[list[str]] = [[] for _g in range(self.count)]
        for g, name in enumerate(mineral):
            for parameter, into, words in (("recycling_rate", recycled, _("recycling rate")),
                                           ("substitution_sr", replaced, _("substitution index"))):  # fmt: skip
                found = self.parameters.get((parameter, str(name)))
                if found is None:
                    why[g] = why[g] or _("not computable: {what} missing").format(what=words)
                else:
                    into[g] = found[0]
                    inputs[g].append(found[1])
        stated = [self.parameters.get(("import_reliance", str(m), s, participant)) for m, s in
                  zip(mineral, self.stage, strict=True)]  # fmt: skip
        central = np.array([f[0] if f else s.imported for f, s in zip(stated, sources, strict=True)])
        own = self._own(participant, central, self.draws)
        values = supply_risk.supply_risk(self.global_supply, own, central[:, None], recycled[:, None],
                                         replaced[:, None])  # fmt: skip
        ends = np.full((self.count, 2), np.nan)
        for place, end in enumerate(("low", "high")):
            reliance = np.array([getattr(s, end) for s in sources])
            at_end = self._own(participant, reliance, None)
            sides = supply_risk.supply_risk(self.global_swept, at_end, reliance[:, None], recycled[:, None],
                                            replaced[:, None])  # fmt: skip
            ends[:, place] = np.fmin.reduce(sides, axis=1) if end == "low" else np.fmax.reduce(sides, axis=1)
        open_ = np.array([s.imported != s.imported and s.low == s.low and not f
                          for s, f in zip(sources, stated, strict=True)])  # fmt: skip
        why = [w or (_("net import reliance only known as an interval") if o else "")
               for w, o in zip(why, open_, strict=True)]  # fmt: skip
        index = self._index("supply_risk", participant, values, why, parts={
            "hhi_world": self.global_supply[:, 0], "hhi_own": own[:, 0], "imported": central,
            "recycled": recycled, "substitution": replaced,
        }, inputs=[[*i, *s.inputs, *b, *self.governance.behind(s.shares)]
                   for i, s, b in zip(inputs, sources, self.behind, strict=True)])  # fmt: skip
        usable = np.isfinite(recycled) & np.isfinite(replaced) & (open_ | self.supply.table["swept"].to_numpy(bool))
        index.swept = np.where(usable[:, None], np.sort(ends, axis=1), np.nan)
        return index

    def _own(self, participant: str, imported: Array, draws: Draws | None) -> Array:
        """Return the governance-weighted index of a participant's sources; NaN where they are not known."""
        labels = list(zip(self.minerals, self.stage, strict=True))
        return own_index(self.sources[participant], imported, labels, participant, self.trade, self.governance,
                         self.error["measured"], draws)  # fmt: skip

    def _geopolrisk(self, participant: str) -> Index:
        sources = self.sources[participant]
        risk = np.full((self.count, 1 + self.draws.count), np.nan)
        why = [""] * self.count
        ends = np.full((self.count, 2), np.nan)
        index = concentration.hhi(self.share, self.supply.groups, self.supply.named)
        for g, found in enumerate(sources):
            shares = found.shares or found.elsewhere
            if not shares:
                why[g] = _(NO_TRADE)
                continue
            share = np.array(list(shares.values()))[:, None]
            weak = self.governance.unstable(list(shares))
            one = one_group(len(share))
            if found.imported == found.imported:
                risk[g] = geopolrisk.import_risk(share * found.imported, weak, 1.0 - found.imported, one)[0]
            elif found.low == found.low:
                why[g] = _("net import reliance only known as an interval")
                ends[g] = [index[g, 0] * geopolrisk.import_risk(share * end, weak[:, :1], 1.0 - end, one)[0, 0]
                           for end in (found.low, found.high)]  # fmt: skip
            else:
                why[g] = _(NO_RELIANCE)
        made = self._index("geopolrisk", participant, geopolrisk.score(index, risk), why, parts={
            "import_risk": risk[:, 0], "hhi": index[:, 0]},
            inputs=[[*s.inputs, *self.governance.behind(s.shares or s.elsewhere)] for s in sources])  # fmt: skip
        made.swept = ends
        return made


def _parameters(case: Case) -> dict[tuple[str, ...], tuple[float, str]]:
    """Return rates and indices by (parameter, mineral), and reliance by (parameter, mineral, stage, region)."""
    rows = case["risk_parameters"]
    found: dict[tuple[str, ...], tuple[float, str]] = {}
    cells = zip(*(rows[c] for c in ("parameter", "mineral", "stage", "region", "value", ROW)), strict=True)
    for parameter, mineral, stage, region, value, key in cells:
        whole = (parameter, mineral) if parameter != "import_reliance" else (parameter, mineral, stage, region)
        found[whole] = (float(value), str(key))
    return found


def build_sources(case: Case, supply: Supply, places: Mapping[str, Sequence[str]]) -> dict[str, list[Sources]]:
    """Return the sources of every participant for every group of the supply."""
    sourcing = Sourcing(case, supply)
    return {name: [sourcing.of(g, place) for g in range(len(supply.table))] for name, place in places.items()}
