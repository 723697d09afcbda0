"""What sharing adds: how long partners last who pool a stock, against each alone, and what it costs the lender."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.shock.run_out import lender_cover, needed_by, pooled_run_out, run_out_by

if TYPE_CHECKING:
    from didymium.market.prepare import Market
    from didymium.shock.reliance import Halt

HORIZON = 3650.0
"""Days beyond which a stock lasts for ever: what it would miss is a rounding of trade."""

SLIGHT = 1e-3
"""Share of the partners' use, or of a stock, that is nothing."""


def pooled(market: Market, cover: pd.DataFrame, halt: Halt, why: list[str]) -> ResultTable:
    """Return for each form that two participants hold how long it lasts alone and pooled, under the scenario.

    Arithmetic, not a market: nobody saves, everybody's missing share is what the controller's measures hold back. A
    partner who lasts longer alone lends until both run out on the same day.

    Parameters
    ----------
    market : Market
        What was run.
    cover : DataFrame
        Table of cover, of one foresight.
    halt : Halt
        What the scenario's measures hold back.
    why : list of str
        Input rows of the scenario.
    """
    daily = market.base.intake(market.network) / 365.25
    rows = []
    for commodity, mine in cover.groupby("commodity", sort=False):
        use = np.array([daily[f"{commodity}|{region}"] for region in mine["region"]])
        missing = np.array([halt.of(f"{commodity}|{region}") for region in mine["region"]])
        if len(mine) < 2 or not missing.any() or use.min() < SLIGHT * use.sum():
            continue
        ends = {end: mine[column].to_numpy(float)
                for end, column in (("", "days_at_start"), ("_low", "days_low"), ("_high", "days_high"))}  # fmt: skip
        together = {end: pooled_run_out(days, use, missing) for end, days in ends.items()}
        days = ends[""]
        lent = np.maximum(0.0, use * (days - needed_by(together[""], missing)))
        lent[lent < SLIGHT * use * days] = 0.0
        for at, region in enumerate(mine["region"]):
            alone = {end: run_out_by(own[at], missing[at]) for end, own in ends.items()}
            forever = alone[""] > HORIZON
            gain = np.nan if forever else together[""] - alone[""]
            rows.append({
                "commodity": commodity, "region": region, "days": days[at],
                "missing": halt.mean(f"{commodity}|{region}"),
                **{f"alone{end}": alone[end] for end in ends}, **{f"pooled{end}": together[end] for end in ends},
                "gain": 0.0 if abs(gain) < SLIGHT * together[""] else gain,
                **{name: max(0.0, mine["halt"].iloc[at] - until)
                   for name, until in (("uncovered", alone[""]), ("uncovered_pooled", together[""]))},
                "lends": lent[at],
                "cover_left": lender_cover(days[at], use[at], lent[at]) if lent[at] > 0 else days[at],
                RESTS_ON: join_inputs(why, *(str(keys).split(";") for keys in mine[RESTS_ON])),
            })  # fmt: skip
    columns = {
        "commodity": Column("", _("Form held")), "region": Column("", _("Partner")),
        "days": Column("day", _("Cover at the start, commercial and strategic")),
        "missing": Column("ratio", _("Share of its use that the measures hold back, on the mean")),
        "alone": Column("day", _("Days that its own stock lasts")),
        "alone_low": Column("day", _("The same at the low end of the bands: secret stocks are ranges")),
        "alone_high": Column("day", _("The same at the high end of the bands")),
        "pooled": Column("day", _("Days that both last who share what they hold of it")),
        "pooled_low": Column("day", _("The same at the low end of the bands")),
        "pooled_high": Column("day", _("The same at the high end of the bands")),
        "gain": Column("day", _("Days won by sharing; below zero: given up; empty: alone it lasts for years")),
        "uncovered": Column("day", _("Days of the measures, in the months shown, that its own stock does not bridge")),
        "uncovered_pooled": Column("day", _("The same where both share")),
        "lends": Column("t", _("What it gives to the other until both run out")),
        "cover_left": Column("day", _("Its own cover at the start once that is set aside")),
    }  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("pooled", _("Stocks alone and shared"), frame, columns, ("commodity", "region"))
