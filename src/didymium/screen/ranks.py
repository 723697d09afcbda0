"""Ranks with intervals: where each mineral stands by each method, how sure that is, and what makes it unsure.

A rank is the place of a mineral among those that have a value, worst first. Its interval holds 90 % of the draws. What
drives it is the component (shares, governance, elasticities) whose draws alone move the rank most; the figure is its
part of the sum of the variances that the components make alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from didymium.messages import _
from didymium.result import RESTS_ON, join_inputs
from didymium.screen.draws import COMPONENTS
from didymium.screen.grouped import Array
from didymium.screen.method_list import METHODS

KEYS = ["method", "participant", "mineral", "stage", "form"]
COLUMNS = [*KEYS, "value", "low", "high", "rank", "rank_low", "rank_high", "ranked", "driver", "driver_share", "why",
           RESTS_ON]  # fmt: skip


@dataclass
class Scored:
    """Values of one method for one participant.

    Parameters
    ----------
    method, participant : str
        Which, and whose.
    labels : DataFrame
        mineral, stage, form of each row.
    values : array, rows x draws
        The first column is the centre; NaN where not computable.
    low, high : array
        Band, or the ends of what was swept.
    why : list of str
        Why a row has no value.
    inputs : list of list of str
        Input rows behind each row.
    alone : dict of str to array
        Values with one component drawn alone.
    """

    method: str
    participant: str
    labels: pd.DataFrame
    values: Array
    low: Array
    high: Array
    why: Sequence[str]
    inputs: Sequence[Sequence[str]]
    alone: dict[str, Array] = field(default_factory=dict)


def order(values: Array, worst: int) -> Array:
    """Return ranks, worst first and equals sharing the first place; rows x draws, NaN without a value.

    Parameters
    ----------
    values : array, rows x draws
        NaN in the first column: the row has no rank.
    worst : int
        1: a large value is bad; -1: a small one is.
    """
    out = np.full(values.shape, np.nan)
    has = ~np.isnan(values[:, 0])
    if has.any():
        # Rounded, so that what is equal but for the last digits shares a rank.
        keyed = -worst * values[has]
        finite = np.where(np.isfinite(keyed), keyed, np.sign(keyed) * 1e18)
        out[has] = rankdata(np.round(finite, 9), method="min", axis=0)
    return out


def rank_table(every: Sequence[Scored]) -> pd.DataFrame:
    """Return one row for each method, participant, mineral, stage and form, computable or not."""
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for scored in every:
        method, count = METHODS[scored.method], len(scored.labels)
        ranks = order(scored.values, method.worst) if method.ranked else np.full(scored.values.shape, np.nan)
        drawn = ranks[:, 1:] if ranks.shape[1] > 1 else ranks
        has = ~np.isnan(ranks[:, 0])
        ends = np.full((2, count), np.nan)
        if has.any():
            ends[:, has] = np.quantile(drawn[has], (0.05, 0.95), axis=1, method="nearest")
        driver, share = _drivers(scored, method.worst, has)
        labels = {name: scored.labels[name].tolist() for name in ("mineral", "stage", "form")}
        for name, values in (
            ("method", [scored.method] * count), ("participant", [scored.participant] * count), *labels.items(),
            ("value", scored.values[:, 0].tolist()), ("low", scored.low.tolist()), ("high", scored.high.tolist()),
            ("rank", ranks[:, 0].tolist()), ("rank_low", ends[0].tolist()), ("rank_high", ends[1].tolist()),
            ("ranked", [int(has.sum())] * count), ("driver", driver), ("driver_share", share.tolist()),
            ("why", [str(w) for w in scored.why]),
            (RESTS_ON, [join_inputs([f"minerals/{m}"], [k for k in i if k])
                        for m, i in zip(labels["mineral"], scored.inputs, strict=True)]),
        ):  # fmt: skip
            columns[name] += values
    return pd.DataFrame(columns)


def _drivers(scored: Scored, worst: int, has: np.ndarray[Any, Any]) -> tuple[list[str], Array]:
    """Return what moves each rank most, and its part of the variance."""
    count = len(scored.labels)
    spread = np.zeros((len(COMPONENTS), count))
    for place, component in enumerate(COMPONENTS):
        values = scored.alone.get(component)
        if values is not None and values.shape[1] > 1 and METHODS[scored.method].ranked:
            spread[place] = np.nan_to_num(np.var(order(values, worst)[:, 1:], axis=1))
    whole = spread.sum(axis=0)
    share = np.divide(spread.max(axis=0), whole, out=np.full(count, np.nan), where=whole > 0)
    first = spread.argmax(axis=0)
    names = [COMPONENTS[i] if h and w > 0 else "" for i, h, w in zip(first, has, whole, strict=True)]
    return names, np.where(np.array([bool(n) for n in names]), share, np.nan)


def method_table(ranks: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each method and participant: for how many minerals it ran, and what was missing most."""
    rows: list[Mapping[str, Any]] = []
    for (method, participant), part in ranks.groupby(["method", "participant"], sort=False):
        facts = METHODS[str(method)]
        computed = int(part["value"].notna().sum())
        reasons = part.loc[part["value"].isna() & part["why"].ne(""), "why"].value_counts()
        rows.append({
            "method": method, "participant": participant, "title": _(facts.title), "unit": facts.unit,
            "computed": computed, "not_computable": len(part) - computed,
            "status": _("ran") if computed else _("not computable"),
            "missing": str(reasons.index[0]) if len(reasons) else "",
            "missing_rows": int(reasons.iloc[0]) if len(reasons) else 0,
            "inputs": _(facts.inputs), "published": _(facts.source),
        })  # fmt: skip
    return pd.DataFrame(rows)
