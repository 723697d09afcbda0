"""Which quantities of the network answer to a statistic: activities, shipments, uses and disposal, in one vector."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from didymium.case.check import split_list
from didymium.case.mass import contents
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

        goods = network.markets["commodity"]
        self._goods = pd.Index(goods.unique())
        self._stage = dict(zip(goods, network.markets["stage"], strict=True))
        self._contents = contents(case)
        terms = network.terms
        self._term = {
            "good": self._goods.get_indexer(pd.Index(terms["commodity"])),
            "region": terms["region"].to_numpy(str),
            "at": positions(network.activities.index, terms["activity"]),
            "tonnes": terms["coefficient"].to_numpy(float),
            "recycled": terms["activity"].map(network.activities["stage"]).eq("recycling").to_numpy(),
        }
        self._use = {"good": self._goods.get_indexer(pd.Index(network.uses["commodity"])),
                     "region": network.uses["region"].to_numpy(str)}  # fmt: skip
        self._route = {"good": self._goods.get_indexer(pd.Index(network.routes["commodity"])),
                       **{end: network.routes[end].to_numpy(str) for end in ("origin", "destination")}}  # fmt: skip

    def answer(self, record: Mapping[Any, Any]) -> np.ndarray:
        """Return the weights with which the quantities answer a row of ``statistics``; all zero where nothing does.

        ``commodity`` may be a commodity, several joined by ``;``, ``stage:NAME`` (all of a stage in the row's basis),
        ``magnet_elements:STAGE`` (their content of Nd, Pr, Dy and Tb, without what is recycled) or a customs code.
        """
        wanted = str(record["commodity"])
        counts = self._weight(wanted, str(record["basis"]))
        weight = np.array([counts.get(good, 0.0) for good in self._goods])
        row = np.zeros(self.size)
        region, partner, flow = str(record["region"]), str(record["partner"] or "*"), str(record["flow"])
        if flow in ("production", "use"):
            term, sign = self._term, 1.0 if flow == "production" else -1.0
            on = np.ones(len(term["at"]), dtype=bool) if region == "*" else term["region"] == region
            on &= sign * term["tonnes"] > 0
            if wanted.startswith("magnet_elements:"):
                on &= ~term["recycled"]
            np.add.at(row, term["at"][on], sign * term["tonnes"][on] * weight[term["good"][on]])
            if flow == "use":
                here = (region == "*") | (self._use["region"] == region)
                row[self.block["q"]] = np.where(here, weight[self._use["good"]], 0.0)
        else:
            out, into = ("origin", "destination") if flow == "export" else ("destination", "origin")
            on = (self._route[out] == region) & ((partner == "*") | (self._route[into] == partner))
            row[self.block["y"]] = np.where(on, weight[self._route["good"]], 0.0)
        return row

    @lru_cache(maxsize=512)  # noqa: B019 - a layout lives as long as its fit
    def _weight(self, wanted: str, basis: str) -> dict[str, float]:
        """Return what a tonne of each commodity counts in the statistic; nothing where absent."""
        stage, own = self._stage, self.case.content.basis
        kind, _colon, name = wanted.partition(":")
        if kind == "magnet_elements":
            # The mixed heavy concentrates of separation would count twice: what they hold is separated later.
            names = {c for c, s in stage.items() if (s == name or (name in _SEPARATION and s in _SEPARATION)) and
                     (own[c] != "reo" or s == "mine")}  # fmt: skip
            return {c: sum(self._contents.get(c, {}).get(e, 0.0) for e in MAGNET_ELEMENTS) for c in names}
        if kind == "stage":
            return {c: 1.0 for c, s in stage.items() if s == name and own[c] == basis and not c.startswith("swarf")}
        if wanted in CUSTOMS:
            return {c: 1.0 for c, s in stage.items() if s in CUSTOMS[wanted] and own[c] == "element"}
        return dict.fromkeys(split_list(wanted), 1.0)
