"""``shock``: what a cut does, month by month."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from didymium.case.scenario import Scenario
from didymium.faults import DidymiumError
from didymium.market.options import Options
from didymium.messages import _
from didymium.result import Result, new_manifest
from didymium.shock.backtest import observed
from didymium.shock.engine import FORESIGHTS, WINDOW, Engine, summary
from didymium.shock.tables import ShockTables

if TYPE_CHECKING:
    from didymium.case import case as cases

SHOWN = ("none", "perfect")
"""What is run where nothing is asked for."""


def shock(
    case: cases.Case,
    scenario: str | Scenario = "china-licensing-2025",
    foresight: Sequence[str] = SHOWN,
    options: Options | None = None,
    progress: Callable[[int, int], None] | None = None,
    extremes: bool = False,
) -> Result:
    """Run a scenario month by month.

    Parameters
    ----------
    case : Case
        The case.
    scenario : str or Scenario
        A scenario of the case, or one of your own.
    foresight : sequence of str
        ``none`` (each month believes that today's measures stay), ``announced`` (announced ends are known) and
        ``perfect`` (a bound), side by side.
    options : Options, optional
        Market options; commercial stocks and transit times take part where None.
    progress : callable, optional
        Called with months done and months in all.
    extremes : bool
        Also bound the origin of defence's material month by month: what lots kept apart could be.

    Returns
    -------
    Result
        prices (USD/kg), served, trade (t), stocks, cover (days), losses (MUSD); backtest where the case holds
        observations of the scenario.

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
    engine = Engine(case, options=options)
    paths = [engine.path(story, name, progress=progress) for name in foresight]
    tables = ShockTables(case, engine.market, story, paths, extremes).all()
    seen = observed(case, engine.market, story, paths)
    tables += [seen] if seen else []
    chosen = {
        "scenario": story.name,
        "title": story.title,
        "start": story.start.isoformat(),
        "months": story.months,
        "foresight": list(foresight),
        "window": WINDOW,
        "memory": engine.memory,
        "probability": story.probability,
    }
    runs = {path.foresight: summary(path.runs) for path in paths}
    timings = {"total": time.perf_counter() - started}
    manifest = new_manifest(case.digest, chosen, run=runs, timings=timings)
    return Result("shock", case.name, {table.name: table for table in tables}, manifest)
