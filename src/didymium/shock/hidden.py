"""What an aggregate hides: "rare earths -5.7 %" while dysprosium is at zero.

A whole looks as usual while a part of it is gone, in a month in which something is cut. Wholes are what statistics
print: a region's imports of all single elements together, of all goods of a stage, and what an end use gets of all its
goods together. Usual is a month of the base year, or the same month without the cut where the world grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from didymium.market.clear import TRACE_TONNES
from didymium.market.conditions import shares
from didymium.messages import N_, _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.shock.columns import FORESIGHT
from didymium.shock.conversion import scrap
from didymium.shock.reliance import let_through_by

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.market.prepare import Market
    from didymium.shock.path import Path

FINE = 0.25
"""Share by which a whole may be off its usual amount and still look fine."""

GONE = 0.75
"""Share by which a part is below its usual amount that is gone."""

SAID = 6
"""Warnings that are said; all stand in the table."""

ALL = N_("oxides and metals of single elements")
MEASURES = {
    "imports": N_("imports from everywhere"),
    "exports_controller": N_("exports of the controlling country"),
    "served": N_("what end uses get"),
}


class Part(NamedTuple):
    """A part beside its whole: their amounts by month over what the month had without the cut."""

    measure: str
    region: str
    whole: str
    part: str
    whole_share: np.ndarray
    part_share: np.ndarray
    held_back: np.ndarray
    inputs: str


def hidden(
    case: cases.Case, market: Market, paths: list[Path], why: list[str], calm: Sequence[Path] = ()
) -> ResultTable:
    """Return parts that are gone while their whole looks fine, in the month that hides most.

    Parameters
    ----------
    case, market, paths
        What was run.
    why : list of str
        Input rows of the scenario.
    calm : sequence of Path
        The same months without the cut, where trade is not the base year's.
    """
    rows = []
    for at, path in enumerate(paths):
        usual = calm[at].ship if calm else None
        for part in [*_trade(case, market, path, usual), *_served(case, market, path)]:
            hides = (np.abs(part.whole_share - 1.0) < FINE) & (part.part_share < 1.0 - GONE) & part.held_back
            if not hides.any():
                continue
            month = int(np.argmax(np.where(hides, part.whole_share - part.part_share, -np.inf)))
            rows.append({
                "foresight": path.foresight, "region": part.region, "measure": part.measure, "whole": part.whole,
                "part": part.part, "month": path.labels[month],
                "whole_change": (part.whole_share[month] - 1.0) * 100.0,
                "part_change": (part.part_share[month] - 1.0) * 100.0, "months": int(hides.sum()),
                RESTS_ON: join_inputs(why, part.inputs.split(";")),
            })  # fmt: skip
    columns = {
        "foresight": FORESIGHT, "region": Column("", _("Region")),
        "measure": Column("", _("imports, exports of the controlling country to it, or what its end uses are served")),
        "whole": Column("", _("The aggregate")), "part": Column("", _("What it hides")),
        "month": Column("", _("Month that hides most")),
        "whole_change": Column("percent", _("The aggregate against a usual month: the base year, or without the cut")),
        "part_change": Column("percent", _("The part against a usual month")),
        "months": Column("count", _("Months in which it is hidden")),
    }  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    if len(frame):
        order = frame["whole_change"] - frame["part_change"]
        kind = frame["measure"].map({"exports_controller": 0, "imports": 1, "served": 2})
        frame = frame.assign(kind=kind, order=-order).sort_values(["kind", "order"], kind="stable")
        frame = frame.drop(columns=["kind", "order"]).reset_index(drop=True)
    return ResultTable("hidden", _("What an aggregate hides"), frame, columns,
                       ("foresight", "region", "measure", "whole", "part"))  # fmt: skip


def warnings(case: cases.Case, table: ResultTable) -> list[str]:
    """Return the warnings of the first foresight: one for each whole, what it hides named together."""
    frame = table.frame
    if frame.empty:
        return []
    frame = frame[frame["foresight"].eq(frame["foresight"].iloc[0])]
    names = {**case.names("commodities"), **case.names("end_uses")}
    said = _("{measure}, {region}, {month}: {whole} {change:+.1f} %, but {parts}")
    found: list[str] = []
    for (region, measure, whole), rows in frame.groupby(["region", "measure", "whole"], sort=False):
        first = rows.iloc[0]
        same = rows[rows["month"].eq(first["month"])]
        parts = [
            f"{names.get(part, part)} {change:+.0f} %"
            for part, change in zip(same["part"], same["part_change"], strict=True)
        ]
        found.append(said.format(
            measure=_(MEASURES[str(measure)]), region=region, month=first["month"], change=first["whole_change"],
            whole=str(names.get(str(whole), whole)).split(":")[0 if str(whole) in names else -1],
            parts=", ".join(parts),
        ))  # fmt: skip
    return found[:SAID]


def _trade(case: cases.Case, market: Market, path: Path, usual: pd.DataFrame | None) -> list[Part]:
    """Imports of each participant, and what the controller sends it: by stage and good, and by element."""
    routes, base = market.network.routes, market.base.ship
    goods = case["commodities"].set_index("commodity")
    stage, element = (routes["commodity"].map(goods[name]) for name in ("stage", "elements"))
    single = routes["commodity"].map(goods["basis"]).eq("element") & ~element.str.contains(";") & stage.ne("mine")
    waste, measures, cut = scrap(market), let_through_by(case, path.tree), _cut(case, path)
    found = []
    for region in case.participants:
        inward = routes["destination"].eq(region) & routes["origin"].ne(region)
        for measure, on in (("imports", inward), ("exports_controller", inward & routes["origin"].eq(case.controller))):
            wholes = [(_(ALL), single & on, element)]
            wholes += [(f"stage:{name}", on & stage.eq(name), routes["commodity"]) for name in stage[on].unique()]
            for whole, mine, parts in wholes:
                labels = parts[mine].unique()
                if len(labels) < 2 or base[mine].sum() <= TRACE_TONNES:
                    continue
                total = _over(path.ship[mine], base[mine] if usual is None else usual[mine])
                for part in labels:
                    own = mine & parts.eq(part) & ~routes["commodity"].isin(waste)
                    if base[own].sum() <= TRACE_TONNES:
                        continue
                    its = routes.loc[own, "commodity"].unique()
                    inputs = ";".join(f"commodities/{c}" for c in its)
                    held = cut[region]
                    if measure == "exports_controller":  # who sends what to whom is not unique where nothing binds
                        bites = [measures[c, region] < 1.0 for c in its if (c, region) in measures]
                        held = np.any(bites, axis=0) if bites else np.zeros(len(path.labels), dtype=bool)
                    found.append(Part(measure, region, whole, str(part), total,
                                      _over(path.ship[own], base[own] if usual is None else usual[own]),
                                      held, inputs))  # fmt: skip
    return found


def _served(case: cases.Case, market: Market, path: Path) -> list[Part]:
    """What each end use of a participant gets of all its goods, and of each; shares of what is wanted."""
    uses, cut = market.network.uses, _cut(case, path)
    found = []
    for (end_use, region), mine in uses.groupby(["end_use", "region"], sort=False):
        if region not in case.participants or len(mine) < 2:
            continue
        wanted, served = path.wanted.loc[mine.index], path.served.loc[mine.index]
        total = (served.sum() / wanted.sum()).to_numpy(float)
        for use, commodity, inputs in zip(mine.index, mine["commodity"], mine["inputs"], strict=True):
            if market.base.served[use] > TRACE_TONNES:
                own = (served.loc[use] / wanted.loc[use]).to_numpy(float)
                found.append(Part("served", str(region), str(end_use), str(commodity), total, own, cut[str(region)],
                                  str(inputs)))  # fmt: skip
    return found


def _cut(case: cases.Case, path: Path) -> dict[str, np.ndarray]:
    """Return by participant the months in which a measure or an outage may cut something."""
    tree = path.tree
    some = np.zeros(len(tree), dtype=bool)
    for node, ((first, last), scenario) in enumerate(zip(tree.dates(), tree.scenarios, strict=True)):
        some[node] = any(o.start < last and o.end > first for o in (scenario.outages if scenario else ()))
    found = {region: some.copy() for region in case.participants}
    for measure, let_through in shares(tree).items():
        for region in measure.destinations & set(found):
            found[region] |= let_through < 1.0
    return found


def _over(months: pd.DataFrame, usual: pd.DataFrame | pd.Series[float]) -> np.ndarray:
    """Return amounts by month over the usual ones, a year's or by month; NaN where hardly anything is usual."""
    of = np.asarray(usual.sum(), dtype=float) / (12.0 if usual.ndim == 1 else 1.0)
    of = np.where(of > TRACE_TONNES / 12.0, of, np.nan)
    return np.asarray(months.sum().to_numpy(float) / of)
