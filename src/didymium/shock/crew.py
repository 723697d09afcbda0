"""Who runs the draws: threads of this machine, or the processes of a Dask cluster. Both run the same parts.

A part depends on its draws' numbers and on the references alone, so who runs it, and after what, changes no number.
"""

from __future__ import annotations

import importlib
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Protocol

from didymium.machines import Connection
from didymium.shock.draw import Chance
from didymium.shock.engine import OPTIONS
from didymium.shock.outcome import Outcome, outcome_of
from didymium.shock.sweep import Reference, Sweep

Part = range
"""Draws that are run one after the other and kept in one file."""


@dataclass(frozen=True)
class Task:
    """What the parts of a level have in common.

    Parameters
    ----------
    chance : Chance
        What may be otherwise.
    level : str
        End of the ranges.
    foresight : str
        What traders know.
    references : list of Reference
        What draws may start from.
    """

    chance: Chance
    level: str
    foresight: str
    references: list[Reference]
    name: str = field(default_factory=lambda: uuid.uuid4().hex)


class Crew(Protocol):
    """Runs parts, in any order."""

    @property
    def size(self) -> int:
        """How many run at once."""

    def run(self, task: Task, parts: Sequence[Part]) -> Iterator[tuple[Part, list[Outcome]]]:
        """Yield each part when it is done."""


def one(task: Task, sweep: Sweep, index: int) -> Outcome:
    """Run one draw."""
    variates = task.chance.variates(index)
    drawn = task.chance.draw(variates, task.level)
    path = sweep.draw(drawn.scenario, task.foresight, drawn.market, sweep.options)
    return outcome_of(task.chance.case, drawn, path, variates)


_OWN = threading.local()
"""Of each thread: the task that it works on, and its sweep."""


def _part(task: Task, part: Part, stopped: Callable[[], bool] | None = None) -> list[Outcome]:
    """Run a part on the sweep of this thread; nothing of it where it is stopped."""
    held: tuple[str, Sweep] | None = getattr(_OWN, "held", None)
    if held is None or held[0] != task.name:
        held = _OWN.held = (task.name, Sweep(task.chance.case, task.chance.market, OPTIONS, task.references))
    found = []
    for index in part:
        if stopped and stopped():
            return []
        found.append(one(task, held[1], index))
    return found


class Threads:
    """Threads of this machine, each with a program of its own; the solver leaves Python's lock.

    Parameters
    ----------
    size : int
        How many.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def run(self, task: Task, parts: Sequence[Part]) -> Iterator[tuple[Part, list[Outcome]]]:
        """Yield each part when it is done."""
        stop = threading.Event()
        with ThreadPoolExecutor(max_workers=self.size) as pool:
            waiting: dict[Future[list[Outcome]], Part] = {
                pool.submit(_part, task, part, stop.is_set): part for part in parts
            }
            try:
                while waiting:
                    # A short wait, so that Ctrl-C is heard.
                    ended, _rest = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
                    for future in ended:
                        yield waiting.pop(future), future.result()
            finally:
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)


class Machines(Connection):
    """The processes of a Dask cluster."""

    def __init__(self, client: Any, own: Any = None) -> None:
        super().__init__(client, own)
        self.size = sum(client.nthreads().values())

    def run(self, task: Task, parts: Sequence[Part]) -> Iterator[tuple[Part, list[Outcome]]]:
        """Yield each part when it is done. The task travels to each process once."""
        done: Any = importlib.import_module("dask.distributed").as_completed
        [shared] = self.client.scatter([task], broadcast=True, hash=False)
        futures = {self.client.submit(_part, shared, part, pure=False): part for part in parts}
        try:
            for future in done(list(futures)):
                yield futures[future], future.result()
        finally:
            self.client.cancel(list(futures))
