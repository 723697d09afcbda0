"""How much of a good rests on what a country sends: bought as it is, or in what its inputs are made of."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from didymium.market.conditions import covered, shares
from didymium.market.content import groups, hold
from didymium.market.tracing import Flows, content_of, given_by
from didymium.market.tracing import shares as marked_shares
from didymium.market.tree import periods

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.network import Network
    from didymium.case.restriction import Restriction
    from didymium.market.prepare import Market
    from didymium.market.tree import Tree

Array = npt.NDArray[np.float64]

SLIGHT = 1e-4
"""Share of a good's base supply that is nothing: a rounding of trade."""

TIES = 0.01
"""Shares of elements as near as this bind alike; by as much past what is bought as it is, it is inputs that tie."""


class Reliance:
    """Shares of the base year's supply that rest on what goes by some routes.

    A tonne of a good rests on a route where it came by it, or where material in it did: of each element by proportional
    mixing (:mod:`didymium.market.tracing`). Without one of its elements a good is not made, so the scarcest counts:
    ``m_c = max(bought_c, max_e u_c,e)``. That nobody swaps recipes or sellers is the arithmetic of a warehouse: what
    the market does about it is the months of the path.

    Parameters
    ----------
    case, market : Case, Market
        The case and its base year.
    """

    def __init__(self, case: cases.Case, market: Market) -> None:
        network, base = market
        self._network, self._ship = network, base.ship.to_numpy(float)
        self._intake = base.intake(network)
        self._year = Flows.of_base(network, base)
        size = len(network.markets)
        # What holds no element that the case follows, or every good where it follows none, is traced as it is.
        self._names, self._content, self._given = [""], [np.ones(size)], [np.ones(len(network.terms))]
        if case.settings.get("elements"):
            holdings = hold(case, network, base)
            for element in groups(case):
                self._names.append(element)
                self._content.append(content_of(holdings.market, element))
                self._given.append(given_by(network, holdings, element))
            self._content[0] = np.where(np.sum(self._content[1:], axis=0) > 0, 0.0, 1.0)

    def bought(self, crossed: Array) -> pd.Series:
        """Return by market the share of what it takes in that came to it by some routes: ``sum_r y_r c_r / intake``.

        What is bought is used at home, for a region exports what it makes.
        """
        came = np.bincount(self._network.heads, self._ship * crossed, len(self._intake))
        share = np.divide(came, self._intake, out=np.zeros(len(came)), where=self._intake.to_numpy(float) > 0)
        return pd.Series(np.clip(share, 0.0, 1.0), index=self._intake.index)

    def on(self, crossed: Array) -> pd.DataFrame:
        """Return by market the ``share`` that rests on some routes, and ``through`` which elements of its inputs.

        Parameters
        ----------
        crossed : array, routes
            Share of what goes by each route that counts.

        Returns
        -------
        DataFrame
            ``through`` is empty where no more rests on them than is bought as it is.
        """
        nobody = np.zeros(len(self._network.activities), dtype=bool)
        found = np.array([
            np.where(content > 0, marked_shares(self._year, nobody, content, given=given, crossed=crossed)[:, 0], 0.0)
            for content, given in zip(self._content, self._given, strict=True)
        ])  # fmt: skip
        most, bought = found.max(axis=0), self.bought(crossed)
        share = np.maximum(most, bought.to_numpy(float))
        binds = (found > most - TIES) & (found > bought.to_numpy(float) + TIES)
        through = [";".join(name for name, on in zip(self._names, column, strict=True) if on) for column in binds.T]
        return pd.DataFrame({"share": share, "through": through}, index=bought.index)


def whoever_buys(tree: Tree) -> dict[Restriction, np.ndarray]:
    """Return by measure the share of trade that it lets through by month, whoever buys.

    Rules that follow atoms or end uses are left out: what they hold back depends on who buys.
    """
    return {measure: share for measure, share in shares(tree).items()
            if not measure.end_uses and measure.kind != "content_rule"}  # fmt: skip


def held_back(network: Network, tree: Tree) -> Array:
    """Return by route and month the share of base trade that measures hold back; of several the tightest counts."""
    held = np.zeros((len(network.routes), len(tree)))
    for measure, let_through in whoever_buys(tree).items():
        on = covered(network, measure)[0]
        held[on] = np.maximum(held[on], 1.0 - let_through[None, :])
    return held


def let_through_by(case: cases.Case, tree: Tree) -> dict[tuple[str, str], np.ndarray]:
    """Return by commodity and destination the share of base trade that the controller's measures let through by month.

    Of measures on the same goods the tightest counts.
    """
    share: dict[tuple[str, str], np.ndarray] = {}
    for measure, let_through in whoever_buys(tree).items():
        if measure.controller != case.controller:
            continue
        for commodity in measure.commodities:
            for region in measure.destinations:
                own = share.setdefault((commodity, region), np.ones(len(tree)))
                np.minimum(own, let_through, out=own)
    return share


class Halt(NamedTuple):
    """What measures hold back.

    Parameters
    ----------
    missing : DataFrame, markets x days
        Share of base supply.
    """

    missing: pd.DataFrame

    def of(self, market: str) -> Array:
        """Return a market's missing share by day."""
        return np.asarray(self.missing.loc[market], dtype=float)

    def days(self, market: str) -> float:
        """Return the days on which something is held back of a market."""
        return float((self.of(market) > 0).sum())

    def mean(self, market: str) -> float:
        """Return the mean share that is missing on those days; 0 where there are none."""
        days = self.days(market)
        return float(self.of(market).sum()) / days if days > 0 else 0.0


def halts(reliance: Reliance, network: Network, tree: Tree) -> Halt:
    """Return what the measures of a tree hold back of each good, in its inputs too, day by day.

    By the day, for a ban that begins within a month holds back all on its days, and not a part on all of the month's.
    """
    first, until = tree.dates()[0][0], tree.dates()[-1][1]
    dates = [first + timedelta(day) for day in range((until - first).days + 1)]
    held = held_back(network, periods([(a, b, "") for a, b in pairwise(dates)], tree.scenarios[0], 0.0))
    patterns, of_day = np.unique(held, axis=1, return_inverse=True)
    share = np.array([
        reliance.on(crossed)["share"].to_numpy(float) if crossed.any() else np.zeros(len(network.markets))
        for crossed in patterns.T
    ])[np.asarray(of_day).ravel()].T  # fmt: skip
    missing = pd.DataFrame(np.where(share > SLIGHT, share, 0.0), index=network.markets.index)
    return Halt(missing)


def senders(case: cases.Case, tree: Tree) -> set[str]:
    """Return whose exports the measures of a tree hold back; the controlling country where there are none."""
    return {measure.controller for measure in shares(tree)} or {case.controller}
