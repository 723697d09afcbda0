"""Indices that take industries: economic importance, and the supply risk to manufacturing.

Both need tables that the bundled case does not hold (uses by sector with their shares, accounts of all sectors, and for
the second the indices of Fraser Institute and Freedom House): until a user imports them they say which one is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from didymium.case.case import ROW
from didymium.messages import _
from didymium.screen import nassar, supply_risk
from didymium.screen.indices import Indices
from didymium.screen.records import records
from didymium.screen.supply import Supply
from didymium.screen.weights import CountryIndices

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.screen.grouped import Array
    from didymium.screen.sourcing import Sources

WHOLE = 0.02
"""By how much shares of use may miss 1 in all."""

_WORDS = {"freedom_house": "Freedom House", "fraser_ppi": "Fraser", "trade_ties": "trade ties"}


class Industries:
    """Uses and accounts of a participant's industries.

    Parameters
    ----------
    case : Case
        The case.
    regions : sequence of str
        Whose industries.
    """

    def __init__(self, case: Case, regions: Sequence[str]) -> None:
        uses, accounts = case["mineral_uses"], case["sector_accounts"]
        self.uses = {
            str(m): part for m, part in uses[uses["region"].isin(regions) & uses["share"].notna()].groupby("mineral")
        }
        mine = accounts[accounts["region"].isin(regions)].sort_values("year")
        self.mixed = mine["unit"].nunique() > 1
        self.account = {(str(a), str(r), str(s)): (float(v), str(k)) for a, r, s, v, k in zip(
            mine["account"], mine["region"], mine["sector"], mine["value"], mine[ROW], strict=True)}  # fmt: skip

    def of(self, mineral: str, *accounts: str) -> tuple[Array, list[Array], list[str], str]:
        """Return shares of use, one array for each account, the rows behind them, and why there are none."""
        nothing: Array = np.zeros(0)
        uses = self.uses.get(mineral)
        if uses is None:
            return nothing, [], [], _("not computable: uses by sector missing")
        share = uses["share"].to_numpy(float)
        if abs(share.sum() - 1.0) > WHOLE:
            return nothing, [], [], _("not computable: shares of use add up to {share:.0f} %").format(
                share=100 * share.sum())  # fmt: skip
        if self.mixed:
            return nothing, [], [], _("not computable: accounts in several currencies")
        found, keys = [], [str(k) for k in uses[ROW]]
        for account in accounts:
            cells = [self.account.get((account, str(r), str(s))) for r, s in
                     zip(uses["region"], uses["sector"], strict=True)]  # fmt: skip
            lacking = [str(s) for s, c in zip(uses["sector"], cells, strict=True) if c is None]
            if lacking:
                return nothing, [], [], _("not computable: {what} of {who} missing").format(
                    what=account.replace("_", " "), who=", ".join(lacking))  # fmt: skip
            found.append(np.array([c[0] for c in cells if c]))
            keys += [c[1] for c in cells if c]
        return share, found, keys, ""

    def largest(self) -> float:
        """Return the value added of the largest sector; NaN where none is known."""
        found = [v for (a, _r, s), (v, _k) in self.account.items() if a == "value_added" and s != "all"]
        return max(found, default=float("nan"))

    def gdp(self) -> float:
        """Return gross domestic product; NaN where it is not known."""
        found = [v for (a, _r, _s), (v, _k) in self.account.items() if a == "gdp"]
        return sum(found) if found else float("nan")


def economic_importance(indices: Indices, industries: Industries) -> tuple[Array, list[str], list[list[str]]]:
    """Return EI of every group, why there is none, and the rows behind it."""
    minerals = [str(m) for m in indices.supply.table["mineral"]]
    values, why, inputs = np.full(len(minerals), np.nan), [], []
    for g, mineral in enumerate(minerals):
        share, found, keys, reason = industries.of(mineral, "value_added")
        index = indices.parameters.get(("substitution_ei", mineral))
        if not reason and index is None:
            reason = _("not computable: {what} missing").format(what=_("substitution index"))
        if not reason and index is not None:
            values[g] = supply_risk.economic_importance(share, found[0], index[0], industries.largest())
            keys.append(index[1])
        why.append(reason)
        inputs.append(keys)
    return values, why, inputs


def manufacturing(case: Case, indices: Indices, industries: Industries, sources: Sequence[Sources], home: str,
                  participant: str) -> tuple[Array, list[str], dict[str, Array]]:  # fmt: skip
    """Return the supply risk to manufacturing of every group (draws in columns), why there is none, and its parts.

    Parameters
    ----------
    case : Case
        The case.
    indices : Indices
        Shares of production, with their draws.
    industries : Industries
        Of the participant.
    sources : sequence of Sources
        Of the participant, by group.
    home : str
        Country whose values the others are compared with.
    participant : str
        Whose trade ties.
    """
    supply: Supply = indices.supply
    ties = CountryIndices(case)
    missing = [_WORDS[n] for n in ("fraser_ppi", "freedom_house", "trade_ties") if n not in ties.names]
    count = len(supply.table)
    nothing = np.full((count, indices.share.shape[1]), np.nan)
    if missing:
        reason = _("not computable: {what} missing").format(what=", ".join(missing))
        return nothing, [reason] * count, {}
    names = indices.countries
    perception = np.array(ties.of("fraser_ppi", participant, names))
    free = np.array(ties.of("freedom_house", participant, names))
    at_home = ties.of("freedom_house", participant, [home])[0]
    close = np.array(ties.of("trade_ties", participant, names))
    far = 1.0 - close / np.nanmax(close)
    able, willing = nassar.ability(perception), nassar.willingness(far, np.abs(free - at_home) / 100.0)
    named = supply.named[:, None]
    weight = np.where(named, (able * willing)[:, None], 0.0)
    potential = nassar.disruption_potential(indices.share, weight, np.ones_like(weight), supply.groups)
    exposure = np.array([s.imported for s in sources])
    prices = {str(r["mineral"]): r for r in records(case["mineral_prices"].sort_values("year"))}
    used = {(str(r["mineral"]), str(r["country"])): float(r["quantity"])
            for r in records(case["consumption"].sort_values("year"))}  # fmt: skip
    vulnerable, why = np.full(count, np.nan), [""] * count
    for g, mineral in enumerate(supply.table["mineral"]):
        share, found, _keys, reason = industries.of(str(mineral), "value_added", "operating_profit")
        if not reason and industries.gdp() != industries.gdp():
            reason = _("not computable: {what} missing").format(what="gdp")
        price, quantity = prices.get(str(mineral)), used.get((str(mineral), home))
        if not reason and (price is None or quantity is None):
            reason = _("not computable: use or price missing")
        if not reason and price is not None and quantity is not None:
            spent = share * quantity * float(price["price"])
            vulnerable[g] = nassar.economic_vulnerability(found[0], spent, found[1], industries.gdp())
        elif not reason:
            reason = _("not computable: {what} missing").format(what=_("an index of a producing country"))
        why[g] = reason
    parts = {"disruption_potential": nassar.normalised(np.where(np.isfinite(vulnerable)[:, None], potential, np.nan)),
             "trade_exposure": nassar.normalised(np.where(np.isfinite(vulnerable), exposure, np.nan)),
             "vulnerability": nassar.normalised(vulnerable)}  # fmt: skip
    values = nassar.supply_risk(parts["disruption_potential"], parts["trade_exposure"][:, None],
                                parts["vulnerability"][:, None])  # fmt: skip
    return values, why, {n: v if v.ndim == 1 else v[:, 0] for n, v in parts.items()}
