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

from didymium.case.case import ROW
from didymium.case.screening_tables import INTERVALS, NUMBERS, REST
from didymium.messages import N_, _
from didymium.screen.places import countries_of
from didymium.screen.records import Record, records
from didymium.screen.supply import SLIGHT, Supply

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case

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
    elsewhere : dict of str to float
        The same for the mineral at another stage, where no trade at this one is known; not for indices of a stage.
    imported : float
        ``phi``, 0 to 1; NaN where not known.
    low, high : float
        Ends of ``phi`` where only an interval is published; else ``phi``.
    whole : bool
        ``own`` names every country that makes it at home: the table lists no rest of weight.
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
    elsewhere: dict[str, float] = field(default_factory=dict)
    imported: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    whole: bool = True
    how: str = ""
    own: dict[str, float] = field(default_factory=dict)
    home: str = ""
    trade: str = ""
    inputs: list[str] = field(default_factory=list)


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
        self.groups = records(supply.table)
        self.countries = countries_of(case)
        self.reliance = _by(case["reliance"], "region", "mineral")
        self.suppliers = _by(case["suppliers"], "importer", "mineral")
        self.network = _by(case["trade_network"], "mineral")
        every = iter(records(supply.rows))
        self.makers = [[next(every) for _row in range(size)] for size in supply.groups.sizes]

    def of(self, group: int, place: Sequence[str]) -> Sources:
        """Return the sources of some regions together for a group of the supply."""
        facts = self.groups[group]
        own = {c for region in place for c in self.countries[region]}
        found = Sources()
        found.own = {
            row["country"]: float("nan") if row["qualifier"] in INTERVALS else float(row["quantity"])
            for row in self.makers[group] if row["country"] in own
        }  # fmt: skip
        one = len(place) == 1 and place[0] in self.countries[place[0]]
        found.home = place[0] if one else ""
        found.whole = one or self._rest(group) <= SLIGHT
        weight = self._shares(found, facts, place, own)
        self._imported(found, facts, place, group, weight)
        return found

    def _shares(self, found: Sources, facts: Record, place: Sequence[str], own: set[str]) -> float:
        """Fill in the shares of imports; return their gross weight, NaN where it is not known."""
        tables = [self.suppliers.get((region, facts["mineral"])) for region in place]
        if all(tables):
            rows = [row for table in tables for row in table or ()
                    if row["qualifier"] in NUMBERS and row["first_year"] <= facts["year"]]  # fmt: skip
            kinds = (TRADE,) if len(place) > 1 else ("mcs", TRADE)  # the yearbook's shares of two importers do not add
            for kind in kinds:
                of_kind = [r for r in rows if r["series"].startswith(kind) and r["stage"] in (facts["stage"], "")]
                chosen = _newest(of_kind, facts)
                if chosen:
                    amount = "value" if kind == TRADE else "share"
                    found.shares = _outside(chosen, "country", amount, own)
                    found.trade, found.inputs = kind, [str(row[ROW]) for row in chosen]
                    outside = [r["weight"] for r in chosen if r["country"] not in own]
                    return float(sum(outside)) if kind == TRADE else float("nan")
            other = _newest([r for r in rows if r["series"].startswith(TRADE)], facts)
            found.elsewhere = _outside(other, "country", "value", own)
            found.trade, found.inputs = (TRADE if other else ""), [str(row[ROW]) for row in other]
        elif not any(tables):
            rows = [
                row
                for row in self.network.get((facts["mineral"],), [])
                if row["importer"] in own and row["year"] <= facts["year"]
            ]
            found.shares = _outside(rows, "exporter", "value", own)
            found.trade, found.inputs = (TRADE if rows else ""), [str(row[ROW]) for row in rows]
        return float("nan")

    def _imported(self, found: Sources, facts: Record, place: Sequence[str], group: int, weight: float) -> None:
        row = _reliance(self.reliance.get((place[0], facts["mineral"]), []), facts) if len(place) == 1 else None
        if row is not None:
            found.inputs.append(str(row[ROW]))
            found.how = _("published")
            if row["qualifier"] in NUMBERS:
                found.imported = found.low = found.high = min(max(row["reliance"] / 100.0, 0.0), 1.0)
            elif row["qualifier"] == "net_exporter":
                found.imported = found.low = found.high = 0.0
            else:
                found.low = row["low"] / 100.0 if row["low"] == row["low"] else 0.0
                found.high = row["high"] / 100.0 if row["high"] == row["high"] else 1.0
            return
        if not (found.shares or found.elsewhere):
            return
        made, rest = sum(found.own.values()), self._rest(group)
        weighed = weight == weight and facts["unit"] == "t" and weight > 0
        if made == 0 and rest <= SLIGHT:
            found.how, share = _("makes none of it"), 1.0
        elif made == 0 and weighed and weight / (weight + rest * facts["total"]) >= 1.0 - SLIGHT:
            found.how, share = _("all that unlisted countries make is little beside its imports"), 1.0
        elif weighed and made > 0:
            found.how, share = _("gross weight of imports over imports and own output"), weight / (weight + made)
        else:
            return
        found.imported = found.low = found.high = share

    def _rest(self, group: int) -> float:
        """Return the share of the countries that the table does not list."""
        total = sum(row["quantity"] for row in self.makers[group])
        rest = sum(row["quantity"] for row in self.makers[group] if row["country"] == REST)
        return rest / total if total > 0 else 1.0


def _by(frame: pd.DataFrame, *names: str) -> dict[tuple[str, ...], list[Record]]:
    """Return the rows of a table by some of its columns."""
    found: dict[tuple[str, ...], list[Record]] = {}
    for row in records(frame):
        found.setdefault(tuple(str(row[name]) for name in names), []).append(row)
    return found


def _outside(rows: Sequence[Record], country: str, amount: str, own: set[str]) -> dict[str, float]:
    """Return the share of imports by country, those from within left out; empty where there are none."""
    sums: dict[str, float] = {}
    for row in rows:
        if row[country] not in own:
            sums[row[country]] = sums.get(row[country], 0.0) + float(row[amount])
    whole = sum(sums.values())
    return {name: value / whole for name, value in sums.items()} if whole > 0 else {}


def _newest(rows: list[Record], facts: Record) -> list[Record]:
    """Return the rows of the newest edition and year: of one form in a yearbook, of all products in trade."""
    if not rows:
        return rows
    newest = max((row["series"], row["year"]) for row in rows)
    rows = [row for row in rows if (row["series"], row["year"]) == newest]
    of_stage = [row for row in rows if row["stage"] == facts["stage"]]
    if newest[0].startswith(TRADE):
        return of_stage or rows
    whole = [row for row in rows if row["form"] == facts["form"]] or [row for row in rows if _is_whole(row["form"])]
    refined = [row for row in rows if "refined" in row["form"] or "metal" in row["form"]]
    rows = whole or of_stage or refined or rows
    return [row for row in rows if row["form"] == rows[0]["form"]]


def _is_whole(form: str) -> bool:
    """Return whether a yearbook means all forms together."""
    return form == "" or form.startswith(("total", "all ", "combined"))


def _reliance(rows: list[Record], facts: Record) -> Record | None:
    """Return the row of the newest edition and the year asked for, or the newest before: a later one says nothing."""
    usable = [row for row in rows if row["qualifier"] in _USABLE and row["year"] <= facts["year"]]
    if not usable:
        return None
    edition = max(row["series"] for row in usable)
    usable = [row for row in usable if row["series"] == edition]
    last = max(row["year"] for row in usable)
    usable = [row for row in usable if row["year"] == last]
    same = [row for row in usable if row["form"] == facts["form"]]
    return (same or sorted(usable, key=lambda row: row["form"]))[0]


_USABLE = (*NUMBERS, "bound", "range", "net_exporter")
"""Qualifiers of a reliance that says something."""
