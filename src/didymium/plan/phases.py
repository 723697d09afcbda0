"""Where a plan stands, from the first market to the last table: which phase, and how much of it is done."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_WATCH: ContextVar[Watch | None] = ContextVar("watch", default=None)
"""Who is told by whatever runs below: programs within programs, such as another plan's search, tell it too."""


@dataclass(frozen=True)
class Phase:
    """How far a plan has come.

    Parameters
    ----------
    name : str
        What is being done.
    at, of : int
        Position of the phase, and how many there are.
    done, total : int
        Things done in it, and in all; total 0: nobody can say how many.
    solved : int
        Markets and master problems solved in it: it goes on even where nothing was finished yet.
    seconds : float
        Time spent in the phase.
    """

    name: str
    at: int
    of: int
    done: int = 0
    total: int = 0
    solved: int = 0
    seconds: float = 0.0

    @property
    def left(self) -> float:
        """Return the seconds that the phase still takes if the rest takes as long as what is done; NaN: who knows."""
        if not 0 < self.done <= self.total:
            return float("nan")
        return self.seconds / self.done * (self.total - self.done)


class Watch:
    """Tells somebody about every phase.

    Parameters
    ----------
    tell : callable
        Told.
    """

    def __init__(self, tell: Callable[[Phase], None]) -> None:
        self.tell = tell
        self.now = Phase("", 0, 0)
        self.begun = time.perf_counter()

    def enter(self, name: str, total: int) -> None:
        """Begin the next phase."""
        self.begun = time.perf_counter()
        self.now = Phase(name, self.now.at + 1, self.now.of, total=total)
        self.tell(self.now)

    def more(self, done: int, solved: int) -> None:
        """Count what was done in the phase."""
        seconds = time.perf_counter() - self.begun
        self.now = replace(self.now, done=self.now.done + done, solved=self.now.solved + solved, seconds=seconds)
        self.tell(self.now)


def watched(verb: Callable[P, R]) -> Callable[P, R]:
    """Let a verb tell the callable that it is given as ``watch`` about its phases."""

    @functools.wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        tell: Any = kwargs.get("watch")
        token = _WATCH.set(None if tell is None else Watch(tell))
        try:
            return verb(*args, **kwargs)
        finally:
            _WATCH.reset(token)

    return run


def expect(count: int) -> None:
    """Say how many phases there will be."""
    watch = _WATCH.get()
    if watch is not None:
        watch.now = replace(watch.now, of=count)


def enter(name: str, total: int = 0) -> None:
    """Begin the next phase, of so many things; 0: nobody can say how many."""
    watch = _WATCH.get()
    if watch is not None:
        watch.enter(name, total)


def done(count: int = 1) -> None:
    """Count what was finished in the phase."""
    watch = _WATCH.get()
    if watch is not None:
        watch.more(count, 0)


def solved() -> None:
    """Count a market or a master problem that was solved."""
    watch = _WATCH.get()
    if watch is not None:
        watch.more(0, 1)
