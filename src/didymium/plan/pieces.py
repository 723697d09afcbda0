"""The tree in pieces that touch each other only through decisions: single calm years, and each cut with its recovery.

A node at which working stocks are back at rest hands nothing on but strategic stock, whose level is a decision. So the
tree falls apart there, and what follows a cut is the same whatever the cut was: such pieces are solved once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from didymium.case.network import positions
from didymium.market.conditions import conditions
from didymium.market.options import Options
from didymium.market.program import Program, build
from didymium.market.stocks import SALVAGE, most_released
from didymium.market.tree import Tree

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.market.blocks import Block
    from didymium.market.prepare import Market
    from didymium.plan.unfold import Unfolded

Values = npt.NDArray[np.float64]

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
    seen = [frozenset(x.nodes) if x.nodes is not None else None for x in options.projects]
    joined: dict[tuple[object, ...], list[list[int]]] = {}
    for root, nodes in groups.items():
        kind = WINDOW if unfolded.cut[nodes].any() else AFTER if unfolded.hit[root] else BEFORE
        key: tuple[object, ...] = (root,)
        if kind == AFTER and len(nodes) == 1:
            start, end = tree.nodes.at[root, "start"], tree.nodes.at[root, "end"]
            key = (start, end, tuple(at for at, mine in enumerate(seen) if mine is None or root in mine),
                   bool(np.isin(root, parent)))  # fmt: skip
        joined.setdefault((kind, *key), []).append(nodes)
    pieces = []
    for told, copies in joined.items():
        kind = str(told[0])
        nodes = copies[0]
        inside = np.isin(parent, nodes)
        exits = tuple(n for n in nodes if not (inside & np.isin(np.arange(len(tree)), nodes))[parent == n].any())
        share = float(sum(probability[each[0]] for each in copies))
        pieces.append(Piece(kind, tuple(nodes), tuple(map(tuple, copies)), share, int(parent[nodes[0]]), exits))
    return pieces


@dataclass
class Shape:
    """What pieces of one form share: the matrix and the names of its columns and rows.

    Parameters
    ----------
    matrix : sparse array
        Coefficients.
    columns, rows : dict of str to Block
        Where each variable and law stands.
    """

    matrix: sp.csr_array
    columns: dict[str, Block]
    rows: dict[str, Block]


@dataclass
class Stated:
    """A piece as the solver takes it.

    Parameters
    ----------
    piece : Piece
        Which.
    shape : int
        Position of its shape.
    cost, lower, upper, low, high : array
        Objective, bounds of columns and of rows, nothing decided.
    projects : sparse array, rows x projects
        What each project adds to the sides of the rows.
    first : array of int
        Rows that hold the strategic stocks at the beginning, by programme; empty: none.
    final : array of int
        Columns of the strategic stocks at the end of a calm node, by programme; empty: none.
    exits : list of (float, array, array)
        Of each exit: its probability within the piece, the columns on the way to it, and by what their cost counts on
        that way alone.
    """

    piece: Piece
    shape: int
    cost: Values
    lower: Values
    upper: Values
    low: Values
    high: Values
    projects: sp.csc_array
    first: npt.NDArray[np.intp]
    final: npt.NDArray[np.intp]
    exits: list[tuple[float, npt.NDArray[np.intp], Values]]


class Pieces:
    """The pieces of a plan, ready to be solved.

    Parameters
    ----------
    case, market : Case, Market
        The case, ready to clear.
    unfolded : Unfolded
        The tree.
    options : Options
        What the program over the whole tree would be built with.
    """

    def __init__(self, case: cases.Case, market: Market, unfolded: Unfolded, options: Options) -> None:
        self.case, self.market, self.unfolded, self.options = case, market, unfolded, options
        self.programmes = options.programmes
        self.shapes: list[Shape] = []
        self._known: dict[tuple[object, ...], int] = {}
        self._alike: dict[tuple[object, ...], tuple[Stated, pd.DataFrame]] = {}
        self.conditions = conditions(case, *market, unfolded.tree, options)
        self._carry = self._kept_on()
        self.stated = [self._state(piece) for piece in cut_up(unfolded, options)]
        before = [s.piece.nodes[0] for s in self.stated if s.piece.kind == BEFORE]
        self.before = before

    def __len__(self) -> int:
        """Return how many pieces there are."""
        return len(self.stated)

    def _kept_on(self) -> Values:
        """Return what a tonne of strategic stock is worth that a node hands on, by node and stock market, kUSD.

        What holding it costs until the horizon ends, and what it sells for then: nothing is bought or given out after a
        cut.
        """
        tree, case = self.unfolded.tree, self.case
        rate, holding = case.assumption("a_discount_rate"), case.assumption("a_holding_cost")
        parent, years = tree.nodes["parent"].to_numpy(int), tree.years()
        discount = tree.nodes["discount"].to_numpy(float)
        probability = tree.nodes["probability"].to_numpy(float)
        held, sold = np.zeros(len(tree)), np.zeros(len(tree))
        for leaf in tree.leaves():
            sold[leaf] = discount[leaf] * (1.0 + rate) ** -years[leaf]
        on = np.zeros((len(tree), 2))
        for node in range(len(tree) - 1, -1, -1):
            held[node] = -holding * years[node] * discount[node]
            above = parent[node]
            if above >= 0 and probability[above] > 0:
                share = probability[node] / probability[above]
                on[above] += share * (np.array([held[node], sold[node]]) + on[node])
        return on

    def _subtree(self, piece: Piece) -> Tree:
        tree = self.unfolded.tree
        nodes = np.asarray(piece.nodes)
        frame = tree.nodes.iloc[nodes].copy()
        place = {int(node): at for at, node in enumerate(nodes)}
        frame["parent"] = [place.get(int(above), -1) for above in frame["parent"]]
        chance = float(frame["probability"].to_numpy(float)[0])
        frame["probability"] = frame["probability"] / chance if chance > 0 else 1.0
        frame["open"] = np.isin(nodes, tree.nodes["parent"].to_numpy())
        frame.index = pd.RangeIndex(len(frame), name="node")
        return Tree(frame, tuple(tree.scenarios[node] for node in nodes))

    def program(self, piece: Piece) -> Program:
        """Return the market program of a piece, nothing decided."""
        place = {node: at for at, node in enumerate(piece.nodes)}

        def local(nodes: tuple[int, ...] | None) -> tuple[int, ...] | None:
            return None if nodes is None else tuple(place[n] for n in nodes if n in place)

        options = replace(
            self.options,
            purses={},
            projects=tuple(
                replace(x, nodes=local(x.nodes), choose=False, share=0.0 if x.choose else x.share)
                for x in self.options.projects
            ),
            programmes=()
            if piece.kind == AFTER
            else tuple(replace(x, nodes=None if piece.kind == BEFORE else ()) for x in self.programmes),
        )
        held = self.conditions.of(list(piece.nodes))
        held.projects[:] = [
            np.where(np.isin(piece.nodes, x.nodes), row, 0.0) if x.nodes is not None else row
            for x, row in zip(self.options.projects, held.projects, strict=True)
        ]
        return build(self.case, self._subtree(piece), options, self.market, held)

    def _state(self, piece: Piece) -> Stated:
        """Return a piece as the solver takes it; one like another but for what is cut is copied from it."""
        held, frame = self.conditions.of(list(piece.nodes)), self._subtree(piece).nodes
        told = ("start", "end", "parent", "probability", "settled", "open")
        key = (piece.kind, *(tuple(frame[name]) for name in told),
               held.capacity.tobytes(), held.demand.tobytes(), held.projects.tobytes())  # fmt: skip
        if piece.kind != WINDOW or key not in self._alike:
            stated, stocks = self._built(piece)
            self._alike[key] = (stated, stocks)
            return stated
        model, stocks = self._alike[key]
        columns, upper = self.shapes[model.shape].columns, model.upper.copy()
        upper[columns["ship"].positions()] = held.ship_bound
        if len(stocks):
            cut = held.cut[positions(self.market.network.markets.index, stocks["market"])]
            upper[columns["release"].positions()] = most_released(stocks, cut, frame["years"].to_numpy(float))
        return replace(model, piece=piece, upper=upper)

    def _built(self, piece: Piece) -> tuple[Stated, pd.DataFrame]:
        program = self.program(piece)
        p, arrays = program.parts, program.model.finish()
        columns, rows = program.model.columns, program.model.rows
        key = (arrays.matrix.shape, arrays.matrix.indptr.tobytes(), arrays.matrix.indices.tobytes(),
               arrays.matrix.data.tobytes())  # fmt: skip
        digest = (arrays.matrix.shape, hash(key))
        if digest not in self._known:
            self._known[digest] = len(self.shapes)
            self.shapes.append(Shape(arrays.matrix, columns, rows))
        cost = arrays.cost
        count = len(self.programmes)
        first = final = np.zeros(0, dtype=np.intp)
        if len(p.stocks):
            self._worth_of_stock(piece, p.stocks, columns, cost)
            mine = np.nonzero(p.stocks["kind"].eq("programme").to_numpy())[0]
            if piece.kind != AFTER and count:
                first = rows["stock_start"].positions()[mine, 0].astype(np.intp)
                if piece.kind == BEFORE:
                    final = columns["stock"].positions()[mine, 0].astype(np.intp)
        entries = self._project_rows(program) if "capacity" in rows else None
        shape = (len(arrays.low), len(self.options.projects))
        projects = sp.csc_array(shape) if entries is None else sp.csc_array(entries, shape=shape)
        exits = []
        tree = p.tree
        for node in piece.exits:
            at = piece.nodes.index(node)
            exits.append(
                (float(tree.nodes["probability"].to_numpy(float)[at]), *self._on_path(columns, tree.path(at), tree))
            )
        stated = Stated(piece, self._known[digest], cost, arrays.lower, arrays.upper, arrays.low, arrays.high, projects,
                        first, final, exits)  # fmt: skip
        return stated, p.stocks

    def _worth_of_stock(self, piece: Piece, stocks: pd.DataFrame, columns: dict[str, Block], cost: Values) -> None:
        """Value what a piece hands on: strategic stock after a cut is carried to the end."""
        kept = stocks["kind"].ne("commercial").to_numpy()
        block = columns["stock"].positions()
        if piece.kind == AFTER:
            cost[block[kept].ravel()] = 0.0
            if "left" in columns:
                cost[columns["left"].positions()[kept].ravel()] = 0.0
        elif piece.kind == WINDOW:
            price = np.maximum(self.market.base.price.reindex(stocks["market"]).to_numpy(float), 0.0)
            salvage = np.where(stocks["kind"].eq("programme"), SALVAGE, 1.0)
            probability = self.unfolded.tree.nodes["probability"].to_numpy(float)
            for node in piece.exits:
                held, sold = self._carry[node]
                whole = probability[piece.nodes[0]]
                share = probability[node] / whole if whole > 0 else 1.0
                at = piece.nodes.index(node)
                cost[block[kept, at]] += share * (price * (held + sold * salvage))[kept]

    def _project_rows(self, program: Program) -> tuple[Values, tuple[np.ndarray, np.ndarray]]:
        """Return what each project adds to the sides of the capacity rows, as entries of a sparse array."""
        projects, block = program.parts.conditions.projects, program.model.rows["capacity"]
        chosen = np.array([x.choose for x in self.options.projects], dtype=bool)
        place = pd.Index(block.coords[0]).get_indexer(pd.Index([x.facility for x in self.options.projects]))
        at, node = np.nonzero((projects > 0) & (chosen & (place >= 0))[:, None])
        return projects[at, node], (block.positions()[place[at], node], at)

    @staticmethod
    def _on_path(columns: dict[str, Block], path: list[int], tree: Tree) -> tuple[npt.NDArray[np.intp], Values]:
        """Return the columns of the nodes on a path, and one over the probability of their nodes."""
        found, scale = [], []
        probability = tree.nodes["probability"].to_numpy(float)
        own = {"left": list(tree.leaves()), "unfilled": list(np.nonzero(tree.settled())[0])}
        for name, block in columns.items():
            nodes = own.get(name, list(range(len(tree))))
            for node in path:
                if node in nodes:
                    at = block.positions()[..., nodes.index(node)].ravel()
                    found.append(at)
                    scale.append(np.full(len(at), 1.0 / probability[node]))
        return np.concatenate(found).astype(np.intp), np.concatenate(scale)

    def use_cost(self, stated: Stated, weight: dict[str, float]) -> Values:
        """Return the costs of a piece where the end uses of some regions weigh more."""
        cost = stated.cost
        changed = {region: w for region, w in weight.items() if w != 1.0}
        if not changed:
            return cost
        cost = cost.copy()
        block = self.shapes[stated.shape].columns["served_segment"]
        region = pd.Index(block.coords[0]).str.split("|").str[1]
        scale = np.array([changed.get(r, 1.0) for r in region])
        at = block.positions()
        cost[at] *= scale[:, None, None]
        return cost
