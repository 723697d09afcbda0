"""Cross terms: the price of one commodity moves the quantity of another (Takayama and Judge 1964).

End uses, or activities, that cross terms join form a group. Around the base point the group's quantities are

``q = q0 + M (p - p0)``, ``M`` symmetric: own slopes on its diagonal, cross slopes beside it.

Symmetric, so that there is a benefit (or cost) whose slopes are the prices; definite, so that it is concave (convex):

* demand, ``M`` negative definite: ``B(q) = p0'(q - q0) - 1/2 (q - q0)' K (q - q0)`` with ``K = -M^-1``;
* supply, ``M`` positive definite: ``C(x) = c0'(x - x0) + 1/2 (x - x0)' K (x - x0)`` with ``K = M^-1``.

Both are counted from the base point: the constants that would make them zero at zero are left out. With ``K = L L'``
and the free variables ``z = L'(q - q0)`` the square becomes ``1/2 sum z^2``, a sum of curves of one variable each,
which tangents or segments follow as they follow every other curve.

What the separate curves do at their ends has its counterpart. No price above the choke: the group may get some of its
commodities elsewhere at ``choke p0`` (a spare quantity ``s``, and ``z = L'(q + s - q0)``). No marginal cost below zero:
a spare activity costs what its output would and gives nothing. For one member alone both are exactly the floor and the
ceiling of its line. Demand in a group does not stop at a price of zero, though: where throwing a commodity away costs
money its users are paid to take more.

In a node where demand is ``f_i`` times the base quantity, ``M_ij`` is ``sqrt(f_i f_j)`` times that of the base year:
elasticities stay, and so does its definiteness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from didymium.case.network import Network, positions
from didymium.faults import CaseError, Fault
from didymium.market.blocks import Terms
from didymium.market.curves import Array
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.market.base import Base
    from didymium.market.program import Parts

SIDES = ("demand", "supply")

VARIABLE = {"demand": "served", "supply": "activity"}
"""The quantity that a side's groups are made of."""

DEFINITE = 1e-9
"""Smallest eigenvalue of a group, relative to its largest: below it prices do not follow from quantities."""

SQUARE_GRID = np.array([0.01, 0.03, 0.06, 0.1, 0.15, 0.22, 0.3, 0.4, 0.55, 0.75, 1.0, 1.5, 2.5, 4.0])
"""Edges of the segments of ``1/2 z^2`` on either side, as multiples of its reach; the base lies in the middle."""


@dataclass(frozen=True)
class Joint:
    """All groups of a side together.

    Parameters
    ----------
    members : array of int
        Positions of the members among the end uses, or activities.
    names : Index
        Their labels; each has one ``z``.
    factor : array, members x members
        ``L``, block by block lower triangular: ``K = L L'``.
    quantity, price : array
        Base quantity, t/year, and price or marginal cost there, USD/kg.
    most : array
        Price of a spare tonne as a multiple of the base price: the choke; 0 on the supply side.
    """

    members: np.ndarray
    names: pd.Index[Any]
    factor: Array
    quantity: Array
    price: Array
    most: Array

    def reach(self) -> Array:
        """``sqrt(q0' K q0)`` of each member's group: how far ``z`` goes from the base to nothing at all, USD^0.5."""
        square = self.factor @ self.factor.T
        _count, group = sp.csgraph.connected_components(sp.csr_matrix(square), directed=False)
        total = np.bincount(group, self.quantity * (square @ self.quantity))
        return np.asarray(np.sqrt(total)[group])

    def weights(self, scale: Array) -> Array:
        """``L_ik / sqrt(f_i)`` by ``k``, ``i`` and node: what a tonne of ``i`` adds to ``z_k``."""
        shrink = np.divide(1.0, np.sqrt(scale), out=np.zeros_like(scale), where=scale > 0)
        return np.asarray(self.factor.T[:, :, None] * shrink[None, :, :])

    def prices(self, quantity: Array, scale: Array) -> Array:
        """``p = p0 -+ K (q - q0)``: what the group pays (or costs) at the margin, members x nodes; for reading."""
        z = np.einsum("kin,in->kn", self.weights(scale), quantity - self.quantity[:, None] * scale)
        pull = np.einsum("kin,kn->in", self.weights(scale), z)
        return np.asarray(self.price[:, None] - (pull if self.most.any() else -pull))

    def value(self, quantity: Array, scale: Array) -> Array:
        """``1/2 (p0 + p(q)) (q - q0)``: each member's part of ``B(q)``, or ``C(x)``, from the base point, kUSD.

        The parts add up to the group's. Spare quantities are not counted: beyond the choke it is a bound.
        """
        change = quantity - self.quantity[:, None] * scale
        return np.asarray(0.5 * (self.price[:, None] + self.prices(quantity, scale)) * change)


def own_slopes(elasticity: Array, quantity: Array, price: Array) -> Array:
    """``M_ii = e q0 / p0``: t per USD/kg, with the elasticity of the member at its base point."""
    return elasticity * quantity / price


def slopes(own: Array, first: np.ndarray, second: np.ndarray, cross: Array) -> Array:
    """``M``: own slopes on the diagonal, each cross slope in both places."""
    matrix = np.diag(own)
    matrix[first, second] = matrix[second, first] = cross
    return matrix


def factor_of(matrix: Array, sign: float) -> Array | None:
    """``L`` with ``L L' = (sign M)^-1``, or None where ``sign M`` is not positive definite."""
    values = np.linalg.eigvalsh(sign * matrix)
    if not values[0] > DEFINITE * values[-1]:
        return None
    return np.linalg.cholesky(np.linalg.inv(sign * matrix))


def joints(network: Network, base: Base) -> dict[str, Joint]:
    """Return the groups of each side that has cross terms.

    Raises
    ------
    CaseError
        A group whose own slopes do not dominate, with every row of it; a member without a base quantity or price.
    """
    faults: list[Fault] = []
    found = {side: _joint(side, network, base, faults) for side in SIDES}
    if faults:
        raise CaseError(faults)
    return {side: joint for side, joint in found.items() if joint is not None}


def _joint(side: str, network: Network, base: Base, faults: list[Fault]) -> Joint | None:
    rows = network.cross[network.cross["side"].eq(side)]
    if rows.empty:
        return None
    if side == "demand":
        index, quantity = network.uses.index, base.served.to_numpy(float)
        price = base.price.reindex(network.uses["market"]).to_numpy(float)
        elasticity, most = (network.uses[name].to_numpy(float) for name in ("elasticity", "choke"))
        sign = -1.0
    else:
        index, quantity = network.activities.index, base.activity.to_numpy(float)
        price, elasticity = base.cost.to_numpy(float), base.elasticity.to_numpy(float)
        most, sign = np.zeros(len(index)), 1.0
    members = np.unique(positions(index, pd.concat([rows["first"], rows["second"]])))
    names = index[members].rename("joint")
    first, second = positions(names, rows["first"]), positions(names, rows["second"])
    empty = (quantity[members] <= 0) | (price[members] <= 0)
    for at in np.nonzero(empty)[0]:
        line = int(rows["line"].to_numpy()[(first == at) | (second == at)][0])
        what = _("`{label}` has no quantity or no price in the base year: its own slope is unknown")
        fix = _("state both, or remove its cross terms")
        faults.append(Fault("cross_terms.csv", str(line), "slope", what.format(label=names[int(at)]), fix))
    if empty.any():
        return None
    own = own_slopes(elasticity[members], quantity[members], price[members])
    matrix = slopes(own, first, second, rows["slope"].to_numpy(float))
    graph = sp.csr_matrix((np.ones(len(rows)), (first, second)), shape=matrix.shape)
    count, group = sp.csgraph.connected_components(graph, directed=False)
    factor = np.zeros_like(matrix)
    for number in range(count):
        inside = np.nonzero(group == number)[0]
        block = factor_of(matrix[np.ix_(inside, inside)], sign)
        if block is None:
            _not_concave(rows[group[first] == number], own[inside], faults)
        else:
            factor[np.ix_(inside, inside)] = block
    return Joint(members, names, factor, quantity[members], price[members], most[members])


def _not_concave(rows: pd.DataFrame, own: Array, faults: list[Fault]) -> None:
    listed = ", ".join(f"{value:.4g}" for value in own)
    for line in rows["line"]:
        what = _("not concave: the own slopes of the group ({own} t per USD/kg) do not outweigh its cross slopes")
        fix = _("make the cross slopes smaller, or the elasticities larger")
        faults.append(Fault("cross_terms.csv", str(line), "slope", what.format(own=listed), fix))


# In the program


def apart(p: Parts, side: str) -> np.ndarray:
    """Return which end uses, or which activities that run in the base year, have a curve of their own."""
    alone = np.ones(len(p.network.uses), dtype=bool) if side == "demand" else p.base.running().copy()
    if side in p.joint:
        alone[p.joint[side].members] = False
    return alone


def scale_of(p: Parts, side: str) -> Array:
    """``f``: base quantity of a member in the node as a multiple of its quantity in a base year, members x nodes."""
    joint = p.joint[side]
    if side == "demand":
        return np.asarray(p.conditions.demand[joint.members] / joint.quantity[:, None])
    return np.asarray(p.growth_of_supply()[joint.members] * p.tree.years()[None, :])


def importance_of(p: Parts, side: str) -> Array:
    """Return what a kUSD of a member counts in the objective, members x nodes."""
    weight: Array = np.repeat(p.tree.weight()[None, :], len(p.joint[side].members), axis=0)
    if side == "demand":
        regions = p.network.uses["region"].iloc[p.joint[side].members]
        weight = weight * np.array([p.options.use_weight.get(region, 1.0) for region in regions])[:, None]
    return np.asarray(weight)


def add_joint(p: Parts, side: str) -> None:
    """``z[k,n] = sum_i L_ik / sqrt(f_in) (q[i,n] + s[i,n] - q0[i,n])``; with segments ``z = middle + up - down``."""
    joint, scale, add, nodes = p.joint[side], scale_of(p, side), p.model.add_variable, p.tree.index
    names, own = joint.names, p.model.columns[VARIABLE[side]].coords[0][joint.members]
    add(f"{side}_turned", [names, nodes], lower=-np.inf)
    add(f"{side}_spare", [names, nodes])
    weights = joint.weights(scale)
    row, member = np.nonzero(joint.factor.T)
    turned = Terms(p, names)
    turned.add(f"{side}_turned", names)
    turned.add(VARIABLE[side], names[row], -weights[row, member], of=own[member])
    turned.add(f"{side}_spare", names[row], -weights[row, member], of=names[member])
    turned.state(f"{side}_turned", "=", -np.einsum("kin,in->kn", weights, joint.quantity[:, None] * scale))
    if p.options.curves == "tangents":
        add(f"{side}_square", [names, nodes])
        return
    reach = joint.reach()[:, None, None] * np.sqrt(np.max(scale, axis=0))[None, None, :]
    middle = SQUARE_GRID[0] * reach[:, 0, :]
    add(f"{side}_middle", [names, nodes], lower=-middle, upper=middle)
    steps = pd.RangeIndex(len(SQUARE_GRID) - 1, name="step")
    split = Terms(p, names)
    split.add(f"{side}_turned", names)
    split.add(f"{side}_middle", names, -1.0)
    for name, sign in (("up", -1.0), ("down", 1.0)):
        add(f"{side}_{name}", [names, steps, nodes], upper=np.diff(SQUARE_GRID)[None, :, None] * reach)
        split.add(f"{side}_{name}", names, sign)
    split.state(f"{side}_turned_split", "=", 0.0)


def joint_worth(p: Parts, side: str) -> dict[str, np.ndarray]:
    """``p0'(q + s) - choke p0's - 1/2 sum z^2`` of demand, ``-c0'(x + s) - 1/2 sum z^2`` of supply, by node.

    By variable. What the activities themselves cost, ``-c0'x``, stands with those that have no curve.
    """
    joint, importance = p.joint[side], importance_of(p, side)
    price = joint.price[:, None] * importance
    worth = {f"{side}_spare": -price}
    if side == "demand":
        worth["served"] = np.zeros(p.model.columns["served"].shape)
        worth["served"][joint.members] = price
        worth[f"{side}_spare"] = price * (1.0 - (joint.most * p.options.choke_scale)[:, None])
    if p.options.curves == "tangents":
        return worth | {f"{side}_square": -importance}
    reach = joint.reach()[:, None, None] * np.sqrt(np.max(scale_of(p, side), axis=0))[None, None, :]
    middles = 0.5 * (SQUARE_GRID[1:] + SQUARE_GRID[:-1])[None, :, None] * reach  # the average slope of 1/2 z^2
    spent = -middles * importance[:, None, :]
    return worth | {f"{side}_up": spent, f"{side}_down": spent}
