"""Monte Carlo: a scenario a thousand times, kept on disk as it goes, so that it may be interrupted and goes on.

Draws are gathered in parts, each a file that is written beside its place and renamed. A part depends on its draws'
numbers alone (:mod:`didymium.shock.draw`, :mod:`didymium.shock.sweep`): a run that was stopped, by ``Ctrl-C`` or by
``kill -9``, loses the parts in work and ends in the same answer as one that was not.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from didymium.faults import DidymiumError
from didymium.market.prepare import prepare
from didymium.messages import _
from didymium.result import Result, new_manifest
from didymium.shock.crew import Crew, Task, crew_of, part_of, reference
from didymium.shock.draw import LEVELS, Chance
from didymium.shock.engine import OPTIONS, Progress
from didymium.shock.outcome import Outcome
from didymium.shock.rationing import said, settled
from didymium.shock.risk_tables import RiskTables

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario

PART = 4
"""Draws in a file: what an interruption loses, and less than a minute's work."""

FORMAT = 6
"""Raised when what a draw means changes: older parts are then not used."""

REFERENCES = (0.0, -1.0, 1.0)
"""Points of chance of the approvals whose paths the draws may start from."""

SWEPT = ("low", "high")
"""Ends of the ranges at which the draws are run."""


def draws(
    case: cases.Case,
    scenario: str | Scenario,
    count: int = 1000,
    seed: int = 1,
    levels: Sequence[str] = SWEPT,
    foresight: str = "none",
    folder: FilePath | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    crew: Crew | None = None,
    rationing: str | None = None,
) -> Result:
    """Run draws of a scenario: onset, duration, approval, elasticity, stock and demand, each by its band.

    Parameters
    ----------
    case : Case
        The case.
    scenario : str or Scenario
        A scenario of the case, or one of your own.
    count : int
        Draws at each level.
    seed : int
        Of the draws.
    levels : sequence of str
        Ends of the ranges (secret stocks) at which they are run: low, value, high. Never mixed.
    foresight : str
        One of :data:`didymium.shock.engine.FORESIGHTS`.
    folder : Path, optional
        Where draws are kept; a cache of the user's, by what was asked, where None.
    workers : int, optional
        Processes; as many as processors where None.
    progress : callable, optional
        Called with draws done and draws in all.
    crew : Crew, optional
        Who runs them: :class:`didymium.shock.crew.Machines` for a Dask cluster; processes of this machine where None.
    rationing : str, optional
        ``price`` or ``priority``; what the scenario, else the case says where None.

    Returns
    -------
    Result
        odds, exceedance, bands, stops, drivers, drawn. What a cut costs is counted beyond the same draw without it.

    Raises
    ------
    DidymiumError
        Fewer than one draw, an unknown level or way to ration, or a folder that holds draws of another question.
    SolverError
        No verified optimum.
    KeyboardInterrupt
        Interrupted; it says where the draws are kept.
    """
    wrong = [level for level in levels if level not in LEVELS]
    if count < 1 or wrong or not levels:
        raise DidymiumError(
            _("draws: {count} of them at {levels} -> at least one, at {known}").format(
                count=count, levels=", ".join(levels), known=", ".join(LEVELS)
            )
        )
    started = time.perf_counter()
    story = settled(case, case.scenario(scenario) if isinstance(scenario, str) else scenario, OPTIONS, rationing,
                    foresight)  # fmt: skip
    chance = Chance(case, story, prepare(case), seed)
    keep = _Kept(folder or cache(case, story, seed, foresight), _question(case, story, seed, foresight))
    todo = [(level, at) for level in levels for at in range(0, count, PART) if not keep.has(level, at, count)]
    done = len(levels) * count - sum(min(PART, count - at) for _level, at in todo)
    resumed = done
    if progress:
        progress(done, len(levels) * count)
    crew = crew or crew_of(workers)
    points = REFERENCES if chance.bands else REFERENCES[:1]
    try:
        for level in levels:
            parts = [at for mine, at in todo if mine == level]
            if parts:
                found = dict(crew.each(reference, Task(chance, level, foresight), points))
                task = Task(chance, level, foresight, [found[z] for z in points])
                done = _run(crew, task, parts, count, keep, progress, done, len(levels) * count)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            _("what was drawn is kept in {folder}: the same command goes on from there").format(folder=keep.folder)
        ) from None
    outcomes = {level: keep.read(level, count) for level in levels}
    tables = RiskTables(chance, outcomes).all()
    chosen = {
        "scenario": story.name, "title": story.title, "start": story.start.isoformat(), "months": story.months,
        "foresight": [foresight], "draws": count, "seed": seed, "levels": list(levels),
        "probability": story.probability, "rationing": story.rationing,
    }  # fmt: skip
    seconds = time.perf_counter() - started
    run = {"draws": {"status": "Optimal", "resumed": resumed, "workers": crew.size, "seconds": seconds}}
    notes = [_("Rationing: {used}.").format(used=said(story.rationing))]
    manifest = new_manifest(case.digest, chosen, run=run, timings={"total": seconds}, notes=notes)
    return Result("draws", case.name, {table.name: table for table in tables}, manifest)


def cache(case: cases.Case, scenario: Scenario, seed: int, foresight: str) -> FilePath:
    """Return the folder in the user's cache where the draws of a question are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or FilePath.home() / ".cache"
    question = json.dumps(_question(case, scenario, seed, foresight), sort_keys=True)
    name = hashlib.sha256(question.encode()).hexdigest()[:12]
    return FilePath(base) / "didymium" / f"draws-{case.name}-{scenario.name}-{name}"


def _question(case: cases.Case, scenario: Scenario, seed: int, foresight: str) -> dict[str, Any]:
    """What makes two draws the same: case, scenario, seed, foresight and the meaning of a draw; not their number."""
    return {"case": case.digest, "scenario": scenario.digest(), "seed": seed, "foresight": foresight, "format": FORMAT}


def _run(
    crew: Crew, task: Task, parts: Sequence[int], count: int, keep: _Kept, progress: Progress | None, done: int,
    total: int,
) -> int:  # fmt: skip
    """Run the parts of a level and keep each when it is done."""
    for part, found in crew.each(part_of, task, [range(first, min(first + PART, count)) for first in parts]):
        keep.write(task.level, part.start, found)
        done += len(found)
        if progress:
            progress(done, total)
    return done


class _Kept:
    """The parts on disk.

    Parameters
    ----------
    folder : Path
        Where.
    question : dict
        What makes two draws the same.
    """

    def __init__(self, folder: FilePath, question: dict[str, Any]) -> None:
        self.folder = folder
        file = folder / "question.json"
        if file.is_file():
            try:
                held = json.loads(file.read_text("utf-8"))
            except ValueError:
                held = None
            if held != question:
                raise DidymiumError(
                    _("{folder} holds draws of another case, scenario, seed or version -> name another folder").format(
                        folder=folder
                    )
                )
            return
        if folder.exists() and any(folder.iterdir()):
            raise DidymiumError(_("{folder} holds something else -> name a new folder").format(folder=folder))
        folder.mkdir(parents=True, exist_ok=True)
        _replace(file, json.dumps(question).encode())

    def _file(self, level: str, first: int) -> FilePath:
        return self.folder / f"{level}-{first:06}.npz"

    def has(self, level: str, first: int, count: int) -> bool:
        """Return whether a part is there with all the draws that are asked for."""
        held = self._load(level, first)
        return held is not None and len(held["index"]) >= min(PART, count - first)

    def _load(self, level: str, first: int) -> dict[str, np.ndarray] | None:
        file = self._file(level, first)
        if not file.is_file():
            return None
        try:
            with np.load(file) as held:
                return {name: held[name] for name in held.files}
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None

    def write(self, level: str, first: int, found: Sequence[Outcome]) -> None:
        """Write a part, whole or not at all."""
        import io

        stacked = {name: np.stack([getattr(o, name) for o in found]) for name in Outcome.ARRAYS}
        buffer = io.BytesIO()
        np.savez(buffer, index=np.arange(first, first + len(found)), **stacked)  # type: ignore[arg-type]
        _replace(self._file(level, first), buffer.getvalue())

    def read(self, level: str, count: int) -> dict[str, np.ndarray]:
        """Return the draws of a level, in their order."""
        parts = [part for first in range(0, count, PART) if (part := self._load(level, first)) is not None]
        return {name: np.concatenate([part[name] for part in parts])[:count] for name in parts[0]}


def _replace(file: FilePath, content: bytes) -> None:
    """Write a file beside its place, then rename it."""
    part = file.with_name(f".{file.name}.{threading.get_ident()}")
    part.write_bytes(content)
    os.replace(part, file)
