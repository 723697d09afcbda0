"""The governance-weighted index of a participant's sources: what it imports from whom, and what it makes itself.

``HHI_own = 10 sum_c s_c^2 WGI_c t_c``; ``s_c = phi m_c`` of an importer's sources, ``(1 - phi) h_c`` of its own makers,
``phi`` the part that is imported. Source: European Commission, method of 2017 (:mod:`didymium.screen.supply_risk`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from didymium.screen import concentration
from didymium.screen.draws import Draws
from didymium.screen.governance import weighted_hhi
from didymium.screen.grouped import Array, Groups
from didymium.screen.sourcing import Sources
from didymium.screen.weights import Governance, TradeParameters


def own_index(sources: Sequence[Sources], imported: Array, labels: Sequence[tuple[str, str]], participant: str,
              trade: TradeParameters, governance: Governance, error: tuple[float, float],
              draws: Draws | None) -> Array:  # fmt: skip
    """Return the index of the sources of every group; NaN where they are not known.

    Parameters
    ----------
    sources : sequence of Sources
        Of the participant, by group.
    imported : array
        ``phi`` by group; NaN where not known.
    labels : sequence of tuple of str
        Mineral and stage of the European study of each group.
    participant : str
        For whose imports trade parameters hold.
    trade, governance
        What weighs a country.
    error : tuple of float
        Low and high of a share of trade, as multiples.
    draws : Draws, optional
        What varies; the centre alone where None.

    Returns
    -------
    array, groups x draws
        0 to 10.
    """
    width = 1 + draws.count if draws is not None else 1
    out = np.full((len(sources), width), np.nan)
    names: list[str] = []
    value: list[float] = []
    weight: list[float] = []
    sizes, groups = [], []
    for g, (some, phi) in enumerate(zip(sources, imported, strict=True)):
        lines = _lines(some, float(phi))
        if not lines:
            continue
        names += [c for c, _s in lines]
        value += [s for _c, s in lines]
        weight += trade.of(*labels[g], participant, [c for c, _s in lines])
        sizes.append(len(lines))
        groups.append(g)
    if not groups:
        return out
    ragged = Groups(np.array(sizes, dtype=np.intp))
    low, high = error
    centre = np.array(value)
    values = centre[:, None] if draws is None else draws.banded("shares", "trade", centre, centre * low, centre * high)
    share = concentration.shares(values, ragged)
    named = np.array([len(c) == 3 and c != "OTH" for c in names])
    out[groups] = weighted_hhi(share, governance.weak(names)[:, :width], np.array(weight)[:, None], ragged, named)
    return out


def _lines(sources: Sources, phi: float) -> list[tuple[str, float]]:
    """Return countries and shares of what a participant uses; empty where a part of it is not known."""
    made = {c: q for c, q in sources.own.items() if q != 0}
    unclear = not sources.whole or (len(made) > 1 and any(q != q for q in made.values()))
    if phi != phi or (phi > 0 and not sources.shares) or (phi < 1 and unclear):
        return []
    whole = sum(made.values()) if len(made) > 1 else 1.0
    home = {c: (q / whole if len(made) > 1 else 1.0) for c, q in made.items()}
    home = home or ({sources.home: 1.0} if sources.home else {})
    if phi < 1 and not home:
        return []
    lines = [(c, phi * s) for c, s in sources.shares.items() if phi > 0]
    return lines + [(c, (1.0 - phi) * s) for c, s in home.items() if phi < 1]
