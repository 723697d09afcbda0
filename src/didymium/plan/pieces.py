"""The pieces of a plan, which touch each other only through decisions, as the solver takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from didymium.case.network import positions
from didymium.market.conditions import Conditions, conditions
from didymium.market.options import Options
from didymium.market.program import Program, build
from didymium.market.stocks import SALVAGE, most_released
from didymium.plan.partition import AFTER, BEFORE, WINDOW, Piece, cut_up, forest
from didymium.plan.slicing import Slice, taken_apart

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.market.blocks import Block
    from didymium.market.prepare import Market
    from didymium.plan.unfold import Unfolded

Values = npt.NDArray[np.float64]

TOGETHER = 48
"""Nodes that are built side by side: more would save little time and take memory."""


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
        self._stocks = pd.DataFrame()
        self.conditions = conditions(case, *market, unfolded.tree, options)
        self._carry = self._kept_on()
        self.stated = self._state(cut_up(unfolded, options))
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

    def program(self, pieces: Sequence[Piece]) -> Program:
        """Return the market program of pieces of one kind side by side, nothing decided."""
        kind = pieces[0].kind
        options = replace(
            self.options,
            purses={},
            caps=(),
            projects=tuple(
                replace(x, nodes=None, choose=False, share=0.0 if x.choose else x.share) for x in self.options.projects
            ),
            programmes=()
            if kind == AFTER
            else tuple(replace(x, nodes=None if kind == BEFORE else ()) for x in self.programmes),
        )
        held = self._held([node for piece in pieces for node in piece.nodes])
        return build(self.case, forest(self.unfolded.tree, pieces), options, self.market, held)

    def _held(self, nodes: list[int]) -> Conditions:
        """Return what holds at some nodes; a project adds nothing where it cannot have been decided."""
        held = self.conditions.of(nodes)
        held.projects[:] = [
            np.where(np.isin(nodes, x.nodes), row, 0.0) if x.nodes is not None else row
            for x, row in zip(self.options.projects, held.projects, strict=True)
        ]
        return held

    def _state(self, pieces: list[Piece]) -> list[Stated]:
        """Return the pieces as the solver takes them; one like another but for what is cut is copied from it."""
        model_of: dict[tuple[object, ...], int] = {}
        model = [model_of.setdefault(self._likeness(piece, at), at) for at, piece in enumerate(pieces)]
        found: dict[int, Stated] = {}
        for batch in _batches(pieces, [at for at, mine in enumerate(model) if mine == at]):
            found |= zip(batch, self._built([pieces[at] for at in batch]), strict=True)
        return [
            found[at] if model[at] == at else self._copied(piece, found[model[at]]) for at, piece in enumerate(pieces)
        ]

    def _likeness(self, piece: Piece, at: int) -> tuple[object, ...]:
        """Return what two cuts share whose programs differ in what is cut alone; other pieces are like no other."""
        if piece.kind != WINDOW:
            return (at,)
        held, frame = self.conditions.of(list(piece.nodes)), forest(self.unfolded.tree, [piece]).nodes
        told = ("start", "end", "parent", "probability", "settled", "open")
        return (*(tuple(frame[name]) for name in told),
                held.capacity.tobytes(), held.demand.tobytes(), held.projects.tobytes())  # fmt: skip

    def _copied(self, piece: Piece, model: Stated) -> Stated:
        """Return a cut like another one: what may be shipped and given out differs."""
        held, columns = self.conditions.of(list(piece.nodes)), self.shapes[model.shape].columns
        upper = model.upper.copy()
        upper[columns["ship"].positions()] = held.ship_bound
        if "release" in columns:
            stocks = self._stocks
            cut = held.cut[positions(self.market.network.markets.index, stocks["market"])]
            years = self.unfolded.tree.years()[list(piece.nodes)]
            upper[columns["release"].positions()] = most_released(stocks, cut, years)
        return replace(model, piece=piece, upper=upper)

    def _built(self, pieces: list[Piece]) -> list[Stated]:
        """Return pieces of one kind, built side by side."""
        program = self.program(pieces)
        parts = taken_apart(program.model, [len(piece.nodes) for piece in pieces])
        return [self._told(piece, part, program.parts.stocks) for piece, part in zip(pieces, parts, strict=True)]

    def _told(self, piece: Piece, part: Slice, stocks: pd.DataFrame) -> Stated:
        arrays, columns, rows = part.arrays, part.columns, part.rows
        if len(stocks):
            self._worth_of_stock(piece, stocks, columns, arrays.cost)
        first = final = np.zeros(0, dtype=np.intp)
        if len(stocks) and piece.kind != AFTER and self.programmes:
            mine = np.nonzero(stocks["kind"].eq("programme").to_numpy())[0]
            first = rows["stock_start"].positions()[mine, 0].astype(np.intp)
            if piece.kind == BEFORE:
                final = columns["stock"].positions()[mine, 0].astype(np.intp)
        if piece.kind == WINDOW:
            self._stocks = stocks
        entries = self._project_rows(piece, rows["capacity"]) if "capacity" in rows else None
        shape = (len(arrays.low), len(self.options.projects))
        projects = sp.csc_array(shape) if entries is None else sp.csc_array(entries, shape=shape)
        tree = forest(self.unfolded.tree, [piece])
        probability = tree.nodes["probability"].to_numpy(float)
        exits = []
        for node in piece.exits:
            at = piece.nodes.index(node)
            exits.append((float(probability[at]), *_on_path(columns, tree.path(at), probability)))
        return Stated(piece, self._shape_of(part), arrays.cost, arrays.lower, arrays.upper, arrays.low, arrays.high,
                      projects, first, final, exits)  # fmt: skip

    def _shape_of(self, part: Slice) -> int:
        """Return the position of a matrix among those that are known; a new one is put down."""
        matrix = part.arrays.matrix
        key = hash((matrix.shape, matrix.indptr.tobytes(), matrix.indices.tobytes(), matrix.data.tobytes()))
        digest = (matrix.shape, key)
        if digest not in self._known:
            self._known[digest] = len(self.shapes)
            self.shapes.append(Shape(matrix, part.columns, part.rows))
        return self._known[digest]

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

    def _project_rows(self, piece: Piece, block: Block) -> tuple[Values, tuple[np.ndarray, np.ndarray]]:
        """Return what each project adds to the sides of the capacity rows, as entries of a sparse array."""
        projects = self._held(list(piece.nodes)).projects
        chosen = np.array([x.choose for x in self.options.projects], dtype=bool)
        place = pd.Index(block.coords[0]).get_indexer(pd.Index([x.facility for x in self.options.projects]))
        at, node = np.nonzero((projects > 0) & (chosen & (place >= 0))[:, None])
        return projects[at, node], (block.positions()[place[at], node], at)

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


def _batches(pieces: list[Piece], which: list[int]) -> list[list[int]]:
    """Return positions of pieces of one kind in batches of up to :data:`TOGETHER` nodes, or of one piece."""
    found: list[list[int]] = []
    room: dict[str, int] = {}
    batch: dict[str, list[int]] = {}
    for at in which:
        kind, size = pieces[at].kind, len(pieces[at].nodes)
        if size > room.get(kind, 0):
            batch[kind], room[kind] = [], TOGETHER
            found.append(batch[kind])
        batch[kind].append(at)
        room[kind] -= size
    return found


def _on_path(columns: dict[str, Block], path: list[int], probability: Values) -> tuple[npt.NDArray[np.intp], Values]:
    """Return the columns of the nodes on a path, and one over the probability of their nodes."""
    found, scale = [], []
    for block in columns.values():
        node = block.coords[-1].to_numpy(int)
        for at in np.nonzero(np.isin(node, path))[0]:
            own = block.positions()[..., at].ravel()
            found.append(own)
            scale.append(np.full(len(own), 1.0 / probability[node[at]]))
    return np.concatenate(found).astype(np.intp), np.concatenate(scale)
