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


def widest_way(market: Market, label: str, depth: int = DEPTH) -> Way:
    """Return the widest way from a market to an end use of the same region.

    ``w(m) = inf`` where an end use takes a finished good, else
    ``max_a min(cap_a |A[m,a]|, w(m') |A[m,a]| / A[m',a])`` over the plants ``a`` of the region that take it and what
    they make of it ``m'``: each step can be no faster than its plant, nor than the steps behind it.

    Parameters
    ----------
    market : Market
        Network and base point.
    label : str
        Where the stock lies: commodity|region.
    """
    network = market.network
    commodity = label.split("|")[0]
    if network.uses["market"].eq(label).any() and commodity not in intermediates(market):
        return Way(np.inf, "", commodity, ())
    best = Way(0.0, "", "", ())
    terms = network.terms
    taken = terms[terms["market"].eq(label) & terms["coefficient"].lt(0)] if depth else terms[:0]
    for activity, coefficient in zip(taken["activity"], -taken["coefficient"], strict=True):
        plant = str(network.activities.at[activity, "facility"])
        if network.facilities.at[plant, "status"] != "operating":
            continue
        ran = market.base.activity[network.activities["facility"].eq(plant).to_numpy()].sum()
        own = coefficient * max(float(network.facilities["capacity"][plant]), float(ran))
        made = terms[terms["activity"].eq(activity) & terms["coefficient"].gt(0)]
        for output, given in zip(made["market"], made["coefficient"], strict=True):
            behind = widest_way(market, str(output), depth - 1)
            reach = behind.width * coefficient / given if np.isfinite(behind.width) else np.inf
            width = min(own, reach)
            if width > best.width:
                binds = plant if own <= reach else behind.binds
                best = Way(width, binds, behind.reaches, (f"facilities/{plant}", *behind.inputs))
    return best


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
    names = case.names("facilities")
    rows = []
    for label, held in stocks.groupby("market"):
        commodity, region = str(label).split("|")
        if region not in case.participants:
            continue
        way = widest_way(market, str(label))
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
