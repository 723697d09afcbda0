"""Every step of a search on disk, so that one that was cut short goes on where it stopped."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from didymium.faults import DidymiumError
from didymium.messages import _
from didymium.plan.recourse import Decision, Worth

FORMAT = 3
"""Raised when what a step means changes: older steps are then not used."""


class Checkpoint:
    """A folder with a file for each step.

    Parameters
    ----------
    folder : Path
        Where.
    identity : str
        What the search is about: another question may not go on from here.

    Raises
    ------
    DidymiumError
        The folder holds the steps of another question.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        mark, digest = self.folder / "question", hashlib.sha256(identity.encode()).hexdigest()
        if not mark.exists():
            _write(mark, digest.encode())
        elif mark.read_text("utf-8") != digest:
            raise DidymiumError(
                _("{folder} holds the steps of another plan: another case, scenarios, terms or version "
                  "-> name another folder, or empty it").format(folder=folder)
            )  # fmt: skip
        self.count = 0

    def steps(self) -> Iterator[tuple[Decision, dict[int, Worth]]]:
        """Return the steps that are there, in order."""
        while (path := self._path(self.count)).exists():
            with np.load(path) as held:
                sizes = held["sizes"]
                decision = Decision(held["build"], held["stock"], held["excess"], float(held["at_risk"]))
                flat, at = held["slopes"], 0
                worths = {}
                for piece, value, iterations, *lengths in zip(
                    held["pieces"], held["values"], held["iterations"], *sizes.T, strict=True
                ):
                    parts = []
                    for length in lengths:
                        parts.append(flat[at : at + length])
                        at += length
                    build, first, final, excess = parts
                    worths[int(piece)] = Worth(float(value), build, first, final, excess, int(iterations))
            self.count += 1
            yield decision, worths

    def add(self, decision: Decision, worths: Mapping[int, Worth]) -> None:
        """Keep a step: the file is there in whole or not at all."""
        slopes = [(w.build, w.first, w.final, w.excess) for w in worths.values()]
        part = self._path(self.count).with_suffix(".part")
        with part.open("wb") as file:
            np.savez(
                file, build=decision.build, stock=decision.stock, excess=decision.excess,
                at_risk=np.array(decision.at_risk), pieces=np.array(list(worths)),
                values=np.array([w.value for w in worths.values()]),
                iterations=np.array([w.iterations for w in worths.values()]),
                sizes=np.array([[len(each) for each in parts] for parts in slopes]),
                slopes=np.concatenate([each for parts in slopes for each in parts]),
            )  # fmt: skip
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self._path(self.count))
        self.count += 1

    def _path(self, at: int) -> Path:
        return self.folder / f"step-{at:05d}.npz"


def _write(path: Path, data: bytes) -> None:
    part = path.with_suffix(".part")
    part.write_bytes(data)
    os.replace(part, path)
