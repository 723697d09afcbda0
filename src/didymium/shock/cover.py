"""How long stocks last: days of cover, and the months in which uses run short and lines stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from didymium.economy.methods import SHORT
from didymium.market.conditions import shares
from didymium.market.prepare import Market
from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.shock.columns import FORESIGHT, LINE_STOP, first_over
from didymium.shock.path import Path
from didymium.shock.run_out import days_needed, run_out

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.market.tree import Tree


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
    halted = halts(case, paths[0].tree)
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
            # Of a stock that has moved before the first month its band has moved with it.
            moved = np.where(mine["rest"].gt(0), mine["start"] / mine["rest"].where(mine["rest"].gt(0)), 1.0)
            moved = pd.Series(moved, index=mine.index).reindex(band.index, fill_value=1.0).to_numpy(float)
            low, high = (
                np.where(in_days, band[end], band[end] / daily[label]).astype(float) * moved for end in ("low", "high")
            )
            theirs = uses["foresight"].eq(path.foresight) & uses["region"].eq(region)
            totals = uses[theirs & uses["commodity"].eq(commodity)].groupby("month")[["served", "wanted"]].sum()
            missing = 1.0 - totals["served"] / totals["wanted"]
            halt = halted.get((commodity, region), Halt(0.0, 1.0))
            known = (outside[label], 0.0, halt.licensed)
            rows.append({
                "foresight": path.foresight, "commodity": commodity, "region": region,
                "days_at_start": start[label] / daily[label], "lowest_days": held.loc[label].min() / daily[label],
                "days_low": float(np.nansum(low)), "days_high": float(np.nansum(high)),
                "outside": outside[label], "run_out": run_out(start[label] / daily[label], outside[label]),
                "run_out_low": run_out(float(np.nansum(low)), outside[label]),
                "run_out_high": run_out(float(np.nansum(high)), outside[label]),
                "halt": halt.days, "licensed": halt.licensed, "needed": days_needed(halt.days, *known),
                "lasts": run_out(start[label] / daily[label], *known) if halt.days > 0 else np.inf,
                "lasts_low": run_out(float(np.nansum(low)), *known) if halt.days > 0 else np.inf,
                "lasts_high": run_out(float(np.nansum(high)), *known) if halt.days > 0 else np.inf,
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
        "halt": Column("day", _("Days in the months shown on which a measure holds some of it back")),
        "licensed": Column("ratio", _("Share of base trade let through on those days")),
        "needed": Column("day", _("Cover that would bridge those days if nobody saves")),
        "lasts": Column("day", _("Days that it lasts under this scenario's measures if nobody saves")),
        "lasts_low": Column("day", _("The same at the low end of the bands: secret stocks are ranges")),
        "lasts_high": Column("day", _("The same at the high end of the bands")),
        "first_short": Column("", _("First month with more than 5 % missing")),
        "line_stop": Column("", _("First month with more than 15 % missing: lines stop")),
    }  # fmt: skip
    return ResultTable("cover", _("Days of cover"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns,
                       ("foresight", "commodity", "region"))  # fmt: skip


class Halt(NamedTuple):
    """Days on which a measure holds something back, and the mean share of base trade let through on them."""

    days: float
    licensed: float


def halts(case: cases.Case, tree: Tree) -> dict[tuple[str, str], Halt]:
    """Return by commodity and destination how long the controller's measures hold it back in the months of a tree."""
    days = tree.years() * 365.25
    found = {}
    for key, let_through in let_through_by(case, tree).items():
        held = np.where(let_through < 1.0, days, 0.0)
        found[key] = Halt(float(held.sum()), float((held * let_through).sum() / held.sum()))
    return found


def let_through_by(case: cases.Case, tree: Tree) -> dict[tuple[str, str], np.ndarray]:
    """Return by commodity and destination the share of base trade that the controller's measures let through by month.

    Of measures on the same goods the tightest counts; rules that follow atoms or end uses are left out, because what
    they hold back depends on who buys.
    """
    share: dict[tuple[str, str], np.ndarray] = {}
    for measure, let_through in shares(tree).items():
        if measure.controller != case.controller or measure.end_uses or measure.kind == "content_rule":
            continue
        for commodity in measure.commodities:
            for region in measure.destinations:
                own = share.setdefault((commodity, region), np.ones(len(tree)))
                np.minimum(own, let_through, out=own)
    return share


def outside_shares(case: cases.Case, market: Market) -> pd.Series:
    """Return by market the share of what it takes in that is not shipped there by the controller in the base year."""
    network, base = market
    routes = network.routes
    mine = routes["origin"].eq(case.controller).to_numpy()
    bought = base.ship[mine].groupby(routes.loc[mine, "head"]).sum().reindex(network.markets.index, fill_value=0.0)
    intake = base.intake(network)
    return (1.0 - bought / intake.where(intake.gt(0))).clip(0.0, 1.0).fillna(1.0)
