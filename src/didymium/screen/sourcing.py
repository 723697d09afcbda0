"""Where a participant gets a mineral: who supplies its imports, and what part of its use is imported.

``phi``, the part that is imported, is the net import reliance that a statistic publishes; where none does, 1 for a
mineral that the participant does not make; else ``F / (p + F)``, gross weight of imports over imports and own output.

Shares are those of one kind of statistic: trade by HS code where the stage has one, else the yearbook's import sources.
Imports from within a group of countries (both partners) are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.case import ROW
from didymium.case.check import split_list
from didymium.case.screening_tables import INTERVALS, NUMBERS, REST
from didymium.faults import DidymiumError
from didymium.messages import N_, _
from didymium.screen.supply import SLIGHT, Supply

if TYPE_CHECKING:
    from didymium.case.case import Case

BOTH = "both"
TRADE = "baci"

NO_TRADE = N_("not computable: no trade data")
NO_RELIANCE = N_("not computable: net import reliance missing")


@dataclass
class Sources:
    """Sources of one participant for one group of the supply.

    Parameters
    ----------
    shares : dict of str to float
        Share of imports by country; the rest (``OTH``) included. Empty where no trade is known.
    imported : float
        ``phi``, 0 to 1; NaN where not known.
    low, high : float
        Ends of ``phi`` where only an interval is published; else ``phi``.
    how : str
        Where ``phi`` comes from.
    own : dict of str to float
        Made by the participant's countries, by country.
    home : str
        Country that what is not imported comes from where none makes it: scrap and stocks. Empty for several.
    trade : str
        Which statistic the shares are of.
    inputs : list of str
        Rows behind it.
    """

    shares: dict[str, float] = field(default_factory=dict)
    imported: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    how: str = ""
    own: dict[str, float] = field(default_factory=dict)
    home: str = ""
    trade: str = ""
    inputs: list[str] = field(default_factory=list)


def places(case: Case, more: Sequence[str] = ()) -> dict[str, list[str]]:
    """Return the regions of each participant, of both together, and of further regions a user names.

    Raises
    ------
    DidymiumError
        A region that the case does not have.
    """
    found = {p: [p] for p in case.participants}
    if len(found) > 1:
        found[BOTH] = list(case.participants)
    known = list(case["regions"]["region"])
    for name in more:
        if name not in known:
            raise DidymiumError(_("no region {name} in the case -> use one of {known}").format(
                name=name, known=", ".join(known)))  # fmt: skip
        found.setdefault(name, [name])
    return found


class Sourcing:
    """Finds the sources of participants, table by table.

    Parameters
    ----------
    case : Case
        The case.
    supply : Supply
        World supply.
    """

    def __init__(self, case: Case, supply: Supply) -> None:
        regions = case["regions"]
        self.supply = supply
        self.countries = {r: split_list(c) for r, c in zip(regions["region"], regions["countries"], strict=True)}
        self.reliance = dict(list(case["reliance"].groupby(["region", "mineral"])))
        self.suppliers = dict(list(case["suppliers"].groupby(["importer", "mineral"])))
        network = case["trade_network"]
        self.network = dict(list(network.groupby("mineral")))
        rows = supply.rows
        group = np.repeat(np.arange(len(supply.groups.sizes)), supply.groups.sizes)
        self.makers = {int(str(g)): part for g, part in rows.groupby(group)}

    def of(self, group: int, place: Sequence[str]) -> Sources:
        """Return the sources of some regions together for a group of the supply."""
        facts = self.supply.table.iloc[group]
        own = {c for region in place for c in self.countries[region]}
        found = Sources()
        found.own = self._own(group, own)
        found.home = self.countries[place[0]][0] if len(place) == 1 else ""
        weight = self._shares(found, facts, place, own)
        self._imported(found, facts, place, group, weight)
        return found

    def _own(self, group: int, own: set[str]) -> dict[str, float]:
        makers = self.makers[group]
        mine = makers[makers["country"].isin(own)]
        hidden = mine["qualifier"].isin(INTERVALS)
        return {str(c): float("nan") if h else float(q)
                for c, q, h in zip(mine["country"], mine["quantity"], hidden, strict=True)}  # fmt: skip

    def _shares(self, found: Sources, facts: pd.Series, place: Sequence[str], own: set[str]) -> float:
        """Fill in the shares of imports; return their gross weight, NaN where it is not known."""
        tables = [self.suppliers.get((region, facts["mineral"])) for region in place]
        if all(table is not None for table in tables):
            rows = pd.concat(tables)
            for kind in (TRADE, "mcs"):
                of_kind = rows[rows["series"].str.startswith(kind) & rows["stage"].isin([facts["stage"], ""])]
                chosen = _newest(of_kind[of_kind["qualifier"].isin(NUMBERS)], facts)
                if chosen.empty or (kind == "mcs" and len(place) > 1):
                    continue
                amount = chosen["value"] if kind == TRADE else chosen["share"]
                self._fill(found, chosen["country"], amount, own, kind, chosen[ROW])
                outside = ~chosen["country"].isin(own)
                return float(chosen.loc[outside, "weight"].sum(skipna=False)) if kind == TRADE else float("nan")
        network = self.network.get(facts["mineral"])
        if network is not None and any(table is None for table in tables):
            rows = network[network["importer"].isin(own)]
            if len(rows):
                self._fill(found, rows["exporter"], rows["value"], own, TRADE, rows[ROW])
        return float("nan")

    @staticmethod
    def _fill(found: Sources, country: pd.Series, amount: pd.Series, own: set[str], kind: str, keys: pd.Series) -> None:
        outside = ~country.isin(own)
        sums = amount[outside].groupby(country[outside]).sum()
        if float(sums.sum()) > 0:
            found.shares = {str(c): float(v) for c, v in (sums / sums.sum()).items()}
            found.trade = kind
            found.inputs += [str(key) for key in keys]

    def _imported(self, found: Sources, facts: pd.Series, place: Sequence[str], group: int, weight: float) -> None:
        rows = self.reliance.get((place[0], facts["mineral"])) if len(place) == 1 else None
        if rows is not None:
            row = _reliance(rows, facts)
            if row is not None:
                found.inputs.append(str(row[ROW]))
                found.how = _("published")
                if row["qualifier"] in NUMBERS:
                    found.imported = found.low = found.high = float(np.clip(row["reliance"] / 100.0, 0.0, 1.0))
                elif row["qualifier"] == "net_exporter":
                    found.imported = found.low = found.high = 0.0
                else:
                    found.low = float(row["low"]) / 100.0 if row["low"] == row["low"] else 0.0
                    found.high = float(row["high"]) / 100.0 if row["high"] == row["high"] else 1.0
                return
        if not found.shares:
            return
        made = sum(found.own.values())
        if made == 0 and self._rest(group) <= SLIGHT:
            found.how, share = _("makes none of it"), 1.0
        elif weight == weight and facts["unit"] == "t" and made > 0:
            found.how, share = _("gross weight of imports over imports and own output"), weight / (weight + made)
        else:
            return
        found.imported = found.low = found.high = share

    def _rest(self, group: int) -> float:
        """Return the share of the countries that the table does not list."""
        makers = self.makers[group]
        rest = float(makers.loc[makers["country"].eq(REST), "quantity"].sum())
        total = float(makers["quantity"].sum())
        return rest / total if total > 0 else 1.0


def _newest(rows: pd.DataFrame, facts: pd.Series) -> pd.DataFrame:
    """Return the rows of the newest year, of the stage and the form where there are such."""
    if rows.empty:
        return rows
    rows = rows[rows["year"].eq(rows["year"].max())]
    for name in ("stage", "form"):
        same = rows[rows[name].eq(facts[name])]
        if len(same):
            rows = same
    if rows["series"].iloc[0].startswith(TRADE):
        return rows
    forms = list(dict.fromkeys(rows["form"]))
    whole = [f for f in forms if f == "" or f.lower() in ("all", "combined total", "total")]
    return rows[rows["form"].eq(whole[0] if whole else forms[0])]


def _reliance(rows: pd.DataFrame, facts: pd.Series) -> pd.Series | None:
    """Return the row of the newest edition and the year asked for, or the newest before it."""
    usable = rows[rows["qualifier"].isin([*NUMBERS, "bound", "range", "net_exporter"])]
    usable = usable[usable["year"].le(facts["year"])] if usable["year"].le(facts["year"]).any() else usable
    if usable.empty:
        return None
    usable = usable[usable["series"].eq(usable["series"].max())]
    usable = usable[usable["year"].eq(usable["year"].max())]
    same = usable[usable["form"].eq(facts["form"])]
    return (same if len(same) else usable.sort_values("form")).iloc[0]
