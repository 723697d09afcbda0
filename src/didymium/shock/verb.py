"""``shock``: what a cut does, month by month."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from didymium.case.scenario import Scenario
from didymium.faults import DidymiumError
from didymium.market.options import Options
from didymium.market.prepare import prepare
from didymium.messages import _
from didymium.result import Result, new_manifest
from didymium.shock.dynamics import WINDOW, none, perfect
from didymium.shock.tables import ShockTables

if TYPE_CHECKING:
    from didymium.case import case as cases

FORESIGHTS = ("none", "perfect")


def shock(
    case: cases.Case,
    scenario: str | Scenario = "china-licensing-2025",
    foresight: Sequence[str] = FORESIGHTS,
    options: Options | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Run a scenario month by month.

    Parameters
    ----------
    case : Case
        The case.
    scenario : str or Scenario
        A scenario of the case, or one of your own.
    foresight : sequence of str
        ``none`` (each month believes that today's measures stay) and ``perfect`` (a bound), side by side.
    options : Options, optional
        Market options; commercial stocks and transit times take part where None.
    progress : callable, optional
        Called with months done and months in all.

    Returns
    -------
    Result
        prices (USD/kg), served, trade (t), stocks, cover (days), losses (MUSD).

    Raises
    ------
    DidymiumError
        An unknown scenario or foresight.
    SolverError
        No verified optimum.
    """
    unknown = [name for name in foresight if name not in FORESIGHTS]
    if unknown or not foresight:
        raise DidymiumError(_("foresight `{name}` is unknown -> use {known}").format(
            name=", ".join(unknown), known=", ".join(FORESIGHTS)))  # fmt: skip
    started = time.perf_counter()
    story = case.scenario(scenario) if isinstance(scenario, str) else scenario
    market = prepare(case)
    options = options or Options(stocks=True, transit=True)
    paths = []
    for name in foresight:
        paths.append(none(case, market, story, options, progress) if name == "none" else perfect(case, market, story, options))
    tables = ShockTables(case, market, story, paths).all()
    runs = {path.foresight: {"solves": len(path.runs), "seconds": sum(run["seconds"] for run in path.runs), **_worst(path.runs)}
            for path in paths}  # fmt: skip
    manifest = new_manifest(
        case.digest, {"scenario": story.name, "title": story.title, "start": story.start.isoformat(), "months": story.months,
                      "foresight": list(foresight), "window": WINDOW, "probability": story.probability},
        run=runs, timings={"total": time.perf_counter() - started},
    )  # fmt: skip
    return Result("shock", case.name, {table.name: table for table in tables}, manifest)


def _worst(runs: list[dict[str, object]]) -> dict[str, object]:
    """Return the algorithm, status and the largest violation over all solves."""
    checks = [run["check"] for run in runs]
    return {
        "algorithm": runs[0]["algorithm"], "status": runs[0]["status"], "columns": runs[0]["columns"], "rows": runs[0]["rows"],
        "check": {name: max(check[name] for check in checks) for name in checks[0]},  # type: ignore[attr-defined, index]
    }  # fmt: skip
