"""What tonnes of each element are in what is made, moved and taken in.

``t element = t commodity x content``: mixed concentrates by the composition of their basket and atomic masses, oxides and
metals as they are (element tonnes), alloys and magnets by their recipe: what goes in, less what leaves as swarf.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from didymium.case.case import Case
from didymium.case.units import metal_per_oxide
from didymium.faults import DidymiumError
from didymium.market.base import Base
from didymium.market.network import Network
from didymium.messages import _

Array = npt.NDArray[np.float64]

_SYMBOL = re.compile(r"[A-Z][a-z]?")
SEPARATION = ("light_separation", "heavy_separation")
CHAIN = ("mine", *SEPARATION, "metal", "alloy", "magnet")


def groups(case: Case) -> dict[str, list[str]]:
    """Return the elements that the case follows and the symbols in each: ``{"NdPr": ["Nd", "Pr"], "Dy": ["Dy"]}``.

    Raises
    ------
    DidymiumError
        ``case.toml`` names none.
    """
    names = case.settings.get("elements")
    if not names:
        raise DidymiumError(_("case.toml: no elements to screen -> add `elements = [...]`, such as \"NdPr\", \"Dy\""))
    return {str(name): _SYMBOL.findall(str(name)) for name in names}


def composition(case: Case, commodity: str) -> dict[str, float]:
    """Return tonnes of each element in a tonne of a commodity traded in element tonnes, oxide or REO.

    ``sum_{e in group} s_e f_e / sum_e s_e``: oxide shares ``s`` of its basket, metal per oxide ``f``; over ``sum_e s_e f_e``
    where its tonnes are tonnes of element.
    """
    mix = case.content.mix(commodity)
    metal = {symbol: share * metal_per_oxide(symbol) for symbol, share in mix.items()}
    total = sum(metal.values()) if case.content.basis[commodity] == "element" else sum(mix.values())
    return {
        name: sum(metal.get(symbol, 0.0) for symbol in symbols) / total
        for name, symbols in groups(case).items()
        if any(metal.get(symbol, 0.0) > 0 for symbol in symbols)
    }


def _compositions(case: Case) -> dict[tuple[str, str], dict[str, float]]:
    """Return tonnes of element in a tonne of product, by (process, commodity).

    Alloys and magnets: the mean composition of the gross inputs, plus the metals added, which stay in the main product.
    """
    basis = case.content.basis
    plain = {c: composition(case, c) for c, b in basis.items() if b in ("element", "oxide", "reo")}
    main = dict(zip(case["processes"]["process"], case["processes"]["capacity_commodity"], strict=True))
    found: dict[tuple[str, str], dict[str, float]] = {}
    gross: dict[str, dict[str, float]] = {}
    waiting = {}
    for process, rows in case["recipes"].groupby("process"):
        terms = dict(zip(rows["commodity"], rows["coefficient"].astype(float), strict=True))
        made = [c for c, value in terms.items() if value > 0]
        found.update({(str(process), c): plain[c] for c in made if c in plain})
        if any(c not in plain for c in made):
            waiting[str(process)] = terms
    while waiting:
        ready = [p for p, terms in waiting.items() if all(c in plain or c in gross for c, v in terms.items() if v < 0)]
        if not ready:
            break
        for process in ready:
            terms = waiting.pop(process)
            bulk = {c: -v for c, v in terms.items() if v < 0 and c not in plain}
            mean: dict[str, float] = {}
            for c, value in bulk.items():
                for element, content in gross[c].items():
                    mean[element] = mean.get(element, 0.0) + content * value / sum(bulk.values())
            for c, value in terms.items():
                if value <= 0 or c in plain:
                    continue
                holds = dict(mean)
                for added, amount in terms.items():
                    if amount < 0 and added in plain and c == main[process]:
                        for element, content in plain[added].items():
                            holds[element] = holds.get(element, 0.0) - amount * content / value
                found[process, c] = holds
                gross.setdefault(c, holds)
    return found


@dataclass(frozen=True)
class Holdings:
    """Elements in the calibrated base year.

    Parameters
    ----------
    network : Network
        Markets, activities, routes, uses.
    base : Base
        The base year's quantities.
    elements : list of str
        Elements followed.
    made : DataFrame
        One row per output of an activity: activity, process, market, commodity, region, stage of the process, tonnes
        of the commodity (``quantity``, t/year) and of each element (t/year).
    market : DataFrame
        Tonnes of element per tonne, markets x elements.
    """

    network: Network
    base: Base
    elements: list[str]
    made: pd.DataFrame
    market: pd.DataFrame

    def shipped(self, element: str) -> pd.Series:
        """Return tonnes of the element on each route, t/year."""
        held = self.network.routes["tail"].map(self.market[element]).fillna(0.0)
        return self.base.ship * held

    def needed(self, element: str) -> pd.Series:
        """Return tonnes of the element that buyers take in, by market, t/year."""
        return self.base.intake(self.network) * self.market[element].fillna(0.0)

    def used(self, element: str) -> pd.Series:
        """Return tonnes of the element in what end uses are served, by use, t/year."""
        return self.base.served * self.network.uses["market"].map(self.market[element]).fillna(0.0)


def hold(case: Case, network: Network, base: Base) -> Holdings:
    """Return the elements in everything of the calibrated base year.

    Where recipes for one product differ (high-temperature magnets), a market holds the mixture of what is made there and of
    what arrives: ``T_m k_m = sum_a x_a c_am k_a + sum_r y_r k_tail(r)``.

    Parameters
    ----------
    case : Case
        The case.
    network : Network
        Its arrays.
    base : Base
        Its calibrated base year.
    """
    elements = list(groups(case))
    holds = _compositions(case)
    made = network.terms[network.terms["coefficient"].gt(0)].copy()
    made["process"] = made["activity"].map(network.activities["process"])
    made["stage"] = made["activity"].map(network.activities["stage"])
    made["quantity"] = made["coefficient"] * made["activity"].map(base.activity).astype(float)
    pairs = list(zip(made["process"], made["commodity"], strict=True))
    for element in elements:
        content = np.array([holds.get(pair, {}).get(element, 0.0) for pair in pairs])
        made[element] = made["quantity"].to_numpy(float) * content
    made = made[made["quantity"].gt(0)].reset_index(drop=True)
    place = network.markets.index
    total = np.zeros(len(place))
    np.add.at(total, place.get_indexer(made["market"]), made["quantity"].to_numpy(float))
    ship = base.ship.to_numpy(float)
    head, tail = place.get_indexer(network.routes["head"]), place.get_indexer(network.routes["tail"])
    np.add.at(total, head, ship)
    scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    mixing = np.zeros((len(place), len(place)))
    np.add.at(mixing, (head, tail), ship)
    own = np.zeros((len(place), len(elements)))
    np.add.at(own, place.get_indexer(made["market"]), made[elements].to_numpy(float))
    content = np.linalg.solve(np.eye(len(place)) - mixing * scale[:, None], own * scale[:, None])
    content[total <= 0] = np.nan
    return Holdings(network, base, elements, made, pd.DataFrame(content, index=place, columns=elements))


def members(case: Case, holdings: Holdings) -> dict[tuple[str, str], list[str]]:
    """Return the commodities that stand for an element at a stage: products, not swarf and not what is yet to be separated.

    Parameters
    ----------
    case : Case
        The case.
    holdings : Holdings
        Its elements in the base year.
    """
    processes = case["processes"]
    products = set(processes.loc[processes["capacity_side"].eq("output"), "capacity_commodity"])
    stage = dict(zip(case["commodities"]["commodity"], case["commodities"]["stage"], strict=True))
    basis = case.content.basis
    holds = _compositions(case)
    found: dict[tuple[str, str], list[str]] = {}
    for element in holdings.elements:
        held = {c for (_process, c), content in holds.items() if content.get(element, 0.0) > 0}
        for name in CHAIN:
            fits = (lambda c: basis[c] in ("element", "oxide")) if name in SEPARATION else (lambda c: c in products)
            rows = [c for c, s in stage.items() if s == name and c in held and fits(c)]
            if rows:
                found[element, name] = rows
    return found
