"""Where an element went through a stage, however many countries it crossed since.

``T_m u_m = sum_a out_am v_a + sum_r y_r u_tail(r)``, ``v_a = 1`` at the region of an activity of the stage itself, else the
mean over the activity's inputs, weighted by the element in them. ``u_m`` is the share of the element in a market that went
through the stage in each region. Content mixes in proportion: material of two origins in one market is not told apart.

Recycled material counts as mined and separated where it was recycled.

Source: proportional mixing of material-flow analysis (Leontief's inverse over markets instead of sectors).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from didymium.screen.content import SEPARATION, Array, Holdings


def _divide(top: Array, bottom: Array) -> Array:
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)


def passed(holdings: Holdings, element: str, stage: str, products: list[str]) -> pd.DataFrame:
    """Return the share of an element that went through a stage in each region.

    Parameters
    ----------
    holdings : Holdings
        Elements in the base year.
    element : str
        The element.
    stage : str
        The stage.
    products : list of str
        Commodities that the stage makes of the element.

    Returns
    -------
    DataFrame
        Markets x regions, 0 to 1; what has not gone through the stage yet is missing from the sum over regions.
    """
    network, base = holdings.network, holdings.base
    place, activities = network.markets.index, network.activities
    regions = sorted(set(activities["region"]))
    made = holdings.made
    performs = made["commodity"].isin(products) & (
        made["stage"].eq(stage) | (made["stage"].eq("recycling") & (stage in ("mine", *SEPARATION)))
    )
    doing = activities.index.isin(made.loc[performs, "activity"])
    into = network.terms[network.terms["coefficient"].lt(0)]
    inputs = np.zeros((len(activities), len(place)))
    taken = -into["coefficient"] * into["activity"].map(base.activity) * into["market"].map(holdings.market[element])
    np.add.at(
        inputs,
        (activities.index.get_indexer(into["activity"]), place.get_indexer(into["market"])),
        np.nan_to_num(taken.to_numpy(float)),
    )
    inputs = _divide(inputs, inputs.sum(axis=1, keepdims=True) * np.ones_like(inputs))
    inputs[doing | activities["stage"].eq("recycling").to_numpy()] = 0.0
    here = np.zeros((len(activities), len(regions)))
    where = pd.Index(regions).get_indexer(activities["region"])
    here[np.nonzero(doing)[0], where[doing]] = 1.0
    out = np.zeros((len(place), len(activities)))
    np.add.at(
        out,
        (place.get_indexer(made["market"]), activities.index.get_indexer(made["activity"])),
        made[element].to_numpy(float),
    )
    moved = np.zeros((len(place), len(place)))
    np.add.at(
        moved,
        (place.get_indexer(network.routes["head"]), place.get_indexer(network.routes["tail"])),
        np.nan_to_num(holdings.shipped(element).to_numpy(float)),
    )
    total = out.sum(axis=1) + moved.sum(axis=1)
    scale = _divide(np.ones_like(total), total)[:, None]
    share = np.linalg.solve(np.eye(len(place)) - (out @ inputs + moved) * scale, (out @ here) * scale)
    return pd.DataFrame(share.clip(0.0, 1.0), index=place, columns=regions)


def in_use(holdings: Holdings, share: pd.DataFrame, element: str, regions: list[str]) -> dict[str, float]:
    """Return tonnes of an element in the end uses of some regions, by where it went through a stage.

    Parameters
    ----------
    holdings : Holdings
        Elements in the base year.
    share : DataFrame
        What :func:`passed` returns.
    element : str
        The element.
    regions : list of str
        Where the end uses are.

    Returns
    -------
    dict of str to float
        By region of the stage, t/year. What was used without going through the stage is left out.
    """
    uses = holdings.network.uses
    at = uses["region"].isin(regions)
    tonnes = holdings.used(element)[at].to_numpy(float)
    rows = share.reindex(uses.loc[at, "market"]).fillna(0.0).to_numpy(float)
    return dict(zip(share.columns, (tonnes @ rows).tolist(), strict=True))
