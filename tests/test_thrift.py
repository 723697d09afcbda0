"""Thrift: users design out what stays dear, slowly, and do not come back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from case_factory import chain, make_case
from didymium.case.case import Case
from didymium.case.scenario import Restriction, Scenario
from didymium.economy.willingness import thrift
from didymium.market.options import Options
from didymium.shock.engine import Engine

FIRST = date(2024, 1, 1)
OPTIONS = Options(stocks=True, transit=True)


def one(value: float) -> np.ndarray:
    return np.array([value])


def test_the_law_by_hand() -> None:
    """At a price of four with elasticity 0.5 the goal is 1/2; a tenth of the way each month, and never back."""
    first = thrift(one(1.0), one(4.0), one(0.5), one(10.0))
    assert first == pytest.approx(0.95)
    assert thrift(first, one(4.0), one(0.5), one(10.0)) == pytest.approx(0.95 - 0.045)
    assert thrift(one(0.7), one(1.0), one(0.5), one(10.0)) == pytest.approx(0.7), "hysteresis"
    assert thrift(one(1.0), one(1.09), one(0.5), one(10.0)) == 1.0, "a small rise changes no design"
    assert thrift(one(1.0), one(50.0), one(0.0), one(1.0)) == 1.0, "who saves nothing"


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    folder: Path = tmp_path_factory.mktemp("thrift")
    found = {}
    for name, cells in (("none", {}), ("some", {"thrift": 0.4, "thrift_months": 6, "thrift_source": "book"})):
        tables = chain()
        tables["end_uses"] = [{**tables["end_uses"][0], **cells}]
        found[name] = make_case(folder / name, tables)
    return found


def halt(months: int) -> Scenario:
    """A licence lets 40 % through from March to August."""
    licence = Restriction("licence", "licence", "CTL", frozenset({"ore", "metal"}), frozenset({"ONE", "TWO"}),
                          date(2024, 3, 1), date(2024, 9, 1), ((date(2024, 3, 1), 0.4),), 0.0, ())  # fmt: skip
    return Scenario("halt", "Halt", "", FIRST, months, (licence,))


def test_users_save_slowly_and_for_good(cases: dict[str, Case]) -> None:
    paths = {name: Engine(case).path(halt(18)) for name, case in cases.items()}
    wanted = paths["some"].wanted.loc["motor|TWO|metal"]
    assert wanted[0] == pytest.approx(wanted[1]), "nothing before it is dear"
    fall = wanted.diff().iloc[2:8]
    assert (fall <= 1e-9).all() and fall.min() < -0.005 * wanted[0]
    assert wanted[8:].max() <= wanted[8] + 1e-9, "the price falls in September and the saving stays"
    assert wanted[17] < 0.97 * wanted[0]
    without = paths["none"].wanted.loc["motor|TWO|metal"]
    assert without.to_numpy() == pytest.approx(without[0])


def test_saving_makes_the_rest_of_a_cut_cheaper(cases: dict[str, Case]) -> None:
    price = {name: Engine(case).path(halt(9)).price.loc["metal|TWO"] for name, case in cases.items()}
    assert price["some"][7] < price["none"][7]


def test_nobody_saves_without_a_shock(cases: dict[str, Case]) -> None:
    case = cases["some"]
    path = Engine(case).path(Scenario("calm", "Calm", "", FIRST, 24))
    wanted = path.wanted.loc["motor|ONE|metal"]
    assert wanted.to_numpy() == pytest.approx(wanted[0], rel=1e-12)
