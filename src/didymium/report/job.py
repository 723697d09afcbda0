"""The main job: every verb once, then the brief."""

from __future__ import annotations

import signal
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from didymium.messages import _
from didymium.report.terminal import console

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from didymium.result import Result

ORDER = ("screen", "clear", "shock", "plan", "track")
"""Verbs in the order of the brief."""

CHECK = 12
"""Draws on which the brief's joint plan is judged once more: few: the brief takes two minutes. It prints how many."""


def make_brief(
    case: str | Path,
    out: Path,
    as_of: str | None,
    scenario: str | None,
    plan_scenario: str | None,
    saved: Sequence[Path] = (),
    overlays: Sequence[str | Path] = (),
) -> tuple[Path, float]:
    """Run screen, clear, shock, plan and track on a case and write their brief, all or nothing.

    Parameters
    ----------
    case : str or Path
        Name of a bundled case, or a folder.
    out : Path
        Folder of the brief: new, or one that holds a brief already.
    as_of : str or None
        Day of the brief, YYYY-MM-DD, of which only what was known counts; today and everything where None.
    scenario, plan_scenario : str or None
        Scenario of the shock, and cut that the plan prepares for; those that ``[brief]`` in ``case.toml`` names where
        None. A case whose ``[brief]`` names none goes without the shock, or without the plan.
    saved : sequence of Path
        Saved results to go with it: draws, or a worst case.
    overlays : sequence of str or Path
        Folders or workbooks laid over the case; the brief shows what they say.

    Returns
    -------
    tuple of Path and float
        The page, and the seconds that it took.

    Raises
    ------
    DidymiumError
        A fault of the case, an unknown scenario, no such day, a folder that holds something else, or a program that
        was not solved.
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    import didymium
    from didymium.report.brief import write_brief
    from didymium.result import Result, refuse_foreign
    from didymium.track.clocks import as_day

    begun = perf_counter()
    target = out.expanduser().resolve()
    # What can be refused is refused before the long work.
    more = [Result.load(folder.expanduser().resolve()) for folder in saved]
    refuse_foreign(target, ("brief.html", "tables.xlsx", "data"))
    day = as_day(as_of or date.today().isoformat()).isoformat()
    screen = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        task = progress.add_task(_("check"), total=7)
        loaded = didymium.load_case(case, overlays, as_of)
        named = loaded.settings.get("brief", {})
        scenario, plan_scenario = scenario or named.get("scenario"), plan_scenario or named.get("plan_scenario")
        for name in filter(None, (scenario, plan_scenario)):
            loaded.scenario(name)
        quick: dict[str, Callable[[], Result]] = {
            "clear": lambda: didymium.clear(loaded),
            "track": lambda: didymium.track(loaded, as_of=day),
        }
        found: dict[str, Result] = {}
        # Shock and screen in a process of their own beside the others; it ends with this one, whatever happens here.
        with get_context("spawn").Pool(1, _quiet) as pool:
            beside = pool.apply_async(_beside, (case, tuple(overlays), as_of, scenario))
            for name, run in quick.items():
                progress.update(task, advance=1, description=name)
                found[name] = run()
            progress.update(task, description=_("screen, shock and plan"))
            if plan_scenario:
                found["plan"] = didymium.plan(loaded, scenario=plan_scenario, check=CHECK)
            progress.update(task, advance=1)
            found |= beside.get()
            progress.update(task, advance=2)
            results = [*more, *(found[name] for name in ORDER if name in found)]
            progress.update(task, advance=1, description=_("brief"))
            page = write_brief(loaded, results, target, day, beside=pool)
        progress.update(task, advance=1)
    return page, perf_counter() - begun


def _quiet() -> None:
    """Leave Ctrl-C to the process that waits for this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _beside(
    case: str | Path, overlays: Sequence[str | Path], as_of: str | None, scenario: str | None
) -> dict[str, Result]:
    """Run the shock, where there is one, and the screen on a case of this process's own."""
    import didymium

    loaded = didymium.load_case(case, overlays, as_of)
    found: dict[str, Result] = {"shock": didymium.shock(loaded, scenario)} if scenario else {}
    return {**found, "screen": didymium.screen(loaded)}
