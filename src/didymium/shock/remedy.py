"""What would relieve a participant most under the worst measures: a stock or a plant on its own side.

The program of all months says by its duals what a tonne more of a stock at the start, or of a capacity, is worth to the
world; the most promising are then run again, one at a time. What they save the participant is the answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.network import positions
from didymium.market.options import Project
from didymium.market.program import build
from didymium.market.solve import Instance
from didymium.market.stocks import stock_table
from didymium.market.tree import months
from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.shock.harm import Set, daily_use, only, rests_on

if TYPE_CHECKING:
    from didymium.shock.search import Search

DAYS = 30
"""Days of use by which a stock is raised."""

TRIED = 5
"""Stocks, and plants, that are run again."""


def remedies_for(search: Search, top: Set) -> ResultTable:
    """Return the stocks and plants that relieve a participant most under a set of measures.

    Parameters
    ----------
    search : Search
        The sets that were run.
    top : tuple of int
        The set to be relieved.
    """
    case, network, options = search.case, search.market.network, search.options
    idle = _projects(search)
    held = replace(options, projects=tuple(idle.values()))
    story = only(search.scenario, [search.names[at] for at in top])
    tree = months(story.start, story.months, story, case.assumption("a_discount_rate"))
    program = build(case, tree, held, search.market)
    raw = Instance(program).run()
    stocks = stock_table(network, search.market.base, options)
    mine = stocks["market"].str.endswith(f"|{search.participant}") & stocks["kind"].eq("commercial")
    promise: list[tuple[float, str, str]] = []
    if len(stocks):
        worth = -raw.dual[program.model.rows["stock_start"].positions()[:, 0]]
        for at in np.nonzero(mine.to_numpy())[0].tolist():
            label = str(stocks["market"].iloc[at])
            promise.append((abs(worth[at]) * DAYS * daily_use(search.market, label), "stock", str(stocks.index[at])))
    rows = program.model.rows["capacity"]
    place = positions(rows.coords[0], list(idle))
    dual = raw.dual[rows.positions()[place]]
    capacity = network.facilities["capacity"].reindex(list(idle)).to_numpy(float)
    for name, value in zip(idle, np.abs(dual).sum(axis=1) * capacity / 12.0, strict=True):
        promise.append((float(value), "plant", name))
    start = stocks["start"]
    found = []
    before = search.with_options(top, held) if idle else search.with_options(top, options)
    for kind in ("stock", "plant"):
        for value, _kind, name in sorted((p for p in promise if p[1] == kind), reverse=True)[:TRIED]:
            if value <= 0:
                continue
            if kind == "stock":
                label = str(stocks["market"][name])
                more = start.copy()
                more[name] += DAYS * daily_use(search.market, label)
                harm = search.with_options(top, replace(held, stock_start=more))
                amount, inputs = more[name] - start[name], str(stocks["inputs"][name])
                what = label
            else:
                built = {**idle, name: replace(idle[name], share=1.0)}
                harm = search.with_options(top, replace(held, projects=tuple(built.values())))
                amount = float(network.facilities["capacity"][name])
                what, inputs = name, str(network.facilities["inputs"][name])
            relief = before.users_loss - harm.users_loss
            found.append({
                "kind": kind, "what": what, "amount": float(amount), "promise": value / 1000.0, "relief": relief,
                "share": relief / before.users_loss if before.users_loss > 0 else np.nan,
                "risk_relief": before.value_at_risk - harm.value_at_risk,
                RESTS_ON: join_inputs(
                    rests_on(search.scenario, [search.names[at] for at in top]).split(";"), inputs.split(";")
                ),
            })  # fmt: skip
    columns = {
        "kind": Column("", _("stock: {days} days of use more at the start; plant: it runs").format(days=DAYS)),
        "what": Column("", _("Market of the stock, or facility")),
        "amount": Column("t", _("Tonnes of stock, or of capacity a year")),
        "promise": Column("MUSD", _("Worth to the world by the program's duals")),
        "relief": Column("MUSD", _("What it saves the participant's users")),
        "share": Column("ratio", _("As a share of what they lose")),
        "risk_relief": Column("MUSD", _("Value added that is no longer at risk")),
    }  # fmt: skip
    frame = pd.DataFrame(found, columns=[*columns, RESTS_ON]).sort_values("relief", ascending=False, ignore_index=True)
    title = _("What would relieve {region} under: {names}").format(
        region=search.participant, names="; ".join(search.names[at] for at in top)
    )
    return ResultTable("remedies", title, frame, columns, ("kind", "what"))


def _projects(search: Search) -> dict[str, Project]:
    """Return the projects of the case that do not run, as plants that stand idle; none outside friendly hands."""
    case, facilities = search.case, search.market.network.facilities
    friends = set(case["regions"].loc[case["regions"]["role"].isin(["participant", "partner"]), "region"])
    names = [str(n) for n in case["projects"]["facility"] if str(n) in facilities.index]
    wanted = [n for n in names if facilities["region"][n] in friends and facilities["status"][n] != "operating"]
    return {n: Project(n, search.scenario.start, 0.0, 0.0, "", choose=False, share=0.0) for n in wanted}
