"""From trade and governance to case tables: who supplies an importer, and how countries are governed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from didymium.case.files import number_text
from didymium.case.screening_tables import REST
from didymium.faults import Fault
from didymium.messages import _
from didymium.sources import declared
from didymium.sources.withheld import Row

if TYPE_CHECKING:
    import pandas as pd

YEARS = 3
"""Last years of trade that a case keeps."""

THRESHOLD = 0.5
"""Share of an importer's imports (percent, by value) below which a supplier is summed with the rest."""

GOVERNANCE_FROM = 2018
"""First year of political stability that a case keeps; the other dimensions only in the last year that has them."""


def trade_rows(flows: pd.DataFrame, importers: Sequence[str], faults: list[Fault]) -> list[Row]:
    """Return the suppliers of every importer, code by code, by value.

    ``share = value / sum over all partners``. Partners below :data:`THRESHOLD` stand together as OTH, so that the
    shares of a code add up to 100. A weight is empty where a flow in it has none: it is not zero.

    Parameters
    ----------
    flows : DataFrame
        Rows of :func:`didymium.sources.baci.read_baci`.
    importers : sequence of str
        ISO 3166 codes.
    faults : list of Fault
        Codes that are not declared are added here.
    """
    last = int(flows["year"].max())
    recent = flows[flows["year"].gt(last - YEARS) & flows["importer"].isin(list(importers))]
    meanings = declared.traded()
    for code in sorted(set(recent["hs"].astype(str)) - set(meanings)):
        fix = _("declare its mineral and stage in hs92_minerals.csv")
        faults.append(Fault("BACI", "", "hs92", _("code {code} is not declared").format(code=code), fix))
    rows: list[Row] = []
    for importer in importers:
        of_importer = recent[recent["importer"].eq(importer)]
        for (hs, year), group in of_importer.groupby(["hs", "year"], observed=True, sort=True):
            meaning = meanings.get(str(hs))
            if meaning is None or not meaning.mineral:
                continue
            cells = {
                "importer": importer, "mineral": meaning.mineral, "form": meaning.form, "stage": meaning.stage,
                "hs92": str(hs), "first_year": str(year), "year": str(year), "series": "baci",
            }  # fmt: skip
            rows += [{**cells, **row} for row in _suppliers(group, meaning.note)]
    return rows


def _suppliers(group: pd.DataFrame, note: str) -> list[Row]:
    """Return the suppliers of one code in one year, largest first, and those below the threshold in one row."""
    share = 100.0 * group["value_usd"] / group["value_usd"].sum()
    group = group.assign(share=share).sort_values(["share", "exporter"], ascending=[False, True], kind="stable")
    named = group["share"].ge(THRESHOLD)
    rows = [
        _supplier(str(country), [number], [value], [weight], note)
        for country, number, value, weight in zip(
            group.loc[named, "exporter"], group.loc[named, "share"], group.loc[named, "value_usd"],
            group.loc[named, "quantity_t"], strict=True,
        )
    ]  # fmt: skip
    small = group[~named]
    if len(small):
        said = _("{count} suppliers below {threshold} %").format(count=len(small), threshold=THRESHOLD)
        shares, values, weights = (small[name].tolist() for name in ("share", "value_usd", "quantity_t"))
        rows.append(_supplier(REST, shares, values, weights, "; ".join(filter(None, (note, said)))))
    return rows


def _supplier(country: str, shares: list[float], values: list[float], weights: list[float], note: str) -> Row:
    weight = sum(weights)
    return {
        "country": country, "share": f"{sum(shares):.4f}", "low": "", "high": "", "band": "band",
        "qualifier": "estimated", "unit": "percent", "value": number_text(round(sum(values))),
        "weight": f"{weight:.3f}".rstrip("0").rstrip(".") if weight == weight else "", "source": "baci", "note": note,
    }  # fmt: skip


def governance_rows(workbook: pd.DataFrame, pair: pd.DataFrame, countries: Collection[str]) -> list[Row]:
    """Return the estimates of the countries that other tables name.

    Parameters
    ----------
    workbook : DataFrame
        Rows of :func:`didymium.sources.wgi.read_wgi`: six dimensions, the method of 2023.
    pair : DataFrame
        Rows of :func:`didymium.sources.wgi.read_wgi_pair`: political stability; the method of 2025 from 2023 on.
    countries : collection of str
        ISO 3166 codes.
    """
    import pandas as pd

    latest = workbook["year"].eq(workbook["year"].max()) | workbook["dimension"].eq("PV")
    first = workbook[latest & workbook["year"].ge(GOVERNANCE_FROM)]
    second = pair[pair["edition"].eq("2025") & pair["year"].ge(GOVERNANCE_FROM)]
    frame = pd.concat([first, second]).sort_values(["country", "dimension", "edition", "year"], kind="stable")
    return [
        {
            "country": str(cell["country"]), "year": str(cell["year"]), "dimension": str(cell["dimension"]),
            "series": f"wgi{cell['edition']}", "estimate": f"{cell['estimate']:.4f}",
            "standard_error": f"{cell['standard_error']:.4f}", "source": f"wgi{cell['edition']}",
            "note": str(cell["note"]),
        }
        for cell in frame[frame["country"].isin(list(countries))].to_dict("records")
    ]  # fmt: skip
