"""Checks across tables: every reference, the grade of every source, the band of every assumption."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from didymium.case.check import BAND, TableCheck, split_list
from didymium.case.read import LINE
from didymium.case.schema import Kind
from didymium.case.tables import TABLES
from didymium.faults import Fault
from didymium.messages import _

if TYPE_CHECKING:
    import pandas as pd


def references(
    frames: dict[str, pd.DataFrame],
    unread: set[str],
    faults: list[Fault],
    known_frames: Mapping[str, pd.DataFrame] | None = None,
) -> None:
    """Check that every id a row names exists.

    Parameters
    ----------
    frames : dict of str to DataFrame
        Tables that could be read.
    unread : set of str
        Tables that could not: one fault says so already, not one for each row that names something of theirs.
    faults : list of Fault
        Where faults are gathered.
    known_frames : mapping, optional
        Tables that are checked already: their ids count, their rows are not looked at.
    """
    held = {**(known_frames or {}), **frames}
    ids = {name: set(frame[TABLES[name].key[0]].tolist()) for name, frame in held.items()}
    stages = set(TABLES["commodities"].field("stage").choices)
    for name, frame in frames.items():
        check = TableCheck(TABLES[name], frame, faults)
        for field in TABLES[name].fields:
            if field.kind not in (Kind.REFERENCE, Kind.REFERENCES):
                continue
            if unread & set(field.refers.split("|")):
                continue
            known = set[str]().union(*(ids.get(target, set()) for target in field.refers.split("|")))
            files = _(" or ").join(f"{target}.csv" for target in field.refers.split("|"))
            for line, cell in zip(check.lines, frame[field.name].tolist(), strict=True):
                if not cell or cell in known:
                    continue
                for entry in split_list(cell) if field.kind is Kind.REFERENCES else [cell]:
                    wild = field.wildcard and (entry == "*" or entry.removeprefix("stage:") in stages)
                    if entry not in known and not wild:
                        what = _("`{entry}` is not in {table}").format(entry=entry, table=files)
                        check.fault(line, field.name, what, _nearest(entry, known))


def _nearest(entry: str, known: set[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(entry, sorted(known), n=1)
    if close:
        return _("write `{close}`, or add a row for `{entry}`").format(close=close[0], entry=entry)
    return _("add a row for `{entry}`").format(entry=entry)


def grades(frames: dict[str, pd.DataFrame], faults: list[Fault]) -> None:
    """Refuse rows that feed a model and cite a source graded D."""
    if "sources" not in frames:
        return
    suspect = set(frames["sources"].loc[frames["sources"]["grade"].eq("D"), "source"].tolist())
    for name, frame in frames.items():
        if not suspect or not TABLES[name].sourced or name in ("events", "evidence"):
            continue
        fields = [field.name for field in TABLES[name].fields if field.refers == "sources|assumptions"]
        feeds = (frame["processes"] if name == "facilities" else frame["source"]).ne("").tolist()
        if name == "backtests":
            feeds = frame["use"].ne("show").tolist()
        for field in fields:
            for line, source, feeding in zip(frame[LINE].tolist(), frame[field].tolist(), feeds, strict=True):
                if feeding and source in suspect:
                    what = _("source `{source}` is graded D").format(source=source)
                    fix = _("cite a better source, or an assumption with a band and a reason")
                    faults.append(Fault(f"{name}.csv", str(line), field, what, fix))


def assumed_bands(frames: dict[str, pd.DataFrame], faults: list[Fault]) -> None:
    """Give rows that cite an assumption its band; refuse a row that cites one and lies outside it."""
    if "assumptions" not in frames:
        return
    made = frames["assumptions"]
    known = set(made["assumption"].tolist())
    ratios = {
        name: (low, high)
        for name, unit, low, high in zip(*(made[c].tolist() for c in ("assumption", "unit", *BAND)), strict=True)
        if unit == "ratio"
    }
    for name, frame in frames.items():
        table = TABLES[name]
        if not table.value or "low" not in frame or "source" not in frame:
            continue
        ends = {end: frame[end].to_numpy(float).copy() for end in BAND}
        rows = zip(frame[LINE].tolist(), frame["source"].tolist(), frame[table.value].tolist(), strict=True)
        for at, (line, source, value) in enumerate(rows):
            if source not in known or math.isnan(value) or not math.isnan(ends["low"][at]):
                continue
            if source in ratios:
                # an input's coefficient is below zero: its ends change places
                ends["low"][at], ends["high"][at] = sorted(value * end for end in ratios[source])
            else:
                what = _("a row on assumption `{source}` has no band").format(source=source)
                fix = _("give low and high, or state the assumption as a ratio")
                faults.append(Fault(f"{name}.csv", str(line), "low, high", what, fix))
        for end in BAND:
            frame[end] = ends[end]
