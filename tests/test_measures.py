"""Measures of every kind, as files: what each does to a small chain, and what contradicts itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from case_factory import chain, make_case
from didymium.case.case import Case
from didymium.faults import CaseError, DidymiumError, SolverError
from didymium.market import duties
from didymium.market.options import Options
from didymium.market.solve import Solution
from didymium.market.tree import Tree
from didymium.shock.engine import AHEAD, OPTIONS, WINDOW, Engine
from didymium.shock.path import Path as Months

HEAD = 'title = "Story"\nstart = "2025-01-01"\nmonths = {months}\n'
MEASURE = """
[[measure]]
id = "{id}"
kind = "{kind}"
controller = "CTL"
commodities = ["ore", "metal"]
destinations = ["*"]
start = "2025-02-01"
source = "book"
"""


def measure(kind: str, more: str = "", name: str = "m") -> str:
    return MEASURE.format(kind=kind, id=name) + more + "\n"


LICENCE = measure("licence", 'approval = [["2025-02-01", 0.25]]')
TARIFF = """
[[measure]]
id = "duty"
kind = "{kind}"
commodities = ["metal"]
destinations = ["TWO"]
start = "2025-02-01"
source = "book"
{level}
"""


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("measures") / "chain", chain())


@pytest.fixture(scope="module")
def engine(case: Case) -> Engine:
    return Engine(case)


def write(case: Case, text: str, name: str = "story", months: int = 4) -> str:
    (case.folder / "scenarios" / f"{name}.toml").write_text(HEAD.format(months=months) + text, "utf-8")
    return name


def run(engine: Engine, text: str, foresight: str = "none", months: int = 4) -> Months:
    return engine.path(engine.case.scenario(write(engine.case, text, months=months)), foresight)


@pytest.fixture(scope="module")
def calm(engine: Engine) -> Months:
    return run(engine, "")


# Grammar


def test_a_queue_clears_when_the_review_ends(case: Case) -> None:
    """Half at once after 10 days, 80 % of the rest after 40: 0, then 0.5, then 0.9."""
    text = measure("licence", 'approval = [["2025-02-01", 0.5]]\ndelay_days = 10\nreview_days = 40\nlate = 0.8')
    (queue,) = case.scenario(write(case, text)).restrictions
    assert queue.approval == ((date(2025, 2, 1), 0.0), (date(2025, 2, 11), 0.5), (date(2025, 3, 13), 0.9))


def test_smugglers_and_unnamed_buyers_get_through(case: Case) -> None:
    leak = case.scenario(write(case, measure("ban", "leak = 0.1"))).restrictions[0]
    assert leak.on(date(2025, 3, 1)) == pytest.approx(0.1)
    entity = case.scenario(write(case, measure("ban", "covers = 0.3"))).restrictions[0]
    assert entity.on(date(2025, 3, 1)) == pytest.approx(0.7)


def test_a_truce_lifts_for_one_destination(case: Case) -> None:
    text = LICENCE + '[[relief]]\nmeasures = ["m"]\ndestinations = ["ONE"]\nstart = "2025-03-01"\n'
    text += 'end = "2025-03-31"\nsource = "book"\n'
    by = {min(r.destinations): r for r in case.scenario(write(case, text)).restrictions}
    assert set(by) == {"ONE", "TWO"}
    shares = [[by[region].on(date(2025, month, 15)) for month in (2, 3, 4)] for region in ("ONE", "TWO")]
    assert shares == [[0.25, 1.0, 0.25], [0.25, 0.25, 0.25]]


def test_the_end_of_a_suspension_is_known_only_where_it_is_announced(case: Case) -> None:
    text = LICENCE + '[[relief]]\nmeasures = ["m"]\nstart = "2025-03-01"\nend = "2025-05-31"\nsource = "book"\n'
    (law,) = case.scenario(write(case, text)).restrictions
    day, later = date(2025, 3, 31), date(2025, 7, 1)
    assert law.believed(day, known_end=True).on(later) == 0.25
    assert law.believed(day, known_end=False).on(later) == 1.0


def test_law_brings_its_own_dates_and_its_suspension(us_japan: Case) -> None:
    rules = {r.measure: r for r in us_japan.scenario("october-2025-rules").restrictions}["content_rule"]
    assert rules.start == date(2025, 12, 1)
    assert [rules.on(day) for day in (date(2025, 12, 1), date(2026, 11, 10), date(2026, 11, 11))] == [1.0, 1.0, 0.5]


def test_scenarios_are_put_together(case: Case) -> None:
    write(case, LICENCE, "one")
    outage = '[[outage]]\nfacility = "pit"\nstart = "2025-03-01"\nend = "2025-03-31"\nsource = "book"\n'
    write(case, outage, "two")
    both = case.scenario(write(case, 'include = ["one", "two"]', "both"))
    assert [r.measure for r in both.restrictions] == ["m"]
    assert [o.facility for o in both.outages] == ["pit"]
    assert (both.name, both.months) == ("both", 4)


def test_what_contradicts_is_refused(case: Case) -> None:
    write(case, LICENCE, "one")
    twice = 'include = ["one"]\n' + measure("licence", 'approval = [["2025-02-01", 0.5]]')
    with pytest.raises(CaseError, match="contradicts"):
        case.scenario(write(case, twice))
    same = case.scenario(write(case, 'include = ["one"]\n' + LICENCE))
    assert len(same.restrictions) == 1, "said twice is no contradiction, and said once"
    outage = (
        '[[outage]]\nfacility = "pit"\nstart = "2025-03-01"\nend = "2025-03-31"\nsource = "book"\navailability = {}\n'
    )
    with pytest.raises(CaseError, match="two outages"):
        case.scenario(write(case, outage.format(0.0) + outage.format(0.5)))
    with pytest.raises(CaseError, match="to lift"):
        case.scenario(write(case, '[[relief]]\nmeasures = ["x"]\nstart = "2025-03-01"\nsource = "book"\n'))


# What they do


def test_a_tariff_is_a_wedge_between_the_prices(engine: Engine, calm: Months) -> None:
    """Price at home = (price abroad + freight) (1 + rate), as long as trade goes on."""
    path = run(engine, TARIFF.format(kind="tariff", level="rate = 0.2"))
    routes = engine.market.network.routes
    last = path.price[3]
    used = [name for name in routes.index[routes["head"].eq("metal|TWO")] if path.ship.at[name, 3] > 0.01]
    assert used
    for name in used:
        arrival = last[routes.at[name, "tail"]] + engine.market.base.freight[name]
        assert path.duty.at[name, 3] == pytest.approx(0.2 * arrival, rel=5e-3)
    assert last["metal|TWO"] > 1.05 * calm.price.at["metal|TWO", 3]
    assert path.duty[0].max() == 0.0
    assert path.served.at["motor|TWO|metal", 3] < 0.99 * calm.served.at["motor|TWO|metal", 3]


def test_a_minimum_price_holds_on_arrival(engine: Engine, calm: Months) -> None:
    floor = 1.3 * calm.price.at["metal|TWO", 3]
    path = run(engine, TARIFF.format(kind="minimum_price", level=f"price = {floor}"))
    routes = engine.market.network.routes
    used = [name for name in routes.index[routes["head"].eq("metal|TWO")] if path.ship.at[name, 3] > 0.01]
    assert used
    for name in used:
        arrival = path.price.at[routes.at[name, "tail"], 3] + engine.market.base.freight[name]
        assert arrival + path.duty.at[name, 3] == pytest.approx(floor, rel=5e-3)
    low = TARIFF.format(kind="minimum_price", level="price = 1")
    idle, known = run(engine, low), run(engine, low, "perfect")
    assert np.array_equal(known.price, run(engine, "", "perfect").price), "a floor below the price does nothing at all"
    assert np.allclose(idle.price, calm.price, rtol=1e-4), "but that a plan is made anew on its day"
    lower = run(engine, TARIFF.format(kind="minimum_price", level="price = 0.5"))
    assert np.array_equal(idle.price, lower.price), "and how far below it lies is all the same"


def test_a_wedge_that_does_not_settle_is_a_fault(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duties, "PASSES", 1)
    with pytest.raises(SolverError, match="duty"):
        run(engine, TARIFF.format(kind="tariff", level="rate = 0.3"))


def test_a_pooled_quota_bounds_the_sum_and_leaves_the_mix(engine: Engine, calm: Months) -> None:
    cut = 'approval = [["2025-02-01", 0.6]]\n'
    path = {
        name: run(engine, measure("quota", cut + more)) for name, more in (("apart", ""), ("pool", "pooled = true"))
    }
    routes = engine.market.network.routes
    mine = routes["origin"].eq("CTL").to_numpy()
    base = engine.market.base.ship[mine] / 12
    for months in path.values():
        assert months.ship[mine][2].sum() <= 0.6 * base.sum() + 1e-6
    apart = (path["apart"].ship[mine][2] / base)[base > 0.01]
    pooled = (path["pool"].ship[mine][2] / base)[base > 0.01]
    assert apart.max() <= 0.6 + 1e-6
    assert pooled.max() > 0.62 and pooled.min() < 0.58, "what is needed most goes"


def test_a_closed_route_is_nobodys_measure(engine: Engine) -> None:
    text = '[[closure]]\norigins = ["ONE"]\ndestinations = ["TWO"]\nstart = "2025-02-01"\nend = "2025-02-28"\n'
    path = run(engine, text + 'source = "book"\n')
    routes = engine.market.network.routes
    on = (routes["origin"].eq("ONE") & routes["destination"].eq("TWO")).to_numpy()
    assert path.ship[on][0].sum() > 0.1
    assert path.ship[on][1].sum() < 1e-9
    assert path.ship[on][2].sum() > 0.1


def test_announced_foresight_knows_the_end(engine: Engine) -> None:
    """Who knows that the cut ends in April draws down more in March, and pays less."""
    text = measure("ban", 'end = "2025-04-30"')
    level, price = {}, {}
    for foresight in ("none", "announced", "perfect"):
        path = run(engine, text, foresight, months=8)
        level[foresight] = path.stock.loc["firms_metal|metal|TWO", 2]
        price[foresight] = path.price.at["metal|TWO", 2]
    assert level["announced"] < level["none"] - 1e-6
    assert price["announced"] < price["none"]


def test_a_window_looks_far_only_where_a_date_is_announced(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six months without one, twelve with one; and the same path with one engine and with a new one."""
    seen: list[int] = []
    solve = Engine._solve

    def counted(self: Engine, tree: Tree, options: Options, *rest: Any) -> tuple[Solution, np.ndarray]:
        seen.append(len(tree))
        return solve(self, tree, options, *rest)

    monkeypatch.setattr(Engine, "_solve", counted)
    engine = Engine(case)
    open_, ending = LICENCE, measure("ban", 'end = "2025-04-30"')
    free = run(engine, open_, "announced", months=8)
    assert set(seen) == {WINDOW}
    assert len(free.runs) < 8, "a plan stands where nothing happens"
    seen.clear()
    first = run(engine, ending, "announced", months=8)
    assert seen[0] == WINDOW and AHEAD in seen and seen[-1] == WINDOW
    anew = run(Engine(case), ending, "announced", months=8)
    np.testing.assert_array_equal(first.served, anew.served)


def test_where_no_date_is_announced_nobody_knows_more(engine: Engine) -> None:
    """Licences without an end: the same plans on the same days, to the last bit."""
    none, announced = (run(engine, LICENCE, name, months=8) for name in ("none", "announced"))
    assert [each["months"] for each in announced.runs] == [each["months"] for each in none.runs]
    assert np.array_equal(announced.served, none.served) and np.array_equal(announced.price, none.price)


def test_a_measure_announced_before_its_start_is_hoarded_for(engine: Engine) -> None:
    """Only where announced dates are known: without, nothing happens before the start."""
    ban = measure("ban").replace('start = "2025-02-01"', 'start = "2025-04-01"\nannounced = "2025-02-01"')
    first = {name: run(engine, ban, name, months=5).price.loc["metal|TWO", [0, 1, 2]] for name in ("none", "announced")}
    assert first["none"].max() < 1.01 * first["none"].min()
    assert first["announced"][1] > 1.05 * first["announced"][0]


def test_priority_serves_the_first_class_in_full(tmp_path: Path) -> None:
    tables = chain()
    use = tables["end_uses"][0]
    tables["end_uses"] = [use, {**use, "end_use": "defence", "priority": 1, "elasticity": -0.9, "choke": 3}]
    tables["demands"] = [*tables["demands"], {"end_use": "defence", "region": "TWO", "commodity": "metal",
                                              "quantity": 5, "low": 4.9, "high": 5.1}]  # fmt: skip
    case = make_case(tmp_path / "two", tables)
    story = case.scenario(write(case, measure("ban"), months=6))
    engine = Engine(case)
    share = {}
    for rationing in ("price", "priority"):
        path = engine.path(story, "none", Options(stocks=True, transit=True, rationing=rationing))
        share[rationing] = path.served.iloc[:, 1:] / path.wanted.iloc[:, 1:]
    assert share["price"].loc["defence|TWO|metal"].min() < 0.9
    assert share["priority"].loc["defence|TWO|metal"].min() > 0.985
    assert share["priority"].loc["motor|TWO|metal"].sum() < share["price"].loc["motor|TWO|metal"].sum() - 0.01
    with pytest.raises(DidymiumError, match="month by month"):
        engine.path(story, "perfect", Options(stocks=True, transit=True, rationing="priority"))


def test_one_engine_runs_them_all_the_same(case: Case, engine: Engine) -> None:
    """A warm instance that has seen other scenarios gives what a fresh one gives."""
    story = case.scenario(write(case, LICENCE))
    fresh, warm = Engine(case).path(story), engine.path(story)
    for name in ("price", "served", "stock"):
        assert np.allclose(getattr(fresh, name), getattr(warm, name), rtol=1e-9, atol=1e-9)
    assert OPTIONS.rationing == "price"
