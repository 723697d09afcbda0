"""The whole tree as one program: quicker than the pieces where it is small, and what they are tested against."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from didymium.market.options import Options
from didymium.market.program import build
from didymium.market.solve import Instance
from didymium.plan.recourse import Decision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from didymium.market.solve import Solution
    from didymium.plan.desk import Desk

SMALL = 20_000
"""Columns up to which the whole program is solved at once."""


def size(desk: Desk) -> int:
    """Return about how many columns the whole program has."""
    return sum(len(stated.cost) * len(stated.piece.copies) for stated in desk.pieces.stated)


def whole_options(desk: Desk, who: Sequence[str], weight: float) -> Options:
    """Return what the whole program is built with: a coalition's projects, stocks and money."""
    from didymium.plan.desk import PURSE

    allowed = desk.allowed(who)
    return replace(
        desk.options,
        projects=tuple(x for x, ok in zip(desk.projects, allowed, strict=True) if ok or not x.choose),
        programmes=tuple(x for x in desk.programmes if x.market.split("|")[1] in who),
        purses={PURSE: desk.money(who)},
        use_weight=dict.fromkeys(who, weight),
    )


def solve_whole(desk: Desk, who: Sequence[str], weight: float, gap: float = 0.0) -> Solution:
    """Return the optimum of the whole program for a coalition; ``gap`` in kUSD. Risk and targets are not in it."""
    instance = Instance(build(desk.case, desk.tree, whole_options(desk, who, weight), desk.market))
    instance.set_option("mip_rel_gap", 0.0)
    instance.set_option("mip_abs_gap", max(gap, 1e-6))
    return instance.solve()


def decision_of(desk: Desk, solution: Solution) -> Decision:
    """Return the decision in a solution of the whole program."""
    build_of = solution.primal["build"].to_series().to_dict() if "build" in solution.primal else {}
    shares = np.array([float(build_of.get(x.label, 0.0)) for x in desk.projects])
    whole = np.array([x.whole for x in desk.projects], dtype=bool)
    shares = np.clip(np.where(whole, np.round(shares), shares), 0.0, 1.0)
    stock = np.zeros((len(desk.pieces.before), len(desk.programmes)))
    if desk.programmes and "stock" in solution.primal:
        level = solution.frame("stock")
        for h, programme in enumerate(desk.programmes):
            row = f"programme|{programme.market}"
            if row in level.index:
                stock[:, h] = np.maximum(level.loc[row].to_numpy(float)[desk.pieces.before], 0.0)
    return Decision(shares, stock, np.zeros(0))
