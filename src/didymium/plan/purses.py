"""The purses: every row of every government's money, whether a plan may spend it, and what it spends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from didymium.messages import _
from didymium.plan.candidates import Purse, purses_of
from didymium.plan.outcome import WHO, Outcome
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs

if TYPE_CHECKING:
    from didymium.plan.clearing import Cleared
    from didymium.plan.master import Master


def purses_table(outcome: Outcome) -> ResultTable:
    """Return every purse, counted or not, with what the plan takes out of it and what one more dollar would bring."""
    rows = [row for who, cleared in outcome.plans.items() if cleared.who for row in _rows(outcome, who, cleared)]
    columns = {
        "who": WHO, "limit": Column("", _("Purse or cap")), "region": Column("", _("Whose money")),
        "name": Column("", _("Name")), "amount": Column("", _("Amount as its source states it, in its currency")),
        "currency": Column("", _("Currency")), "price_year": Column("", _("Year of its prices and exchange rate")),
        "year": Column("", _("Year in which it comes in; empty: there from the start")),
        "money": Column("MUSD", _("The amount in dollars of the base year")),
        "counted": Column("", _("The plan may spend it")),
        "why": Column("", _("Why it is not counted, or what the case says of it")),
        "spent": Column("MUSD", _("What the plan takes out of it where it takes most, stocks at base prices; what came "
                                  "in first is spent first")),
        "shadow_price": Column("MUSD/MUSD", _("What one more unit would bring, projects as they are")),
    }  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("purses", _("Purses"), frame, columns, ("who", "limit", "region"))


def _rows(outcome: Outcome, who: str, cleared: Cleared) -> list[dict[str, Any]]:
    """Return the purses and the caps of a coalition."""
    search = next(s for (key, _weight), s in outcome.planner.searches.items() if key == cleared.who)
    master = search.master()
    prices = master.shadow_prices(search_decision(outcome, cleared))
    known = purses_of(outcome.case, cleared.who)
    spent = spent_of(known, dict(zip(outcome.desk.members, taken(outcome, who), strict=True)))
    rows: list[dict[str, Any]] = []
    for purse in known:
        counted = purse.note if purse.counted else purse.note or _("known, but not for this chain")
        worth = price_of_money(master, purse.year) if purse.counted else float("nan")
        rows.append({
            "who": who, "limit": purse.name, "region": purse.region, "name": purse.title, "amount": purse.stated,
            "currency": purse.unit, "price_year": str(purse.price_year), "year": str(purse.year or ""),
            "money": purse.amount / 1000.0, "counted": purse.counted, "why": counted,
            "spent": spent[purse.name] / 1000.0, "shadow_price": worth,
            RESTS_ON: join_inputs([purse.row], purse.inputs),
        })  # fmt: skip
    for name, value in prices.items():
        if not name.startswith("purse_"):
            keys = [key for cap in outcome.desk.caps if name == f"cap_{cap.name}" for key in cap.inputs]
            none = dict.fromkeys(("amount", "money", "spent"), float("nan"))
            rows.append({"who": who, "limit": name.removeprefix("cap_"), "region": "", "name": "", "currency": "",
                         "price_year": "", "year": "", "counted": True, "why": "", "shadow_price": value, **none,
                         RESTS_ON: join_inputs(keys)})  # fmt: skip
    return rows


def taken(outcome: Outcome, who: str) -> npt.NDArray[np.float64]:
    """Return what a plan takes out of each member's purse on the path on which it takes most, kUSD."""
    by_path = [outcome.bills[who].paid[:, path].sum(axis=1) for path in outcome.desk.unfolded.paths]
    return max(by_path, key=lambda each: float(each.sum()))


def spent_of(known: list[Purse], paid: dict[str, float]) -> dict[str, float]:
    """Return what is taken out of each row, kUSD: of what a government pays, first out of what comes in first."""
    left, found = dict(paid), dict.fromkeys((purse.name for purse in known), 0.0)
    for purse in sorted((each for each in known if each.counted), key=lambda each: each.year):
        found[purse.name] = min(left[purse.region], purse.amount)
        left[purse.region] -= found[purse.name]
    return found


def price_of_money(master: Master, year: int) -> float:
    """``sum_{rows to y or later} dual``: what one more unit that comes in in a year would bring, MUSD by MUSD."""
    return float(sum(
        master.dual[row]
        for name, rows in master.limit_rows.items() if name.startswith("purse_")
        for row, limit in zip(rows, master.task.limits[name], strict=True) if not limit.until or limit.until >= year
    ))  # fmt: skip


def search_decision(outcome: Outcome, cleared: Cleared) -> npt.NDArray[np.float64]:
    """Return the projects at which a purse's shadow price is read: those of the planning program's plan."""
    return outcome.planner.found[cleared.who].decision.build
