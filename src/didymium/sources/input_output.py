"""Input-output tables as they are published: a square of industries, final demand beside it, value added below it.

The first row names the buyers, the first column the sellers. Buyers that are also sellers are industries; the other
columns are final demand, the other rows payments. Totals are left out. The result has a row per cell, as the table
``input_output`` of a case has.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from didymium.faults import CaseError, Fault, single
from didymium.messages import _

TOTALS = ("output", "gross output", "sum")
"""Names of rows and columns that repeat what the others say, beside all that begin with `total`."""

TOLERANCE = 0.01
"""Largest difference between what an industry sells and what it pays, as a share."""


def read_input_output(
    path: Path, region: str, year: int, unit: str, source: str, added: tuple[str, ...], taxes: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Return the cells of a square table.

    Parameters
    ----------
    path : Path
        ``.csv`` or ``.xlsx``, the table on its first sheet.
    region, unit, source : str
        Region of the case, currency of the cells such as ``MUSD``, and row of ``sources.csv``.
    year : int
        Year of the table.
    added : tuple of str
        Rows that are value added: summed.
    taxes : tuple of str
        Rows that are taxes on products; all further rows are imports.

    Returns
    -------
    DataFrame
        Columns of the table ``input_output``: region, supplier, user, year, value, unit, source, note.

    Raises
    ------
    CaseError
        Every fault: cells that are no numbers, names that stand twice, rows that are not there, an industry whose row
        and column differ by more than 1 %.
    """
    wide, faults = _square(path), []
    columns, rows = [str(name) for name in wide.columns], [str(name) for name in wide.index]
    for names, what in ((columns, _("column")), (rows, _("row"))):
        for name in sorted({name for name in names if names.count(name) > 1}):
            faults.append(Fault(path.name, name, what, _("`{name}` stands twice").format(name=name),
                                _("give each a name of its own")))  # fmt: skip
    if faults:
        raise CaseError(faults)
    numbers = wide.apply(pd.to_numeric, errors="coerce")
    for row, column in zip(*((numbers.isna().to_numpy() & (wide.to_numpy() != "")).nonzero()), strict=True):
        faults.append(Fault(path.name, rows[row], columns[column], _("`{cell}` is no number").format(
            cell=wide.iat[row, column]), _("write a number, or leave it empty for 0")))  # fmt: skip
    sectors = [name for name in columns if name in rows and not _total(name)]
    if not sectors:
        raise single(path.name, "", "", _("no name is both a row and a column: no industry"),
                     _("name industries alike in the first row and the first column"))  # fmt: skip
    for name in (*added, *taxes):
        if name not in rows:
            known = _("name one of {rows}").format(rows=", ".join(sorted({*rows} - {*sectors})))
            faults.append(Fault(path.name, name, "", _("there is no such row"), known))
    if faults:
        raise CaseError(faults)
    cells = numbers.fillna(0.0)
    final = [name for name in columns if name not in sectors and not _total(name)]
    payments = [name for name in rows if name not in sectors and not _total(name)]
    cells["final demand"] = cells[final].sum(axis=1)
    kinds = {name: "value added" if name in added else "taxes" if name in taxes else "imports" for name in payments}
    paid = cells.loc[payments, sectors].groupby(kinds).sum() if payments else cells.loc[[], sectors]
    sold = cells.loc[sectors, [*sectors, "final demand"]]
    spent = sold[sectors].sum() + paid.sum()
    for name in sectors:
        made, cost = float(sold.loc[name].sum()), float(spent[name])
        if abs(made - cost) > TOLERANCE * max(abs(made), abs(cost), 1e-12):
            what = _("sells {made:g} and pays {cost:g}").format(made=made, cost=cost)
            fix = _("a table at one price basis balances: name every payment, leave totals out")
            faults.append(Fault(path.name, name, "", what, fix))
    if faults:
        raise CaseError(faults)
    frame = pd.concat([sold, paid]).rename_axis("supplier").reset_index()
    long = frame.melt(id_vars="supplier", var_name="user", value_name="value").dropna()
    long = long[long["value"].ne(0.0)]
    long.insert(0, "region", region)
    done: pd.DataFrame = long.assign(year=year, unit=unit, source=source, note="")
    return done[["region", "supplier", "user", "year", "value", "unit", "source", "note"]]


def _total(name: str) -> bool:
    return name.lower() in TOTALS or name.lower().startswith("total")


def _square(path: Path) -> pd.DataFrame:
    """Return the sheet as text under its names; empty rows and columns are left out."""
    try:
        if path.suffix == ".csv":
            raw = pd.read_csv(path, header=None, dtype=str, keep_default_na=False)
        elif path.suffix == ".xlsx":
            raw = pd.read_excel(path, header=None, dtype=str, keep_default_na=False)
        else:
            raise single(path.name, "", "", _("neither .csv nor .xlsx"), _("save it as one of them"))
    except (OSError, ValueError, KeyError) as error:
        raise single(path.name, "", "", " ".join(str(error).split()), _("check that it is a table")) from None
    raw = raw.map(str.strip)
    held = raw.to_numpy() != ""
    raw = raw.iloc[held.any(axis=1), held.any(axis=0)]
    if raw.shape[0] < 2 or raw.shape[1] < 2:
        raise single(path.name, "", "", _("no table"), _("put names in the first row and the first column"))
    body = raw.iloc[1:, 1:]
    return pd.DataFrame(body.to_numpy(), index=raw.iloc[1:, 0].to_numpy(), columns=raw.iloc[0, 1:].to_numpy())
