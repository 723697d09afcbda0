"""What was known on a day: later rows are left out, older editions are fitted again, hindsight is counted."""

from __future__ import annotations

import pytest

import didymium as dd
from didymium.case.case import Case
from didymium.case.check import last_day
from didymium.case.vintage import hindsight, known_on
from didymium.faults import DidymiumError


def test_a_coarse_date_is_taken_at_its_end() -> None:
    assert [last_day(text).isoformat() for text in ("2025", "2024-02", "2024-03-04")] == [
        "2025-12-31", "2024-02-29", "2024-03-04"]  # fmt: skip


def test_before_the_yearbook_of_2026_the_one_of_2025_is_fitted(us_japan: Case) -> None:
    """World mine output of 2024, t REO: 390,000 in the edition of 2025, 380,000 in that of 2026."""
    before, today = known_on(us_japan, "2025-12-31"), us_japan
    for case, series in ((today, "mcs2026"), (before, "mcs2025")):
        table = case["statistics"]
        fitted = table[table["use"].eq("fit") & table["commodity"].eq("stage:mine") & table["year"].eq(2024)]
        australia = fitted[fitted["region"].eq("AUS") & fitted["flow"].eq("production")]
        assert list(australia["series"]) == [series]
    assert before.digest != today.digest
    assert before.known_on == "2025-12-31"
    assert "as known on 2025-12-31" in before.variant


def test_nothing_of_later_days_is_left(us_japan: Case) -> None:
    day = "2025-06-30"
    case = known_on(us_japan, day)
    for table, column in (("events", "date"), ("measures", "announced"), ("prices", "date"), ("evidence", "date")):
        assert len(case[table]) < len(us_japan[table]), table
        assert all(last_day(text).isoformat() <= day for text in case[table][column]), table
    assert case["commitments"].empty  # the framework was signed on 28 October 2025
    assert hindsight(us_japan) == {}
    assert hindsight(case)["facilities"] > 0


def test_a_market_of_then_clears(us_japan: Case) -> None:
    """Every part that a market needs is still there, and the result says what is hindsight."""
    result = dd.clear(known_on(us_japan, "2025-06-30"))
    assert result.manifest["known_on"] == "2025-06-30"
    assert result.manifest["hindsight"]["facilities"] > 0
    prices = result["prices"].set_index(["commodity", "region"])["price"]
    assert prices["dy_oxide", "CHN"] > 0


def test_a_scenario_of_later_law_is_refused(us_japan: Case) -> None:
    with pytest.raises(DidymiumError, match="measure"):
        known_on(us_japan, "2025-06-30").scenario("october-2025-rules")


def test_a_day_before_the_base_year_is_over_is_refused(us_japan: Case) -> None:
    with pytest.raises(DidymiumError, match="was not over"):
        known_on(us_japan, "2024-06-30")
    with pytest.raises(DidymiumError, match="not a day"):
        known_on(us_japan, "June 2025")
