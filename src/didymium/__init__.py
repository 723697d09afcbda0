"""didymium: where critical-mineral supply is exposed, what a cut would do, and what partners should do together.

>>> import didymium as dd
>>> case = dd.load_case("us-japan")
>>> dd.screen(case).table

Every verb takes a :class:`~didymium.case.case.Case`, or the name or folder of one, and returns a
:class:`~didymium.result.Result`. Nothing heavy is imported before it is needed.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.case.scenario import Scenario
    from didymium.faults import Fault
    from didymium.market.options import Options
    from didymium.plan import plan
    from didymium.result import Result
    from didymium.screen import screen
    from didymium.shock import shock
    from didymium.trace import trace
    from didymium.track import track

__all__ = [
    "Case",
    "Result",
    "Scenario",
    "__version__",
    "backtest",
    "brief",
    "calibrate",
    "check",
    "clear",
    "describe",
    "diff",
    "disclosed",
    "editions",
    "examine",
    "export_case",
    "export_iamc",
    "import_workbook",
    "load_case",
    "new_case",
    "plan",
    "reconcile",
    "screen",
    "shock",
    "stress",
    "trace",
    "track",
    "vary",
]

__version__ = "0.1.0"

_VERBS = ("plan", "screen", "shock", "trace", "track")
_CLASSES = {
    "Case": "didymium.case.case",
    "Result": "didymium.result",
    "Scenario": "didymium.case.scenario",
}


class _Verb(ModuleType):
    """A package named after its verb, so that ``didymium.screen(case)`` works beside ``didymium.screen.shares``."""

    def __call__(self, case: str | Path | Case, *args: Any, **options: Any) -> Result:
        """Run the verb on a case, or on the case of a name or folder."""
        name = self.__name__.rpartition(".")[2]
        if name == "track" and not args and options.get("as_of") is None:
            options["as_of"] = _today()
        loaded = _case(case)
        with loaded.files.placing():
            result: Result = getattr(self, name)(loaded, *args, **options)
        return _recorded(result, loaded)


class _Package(ModuleType):
    """The package: what is imported of it as a verb can be called."""

    def __setattr__(self, name: str, value: object) -> None:
        """Make the package of a verb callable when the import machinery stores it here."""
        if name in _VERBS and isinstance(value, ModuleType):
            value.__class__ = _Verb
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    """Import a verb or a class when it is first used."""
    if name in _VERBS:
        return importlib.import_module(f"didymium.{name}")
    if name in _CLASSES:
        return getattr(importlib.import_module(_CLASSES[name]), name)
    raise AttributeError(f"module 'didymium' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)


def _case(case: str | Path | Case) -> Case:
    return load_case(case) if isinstance(case, str | Path) else case


def _run(run: Callable[..., Result], case: str | Path | Case, *args: object) -> Result:
    """Run something on a case; its faults name the file and row, or the sheet and cell."""
    loaded = _case(case)
    with loaded.files.placing():
        result = run(loaded, *args)
    return _recorded(result, loaded)


def _recorded(result: Result, case: Case) -> Result:
    """Write into a result's manifest as of which day the case was known, and what was laid over it."""
    from didymium.case.vintage import hindsight

    result.manifest["known_on"] = case.known_on or _today()
    if case.known_on:
        result.manifest["vintage"], result.manifest["hindsight"] = case.known_on, hindsight(case)
    if case.overlays:
        result.manifest["overlays"] = [overlay.name for overlay in case.overlays]
    return result


def _today() -> str:
    from datetime import date

    return date.today().isoformat()


def load_case(case: str | Path, overlays: Sequence[str | Path] = (), as_of: str | None = None) -> Case:
    """Load and check a case.

    Parameters
    ----------
    case : str or Path
        Name of a bundled case or of one of its chains (``us-japan/batteries``), a folder, or an Excel workbook.
    overlays : sequence of str or Path
        Folders or workbooks whose rows replace those of the same key, the last one on top: confidential stocks, a
        bill of materials. They stay on the machine: :func:`disclosed` says what of a result may leave it.
    as_of : str, optional
        Day as of which the case is known, YYYY-MM-DD; everything counts where None.

    Raises
    ------
    CaseError
        Every fault found: file, row, field, fault, fix.
    """
    from didymium.case.case import load_case as load
    from didymium.case.vintage import known_on

    loaded = load(case, overlays=overlays)
    return loaded if as_of is None else known_on(loaded, as_of)


def disclosed(private: Result, public: Result) -> Result:
    """Return what may leave the machine of a result on confidential rows: public numbers, and classes of days.

    Parameters
    ----------
    private : Result
        The result on an overlay.
    public : Result
        The same verb, with the same options, without it.
    """
    from didymium.disclosure import disclosed as run

    return run(private, public)


def check(case: str | Path) -> list[Fault]:
    """Return every fault of a case, of its scenarios and of its chains; none where all is well.

    Parameters
    ----------
    case : str or Path
        Name of a bundled case, a folder, or an Excel workbook.

    Raises
    ------
    DidymiumError
        No such case.
    """
    return examine(case)[0]


def examine(case: str | Path) -> tuple[list[Fault], list[str]]:
    """Return what :func:`check` does, and notes on what scenarios include that lies outside their months.

    Parameters
    ----------
    case : str or Path
        Name of a bundled case, a folder, or an Excel workbook.

    Raises
    ------
    DidymiumError
        No such case.
    """
    from didymium.case.scenario_span import idle
    from didymium.case.tables import TABLES
    from didymium.faults import CaseError

    try:
        loaded = load_case(case)
    except CaseError as error:
        return error.faults, []
    faults: list[Fault] = []
    notes: list[str] = []
    for name, table in TABLES.items():
        try:
            loaded[name] if table.screening else None
        except CaseError as error:
            faults += error.faults
    for name in loaded.scenarios():
        try:
            notes += idle(loaded.scenario(name))
        except CaseError as error:
            faults += [fault for fault in error.faults if fault not in faults]  # a file that others include
    # a table that the chains share is at fault once
    said = {(Path(fault.file).name, fault.row, fault.field, fault.fault) for fault in faults}
    for name in loaded.chains():
        found, more = examine(loaded.folder / name)
        for fault in found:
            if (Path(fault.file).name, fault.row, fault.field, fault.fault) not in said:
                faults.append(replace(fault, file=f"{name}/{fault.file}"))
        notes += [f"{name}: {note}" for note in more]
    return faults, notes


def describe(case: str | Path | Case) -> Result:
    """Return what a case holds, how well it is sourced, how old it is and where its holes are."""
    from didymium.case.describe import describe as run

    return _run(run, case)


def new_case(folder: str | Path) -> Path:
    """Write an empty case to a new folder."""
    from didymium.case.new import new_case as write

    return write(folder)


def export_case(case: str | Path | Case, file: str | Path) -> Path:
    """Write a case to a new Excel workbook, all or nothing: what its files say, with the schema's notes and lists.

    Parameters
    ----------
    case : str, Path or Case
        The case.
    file : str or Path
        A new file that ends in ``.xlsx``.

    Raises
    ------
    DidymiumError
        The case cannot be read, or the file is there already.
    """
    from didymium.case.excel_write import export_case as write

    return write(case, file)


def export_iamc(result: Result, file: str | Path, case: str | Path | Case | None = None) -> Path:
    """Write a result of clear, shock or plan in the IAMC long format, all or nothing.

    Parameters
    ----------
    result : Result
        The result.
    file : str or Path
        A new file ending in ``.csv`` or ``.xlsx``.
    case : str, Path or Case, optional
        The case of the result, for names; the bundled one of that name where None.

    Raises
    ------
    DidymiumError
        A result without years, or a file that is there already or ends otherwise.
    """
    from didymium.report.iamc import write_iamc

    return write_iamc(_case(case if case is not None else result.case), result, Path(file))


def import_workbook(file: str | Path, folder: str | Path) -> Path:
    """Write the case of an Excel workbook to a new folder of CSV files, after every check, all or nothing.

    Raises
    ------
    CaseError
        Every fault found: sheet, cell, field, fault, fix.
    """
    from didymium.case.excel_import import import_workbook as write

    return write(file, folder)


def reconcile(case: str | Path | Case, edition: str | None = None, reading: str | None = None) -> Result:
    """Return the balanced base year beside what was observed, and which source contradicts which.

    Parameters
    ----------
    case : str, Path or Case
        The case.
    edition : str, optional
        Series of ``statistics.csv`` to adopt instead, such as ``mcs2025``.
    reading : str, optional
        Row of ``readings.csv``: another meaning of a source.
    """
    from didymium.case.reconcile import reconcile as run

    return _run(run, vary(case, edition, reading))


def vary(case: str | Path | Case, edition: str | None = None, reading: str | None = None) -> Case:
    """Return a case read otherwise: with another edition of its statistics, or another meaning of a source.

    Parameters
    ----------
    case : str, Path or Case
        The case.
    edition, reading : str, optional
        As for :func:`reconcile`.
    """
    from didymium.case.variant import adopt, reread

    found = _case(case)
    with found.files.placing():
        if edition is not None:
            found = adopt(found, edition)
        return reread(found, reading) if reading is not None else found


def calibrate(case: str | Path | Case) -> Result:
    """Return what calibration had to move so that the base year comes back: costs, prices, freights.

    Parameters
    ----------
    case : str, Path or Case
        The case.
    """
    from didymium.market.explain import calibrate as run

    return _run(run, case)


def clear(case: str | Path | Case, year: int | None = None, options: Options | None = None) -> Result:
    """Return the market of a year: prices, flows and activity beside what was observed.

    Parameters
    ----------
    case : str, Path or Case
        The case.
    year : int, optional
        The base year where None.
    options : Options, optional
        Choices about the market.
    """
    from didymium.market.clear import clear as run

    return _run(run, case, year, options)


def backtest(case: str | Path | Case = "us-japan", foresight: str = "none") -> Result:
    """Return past episodes, predicted beside observed, misses kept.

    Parameters
    ----------
    case : str, Path or Case
        A case with back-tests: ``us-japan`` (2025 and 2026) or ``quota-2010``.
    foresight : str
        What traders know: ``none`` or ``announced``.
    """
    from didymium.shock.backtest import backtest as run

    return _run(run, case, foresight)


def stress(case: str | Path | Case) -> Result:
    """Return what the base year's market answers to one change at a time: demand, a mine, a mistake of basis.

    Parameters
    ----------
    case : str, Path or Case
        The case.
    """
    from didymium.market.stress import stress as run

    return _run(run, case)


def editions(case: str | Path | Case, series: str) -> Result:
    """Return what another edition of the statistics changes: quantities, prices, costs, answers to stresses.

    Parameters
    ----------
    case : str, Path or Case
        The case.
    series : str
        Series of ``statistics.csv`` to adopt instead, such as ``mcs2025``.
    """
    from didymium.market.editions import editions as run

    return _run(run, case, series)


def diff(case: str | Path | Case, old: str, new: str, mineral: str | None = None) -> Result:
    """Return what two editions of a yearbook in a case say differently, largest change first.

    Parameters
    ----------
    case : str, Path or Case
        The case.
    old, new : str
        Series of its tables for screening, such as ``mcs2025`` and ``mcs2026``.
    mineral : str, optional
        Only this one.
    """
    from didymium.case.revisions import diff as run

    return _run(run, case, old, new, mineral)


def brief(
    results: Sequence[Result], out: str | Path, case: str | Path | Case | None = None, as_of: str | None = None
) -> Path:
    """Write ``brief.html``, ``tables.xlsx`` and the tables of the results to a folder, all or nothing.

    Parameters
    ----------
    results : sequence of Result
        One per verb, all of one case.
    out : str or Path
        A new folder, or one that holds a brief already.
    case : str, Path or Case, optional
        The case of the results; the bundled one of that name where None.
    as_of : str, optional
        Day of the brief, YYYY-MM-DD; that of the result of track where None, else today.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    DidymiumError
        The folder holds something else, or the results do not belong together.
    """
    from didymium.faults import DidymiumError
    from didymium.messages import _
    from didymium.report.brief import write_brief
    from didymium.result import refuse_foreign

    if not results:
        raise DidymiumError(_("a brief needs at least one result -> run a verb first"))
    days = [result.manifest.get("options", {}).get("as_of") for result in results if result.verb == "track"]
    target = Path(out).expanduser().resolve()
    refuse_foreign(target, ("brief.html", "tables.xlsx", "data"))
    day = as_of or next((str(day) for day in days if day), None) or _today()
    return write_brief(_case(case if case is not None else results[0].case), list(results), target, day)
