"""Where an element went through a stage, however many countries it crossed since.

``T_m u_m = sum_a out_am v_a + sum_r y_r u_tail(r)``, ``v_a = 1`` at the region of an activity of the stage itself, else
the mean over the activity's inputs, weighted by the element in them. ``u_m`` is the share of the element in a market
that went through the stage in each region. Content mixes in proportion: material of two origins in one market is not
told apart.

Recycled material counts as separated, refined or reduced to metal where it was recycled, by what it comes back as.

Source: proportional mixing of material-flow analysis (Leontief's inverse over markets instead of sectors).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp

from didymium.market.content import Holdings, mix, positions


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
    network, base, made = holdings.network, holdings.base, holdings.made
    place, activities = network.markets.index, network.activities
    regions = sorted(set(activities["region"]))
    performs = made["commodity"].isin(products) & (made["stage"].eq(stage) | made["stage"].eq("recycling"))
    doing = activities.index.isin(made.loc[performs, "activity"])
    # What each activity takes in of the element, as shares; what does the stage itself takes its own region's name.
    into = network.terms[network.terms["coefficient"].lt(0)]
    who, what = positions(activities.index, into["activity"]), positions(place, into["market"])
    taken = -into["coefficient"].to_numpy(float) * base.activity.to_numpy(float)[who]
    taken *= np.nan_to_num(holdings.market[element].to_numpy(float))[what]
    taken[(doing | activities["stage"].eq("recycling").to_numpy())[who]] = 0.0
    sums = np.bincount(who, taken, minlength=len(activities))
    taken = np.divide(taken, sums[who], out=np.zeros_like(taken), where=sums[who] > 0)
    inputs = sp.csr_matrix((taken, (who, what)), shape=(len(activities), len(place)))
    here = np.zeros((len(activities), len(regions)))
    here[np.nonzero(doing)[0], positions(pd.Index(regions), activities["region"])[doing]] = 1.0
    where = positions(place, made["market"]), positions(activities.index, made["activity"])
    out = sp.csr_matrix((made[element].to_numpy(float), where), shape=(len(place), len(activities)))
    head, tail = positions(place, network.routes["head"]), positions(place, network.routes["tail"])
    moved = sp.csr_matrix((holdings.shipped[element].to_numpy(float), (head, tail)), shape=(len(place), len(place)))
    total = np.asarray(out.sum(axis=1), dtype=float).ravel() + np.asarray(moved.sum(axis=1), dtype=float).ravel()
    share = mix(sp.csr_matrix(out @ inputs + moved), np.asarray(out @ here), total)
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
    at = uses["region"].isin(regions).to_numpy()
    tonnes = holdings.used[element].to_numpy(float)[at]
    rows = share.to_numpy(float)[positions(share.index, uses["market"][at])]
    return dict(zip(share.columns, (tonnes @ rows).tolist(), strict=True))
