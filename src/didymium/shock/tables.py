"""What a shock's months say: prices, shortages, stocks, cover, trade and losses as tidy tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.case import ROW
from didymium.economy.value import at_risk, value_added
from didymium.economy.willingness import surplus
from didymium.market.clear import TRACE_TONNES, market_inputs
from didymium.market.prepare import Market
from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.shock.dynamics import Path

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario

SHORT = 0.05
"""Share of what is wanted that is missing before a use counts as short."""

LINE_STOP = 0.15
"""Share missing at which production lines stop: above what thrift saves within a month."""

FORESIGHT = Column("", _("What markets know: none believes that today's measures stay, perfect knows every date (a bound)"))
MONTH = Column("", _("Month"))


class ShockTables:
    """Builds the tables of one or more paths.

    Parameters
    ----------
    case, market, scenario, paths
        What was run.
    """

    def __init__(self, case: cases.Case, market: Market, scenario: Scenario, paths: list[Path]) -> None:
        self.case, self.market, self.scenario, self.paths = case, market, scenario, paths
        self.why = scenario.inputs() or ["assumptions/a_no_shock"]
        intake = market.base.intake(market.network)
        self.alive = intake.index[intake.gt(TRACE_TONNES)]

    def all(self) -> list[ResultTable]:
        """Return every table."""
        return [self.prices(), self.served(), self.stocks(), self.cover(), self.trade(), self.losses()]

    def _long(self, frame: pd.DataFrame, path: Path, name: str) -> pd.DataFrame:
        """Turn rows x months into one row each, with foresight and month."""
        frame = frame.copy()
        frame.columns = pd.Index(path.labels, name="month")
        frame.index.name = "key"
        long = frame.stack().rename(name).reset_index()
        long.insert(0, "foresight", path.foresight)
        return long

    def prices(self) -> ResultTable:
        """Price by market and month, beside the base year's."""
        network, base = self.market
        inputs = market_inputs(self.case, self.market)
        rests = {label: join_inputs(self.why, inputs[label].split(";")) for label in self.alive}
        parts = [self._long(path.price.loc[self.alive], path, "price") for path in self.paths]
        frame = pd.concat(parts, ignore_index=True)
        frame["commodity"] = frame["key"].map(network.markets["commodity"])
        frame["region"] = frame["key"].map(network.markets["region"])
        frame["base"] = frame["key"].map(base.price)
        frame["multiple"] = (frame["price"] / frame["base"]).where(frame["base"].gt(0.1))
        frame[RESTS_ON] = frame["key"].map(rests)
        columns = {
            "foresight": FORESIGHT, "month": MONTH, "commodity": Column("", _("Commodity")), "region": Column("", _("Region")),
            "price": Column("USD/kg", _("Price")), "base": Column("USD/kg", _("Price of the base year")),
            "multiple": Column("ratio", _("Price as a multiple of the base year's")),
        }  # fmt: skip
        return ResultTable("prices", _("Prices month by month"), frame[[*columns, RESTS_ON]], columns,
                           ("foresight", "month", "commodity", "region"))  # fmt: skip

    def _uses(self) -> pd.DataFrame:
        """Wanted and served by use and month."""
        uses = self.market.network.uses
        parts = []
        for path in self.paths:
            long = self._long(path.wanted, path, "wanted")
            long["served"] = self._long(path.served, path, "served")["served"]
            parts.append(long)
        frame = pd.concat(parts, ignore_index=True)
        for name in ("end_use", "region", "commodity"):
            frame[name] = frame["key"].map(uses[name])
        return frame

    def served(self) -> ResultTable:
        """What each end use got of what it wanted."""
        frame = self._uses()
        frame["short"] = (frame["wanted"] - frame["served"]).clip(lower=0.0)
        frame["short_share"] = frame["short"] / frame["wanted"]
        rests = {key: join_inputs(self.why, str(rows).split(";")) for key, rows in self.market.network.uses["inputs"].items()}
        frame[RESTS_ON] = frame["key"].map(rests)
        columns = {
            "foresight": FORESIGHT, "month": MONTH, "end_use": Column("", _("End use")), "region": Column("", _("Region")),
            "commodity": Column("", _("Commodity")), "wanted": Column("t", _("Wanted at base prices")),
            "served": Column("t", _("Served")), "short": Column("t", _("Missing")),
            "short_share": Column("ratio", _("Share missing")),
        }  # fmt: skip
        return ResultTable("served", _("End uses month by month"), frame[[*columns, RESTS_ON]], columns,
                           ("foresight", "month", "end_use", "region", "commodity"))  # fmt: skip

    def stocks(self) -> ResultTable:
        """Stock levels and what they cover of base use."""
        daily = self.market.base.intake(self.market.network) / 365.25
        parts = []
        for path in self.paths:
            long = self._long(path.stock, path, "level")
            long["market"] = long["key"].map(path.stocks["market"])
            long["kind"] = long["key"].map(path.stocks["kind"])
            long["input"] = long["key"].map(path.stocks["inputs"])
            parts.append(long)
        frame = pd.concat(parts, ignore_index=True)
        frame = frame.groupby(["foresight", "month", "market", "kind"], as_index=False, sort=False).agg(
            {"level": "sum", "input": lambda keys: list(dict.fromkeys(keys))}
        )
        frame[["commodity", "region"]] = frame["market"].str.split("|", expand=True).to_numpy()
        frame["days"] = frame["level"] / frame["market"].map(daily).where(lambda d: d.gt(0))
        frame[RESTS_ON] = [join_inputs(self.why, keys, [f"commodities/{c}"]) for keys, c in zip(frame["input"], frame["commodity"], strict=True)]
        columns = {
            "foresight": FORESIGHT, "month": MONTH, "commodity": Column("", _("Commodity")), "region": Column("", _("Region")),
            "kind": Column("", _("commercial or strategic")), "level": Column("t", _("Level at the end of the month")),
            "days": Column("day", _("Days of base use that it covers")),
        }  # fmt: skip
        return ResultTable("stocks", _("Stocks month by month"), frame[[*columns, RESTS_ON]], columns,
                           ("foresight", "month", "commodity", "region", "kind"))  # fmt: skip

    def cover(self) -> ResultTable:
        """Days of cover by form at the start and at the lowest, and when users of the form run short."""
        network = self.market.network
        daily = self.market.base.intake(network) / 365.25
        uses = self._uses()
        uses["missing"] = 1.0 - uses["served"] / uses["wanted"]
        rows = []
        for path in self.paths:
            held = path.stock.groupby(path.stocks["market"]).sum()
            start = path.stocks.groupby("market")["start"].sum()
            for market in start.index:
                commodity, region = market.split("|")
                if region not in self.case.participants or daily[market] <= 0:
                    continue
                mine = path.stocks[path.stocks["market"].eq(market)]
                band = network.stocks.loc[network.stocks.index.isin(mine.index)]
                in_days = band["in_days"].to_numpy(bool)
                low, high = (np.where(in_days, band[end], band[end] / daily[market]).astype(float) for end in ("low", "high"))
                at = uses[uses["foresight"].eq(path.foresight) & uses["region"].eq(region) & uses["commodity"].eq(commodity)]
                by_month = at.groupby("month", sort=True).apply(lambda g: 1.0 - g["served"].sum() / g["wanted"].sum(), include_groups=False)
                rows.append({
                    "foresight": path.foresight, "commodity": commodity, "region": region,
                    "days_at_start": start[market] / daily[market], "lowest_days": held.loc[market].min() / daily[market],
                    "days_low": float(np.nansum(low)), "days_high": float(np.nansum(high)),
                    "first_short": _first(by_month, SHORT), "line_stop": _first(by_month, LINE_STOP),
                    RESTS_ON: join_inputs(self.why, band["inputs"], [f"commodities/{commodity}"]),
                })  # fmt: skip
        columns = {
            "foresight": FORESIGHT, "commodity": Column("", _("Form held")), "region": Column("", _("Region")),
            "days_at_start": Column("day", _("Cover at the start, commercial and strategic")),
            "lowest_days": Column("day", _("Lowest cover in the months shown")),
            "days_low": Column("day", _("Cover at the low end of the bands: secret stocks are ranges")),
            "days_high": Column("day", _("Cover at the high end of the bands")),
            "first_short": Column("", _("First month with more than 5 % missing")),
            "line_stop": Column("", _("First month with more than 15 % missing: lines stop")),
        }  # fmt: skip
        return ResultTable("cover", _("Days of cover"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns,
                           ("foresight", "commodity", "region"))  # fmt: skip

    def trade(self) -> ResultTable:
        """The controller's exports by month, beside a base month."""
        routes, base = self.market.network.routes, self.market.base
        mine = routes.index[routes["origin"].eq(self.case.controller) & base.ship.gt(TRACE_TONNES)]
        frame = pd.concat([self._long(path.ship.loc[mine], path, "exports") for path in self.paths], ignore_index=True)
        frame["commodity"] = frame["key"].map(routes["commodity"])
        frame["destination"] = frame["key"].map(routes["destination"])
        frame["base"] = frame["key"].map(base.ship) / 12.0
        frame["share"] = frame["exports"] / frame["base"]
        rests = {key: join_inputs(self.why, [routes.at[key, "inputs"], f"commodities/{routes.at[key, 'commodity']}"]) for key in mine}
        frame[RESTS_ON] = frame["key"].map(rests)
        columns = {
            "foresight": FORESIGHT, "month": MONTH, "commodity": Column("", _("Commodity")),
            "destination": Column("", _("Destination")), "exports": Column("t", _("Exports of the controlling country")),
            "base": Column("t", _("Exports of a base month")), "share": Column("ratio", _("Exports as a share of a base month")),
        }  # fmt: skip
        return ResultTable("trade", _("Exports under the measure"), frame[[*columns, RESTS_ON]], columns,
                           ("foresight", "month", "commodity", "destination"))  # fmt: skip

    def losses(self) -> ResultTable:
        """What users lose and producers gain by region, and value added at risk as a range."""
        network = self.market.network
        rows = []
        known = value_added(self.case)
        for path in self.paths:
            lost = users_loss(self.market, path.served.to_numpy(), path.wanted.to_numpy(), path.price) / 1000.0
            gain = producers_gain(self.market, path.activity, path.price) / 1000.0
            uses = self._uses()
            uses = uses[uses["foresight"].eq(path.foresight)]
            for region in dict.fromkeys(network.uses["region"]):
                mine = network.uses["region"].eq(region).to_numpy()
                risk, keys = self._at_risk(known, uses, str(region))
                producers = network.activities["region"].eq(region).to_numpy()
                rows.append({
                    "foresight": path.foresight, "region": region, "consumer_loss": lost[mine].sum(),
                    "producer_gain": gain[producers].sum(),
                    "value_at_risk": risk[1], "value_at_risk_low": risk[0], "value_at_risk_high": risk[2],
                    RESTS_ON: join_inputs(self.why, *(str(k).split(";") for k in network.uses.loc[mine, "inputs"]), keys),
                })  # fmt: skip
        columns = {
            "foresight": FORESIGHT, "region": Column("", _("Region")),
            "consumer_loss": Column("MUSD", _("Loss of users: benefit less payment, against the base year")),
            "producer_gain": Column("MUSD", _("Gain of processors and mines in the region, against the base year")),
            "value_at_risk": Column("MUSD", _("Value added at risk; not computable where the case holds none")),
            "value_at_risk_low": Column("MUSD", _("Low end, by the share of an industry that stops with its magnets")),
            "value_at_risk_high": Column("MUSD", _("High end")),
        }  # fmt: skip
        return ResultTable("losses", _("Who loses and who gains"), pd.DataFrame(rows), columns, ("foresight", "region"))

    def _at_risk(self, known: pd.DataFrame, uses: pd.DataFrame, region: str) -> tuple[tuple[float, float, float], list[str]]:
        table = known[known["region"].eq(region)]
        if table.empty:
            return (np.nan, np.nan, np.nan), []
        totals = [0.0, 0.0, 0.0]
        keys: list[str] = ["assumptions/a_magnet_dependence"]
        for end_use, value, inputs in zip(table["end_use"], table["value"], table["inputs"], strict=True):
            mine = uses[uses["region"].eq(region) & uses["end_use"].eq(end_use)]
            if mine.empty:
                continue
            by_month = mine.groupby("month")[["served", "wanted"]].sum()
            short_years = float((1.0 - by_month["served"] / by_month["wanted"]).clip(lower=0.0).sum() / 12.0)
            for at, end in enumerate(("low", "value", "high")):
                totals[at] += at_risk(value, short_years, self.case.assumption("a_magnet_dependence", end))
            keys += [key for cell in inputs for key in cell.split(";")]
        return (totals[0], totals[1], totals[2]), keys


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
    before = surplus(wanted, p0 * np.ones_like(paid), wanted, p0, elasticity, choke)
    after = surplus(safe, paid, wanted, p0, elasticity, choke)
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


def _first(missing: pd.Series, limit: float) -> str:
    over = missing[missing.gt(limit)]
    return str(over.index[0]) if len(over) else ""


def scenario_rows(case: cases.Case, scenario: Scenario) -> list[str]:
    """Return the input rows of a scenario that the case holds."""
    known = {key for table in case.tables.values() if ROW in table for key in table[ROW]}
    return [key for key in scenario.inputs() if key in known]
