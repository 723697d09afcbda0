"""Commands about what was downloaded: audit, mirror, diff, sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from didymium.cli.app import app, guarded, say
from didymium.cli.output import Json, Out, Tables, deliver, run_verb
from didymium.cli.question import AsOf
from didymium.faults import DidymiumError
from didymium.messages import _


@app.command(help=_("What a yearbook says of itself: double counts, totals against sums, concentration."))
@guarded
def audit(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("File or folder of a USGS release."))],
    edition: Annotated[int, typer.Option("--edition", metavar="YEAR", help=_("Year of the release."))],
    extract: Annotated[
        bool, typer.Option("--extract", help=_("The file is an extract: do not refuse it for missing rows."))
    ] = False,
    out: Out = None,
    as_json: Json = False,
    tables: Tables = None,
) -> None:
    """Check a yearbook against itself."""
    from didymium.sources.audit import audit as run

    result = run(file, edition, whole=not extract)
    say(_("{within} of {tables} tables within {percent} % of their total").format(
        within=result.manifest["within"], tables=result.manifest["tables"], percent=3))  # fmt: skip
    deliver(result, out, as_json, tables)


@app.command(help=_("What two statements of the same trade say: BACI, or customs values of the United States."))
@guarded
def mirror(
    one: Annotated[Path, typer.Argument(metavar="ONE", help=_("BACI, or a workbook of DataWeb."))],
    other: Annotated[Path, typer.Argument(metavar="OTHER", help=_("Another statement of the same trade."))],
    factor: Annotated[
        float, typer.Option("--factor", metavar="X", min=1.0, help=_("Mark flows that differ by more than this."))
    ] = 2.0,
    out: Out = None,
    as_json: Json = False,
    tables: Tables = None,
) -> None:
    """Compare two statements of trade."""
    from didymium.sources.mirror_report import mirror_report

    deliver(mirror_report(one, other, factor), out, as_json, tables)


@app.command(help=_("What two editions of a yearbook say differently: shares, world totals, every quantity."))
@guarded
def diff(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="[CASE] OLD NEW", help=_("Two series of a case, such as mcs2025 and mcs2026, or two downloads.")
        ),
    ],
    mineral: Annotated[str | None, typer.Option("--mineral", metavar="NAME", help=_("Only this mineral."))] = None,
    out: Out = None,
    as_json: Json = False,
    tables: Tables = None,
) -> None:
    """Compare two editions of a yearbook."""
    *case, old, new = names if len(names) in (2, 3) else ("", "", "", "", "")
    if len(case) > 1:
        raise DidymiumError(_("{count} names -> name two editions, and a case before them if not us-japan").format(
            count=len(names)))  # fmt: skip
    if not case and Path(old).exists() and Path(new).exists():
        from didymium.sources.usgs_diff import diff_downloads

        result = diff_downloads(Path(old), Path(new), mineral)
    else:
        result = run_verb("diff", case[0] if case else "us-japan", old, new, mineral)
    deliver(result, out, as_json, tables)


@app.command(help=_("List the known data sets with their age, and whether a folder holds them as declared."))
@guarded
def sources(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help=_("Folder of downloads."))],
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """List data sets."""
    from datetime import date

    from didymium.sources.manifest import list_sources

    try:
        day = date.fromisoformat(as_of) if as_of else None
    except ValueError:
        raise DidymiumError(_("`{day}` is not a date -> write YYYY-MM-DD").format(day=as_of)) from None
    deliver(list_sources(folder, day), None, as_json, None)
