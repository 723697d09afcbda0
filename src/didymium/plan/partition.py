"""Where the tree falls apart: single calm years, and each cut with its recovery.

A node at which working stocks are back at rest hands nothing on but strategic stock, whose level is a decision. So the
tree falls apart there, and what follows a cut is the same whatever the cut was: such pieces are solved once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.market.tree import Tree

if TYPE_CHECKING:
    from didymium.market.options import Options
    from didymium.plan.unfold import Unfolded

BEFORE, WINDOW, AFTER = "before", "window", "after"
"""A calm node; a cut and the recovery from it; a calm node after one."""


@dataclass(frozen=True)
class Piece:
    """Nodes that hang together.

    Parameters
    ----------
    kind : str
        before, window or after.
    nodes : tuple of int
        Nodes of the tree, parents first.
    copies : tuple of tuple of int
        Every set of nodes that this piece stands for; ``nodes`` first.
    probability : float
        Of all copies.
    above : int
        Node whose strategic stocks it begins with; -1: those of the start.
    exits : tuple of int
        Its nodes where it ends.
    """

    kind: str
    nodes: tuple[int, ...]
    copies: tuple[tuple[int, ...], ...]
    probability: float
    above: int
    exits: tuple[int, ...]


def cut_up(unfolded: Unfolded, options: Options) -> list[Piece]:
    """Return the pieces of a tree; equal ones after a cut are joined."""
    tree = unfolded.tree
    parent, rested = tree.nodes["parent"].to_numpy(int), tree.rested()
    probability = tree.nodes["probability"].to_numpy(float)
    groups: dict[int, list[int]] = {}
    root_of = np.empty(len(tree), dtype=int)
    for node in range(len(tree)):
        root_of[node] = node if rested[node] else root_of[parent[node]]
        groups.setdefault(int(root_of[node]), []).append(node)
    dates, above = tree.dates(), set(parent.tolist())
    seen = [frozenset(x.nodes) if x.nodes is not None else None for x in options.projects]
    joined: dict[tuple[object, ...], list[list[int]]] = {}
    for root, nodes in groups.items():
        kind = WINDOW if unfolded.cut[nodes].any() else AFTER if unfolded.hit[root] else BEFORE
        key: tuple[object, ...] = (root,)
        if kind == AFTER and len(nodes) == 1:
            key = (*dates[root], tuple(at for at, mine in enumerate(seen) if mine is None or root in mine),
                   root in above)  # fmt: skip
        joined.setdefault((kind, *key), []).append(nodes)
    pieces = []
    for told, copies in joined.items():
        kind = str(told[0])
        nodes = copies[0]
        goes_on = {int(parent[n]) for n in nodes}
        exits = tuple(n for n in nodes if n not in goes_on)
        share = float(sum(probability[each[0]] for each in copies))
        pieces.append(Piece(kind, tuple(nodes), tuple(map(tuple, copies)), share, int(parent[nodes[0]]), exits))
    return pieces


def forest(tree: Tree, pieces: Sequence[Piece]) -> Tree:
    """Return the trees of some pieces side by side: each begins anew, and its first node is certain.

    Parameters
    ----------
    tree : Tree
        The whole tree.
    pieces : sequence of Piece
        Pieces of it; their nodes follow each other in the result.
    """
    nodes = np.array([node for piece in pieces for node in piece.nodes])
    frame = tree.nodes.iloc[nodes].copy()
    above: list[int] = []
    chance = np.empty(len(nodes))
    probability = frame["probability"].to_numpy(float)
    for piece in pieces:
        first = len(above)
        place = {node: first + at for at, node in enumerate(piece.nodes)}
        parent = frame["parent"].to_numpy(int)[first : first + len(piece.nodes)]
        above += [place.get(int(node), -1) for node in parent]
        own = slice(first, len(above))
        chance[own] = probability[own] / probability[first] if probability[first] > 0 else 1.0
    frame["parent"], frame["probability"] = above, chance
    frame["open"] = np.isin(nodes, tree.nodes["parent"].to_numpy())
    frame.index = pd.RangeIndex(len(frame), name="node")
    return Tree(frame, tuple(tree.scenarios[node] for node in nodes))
