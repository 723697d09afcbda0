"""The command: parse, call the verb, print. Everything heavy is imported by the verb that needs it."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec

import typer

from didymium.faults import CaseError, DidymiumError
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.result import Result

app = typer.Typer(
    help=_("Where critical-mineral supply is exposed, what a cut would do, and what partners should do together."),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

importing = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(importing, name="import", help=_("Turn what you have into the tables of a case."))

CaseName = Annotated[
    str, typer.Argument(metavar="CASE", help=_("Name of a bundled case (us-japan), a folder, or a workbook."))
]
Out = Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help=_("Save the result to this folder."))]
Json = Annotated[bool, typer.Option("--json", help=_("Print JSON with every table, digit and input row."))]
Tables = Annotated[
    list[str] | None, typer.Option("--table", metavar="NAME", help=_("Show this table in full; may be repeated."))
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help=_("Day to look from, YYYY-MM-DD; today if not given."))
]

Edition = Annotated[
    str | None,
    typer.Option("--edition", metavar="SERIES", help=_("Adopt another edition of the statistics, such as mcs2025.")),
]
Reading = Annotated[
    str | None, typer.Option("--reading", metavar="NAME", help=_("Read a source otherwise, as readings.csv says."))
]

P = ParamSpec("P")


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what goes wrong into one line per fault and an exit code: 1 to mend, 2 ours, 130 interrupted."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            _say(_("interrupted"))
            raise typer.Exit(130) from None
        except CaseError as error:
            for fault in error.faults:
                _say(fault.line())
            raise typer.Exit(1) from None
        except DidymiumError as error:
            _say(str(error))
            raise typer.Exit(1) from None
        except OSError as error:
            _say(_("{file}: {error} -> check the path and its permissions").format(
                file=error.filename or _("a file"), error=error.strerror or error))  # fmt: skip
            raise typer.Exit(1) from None
        except Exception as error:
            if os.environ.get("DIDYMIUM_DEBUG"):
                raise
            said = " ".join(f"{type(error).__name__}: {error}".split())
            _say(_("a fault of didymium: {error} -> set DIDYMIUM_DEBUG=1 for the traceback, and report it").format(
                error=said))  # fmt: skip
            raise typer.Exit(2) from None

    return run


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _deliver(result: Result, out: Path | None, as_json: bool, tables: list[str] | None) -> None:
    """Print a result, and save it where asked to."""
    from didymium.report import terminal

    if out is not None:
        result.save(out.expanduser().resolve())
    if as_json:
        terminal.print_json(terminal.as_json(result))
    else:
        terminal.show(result, tables or ())
    if out is not None:
        _say(_("saved to {folder}").format(folder=out))


def _run(verb: str, *args: Any, **options: Any) -> Result:
    import didymium

    result: Result = getattr(didymium, verb)(*args, **options)
    return result


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
) -> None:
    """Run the main job."""
    from didymium.report.job import make_brief

    page, seconds = make_brief(case, out, as_of, scenario, plan_scenario, saved or ())
    _say(_("wrote {page} in {seconds:.0f} s").format(page=page, seconds=seconds))


@app.command(help=_("Name every fault of a case, with file, row and fix."))
@guarded
def check(case: CaseName, as_json: Json = False) -> None:
    """Check a case."""
    import didymium
    from didymium.report import terminal

    faults = didymium.check(case)
    if as_json:
        terminal.print_json([vars(fault) for fault in faults])
    elif faults:
        terminal.show_faults(faults)
    else:
        print(_("{case}: no fault").format(case=case))
    if faults:
        raise typer.Exit(1)


@app.command(help=_("Say what a case holds, how well it is sourced, and where its holes are."))
@guarded
def describe(
    case: Annotated[
        str, typer.Argument(metavar="CASE", help=_("Name of a bundled case, a folder, or a workbook."))
    ] = "us-japan",
    schema: Annotated[
        bool, typer.Option("--schema", help=_("Show the tables and fields that a case may have."))
    ] = False,
    out: Out = None,
    as_json: Json = False,
    tables: Tables = None,
) -> None:
    """Describe a case."""
    _deliver(_run("describe", case), out, as_json, ["schema"] if schema else tables)


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
    _say(_("{within} of {tables} tables within {percent} % of their total").format(
        within=result.manifest["within"], tables=result.manifest["tables"], percent=3))  # fmt: skip
    _deliver(result, out, as_json, tables)


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

    _deliver(mirror_report(one, other, factor), out, as_json, tables)


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
        result = _run("diff", case[0] if case else "us-japan", old, new, mineral)
    _deliver(result, out, as_json, tables)


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


Rows = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help=_("Write the rows to this .csv or .parquet file."))
]
Download = Annotated[Path, typer.Argument(metavar="FILE", help=_("File or folder as it was downloaded."))]


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
    _deliver(list_sources(folder, day), None, as_json, None)


@app.command(help=_("Where are we exposed? Every published method, per mineral, stage and partner."))
@guarded
def screen(
    case: CaseName,
    regions: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="REGION", help=_("Also screen for this region; may be repeated.")),
    ] = None,
    year: Annotated[
        int | None, typer.Option("--year", help=_("Year of the statistics of minerals; the base year if not given."))
    ] = None,
    draws: Annotated[int, typer.Option("--draws", min=0, help=_("Draws behind bands and rank intervals."))] = 1000,
    out: Out = None,
    as_json: Json = False,
    tables: Tables = None,
) -> None:
    """Screen a case."""
    _deliver(_run("screen", case, regions=tuple(regions or ()), year=year, draws=draws), out, as_json, tables)


@app.command(help=_("Balance the base year: what the statistics say, what had to move, and who contradicts whom."))
@guarded
def reconcile(
    case: CaseName,
    edition: Edition = None,
    reading: Reading = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help=_("Also draw it, as an HTML page of its own."))
    ] = None,
    out: Out = None,
    as_json: Json = False,
    tables: Tables = None,
) -> None:
    """Reconcile a case."""
    result = _run("reconcile", case, edition=edition, reading=reading)
    if plot is not None:
        from didymium.report.figures.reconciled import write_plot

        write_plot(result, plot.expanduser().resolve())
    _deliver(result, out, as_json, tables)
    if plot is not None:
        _say(_("drawn in {file}").format(file=plot))


@app.command(help=_("Explain the base year's prices: every stage cost that had to move, and by how much."))
@guarded
def calibrate(case: CaseName, out: Out = None, as_json: Json = False, tables: Tables = None) -> None:
    """Explain the calibration of a case."""
    _deliver(_run("calibrate", case), out, as_json, tables)


@app.command(help=_("Clear the market of a year: prices and net trade beside those observed."))
@guarded
def clear(
    case: CaseName,
    year: Annotated[int | None, typer.Option("--year", help=_("Year to clear; the base year if not given."))] = None,
    out: Out = None,
    as_json: Json = False,
    tables: Tables = None,
) -> None:
    """Clear a case."""
    _deliver(_run("clear", case, year=year), out, as_json, tables)


@app.command(help=_("Test the market: one change at a time, what prices do, and why that is plausible."))
@guarded
def stress(
    case: CaseName, edition: Edition = None, out: Out = None, as_json: Json = False, tables: Tables = None
) -> None:
    """Stress the base year of a case."""
    import didymium

    _deliver(_run("stress", didymium.vary(case, edition=edition)), out, as_json, tables)


@app.command(help=_("What another edition of the statistics changes: quantities, prices, costs, answers to stresses."))
@guarded
def editions(
    case: CaseName,
    series: Annotated[str, typer.Argument(metavar="SERIES", help=_("Series of statistics.csv, such as mcs2025."))],
    out: Out = None,
    as_json: Json = False,
    tables: Tables = None,
) -> None:
    """Compare two editions of the base year."""
    _deliver(_run("editions", case, series), out, as_json, tables)


@app.command(help=_("What happens, month by month, if supply is cut?"))
@guarded
def shock(
    case: CaseName,
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
    out: Out = None,
    as_json: Json = False,
    tables: Tables = None,
) -> None:
    """Shock a case."""
    if draws is not None and worst is not None:
        raise DidymiumError(_("--draws and --worst are two questions -> ask one at a time"))
    if draws is not None or worst is not None:
        _deliver(_risk(case, scenario, foresight, draws, seed, sweep, keep, worst, participant, pays), out, as_json,
                 tables)  # fmt: skip
        return
    kinds = tuple(foresight or ("none", "perfect"))
    _deliver(_run("shock", case, scenario, foresight=kinds, extremes=extremes), out, as_json, tables)


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
    _deliver(_run("backtest", case, foresight=foresight), out, as_json, tables)


def _risk(
    case: str, scenario: str, foresight: list[str] | None, draws: int | None, seed: int, sweep: str,
    keep: Path | None, worst: int | None, participant: str | None, pays: bool,
) -> Result:  # fmt: skip
    """Run draws or look for the worst case, with a bar."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    import didymium
    from didymium.report.terminal import console
    from didymium.shock import draws as run_draws
    from didymium.shock import worst as find_worst
    from didymium.shock.draws import cache

    loaded = didymium.load_case(case)
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
            return find_worst(loaded, scenario, worst or 0, participant, pays, progress=progress)
        kinds = foresight or ["none"]
        if len(kinds) > 1:
            raise DidymiumError(_("draws are of one foresight -> name one"))
        story = loaded.scenario(scenario)
        folder = keep.expanduser().resolve() if keep else cache(loaded, story, seed, kinds[0])
        levels = tuple(part.strip() for part in sweep.split(","))
        try:
            return run_draws(loaded, story, draws, seed, levels, kinds[0], folder, progress=progress)
        except KeyboardInterrupt:
            _say(_("draws are kept in {folder}: the same command goes on from there").format(folder=folder))
            raise


@app.command(help=_("What should the partners do together, and what is each better off by?"))
@guarded
def plan(
    case: CaseName,
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
            help=_("A strategic stock that there has to be, such as dy_oxide:USA:20:2029; may be repeated."),
        ),
    ] = None,
    weight: Annotated[
        list[float] | None,
        typer.Option("--weight", help=_("Weight of the members' users that makes a candidate; may be repeated; 2.")),
    ] = None,
    draws: Annotated[
        int,
        typer.Option("--draws", metavar="N", help=_("Draws of the separate set that plans are chosen on; 0: none.")),
    ] = 40,
    seed: Annotated[int, typer.Option("--seed", help=_("Seed of those draws."))] = 1,
    gap: Annotated[float, typer.Option("--gap", metavar="MUSD", help=_("Gap allowed in the planning program."))] = 15.0,
    months: Annotated[int, typer.Option("--months", help=_("Months of a period while something is cut: 1, 3, 6."))] = 3,
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
    out: Out = None,
    as_json: Json = False,
    tables: Tables = None,
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
        from didymium.plan.cluster import machines

        options["crew"] = machines(None if cluster == "local" else cluster, threads)
    try:
        with terminal.searching(quiet=as_json) as told:
            result = _run("plan", case, told=told, **options)
    finally:
        if "crew" in options:
            options["crew"].shut()
    _deliver(result, out, as_json, tables)


def _target(text: str) -> tuple[str, str, float, str]:
    """Return a stock that there has to be."""
    try:
        form, place, tonnes, by = text.split(":")
        return form, place, float(tonnes), by
    except ValueError:
        raise DidymiumError(
            _("`{text}` is not a target -> write FORM:PLACE:TONNES:DATE, such as dy_oxide:USA:20:2029").format(
                text=text
            )
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


@app.command(help=_("Are the promises kept, on time?"))
@guarded
def track(case: CaseName, as_of: AsOf = None, out: Out = None, as_json: Json = False, tables: Tables = None) -> None:
    """Track the promises of a case."""
    _deliver(_run("track", case, as_of=as_of), out, as_json, tables)


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
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Trace a number."""
    from didymium.result import Result

    result = Result.load(run)
    _deliver(_run("trace", case or result.case, result, table, row), out, as_json, None)


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


def main() -> None:
    """Run the command."""
    app()
