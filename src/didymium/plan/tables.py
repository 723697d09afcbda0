"""What the plans say: who gains, what is built and bought, what the gap is made of, what it does to prices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from didymium.case.case import ROW, Case
from didymium.case.network import market_label
from didymium.messages import _
from didymium.plan.actions import choices, schedule, stock_plan
from didymium.plan.gains import compare, gap, tried
from didymium.plan.likelihoods import chances_table
from didymium.plan.outcome import WHO, Outcome
from didymium.plan.purses import purses_table
from didymium.plan.reasons import others_table, reasons_table
from didymium.plan.uncertainty import (
    Answers,
    frontier_table,
    stories_table,
    values_table,
)
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs

if TYPE_CHECKING:
    from didymium.plan.stories import Story

PRICED = (
    "ndpr_oxide",
    "dy_oxide",
    "tb_oxide",
    "ndpr_metal",
    "dy_metal",
    "magnet_standard",
    "magnet_high_temperature",
    "magnet_smco",
)
"""Commodities of the magnet chain whose prices are listed."""


def plan_tables(outcome: Outcome, every: Sequence[Story], answers: Answers | None = None) -> list[ResultTable]:
    """Return every table of a plan made for some of the stories; those on uncertainty where they were asked for."""
    found = [compare(outcome), choices(outcome), stock_plan(outcome), gap(outcome), schedule(outcome), path(outcome),
             tried(outcome), stories_table(outcome, every), chances_table(outcome.case, every, outcome.stories),
             purses_table(outcome)]  # fmt: skip
    if answers is not None:
        found.append(values_table(outcome, answers))
        if answers.reasons or answers.budget:
            found += [frontier_table(outcome, answers), reasons_table(outcome, answers), others_table(outcome, answers)]
    return found


def priced(case: Case) -> list[str]:
    """Return the commodities whose prices are listed: :data:`PRICED`, or whatever is made of ore and has a price."""
    commodities = case["commodities"]
    known = set(commodities["commodity"])
    made = commodities["calibrated"].eq("yes") & ~commodities["stage"].isin(("mine", "recycling"))
    return [good for good in PRICED if good in known] or list(commodities.loc[made, "commodity"])


def path(outcome: Outcome) -> ResultTable:
    """Return prices along the story that is shown."""
    rows = []
    regions = [*outcome.case.participants, outcome.case.controller]
    intake = outcome.market.base.intake(outcome.market.network)
    observed = outcome.case["prices"].groupby("commodity")[ROW].agg(list)
    for who, cleared in outcome.plans.items():
        for commodity in priced(outcome.case):
            for region in regions:
                label = market_label(commodity, region)
                if label not in cleared.price.index or intake.get(label, 0.0) <= 1.0:
                    continue
                keys = join_inputs(outcome.why, observed.get(commodity, []), [f"commodities/{commodity}"])
                along = cleared.price.loc[label].to_numpy(float)[outcome.path]
                for year, price in zip(outcome.labels, along.tolist(), strict=True):
                    rows.append({"who": who, "year": year, "commodity": commodity, "region": region, "price": price,
                                 RESTS_ON: keys})  # fmt: skip
    columns = {
        "who": WHO, "year": Column("", _("Period")),
        "commodity": Column("", _("Commodity")), "region": Column("", _("Region")),
        "price": Column("USD/kg", _("Price in the re-cleared market")),
    }  # fmt: skip
    return ResultTable(
        "path",
        _("Prices along the plan"),
        pd.DataFrame(rows, columns=[*columns, RESTS_ON]),
        columns,
        ("who", "year", "commodity", "region"),
    )
