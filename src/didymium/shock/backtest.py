"""Back-tests: what the engine predicts beside what was observed, misses kept.

An episode is a scenario that knows only what was known then. Rows that a scenario or a parameter was made from say so
and are not scored; nor are rows whose only source is of grade D. The most sensitive parameter, usable stock, is swept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from didymium.case.case import ROW
from didymium.case.check import first_day, split_list
from didymium.case.scenario import expand
from didymium.faults import DidymiumError
from didymium.messages import N_, _
from didymium.result import RESTS_ON, Column, Result, ResultTable, join_inputs, new_manifest
from didymium.shock.columns import LINE_STOP
from didymium.shock.engine import Engine, summary
from didymium.shock.path import Path
from didymium.shock.rationing import settled

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario
    from didymium.market.prepare import Market

STOCKS = {"half": 0.5, "stated": 1.0, "half more": 1.5}
"""Usable stock as a multiple of the case's: its band."""

VERDICTS = (N_("hit"), N_("miss"), N_("made from it"), N_("shown only"))
"""What a row says about the prediction; the English text is also the code in results."""


def backtest(case: cases.Case, foresight: str = "none", progress: Callable[[int, int], None] | None = None) -> Result:
    """Run every episode of a case and put predicted beside observed.

    Parameters
    ----------
    case : Case
        A case with a table of back-tests.
    foresight : str
        What traders know: none, or announced.
    progress : callable, optional
        Called with runs done and runs in all.

    Returns
    -------
    Result
        backtest (ratios), score (hits of scored rows by scenario).

    Raises
    ------
    DidymiumError
        The case has no back-tests, or one that names a scenario or a month that is not there.
    """
    table = case["backtests"]
    if table.empty:
        raise DidymiumError(_("case {case} has no back-tests -> add rows to backtests.csv").format(case=case.name))
    started = time.perf_counter()
    engine = Engine(case)
    names = list(dict.fromkeys(table["scenario"]))
    parts, runs = [], {}
    for place, name in enumerate(names):
        story = settled(case, case.scenario(name), engine.options, None, foresight)
        story = _cut_short(story, table[table["scenario"].eq(name)])
        options = replace(engine.options, rationing=story.rationing)
        paths = {}
        for step, (stock, scale) in enumerate(STOCKS.items()):
            paths[stock] = engine.path(story, foresight, replace(options, stock_scale=scale))
            runs[f"{name}, {stock}"] = summary(paths[stock].runs)
            if progress:
                progress(place * len(STOCKS) + step + 1, len(names) * len(STOCKS))
        parts.append(beside(case, engine.market, story, paths))
    frame = pd.concat(parts, ignore_index=True)
    tables = [_table(frame), _score(frame)]
    chosen = {"foresight": foresight, "memory": engine.memory, "stocks": dict(STOCKS)}
    manifest = new_manifest(case.digest, chosen, run=runs, timings={"total": time.perf_counter() - started})
    return Result("backtest", case.name, {table.name: table for table in tables}, manifest)


def observed(case: cases.Case, market: Market, scenario: Scenario, paths: list[Path]) -> ResultTable | None:
    """Return predicted beside observed for one run of a scenario; None where nothing was observed of it."""
    path = next((p for p in paths if p.foresight != "perfect"), None)
    if path is None or not case["backtests"]["scenario"].eq(scenario.name).any():
        return None
    return _table(beside(case, market, scenario, {"stated": path}))


def _cut_short(story: Scenario, rows: pd.DataFrame) -> Scenario:
    """Return the scenario up to the last month that something was observed in."""
    last = max(first_day(str(day)) for day in [*rows["month"], *rows["until"]] if day)
    months = (last.year - story.start.year) * 12 + last.month - story.start.month + 1
    return replace(story, months=min(story.months, max(1, months)))


def beside(case: cases.Case, market: Market, story: Scenario, paths: Mapping[str, Path]) -> pd.DataFrame:
    """Return predicted beside observed, one row per back-test of a scenario.

    Parameters
    ----------
    case, market : Case, Market
        What was run.
    story : Scenario
        The episode.
    paths : mapping of str to Path
        Runs by usable stock; the one called ``stated`` is the prediction, the others its range.
    """
    table = case["backtests"]
    grades = dict(zip(case["sources"]["source"], case["sources"]["grade"], strict=True))
    why = story.inputs()
    rows = []
    for row in _records(table[table["scenario"].eq(story.name)]):
        found = {name: predicted(case, market, path, row) for name, path in paths.items()}
        grade = grades.get(str(row["source"]), "assumption")
        low, high = (row[end] if not np.isnan(row[end]) else row["value"] for end in ("low", "high"))
        if row["use"] == "calibrate":
            verdict = "made from it"
        elif row["use"] == "show" or grade == "D":
            verdict = "shown only"
        else:
            verdict = "hit" if low - 1e-9 <= found["stated"] <= high + 1e-9 else "miss"
        rows.append({
            "scenario": story.name, "backtest": row["backtest"], "quantity": row["quantity"],
            "what": row["commodities"] or row["end_uses"], "region": row["region"], "month": row["month"],
            "until": row["until"], "observed": row["value"], "observed_low": low, "observed_high": high,
            "predicted": found["stated"], "predicted_low": min(found.values()),
            "predicted_high": max(found.values()), "verdict": verdict, "grade": grade, "note": row["note"],
            RESTS_ON: join_inputs([row[ROW]], why),
        })  # fmt: skip
    return pd.DataFrame(rows)


def predicted(case: cases.Case, market: Market, path: Path, row: Mapping[str, Any]) -> float:
    """Return what a path says about a back-test row.

    Raises
    ------
    DidymiumError
        Its months, or its markets, are not in the path.
    """
    first, last = str(row["month"])[:7], str(row["until"] or row["month"])[:7]
    months = [node for node, label in enumerate(path.labels) if first <= label <= last]
    if not months:
        raise DidymiumError(
            _("backtests.csv: {name} looks at {month}, and scenario {scenario} has no such month -> correct it").format(
                name=row["backtest"], month=first, scenario=row["scenario"]
            )
        )
    if row["quantity"] == "line_stop":
        return _line_stop(market, path, row, months)
    stages = dict(zip(case["commodities"]["commodity"], case["commodities"]["stage"], strict=True))
    goods = expand(str(row["commodities"]), stages)
    if row["quantity"] == "exports_change":
        routes = market.network.routes
        on = routes["origin"].eq(case.controller) & routes["commodity"].isin(goods)
        if row["region"] != "*":
            on &= routes["destination"].eq(row["region"])
        base = market.base.ship.reindex(routes.index)[on].sum() / 12.0
        value = path.ship.loc[on.to_numpy(), months].sum().mean() / base - 1.0
    else:
        network = market.network
        on = network.markets["commodity"].isin(goods)
        if row["region"] != "*":
            on &= network.markets["region"].eq(row["region"])
        weight = market.base.intake(network)[on]
        base = float((market.base.price[on] * weight).sum())
        paid = path.price[on].mul(weight, axis=0).sum() / base
        value = paid[months].mean() if row["quantity"] == "price_multiple" else paid[months].max()
    if not np.isfinite(value):
        raise DidymiumError(
            _("backtests.csv: {name} names nothing that is traded in {region} -> correct it").format(
                name=row["backtest"], region=row["region"]
            )
        )
    return float(value)


def _line_stop(market: Market, path: Path, row: Mapping[str, Any], months: list[int]) -> float:
    """Return 1 where any of the end uses misses more than :data:`LINE_STOP` of a commodity in any of the months."""
    uses = market.network.uses
    on = uses["end_use"].isin(split_list(str(row["end_uses"]))) & uses["region"].eq(row["region"])
    wanted, served = path.wanted.loc[on.to_numpy(), months], path.served.loc[on.to_numpy(), months]
    if wanted.empty:
        return float("nan")
    return float((1.0 - served / wanted).gt(LINE_STOP).to_numpy().any())


def _table(frame: pd.DataFrame) -> ResultTable:
    columns = {
        "scenario": Column("", _("Scenario")), "backtest": Column("", _("Back-test")),
        "quantity": Column("", _("Quantity, as the table of back-tests defines it")),
        "what": Column("", _("Commodities or end uses")), "region": Column("", _("Region")),
        "month": Column("", _("Month, or first month")), "until": Column("", _("Last month")),
        "observed": Column("ratio", _("Observed")),
        "observed_low": Column("ratio", _("Low end of the observation")),
        "observed_high": Column("ratio", _("High end of the observation")),
        "predicted": Column("ratio", _("Predicted")),
        "predicted_low": Column("ratio", _("Lowest over usable stock of half and half more")),
        "predicted_high": Column("ratio", _("Highest over usable stock of half and half more")),
        "verdict": Column("", _("hit or miss; made from it: the scenario or a parameter came from this figure")),
        "grade": Column("", _("Grade of the source")),
        "note": Column("", _("What a reader must know")),
    }  # fmt: skip
    return ResultTable("backtest", _("Predicted beside observed"), frame[[*columns, RESTS_ON]], columns,
                       ("scenario", "backtest"))  # fmt: skip


def _score(frame: pd.DataFrame) -> ResultTable:
    judged = frame["verdict"].isin(["hit", "miss"])
    counts = frame.assign(
        hits=frame["verdict"].eq("hit"), scored=judged, made=frame["verdict"].eq("made from it"),
        shown=frame["verdict"].eq("shown only"),
    )  # fmt: skip
    grouped = counts.groupby("scenario", sort=False)
    table = grouped[["hits", "scored", "made", "shown"]].sum().reset_index()
    table[RESTS_ON] = [
        join_inputs(*(str(key).split(";") for key in rows)) for _name, rows in grouped[RESTS_ON].agg(list).items()
    ]
    columns = {
        "scenario": Column("", _("Scenario")), "hits": Column("", _("Scored rows whose prediction lies in the band")),
        "scored": Column("", _("Rows that judge")), "made": Column("", _("Rows that the scenario was made from")),
        "shown": Column("", _("Rows only shown")),
    }  # fmt: skip
    return ResultTable("score", _("Hits"), table, columns, ("scenario",))


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
