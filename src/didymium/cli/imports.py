"""The command import: from downloads and workbooks to the tables of a case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from didymium.cli.app import guarded, importing
from didymium.faults import DidymiumError
from didymium.messages import _

if TYPE_CHECKING:
    import pandas as pd

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


def _import_rows(frame: pd.DataFrame, out: Path | None) -> None:
    """Say what was read and mended, and write the rows where asked to."""
    from didymium.sources.tidy import write_rows

    mended = int(frame["note"].fillna("").ne("").sum()) if "note" in frame else 0
    print(_("{rows:,} rows, {mended:,} of them with a note").format(rows=len(frame), mended=mended))
    if out is not None:
        print(_("wrote {file}").format(file=write_rows(frame, out.expanduser().resolve())))


def _span(text: str) -> tuple[int, int]:
    """Return the two years of a text such as 2016-2020."""
    first, _dash, last = text.partition("-")
    if not (first.isascii() and first.isdigit() and last.isascii() and last.isdigit()):
        raise DidymiumError(_("`{text}` is no span of years -> write 2016-2020").format(text=text))
    return int(first), int(last)


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


@importing.command(
    help=_(
        "Read a data release of the USGS Mineral Commodity Summaries, 2022 to 2026, or a side table of that of 2026."
    )
)
@guarded
def usgs(
    file: Download,
    edition: Annotated[int, typer.Option("--edition", metavar="YEAR", help=_("Year of the release."))],
    out: Rows = None,
) -> None:
    """Read a USGS release."""
    from didymium.sources.tidy import tidy

    _import_rows(tidy("usgs", file, edition), out)


@importing.command(help=_("Read BACI trade flows, HS92."))
@guarded
def baci(
    file: Download,
    hs: Annotated[
        str, typer.Option("--hs", metavar="CODES", help=_("Only these codes; refused where one is not covered."))
    ] = "",
    years: Annotated[str, typer.Option("--years", metavar="FIRST-LAST", help=_("With --hs: only these years."))] = "",
    values: Annotated[
        bool, typer.Option("--unit-values", help=_("Value by weight beside each flow, and which are outliers."))
    ] = False,
    out: Rows = None,
) -> None:
    """Read BACI."""
    from didymium.sources.baci import KEY
    from didymium.sources.tidy import tidy
    from didymium.sources.trade import coverage, only, unit_values

    if years and not hs:
        raise DidymiumError(_("--years without --hs -> name the codes"))
    first, last = _span(years) if years else (1, 0)
    frame = tidy("baci", file)
    codes = [code.strip() for code in hs.split(",") if code.strip()]
    said = coverage(frame, codes)
    if codes:
        frame = only(frame, codes, range(first, last + 1))
    if values:
        frame = frame.merge(unit_values(frame), on=list(KEY))
    _import_rows(frame, out)
    for code, begins, ends, note in said[["hs", "first_year", "last_year", "note"]].itertuples(index=False):
        print(_("{code}: {first} to {last}").format(code=code, first=begins, last=ends) + (f"; {note}" if note else ""))


@importing.command(help=_("Read the Worldwide Governance Indicators of the World Bank."))
@guarded
def wgi(
    file: Download,
    errors: Annotated[
        Path | None,
        typer.Option("--errors", metavar="FILE", help=_("Standard errors, where FILE is the CSV table of estimates.")),
    ] = None,
    mean: Annotated[
        str, typer.Option("--mean", metavar="FIRST-LAST", help=_("Mean over the dimensions read and these years."))
    ] = "",
    change: Annotated[
        str, typer.Option("--change", metavar="FIRST-LAST", help=_("Change between these two years of one edition."))
    ] = "",
    out: Rows = None,
) -> None:
    """Read the WGI workbook, or a pair of tables."""
    from didymium.sources import wgi_years
    from didymium.sources.tidy import tidy

    if mean and change:
        raise DidymiumError(_("--mean and --change at once -> ask for one of them"))
    span = _span(mean or change) if mean or change else (0, 0)
    frame = tidy("wgi", file, errors=errors)
    if mean:
        frame = wgi_years.mean_estimate(frame, *span, sorted(frame["dimension"].unique()))
    elif change:
        frame = wgi_years.change(frame, *span)
    _import_rows(frame, out)


@importing.command(help=_("Read the commodity prices of the World Bank (Pink Sheet)."))
@guarded
def pinksheet(
    file: Download,
    series: Annotated[str, typer.Option("--series", metavar="NAME", help=_("Only this commodity."))] = "",
    annual: Annotated[bool, typer.Option("--annual", help=_("Means of whole years instead of months."))] = False,
    out: Rows = None,
) -> None:
    """Read the Pink Sheet."""
    from didymium.sources.pinksheet import annual_means, price_of
    from didymium.sources.tidy import tidy

    frame = tidy("pinksheet", file)
    if series:
        frame = price_of(frame, series)
    _import_rows(annual_means(frame) if annual else frame, out)


@importing.command(help=_("Read United States trade by partner: a workbook saved from USITC DataWeb."))
@guarded
def dataweb(file: Download, out: Rows = None) -> None:
    """Read a query of DataWeb."""
    from didymium.sources.tidy import tidy

    _import_rows(tidy("dataweb", file), out)


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
