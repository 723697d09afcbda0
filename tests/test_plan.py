"""Plans: within the purse and the lead times, never worse than nothing, and told apart by who pays."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from case_editing import change, copy_case, read
from case_factory import make_case, mine_and_user
from didymium.case.case import Case, load_case
from didymium.case.check import first_day
from didymium.case.units import factor
from didymium.faults import DidymiumError
from didymium.market.prepare import Market, prepare
from didymium.market.tree import add_months
from didymium.plan import plan
from didymium.plan.candidates import candidates, programmes_for, purse_of
from didymium.plan.clearing import put_together
from didymium.plan.desk import Desk, Terms, annual_charge
from didymium.plan.planner import HELPS
from didymium.plan.recourse import Decision
from didymium.plan.stories import CALM, Story
from didymium.plan.unfold import Unfolded, unfold
from didymium.result import Result

DECISION = date(2027, 1, 1)
MEMBERS = ("USA", "JPN")
WHO = {"nothing": (), "USA": ("USA",), "JPN": ("JPN",), "both": MEMBERS}


@pytest.fixture(scope="module")
def market(us_japan: Case) -> Market:
    return prepare(us_japan)


@pytest.fixture(scope="module")
def compare(planned: Result) -> pd.DataFrame:
    return planned["compare"].set_index("who")


# What the plans of us-japan must keep to


@pytest.mark.parametrize("who", ["USA", "JPN", "both"])
def test_purses_are_respected(us_japan: Case, market: Market, planned: Result, who: str) -> None:
    money = purse_of(us_japan, WHO[who]).total / 1e3
    choices = planned["choices"].query("who == @who and not committed")
    bought = planned["stock_plan"].query("who == @who")
    price = (bought["commodity"] + "|" + bought["region"]).map(market.base.price)
    spent = (choices["capex"] * choices["share"]).sum() + (bought["bought"] * price).sum() / 1000.0
    assert 0 < spent <= money * (1 + 1e-6)
    assert set(bought["region"]) <= set(WHO[who])


def test_nobody_buys_more_than_the_cap_and_the_most(us_japan: Case, market: Market, planned: Result) -> None:
    limits = {p.market: p for p in programmes_for(us_japan, market, MEMBERS, "plan")}
    frame = planned["stock_plan"]
    frame = frame.assign(market=frame["commodity"] + "|" + frame["region"])
    years = np.where(frame["year"].str.contains("Q"), 0.25, 1.0)
    assert (frame["bought"] <= frame["market"].map({m: p.per_year for m, p in limits.items()}) * years + 1e-3).all()
    assert (frame["level"] <= frame["market"].map({m: p.most for m, p in limits.items()}) + 1e-3).all()
    assert frame["bought"].sum() > 0


def test_projects_start_after_their_lead_time(us_japan: Case, planned: Result) -> None:
    table = us_japan["projects"].set_index("facility")
    chosen = planned["choices"].query("not committed")
    assert len(chosen) > 0
    for row in chosen.itertuples():
        project = table.loc[row.facility]
        months = project["lead_time"] * factor(project["lead_time_unit"], "month")
        assert first_day(row.start) >= add_months(DECISION, round(months)), row.facility


def test_the_schedule_is_without_gaps(planned: Result) -> None:
    frame = planned["schedule"]
    for (_who, facility), phases in frame.groupby(["who", "facility"], sort=False):
        assert (phases["end"].iloc[:-1].to_numpy() == phases["begin"].iloc[1:].to_numpy()).all(), facility
        assert phases["begin"].iloc[0] == DECISION.isoformat() or phases["phase"].iloc[0] != "lead time"
        assert (phases["begin"] < phases["end"]).all()


def test_only_sponsors_pay_while_their_purse_reaches(us_japan: Case, planned: Result) -> None:
    sponsors = us_japan["projects"].set_index("facility")["sponsors"]
    counted = planned["purses"][planned["purses"]["counted"].astype(bool)]
    left = counted.groupby(["who", "region"])["money"].sum() - counted.groupby(["who", "region"])["spent"].sum()
    for row in planned["choices"].query("not committed").itertuples():
        payers, own = set(row.payer.split("+")), set(WHO[row.who]) & set(sponsors[row.facility].split(";"))
        assert payers and payers <= set(WHO[row.who]), row.facility
        if not payers <= own:
            assert all(left[row.who, member] < 1e-6 for member in own), row.facility


@pytest.mark.parametrize("who", ["USA", "JPN", "both"])
def test_nobody_pays_more_than_its_purse(us_japan: Case, planned: Result, who: str) -> None:
    """The joint plan once asked Japan for 808 MUSD of capital from a purse of 475: half of every joint project."""
    choices = planned["choices"].query("who == @who and not committed")
    for member in WHO[who]:
        money = purse_of(us_japan, (member,)).total / 1e3
        assert choices[f"paid_{member.lower()}"].sum() <= money * (1 + 1e-6)
    paid = choices[["paid_usa", "paid_jpn"]].sum(axis=1).to_numpy()
    assert paid == pytest.approx((choices["capex"] * choices["share"]).to_numpy())


def test_the_case_s_purses_stand_apart(us_japan: Case, planned: Result) -> None:
    """The vehicle, JOGMEC, DFC and EXIM are rows of their own, and say why the plan does not spend them."""
    both = planned["purses"].query("who == 'both'").set_index("limit")
    assert set(us_japan["purses"]["purse"]) <= set(both.index)
    for name in (
        "jpn_vehicle_550",
        "jpn_jogmec_2026",
        "usa_dfc_serra_verde",
        "usa_vault_loan",
        "usa_exim_letters_2025",
    ):
        row = both.loc[name]
        assert not row["counted"] and row["why"] and row["spent"] == 0.0 and row["money"] > 0, name
        assert row["currency"] and row["price_year"] and row["year"], name
    assert both.loc["jpn_jogmec_2026", ["amount", "currency"]].tolist() == [39e9, "JPY"]
    vehicle = us_japan["purses"].set_index("purse").loc["jpn_vehicle_550"]
    assert vehicle["year_source"] == "a_purse_year", "no source says when it comes in"


def test_doing_nothing_gains_nothing(compare: pd.DataFrame, planned: Result) -> None:
    idle = compare.loc["nothing"]
    assert idle[["public_cost", "gain_usa", "gain_jpn", "gain_others", "cost_usa", "cost_jpn"]].abs().max() == 0.0
    assert planned["stock_plan"].query("who == 'nothing'").empty
    assert planned["choices"].query("who == 'nothing'")["committed"].all()
    assert idle[["loss_usa", "loss_jpn"]].min() > 0, "the cut hurts users"


@pytest.mark.parametrize("who", ["USA", "JPN", "both"])
def test_no_plan_worth_less_than_nothing_is_taken(compare: pd.DataFrame, planned: Result, who: str) -> None:
    tried = planned["tried"].query("who == @who")
    assert tried.iloc[0]["worth"] == 0.0, "doing nothing is always a candidate"
    called = tried["candidate"].str.endswith("with first call on output abroad")
    best = tried.loc[tried["affordable"].astype(bool) & ~called, "worth"].max()
    best = max([best, *tried.loc[called, "worth"][lambda worth: worth > best * (1 + HELPS)]])
    gain = sum(compare.at[who, f"gain_{member.lower()}"] for member in WHO[who])
    assert best >= 0
    assert gain == pytest.approx(best, abs=1e-6)
    assert tried.loc[tried["chosen"], "worth"].max() == pytest.approx(best)


def test_both_try_what_each_would_do_alone(compare: pd.DataFrame, planned: Result) -> None:
    """Worth of the plan that a partner takes alone, to both: what the two gain under it."""
    tried = planned["tried"].query("who == 'both'")
    for member in MEMBERS:
        alone = compare.loc[member]
        assert np.isclose(tried["worth"], alone["gain_usa"] + alone["gain_jpn"], atol=1e-6).any(), member
        assert f"the plan of {member} alone" in set(tried["candidate"])
    assert tried["candidate"].eq("each partner's own plan together").sum() == 1
    both = compare.at["both", "gain_usa"] + compare.at["both", "gain_jpn"]
    assert both >= max(compare.at[m, "gain_usa"] + compare.at[m, "gain_jpn"] for m in MEMBERS) - 1e-6


def test_candidates_are_told_apart(planned: Result) -> None:
    assert not planned["tried"].duplicated(["who", "candidate"]).any()


def test_gap_steps_add_up_to_the_need(planned: Result, compare: pd.DataFrame) -> None:
    gap = planned["gap"]
    for (who, participant), steps in gap.groupby(["who", "participant"], sort=False):
        by_kind = steps.set_index("kind")["quantity"]
        assert by_kind.drop("need").sum() == pytest.approx(by_kind["need"], rel=1e-9)
        assert max(0.0, by_kind["short"]) == pytest.approx(compare.at[who, f"shortage_{participant.lower()}"], abs=1e-6)
        assert steps.loc[steps["kind"].ne("project"), "quantity"].min() >= -1e-6, (
            "only projects elsewhere may take away"
        )
    need = gap[gap["kind"].eq("need")].groupby("participant")["quantity"]
    assert (need.max() - need.min()).max() == pytest.approx(0.0, abs=1e-9), "the need is the same whoever plans"
    made = (
        gap[gap["kind"].isin(["supply", "stock"]) & gap["who"].eq("nothing")].groupby("participant")["quantity"].sum()
    )
    assert (made > 0).all()


def test_a_plan_never_leaves_its_own_users_shorter(compare: pd.DataFrame) -> None:
    for member in MEMBERS:
        low = member.lower()
        assert compare.at[member, f"shortage_{low}"] <= compare.at["nothing", f"shortage_{low}"] + 1e-6
        assert compare.at[member, f"loss_{low}"] <= compare.at["nothing", f"loss_{low}"] + 1e-6


def test_the_planning_bound_is_a_bound(compare: pd.DataFrame) -> None:
    assert (compare["bound"] >= compare["objective"] - 1e-6 * compare["objective"].abs()).all()
    plans = compare.drop(index="nothing")
    assert plans["gap"].to_numpy() == pytest.approx((plans["bound"] - plans["objective"]).abs().to_numpy(), abs=1e-6)
    stopped = plans["status"].ne("Optimal")
    assert (plans["gap"][~stopped] <= 15.0 + 1e-6).all(), "the gap allowed, in MUSD"


def test_public_cost_is_the_sum_over_members(compare: pd.DataFrame) -> None:
    assert compare["public_cost"].to_numpy() == pytest.approx((compare["cost_usa"] + compare["cost_jpn"]).to_numpy())
    assert compare.at["USA", "cost_jpn"] == pytest.approx(0.0, abs=1e-9)
    assert compare.at["JPN", "cost_usa"] == pytest.approx(0.0, abs=1e-9)


def test_the_cut_raises_prices_only_while_it_lasts(planned: Result) -> None:
    path = planned["path"].query("who == 'nothing' and region == 'JPN' and commodity == 'magnet_high_temperature'")
    price = path.set_index("year")["price"]
    assert price["2030 Q1"] > 1.1 * price["2029"]
    assert price["2031"] < 1.1 * price["2029"]


def test_both_spend_no_more_than_the_two_purses(us_japan: Case) -> None:
    money = {who: purse_of(us_japan, members).total for who, members in WHO.items()}
    assert money["nothing"] == 0.0
    assert money["both"] == pytest.approx(money["USA"] + money["JPN"])
    usa = purse_of(us_japan, ("USA",))
    assert usa.total == pytest.approx(2e6 * 313.689 / 330.079), "thousands of USD of 2024"
    assert usa.inputs == ("purses/purse_usa", "deflators/2026", "deflators/2024")


# Candidates


def test_lead_times_convert_to_months(tmp_path: Path, us_japan: Case, market: Market) -> None:
    folder = copy_case(tmp_path)
    row = next(r for r in read(folder, "projects") if r["committed"] == "no" and r["lead_time_unit"] == "month")
    name = row["facility"]
    change(folder, "projects", {"facility": name}, lead_time="7", lead_time_low="5", lead_time_high="9",
           lead_time_unit="year")  # fmt: skip
    change(folder, "facilities", {"facility": name}, start="")
    found = {c.facility: c for c in candidates(load_case(folder, network=False), market, DECISION)}
    assert found[name].lead_months == pytest.approx(84.0)
    assert found[name].start == date(2034, 1, 1)
    change(folder, "projects", {"facility": name}, lead_time="10", lead_time_unit="month")
    found = {c.facility: c for c in candidates(load_case(folder, network=False), market, DECISION)}
    assert found[name].start == date(2027, 11, 1)


def test_a_project_starts_no_earlier_than_its_owner_plans(tmp_path: Path, market: Market) -> None:
    folder = copy_case(tmp_path)
    name = next(r["facility"] for r in read(folder, "projects") if r["committed"] == "no")
    change(folder, "facilities", {"facility": name}, start="2040-06")
    found = {c.facility: c for c in candidates(load_case(folder, network=False), market, DECISION)}
    assert found[name].start == date(2040, 6, 1)


def tree_of(case: Case, name: str, last: int = 2035) -> Unfolded:
    return unfold([Story(name, case.scenario(name), 1.0)], DECISION, last, case.assumption("a_discount_rate"))


def test_projects_as_a_coalition_sees_them(us_japan: Case, market: Market) -> None:
    found = candidates(us_japan, market, DECISION)
    desk = Desk(us_japan, market, tree_of(us_japan, "no-shock"), found, Terms((DECISION,)), MEMBERS)
    projects = {p.facility: p for p in desk.projects}
    mine = dict(zip(projects, desk.allowed(("JPN",)), strict=True))
    for candidate in found:
        if candidate.committed:
            project = projects[candidate.facility]
            assert (project.choose, project.share, project.capex, mine[candidate.facility]) == (False, 1.0, 0.0, False)
        else:
            assert mine.get(candidate.facility, False) == ("JPN" in candidate.sponsors)
    assert any(not c.committed and c.sponsors == ("USA",) for c in found)
    # A year of the horizon costs the annuity of the capital, discounted, from the day of first output.
    at = next(k for k, p in enumerate(desk.projects) if p.choose and p.start <= date(2031, 1, 1))
    project, nodes = desk.projects[at], desk.tree.nodes
    full = nodes["start"] >= project.start
    annuity = annual_charge(us_japan, project.capex)
    assert desk.charge[at][full] == pytest.approx(annuity * (nodes["years"] * nodes["discount"])[full].to_numpy())
    assert (desk.charge[at][(nodes["end"] <= project.start).to_numpy()] == 0.0).all()


def test_the_year_of_the_cut_is_cleared_in_quarters(us_japan: Case) -> None:
    tree = tree_of(us_japan, "halt-six-months", 2032).tree
    assert list(tree.nodes["label"]) == [
        "2027", "2028", "2029", "2030 Q1", "2030 Q2", "2030 Q3", "2030 Q4", "2031", "2032"
    ]  # fmt: skip
    assert tree.years().sum() == pytest.approx(6.0)
    assert list(tree.settled()) == [True] * 3 + [False] * 4 + [True] * 2, "refilled a year after the cut"
    calm = tree_of(us_japan, "no-shock", 2028).tree
    assert list(calm.nodes["label"]) == ["2027", "2028"]


def test_capital_is_written_off_over_its_life(us_japan: Case) -> None:
    """A year of 20 at 5 %: the annuity of 1000 is 80.24."""
    assert us_japan.assumption("a_project_life") == 20 and us_japan.assumption("a_discount_rate") == 0.05
    assert annual_charge(us_japan, 1000.0) == pytest.approx(80.2426, rel=1e-5)


def test_plans_are_joined() -> None:
    a = Decision(np.array([1.0, 0.0]), np.array([[4.0, 0.0], [4.0, 1.0]]), np.zeros(0))
    b = Decision(np.array([0.0, 1.0]), np.array([[0.0, 2.0], [5.0, 2.0]]), np.zeros(0))
    both = put_together(a, b)
    assert both.build.tolist() == [1.0, 1.0]
    assert both.stock.tolist() == [[4.0, 2.0], [5.0, 2.0]]


# Under uncertainty


def test_probabilities_are_shared_and_shown(planned: Result, us_japan: Case) -> None:
    stories = planned["stories"].set_index("story")
    assert len(stories) == 6 and stories["probability"].sum() == pytest.approx(1.0)
    assert stories.loc[stories["shown"], :].index.tolist() == ["halt-six-months"]
    calm = (1.0 - us_japan.assumption("a_cut_onset")) ** 6
    assert stories.at[CALM, "probability"] == pytest.approx(calm, abs=1e-12), "reduction leaves the calm story as it is"
    assert stories.at[CALM, "before"] == pytest.approx(calm)
    chances = planned["chances"].set_index(["measure", "value"])
    assert chances.at[("cut", ""), "before"] == pytest.approx(1.0 - calm)
    assert chances.at[("cut", ""), "after"] == pytest.approx(1.0 - stories.at[CALM, "probability"])
    assert stories.at[CALM, "loss_usa"] == pytest.approx(0.0, abs=1e-9)
    for name, row in stories.drop(index=CALM).iterrows():
        hit = [m for m in ("usa", "jpn") if f"-{m}-" in str(name)] or ["usa", "jpn"]  # at whom it is aimed
        assert all(row[f"loss_{member}"] > 0 for member in hit), name


def test_expected_gains_are_the_mean_over_the_stories(planned: Result, compare: pd.DataFrame) -> None:
    stories = planned["stories"]
    share = stories["probability"].to_numpy()
    for who, members in (("USA", ["usa"]), ("JPN", ["jpn"]), ("both", ["usa", "jpn"])):
        expected = sum(compare.at[who, f"gain_{member}"] for member in members)
        assert share @ stories[f"worth_{who.lower()}"] == pytest.approx(expected, abs=1e-6)
        assert (stories[f"regret_{who.lower()}"] >= -1e-9).all()


def test_values_keep_their_order(planned: Result) -> None:
    """EEV <= RP <= WS, each as far as it is proven; break-even is where the expected gain is zero."""
    values = planned["values"].set_index(["who", "measure"])["value"]
    gap = values["both", "gap"]
    assert values["both", "EEV"] <= values["both", "bound"] + 1e-6
    assert values["both", "RP"] <= values["both", "WS"] + 15.0
    assert values["both", "VSS"] == pytest.approx(values["both", "RP"] - values["both", "EEV"])
    assert values["both", "EVPI"] == pytest.approx(values["both", "WS"] - values["both", "RP"])
    assert 0.0 <= gap <= 15.0 + 1e-6
    for who in ("USA", "JPN", "both"):
        calm, cut, least = (values[who, name] for name in ("gain_calm", "gain_cut", "pays_from_horizon"))
        if calm < 0 < cut:
            assert (1 - least) * calm + least * cut == pytest.approx(0.0, abs=1e-6)
        else:
            assert calm >= 0 and least == 0.0
        assert values[who, "gain_at_1"] == pytest.approx(cut)


def test_plain_rules_stand_beside_the_plan(planned: Result) -> None:
    for _who, rows in planned["tried"].query("who != 'nothing'").groupby("who"):
        named = set(rows["candidate"])
        assert {"do nothing", "stock only", "60 days of everything", "all announced projects as announced"} <= named
        assert rows.loc[rows["chosen"].astype(bool), "affordable"].all()


# What is refused


@pytest.mark.parametrize("day", ["2027-02-01", "2027-01-02"])
def test_a_decision_within_a_year_is_refused(us_japan: Case, day: str) -> None:
    with pytest.raises(DidymiumError, match="first day of a year"):
        plan(us_japan, decision=day)


@pytest.mark.parametrize(("decision", "last"), [("2031-01-01", 2035), ("2027-01-01", 2029)])
def test_a_cut_outside_the_horizon_is_refused(us_japan: Case, decision: str, last: int) -> None:
    with pytest.raises(DidymiumError, match="outside the horizon"):
        plan(us_japan, decision=decision, last=last)


def test_an_unknown_scenario_is_refused(us_japan: Case) -> None:
    with pytest.raises(DidymiumError, match="nonesuch"):
        plan(us_japan, "nonesuch")


def test_a_decision_that_is_no_date_is_refused(us_japan: Case) -> None:
    with pytest.raises((DidymiumError, ValueError), match="soon"):
        plan(us_japan, decision="soon")


def test_two_participants_are_needed(tmp_path: Path) -> None:
    story = 'start = "2028-01-01"\nmonths = 12\n'
    case = make_case(tmp_path / "one", mine_and_user(), {"calm": story})
    with pytest.raises(DidymiumError, match="two participants"):
        plan(case, "calm")
