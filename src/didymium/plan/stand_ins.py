"""Which cuts stand for the others while a search is far from its plan.

Of a thousand stories most pieces are cuts of the same goods a month apart, and far from the plan they tell the same. So
a search begins with a few of them, each as likely as those that it stands for, and asks all of them only near the plan
that these few end in (docs/decisions/037). What they tell of their own worth is true in either search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from didymium.plan.partition import WINDOW

if TYPE_CHECKING:
    from didymium.case.scenario import Scenario
    from didymium.plan.pieces import Pieces

Values = npt.NDArray[np.float64]

FEW = 16
"""Cuts that stand for all."""

MANY = 3 * FEW
"""Cuts from which on it pays to begin with a few."""


def stand_ins(pieces: Pieces, few: int = FEW, many: int = MANY) -> Values | None:
    """Return the probability of each piece where a few cuts stand for all; None where there are not many.

    Cuts of the same goods for the same buyers are a row in time, of which every so many-th is kept, another one in each
    row; the others hand their probability to the nearest in their row. Pieces without a cut are cheap, and stay.

    Parameters
    ----------
    pieces : Pieces
        The pieces of a plan.
    few : int
        About how many cuts are kept: at least one of each row.
    many : int
        Cuts from which on any are left out.
    """
    tree = pieces.unfolded.tree
    days = [first.toordinal() for first, _last in tree.dates()]
    rows: dict[str, list[int]] = {}
    cuts = [at for at, stated in enumerate(pieces.stated) if stated.piece.kind == WINDOW]
    if len(cuts) < many:
        return None
    first = {at: pieces.stated[at].piece.nodes[0] for at in cuts}
    for at in sorted(cuts, key=lambda each: days[first[each]]):
        cut = next(node for node in pieces.stated[at].piece.nodes if pieces.unfolded.cut[node])
        rows.setdefault(_what(tree.scenarios[cut]), []).append(at)
    probability = np.array([stated.piece.probability for stated in pieces.stated])
    step = -(-len(cuts) // few)
    for place, row in enumerate(rows.values()):
        kept = [at for n, at in enumerate(row) if (n + place) % step == 0] or [row[len(row) // 2]]
        for at in row:
            nearest = min(kept, key=lambda other: abs(days[first[other]] - days[first[at]]))
            if nearest != at:
                probability[nearest] += probability[at]
                probability[at] = 0.0
    return probability


def _what(scenario: Scenario | None) -> str:
    """Return what a scenario cuts, whenever it does."""
    if scenario is None:
        return ""
    told = [f"{r.kind} {r.controller} {sorted(r.commodities)} {sorted(r.destinations)}" for r in scenario.restrictions]
    told += [o.facility for o in scenario.outages]
    told += [f"{d.end_use} {d.region}" for d in scenario.demand_changes]
    return "; ".join(sorted(told))
