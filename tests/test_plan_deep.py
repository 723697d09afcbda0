"""Everything that a plan says about uncertainty, on a small case that is solved in seconds."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from didymium.case.case import Case
from didymium.plan import phases, plan
from didymium.plan.explain import ASKED
from didymium.plan.lshaped import steady
from didymium.plan.phases import Phase
from didymium.result import Result
from plan_cases import investors, three_ways

BOTH = ("ONE", "TWO")
LAST = 2030


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return investors(Path(tmp_path_factory.mktemp("deep")) / "investors")


@pytest.fixture(scope="module")
def told() -> list[Phase]:
    return []


@pytest.fixture(scope="module")
def result(case: Case, told: list[Phase]) -> Result:
    stories = three_ways()
    return plan(case, stories[1].scenario, "2024-01-01", LAST, scenarios=stories, deep=True, draws=200, gap=1e-6,
                threads=1, later=["2026-01-01"], watch=told.append)  # fmt: skip


def test_every_table_is_there(result: Result) -> None:
    for name in ("compare", "tried", "stories", "purses", "values", "frontier", "reasons"):
        assert len(result[name]), name
    kind = result.manifest["options"]["kind"]
    assert "2026-01-01" in kind and "know what was cut by then" in kind


def test_a_larger_budget_never_leaves_more_loss_to_the_program(result: Result) -> None:
    budget = result["frontier"].query("varied == 'budget'").sort_values("at")
    assert len(budget) == 5
    assert budget["value"].is_monotonic_increasing or (budget["value"].diff().dropna() >= -1e-6).all()
    assert budget["value"].iloc[-1] > budget["value"].iloc[0], "money buys something here"


def test_more_weight_on_the_worst_leaves_less_of_it(result: Result) -> None:
    risk = result["frontier"].query("varied == 'risk'").sort_values("at")
    assert (risk["worst_loss"] >= risk["mean_loss"] - 1e-9).all()
    assert (risk["worst_loss"].diff().dropna() <= 1e-5).all()
    assert (risk["mean_loss"].diff().dropna() >= -1e-5).all()


def test_eev_rp_ws_in_order(result: Result) -> None:
    values = result["values"].set_index(["who", "measure"])["value"]
    eev, rp, ws = (values["both", name] for name in ("EEV", "RP", "WS"))
    assert eev <= rp + 1e-5 <= ws + 2e-5
    assert values["both", "VSS"] == pytest.approx(rp - eev)


def test_reasons_fit_the_plan(result: Result) -> None:
    reasons = result["reasons"]
    assert (reasons["margin"] >= 0).all()
    planned = reasons["planned_share"] > 1e-6
    chosen, out = reasons[planned], reasons[~planned]
    assert len(chosen) and (chosen["capex_flips"] >= chosen["capex"] - 1e-9).all()
    assert (out["capex_flips"] <= out["capex"] + 1e-9).all()


def test_what_would_flip_was_asked_again(result: Result) -> None:
    rows = result["reasons"]
    asked = rows[rows["capex_confirmed"].astype(bool)]
    planned = rows["planned_share"] > 1e-6
    assert len(asked) and set(planned[asked.index]) == {True, False}
    assert rows.loc[planned, "latest_start"].ne("").sum() == min(ASKED, planned.sum())


def test_reasons_are_about_the_recommended_plan(result: Result) -> None:
    choices = result["choices"].query("who == 'both' and not committed")
    rows = result["reasons"]
    built = rows[rows["share"] > 1e-6]
    assert set(built["project"].str.split("@").str[0]) == set(choices["facility"])
    taken = result["tried"].query("who == 'both' and chosen")["candidate"].item()
    assert taken in result.tables["reasons"].title


def test_no_other_plan_is_better_than_the_best(result: Result) -> None:
    others = result["others"]
    assert (others["less"] >= 0.0).all() and others["dropped"].ne("").all()


def test_every_purse_has_its_price(case: Case, result: Result) -> None:
    rows = result["purses"]
    both = rows[rows["who"].eq("both") & rows["region"].ne("")]
    assert set(both["region"]) == {"ONE", "TWO"} and both["shadow_price"].nunique() == 1, "they are summed"
    assert both["money"].sum() == pytest.approx(case["purses"]["amount"].sum() / 1e6)


def test_chosen_projects_that_rest_on_assumptions_are_counted(result: Result) -> None:
    values = result["values"].pivot(index="who", columns="measure", values="value")
    chosen = result["choices"].query("not committed").groupby("who")["facility"].nunique()
    assert values["projects"].loc[chosen.index].to_dict() == chosen.to_dict()
    assert (values["projects_on_assumptions"] <= values["projects"]).all()


def test_the_plain_rules_stand_beside_the_plan(result: Result) -> None:
    tried = result["tried"].query("candidate != 'do nothing'")
    assert {"60 days of everything", "all announced projects as announced", "stock only"} <= set(tried["candidate"])
    assert tried.loc[tried["chosen"].astype(bool), "affordable"].all()


def test_a_purse_that_binds_has_a_price(case: Case, result: Result) -> None:
    purses = result["purses"].set_index("who")
    assert (purses["shadow_price"] >= -1e-9).all()
    assert (purses["spent"] <= purses["money"] + 1e-6).all()
    assert isinstance(purses, pd.DataFrame)


def test_every_phase_is_told_to_the_end(result: Result, told: list[Phase]) -> None:
    """From the first market to the last table: phases in order, counts that arrive, no time left that nobody knows."""
    begun = [phase for at, phase in enumerate(told) if not at or told[at - 1].at != phase.at]
    assert [phase.at for phase in begun] == list(range(1, begun[0].of + 1)), [phase.name for phase in begun]
    assert begun[-1].name == "tables"
    last = {phase.name: phase for phase in told}
    judged = [phase for name, phase in last.items() if name.startswith("judging")]
    assert len(judged) == 3 and all(phase.done == phase.total > 0 for phase in judged)
    asked = ("what uncertainty costs", "why these projects, and what would flip them", "frontier over risk")
    assert all(last[name].solved > 0 and math.isnan(last[name].left) for name in asked)
    assert all(phase.left >= 0.0 for phase in told if phase.done)


@pytest.mark.parametrize(
    ("guesses", "said"),
    [([8.0], math.nan), ([8.0, 7.0, 7.0], 7.0), ([17.0, 19.0, 458.0], math.nan), ([19.0, 458.0, 0.0], 0.0),
     ([8.0, math.nan, 7.0], math.nan)],
)  # fmt: skip
def test_a_time_left_is_told_where_guesses_agree(guesses: list[float], said: float) -> None:
    assert steady(guesses) == pytest.approx(said, nan_ok=True)


def test_nobody_is_told_outside_of_what_is_watched() -> None:
    told: list[Phase] = []

    @phases.watched
    def verb(watch: Callable[[Phase], None] | None = None) -> None:
        phases.expect(2)
        phases.enter("one", 4)
        phases.done()
        phases.enter("two")
        phases.solved()

    verb(watch=told.append)
    assert [(p.name, p.at, p.of, p.done, p.total, p.solved) for p in told] == [
        ("one", 1, 2, 0, 4, 0), ("one", 1, 2, 1, 4, 0), ("two", 2, 2, 0, 0, 0), ("two", 2, 2, 0, 0, 1),
    ]  # fmt: skip
    assert told[1].left == pytest.approx(3 * told[1].seconds)
    phases.enter("three")
    verb()
    assert len(told) == 4
