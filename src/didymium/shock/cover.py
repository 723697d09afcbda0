"""How long stocks last: days of cover, and the months in which uses run short and lines stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.economy.methods import SHORT
from didymium.market.prepare import Market
from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.shock.columns import FORESIGHT, LINE_STOP, first_over
from didymium.shock.path import Path
from didymium.shock.run_out import run_out

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
    outside = outside_shares(case, market)
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
                "outside": outside[label], "run_out": run_out(start[label] / daily[label], outside[label]),
                "run_out_low": run_out(float(np.nansum(low)), outside[label]),
                "run_out_high": run_out(float(np.nansum(high)), outside[label]),
                "first_short": first_over(missing, SHORT), "line_stop": first_over(missing, LINE_STOP),
                RESTS_ON: join_inputs(why, band["inputs"], [f"commodities/{commodity}"]),
            })  # fmt: skip
    columns = {
        "foresight": FORESIGHT, "commodity": Column("", _("Form held")), "region": Column("", _("Region")),
        "days_at_start": Column("day", _("Cover at the start, commercial and strategic")),
        "lowest_days": Column("day", _("Lowest cover in the months shown")),
        "days_low": Column("day", _("Cover at the low end of the bands: secret stocks are ranges")),
        "days_high": Column("day", _("Cover at the high end of the bands")),
        "outside": Column("ratio", _("Share of base use that does not come from the controlling country")),
        "run_out": Column("day", _("Days that it lasts if the controlling country sends nothing and nobody saves")),
        "run_out_low": Column("day", _("The same at the low end of the bands")),
        "run_out_high": Column("day", _("The same at the high end of the bands")),
        "first_short": Column("", _("First month with more than 5 % missing")),
        "line_stop": Column("", _("First month with more than 15 % missing: lines stop")),
    }  # fmt: skip
    return ResultTable("cover", _("Days of cover"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns,
                       ("foresight", "commodity", "region"))  # fmt: skip


def outside_shares(case: cases.Case, market: Market) -> pd.Series:
    """Return by market the share of what it takes in that is not shipped there by the controller in the base year."""
    network, base = market
    routes = network.routes
    mine = routes["origin"].eq(case.controller).to_numpy()
    bought = base.ship[mine].groupby(routes.loc[mine, "head"]).sum().reindex(network.markets.index, fill_value=0.0)
    intake = base.intake(network)
    return (1.0 - bought / intake.where(intake.gt(0))).clip(0.0, 1.0).fillna(1.0)
