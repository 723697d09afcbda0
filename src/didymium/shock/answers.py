"""The short answers: who runs short and when, and what the controlled goods cost inside and outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.tables import TABLES
from didymium.economy.methods import SHORT
from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.shock.columns import FORESIGHT, LINE_STOP, MONTH, first_over

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.market.prepare import Market
    from didymium.shock.path import Path


def uses(
    case: cases.Case, market: Market, months: pd.DataFrame, rationing: Mapping[str, str], why: list[str]
) -> ResultTable:
    """Return per end use and participant what was served, what was short, and the first months of shortage and stop.

    Parameters
    ----------
    case, market : Case, Market
        What was run.
    months : DataFrame
        Wanted and served by foresight, month, end use, region and commodity, t.
    rationing : mapping of str to str
        By foresight: who was served first.
    why : list of str
        Input rows of the scenario.
    """
    table = market.network.uses
    inputs = table["inputs"].groupby((table["end_use"] + "|" + table["region"]).to_numpy()).agg(";".join)
    mine = months[months["region"].isin(case.participants)]
    rows = []
    for (foresight, end_use, region), part in mine.groupby(["foresight", "end_use", "region"], sort=False):
        total = part.groupby("month")[["wanted", "served"]].sum()
        by_good = part.assign(missing=1.0 - part["served"] / part["wanted"])
        worst = by_good.groupby("month")["missing"].max()
        scarcest = by_good.sort_values("missing", ascending=False, kind="stable").iloc[0]
        missing = 1.0 - total["served"] / total["wanted"]
        rows.append({
            "foresight": foresight, "end_use": end_use, "region": region, "wanted": total["wanted"].sum(),
            "served": total["served"].sum(), "short": (total["wanted"] - total["served"]).clip(lower=0.0).sum(),
            "worst": missing.max(), "worst_month": str(missing.idxmax()) if missing.max() > SHORT else "",
            "scarcest": scarcest["commodity"] if scarcest["missing"] > SHORT else "",
            "scarcest_short": scarcest["missing"], "first_short": first_over(worst, SHORT),
            "line_stop": first_over(worst, LINE_STOP), "stops_for": _stops_for(by_good),
            "months_stopped": int(worst.gt(LINE_STOP).sum()), "rationing": rationing[str(foresight)],
            RESTS_ON: join_inputs(why, inputs[f"{end_use}|{region}"].split(";")),
        })  # fmt: skip
    columns = {
        "foresight": FORESIGHT, "end_use": Column("", _("End use")), "region": Column("", _("Region")),
        "wanted": Column("t", _("Wanted over all months")), "served": Column("t", _("Served over all months")),
        "short": Column("t", _("Missing over all months")),
        "worst": Column("ratio", _("Share missing in the worst month, all its goods together")),
        "worst_month": Column("", _("That month, where more than 5 % is missing")),
        "scarcest": Column("", _("Its scarcest good: the one of which most is missing in any month, above 5 %")),
        "scarcest_short": Column("ratio", _("Share missing of that good in its worst month: lines stop by this")),
        "first_short": Column("", _("First month with more than 5 % missing of any good")),
        "line_stop": Column("", _("First month with more than 15 % missing of any good: lines stop")),
        "stops_for": Column("", _("Good of which most is missing in that month")),
        "months_stopped": Column("", _("Months in which lines stop")),
        "rationing": Column("", _("Who is served first: who pays most (price), or the first priority")),
    }  # fmt: skip
    return ResultTable("uses", _("Who runs short, and when"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns,
                       ("foresight", "end_use", "region"))  # fmt: skip


def _stops_for(by_good: pd.DataFrame) -> str:
    """Return the good of which most is missing in the first month in which lines stop; empty where none do."""
    over = by_good[by_good["missing"].gt(LINE_STOP)]
    if over.empty:
        return ""
    first = over[over["month"].eq(over["month"].min())]
    return str(first.sort_values("missing", ascending=False, kind="stable")["commodity"].iloc[0])


def premium(case: cases.Case, market: Market, paths: list[Path], why: list[str]) -> ResultTable:
    """Return each good's price inside the controller and outside, month by month.

    Outside is the mean over the other regions by what they take in; goods that the controller exports in the base year.
    """
    network, base = market
    intake = base.intake(network)
    routes = network.routes
    sold = routes.loc[routes["origin"].eq(case.controller) & base.ship.gt(0.5).to_numpy(), "commodity"].unique()
    parts = []
    for path in paths:
        for commodity in sold:
            on = network.markets["commodity"].eq(commodity) & intake.gt(0)
            outside = on & network.markets["region"].ne(case.controller)
            home = f"{commodity}|{case.controller}"
            if not outside.any() or home not in path.price.index:
                continue
            weight = intake[outside] / intake[outside].sum()
            abroad = path.price[outside].mul(weight, axis=0).sum()
            before = float((base.price[outside] * weight).sum())
            parts.append(pd.DataFrame({
                "foresight": path.foresight, "month": path.labels, "commodity": commodity,
                "inside": path.price.loc[home].to_numpy(), "outside": abroad.to_numpy(),
                "premium": abroad.to_numpy() / np.maximum(path.price.loc[home].to_numpy(), 1e-9),
                "outside_multiple": abroad.to_numpy() / max(before, 1e-9),
                RESTS_ON: [join_inputs(why, [f"commodities/{commodity}"])] * len(path.labels),
            }))  # fmt: skip
    columns = {
        "foresight": FORESIGHT, "month": MONTH, "commodity": Column("", _("Commodity")),
        "inside": Column("USD/kg", _("Price in the controlling country")),
        "outside": Column("USD/kg", _("Mean price elsewhere, by use")),
        "premium": Column("ratio", _("Outside over inside")),
        "outside_multiple": Column("ratio", _("Outside over the base year")),
    }  # fmt: skip
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*columns, RESTS_ON])
    return ResultTable("premium", _("Prices inside and outside"), frame, columns, ("foresight", "month", "commodity"))


def peaks(case: cases.Case, market: Market, premium_table: ResultTable) -> ResultTable:
    """Return each good's dearest month outside the controller beside the price inside, dearest multiple first.

    Goods whose price is not fitted come last: of them a price says that there is a shortage, and no more.

    Parameters
    ----------
    case, market : Case, Market
        What was run.
    premium_table : ResultTable
        Prices inside and outside by month.
    """
    frame = premium_table.frame
    top = frame.loc[frame.groupby(["foresight", "commodity"], sort=False)["outside_multiple"].idxmax()].copy()
    home = top["commodity"].astype(str) + f"|{case.controller}"
    top["inside_multiple"] = top["inside"] / np.maximum(market.base.price.reindex(home).to_numpy(float), 1e-9)
    fitted = top["commodity"].isin(case["commodities"].loc[case["commodities"]["calibrated"].eq("yes"), "commodity"])
    said = _("observed prices") if case.calibration == "fitted" else _("what the case states")
    top["price_rests_on"] = np.where(fitted, said, _("only a shortage"))
    order = {name: at for at, name in enumerate(dict.fromkeys(frame["foresight"]))}
    top = top.assign(order=top["foresight"].map(order), bare=~fitted).sort_values(
        ["order", "bare", "outside_multiple"], ascending=[True, True, False], ignore_index=True)  # fmt: skip
    columns = {
        "foresight": FORESIGHT, "commodity": Column("", _("Commodity")),
        "month": Column("", _("Dearest month outside")),
        "outside": Column("USD/kg", _("Mean price elsewhere, by use, then")),
        "outside_multiple": Column("ratio", _("The same over the base year")),
        "inside": Column("USD/kg", _("Price in the controlling country, then")),
        "inside_multiple": Column("ratio", _("The same over the base year")),
        "premium": Column("ratio", _("Outside over inside")),
        "price_rests_on": Column("", _(TABLES["commodities"].field("calibrated").meaning)),
    }  # fmt: skip
    return ResultTable("peaks", _("Dearest months, inside and outside"), top[[*columns, RESTS_ON]], columns,
                       ("foresight", "commodity"))  # fmt: skip
