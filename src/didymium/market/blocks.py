"""The program as blocks: named columns and named rows, each an array under its labels, and no object per entry.

A variable is a block of columns over its labels and the nodes. A law gathers its terms in :class:`Terms` and becomes a
block of rows. Position in the solver is first position of the block + place in the block's array, so nothing has to be
looked up again (docs/decisions/009).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from didymium.faults import DidymiumError
from didymium.messages import _

if TYPE_CHECKING:
    import xarray as xr

    from didymium.market.program import Parts

Labels = pd.Series | pd.Index | np.ndarray | Sequence[str]
Values = npt.NDArray[np.float64]


class Block(NamedTuple):
    """Consecutive columns or rows of one name.

    Parameters
    ----------
    first : int
        Position of its first one.
    coords : tuple of Index
        Labels of each dimension; the last dimension counts fastest.
    """

    first: int
    coords: tuple[pd.Index[Any], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Return how many labels each dimension has."""
        return tuple(len(index) for index in self.coords)

    @property
    def size(self) -> int:
        """Return how many columns or rows it holds."""
        return int(np.prod(self.shape))

    def positions(self) -> npt.NDArray[np.int32]:
        """Return the positions in the solver, in the block's shape."""
        return np.arange(self.first, self.first + self.size, dtype=np.int32).reshape(self.shape)


class Labelled(MutableMapping[str, "xr.DataArray"]):
    """Values of all columns, or of all rows, by block and under their labels; a block is labelled when it is asked for.

    Parameters
    ----------
    blocks : mapping of str to Block
        Where each name stands.
    values : array
        By position in the solver.
    """

    def __init__(self, blocks: Mapping[str, Block], values: np.ndarray) -> None:
        self._blocks, self._values = blocks, values
        self._made: dict[str, xr.DataArray] = {}

    def __getitem__(self, name: str) -> xr.DataArray:
        if name not in self._made:
            block = self._blocks[name]
            own = self._values[block.first : block.first + block.size].reshape(block.shape)
            import xarray as xr

            self._made[name] = xr.DataArray(own, coords=block.coords)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        """Return whether there is such a block; it is not made for that."""
        return name in self._blocks

    def array(self, name: str) -> np.ndarray:
        """Return a block without its labels, in the order of its dimensions."""
        if name in self._made:
            return self._made[name].to_numpy()
        block = self._blocks[name]
        return self._values[block.first : block.first + block.size].reshape(block.shape)

    def __setitem__(self, name: str, values: xr.DataArray) -> None:
        if name not in self._blocks:
            raise KeyError(name)
        self._made[name] = values

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"{name} is a part of the program")

    def __iter__(self) -> Iterator[str]:
        return iter(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks)


class Arrays(NamedTuple):
    """A finished program: maximise ``cost x`` over ``lower <= x <= upper``, ``low <= A x <= high``, some x integer."""

    cost: Values
    lower: Values
    upper: Values
    whole: npt.NDArray[np.int32]
    low: Values
    high: Values
    matrix: sp.csr_array[Any]

    def with_rows(self, low: Values, high: Values, entries: tuple[np.ndarray, np.ndarray, np.ndarray]) -> Arrays:
        """Return the program with more rows; ``entries`` are their coefficients, columns and starts."""
        more = sp.csr_array(entries, shape=(len(low), self.matrix.shape[1]))
        return self._replace(
            low=np.append(self.low, low),
            high=np.append(self.high, high),
            matrix=sp.csr_array(sp.vstack([self.matrix, more], format="csr")),
        )

    def first_rows(self, count: int) -> Arrays:
        """Return the program with its first rows only."""
        return self._replace(low=self.low[:count], high=self.high[:count], matrix=self.matrix[:count])


@dataclass
class Blocks:
    """A linear program as it grows.

    Parameters
    ----------
    columns, rows : dict of str to Block
        Where each variable and each law stands.
    worth : dict of str to array
        What one more unit of a variable adds to the objective; nothing where absent.
    """

    columns: dict[str, Block] = field(default_factory=dict)
    rows: dict[str, Block] = field(default_factory=dict)
    worth: dict[str, np.ndarray] = field(default_factory=dict)
    _bounds: dict[str, tuple[Any, Any, Any]] = field(default_factory=dict)
    _laws: dict[str, tuple[sp.csr_array[Any], Values, Values]] = field(default_factory=dict)

    def add_variable(
        self,
        name: str,
        coords: Sequence[pd.Index[Any]],
        lower: float | np.ndarray = 0.0,
        upper: float | np.ndarray = np.inf,
        whole: bool | np.ndarray = False,
    ) -> None:
        """Add a block of columns.

        Parameters
        ----------
        name : str
            What the laws call it.
        coords : sequence of Index
            Labels: elements, segments where it has them, nodes where it has them.
        lower, upper : float or array
            Bounds, in the shape of the labels.
        whole : bool or array
            Integer.
        """
        self.columns[name] = Block(_end(self.columns), tuple(coords))
        self._bounds[name] = (lower, upper, whole)

    def add_law(
        self, name: str, coords: Sequence[pd.Index[Any]], matrix: sp.csr_array[Any], low: Values, high: Values
    ) -> None:
        """Add a block of rows ``low <= matrix x <= high``."""
        self.rows[name] = Block(_end(self.rows), tuple(coords))
        self._laws[name] = (matrix, low, high)

    def finish(self) -> Arrays:
        """Return the program as the solver takes it."""
        count = _end(self.columns)
        cost, lower, upper = np.zeros(count), np.empty(count), np.empty(count)
        whole = np.zeros(count, dtype=np.int32)
        for name, block in self.columns.items():
            own = slice(block.first, block.first + block.size)
            low, high, integer = self._bounds[name]
            lower[own].reshape(block.shape)[...] = low
            upper[own].reshape(block.shape)[...] = high
            whole[own].reshape(block.shape)[...] = integer
            if name in self.worth:
                cost[own].reshape(block.shape)[...] = self.worth[name]
        laws = list(self._laws.values())
        ends = np.cumsum([0, *(matrix.nnz for matrix, _low, _high in laws)])
        starts = [matrix.indptr[:-1] + end for (matrix, _low, _high), end in zip(laws, ends[:-1], strict=True)]
        entries = (
            np.concatenate([matrix.data for matrix, _low, _high in laws]),
            np.concatenate([matrix.indices for matrix, _low, _high in laws]),
            np.concatenate([*starts, ends[-1:]]).astype(np.int32),
        )
        below = np.concatenate([low for _matrix, low, _high in laws])
        above = np.concatenate([high for _matrix, _low, high in laws])
        return Arrays(cost, lower, upper, whole, below, above, sp.csr_array(entries, shape=(len(below), count)))


def _end(blocks: dict[str, Block]) -> int:
    """Return the position behind the last block."""
    if not blocks:
        return 0
    last = blocks[next(reversed(blocks))]
    return last.first + last.size


class Terms:
    """Terms ``c v`` gathered by row and node, until they become the block of rows of a law.

    Parameters
    ----------
    p : Parts
        The program so far.
    index : Index
        Labels of the law's rows; each has one row per node.
    nodes : array of int, optional
        Positions of the nodes that have rows; every node where None.
    """

    def __init__(self, p: Parts, index: pd.Index[Any], nodes: npt.NDArray[np.intp] | None = None) -> None:
        self.p, self.index = p, index
        self.nodes = np.arange(len(p.tree)) if nodes is None else nodes
        self.columns: list[np.ndarray] = []
        self.rows: list[np.ndarray] = []
        self.coefficients: list[np.ndarray] = []

    def add(
        self,
        variable: str,
        rows: Labels,
        coefficient: float | np.ndarray | pd.Series = 1.0,
        of: Labels | None = None,
        at: npt.NDArray[np.intp] | None = None,
    ) -> None:
        """Add ``c_k v[of_k, at_n]`` to row ``rows_k`` at every node ``n``; segments of ``v`` are summed.

        Parameters
        ----------
        variable : str
            Name of the variable.
        rows : labels
            Row of each term.
        coefficient : float or array, optional
            By term, or by term and node.
        of : labels, optional
            Element of the variable in each term; its elements in their order where None.
        at : array of int, optional
            Node of the variable at each of the law's nodes, or by term and node: the same node where None, no term
            where it is below 0.
        """
        block, count = self.p.model.columns[variable], len(self.nodes)
        element = np.arange(block.shape[0]) if of is None else self._found(block.coords[0], of)
        row = self._found(self.index, rows)
        at = self.nodes if at is None else at
        by_node = len(block.coords) > 1  # a variable without nodes counts at each
        length = block.shape[-1] if by_node else 1
        segments = int(np.prod(block.shape[1:-1]))
        # Terms x segments x nodes: a column is the first of its element, plus whole segments, plus its node.
        start = block.first + length * (segments * element[:, None] + np.arange(segments))
        node = np.atleast_2d(at if by_node else np.zeros(count)).astype(np.int32)[:, None, :]
        column = start.astype(np.int32)[:, :, None] + node
        place = (count * row).astype(np.int32)[:, None, None] + np.arange(count, dtype=np.int32)
        value = np.asarray(coefficient, dtype=float)
        value = value[:, None, None] if value.ndim == 1 else value[:, None, :] if value.ndim == 2 else value
        kept = np.broadcast_to(node >= 0, column.shape) if node.min(initial=0) < 0 else slice(None)
        self.columns.append(column[kept].ravel())
        self.rows.append(np.broadcast_to(place, column.shape)[kept].ravel())
        self.coefficients.append(np.broadcast_to(value, column.shape)[kept].ravel())

    def state(
        self, name: str, sign: str, right: float | np.ndarray, coords: Sequence[pd.Index[Any]] | None = None
    ) -> None:
        """Make the law part of the program: the terms of each row are ``=`` or ``<=`` what stands on the right.

        Parameters
        ----------
        name : str
            Name of the block.
        sign : str
            ``=`` or ``<=``.
        right : float or array, rows x nodes
            Right-hand side.
        coords : sequence of Index, optional
            Labels of the rows; index and nodes where None, none for a single row.
        """
        shape = (len(self.index), len(self.nodes))
        high = np.broadcast_to(np.asarray(right, dtype=float), shape).ravel()
        low = high if sign == "=" else np.full(len(high), -np.inf)
        places = (np.concatenate(self.rows), np.concatenate(self.columns))
        entries = sp.coo_array(
            (np.concatenate(self.coefficients), places), shape=(len(high), _end(self.p.model.columns))
        )
        coords = (self.index, self.p.tree.index[self.nodes]) if coords is None else coords
        self.p.model.add_law(name, coords, sp.csr_array(entries), low, high)

    def _found(self, index: pd.Index[Any], labels: Labels) -> npt.NDArray[np.intp]:
        at = index.get_indexer(pd.Index(labels))
        if (at < 0).any():
            name = np.asarray(labels)[int(np.argmax(at < 0))]
            raise DidymiumError(_("a law names {name}, which the program does not hold").format(name=name))
        return at
