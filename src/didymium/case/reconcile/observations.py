"""What was observed of the base year, each in the units of its accuracy, or as an interval that must hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from didymium.case.case import ROW
from didymium.case.network import positions
from didymium.case.read import LINE
from didymium.faults import CaseError, Fault
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.reconcile.layout import Layout

KILO = 1000.0
"""Tonnes in the unit of the program."""

BAND = 2 * 1.645
"""Standard errors between the ends of a 5-95 % band."""

UNBANDED = 0.1
"""Accuracy of a statistic that states none, as a share of it."""

FINEST = 0.01
"""Finest accuracy that is believed, t."""


@dataclass(frozen=True)
class Observations:
    """Observations of the base year.

    Parameters
    ----------
    table : DataFrame
        One row each: label, kind (``use``, ``statistic``, ``range``, ``mix``), observed, sigma, low, high (t), file,
        line, flow, commodity, region, partner, series, source, inputs. ``range`` rows have no sigma.
    weights : csr_matrix
        Observations x quantities: how the quantities answer.
    """

    table: pd.DataFrame
    weights: sp.csr_matrix

    def fitted(self) -> np.ndarray:
        """Return which observations are met as nearly as their accuracy asks; the others are intervals."""
        return self.table["kind"].ne("range").to_numpy()


def gather(layout: Layout, may_run: np.ndarray) -> Observations:
    """Return the observations that reconciliation uses: demands, statistics with ``use = fit`` and recipe mixes.

    Parameters
    ----------
    layout : Layout
        How quantities answer.
    may_run : array of bool, activities
        What operates in the base year.

    Raises
    ------
    CaseError
        Statistics that nothing in the network answers to.
    """
    rows, weights = _uses(layout)
    faults: list[Fault] = []
    for record in base_year_statistics(layout).query("use == 'fit'").to_dict("records"):
        answer = layout.answer(record)
        if not answer.any():
            what = _("nothing in the network answers to it")
            fix = _("correct it, or set use to check")
            faults.append(Fault("statistics.csv", str(record[LINE]), "commodity", what, fix))
            continue
        rows.append(_statistic(record))
        weights.append(answer)
    if faults:
        raise CaseError(faults)
    for row, answer in _mixes(layout, may_run):
        rows.append(row)
        weights.append(answer)
    return Observations(pd.DataFrame(rows), sp.csr_matrix(np.array(weights)))


def base_year_statistics(layout: Layout) -> pd.DataFrame:
    """Return the statistics of the base year in tonnes, those that are only compared too."""
    table = layout.case["statistics"]
    return table[table["year"].eq(layout.case.base_year) & table["unit"].eq("t")]


def accuracy(record: dict[Any, Any]) -> float:
    """Return the standard error of a statistic, t: as stated, from its band, or a tenth of it."""
    if record["sigma"] > 0:
        return max(float(record["sigma"]), FINEST)
    known = record["high"] > record["low"]
    spread = (record["high"] - record["low"]) / BAND if known else UNBANDED * record["quantity"]
    return max(float(spread), FINEST)


def label(record: dict[Any, Any]) -> str:
    """Return what a statistic is about, in one line."""
    place = f"{record['flow']} {record['commodity']} {record['region']}"
    return f"{place} {record['partner']}" if record["partner"] else place


def _statistic(record: dict[Any, Any]) -> dict[str, Any]:
    interval = record["band"] == "range"
    return {
        "label": label(record), "kind": "range" if interval else "statistic",
        "observed": record["quantity"], "sigma": np.nan if interval else accuracy(record),
        "low": record["low"], "high": record["high"], "file": "statistics.csv", "line": str(record[LINE]),
        **{name: record[name] for name in ("flow", "commodity", "region", "partner", "series", "source")},
        "inputs": record[ROW],
    }  # fmt: skip


def _uses(layout: Layout) -> tuple[list[dict[str, Any]], list[np.ndarray]]:
    uses = layout.network.uses
    rows, weights = [], []
    for at, (name, use) in enumerate(uses.iterrows()):
        answer = np.zeros(layout.size)
        answer[layout.block["q"].start + at] = 1.0
        weights.append(answer)
        rows.append({
            "label": _("use {name}").format(name=name), "kind": "use", "observed": float(use["quantity"]),
            "sigma": max(float(use["sigma"]), FINEST), "low": float(use["low"]), "high": float(use["high"]),
            "file": "demands.csv", "line": str(use["line"]), "flow": "use", "commodity": str(use["commodity"]),
            "region": str(use["region"]), "partner": "", "series": str(use["end_use"]), "source": str(use["source"]),
            "inputs": str(use["inputs"]),
        })  # fmt: skip
    return rows, weights


def _mixes(layout: Layout, may_run: np.ndarray) -> list[tuple[dict[str, Any], np.ndarray]]:
    """Recipes for one product at one plant: ``x_k - share_k sum_k x_k = 0``, as far as observations let it."""
    n, case, found = layout.network, layout.case, []
    known = set(case["assumptions"]["assumption"])
    mixed = n.activities[n.activities["process"].map(lambda p: f"a_mix_{p}" in known) & may_run]
    for facility, recipes in mixed.groupby("facility"):
        if len(recipes) < 2:
            continue  # a plant with one of the recipes mixes nothing
        at = positions(n.activities.index, recipes.index)
        spread = max(0.05 * float(n.facilities["capacity"][str(facility)]), 1.0)
        for position, process, region in zip(at, recipes["process"], recipes["region"], strict=True):
            answer = np.zeros(layout.size)
            answer[at] = -case.assumption(f"a_mix_{process}")
            answer[position] += 1.0
            row = {
                "label": _("recipe mix {facility} {process}").format(facility=facility, process=process),
                "kind": "mix", "observed": 0.0, "sigma": spread, "low": np.nan, "high": np.nan,
                "file": "assumptions.csv", "line": "", "flow": "mix", "commodity": str(process),
                "region": str(region), "partner": "", "series": str(facility), "source": f"a_mix_{process}",
                "inputs": f"assumptions/a_mix_{process}",
            }  # fmt: skip
            found.append((row, answer))
    return found
