"""Cases with other rows in their tables for screening."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from didymium.case.case import Case


def with_rows(case: Case, **rows: list[dict[str, Any]]) -> Case:
    """Return a case with other rows in some of its screening tables."""
    tables = dict(case.tables)
    if "production" in rows:
        rows = {"production_other": [], **rows}
    for name, some in rows.items():
        frame = pd.DataFrame(some).reindex(columns=case[name].columns)
        frame["_row"] = [f"{name}/{i}" for i in range(len(frame))]
        tables[name] = frame
    return replace(case, tables=tables)


def makers(mineral: str = "tin", **quantity: float | str) -> list[dict[str, Any]]:
    """Return rows of production; text is a qualifier, a pair of numbers an interval."""
    rows = []
    for country, value in quantity.items():
        number = isinstance(value, int | float)
        rows.append({
            "mineral": mineral, "stage": "mine", "form": "", "country": country, "year": 2024, "series": "mcs2026",
            "quantity": value if number else np.nan, "low": np.nan if number else float(str(value).split("-")[0]),
            "high": np.nan if number or not str(value).split("-")[1] else float(str(value).split("-")[1]),
            "band": "band", "qualifier": "measured" if number else "withheld", "unit": "t", "basis": "element",
            "source": "mcs2026", "note": "",
        })  # fmt: skip
    return rows
