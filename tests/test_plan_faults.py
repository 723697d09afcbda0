"""What a plan refuses, and the words that it does so with."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from case_editing import change, copy_case
from didymium.case.case import Case, load_case
from didymium.case.tables import TABLES
from didymium.cli import app
from didymium.faults import CaseError, DidymiumError, SolverError
from didymium.market.prepare import prepare
from didymium.plan import plan
from didymium.plan.candidates import candidates, caps_of, purse_of
from didymium.plan.desk import Desk, Wanted
from didymium.plan.master import Infeasible
from didymium.plan.stories import CALM, Chances, Story, checked, generated, sample
from didymium.result import Result
from plan_cases import cut, decomposed, desk_for, investors, three_ways

BOTH = ("ONE", "TWO")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    case = investors(Path(tmp_path_factory.mktemp("faults")) / "investors", a_stock_most=365.0)
    return desk_for(case, three_ways(), BOTH, 2030)


# The case


@pytest.mark.parametrize(("field", "cell"), [("unit", ""), ("price_year", ""), ("amount", "")])
def test_a_purse_without_currency_year_or_amount(tmp_path: Path, field: str, cell: str) -> None:
    folder = copy_case(tmp_path)
    line = change(folder, "purses", {"purse": "purse_usa"}, **{field: cell})
    with pytest.raises(CaseError) as caught:
        load_case(folder)
    fault = next(f for f in caught.value.faults if f.file == "purses.csv")
    assert (fault.row, fault.field) == (str(line), field) and fault.fix


@pytest.mark.parametrize(
    ("cells", "field", "fix"),
    [
        ({"price_year": "2021"}, "unit", "EUR and 2021 to exchange_rates.csv"),
        ({"price_year": "2019"}, "price_year", "2019 to deflators.csv"),
    ],
)
def test_a_purse_that_cannot_be_converted(tmp_path: Path, cells: dict[str, str], field: str, fix: str) -> None:
    folder = copy_case(tmp_path)
    line = change(folder, "purses", {"purse": "jpn_caremag_2025"}, **{"counted": "yes", **cells})
    with pytest.raises(CaseError) as caught:
        purse_of(load_case(folder, network=False), ("JPN",))
    fault = next(f for f in caught.value.faults if f.field == field)
    assert (fault.file, fault.row) == ("purses.csv", str(line)) and fix in fault.fix


def test_every_purse_of_the_case_can_be_converted(us_japan: Case) -> None:
    table = us_japan["purses"].assign(counted="yes")
    money = purse_of(replace(us_japan, tables=us_japan.tables | {"purses": table}), ("USA", "JPN"))
    assert money.total > 5.5e8, "the vehicle of 550 billion among them"


def test_money_is_converted_deflated_and_comes_in_by_year(tmp_path: Path) -> None:
    """39 bn yen of 2026: at 158.08 a dollar 246.7 MUSD of 2026, at 330.1 / 313.7 234.5 of 2024."""
    folder = copy_case(tmp_path)
    change(folder, "purses", {"purse": "jpn_jogmec_2026"}, counted="yes", year="2029")
    case = load_case(folder, network=False)
    money = purse_of(case, ("JPN",))
    assert money.steps == ((2026, pytest.approx(500e3 * 313.689 / 330.079)), (2029, pytest.approx(709.63e3, rel=1e-4)))
    assert money.total - money.steps[0][1] == pytest.approx(39e6 / 158.0792 * 313.689 / 330.079)
    assert {"exchange_rates/JPY|2026", "deflators/2026", "deflators/2024"} <= set(money.inputs)


def test_investment_is_brought_to_the_base_year(us_japan: Case) -> None:
    market = prepare(us_japan)
    found = {c.facility: c for c in candidates(us_japan, market, date(2027, 1, 1))}
    row = us_japan.row("projects/carina")
    assert row["price_year"] == 2025
    assert found["carina"].capex == pytest.approx(row["capex"] * 313.689 / 321.943)
    assert found["carina"].capex_high == pytest.approx(row["high"] * 313.689 / 321.943)
    assert found["caldeira"].capex == us_japan.row("projects/caldeira")["capex"], "of 2024 already"
    table = us_japan["projects"].assign(price_year=1995)
    with pytest.raises(CaseError) as caught:
        candidates(replace(us_japan, tables=us_japan.tables | {"projects": table}), market, date(2027, 1, 1))
    assert {f.field for f in caught.value.faults} == {"price_year"}


@pytest.mark.parametrize("cells", [{"lead_time": ""}, {"lead_time_source": ""}, {"lead_time_source": "a_nothing"}])
def test_a_project_without_a_lead_time_or_its_source(tmp_path: Path, cells: dict[str, str]) -> None:
    folder = copy_case(tmp_path)
    line = change(folder, "projects", {"facility": "carina"}, **cells)
    with pytest.raises(CaseError) as caught:
        load_case(folder)
    fault = next(f for f in caught.value.faults if f.file == "projects.csv")
    assert (fault.row, fault.field) == (str(line), next(iter(cells))) and fault.fix


def test_a_cap_has_one_limit(desk: Desk) -> None:
    case = desk.case
    row = dict.fromkeys(TABLES["caps"].columns, "")
    import pandas as pd

    from didymium.case.case import ROW
    from didymium.case.read import LINE

    caps = pd.DataFrame([
        row | {"cap": "water", "facility": name, "use": 5.0, "limit": limit, LINE: at, ROW: f"caps/water|{name}"}
        for at, (name, limit) in enumerate((("pit_one", 9.0), ("smelter_one", 8.0)), 2)
    ])  # fmt: skip
    broken = replace(case, tables=case.tables | {"caps": caps})
    with pytest.raises(CaseError) as caught:
        caps_of(broken, {"pit_one", "smelter_one"})
    (fault,) = caught.value.faults
    assert (fault.file, fault.row, fault.field) == ("caps.csv", "3", "limit")


# Probabilities


def test_probabilities_that_do_not_add_up() -> None:
    with pytest.raises(CaseError) as caught:
        checked([Story("a", None, 0.3), Story("b", None, 0.3)])
    (fault,) = caught.value.faults
    assert "0.6" in fault.fault and "a 0.3, b 0.3" in fault.fault and "`calm` the other 0.4" in fault.fix


def test_every_fault_of_the_probabilities_is_named() -> None:
    with pytest.raises(CaseError) as caught:
        checked([Story("a", None, 1.3), Story("a", None, -0.3)])
    assert [f.field for f in caught.value.faults] == ["probability", "probability", "name"]


def test_scenarios_given_to_the_verb_are_checked(us_japan: Case) -> None:
    with pytest.raises(CaseError, match="faults"):
        plan(us_japan, scenarios=[("halt-six-months", 0.2), ("halt-us-japan", 0.2)])
    with pytest.raises(DidymiumError, match="nonesuch"):
        plan(us_japan, scenarios=[("nonesuch", 0.2), (CALM, 0.8)])


@pytest.mark.parametrize("risk", [-0.1, 1.1])
def test_a_weight_of_risk_is_a_share(us_japan: Case, risk: float) -> None:
    with pytest.raises(DidymiumError, match="risk"):
        plan(us_japan, risk=risk)


@pytest.mark.parametrize("later", ["2027-01-01", "2031-06-01", "2040-01-01"])
def test_a_later_decision_is_later_and_within_the_horizon(us_japan: Case, later: str) -> None:
    with pytest.raises(DidymiumError, match="decision"):
        plan(us_japan, later=[later])


def test_options_that_cannot_be_meant_are_told_at_once(us_japan: Case) -> None:
    """Numbers, days, targets and probabilities: every fault in one answer, before anything is prepared."""
    options = {"risk": float("nan"), "weights": (-2.0, 2.0), "gap": float("nan"), "count": 0, "draws": -3,
               "check": -1, "seed": -1, "step": 5, "threads": 0}  # fmt: skip
    with pytest.raises(CaseError) as caught:
        plan(
            us_japan, decision="2027-06-01", later=["soon"], scenarios=[(CALM, 0.4)],
            targets=[("dy_oxide", "AUS", 1.0, "2029"), ("dy_oxide", "MARS", 1.0, "2029"),
                     ("gold", "USA", -1.0, "soon")],
            **options,
        )  # fmt: skip
    told = [(f.file, f.row, f.field) for f in caught.value.faults]
    assert told == [
        ("options", "", "decision"), ("options", "", "later"),
        *(("options", "", name) for name in options),
        ("targets", "dy_oxide in AUS", "region"), ("targets", "dy_oxide in MARS", "region"),
        ("targets", "gold in USA", "commodity"), ("targets", "gold in USA", "least"), ("targets", "gold in USA", "by"),
        ("scenarios", "", "probability"),
    ]  # fmt: skip
    said = {f.row or f.field: f for f in caught.value.faults}
    assert "1, 2, 3, 4, 6, 12" in said["step"].fix
    assert "does not plan" in said["dy_oxide in AUS"].fault and "no region" in said["dy_oxide in MARS"].fault
    assert all(f.fix for f in caught.value.faults)


@pytest.mark.parametrize("gap", [-1.0, 0.0, float("inf")])
def test_a_gap_is_an_amount(us_japan: Case, gap: float) -> None:
    with pytest.raises(CaseError, match="gap"):
        plan(us_japan, gap=gap)


def test_the_command_tells_every_option_that_cannot_be_meant() -> None:
    said = CliRunner().invoke(app, ["plan", "us-japan", "--target", "dy_oxide:AUS:1:2029", "--months", "5", "--draws",
                                    "-3", "--threads", "0", "--weight", "-2", "--gap", "-1"])  # fmt: skip
    assert said.exit_code == 1 and not said.stdout
    lines = said.stderr.strip().splitlines()
    assert len(lines) == 6 and all("->" in line for line in lines), lines


def test_steps_of_another_plan_are_refused(desk: Desk, tmp_path: Path) -> None:
    """Own scenarios of one name that say different things are different plans."""

    def ask(goods: str) -> Result:
        stories = [Story(CALM, None, 0.5), Story("x", cut(12, date(2026, 1, 1), "x", goods=(goods,)), 0.5)]
        return plan(desk.case, stories[1].scenario, "2024-01-01", 2028, scenarios=stories, gap=1e-4, threads=1,
                    values=False, checkpoints=tmp_path / "steps")  # fmt: skip

    ask("metal")
    with pytest.raises(DidymiumError, match=r"another plan.*-> name another folder"):
        ask("ore")
    ask("metal")


# Stories


def test_the_chain_of_cuts_is_the_formula(us_japan: Case) -> None:
    chances = Chances(0.2, 0.5, 0.3, 0.4)
    stories = {s.name: s for s in generated(us_japan, chances, 2028, 2030)}
    assert sum(s.probability for s in stories.values()) == pytest.approx(1.0)
    assert stories[CALM].probability == pytest.approx(0.8**3)
    one = stories["cut-2029-01-heavy-jpn-12"]
    assert one.probability == pytest.approx(0.8 * 0.2 * 0.3 * (0.4 / 2) * 0.5 * 0.5)
    longest = stories["cut-2028-01-all-everybody-18"]
    assert longest.probability == pytest.approx(0.2 * 0.7 * 0.6 * 0.25), "the longest takes the tail"
    (measure,) = one.scenario.restrictions  # type: ignore[union-attr]
    assert (measure.start, measure.end) == (date(2029, 1, 1), date(2030, 1, 1))
    assert measure.destinations == {"JPN"} and "dy_oxide" in measure.commodities
    assert "ndpr_oxide" not in measure.commodities


def test_a_sample_is_its_seed_s(us_japan: Case) -> None:
    stories = generated(us_japan, Chances(0.1, 0.5, 0.3, 0.3), 2028, 2030)
    one, again, other = (sample(stories, 50, seed) for seed in (1, 1, 2))
    assert one == again != other
    assert sum(s.probability for s in one) == pytest.approx(1.0)


# Targets


def test_a_target_is_met(desk: Desk) -> None:
    wanted = Wanted("metal", "ONE", 3.0, date(2026, 1, 1))
    aimed = _aimed(desk, wanted)
    _planner, found, _total = decomposed(aimed, BOTH)
    h = [x.market for x in aimed.programmes].index("metal|ONE")
    at = [aimed.tree.nodes.at[n, "end"] for n in aimed.pieces.before].index(wanted.by)
    assert found.decision.stock[at, h] >= 3.0 - 1e-6


def _aimed(desk: Desk, *wanted: Wanted) -> Desk:
    terms = replace(desk.terms, targets=wanted)
    return Desk(desk.case, desk.market, desk.unfolded, desk.found, terms, desk.members)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Wanted("metal", "ONE", 1e6, date(2026, 1, 1)), "least"),
        (Wanted("metal", "ONE", 1.0, date(2024, 6, 1)), "by"),
        (Wanted("ore", "ONE", 1.0, date(2026, 1, 1)), "commodity"),
    ],
)  # fmt: skip
def test_a_target_out_of_reach(desk: Desk, wanted: Wanted, field: str) -> None:
    with pytest.raises(CaseError) as caught:
        _aimed(desk, wanted).task(BOTH)
    (fault,) = caught.value.faults
    assert (fault.file, fault.field) == ("targets", field) and fault.fix


def test_what_cannot_hold_together_is_named(desk: Desk) -> None:
    """A stock for more money than the purse holds: target and purse are named, and nothing else."""
    aimed = _aimed(desk, Wanted("metal", "ONE", 3.0, date(2026, 1, 1)))
    planner, _found, _total = decomposed(desk, BOTH)
    made = planner.searches[BOTH, 1.0]
    made.desk = aimed
    with pytest.raises(Infeasible, match=r"metal in ONE by 2026-01-01.*|purse") as caught:
        made.run(1e-6, master=made.master(scale=1e-6))
    said = str(caught.value)
    assert "purse" in said and "metal in ONE" in said and "->" in said
    assert isinstance(caught.value, SolverError)
