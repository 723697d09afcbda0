"""``clear``: one year's prices, activity and trade, beside what was observed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.case import ROW
from didymium.case.network import KG
from didymium.faults import DidymiumError
from didymium.market.compared import compared
from didymium.market.explain import activity_costs
from didymium.market.footprint import footprint
from didymium.market.nearest import nearest_flows
from didymium.market.options import Options
from didymium.market.prepare import Market, prepare
from didymium.market.program import Program, build
from didymium.market.solve import Instance, Solution, prices
from didymium.market.tree import single_year
from didymium.messages import _
from didymium.result import RESTS_ON, Column, Result, ResultTable, join_inputs, new_manifest

if TYPE_CHECKING:
    from didymium.case import case as cases

TRACE_TONNES = 0.5
"""Flows below this many tonnes a year are not listed."""


def clear(case: cases.Case, year: int | None = None, options: Options | None = None) -> Result:
    """Clear one year.

    Parameters
    ----------
    case : Case
        The case.
    year : int, optional
        The base year where None. Another year has the demand of the growth table and the facilities that run then.
    options : Options, optional
        For tests: the same program with other curves.

    Returns
    -------
    Result
        prices (USD/kg), net_trade, activity, flows, use (t), environment, calibration (USD/kg), misfit.

    Raises
    ------
    DidymiumError
        A year before the base year.
    SolverError
        No verified optimum.
    """
    year = year or case.base_year
    if year < case.base_year:
        raise DidymiumError(_("year {year} lies before the base year {base} -> choose {base} or later").format(
            year=year, base=case.base_year))  # fmt: skip
    started = time.perf_counter()
    market = prepare(case)
    calibrated = time.perf_counter()
    later = year != case.base_year
    options = options or Options(curves="tangents", growth=later, expansion=later)
    program = build(case, single_year(year), options, market)
    built = time.perf_counter()
    solution = Instance(program).solve()
    solved = time.perf_counter()
    _settle_flows(market, solution)
    tables = [
        _prices(case, market, program, solution, year),
        _net_trade(case, market, solution, year),
        compared(case, market, solution, year),
        _activity(case, market, program, solution),
        _flows(market, solution),
        _use(case, market, program, solution),
        footprint(case, market.network, solution.frame("activity")[0]),
        activity_costs(market),
        _misfit(market),
    ]
    timings = {"calibrate": calibrated - started, "build": built - calibrated, "solve": solved - built}
    manifest = new_manifest(case.digest, {"year": year, "curves": options.curves}, objective=solution.objective,
                            run=solution.run, timings=timings)  # fmt: skip
    return Result("clear", case.name, {table.name: table for table in tables}, manifest)


def _settle_flows(market: Market, solution: Solution) -> None:
    """Replace the flows by the equally good ones nearest to the base year's."""
    network = market.network
    activity = solution.frame("activity")[0]
    made = network.terms[network.terms["coefficient"].gt(0)]
    output = (made["coefficient"] * made["activity"].map(activity)).groupby(made["market"]).sum()
    flows = nearest_flows(market, solution.frame("ship")[0], output.reindex(network.markets.index, fill_value=0.0))
    ship = solution.primal["ship"]
    solution.primal["ship"] = ship.copy(data=flows.reindex(ship.coords["route"].to_numpy()).to_numpy()[:, None])


def market_inputs(case: cases.Case, market: Market) -> pd.Series:
    """Return the input rows that each market rests on: what makes it, what takes it, what was observed of its price."""
    network = market.network
    terms = network.terms.merge(network.activities[["inputs"]], left_on="activity", right_index=True)
    running = market.base.activity.reindex(terms["activity"]).gt(0).to_numpy()
    by_process = terms[running].groupby("market")["inputs"].agg(list)
    by_use = network.uses.groupby("market")["inputs"].agg(list)
    observed = case["prices"].assign(market=case["prices"]["commodity"] + "|" + case["prices"]["region"])
    by_price = observed.groupby("market")[ROW].agg(list)

    def rows(label: object, own: str) -> str:
        parts: list[str] = []
        for source in (by_price, by_process, by_use):
            for entry in source.get(label, []):
                parts += str(entry).split(";")
        return join_inputs([own], parts)

    return pd.Series(
        [rows(label, own) for label, own in network.markets["inputs"].items()],
        index=network.markets.index,
        dtype=object,
    )


def observed_prices(case: cases.Case, year: int) -> pd.DataFrame:
    """Return one observed price per market: the fitted one, or else the mean of the year's checks, USD/kg."""
    table = case["prices"]
    table = table[table["date"].str[:4].eq(str(year))].copy()
    table["market"] = table["commodity"] + "|" + table["region"]
    fitted = table[table["use"].eq("fit")].drop_duplicates("market")
    rest = table[~table["market"].isin(fitted["market"])]
    mean = rest.groupby("market", as_index=False)[["price", "low", "high"]].mean()
    both = pd.concat([fitted[["market", "price", "low", "high"]], mean]).set_index("market")
    return both / KG


def _prices(case: cases.Case, market: Market, program: Program, solution: Solution, year: int) -> ResultTable:
    network, base = market
    frame = network.markets[["commodity", "region"]].copy()
    frame["price"] = prices(program, solution)[0]
    seen = observed_prices(case, year).reindex(frame.index)
    frame["observed"], frame["observed_low"], frame["observed_high"] = seen["price"], seen["low"], seen["high"]
    frame["misfit"] = frame["price"] / frame["observed"] - 1.0
    frame["calibrated"] = network.markets["calibrated"]
    frame["band_only"] = ~frame["calibrated"]
    frame[RESTS_ON] = market_inputs(case, market)
    alive = base.intake(network).gt(TRACE_TONNES) | base.output(network).gt(TRACE_TONNES)
    columns = {
        "commodity": Column("", _("Commodity")), "region": Column("", _("Region")),
        "price": Column("USD/kg", _("Price at which the market clears")),
        "observed": Column("USD/kg", _("Observed price of the year")),
        "observed_low": Column("USD/kg", _("Low end of the observation")),
        "observed_high": Column("USD/kg", _("High end of the observation")),
        "misfit": Column("ratio", _("Price over observed price, less one")),
        "calibrated": Column("", _("The price is fitted to observations")),
        "band_only": Column("", _("Too little data: read as a band only")),
    }  # fmt: skip
    # What was observed comes first: it is what a reader checks.
    frame = frame.reindex(frame["observed"].isna().sort_values(kind="stable").index)
    alive = alive.reindex(frame.index)
    return ResultTable(
        "prices",
        _("Prices beside observed ones"),
        frame[alive].reset_index(drop=True),
        columns,
        ("commodity", "region"),
    )


def _net_trade(case: cases.Case, market: Market, solution: Solution, year: int) -> ResultTable:
    network = market.network
    activity, ship = solution.frame("activity")[0], solution.frame("ship")[0]
    served = solution.frame("served")[0]
    amount = network.terms["coefficient"] * network.terms["activity"].map(activity)
    made = amount[amount.gt(0)].groupby(network.terms["market"]).sum()
    taken = (-amount[amount.lt(0)]).groupby(network.terms["market"]).sum()
    used = served.groupby(network.uses["market"]).sum()
    index = network.markets.index
    frame = network.markets[["commodity", "region"]].copy()
    frame["production"] = made.reindex(index, fill_value=0.0)
    frame["intake"] = taken.reindex(index, fill_value=0.0) + used.reindex(index, fill_value=0.0)
    out = ship.groupby(network.routes["tail"]).sum().reindex(index, fill_value=0.0)
    into = ship.groupby(network.routes["head"]).sum().reindex(index, fill_value=0.0)
    frame["net_export"] = out - into
    observed = _observed_trade(case, year)
    frame["observed"] = observed["quantity"].reindex(index)
    frame["observed_series"] = observed["series"].reindex(index).fillna("")
    frame[RESTS_ON] = market_inputs(case, market)
    extra = observed["inputs"].reindex(index).fillna("")
    frame[RESTS_ON] = [
        join_inputs(str(a).split(";"), str(b).split(";")) for a, b in zip(frame[RESTS_ON], extra, strict=True)
    ]
    alive = frame["production"].gt(TRACE_TONNES) | frame["intake"].gt(TRACE_TONNES)
    columns = {
        "commodity": Column("", _("Commodity")), "region": Column("", _("Region")),
        "production": Column("t", _("Made in the year")),
        "intake": Column("t", _("Taken in by processes and end uses")),
        "net_export": Column("t", _("Exports less imports")),
        "observed": Column("t", _("Observed exports less imports")),
        "observed_series": Column("", _("Statistic that it was observed in")),
    }  # fmt: skip
    return ResultTable(
        "net_trade",
        _("Production, use and net trade"),
        frame[alive].reset_index(drop=True),
        columns,
        ("commodity", "region"),
    )


def _observed_trade(case: cases.Case, year: int) -> pd.DataFrame:
    """Return observed net exports by market where the statistics name the commodity, t."""
    table = case["statistics"]
    table = table[table["year"].eq(year) & table["flow"].isin(("export", "import")) & table["unit"].eq("t")]
    table = table[table["commodity"].isin(case["commodities"]["commodity"]) & table["partner"].isin(("", "*"))].copy()
    table["market"] = table["commodity"] + "|" + table["region"]
    quantity = table["quantity"].astype(float)
    table["quantity"] = np.where(table["flow"].eq("export"), quantity, -quantity)
    grouped = table.groupby("market")
    series, inputs = grouped["series"].agg("; ".join), grouped[ROW].agg(";".join)
    return pd.DataFrame({"quantity": grouped["quantity"].sum(), "series": series, "inputs": inputs})


def _activity(case: cases.Case, market: Market, program: Program, solution: Solution) -> ResultTable:
    network = market.network
    frame = network.activities[["facility", "process", "region", "stage"]].copy()
    frame["activity"] = solution.frame("activity")[0]
    limit = pd.Series(program.parts.conditions.capacity[:, 0], index=network.facilities.index)
    frame["capacity"] = frame["facility"].map(limit)
    total = frame.groupby("facility")["activity"].transform("sum")
    frame["used"] = (total / frame["capacity"]).where(frame["capacity"].gt(0))
    rent = solution.dual["capacity"].isel(node=0).to_series()
    frame["rent"] = frame["facility"].map(rent).abs()
    frame[RESTS_ON] = network.activities["inputs"]
    names = case.names("facilities")
    frame.insert(1, "name", frame["facility"].map(names))
    columns = {
        "facility": Column("", _("Facility")), "name": Column("", _("Name")), "process": Column("", _("Process")),
        "region": Column("", _("Region")), "stage": Column("", _("Stage")),
        "activity": Column("t", _("Activity in the year, on the side that capacity is stated")),
        "capacity": Column("t", _("Capacity of the facility in the year, shared by its processes")),
        "used": Column("ratio", _("Share of the facility's capacity used by all its processes")),
        "rent": Column("USD/kg", _("Worth of one more kilogram of capacity")),
    }  # fmt: skip
    kept = frame["activity"].gt(TRACE_TONNES)
    return ResultTable("activity", _("What runs"), frame[kept].reset_index(drop=True), columns, ("facility", "process"))


def _flows(market: Market, solution: Solution) -> ResultTable:
    routes = market.network.routes
    frame = routes[["commodity", "origin", "destination"]].copy()
    frame["quantity"] = solution.frame("ship")[0]
    terms = market.network.terms.merge(
        market.network.activities[["inputs", "facility"]], left_on="activity", right_index=True
    )
    ran = market.base.activity.reindex(terms["activity"]).gt(0).to_numpy() & terms["coefficient"].gt(0).to_numpy()
    makers = (
        terms[ran]
        .groupby("market")["facility"]
        .agg(lambda names: [f"facilities/{name}" for name in dict.fromkeys(names)])
    )
    frame[RESTS_ON] = [
        join_inputs([own], makers.get(tail, [])) for own, tail in zip(routes["inputs"], routes["tail"], strict=True)
    ]
    columns = {
        "commodity": Column("", _("Commodity")), "origin": Column("", _("From")), "destination": Column("", _("To")),
        "quantity": Column("t", _("Shipped; of patterns with equal prices the one nearest to the base year")),
    }  # fmt: skip
    kept = frame["quantity"].gt(TRACE_TONNES)
    return ResultTable(
        "flows", _("Flows"), frame[kept].reset_index(drop=True), columns, ("commodity", "origin", "destination")
    )


def _use(case: cases.Case, market: Market, program: Program, solution: Solution) -> ResultTable:
    uses = market.network.uses
    frame = uses[["end_use", "region", "commodity"]].copy()
    frame["wanted"] = program.parts.conditions.demand[:, 0]
    frame["served"] = solution.frame("served")[0]
    frame[RESTS_ON] = uses["inputs"]
    columns = {
        "end_use": Column("", _("End use")), "region": Column("", _("Region")), "commodity": Column("", _("Commodity")),
        "wanted": Column("t", _("Wanted at base prices")), "served": Column("t", _("Served")),
    }  # fmt: skip
    return ResultTable("use", _("End uses"), frame.reset_index(drop=True), columns, ("end_use", "region", "commodity"))


def _misfit(market: Market) -> ResultTable:
    frame = market.base.misfit.rename(columns={"inputs": RESTS_ON}).copy()
    frame = frame.reindex(frame["sigmas"].abs().sort_values(ascending=False).index).reset_index(drop=True)
    columns = {
        "label": Column("", _("Observation")), "observed": Column("t", _("Observed")),
        "sigma": Column("t", _("Its accuracy")), "adjusted": Column("t", _("In the balanced base year")),
        "sigmas": Column("ratio", _("Moved by, in accuracies")),
    }  # fmt: skip
    return ResultTable("misfit", _("Observations that the balanced base year moves most"), frame, columns, ("label",))
