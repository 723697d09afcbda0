"""Which rows cannot hold together: named before anybody sees a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from didymium.faults import CaseError, Fault
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.reconcile.balance import Program
    from didymium.case.reconcile.layout import Layout
    from didymium.case.reconcile.observations import Observations

LEAST = 1e-6
"""Smallest violation and smallest multiplier that count, kt."""


def refuse_contradiction(layout: Layout, observations: Observations, program: Program) -> None:
    """Raise the fault of a base year whose ranges and capacities cannot hold together; return where they can.

    ``min 1's`` subject to ``E v = 0``, ``A v - s <= a``, ``v, s >= 0``. By duality the rows with a multiplier prove the
    contradiction: they are the ones to look at, the violated one and those that hold it.

    Raises
    ------
    CaseError
        One fault per contradicting row.
    """
    from scipy.optimize import linprog

    count, size = program.limits.shape
    # Only ranges and capacities may give way; what a region passes on is a law.
    gives = np.array([kind != "transit" for kind, _at in program.names], dtype=float)
    slack = -sp.diags(gives)
    found: Any = linprog(  # type: ignore[call-overload]
        np.concatenate([np.zeros(size), np.ones(count)]),
        A_ub=sp.hstack([program.limits, slack]),
        b_ub=program.ceilings,
        A_eq=sp.hstack([program.balance, sp.csr_matrix((program.balance.shape[0], count))]),
        b_eq=np.zeros(program.balance.shape[0]),
        bounds=np.column_stack([np.zeros(size + count), np.concatenate([program.high, np.full(count, np.inf)])]),
        method="highs",
    )
    if not found.success or found.fun < LEAST:
        return
    holds = np.nonzero(np.abs(found.ineqlin.marginals) > LEAST)[0]
    faults = [_fault(layout, observations, program.names[at]) for at in holds if program.names[at][0] != "transit"]
    if faults:
        raise CaseError(list(dict.fromkeys(faults)))


def _fault(layout: Layout, observations: Observations, name: tuple[str, int]) -> Fault:
    kind, at = name
    fix = _("widen a range, raise a capacity, or set use to check on the row that is wrong")
    if kind == "facility":
        facility = str(layout.network.facilities.index[at])
        capacity = float(layout.network.facilities["most"].to_numpy(float)[at])
        what = _("capacity of {capacity:,.0f} t contradicts a range of statistics.csv: the base year cannot balance")
        return Fault("facilities.csv", facility, "capacity", what.format(capacity=capacity), fix)
    row = observations.table.to_dict("records")[at]
    what = _("`{label}` cannot be {side} {end:,.4g} t beside the other rows named here: the base year cannot balance")
    side = _("at least") if kind == "low" else _("at most")
    return Fault(
        str(row["file"]), str(row["line"]), kind, what.format(label=row["label"], side=side, end=row[kind]), fix
    )
