"""Which quantities of the network answer to a statistic: activities, shipments, uses and disposal, in one vector."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from didymium.case.check import split_list
from didymium.case.mass import Elements, contents
from didymium.case.network import Network, positions

if TYPE_CHECKING:
    from didymium.case.case import Case

CUSTOMS = {"hs:280530": ("metal",), "hs:284690": ("heavy_separation", "light_separation"), "hs:284610": ()}
"""Stages whose element tonnes lie nearest to a customs code. Codes are gross and hold more: for comparison only."""

MAGNET_ELEMENTS = ("Nd", "Pr", "Dy", "Tb")
"""What the IEA calls magnet rare earths."""

_SEPARATION = ("light_separation", "heavy_separation")


class Layout:
    """The vector of quantities: activities ``x``, shipments ``y``, uses ``q``, disposal ``z``, excess ``e``, in order.

    The excess is what a facility does beyond a capacity that is only assumed.

    Parameters
    ----------
    case : Case
        The case.
    network : Network
        Its arrays.
    """

    def __init__(self, case: Case, network: Network) -> None:
        self.case, self.network = case, network
        capacity, most = (network.facilities[name].to_numpy(float) for name in ("capacity", "most"))
        self.assumed = np.nonzero(most > capacity)[0]
        sizes = [len(network.activities), len(network.routes), len(network.uses), len(network.markets),
                 len(self.assumed)]  # fmt: skip
        ends = np.cumsum([0, *sizes])
        self.block = {name: slice(a, b) for name, a, b in zip("xyqze", ends[:-1], ends[1:], strict=True)}
        self.size = int(ends[-1])

    @cached_property
    def _contents(self) -> dict[str, Elements]:
        return contents(self.case)

    def answer(self, record: Mapping[Any, Any]) -> np.ndarray:
        """Return the weights with which the quantities answer a row of ``statistics``; all zero where nothing does.

        ``commodity`` may be a commodity, several joined by ``;``, ``stage:NAME`` (all of a stage in the row's basis),
        ``magnet_elements:STAGE`` (their content of Nd, Pr, Dy and Tb, without what is recycled) or a customs code.
        """
        wanted = str(record["commodity"])
        weight = self._weights(wanted, str(record["basis"]))
        primary = wanted.startswith("magnet_elements:")
        row = np.zeros(self.size)
        region, partner = str(record["region"]), str(record["partner"] or "*")
        if record["flow"] in ("production", "use"):
            self._local(row, weight, str(record["flow"]), region, primary)
        else:
            self._trade(row, weight, str(record["flow"]), region, partner)
        return row

    def _local(self, row: np.ndarray, weight: pd.Series, flow: str, region: str, primary: bool) -> None:
        n = self.network
        sign = 1.0 if flow == "production" else -1.0
        terms = n.terms[n.terms["commodity"].isin(weight.index) & (n.terms["region"].eq(region) | (region == "*"))]
        terms = terms[terms["coefficient"].mul(sign).gt(0)]
        if primary:
            terms = terms[terms["activity"].map(n.activities["stage"]).ne("recycling")]
        amount = sign * terms["coefficient"].to_numpy(float) * terms["commodity"].map(weight).to_numpy(float)
        np.add.at(row, positions(n.activities.index, terms["activity"]), amount)
        if flow == "use":
            on = n.uses["commodity"].isin(weight.index) & (n.uses["region"].eq(region) | (region == "*"))
            row[self.block["q"]] = np.where(on, n.uses["commodity"].map(weight).astype(float).fillna(0.0), 0.0)

    def _trade(self, row: np.ndarray, weight: pd.Series, flow: str, region: str, partner: str) -> None:
        routes = self.network.routes
        out, into = ("origin", "destination") if flow == "export" else ("destination", "origin")
        on = (
            routes["commodity"].isin(weight.index)
            & routes[out].eq(region)
            & (routes[into].eq(partner) | (partner == "*"))
        )
        row[self.block["y"]] = np.where(on, routes["commodity"].map(weight).astype(float).fillna(0.0), 0.0)

    def _weights(self, wanted: str, basis: str) -> pd.Series:
        """Return what a tonne of each commodity counts in the statistic."""
        stage = dict(zip(self.network.markets["commodity"], self.network.markets["stage"], strict=True))
        own = self.case.content.basis
        kind, _colon, name = wanted.partition(":")
        if kind == "magnet_elements":
            names = {c for c, s in stage.items() if s == name or (name in _SEPARATION and s in _SEPARATION)}
            held = self._contents
            # The mixed heavy concentrates of separation would count twice: what they hold is separated later.
            names = {c for c in names if own[c] != "reo" or stage[c] == "mine"}
            weights = {c: sum(held.get(c, {}).get(e, 0.0) for e in MAGNET_ELEMENTS) for c in names}
            return pd.Series({c: w for c, w in weights.items() if w > 0}, dtype=float)
        if kind == "stage":
            names = {c for c, s in stage.items() if s == name and own[c] == basis and not c.startswith("swarf")}
        elif wanted in CUSTOMS:
            names = {c for c, s in stage.items() if s in CUSTOMS[wanted] and own[c] == "element"}
        else:
            names = set(split_list(wanted))
        return pd.Series(1.0, index=sorted(names), dtype=float)
