"""How long stocks last: days of cover, a warehouse's arithmetic, and beside it the months in which lines stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.economy.methods import SHORT
from didymium.market.prepare import Market
from didymium.messages import N_, _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.shock.columns import FORESIGHT, LINE_STOP, first_over
from didymium.shock.path import Path
from didymium.shock.reliance import Halt, Reliance, senders
from didymium.shock.run_out import days_needed, run_out, run_out_by

if TYPE_CHECKING:
    from didymium.case import case as cases

EMPTY = 0.1
"""Share of the stock at the start below which it is used up."""

HELD, GONE = N_("rationed while stock is held"), N_("stock used up")
"""Why lines stop: those who hold a good keep it for who pays most or comes first, or nobody holds any."""


def cover(
    case: cases.Case, market: Market, paths: list[Path], uses: pd.DataFrame, why: list[str], reliance: Reliance,
    halt: Halt,
) -> ResultTable:  # fmt: skip
    """Return days of cover by form: what a warehouse's arithmetic says, and what is held when users run short.

    Parameters
    ----------
    case, market, paths
        What was run.
    uses : DataFrame
        Wanted and served by foresight, month, end use, region and commodity, t.
    why : list of str
        Input rows of the scenario.
    reliance : Reliance
        What rests on what is sent.
    halt : Halt
        What the scenario's measures hold back.
    """
    network, base = market
    tree = paths[0].tree
    abroad = network.routes["origin"].isin(senders(case, tree)).to_numpy().astype(float)
    bought, rests = reliance.bought(abroad), reliance.on(abroad)
    daily = base.intake(network) / 365.25
    fitted = base.price.where(network.markets["calibrated"].to_numpy(bool))
    rows = []
    for path in paths:
        held = path.stock.groupby(path.stocks["market"]).sum()
        start = path.stocks.groupby("market")["start"].sum()
        for label in start.index:
            commodity, region = label.split("|")
            if region not in case.participants or daily[label] <= 0:
                continue
            band = network.stocks.loc[network.stocks.index.isin(path.stocks.index[path.stocks["market"].eq(label)])]
            low, high = _ends(path.stocks, band, daily[label])
            days, outside = start[label] / daily[label], 1.0 - float(rests["share"][label])
            lasting, missing = halt.days(label), halt.of(label)
            licensed = 1.0 - halt.mean(label) / (1.0 - outside) if lasting > 0 else 1.0
            theirs = uses["foresight"].eq(path.foresight) & uses["region"].eq(region)
            totals = uses[theirs & uses["commodity"].eq(commodity)].groupby("month")[["served", "wanted"]].sum()
            rows.append({
                "foresight": path.foresight, "commodity": commodity, "region": region,
                "days_at_start": days, "lowest_days": held.loc[label].min() / daily[label],
                "days_low": low, "days_high": high, "bought": bought[label], "outside": outside,
                "through": rests["through"][label], "run_out": run_out(days, outside),
                "run_out_low": run_out(low, outside), "run_out_high": run_out(high, outside),
                "halt": lasting, "licensed": licensed, "needed": days_needed(lasting, outside, 0.0, licensed),
                **{f"lasts{end}": run_out_by(held_days, missing)
                   for end, held_days in (("", days), ("_low", low), ("_high", high))},
                **_lived(path, label, held.loc[label] / daily[label], days, fitted[label],
                         1.0 - totals["served"] / totals["wanted"]),
                RESTS_ON: join_inputs(why, band["inputs"], [f"commodities/{commodity}"]),
            })  # fmt: skip
    columns = {
        "foresight": FORESIGHT, "commodity": Column("", _("Form held")), "region": Column("", _("Region")),
        "days_at_start": Column("day", _("Cover at the start, commercial and strategic")),
        "lowest_days": Column("day", _("Lowest cover in the months shown")),
        "days_low": Column("day", _("Cover at the low end of the bands: secret stocks are ranges")),
        "days_high": Column("day", _("Cover at the high end of the bands")),
        "bought": Column("ratio", _("Share of base use that is bought as it is from the controlling country")),
        "outside": Column("ratio", _("Share of base use that does not rest on what the controlling country sends, "
                                     "bought as it is or in its inputs")),
        "through": Column("", _("Elements of its inputs that tie more of it to that country than is bought as it is")),
        "run_out": Column("day", _("Days that it lasts if the controlling country sends nothing and nobody saves")),
        "run_out_low": Column("day", _("The same at the low end of the bands")),
        "run_out_high": Column("day", _("The same at the high end of the bands")),
        "halt": Column("day", _("Days in the months shown on which a measure holds back some of it or of its inputs")),
        "licensed": Column("ratio", _("Share of base trade in them that is let through on those days, on the mean")),
        "needed": Column("day", _("Cover that would bridge those days if nobody saves")),
        "lasts": Column("day", _("Days that it lasts under this scenario's measures if all are served until it is "
                                 "empty, month by month: nobody saves, pays more or finds another seller")),
        "lasts_low": Column("day", _("The same at the low end of the bands: secret stocks are ranges")),
        "lasts_high": Column("day", _("The same at the high end of the bands")),
        "first_short": Column("", _("First month with more than 5 % missing, in the months as they are lived")),
        "held_at_short": Column("day", _("Days of use held at the end of that month")),
        "line_stop": Column("", _("First month with more than 15 % missing: lines stop")),
        "held_at_stop": Column("day", _("Days of use held at the end of that month")),
        "price_at_stop": Column("ratio", _("Price in that month over the base year's, where it is fitted")),
        "stopped_by": Column("", _("Why lines stop then: stock is held for who pays most or comes first, or is used "
                                   "up")),
    }  # fmt: skip
    return ResultTable("cover", _("Days of cover"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns,
                       ("foresight", "commodity", "region"))  # fmt: skip


def _ends(stocks: pd.DataFrame, band: pd.DataFrame, daily: float) -> tuple[float, float]:
    """Return the low and the high end of a form's cover, days; of a stock that has moved its band has moved with it."""
    mine = stocks.reindex(band.index)
    moved = np.where(mine["rest"].gt(0), mine["start"] / mine["rest"].where(mine["rest"].gt(0)), 1.0)
    days = np.where(band["in_days"].to_numpy(bool), 1.0, 1.0 / daily)
    low, high = (float(np.nansum(band[end].to_numpy(float) * days * moved)) for end in ("low", "high"))
    return low, high


def _lived(
    path: Path, label: str, days: pd.Series, start: float, price: float, missing: pd.Series
) -> dict[str, object]:  # fmt: skip
    """Return the first months of shortage and of line-stop, what is held then, and why lines stop.

    Parameters
    ----------
    path : Path
        The months.
    label : str
        Market of the form.
    days : Series, months
        Its stock in days of use.
    start, price : float
        Days at the start; price of the base year, USD/kg, NaN where it is not fitted.
    missing : Series, month labels
        Share of what end uses want of it that is missing; empty where none takes it.
    """
    short, stop = first_over(missing, SHORT), first_over(missing, LINE_STOP)
    at_short, at_stop = (path.labels.index(month) if month else None for month in (short, stop))
    held = np.nan if at_stop is None else float(days.iloc[at_stop])
    return {
        "first_short": short, "held_at_short": np.nan if at_short is None else float(days.iloc[at_short]),
        "line_stop": stop, "held_at_stop": held,
        "price_at_stop": np.nan if at_stop is None else float(path.price.loc[label].to_numpy(float)[at_stop]) / price,
        "stopped_by": "" if at_stop is None else _(HELD) if held > EMPTY * start else _(GONE),
    }  # fmt: skip
