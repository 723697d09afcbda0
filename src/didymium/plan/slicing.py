"""Programs that were built side by side, taken apart: what many small pieces cost to build is mostly paid once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from didymium.faults import SolverError
from didymium.market.blocks import Arrays, Block
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.market.blocks import Blocks


@dataclass(frozen=True)
class Slice:
    """The part of a program that belongs to one piece, numbered as if it had been built alone.

    Parameters
    ----------
    arrays : Arrays
        Costs, bounds and matrix.
    columns, rows : dict of str to Block
        Where each variable and law stands.
    """

    arrays: Arrays
    columns: dict[str, Block]
    rows: dict[str, Block]


def taken_apart(model: Blocks, sizes: Sequence[int]) -> list[Slice]:
    """Return the slices of a program over a forest, a tree of ``sizes[k]`` nodes after the other.

    Parameters
    ----------
    model : Blocks
        Columns and rows; every block is labelled by node along its last dimension.
    sizes : sequence of int
        Nodes of each tree.

    Raises
    ------
    SolverError
        A row joins two trees, or a block has no nodes.
    """
    whole = model.finish()
    first = np.concatenate([[0], np.cumsum(sizes)])
    found = []
    place = np.full(len(whole.cost), -1, dtype=np.int32)
    for at in range(len(sizes)):
        columns, mine = _part(model.columns, first[at], first[at + 1])
        rows, laws = _part(model.rows, first[at], first[at + 1])
        place[mine] = np.arange(len(mine), dtype=np.int32)
        own = whole.matrix[laws]
        index = place[own.indices]
        place[mine] = -1
        if (index < 0).any():
            raise SolverError(_("a law joins pieces of the plan that should be apart"))
        matrix = sp.csr_array((own.data, index, own.indptr.astype(np.int32)), shape=(len(laws), len(mine)))
        arrays = Arrays(whole.cost[mine], whole.lower[mine], whole.upper[mine], whole.whole[mine], whole.low[laws],
                        whole.high[laws], matrix)  # fmt: skip
        found.append(Slice(arrays, columns, rows))
    return found


def _part(blocks: dict[str, Block], first: int, last: int) -> tuple[dict[str, Block], npt.NDArray[np.intp]]:
    """Return the blocks of the nodes from ``first`` up to ``last``, renumbered, and where they stand in the whole."""
    found: dict[str, Block] = {}
    at, count = [np.zeros(0, dtype=np.intp)], 0
    for name, block in blocks.items():
        if not block.coords:
            raise SolverError(_("a law joins pieces of the plan that should be apart"))
        node = block.coords[-1].to_numpy(int)
        mine = np.nonzero((node >= first) & (node < last))[0]
        if not len(mine):
            continue
        labels = pd.Index(node[mine] - first, name=block.coords[-1].name)
        found[name] = Block(count, (*block.coords[:-1], labels))
        own = block.positions()[..., mine].ravel()
        at.append(own.astype(np.intp))
        count += len(own)
    return found, np.concatenate(at)
