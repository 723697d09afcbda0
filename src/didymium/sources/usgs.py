"""The Mineral Commodity Summaries of the U.S. Geological Survey, editions 2022 to 2026, as one tidy table.

The data releases differ in every respect: one long file (2026, cp1252), one wide file (2025), a file per commodity
(2022 to 2024). :func:`read_usgs` reads any of them; nothing is dropped or changed without a word in ``note``.
Data releases: https://www.usgs.gov/centers/national-minerals-information-center/mineral-commodity-summaries (public
domain).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from didymium.faults import CaseError, Fault
from didymium.messages import N_, _
from didymium.sources.cells import serial_year
from didymium.sources.files import read_rows
from didymium.sources.usgs_corrections import correct
from didymium.sources.usgs_long import HEADER, missing_columns, read_long
from didymium.sources.usgs_names import UNITS, country_name
from didymium.sources.usgs_wide import LEFT_OUT, read_wide
from didymium.sources.value import join_notes, read_cells

if TYPE_CHECKING:
    import pandas as pd

EDITIONS = (2022, 2023, 2024, 2025, 2026)

COLUMNS = {
    "edition": N_("edition of the summaries"),
    "table": N_("world (by country), united states, or import sources"),
    "chapter": N_("chapter of the edition"),
    "commodity": N_("commodity, one spelling for all editions"),
    "form": N_("form, ore, content or grade that the row means; empty for the whole table"),
    "country": N_("country, one spelling for all editions"),
    "role": N_("country, group (several countries), rest (the countries not listed) or total (the world)"),
    "period": N_("year or years, as printed"),
    "year": N_("year; the last one of a period"),
    "quantity": N_("what is counted"),
    "unit": N_("unit of value, low and high"),
    "value": N_("the number; not a number where the source gives none"),
    "low": N_("lower end of the value"),
    "high": N_("upper end of the value"),
    "kind": N_("what the cell is"),
    "estimated": N_("the source marks the number as estimated"),
    "base": N_("base unit"),
    "factor": N_("what value is multiplied by to be in the base unit"),
    "detail": N_("label of the row, as printed"),
    "raw": N_("the cell, as printed"),
    "note": N_("what was read into the row, and every correction"),
    "remark": N_("footnotes of the source"),
    "file": N_("file"),
    "row": N_("line of the file"),
}
"""Columns of the tidy table and their meaning."""

ROWS = {2025: 1250, 2026: 8886}
"""Rows of the single-file releases: fewer mean a cut download."""


def read_usgs(path: Path, edition: int, *, whole: bool = True) -> pd.DataFrame:
    """Read a data release of the Mineral Commodity Summaries.

    Parameters
    ----------
    path : Path
        The folder of a release, or one file of it.
    edition : int
        Its year, 2022 to 2026.
    whole : bool
        Refuse a single-file release with fewer rows than were published. False reads an extract.

    Returns
    -------
    DataFrame
        Columns of :data:`COLUMNS`; one row per published cell. ``attrs["left_out"]`` holds a Fault for each file that
        was left out, with its reason.

    Raises
    ------
    CaseError
        A web page, a cut download, a wrong encoding, a renamed column, an unknown unit or year: every fault found.
    """
    import pandas as pd

    path = Path(path)
    faults: list[Fault] = []
    left_out: list[Fault] = []
    pieces: list[pd.DataFrame] = []
    for file in _files(path, edition, left_out):
        table = read_rows(file, faults)
        if table is None:
            continue
        lacking = missing_columns(table.name, table.header, HEADER) if edition == 2026 else []
        if lacking:
            faults.extend(lacking)
            continue
        if whole and len(table.rows) < ROWS.get(edition, 0):
            what = _("{found} rows, {published} were published: the download is cut").format(
                found=len(table.rows), published=ROWS[edition]
            )
            faults.append(Fault(file.name, str(table.lines[-1]), "", what, _("download the file again")))
            continue
        reader = read_long if edition == 2026 else read_wide
        piece = reader(table, edition, faults)
        if piece is not None and len(piece):
            pieces.append(piece)
    frame = _finish(pd.concat(pieces, ignore_index=True), edition, faults) if pieces else pd.DataFrame()
    if faults:
        raise CaseError(faults)
    frame.attrs["left_out"] = left_out
    return frame


def _files(path: Path, edition: int, left_out: list[Fault]) -> Sequence[Path]:
    """Return the files of a release that hold its tables by country and commodity."""
    if edition not in EDITIONS:
        fix = _("use one of {editions}").format(editions=", ".join(map(str, EDITIONS)))
        raise CaseError([Fault(str(path), "", "", _("edition {edition} is not known").format(edition=edition), fix)])
    if path.is_file():
        return [path]
    pattern = {2026: "*_Commodities_Data.csv", 2025: "*_World_Data.csv"}.get(edition)
    found = sorted(path.glob(pattern)) if pattern else sorted([*path.glob("world/*"), *path.glob("salient/*")])
    files = []
    for file in found:
        if file.name in LEFT_OUT:
            left_out.append(Fault(file.name, "", "", _(LEFT_OUT[file.name]), _("nothing to do")))
        elif file.suffix.lower() != ".csv":
            left_out.append(Fault(file.name, "", "", _("not a CSV file: not read"), _("save it as CSV UTF-8")))
        else:
            files.append(file)
    if not files:
        wanted = pattern or "world/*.csv, salient/*.csv"
        what = _("no table of edition {edition} here ({pattern})").format(edition=edition, pattern=wanted)
        raise CaseError([Fault(str(path), "", "", what, _("name the folder of the release, or the file"))])
    return files


def _finish(frame: pd.DataFrame, edition: int, faults: list[Fault]) -> pd.DataFrame:
    """Read the cells, name the countries, correct, and put every row on a base unit."""
    import numpy as np

    names = {text: country_name(text) for text in frame["country"].unique()}
    frame["note"] = join_notes(
        frame["note"], frame["country"].map({text: _said(text, *name) for text, name in names.items()})
    )
    frame["role"] = frame["country"].map({text: name[1] for text, name in names.items()})
    qualifier = frame["country"].map({text: name[2].casefold() for text, name in names.items()})
    frame["country"] = frame["country"].map({text: name[0] for text, name in names.items()})
    named = frame["role"].eq("total") & qualifier.ne("") & ~qualifier.str.startswith("excluding")
    frame["form"] = np.where(named, qualifier, frame["form"])
    read = read_cells(frame["raw"])
    read["estimated"] |= frame["estimated"].to_numpy(bool)
    frame["note"] = join_notes(frame["note"], read["note"])
    frame[["kind", "value", "low", "high", "estimated"]] = read[["kind", "value", "low", "high", "estimated"]]
    _blank_codes(frame)
    years = frame["period"].str.extract(r"^(\d{4})(?:[–-](\d{2}))?$")
    frame["edition"] = edition
    correct(frame, edition)
    known = frame["unit"].isin(UNITS)
    for column, bad in (("Year", years[0].isna()), ("Unit", ~known)):
        cells = frame["period" if column == "Year" else "unit"]
        for file, row, cell in zip(frame["file"][bad], frame["row"][bad], cells[bad], strict=True):
            what = _("`{cell}` is not a year") if column == "Year" else _("unit `{cell}` is not known")
            said = (what.format(cell=cell), _("check whether the columns of the row are shifted"))
            faults.append(Fault(file, str(row), column, *((column == "Year" and serial_year(cell)) or said)))
    if faults:
        return frame
    frame["year"] = (years[0].str[:2] + years[1]).fillna(years[0]).astype(int)
    frame["base"] = frame["unit"].map({unit: base for unit, (base, _factor) in UNITS.items()})
    frame["factor"] = frame["unit"].map({unit: factor for unit, (_base, factor) in UNITS.items()}).astype(float)
    return frame[list(COLUMNS)]


def _said(text: str, name: str, role: str, qualifier: str, mark: str) -> str:
    """Return what was read into a country cell, or nothing."""
    parts = []
    if mark:
        parts.append(_("footnote {mark} taken off `{text}`").format(mark=mark, text=" ".join(text.split())))
    if qualifier:
        parts.append(_("printed as `{text}`").format(text=" ".join(text.split())))
    if role == "group":
        parts.append(_("several countries in one row"))
    return "; ".join(parts)


def _blank_codes(frame: pd.DataFrame) -> None:
    """Give a blank cell the meaning that the note beside it states: W, NA or xx; else it stays unknown, never zero."""
    blank = frame["kind"].eq("blank")
    if not blank.any():
        return
    remark = frame["remark"].str.strip().str.rstrip(".").str.casefold()
    for pattern, kind in ((r"w(?: for \d\d-\d\d)?", "withheld"), ("na", "not available"), ("xx", "not applicable")):
        meant = blank & remark.str.fullmatch(pattern)
        frame.loc[meant, "kind"] = kind
        frame.loc[meant, "note"] += _("; the note beside it says so: {kind}").format(kind=kind)
