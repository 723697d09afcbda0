"""Programmes of thrift: a need that falls is a tonne less to be made, it stays where it is, and its users gain."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from didymium.case.case import Case
from didymium.market.prepare import prepare
from didymium.plan.candidates import candidates
from didymium.plan.clearing import Plan
from didymium.plan.stories import Story
from plan_cases import YEAR, cut, decomposed, desk_for, extensive, shares, thrifty

WHO = ("ONE",)
CALM = [Story("calm", None, 1.0)]


@pytest.mark.parametrize(
    ("stories", "gain"),
    [
        (CALM, 5 * (9 - 4) - 10),  # what is spared would have been bought at 9
        ([Story("halt", cut(12, date(YEAR, 1, 1), "halt"), 1.0)], 5 * (10 - 4) - 10),  # what is spared is worth 10
    ],
)
def test_what_is_spared_is_worth_what_it_would_have_cost(tmp_path: Path, stories: list[Story], gain: float) -> None:
    desk = desk_for(thrifty(tmp_path / "thrifty"), stories, WHO)
    planner, found, total = decomposed(desk, WHO)
    assert shares(desk, found) == {"thrift": pytest.approx(1.0)}
    assert found.value * 1000 == pytest.approx(gain, rel=1e-6)
    assert total * 1000 == pytest.approx(extensive(desk, WHO).objective, rel=1e-8)
    cleared = planner.clear(WHO, Plan(found.decision, "thrift"))
    worth = planner.clearing.worth(cleared)
    # Half a cent: the flat use falls by a little with its price.
    assert float(worth[0]) == pytest.approx(gain, rel=1e-4), "its users gain it, not a seller"


def test_what_is_dearer_than_it_spares_is_not_built(tmp_path: Path) -> None:
    desk = desk_for(thrifty(tmp_path / "thrifty", cost=8.0), CALM, WHO)
    _planner, found, _total = decomposed(desk, WHO)
    assert shares(desk, found) == {"thrift": pytest.approx(0.0)} and found.value == pytest.approx(0.0)


def test_no_more_is_spared_than_is_needed(tmp_path: Path) -> None:
    """A programme of 100 t where 20 t are the most that anybody uses: the rest is not sold, stored or thrown away."""
    desk = desk_for(thrifty(tmp_path / "thrifty", capacity=100.0), CALM, WHO)
    planner, found, _total = decomposed(desk, WHO)
    values = planner.clear(WHO, Plan(found.decision, "thrift")).values
    spared, served = (values[name].to_numpy().sum() for name in ("activity", "served"))
    assert values["activity"].loc["thrift|spare"].sum() <= served + 1e-6 and spared > 0
    assert values["ship"].to_numpy().sum() <= 20 + 1e-6


def test_what_is_spared_leaves_for_nowhere(us_japan: Case) -> None:
    """Japan exports magnets: what its motors spare makes no export of its own."""
    network, _base = prepare(us_japan)
    saves = network.activities.index[network.activities["saves"]]
    assert len(saves) == 4 and set(network.activities.loc[saves, "stage"]) == {"use"}
    from didymium.market.options import Options, Project
    from didymium.market.program import build
    from didymium.market.tree import periods

    tree = periods([(date(2031, 1, 1), date(2032, 1, 1), "2031")], None, 0.05)
    projects = tuple(Project(f.split("|")[0], date(2028, 1, 1), 0.0, 0.0, "", choose=False, share=1.0) for f in saves)
    program = build(us_japan, tree, Options(growth=True, expansion=True, projects=projects))
    rows = program.model.rows
    thrift, leaving = rows["thrift_stays"], rows["no_transit"]
    assert set(thrift.coords[0]) == {"magnet_high_temperature|JPN", "magnet_high_temperature|USA"}
    matrix = program.model.finish().matrix
    at = program.model.columns["activity"].positions()[network.activities.index.get_indexer(saves), 0]
    block = leaving.positions().ravel()
    good = [label for label, name in zip(block, np.repeat(leaving.coords[0], 1), strict=True) if "high_temp" in name]
    assert good and abs(matrix[good][:, at]).sum() == 0.0
    assert abs(matrix[thrift.positions().ravel()][:, at]).sum() == pytest.approx(4.0)


def test_recycling_and_thrift_are_decisions_of_the_case(us_japan: Case) -> None:
    found = {c.facility: c for c in candidates(us_japan, prepare(us_japan), date(2027, 1, 1))}
    for place, member in (("japan", "JPN"), ("usa", "USA")):
        for kind in ("heavy_free_motors", "magnet_free_motors", "scrap_programme"):
            programme = found[f"{place}_{kind}"]
            assert programme.sponsors == (member,) and programme.scalable and not programme.committed
            assert programme.on_assumptions and programme.lead_months >= 24 and programme.capex > 0
