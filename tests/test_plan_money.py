"""Money by year: what is spent by the end of a year is at most what has come in by then, and somebody pays it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from didymium.case.case import Case
from didymium.market.rules import EVER, spendable
from didymium.plan import plan
from didymium.plan.desk import Desk
from didymium.plan.payers import bill, split
from didymium.plan.planner import Planner, Search
from didymium.plan.recourse import Decision, Worth
from didymium.result import Result
from plan_cases import desk_for, extensive, investors, three_ways

BOTH = ("ONE", "TWO")
LAST = 2030
DAYS = (date(2024, 1, 1), date(2026, 1, 1))
WHOLE = ("pit_one", "smelter_one", "smelter_two")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return investors(Path(tmp_path_factory.mktemp("money")) / "investors")


def with_money(case: Case, *rows: tuple[str, float, int | None]) -> Case:
    """Return a case with other purses: whose, USD, the year in which it comes in."""
    first = case["purses"].iloc[0].to_dict()
    made = [
        {**first, "purse": f"p{at}", "region": who, "amount": amount, "year": pd.NA if year is None else year,
         "_row": f"purses/p{at}"}
        for at, (who, amount, year) in enumerate(rows)
    ]  # fmt: skip
    return replace(case, tables=case.tables | {"purses": pd.DataFrame(made).astype({"year": "Int64"})})


# The law


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(2020, 2034), st.integers(0, 9)), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(2024, 2030), st.integers(0, 9)), max_size=5),
)
def test_the_rows_say_what_every_year_says(money: list[tuple[int, int]], spent: list[tuple[int, int]]) -> None:
    """A few rows against every year of the horizon."""
    years = sorted({year for year, _amount in money})
    steps = tuple((y, float(sum(amount for year, amount in money if year <= y))) for y in years)
    by_rows = all(
        sum(amount for year, amount in spent if year < before) <= most for before, most in spendable(steps, LAST)
    )
    by_years = all(
        sum(amount for year, amount in spent if year <= y) <= sum(amount for year, amount in money if year <= y)
        for y in range(2024, LAST + 1)
    )
    assert by_rows == by_years


def test_money_without_years_is_there_from_the_start() -> None:
    assert spendable(7.0, LAST) == [(EVER, 7.0)]


# The program against every choice of projects


@pytest.fixture(scope="module")
def bare(case: Case) -> Desk:
    """Return three whole projects, each decided now, in 2026 or never, and no stock."""
    market = desk_for(case, three_ways(), BOTH, LAST)
    found = [market.by_name[name] for name in WHOLE]
    terms = replace(market.terms, decisions=DAYS, recourse=False)
    none = replace(case, tables=case.tables | {"assumptions": _without_stock(case)})
    return Desk(none, market.market, market.unfolded, found, terms, BOTH)


def _without_stock(case: Case) -> pd.DataFrame:
    table = case["assumptions"].copy()
    table.loc[table["assumption"].eq("a_stock_most"), "value"] = 0.0
    return table


@pytest.fixture(scope="module")
def priced(bare: Desk) -> tuple[Search, list[tuple[Decision, list[tuple[int, float]], float]]]:
    """Return the search, and every choice with what it spends when (USD) and what it brings."""
    planner = Planner(bare, threads=1, gap=1e-7, weights=(2.0,))
    made = planner.search_of(BOTH, 2.0, 0.0)
    master = made.master()
    place = {(x.facility, x.decided[:4] or "2024"): at for at, x in enumerate(bare.projects)}
    found = []
    for when in product((None, "2024", "2026"), repeat=len(WHOLE)):
        decision = master.nothing()
        spent = []
        for name, year in zip(WHOLE, when, strict=True):
            if year is not None:
                decision.build[place[name, year]] = 1.0
                spent.append((int(year), bare.by_name[name].capex))
        worths: dict[int, Worth] = made.crew.solve(decision)
        found.append((decision, spent, master.value(decision, worths)))
        made.pool.append((decision, worths))
    assert len({round(value, 3) for _decision, _spent, value in found if value > 0}) > 5, (
        "projects are worth money here"
    )
    return made, found


def _gets(desk: Desk, rows: list[tuple[str, int, int | None]]) -> None:
    """Let the members of a desk's case have other money, in 10,000 USD."""
    desk.case = with_money(desk.case, *((who, 1e4 * amount, year) for who, amount, year in rows))
    desk._purses.clear()


MONEY = st.lists(
    st.tuples(st.sampled_from(BOTH), st.integers(0, 40), st.sampled_from([None, 2020, 2024, 2025, 2026, 2028, 2040])),
    min_size=1, max_size=4,
)  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(rows=MONEY)
def test_the_optimum_is_that_of_every_choice_that_keeps_to_the_years(
    bare: Desk, case: Case, priced: tuple[Search, list[tuple[Decision, list[tuple[int, float]], float]]],
    rows: list[tuple[str, int, int | None]],
) -> None:  # fmt: skip
    """Every choice of three projects now, later or never: the best of those whose spending keeps to every year."""
    made, found = priced
    _gets(bare, rows)
    most = -np.inf
    for decision, spent, value in found:
        kept = all(
            sum(x for year, x in spent if year <= y) <= sum(1e4 * x for _w, x, year in rows if (year or 0) <= y)
            for y in range(2024, LAST + 1)
        )
        assert kept == (not bare.broken(bare.limits(BOTH), decision))
        most = max(most, value if kept else -np.inf)
    best = made.run(1e-7, master=made.master()).value
    assert best == pytest.approx(most, abs=1e-5)
    (who, amount, year), *others = rows
    later = [(who, amount, 2027 if year is None else year + 2), *others]
    _gets(bare, later)
    assert made.run(1e-7, master=made.master()).value <= best + 1e-6, "money that comes later never helps"


# Stocks that are bought over the years


def _levels(desk: Desk, decision: Decision) -> list[tuple[int, float]]:
    """Return what the calm path has spent by the end of each year, USD: counted from the decision, not from rows."""
    capex = {x.facility: x.capex for x in desk.found}
    whole = sum(capex[x.facility] * b for x, b in zip(desk.projects, decision.build, strict=True) if x.choose)
    price = desk.market.base.price[[x.market for x in desk.programmes]].to_numpy(float)
    years = [desk.tree.nodes["start"].iloc[node].year for node in desk.pieces.before]
    return [(year, whole + 1000.0 * float(price @ row)) for year, row in zip(years, decision.stock, strict=True)]


def test_stocks_wait_for_the_money(case: Case) -> None:
    """460 kUSD at once, half of it in 2026, all of it in 2026, all of it after the horizon: each worth less."""
    worth = []
    for rows in (
        [("ONE", 460_000, None)],
        [("ONE", 230_000, 2024), ("TWO", 230_000, 2026)],
        [("ONE", 460_000, 2026)],
        [("ONE", 460_000, 2040)],
    ):
        desk = desk_for(with_money(case, *rows), three_ways(), BOTH, LAST)
        planner = Planner(desk, threads=1, gap=1e-7, weights=(2.0,))
        made = planner.search_of(BOTH, 2.0, 0.0)
        found = made.run(1e-7)
        for year, spent in _levels(desk, found.decision):
            assert spent <= sum(amount for _who, amount, at in rows if (at or 0) <= year) * (1 + 1e-6) + 1.0
        whole = extensive(desk, BOTH, 2.0).objective / 1000.0
        assert planner.total(made, found) == pytest.approx(whole, abs=1e-5), "the whole program keeps to it too"
        worth.append(found.value)
    assert worth[0] > worth[1] + 1e-3 > worth[2] > worth[3] - 1e-3, worth
    assert worth[3] == pytest.approx(0.0, abs=1e-9), "money after the horizon buys nothing"


def test_a_rule_is_affordable_in_every_year(case: Case) -> None:
    """50 kUSD in 2024 and the rest in 2029 do not pay 330 kUSD in 2024."""
    late = with_money(case, ("ONE", 50_000, 2024), ("ONE", 280_000, 2029))
    desk = desk_for(late, three_ways(), ("ONE",), LAST)
    planner = Planner(desk, threads=1, gap=1e-6, weights=(2.0,))
    for rule in planner.rules(("ONE",)):
        early = [spent for year, spent in _levels(desk, rule.decision) if year < 2029]
        assert max(early) > 50_000
        assert not planner.within(("ONE",), rule)
    chosen = planner.best(("ONE",))
    assert all(spent <= 50_000 * (1 + 1e-6) + 1.0 for year, spent in _levels(desk, chosen.plan.decision) if year < 2029)
    assert [row["affordable"] for row in chosen.tried if row["chosen"]] == [True]


# Who pays


AMOUNTS = st.floats(0.0, 50.0).map(lambda x: round(x, 3))


@settings(max_examples=200, deadline=None)
@given(left=st.lists(AMOUNTS, min_size=2, max_size=3), parts=st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4))
def test_no_purse_is_overdrawn_and_the_shares_add_up(left: list[float], parts: list[float]) -> None:
    """Whatever their sum can pay: own things first, what is sponsored together by what is left, then help."""
    purses = np.array(left)
    weights = np.array(parts[: len(left) + 1])
    amounts = weights / max(weights.sum(), 1.0) * purses.sum()
    owed = {(at,): float(x) for at, x in enumerate(amounts[:-1])} | {tuple(range(len(left))): float(amounts[-1])}
    shares = split(owed, purses)
    paid = sum((shares[own] * amount for own, amount in owed.items()), np.zeros(len(left)))
    assert all(share.sum() == pytest.approx(1.0) and (share >= -1e-12).all() for share in shares.values())
    assert (paid <= purses + 1e-6).all()
    for at in range(len(left)):
        if owed[(at,)] > 1e-6 and owed[(at,)] <= left[at]:
            assert shares[(at,)][at] == pytest.approx(1.0), "what only it sponsors it pays itself, where it can"


@pytest.fixture(scope="module")
def result(case: Case) -> Result:
    """Return a plan of two purses that come in by year, with one row that is not counted; decided now or in 2026."""
    money = [("ONE", 120_000, 2024), ("TWO", 60_000, None), ("ONE", 210_000, 2026), ("TWO", 70_000, 2025)]
    late = with_money(case, *money, ("TWO", 5_000_000, 2024))
    late["purses"].loc[late["purses"]["purse"].eq("p4"), ["counted", "note"]] = ["no", "for ships"]
    stories = three_ways()
    return plan(late, stories[1].scenario, "2024-01-01", LAST, scenarios=stories, gap=1e-6, threads=1,
                later=["2026-01-01"])  # fmt: skip


def test_no_participant_pays_more_than_its_purse(result: Result) -> None:
    rows = result["purses"]
    assert (rows["spent"] <= rows["money"] + 1e-6).all()
    assert rows.groupby("who")["spent"].sum().gt(0).all()
    counted = rows[rows["counted"].astype(bool)]
    most = counted.groupby(["who", "region"])["money"].sum()
    choices, stock = result["choices"], result["stock_plan"]
    for member in BOTH:
        column = f"paid_{member.lower()}"
        capital = choices.groupby("who")[column].sum()
        for who in (member, "both"):
            assert capital.get(who, 0.0) <= most[who, member] + 1e-6
    paid = choices[["paid_one", "paid_two"]].sum(axis=1)
    own = choices[~choices["committed"].astype(bool)]
    assert paid[own.index].to_numpy() == pytest.approx((own["capex"] * own["share"]).to_numpy())
    assert len(stock.groupby(["who", "commodity", "region"])) > 2, "every stock is listed"
    assert stock[["paid_one", "paid_two"]].sum(axis=1).to_numpy() == pytest.approx(stock["cost"].to_numpy())


def test_every_row_of_the_purses_is_listed(result: Result) -> None:
    rows = result["purses"].set_index(["who", "limit"])
    assert {limit for who, limit in rows.index if who == "both"} == {f"p{at}" for at in range(5)}
    ships = rows.loc[("both", "p4")]
    assert not ships["counted"] and ships["why"] == "for ships" and ships["spent"] == 0.0
    assert (ships["amount"], ships["currency"], ships["price_year"], ships["year"]) == (5e6, "USD", "2024", "2024")
    assert np.isnan(ships["shadow_price"])
    both = rows.loc["both"]
    assert both.loc["p0", "shadow_price"] >= both.loc["p2", "shadow_price"] - 1e-9 >= -2e-9, "sooner is worth more"


def test_gains_are_counted_with_what_each_pays(result: Result) -> None:
    """The members' costs add up to the public cost, and each has a part of it as in the other tables."""
    rows = result["compare"].set_index("who")
    assert (rows["cost_one"] + rows["cost_two"]).to_numpy() == pytest.approx(rows["public_cost"].to_numpy())
    assert rows.loc["ONE", "cost_two"] == 0.0 == rows.loc["TWO", "cost_one"]


def test_what_one_cannot_pay_the_other_does(case: Case) -> None:
    """A project of both, 200 kUSD, from 330 and 30 kUSD: by what each has. An equal split would ask 100 of 30."""
    desk = desk_for(with_money(case, ("ONE", 330_000, None), ("TWO", 30_000, None)), three_ways(), BOTH, LAST)
    at = {x.label: k for k, x in enumerate(desk.projects)}
    decision = Planner(desk, threads=1).clearing.nothing()
    decision.build[at["pit_one"]] = 1.0
    due = bill(desk, BOTH, decision)
    assert due.paid.sum(axis=1) == pytest.approx([200 * 330 / 360, 200 * 30 / 360])
    decision.build[at["pit_one"]], decision.build[at["small_two"]] = 0.0, 1.0
    assert bill(desk, BOTH, decision).paid.sum(axis=1) == pytest.approx([0.0, 30.0]), "its own it pays itself"
    decision.build[at["smelter_two"]] = 1.0
    assert bill(desk, BOTH, decision).paid.sum(axis=1) == pytest.approx([120.0, 30.0]), "and what it cannot, ONE pays"


# Together with the money of one


def test_together_with_the_same_money(result: Result) -> None:
    """The joint plan with the purse of the richer one keeps to it, and is worth no less than that one's plan."""
    rows = result["together"].set_index("who")
    assert list(rows.index) == ["TWO", "ONE", "both_same_money", "both"]
    same, one, both = (rows.loc[name] for name in ("both_same_money", "ONE", "both"))
    assert same["money_of"] == one["money_of"] == "ONE" and same["money"] == one["money"] == pytest.approx(0.33)
    assert (rows["spent"] <= rows["money"] + 1e-6).all()
    if both["spent"] <= one["money"]:
        assert both["more"] == pytest.approx(0.0, abs=1e-9), "what the joint plan needs the richer one has alone"
    assert one["gain"] - 1e-9 <= same["gain"] <= both["gain"] + 1e-9, "judged on the same stories"
    assert same["more"] == pytest.approx(same["gain"] - one["gain"])
    assert both["more"] == pytest.approx(both["gain"] - same["gain"])
    compare = result["compare"].set_index("who")
    for name in ("ONE", "TWO", "both"):
        assert rows.loc[name, "gain"] == pytest.approx(compare.loc[name, ["gain_one", "gain_two"]].sum())


def test_less_money_is_searched_with_every_cut_that_is_known(case: Case) -> None:
    """The same optimum as from nothing, with the purse of one, in fewer steps."""
    desk = desk_for(case, three_ways(), BOTH, LAST)
    planner = Planner(desk, threads=1, gap=1e-6, weights=(2.0,))
    warm = planner.search_of(BOTH, 2.0, 0.0)
    warm.run(1e-6)
    again = warm.run(1e-6, master=warm.master(whose=("ONE",)))
    cold = planner.search_of(BOTH, 2.0, 0.0)
    anew = cold.run(1e-6, master=cold.master(whose=("ONE",)))
    assert again.value == pytest.approx(anew.value, abs=1e-5) and again.steps <= anew.steps
    assert desk.spent(again.decision) <= 330.0 * (1 + 1e-6)
