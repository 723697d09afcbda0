"""What may leave the machine of a run on confidential rows: public numbers, classes of days, and nothing else.

A result on an overlay is compared with the same result without it, column by column. Where the confidential rows
change nothing in a column, the public numbers stand. Days become classes, once per holding: over a path of months, or
of several figures of one holding, each class would narrow the others (measured: the classes of six months told 20
days from 28). Every other column that they change (prices and other duals, tonnes, shares, months, losses) is left
empty, for a tonnage can be computed from a shortage and public consumption. Rows, input rows, hash and run record are
those of the public result: a hash of a secret number can be found by trying, and a row that is only there with it says
so.

Two secrets of one class therefore lead to the same export, so that neither inverting the cover by public consumption
nor differencing two exports tells them apart: tests/test_disclosure.py attacks it so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from didymium.faults import DidymiumError
from didymium.messages import _
from didymium.result import RESTS_ON, Column, Result, ResultTable

if TYPE_CHECKING:
    import pandas as pd

LIMITS = (30.0, 60.0, 90.0, 180.0)
"""Days between the classes."""

CLASSES = ("< 30", "30-60", "60-90", "90-180", "> 180")
"""Classes of days."""

_TIMES = ("month", "quarter", "year", "date")
"""Key columns that make a table a path over time."""

_SAME = 1e-9
"""Relative difference that rounding of the solver explains."""


def day_class(days: float) -> str:
    """Return the class of a number of days: the first whose upper end is above it; empty where it is not known."""
    if days != days:
        return ""
    return CLASSES[sum(days >= limit for limit in LIMITS)]


def disclosed(private: Result, public: Result) -> Result:
    """Return what may leave the machine of a result on confidential rows.

    Parameters
    ----------
    private : Result
        The result on the overlay.
    public : Result
        The same verb, with the same options, without it.

    Returns
    -------
    Result
        The public result's tables and rows. Columns that the overlay changes hold classes of days or nothing; the
        manifest is the public one, and ``disclosure`` in it names those columns.

    Raises
    ------
    DidymiumError
        The two are not results of the same verb.
    """
    if private.verb != public.verb:
        raise DidymiumError(
            _("results of {first} and {second} cannot be compared").format(first=private.verb, second=public.verb)
        )
    tables, said = {}, {}
    for name, table in public.tables.items():
        tables[name], said[name] = _table(table, private.tables.get(name))
    kept = {name: changed for name, changed in said.items() if any(changed.values())}
    manifest = {**public.manifest, "disclosure": {"days": list(CLASSES), "tables": kept}}
    return Result(public.verb, public.case, tables, manifest)


def _table(public: ResultTable, private: ResultTable | None) -> tuple[ResultTable, dict[str, list[str]]]:
    """Return a table with the columns that differ as classes or empty, and the names of these."""
    import pandas as pd

    frame, columns = public.frame.copy(), dict(public.columns)
    key = list(public.key)
    values = [name for name in frame.columns if name != RESTS_ON and name not in key]
    changed: dict[str, list[str]] = {"classes": [], "withheld": []}
    other = None if private is None else _aligned(private, frame, key)
    for name in values:
        if other is not None and _same(frame[name], other[name]):
            continue
        first = not changed["classes"] and not set(_TIMES).intersection(key)
        if other is not None and columns[name].unit == "day" and first:
            frame[name] = [day_class(float(days)) for days in other[name]]
            columns[name] = Column("", _("{meaning} (class of days)").format(meaning=columns[name].meaning))
            changed["classes"].append(name)
        else:
            frame[name] = pd.Series([None] * len(frame), index=frame.index, dtype=object)
            columns[name] = Column("", _("{meaning} (withheld)").format(meaning=columns[name].meaning))
            changed["withheld"].append(name)
    return ResultTable(public.name, public.title, frame, columns, public.key), changed


def _aligned(private: ResultTable, frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Return the confidential table in the rows of the public one; nothing where it has no such row."""
    if not key:
        return private.frame.reindex(frame.index)
    rows = private.frame.drop_duplicates(key).set_index(key)
    wanted = frame.set_index(key).index
    return rows.reindex(wanted).reset_index(drop=True).set_index(frame.index)


def _same(public: pd.Series[Any], private: pd.Series[Any]) -> bool:
    """Return whether two columns say the same."""
    import numpy as np
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_numeric_dtype(public) and is_numeric_dtype(private) and not is_bool_dtype(public):
        numbers = public.to_numpy(float), private.to_numpy(float)
        return bool(np.allclose(*numbers, rtol=_SAME, atol=0.0, equal_nan=True))
    return _cells(public) == _cells(private)


def _cells(column: pd.Series[Any]) -> list[object]:
    """Return the cells of a column, None where there is none."""
    return [None if cell != cell else cell for cell in column.tolist()]
