"""Commands about promises and evidence: track, trace, runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from didymium.cli.app import app, guarded
from didymium.cli.output import Json, Out, deliver, run_verb
from didymium.cli.question import Overlay, Question, about_a_case
from didymium.faults import DidymiumError
from didymium.messages import _


@app.command(help=_("Are the promises kept, on time?"))
@about_a_case
def track(question: Question) -> None:
    """Track the promises of a case."""
    question.answer(lambda case: run_verb("track", case, as_of=question.as_of))


@app.command(help=_("Why should I believe this number? The input rows behind a row of a result."))
@guarded
def trace(
    run: Annotated[Path, typer.Argument(metavar="RUN", help=_("Folder of a saved result."))],
    table: Annotated[str, typer.Argument(metavar="TABLE", help=_("One of its tables."))],
    row: Annotated[str, typer.Argument(metavar="ROW", help=_("Position from 0, or the row's key: parts joined by |."))],
    case: Annotated[
        str | None,
        typer.Option("--case", metavar="CASE", help=_("Case that the result was made from, if not bundled.")),
    ] = None,
    overlay: Overlay = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Trace a number."""
    import didymium
    from didymium.result import Result

    result = Result.load(run)
    loaded = didymium.load_case(case or result.case, overlay or (), result.manifest.get("vintage"))
    deliver(run_verb("trace", loaded, result, table, row), out, as_json, None)


@app.command(help=_("List the results saved below a folder."))
@guarded
def runs(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help=_("Where to look."))] = Path("."),
    as_json: Json = False,
) -> None:
    """List saved results."""
    from didymium.report import terminal

    if not folder.is_dir():
        raise DidymiumError(_("{folder} is not a folder -> name one that holds results").format(folder=folder))
    found = terminal.saved_runs(folder)
    if as_json:
        terminal.print_json(found)
    elif found:
        terminal.show_records(_("Saved results"), found)
    else:
        print(_("no results below {folder}: save one with --out").format(folder=folder))
