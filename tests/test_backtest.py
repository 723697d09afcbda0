"""Back-tests: what is predicted beside what was observed, and what may judge."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from case_factory import chain, make_case
from didymium.case.case import Case, load_case
from didymium.faults import CaseError, DidymiumError
from didymium.result import Result
from didymium.shock import shock
from didymium.shock.backtest import backtest
from didymium.shock.engine import Engine

STORY = """
title = "Licence"
start = "2025-01-01"
months = 12

[[measure]]
id = "m"
kind = "licence"
controller = "CTL"
commodities = ["ore", "metal"]
destinations = ["*"]
start = "2025-02-01"
approval = [["2025-02-01", 0.4]]
source = "book"
"""

ROW = {"scenario": "story", "quantity": "exports_change", "commodities": "metal;ore", "region": "*", "month": "2025-03",
       "value": -0.6, "low": -0.62, "high": -0.58, "use": "score"}  # fmt: skip


def small(folder: Path, *rows: dict[str, object]) -> Case:
    tables = chain()
    tables["sources"] = [{"source": "rumour", "grade": "D"}]
    tables["backtests"] = [{**ROW, "backtest": f"row{at}", **row} for at, row in enumerate(rows)]
    return make_case(folder / "chain", tables, {"story": STORY})


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    case = small(
        tmp_path_factory.mktemp("backtest"),
        {},
        {"value": -0.3, "low": "", "high": ""},
        {"use": "calibrate"},
        {"use": "show", "source": "rumour"},
        {"quantity": "line_stop", "commodities": "", "end_uses": "motor", "region": "TWO", "month": "2025-06",
         "value": 1, "low": "", "high": ""},
        {"quantity": "price_multiple", "commodities": "metal", "region": "CTL", "until": "2025-05", "value": 1.0,
         "low": 0.5, "high": 1.0},
        {"quantity": "peak_multiple", "commodities": "metal", "region": "TWO", "until": "2025-05", "value": 3.0,
         "low": 1.5, "high": 20.0},
    )  # fmt: skip
    return backtest(case)


def test_verdicts(result: Result) -> None:
    table = result["backtest"].set_index("backtest")
    said = table["verdict"].to_dict()
    assert said == {"row0": "hit", "row1": "miss", "row2": "made from it", "row3": "shown only", "row4": "hit",
                    "row5": "hit", "row6": "hit"}  # fmt: skip
    assert table.at["row0", "predicted"] == pytest.approx(-0.6, abs=1e-6), "the licence binds: 40 % of base exports"
    assert table.at["row5", "predicted"] < 1.0 < table.at["row6", "predicted"]
    assert (table["predicted_low"] <= table["predicted"]).all() and (
        table["predicted"] <= table["predicted_high"]
    ).all()


def test_score_counts_what_judges(result: Result) -> None:
    row = result["score"].set_index("scenario").loc["story"]
    assert row[["hits", "scored", "made", "shown"]].tolist() == [4, 5, 1, 1]


def test_usable_stock_is_swept(result: Result) -> None:
    peak = result["backtest"].set_index("backtest").loc["row6"]
    assert peak["predicted_high"] > 1.1 * peak["predicted_low"], "who holds less pays more"


def test_it_ends_with_the_last_observation(result: Result) -> None:
    assert all(run["months"] == 6 for run in result.manifest["run"].values()), "June is the last month looked at"


def test_the_verb_shows_them_beside_its_run(tmp_path: Path) -> None:
    case = small(tmp_path, {})
    assert shock(case, "story", ("none",))["backtest"]["verdict"].tolist() == ["hit"]
    case = make_case(tmp_path / "bare", chain(), {"story": STORY})
    assert "backtest" not in shock(case, "story", ("none",)).tables
    with pytest.raises(DidymiumError, match="no back-tests"):
        backtest(case)


def test_faults(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="graded D"):
        small(tmp_path / "rumour", {"source": "rumour"})
    with pytest.raises(DidymiumError, match="no such month"):
        backtest(small(tmp_path / "early", {"month": "2024-03"}))
    with pytest.raises(DidymiumError, match="nothing that is traded"):
        backtest(small(tmp_path / "none", {"quantity": "price_multiple", "commodities": "ore", "region": "TWO"}))


# 2010-11


@pytest.fixture(scope="module")
def episode() -> dict[str, pd.Series]:
    """Highest price multiples outside China of two readings of 2010, by commodity."""
    case = load_case(Path(__file__).parents[1] / "src/didymium/cases/quota_2010")
    engine = Engine(case)
    outside = engine.market.network.markets["region"].eq("RST").to_numpy()
    found = {}
    for name in ("quota-2010", "embargo-2010"):
        path = engine.path(case.scenario(name))
        multiple = path.price.div(engine.market.base.price, axis=0)[outside].max(axis=1)
        found[name] = multiple.rename(lambda label: str(label).split("|")[0])
    return found


def test_dysprosium_of_2011(episode: dict[str, pd.Series]) -> None:
    """Published: 91 USD/kg in January 2009, 2,377 in August 2011 (mining.com), x26; asked for: x10 to x60.

    With the stop of shipments x19.8, in the range. The quota and 90 days of panic stock alone give x4.5: a miss, kept.
    """
    assert 10 <= episode["embargo-2010"]["dy_oxide"] <= 60
    assert 3 < episode["quota-2010"]["dy_oxide"] < 10


def test_order_of_elements(episode: dict[str, pd.Series]) -> None:
    """What only magnets take rises more than lanthanum and cerium, whose users can do without."""
    for multiple in episode.values():
        assert multiple["dy_oxide"] >= multiple["ndpr_oxide"] > multiple["lace_oxide"] > 1.5
