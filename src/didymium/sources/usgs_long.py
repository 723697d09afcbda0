"""The long file of the 2026 data release: one row per cell, in cp1252."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from didymium.faults import Fault
from didymium.messages import _
from didymium.sources.files import Rows
from didymium.sources.usgs_names import commodity_name, form_name, spelled, stage_of
from didymium.sources.value import join_notes

if TYPE_CHECKING:
    import pandas as pd

HEADER = (
    "MCS chapter", "Section", "Commodity", "Country", "Statistics", "Statistics_detail", "Unit", "Year", "Value",
    "Notes", "Is critical mineral 2025", "Other notes",
)  # fmt: skip
"""Columns of the file."""

QUANTITIES = {
    "Reserves": "reserves", "Capacity": "capacity", "Import": "imports", "Export": "exports", "Price": "price",
    "Consumption": "consumption", "Net import reliance": "net import reliance", "Employment": "employment",
    "Stock": "stocks", "Sold or used": "sold or used", "Shipment": "shipments", "Sales": "sales", "Sold": "sales",
    "Supply": "supply",
}  # fmt: skip
"""Quantity by what the column Statistics says; production is told apart by stage."""

_SECTIONS = {"World": "world", "Salient Statistics—United States": "united states", "Import Sources": "import sources"}
_FLAGS = ("Yes", "No")


def missing_columns(name: str, header: list[str], wanted: tuple[str, ...]) -> list[Fault]:
    """Return a fault for every column that is not there, naming the one it may have become."""
    faults = []
    spare = [column for column in header if column not in wanted]
    for column in wanted:
        if column not in header:
            near = difflib.get_close_matches(column, spare, 1, 0.5)
            fix = _("rename `{near}` to `{column}`").format(near=near[0], column=column) if near else _(
                "download the file again"
            )  # fmt: skip
            faults.append(Fault(name, "1", column, _("the column is missing"), fix))
    return faults


def read_long(table: Rows, edition: int, faults: list[Fault]) -> pd.DataFrame | None:
    """Return the rows of the long file, cells still as text; None with a fault where it is another file."""
    import numpy as np
    import pandas as pd

    columns = dict(zip(table.header, zip(*table.rows, strict=True), strict=True))
    raw = pd.DataFrame({name: pd.Series(columns[name], dtype=object) for name in HEADER})
    lines = pd.Series(table.lines)
    note = pd.Series("", index=raw.index, dtype=object)

    flag = raw["Is critical mineral 2025"].str.strip()
    shifted = ~flag.isin([*_FLAGS, ""])
    mended = shifted & raw["Notes"].str.strip().isin(_FLAGS)
    note[mended] = _("corrected: the last columns stood one to the left (`{cell}`)").format(
        cell="; ".join(flag[mended].unique())
    )
    raw.loc[mended, "Notes"] = ""
    note[flag.eq("") & ~mended] = _("no critical-mineral flag")
    sections = {
        text: next((name for start, name in _SECTIONS.items() if text.startswith(start)), "")
        for text in raw["Section"].unique()
    }
    section = raw["Section"].map(sections)
    statistics = raw["Statistics"].str.strip()
    sources = statistics.str.startswith("Import sources")
    known = statistics.isin([*QUANTITIES, "Production"]) | sources
    shift = _("check whether the columns of the row are shifted, or download the file again")
    for field, bad, cells in (
        ("Is critical mineral 2025", shifted & ~mended, flag),
        ("Section", section.eq(""), raw["Section"]),
        ("Statistics", ~known, statistics),
    ):
        for line, cell in zip(lines[bad], cells[bad], strict=True):
            what = _("`{cell}` does not belong here").format(cell=cell[:40])
            faults.append(Fault(table.name, str(line), field, what, shift))

    detail = raw["Statistics_detail"]
    labels = detail.unique()
    production = detail.map({label: stage_of(label) for label in labels})
    quantity = (
        statistics.map(QUANTITIES).where(~sources, "import sources").where(statistics.ne("Production"), production)
    )
    mended_label = detail.map({label: spelled(label)[1] for label in labels})
    note = join_notes(note, mended_label.map({True: _("spelling of the label mended"), False: ""}))
    world = section.eq("world")
    form = pd.Series(
        np.where(
            world,
            detail.map({label: form_name(label, True) for label in labels}),
            detail.map({label: form_name(label, False) for label in labels}),
        ),
        index=raw.index,
        dtype=object,
    )
    # the commodity has the name of the form: "Mine production: Palladium" of palladium
    commodity = raw["Commodity"].map({text: commodity_name(text)[0] for text in raw["Commodity"].unique()})
    remark = raw["Notes"].str.strip()
    return pd.DataFrame(
        {
            "table": section,
            "chapter": raw["MCS chapter"].str.casefold(),
            "commodity": commodity,
            "form": form.where(form.ne(commodity), ""),
            "country": raw["Country"],
            "period": raw["Year"].str.strip(),
            "quantity": quantity,
            "unit": raw["Unit"].str.strip(),
            "estimated": remark.str.startswith("Estimated"),
            "detail": detail,
            "raw": raw["Value"],
            "note": note,
            "remark": remark,
            "file": table.name,
            "row": lines,
        }
    )
