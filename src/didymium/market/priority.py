"""Rationing by priority: what can be reserved is found out first, class by class; prices then clear the rest."""

from __future__ import annotations

import numpy as np

from didymium.market.cross import apart
from didymium.market.rules import priority_classes
from didymium.market.solve import Instance, Solution

FULL = 0.99
"""Share of what is wanted that counts as served in full: the edge of a demand segment."""

SLACK = 1e-6
"""Share of what was found that is not reserved, so that the reservation can be kept to the solver's tolerance."""


def ration(instance: Instance, unrationed: Solution) -> Solution:
    """Serve the participants' first priorities first in the first node of a program, then clear the market.

    One program per class finds the most that the class can be given beside what the classes before it have been given.
    That quantity is reserved, and the market clears around it: no weight enters the objective, so the prices are
    those of the market that is left.

    Parameters
    ----------
    instance : Instance
        A program built with ``rationing="priority"``.
    unrationed : Solution
        Its solution by price.

    Returns
    -------
    Solution
        The same one where no measure cuts a participant in the first node.
    """
    program = instance.program
    p = program.parts
    region = p.network.markets["region"].isin(p.case.participants).to_numpy()
    if "reserved" not in program.model.rows or not p.conditions.cut[region, 0].any():
        return unrationed
    own = instance.stated.cost.copy()
    block = program.model.columns["served_segment"].positions()
    full = np.nonzero(p.options.demand_grid[1:] <= FULL)[0]
    alone = apart(p, "demand")
    classes = priority_classes(p)
    reserved = np.zeros(len(classes))
    for place, members in enumerate(classes.values()):
        wish = np.zeros_like(own)
        wish[block[members[alone]][:, full, 0]] = 1.0
        instance.aim(wish)
        reserved[place] = (1.0 - SLACK) * max(0.0, float(instance.run().objective))
        instance.upper_side("reserved", -reserved)
    instance.aim(own)
    return instance.solve()
