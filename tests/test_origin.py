"""Split by origin: a rule that follows the atoms, through a third country's plant, stocks and goods under way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from case_factory import Tables, chain, make_case
from didymium.case.case import Case
from didymium.faults import DidymiumError
from didymium.market.origin import clean_shares, split_for
from didymium.shock.engine import Engine
from didymium.shock.path import Path as Months

RULE = """
title = "Rule"
start = "2025-01-01"
months = {months}

[[measure]]
id = "rule"
kind = "{kind}"
controller = "CTL"
commodities = ["metal"]
follows = ["ore", "metal"]
destinations = ["TWO"]
start = "{start}"
source = "book"
approval = [["{start}", 0.0]]
{more}
"""


def with_a_mine_abroad() -> Tables:
    """Return the chain with a pit in ONE that gives 5 of the 62.5 t of ore that ONE's works take in."""
    tables = chain()
    tables["facilities"] = [*tables["facilities"], {"facility": "pit_one", "region": "ONE", "stage": "mine",
                                                    "processes": "dig", "capacity": 8}]  # fmt: skip
    tables["statistics"] = [*tables["statistics"], {"flow": "production", "commodity": "ore", "region": "ONE",
                                                    "quantity": 5, "sigma": 0.1}]  # fmt: skip
    use = tables["end_uses"][0]
    tables["end_uses"] = [use, {**use, "end_use": "defence", "priority": 1}]
    tables["demands"] = [*tables["demands"], {"end_use": "defence", "region": "TWO", "commodity": "metal",
                                              "quantity": 4, "low": 3.9, "high": 4.1}]  # fmt: skip
    return tables


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("origin") / "abroad", with_a_mine_abroad())


@pytest.fixture(scope="module")
def engine(case: Case) -> Engine:
    return Engine(case)


def run(
    engine: Engine, foresight: str = "none", kind: str = "content_rule", start: str = "2025-02-01", more: str = "",
    months: int = 8,
) -> Months:  # fmt: skip
    """Run the first months of a scenario of three years, so that a rule may come after them."""
    text = RULE.format(kind=kind, start=start, more=more, months=36)
    if kind == "ban":
        text = text.replace(f'approval = [["{start}", 0.0]]\n', "")
    (engine.case.folder / "scenarios" / "rule.toml").write_text(text, "utf-8")
    return engine.path(replace(engine.case.scenario("rule"), months=months), foresight)


def to_two(engine: Engine, path: Months) -> np.ndarray:
    routes = engine.market.network.routes
    on = routes["destination"].eq("TWO") & routes["origin"].eq("ONE") & routes["commodity"].eq("metal")
    return path.ship[on.to_numpy()].sum().to_numpy()


def test_shares_by_hand(case: Case, engine: Engine) -> None:
    """ONE's ore: its own pit over all it handles. Its metal is as clean as its ore; what comes from CTL is not."""
    network, base = engine.market
    run(engine)
    split = split_for(case, case.scenario("rule"))
    assert split is not None and split.commodities == {"ore", "metal"}
    share = clean_shares(network, base, split)
    own = base.activity["pit_one|dig"]
    bought = base.ship[network.routes["head"].eq("ore|ONE").to_numpy()].sum()
    assert own > 3
    assert share["ore|ONE"] == pytest.approx(own / (own + bought), abs=1e-9)
    assert share["ore|CTL"] == share["metal|CTL"] == 0.0
    made, came = base.activity["works_one|smelt"], base.ship[network.routes["head"].eq("metal|ONE").to_numpy()].sum()
    assert share["metal|ONE"] == pytest.approx(share["ore|ONE"] * made / (made + came), abs=1e-9)


@pytest.mark.parametrize("foresight", ["none", "announced", "perfect"])
def test_a_rule_that_is_not_in_force_changes_nothing(engine: Engine, foresight: str) -> None:
    """The split is built and does not bind: prices and quantities are those of the market without it."""
    split = run(engine, foresight, start="2026-02-01", months=4)
    (engine.case.folder / "scenarios" / "calm.toml").write_text('start = "2025-01-01"\nmonths = 4\n', "utf-8")
    calm = engine.path(engine.case.scenario("calm"), foresight)
    assert np.allclose(split.price, calm.price, rtol=1e-3)
    assert np.allclose(split.served, calm.served, rtol=1e-3)


@pytest.mark.parametrize("foresight", ["none", "announced", "perfect"])
def test_the_ban_follows_the_atoms(engine: Engine, foresight: str) -> None:
    """Of ONE's metal only what is smelted from its own ore goes to TWO: at most the pit's 8 t a year / 1.25."""
    sent = to_two(engine, run(engine, foresight))
    most = 8 / 12 / 1.25
    assert sent[0] > 1.5 * most
    later = sent[3:]
    assert later.min() > 0.5 * most, "clean metal goes on"
    stock = 60 / 365.25 * engine.market.base.activity["pit_one|dig"] / 1.25  # clean ore that firms held at the start
    assert later.sum() <= most * len(later) + stock + 1e-6


def test_without_a_pit_abroad_nothing_is_clean(tmp_path_factory: pytest.TempPathFactory) -> None:
    bare = Engine(make_case(tmp_path_factory.mktemp("origin") / "bare", chain()))
    assert to_two(bare, run(bare))[1:].max() < 1e-6
    leaky = to_two(bare, run(bare, more="leak = 0.2"))
    routes = bare.market.network.routes
    on = routes["destination"].eq("TWO") & routes["origin"].eq("ONE") & routes["commodity"].eq("metal")
    base = float(bare.market.base.ship[on.to_numpy()].sum()) / 12
    assert leaky[1:] == pytest.approx(0.2 * base, rel=1e-3), "smugglers carry the share of base trade that is stated"


def test_a_rule_on_an_end_use_spares_the_others(engine: Engine) -> None:
    """Defence in TWO may take clean metal only; the motors take the rest, and trade goes on."""
    path = run(engine, kind="ban", more='end_uses = ["defence"]')
    free = run(engine, kind="ban", more='end_uses = ["defence"]', start="2027-01-01")
    assert path.served.loc["motor|TWO|metal", 7] > 0.97 * free.served.loc["motor|TWO|metal", 7]
    assert path.served.loc["defence|TWO|metal", 7] > 0.9 * free.served.loc["defence|TWO|metal", 7]


def test_an_end_use_without_clean_supply_is_starved(tmp_path_factory: pytest.TempPathFactory) -> None:
    tables = with_a_mine_abroad()
    tables["facilities"] = tables["facilities"][:-1]
    tables["statistics"] = tables["statistics"][:-1]
    bare = Engine(make_case(tmp_path_factory.mktemp("origin") / "starved", tables))
    path = run(bare, kind="ban", more='end_uses = ["defence"]')
    assert path.served.loc["defence|TWO|metal", 3] < 1e-6
    assert path.served.loc["motor|TWO|metal", 3] > 1.0


def test_two_countries_at_once_are_refused(engine: Engine) -> None:
    text = RULE.format(kind="content_rule", start="2025-02-01", more="", months=3)
    other = text[text.index("[[measure]]") :].replace('"CTL"', '"ONE"').replace('"rule"', '"other"')
    (engine.case.folder / "scenarios" / "both.toml").write_text(text + other, "utf-8")
    with pytest.raises(DidymiumError, match="one country's at a time"):
        engine.path(engine.case.scenario("both"))
