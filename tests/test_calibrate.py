"""The base year comes back: prices, quantities, zero profit on what runs, losses on what does not."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from case_factory import Tables, chain, make_case, mine_and_user, write_case
from didymium.case.case import Case, load_case
from didymium.case.facilities import operating_in
from didymium.faults import CaseError
from didymium.market.clear import clear
from didymium.market.prepare import Market, prepare
from didymium.result import Result


@pytest.fixture(scope="module")
def market(us_japan: Case) -> Market:
    return prepare(us_japan)


def margins(market: Market) -> pd.Series:
    """Return what a unit of activity earns at base prices before its own cost, USD/kg."""
    network, base = market
    worth = network.terms["coefficient"] * network.terms["market"].map(base.price)
    return worth.groupby(network.terms["activity"]).sum().reindex(network.activities.index)


# us-japan


def test_clear_returns_the_fitted_prices(market: Market, cleared: Result) -> None:
    """Measured: 2.8e-5 at most (Gd oxide)."""
    network, base = market
    frame = cleared["prices"]
    label = frame["commodity"] + "|" + frame["region"]
    fitted = label.map(base.price)
    real = label.map(base.intake(network)).gt(1.0)
    assert real.sum() > 100
    off = (frame["price"] / fitted - 1.0)[real].abs()
    assert off.max() < 1e-3, frame[real].loc[off.idxmax()]


def test_what_only_leaves_is_worth_what_it_costs(market: Market, cleared: Result) -> None:
    """Where all output leaves, balance and no transit are one row twice; their duals belong together.

    Split as the solver leaves them, mixed heavy concentrate of Europe had a price of -0.03 instead of 19.3 USD/kg.
    """
    network, base = market
    frame = cleared["prices"]
    label = frame["commodity"] + "|" + frame["region"]
    leaves = label.map(base.intake(network)).lt(0.5) & label.map(base.output(network)).gt(1.0)
    assert leaves.sum() >= 10
    assert (frame["price"] / label.map(base.price) - 1.0)[leaves].abs().max() < 1e-3


@pytest.mark.parametrize(
    ("column", "of"), [("production", "output"), ("intake", "intake"), ("net_export", "net_trade")]
)
def test_clear_returns_the_quantities(market: Market, cleared: Result, column: str, of: str) -> None:
    """Measured: 0.2 % at most where more than 5 t move, 0.2 t of the 1 t of high-temperature magnets made in Europe."""
    network, base = market
    frame = cleared["net_trade"]
    label = frame["commodity"] + "|" + frame["region"]
    wanted = label.map(getattr(base, of)(network))
    real = wanted.abs().gt(5.0)
    assert real.sum() > 40
    off = ((frame[column] - wanted) / wanted)[real].abs()
    assert off.max() < 0.01, label[off.idxmax()]
    assert (frame[column] - wanted)[~real].abs().max() < 1.0


def test_the_base_year_balances(market: Market) -> None:
    network, base = market
    left = base.output(network) - base.intake(network) - base.net_trade(network) - base.dispose
    size = base.output(network) + base.intake(network)
    # Quantities below 0.01 t are dropped after the balance was struck, several at a time.
    assert (left.abs() / (1.0 + size)).max() < 0.05
    assert (left.abs()[size.gt(100)] / size[size.gt(100)]).max() < 1e-3


def test_what_runs_earns_nothing(market: Market) -> None:
    base = market.base
    running = base.running()
    profit = (margins(market) - base.cost + base.report["unexplained"])[running]
    assert profit.abs().max() < 1e-6
    moved = base.report["stated_cost"] + base.report["rent"] - base.report["subsidy"]
    assert (moved - base.cost)[running].abs().max() < 1e-9
    assert base.report[["rent", "subsidy", "unexplained"]].min().min() >= 0.0
    assert (base.report["rent"] * base.report["subsidy"]).max() == 0.0, "never both"
    assert (base.report["subsidy"] <= 0.95 * base.report["stated_cost"] + 1e-9).all()


def test_routes_in_use_bridge_the_price_gap(market: Market) -> None:
    network, base = market
    gap = network.routes["head"].map(base.price) - network.routes["tail"].map(base.price)
    used = base.ship.gt(0)
    assert used.sum() > 100
    assert (gap - base.freight)[used].abs().max() < 1e-6
    assert base.freight[used].min() >= 0.01 - 1e-9, "every route costs something"
    assert (gap - base.freight)[~used].max() <= 1e-9, "an unused route would lose money"


def test_what_idles_loses_money(us_japan: Case, market: Market) -> None:
    network, base = market
    there = network.facilities.index[operating_in(network.facilities, us_japan.base_year)]
    idle = network.activities["facility"].isin(there).to_numpy() & ~base.running()
    assert idle.sum() > 0
    revenue = network.terms["coefficient"].clip(lower=0) * network.terms["market"].map(base.price).abs()
    revenue = revenue.groupby(network.terms["activity"]).sum().reindex(network.activities.index)
    loss = base.cost - margins(market)
    assert (loss[idle] >= 0.02 * revenue[idle] - 1e-9).all()
    assert (base.cost >= base.report["stated_cost"] - 1e-9)[idle].all()


def test_no_price_below_the_cost_of_disposal(market: Market, cleared: Result) -> None:
    network, base = market
    assert (base.price >= -network.markets["disposal"] - 1e-6).all()
    thrown = base.dispose.gt(0)
    assert base.price[thrown].to_numpy() == pytest.approx(-network.markets["disposal"][thrown].to_numpy(), abs=1e-6)
    frame = cleared["prices"]
    limit = (frame["commodity"] + "|" + frame["region"]).map(network.markets["disposal"])
    assert (frame["price"] >= -limit - 1e-6).all()


def test_no_transit_in_the_base_year(market: Market) -> None:
    network, base = market
    leaving = base.ship.groupby(network.routes["tail"]).sum()
    assert (leaving - base.output(network).reindex(leaving.index)).max() < 0.1


def test_the_misfit_table_lists_the_worst_first(market: Market, cleared: Result) -> None:
    frame = cleared["misfit"]
    assert len(frame) == len(market.base.misfit)
    assert frame["sigmas"].abs().is_monotonic_decreasing
    worst = frame.iloc[0]
    assert worst["label"] == "export tb_metal CHN JPN", "an assumption that Japan's recipes contradict"
    assert worst["sigmas"] == pytest.approx((worst["adjusted"] - worst["observed"]) / worst["sigma"])
    assert -3 < worst["sigmas"] < -2


def test_observed_prices_stand_beside_the_fitted_ones(us_japan: Case, cleared: Result) -> None:
    frame = cleared["prices"].set_index(["commodity", "region"])
    dy = us_japan["prices"].query("commodity == 'dy_oxide' and region == 'CHN' and date == '2024' and use == 'fit'")
    assert frame.at[("dy_oxide", "CHN"), "observed"] == pytest.approx(dy["price"].iloc[0] / 1000.0)
    known = frame["observed"].notna() & frame["calibrated"]
    assert (frame["price"] / frame["observed"] - 1.0 - frame["misfit"])[known].abs().max() < 1e-9


# Small cases


def test_a_rent_is_what_price_and_cost_leave(tmp_path: Path) -> None:
    market = prepare(make_case(tmp_path / "small", mine_and_user()))
    report = market.base.report.loc["pit|dig"]
    assert report["stated_cost"] == pytest.approx(2.0)
    assert report["rent"] == pytest.approx(3.0, rel=1e-4)
    assert market.base.price["ore|ONE"] == pytest.approx(7.0, rel=1e-4)


def test_a_cost_above_the_price_is_an_implied_subsidy(tmp_path: Path) -> None:
    """Cost 8, price 5 observed to 10 %: the price gives a little, the rest is a subsidy."""
    tables = mine_and_user()
    tables["costs"] = [{"cost": 8}]
    base = prepare(make_case(tmp_path / "dear", tables)).base
    report = base.report.loc["pit|dig"]
    assert report["subsidy"] == pytest.approx(8.0 - base.price["ore|CTL"], rel=1e-6)
    assert report["rent"] == 0.0 and report["subsidy"] > 2.0


def importing(quantity: float) -> Tables:
    """Return the chain with an import of TWO beside its use of 30 t; their accuracies are 2.5 / 1.645 t and 10 %."""
    tables = chain()
    tables["statistics"] = [
        *tables["statistics"],
        {"flow": "import", "commodity": "metal", "region": "TWO", "partner": "*", "quantity": quantity},
    ]
    tables["demands"] = [
        {**row, "low": row["quantity"] - 2.5, "high": row["quantity"] + 2.5} if row["region"] == "TWO" else row
        for row in tables["demands"]
    ]
    return tables


def test_observations_that_disagree_meet_in_between(tmp_path: Path) -> None:
    base = prepare(make_case(tmp_path / "disagree", importing(31.0))).base
    sigma, other = 2.5 / 1.645, 3.1
    expected = (30.0 / sigma**2 + 31.0 / other**2) / (1.0 / sigma**2 + 1.0 / other**2)
    assert base.served["motor|TWO|metal"] == pytest.approx(expected, rel=1e-4)
    moved = base.misfit.set_index("label")["sigmas"]
    assert moved["use motor|TWO|metal"] == pytest.approx((expected - 30.0) / sigma, rel=2e-2)
    assert moved["import metal TWO *"] == pytest.approx((expected - 31.0) / other, rel=2e-2)


def test_observations_that_disagree_a_lot_still_calibrate(tmp_path: Path) -> None:
    base = prepare(make_case(tmp_path / "far", importing(40.0))).base
    assert base.dispose["metal|TWO"] == 0.0


def test_an_observation_that_names_nothing_is_a_fault(tmp_path: Path) -> None:
    tables = chain()
    wrong = {"flow": "production", "commodity": "metal", "region": "TWO", "quantity": 5}
    tables["statistics"] = [*tables["statistics"], wrong]
    case = make_case(tmp_path / "wrong", tables)
    with pytest.raises(CaseError, match=r"statistics\.csv, row 3.*nothing in the network"):
        prepare(case)


def test_no_observed_price_of_the_base_year_is_a_fault(tmp_path: Path) -> None:
    tables = mine_and_user()
    tables["prices"] = [{**row, "date": "2023"} for row in tables["prices"]]
    case = make_case(tmp_path / "unpriced", tables)
    with pytest.raises(CaseError, match=r"prices\.csv.*no observed price of 2024"):
        prepare(case)


def test_cases_with_the_same_files_share_a_calibration(tmp_path: Path) -> None:
    one, two = (load_case(write_case(tmp_path / name / "same", mine_and_user())) for name in ("a", "b"))
    assert prepare(one) is prepare(two)
    other = mine_and_user()
    other["costs"] = [{"cost": 2.5}]
    assert prepare(make_case(tmp_path / "c" / "same", other)) is not prepare(one)


def test_a_case_of_mines_only_clears(tmp_path: Path) -> None:
    assert len(clear(make_case(tmp_path / "mines", mine_and_user()))["prices"]) == 2


@pytest.mark.parametrize("absent", ["statistics", "stocks"])
def test_tables_that_may_be_absent(tmp_path: Path, absent: str) -> None:
    tables = chain()
    del tables[absent]
    result = clear(make_case(tmp_path / "bare", tables))
    assert set(result["prices"]["region"]) == {"CTL", "ONE", "TWO"}
