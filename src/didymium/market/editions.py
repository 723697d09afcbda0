"""What another edition of the statistics changes downstream: quantities, prices, costs, and the answers to stresses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pandas as pd

from didymium.case.reconcile import reconcile
from didymium.case.variant import adopt
from didymium.market.explain import calibrate
from didymium.market.stress import stress
from didymium.messages import _
from didymium.result import RESTS_ON, Column, Result, ResultTable, join_inputs, new_manifest

if TYPE_CHECKING:
    from didymium.case.case import Case

LEAST = 0.005
"""Relative change below which a row is left out."""


def editions(case: Case, series: str) -> Result:
    """Run the base year on the adopted statistics and on another edition, side by side.

    Parameters
    ----------
    case : Case
        The case.
    series : str
        Series of ``statistics.csv`` to adopt instead.

    Returns
    -------
    Result
        Table ``editions``: each quantity (t), price and cost (USD/kg) and stress (ratio) under both, the largest change
        first; the manifest holds chi2 of both.

    Raises
    ------
    DidymiumError
        No such series, or a case without stresses.
    """
    started = time.perf_counter()
    other = adopt(case, series)
    found = {name: _facts(each) for name, each in (("adopted", case), ("other", other))}
    keys = ["kind", "what", "unit"]
    one, two = (facts.set_index(keys) for facts, _chi2 in found.values())
    sides = ("_adopted", "_other")
    both = one.merge(two, how="outer", left_index=True, right_index=True, suffixes=sides).reset_index()
    both = both.rename(columns={"value_adopted": "adopted", "value_other": "other"})
    both["change"] = both["other"] / both["adopted"] - 1.0
    both[RESTS_ON] = [
        join_inputs(*(str(cell).split(";") for cell in cells if isinstance(cell, str)))
        for cells in both[["inputs_adopted", "inputs_other"]].itertuples(index=False)
    ]
    both = both[both["change"].abs().gt(LEAST)]
    both = both.reindex(both["change"].abs().sort_values(ascending=False).index).reset_index(drop=True)
    columns = {
        "kind": Column("", _("statistic, quantity, price, cost or stress")),
        "what": Column("", _("What")),
        "unit": Column("", _("Unit")),
        "adopted": Column("", _("On the adopted statistics")),
        "other": Column("", _("On the other edition")),
        "change": Column("ratio", _("Relative change")),
    }
    title = _("What the edition {series} changes").format(series=series)
    table = ResultTable("editions", title, both[[*columns, RESTS_ON]], columns, ("kind", "what"))
    facts = {"chi2": found["adopted"][1], "chi2_other": found["other"][1], "algorithm": "comparison", "status": "ok"}
    manifest = new_manifest(case.digest, {"edition": series}, **facts)
    manifest["timings"] = {"total": time.perf_counter() - started}
    return Result("editions", case.name, {table.name: table}, manifest)


def _facts(case: Case) -> tuple[pd.DataFrame, float]:
    """Return what is compared, one row each, and chi2 of the balanced year."""
    balanced, costs, stressed = reconcile(case), calibrate(case), stress(case)
    rows: list[dict[str, Any]] = []

    def add(kind: str, what: str, unit: str, value: float, inputs: str) -> None:
        rows.append({"kind": kind, "what": what, "unit": unit, "value": value, "inputs": inputs})

    seen = balanced["observations"]
    for row in seen[seen["role"].eq(_("fitted"))].to_dict("records"):
        add("statistic", row["label"], "t", row["observed"], row[RESTS_ON])
    for row in balanced["balance"].to_dict("records"):
        if row["made"] > 1.0:
            add("quantity", f"{row['commodity']} {row['region']}", "t", row["made"], row[RESTS_ON])
    for row in costs["prices"].to_dict("records"):
        add("price", f"{row['commodity']} {row['region']}", "USD/kg", row["fitted"], row[RESTS_ON])
    for row in costs["stages"].to_dict("records"):
        what = " ".join(str(row[name]) for name in ("stage", "region", "element") if row.get(name))
        add("cost", what, "USD/kg", row["cost"], row[RESTS_ON])
    table = stressed["stress"]
    for row in table.to_dict("records"):
        for name in table.columns.difference(["commodity", "base", RESTS_ON]):
            add("stress", f"{name}: {row['commodity']}", "ratio", row[name], row[RESTS_ON])
    return pd.DataFrame(rows), float(balanced.manifest["chi2"])
