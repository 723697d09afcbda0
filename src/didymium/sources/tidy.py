"""From a download to one tidy table: which reader, and where the rows are written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from didymium.faults import DidymiumError
from didymium.messages import _

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("usgs", "baci", "wgi", "pinksheet", "dataweb")
"""What can be read: USGS Mineral Commodity Summaries, BACI HS92, World Bank WGI and Pink Sheet, USITC DataWeb."""


def tidy(kind: str, path: Path, edition: int | None = None, errors: Path | None = None) -> pd.DataFrame:
    """Return the rows of a download, every correction in the row's ``note``.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    path : Path
        The file, or for older USGS editions the folder, as downloaded.
    edition : int, optional
        Year of the USGS release; needed for ``usgs`` only.
    errors : Path, optional
        Standard errors, for ``wgi`` where estimates and errors stand in a pair of CSV files.

    Raises
    ------
    DidymiumError
        An unknown kind, or no edition where one is needed.
    CaseError
        A file that cannot be read: every fault with row or cell and fix.
    """
    if kind not in KINDS:
        raise DidymiumError(_("cannot read `{kind}` -> use one of {known}").format(kind=kind, known=", ".join(KINDS)))
    for file in (path, errors):
        if file is not None and not file.exists():
            raise DidymiumError(_("{path} does not exist -> name the file as downloaded").format(path=file))
    if kind == "usgs":
        from didymium.sources.usgs import read_usgs
        from didymium.sources.usgs_side import read_side

        if edition is None:
            raise DidymiumError(_("which edition? -> add --edition 2026"))
        side = read_side(path, edition)
        return read_usgs(path, edition) if side is None else side
    if kind == "baci":
        from didymium.sources.baci import read_baci

        return read_baci(path).frame
    if kind == "wgi":
        from didymium.sources.wgi import read_wgi
        from didymium.sources.wgi_pair import read_wgi_pair

        if errors is None and path.suffix.lower() == ".csv":
            fix = _("add --errors FILE with the standard errors, or take the workbook with all six dimensions")
            raise DidymiumError(_("{file} holds one half of a pair of tables").format(file=path.name) + f" -> {fix}")
        return (read_wgi(path) if errors is None else read_wgi_pair(path, errors)).frame
    if kind == "dataweb":
        from didymium.sources.dataweb import read_dataweb

        return read_dataweb(path).frame
    from didymium.sources.pinksheet import read_pinksheet

    return read_pinksheet(path).frame


def write_rows(frame: pd.DataFrame, path: Path) -> Path:
    """Write rows as CSV or Parquet, by the file's ending; the old file stays if anything fails.

    Parameters
    ----------
    frame : DataFrame
        Rows.
    path : Path
        File ending in ``.csv`` or ``.parquet``.

    Raises
    ------
    DidymiumError
        Another ending.
    """
    if path.suffix not in (".csv", ".parquet"):
        raise DidymiumError(_("{path} is neither .csv nor .parquet -> name it so").format(path=path))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        if path.suffix == ".csv":
            frame.to_csv(part, index=False)
        else:
            frame.to_parquet(part, index=False)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path
