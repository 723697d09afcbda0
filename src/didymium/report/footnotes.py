"""From a printed number to the documents behind it.

A result row names the input rows that it rests on. Here these lead on to sources and assumptions, which are numbered
in the order of their first use, and every distinct set of them becomes one footnote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from didymium.case.case import ROW
from didymium.case.schema import GRADES
from didymium.case.tables import TABLES
from didymium.faults import DidymiumError
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case

ASSUMPTION = GRADES[-1]


@dataclass(frozen=True)
class Reference:
    """A source or an assumption that numbers rest on.

    Parameters
    ----------
    key : str
        Its row: ``sources/...`` or ``assumptions/...``.
    grade : str
        A to D, or assumption.
    title, publisher, date, address : str
        What it is, whose, of when and where; an assumption has its topic, no publisher and no address.
    detail : str
        For an assumption its value, band, unit and reason.
    """

    key: str
    grade: str
    title: str
    publisher: str
    date: str
    address: str
    detail: str


class Evidence:
    """The references behind every row of a case, looked up once.

    Parameters
    ----------
    case : Case
        Where the rows stand.
    """

    def __init__(self, case: Case) -> None:
        self._case = case
        self._cited: dict[str, tuple[str, ...]] = {}
        self._read: set[str] = set()
        for name in list(case.tables):
            self._look_up(name)
        self._recipes: dict[str, list[str]] = {}
        for process, key in zip(case["recipes"]["process"], case["recipes"][ROW], strict=True):
            self._recipes.setdefault(str(process), []).append(str(key))
        self.references = {r.key: r for r in (*_sources(case), *_assumptions(case))}

    def _look_up(self, name: str) -> None:
        """Look up what the rows of a table cite; tables for screening are read when a row of theirs is asked for."""
        frame = self._case[name]
        self._read.add(name)
        columns = [f.name for f in TABLES[name].fields if f.refers == "sources|assumptions" and f.name in frame]
        cells = frame[columns].astype(str).itertuples(index=False, name=None) if columns else ((),) * len(frame)
        self._cited.update(
            (str(key), tuple(dict.fromkeys(filter(None, cited)))) for key, cited in zip(frame[ROW], cells, strict=True)
        )

    def of(self, rests_on: str | Iterable[str]) -> list[Reference]:
        """Return the references behind input rows, in order of the rows.

        A process leads to its recipes, which say where they come from. A region is a definition and leads nowhere.

        Raises
        ------
        DidymiumError
            The case has no such row.
        """
        keys = rests_on.split(";") if isinstance(rests_on, str) else rests_on
        found: dict[str, None] = {}
        for key in filter(None, keys):
            for reference in self._follow(key):
                found[reference] = None
        return [self.references[key] for key in found]

    def _follow(self, key: str) -> list[str]:
        if key in self.references:
            return [key]
        table, _slash, name = key.partition("/")
        if key not in self._cited and table not in self._read and table in TABLES and TABLES[table].screening:
            self._look_up(table)
        if key not in self._cited:
            raise DidymiumError(
                _(
                    "{key} is not a row of case {case}: the result was made from another case -> run the verb again"
                ).format(key=key, case=self._case.name)
            )
        if table == "processes":
            return [found for recipe in self._recipes.get(name, []) for found in self._follow(recipe)]
        return [
            f"sources/{cited}" if f"sources/{cited}" in self.references else f"assumptions/{cited}"
            for cited in self._cited[key]
        ]


def _sources(case: Case) -> Iterable[Reference]:
    for row in case["sources"].to_dict("records"):
        yield Reference(
            str(row[ROW]),
            str(row["grade"]),
            str(row["title"]),
            str(row["publisher"]),
            str(row["date"]),
            str(row["address"]),
            "",
        )


def _assumptions(case: Case) -> Iterable[Reference]:
    for row in case["assumptions"].to_dict("records"):
        detail = _("{value} (band {low} to {high}) {unit}. {reason}").format(
            value=f"{row['value']:g}",
            low=f"{row['low']:g}",
            high=f"{row['high']:g}",
            unit=row["unit"],
            reason=row["reason"],
        )
        yield Reference(str(row[ROW]), ASSUMPTION, str(row["topic"]), "", str(row["date"]), "", detail)


def resolve(case: Case, rests_on: str | Iterable[str]) -> list[dict[str, Any]]:
    """Return the source and assumption rows behind input rows.

    Parameters
    ----------
    case : Case
        Where the rows stand.
    rests_on : str or iterable of str
        Keys ``table/key``; as text joined by ``;``.

    Returns
    -------
    list of dict
        Rows of the tables sources and assumptions, without repeats.

    Raises
    ------
    DidymiumError
        The case has no such row.
    """
    return [case.row(reference.key) for reference in Evidence(case).of(rests_on)]


def count_grades(references: Iterable[Reference]) -> dict[str, int]:
    """Return how many references have each grade, best first; grades without any are left out."""
    counts = Counter(reference.grade for reference in references)
    return {grade: counts[grade] for grade in GRADES if counts[grade]}


def say_grades(references: Sequence[Reference]) -> str:
    """Return the grades behind a number in words, for a tooltip."""
    counts = count_grades(references)
    assumed = counts.pop(ASSUMPTION, 0)
    graded = ", ".join(f"{grade} {count}" for grade, count in counts.items())
    return _("Sources by grade: {graded}. Assumptions: {assumed}").format(graded=graded or _("none"), assumed=assumed)


@dataclass
class Note:
    """One footnote: a set of references, and the input rows that led to them."""

    number: int
    references: tuple[Reference, ...]
    inputs: dict[str, None] = field(default_factory=dict)

    @property
    def rests_on(self) -> str:
        """The input rows as one cell."""
        return ";".join(self.inputs)


class Notes:
    """Footnotes of one document, numbered as they come.

    Parameters
    ----------
    case : Case
        Where the input rows stand.
    """

    def __init__(self, case: Case) -> None:
        self.evidence = Evidence(case)
        self._notes: dict[tuple[str, ...], Note] = {}
        self._labels: dict[str, str] = {}

    def note(self, rests_on: str | Iterable[str]) -> Note:
        """Return the footnote of a number that rests on these input rows.

        Raises
        ------
        DidymiumError
            Nothing but definitions stands behind the number.
        """
        keys = rests_on.split(";") if isinstance(rests_on, str) else list(rests_on)
        references = self.evidence.of(keys)
        if not references:
            raise DidymiumError(
                _("a number of the brief has no source behind it; it rests on: {keys}").format(keys=keys)
            )
        ordered = tuple(sorted(references, key=lambda r: (r.key.startswith("assumptions/"), r.key)))
        place = tuple(r.key for r in ordered)
        if place not in self._notes:
            self._notes[place] = Note(len(self._notes) + 1, ordered)
            for reference in ordered:
                self._label(reference)
        self._notes[place].inputs.update(dict.fromkeys(filter(None, keys)))
        return self._notes[place]

    def mark(self, rests_on: str | Iterable[str]) -> Markup:
        """Return the footnote mark of a number."""
        note = self.note(rests_on)
        return Markup('<sup class="mark"><a href="#note-{n}" title="{title}">{n}</a></sup>').format(
            n=note.number, title=say_grades(note.references)
        )

    def _label(self, reference: Reference) -> str:
        if reference.key not in self._labels:
            letter = "H" if reference.grade == ASSUMPTION else "S"
            number = sum(label.startswith(letter) for label in self._labels.values()) + 1
            self._labels[reference.key] = f"{letter}{number}"
        return self._labels[reference.key]

    def listed(self) -> list[Note]:
        """Return the footnotes in order."""
        return list(self._notes.values())

    def cited(self) -> list[tuple[str, Reference]]:
        """Return the references cited, with their labels: sources (S), then assumptions (H, for hypothesis)."""
        found = [(label, self.evidence.references[key]) for key, label in self._labels.items()]
        return sorted(found, key=lambda pair: (pair[0][0] != "S", int(pair[0][1:])))

    def labels(self, note: Note) -> str:
        """Return the labels of a footnote's references, runs shortened: ``S1-S4, S9; H2``."""
        parts = []
        for letter in "SH":
            numbers = sorted(
                int(label[1:]) for r in note.references if (label := self._labels[r.key]).startswith(letter)
            )
            parts.append(", ".join(_runs(letter, numbers)))
        return "; ".join(filter(None, parts))


def _runs(letter: str, numbers: Sequence[int]) -> Iterable[str]:
    start = 0
    for place, number in enumerate(numbers):
        if place + 1 < len(numbers) and numbers[place + 1] == number + 1:
            continue
        first = numbers[start]
        joint = "–" if number - first > 1 else ", "
        yield f"{letter}{first}" if first == number else f"{letter}{first}{joint}{letter}{number}"
        start = place + 1
