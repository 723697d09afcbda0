"""Who is served first while something is short: by price or by priority, and side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from didymium.case.scenario import RATIONINGS
from didymium.economy.methods import SHORT
from didymium.faults import DidymiumError
from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.shock.columns import FORESIGHT, LINE_STOP, first_over
from didymium.shock.outcome import most_missing

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario
    from didymium.market.options import Options
    from didymium.market.prepare import Market
    from didymium.shock.path import Path

BOTH = "both"
"""Run one after the other, and shown beside each other."""

DIFFERS = 0.01
"""Share of what is wanted by which two ways of rationing must differ for a row to say so."""


def ways(case: cases.Case, scenario: Scenario, options: Options, asked: str | None) -> tuple[str, ...]:
    """Return how to ration: as asked, else as the scenario says, else the options, else the case (``[shock]``).

    Returns
    -------
    tuple of str
        The one that the tables speak of first; another one beside it where both are asked for.

    Raises
    ------
    DidymiumError
        There is no such way.
    """
    own = options.rationing if options.rationing != RATIONINGS[0] else ""
    settings = case.settings.get("shock", {})
    chosen = asked or scenario.rationing or own or str(settings.get("rationing", RATIONINGS[0]))
    if chosen == BOTH:
        return RATIONINGS
    if chosen not in RATIONINGS:
        raise DidymiumError(_("rationing `{name}` is unknown -> use {known}").format(
            name=chosen, known=", ".join((*RATIONINGS, BOTH))))  # fmt: skip
    return (chosen,)


def settled(case: cases.Case, scenario: Scenario, options: Options, asked: str | None, foresight: str) -> Scenario:
    """Return the scenario with one way to ration in it: what many paths are run by.

    Raises
    ------
    DidymiumError
        There is no such way, both are asked for, or the foresight goes with prices alone.
    """
    way, *others = ways(case, scenario, options, asked)
    if others:
        raise DidymiumError(_("draws and sets of measures are run by one way to ration -> name price or priority"))
    if foresight == "perfect" and way != RATIONINGS[0]:
        raise DidymiumError(_("rationing by priority goes month by month -> use foresight none or announced"))
    return replace(scenario, rationing=way)


def said(way: str) -> str:
    """Return how a way to ration reads."""
    return {"price": _("by price"), "priority": _("by priority (defence, essential, rest)")}[way]


def side_by_side(
    case: cases.Case, market: Market, pairs: list[tuple[Path, Path]], why: list[str]
) -> ResultTable:  # fmt: skip
    """Return what each end use of the participants is served by price and by priority, and where the two differ.

    Parameters
    ----------
    case, market : Case, Market
        What was run.
    pairs : list of (Path, Path)
        By price and by priority, under the same foresight.
    why : list of str
        Input rows of the scenario.
    """
    uses = market.network.uses
    rows = []
    for pair in pairs:
        for (end_use, region), mine in uses.groupby(["end_use", "region"], sort=False):
            if region not in case.participants:
                continue
            facts: dict[str, object] = {}
            shares = []
            for way, path in zip(RATIONINGS, pair, strict=True):
                wanted, served = path.wanted.loc[mine.index], path.served.loc[mine.index]
                missing = most_missing(path, mine.index)
                short = float((wanted - served).clip(lower=0.0).to_numpy().sum())
                shares.append(short / float(wanted.to_numpy().sum()))
                facts |= {f"short_{way}": short, f"share_{way}": shares[-1],
                          f"first_short_{way}": first_over(missing, SHORT),
                          f"line_stop_{way}": first_over(missing, LINE_STOP)}  # fmt: skip
            apart = abs(shares[0] - shares[1]) > DIFFERS or facts["line_stop_price"] != facts["line_stop_priority"]
            rows.append({
                "foresight": pair[0].foresight, "region": region, "end_use": end_use,
                "priority": int(mine["priority"].iloc[0]), **facts, "differs": _("yes") if apart else _("no"),
                RESTS_ON: join_inputs(why, *(str(keys).split(";") for keys in mine["inputs"])),
            })  # fmt: skip
    meanings = {"price": _("who pays most is served first"), "priority": _("the first priority is served first")}
    columns = {
        "foresight": FORESIGHT, "region": Column("", _("Region")), "end_use": Column("", _("End use")),
        "priority": Column("", _("Class: 1 is served first where priority rations")),
    }  # fmt: skip
    for way, meaning in meanings.items():
        columns |= {
            f"short_{way}": Column("t", _("Missing over all months where {rule}").format(rule=meaning)),
            f"share_{way}": Column("ratio", _("The same as a share of what is wanted")),
            f"first_short_{way}": Column("", _("First month with more than 5 % missing of any good, then")),
            f"line_stop_{way}": Column("", _("First month with more than 15 % missing of any good, then")),
        }  # fmt: skip
    columns["differs"] = Column("", _("Whether the rule makes a difference to it"))
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    frame = frame.sort_values(["foresight", "region", "priority"], kind="stable", ignore_index=True)
    return ResultTable("rationing", _("By price and by priority"), frame, columns, ("foresight", "region", "end_use"))
