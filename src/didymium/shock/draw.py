"""One draw: what the case's bands say about a scenario and its market, at a point of chance.

A band's ends are its 5 % and 95 % points; between and beyond runs a normal law of two halves, in logarithms for what is
above zero. Draw ``i`` of a seed has the same numbers in every scenario and at every level of a secret stock: common
random numbers, so that differences are not noise. A range is no band: secret stocks are set to one end or the other,
never drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.scenario import Scenario
from didymium.case.scenario_bands import Band, approval_bands, moved, passthrough_bands
from didymium.economy.willingness import Array
from didymium.market.prepare import Market

if TYPE_CHECKING:
    from didymium.case import case as cases

P95 = 1.6448536269514722
"""Standard normal variate below which 95 % lie."""

COMMON = ("onset", "duration", "approval", "passthrough", "stock")
"""What one number stands for all; demand and elasticity have one for each end use."""

LEVELS = ("low", "value", "high")

ONSET, DURATION, DEMAND = "a_draw_onset", "a_draw_duration", "a_draw_demand"


def at(z: float, low: float, value: float, high: float, log: bool = False) -> float:
    """``value + z / 1.645 (high - value)`` above the middle, ``value + z / 1.645 (value - low)`` below; or of the logs.

    Parameters
    ----------
    z : float
        Standard normal variate.
    low, value, high : float
        5 % point, middle and 95 % point.
    log : bool
        In logarithms, where all three are above zero.
    """
    if log and min(low, value, high) > 0:
        return float(np.exp(at(z, np.log(low), np.log(value), np.log(high))))
    return value + z / P95 * (high - value if z > 0 else value - low)


@dataclass(frozen=True)
class Drawn:
    """A draw: scenario and market with its numbers.

    Parameters
    ----------
    scenario : Scenario
        What happens.
    market : Market
        Network and base point.
    numbers : dict of str to float
        What was drawn: onset (months), duration (ratio), approval and passthrough (normal variates), stock (ratio of
        commercial stocks), ``demand ENDUSE`` (ratio) and ``elasticity ENDUSE``.
    """

    scenario: Scenario
    market: Market
    numbers: dict[str, float]


class Chance:
    """What may be otherwise about a scenario of a case.

    Parameters
    ----------
    case : Case
        The case.
    scenario : Scenario
        One of its scenarios, or one of your own: then approvals have no band.
    market : Market
        Network and base point.
    seed : int
        Of the draws.
    """

    def __init__(self, case: cases.Case, scenario: Scenario, market: Market, seed: int) -> None:
        self.case, self.scenario, self.market, self.seed = case, scenario, market, seed
        # Bands belong to measures, whatever the months that are looked at.
        known = scenario.name in case.scenarios() and case.scenario(scenario.name).restrictions == scenario.restrictions
        self.bands: Mapping[str, Band] = approval_bands(case, scenario.name) if known else {}
        self.passing = passthrough_bands(case, scenario.name) if known else {}
        self.end_uses = list(dict.fromkeys(market.network.uses["end_use"]))
        self.names = [*COMMON, *(f"demand {use}" for use in self.end_uses),
                      *(f"elasticity {use}" for use in self.end_uses)]  # fmt: skip

    @property
    def inputs(self) -> list[str]:
        """Return the input rows behind what is drawn, beside the bands of uses and stocks themselves."""
        return [f"assumptions/{name}" for name in (ONSET, DURATION, DEMAND)]

    def variates(self, index: int) -> Array:
        """Return the standard normal variates of a draw, one for each of :attr:`names`."""
        return np.random.default_rng([self.seed, index]).standard_normal(len(self.names))

    def draw(self, variates: Array, level: str) -> Drawn:
        """Return the draw at a point of chance.

        Parameters
        ----------
        variates : array
            One standard normal variate for each of :attr:`names`.
        level : str
            End of the ranges, such as secret stocks: low, value or high.
        """
        z = dict(zip(self.names, variates, strict=True))
        onset = round(at(z["onset"], *self._assumed(ONSET)))
        factor = at(z["duration"], *self._assumed(DURATION), log=True)
        numbers = {"onset": float(onset), "duration": factor, "approval": z["approval"],
                   "passthrough": z["passthrough"]}  # fmt: skip
        story = moved(self._approved(z["approval"], z["passthrough"]), onset, factor)
        network = self.market.network
        stocks, uses = network.stocks.copy(), network.uses.copy()
        stock, band = stocks["quantity"].to_numpy(float).copy(), stocks["band"].eq("band").to_numpy()
        ends = [stocks[name].to_numpy(float) for name in LEVELS if name != "value"]
        for place in np.nonzero(band & (stock > 0) & np.isfinite(ends[0]) & np.isfinite(ends[1]))[0].tolist():
            stock[place] = at(z["stock"], ends[0][place], stock[place], ends[1][place], log=True)
        swept = ~band
        if level != "value":
            stock[swept] = stocks[level].to_numpy(float)[swept]
        given = stocks["quantity"].to_numpy(float)
        drawn = band & (given > 0)
        numbers["stock"] = float(np.median(stock[drawn] / given[drawn])) if drawn.any() else 1.0
        stocks["quantity"] = stock
        elasticity = uses["elasticity"].to_numpy(float).copy()
        joined = set(network.cross["first"]) | set(network.cross["second"])
        served = self.market.base.served.to_numpy(float).copy()
        for row in self.case["end_uses"].to_dict("records"):
            use = str(row["end_use"])
            if use not in self.end_uses:
                continue
            value = -at(z[f"elasticity {use}"], -float(row["elasticity_low"]), -float(row["elasticity"]),
                        -float(row["elasticity_high"]), log=True)  # fmt: skip
            mine = uses["end_use"].eq(use).to_numpy()
            elasticity[mine & ~uses.index.isin(joined)] = value
            want = at(z[f"demand {use}"], *self._assumed(DEMAND), log=True)
            served[mine] *= want  # what is wanted; who uses more also holds more, in days
            numbers[f"demand {use}"], numbers[f"elasticity {use}"] = want, value
        uses["elasticity"] = elasticity
        base = replace(self.market.base, served=pd.Series(served, index=uses.index))
        market = Market(replace(network, stocks=stocks, uses=uses), base)
        return Drawn(story, market, {name: numbers[name] for name in self.names if name in numbers})

    def _assumed(self, name: str) -> tuple[float, float, float]:
        low, value, high = (self.case.assumption(name, end) for end in LEVELS)
        return low, value, high

    def _approved(self, z: float, passing: float) -> Scenario:
        """Return the scenario with the approvals of a point of chance: one variate for all measures."""
        drawn = []
        for measure in self.scenario.restrictions:
            band = self.bands.get(measure.measure)
            steps = zip(measure.approval, band.low, band.high, strict=False) if band else ()
            path = tuple((a[0], _share(at(z, low[1], a[1], high[1]))) for a, low, high in steps)
            drawn.append(replace(measure, approval=path) if path else measure)
        # A measure that some destinations are relieved of is several of one name and one path.
        paths = {measure.measure: measure.approval for measure in drawn}
        for place, measure in enumerate(drawn):
            like, low, value, high = self.passing.get(measure.measure, ("", 0.0, 0.0, 0.0))
            if like in paths:
                share = _share(at(passing, low, value, high))
                path = tuple((day, 1.0 - share * (1.0 - s)) for day, s in paths[like])
                drawn[place] = replace(measure, approval=path)
        return replace(self.scenario, restrictions=tuple(drawn))


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)
