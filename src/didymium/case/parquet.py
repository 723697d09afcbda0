"""Reading a table of a case from a Parquet file as text. Columns are text or numbers; nothing is guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from didymium.case.files import number_text
from didymium.case.read import Grid
from didymium.faults import Fault
from didymium.messages import _


def read_parquet(path: Path, faults: list[Fault]) -> Grid | None:
    """Read a Parquet file.

    Parameters
    ----------
    path : Path
        The file.
    faults : list of Fault
        A damaged file and columns that are neither text nor numbers are added here.

    Returns
    -------
    Grid or None
        Rows are counted from 1; None where the file cannot be used.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError, ValueError):
        faults.append(Fault(path.name, "", "", _("not a Parquet file, or a damaged one"), _("write it again")))
        return None
    columns: list[list[str]] = []
    strange = False
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if not _readable(kind):
            strange = True
            fix = _("store it as text, as whole numbers or as 64-bit numbers")
            faults.append(Fault(path.name, "", name, _("a column of {kind}").format(kind=kind), fix))
            continue
        columns.append([_text(value) for value in column.to_pylist()])
    if strange:
        return None
    rows = [list(row) for row in zip(*columns, strict=True)]
    filled = [(row, line) for line, row in enumerate(rows, 1) if any(row)]
    return Grid([name.strip() for name in table.column_names], [row for row, _n in filled], [n for _row, n in filled])


def _readable(kind: Any) -> bool:
    import pyarrow.types as types

    tests = (types.is_string, types.is_large_string, types.is_integer, types.is_float64, types.is_null)
    return any(test(kind) for test in tests) or types.is_decimal(kind)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return number_text(value) if isinstance(value, int | float) else str(value).strip()
