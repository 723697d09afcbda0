"""What a chapter of the 2026 yearbook says it revised, for which countries, and on whose word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from didymium.faults import CaseError, Fault
from didymium.messages import _
from didymium.sources import declared
from didymium.sources.files import read_rows
from didymium.sources.usgs_long import missing_columns
from didymium.sources.usgs_names import commodity_name

OTHERS = "Other countries"

_SPELLED = {
    "the Republic of Korea": "Korea, Republic of", "North Korea": "Korea, North", "Morrocco": "Morocco",
    "“Other countries”": OTHERS,
}  # fmt: skip
_SENTENCE = re.compile(r"(?<=[.”])\s+(?=[A-Z])|\s--\s")
_KINDS = ("company", "government", "industry", "third-party", "country", "news", "trade data", "new operations")


@dataclass(frozen=True)
class Revision:
    """One statement of a chapter about its own revision.

    Parameters
    ----------
    chapter : str
        Chapter, small letters.
    table : str
        production, capacity or reserves.
    words : str
        The part of the sentence that names what was revised, to tell commodities of one chapter apart.
    countries : frozenset of str
        Countries as the yearbook spells them.
    basis : tuple of str
        Kinds of document that it rests on.
    """

    chapter: str
    table: str
    words: str
    countries: frozenset[str]
    basis: tuple[str, ...]

    def said(self) -> str:
        """Return the statement as a note."""
        if not self.basis:
            return _("revised, as the chapter says")
        return _("revised, as the chapter says, on these documents: {basis}").format(basis=", ".join(self.basis))


def read_revisions(path: Path) -> list[Revision]:
    """Read the statements of revision of the long file of 2026.

    Raises
    ------
    CaseError
        Another file.
    """
    faults: list[Fault] = []
    table = read_rows(Path(path), faults)
    if table is not None:
        faults += missing_columns(table.name, table.header, ("MCS chapter", "Section", "Other notes"))
    if faults or table is None:
        raise CaseError(faults)
    chapter, section, notes = (table.header.index(name) for name in ("MCS chapter", "Section", "Other notes"))
    texts = {
        (commodity_name(row[chapter])[0], row[notes]): None for row in table.rows if row[section].startswith("World")
    }
    return list(dict.fromkeys(found for name, text in texts for found in _revisions(name, text)))


def _revisions(chapter: str, text: str) -> list[Revision]:
    found = []
    for sentence in _SENTENCE.split(text):
        if not re.search(r"\brevis", sentence):
            continue
        low = sentence.casefold()
        table = "reserves" if "reserves" in low else "capacity" if "capacit" in low else "production"
        # "of alumina for Germany and of bauxite for Greece": each part speaks of its own; the last basis is for all
        parts = re.split(r"\band (?=(?:of [a-z]+ )?for\b)", sentence)
        last = parts[-1].partition("based on")[2]
        for part in parts:
            said, _based, basis = part.partition("based on")
            kinds = tuple(kind for kind in _KINDS if kind in (basis or last).casefold())
            if countries := frozenset(_countries(said)):
                found.append(Revision(chapter, table, said, countries, kinds))
    return found


def mark_revised(rows: Sequence[dict[str, str]], table: str, revisions: Sequence[Revision], year: int) -> None:
    """Write into the note of a row that its chapter says that it was revised.

    Parameters
    ----------
    rows : sequence of dict
        Rows of a case table with ``_chapter``, ``_commodity`` and ``_country`` as the yearbook spells them.
    table : str
        Their table.
    revisions : sequence of Revision
        What the chapters say.
    year : int
        Year that the statements about production speak of; those about reserves speak of the row's.
    """
    commodities: dict[str, set[str]] = {}
    for row in rows:
        commodities.setdefault(row["_chapter"], set()).add(row["_commodity"])
    said: dict[tuple[str, str], list[Revision]] = {}
    for revision in revisions:
        for country in revision.countries if revision.table == table else ():
            said.setdefault((revision.chapter, country), []).append(revision)
    for row in rows:
        if table == "production" and row["year"] != str(year):
            continue
        for revision in said.get((row["_chapter"], row["_country"]), ()):
            named = [name for name in commodities[row["_chapter"]] if name in revision.words.casefold()]
            if not named or row["_commodity"] in named:
                row["note"] = "; ".join(filter(None, (row["note"], revision.said())))


def _countries(text: str) -> list[str]:
    """Return the countries that a text names, the longest name first, each word once."""
    for spelled, name in _SPELLED.items():
        text = text.replace(spelled, f"|{name}|")
    found = []
    for name in sorted((*declared.countries(), OTHERS), key=len, reverse=True):
        pattern = rf"(?<!\w){re.escape(name)}(?!\w)"
        if re.search(pattern, text):
            found.append(name)
            text = re.sub(pattern, "|", text)
    return found
