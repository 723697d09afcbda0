"""How long stocks last: published arithmetic, and the same answers from the month-by-month engine."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from case_factory import Tables, make_case
from didymium.case.case import Case
from didymium.case.scenario import DemandChange, Restriction, Scenario
from didymium.market.options import Options, StockProgramme
from didymium.market.prepare import prepare
from didymium.market.program import build
from didymium.market.solve import Instance
from didymium.market.stocks import REST
from didymium.market.tree import MONTH, Tree, months
from didymium.shock.engine import Engine
from didymium.shock.reliance import Reliance, halts
from didymium.shock.run_out import (
    days_needed,
    lender_cover,
    missing_share,
    needed_by,
    pooled_run_out,
    run_out,
    run_out_by,
)

PUBLISHED = [
    pytest.param(60, 0.3, 0.0, 0.0, 85.7, id="60 days, 30 % from elsewhere"),
    pytest.param(60, 0.3, 0.2, 0.0, 120.0, id="and 20 % saved"),
    pytest.param(180, 0.3, 0.0, 0.0, 257.1, id="180 days"),
    pytest.param(60, 0.3, 0.0, 0.25, 114.3, id="a quarter licensed"),
]
"""Stock, share from elsewhere, thrift, licensed, days: users.md Q1 and Q6, T = S / (1 - s - c), 60 / (0.70 x 0.75)."""


@pytest.mark.parametrize(("stock", "outside", "thrift", "licensed", "days"), PUBLISHED)
def test_published_days(stock: float, outside: float, thrift: float, licensed: float, days: float) -> None:
    assert run_out(stock, outside, thrift, licensed) == pytest.approx(days, abs=0.05)


def test_days_needed_for_half_a_year() -> None:
    """users.md Q2: 182 (1 - s - c) is 127.4 with s = 0.30 and 91.0 with s = 0.50."""
    assert days_needed(182, 0.3) == pytest.approx(127.4)
    assert days_needed(182, 0.5) == pytest.approx(91.0)
    assert run_out(60, 1.0) == np.inf


def importer(stock: float, elasticity: float = -0.001) -> Tables:
    """Return one importer that buys 70 % of its ore from CTL, digs 30 % and holds a strategic stock of some days."""
    return {
        "regions": [{"region": "CTL", "role": "controller"}, {"region": "ONE", "role": "participant"}],
        "commodities": [{"commodity": "ore", "stage": "mine"}],
        "processes": [{"process": "dig", "stage": "mine", "capacity_commodity": "ore", "mixed": "mine"}],
        "recipes": [{"process": "dig", "commodity": "ore", "coefficient": 1}],
        "facilities": [
            {"facility": "pit", "region": "CTL", "stage": "mine", "processes": "dig", "capacity": 700},
            {"facility": "own", "region": "ONE", "stage": "mine", "processes": "dig", "capacity": 30},
        ],
        "costs": [{"cost": 2}],
        "routes": [{"origin": "CTL", "destination": "ONE", "cost": 1}],
        "end_uses": [{"end_use": "motor", "elasticity": elasticity, "elasticity_high": elasticity / 10}],
        "demands": [
            {"end_use": "motor", "region": "ONE", "commodity": "ore", "quantity": 100, "low": 99, "high": 101},
            {"end_use": "motor", "region": "CTL", "commodity": "ore", "quantity": 500, "low": 495, "high": 505},
        ],
        "statistics": [
            {"flow": "production", "commodity": "ore", "region": "ONE", "quantity": 30, "sigma": 0.1},
        ],
        "prices": [{"commodity": "ore", "region": "CTL", "price": 5}],
        "stocks": [{"stock": "reserve", "kind": "strategic", "owner": "government", "region": "ONE", "commodity": "ore",
                    "quantity": stock, "release": "shortage"}],
    }  # fmt: skip


def drawn(
    folder: Path, tables: Tables, outside: float, thrift: float = 0.0, licensed: float = 0.0
) -> tuple[np.ndarray, np.ndarray, float]:
    """Run a halt of a year on an importer.

    Returns
    -------
    tuple
        Share of the missing use that stock gives, by month; share of normal use served, by month; days of normal use
        that are still held at the end.
    """
    case = make_case(folder, tables)
    day = date(2025, 1, 1)
    ban = Restriction("ban", "licence", "CTL", frozenset({"ore"}), frozenset({"ONE"}), day, None, ((day, licensed),),
                      0.0, ("sources/book",))  # fmt: skip
    saves = DemandChange("motor", "ONE", day, date(2030, 1, 1), 1.0 - thrift, ())
    path = Engine(case).path(Scenario("halt", "Halt", "", day, 12, (ban,), demand_changes=(saves,)))
    served = path.served.loc["motor|ONE|ore"] / (path.wanted.loc["motor|ONE|ore"] / (1.0 - thrift))
    floor = 1.0 - thrift - missing_share(outside, thrift, licensed)
    from_stock = np.clip((served - floor) / missing_share(outside, thrift, licensed), 0.0, 1.0)
    return from_stock.to_numpy(), served.to_numpy(), float(path.stock.iloc[:, -1].sum()) * 365.25 / 100.0


@pytest.mark.parametrize("kind", ["strategic", "commercial"])
@pytest.mark.parametrize(("stock", "outside", "thrift", "licensed", "days"), PUBLISHED)
def test_the_engine_runs_out_on_the_published_day(
    tmp_path: Path, stock: float, outside: float, thrift: float, licensed: float, days: float, kind: str
) -> None:
    """The days for which the use that the halt leaves is served in full, month by month, until the stock is gone.

    Firms' stocks give all they have where a unit that is missing costs more than any ease of holding one: the choke
    price is 1,000 base prices. Where it is less, see the next test.
    """
    tables = importer(stock)
    if kind == "commercial":
        tables = firms(tables, stock, choke=1000)
    from_stock, served, _held = drawn(tmp_path / "importer", tables, outside, thrift, licensed)
    floor = 1.0 - thrift - missing_share(outside, thrift, licensed)
    assert from_stock.sum() * MONTH == pytest.approx(days, rel=0.01)
    full = int(np.floor(days / MONTH))
    assert from_stock[: full - 1].min() > 0.98, "it is used as long as there is any, not saved for prophets"
    assert served[11] == pytest.approx(floor, abs=0.01)


def firms(tables: Tables, stock: float, choke: float) -> Tables:
    """Return the same importer whose stock is firms', with users who pay so many base prices at most."""
    use = {**tables["end_uses"][0], "choke": choke, "choke_low": choke / 2, "choke_high": 2 * choke}
    held = {"stock": "firms", "region": "ONE", "commodity": "ore", "quantity": stock}
    return {**tables, "end_uses": [use], "stocks": [held]}


def working_share(choke: float, rate: float = 0.05, holding: float = 0.03) -> float:
    """Return the share of their stock that firms do not sell at the choke price.

    A rung from ``a`` to ``b`` of the rest level eases work by ``(r + h) / (a b)`` base prices a month (Brennan's
    convenience yield, here falling with the square); sold a month later it loses the month's discount of the choke
    price and costs its holding. It is kept where the ease is more.
    """
    fall, hold = 1.0 - (1.0 + rate) ** (-1.0 / 12.0), holding / 12.0
    low, high = REST[:-1], REST[1:]
    ease = (fall + hold) / np.where(low > 0, low * high, high**2)
    kept = ease > choke * fall + hold
    return float(high[kept].max(initial=0.0))


@pytest.mark.parametrize(("choke", "share"), [(6.0, 0.5), (20.0, 0.35), (40.0, 0.2), (100.0, 0.2), (1000.0, 0.0)])
def test_firms_keep_a_working_stock_and_run_out_of_the_rest(tmp_path: Path, choke: float, share: float) -> None:
    """``T = (S - W) / m``: what firms need to work at all is not for sale below the choke price."""
    assert working_share(choke) == share
    from_stock, _served, held = drawn(tmp_path / "importer", firms(importer(60), 60, choke), 0.3)
    assert held == pytest.approx(60 * share, abs=0.1)
    assert from_stock.sum() * MONTH == pytest.approx(run_out(60 * (1.0 - share), 0.3), rel=0.01)


days_ = st.floats(1.0, 400.0)
shares_ = st.floats(0.05, 1.0)
use_ = st.floats(1.0, 1000.0)


profile_ = st.lists(st.sampled_from([0.0, 0.05, 0.3, 0.7, 1.0]), min_size=3, max_size=120).map(np.array)


@pytest.mark.parametrize(("stock", "outside", "thrift", "licensed", "days"), PUBLISHED)
def test_as_much_every_day_is_the_published_day(
    stock: float, outside: float, thrift: float, licensed: float, days: float
) -> None:
    assert run_out_by(stock, np.full(365, missing_share(outside, thrift, licensed))) == pytest.approx(days, abs=0.05)


@given(days_, profile_)
def test_a_stock_by_the_hundredth_of_a_day(stock: float, missing: np.ndarray) -> None:
    """Take a hundredth of a day's missing use after another out of it; beyond the days go on with their mean."""
    found = run_out_by(stock, missing)
    if not missing.any():
        assert found == np.inf
        return
    steps = np.repeat(missing[missing > 0], 100) / 100.0
    steps = np.append(steps, np.full(int(np.ceil(stock / steps.mean())) + 1, steps.mean()))
    assert found == pytest.approx(float(np.searchsorted(np.cumsum(steps), stock)) / 100.0, abs=0.02)


def test_a_cut_that_is_hard_at_first_empties_the_stock_sooner() -> None:
    """60 days; all is missing for 60 days and a tenth for 180 after that: they are gone on day 60, not on day 185."""
    missing = np.repeat([1.0, 0.1], [60, 180])
    assert run_out_by(60.0, missing) == pytest.approx(60.0)
    assert 60.0 / missing.mean() == pytest.approx(184.6, abs=0.1)
    assert run_out_by(60.0, missing[::-1]) == pytest.approx(180.0 + 42.0)
    assert run_out_by(100.0, missing) == pytest.approx(240.0 * 100.0 / 78.0)


@settings(max_examples=30)
@given(
    st.tuples(days_, days_), st.tuples(use_, use_), st.integers(1, 364), st.tuples(shares_, shares_, shares_, shares_)
)
def test_pooled_time_lies_between(
    days: tuple[float, ...], use: tuple[float, ...], until: int, missing: tuple[float, ...]
) -> None:
    """users.md Q19: as much is missing until a day, another share after it. Both miss until then what both hold."""
    each, held = np.repeat(np.array(missing).reshape(2, 2), [until, 365 - until], axis=1), np.array(days)
    own = [run_out_by(d, m) for d, m in zip(days, each, strict=True)]
    pooled = pooled_run_out(held, np.array(use), each)
    assert min(own) * (1 - 1e-9) <= pooled <= max(own) * (1 + 1e-9)
    assert np.array(use) @ needed_by(pooled, each) == pytest.approx(float(np.array(use) @ held))


@given(days_, shares_, st.tuples(use_, use_))
def test_equals_gain_nothing_by_pooling(days: float, missing: float, use: tuple[float, ...]) -> None:
    pooled = pooled_run_out(np.array([days, days]), np.array(use), np.full((2, 365), missing))
    assert pooled == pytest.approx(days / missing)


def test_who_lends_loses_cover() -> None:
    """One is cut and the other not: 60 days of 100 t/day and 90 of 50 t/day last (6,000 + 4,500) / 70 = 150 days."""
    missing = np.array([np.full(365, 0.7), np.zeros(365)])
    pooled = pooled_run_out(np.array([60.0, 90.0]), np.array([100.0, 50.0]), missing)
    assert pooled == pytest.approx(150.0)
    assert pooled > run_out(60, 0.3)
    assert needed_by(pooled, missing).tolist() == pytest.approx([105.0, 0.0])
    assert lender_cover(90.0, 50.0, 1000.0) == pytest.approx(70.0)
    assert lender_cover(90.0, 50.0, 1e9) == 0.0


def test_a_ban_within_a_month_holds_back_all_on_its_days(us_japan: Case) -> None:
    """From 6 January 2026, seen to the end of 2027: 725 days, and on each of them all dysprosium oxide for Japan."""
    market = prepare(us_japan)
    story = us_japan.scenario("japan-ban-2026")
    tree = months(story.start, story.months, story, 0.05)
    halt = halts(Reliance(us_japan, market), market.network, tree)
    assert (story.start, story.months) == (date(2026, 1, 1), 24) and halt.days("gd_oxide|JPN") == 725
    assert halt.mean("gd_oxide|JPN") == pytest.approx(1.0, abs=1e-3) and halt.days("gd_oxide|USA") == 0
    assert halt.mean("gd_oxide|USA") == 0.0


@pytest.mark.parametrize(("choke", "covered"), [(1.15, 2), (1.3, 3), (1.9, 4), (1.104, 1), (1.08, 0)])
def test_newsvendor_with_disruption(tmp_path: Path, choke: float, covered: int) -> None:
    """Four cuts of 20, 40, 60 and 80 %, a quarter each; stock is bought before it is known which one comes.

    A tonne of stock costs its holding, 0.1 p, and earns (choke - 1) p where it is missing; where it is not, it takes
    the place of a tonne that is bought. So the stock covers the smallest cut whose probability reaches the ratio
    1 - 0.1 / (choke - 1): 0.33, 0.67, 0.89 and 0.04 ask for the second, third, fourth and first; below 0 for none.
    """
    tables = importer(0.0)
    tables["stocks"] = []
    tables["facilities"] = [{**tables["facilities"][0], "capacity": 5000}, {**tables["facilities"][1], "capacity": 1}]
    tables["statistics"] = [{**tables["statistics"][0], "quantity": 0.1}]
    tables["costs"] = [{"cost": 2, "elasticity": 1000}]
    tables["end_uses"] = [{**tables["end_uses"][0], "choke": choke, "choke_low": 1.001}]
    tables["assumptions"] = [{"assumption": "a_discount_rate", "value": 0.0},
                             {"assumption": "a_holding_cost", "value": 0.1}]  # fmt: skip
    case = make_case(tmp_path / "vendor", tables)
    market = prepare(case)
    cuts = (0.2, 0.4, 0.6, 0.8)
    levels = (0.0, *cuts)
    day, then, last = date(2025, 1, 1), date(2026, 1, 1), date(2027, 1, 1)
    stories = [
        Scenario(f"cut {cut}", "", "", day, 24, (Restriction(
            f"cut {cut}", "licence", "CTL", frozenset({"ore"}), frozenset({"ONE"}), then, None, ((then, 1.0 - cut),),
            0.0, ()),)) for cut in cuts
    ]  # fmt: skip
    nodes = pd.DataFrame({
        "start": [day, *[then] * 4], "end": [then, *[last] * 4], "label": ["before", *(s.name for s in stories)],
        "years": 1.0, "parent": [-1, 0, 0, 0, 0], "probability": [1.0, *[0.25] * 4], "discount": 1.0,
    }, index=pd.RangeIndex(5, name="node"))  # fmt: skip
    programme = StockProgramme("ore|ONE", "ONE", most=1000.0, per_year=1000.0)
    options = Options(stocks=True, programmes=(programme,))
    solution = Instance(build(case, Tree(nodes, (None, *stories)), options, market)).solve()
    bought = solution.frame("stock").loc["programme|ore|ONE", 0]
    base = market.base.ship["ore|CTL|ONE"]
    assert bought == pytest.approx(levels[covered] * base, abs=1.6), "the segment at the base is two per cent wide"
