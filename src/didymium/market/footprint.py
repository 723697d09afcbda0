"""What the activity of a year takes from the environment or leaves in it, as far as sources say."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from didymium.case.case import ROW
from didymium.case.network import closest
from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.network import Network


TRACE = 0.5
"""Activity below this many tonnes a year is not counted."""


class Rate(NamedTuple):
    """A row of table ``environment``, per tonne of activity."""

    amount: float
    low: float
    high: float
    unit: str
    key: str


def rates(case: cases.Case, network: Network) -> dict[tuple[str, str, str], Rate]:
    """Return the row that speaks most closely of each process, region and stressor; a hole has none."""
    columns = ("process", "region", "stressor", "amount", "low", "high", "unit", ROW)
    rows: dict[str, dict[tuple[str, str], Rate]] = {}
    for process, region, stressor, *rate in case["environment"][list(columns)].itertuples(index=False):
        rows.setdefault(str(stressor), {})[str(process), str(region)] = Rate(*rate)
    found = {}
    pairs = network.activities[["process", "stage", "region"]].drop_duplicates()
    for process, stage, region in pairs.itertuples(index=False):
        for stressor, known in rows.items():
            key = next((key for key in closest(process, stage, region) if key in known), None)
            if key is not None:
                found[str(process), str(region), stressor] = known[key]
    return found


def footprint(case: cases.Case, network: Network, activity: pd.Series) -> ResultTable:
    """Return what activity takes and leaves, by region, stage and stressor.

    ``E[i, s, k] = sum_{f in i, s} e[p(f), i, k] x[f]`` over the activities whose coefficient ``e`` is known;
    ``covered`` says which share of the stage's activity in the region that is.

    Parameters
    ----------
    case : Case
        The case.
    network : Network
        Its arrays.
    activity : Series
        Activity of a year by label, t.
    """
    columns = {
        "region": Column("", _("Region")), "stage": Column("", _("Stage")), "stressor": Column("", _("What")),
        "amount": Column("t, m3 or MWh", _("Amount in the year")),
        "low": Column("t, m3 or MWh", _("Low end")), "high": Column("t, m3 or MWh", _("High end")),
        "unit": Column("", _("Unit of the amount")),
        "covered": Column("ratio", _("Share of the stage's activity whose coefficient is known")),
    }  # fmt: skip
    frame = network.activities[["process", "stage", "region", "facility"]].copy()
    frame["activity"] = activity.reindex(frame.index).astype(float)
    whole = frame.groupby(["region", "stage"])["activity"].sum()
    parts = []
    for (process, region, stressor), rate in rates(case, network).items():
        mine = frame[frame["process"].eq(process) & frame["region"].eq(region) & frame["activity"].gt(TRACE)]
        if len(mine):
            amount, low, high, unit, key = rate
            tonnes = float(mine["activity"].sum())
            ends = (amount if low != low else low, amount if high != high else high)
            rows = join_inputs([key], [f"facilities/{name}" for name in mine["facility"]])
            parts.append((region, mine["stage"].iloc[0], stressor, amount * tonnes, *(end * tonnes for end in ends),
                          unit.partition("/")[0], tonnes, rows))  # fmt: skip
    names = ["region", "stage", "stressor", "amount", "low", "high", "unit", "covered", RESTS_ON]
    found = pd.DataFrame(parts, columns=names)
    keys = ["region", "stage", "stressor", "unit"]
    grouped = found.groupby(keys)
    table = grouped[["amount", "low", "high", "covered"]].sum().reset_index()
    if len(table):
        behind = [join_inputs(*(str(row).split(";") for row in rows)) for _key, rows in grouped[RESTS_ON]]
        table[RESTS_ON] = behind
        total = [whole[region, stage] for region, stage in zip(table["region"], table["stage"], strict=True)]
        table["covered"] = table["covered"] / total
    title = _("What the environment bears, as far as sources say")
    return ResultTable("environment", title, table.reindex(columns=names), columns,
                       ("region", "stage", "stressor", "unit"))  # fmt: skip
