"""The command plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from didymium.cli.app import app
from didymium.cli.output import run_verb
from didymium.cli.question import Question, about_a_case
from didymium.faults import CaseError, DidymiumError
from didymium.messages import _


@app.command(help=_("What should the partners do together, and what is each better off by?"))
@about_a_case
def plan(
    question: Question,
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="NAME", help=_("Cut along which plans are shown."))
    ] = "halt-six-months",
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--given",
            metavar="NAME=SHARE",
            help=_("A scenario and its probability, instead of generated ones; may be repeated; calm: no cut."),
        ),
    ] = None,
    count: Annotated[
        int, typer.Option("--count", metavar="N", help=_("Scenarios that stand for all generated ones."))
    ] = 6,
    decide: Annotated[
        list[str] | None,
        typer.Option("--decide", metavar="DATE", help=_("A later day of decision; may be repeated.")),
    ] = None,
    open_loop: Annotated[
        bool, typer.Option("--open-loop", help=_("Later decisions are fixed on the first day, whatever happens."))
    ] = False,
    risk: Annotated[
        float, typer.Option("--risk", metavar="SHARE", help=_("Weight of the worst 5 % of outcomes, 0 to 1."))
    ] = 0.0,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            metavar="FORM:PLACE:TONNES:DATE",
            help=_("A strategic stock that there has to be, such as dy_oxide:USA:4:2029; may be repeated."),
        ),
    ] = None,
    weight: Annotated[
        list[float] | None,
        typer.Option("--weight", help=_("Weight of the members' users that makes a candidate; may be repeated; 2.")),
    ] = None,
    draws: Annotated[
        int,
        typer.Option(
            "--draws",
            metavar="N",
            help=_("Draws that choose plans, and as many more that value them; 0: none."),
        ),
    ] = 40,
    seed: Annotated[int, typer.Option("--seed", help=_("Seed of those draws."))] = 1,
    gap: Annotated[float, typer.Option("--gap", metavar="MUSD", help=_("Gap allowed in the planning program."))] = 15.0,
    months: Annotated[
        int, typer.Option("--months", help=_("Months of a period while something is cut: 1, 2, 3, 4, 6, 12."))
    ] = 3,
    quick: Annotated[
        bool, typer.Option("--quick", help=_("Leave out frontiers, reasons and other plans nearly as good."))
    ] = False,
    threads: Annotated[int, typer.Option("--threads", help=_("Workers on this machine."))] = 2,
    cluster: Annotated[
        str | None, typer.Option("--cluster", metavar="ADDRESS", help=_("Scheduler of a Dask cluster, or `local`."))
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option("--resume", metavar="FOLDER", help=_("Keep every step there; a plan that was cut short goes on.")),
    ] = None,
) -> None:
    """Plan for a case."""
    from didymium.report import terminal

    options: dict[str, Any] = {
        "scenario": scenario, "count": count, "later": tuple(decide or ()), "recourse": not open_loop, "risk": risk,
        "weights": tuple(weight or (2.0,)), "draws": draws, "seed": seed, "gap": gap, "step": months, "deep": not quick,
        "threads": threads, "checkpoints": resume,
    }  # fmt: skip
    if target:
        options["targets"] = [_target(text) for text in target]
    if given:
        options["scenarios"] = [_share(text) for text in given]
    if cluster:
        from didymium.plan.asked import amounts
        from didymium.plan.cluster import Cluster

        if faults := amounts(**options):  # before any process starts
            raise CaseError(faults)

        options["crew"] = Cluster.to(None if cluster == "local" else cluster, threads)
    try:
        with terminal.searching(quiet=question.as_json) as telling:
            question.answer(lambda case: run_verb("plan", case, told=telling.search, watch=telling.phase, **options))
    finally:
        if "crew" in options:
            options["crew"].shut()


def _target(text: str) -> tuple[str, str, float, str]:
    """Return a stock that there has to be."""
    try:
        form, place, tonnes, by = text.split(":")
        return form, place, float(tonnes), by
    except ValueError:
        raise DidymiumError(
            _("`{text}` is not a target -> write FORM:PLACE:TONNES:DATE, such as dy_oxide:USA:4:2029").format(text=text)
        ) from None


def _share(text: str) -> tuple[str, float]:
    """Return a scenario and its probability."""
    name, _sign, share = text.partition("=")
    try:
        return name, float(share)
    except ValueError:
        raise DidymiumError(
            _("`{text}` does not give a scenario its probability -> write NAME=0.2").format(text=text)
        ) from None
