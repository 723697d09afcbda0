"""From the yearbooks to case tables: production, capacity, reserves, import reliance, import sources, minerals.

A cell without a number keeps its reason. A withheld value is an interval (:mod:`didymium.sources.withheld`).
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from didymium.case.files import number_text
from didymium.case.screening_tables import INTERVALS, NUMBERS, REST, WORLD
from didymium.faults import Fault
from didymium.messages import _
from didymium.sources import declared
from didymium.sources.declared import Meaning
from didymium.sources.usgs_names import GROUP, TOTAL
from didymium.sources.usgs_names import REST as REST_ROLE
from didymium.sources.withheld import EXCLUDES, TABLE, Row, upper_ends

if TYPE_CHECKING:
    import pandas as pd

Cell = dict[Any, Any]
"""A row of the tidy table of a yearbook."""

UNITS = {
    "metric tons": "t", "tons": "t", "kilograms": "kg", "thousand metric tons": "kt", "thousand metric dry tons": "kt",
    "million metric tons": "Mt", "million carats": "Mcarat", "thousands of carats": "kcarat",
    "thousand carats": "kcarat", "million cubic meters": "Mm3", "million liters": "ML", "percent": "percent",
}  # fmt: skip
"""Unit of a case for every unit of mass, volume and share of the yearbooks."""

QUALIFIERS = {
    "number": "measured", "zero": "measured", "bound": "bound", "range": "range", "withheld": "withheld",
    "under half a unit": "under_half", "net exporter": "net_exporter", "not available": "not_available",
    "blank": "not_available", "rejected": "not_available", "lost sign": "not_available",
    "not applicable": "not_applicable", "text": "described",
}  # fmt: skip
"""What a cell of the yearbooks is, in the words of a case."""

PRODUCTIONS = ("production", "mine production", "refinery production", "smelter production", "plant production")

_KEY = (*TABLE, "country")
_RELIANCE = re.compile(r"^(?:granite only: )?net import reliance ?as a percentage of (?P<base>[\w ]*?consumption)")
_WHOLE = re.compile(r"all|all forms|total|total imports|combined total(?: \(.*\))?")
_ORES = re.compile(r"\b(?:ores?|concentrates?|chromite|celestite|crude magnesite|monazite)\b")
_MIXED = re.compile(r"\b(?:total|other forms|combined)\b")
_REPEATED = {"mica": ("scrap and flake", "sheet")}
"""Minerals whose label stands several times for one year: what each means, in the order of the source."""


def world_rows(frame: pd.DataFrame, table: str, faults: list[Fault]) -> list[Row]:
    """Return the rows of production, capacity or reserves that an edition states.

    Parameters
    ----------
    frame : DataFrame
        Rows of :func:`didymium.sources.usgs.read_usgs`.
    table : str
        ``production``, ``capacity`` or ``reserves``.
    faults : list of Fault
        Labels, countries and units that are not declared are added here.
    """
    wanted = PRODUCTIONS if table == "production" else (table,)
    world = frame[frame["table"].eq("world") & frame["quantity"].isin(wanted)]
    value = "capacity" if table == "capacity" else "quantity"
    rows: list[Row] = []
    key = ["commodity", "quantity", "form"]
    for (commodity, quantity, form), group in world.groupby(key, sort=False):
        meaning = declared.world_meaning(str(commodity), str(quantity), str(form))
        if meaning is None and not group["kind"].isin(("blank", "not available")).all():
            first = group.iloc[0]
            fix = _("declare its mineral, stage and basis in usgs_minerals.csv")
            what = _("`{label}` of {commodity} is not declared").format(label=first["detail"], commodity=commodity)
            faults.append(Fault(str(first["file"]), str(first["row"]), "Statistics_detail", what, fix))
        elif meaning is not None and meaning.mineral:
            rows += _world(group, meaning, table, value, faults)
    rows = _joined(rows, value, faults)
    upper_ends(rows, frame, world, value)
    return rows


def _joined(rows: list[Row], value: str, faults: list[Fault]) -> list[Row]:
    """Add up the rows in which a table names one country twice, such as two sources of helium."""
    kept: dict[tuple[str, ...], Row] = {}
    for row in rows:
        first = kept.setdefault(tuple(row.get(name, "") for name in _KEY), row)
        if first is row:
            continue
        telling = (*NUMBERS, *INTERVALS)
        if first["qualifier"] not in telling or row["qualifier"] not in telling:  # a column of another table
            if row["qualifier"] in telling:
                kept[tuple(row.get(name, "") for name in _KEY)] = row
        elif not (first[value] and row[value] and first["unit"] == row["unit"]):
            file, _colon, line = row["_at"].partition(":")
            what = _("{country} stands twice, and not both rows hold a number").format(country=row["country"])
            faults.append(Fault(file, line, value, what, _("tell the rows apart in usgs_minerals.csv")))
        else:
            said = _("sum of two rows of the source: {first} and {second}").format(
                first=first[value], second=row[value]
            )
            first[value] = number_text(float(first[value]) + float(row[value]))
            first["qualifier"] = max(first["qualifier"], row["qualifier"], key=NUMBERS.index)
            first["note"] = "; ".join(dict.fromkeys(filter(None, (said, first["note"], row["note"]))))
    return list(kept.values())


def _world(group: pd.DataFrame, meaning: Meaning, table: str, value: str, faults: list[Fault]) -> list[Row]:
    rows = []
    for cell in group.to_dict("records"):
        row = {"mineral": meaning.mineral}
        if table != "reserves":
            row["stage"] = meaning.stage
        unit = _unit(cell, faults)
        row |= {
            "form": meaning.form,
            "country": country_code(cell, faults),
            "year": str(cell["year"]),
            "series": f"mcs{cell['edition']}",
            **_amount(cell, value),
            "unit": f"{unit}/year" if table == "capacity" else unit,
            "basis": meaning.basis,
            "source": f"mcs{cell['edition']}",
            "note": "; ".join(filter(None, (meaning.note, _said(cell)))),
            "_at": f"{cell['file']}:{cell['row']}",
            "_chapter": str(cell["chapter"]),
            "_commodity": str(cell["commodity"]),
            "_country": str(cell["country"]),
        }
        rows.append(row)
    return rows


def _unit(cell: Cell, faults: list[Fault]) -> str:
    unit = UNITS.get(str(cell["unit"]), "")
    if not unit:
        what = _("unit `{cell}` measures no mass, volume or share").format(cell=cell["unit"])
        faults.append(Fault(str(cell["file"]), str(cell["row"]), "Unit", what, _("check the row")))
    return unit


def country_code(cell: Cell, faults: list[Fault]) -> str:
    """Return the code of a country, of several, of the world or of the rest."""
    if cell["role"] in (TOTAL, REST_ROLE):
        return WORLD if cell["role"] == TOTAL else REST
    name = str(cell["country"])
    names = re.split(r",\s*and\s+|,|\s+and\s+", name) if cell["role"] == GROUP else [name]
    codes = [declared.countries().get(part.strip(), "") for part in names]
    if not all(codes):
        what = _("country `{name}` is not declared").format(name=name)
        faults.append(Fault(str(cell["file"]), str(cell["row"]), "Country", what, _("add it to countries.csv")))
    return ";".join(codes)


def _amount(cell: Cell, value: str, most: float = math.nan) -> Row:
    """Return value, low, high, band and qualifier of a cell; ``most`` is the most that it can be."""
    qualifier = QUALIFIERS[str(cell["kind"])]
    if qualifier == "measured" and cell["estimated"]:
        qualifier = "estimated"
    number, low, high = (float(cell[name]) for name in ("value", "low", "high"))
    if qualifier in NUMBERS:
        return {value: number_text(number), "low": "", "high": "", "band": "band", "qualifier": qualifier}
    ends = {"low": "", "high": ""}
    if qualifier in ("bound", "range", "withheld", "under_half"):
        ends = {"low": number_text(0.0 if math.isnan(low) else low), "high": ""}
        ends["high"] = "" if math.isnan(high) and math.isnan(most) else number_text(most if math.isnan(high) else high)
    elif qualifier == "net_exporter":
        ends = {"low": "", "high": "0"}
    return {value: "", **ends, "band": "range" if any(ends.values()) else "band", "qualifier": qualifier}


def _said(cell: Cell) -> str:
    """Return what was read into a row, and what a footnote says of whom the total counts."""
    parts = [str(cell["note"])]
    if cell["role"] == TOTAL and EXCLUDES.search(str(cell["remark"])):
        parts.append(_("the total leaves the United States out"))
    return "; ".join(filter(None, parts))


def reliance_rows(frame: pd.DataFrame, region: str, faults: list[Fault]) -> list[Row]:
    """Return the net import reliance of the United States, form by form.

    ``>50`` is from 50 to 100: a share of consumption cannot be more. ``E`` is a net exporter: at most 0.
    """
    rows = []
    for cell in frame[frame["quantity"].eq("net import reliance")].to_dict("records"):
        form, base = _reliance_form(str(cell["form"]))
        meaning = _trade(cell, "net import reliance", form, faults)
        if meaning is None:
            continue
        rows.append(
            {
                "mineral": meaning.mineral, "form": meaning.form, "region": region, "year": str(cell["year"]),
                "series": f"mcs{cell['edition']}", **_amount(cell, "reliance", most=100.0), "unit": "percent",
                "source": f"mcs{cell['edition']}", "note": "; ".join(filter(None, (base, meaning.note, _said(cell)))),
                "_at": f"{cell['file']}:{cell['row']}",
            }
        )  # fmt: skip
    _tell_apart(rows)
    return rows


def _reliance_form(label: str) -> tuple[str, str]:
    """Return the form that a label of reliance means, and what it is a share of where not apparent consumption."""
    found = _RELIANCE.match(label)
    if not found:
        return "", _("stated in a sentence")
    form = label[found.end() :].strip(" ,:")
    base = found["base"].strip()
    said = "" if base == "apparent consumption" else _("share of {base}").format(base=base)
    return (form[1:-1] if form.startswith("(") and form.endswith(")") else form), said


def _tell_apart(rows: list[Row]) -> None:
    """Give rows of one label and year the forms that they stand for, by their order in the source."""
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        forms = _REPEATED.get(row["mineral"])
        if forms and not row["form"]:
            key = (row["mineral"], row["year"], row["series"])
            at = seen.get(key, 0)
            seen[key] = at + 1
            row["form"] = forms[min(at, len(forms) - 1)]
            row["note"] = "; ".join(filter(None, (row["note"], _("form told by its order in the source"))))


def _trade(cell: Cell, quantity: str, form: str, faults: list[Fault]) -> Meaning | None:
    commodity = str(cell["commodity"])
    meaning = declared.trade_meaning(commodity, quantity, form)
    if meaning is not None and (_WHOLE.fullmatch(meaning.form) or meaning.form == commodity):
        meaning = replace(meaning, form="")
    if meaning is None:
        what = _("commodity `{commodity}` is not declared").format(commodity=commodity)
        fix = _("add it to minerals.csv")
        faults.append(Fault(str(cell["file"]), str(cell["row"]), "Commodity", what, fix))
    return meaning


def source_rows(frame: pd.DataFrame, importer: str, faults: list[Fault]) -> list[Row]:
    """Return who supplies the United States: shares of imports over the years that the yearbook averages."""
    rows = []
    for cell in frame[frame["table"].eq("import sources")].to_dict("records"):
        meaning = _trade(cell, "import sources", str(cell["form"]), faults)
        if meaning is None:
            continue
        stage = meaning.stage
        if not stage and _ORES.search(meaning.form) and not _MIXED.search(meaning.form):
            stage = "mine"
        first = re.match(r"\d{4}", str(cell["period"]))
        rows.append(
            {
                "importer": importer, "mineral": meaning.mineral, "form": meaning.form, "stage": stage, "hs92": "",
                "country": country_code(cell, faults), "first_year": first[0] if first else str(cell["year"]),
                "year": str(cell["year"]), "series": f"mcs{cell['edition']}",
                **_amount(cell, "share", most=100.0), "unit": "percent", "value": "", "weight": "",
                "source": f"mcs{cell['edition']}", "note": "; ".join(filter(None, (meaning.note, _said(cell)))),
                "_at": f"{cell['file']}:{cell['row']}",
            }
        )  # fmt: skip
    return rows
