"""``shock``: what a cut does, month by month."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from didymium.case.scenario import RATIONINGS, Scenario
from didymium.case.scenario_span import idle
from didymium.faults import DidymiumError
from didymium.market.options import Options
from didymium.market.prepare import prepare
from didymium.messages import _
from didymium.result import Result, new_manifest
from didymium.shock import outlook
from didymium.shock.backtest import observed
from didymium.shock.engine import FORESIGHTS, OPTIONS, WINDOW, Engine, summary
from didymium.shock.hidden import hidden, warnings
from didymium.shock.path import Path
from didymium.shock.rationing import said, side_by_side, ways
from didymium.shock.tables import ShockTables

if TYPE_CHECKING:
    from didymium.case import case as cases

SHOWN = ("none", "perfect")
"""What is run where nothing is asked for."""

GROWN = ("none",)
"""The same where the world grows: each path is run with the cut and without, after a year and a half of lead."""


def shock(
    case: cases.Case,
    scenario: str | Scenario = "china-licensing-2025",
    foresight: str | Sequence[str] | None = None,
    options: Options | None = None,
    progress: Callable[[int, int], None] | None = None,
    extremes: bool = False,
    rationing: str | None = None,
    growth: bool = False,
) -> Result:
    """Run a scenario month by month.

    Parameters
    ----------
    case : Case
        The case.
    scenario : str or Scenario
        A scenario of the case, or one of your own.
    foresight : str or sequence of str, optional
        ``none`` (each month believes that today's measures stay), ``announced`` (announced ends are known) and
        ``perfect`` (a bound), side by side; none and perfect where None, with ``growth`` none alone.
    options : Options, optional
        Market options; commercial stocks and transit times take part where None.
    progress : callable, optional
        Called with months done and months in all.
    extremes : bool
        Also bound the origin of material in every month and for every rule: what lots kept apart could be.
    rationing : str, optional
        ``price``, ``priority`` (defence, essential, rest) or ``both``, side by side; what the scenario, else the case
        says where None. Where every date is known prices ration.
    growth : bool
        Demand follows the table ``growth``, plants start, ramp and end by their dates, and committed projects go
        ahead; the months without the cut stand beside those with it. Otherwise demand and plants are the base year's.

    Returns
    -------
    Result
        summary, prices (USD/kg), peaks, served, trade (t), stocks, cover (days), pooled, losses (MUSD) and others;
        backtest where the case holds observations of the scenario; rationing where both ways are asked for; growth and
        cost_of_cut where the world grows. The manifest has notes and warnings of what an aggregate hides.

    Raises
    ------
    DidymiumError
        An unknown scenario, foresight or way to ration.
    SolverError
        No verified optimum.
    """
    asked = (foresight,) if isinstance(foresight, str) else foresight
    names = tuple(asked) if asked is not None else GROWN if growth else SHOWN
    unknown = [name for name in names if name not in FORESIGHTS]
    if unknown or not names:
        raise DidymiumError(_("foresight `{name}` is unknown -> use {known}").format(
            name=", ".join(unknown), known=", ".join(FORESIGHTS)))  # fmt: skip
    started = time.perf_counter()
    story = case.scenario(scenario) if isinstance(scenario, str) else scenario
    chosen = options or OPTIONS
    first, *others = ways(case, story, chosen, rationing)
    blind = [name for name in names if name != "perfect"]
    if not blind and (others or first != RATIONINGS[0]):
        raise DidymiumError(_("rationing by priority goes month by month -> use foresight none or announced"))
    market = prepare(case)
    engine = Engine(case, market, outlook.dated(case, market, chosen) if growth else chosen)

    def run(told: Scenario, name: str, way: str) -> Path:
        way = way if name in blind else RATIONINGS[0]
        whole = outlook.led_in(told) if growth else told
        path = engine.path(whole, name, replace(engine.options, rationing=way), progress)
        path = replace(path, rationing=way)
        return outlook.shown(path, told) if growth else path

    paths = [run(story, name, first) for name in names]
    tables = ShockTables(case, market, story, paths, extremes)
    found = tables.all()
    if others:
        pairs = [(path, run(story, path.foresight, others[0])) for path in paths if path.foresight in blind]
        found.append(side_by_side(case, market, pairs, tables.why))
    calm: list[Path] = []
    if growth:
        calm = [run(outlook.without(story), path.foresight, first) for path in paths]
        found += outlook.beside_no_cut(case, market, list(zip(paths, calm, strict=True)), tables.why)
    seen = observed(case, market, story, paths)
    found += [seen] if seen else []
    covered = hidden(case, market, paths, tables.why, calm)
    found.append(covered)
    manifest = new_manifest(
        case.digest,
        {
            "scenario": story.name, "title": story.title, "start": story.start.isoformat(), "months": story.months,
            "foresight": list(names), "window": WINDOW, "memory": engine.memory, "probability": story.probability,
            "rationing": {path.foresight: path.rationing for path in paths}, "growth": growth,
        },
        run={path.foresight: summary(path.runs) for path in paths},
        timings={"total": time.perf_counter() - started},
        notes=[*_notes(case, paths, bool(others), growth), *idle(story)],
        warnings=warnings(case, covered),
    )  # fmt: skip
    return Result("shock", case.name, {table.name: table for table in found}, manifest)


def _notes(case: cases.Case, paths: list[Path], both: bool, growth: bool) -> list[str]:
    """Say what the tables suppose: who is served first, and whose demand and plants they are."""
    used = "; ".join(f"{path.foresight}: {said(path.rationing)}" for path in paths)
    other = "" if both else " " + _("-> --rationing both shows the other beside it")
    grows = _("Demand and plants follow their dates; committed projects go ahead.")
    stay = _("Demand and plants are those of {year} -> --growth lets them follow their dates.")
    return [
        _("Rationing: {used}{other}.").format(used=used, other=other),
        grows if growth else stay.format(year=case.base_year),
    ]
