"""The verb trace: from a row of a result to the input rows behind it, and how well founded they are."""

from __future__ import annotations

from datetime import date, datetime
from difflib import get_close_matches
from time import perf_counter
from typing import Any

from didymium.case.case import Case
from didymium.case.check import first_day
from didymium.faults import DidymiumError
from didymium.messages import _
from didymium.result import RESTS_ON, Column, Result, ResultTable, join_inputs, new_manifest
from didymium.trace.lookup import ELSEWHERE, Lookup, Number, Origin, Row, input_rows
from didymium.trace.rests import summary


def trace(case: Case, result: Result, table: str, row: int | str) -> Result:
    """Return every input row behind a row of a result.

    Parameters
    ----------
    case : Case
        The case that the result was made from, unchanged since.
    result : Result
        The result.
    table : str
        One of its tables.
    row : int or str
        Position from 0, as number or digits; or the key of the row, its parts joined by ``|``.

    Returns
    -------
    Result
        Table ``inputs``: one row per number of an input row, in the unit of the model and as its file states it. The
        manifest holds the row asked about (``row``) and how well founded it is (``summary``).

    Raises
    ------
    DidymiumError
        No such table or row, or a case that has changed since the result was made.
    """
    begun = perf_counter()
    made_from = result.manifest.get("inputs")
    if made_from and case.digest and made_from != case.digest:
        raise DidymiumError(
            _("case {case} has changed since the result of {verb} was made -> run {verb} again, then trace").format(
                case=case.name, verb=result.verb
            )
        )
    frame = result[table]
    at = find_row(result.tables[table], row)
    as_of = result_day(result)
    found = inputs_table(case, list(input_rows(str(frame[RESTS_ON].iloc[at]))), as_of)
    options = {"verb": result.verb, "table": table, "row": str(row)}
    manifest = new_manifest(case.digest, options, algorithm="lookup", status="ok", as_of=as_of.isoformat())
    asked = frame.iloc[at].drop(RESTS_ON)
    manifest["row"] = {str(name): _plain(value) for name, value in asked.items()}
    manifest["summary"] = summary(case, str(frame[RESTS_ON].iloc[at]))
    manifest["timings"] = {"total": perf_counter() - begun}
    return Result("trace", case.name, {found.name: found}, manifest)


def find_row(table: ResultTable, row: int | str) -> int:
    """Return the position of a row given by position or key.

    Raises
    ------
    DidymiumError
        No such row, or several.
    """
    frame = table.frame
    text = str(row).strip()
    if isinstance(row, int) or text.isdecimal():
        at = int(text)
        if 0 <= at < len(frame):
            return at
        raise DidymiumError(
            _("table {table} has no row {row}: it has {count} rows, counted from 0").format(
                table=table.name, row=at, count=len(frame)
            )
        )
    keys = ["|".join(map(str, values)) for values in frame[list(table.key)].itertuples(index=False)]
    places = [at for at, key in enumerate(keys) if key == text]
    if len(places) == 1:
        return places[0]
    if places:
        raise DidymiumError(
            _("table {table} has {count} rows `{key}` -> give the position of one: {places}").format(
                table=table.name, count=len(places), key=text, places=", ".join(map(str, places[:8]))
            )
        )
    close = get_close_matches(text, keys, n=1, cutoff=0.0)
    raise DidymiumError(
        _("table {table} has no row `{key}` -> give a position, or its {columns} such as `{close}`").format(
            table=table.name, key=text, columns="|".join(table.key), close=close[0] if close else ""
        )
    )


def result_day(result: Result) -> date:
    """Return the day that ages count to: the as-of day of the run, else the day on which it was made."""
    as_of = result.manifest.get("options", {}).get("as_of")
    if as_of:
        return first_day(str(as_of))
    made = result.manifest.get("made")
    return datetime.fromisoformat(made).date() if made else date.today()


def inputs_table(case: Case, keys: list[str], as_of: date) -> ResultTable:
    """Return one row per number of the input rows, with its band and where it comes from.

    Parameters
    ----------
    case : Case
        The case.
    keys : list of str
        Input rows.
    as_of : date
        Day that ages count to.
    """
    import pandas as pd

    columns = {
        "input": Column("", _("Name of the input row: table/key.")),
        "table": Column("", _("Table that it stands in.")),
        "line": Column("", _("Line of the file; 0 where it stands in none.")),
        "what": Column("", _("What the row is about.")),
        "field": Column("", _("Column that holds the number.")),
        "value": Column("", _("The number inside the model; its unit stands in the column unit.")),
        "unit": Column("", _("Unit of value, low and high.")),
        "low": Column("", _("Lower end of the band.")),
        "high": Column("", _("Upper end of the band.")),
        "stated": Column("", _("Number and unit as they stand in the file.")),
        "source": Column("", _("Short name of the document or assumption; empty where the row states no fact.")),
        "title": Column("", _("Title of the document, or topic of the assumption.")),
        "publisher": Column("", _("Who published it.")),
        "date": Column("", _("Date of the document.")),
        "grade": Column("", _("A official, B wire or filing, C trade press, D suspect, or assumption.")),
        "address": Column("", _("Where it can be read.")),
        "assumption": Column("", _("No document gives the number.")),
        "age_days": Column("day", _("Age of the document on the day of the result, from its first possible day.")),
        "note": Column("", _("What a reader must know; for an assumption its reason.")),
    }
    lookup = Lookup(case)
    rows: list[dict[str, object]] = []
    for key in keys:
        table = key.partition("/")[0]
        if table in ELSEWHERE:
            rows.append(_line(key, (table, 0), key.partition("/")[2], {}, Number(), Origin(), as_of))
            continue
        table, row = lookup.row(key)
        what, where = lookup.describe(table, row), lookup.where(table, row)
        own = table in ("sources", "assumptions")
        for number in lookup.numbers(table, row):
            cited = str(row[number.source_field]) if number.source_field else ""
            origin = lookup.own_origin(table, row) if own else lookup.origin(cited)
            rows.append(_line(key, where, what, row, number, origin, as_of))
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("inputs", _("What the number rests on"), frame, columns, ("input", "field"))


def _line(
    key: str, where: tuple[str, int], what: str, row: Row, number: Number, origin: Origin, as_of: date
) -> dict[str, object]:
    age = float((as_of - first_day(origin.date)).days) if origin.date else float("nan")
    return {
        "input": key,
        "table": where[0],
        "line": where[1],
        "what": what,
        "field": number.field,
        "value": number.value,
        "unit": number.unit,
        "low": number.low,
        "high": number.high,
        "stated": number.stated,
        "source": origin.source,
        "title": origin.title,
        "publisher": origin.publisher,
        "date": origin.date,
        "grade": origin.grade,
        "address": origin.address,
        "assumption": origin.assumption,
        "age_days": age,
        "note": origin.reason or str(row.get("note", "")),
        RESTS_ON: join_inputs([key], [origin.row]),
    }


def _plain(value: Any) -> object:
    """Return a cell as what JSON can hold."""
    if hasattr(value, "item"):
        value = value.item()
    return None if value != value else value
