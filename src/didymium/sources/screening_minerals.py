"""From the yearbook's list of critical minerals to the case table of minerals."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from didymium.faults import Fault
from didymium.messages import _
from didymium.sources import declared
from didymium.sources.usgs_side import read_applications
from didymium.sources.withheld import Row

if TYPE_CHECKING:
    import pandas as pd

AGREED = {"magnets": "magnet", "batteries": "batter", "catalysts": "catal", "optical_materials": "optic"}
"""Uses that the agreement of 28 October 2025 names, and the stem that shows them in a list of applications."""


def mineral_rows(
    frame: pd.DataFrame, applications: Path, codes: Mapping[str, Sequence[str]], faults: list[Fault]
) -> list[Row]:
    """Return one row per mineral: what it is, whether it is on the list, and what it is used for.

    A mineral is on the list where the list names it, or what it is part of; a group, where it names one of its parts.

    Parameters
    ----------
    frame : DataFrame
        Rows of the newest yearbook.
    applications : Path
        The list with primary applications (T6).
    codes : mapping
        Trade codes that rows hold, by mineral.
    faults : list of Fault
        Minerals that only the list or only the declaration has are added here.
    """
    known = {row["mineral"]: row for row in declared.minerals()}
    listed = read_applications(applications)
    uses = dict(zip(listed["mineral"], listed["uses"], strict=True))
    named = {row["listed"].casefold() for row in known.values() if row["listed"]}
    for name, line in zip(listed["mineral"], listed["row"], strict=True):
        if name not in named:
            what = _("`{mineral}` is on the list and not declared").format(mineral=name)
            faults.append(Fault(applications.name, str(line), "Critical_Mineral", what, _("add it to minerals.csv")))
    for name in sorted(named - set(uses)):
        what = _("`{mineral}` is declared and not on the list").format(mineral=name)
        faults.append(Fault(applications.name, "", "Critical_Mineral", what, _("correct minerals.csv")))
    chapters: dict[str, list[str]] = {}
    for commodity, chapter in frame[["commodity", "chapter"]].drop_duplicates().itertuples(index=False):
        chapters.setdefault(str(commodity), []).append(str(chapter))
    rows = []
    for mineral, row in known.items():
        found = _chapters(row, known, chapters)
        critical, why = _listed(row, known)
        text = uses.get(row["listed"].casefold(), "")
        rows.append(
            {
                "mineral": mineral, "name": row["name"], "name_ja": row["name_ja"], "elements": row["elements"],
                "part_of": row["part_of"], "chapters": ";".join(found), "hs92": ";".join(codes.get(mineral, ())),
                "critical": "yes" if critical else "no", "uses": text,
                "agreement": ";".join(use for use, stem in AGREED.items() if re.search(stem, text, re.IGNORECASE)),
                "source": "mcs2026",
                "note": "; ".join(filter(None, (why, "" if found else _("no chapter of the yearbook")))),
            }
        )  # fmt: skip
    return rows


def _above(row: Row, known: Mapping[str, Row]) -> list[Row]:
    """Return what a mineral is part of, nearest first."""
    found = []
    while row["part_of"]:
        row = known[row["part_of"]]
        found.append(row)
    return found


def _listed(row: Row, known: Mapping[str, Row]) -> tuple[bool, str]:
    """Return whether the list names a mineral, what it is part of, or a part of it, and which."""
    if row["listed"]:
        return True, ""
    through = next((group["mineral"] for group in _above(row, known) if group["listed"]), "")
    if through:
        return True, _("on the list as part of {mineral}").format(mineral=through)
    parts = [other["mineral"] for other in known.values() if other["listed"] and _is_part(other, row)]
    return bool(parts), _("on the list: {minerals}").format(minerals=", ".join(parts)) if parts else ""


def _is_part(row: Row, group: Row) -> bool:
    """Return whether a mineral is part of a group: declared so, or an element of a narrower group beside it."""
    if row["part_of"] == group["mineral"]:
        return True
    elements, of_group = (set(filter(None, entry["elements"].split(";"))) for entry in (row, group))
    return bool(row["part_of"]) and row["part_of"] == group["part_of"] and elements < of_group


def _chapters(row: Row, known: Mapping[str, Row], chapters: Mapping[str, list[str]]) -> list[str]:
    """Return the chapters that speak of a mineral, else of what it is part of, else of its parts."""
    for entry in (row, *_above(row, known)):
        if found := chapters.get(entry["commodity"]):
            return found
    parts = [other["commodity"] for other in known.values() if other["part_of"] == row["mineral"]]
    return sorted({chapter for part in parts for chapter in chapters.get(part, ())})
