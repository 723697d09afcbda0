"""The side tables of the 2026 summaries: critical minerals, import sources, trade agreements, export controls, uses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from didymium.faults import CaseError, Fault, single
from didymium.messages import N_, _
from didymium.sources.files import Rows, read_rows
from didymium.sources.usgs_long import missing_columns
from didymium.sources.usgs_names import UNITS, country_name
from didymium.sources.value import read_cells

if TYPE_CHECKING:
    import pandas as pd

_DIGITS = re.compile(r"(?<=[a-z)])\d{1,2}$")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_OUTSIDE = re.compile(r",\s*(?![^()]*\))")
_DATED = re.compile(r"^(?:and )?(.*?)\s*\((\d{4})\)\.?$")
_CRITICAL = ("Units", "Critical_mineral", "Primary_prod", "Net_Import_Reliance", "World_total_prod", "Prod_notes")
_COUNTED = ("Primary_prod", "Secondary_prod", "Apparent_Consumption", "Leading_country_prod", "World_total_prod")

AGREEMENTS = (
    ("Japan", "Critical Minerals Agreement", "2025-03-28", "2023-03-28",
     N_("the agreement is of 28 March 2023; the date here is two years later")),
    ("Japan", "United States-Japan Framework", "2025-10-27", "2025-10-28",
     N_("day of posting in Washington; signed in Tokyo on 28 October 2025, local time")),
)  # fmt: skip
"""Dates of agreements that need a word: country, start of the name, date printed, date where it was signed, why."""


LONG = "MCS2026_Commodities_Data.csv"
"""The long file of the release, which keeps the bounds that the figure of import sources drops."""


def read_side(path: Path, edition: int) -> pd.DataFrame | None:
    """Read a side table by what its header says it is; None where the file is none.

    Raises
    ------
    CaseError
        A side table that cannot be read, or the figure of import sources without the long file beside it.
    """
    if edition != 2026 or not path.is_file():
        return None
    faults: list[Fault] = []
    table = read_rows(path, faults)
    header = set() if table is None else set(table.header)
    if {"Critical_mineral", "Net_Import_Reliance"} <= header:
        return read_critical(path)
    if {"Country", "Agreement"} <= header:
        return read_agreements(path)
    if {"Country", "Control_Type"} <= header:
        return read_controls(path)
    if {"Critical_Mineral", "Primary_Applications"} <= header:
        return read_applications(path)
    if "Import_Source_2021_24" in header:
        long = path.with_name(LONG)
        if not long.is_file():
            raise single(path.name, "", "NIR", _("the figure drops bounds that only {file} keeps").format(file=LONG),
                         _("put both files of the release into one folder"))  # fmt: skip
        from didymium.sources.usgs import read_usgs

        return read_import_sources(path, read_usgs(long, edition))
    return None


def _open(path: Path, columns: tuple[str, ...]) -> Rows:
    """Return a table that has the columns, or raise every fault."""
    faults: list[Fault] = []
    table = read_rows(Path(path), faults)
    if table is not None:
        faults.extend(missing_columns(table.name, table.header, columns))
    if faults or table is None:
        raise CaseError(faults)
    return table


def read_critical(path: Path) -> pd.DataFrame:
    """Read the table of critical minerals (T7), one row per mineral and quantity, on base units.

    Raises
    ------
    CaseError
        Another table, or a unit that is not known.
    """
    import pandas as pd

    table = _open(path, _CRITICAL)
    at = {name: index for index, name in enumerate(table.header)}
    rows, faults = [], []
    for line, row in zip(table.lines, table.rows, strict=True):
        printed = row[at["Critical_mineral"]]
        name = _DIGITS.sub("", printed.strip())
        note = "" if name == printed.strip() else _("footnote {mark} taken off `{text}`").format(
            mark=printed.strip()[len(name):], text=printed.strip())  # fmt: skip
        unit = row[at["Units"]].strip()
        if unit not in UNITS:
            what = _("unit `{cell}` is not known").format(cell=unit)
            faults.append(
                Fault(table.name, str(line), "Units", what, _("check whether the columns of the row are shifted"))
            )
            continue
        basis = row[at["World_prod_notes"]].strip() if "World_prod_notes" in at else ""
        for column in (*_COUNTED, "Net_Import_Reliance"):
            if column in at:
                percent = column == "Net_Import_Reliance"
                rows.append((name, column.lower(), "percent" if percent else unit, row[at[column]], note, basis, line))
    if faults:
        raise CaseError(faults)
    frame = pd.DataFrame(rows, columns=["commodity", "quantity", "unit", "raw", "name_note", "basis", "row"])
    read = read_cells(frame["raw"])
    frame = frame.join(read[["kind", "value", "low", "high", "note"]])
    frame["note"] = [
        "; ".join(filter(None, pair)) for pair in zip(frame.pop("name_note"), frame["note"], strict=True)
    ]  # fmt: skip
    frame["base"] = frame["unit"].map({unit: base for unit, (base, _factor) in UNITS.items()})
    frame["factor"] = frame["unit"].map({unit: factor for unit, (_base, factor) in UNITS.items()})
    return frame


def read_import_sources(path: Path, long: pd.DataFrame) -> pd.DataFrame:
    """Read the figure of import sources; the net import reliance comes from the long file, which keeps its bounds.

    Parameters
    ----------
    path : Path
        ``MCS2026_Fig3_Major_Import_Sources.csv``.
    long : DataFrame
        What :func:`didymium.sources.usgs.read_usgs` returns for 2026.
    """
    import pandas as pd

    table = _open(path, ("Commodity", "Import_Source_2021_24", "Percent", "NIR"))
    at = {name: index for index, name in enumerate(table.header)}
    frame = pd.DataFrame(
        {
            "commodity": [row[at["Commodity"]].strip() for row in table.rows],
            "country": [country_name(row[at["Import_Source_2021_24"]])[0] for row in table.rows],
            "raw": [row[at["Percent"]] for row in table.rows],
            "printed_reliance": [row[at["NIR"]].strip() for row in table.rows],
            "row": table.lines,
        }
    )
    frame = frame.join(read_cells(frame["raw"])[["kind", "value", "low", "high"]])
    reliance = long[long["quantity"].eq("net import reliance") & long["year"].eq(2025)]
    one = reliance.drop_duplicates("commodity", keep=False).set_index("commodity")
    key = frame["commodity"].str.casefold().str.replace(r"\s*\(.*\)$", "", regex=True)
    for column in ("raw", "low", "high"):
        frame[f"reliance_{column}"] = key.map(one[column])
    bound = key.map(one["kind"]).eq("bound")
    frame["note"] = ""
    frame.loc[bound, "note"] = [
        _("reliance `{figure}` is a bound, `{long}` in the long file").format(figure=figure, long=raw)
        for figure, raw in zip(frame.loc[bound, "printed_reliance"], frame.loc[bound, "reliance_raw"], strict=True)
    ]
    return frame


def read_agreements(path: Path) -> pd.DataFrame:
    """Read the trade agreements (T5): the ISO date of the two, and a note where they disagree or are doubtful."""
    import pandas as pd

    table = _open(path, ("Country", "Agreement", "Signing_date"))
    dates = [at for at, name in enumerate(table.header) if name == "Signing_date"]
    country, agreement = table.header.index("Country"), table.header.index("Agreement")
    rows = []
    for line, cells in zip(table.lines, table.rows, strict=True):
        text = next((cells[at].strip() for at in dates if _ISO.fullmatch(cells[at].strip())), "")
        printed = [cells[at].strip() for at in dates]
        signed, notes = text, []
        if len(dates) > 1 and not _same_day(printed[0], printed[1]):
            notes.append(_("two dates: {dates}").format(dates=", ".join(f"`{date}`" for date in printed)))
            signed = ""
        for where, start, wrong, right, why in AGREEMENTS:
            if cells[country].strip() == where and cells[agreement].startswith(start) and text == wrong:
                signed = right
                notes.append(_("corrected: {old} -> {new}").format(old=f"`{text}`", new=f"`{right}`") + f" ({_(why)})")
        rows.append(
            (cells[country].strip(), cells[agreement].strip(), text, signed, "; ".join(printed), "; ".join(notes), line)
        )
    return pd.DataFrame(rows, columns=["country", "agreement", "printed", "signed", "dates", "note", "row"])


def _same_day(short: str, iso: str) -> bool:
    """Return whether 20-Oct-25 and 2025-10-20 are one day."""
    from datetime import datetime

    try:
        return datetime.strptime(short, "%d-%b-%y").date().isoformat() == iso
    except ValueError:
        return False


def read_controls(path: Path) -> pd.DataFrame:
    """Read the export controls (T4), one row per country, control and commodity."""
    import pandas as pd

    table = _open(path, ("Country", "Control_Type", "Commodity_Year"))
    at = {name: index for index, name in enumerate(table.header)}
    rows = []
    for line, cells in zip(table.lines, table.rows, strict=True):
        for part in _OUTSIDE.split(cells[at["Commodity_Year"]]):
            text = part.strip().removesuffix(".")
            found = _DATED.match(text)
            name, year = (found[1], int(found[2])) if found else (re.sub(r"^and ", "", text), None)
            if name:
                kind = cells[at["Control_Type"]].strip()
                rows.append((cells[at["Country"]].strip(), kind, name.strip(), year, line))
    frame = pd.DataFrame(rows, columns=["country", "control", "commodity", "year", "row"])
    frame["year"] = frame["year"].astype("Int64")
    return frame


def read_applications(path: Path) -> pd.DataFrame:
    """Read the list of critical minerals with their primary applications (T6): mineral (small letters), uses, row."""
    import pandas as pd

    table = _open(path, ("Critical_Mineral", "Primary_Applications"))
    name, uses = (table.header.index(column) for column in ("Critical_Mineral", "Primary_Applications"))
    rows = [
        (_DIGITS.sub("", cells[name].strip()).casefold(), cells[uses].strip(), line)
        for line, cells in zip(table.lines, table.rows, strict=True)
        if cells[name].strip()
    ]
    return pd.DataFrame(rows, columns=["mineral", "uses", "row"])
