"""What a shock's months say: prices, shortages, stocks, cover, trade and losses as tidy tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.network import positions
from didymium.market.clear import TRACE_TONNES, market_inputs
from didymium.market.laws import monthly_lag
from didymium.market.origins import commodity_origins, origins, rules, traced
from didymium.market.prepare import Market
from didymium.market.tracing import Flows
from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.shock.answers import peaks, premium, uses
from didymium.shock.columns import FORESIGHT, MONTH
from didymium.shock.conversion import conversion
from didymium.shock.cover import cover
from didymium.shock.losses import losses
from didymium.shock.path import Path
from didymium.shock.pooled import pooled
from didymium.shock.reliance import Reliance, halts
from didymium.shock.summary import summarise
from didymium.shock.value import shortages, value_tables

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario

BOUNDED = 6
"""Months from one to the next in which what lots kept apart could be is computed of finished goods."""


class ShockTables:
    """Builds the tables of one or more paths.

    Parameters
    ----------
    case, market, scenario, paths
        What was run.
    extremes : bool
        Also bound the origin of defence's material month by month.
    """

    def __init__(
        self, case: cases.Case, market: Market, scenario: Scenario, paths: list[Path], extremes: bool = False
    ) -> None:  # fmt: skip
        self.extremes = extremes
        self.case, self.market, self.scenario, self.paths = case, market, scenario, paths
        self.why = scenario.inputs() or ["assumptions/a_no_shock"]
        intake = market.base.intake(market.network)
        self.alive = intake.index[intake.gt(TRACE_TONNES)]

    def all(self) -> list[ResultTable]:
        """Return every table; origins only of a case that follows elements."""
        months = self._uses()
        run = (self.case, self.market, self.paths, months, self.why)
        short = shortages(self.case, self.market, months, [path.foresight for path in self.paths])
        valued = value_tables(self.case, self.scenario, short, self.why)
        inside = premium(self.case, self.market, self.paths, self.why)
        reliance = Reliance(self.case, self.market)
        halt = halts(reliance, self.market.network, self.paths[0].tree)
        covers = cover(*run, reliance, halt)
        first = covers.frame[covers.frame["foresight"].eq(self.paths[0].foresight)]
        rationing = {path.foresight: path.rationing for path in self.paths}
        found = [
            self.prices(), inside, peaks(self.case, self.market, inside), self.served(),
            uses(self.case, self.market, months, rationing, self.why), self.stocks(), covers,
            pooled(self.market, first, halt, self.why),
            conversion(self.case, self.market, self.paths[0].stocks), self.trade(), losses(*run), *valued,
            *(self.origins() if self.case.settings.get("elements") else []),
        ]  # fmt: skip
        return [summarise(self.case, self.scenario, found), *found]

    def origins(self) -> list[ResultTable]:
        """Whose material end uses and goods hold by month, on the first path, with what lots kept apart could be.

        Extremes are a program for each month and good: of finished goods in some months, of defence where asked for.
        """
        path, network = self.paths[0], self.market.network
        labels = network.markets.index
        place = positions(labels, path.stocks["market"])
        level, start = np.zeros((len(labels), len(path.labels))), np.zeros(len(labels))
        np.add.at(level, place, path.stock.to_numpy(float))
        np.add.at(start, place, path.stocks["start"].to_numpy(float))
        lag = monthly_lag(network.routes["days"].to_numpy(float))
        most = int(lag.max(initial=0))
        before = np.repeat(self.market.base.ship.to_numpy(float)[:, None] / 12.0, most, axis=1)
        if path.before is not None:
            before = path.before.to_numpy(float)[:, path.before.shape[1] - most :].clip(0)
        flows = Flows(
            network, path.activity.to_numpy(float).clip(0), path.ship.to_numpy(float).clip(0),
            path.served.to_numpy(float).clip(0), level.clip(0), start, lag, before,
        )  # fmt: skip
        found = traced(self.case, network, self.market.base, flows)
        made = set(self.case["end_uses"]["end_use"]) & {"defence"} if self.extremes else set()
        names = [rule.name for rule in rules(self.case)]
        count = len(path.labels)
        ends = set(range(count)) if self.extremes else {*range(0, count, BOUNDED), count - 1}
        bounded = dict.fromkeys(names if self.extremes else names[:1], ends)
        why = tuple(self.why)
        return [
            origins(self.case, network, self.market.base, found, path.labels, tuple(made), why),
            commodity_origins(self.case, network, found, path.labels, bounded, why),
        ]

    def _long(self, frame: pd.DataFrame, path: Path, name: str) -> pd.DataFrame:
        """Turn rows x months into one row each, with foresight and month."""
        frame = frame.copy()
        frame.columns = pd.Index(path.labels, name="month")
        frame.index.name = "key"
        long = pd.Series(frame.stack(), name=name).reset_index()
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
            "foresight": FORESIGHT, "month": MONTH,
            "commodity": Column("", _("Commodity")), "region": Column("", _("Region")),
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
        rests = {
            key: join_inputs(self.why, str(rows).split(";")) for key, rows in self.market.network.uses["inputs"].items()
        }
        frame[RESTS_ON] = frame["key"].map(rests)
        columns = {
            "foresight": FORESIGHT, "month": MONTH,
            "end_use": Column("", _("End use")), "region": Column("", _("Region")),
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
        grouped = frame.groupby(["foresight", "month", "market", "kind"], as_index=False, sort=False)
        frame = grouped.agg({"level": "sum", "input": _distinct})
        frame[["commodity", "region"]] = frame["market"].str.split("|", expand=True).to_numpy()
        frame["days"] = frame["level"] / frame["market"].map(daily).where(lambda d: d.gt(0))
        frame[RESTS_ON] = [
            join_inputs(self.why, keys, [f"commodities/{c}"])
            for keys, c in zip(frame["input"], frame["commodity"], strict=True)
        ]
        columns = {
            "foresight": FORESIGHT, "month": MONTH,
            "commodity": Column("", _("Commodity")), "region": Column("", _("Region")),
            "kind": Column("", _("commercial or strategic")), "level": Column("t", _("Level at the end of the month")),
            "days": Column("day", _("Days of base use that it covers")),
        }  # fmt: skip
        return ResultTable("stocks", _("Stocks month by month"), frame[[*columns, RESTS_ON]], columns,
                           ("foresight", "month", "commodity", "region", "kind"))  # fmt: skip

    def trade(self) -> ResultTable:
        """The controller's exports by month, beside a base month."""
        routes, base = self.market.network.routes, self.market.base
        mine = routes.index[routes["origin"].eq(self.case.controller) & base.ship.gt(TRACE_TONNES)]
        frame = pd.concat([self._long(path.ship.loc[mine], path, "exports") for path in self.paths], ignore_index=True)
        frame["commodity"] = frame["key"].map(routes["commodity"])
        frame["destination"] = frame["key"].map(routes["destination"])
        frame["base"] = frame["key"].map(base.ship) / 12.0
        frame["share"] = frame["exports"] / frame["base"]
        known = routes.loc[mine]
        rests = {
            key: join_inputs(self.why, [rows, f"commodities/{commodity}"])
            for key, rows, commodity in zip(mine, known["inputs"], known["commodity"], strict=True)
        }
        frame[RESTS_ON] = frame["key"].map(rests)
        columns = {
            "foresight": FORESIGHT, "month": MONTH, "commodity": Column("", _("Commodity")),
            "destination": Column("", _("Destination")),
            "exports": Column("t", _("Exports of the controlling country")),
            "base": Column("t", _("Exports of a base month")),
            "share": Column("ratio", _("Exports as a share of a base month")),
        }  # fmt: skip
        return ResultTable("trade", _("Exports under the measure"), frame[[*columns, RESTS_ON]], columns,
                           ("foresight", "month", "commodity", "destination"))  # fmt: skip


def _distinct(keys: pd.Series) -> list[str]:
    return list(dict.fromkeys(keys))
