"""What two rows that say the same are worth together: the price of a market whose whole output leaves it.

Where nothing arrives and everything that is made leaves, the balance (``output - departures = 0``) and the law against
transit (``departures <= output``) are one row twice, and their duals ``-p`` and ``mu`` may be split in any way that
keeps ``p + mu``: the solver's split is arbitrary. The price is the highest of them, ``p + delta`` with

``delta = min(mu, min_j -d_j / b_j)`` over the columns ``j`` that bring the good in without making it (arrivals, stock),

``b_j`` their coefficient in the balance and ``d_j`` their reduced cost: what they would have to be paid to come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from didymium.market.curves import Array

if TYPE_CHECKING:
    from didymium.market.solve import Solution

SLIGHT = 1e-9
"""Duals below this are none."""


def split_off(solution: Solution) -> Array:
    """Return by how much each balance row's dual falls when the market is worth as much as it can be.

    Parameters
    ----------
    solution : Solution
        A verified optimum.

    Returns
    -------
    array, markets x nodes
        ``delta``, weighted as the duals are; 0 where the split is not arbitrary.
    """
    stated, model = solution.instance.stated, solution.instance.program.model
    balance = model.rows["balance"]
    found = np.zeros(balance.shape)
    if "no_transit" not in model.rows:
        return found
    transit = model.rows["no_transit"]
    place = balance.coords[0].get_indexer(transit.coords[0])
    held = np.maximum(solution.raw.dual[transit.positions()], 0.0)
    matrix = stated.matrix.tocsr()
    room = -solution.raw.reduced
    for at, node in np.argwhere(held > SLIGHT):
        row = matrix[[int(balance.positions()[place[at], node])]]
        own = set(matrix[[int(transit.positions()[at, node])]].indices.tolist())
        brings = (row.data > 0) & np.array([column not in own for column in row.indices], dtype=bool)
        columns = row.indices[brings]
        may = stated.upper[columns] > stated.lower[columns]
        least = np.min(room[columns[may]] / row.data[brings][may], initial=np.inf)
        found[place[at], node] = min(held[at, node], max(0.0, float(least)))
    return found
