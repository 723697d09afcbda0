"""Commands about a case as it stands: brief, check, describe, new, export."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from didymium.cli.app import app, guarded, say
from didymium.cli.output import Json, run_verb
from didymium.cli.question import AsOf, CaseName, Overlay, Question, about_a_case
from didymium.faults import DidymiumError
from didymium.messages import _


@app.command(help=_("Write the brief: screen, clear, shock, plan and track in one page with its evidence."))
@guarded
def brief(
    case: CaseName,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help=_("Folder of the brief."))] = Path("brief"),
    as_of: AsOf = None,
    scenario: Annotated[
        str | None,
        typer.Option("--scenario", metavar="NAME", help=_("Scenario of the shock; the case names one if not given.")),
    ] = None,
    plan_scenario: Annotated[
        str | None,
        typer.Option(
            "--plan-scenario",
            metavar="NAME",
            help=_("Cut that the plan prepares for; the case names one if not given."),
        ),
    ] = None,
    saved: Annotated[
        list[Path] | None,
        typer.Option("--with", metavar="FOLDER", help=_("Saved draws, or a saved worst case, to go with it.")),
    ] = None,
    overlay: Overlay = None,
    internal: Annotated[
        bool, typer.Option("--internal", help=_("With --overlay: a brief with confidential numbers, which stays here."))
    ] = False,
) -> None:
    """Run the main job."""
    from didymium.report.job import make_brief

    if overlay and not internal:
        raise DidymiumError(
            _("a brief shows every number, also confidential ones -> add --internal and keep it on this machine")
        )
    page, seconds = make_brief(case, out, as_of, scenario, plan_scenario, saved or (), overlay or ())
    say(_("wrote {page} in {seconds:.0f} s").format(page=page, seconds=seconds))


@app.command(help=_("Name every fault of a case, with file, row and fix."))
@guarded
def check(case: CaseName, as_json: Json = False) -> None:
    """Check a case."""
    import didymium
    from didymium.report import terminal

    faults, notes = didymium.examine(case)
    if as_json:
        terminal.print_json([vars(fault) for fault in faults])
    elif faults:
        terminal.show_faults(faults)
    else:
        print(_("{case}: no fault").format(case=case))
    for note in notes:
        say(_("note: {note}").format(note=note))
    if faults:
        raise typer.Exit(1)


@app.command(help=_("Say what a case holds, how well it is sourced, and where its holes are."))
@partial(about_a_case, default="us-japan")
def describe(
    question: Question,
    schema: Annotated[
        bool, typer.Option("--schema", help=_("Show the tables and fields that a case may have."))
    ] = False,
) -> None:
    """Describe a case."""
    asked = replace(question, tables=["schema"]) if schema else question
    asked.answer(lambda case: run_verb("describe", case))


@app.command(help=_("Write an empty case to fill in."))
@guarded
def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help=_("A folder that does not exist yet."))],
) -> None:
    """Write an empty case."""
    import didymium

    print(_("wrote {folder}: start with its README.md").format(folder=didymium.new_case(folder)))


@app.command(help=_("Write a case to an Excel workbook, or a saved result in the IAMC long format that pyam reads."))
@guarded
def export(
    case: Annotated[
        str,
        typer.Argument(metavar="CASE", help=_("A case: notes, lists and colours from the schema. With --iamc, a RUN.")),
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE", help=_("A new file: .xlsx; with --iamc also .csv."))],
    iamc: Annotated[
        bool, typer.Option("--iamc", help=_("CASE is the folder of a saved result of clear, shock or plan."))
    ] = False,
) -> None:
    """Export a case or a result."""
    import didymium

    if iamc:
        from didymium.result import Result

        print(_("wrote {file}").format(file=didymium.export_iamc(Result.load(Path(case)), file)))
    elif (Path(case) / "manifest.json").is_file():
        raise DidymiumError(_("{folder} holds a result, not a case -> add --iamc").format(folder=case))
    else:
        print(_("wrote {file}").format(file=didymium.export_case(case, file)))
