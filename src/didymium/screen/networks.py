"""Cascades on the case's trade network: every exporter of weight, every threshold, every participant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from didymium.case.case import ROW
from didymium.result import RESTS_ON, join_inputs
from didymium.screen.cascade import THRESHOLDS, fallen, supply_lost
from didymium.screen.places import countries_of

if TYPE_CHECKING:
    from didymium.case.case import Case

LEAST = 0.10
"""Share of world exports from which an exporter is worth a scenario."""

COLUMNS = ["mineral", "hs92", "year", "exporter", "export_share", "participant", "falls_to", "supply_lost",
           "fallen_at_30", "fallen_at_50", RESTS_ON]  # fmt: skip


def cascades(case: Case, places: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return what happens in the trade of each product when an exporter stops.

    Parameters
    ----------
    case : Case
        The case.
    places : mapping of str to sequence of str
        Regions of each participant; several count as one country.

    Returns
    -------
    DataFrame
        By mineral, HS code, exporter and participant: the highest threshold of the sweep at which the participant falls
        (0: at none), the share of its supply that is lost at the middle threshold, and how many others fall at 30 and
        at 50 %.
    """
    countries = countries_of(case)
    rows: list[dict[str, Any]] = []
    for (mineral, code), trade in case["trade_network"].groupby(["mineral", "hs92"], sort=True):
        trade = trade[trade["year"].eq(trade["year"].max())]
        keys = join_inputs([str(k) for k in trade[ROW]])
        for participant, place in places.items():
            own = {c for region in place for c in countries[region]}
            # One node for the participant: what its members sell each other is no trade.
            names = {c: participant if c in own else c for c in {*trade["exporter"], *trade["importer"]}}
            nodes = sorted(set(names.values()))
            if participant not in nodes:
                continue
            at = {name: i for i, name in enumerate(nodes)}
            matrix = np.zeros((len(nodes), len(nodes)))
            tail = [at[names[c]] for c in trade["exporter"]]
            head = [at[names[c]] for c in trade["importer"]]
            np.add.at(matrix, (tail, head), trade["value"].to_numpy(float))
            np.fill_diagonal(matrix, 0.0)
            exports = matrix.sum(axis=1) / matrix.sum()
            for first in np.nonzero(exports >= LEAST)[0]:
                if nodes[first] == participant:
                    continue
                down = {t: fallen(matrix, int(first), t) for t in THRESHOLDS}
                falls = [t for t, d in down.items() if d[at[participant]]]
                middle = down[THRESHOLDS[len(THRESHOLDS) // 2]]
                rows.append({
                    "mineral": mineral, "hs92": code, "year": int(trade["year"].iloc[0]), "exporter": nodes[first],
                    "export_share": exports[first], "participant": participant, "falls_to": max(falls, default=0.0),
                    "supply_lost": supply_lost(matrix, middle)[at[participant]],
                    "fallen_at_30": int(down[0.3].sum()) - 1, "fallen_at_50": int(down[0.5].sum()) - 1,
                    RESTS_ON: keys,
                })  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)
