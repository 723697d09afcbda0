"""What is kept of a draw: prices and shortages by month, and what the cut costs each participant.

A draw has its own demand, elasticities and stocks, so that something is dear and missing in it without any cut. What a
cut costs is what it adds: the same draw is run without it (common random numbers) and taken off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from didymium.economy.methods import standing_still
from didymium.economy.value import value_added
from didymium.economy.willingness import Array
from didymium.market.clear import TRACE_TONNES
from didymium.market.prepare import Market
from didymium.shock.draw import Drawn
from didymium.shock.losses import users_loss
from didymium.shock.path import Path

if TYPE_CHECKING:
    from didymium.case import case as cases

TOTALS = ("users_loss", "value_at_risk_low", "value_at_risk", "value_at_risk_high", "short", "worst_month")
"""Of each participant: loss of its users and value added at risk (MUSD) and tonnes short, beyond those of the same draw
without the cut; share missing in the worst month of its worst end use."""


@dataclass(frozen=True)
class Outcome:
    """A draw's outcome.

    Parameters
    ----------
    variates : array
        Its point of chance.
    numbers : array
        What was drawn.
    multiple : array, markets x months
        Price over base price, of :func:`markets_shown`.
    missing : array, uses x months
        Share of what is wanted that is missing, of :func:`uses_shown`.
    of_a_good : array, uses x months
        The same of the good of which most is missing: :func:`most_missing`.
    totals : array, participants x totals
        See :data:`TOTALS`.
    """

    variates: Array
    numbers: Array
    multiple: Array
    missing: Array
    of_a_good: Array
    totals: Array

    ARRAYS: ClassVar[tuple[str, ...]] = ("variates", "numbers", "multiple", "missing", "of_a_good", "totals")


def markets_shown(case: cases.Case, market: Market) -> list[str]:
    """Return the markets of the participants and of the controller in which something is bought at a price."""
    intake, price = market.base.intake(market.network), market.base.price
    shown = (*case.participants, case.controller)
    alive = intake.gt(TRACE_TONNES) & price.gt(0.1) & market.network.markets["region"].isin(shown)
    return list(intake.index[alive.to_numpy()])


def uses_shown(case: cases.Case, market: Market) -> list[tuple[str, str]]:
    """Return the participants' end uses, as (end use, region)."""
    uses = market.network.uses
    mine = uses[uses["region"].isin(case.participants)]
    return list(dict.fromkeys(zip(mine["end_use"].astype(str), mine["region"].astype(str), strict=True)))


def most_missing(path: Path, mine: pd.Index[str]) -> pd.Series[float]:
    """Return by month the share that is missing of the good of which most is: ``max_u (1 - q[u] / wanted[u])``.

    A line stands still for want of one good, however much there is of the others.

    Parameters
    ----------
    path : Path
        What happened.
    mine : Index
        Uses, one for each good of an end use.
    """
    missing = _missing(path.wanted.loc[mine].to_numpy(float), path.served.loc[mine].to_numpy(float)).max(axis=0)
    return pd.Series(missing, index=pd.Index(path.labels, name="month"))


def use_frame(path: Path, market: Market) -> pd.DataFrame:
    """Return wanted and served by end use, region and month, t."""
    uses = market.network.uses
    keys = [uses["end_use"].to_numpy(), uses["region"].to_numpy()]
    parts = {}
    for name, frame in (("wanted", path.wanted), ("served", path.served)):
        total = frame.groupby(keys).sum()
        total.index.names, total.columns = ["end_use", "region"], pd.Index(path.labels, name="month")
        parts[name] = total.stack()
    return pd.DataFrame(parts).reset_index()


def outcome_of(case: cases.Case, drawn: Drawn, path: Path, calm: Path, variates: Array) -> Outcome:
    """Return what is kept of a draw.

    Parameters
    ----------
    case, drawn : Case, Drawn
        What was drawn.
    path, calm : Path
        Its months with the cut, and without.
    variates : array
        Its point of chance.
    """
    market = drawn.market
    shown = markets_shown(case, market)
    multiple = path.price.loc[shown].to_numpy(float) / market.base.price.loc[shown].to_numpy(float)[:, None]
    account = Account(case, market)
    missing = account.missing(path)
    goods = market.network.uses.groupby(["end_use", "region"]).groups
    of_a_good = np.array([most_missing(path, goods[cell]).to_numpy(float) for cell in account.cells])
    worst = [missing[mine].max(initial=0.0) for mine in account.mine]
    numbers = np.array([drawn.numbers.get(name, np.nan) for name in drawn.numbers])
    totals = np.column_stack([account.cost(path) - account.cost(calm), worst])
    return Outcome(np.asarray(variates), numbers, multiple, missing, of_a_good, totals)


class Account:
    """What paths cost each participant, as arrays: a draw asks for it twice.

    Parameters
    ----------
    case, market : Case, Market
        What was run.

    Attributes
    ----------
    cells : list of tuple of str
        The participants' end uses, as (end use, region).
    mine : list of array of bool
        Of each participant: which cells are its own.
    """

    def __init__(self, case: cases.Case, market: Market) -> None:
        self.case, self.market = case, market
        self.cells = uses_shown(case, market)
        uses = market.network.uses
        self.mine = [np.array([cell[1] == region for cell in self.cells], dtype=bool) for region in case.participants]
        place = {cell: at for at, cell in enumerate(self.cells)}
        told = np.array([place.get(cell, -1) for cell in zip(uses["end_use"], uses["region"], strict=True)])
        self._uses, self._of = np.nonzero(told >= 0)[0], told[told >= 0]
        added = value_added(case).set_index(["end_use", "region"])["value"]
        self._added = added.reindex(pd.MultiIndex.from_tuples(self.cells)).to_numpy(float)

    def _sums(self, path: Path) -> tuple[Array, Array]:
        """Return wanted and served, cells x months, t."""
        sums = np.zeros((2, len(self.cells), len(path.tree)))
        for total, frame in zip(sums, (path.wanted, path.served), strict=True):
            # One by one: a product of matrices adds in an order of its own on every number of threads.
            np.add.at(total, self._of, frame.to_numpy(float)[self._uses])
        return sums[0], sums[1]

    def missing(self, path: Path) -> Array:
        """``1 - served / wanted`` by end use and region, cells x months."""
        return _missing(*self._sums(path))

    def cost(self, path: Path) -> Array:
        """Return what a path costs each participant: :data:`TOTALS` but the last, participants x totals."""
        market, (wanted, served) = self.market, self._sums(path)
        lost = users_loss(market, path.served.to_numpy(), path.wanted.to_numpy(), path.price) / 1000.0
        missing, rows = np.clip(_missing(wanted, served), 0.0, 1.0), []
        for region, mine in zip(self.case.participants, self.mine, strict=True):
            known = mine & np.isfinite(self._added)
            low, value, high = (
                standing_still(self.case, self._added[known], missing[known]) if known.any() else (np.nan,) * 3
            )
            short = float(np.maximum(wanted[mine] - served[mine], 0.0).sum())
            users = market.network.uses["region"].eq(region).to_numpy()
            rows.append([lost[users].sum(), low, value, high, short])
        return np.array(rows)


def _missing(wanted: Array, served: Array) -> Array:
    """``1 - served / wanted``; 0 where nothing is wanted."""
    return 1.0 - np.divide(served, wanted, out=np.ones_like(served), where=wanted > 0)
