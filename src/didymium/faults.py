"""Faults: what is wrong, where it stands, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from didymium.messages import _


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input.

    Parameters
    ----------
    file : str
        File that it stands in.
    row : str
        Line number of the file, or the name of the row; empty where the whole file is meant.
    field : str
        Column; empty where the whole row is meant.
    fault : str
        What is wrong.
    fix : str
        What to do about it.
    """

    file: str
    row: str
    field: str
    fault: str
    fix: str

    def line(self) -> str:
        """Return the fault as one line of text."""
        place = ", ".join(part for part in (self.file, self.row and _("row {}").format(self.row), self.field) if part)
        return f"{place}: {self.fault} -> {self.fix}"


class DidymiumError(Exception):
    """Something a user can mend. The message is one line that says how."""


class CaseError(DidymiumError):
    """An input that is refused, with every fault found.

    Parameters
    ----------
    faults : sequence of Fault
        All faults, in file order.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = list(faults)
        super().__init__(_("{count} faults").format(count=len(self.faults)) + "\n" + render(self.faults))


class SolverError(DidymiumError):
    """A program that was not solved to the accuracy promised. No number of it is used."""


def render(faults: Iterable[Fault]) -> str:
    """Return one line per fault."""
    return "\n".join(fault.line() for fault in faults)


def single(file: str, row: str, field: str, fault: str, fix: str) -> CaseError:
    """Return the error for one fault."""
    return CaseError([Fault(file, row, field, fault, fix)])
