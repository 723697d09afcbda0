"""Answers of a shock: short uses, prices in and out, stock in the right form; and what no path may do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from case_factory import chain, make_case
from didymium.case.case import Case
from didymium.case.scenario import Restriction, Scenario
from didymium.market.prepare import prepare
from didymium.result import Result
from didymium.shock import shock
from didymium.shock.conversion import Ways
from didymium.shock.engine import Engine

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


def test_stock_without_a_plant_is_useless(tmp_path_factory: pytest.TempPathFactory) -> None:
    tables = chain()
    tables["facilities"] = [{**f, "status": "closed"} if f["facility"] == "works_one" else f
                            for f in tables["facilities"]]  # fmt: skip
    tables["statistics"] = []
    reserve = {"stock": "reserve", "kind": "strategic", "owner": "government", "region": "ONE", "commodity": "ore",
               "quantity": 20, "unit": "t", "basis": "element", "release": "shortage"}  # fmt: skip
    tables["stocks"] = [*tables["stocks"], reserve]
    case = make_case(tmp_path_factory.mktemp("answers") / "closed", tables)
    if "ore|ONE" in prepare(case).network.markets.index:
        assert Ways(prepare(case)).widest("ore|ONE").width == 0.0


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
