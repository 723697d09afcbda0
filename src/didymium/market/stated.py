"""Calibration = "stated": the curves are those that the tables state, and nothing is fitted.

Every demand curve passes through the price and quantity that its rows give, every cost curve through the cost and
activity that its rows give; freight is the routes'. The reference point need not balance and need not be an
equilibrium: ``clear`` finds one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from didymium.case.facilities import operating_in
from didymium.case.network import KG, Network
from didymium.case.read import LINE
from didymium.faults import CaseError, Fault
from didymium.market.base import Base
from didymium.market.prices import supply_elasticity
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case import case as cases

WITHIN = 1e-6
"""A reference activity may exceed its facility's capacity by this share: rounding of the tables."""

HALF_MONTH = 15.0
"""Days under way from which a route counts as at least a month."""


class _Row(NamedTuple):
    """A value and the line that it stands on."""

    value: float
    line: int


def stated(case: cases.Case, network: Network) -> Base:
    """Return the base point that the tables state.

    * price of a market: its prices row of the base year with use = fit;
    * reference quantity of an end use: its demands row;
    * marginal cost of an activity: its costs row, at its reference activity;
    * reference activity: the production that statistics (use = fit, any series) give for what it makes in its region,
      shared by the facilities there in proportion to what their capacities make; without such a row its capacity,
      shared evenly by the processes of the facility;
    * freight: the routes row; reference flow: an export row of the statistics that names both sides, or else 0.

    Parameters
    ----------
    case : Case
        The case.
    network : Network
        Its arrays.

    Raises
    ------
    CaseError
        What is missing, stands twice, or contradicts itself: every fault at once.
    """
    faults: list[Fault] = []
    price = _prices(case, network, faults)
    activity = _activity(case, network, faults)
    if faults:
        raise CaseError(faults)
    cost, nothing = network.activities["cost"].astype(float), pd.Series(0.0, index=network.activities.index)
    report = pd.DataFrame(
        {"stated_cost": cost, "rent": nothing, "subsidy": nothing, "unexplained": nothing,
         "inputs": network.activities["inputs"]}
    )  # fmt: skip
    misfit = pd.DataFrame({name: pd.Series(dtype=float) for name in ("observed", "sigma", "adjusted", "sigmas")})
    return Base(
        price=price,
        activity=activity,
        ship=_flows(case, network),
        served=network.uses["quantity"].astype(float),
        dispose=pd.Series(0.0, index=network.markets.index),
        cost=cost,
        freight=network.routes["cost"].astype(float),
        elasticity=supply_elasticity(case, network),
        report=report,
        misfit=misfit.assign(label=pd.Series(dtype=str), inputs=pd.Series(dtype=str)),
    )


def _prices(case: cases.Case, network: Network, faults: list[Fault]) -> pd.Series:
    """Return prices by market, USD/kg; those that no law reads are NaN where no row gives them."""
    table = case["prices"]
    table = table[table["date"].str[:4].eq(str(case.base_year)) & table["use"].eq("fit")]
    labels = table["commodity"] + "|" + table["region"]
    found = _once(labels, table["price"] / KG, table[LINE], "prices.csv", "use", faults)
    late = network.routes["days"].ge(HALF_MONTH)
    needed = dict.fromkeys([*network.uses["market"], *network.stocks["market"], *network.routes.loc[late, "head"]])
    for market in needed:
        commodity, region = market.split("|")
        if market not in found:
            what = _("calibration = stated: no price of {commodity} in {region} in {year} with use = fit")
            fix = _("add the price through which its curve passes")
            faults.append(Fault("prices.csv", "", "price",
                                what.format(commodity=commodity, region=region, year=case.base_year), fix))  # fmt: skip
        elif not found[market].value > 0:
            what = _("calibration = stated: a curve with an elasticity cannot pass through a price of zero")
            faults.append(Fault("prices.csv", str(found[market].line), "price", what,
                                _("state another point of the same curve")))  # fmt: skip
    # Nobody reads the others; a NaN would be refused before it could reach the solver.
    known = [found[market].value if market in found else np.nan for market in network.markets.index]
    return pd.Series(known, index=network.markets.index, dtype=float)


def _activity(case: cases.Case, network: Network, faults: list[Fault]) -> pd.Series:
    """Return reference activities, t/year."""
    table = case["statistics"]
    table = table[
        table["use"].eq("fit") & table["year"].eq(case.base_year) & table["unit"].eq("t")
        & table["flow"].eq("production") & table["commodity"].isin(case["commodities"]["commodity"])
    ]  # fmt: skip
    labels = table["commodity"] + "|" + table["region"]
    made = _once(labels, table["quantity"], table[LINE], "statistics.csv", "series", faults)
    activities, index = network.activities, network.activities.index
    runs = activities["facility"].isin(network.facilities.index[operating_in(network.facilities, case.base_year)])
    processes = activities.groupby("facility")["process"].transform("size")
    capacity = activities["facility"].map(network.facilities["capacity"]).astype(float) / processes
    capacity = capacity.where(runs, 0.0)
    measured = _measured(case, network, made).reindex(index)
    market, share = measured["market"], capacity * measured["coefficient"]
    total = share.groupby(market).transform("sum")
    quantity = market.map({name: row.value for name, row in made.items()}).astype(float)
    activity = (capacity * quantity / total.where(total > 0)).fillna(capacity)
    for name, row in made.items():
        on = market.eq(name)
        if not on.any() or not share[on].sum() > 0:
            what = _("calibration = stated: no facility that runs in {year} makes it").format(year=case.base_year)
            fix = _("correct it, or set use to check")
            faults.append(Fault("statistics.csv", str(row.line), "commodity", what, fix))
        elif row.value > share[on].sum() * (1.0 + WITHIN):
            what = _("calibration = stated: {quantity:g} t were made, but the facilities can make {most:g}")
            faults.append(Fault("statistics.csv", str(row.line), "quantity",
                                what.format(quantity=row.value, most=share[on].sum()),
                                _("correct it, or the capacities of {facilities}").format(
                                    facilities=", ".join(activities.loc[on & runs, "facility"].unique()))))  # fmt: skip
    return activity


def _measured(case: cases.Case, network: Network, made: Mapping[str, _Row]) -> pd.DataFrame:
    """Return by activity the market whose production row says how much it runs, and its output there by activity.

    What its capacity is stated in comes first, then its other products in the order of the recipe.
    """
    main = dict(zip(case["processes"]["process"], case["processes"]["capacity_commodity"], strict=True))
    own = network.activities["process"].map(main) + "|" + network.activities["region"]
    terms = network.terms[network.terms["coefficient"].gt(0) & network.terms["market"].isin(list(made))]
    terms = terms.assign(first=terms["market"].eq(terms["activity"].map(own)))
    terms = terms.sort_values("first", ascending=False, kind="stable").drop_duplicates("activity")
    return terms.set_index("activity")[["market", "coefficient"]]


def _flows(case: cases.Case, network: Network) -> pd.Series:
    """Return reference flows by route, t/year."""
    table = case["statistics"]
    table = table[table["use"].eq("fit") & table["year"].eq(case.base_year) & table["flow"].eq("export")]
    labels = table["commodity"] + "|" + table["region"] + "|" + table["partner"]
    flows = pd.Series(table["quantity"].to_numpy(float), index=labels.to_numpy(), dtype=float)
    return flows.groupby(level=0).last().reindex(network.routes.index, fill_value=0.0)


def _once(
    labels: pd.Series, values: pd.Series, lines: pd.Series, file: str, field: str, faults: list[Fault]
) -> dict[str, _Row]:
    """Return one row by label; a second one is a fault."""
    found: dict[str, _Row] = {}
    for label, value, line in zip(labels, values, lines, strict=True):
        if label in found:
            what = _("calibration = stated: row {row} speaks of the same quantity").format(row=found[label].line)
            faults.append(Fault(file, str(line), field, what, _("set use = check in one of the two rows")))
        found.setdefault(label, _Row(float(value), int(line)))
    return found
