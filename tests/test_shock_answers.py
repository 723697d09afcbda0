"""Answers of a shock: short uses, prices in and out, stock in the right form; and what no path may do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from case_factory import chain, make_case
from didymium.case.case import Case
from didymium.case.scenario import Restriction, Scenario
from didymium.market.prepare import prepare
from didymium.market.stocks import stock_table
from didymium.result import Result
from didymium.shock import shock
from didymium.shock.conversion import Ways, conversion
from didymium.shock.cover import GONE, HELD
from didymium.shock.engine import OPTIONS, Engine

FIRST, DAY = date(2025, 1, 1), date(2025, 3, 1)


def cut(
    share: float, months: int = 8, start: date = DAY, goods: frozenset[str] = frozenset({"ore", "metal"})
) -> Scenario:
    measure = Restriction("m", "licence", "CTL", goods, frozenset({"ONE", "TWO"}), start, None, ((start, share),), 0.0,
                          ("sources/book",))  # fmt: skip
    return Scenario("cut", "Cut", "", FIRST, months, (measure,))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("answers") / "chain", chain())


@pytest.fixture(scope="module")
def engine(case: Case) -> Engine:
    return Engine(case)


@pytest.fixture(scope="module")
def result(case: Case) -> Result:
    return shock(case, cut(0.2), ("none",))


def test_uses_add_up_the_months(result: Result) -> None:
    served = result["served"]
    for row in result["uses"].to_dict("records"):
        mine = served[served["region"].eq(row["region"]) & served["end_use"].eq(row["end_use"])]
        assert row["wanted"] == pytest.approx(mine["wanted"].sum())
        assert row["short"] == pytest.approx(mine["short"].sum(), abs=1e-6)
        late = mine[mine["short_share"].gt(0.15)]["month"]
        assert row["line_stop"] == (late.iloc[0] if len(late) else "")
        assert row["months_stopped"] == len(late)
    assert set(result["uses"]["region"]) == {"ONE", "TWO"}
    assert result["uses"]["line_stop"].gt("2025-02").all()


def test_the_gap_opens_when_the_cut_begins(result: Result) -> None:
    gap = result["premium"].query("commodity == 'metal'").set_index("month")
    assert gap.loc["2025-02", "outside_multiple"] == pytest.approx(1.0, abs=0.01)
    assert gap.loc["2025-08", "premium"] > 1.5 * gap.loc["2025-02", "premium"]
    assert gap.loc["2025-08", "inside"] < gap.loc["2025-02", "inside"]


def test_who_holds_licences_earns_the_gap(result: Result, case: Case) -> None:
    losses = result["losses"].set_index("region")
    assert losses.at["CTL", "licence_rent"] > 0
    assert losses.loc[["ONE", "TWO"], "licence_rent"].eq(0).all()
    calm = shock(case, Scenario("calm", "Calm", "", FIRST, 4), ("none",))["losses"].set_index("region")
    assert calm.at["CTL", "licence_rent"] < 1e-3 * losses.at["CTL", "licence_rent"] + 1e-3
    assert losses["duties"].eq(0).all()


def test_stock_in_the_wrong_form_is_said(case: Case) -> None:
    """Ore in ONE passes its works: 60 t of metal a year, so 75 t of ore. TWO has no works and no ore market."""
    market = prepare(case)
    way = Ways(market).widest("ore|ONE")
    assert way.width == pytest.approx(1.25 * 60)
    assert (way.binds, way.reaches) == ("works_one", "metal")
    assert Ways(market).widest("metal|TWO").width == np.inf


RESERVE = {"stock": "reserve", "kind": "strategic", "owner": "government", "region": "ONE", "commodity": "ore",
           "quantity": 20, "unit": "t", "basis": "element", "release": "shortage"}  # fmt: skip


def forms(case: Case) -> pd.DataFrame:
    """Return the table of forms of a case, by commodity and region."""
    market = prepare(case)
    found = conversion(case, market, stock_table(market.network, market.base, OPTIONS))
    return found.frame.set_index(["commodity", "region"])


@pytest.mark.parametrize("mine", [False, True])
def test_stock_without_a_plant_is_useless(tmp_path: Path, mine: bool) -> None:
    """The only works that takes ore in ONE is closed: with a mine that sells it abroad, and with nobody at all."""
    tables = chain()
    tables["facilities"] = [{**f, "status": "closed"} if f["facility"] == "works_one" else f
                            for f in tables["facilities"]]  # fmt: skip
    pit = {"facility": "pit_one", "region": "ONE", "stage": "mine", "processes": "dig", "capacity": 10}
    tables["facilities"] += [pit] if mine else []
    tables["statistics"] = []
    tables["stocks"] = [*tables["stocks"], RESERVE]
    case = make_case(tmp_path / "closed", tables)
    assert ("ore|ONE" in prepare(case).network.markets.index) is mine
    row = forms(case).loc[("ore", "ONE")]
    assert (row["usable"], row["reaches"], row["direct"]) == ("not in the region", "", 0.0)
    assert row["held"] == pytest.approx(20)
    told = shock(case, cut(0.2, 3), ("none",))["summary"].query("region == 'ONE' and table == 'conversion'")
    assert "no use and no plant of its own for ore" in told["answer"].iloc[0]


def test_what_end_uses_take_needs_no_plant(tmp_path: Path) -> None:
    """CTL blends some metal into alloy, so metal is worked up somewhere; in ONE and TWO motors take it as it is.

    In ONE paint takes 10 t of ore beside the works, which takes 1.25 x 50 t.
    """
    tables = chain()
    tables["commodities"] += [{"commodity": "alloy", "stage": "alloy"}]
    tables["processes"] += [{"process": "blend", "stage": "alloy", "capacity_commodity": "alloy"}]
    tables["recipes"] += [{"process": "blend", "commodity": "metal", "coefficient": -1},
                          {"process": "blend", "commodity": "alloy", "coefficient": 1}]  # fmt: skip
    tables["facilities"] += [
        {"facility": "blender", "region": "CTL", "stage": "alloy", "processes": "blend", "capacity": 8}
    ]
    tables["costs"] += [{"process": "blend", "cost": 1}]
    tables["end_uses"] += [{"end_use": "paint"}]
    tables["demands"] += [
        {"end_use": "motor", "region": "CTL", "commodity": "alloy", "quantity": 5, "low": 4.9, "high": 5.1},
        {"end_use": "paint", "region": "ONE", "commodity": "ore", "quantity": 10, "low": 9.99, "high": 10.01},
    ]
    tables["prices"] += [{"commodity": "alloy", "region": "CTL", "price": 12}]
    table = forms(make_case(tmp_path / "blend", tables))
    for region in ("ONE", "TWO"):
        row = table.loc[("metal", region)]
        assert (row["usable"], row["reaches"], row["direct"]) == ("as it is", "metal", 1.0)
    both = table.loc[("ore", "ONE")]
    assert both["usable"] == "as it is and after conversion"
    assert both["direct"] == pytest.approx(10 / 72.5, rel=0.05)
    assert (both["binds"], both["reaches"]) == ("works_one", "metal")
    assert both["over_use"] == pytest.approx(60 / 50, rel=0.05)


def test_cover_counts_what_a_good_is_made_of(case: Case) -> None:
    """A halt of ore alone: ONE's metal rests on it in full, TWO's as far as it is bought from ONE."""
    market = prepare(case)
    ban = cut(0.0, 6, FIRST, frozenset({"ore"}))
    table = shock(case, ban, ("none",))["cover"].set_index(["commodity", "region"])
    from_one = market.base.ship["metal|ONE|TWO"] / market.base.intake(market.network)["metal|TWO"]
    assert 0.1 < from_one < 0.9
    missing = table["needed"] / table["halt"]
    assert missing[("metal", "ONE")] == pytest.approx(1.0)
    assert missing[("metal", "TWO")] == pytest.approx(from_one)
    assert table["lasts"].to_numpy() == pytest.approx((table["days_at_start"] / missing).to_numpy())
    # All that CTL sends, ore and metal, is all that there is; none of ONE's metal is bought from it.
    assert table.loc[("metal", "TWO"), "outside"] == pytest.approx(0.0, abs=1e-9)
    assert table.loc[("metal", "ONE"), "bought"] == pytest.approx(0.0, abs=1e-9)


def test_cover_says_what_is_held_when_lines_stop(result: Result) -> None:
    held = result["stocks"].groupby(["commodity", "region", "month"])["days"].sum()
    price = result["prices"].set_index(["commodity", "region", "month"])["multiple"]
    stopped = result["cover"][result["cover"]["line_stop"].ne("")]
    assert len(stopped)
    for row in stopped.to_dict("records"):
        at = (row["commodity"], row["region"])
        assert row["held_at_stop"] == pytest.approx(held[(*at, row["line_stop"])])
        assert row["held_at_short"] == pytest.approx(held[(*at, row["first_short"])])
        assert row["price_at_stop"] == pytest.approx(price[(*at, row["line_stop"])])
        assert row["stopped_by"] == (HELD if row["held_at_stop"] > 0.1 * row["days_at_start"] else GONE)
        told = result["summary"].query("region == @row['region'] and table == 'uses'")["answer"].iloc[0]
        assert ("rationed, not gone" in told) == (row["stopped_by"] == HELD)


def test_cover_says_how_long_without_the_controller(result: Result, case: Case) -> None:
    row = result["cover"].set_index(["commodity", "region"]).loc[("metal", "TWO")]
    assert row["run_out"] == pytest.approx(row["days_at_start"] / (1.0 - row["outside"]))
    assert row["run_out_low"] < row["run_out"] < row["run_out_high"]
    assert 0.0 <= row["outside"] < 1.0


# What no path may do


@pytest.mark.parametrize("foresight", ["none", "announced"])
def test_no_hoarding_by_prophecy(engine: Engine, foresight: str) -> None:
    """Up to the month in which a cut begins everything is exactly as it is without it."""
    calm, cut_ = (engine.path(story, foresight) for story in (Scenario("calm", "Calm", "", FIRST, 3), cut(0.0, 3)))
    for name in ("price", "stock", "ship", "served"):
        assert np.array_equal(getattr(calm, name).iloc[:, :2], getattr(cut_, name).iloc[:, :2]), name


@pytest.mark.parametrize("foresight", ["none", "announced", "perfect"])
def test_no_dump_at_the_end(engine: Engine, foresight: str) -> None:
    """Under a cut that lasts, firms hold in the last months what they hold in the same months of a longer run."""
    short, long = (engine.path(cut(0.5, months), foresight).stock for months in (10, 16))
    held, later = short.sum(), long.sum()
    assert held[9] > 0.7 * later[9]
    assert held[:8].to_numpy() == pytest.approx(later[:8].to_numpy(), rel=0.25)


@settings(max_examples=15, deadline=None)
@given(st.floats(0.0, 0.95), st.floats(0.0, 0.95), st.sampled_from(["ore", "metal"]))
def test_a_tighter_bound_never_helps_the_world(engine: Engine, one: float, two: float, good: str) -> None:
    """The objective under perfect foresight, of two licences of which one lets through less of one good."""
    loose, tight = max(one, two), min(one, two)
    stories = [cut(share, 3, FIRST, frozenset({good})) for share in (loose, tight)]
    objective = [engine.path(story, "perfect").runs[0]["bound"] for story in stories]
    assert objective[1] <= objective[0] + 1e-7 * abs(objective[0])


def test_rationing_and_origin_default_to_none(engine: Engine) -> None:
    assert engine.options.origin is None and engine.options.rationing == "price"
    assert replace(cut(0.5), months=1).months == 1
