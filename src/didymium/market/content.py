"""What tonnes of each element are in what is made, moved and taken in.

``t element = t commodity x content``: mixed concentrates by the composition of their basket and atomic masses, oxides
and metals as they are (element tonnes), alloys and magnets by their recipe: what goes in, less what leaves as swarf.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from didymium.case.case import Case
from didymium.case.chain_tables import STAGES
from didymium.case.network import Network
from didymium.faults import DidymiumError
from didymium.market.base import Base
from didymium.messages import _

Array = npt.NDArray[np.float64]

_SYMBOL = re.compile(r"[A-Z][a-z]?")
SEPARATION = ("light_separation", "heavy_separation")
ENDS = ("recycling", "use")
"""Stages that are no step of making anything out of ore."""


def positions(index: pd.Index[Any], names: pd.Series[Any]) -> npt.NDArray[np.intp]:
    """Return where names stand in an index."""
    return index.get_indexer(pd.Index(names))


def groups(case: Case) -> dict[str, list[str]]:
    """Return the elements that the case follows and the symbols in each: ``{"NdPr": ["Nd", "Pr"], "Dy": ["Dy"]}``.

    Raises
    ------
    DidymiumError
        ``case.toml`` names none.
    """
    names = case.settings.get("elements")
    if not names:
        raise DidymiumError(_('case.toml: no elements to screen -> add `elements = [...]`, such as "NdPr", "Dy"'))
    return {str(name): _SYMBOL.findall(str(name)) for name in names}


def chain(case: Case) -> list[str]:
    """Return the stages of the case, in order of flow: those that make any of its commodities out of ore."""
    made = set(case["commodities"]["stage"])
    return [stage for stage in STAGES if stage in made and stage not in ENDS]


def composition(case: Case, commodity: str) -> dict[str, float]:
    """Return tonnes of each followed element in a tonne of a commodity traded in element tonnes, oxide or REO."""
    held = case.content.held(commodity)
    return {
        name: sum(held.get(symbol, 0.0) for symbol in symbols)
        for name, symbols in groups(case).items()
        if any(held.get(symbol, 0.0) > 0 for symbol in symbols)
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
        Tonnes of element per tonne, markets x elements; NaN where nothing is made or arrives.
    shipped : DataFrame
        Tonnes of element moved, routes x elements, t/year.
    needed : DataFrame
        Tonnes of element that buyers take in, markets x elements, t/year.
    used : DataFrame
        Tonnes of element in what end uses are served, uses x elements, t/year.
    """

    network: Network
    base: Base
    elements: list[str]
    made: pd.DataFrame
    market: pd.DataFrame
    shipped: pd.DataFrame
    needed: pd.DataFrame
    used: pd.DataFrame


def hold(case: Case, network: Network, base: Base) -> Holdings:
    """Return the elements in everything of the calibrated base year.

    Where recipes for one product differ (high-temperature magnets), a market holds the mixture of what is made there
    and of what arrives: ``T_m k_m = sum_a x_a c_am k_a + sum_r y_r k_tail(r)``.

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
    made = made[made["quantity"].gt(0)].reset_index(drop=True)
    pairs = list(zip(made["process"], made["commodity"], strict=True))
    for element in elements:
        content = np.array([holds.get(pair, {}).get(element, 0.0) for pair in pairs])
        made[element] = made["quantity"].to_numpy(float) * content
    place = network.markets.index
    head, tail = positions(place, network.routes["head"]), positions(place, network.routes["tail"])
    at, ship = positions(place, made["market"]), base.ship.to_numpy(float)
    total, own = np.zeros(len(place)), np.zeros((len(place), len(elements)))
    np.add.at(total, at, made["quantity"].to_numpy(float))
    np.add.at(total, head, ship)
    np.add.at(own, at, made[elements].to_numpy(float))
    mixing = sp.csr_matrix((ship, (head, tail)), shape=(len(place), len(place)))
    content = mix(mixing, own, total)
    content[total <= 0] = np.nan
    known = np.nan_to_num(content)
    uses = positions(place, network.uses["market"])
    return Holdings(
        network, base, elements, made, pd.DataFrame(content, index=place, columns=elements),
        pd.DataFrame(ship[:, None] * known[tail], index=network.routes.index, columns=elements),
        pd.DataFrame(base.intake(network).to_numpy(float)[:, None] * known, index=place, columns=elements),
        pd.DataFrame(base.served.to_numpy(float)[:, None] * known[uses], index=network.uses.index, columns=elements),
    )  # fmt: skip


def mix(arrivals: sp.csr_matrix, own: Array, total: Array) -> Array:
    """Return what mixes in each market: ``T_m u_m = own_m + sum_n arrivals_mn u_n``.

    Parameters
    ----------
    arrivals : sparse matrix
        Amount that each market has from each other.
    own : array
        Amounts of each property brought in, markets x properties.
    total : array
        Amount in each market.

    Returns
    -------
    array
        Amount of each property per amount in the market; 0 where there is nothing.
    """
    scale = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    system = sp.identity(len(total), format="csc") - sp.diags(scale) @ arrivals
    return np.asarray(splu(system.tocsc()).solve(own * scale[:, None]), dtype=float)


def members(case: Case, holdings: Holdings) -> dict[tuple[str, str], list[str]]:
    """Return the commodities that stand for an element at a stage: products, neither swarf nor mixtures to separate.

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
    separated = {c for c, basis in case.content.basis.items() if basis in ("element", "oxide")}
    holds = _compositions(case)
    found: dict[tuple[str, str], list[str]] = {}
    for element in holdings.elements:
        held = {c for (_process, c), content in holds.items() if content.get(element, 0.0) > 0}
        for name in chain(case):
            fits = separated if name in SEPARATION else products
            rows = [c for c, s in stage.items() if s == name and c in held and c in fits]
            if rows:
                found[element, name] = rows
    return found
