"""Two editions of the same statistic side by side: what an index of the same year was said to be, then and now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from didymium.result import RESTS_ON, join_inputs
from didymium.screen import concentration
from didymium.screen.supply import KEYS, read_supply

if TYPE_CHECKING:
    from didymium.case.case import Case

COLUMNS = [*KEYS, "year", "earlier", "later", "hhi_earlier", "hhi_later", "top1_earlier", "top1_later",
           "country_earlier", "country_later", "total_earlier", "total_later", "note", RESTS_ON]  # fmt: skip


def vintages(case: Case) -> pd.DataFrame:
    """Return the indices of the newest year that the last two editions of one statistic share.

    Parameters
    ----------
    case : Case
        The case.

    Returns
    -------
    DataFrame
        By mineral, stage and form; largest change of the index first. Where an edition gives no index, the note says
        why.
    """
    production = case["production"]
    family = production["series"].str.replace(r"\d+$", "", regex=True)
    editions = sorted(production.loc[family.eq(family.mode().iloc[0]), "series"].unique())[-2:] if len(family) else []
    if len(editions) < 2:
        return pd.DataFrame(columns=COLUMNS)
    years = [set(production.loc[production["series"].eq(e), "year"]) for e in editions]
    shared = years[0] & years[1]
    if not shared:
        return pd.DataFrame(columns=COLUMNS)
    year = max(int(y) for y in shared)
    tables = []
    for edition in editions:
        supply = read_supply(case, year, edition)
        share = concentration.shares(supply.rows["quantity"].to_numpy(float)[:, None], supply.groups)
        table = supply.table[[*KEYS, "total", "problem", "inputs"]].copy()
        table["hhi"] = concentration.hhi(share, supply.groups, supply.named)[:, 0]
        table["top1"] = concentration.top(share, supply.groups, 1, supply.named)[:, 0]
        first = concentration.largest(share[:, 0], supply.groups, supply.named)
        table["country"] = supply.rows["country"].to_numpy()[first]
        table.loc[table["problem"].ne(""), ["hhi", "top1"]] = float("nan")
        table.loc[table["problem"].ne(""), "country"] = ""
        tables.append(table)
    both = tables[0].merge(tables[1], on=KEYS, how="outer", suffixes=("_earlier", "_later"))
    both["year"], both["earlier"], both["later"] = year, editions[0], editions[1]
    problems = [[f"{e}: {p}" for e, p in zip(editions, pair, strict=True) if isinstance(p, str) and p]
                for pair in zip(both["problem_earlier"], both["problem_later"], strict=True)]  # fmt: skip
    both["note"] = ["; ".join(texts) for texts in problems]
    both[RESTS_ON] = [
        join_inputs([f"minerals/{mineral}"], *(keys for keys in pair if isinstance(keys, list)))
        for mineral, *pair in zip(both["mineral"], both["inputs_earlier"], both["inputs_later"], strict=True)
    ]
    for name in ("country_earlier", "country_later"):
        both[name] = both[name].fillna("")
    change = (both["hhi_later"] - both["hhi_earlier"]).abs()
    return both.loc[change.sort_values(ascending=False, kind="stable").index, COLUMNS].reset_index(drop=True)
