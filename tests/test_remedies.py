"""What a remedy takes off the harm of a cut, where a stock goes, and which form is shared first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from case_factory import Tables, make_case, mine_and_user
from didymium.case.case import Case
from didymium.case.scenario import Outage, Restriction, Scenario
from didymium.market.options import Options, Project
from didymium.market.prepare import prepare
from didymium.shock import shock
from didymium.shock.crew import crew_of
from didymium.shock.engine import OPTIONS
from didymium.shock.harm import daily_use, harm_of, only
from didymium.shock.relief import HELD, Remedy, Trials, reliefs, with_reserve
from didymium.shock.summary import _Words
from didymium.shock.sweep import Sweep
from didymium.shock.worst import worst
from small_shock import SCENARIO, tables

FIRST, END = date(2025, 2, 1), date(2025, 7, 1)
CREW = crew_of(1)


def ban(*goods: str, to: frozenset[str] = frozenset({"ONE"})) -> Scenario:
    """Hold goods back from ONE in five of seven months."""
    measure = Restriction("m", "ban", "CTL", frozenset(goods), to, FIRST, END, ((FIRST, 0.0),), 0.0, ("sources/book",))
    return Scenario("ban", "Ban", "", date(2025, 1, 1), 7, (measure,))


def two_goods() -> Tables:
    """Ore that may be cut and salt that is not; each with a pit that CTL digs and one in ONE that stands idle.

    Salt of ONE costs less than the 7 USD/kg of CTL's, cut or no cut; ore of ONE costs more.
    """
    found = mine_and_user()
    found["commodities"] = [{"commodity": name, "stage": "mine"} for name in ("ore", "salt")]
    found["processes"] = [
        {"process": f"dig_{name}", "stage": "mine", "capacity_commodity": name, "mixed": "mine"}
        for name in ("ore", "salt")
    ]
    found["recipes"] = [{"process": f"dig_{n}", "commodity": n, "coefficient": 1} for n in ("ore", "salt")]
    found["facilities"] = [
        {"facility": f"{name}_{at}", "region": at.upper(), "stage": "mine", "processes": f"dig_{name}", **more}
        for name in ("ore", "salt")
        for at, more in (("ctl", {"capacity": 100}), ("one", {"capacity": 8, "status": "feasibility", "start": "2030"}))
    ]
    found["projects"] = [{"facility": f"{name}_one"} for name in ("ore", "salt")]
    found["costs"] = [
        {"cost": 2},
        {"process": "dig_ore", "region": "ONE", "cost": 9},
        {"process": "dig_salt", "region": "ONE", "cost": 3},
    ]
    found["end_uses"] = [{"end_use": "motor", "choke": 20}, {"end_use": "food", "choke": 20}]
    found["demands"] = [
        {"end_use": use, "region": region, "commodity": name, "quantity": 10}
        for use, name in (("motor", "ore"), ("food", "salt"))
        for region in ("CTL", "ONE")
    ]
    found["prices"] = [{"commodity": name, "region": "CTL", "price": 5} for name in ("ore", "salt")]
    found["stocks"] = [{"stock": f"firms_{n}", "commodity": n, "quantity": 0.05} for n in ("ore", "salt")]
    found["value_added"] = [{"region": "ONE", "sector": "motors", "end_use": "motor", "value": 9_000_000}]
    return found


@pytest.fixture(scope="module")
def goods(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("remedies") / "goods", two_goods())


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("remedies") / "small", tables(), {"cuts": SCENARIO})


def trials_of(case: Case, story: Scenario, watched: tuple[str, ...] = ()) -> Trials:
    idle = tuple(
        Project(str(n), story.start, 0.0, 0.0, "", choose=False, share=0.0) for n in case["projects"]["facility"]
    )
    months = np.array([False, True, True, True, True, True, False])
    return Trials(case, prepare(case), "ONE", story, only(story, []), replace(OPTIONS, projects=idle), watched, months)


def test_what_a_plant_does_without_a_cut_is_no_relief_of_it(goods: Case) -> None:
    """Salt of its own saves ONE much, with the cut of ore and without; of the cut it takes nothing."""
    salt, ore = (Remedy("plant", f"{name}_one", 8.0, 1.0, "") for name in ("salt", "ore"))
    by_salt, by_ore = reliefs(trials_of(goods, ban("ore")), [salt, ore], CREW)
    assert by_salt.anyway > 0.003 and abs(by_salt.relief) < 1e-6 and abs(by_salt.share) < 1e-4
    assert by_salt.earned == pytest.approx(0.0, abs=1e-6)
    assert by_ore.anyway == pytest.approx(0.0, abs=1e-6) and by_ore.share > 0.5
    assert by_ore.spared > 1.0 and by_ore.earned > 0


def test_the_remedies_listed_are_those_of_the_cut(goods: Case) -> None:
    frame = worst(goods, ban("ore"), 1, "ONE", workers=1)["remedies"]
    assert set(frame["what"]) == {"ore_one", "ore|ONE"}
    assert (frame["relief"] + frame["earned"]).is_monotonic_decreasing and (frame["relief"] > 0).all()
    assert (frame["share"] <= 1.0 + 1e-9).all()


def test_four_paths_make_a_relief(goods: Case) -> None:
    """By the definition, each path run by itself."""
    trials = trials_of(goods, ban("ore"))
    [found] = reliefs(trials, [Remedy("plant", "ore_one", 8.0, 1.0, "")], CREW)
    built = replace(trials.options, projects=tuple(replace(x, share=float(x.facility == "ore_one"))
                                                   for x in trials.options.projects))  # fmt: skip

    def lost(story: Scenario, options: Options) -> float:
        path = Sweep(goods, trials.market, options).draw(story, "none", trials.market, options)
        return harm_of(goods, trials.market, path, "ONE").users_loss

    cut, calm = trials.cut, trials.calm
    anyway = lost(calm, trials.options) - lost(calm, built)
    assert found.relief == pytest.approx(lost(cut, trials.options) - lost(cut, built) - anyway, rel=1e-9)
    assert found.anyway == pytest.approx(anyway, abs=1e-12)


def test_a_stock_of_the_cut_good_relieves_nearly_its_own_size(goods: Case) -> None:
    """ONE has nobody else to buy from and sells nothing: what its government holds it uses, all of it in the cut."""
    held = 30 * daily_use(prepare(goods), "ore|ONE")
    stock = Remedy("stock", "ore|ONE", held, 1.0, "")
    [found] = reliefs(trials_of(goods, ban("ore"), ("ore|ONE",)), [stock], CREW)
    assert found.released == pytest.approx(held, rel=0.02) and found.anyway == 0.0
    assert found.spared == pytest.approx(held, rel=0.03)
    assert found.flows["used"] == pytest.approx(held, rel=0.03)
    assert abs(found.flows["abroad"]) < 0.01 * held
    assert found.relief > 0 and found.earned > 0


def test_a_reserve_stays_shut_without_a_cut_and_changes_nothing(goods: Case) -> None:
    """Why its calm months are not run again."""
    market = prepare(goods)
    more = with_reserve(market, "ore|ONE", 2.0)
    calm = only(ban("ore"), [])
    without, with_it = (Sweep(goods, m, OPTIONS).draw(calm, "none", m, OPTIONS) for m in (market, more))
    assert with_it.stock.loc[f"{HELD}ore|ONE"].to_numpy() == pytest.approx(2.0)
    assert with_it.served.to_numpy() == pytest.approx(without.served.to_numpy(), abs=1e-9)
    assert with_it.price.to_numpy() == pytest.approx(without.price.to_numpy(), rel=1e-6)


def test_a_stock_is_accounted_for(small: Case) -> None:
    """ONE sells metal to TWO: what is given out is used, goes abroad, stands for other output, or is held."""
    story = replace(small.scenario("cuts"), outages=())
    result = worst(small, story, 3, "ONE", workers=1)
    frame = result["given_out"].set_index("what")
    metal = frame.loc["metal|ONE"]
    assert metal["amount"] == pytest.approx(30 * daily_use(prepare(small), "metal|ONE"))
    parts = metal[["used", "abroad", "less_made", "firms", "rest"]].astype(float)
    assert parts.sum() == pytest.approx(metal["released"]) and metal["released"] == pytest.approx(metal["amount"])
    if metal["abroad"] > 0.5 * metal["released"]:
        assert metal["why"]


def test_no_measure_no_reserve(small: Case) -> None:
    """An outage cuts nobody off: the rule keeps strategic stocks shut, and the table says so."""
    outage = Outage("works_one", FIRST, END, 0.3, ("sources/book",))
    story = Scenario("out", "Out", "", date(2025, 1, 1), 6, (), outages=(outage,))
    result = worst(small, story, 1, "ONE", workers=1)
    assert not result["remedies"]["kind"].eq("stock").any() and result["given_out"].empty
    assert "stay shut" in result.tables["given_out"].title


# Shared stocks


def pooled_rows(*rows: tuple[str, float, float, float]) -> pd.DataFrame:
    """Rows of a form: alone, pooled and the days of the measures; USA lends all of it."""
    made = []
    for commodity, alone, together, halt in rows:
        base = {"commodity": commodity, "days": 30.0, "missing": 1.0, "pooled": together, "rests_on": "sources/book"}
        made += [
            {**base, "region": "JPN", "alone": alone, "gain": together - alone, "uncovered": max(0.0, halt - alone),
             "lends": 0.0, "cover_left": 30.0},
            {**base, "region": "USA", "alone": np.inf, "gain": np.nan, "uncovered": 0.0, "lends": 1.0,
             "cover_left": 0.0},
        ]  # fmt: skip
    return pd.DataFrame(made)


def shared(case: Case, frame: pd.DataFrame) -> str:
    told = _Words(case, case.scenario("no-shock"), {"pooled": frame}).share()
    assert told is not None
    return told.answer


def test_shared_first_is_what_runs_out(us_japan: Case) -> None:
    """Magnets that last four years win most days and need none."""
    rows = (
        ("magnet_standard", 1444.0, 2495.0, 730.0),
        ("tb_oxide", 30.0, 46.0, 730.0),
        ("dy_oxide", 61.0, 85.0, 730.0),
    )
    said = shared(us_japan, pooled_rows(*rows))
    assert said.startswith("Terbium oxide: JPN from 30 to 46 of 730 days (cover of USA from 30 to 0 days)")
    assert "Dysprosium oxide" in said and "magnet" not in said


def test_nothing_is_shared_where_nothing_runs_out(us_japan: Case) -> None:
    said = shared(us_japan, pooled_rows(("magnet_standard", 1444.0, 2495.0, 730.0)))
    assert said.startswith("nothing that is needed")


def test_the_ban_on_japan_names_a_form_in_need(us_japan: Case) -> None:
    result = shock(us_japan, "japan-ban-2026", ("none",))
    pooled = result["pooled"]
    magnets = pooled.query("commodity == 'magnet_standard' and region == 'JPN'").iloc[0]
    assert magnets["gain"] == pooled["gain"].max() and magnets["uncovered"] == 0.0
    for _commodity, both in pooled.groupby("commodity"):  # who lends runs out sooner, who draws later
        assert both["alone"].min() <= both["pooled"].iloc[0] <= both["alone"].max()
    assert (pooled.query("region == 'JPN'").eval("uncovered_pooled - uncovered") <= 1e-9).all()
    told = result["summary"].set_index("question").loc["What does sharing stocks add?", "answer"]
    assert told.startswith("Samarium metal: JPN from 30 to") and "NdFeB" not in told
