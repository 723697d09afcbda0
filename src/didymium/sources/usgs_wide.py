"""The wide files of the data releases of 2022 to 2025: a column per quantity and year.

Unit, year and whether the number is an estimate stand in the header (``Prod_kt_est_2023``), and not two files write
them alike. Columns that are known to be wrong are declared here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from didymium.faults import Fault
from didymium.messages import N_, _
from didymium.sources.files import Rows
from didymium.sources.usgs_long import missing_columns
from didymium.sources.usgs_names import CODE_UNIT, FILE_COMMODITY, commodity_name, form_name, spelled, stage_of

if TYPE_CHECKING:
    import pandas as pd

LEFT_OUT = {
    "mcs2024-cobal_salient.csv": N_("holds the world table of the edition before, with a footnote fused to a number"),
    "mcs2024-gypsu_salient.csv": N_("holds the world table again, not the table of the United States"),
    "mcs2024-kyani_salient.csv": N_("holds the world table again, not the table of the United States"),
}
"""Files of a release that are left out, and why."""

_FLUORSPAR = (
    "DataSource", "Commodity", "Year", "", "USprod_Metallurgical_kt", "USprod_H2SiF6_kt", "Imports_Acid_kt",
    "Imports_Metallurgical_kt", "Imports_Total_Fl_kt", "Imports_HF_kt", "Imports_AlF3_kt", "Imports_Cryolite_kt",
    "Exports_All_kt", "Consump_kt", "Price_Acid_dt", "Price_Metallurgical_dt", "Employment_Mine_num", "NIR_pct",
)  # fmt: skip

_UNIT = N_("the header has no unit or a wrong one; unit as in the editions beside it")

HEADERS: dict[str, tuple[dict[int, str], str]] = {
    "mcs2024-fluor_world.csv": ({2: "Type"}, N_("the third column has no name of its own")),
    "mcs2024-fluor_salient.csv": (
        dict(enumerate(_FLUORSPAR)),
        N_("the cells stand one column to the right of their names; names as in MCS 2023"),
    ),
    "mcs2024-felds_salient.csv": (
        {7: "", 8: "Consump_Feldspar_kt", 9: "Consump_Felds-plus-neph_kt", 10: "Price_Feldspar_dt",
         11: "Price_Nepheline_syenite_dt", 12: "Employment_num", 13: "NIR_Feldspar_pct",
         14: "NIR_Nepheline_syenite_pct"},
        N_("the cells stand one column to the right of their names; names as in MCS 2023"),
    ),
    "mcs2024-vermi_world.csv": ({7: "", 8: ""}, N_("two columns of the vanadium table stand here: not read")),
    "mcs2024-nicke_salient.csv": (
        {15: "Price_LME_dt", 16: "Price_LME_dlb"}, N_("two prices have one name; names as in MCS 2023")),
    "mcs2024-fepig_salient.csv": (
        {3: "USprod_Crude_t", 4: "SoldFinished_t"}, N_("the names were lost; names as in MCS 2023")),
    "mcs2024-chrom_salient.csv": (
        {10: "Price_Ore_dt", 11: "Price_Ferrochromium_dlb", 12: "Price_Metal_dlb"},
        N_("the names were lost; names as in MCS 2023")),
    "mcs2024-alum_salient.csv": ({11: "Supply_kt"}, N_("the names were lost; names as in MCS 2023")),
    "mcs2023-phosp_salient.csv": ({4: "Sold_Used_kt"}, N_("the names were lost; names as in MCS 2023")),
    "mcs2024-lead_salient.csv": (
        {4: "USprod_Recoverable_kt", 5: "USprod_Refinery_Primary_kt", 6: "USprod_Refinery_Secondary_kt",
         7: "Imports_Concentrates_kt", 8: "Imports_Metal_kt"},
        N_("the names stand in another order than the cells; order as in MCS 2026"),
    ),
    "mcs2024-feste_salient.csv": (
        {5: "Furnace_BOF_pct", 6: "Furnace_EAF_pct", 7: "Continuous_cast_pct", 17: "Price_Index"}, _UNIT),
    "mcs2023-feste_salient.csv": ({14: "Exports_Total_mmt"}, _UNIT),
    "mcs2024-zirco_salient.csv": (
        {13: "Price_Zircon_premium_CIF_CN_dt", 14: "Price_Zircon_imported_dt", 15: "Price_Zircon_sponge_CN_dkg",
         16: "Price_Hf_unwrought_dkg"}, _UNIT),
    "mcs2024-bauxi_salient.csv": ({9: "Bauxite_Price_dt", 16: "Alumina_Price_dt"}, _UNIT),
    "mcs2024-mercu_salient.csv": ({7: "Price_Imports_dkg"}, _UNIT),
    "mcs2023-niobi_salient.csv": ({9: "Price_dkg"}, _UNIT),
}  # fmt: skip
"""Columns that are misnamed in a file, by position, and why. A column named "" is not read."""

_WORLD = re.compile(
    r"(?P<what>prod|cap|reserves)(?:_(?P<form>sponge|pigment|ore_k2o_equiv|ore))?"
    r"(?:_(?P<unit>t|kt|mt|mmt|kg|mct|kct|mcm))?(?P<est>_est)?(?:_(?P<year>\d{4}))?",
    re.IGNORECASE,
)
_SINGLE = {"SOURCE": "Source", "COMMODITY": "Commodity", "COUNTRY": "Country", "TYPE": "Type", "UNIT_MEAS": "Unit"}
_TOKENS = {
    "usprod": "", "usprodcrude": "", "prod": "", "production": "", "refinery": "", "mine": "", "furnace": "",
    "extracted": "", "withdrawn": "", "continuous": "", "imports": "imports", "exports": "exports",
    "consump": "consumption", "consumtion": "consumption", "apparent": "consumption", "price": "price",
    "employment": "employment", "nir": "net import reliance", "stocks": "stocks", "shipments": "shipments",
    "sales": "sales", "sold": "sold or used", "soldfinished": "sold or used", "supply": "supply",
    "grade-a-sales": "sales", "recycled": "", "products": "sold or used", "quantity": "sold or used",
}  # fmt: skip
_FIRST = ("nir", "price", "imports", "exports", "employment", "stocks", "consump", "consumtion", "shipments", "sold")
_FUSED = re.compile(r"(.+?)(dkg|dlb|dt|kg|kt|mcm|pct|t)$")
_STEM = re.compile(r"(?:mcs)?\d{4}-?([a-z-]+?)_(?:world|salient)", re.IGNORECASE)


_OUT = (
    "table", "chapter", "commodity", "form", "country", "period", "quantity", "unit", "estimated", "detail", "raw",
    "note", "remark", "file", "row",
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """What a header says: quantity, form, unit, period, estimated, what was mended, and the column of its remarks."""

    quantity: str
    form: str
    unit: str
    period: str
    estimated: bool
    note: str
    remarks: str


def read_wide(table: Rows, edition: int, faults: list[Fault]) -> pd.DataFrame | None:
    """Return the rows of a wide file, one per cell, cells still as text; None with a fault where it is another file.

    These files have a dozen rows each: plain lists are fifty times faster here than a data frame per column.
    """
    import pandas as pd

    names, why = _names(table, faults)
    world = "DataSource" not in names
    wanted: tuple[str, ...] = ("Source", "Country", "Type") if world else ("DataSource", "Commodity", "Year")
    if world and edition == 2025:
        wanted = (*wanted, "Commodity", "Unit")
    lacking = missing_columns(table.name, names, wanted)
    if lacking:
        faults.extend(lacking)
        return None
    anchor = names.index("Country" if world else "Year")
    kept = [(line, row) for line, row in zip(table.lines, table.rows, strict=True) if row[anchor].strip()]
    for line, row in zip(table.lines, table.rows, strict=True):
        if not row[anchor].strip() and row[names.index(wanted[1])].strip():
            faults.append(
                Fault(table.name, str(line), names[anchor], _("the cell is empty"), _("download the file again"))
            )
    stem = _STEM.search(table.name)
    chapter = FILE_COMMODITY.get(stem[1].lower(), stem[1].lower()) if stem else table.name
    rows: list[tuple[object, ...]] = []
    for at, name in enumerate(names):
        if not name or name in wanted or name.casefold().endswith(("note", "notes")):
            continue
        column = _world_column(name, edition, names) if world else _own_column(name)
        if column is None:
            fix = _("write it as Prod_kt_est_2023: quantity, unit, est, year")
            faults.append(Fault(table.name, "1", name, _("the column is not known"), fix))
            continue
        rows.extend(_rows(table.name, names, kept, at, column, chapter, why.get(at, "")))
    return pd.DataFrame(rows, columns=list(_OUT)) if rows else None


def _names(table: Rows, faults: list[Fault]) -> tuple[list[str], dict[int, str]]:
    """Return the names of the columns, mended, and what was mended in which.

    A column without a name must be empty or repeat another one.
    """
    names = [_SINGLE.get(name, name) for name in table.header]
    changed, reason = HEADERS.get(table.name, ({}, ""))
    if not _still_wrong(table, changed):
        changed = {}
    why = {}
    if changed:
        for at, name in changed.items():
            if at < len(names):
                names[at] = name
        said = _("corrected: {reason}").format(reason=_(reason))
        read = [at for at, name in changed.items() if name and name not in _SINGLE.values()]
        meant = read or range(len(names))
        why = dict.fromkeys(meant, said)
    columns = [tuple(cell.strip().replace(",", "") for cell in column) for column in zip(*table.rows, strict=True)]
    filled = {columns[at] for at, name in enumerate(names) if name}
    for at, name in enumerate(names):
        if name or at in changed or not any(columns[at]) or columns[at] in filled:
            continue
        row = next(row for row, cell in enumerate(columns[at]) if cell)
        what = _("a column without a name holds `{cell}`").format(cell=columns[at][row][:40])
        fix = _("give the column its name in the first line")
        faults.append(Fault(table.name, str(table.lines[row]), str(at + 1), what, fix))
    return names, why


def _still_wrong(table: Rows, changed: dict[int, str]) -> bool:
    """Return whether a file still has the columns that a declared correction was written for.

    A column that is left out holds nothing, or, where it was pasted from another table, numbers beside remarks. A
    column that lost its name must not have found it again.
    """
    if not changed or max(changed) >= len(table.header):
        return False
    for at, name in changed.items():
        cells = [row[at].strip() for row in table.rows]
        if not name and any(changed.values()) and any(cells):
            return False
        if not name and not any(changed.values()) and not any(cells):
            return False
    named = {at: name for at, name in changed.items() if name}
    return not named or any(table.header[at] != name for at, name in named.items())


def _world_column(name: str, edition: int, columns: list[str]) -> Column | None:
    """Return what the header of a table by country says, or None."""
    found = _WORLD.fullmatch(name.replace(" ", ""))
    if not found:
        return None
    what = found["what"].lower()
    quantity = {"prod": "", "cap": "capacity", "reserves": "reserves"}[what]
    notes = [column for column in columns if column.casefold().startswith((what, what.rstrip("s")))]
    remarks = next((column for column in notes if column.casefold().endswith(("note", "notes"))), "")
    form = (found["form"] or "").lower().replace("_", " ")
    form = {"ore k2o equiv": "k2o equivalent", "ore": "recoverable ore"}.get(form, form)
    unit = CODE_UNIT[found["unit"].lower()] if found["unit"] else ""
    year = found["year"] or str(edition - 1)
    note = "" if " " not in name else _("blank in the header `{name}`").format(name=name)
    return Column(quantity, form, unit, year, bool(found["est"]), note, remarks)


def _own_column(name: str) -> Column | None:
    """Return what the header of a table of the United States says, or None."""
    parts = name.split("_")
    code, note = parts[-1].lower(), ""
    if code in CODE_UNIT or code == "g":
        parts = parts[:-1]
    elif (fused := _FUSED.fullmatch(parts[-1])) and len(name) > 5:
        parts[-1], code = fused[1], fused[2]
        note = _("unit fused to the name `{name}`").format(name=name)
    else:
        code = ""
        note = _("no unit in the header `{name}`").format(name=name)
    small = [part.lower() for part in parts]
    token = next((word for word in small if word in _FIRST), next((word for word in small if word in _TOKENS), ""))
    quantity = _TOKENS.get(token, "other")
    form = " ".join(part for part, word in zip(parts, small, strict=True) if word != token).casefold()
    if not quantity:
        quantity = stage_of(form) if stage_of(form) != "production" else stage_of(token)
    unit = CODE_UNIT.get(code, code)
    right = {"net import reliance": "percent", "employment": "number"}.get(quantity)
    if right and unit != right:
        note = _("header `{name}`: the values are {unit}").format(name=name, unit=right)
        unit = right
    elif quantity == "price" and code and not unit.startswith(("dollars", "cents", "index")):
        note = _("header `{name}` gives no unit of price").format(name=name)
        unit = ""
    return Column(quantity, form, unit, "", False, note, "")


def _rows(
    file: str,
    names: list[str],
    kept: list[tuple[int, list[str]]],
    at: int,
    column: Column,
    chapter: str,
    why: str,
) -> Iterator[tuple[object, ...]]:
    """Give the tidy rows of one column."""
    place = {name: index for index, name in enumerate(names)}
    world = "DataSource" not in place
    country, label_at, year = place.get("Country", -1), place.get("Type", -1), place.get("Year", -1)
    named, units, remarks = place.get("Commodity", -1), place.get("Unit", -1), place.get(column.remarks, -1)
    empty = _empty(kept, at, named) if world and column.quantity else set()
    for line, row in kept:
        text = row[named] if named >= 0 else chapter
        if text.strip() in empty:
            continue
        commodity, alias = commodity_name(text)
        remark = row[remarks].strip() if remarks >= 0 else ""
        notes = [
            column.note,
            why,
            _("commodity `{text}` read under its usual name").format(text=text.strip()) if alias else "",
        ]
        form, quantity, estimated, detail = column.form, column.quantity, column.estimated, names[at]
        if world:
            detail = row[label_at]
            form = form or form_name(detail, True).removeprefix(commodity).strip(" ,-")
            form = "" if form in ("content", "contained content") else form
            quantity = quantity or stage_of(detail)
            estimated |= "estimated" in detail.casefold() or bool(
                re.search(rf"(?i)estimated(?: for| in)? {column.period}", remark)
            )
            notes.append(_("spelling of the label mended") if spelled(detail)[1] else "")
        if commodity == "platinum-group metals" and form.split(" ")[0] in ("palladium", "platinum"):
            commodity, form = form.split(" ")[0], ""
        yield (
            "world" if world else "united states", commodity if units >= 0 else chapter, commodity,
            form if form != commodity else "", row[country] if world else "United States",
            column.period if world else row[year].strip(), quantity,
            row[units].strip() if units >= 0 else column.unit, estimated, detail, row[at],
            "; ".join(filter(None, notes)), remark, file, line,
        )  # fmt: skip


def _empty(kept: list[tuple[int, list[str]]], at: int, named: int) -> set[str]:
    """Return the commodities for which a column of the one-file release holds nothing: it is no column of theirs."""
    if named < 0:
        return set()
    filled = {row[named].strip() for _line, row in kept if row[at].strip() or row[min(at + 1, len(row) - 1)].strip()}
    return {row[named].strip() for _line, row in kept} - filled
