"""How long stocks last: days of cover, and the months in which uses run short and lines stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.economy.methods import SHORT
from didymium.market.prepare import Market
from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.shock.columns import FORESIGHT, LINE_STOP
from didymium.shock.path import Path

if TYPE_CHECKING:
    from didymium.case import case as cases


def cover(case: cases.Case, market: Market, paths: list[Path], uses: pd.DataFrame, why: list[str]) -> ResultTable:
    """Return days of cover by form at the start and at the lowest, and when users of the form run short.

    Parameters
    ----------
    case, market, paths
        What was run.
    uses : DataFrame
        Wanted and served by foresight, month, end use, region and commodity, t.
    why : list of str
        Input rows of the scenario.
    """
    network = market.network
    daily = market.base.intake(network) / 365.25
    rows = []
    for path in paths:
        held = path.stock.groupby(path.stocks["market"]).sum()
        start = path.stocks.groupby("market")["start"].sum()
        for label in start.index:
            commodity, region = label.split("|")
            if region not in case.participants or daily[label] <= 0:
                continue
            mine = path.stocks[path.stocks["market"].eq(label)]
            band = network.stocks.loc[network.stocks.index.isin(mine.index)]
            in_days = band["in_days"].to_numpy(bool)
            low, high = (
                np.where(in_days, band[end], band[end] / daily[label]).astype(float) for end in ("low", "high")
            )
            theirs = uses["foresight"].eq(path.foresight) & uses["region"].eq(region)
            totals = uses[theirs & uses["commodity"].eq(commodity)].groupby("month")[["served", "wanted"]].sum()
            missing = 1.0 - totals["served"] / totals["wanted"]
            rows.append({
                "foresight": path.foresight, "commodity": commodity, "region": region,
                "days_at_start": start[label] / daily[label], "lowest_days": held.loc[label].min() / daily[label],
                "days_low": float(np.nansum(low)), "days_high": float(np.nansum(high)),
                "first_short": _first(missing, SHORT), "line_stop": _first(missing, LINE_STOP),
                RESTS_ON: join_inputs(why, band["inputs"], [f"commodities/{commodity}"]),
            })  # fmt: skip
    columns = {
        "foresight": FORESIGHT, "commodity": Column("", _("Form held")), "region": Column("", _("Region")),
        "days_at_start": Column("day", _("Cover at the start, commercial and strategic")),
        "lowest_days": Column("day", _("Lowest cover in the months shown")),
        "days_low": Column("day", _("Cover at the low end of the bands: secret stocks are ranges")),
        "days_high": Column("day", _("Cover at the high end of the bands")),
        "first_short": Column("", _("First month with more than 5 % missing")),
        "line_stop": Column("", _("First month with more than 15 % missing: lines stop")),
    }  # fmt: skip
    return ResultTable("cover", _("Days of cover"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns,
                       ("foresight", "commodity", "region"))  # fmt: skip


def _first(missing: pd.Series, limit: float) -> str:
    over = missing[missing.gt(limit)]
    return str(over.index[0]) if len(over) else ""
