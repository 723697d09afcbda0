"""What is kept of a draw: prices and shortages by month, and what the cut costs each participant.

A draw has its own demand, elasticities and stocks, so that something is dear and missing in it without any cut. What a
cut costs is what it adds: the same draw is run without it (common random numbers) and taken off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from didymium.economy.methods import Shortage, value_at_risk
from didymium.economy.willingness import Array
from didymium.market.clear import TRACE_TONNES
from didymium.market.prepare import Market
from didymium.shock.draw import Drawn
from didymium.shock.losses import users_loss
from didymium.shock.path import Path
from didymium.shock.value import worth_of

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
    missing = (1.0 - path.served.loc[mine] / path.wanted.loc[mine]).max()
    return missing.set_axis(pd.Index(path.labels, name="month"))


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
    frame = use_frame(path, market)
    ratio = (frame["served"] / frame["wanted"].where(frame["wanted"].gt(0))).fillna(1.0)
    wide = frame.assign(missing=1.0 - ratio).pivot(index=["end_use", "region"], columns="month", values="missing")
    shown_uses = uses_shown(case, market)
    missing = wide.reindex(pd.MultiIndex.from_tuples(shown_uses)).to_numpy(float)
    uses = market.network.uses
    goods = uses.groupby(["end_use", "region"]).groups
    of_a_good = np.array([most_missing(path, goods[key]).fillna(0.0).to_numpy(float) for key in shown_uses])
    worst = [wide[wide.index.get_level_values("region") == region].to_numpy(float).max(initial=0.0)
             for region in case.participants]  # fmt: skip
    added = _cost(case, market, path, frame) - _cost(case, market, calm, use_frame(calm, market))
    numbers = np.array([drawn.numbers.get(name, np.nan) for name in drawn.numbers])
    totals = np.column_stack([added, worst])
    return Outcome(np.asarray(variates), numbers, multiple, missing, of_a_good, totals)


def _cost(case: cases.Case, market: Market, path: Path, frame: pd.DataFrame) -> Array:
    """Return what the months of a path cost each participant: :data:`TOTALS` but the last, participants x totals."""
    lost = users_loss(market, path.served.to_numpy(), path.wanted.to_numpy(), path.price) / 1000.0
    worth, rows = worth_of(market), []
    for region in case.participants:
        risk = value_at_risk(case, Shortage.of(frame, worth, region))
        mine = frame[frame["region"].eq(region)]
        short = float((mine["wanted"] - mine["served"]).clip(lower=0.0).sum())
        users = market.network.uses["region"].eq(region).to_numpy()
        rows.append([lost[users].sum(), risk.low, risk.value, risk.high, short])
    return np.array(rows)
