"""The world as its dates say: demand grows, plants start, ramp and end, and what is decided goes ahead.

Without it a shock meets the base year's demand and plants, whatever its date. With it the months before the scenario
are run too, so that stocks and goods under way are those of its first day and not the base year's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from didymium.case.case import ROW
from didymium.case.check import first_day
from didymium.economy.methods import SHORT, Shortage, value_at_risk
from didymium.market.options import Options, Project
from didymium.market.tree import Tree, add_months
from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.shock.columns import FORESIGHT, LINE_STOP, first_over
from didymium.shock.losses import users_loss
from didymium.shock.outcome import most_missing, use_frame
from didymium.shock.path import Recorder
from didymium.shock.value import worth_of

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario
    from didymium.market.prepare import Market
    from didymium.shock.path import Path

RUN_IN = 18
"""Months that are run before the scenario's first, and not shown: in 2028-29 of us-japan twelve take the price of
dysprosium to 2.7 of the 3.3 base prices at which it settles, eighteen to 3.25."""


def dated(case: cases.Case, market: Market, options: Options) -> Options:
    """Return options under which demand grows and capacity follows its dates; committed projects start on theirs.

    Parameters
    ----------
    case, market : Case, Market
        The case.
    options : Options
        Market options; projects that they name already stay as they are.
    """
    projects, facilities = case["projects"], case["facilities"].set_index("facility")
    known = {project.facility for project in options.projects}
    going = [
        Project(str(name), first_day(str(facilities.at[name, "start"])), 0.0, 0.0, "", choose=False, share=1.0)
        for name in projects.loc[projects["committed"].eq("yes"), "facility"]
        if name in market.network.facilities.index and name not in known and facilities.at[name, "start"]
    ]
    return replace(options, growth=True, expansion=True, projects=(*options.projects, *going))


def led_in(scenario: Scenario) -> Scenario:
    """Return the scenario with :data:`RUN_IN` months before its first."""
    return replace(scenario, start=add_months(scenario.start, -RUN_IN), months=scenario.months + RUN_IN)


def shown(path: Path, scenario: Scenario) -> Path:
    """Return the months of the scenario of a path that was led in to it: stocks begin as the months before left them.

    Parameters
    ----------
    path : Path
        Of :func:`led_in`.
    scenario : Scenario
        The scenario itself.
    """
    kept = range(scenario.months)
    frames = {name: getattr(path, name).iloc[:, RUN_IN:].set_axis(kept, axis=1) for name in Recorder.NAMES}
    nodes = path.tree.nodes.iloc[RUN_IN:].reset_index(drop=True)
    nodes["parent"] = nodes.index - 1
    nodes["discount"] = nodes["discount"] / nodes["discount"].iloc[0] * path.tree.nodes["discount"].iloc[0]
    nodes.index = pd.RangeIndex(len(nodes), name="node")
    tree = Tree(nodes, (scenario,) * scenario.months)
    stocks = path.stocks.assign(start=path.stock.iloc[:, RUN_IN - 1])
    return replace(path, tree=tree, stocks=stocks, before=path.ship.iloc[:, :RUN_IN], **frames)


def without(scenario: Scenario) -> Scenario:
    """Return the same months with nothing in them."""
    return replace(scenario, restrictions=(), outages=(), demand_changes=(), wedges=())


def beside_no_cut(
    case: cases.Case, market: Market, pairs: list[tuple[Path, Path]], why: list[str]
) -> list[ResultTable]:  # fmt: skip
    """Return what the cut adds to what would be short, and lost, without it.

    Parameters
    ----------
    case, market : Case, Market
        What was run.
    pairs : list of (Path, Path)
        The same months with the cut and without, under the same foresight.
    why : list of str
        Input rows of the scenario.
    """
    framed = [(use_frame(cut, market), use_frame(calm, market)) for cut, calm in pairs]
    return [_short_of_the_cut(case, market, pairs, framed, why), _cost_of_the_cut(case, market, pairs, framed, why)]


Frames = tuple[pd.DataFrame, pd.DataFrame]


def _short_of_the_cut(
    case: cases.Case, market: Market, pairs: list[tuple[Path, Path]], framed: list[Frames], why: list[str]
) -> ResultTable:
    """Return what is missing with the cut and without it, by end use and participant."""
    table = market.network.uses
    inputs = table["inputs"].groupby((table["end_use"] + "|" + table["region"]).to_numpy()).agg(";".join)
    grown = list(case["growth"][ROW])
    rows = []
    for (cut, calm), (with_it, without_it) in zip(pairs, framed, strict=True):
        for (use, region), mine in with_it.groupby(["end_use", "region"], sort=False):
            if region not in case.participants:
                continue
            use, region = str(use), str(region)
            other = without_it[without_it["end_use"].eq(use) & without_it["region"].eq(region)]
            goods = table.index[table["end_use"].eq(use) & table["region"].eq(region)]
            base = float(market.base.served[goods].sum())
            facts: dict[str, Any] = {}
            for name, path, frame in (("", cut, mine), ("_without", calm, other)):
                missing = most_missing(path, goods)
                facts |= {
                    f"short{name}": float((frame["wanted"] - frame["served"]).clip(lower=0.0).sum()),
                    f"first_short{name}": first_over(missing, SHORT),
                    f"line_stop{name}": first_over(missing, LINE_STOP),
                }
            rows.append({
                "foresight": cut.foresight, "end_use": use, "region": region,
                "growth": float(other["wanted"].mean()) * 12.0 / base if base > 0 else float("nan"), **facts,
                "due": facts["short"] - facts["short_without"],
                RESTS_ON: join_inputs(why, inputs[f"{use}|{region}"].split(";"), grown),
            })  # fmt: skip
    columns = {
        "foresight": FORESIGHT, "end_use": Column("", _("End use")), "region": Column("", _("Region")),
        "growth": Column("ratio", _("Wanted over the base year's, mean of the months without the cut")),
        "short": Column("t", _("Missing over all months")),
        "short_without": Column("t", _("Missing without the cut: the world outgrows its plants")),
        "due": Column("t", _("Missing because of the cut: the difference")),
        "first_short": Column("", _("First month with more than 5 % missing of any good")),
        "first_short_without": Column("", _("The same without the cut")),
        "line_stop": Column("", _("First month with more than 15 % missing of any good: lines stop")),
        "line_stop_without": Column("", _("The same without the cut")),
    }  # fmt: skip
    return ResultTable("growth", _("What the cut adds, in a world that grows"),
                       pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns,
                       ("foresight", "end_use", "region"))  # fmt: skip


def _cost_of_the_cut(
    case: cases.Case, market: Market, pairs: list[tuple[Path, Path]], framed: list[Frames], why: list[str]
) -> ResultTable:
    """Return the loss of users and the value added at risk with the cut and without it, by participant."""
    uses, worth = market.network.uses, worth_of(market)
    rows = []
    for paths, frames in zip(pairs, framed, strict=True):
        lost = [users_loss(market, p.served.to_numpy(), p.wanted.to_numpy(), p.price) / 1000.0 for p in paths]
        for region in case.participants:
            mine = uses["region"].eq(region).to_numpy()
            risk = [value_at_risk(case, Shortage.of(frame, worth, region)) for frame in frames]
            rows.append({
                "foresight": paths[0].foresight, "region": region,
                "consumer_loss": lost[0][mine].sum(), "consumer_loss_without": lost[1][mine].sum(),
                "consumer_loss_due": lost[0][mine].sum() - lost[1][mine].sum(),
                "value_at_risk": risk[0].value, "value_at_risk_without": risk[1].value,
                "value_at_risk_due": risk[0].value - risk[1].value,
                RESTS_ON: join_inputs(why, *(str(k).split(";") for k in uses.loc[mine, "inputs"]), risk[0].inputs),
            })  # fmt: skip
    columns = {
        "foresight": FORESIGHT, "region": Column("", _("Region")),
        "consumer_loss": Column("MUSD", _("Loss of users against the base year's prices")),
        "consumer_loss_without": Column("MUSD", _("The same without the cut")),
        "consumer_loss_due": Column("MUSD", _("What the cut adds")),
        "value_at_risk": Column("MUSD", _("Value added at risk")),
        "value_at_risk_without": Column("MUSD", _("The same without the cut")),
        "value_at_risk_due": Column("MUSD", _("What the cut adds")),
    }  # fmt: skip
    return ResultTable("cost_of_cut", _("What the cut costs, in a world that grows"),
                       pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns, ("foresight", "region"))  # fmt: skip
