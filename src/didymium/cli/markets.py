"""Commands about exposure and the market of a year: screen, reconcile, calibrate, clear, stress, editions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from didymium.cli.app import app, say
from didymium.cli.output import run_verb
from didymium.cli.question import Question, about_a_case
from didymium.faults import DidymiumError
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result

Edition = Annotated[
    str | None,
    typer.Option("--edition", metavar="SERIES", help=_("Adopt another edition of the statistics, such as mcs2025.")),
]
Reading = Annotated[
    str | None, typer.Option("--reading", metavar="NAME", help=_("Read a source otherwise, as readings.csv says."))
]


@app.command(help=_("Where are we exposed? Every published method, per mineral, stage and partner."))
@about_a_case
def screen(
    question: Question,
    regions: Annotated[
        list[str] | None,
        typer.Option(
            "--for",
            metavar="REGION",
            help=_("Also screen for this region, country (ISO code) or group (KOR+IND); may be repeated."),
        ),
    ] = None,
    year: Annotated[
        int | None, typer.Option("--year", help=_("Year of the statistics of minerals; the base year if not given."))
    ] = None,
    draws: Annotated[int, typer.Option("--draws", min=0, help=_("Draws behind bands and rank intervals."))] = 1000,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help=_("Also draw the heatmaps and the ranks, as an HTML page.")),
    ] = None,
) -> None:
    """Screen a case."""
    if plot is not None and question.overlay and not question.internal:
        raise DidymiumError(_("a picture shows every number of the overlay -> add --internal, or leave --plot out"))
    asked: list[Case] = []

    def ask(case: Case) -> Result:
        asked.append(case)
        return run_verb("screen", case, regions=tuple(regions or ()), year=year, draws=draws)

    result = question.answer(ask)
    if plot is not None:
        from didymium.report.figures.minerals import exposure_page

        exposure_page(asked[0], result, plot.expanduser().resolve())
        say(_("drawn in {file}").format(file=plot))


@app.command(help=_("Balance the base year: what the statistics say, what had to move, and who contradicts whom."))
@about_a_case
def reconcile(
    question: Question,
    edition: Edition = None,
    reading: Reading = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help=_("Also draw it, as an HTML page of its own."))
    ] = None,
) -> None:
    """Reconcile a case."""
    result = question.answer(lambda case: run_verb("reconcile", case, edition=edition, reading=reading))
    if plot is not None:
        from didymium.report.figures.reconciled import write_plot

        write_plot(result, plot.expanduser().resolve())
        say(_("drawn in {file}").format(file=plot))


@app.command(help=_("Explain the base year's prices: every stage cost that had to move, and by how much."))
@about_a_case
def calibrate(question: Question) -> None:
    """Explain the calibration of a case."""
    question.answer(lambda case: run_verb("calibrate", case))


@app.command(help=_("Clear the market of a year: prices and net trade beside those observed."))
@about_a_case
def clear(
    question: Question,
    year: Annotated[int | None, typer.Option("--year", help=_("Year to clear; the base year if not given."))] = None,
) -> None:
    """Clear a case."""
    question.answer(lambda case: run_verb("clear", case, year=year))


@app.command(help=_("Test the market: one change at a time, what prices do, and why that is plausible."))
@about_a_case
def stress(question: Question, edition: Edition = None) -> None:
    """Stress the base year of a case."""
    import didymium

    question.answer(lambda case: run_verb("stress", didymium.vary(case, edition=edition)))


@app.command(help=_("What another edition of the statistics changes: quantities, prices, costs, answers to stresses."))
@about_a_case
def editions(
    question: Question,
    series: Annotated[str, typer.Argument(metavar="SERIES", help=_("Series of statistics.csv, such as mcs2025."))],
) -> None:
    """Compare two editions of the base year."""
    question.answer(lambda case: run_verb("editions", case, series))
