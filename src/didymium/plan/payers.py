"""Who pays: what a plan takes out of its members' purses, node by node, each within its own money.

One rule, for every table: a member pays what only it sponsors and the stock that it holds at home; what several sponsor
they pay in proportion to what each has left; and what a purse does not reach the others pay, in proportion to what they
have left. Capital is paid in full when it is decided, stocks at base prices when they are bought: so the purses' law is
written (:func:`didymium.market.rules.limits`), and no purse is overdrawn where their sum is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from didymium.plan.candidates import Money

if TYPE_CHECKING:
    from didymium.plan.desk import Desk
    from didymium.plan.recourse import Decision

Values = npt.NDArray[np.float64]


ROUNDING = 1e-9
"""Share of an amount, and kUSD, for which nobody else is asked."""


class Bill(NamedTuple):
    """Who pays what of a plan.

    Parameters
    ----------
    build : array, members x projects x nodes
        Share of the capital that each pays, from the node of the decision on; 0 before it and where it is not taken.
    fill : array, members x programmes x nodes
        Share of what is bought in a node.
    held : array, members x programmes x nodes
        Share of what is held at its end: whoever paid for a tonne owns it.
    paid : array, members x nodes
        kUSD taken out of each purse in a node.
    """

    build: Values
    fill: Values
    held: Values
    paid: Values


def bill(desk: Desk, who: Sequence[str], decision: Decision) -> Bill:
    """Return who pays what of a coalition's plan.

    Parameters
    ----------
    desk : Desk
        Decisions and pieces.
    who : sequence of str
        The coalition.
    decision : Decision
        The plan.
    """
    members, tree = desk.members, desk.tree
    count, parent = len(tree), tree.nodes["parent"].to_numpy(int)
    years = [day.year for day in tree.nodes["start"]]
    purses = [desk.purse((m,)) if m in who else Money(0.0, ()) for m in members]
    sponsors = [_places(members, who, desk.by_name[x.facility].sponsors) for x in desk.projects]
    homes = [_places(members, members, (x.market.split("|")[1],)) for x in desk.programmes]
    price = desk.market.base.price[[x.market for x in desk.programmes]].to_numpy(float)
    row = {node: at for at, node in enumerate(desk.pieces.before)}
    taken = [at for at, x in enumerate(desk.projects) if x.choose and decision.build[at] > 0]
    where = {at: None if (own := desk.projects[at].nodes) is None else frozenset(own) for at in taken}
    build = np.zeros((len(members), len(desk.projects), count))
    fill, held = (np.zeros((len(members), len(desk.programmes), count)) for _kind in range(2))
    paid, left = np.zeros((len(members), count)), np.zeros((len(members), count))
    for node in range(count):  # parents first
        above = int(parent[node])
        came = [money.by(years[node]) - (money.by(years[above]) if above >= 0 else 0.0) for money in purses]
        left[:, node] = came
        if above >= 0:
            left[:, node] += left[:, above]
            build[:, :, node], held[:, :, node] = build[:, :, above], held[:, :, above]
        owed: dict[tuple[int, ...], float] = {}
        begun = [at for at in taken if _begins(where[at], node, above)]
        for at in begun:
            cost = desk.projects[at].capex * float(decision.build[at])
            owed[sponsors[at]] = owed.get(sponsors[at], 0.0) + cost
        bought = np.zeros(len(desk.programmes))
        if node in row:
            before = decision.stock[row[above]] if above in row else np.zeros(len(desk.programmes))
            bought = np.maximum(decision.stock[row[node]] - before, 0.0)
            for h in np.nonzero(bought > 0)[0]:
                owed[homes[h]] = owed.get(homes[h], 0.0) + float(price[h] * bought[h])
        shares = split(owed, left[:, node])
        for own, amount in owed.items():
            paid[:, node] += shares[own] * amount
        left[:, node] -= paid[:, node]
        for at in begun:
            build[:, at, node] = shares[sponsors[at]]
        for h in np.nonzero(bought > 0)[0]:
            fill[:, h, node] = shares[homes[h]]
            old = float(decision.stock[row[above], h]) if above in row else 0.0
            held[:, h, node] = (held[:, h, node] * old + fill[:, h, node] * bought[h]) / (old + bought[h])
    return Bill(build, fill, held, paid)


def split(owed: dict[tuple[int, ...], float], left: Values) -> dict[tuple[int, ...], Values]:
    """Return which share of each amount every member pays: by sponsors, in proportion to what is left, then by others.

    Parameters
    ----------
    owed : dict of tuple of int to float
        What is to be paid, by the positions of whoever sponsors it.
    left : array
        What each member has.
    """
    rest = np.maximum(left, 0.0)
    paid = {own: np.zeros(len(left)) for own in owed}
    everybody = tuple(range(len(left)))
    for helps in (False, True):
        for own, amount in sorted(owed.items(), key=lambda each: len(each[0])):
            mine = list(everybody if helps else own)
            due, there = amount - paid[own].sum(), rest[mine].sum()
            if due > ROUNDING * max(amount, 1.0) and there > 0:
                part = np.zeros(len(left))
                part[mine] = rest[mine] * min(1.0, due / there)
                paid[own] += part
                rest -= part
    shares = {}
    for own, amount in owed.items():
        due = amount - paid[own].sum()  # more than all purses hold: rounding, or a plan that nobody can afford
        paid[own][list(own)] += due / len(own)
        shares[own] = paid[own] / amount if amount > ROUNDING else np.isin(everybody, own) / len(own)
    return shares


def _places(members: Sequence[str], who: Sequence[str], sponsors: Sequence[str]) -> tuple[int, ...]:
    """Return the positions of whoever pays first; of the whole coalition where no member sponsors it."""
    own = tuple(at for at, m in enumerate(members) if m in who and m in sponsors)
    return own or tuple(at for at, m in enumerate(members) if m in who)


def _begins(nodes: frozenset[int] | None, node: int, above: int) -> bool:
    """Return whether a project is decided in a node: the first one of its path where it may be."""
    return above < 0 if nodes is None else node in nodes and above not in nodes
