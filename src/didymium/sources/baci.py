"""BACI: trade between countries by HS 1992 code, reconciled from exporters' and importers' reports.

Source: CEPII, BACI (Gaulier and Zignago 2010), from UN Comtrade, Etalab Open Licence 2.0. Values are thousands of
current US dollars, free on board; quantities are tonnes of gross weight, never of oxide or element.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from didymium.faults import Fault
from didymium.messages import N_, _
from didymium.sources.cells import numbers, year_fault
from didymium.sources.files import SHOWN, Faults, Reading, read_columns, read_text, split_header

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

COLUMNS = ("year", "exporter", "importer", "hs92", "value_kusd", "quantity_t", "exporter_iso3", "importer_iso3")
"""Columns of the subset with country codes beside the numbers."""

SHORT = dict(zip("tijkvq", COLUMNS, strict=False))
"""Columns as CEPII publishes them: year, exporter, importer, product, value, quantity."""

TAIWAN = "S19"
"""Other Asia, not elsewhere specified: in trade statistics this is Taiwan."""

FIRST_YEAR = 1988
"""The Harmonized System came into force."""

BASKETS = {
    "280530": N_("all rare-earth metals with scandium and yttrium together, gross weight: not comparable with oxide"),
    "284690": N_("all rare-earth compounds but cerium's together, gross weight: not comparable with oxide"),
}
"""Codes that hold several commodities which the model keeps apart."""

KEY = ("year", "hs", "exporter", "importer")


def read_baci(path: Path, countries: Path | None = None, products: Path | None = None) -> Reading:
    """Read BACI HS92.

    Parameters
    ----------
    path : Path
        Flows, CSV or gzipped CSV, as published (``t,i,j,k,v,q``) or with ISO3 columns.
    countries : Path, optional
        Country codes of the release; needed where the flows have no ISO3 columns.
    products : Path, optional
        Product codes of the release; every code of the flows must stand in it.

    Returns
    -------
    Reading
        ``year``, ``hs`` (six digits), ``exporter`` and ``importer`` (ISO3), ``value_usd`` (current USD), ``quantity_t``
        (tonnes gross, NaN where not given), ``note``.

    Raises
    ------
    CaseError
        A file that cannot be used, with every fault.
    """
    import numpy as np
    import pandas as pd

    faults = Faults(path.name)
    raw = read_text(path, faults)
    short = set(SHORT) & set(split_header(raw)) > {"t", "k"}
    table, lines = read_columns(raw, tuple(SHORT) if short else COLUMNS, faults)
    if short:
        table = table.rename_columns([SHORT[name] for name in table.column_names])
    if b" " in raw:
        import pyarrow.compute as pc

        table = table.from_arrays([pc.utf8_trim_whitespace(column) for column in table.columns], table.column_names)
    if not raw.endswith(b"\n"):
        faults.add(raw.count(b"\n") + 1, "", _("the last line has no end: the file may be cut off"),
                   _("download the file again, or end its last line"))  # fmt: skip
    if not table.num_rows:
        faults.add("", "", _("the table has no rows"), _("download the file again"))
        faults.refuse()
    known = (
        read_codes(countries, ("country_code", "country_iso3"), ("country_name", "country_iso2")) if countries else {}
    )
    goods = read_products(products) if products else None

    years = _coded(table, "year", lines, faults, lambda text: year_fault(text, FIRST_YEAR, 2100))
    codes = _coded(table, "hs92", lines, faults, lambda text: _hs_fault(text, goods))
    ends = {side: _coded(table, side, lines, faults, lambda text: _country_fault(text, known)) for side in KEY[2:]}
    value = numbers(table["value_kusd"], lines, "value_kusd", faults)
    quantity = numbers(_blank(table["quantity_t"]), lines, "quantity_t", faults)
    blank = np.isnan(value) & (table["value_kusd"].to_numpy(zero_copy_only=False) == "")
    for at, field, what in (
        (np.flatnonzero(blank), "value_kusd", _("the cell is empty")),
        (np.flatnonzero(value < 0), "value_kusd", _("`{cell}` is below zero")),
        (np.flatnonzero(np.isfinite(value) & ~np.isfinite(value * 1000.0)), "value_kusd", _("`{cell}` is too large")),
        (np.flatnonzero(quantity < 0), "quantity_t", _("`{cell}` is below zero")),
    ):
        cells = [table[field][int(i)].as_py() for i in at[:SHOWN]]
        faults.rows(lines[at], field, cells, what, _("correct it, or take the file as published"))
    iso = {side: _iso(table, side, codes_of, lines, known, short, faults) for side, codes_of in ends.items()}
    keys = pd.DataFrame({"y": years.codes, "h": codes.codes, "e": ends["exporter"].codes, "i": ends["importer"].codes})
    sizes = [len(part.categories) + 1 for part in (years, codes, ends["exporter"], ends["importer"])]
    packed = np.zeros(len(keys), dtype=np.int64)
    for column, size in zip(keys, sizes, strict=True):
        packed = packed * size + (keys[column].to_numpy(dtype=np.int64) + 1)
    twice = np.flatnonzero(pd.Series(packed).duplicated().to_numpy())
    faults.rows(lines[twice], "", [""] * len(twice), _("the same year, product and countries stand in an earlier row"),
                _("keep one row: the sum would count the trade twice"))  # fmt: skip
    own = np.flatnonzero(np.asarray(table["exporter"].to_numpy(zero_copy_only=False) ==
                                    table["importer"].to_numpy(zero_copy_only=False)))  # fmt: skip
    faults.rows(lines[own], "importer", [table["importer"][int(i)].as_py() for i in own[:SHOWN]],
                _("`{cell}` trades with itself"), _("remove the row"))  # fmt: skip
    faults.refuse()

    taiwan = np.zeros(len(lines), dtype=bool)
    for side, ends_iso in iso.items():
        if TAIWAN in ends_iso.categories:
            taiwan |= np.asarray(ends_iso == TAIWAN)
            texts = np.asarray(ends_iso, dtype=object)
            texts[ends_iso == TAIWAN] = "TWN"
            iso[side] = pd.Categorical(texts)
    notes = _notes(codes, taiwan, np.isnan(quantity))
    frame = pd.DataFrame(
        {
            "year": np.array([int(text) for text in years.categories], dtype=np.int32)[years.codes],
            "hs": codes,
            "exporter": iso["exporter"],
            "importer": iso["importer"],
            "value_usd": value * 1000.0,
            "quantity_t": quantity,
            "note": notes,
        }
    )
    corrections = []
    if taiwan.any():
        corrections.append(
            Fault(path.name, "", "exporter, importer", _("S19, other Asia, in {count} rows").format(
                count=int(taiwan.sum())), _("read as TWN")))  # fmt: skip
    missing = int(np.isnan(quantity).sum())
    if missing:
        corrections.append(Fault(path.name, "", "quantity_t", _("no quantity in {count} rows").format(count=missing),
                                 _("kept missing: no unit value there")))  # fmt: skip
    return Reading(frame, corrections)


def read_codes(path: Path, wanted: Sequence[str], optional: Sequence[str] = ()) -> dict[str, str]:
    """Return a table of codes: the second wanted column by the first.

    Parameters
    ----------
    path : Path
        CSV file.
    wanted : sequence of str
        Column of the code and column of what it stands for.
    optional : sequence of str
        Columns that may be there.

    Raises
    ------
    CaseError
        A file that cannot be used, or a code that stands twice with two meanings.
    """
    faults = Faults(path.name)
    table, lines = read_columns(read_text(path, faults), wanted, faults, optional)
    codes: dict[str, str] = {}
    for line, code, meaning in zip(lines.tolist(), *(table[name].to_pylist() for name in wanted), strict=True):
        if codes.setdefault(code, meaning) != meaning:
            faults.add(line, wanted[0], _("code {code} stands for two things").format(code=code),
                       _("keep one of the rows"))  # fmt: skip
    faults.refuse()
    return codes


def read_products(path: Path) -> dict[str, str]:
    """Return descriptions by HS code, from the product table of the release or of the subset."""
    faults = Faults(path.name)
    header = split_header(read_text(path, faults))
    code = "code" if "code" in header and "hs92" not in header else "hs92"
    return read_codes(path, (code, "description"), ("rows_2010_2024",))


def _blank(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return quantities with the published mark of a missing one, NA, as an empty cell."""
    import pyarrow.compute as pc

    return pc.if_else(pc.equal(column, "NA"), "", column)


def _coded(table: pa.Table, field: str, lines: np.ndarray, faults: Faults, check: object) -> pd.Categorical:
    """Return a text column as a categorical; each distinct cell is checked once."""
    import numpy as np
    import pandas as pd

    coded = table[field].combine_chunks().dictionary_encode()
    texts = coded.dictionary.to_pylist()
    codes = coded.indices.to_numpy(zero_copy_only=False)
    assert callable(check)
    for code, text in enumerate(texts):
        wrong = check(text)
        if wrong:
            at = np.flatnonzero(codes == code)
            faults.rows(lines[at], field, [""] * len(at), wrong[0].replace("{", "{{").replace("}", "}}"), wrong[1])
    return pd.Categorical.from_codes(codes, pd.Index(texts, dtype=object))


def _hs_fault(text: str, goods: dict[str, str] | None) -> tuple[str, str] | None:
    """Return fault and fix of a product code, or None."""
    if not (text.isascii() and text.isdigit() and len(text) == 6):
        return (_("`{cell}` is not an HS code of six digits").format(cell=text),
                _("keep the column as text: a spreadsheet drops the zero in front"))  # fmt: skip
    if goods is not None and text not in goods:
        return _("code {cell} is not in the product table").format(cell=text), _("take the table of the same release")
    return None


def _country_fault(text: str, known: dict[str, str]) -> tuple[str, str] | None:
    """Return fault and fix of a country's number, or None."""
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and text == str(int(text))):
        return _("`{cell}` is not a country number").format(cell=text), _("write the number of the country table")
    if known and text not in known:
        return _("code {cell} is not in the country table").format(cell=text), _("take the table of the same release")
    return None


def _iso(
    table: pa.Table, side: str, numbers_of: pd.Categorical, lines: np.ndarray, known: dict[str, str], short: bool,
    faults: Faults,
) -> pd.Categorical:  # fmt: skip
    """Return the ISO3 codes of one side, checked against the country table where there is one."""
    import numpy as np
    import pandas as pd

    texts = numbers_of.categories.tolist()
    if short:
        if not known:
            if side == "exporter":
                faults.add(1, side, _("countries stand as numbers"), _("name the country table of the release too"))
            return numbers_of
        for text in texts:
            if text in known and _iso_fault(known[text]):
                what, fix = _("number {number} has no ISO3 code in the country table"), _("complete the country table")
                faults.add("", side, what.format(number=text), fix)
        meant = np.array([known.get(text, "") for text in texts], dtype=object)
        return pd.Categorical(meant[numbers_of.codes])
    field = f"{side}_iso3"
    stated = _coded(table, field, lines, faults, _iso_fault)
    pairs, sizes = np.unique(numbers_of.codes.astype(np.int64) * (len(stated.categories) + 1) + stated.codes,
                             return_counts=True)  # fmt: skip
    first: dict[str, str] = {}
    for pair in pairs[np.argsort(-sizes, kind="stable")].tolist():
        number, iso = (
            texts[pair // (len(stated.categories) + 1)],
            stated.categories[pair % (len(stated.categories) + 1)],
        )
        should = known.get(number) or first.setdefault(number, iso)
        if should != iso:
            at = np.flatnonzero(np.asarray(numbers_of == number) & np.asarray(stated == iso))
            what = _("{iso} stands beside number {number}, which is {should}")
            faults.rows(lines[at], field, [""] * len(at), what.format(iso=iso, number=number, should=should),
                        _("take number and code from the same country table"))  # fmt: skip
    return stated


def _iso_fault(text: str) -> tuple[str, str] | None:
    """Return fault and fix of a country code, or None."""
    if len(text) == 3 and text.isascii() and text.isalnum() and text == text.upper() and text[0].isalpha():
        return None
    return _("`{cell}` is not a country code of three letters").format(cell=text), _("write the ISO 3166 alpha-3 code")


def _notes(codes: pd.Categorical, taiwan: np.ndarray, missing: np.ndarray) -> pd.Categorical:
    """Return the note of every row."""
    import numpy as np
    import pandas as pd

    baskets = ["", *BASKETS]
    basket = np.array([baskets.index(code) if code in BASKETS else 0 for code in codes.categories])[codes.codes]
    choice = basket * 4 + taiwan * 2 + missing
    texts = []
    for at in range(len(baskets) * 4):
        parts = [
            _(BASKETS[baskets[at // 4]]) if at // 4 else "",
            _("S19, other Asia, read as TWN") if at // 2 % 2 else "",
            _("quantity not given") if at % 2 else "",
        ]
        texts.append("; ".join(part for part in parts if part))
    return pd.Categorical.from_codes(choice, pd.Index(texts, dtype=object)).remove_unused_categories()
