"""Checks of a case as a whole, before any mathematics: what could not work, or would count twice."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from didymium.case.check import split_list
from didymium.case.cross_terms import check_cross_terms
from didymium.case.mass import check_loops, check_mass
from didymium.case.reach import Reach
from didymium.case.read import LINE
from didymium.case.tables import TABLES
from didymium.faults import Fault
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case

_WITHHELD = re.compile(r"\b[Ww]ithheld\b|(?:^|[(;,.] ?)W(?:$|[):;,.])")
_BASKET_MOST = 100.5
"""Percent that the rounded shares of a basket may sum to."""


def check_network(case: Case) -> list[Fault]:
    """Return every fault of a case as a whole.

    Parameters
    ----------
    case : Case
        A case whose cells, references and units are in order.

    Returns
    -------
    list of Fault
        Recipes and loops that create mass, capacity that does not fit its process or counts twice, demand that
        nothing can meet, commodities that nobody makes, uses or holds, uses without a price, cross terms between what
        has no straight curve, baskets above a hundred percent, bands upside down, withheld values written as zero.
        Empty where all is well.
    """
    mass, reach = list(check_mass(case)), Reach(case)
    return [
        *_baskets(case),
        *_commodities(case, reach),
        *_downgrades(case),
        *_capacity_commodities(case),
        *mass,
        *([] if mass else check_loops(case)),  # a recipe that creates mass makes every loop through it gain
        *_facilities(case),
        *_twice(case),
        *_costs(case),
        *check_cross_terms(case),
        *_demand(case, reach),
        *_prices(case),
        *_bands(case),
        *_withheld(case),
    ]


def _rows(case: Case, table: str, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Yield the line number and columns of every row of a table."""
    frame = case[table]
    yield from zip(*(frame[column].tolist() for column in (LINE, *columns)), strict=True)


def _baskets(case: Case) -> Iterator[Fault]:
    sums: dict[str, float] = defaultdict(float)
    last: dict[str, int] = {}
    for line, basket, share in _rows(case, "baskets", "basket", "share"):
        sums[basket] += share
        last[basket] = line
    for basket, total in sums.items():
        if total > _BASKET_MOST:
            what = _("the shares of basket `{basket}` sum to {total:.4g} %").format(basket=basket, total=total)
            yield Fault(
                "baskets.csv", str(last[basket]), "share", what, _("correct the shares: they sum to at most 100 %")
            )


def _commodities(case: Case, reach: Reach) -> Iterator[Fault]:
    """Yield commodities that nobody makes, uses or holds."""
    known = {commodity for _line, commodity in _rows(case, "recipes", "commodity")}
    known |= {commodity for _line, commodity in _rows(case, "demands", "commodity")}
    for _line, cell in _rows(case, "stocks", "commodity"):
        known |= set(reach.expand(cell))
    for line, commodity in _rows(case, "commodities", "commodity"):
        if commodity not in known:
            what = _("`{commodity}` is neither made, used nor held").format(commodity=commodity)
            fix = _("add a recipe, a demand or a stock for it, or remove the row")
            yield Fault("commodities.csv", str(line), "commodity", what, fix)


def _capacity_commodities(case: Case) -> Iterator[Fault]:
    """Yield processes whose capacity commodity is not one tonne of its recipe, on the side that it says."""
    recipes: dict[str, dict[str, float]] = defaultdict(dict)
    for _line, process, commodity, coefficient in _rows(case, "recipes", "process", "commodity", "coefficient"):
        recipes[process][commodity] = coefficient
    columns = ("process", "capacity_side", "capacity_commodity")
    for line, process, side, commodity in _rows(case, "processes", *columns):
        wanted = -1.0 if side == "feed" else 1.0
        if process not in recipes:
            what = _("process `{process}` has no recipe").format(process=process)
            yield Fault("processes.csv", str(line), "process", what, _("add its rows to recipes.csv"))
        elif not math.isclose(recipes[process].get(commodity, 0.0), wanted, abs_tol=1e-6):
            found = recipes[process].get(commodity, 0.0)
            what = _("capacity is stated in {side} of {commodity}, whose coefficient is {found:g} and not {wanted:g}")
            fix = _("correct the side or the commodity, or state the recipe per tonne of {commodity}")
            yield Fault("processes.csv", str(line), "capacity_commodity",
                        what.format(side=side, commodity=commodity, found=found, wanted=wanted),
                        fix.format(commodity=commodity))  # fmt: skip


def _facilities(case: Case) -> Iterator[Fault]:
    """Yield facilities whose capacity does not fit what they run."""
    processes = {p: (side, c) for _line, p, side, c in _rows(case, "processes", "process", "capacity_side",
                                                             "capacity_commodity")}  # fmt: skip
    columns = ("facility", "processes", "capacity", "basis", "modelled")
    for line, facility, cell, capacity, basis, reason in _rows(case, "facilities", *columns):
        runs = split_list(cell)
        if not runs:
            continue
        if reason:
            what = _("`{facility}` names processes, but is left out: {reason}").format(facility=facility, reason=reason)
            yield Fault("facilities.csv", str(line), "modelled", what, _("empty one of the two columns"))
        if math.isnan(capacity):
            continue
        sides = {processes[process][0] for process in runs}
        if len(sides) > 1:
            what = _("one capacity for processes that state it in feed and in output: {processes}")
            yield Fault("facilities.csv", str(line), "processes", what.format(processes=cell),
                        _("split it into a row per side"))  # fmt: skip
        for process in runs:
            side, commodity = processes[process]
            own = case.content.basis[commodity]
            if basis == own or {basis, own} == {"oxide", "reo"}:
                continue
            what = _(
                "mixed basis: capacity in tonnes {basis}, but {process} counts {side} of {commodity} in tonnes {own}"
            )
            yield Fault("facilities.csv", str(line), "basis",
                        what.format(basis=basis or _("without a basis"), process=process, side=side,
                                    commodity=commodity, own=own),
                        _("state the capacity in tonnes {own}").format(own=own))  # fmt: skip


def _twice(case: Case) -> Iterator[Fault]:
    """Yield modelled facilities that stand in two rows, neither of which replaces the other."""
    older = {facility: old for _line, facility, old in _rows(case, "facilities", "facility", "supersedes") if old}
    columns = ("facility", "name", "region", "processes", "capacity", "status", "start", "supersedes")
    seen: dict[tuple[str, str, str], list[tuple[int, str]]] = defaultdict(list)
    for line, facility, name, region, cell, capacity, status, start, old in _rows(case, "facilities", *columns):
        if not cell or math.isnan(capacity) or status in ("suspended", "closed"):
            continue
        if old and not start:
            what = _("`{facility}` replaces `{old}`, but has no start: both would count").format(
                facility=facility, old=old
            )
            yield Fault(
                "facilities.csv",
                str(line),
                "start",
                what,
                _("give the start of `{facility}`").format(facility=facility),
            )
        same = seen[" ".join(name.casefold().split()), region, ";".join(sorted(split_list(cell)))]
        for first, other in same:
            if not _replaces(facility, other, older) and not _replaces(other, facility, older):
                what = _(
                    "capacity counted twice: `{facility}` and `{other}` (row {row}) have the same name and processes"
                )
                yield Fault("facilities.csv", str(line), "name",
                            what.format(facility=facility, other=other, row=first),
                            _("remove one of them, or say in `supersedes` which one replaces the other"))  # fmt: skip
                break
        same.append((line, facility))


def _replaces(newer: str, old: str, older: dict[str, str]) -> bool:
    """Return whether a row replaces another, directly or through rows between them."""
    met: set[str] = set()
    while newer in older and newer not in met:
        met.add(newer)
        newer = older[newer]
        if newer == old:
            return True
    return False


def _costs(case: Case) -> Iterator[Fault]:
    """Yield modelled facilities for which no cost row speaks."""
    stages = {process: stage for _line, process, stage in _rows(case, "processes", "process", "stage")}
    known = {(process, region) for _line, process, region in _rows(case, "costs", "process", "region")}
    missing: set[tuple[str, str]] = set()
    for line, region, cell, capacity in _rows(case, "facilities", "region", "processes", "capacity"):
        for process in [] if math.isnan(capacity) else split_list(cell):
            names = (process, f"stage:{stages[process]}", "*")
            if (process, region) in missing or any((n, r) in known for n in names for r in (region, "*")):
                continue
            missing.add((process, region))
            what = _("no cost for {process} in {region} (facilities.csv, row {row})")
            fix = _("add a row for {process}, or one for stage:{stage}").format(process=process, stage=stages[process])
            yield Fault("costs.csv", "", "process", what.format(process=process, region=region, row=line), fix)


def _demand(case: Case, reach: Reach) -> Iterator[Fault]:
    """Yield uses of a commodity that no process, route or stock brings to their region."""
    for line, region, commodity, quantity in _rows(case, "demands", "region", "commodity", "quantity"):
        if quantity > 0 and not reach.has(commodity, region):
            what = _("nothing can meet this demand: {reason}").format(reason=reach.reason(commodity, region))
            fix = _("add a facility that makes it, a route from where it is made, or a stock")
            yield Fault("demands.csv", str(line), "commodity", what, fix)


def _prices(case: Case) -> Iterator[Fault]:
    """Yield uses of a commodity whose price is to be fitted, but was never observed."""
    observed = {commodity for _line, commodity, price in _rows(case, "prices", "commodity", "price") if price > 0}
    fitted = {c for _line, c, flag in _rows(case, "commodities", "commodity", "calibrated") if flag == "yes"}
    for line, commodity in _rows(case, "demands", "commodity"):
        if commodity in fitted - observed:
            what = _("`{commodity}` is used, but no price of it is known").format(commodity=commodity)
            fix = _("add a row to prices.csv, or write calibrated = no in commodities.csv")
            yield Fault("demands.csv", str(line), "commodity", what, fix)
            observed.add(commodity)  # once is enough


def _bands(case: Case) -> Iterator[Fault]:
    """Yield bands that are upside down, also those of columns with a band of their own."""
    for name in case.tables:
        table = TABLES[name]
        columns = set(table.columns)
        pairs = [(c, f"{c}_low", f"{c}_high") for c in table.columns if {f"{c}_low", f"{c}_high"} <= columns]
        if table.value and {"low", "high"} <= columns:
            pairs.append((table.value, "low", "high"))
        for value, low, high in pairs:
            for line, number, least, most in _rows(case, name, value, low, high):
                if least > most or number < least or number > most:
                    what = _("{value:g} lies outside its band {low:g} to {high:g}")
                    yield Fault(f"{name}.csv", str(line), value, what.format(value=number, low=least, high=most),
                                _("widen the band or correct the value"))  # fmt: skip


def _downgrades(case: Case) -> Iterator[Fault]:
    """Yield goods that serve as one of another basis, or as one that serves, in the end, as themselves."""
    basis = case.content.basis
    lesser = {good: other for _line, good, other in _rows(case, "commodities", "commodity", "serves_as") if other}
    for line, good, other in _rows(case, "commodities", "commodity", "serves_as"):
        if not other:
            continue
        if basis[good] != basis[other]:
            what = _("`{good}` is weighed in tonnes {own}, `{other}` in tonnes {its}")
            said = what.format(good=good, own=basis[good], other=other, its=basis[other])
            yield Fault("commodities.csv", str(line), "serves_as", said, _("name a good of the same basis"))
        met, at = {good}, other
        while at in lesser and at not in met:
            met.add(at)
            at = lesser[at]
        if at == good:
            what = _("`{good}` would serve as `{other}` and back again").format(good=good, other=other)
            yield Fault(
                "commodities.csv", str(line), "serves_as", what, _("let only the better good serve as the other")
            )


def _withheld(case: Case) -> Iterator[Fault]:
    """Yield zeros whose note says that the value is withheld."""
    for name in case.tables:
        table = TABLES[name]
        if not table.value or "note" not in table.columns:
            continue
        for line, value, note in _rows(case, name, table.value, "note"):
            if value == 0 and note and _WITHHELD.search(note):
                what = _("a withheld value stands as zero")
                fix = _("remove the row, or cite an assumption with a band")
                yield Fault(f"{name}.csv", str(line), table.value, what, fix)
