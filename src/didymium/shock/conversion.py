"""Whether a stock can be used where it lies: which step from its form to an end use binds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.market.prepare import Market

DEPTH = 8
"""Steps after which a way is given up: the chain has six stages."""


class Way(NamedTuple):
    """The widest way from a form to a finished good in a region: t of the form a year, what binds, where it ends."""

    width: float
    binds: str
    reaches: str
    inputs: tuple[str, ...]


class Ways:
    """The widest ways from markets to end uses of the same region.

    ``w(m) = inf`` where an end use takes a finished good, else
    ``max_a min(cap_a |A[m,a]|, w(m') |A[m,a]| / A[m',a])`` over the plants ``a`` of the region that take it and what
    they make of it ``m'``: each step can be no faster than its plant, nor than the steps behind it.

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
        runs = set(plants.index[plants["status"].eq("operating")])
        taken_in = intermediates(market)
        self._used = {label for label in network.uses["market"] if _good(label) not in taken_in}
        self._taken: dict[str, list[tuple[str, str, float, float]]] = {}
        self._made: dict[str, list[tuple[str, float]]] = {}
        for label, activity, amount in network.terms[["market", "activity", "coefficient"]].itertuples(index=False):
            plant = plant_of[activity]
            if amount > 0:
                self._made.setdefault(activity, []).append((label, amount))
            elif amount < 0 and plant in runs:
                self._taken.setdefault(label, []).append((activity, plant, -amount, -amount * float(most[plant])))

    def widest(self, label: str, depth: int = DEPTH) -> Way:
        """Return the widest way from a market, commodity|region, in so many steps."""
        if label in self._used:
            return Way(np.inf, "", _good(label), ())
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


def intermediates(market: Market) -> set[str]:
    """Return the goods that some plant takes in: an oxide has small uses as it is, and its large one is as metal."""
    terms = market.network.terms
    return set(terms.loc[terms["coefficient"].lt(0), "market"].str.split("|").str[0])


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
        way = ways.widest(str(label))
        direct = not np.isfinite(way.width)
        monthly = held["rest"].sum() if direct else way.width / 12.0
        rows.append({
            "commodity": commodity, "region": region, "held": held["rest"].sum(),
            "usable": _("as it is") if direct else _("after conversion") if way.width > 0 else _("not in the region"),
            "months": np.nan if direct or way.width <= 0 else held["rest"].sum() / monthly,
            "over_use": np.nan if direct or intake[label] <= 0 else way.width / intake[label],
            "binds": names.get(way.binds, way.binds), "reaches": way.reaches,
            RESTS_ON: join_inputs([f"commodities/{commodity}"], held["inputs"], way.inputs),
        })  # fmt: skip
    columns = {
        "commodity": Column("", _("Form held")), "region": Column("", _("Region")),
        "held": Column("t", _("Held at the start, commercial and strategic")),
        "usable": Column("", _("Whether the region's own plants bring it to an end use")),
        "months": Column("month", _("Months in which the region's plants could convert all of it")),
        "over_use": Column("ratio", _("What they can convert in a year over what the region takes in")),
        "binds": Column("", _("Plant that sets the pace: the step that binds")),
        "reaches": Column("", _("Good in which it reaches an end use")),
    }  # fmt: skip
    return ResultTable("conversion", _("Stock in the right form?"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]),
                       columns, ("commodity", "region"))  # fmt: skip
