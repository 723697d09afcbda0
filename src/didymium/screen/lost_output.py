"""What a shortage of minerals costs a participant: the industries that use them, and the economy behind these.

Two steps, never mixed: the value added of the using industries that stops (:func:`didymium.screen.disruption.output`),
and, where an input-output table of the participant is imported, what stops behind them by the program of
:mod:`didymium.economy.input_output`. Without a table there is no second step, and the row says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from didymium.case.case import ROW
from didymium.case.check import split_list
from didymium.economy.input_output import Table, table_of
from didymium.economy.methods import NO_TABLE, currency
from didymium.economy.value import MILLION
from didymium.messages import N_, _
from didymium.screen import disruption
from didymium.screen.draws import Draws
from didymium.screen.grouped import Array
from didymium.screen.records import Record, records

if TYPE_CHECKING:
    from didymium.case.case import Case

DIRECT, NETWORK = N_("direct industries only"), N_("input-output table")
"""What the loss of a row is the loss of."""


@dataclass
class Loss:
    """What is lost in a year, MUSD.

    Parameters
    ----------
    direct : array, draws
        Change of output of the using industries and dearer imports; below zero a loss. NaN where not computable.
    network : array, draws
        The same with the input-output step in place of the first term; NaN without a table.
    value_added, narrow, wide : float
        Value added lost by the using industries alone; by them and their customers; and by their suppliers too.
    import_bill : float
        How much dearer imports are.
    why, why_network : str
        Why there is no loss, and why there is no input-output step.
    missing : str
        What is left out.
    rests : list of str
        Input rows.
    """

    direct: Array
    network: Array
    value_added: float = float("nan")
    narrow: float = float("nan")
    wide: float = float("nan")
    import_bill: float = float("nan")
    why: str = ""
    why_network: str = ""
    missing: str = ""
    rests: list[str] = field(default_factory=list)

    @property
    def step(self) -> str:
        """What the loss is the loss of; empty where there is none."""
        if self.direct[0] != self.direct[0]:
            return ""
        return _(DIRECT) if self.why_network else _(NETWORK)


class LostOutput:
    """Finds what shortages cost participants.

    Parameters
    ----------
    case : Case
        The case.
    places : mapping of str to sequence of str
        Regions of each participant.
    draws : Draws
        What varies.
    """

    def __init__(self, case: Case, places: Mapping[str, Sequence[str]], draws: Draws) -> None:
        self.case, self.places, self.draws = case, places, draws
        regions = case["regions"]
        self.countries = {r: split_list(c) for r, c in zip(regions["region"], regions["countries"], strict=True)}
        uses, accounts = case["mineral_uses"], case["sector_accounts"]
        self.uses = records(uses[uses["dependence"].notna()])
        earned = accounts[accounts["account"].eq("value_added")].sort_values("year")
        self.earned = {(r["region"], r["sector"]): r for r in records(earned)}
        self.price = {str(r["mineral"]): r for r in records(case["mineral_prices"].sort_values("year"))}
        # Of the mineral as a whole where that is stated, in the last year.
        used = case["consumption"].sort_values(["stage", "year"], ascending=[False, True])
        self.used = {(str(r["mineral"]), str(r["country"])): r for r in records(used)}
        self._tables: dict[str, Table | None] = {}

    def of(self, participant: str, minerals: Sequence[str], price: Array, left: Array,
           imported: Sequence[float]) -> Loss:  # fmt: skip
        """Return what a participant loses in a year.

        Parameters
        ----------
        participant : str
            Whose.
        minerals : sequence of str
            What is short.
        price, left : array, minerals x draws
            Price over the price before; use over use before.
        imported : sequence of float
            Part of use that is imported.
        """
        nothing = np.full(1 + self.draws.count, np.nan)
        found = Loss(nothing, nothing)
        place = self.places[participant]
        uses = [u for u in self.uses if u["region"] in place and u["mineral"] in minerals]
        if {u["mineral"] for u in uses} != set(minerals):
            found.why = _("loss of output not computable: uses by industry missing")
            return found
        industries = list(dict.fromkeys((str(u["region"]), str(u["sector"])) for u in uses))
        unknown = [sector for region, sector in industries if (region, sector) not in self.earned]
        if unknown:
            found.why = _("loss of output not computable: value added of {who} missing").format(who=", ".join(unknown))
            return found
        rows = [self.earned[i] for i in industries]
        added = self._drawn("value added", rows, "value") / MILLION
        theta = np.zeros((len(industries), len(minerals), 1 + self.draws.count))
        for use, values in zip(uses, self._drawn("dependence", uses, "dependence"), strict=True):
            theta[industries.index((use["region"], use["sector"])), minerals.index(use["mineral"])] = values
        made = disruption.output(left, np.minimum(theta, 1.0))
        bill, keys, found.missing = self._bill(participant, minerals, imported)
        still, own = bill[:, None] * left, np.zeros_like(left)
        found.direct = disruption.gdp_effect(added, made, price, still, own)
        found.value_added = float((added[:, 0] * (1.0 - made[:, 0])).sum())
        found.import_bill = float(-found.direct[0] - found.value_added) if not found.missing else float("nan")
        found.rests = [*(str(r[ROW]) for r in rows), *(str(u[ROW]) for u in uses), *keys]
        trade = disruption.gdp_effect(added, np.ones_like(made), price, still, own)
        self._network(found, industries, made, added, trade)
        return found

    def _network(self, found: Loss, industries: Sequence[tuple[str, str]], made: Array, added: Array,
                 trade: Array) -> None:  # fmt: skip
        """Fill in what stops behind the using industries, region by region."""
        narrow, wide = np.zeros_like(found.direct), 0.0
        for region in dict.fromkeys(r for r, _s in industries):
            table = self._table(region)
            if table is None:
                found.why_network = _(NO_TABLE)
                return
            at = [i for i, (r, _s) in enumerate(industries) if r == region]
            unit, keys = currency(self.case, region, table)
            limits, absent = table.limits([industries[i][1] for i in at], made[at], added[at] / unit)
            if absent:
                found.why_network = _("not computable: the input-output table of {region} has no {who}").format(
                    region=region, who=", ".join(absent))  # fmt: skip
                return
            narrow = narrow + table.losses(limits, False, made.shape[1]) * unit
            wide += float(table.losses({s: u[:1] for s, u in limits.items()}, True, 1)[0]) * unit
            found.rests += keys
        found.network = trade - narrow
        found.narrow, found.wide = float(narrow[0]), wide

    def _table(self, region: str) -> Table | None:
        if region not in self._tables:
            self._tables[region] = table_of(self.case, region)
        return self._tables[region]

    def _drawn(self, what: str, rows: Sequence[Record], column: str) -> Array:
        ends = [[float(r[c]) if r[c] == r[c] else float(r[column]) for r in rows] for c in (column, "low", "high")]
        return self.draws.banded("elasticities", what, *ends)

    def _bill(
        self, participant: str, minerals: Sequence[str], imported: Sequence[float]
    ) -> tuple[Array, list[str], str]:
        """Return the import bill of each mineral before the cut, MUSD; 0 and a note where it is not known."""
        bill, keys, missing = np.zeros(len(minerals)), [], []
        own = [c for region in self.places[participant] for c in self.countries[region]]
        for at, (mineral, part) in enumerate(zip(minerals, imported, strict=True)):
            price = self.price.get(mineral)
            used = [self.used[mineral, c] for c in own if (mineral, c) in self.used]
            if price is None or not used or part != part:
                missing.append(mineral)
                continue
            bill[at] = sum(float(r["quantity"]) for r in used) * float(price["price"]) * part / MILLION
            keys += [str(price[ROW]), *(str(r[ROW]) for r in used)]
        note = _("dearer imports of {who} left out: use, price or reliance missing").format(who=", ".join(missing))
        return bill, keys, note if missing else ""
