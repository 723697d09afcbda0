"""Who runs paths: this process, processes of this machine, or those of a Dask cluster. All run the same items.

An item (a part of the draws, a set of measures) depends on its own numbers and on the references alone, so who runs it,
and after what, changes no number. Processes and not threads: a third of a path is arrays between two solves, which hold
Python's lock.
"""

from __future__ import annotations

import importlib
import os
import pickle
import shutil
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, TypeVar

import numpy as np

from didymium.machines import Connection
from didymium.market.options import Options
from didymium.shock.draw import Chance, Drawn
from didymium.shock.engine import OPTIONS
from didymium.shock.outcome import Outcome, outcome_of
from didymium.shock.sweep import Reference, Sweep

Item = TypeVar("Item")
Found = TypeVar("Found")

Part = range
"""Draws that are run one after the other and kept in one file."""


class Asked(Protocol):
    """What items have in common, under a name of its own: a changed one has another."""

    @property
    def name(self) -> str:
        """Tell it from every other."""


Common = TypeVar("Common", bound=Asked)


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
    references: list[Reference] = field(default_factory=list)
    name: str = field(default_factory=lambda: uuid.uuid4().hex, init=False)

    @property
    def options(self) -> Options:
        """Return the market options of every path."""
        return replace(OPTIONS, rationing=self.chance.scenario.rationing or OPTIONS.rationing)

    @property
    def middle(self) -> Drawn:
        """Return the draw in the middle of every band."""
        return self.chance.draw(np.zeros(len(self.chance.names)), self.level)

    def sweep(self) -> Sweep:
        """Return a sweep of its own."""
        return Sweep(self.chance.case, self.middle.market, self.options, self.references)


class Crew(Protocol):
    """Does the same work on many items."""

    @property
    def size(self) -> int:
        """How many at once."""

    def each(
        self, work: Callable[[Common, Item], Found], task: Common, items: Sequence[Item]
    ) -> Iterator[tuple[Item, Found]]:
        """Yield each item, and what the work made of it, when it is done. The task travels to each process once."""


def one(task: Task, sweep: Sweep, index: int) -> Outcome:
    """Run one draw, with the cut and without."""
    variates = task.chance.variates(index)
    drawn = task.chance.draw(variates, task.level)
    path = sweep.draw(drawn.scenario, task.foresight, drawn.market, sweep.options)
    return outcome_of(task.chance.case, drawn, path, sweep.calm(drawn.scenario, sweep.options), variates)


_OWN = threading.local()
"""Of each thread: the task that it works on, and its sweep."""


def own_sweep(name: str, make: Callable[[], Sweep]) -> Sweep:
    """Return the sweep of a task in this thread, which keeps its solver from item to item."""
    held: tuple[str, Sweep] | None = getattr(_OWN, "held", None)
    if held is None or held[0] != name:
        held = _OWN.held = (name, make())
    return held[1]


def part_of(task: Task, part: Part) -> list[Outcome]:
    """Run a part."""
    sweep = own_sweep(task.name, task.sweep)
    return [one(task, sweep, index) for index in part]


def reference(task: Task, z: float) -> Reference:
    """Run the middle of every band with the approvals at a point of chance, and keep what draws may start from."""
    variates = np.zeros(len(task.chance.names))
    variates[task.chance.names.index("approval")] = z
    drawn = task.chance.draw(variates, task.level)
    return task.sweep().record(drawn.scenario, task.foresight, drawn.market, task.options)


class Here:
    """The process that asks, alone."""

    size = 1

    def each(
        self, work: Callable[[Common, Item], Found], task: Common, items: Sequence[Item]
    ) -> Iterator[tuple[Item, Found]]:
        """Yield each item when it is done, in their order."""
        for item in items:
            yield item, work(task, item)


class Processes:
    """Processes of this machine, each with a program of its own.

    Parameters
    ----------
    size : int
        How many.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def each(
        self, work: Callable[[Common, Item], Found], task: Common, items: Sequence[Item]
    ) -> Iterator[tuple[Item, Found]]:
        """Yield each item when it is done."""
        loky: Any = importlib.import_module("loky")
        pool = loky.get_reusable_executor(max_workers=self.size, initializer=_attend, initargs=(os.getpid(),))
        with TemporaryDirectory(prefix="didymium-") as folder:
            file = Path(folder) / "task.pickle"
            file.write_bytes(pickle.dumps(task, protocol=pickle.HIGHEST_PROTOCOL))
            try:
                waiting: dict[Future[Found], Item] = {
                    pool.submit(_from_file, work, file, task.name, item): item for item in items
                }
                while waiting:
                    # A short wait, so that Ctrl-C is heard.
                    ended, _rest = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
                    for future in ended:
                        yield waiting.pop(future), future.result()
            except BaseException:
                pool.shutdown(wait=True, kill_workers=True)
                raise


_TASK: dict[str, Any] = {}
"""In a process: the task that it works on."""

_FOLDERS: set[Path] = set()
"""In a process: where its tasks lay. Who asked puts them away; where it was killed, who worked for it does."""


def _from_file(work: Callable[[Any, Item], Found], file: Path, name: str, item: Item) -> Found:
    """Work on an item of a task that lies in a file, read once."""
    if name not in _TASK:
        _TASK.clear()
        _FOLDERS.add(file.parent)
        _TASK[name] = pickle.loads(file.read_bytes())
    return work(_TASK[name], item)


def _attend(asker: int) -> None:
    """Leave Ctrl-C to the process that asked, which tells its workers; and leave when it was killed."""

    def watch() -> None:
        while os.getppid() == asker:
            time.sleep(1.0)
        for folder in list(_FOLDERS):
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=watch, daemon=True).start()


class Machines(Connection):
    """The processes of a Dask cluster."""

    def __init__(self, client: Any, own: Any = None) -> None:
        super().__init__(client, own)
        self.size = sum(client.nthreads().values())

    def each(
        self, work: Callable[[Common, Item], Found], task: Common, items: Sequence[Item]
    ) -> Iterator[tuple[Item, Found]]:
        """Yield each item when it is done."""
        done: Any = importlib.import_module("dask.distributed").as_completed
        [shared] = self.client.scatter([task], broadcast=True, hash=False)
        futures = {self.client.submit(work, shared, item, pure=False): item for item in items}
        try:
            for future in done(list(futures)):
                yield futures[future], future.result()
        finally:
            self.client.cancel(list(futures))


def crew_of(workers: int | None) -> Crew:
    """Return who runs the draws on this machine.

    Parameters
    ----------
    workers : int or None
        How many at once; as many as processors where None.
    """
    size = workers or os.cpu_count() or 1
    return Processes(size) if size > 1 else Here()
