"""What a coalition asks: what may be decided, what it costs in each node, and what limits it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from didymium.market.options import Project
    from didymium.market.rules import Limit

Values = npt.NDArray[np.float64]

UNIT = 1000.0
"""kUSD in the unit of money of decisions, MUSD: the master's numbers stay near one."""


@dataclass(frozen=True)
class Target:
    """A stock that there has to be.

    Parameters
    ----------
    said : str
        What it is of, in the case's words.
    programmes : tuple of int
        Strategic stocks that count.
    node : int
        Position of the calm node at whose end they do.
    least : float
        Amount, t.
    """

    said: str
    programmes: tuple[int, ...]
    node: int
    least: float


@dataclass(frozen=True)
class Task:
    """What is asked of the master.

    Parameters
    ----------
    projects : tuple of Project
        What may be decided, in the order of the options.
    allowed : array of bool
        Which of them this coalition may decide.
    charge : array, projects x nodes
        Capital written off in a node, kUSD, discounted.
    limits : dict of str to list of Limit
        Purses and caps along the paths.
    stock_most, stock_year : array
        Largest level and most bought in a year, t, by programme; 0 where the coalition may not buy.
    risk : float
        Weight of the conditional value at risk, 0 to 1.
    targets : tuple of Target
        Stocks that there have to be.
    """

    projects: tuple[Project, ...]
    allowed: npt.NDArray[np.bool_]
    charge: Values
    limits: dict[str, list[Limit]]
    stock_most: Values
    stock_year: Values
    risk: float = 0.0
    targets: tuple[Target, ...] = ()
