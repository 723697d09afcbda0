"""What calibration had to move, and by how much: stage costs, prices and freights of the base year."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.network import KG
from didymium.market.prepare import Market, prepare
from didymium.market.prices import price_observations
from didymium.messages import _
from didymium.result import RESTS_ON, Column, Result, ResultTable, join_inputs, new_manifest

if TYPE_CHECKING:
    from didymium.case.case import Case

MOVED = 1e-3
"""USD/kg below which nothing moved."""


def calibrate(case: Case) -> Result:
    """Return what the calibration of a case's base year moved.

    Parameters
    ----------
    case : Case
        The case.

    Returns
    -------
    Result
        Tables ``stages`` (by stage and region, USD/kg), ``calibration`` (by activity), ``prices`` (fitted beside
        observed, USD/kg) and ``freights`` (routes in use, USD/kg).

    Raises
    ------
    CaseError
        The case cannot be calibrated.
    """
    started = time.perf_counter()
    market = prepare(case)
    tables = (_stages(case, market), activity_costs(market), _prices(case, market), _freights(market))
    moved = tables[1].frame
    facts = {
        "algorithm": "interior point", "status": "ok", "activities": len(moved),
        "subsidised": int((moved["subsidy"] > MOVED).sum()), "unexplained": int((moved["unexplained"] > 0).sum()),
    }  # fmt: skip
    manifest = new_manifest(case.digest, {"variant": case.variant}, **facts)
    manifest["timings"] = {"total": time.perf_counter() - started}
    return Result("calibrate", case.name, {table.name: table for table in tables}, manifest)


def activity_costs(market: Market) -> ResultTable:
    """Return what each activity that ran costs as stated, and what calibration added or took away."""
    network, base = market
    frame = base.report.drop(columns="inputs").reset_index()
    frame["cost"] = base.cost.to_numpy()
    frame[RESTS_ON] = network.activities["inputs"].to_numpy()
    columns = {
        "activity": Column("", _("Facility and process")),
        "stated_cost": Column("USD/kg", _("Cost as the case states it")),
        "rent": Column("USD/kg", _("What it earned beyond its cost")),
        "subsidy": Column("USD/kg", _("What its cost must be lower by: implied subsidy, or a wrong cost")),
        "unexplained": Column("USD/kg", _("Loss that no lower cost explains")),
        "cost": Column("USD/kg", _("Marginal cost at the base point")),
    }
    kept = frame[base.running()].reset_index(drop=True)
    return ResultTable("calibration", _("Costs that calibration moved"), kept, columns, ("activity",))


def _stages(case: Case, market: Market) -> ResultTable:
    """Return costs by stage and region, and by element where ores are of one each, weighted with activity.

    The largest move of money first.
    """
    network, base = market
    ran = base.running()
    frame = network.activities.loc[ran, ["stage", "region", "process", "inputs"]].copy()
    alone = case.alone()
    main = dict(zip(case["processes"]["process"], case["processes"]["capacity_commodity"], strict=True))
    frame["element"] = [alone.get(main[process], "") for process in frame.pop("process")]
    by = ["stage", "region", *(["element"] if alone else [])]
    frame["activity"] = base.activity[ran]
    report = base.report[ran]
    for name in ("stated_cost", "rent", "subsidy", "unexplained"):
        frame[name] = report[name] * frame["activity"]
    grouped = frame.groupby(by, as_index=False, sort=False)
    amounts = ["activity", "stated_cost", "rent", "subsidy", "unexplained"]
    table = grouped[amounts].sum()
    table["money"] = (table["rent"] - table["subsidy"] - table["unexplained"]) / KG
    for name in amounts[1:]:
        table[name] /= table["activity"]
    table["cost"] = table["stated_cost"] + table["rent"] - table["subsidy"]
    table["why"] = [_why(row["rent"], row["subsidy"], row["unexplained"]) for row in table.to_dict("records")]
    keys = grouped["inputs"].agg(lambda cells: join_inputs(*(cell.split(";") for cell in cells)))
    table[RESTS_ON] = keys["inputs"]
    table = table.reindex(table["money"].abs().sort_values(ascending=False).index).reset_index(drop=True)
    columns = {
        "stage": Column("", _("Stage")), "region": Column("", _("Region")),
        "element": Column("", _("Element, where ores are mined for one element each")),
        "activity": Column("t", _("Activity in the base year, on the side that capacity is stated")),
        "stated_cost": Column("USD/kg", _("Mean cost as the case states it")),
        "rent": Column("USD/kg", _("Mean earning beyond cost")),
        "subsidy": Column("USD/kg", _("Mean implied subsidy, or wrong cost")),
        "unexplained": Column("USD/kg", _("Mean loss that no lower cost explains")),
        "cost": Column("USD/kg", _("Mean marginal cost at the base point")),
        "money": Column("MUSD", _("Rents less subsidies in the base year")),
        "why": Column("", _("How to read it")),
    }  # fmt: skip
    columns = {name: column for name, column in columns.items() if name in table}
    return ResultTable("stages", _("Stage costs that calibration moved"), table[[*columns, RESTS_ON]], columns,
                       tuple(by))  # fmt: skip


def _why(rent: float, subsidy: float, unexplained: float) -> str:
    """Return how a reader may understand a moved cost."""
    if unexplained > MOVED:
        return _("sells below its inputs: a price or recipe is wrong")
    if max(rent, subsidy) <= MOVED:
        return _("the stated cost fits")
    if rent > subsidy:
        return _("scarce, or its cost is stated too low")
    return _("supported, or its cost is stated too high")


def _prices(case: Case, market: Market) -> ResultTable:
    """Return the prices that were fitted beside what was observed, the farthest first."""
    network, base = market
    seen = price_observations(case, network)
    frame = pd.DataFrame({
        "commodity": network.markets["commodity"].to_numpy()[seen.at],
        "region": network.markets["region"].to_numpy()[seen.at],
        "observed": seen.value, "sigma": seen.sigma,
        "fitted": base.price.to_numpy()[seen.at],
        RESTS_ON: seen.inputs,
    })  # fmt: skip
    frame["sigmas"] = (frame["fitted"] - frame["observed"]) / frame["sigma"]
    frame = frame.iloc[np.argsort(-frame["sigmas"].abs().to_numpy())].reset_index(drop=True)
    columns = {
        "commodity": Column("", _("Commodity")), "region": Column("", _("Region")),
        "observed": Column("USD/kg", _("Observed price")), "sigma": Column("USD/kg", _("Its standard error")),
        "fitted": Column("USD/kg", _("Price at which what runs earns exactly nothing")),
        "sigmas": Column("ratio", _("Moved by, in standard errors")),
    }  # fmt: skip
    return ResultTable("prices", _("Prices fitted and observed"), frame[[*columns, RESTS_ON]], columns,
                       ("commodity", "region"))  # fmt: skip


def _freights(market: Market) -> ResultTable:
    """Return the routes in use whose price gap is not the stated freight, the largest move of money first."""
    network, base = market
    routes = network.routes.loc[base.ship.gt(0).to_numpy()]
    frame = routes[["commodity", "origin", "destination"]].copy()
    frame["stated"], frame["fitted"] = routes["cost"], base.freight.reindex(routes.index)
    frame["moved"] = frame["fitted"] - frame["stated"]
    frame["money"] = frame["moved"] * base.ship.reindex(routes.index) / KG
    frame[RESTS_ON] = routes["inputs"]
    frame = frame[frame["moved"].abs().gt(MOVED)]
    frame = frame.reindex(frame["money"].abs().sort_values(ascending=False).index).reset_index(drop=True)
    columns = {
        "commodity": Column("", _("Commodity")), "origin": Column("", _("From")), "destination": Column("", _("To")),
        "stated": Column("USD/kg", _("Freight as the case states it")),
        "fitted": Column("USD/kg", _("Price gap of the base year")),
        "moved": Column("USD/kg", _("What the gap holds beside freight: quality, terms, tariffs, or an error")),
        "money": Column("MUSD", _("Times the flow of the base year")),
    }  # fmt: skip
    return ResultTable("freights", _("Price gaps that are not the stated freight"), frame[[*columns, RESTS_ON]],
                       columns, ("commodity", "origin", "destination"))  # fmt: skip
