"""The market beside every statistic of the year, adopted or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.case import ROW
from didymium.case.reconcile.layout import CUSTOMS, Layout
from didymium.market.prepare import Market
from didymium.market.solve import Solution
from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs

if TYPE_CHECKING:
    from didymium.case import case as cases


def compared(case: cases.Case, market: Market, solution: Solution, year: int) -> ResultTable:
    """Return what the statistics of a year say and what the market answers, t.

    Production and use of a stage are sums over its commodities of the same basis; a customs code is compared with the
    nearest stage and marked, because it weighs gross and holds goods that the case does not model.
    """
    network = market.network
    sums, goods = Layout(case, network), set(network.markets["commodity"])
    found = np.concatenate(
        [solution.frame(name)[0].to_numpy(float) for name in ("activity", "ship", "served", "dispose")]
    )
    table = case["statistics"]
    table = table[table["year"].eq(year) & table["unit"].eq("t")]
    rows = []
    for record in table.to_dict("records"):
        weights = sums.answer(record)
        if not weights.any():
            continue
        commodity = str(record["commodity"])
        parts = [f"commodities/{commodity}"] if commodity in goods else []
        model = float(weights[: len(found)] @ found)
        rows.append(
            {
                "flow": record["flow"],
                "commodity": commodity,
                "region": record["region"],
                "partner": record["partner"] or "*",
                "series": record["series"],
                "observed": record["quantity"],
                "observed_low": record["low"],
                "observed_high": record["high"],
                "model": model,
                "within": bool(record["low"] <= model <= record["high"]),
                "adopted": record["use"] == "fit",
                "like_for_like": commodity not in CUSTOMS,
                RESTS_ON: join_inputs([record[ROW]], parts),
            }
        )
    columns = {
        "flow": Column("", _("Production, use, export or import")),
        "commodity": Column("", _("Commodity, stage or customs code")),
        "region": Column("", _("Region")),
        "partner": Column("", _("Other side of a trade")),
        "series": Column("", _("Statistic")),
        "observed": Column("t", _("Observed")),
        "observed_low": Column("t", _("Low end of the observation")),
        "observed_high": Column("t", _("High end of the observation")),
        "model": Column("t", _("In the cleared market")),
        "within": Column("", _("The market lies in the observation's band")),
        "adopted": Column("", _("The base year was fitted to it; otherwise it is a check")),
        "like_for_like": Column("", _("no: a customs code that weighs gross and holds more goods")),
    }
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("observed", _("Quantities beside observed ones"), frame, columns,
                       ("flow", "commodity", "region", "partner", "series"))  # fmt: skip
