"""Commands about a cut: shock, backtest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from didymium.cli.app import app, guarded, say
from didymium.cli.output import Json, Out, Tables, deliver, run_verb
from didymium.cli.question import Question, about_a_case
from didymium.faults import DidymiumError
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result


@app.command(help=_("What happens, month by month, if supply is cut?"))
@about_a_case
def shock(
    question: Question,
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help=_("Scenario of the case."))
    ] = "china-licensing-2025",
    foresight: Annotated[
        list[str] | None,
        typer.Option("--foresight", metavar="KIND", help=_("none, announced or perfect; may be repeated.")),
    ] = None,
    draws: Annotated[
        int | None, typer.Option("--draws", metavar="N", help=_("Run it so many times, each number drawn by its band."))
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help=_("Seed of the draws."))] = 1,
    sweep: Annotated[
        str, typer.Option("--sweep", metavar="ENDS", help=_("Ends of secret stocks to draw at: low, value, high."))
    ] = "low,high",
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="FOLDER", help=_("Where draws are kept while they run; else in the cache.")),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", metavar="ADDRESS", help=_("Scheduler of a Dask cluster, or `local`, for draws.")),
    ] = None,
    worst: Annotated[
        int | None,
        typer.Option("--worst", metavar="K", help=_("Find the K measures of it that hurt most; 0: the worst month.")),
    ] = None,
    participant: Annotated[
        str | None, typer.Option("--for", metavar="REGION", help=_("Whom they are to hurt, such as JPN."))
    ] = None,
    pays: Annotated[bool, typer.Option("--pays", help=_("The adversary counts what he loses on his exports."))] = False,
    extremes: Annotated[
        bool, typer.Option("--extremes", help=_("Bound whose material defence holds, month by month; takes a minute."))
    ] = False,
    rationing: Annotated[
        str | None,
        typer.Option(
            "--rationing",
            metavar="RULE",
            help=_("Who is served first: price, priority (defence, essential, rest), or both side by side."),
        ),
    ] = None,
    growth: Annotated[
        bool,
        typer.Option("--growth", help=_("Demand grows, plants start by their dates; the same without the cut.")),
    ] = False,
) -> None:
    """Shock a case."""
    if (draws is not None or worst is not None) and growth:
        raise DidymiumError(_("--growth is for one scenario -> leave out --draws and --worst"))
    if draws is not None and worst is not None:
        raise DidymiumError(_("--draws and --worst are two questions -> ask one at a time"))
    if draws is not None or worst is not None:
        question.answer(
            lambda case: _risk(case, scenario, foresight, draws, seed, sweep, keep, cluster, worst, participant, pays,
                               rationing)
        )  # fmt: skip
        return
    question.answer(
        lambda case: run_verb("shock", case, scenario, foresight=foresight, extremes=extremes, rationing=rationing,
                              growth=growth)
    )  # fmt: skip


@app.command(help=_("How good is it? Past episodes, predicted beside observed, misses kept."))
@guarded
def backtest(
    case: Annotated[
        str, typer.Argument(metavar="CASE", help=_("Name of a bundled case (us-japan, quota-2010), or a folder."))
    ] = "us-japan",
    foresight: Annotated[
        str, typer.Option("--foresight", metavar="KIND", help=_("What traders know: none or announced."))
    ] = "none",
    out: Out = None,
    as_json: Json = False,
    tables: Tables = None,
) -> None:
    """Back-test a case."""
    deliver(run_verb("backtest", case, foresight=foresight), out, as_json, tables)


def _risk(
    loaded: Case, scenario: str, foresight: list[str] | None, draws: int | None, seed: int, sweep: str,
    keep: Path | None, cluster: str | None, worst: int | None, participant: str | None, pays: bool,
    rationing: str | None,
) -> Result:  # fmt: skip
    """Run draws or look for the worst case, with a bar."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from didymium.report.terminal import console
    from didymium.shock import draws as run_draws
    from didymium.shock import worst as find_worst
    from didymium.shock.crew import Machines
    from didymium.shock.draws import cache
    from didymium.shock.engine import OPTIONS
    from didymium.shock.rationing import settled

    screen = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        loaded.files.placing(),
        Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar,
    ):
        task = bar.add_task(_("draws") if draws is not None else _("sets of measures"), total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        if draws is None:
            return find_worst(loaded, scenario, worst or 0, participant, pays, progress=progress, rationing=rationing)
        kinds = foresight or ["none"]
        if len(kinds) > 1:
            raise DidymiumError(_("draws are of one foresight -> name one"))
        story = settled(loaded, loaded.scenario(scenario), OPTIONS, rationing, kinds[0])
        folder = keep.expanduser().resolve() if keep else cache(loaded, story, seed, kinds[0])
        levels = tuple(part.strip() for part in sweep.split(","))
        crew = Machines.to(None if cluster == "local" else cluster) if cluster else None
        try:
            return run_draws(loaded, story, draws, seed, levels, kinds[0], folder, progress=progress, crew=crew)
        except KeyboardInterrupt:
            say(_("draws are kept in {folder}: the same command goes on from there").format(folder=folder))
            raise
        finally:
            if crew is not None:
                crew.shut()
