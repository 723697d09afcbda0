"""Who loses and who gains: users, producers, and the value added that stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.economy.methods import Shortage, value_at_risk
from didymium.economy.willingness import surplus
from didymium.market.cross import joints
from didymium.market.prepare import Market
from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.shock.columns import FORESIGHT
from didymium.shock.path import Path
from didymium.shock.value import worth_of

if TYPE_CHECKING:
    from didymium.case import case as cases


def losses(case: cases.Case, market: Market, paths: list[Path], uses: pd.DataFrame, why: list[str]) -> ResultTable:
    """Return what users lose and producers gain by region, and value added at risk as a range.

    Parameters
    ----------
    case, market, paths
        What was run.
    uses : DataFrame
        Wanted and served by foresight, month, end use, region and commodity, t.
    why : list of str
        Input rows of the scenario.
    """
    network = market.network
    rows = []
    worth = worth_of(market)
    for path in paths:
        lost = users_loss(market, path.served.to_numpy(), path.wanted.to_numpy(), path.price) / 1000.0
        gain = producers_gain(market, path.activity, path.price) / 1000.0
        months = uses[uses["foresight"].eq(path.foresight)]
        for region in dict.fromkeys(network.uses["region"]):
            mine = network.uses["region"].eq(region).to_numpy()
            risk = value_at_risk(case, Shortage.of(months, worth, str(region)))
            producers = network.activities["region"].eq(region).to_numpy()
            duty, rent = border_gain(case, market, path, str(region))
            rows.append({
                "foresight": path.foresight, "region": region, "consumer_loss": lost[mine].sum(),
                "producer_gain": gain[producers].sum(),
                "duties": duty, "licence_rent": rent,
                "value_at_risk": risk.value, "value_at_risk_low": risk.low, "value_at_risk_high": risk.high,
                RESTS_ON: join_inputs(why, *(str(k).split(";") for k in network.uses.loc[mine, "inputs"]), risk.inputs),
            })  # fmt: skip
    columns = {
        "foresight": FORESIGHT, "region": Column("", _("Region")),
        "consumer_loss": Column("MUSD", _("Loss of users: benefit less payment, against the base year")),
        "producer_gain": Column("MUSD", _("Gain of processors and mines in the region, against the base year")),
        "duties": Column("MUSD", _("Duties that the region levies: a transfer")),
        "licence_rent": Column("MUSD", _("What holders of its export licences earn: price there less price here")),
        "value_at_risk": Column("MUSD", _("Value added at risk; not computable where the case holds none")),
        "value_at_risk_low": Column("MUSD", _("Low end, by the share of an industry that stops for want of it")),
        "value_at_risk_high": Column("MUSD", _("High end")),
    }  # fmt: skip
    return ResultTable("losses", _("Who loses and who gains"), pd.DataFrame(rows), columns, ("foresight", "region"))


def border_gain(case: cases.Case, market: Market, path: Path, region: str) -> tuple[float, float]:
    """Return the duties that a region levies and the rent of its export licences, MUSD.

    ``sum w y`` over what it imports under a duty ``w``; ``sum (p_head - p_tail - f - w) y`` over what it exports, the
    worth of a licence where a measure bounds the flow: zero on a route that is free, but for what moves between months.
    """
    routes = market.network.routes
    ship, duty = path.ship.to_numpy(float), path.duty.to_numpy(float)
    into = routes["destination"].eq(region).to_numpy()
    levied = float((duty[into] * ship[into]).sum()) / 1000.0
    if region != case.controller:
        return levied, 0.0
    out = routes["origin"].eq(region).to_numpy()
    head, tail = (path.price.reindex(routes.loc[out, end]).to_numpy() for end in ("head", "tail"))
    freight = market.base.freight.reindex(routes.index[out]).to_numpy(float)[:, None]
    rent = np.maximum(head - tail - freight - duty[out], 0.0) * ship[out]
    return levied, float(rent.sum()) / 1000.0


def users_loss(market: Market, served: np.ndarray, wanted: np.ndarray, price: pd.DataFrame) -> np.ndarray:
    """Return each use's loss against base prices, summed over the months, kUSD.

    ``sum_n [B(q0) - p0 q0] - [B(q) - p q]`` with the month's own demand curve.

    Parameters
    ----------
    market : Market
        Network and base point.
    served, wanted : array, uses x months
        Tonnes.
    price : DataFrame, markets x months
        USD/kg.
    """
    uses = market.network.uses
    p0 = market.base.price.reindex(uses["market"]).to_numpy(float)[:, None]
    paid = price.reindex(uses["market"]).to_numpy(float)
    elasticity, choke = uses["elasticity"].to_numpy(float)[:, None], uses["choke"].to_numpy(float)[:, None]
    safe = np.maximum(served, 1e-9 * wanted)
    linear = uses["curve"].eq("linear").to_numpy()[:, None]
    before = surplus(wanted, p0 * np.ones_like(paid), wanted, p0, elasticity, choke, linear)
    after = surplus(safe, paid, wanted, p0, elasticity, choke, linear)
    joint = joints(*market).get("demand")
    if joint is not None:
        at = joint.members
        before[at] = -p0[at] * wanted[at]
        after[at] = joint.value(served[at], wanted[at] / joint.quantity[:, None]) - paid[at] * served[at]
    loss: np.ndarray = (before - after).sum(axis=1)
    return loss


def producers_gain(market: Market, activity: pd.DataFrame, price: pd.DataFrame) -> np.ndarray:
    """Return each activity's margin over its marginal cost at the base point, less the base year's, kUSD.

    ``sum_n (sum_m A[m,a] p[m,n] - c[a]) x[a,n]``; the base year's margin is zero by calibration.
    """
    network, base = market
    margin = network.matrix().to_numpy().T @ price.to_numpy(float) - base.cost.to_numpy(float)[:, None]
    gain: np.ndarray = (margin * activity.to_numpy(float)).sum(axis=1)
    return gain
