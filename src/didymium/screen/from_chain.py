"""The calibrated chain as statistics of minerals: it knows elements that no statistic tells apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from didymium.case.case import ROW
from didymium.case.screening_tables import REST
from didymium.messages import _
from didymium.result import RESTS_ON, join_inputs
from didymium.screen.supply import CALIBRATED

if TYPE_CHECKING:
    from didymium.case.case import Case

_STAGES = {"mine": "mine", "light_separation": "refinery", "heavy_separation": "refinery"}
"""Stages of a calibrated chain that a statistic of minerals has too."""


def chain_rows(
    case: Case, exposure: pd.DataFrame, shares: pd.DataFrame
) -> tuple[pd.DataFrame, dict[tuple[str, ...], float]]:
    """Return what a calibrated chain makes of each element as rows of ``production``, and its N-1 covers by group.

    Groups of countries count as the rest: they are nobody's share.
    """
    by_symbol: dict[str, str] = {}
    for mineral, elements in zip(case["minerals"]["mineral"], case["minerals"]["elements"], strict=True):
        if elements and ";" not in elements:
            by_symbol.setdefault(str(elements), str(mineral))
    regions = case["regions"]
    one = {r for r, c in zip(regions["region"], regions["countries"], strict=True) if r in c.split(";")}
    known = shares[shares["stage"].isin(list(_STAGES))]
    rows: list[dict[str, Any]] = []
    for element, stage, region, quantity, keys in zip(
        *(known[c] for c in ("element", "stage", "region", "quantity", RESTS_ON)), strict=True
    ):
        for symbol in _symbols(str(element)):
            if symbol in by_symbol and quantity > 0:
                rows.append({
                    "mineral": by_symbol[symbol], "stage": _STAGES[stage], "form": _form(str(element), symbol),
                    "country": region if region in one else REST, "year": case.base_year, "series": CALIBRATED,
                    "quantity": float(quantity), "low": np.nan, "high": np.nan, "band": "band",
                    "qualifier": "estimated", "unit": "t", "basis": "element", "source": "", "note": "", ROW: keys,
                })  # fmt: skip
    cover: dict[tuple[str, ...], float] = {}
    for element, stage, left in zip(exposure["element"], exposure["stage"], exposure["n_minus_1"], strict=True):
        for symbol in _symbols(str(element)):
            if stage in _STAGES and symbol in by_symbol and left == left:
                cover[by_symbol[symbol], _STAGES[stage], _form(str(element), symbol)] = float(left)
    frame = pd.DataFrame(rows)
    if len(frame):
        keys = ["mineral", "stage", "form", "country"]
        joined = {key: join_inputs(*(cell.split(";") for cell in part)) for key, part in frame.groupby(keys)[ROW]}
        frame["quantity"] = frame.groupby(keys)["quantity"].transform("sum")
        frame = frame.drop_duplicates(keys).reset_index(drop=True)
        frame[ROW] = [joined[key] for key in zip(*(frame[k] for k in keys), strict=True)]
    return frame, cover


def _symbols(element: str) -> list[str]:
    """Return the chemical symbols in ``Dy`` or ``NdPr``."""
    return [element[i : i + 2].strip() if i + 1 < len(element) and element[i + 1].islower() else element[i]
            for i in range(len(element)) if element[i].isupper()]  # fmt: skip


def _form(element: str, symbol: str) -> str:
    return _("calibrated chain") if element == symbol else _("calibrated chain, in {pair}").format(pair=element)
