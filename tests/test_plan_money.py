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
from didymium.plan.desk import Desk
from didymium.plan.planner import Planner, Search
from didymium.plan.recourse import Decision, Worth
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
    bare.case = with_money(bare.case, *((who, 1e4 * amount, year) for who, amount, year in rows))
    most = -np.inf
    for decision, spent, value in found:
        kept = all(
            sum(x for year, x in spent if year <= y) <= sum(1e4 * x for _w, x, year in rows if (year or 0) <= y)
            for y in range(2024, LAST + 1)
        )
        assert kept == (not bare.broken(bare.limits(BOTH), decision))
        most = max(most, value if kept else -np.inf)
    assert made.run(1e-7, master=made.master()).value == pytest.approx(most, abs=1e-5)


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
        found = planner.search_of(BOTH, 2.0, 0.0).run(1e-7)
        for year, spent in _levels(desk, found.decision):
            assert spent <= sum(amount for _who, amount, at in rows if (at or 0) <= year) * (1 + 1e-6) + 1.0
        whole = extensive(desk, BOTH, 2.0).objective / 1000.0
        made = planner.search_of(BOTH, 2.0, 0.0)
        made._ready()
        assert planner.total(made, found) == pytest.approx(whole, abs=1e-5), "the whole program keeps to it too"
        worth.append(found.value)
    assert worth[0] > worth[1] + 1e-3 > worth[2] > worth[3] - 1e-3, worth
    assert worth[3] == pytest.approx(0.0, abs=1e-9), "money after the horizon buys nothing"


def test_a_rule_is_affordable_in_every_year(case: Case) -> None:
    """50 kUSD in 2024 and the rest in 2029 do not pay 330 kUSD in 2024."""
    late = with_money(case, ("ONE", 50_000, 2024), ("ONE", 280_000, 2029))
    desk = desk_for(late, three_ways(), ("ONE",), LAST)
    planner = Planner(desk, threads=1, gap=1e-6, weights=(2.0,))
    for plan in planner.rules(("ONE",)):
        early = [spent for year, spent in _levels(desk, plan.decision) if year < 2029]
        assert max(early) > 50_000
        assert not planner.within(("ONE",), plan)
    chosen = planner.best(("ONE",))
    assert all(spent <= 50_000 * (1 + 1e-6) + 1.0 for year, spent in _levels(desk, chosen.plan.decision) if year < 2029)
    assert [row["affordable"] for row in chosen.tried if row["chosen"]] == [True]
