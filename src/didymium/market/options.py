"""What a verb may choose about the one program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.market.curves import DEMAND_GRID, Array

if TYPE_CHECKING:
    from didymium.market.conditions import Pool
    from didymium.market.origin import Clean, Split


@dataclass(frozen=True)
class Project:
    """A facility that may be built.

    Parameters
    ----------
    facility : str
        Row of the facilities table.
    start : date
        First output if it is decided now.
    capex : float
        Money that the payer's purse must hold, thousands of USD.
    charge : float
        What the objective counts: the capital written off within the horizon, discounted, thousands of USD.
    payer : str
        Participant whose purse pays; several share one purse under the name given.
    choose : bool
        The program decides; otherwise it is built as ``share`` says.
    share : float
        Built share where the program does not decide.
    whole : bool
        All or nothing.
    nodes : tuple of int, optional
        Nodes in which it may run: those that follow the decision. Every one where None.
    decided : str
        When and on what news it is decided, where that may happen more than once; empty: now.
    """

    facility: str
    start: date
    capex: float
    charge: float
    payer: str
    choose: bool = True
    share: float = 0.0
    whole: bool = True
    nodes: tuple[int, ...] | None = None
    decided: str = ""

    @property
    def label(self) -> str:
        """Return its name in the program: the facility, and the decision where there may be several."""
        return f"{self.facility}@{self.decided}" if self.decided else self.facility


@dataclass(frozen=True)
class StockProgramme:
    """A strategic stock that a participant may build up.

    Parameters
    ----------
    market : str
        Where it lies: commodity in the participant's region.
    payer : str
        Whose purse pays.
    most : float
        Largest level, t.
    per_year : float
        Most that may be bought in a year without crowding out others, t/year.
    fixed : Mapping of int to float, optional
        Purchases by node where the program does not decide, t.
    inputs : str
        Input rows behind it.
    nodes : tuple of int, optional
        Nodes in which it may buy; every one where None.
    """

    market: str
    payer: str
    most: float
    per_year: float
    fixed: Mapping[int, float] | None = None
    inputs: str = ""
    nodes: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Cap:
    """What projects may not use more of together than there is: land, water, a permit to discharge.

    Parameters
    ----------
    name : str
        What it is called.
    limit : float
        How much there is.
    use : Mapping of str to float
        What a facility uses of it where it is built in full.
    inputs : tuple of str
        Input rows behind it.
    """

    name: str
    limit: float
    use: Mapping[str, float]
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class FirstCall:
    """A right to a share of what plants abroad make: whoever paid for them may claim it.

    Parameters
    ----------
    who : tuple of str
        Regions that hold it together.
    facilities : tuple of str
        Plants.
    share : float
        Share of their output.
    """

    who: tuple[str, ...]
    facilities: tuple[str, ...]
    share: float

    @property
    def label(self) -> str:
        """Return its name in the program."""
        return "+".join(self.who)


@dataclass(frozen=True)
class Options:
    """Choices of a verb.

    Parameters
    ----------
    curves : str
        ``segments`` (bounded columns on a fixed grid) or ``tangents`` (refined while solving).
    stocks : bool
        Commercial and strategic stocks take part.
    transit : bool
        Goods take their time; what is under way at the start is there.
    no_transit : bool
        A region exports what it makes, never what it has bought.
    growth : bool
        Demand follows the growth table; otherwise it stays at the base year.
    expansion : bool
        Facilities start, ramp and end by their dates; otherwise the base year's capacity stays.
    stock_start : Series, optional
        Level of each stock at the first node's start, t; the rest level where None.
    under_way : DataFrame, optional
        Goods that arrive at each node (routes x nodes) from before the first one, t; base flows where None.
    stock_scale : float
        Commercial stocks as a multiple of the case's.
    hoarding : float
        Most that firms hold, as a multiple of their rest level: near 1 where they must not act on a cut that only the
        program knows of.
    use_weight : Mapping of str to float
        Weight of a region's end uses in the objective; 1 where absent.
    projects : tuple of Project
        What may be built.
    programmes : tuple of StockProgramme
        Strategic stocks that may be built up.
    purses : Mapping of str to float, or to tuple of (int, float)
        Money by payer, thousands of USD of today; no limit where absent. Or what has come in by the end of each year
        named, in order: what is not spent is kept, and nothing is spent before the first of them.
    caps : tuple of Cap
        What projects share besides money.
    calls : tuple of FirstCall
        Rights to the output of plants abroad: their rows are there before they are used.
    demand_scale, choke_scale : float
        Stress on all demands, and on choke prices.
    intensity : Series, optional
        Share of its base quantity that each use still wants after saving; 1 where None.
    most_active : DataFrame, optional
        Most that an activity may do at each node (activities x nodes), t; no limit but its plant's where None.
    pools : tuple of Pool
        Pooled quotas that may come to bind: their rows are there before they do.
    rationing : str
        ``price``: who pays most is served first. ``priority``: in a month in which a measure cuts a participant, its
        end uses of the first priority are served in full while anything is left, then those of the next.
    demand_grid : array
        Edges of the demand segments as multiples of the base quantity.
    origin : Split, optional
        Whose material is followed, where a rule follows atoms.
    clean : Clean, optional
        Clean part of stocks and goods under way at the start; the base year's shares where None.
    """

    curves: str = "segments"
    stocks: bool = False
    transit: bool = False
    no_transit: bool = True
    growth: bool = False
    expansion: bool = False
    stock_start: pd.Series | None = None
    under_way: pd.DataFrame | None = None
    stock_scale: float = 1.0
    hoarding: float = np.inf
    use_weight: Mapping[str, float] = field(default_factory=dict)
    projects: tuple[Project, ...] = ()
    programmes: tuple[StockProgramme, ...] = ()
    purses: Mapping[str, float | tuple[tuple[int, float], ...]] = field(default_factory=dict)
    caps: tuple[Cap, ...] = ()
    calls: tuple[FirstCall, ...] = ()
    demand_scale: float = 1.0
    choke_scale: float = 1.0
    intensity: pd.Series | None = None
    most_active: pd.DataFrame | None = None
    pools: tuple[Pool, ...] = ()
    rationing: str = "price"
    demand_grid: Array = field(default_factory=lambda: DEMAND_GRID)
    origin: Split | None = None
    clean: Clean | None = None
