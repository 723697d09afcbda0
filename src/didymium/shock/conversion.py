"""Whether a stock can be used where it lies: which step from its form to an end use binds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from didymium.case.case import ROW
from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.market.prepare import Market

DEPTH = 8
"""Steps after which a way is given up: the chain has six stages."""

WHOLE = 0.995
"""Share of the intake from which on end uses take all of it as it is: what is left is a rounding of the fit."""


class Way(NamedTuple):
    """The widest way from a form to a finished good in a region: t of the form a year, what binds, where it ends."""

    width: float
    binds: str
    reaches: str
    inputs: tuple[str, ...]


class Ways:
    """The widest ways from markets to end uses of the same region.

    ``w(m) = max(d(m), max_a min(cap_a |A[m,a]|, w(m') |A[m,a]| / A[m',a]))`` over the plants ``a`` of the region that
    take it and what they make of it ``m'``: each step can be no faster than its plant, nor than the steps behind it.
    ``d(m)`` is what end uses take of it as it is in the base year, infinite where no plant of the region takes any.
    What only recyclers take is no way on: nobody makes alloy for its swarf.

    Parameters
    ----------
    market : Market
        Network and base point.
    """

    def __init__(self, market: Market) -> None:
        network = market.network
        activities, plants = network.activities, network.facilities
        plant_of = activities["facility"].astype(str)
        ran = market.base.activity.groupby(plant_of.to_numpy()).sum()
        most = plants["capacity"].astype(float).combine(ran, max, fill_value=0.0)
        runs, waste = set(plants.index[plants["status"].eq("operating")]), scrap(market)
        self.direct = direct_shares(market)
        self._intake = market.base.intake(network)
        self._taken: dict[str, list[tuple[str, str, float, float]]] = {}
        self._made: dict[str, list[tuple[str, float]]] = {}
        for label, activity, amount in network.terms[["market", "activity", "coefficient"]].itertuples(index=False):
            plant = plant_of[activity]
            if amount > 0 and _good(label) not in waste:
                self._made.setdefault(activity, []).append((label, amount))
            elif amount < 0 and plant in runs:
                self._taken.setdefault(label, []).append((activity, plant, -amount, -amount * float(most[plant])))

    def widest(self, label: str, depth: int = DEPTH) -> Way:
        """Return the widest way from a market, commodity|region, in so many steps."""
        share = float(self.direct[label])
        tonnes = share * float(self._intake[label]) if label in self._taken or share <= 0 else np.inf
        as_it_is = Way(tonnes, "", _good(label) if share > 0 else "", ())
        best = self.converted(label, depth)
        return best if best.width > as_it_is.width else as_it_is

    def converted(self, label: str, depth: int = DEPTH) -> Way:
        """Return the widest way through the region's plants, whatever end uses take as it is."""
        best = Way(0.0, "", "", ())
        for activity, plant, takes, own in self._taken.get(label, ()) if depth else ():
            for output, given in self._made.get(activity, ()):
                behind = self.widest(output, depth - 1)
                reach = behind.width * takes / given
                if min(own, reach) > best.width:
                    binds = plant if own <= reach else behind.binds
                    best = Way(min(own, reach), binds, behind.reaches, (f"facilities/{plant}", *behind.inputs))
        return best


def _good(label: str) -> str:
    return label.split("|")[0]


def scrap(market: Market) -> set[str]:
    """Return goods that only recyclers take: nobody's line stops for want of them."""
    network = market.network
    taken = network.terms[network.terms["coefficient"].lt(0)]
    stage = taken["activity"].map(network.activities["stage"])
    goods = taken["market"].str.split("|").str[0]
    return set(goods[stage.eq("recycling")]) - set(goods[stage.ne("recycling")]) - set(network.uses["commodity"])


def direct_shares(market: Market) -> pd.Series:
    """Return by market the share of the base year's intake that end uses take as it is; 0 where nothing is taken.

    An oxide has uses as it is in one region and goes to metal works in another: what counts is who takes it here.
    """
    network, base = market
    intake = base.intake(network)
    used = base.served.groupby(network.uses["market"].to_numpy()).sum().reindex(intake.index, fill_value=0.0)
    return (used / intake.where(intake.gt(0))).fillna(0.0).clip(0.0, 1.0)


def conversion(case: cases.Case, market: Market, stocks: pd.DataFrame) -> ResultTable:
    """Return for each stock in a participant's region whether its form can be used there, and what binds.

    Parameters
    ----------
    case, market : Case, Market
        The case.
    stocks : DataFrame
        What the stocks are: market, kind, rest (t), inputs.
    """
    network = market.network
    intake = market.base.intake(network)
    names, ways = case.names("facilities"), Ways(market)
    rows = []
    for label, held in stocks.groupby("market"):
        commodity, region = str(label).split("|")
        if region not in case.participants:
            continue
        direct, tonnes = float(ways.direct[label]), float(held["rest"].sum())
        way = ways.converted(str(label))
        plants = (1.0 - direct) * float(intake[label])
        rows.append({
            "commodity": commodity, "region": region, "held": tonnes, "direct": direct,
            "usable": _usable(direct, way.width > 0),
            "months": tonnes / way.width * 12.0 if way.width > 0 else np.nan,
            "over_use": way.width / plants if way.width > 0 and direct < WHOLE and plants > 0 else np.nan,
            "binds": names.get(way.binds, way.binds),
            "reaches": way.reaches or (commodity if direct > 0 else ""),
            RESTS_ON: join_inputs([f"commodities/{commodity}"], held["inputs"], way.inputs),
        })  # fmt: skip
    rows += _nowhere(case, market)
    columns = {
        "commodity": Column("", _("Form held")), "region": Column("", _("Region")),
        "held": Column("t", _("Held at the start, commercial and strategic")),
        "usable": Column("", _("How it comes to an end use in the region: as it is, or through the region's plants")),
        "direct": Column("ratio", _("Share of what the region takes in that end uses take as it is")),
        "months": Column("month", _("Months in which the widest way through its plants could convert all of it")),
        "over_use": Column("ratio", _("What that way converts in a year over what the region's plants take in")),
        "binds": Column("", _("Plant that sets the pace: the step that binds")),
        "reaches": Column("", _("Good in which it reaches an end use")),
    }  # fmt: skip
    return ResultTable("conversion", _("Stock in the right form?"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]),
                       columns, ("commodity", "region"))  # fmt: skip


def _nowhere(case: cases.Case, market: Market) -> list[dict[str, object]]:
    """Return the stocks in tonnes of what nobody in a participant's region makes or takes: the program leaves them out.

    Days of a use that there is none of are nothing.
    """
    table = case["stocks"]
    known = (table["commodity"] + "|" + table["region"]).isin(market.network.markets.index)
    lost = table[table["region"].isin(case.participants) & ~known & table["unit"].ne("day")]
    lost = lost[lost["commodity"].isin(case["commodities"]["commodity"])]
    return [
        {"commodity": commodity, "region": region, "held": float(held["quantity"].astype(float).sum()), "direct": 0.0,
         "usable": _usable(0.0, False), "months": np.nan, "over_use": np.nan, "binds": "", "reaches": "",
         RESTS_ON: join_inputs([f"commodities/{commodity}"], held[ROW])}
        for (commodity, region), held in lost.groupby(["commodity", "region"])
    ]  # fmt: skip


def _usable(direct: float, converted: bool) -> str:
    """Say how a form comes to an end use."""
    if direct >= WHOLE:
        return _("as it is")
    if direct > 0:
        return _("as it is and after conversion") if converted else _("in part as it is, the rest not in the region")
    return _("after conversion") if converted else _("not in the region")
