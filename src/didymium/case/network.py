"""The network of a case: who can make, move, hold and use what, as arrays.

A *market* is a commodity in a region: the place where one price forms. Everything the program needs of the case is
gathered here once; the laws in :mod:`didymium.market.laws` only combine these arrays with the nodes of a tree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from didymium.case.case import ROW
from didymium.case.check import split_list
from didymium.case.cross_terms import COLUMNS, resolved
from didymium.case.facilities import modelled_facilities
from didymium.case.mass import gains
from didymium.case.read import LINE
from didymium.case.scenario import expand
from didymium.faults import DidymiumError
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case import case as cases

Index = pd.Index
KG = 1000.0
"""Prices in the program are USD/kg, quantities tonnes, so money is thousands of USD."""


def market_label(commodity: str, region: str) -> str:
    """Return the label of a market."""
    return f"{commodity}|{region}"


def positions(index: pd.Index[Any], labels: pd.Series | pd.Index[Any] | np.ndarray | list[str]) -> npt.NDArray[np.intp]:
    """Return where labels stand in an index; -1 where they do not."""
    return index.get_indexer(pd.Index(labels))


@dataclass(frozen=True)
class Network:
    """Arrays of a case.

    Parameters
    ----------
    markets : DataFrame
        Index ``commodity|region``; columns commodity, region, stage, calibrated, disposal (USD/kg).
    activities : DataFrame
        Index ``facility|process``; columns facility, process, region, stage, cost (USD/kg), curve, elasticity (of
        supply; NaN where the case does not state it), gained (most of an element that it gives beyond what it takes, t
        per unit of activity), inputs.
    terms : DataFrame
        One row per recipe coefficient: activity, market, coefficient (t per unit of activity).
    facilities : DataFrame
        Index facility; columns region, status, capacity and ``most`` (t/year; the upper end of an assumed one), start,
        end, ramp of its first row, ``steps`` (start,
        end, capacity, ramp of each row that continues it), inputs.
    routes : DataFrame
        Index ``commodity|origin|destination``; columns source market ``tail``, sink market ``head``, commodity, origin,
        destination, cost (USD/kg), days, tariff, inputs.
    uses : DataFrame
        Index ``end_use|region|commodity``; columns market, end_use, region, commodity, quantity (t/year), sigma,
        priority, elasticity, choke, curve, thrift, thrift_months, line, source, inputs.
    stocks : DataFrame
        Index ``stock|market``; columns market, kind, quantity (t or days), in_days, low, high, band, release, owner,
        inputs.
    cross : DataFrame
        One row per cross term: side, first, second (labels of uses or activities), slope (t per USD/kg), line, inputs.
    downgrades : DataFrame
        Index ``better|lesser|region``; columns market ``better`` and market ``lesser``: where the one may serve as the
        other.
    """

    markets: pd.DataFrame
    activities: pd.DataFrame
    terms: pd.DataFrame
    facilities: pd.DataFrame
    routes: pd.DataFrame
    uses: pd.DataFrame
    stocks: pd.DataFrame
    cross: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=COLUMNS))
    downgrades: pd.DataFrame = field(default_factory=lambda: _downgrades({}, pd.Index([])))

    @cached_property
    def ways(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Origin, destination and commodity of every route, as plain arrays."""
        origin, destination, commodity = (
            self.routes[name].to_numpy(object) for name in ("origin", "destination", "commodity")
        )
        return origin, destination, commodity

    @cached_property
    def covered(self) -> dict[tuple[str, frozenset[str], frozenset[str]], tuple[npt.NDArray[np.bool_], ...]]:
        """Routes and markets by what covers them, a controller's commodities to destinations, once it was asked for."""
        return {}

    @cached_property
    def heads(self) -> npt.NDArray[np.intp]:
        """Position of the market where each route ends."""
        return positions(self.markets.index, self.routes["head"])

    @cached_property
    def bought_at(self) -> npt.NDArray[np.intp]:
        """Position of the market where each use buys."""
        return positions(self.markets.index, self.uses["market"])

    def matrix(self) -> pd.DataFrame:
        """Return coefficients as markets x activities."""
        wide = self.terms.pivot_table(index="market", columns="activity", values="coefficient", aggfunc="sum")
        return wide.reindex(index=self.markets.index, columns=self.activities.index).fillna(0.0)


def build_network(case: cases.Case) -> Network:
    """Return the network of a case.

    Parameters
    ----------
    case : Case
        A checked case.

    Raises
    ------
    DidymiumError
        A process without a cost.
    """
    commodities = case["commodities"].set_index("commodity")
    stages = dict(zip(case["commodities"]["commodity"], case["commodities"]["stage"], strict=True))
    facilities = modelled_facilities(case)
    activities, terms = _activities(case, facilities)
    uses = _uses(case)
    saving = terms["activity"].map(activities["saves"])
    made = terms.loc[terms["coefficient"].gt(0) & ~saving, ["commodity", "region"]].drop_duplicates()
    taken = pd.concat(
        [terms.loc[terms["coefficient"].lt(0), ["commodity", "region"]], uses[["commodity", "region"]]]
    ).drop_duplicates()
    routes = _routes(case, stages, made, taken)
    labels = list(dict.fromkeys([*terms["market"], *uses["market"], *routes["tail"], *routes["head"]]))
    markets = pd.DataFrame(
        [label.split("|") for label in labels], columns=["commodity", "region"], index=Index(labels, name="market")
    )
    markets["stage"] = markets["commodity"].map(commodities["stage"])
    markets["calibrated"] = markets["commodity"].map(commodities["calibrated"]).eq("yes")
    markets["disposal"] = markets["commodity"].map(commodities["disposal_cost"]).astype(float) / KG
    markets["inputs"] = [f"commodities/{c}" for c in markets["commodity"]]
    markets = markets.sort_index()
    stocks = _stocks(case, stages, markets, taken)
    cross, _faults = resolved(case)
    cross["slope"] = cross["slope"].astype(float) * KG
    lesser = case["commodities"].loc[lambda t: t["serves_as"].ne("")].set_index("commodity")["serves_as"]
    downgrades = _downgrades({str(a): str(b) for a, b in lesser.items()}, markets.index)
    return Network(markets, activities, terms, facilities, routes, uses, stocks, cross, downgrades)


def _downgrades(lesser: dict[str, str], markets: pd.Index[Any]) -> pd.DataFrame:
    """Return where a better good may serve as a lesser one: in every region that has a market of both."""
    regions = dict.fromkeys(str(label).split("|")[1] for label in markets)
    found = [
        (f"{good}|{other}|{region}", market_label(good, region), market_label(other, region))
        for good, other in lesser.items()
        for region in regions
        if market_label(good, region) in markets and market_label(other, region) in markets
    ]
    frame = pd.DataFrame(found, columns=["downgrade", "better", "lesser"], dtype=object)
    return frame.set_index("downgrade")


def _activities(case: cases.Case, facilities: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    pairs = [(f, p) for f, cell in facilities["processes"].items() for p in split_list(str(cell))]
    frame = pd.DataFrame(pairs, columns=["facility", "process"])
    frame.index = Index([f"{f}|{p}" for f, p in pairs], name="activity")
    processes = case["processes"].set_index("process")
    frame["region"] = frame["facility"].map(facilities["region"])
    frame["stage"] = frame["process"].map(processes["stage"])
    frame["saves"] = frame["process"].map(processes["mixed"]).eq("saving")
    costs = Costs(case)
    found = [costs.of(p, r) for p, r in zip(frame["process"], frame["region"], strict=True)]
    frame["cost"] = [row.cost / KG for row in found]
    frame["curve"] = [row.curve for row in found]
    frame["elasticity"] = [row.elasticity for row in found]
    frame["cost_input"] = [row.key for row in found]
    gained = {process: max(net.values(), default=0.0) for process, net in gains(case).items()}
    frame["gained"] = frame["process"].map(gained).fillna(0.0)
    recipes = case["recipes"]
    merged = frame.reset_index()[["activity", "process", "region"]].merge(
        recipes[["process", "commodity", "coefficient", ROW]], on="process"
    )
    merged["market"] = merged["commodity"] + "|" + merged["region"]
    merged = merged[merged["coefficient"].ne(0)]
    by_activity = merged.groupby("activity")[ROW].agg(";".join)
    frame["inputs"] = [
        ";".join((f"facilities/{f}", by_activity[a], key))
        for a, f, key in zip(frame.index, frame["facility"], frame["cost_input"], strict=True)
    ]
    return frame, merged[["activity", "market", "commodity", "region", "coefficient"]].reset_index(drop=True)


def closest(process: str, stage: str, region: str) -> list[tuple[str, str]]:
    """Return how a row may speak of a process in a region: the process, its stage, any; closest first."""
    return [(name, place) for name in (process, f"stage:{stage}", "*") for place in (region, "*")]


class Cost(NamedTuple):
    """A row of the table of costs, USD/t."""

    cost: float
    curve: str
    elasticity: float
    key: str


class Costs:
    """Finds the cost row that speaks most closely of a process in a region."""

    def __init__(self, case: cases.Case) -> None:
        self.stage = dict(zip(case["processes"]["process"], case["processes"]["stage"], strict=True))
        rows = case["costs"]
        self.rows = {
            (process, region): Cost(*row)
            for process, region, *row in zip(
                *(rows[name].tolist() for name in ("process", "region", "cost", "curve", "elasticity", ROW)),
                strict=True,
            )
        }

    def find(self, process: str, region: str) -> Cost | None:
        """Return the row that speaks of a process in a region, or None."""
        keys = closest(process, self.stage[process], region)
        return next((self.rows[key] for key in keys if key in self.rows), None)

    def of(self, process: str, region: str) -> Cost:
        """Return the same; none is an error."""
        row = self.find(process, region)
        if row is None:
            raise DidymiumError(
                _("costs.csv: no cost for {process} in {region} -> add a row, or one for stage:{stage}").format(
                    process=process, region=region, stage=self.stage[process]
                )
            )
        return row


def _routes(case: cases.Case, stages: dict[str, str], made: pd.DataFrame, taken: pd.DataFrame) -> pd.DataFrame:
    """Return open routes from where a commodity is made to where it is taken; the closest row of the table holds."""
    pairs = made.merge(taken, on="commodity", suffixes=("_from", "_to"))
    pairs = pairs[pairs["region_from"].ne(pairs["region_to"])]
    rows = case["routes"]
    best = pd.Series(-1, index=pairs.index)
    score = pd.Series(-1, index=pairs.index)
    for at, (commodity, origin, destination) in enumerate(
        zip(rows["commodity"], rows["origin"], rows["destination"], strict=True)
    ):
        fits = pairs["commodity"].isin(expand(commodity, stages))
        if origin != "*":
            fits &= pairs["region_from"].eq(origin)
        if destination != "*":
            fits &= pairs["region_to"].eq(destination)
        closeness = 4 * (commodity in stages) + 2 * (origin != "*") + 2 * (destination != "*") + (commodity != "*")
        take = fits & score.lt(closeness)
        best[take], score[take] = at, closeness
    pairs = pairs[best.ge(0)]
    chosen = rows.iloc[best[best.ge(0)].to_numpy()]
    frame = pd.DataFrame(
        {
            "commodity": pairs["commodity"].to_numpy(),
            "origin": pairs["region_from"].to_numpy(),
            "destination": pairs["region_to"].to_numpy(),
            "cost": chosen["cost"].astype(float).to_numpy() / KG,
            "days": chosen["transit_days"].astype(float).to_numpy(),
            "tariff": chosen["tariff"].fillna(0.0).astype(float).to_numpy(),
            "inputs": chosen[ROW].to_numpy(),
            "open": chosen["open"].to_numpy(),
        }
    )
    frame = frame[frame.pop("open").eq("yes")]
    frame["tail"] = frame["commodity"] + "|" + frame["origin"]
    frame["head"] = frame["commodity"] + "|" + frame["destination"]
    frame.index = Index(frame["commodity"] + "|" + frame["origin"] + "|" + frame["destination"], name="route")
    return frame


def _uses(case: cases.Case) -> pd.DataFrame:
    demands = case["demands"]
    demands = demands[demands["year"].eq(case.base_year) & demands["quantity"].gt(0)]
    end_uses = case["end_uses"].set_index("end_use")
    frame = pd.DataFrame(
        {name: demands[name].to_numpy() for name in ("end_use", "region", "commodity", "quantity", "low", "high")}
    )
    frame["market"] = frame["commodity"] + "|" + frame["region"]
    band = (frame["high"] - frame["low"]) / (2 * 1.645)
    frame["sigma"] = np.where(band.notna() & band.gt(0), band, 0.2 * frame["quantity"])
    for name in ("priority", "elasticity", "choke"):
        frame[name] = frame["end_use"].map(end_uses[name]).astype(float)
    frame["curve"] = frame["end_use"].map(end_uses["curve"])
    frame["thrift"] = frame["end_use"].map(end_uses["thrift"]).astype(float).fillna(0.0)
    frame["thrift_months"] = frame["end_use"].map(end_uses["thrift_months"]).astype(float).fillna(1.0)
    frame["line"], frame["source"] = demands[LINE].to_numpy(), demands["source"].to_numpy()
    frame["inputs"] = [f"{key};end_uses/{use}" for key, use in zip(demands[ROW], frame["end_use"], strict=True)]
    frame.index = Index(frame["end_use"] + "|" + frame["region"] + "|" + frame["commodity"], name="use")
    return frame


def _stocks(case: cases.Case, stages: dict[str, str], markets: pd.DataFrame, taken: pd.DataFrame) -> pd.DataFrame:
    """Return one row per stock and market; rows for ``*`` lie wherever the commodity is taken in."""
    taken_at = set(taken["commodity"] + "|" + taken["region"])
    rows = []
    for record in case["stocks"].to_dict("records"):
        for commodity in expand(str(record["commodity"]), stages):
            everywhere = [label.split("|")[1] for label in markets.index
                          if label in taken_at and label.startswith(commodity + "|")]  # fmt: skip
            for region in everywhere if record["region"] == "*" else [str(record["region"])]:
                label = market_label(commodity, region)
                if label not in markets.index:
                    continue
                rows.append(
                    {
                        "stock": f"{record['stock']}|{label}",
                        "market": label,
                        "commodity": commodity,
                        "region": region,
                        "kind": record["kind"],
                        "owner": record["owner"],
                        "quantity": float(record["quantity"]),
                        "low": record["low"],
                        "high": record["high"],
                        "in_days": record["unit"] == "day",
                        "band": record["band"],
                        "release": record["release"],
                        "release_rate": record["release_rate"],
                        "inputs": record[ROW],
                    }
                )
    columns = ["stock", "market", "commodity", "region", "kind", "owner", "quantity", "low", "high", "in_days", "band",
               "release", "release_rate", "inputs"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).set_index("stock")
