"""Outcomes by story: what each way through the pieces brings, and the risk in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from didymium.faults import SolverError
from didymium.messages import _
from didymium.plan.recourse import TAIL, Decision, Job, Worth
from didymium.plan.task import UNIT

if TYPE_CHECKING:
    from didymium.plan.pieces import Pieces
    from didymium.plan.task import Task

Values = npt.NDArray[np.float64]


class Outcomes:
    """The ways of the stories through the pieces.

    Parameters
    ----------
    pieces : Pieces
        The pieces.
    found : sequence of Job
        The same as jobs.
    task : Task
        What is asked.
    base : array
        What doing nothing is worth in each piece, kUSD.
    story : int, optional
        The only story that may happen.
    stand_ins : array, optional
        Probability by piece where some stand for the others, which then are not asked; nobody may mind risk.

    Attributes
    ----------
    paths : list of list of int
        Pieces that each story passes.
    share : array
        Probability of each story.
    probability : array
        Of each piece.
    charge, path_charge : array
        Capital written off for each project, expected and by story, MUSD.
    several : array of bool
        Pieces that end in several ways and are told what each adds to the worst outcomes.
    plain : list of int
        Stories that pass no such piece.
    asked : list of int
        Pieces whose worth counts.
    best : float
        What the best story of doing nothing is worth, kUSD: losses are counted from there.
    split_up : list of int
        Pieces that end in several ways, of those whose worth counts.
    """

    def __init__(
        self,
        pieces: Pieces,
        found: Sequence[Job],
        task: Task,
        base: Values,
        story: int | None = None,
        stand_ins: Values | None = None,
    ) -> None:
        self.pieces, self.jobs, self.base = pieces, found, base
        unfolded = pieces.unfolded
        tree = unfolded.tree
        self.nodes = unfolded.paths
        node_piece = np.empty(len(tree), dtype=int)
        for at, stated in enumerate(pieces.stated):
            for copy in stated.piece.copies:
                node_piece[list(copy)] = at
        self.paths = [list(dict.fromkeys(node_piece[path].tolist())) for path in unfolded.paths]
        self.share = np.array([story.probability for story in unfolded.stories])
        self.path_charge = np.array([task.charge[:, path].sum(axis=1) for path in unfolded.paths]) / UNIT
        self.probability = np.array([s.piece.probability for s in pieces.stated])
        self.charge = task.charge @ tree.nodes["probability"].to_numpy(float) / UNIT
        self.asked = list(range(len(found)))
        if story is not None:
            self.asked = self.paths[story]
            self.probability = np.bincount(self.asked, minlength=len(found)).astype(float)
            self.charge, self.path_charge = self.path_charge[story], self.path_charge[[story]]
            self.paths, self.nodes, self.share = [self.asked], [self.nodes[story]], np.ones(1)
        if stand_ins is not None:
            self.probability, self.asked = stand_ins, np.nonzero(stand_ins)[0].tolist()
        self.idle = np.array([base[path].sum() for path in self.paths])
        self.several = np.array([len(job.excess) > 0 for job in found])
        self.split_up = [at for at in self.asked if self.several[at]]
        self.plain = [s for s, path in enumerate(self.paths) if not any(self.several[at] for at in path)]
        self.best = float(self.idle[self.plain or list(range(len(self.paths)))].max())

    def split(self, story: int) -> tuple[int, int]:
        """Return the piece on a story's way that ends in several ways, and by which of them the story leaves it.

        Raises
        ------
        SolverError
            There are two.
        """
        several = [at for at in self.paths[story] if self.several[at]]
        if len(several) > 1:
            raise SolverError(_("a story passes two cuts that may last: risk is not counted on such a tree"))
        path, exits = set(self.nodes[story]), self.pieces.stated[several[0]].piece.exits
        return several[0], next(at for at, node in enumerate(exits) if node in path)

    def losses(self, decision: Decision, worths: Mapping[int, Worth]) -> Values:
        """Return the loss on each story's path, MUSD: against the best path of doing nothing, capital paid.

        Where a piece ends in several ways its part is left out.
        """
        worth = np.zeros(len(self.jobs))
        told = [at for at in self.asked if not self.several[at]]
        worth[told] = [worths[at].value for at in told]
        return np.array([
            (self.best - worth[path].sum()) / UNIT + float(self.path_charge[s] @ decision.build)
            for s, path in enumerate(self.paths)
        ])  # fmt: skip

    def elsewhere(self, decision: Decision, worths: Mapping[int, Worth]) -> Decision:
        """Return the decision with the losses that the stories bring to the pieces that end in several ways."""
        losses = self.losses(decision, worths)
        excess = decision.excess.copy()
        plain = set(self.plain)
        for s in range(len(self.paths)):
            if s not in plain:
                at, way = self.split(s)
                excess[self.jobs[at].exits_from + way] = (losses[s] - decision.at_risk) * UNIT
        return decision._replace(excess=excess)

    def value(self, decision: Decision, worths: Mapping[int, Worth], risk: float) -> float:
        """``(1 - r) E[gain] - r CVaR(loss)``, MUSD: gain over doing nothing, loss against its best story.

        Where a piece ends in several ways this is the functional at the decision's own value at risk, which no other
        value at risk of it need reach: :func:`didymium.plan.settled.settled` finds the best one.
        """
        gained = np.zeros(len(self.jobs))
        gained[self.asked] = [worths[at].value - self.base[at] for at in self.asked]
        gained /= UNIT
        expected = float(self.probability[~self.several] @ gained[~self.several]) - float(self.charge @ decision.build)
        if risk == 0.0:
            return expected
        losses = self.losses(decision, worths)
        if not self.several.any():
            return (1 - risk) * expected - risk * cvar(losses, self.share)
        beyond = np.maximum(losses[self.plain] - decision.at_risk, 0.0)
        return (
            (1 - risk) * expected
            + float(self.probability[self.several] @ gained[self.several])
            - risk * (decision.at_risk + float(self.share[self.plain] @ beyond) / TAIL)
        )

    def rise(self, decision: Decision, worths: Mapping[int, Worth], risk: float) -> float:
        """``-r (1 - sum_plain p_s [l_s > v] / a) - sum_k p_k sum_e dV_k/dc_e``: what a higher value at risk ``v`` adds.

        A supergradient of :meth:`value`, which is concave in ``v``: the loss elsewhere of an exit, ``c_e = l_e - v``,
        falls as ``v`` rises.
        """
        beyond = self.losses(decision, worths)[self.plain] > decision.at_risk
        within = sum(self.probability[at] * float(worths[at].excess.sum()) for at in self.split_up)
        return float(-risk * (1.0 - self.share[self.plain] @ beyond / TAIL) - within)


def cvar(losses: Values, share: Values, tail: float = TAIL) -> float:
    """``min_v v + sum_s p_s max(0, l_s - v) / a``: mean of the worst share ``a``.

    Rockafellar and Uryasev 2000 (Journal of Risk 2, 21-41), eq. 4.
    """
    order = np.argsort(losses)[::-1]
    weight = np.minimum(share[order], np.maximum(0.0, tail - np.cumsum(share[order]) + share[order]))
    return float((weight * losses[order]).sum() / tail)
