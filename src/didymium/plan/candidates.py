"""What the participants may decide: real projects with lead times, strategic stocks, and the money for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from didymium.case.case import ROW
from didymium.case.check import first_day, split_list
from didymium.case.money import faults_of, in_base_dollars
from didymium.case.read import LINE
from didymium.case.units import factor
from didymium.faults import CaseError, Fault
from didymium.market.options import Cap, StockProgramme
from didymium.market.prepare import Market
from didymium.market.tree import add_months
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case import case as cases

STOCKED_STAGES = (
    "light_separation", "heavy_separation", "refining", "metal", "alloy", "magnet", "precursor", "cathode", "anode",
    "cell",
)  # fmt: skip
"""Forms that a government may hold: what keeps and what users take in. Mixed concentrate needs a separator first."""


LEAST_PRICE = 3.0
"""USD/kg below which a form is not worth a store: lanthanum and cerium are in surplus wherever neodymium is made."""


@dataclass(frozen=True)
class Candidate:
    """A project as the plan sees it.

    Parameters
    ----------
    facility, name, stage, region : str
        What and where.
    start : date
        First output if decided on the decision day, not before the date that its owner plans.
    capex, capex_low, capex_high : float
        USD of the base year, with its band; NaN where none is known.
    lead_months : float
        From decision to first output.
    committed : bool
        Goes ahead anyway.
    sponsors : tuple of str
        Participants that may pay.
    on_assumptions : bool
        Capacity, capital cost or lead time is an assumption.
    inputs : tuple of str
        Rows behind it.
    planned : date, optional
        First output as its owner plans it.
    scalable : bool
        May be built in part.
    reserved : str
        When whoever paid has first call on its output: no, cut or always.
    """

    facility: str
    name: str
    stage: str
    region: str
    start: date
    capex: float
    lead_months: float
    committed: bool
    sponsors: tuple[str, ...]
    on_assumptions: bool
    inputs: tuple[str, ...]
    planned: date | None = None
    scalable: bool = False
    capex_low: float = float("nan")
    capex_high: float = float("nan")
    reserved: str = "no"

    def start_after(self, day: date) -> date:
        """Return the first output if it is decided on a day, not before the date that its owner plans."""
        if self.committed and self.planned:
            return max(self.planned, day)
        ready = add_months(day, round(self.lead_months))
        return max(ready, self.planned) if self.planned else ready


def candidates(case: cases.Case, market: Market, decision: date) -> list[Candidate]:
    """Return the projects that do not run on the decision day and whose capacity is modelled.

    Raises
    ------
    CaseError
        Investment at the prices of a year whose level is not known: the row, and what to add.
    """
    facilities = case["facilities"].set_index("facility")
    assumed = set(case["assumptions"]["assumption"])
    found, faults = [], []
    for record in case["projects"].to_dict("records"):
        name = str(record["facility"])
        if name not in market.network.facilities.index:
            continue
        facility = facilities.loc[name]
        rests = {str(record["source"]), str(record["lead_time_source"]), str(facility["source"])}
        year = case.base_year if pd.isna(record["price_year"]) else int(record["price_year"])
        deflated, levels, missing = in_base_dollars(case, "USD", year)
        faults += faults_of(missing, "projects.csv", record[LINE])
        capex, low, high = (float(record[c]) * deflated for c in ("capex", "low", "high"))
        candidate = Candidate(
            name, str(facility["name"]), str(facility["stage"]), str(facility["region"]), decision,
            capex + 1000.0 * first_fill(market, name, record["first_fill"]),
            float(record["lead_time"]) * factor(str(record["lead_time_unit"]), "month"), record["committed"] == "yes",
            tuple(split_list(str(record["sponsors"]))), bool(rests & assumed),
            (str(record[ROW]), f"facilities/{name}", *levels),
            first_day(str(facility["start"])) if facility["start"] else None, record["scalable"] == "yes",
            low, high, str(record["reserved"]),
        )  # fmt: skip
        found.append(replace(candidate, start=candidate.start_after(decision)))
    if faults:
        raise CaseError(faults)
    return found


def first_fill(market: Market, facility: str, days: float) -> float:
    """``days / 365.25 x capacity x sum_inputs a p0``: what fills a plant first, kUSD at base prices."""
    if pd.isna(days) or not days > 0:
        return 0.0
    network, base = market
    own = network.activities.index[network.activities["facility"].eq(facility)]
    terms = network.terms[network.terms["activity"].isin(own) & network.terms["coefficient"].lt(0)]
    price = np.maximum(base.price.reindex(terms["market"]).to_numpy(float), 0.0)
    by_recipe = pd.Series(-terms["coefficient"].to_numpy(float) * price, terms["activity"]).groupby(level=0).sum()
    worth = float(by_recipe.max()) if len(by_recipe) else 0.0
    return float(days) / 365.25 * float(network.facilities["capacity"].astype(float)[facility]) * worth


def programmes_for(case: cases.Case, market: Market, who: tuple[str, ...], purse: str) -> tuple[StockProgramme, ...]:
    """Return the strategic stocks that a coalition may build: every form that its users take in.

    Bought at most at a share of what the world outside the controlling country takes in, up to a number of days of use.
    """
    network, base = market
    intake = base.intake(network)
    free = intake[network.markets["region"].ne(case.controller)].groupby(network.markets["commodity"]).sum()
    cap, days = case.assumption("a_stock_buying_cap"), case.assumption("a_stock_most")
    found = []
    columns = (network.markets[name] for name in ("commodity", "region", "stage"))
    for label, commodity, region, stage in zip(network.markets.index, *columns, strict=True):
        cheap = base.price[label] < LEAST_PRICE
        swarf_or_mixed = commodity.startswith(("swarf", "seg_"))
        if region in who and stage in STOCKED_STAGES and intake[label] > 1.0 and not (swarf_or_mixed or cheap):
            rows = (f"commodities/{commodity}", "assumptions/a_stock_buying_cap", "assumptions/a_stock_most")
            most, per_year = intake[label] * days / 365.25, cap * float(free[commodity])
            found.append(StockProgramme(label, purse, most, per_year, None, ";".join(rows)))
    return tuple(found)


@dataclass(frozen=True)
class Money:
    """A coalition's money.

    Parameters
    ----------
    steps : float or tuple of (int, float)
        kUSD; or what has come in by the end of each year named.
    inputs : tuple of str
        Rows behind it.
    """

    steps: float | tuple[tuple[int, float], ...]
    inputs: tuple[str, ...]

    @property
    def total(self) -> float:
        """Return all of it, kUSD."""
        return self.steps if isinstance(self.steps, int | float) else self.steps[-1][1]

    def by(self, year: int) -> float:
        """Return what has come in by the end of a year, kUSD."""
        if isinstance(self.steps, int | float):
            return self.steps
        return next((amount for known, amount in reversed(self.steps) if known <= year), 0.0)


def purse_of(case: cases.Case, who: tuple[str, ...]) -> Money:
    """Return a coalition's money, in kUSD of the base year, and the rows that it comes from.

    Each purse is turned into dollars at the rate of its price year, then brought to the prices of the base year.

    Raises
    ------
    CaseError
        A purse without a rate of exchange or a price level of its year: the row, and what to add.
    """
    found = [each for each in purses_of(case, who) if each.counted]
    faults = [fault for each in found for fault in each.faults]
    if faults:
        raise CaseError(faults)
    behind = dict.fromkeys([*(each.row for each in found), *(key for each in found for key in each.inputs)])
    if not any(each.year for each in found):
        return Money(sum(each.amount for each in found), tuple(behind))
    years = sorted({each.year for each in found})
    steps = tuple((year, sum(each.amount for each in found if each.year <= year)) for year in years)
    return Money(steps, tuple(behind))


class Purse(NamedTuple):
    """A row of the purses.

    Parameters
    ----------
    name, title, region : str
        Which, what it is called, and whose.
    stated : float
        Amount as it is stated, in ``unit`` of ``price_year``.
    unit : str
        Currency.
    price_year, year : int
        Of the prices; and in which it comes in, 0: there from the start.
    counted : bool
        A plan may spend it.
    note : str
        What the case says of it.
    amount : float
        kUSD of the base year; NaN where it cannot be converted.
    row : str
        Its key.
    inputs : tuple of str
        Rows behind the conversion.
    faults : list of Fault
        What is missing to convert it.
    """

    name: str
    title: str
    region: str
    stated: float
    unit: str
    price_year: int
    year: int
    counted: bool
    note: str
    amount: float
    row: str
    inputs: tuple[str, ...]
    faults: list[Fault]


def purses_of(case: cases.Case, who: Sequence[str]) -> list[Purse]:
    """Return every purse of some governments, counted or not, in the order of the table."""
    table = case["purses"]
    found = []
    for record in table[table["region"].isin(list(who))].to_dict("records"):
        factor, keys, missing = in_base_dollars(case, str(record["unit"]), int(record["price_year"]))
        stated, name, title, region, unit = (
            float(record["amount"]),
            *(str(record[cell]) for cell in ("purse", "name", "region", "unit")),
        )
        found.append(Purse(
            name, title, region, stated, unit, int(record["price_year"]),
            0 if pd.isna(record["year"]) else int(record["year"]), record["counted"] == "yes",
            str(record["note"] or ""), float("nan") if missing else stated * factor / 1000.0, str(record[ROW]),
            keys, faults_of(missing, "purses.csv", record[LINE]),
        ))  # fmt: skip
    return found


def caps_of(case: cases.Case, facilities: set[str]) -> tuple[Cap, ...]:
    """Return what projects share besides money: land, water, a permit to discharge.

    Raises
    ------
    CaseError
        Rows of one cap that give it different limits.
    """
    found, faults = [], []
    for name, rows in case["caps"].groupby("cap", sort=False):
        limits = rows["limit"].astype(float)
        if limits.nunique() > 1:
            line = str(rows[LINE].iloc[int(np.argmax(limits.to_numpy() != limits.iloc[0]))])
            what = _("cap {name} has two limits: {limits}").format(
                name=name, limits=", ".join(f"{x:g}" for x in dict.fromkeys(limits)))  # fmt: skip
            faults.append(Fault("caps.csv", line, "limit", what, _("give every row of a cap the same limit")))
        use = {str(f): float(u) for f, u in zip(rows["facility"], rows["use"], strict=True) if f in facilities}
        found.append(Cap(str(name), float(limits.iloc[0]), use, tuple(rows[ROW])))
    if faults:
        raise CaseError(faults)
    return tuple(found)
