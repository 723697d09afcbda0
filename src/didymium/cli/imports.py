"""The command import: from downloads and workbooks to the tables of a case."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from didymium.cli.app import guarded, importing
from didymium.messages import _

Rows = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help=_("Write the rows to this .csv or .parquet file."))
]
Download = Annotated[Path, typer.Argument(metavar="FILE", help=_("File or folder as it was downloaded."))]


@importing.command(help=_("Check the workbook of a case and write it as a folder of CSV files."))
@guarded
def xlsx(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("An Excel workbook (.xlsx)."))],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help=_("A folder that does not exist yet."))],
) -> None:
    """Import a workbook."""
    import didymium

    print(_("wrote {folder}").format(folder=didymium.import_workbook(file, folder)))


def _import_rows(
    kind: str, path: Path, out: Path | None, edition: int | None = None, errors: Path | None = None
) -> None:
    """Read a download, say what was read and mended, and write the rows where asked to."""
    from didymium.sources.tidy import tidy, write_rows

    frame = tidy(kind, path, edition, errors)
    mended = int(frame["note"].fillna("").ne("").sum()) if "note" in frame else 0
    print(_("{rows:,} rows, {mended:,} of them with a note").format(rows=len(frame), mended=mended))
    if out is not None:
        print(_("wrote {file}").format(file=write_rows(frame, out.expanduser().resolve())))


@importing.command(
    help=_("Write the tables for screening into a case: minerals, production, reserves, suppliers, governance.")
)
@guarded
def screening(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help=_("Folder of downloads."))],
    case: Annotated[Path, typer.Argument(metavar="CASE", help=_("Folder of a case."))],
    participants: Annotated[
        str, typer.Option("--participants", metavar="CODES", help=_("ISO 3166 codes of the importers."))
    ] = "USA,JPN",
) -> None:
    """Import the tables for screening."""
    from didymium.sources.screening import write_screening

    codes = [code.strip().upper() for code in participants.split(",") if code.strip()]
    for table, rows in write_screening(folder, case, codes).items():
        print(_("{table}.csv: {rows:,} rows").format(table=table, rows=rows))
    print(_("wrote {folder}").format(folder=case))


@importing.command(help=_("Read a data release of the USGS Mineral Commodity Summaries, 2022 to 2026."))
@guarded
def usgs(
    file: Download,
    edition: Annotated[int, typer.Option("--edition", metavar="YEAR", help=_("Year of the release."))],
    out: Rows = None,
) -> None:
    """Read a USGS release."""
    _import_rows("usgs", file, out, edition)


@importing.command(help=_("Read BACI trade flows, HS92."))
@guarded
def baci(file: Download, out: Rows = None) -> None:
    """Read BACI."""
    _import_rows("baci", file, out)


@importing.command(help=_("Read the Worldwide Governance Indicators of the World Bank."))
@guarded
def wgi(
    file: Download,
    errors: Annotated[
        Path | None,
        typer.Option("--errors", metavar="FILE", help=_("Standard errors, where FILE is the CSV table of estimates.")),
    ] = None,
    out: Rows = None,
) -> None:
    """Read the WGI workbook, or a pair of tables."""
    _import_rows("wgi", file, out, errors=errors)


@importing.command(help=_("Read the commodity prices of the World Bank (Pink Sheet)."))
@guarded
def pinksheet(file: Download, out: Rows = None) -> None:
    """Read the Pink Sheet."""
    _import_rows("pinksheet", file, out)


@importing.command(help=_("Read United States trade by partner: a workbook saved from USITC DataWeb."))
@guarded
def dataweb(file: Download, out: Rows = None) -> None:
    """Read a query of DataWeb."""
    _import_rows("dataweb", file, out)


@importing.command(
    help=_("Read an input-output table, industries by industries, into the table input_output of a case.")
)
@guarded
def io(
    file: Download,
    region: Annotated[str, typer.Option("--region", metavar="REGION", help=_("Region of the case, such as JPN."))],
    year: Annotated[int, typer.Option("--year", metavar="YEAR", help=_("Year of the table."))],
    unit: Annotated[str, typer.Option("--unit", metavar="UNIT", help=_("Unit of its cells, such as MJPY or MUSD."))],
    source: Annotated[str, typer.Option("--source", metavar="ID", help=_("Row of sources.csv that describes it."))],
    added: Annotated[
        list[str], typer.Option("--value-added", metavar="ROW", help=_("Row that is value added; may be repeated."))
    ],
    taxes: Annotated[
        list[str] | None, typer.Option("--taxes", metavar="ROW", help=_("Row of taxes on products; may be repeated."))
    ] = None,
    out: Rows = None,
) -> None:
    """Read an input-output table."""
    from didymium.sources.input_output import read_input_output
    from didymium.sources.tidy import write_rows

    frame = read_input_output(file, region, year, unit, source, tuple(added), tuple(taxes or ()))
    industries = frame["supplier"].nunique()
    print(_("{rows:,} cells, {industries} sellers and payments").format(rows=len(frame), industries=industries))
    if out is not None:
        print(_("wrote {file}").format(file=write_rows(frame, out.expanduser().resolve())))
