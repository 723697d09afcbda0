"""What two rows that say the same are worth together: the price of a market whose whole output leaves it.

Where everything that is made leaves, the balance (``output - departures = 0``) and the law against transit
(``departures <= output``) are one row twice, and their duals ``-p`` and ``mu`` may be split in any way that keeps
``p + mu``: the solver's split is arbitrary. The price there is ``p + mu``, what a tonne of output earns: nobody else
buys. Where some of the good arrives, lies in stock, is used or thrown away, that trade tells the price and there is
no choice. (What others would bid for a tonne that may not leave again can be less: no trade tells it.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from didymium.market.curves import Array

if TYPE_CHECKING:
    from didymium.market.solve import Solution

SLIGHT = 1e-9
"""Duals below this are none."""

TRACE = 1e-6
"""Tonnes below this are none."""


def split_off(solution: Solution) -> Array:
    """Return by how much each balance row's dual falls so that the market has the price that its output earns.

    Parameters
    ----------
    solution : Solution
        A verified optimum.

    Returns
    -------
    array, markets x nodes
        ``mu``, weighted as the duals are; 0 where the split is not arbitrary.
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
    for at, node in np.argwhere(held > SLIGHT):
        row = matrix[[int(balance.positions()[place[at], node])]]
        own = np.isin(row.indices, matrix[[int(transit.positions()[at, node])]].indices)
        if not np.any(np.abs(solution.raw.primal[row.indices[~own]]) > TRACE):
            found[place[at], node] = held[at, node]
    return found
