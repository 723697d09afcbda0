"""Money of any currency and year in dollars of the base year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from didymium.case.case import ROW
from didymium.faults import Fault
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case


def in_base_dollars(case: Case, currency: str, year: int) -> tuple[float, tuple[str, ...], list[tuple[str, str, str]]]:
    """Return the factor ``P(base) / (P(year) e(year))`` from money of a year to dollars of the base year.

    ``e`` is the exchange rate in units per dollar, ``P`` the level of US prices: money is first turned into dollars of
    its own year, then brought to the prices of the base year.

    Parameters
    ----------
    case : Case
        Its tables ``exchange_rates`` and ``deflators``.
    currency : str
        ISO 4217 code.
    year : int
        Year of the prices.

    Returns
    -------
    tuple of float, tuple of str, list of tuple
        The factor; the rows behind it; and what is missing: field at fault, fault and fix. The factor is 1 where
        something is.
    """
    factor, rows, missing = 1.0, [], []
    if currency != "USD":
        rates = case["exchange_rates"]
        found = rates[rates["currency"].eq(currency) & rates["year"].eq(year)]
        if found.empty:
            what = _("no rate of exchange from {unit} to USD in {year}").format(unit=currency, year=year)
            fix = _("add a row for {unit} and {year} to exchange_rates.csv").format(unit=currency, year=year)
            missing.append(("unit", what, fix))
        else:
            factor /= float(found["per_usd"].iloc[0])
            rows.append(str(found[ROW].iloc[0]))
    if year != case.base_year:
        table = case["deflators"]
        level = {
            int(y): (float(x), str(key)) for y, x, key in zip(table["year"], table["index"], table[ROW], strict=True)
        }
        unknown = [y for y in (year, case.base_year) if y not in level]
        for y in unknown:
            what = _("no level of US prices in {year}").format(year=y)
            missing.append(("price_year", what, _("add a row for {year} to deflators.csv").format(year=y)))
        if not unknown:
            factor *= level[case.base_year][0] / level[year][0]
            rows += [level[year][1], level[case.base_year][1]]
    return (1.0 if missing else factor), tuple(rows), missing


def faults_of(missing: list[tuple[str, str, str]], file: str, line: object) -> list[Fault]:
    """Return what is missing to convert the money of a row, as faults of that row."""
    return [Fault(file, str(line), field, what, fix) for field, what, fix in missing]
