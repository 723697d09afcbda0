"""Which plan is taken, under which functional, on which draws, and whether the draws tell it from the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from didymium.plan import plan
from didymium.plan.judge import Judged, chosen_of, draw, further, half_interval, regrets, union
from didymium.plan.settled import settled
from didymium.plan.stories import Story
from didymium.plan.values import mean_and_worst, recourse_values
from didymium.result import Result
from plan_cases import cut, decomposed, desk_for, investors, three_ways

BOTH = ("ONE", "TWO")
RISK = 0.5
DRAWS = 40


def judged(worth: list[float], idle: list[float], risk: float = 0.0, drawn: bool = True) -> Judged:
    count = len(worth)
    chance = np.ones(count, dtype=bool) if drawn else None
    return Judged(np.array(worth), np.array(idle), np.full(count, 1 / count), risk, chance, count if drawn else 0)


# The functional


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=20, max_size=60), st.floats(0, 1))
def test_the_value_is_that_of_the_losses_one_by_one(rows: list[tuple[float, float]], risk: float) -> None:
    """CVaR by sorting copies of the losses, 20 of each, so that the worst 5 % are whole ones."""
    worth, idle = (list(column) for column in zip(*rows, strict=True))
    each = judged(worth, idle, risk)

    def worst(losses: np.ndarray) -> float:
        return float(np.sort(np.repeat(losses, 20))[-len(losses) :].mean())

    spared = worst(np.array(idle)) - worst(np.array(idle) - np.array(worth))
    assert each.value == pytest.approx((1 - risk) * np.mean(worth) + risk * spared, abs=1e-8)
    assert each.share @ each.by_story == pytest.approx(each.value, abs=1e-8), "what the interval is taken of"


def test_insurance_is_not_a_risk() -> None:
    """It costs 10 when nothing is cut and spares 100 in the one bad story: less than nothing on average."""
    idle = [0.0] * 19 + [500.0]
    insurance = judged([-10.0] * 19 + [100.0], idle)
    assert insurance.value < 0
    assert judged([-10.0] * 19 + [100.0], idle, risk=0.5).value == pytest.approx(0.5 * insurance.mean + 0.5 * 100.0)


# Intervals


def test_the_interval_of_a_difference_is_the_paired_t_test_s() -> None:
    rng = np.random.default_rng(7)
    common = rng.normal(0, 100, 30)
    one, two = common + rng.normal(5, 3, 30), common + rng.normal(0, 3, 30)
    a, b = judged(one.tolist(), [0.0] * 30), judged(two.tolist(), [0.0] * 30)
    difference, half = a.over(b)
    low, high = stats.ttest_rel(one, two).confidence_interval()
    assert (difference - half, difference + half) == pytest.approx((low, high))
    assert not a.same_as(b), "each one's own interval is ten times as wide as the difference"
    assert min(a.interval, b.interval) > 5 * half


def test_what_is_known_adds_nothing_to_the_interval() -> None:
    share, by_story = np.array([0.25, 0.25]), np.array([1.0, 3.0])
    assert half_interval(by_story, share, 10) == pytest.approx(0.5 * stats.t.ppf(0.975, 9) * np.sqrt(1.0 * 10 / 9 / 10))
    assert np.isnan(half_interval(by_story, share, 1))
    assert judged([1.0, 3.0], [0.0, 0.0], drawn=False).interval == 0.0


def test_how_likely_no_cut_is_need_not_be_drawn() -> None:
    stories = three_ways()
    for seed in (1, 2, 3):
        drawn = draw(stories, 30, seed)
        assert drawn.share["calm"] == 0.4 and sum(drawn.share.values()) == pytest.approx(1.0)
        assert drawn.cuts <= drawn.draws == 30
    assert draw(stories, 30, 1).share != draw(stories, 30, further(1)).share
    sets = [draw(stories, 3, 1), draw(stories, 3, 2)]
    kept = union(stories, sets)
    assert {s.name for s in kept} == set(sets[0].share) | set(sets[1].share)
    assert sum(s.probability for s in kept) == pytest.approx(1.0)


def test_where_the_cuts_are_all_missed_calm_is_all() -> None:
    stories = [Story("calm", None, 0.999), Story("cut", cut(6, date(2026, 1, 1)), 0.001)]
    assert draw(stories, 2, 1).share == {"calm": 1.0}


# The rule


def test_spending_more_has_to_show_that_it_brings_more() -> None:
    rng = np.random.default_rng(3)
    good = 100.0 + rng.normal(0, 20, 40)
    idle = [0.0] * 40
    found = [judged(x.tolist(), idle) for x in (0 * good, good + 1 + rng.normal(0, 20, 40), good, good - 60, good)]
    allowed, own, spent = [True] * 5, [False, True, True, True, False], [0.0, 1700.0, 100.0, 80.0, 50.0]
    assert chosen_of(found, allowed, own, spent) == 2, "the cheaper of the program's own that are the same"
    assert chosen_of(found, [True, False, False, True, True], own, spent) == 4, "a rule that is shown to be better"
    assert chosen_of(found, [True, True, False, True, True], own, spent) == 1


def test_too_few_draws_are_no_reason_to_do_nothing() -> None:
    idle = [0.0] * 10
    helps = judged([0.0] * 9 + [50.0], idle)
    assert helps.same_as(judged(idle, idle)), "otherwise the test says nothing"
    assert chosen_of([judged(idle, idle), helps], [True, True], [False, True], [0.0, 9.0]) == 1
    harms = judged([-1.0] * 9 + [0.0], idle)
    assert chosen_of([judged(idle, idle), harms], [True, True], [False, True], [0.0, 9.0]) == 0


def test_regret_is_against_the_best_of_each_story() -> None:
    found = [judged(x, [0.0, 0.0]) for x in ([0.0, 0.0], [-5.0, 9.0], [20.0, 20.0])]
    none, plan_, _unaffordable = regrets(found, [True, True, False])
    assert none.tolist() == [0.0, 9.0] and plan_.tolist() == [5.0, 0.0]


# On a small case


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = Path(tmp_path_factory.mktemp("judge")) / "investors"
    case = investors(folder, a_cut_onset=0.2, a_cut_goes_on=0.4, a_cut_heavy=0.3, a_cut_one_partner=0.3)
    halt = cut(6, date(2026, 1, 1), "halt", goods=("metal", "ore"))
    return plan(case, halt, "2024-01-01", 2030, count=4, draws=DRAWS, gap=1e-6, threads=1, risk=RISK)


def test_candidates_are_ranked_by_the_functional(result: Result) -> None:
    tried = result["tried"]
    assert tried["worth"].to_numpy() == pytest.approx(((1 - RISK) * tried["mean"] + RISK * tried["spared"]).to_numpy())
    assert (tried["worth"] - tried["mean"]).abs().max() > 0.1, "an instance on which risk is nothing tests little"
    for _who, rows in tried.query("affordable and who != 'nothing'").groupby("who"):
        best = rows.loc[rows["worth"].idxmax()]
        assert best["verdict"] == "best" and (rows["behind"] >= -1e-12).all()
        assert rows["behind"].to_numpy() == pytest.approx((best["worth"] - rows["worth"]).to_numpy(), abs=1e-9)
        near = rows[rows["verdict"].ne("less than the best") & (rows["worth"] > 1e-9)]
        own = near[~near["candidate"].isin(["60 days of everything", "all announced projects as announced"])]
        least = (own if len(own) else near)["spent"].min()
        assert rows.loc[rows["chosen"], "spent"].item() == pytest.approx(least)
        assert (near["behind"] <= near["behind_interval"] + 1e-9).all()
    assert "not distinguishable from the best" in set(tried["verdict"])


def test_the_functional_is_named(result: Result) -> None:
    meaning = result.tables["tried"].columns["worth"].meaning
    assert "0.5 of the mean and 0.5 of the mean of the worst 5 % (CVaR)" in meaning and f"{DRAWS} draws" in meaning


def test_other_draws_value_the_plan_that_was_chosen(result: Result) -> None:
    values = result["values"].set_index(["who", "measure"])
    chosen = result["tried"].query("chosen").set_index("who")["worth"]
    for who in ("ONE", "both"):
        assert values.at[(who, "judged"), "value"] == pytest.approx(chosen[who])
        outside = values.loc[(who, "out_of_sample")]
        assert f"{DRAWS} further draws" in outside["meaning"]
        assert abs(outside["value"] - chosen[who]) > 1e-6, "the same draws once more"
        assert values.at[(who, "out_of_sample_interval"), "value"] > 0
    options = result.manifest["options"]
    assert (options["draws"], options["further_draws"], options["out_of_sample"]) == (DRAWS, DRAWS, True)


def test_regret_is_against_all_candidates(result: Result) -> None:
    tried, stories = result["tried"].query("affordable"), result["stories"]
    assert (tried["regret"] >= -1e-12).all() and (tried["regret_most"] >= tried["regret"] - 1e-12).all()
    assert tried.query("candidate == 'do nothing'")["regret_most"].max() > 0.1
    for who in BOTH:
        assert (stories[f"regret_{who.lower()}"] >= -1e-9).all()
    assert stories[["regret_one", "regret_two", "regret_both"]].to_numpy().max() > 1e-4, "no plan is best everywhere"


def test_what_is_given_is_all_there_is(tmp_path: Path) -> None:
    stories = [Story("calm", None, 0.6), Story("halt", cut(6, date(2026, 1, 1), "halt", goods=("metal", "ore")), 0.4)]
    found = plan(investors(tmp_path / "given"), stories[1].scenario, "2024-01-01", 2027, scenarios=stories, draws=30,
                 gap=1e-6, threads=1)  # fmt: skip
    rows = found["values"].query("measure == 'out_of_sample'")
    assert rows["value"].isna().all() and rows["meaning"].str.startswith("no out-of-sample").all() and len(rows) == 3
    assert (found["tried"]["interval"] == 0).all() and found.manifest["options"]["draws"] == 0


# Values of information under risk


@pytest.mark.parametrize(("risk", "lasts"), [(0.5, False), (0.5, True), (1.0, True)])
def test_values_are_those_of_the_functional(tmp_path: Path, risk: float, lasts: bool) -> None:
    """EEV <= RP <= WS over doing nothing; RP is ``(1 - r) mean gain + r CVaR spared`` of the losses by story.

    In a cut that may last the program's market does what suits the functional, in the losses by story what suits the
    mean: what the program makes of a decision is then no less.
    """
    stories = [s for s in three_ways() if lasts or s.name != "long"]
    stories = [replace(s, probability=s.probability / sum(x.probability for x in stories)) for s in stories]
    desk = desk_for(investors(tmp_path / "risk"), stories, BOTH, 2029, risk=risk)
    planner, found, _total = decomposed(desk, BOTH, 1e-6, risk, 2.0)
    values, made = recourse_values(planner, BOTH, 2.0), planner.searches[BOTH, 2.0]
    assert made.master().outcomes.several.any() == lasts
    assert values["EEV"] <= values["RP"] + 1e-5 <= values["WS"] + 2e-5
    master = made.master()
    moved = found.decision._replace(at_risk=found.decision.at_risk + 3.0)
    again = settled(master, made.crew, moved, found.worths)[-1]
    assert master.value(*again) == pytest.approx(found.value, abs=1e-5), "whatever value at risk it is begun from"
    mean, worst = mean_and_worst(planner, BOTH, 2.0, master.nothing())
    plan_mean, plan_worst = mean_and_worst(planner, BOTH, 2.0, found.decision)
    by_story = (1 - risk) * (mean - plan_mean) - risk * plan_worst
    assert found.value + master.idle >= by_story - 1e-5 and values["nothing"] >= -risk * worst - 1e-5
    if not lasts:
        assert values["RP"] == pytest.approx(by_story + risk * worst, abs=1e-5)
    planner.close()
