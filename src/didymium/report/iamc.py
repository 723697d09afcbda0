"""Results in the IAMC long format, which pyam and the scenario databases of that community read.

A row is one number: ``model, scenario, region, variable, unit, year`` (or ``time``, the first day of a month) and
``value``. A variable is a hierarchy parted by ``|``, from the general to the particular: ``Price|Dysprosium Oxide``,
``Use|NdFeB Magnet High Temperature|Electric Vehicles``. A flow between regions has both in its region,
``China>Japan``. Format: https://pyam-iamc.readthedocs.io/en/stable/data.html.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from didymium.faults import DidymiumError
from didymium.messages import _
from didymium.report.figures.style import name_of

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result

INDEX = ("model", "scenario", "region", "variable", "unit")
SHEET = "data"
"""Sheet that pyam reads of a workbook."""


@dataclass(frozen=True)
class Series:
    """One column of a result as a variable.

    Parameters
    ----------
    table, column : str
        Table of the result, and its column of numbers.
    variable : tuple of str
        Parts of the variable: a word, or the column in braces that the part comes from.
    region : str
        Column of the region, or two joined by ``>``.
    flow : bool
        An amount per period: its unit gets ``/yr`` or ``/month``.
    """

    table: str
    column: str
    variable: tuple[str, ...]
    region: str = "region"
    flow: bool = False


SERIES: dict[str, tuple[Series, ...]] = {
    "clear": (
        Series("prices", "price", ("Price", "{commodity}")),
        Series("prices", "observed", ("Price Observed", "{commodity}")),
        Series("net_trade", "production", ("Production", "{commodity}"), flow=True),
        Series("net_trade", "intake", ("Intake", "{commodity}"), flow=True),
        Series("net_trade", "net_export", ("Net Export", "{commodity}"), flow=True),
        Series("use", "wanted", ("Demand", "{commodity}", "{end_use}"), flow=True),
        Series("use", "served", ("Use", "{commodity}", "{end_use}"), flow=True),
        Series("activity", "activity", ("Activity", "{stage}", "{facility}", "{process}"), flow=True),
        Series("activity", "capacity", ("Capacity", "{stage}", "{facility}", "{process}"), flow=True),
        Series("flows", "quantity", ("Trade", "{commodity}"), "origin>destination", flow=True),
    ),
    "shock": (
        Series("prices", "price", ("Price", "{commodity}")),
        Series("prices", "base", ("Price Base", "{commodity}")),
        Series("served", "wanted", ("Demand", "{commodity}", "{end_use}"), flow=True),
        Series("served", "served", ("Use", "{commodity}", "{end_use}"), flow=True),
        Series("served", "short", ("Shortage", "{commodity}", "{end_use}"), flow=True),
        Series("stocks", "level", ("Stock", "{commodity}", "{kind}")),
        Series("stocks", "days", ("Stock Cover", "{commodity}", "{kind}")),
        Series("trade", "exports", ("Import from Controller", "{commodity}"), "destination", flow=True),
    ),
    "plan": (Series("path", "price", ("Price", "{commodity}")),),
}
"""What is exported of each verb: every table with a period. A table of sums over a whole run has none."""

_NAMES = {"commodity": "commodities", "end_use": "end_uses", "facility": "facilities", "process": "processes",
          "region": "regions", "origin": "regions", "destination": "regions"}  # fmt: skip
_SCENARIO = ("foresight", "who")
_SMALL = ("and", "of", "for", "in", "other", "than", "the", "to")


def long_table(case: Case, result: Result) -> pd.DataFrame:
    """Return a result as rows of the IAMC format.

    Parameters
    ----------
    case : Case
        For names.
    result : Result
        Of clear, shock or plan.

    Returns
    -------
    DataFrame
        ``model``, ``scenario``, ``region``, ``variable``, ``unit``, ``year`` or ``time``, and ``value``. What the
        result does not know has no row.

    Raises
    ------
    DidymiumError
        A verb without periods, or two numbers of one name.
    """
    import pandas as pd

    if result.verb not in SERIES:
        raise DidymiumError(_("a result of {verb} has no years -> export one of {known}").format(
            verb=result.verb, known=", ".join(SERIES)))  # fmt: skip
    pieces = [piece for series in SERIES[result.verb] for piece in _pieces(case, result, series)]
    frame = pd.concat(pieces, ignore_index=True)
    period = "time" if "time" in frame else "year"
    frame = frame[[*INDEX, period, "value"]]
    twice = frame.duplicated([*INDEX, period])
    if bool(twice.any()):
        name = frame.loc[twice, [*INDEX, period]].iloc[0].tolist()
        raise DidymiumError(_("two numbers are called {name} -> give the rows of the case names of their own").format(
            name=name))  # fmt: skip
    return frame


def _pieces(case: Case, result: Result, series: Series) -> Iterator[pd.DataFrame]:
    """Yield the rows of one variable, none where the result lacks its table."""
    import pandas as pd

    from didymium import __version__

    if series.table not in result.tables:
        return
    table = result.tables[series.table]
    rows = table.frame[table.frame[series.column].notna()]
    if rows.empty:
        return
    monthly = "month" in rows
    ends = series.region.split(">")
    named = {column: _named(case, rows[column], column) for column in {*_parts(series), *ends}}
    variable = pd.Series("", index=rows.index, dtype=object)
    for at, part in enumerate(series.variable):
        piece = named[part[1:-1]] if part.startswith("{") else part
        variable = piece + variable if at == 0 else variable + "|" + piece
    region = named[ends[0]] if len(ends) == 1 else named[ends[0]] + ">" + named[ends[1]]
    unit = table.columns[series.column].unit + (("/month" if monthly else "/yr") if series.flow else "")
    found = {"model": f"didymium {__version__}", "scenario": _scenario(result, rows), "region": region,
             "variable": variable, "unit": unit}  # fmt: skip
    if monthly:
        found["time"] = pd.to_datetime(rows["month"].astype(str) + "-01")
    else:
        options = result.manifest.get("options", {})
        found["year"] = rows["year"].astype(int) if "year" in rows else pd.Series(int(options["year"]), rows.index)
    yield pd.DataFrame({**found, "value": rows[series.column].astype(float)})


def _parts(series: Series) -> list[str]:
    return [part[1:-1] for part in series.variable if part.startswith("{")]


def _named(case: Case, column: pd.Series, kind: str) -> pd.Series:
    """Return names as they stand in a variable: capitals, and no mark that parts a hierarchy."""
    names = {}
    for key in column.astype(str).unique():
        name = name_of(case, _NAMES[kind], key) if kind in _NAMES else name_of(case, "", f"stage:{key}") \
            if kind == "stage" else key  # fmt: skip
        words = name.replace("|", "/").replace(">", " to ").split()
        names[key] = " ".join(word if word in _SMALL else word[:1].upper() + word[1:] for word in words)
    keys = [key for key in names if list(names.values()).count(names[key]) > 1]
    names |= {key: f"{names[key]} ({key})" for key in keys}  # two things of one name
    return column.astype(str).map(names).astype(object)


def _scenario(result: Result, rows: pd.DataFrame) -> pd.Series | str:
    """Return the scenario: that of the run, and the foresight or the participants that it was solved for."""
    base = str(result.manifest.get("options", {}).get("scenario") or result.verb)
    for column in _SCENARIO:
        if column in rows:
            return f"{base} {column}-" + rows[column].astype(str).astype(object)
    return base


def write_iamc(case: Case, result: Result, file: Path) -> Path:
    """Write a result in the IAMC format, all or nothing.

    Parameters
    ----------
    case : Case
        For names.
    result : Result
        Of clear, shock or plan.
    file : Path
        A new file ending in ``.csv`` or ``.xlsx``.

    Raises
    ------
    DidymiumError
        Another ending, a file that is there already, or a result without periods.
    """
    path = Path(file).expanduser().resolve()
    ending = path.suffix.lower()
    if ending not in (".csv", ".xlsx"):
        raise DidymiumError(_("{file} ends in neither .csv nor .xlsx -> name it so").format(file=path))
    if path.exists():
        raise DidymiumError(_("{file} is there already -> name a new file, or remove it").format(file=path))
    frame = long_table(case, result)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=ending, dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        if ending == ".csv":
            frame.to_csv(part, index=False, lineterminator="\n")
        else:
            frame.to_excel(part, sheet_name=SHEET, index=False, engine="xlsxwriter", freeze_panes=(1, 0))
        part.chmod(0o644)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path
