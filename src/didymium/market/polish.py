"""From the answer of the tangents to the optimum of the curves themselves: Newton on what binds.

Tangents find which constraints bind; they then come nearer by a tangent a pass, and their prices are the last to settle
(an objective off by ``tau p0 q0`` leaves a price off by ``sqrt(2 tau / |e|)``). With the curves in place of their
tangents the program, as a minimisation, is

``min c'v + sum_k w_k f_k(v_k)``, ``l <= v <= u``, ``L <= A v <= U``,

``w_k f_k`` convex. Let ``F`` be the columns strictly between their bounds and ``E`` the rows at a bound ``b`` with dual
``y``. Where nothing else binds, the optimum solves

``c_F + w f'(v_F) - A_EF' y = 0``, ``A_E v = b``,

and Newton's step from ``(v, y)`` is ``[H A_EF'; A_EF 0] [dv; -dy] = [-r; b - A_E v]`` with ``H = diag(w f''(v))`` and
``r`` the left side of the first line. ``F`` and ``E`` start as the basis of the last linear program. A basis makes this
matrix regular: ``A_EF`` has full row rank, and ``H`` is above zero in the columns that tangents alone held.

A step goes as far as the first bound on its way, which then joins what binds (a primal active set method). Where Newton
has arrived, the bound whose dual has the most wrong sign lets go. The rank of ``A_EF`` survives both; where ``H`` does
not bend in the direction that was let go, a small proximal term makes the step long and finite. The problem is convex,
so a point where no dual has a wrong sign is the optimum, whatever set it was reached by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import highspy
import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from didymium.market.checks import violations, worst
from didymium.market.curves import Array

if TYPE_CHECKING:
    from didymium.market.solve import Raw
    from didymium.market.tangents import Bend, Tangents

STEPS = 100
"""Newton steps, each with a change of the set of what binds at most, after which the answer of the tangents stays."""

TINY = 1e-14
"""Moves below this are none."""

EXACT = 1e-11
"""Residual at which Newton stops, relative to the terms that it is a difference of."""

CLEAR = 1e-10
"""By how much a bound must be missed, or a dual have the wrong sign, to change the set: relative, as in verify."""

ACCEPTED = 1e-8
"""Largest violation of a polished answer, relative as in verify; one that is worse is not used."""

PROXIMAL = 1e-10
"""Of the largest entry of ``H``: the proximal term; the next step takes its effect out again."""

SLIGHT = 1e-3
"""Of the smallest entry of ``H`` that bends at all: most that the proximal term may be. A market of megatonnes bends
1e10 times less than one of tonnes, and a larger term would let it come nearer by a few per cent a step."""


class Polished(NamedTuple):
    """Columns, which rows are no tangents, and the duals of these, at the optimum of the curves."""

    primal: Array
    own_rows: np.ndarray
    dual: Array
    changes: int
    steps: int


class _Program:
    """The program inside the solver as a minimisation, its tangents replaced by the curves."""

    def __init__(self, tangents: Tangents) -> None:
        program, basis = tangents.instance.stated, tangents.instance.highs.getBasis()
        self.bends: list[Bend] = tangents.bends
        self.sign = -1.0  # the program maximises
        cost, matrix = self.sign * program.cost, sp.csr_matrix(program.matrix)
        self.left = np.zeros(len(cost), dtype=bool)
        for bend in self.bends:
            self.left[bend.left.ravel()] = True
        # Tangents are the rows that hold a column which a curve bounds; nothing else does.
        self.own_rows = np.asarray(abs(matrix) @ self.left.astype(float) == 0).ravel()
        self.columns = ~self.left
        self.matrix = matrix[self.own_rows][:, self.columns]
        self.size = abs(self.matrix)
        place = np.cumsum(self.columns) - 1
        self.at = [place[bend.right.ravel()] for bend in self.bends]
        self.weight = [cost[bend.left.ravel()] for bend in self.bends]
        self.cost = cost[self.columns]
        self.low, self.high = program.lower[self.columns], program.upper[self.columns]
        self.row_low, self.row_high = program.low[self.own_rows], program.high[self.own_rows]
        basic = int(highspy.HighsBasisStatus.kBasic)
        self.basic_columns = np.array([int(s) == basic for s in basis.col_status])[self.columns]
        self.basic_rows = np.array([int(s) == basic for s in basis.row_status])[self.own_rows]

    def derivatives(self, v: Array) -> tuple[Array, Array]:
        """Return ``c + w f'(v)`` and ``w f''(v)``; the curve goes on straight where ``v`` is too small to read it."""
        slope, second = self.cost.copy(), np.zeros_like(self.cost)
        for bend, at, weight in zip(self.bends, self.at, self.weight, strict=True):
            wanted = v[at].reshape(bend.right.shape)
            point = np.maximum(wanted, bend.least)
            second[at] = weight * bend.second(point).ravel()
            slope[at] += weight * bend.slope(point).ravel() + second[at] * (wanted - point).ravel()
        return slope, second

    def reach(self, v: Array, dv: Array) -> float:
        """Return the share of a step after which some quantity on a curve has lost nine tenths: no farther at once."""
        share = 1.0
        for bend, at in zip(self.bends, self.at, strict=True):
            if bend.signed:
                continue
            down = (dv[at] < 0) & (v[at] > 1e-6 * bend.start[-1].ravel())
            with np.errstate(over="ignore"):
                share = min(share, float(np.min(0.9 * v[at][down] / -dv[at][down], initial=1.0)))
        return share


def polished(tangents: Tangents, raw: Raw) -> Raw | None:
    """Return an answer that lies on the curves, or None where there is none better than ``raw``.

    The tangents at the polished point go into the instance, so that the answer is an optimum of the program inside the
    solver too, and passes the same checks: the tangent that touches carries the weight of its column as dual, the
    others none.

    Parameters
    ----------
    tangents : Tangents
        The curves, and the instance that holds their tangents.
    raw : Raw
        The instance's last answer.
    """
    found = polish(tangents, raw.primal, raw.dual)
    if found is None:
        return None
    highs = tangents.instance.highs
    before = highs.getNumRow()
    tangents.add(found.primal, everywhere=True)
    program, cost = tangents.instance.stated, tangents.instance.stated.cost
    dual = np.zeros(highs.getNumRow())
    dual[:before][found.own_rows] = found.dual
    dual[before:] = np.concatenate([cost[bend.left.ravel()] for bend in tangents.bends])
    reduced = cost - program.matrix.T @ dual
    check = violations(program, found.primal, dual, reduced, whole=False)
    if not worst(check)[1] <= ACCEPTED:
        tangents.instance.drop_rows(before)
        return None
    facts = raw.facts | {"rows": highs.getNumRow(), "check": check, "gap": check["slackness"],
                         "polish": {"changes": found.changes, "steps": found.steps}}  # fmt: skip
    return raw._replace(objective=float(cost @ found.primal), primal=found.primal, dual=dual, reduced=reduced,
                        facts=facts)  # fmt: skip


def polish(tangents: Tangents, primal: Array, dual: Array) -> Polished | None:
    """Return the optimum of the curves near an answer of the tangents, or None where no set of what binds is found.

    Parameters
    ----------
    tangents : Tangents
        The curves, and the instance that holds their tangents and the basis of the last solve.
    primal, dual : array
        Its columns and row duals, as the solver numbers them.
    """
    p = _Program(tangents)
    v, y = primal[p.columns].copy(), p.sign * dual[p.own_rows]
    low, high = np.concatenate([p.low, p.row_low]), np.concatenate([p.high, p.row_high])
    at = np.concatenate([v, p.matrix @ v])
    # Of what stands at a bound: which of the two. Everything else is loose: columns that move, rows that have room.
    upper = np.abs(high - at) < np.abs(at - low)
    loose = np.concatenate([p.basic_columns, p.basic_rows & (p.row_low < p.row_high)])
    loose |= np.isinf(np.where(upper, high, low))
    columns = len(v)
    size = CLEAR * (1.0 + 1e-4 * float(np.max(np.abs(v), initial=0.0)))
    steps, changes = 0, 0
    while steps < STEPS and changes < STEPS:
        sides = np.where(upper, high, low)
        v = np.where(loose[:columns], v, sides[:columns])
        y = np.where(loose[columns:], 0.0, y)
        step = _step(p, v, y, loose, sides[columns:])
        if step is None:
            return None
        dv, dy, off = step
        if off < EXACT:
            slope, _second = p.derivatives(v)
            reduced = np.concatenate([slope - p.matrix.T @ y, y])
            scale = np.concatenate([1.0 + np.abs(slope) + p.size.T @ np.abs(y), 1.0 + np.abs(y)])
            wrong = np.where(loose | (low == high), 0.0, np.where(upper, reduced, -reduced) / scale)
            if wrong.max(initial=0.0) <= CLEAR:
                return _whole(p, v, y, changes, steps)
            loose[np.argmax(wrong)] = True
            changes += 1
            continue
        steps += 1
        at, move = np.concatenate([v, p.matrix @ v]), np.concatenate([dv, p.matrix @ dv])
        down, up = loose & (move < -TINY), loose & (move > TINY)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            room = np.where(down, (low - size - at) / move, np.where(up, (high + size - at) / move, np.inf))
        room = np.maximum(room, 0.0)
        first = int(np.argmin(room)) if len(room) else 0
        share = min(1.0, p.reach(v, dv))
        if len(room) and room[first] < share:
            share = float(room[first])
            loose[first], upper[first] = False, bool(up[first])
            changes += 1
        v, y = v + share * dv, y + share * dy
    return None


def _whole(p: _Program, v: Array, y: Array, changes: int, steps: int) -> Polished:
    """Return the answer with the columns that the curves bound."""
    whole = np.zeros(len(p.columns))
    whole[p.columns] = np.clip(v, p.low, p.high)
    for bend in p.bends:
        whole[bend.left] = bend.value(whole[bend.right])
    return Polished(whole, p.own_rows, p.sign * y, changes, steps)


def _step(p: _Program, v: Array, y: Array, loose: np.ndarray, sides: Array) -> tuple[Array, Array, float] | None:
    """Return Newton's step ``dv``, ``dy``, and how far the point is from meeting both equations, relative."""
    columns = len(v)
    inner, held = np.nonzero(loose[:columns])[0], np.nonzero(~loose[columns:])[0]
    slope, second = p.derivatives(v)
    rows, row_size = p.matrix[held], p.size[held]
    block = rows[:, inner]
    left = block.T @ y[held] - slope[inner]
    missing = sides[held] - rows @ v
    scale = 1.0 + np.abs(slope[inner]) + row_size[:, inner].T @ np.abs(y[held])
    row_scale = 1.0 + row_size @ np.abs(v)
    off = max(np.max(np.abs(left) / scale, initial=0.0), np.max(np.abs(missing) / row_scale, initial=0.0))
    if not np.isfinite(off):
        return None
    dv, dy = np.zeros(columns), np.zeros(len(y))
    if off < EXACT:
        return dv, dy, float(off)
    second = second[inner]
    bent = second[second > 0]
    term = PROXIMAL * (1.0 + float(np.max(bent, initial=0.0)))
    term = min(term, SLIGHT * float(np.min(bent, initial=np.inf)))
    below = sp.csr_matrix(sp.diags(np.full(len(held), -PROXIMAL)))
    matrix = sp.bmat([[sp.csr_matrix(sp.diags(second + term)), block.T.tocsr()], [block, below]], format="csc")
    try:
        found = splu(sp.csc_matrix(matrix)).solve(np.concatenate([left, missing]))
    except RuntimeError:
        return None
    if not np.isfinite(found).all():
        return None
    dv[inner], dy[held] = found[: len(inner)], -found[len(inner) :]
    return dv, dy, float(off)
