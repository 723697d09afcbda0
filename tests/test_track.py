"""Clocks, states and vintage of promises and measures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from didymium.case.check import last_day
from didymium.faults import CaseError, DidymiumError
from didymium.track import track
from didymium.track.clocks import add_months, as_day, deadline
from didymium.track.measures import STATES as MEASURE_STATES
from didymium.track.measures import measure_clock
from didymium.track.status import STATES, STEPS, Standing, Step, standing

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result

SIGNED = date(2025, 10, 28)
BOTH = ["USA", "JPN"]


def stands(*steps: Step, due: str = "", clock: str = "none", as_of: str = "2026-11-21") -> Standing:
    day = date.fromisoformat(due) if due else None
    return standing("fixed" if due else clock, "2025-10-28", day, steps, BOTH, date.fromisoformat(as_of))


def step(when: str, status: str, who: str = "both") -> Step:
    return Step(when, status, who, f"{status} seen", f"evidence/x|{when}|{status}|{who}")


def test_fixed_clocks() -> None:
    assert deadline("fixed", SIGNED, days=180) == date(2026, 4, 26)
    assert deadline("fixed", SIGNED, months=6) == date(2026, 4, 28)
    assert deadline("none", SIGNED) is None


def test_triggered_clock_has_no_date_before_its_trigger() -> None:
    assert deadline("triggered", SIGNED, None, days=10) is None
    assert deadline("triggered", SIGNED, date(2026, 12, 25), days=10) == date(2027, 1, 4)


def test_calendar_months_end_with_the_month() -> None:
    assert add_months(date(2025, 8, 31), 6) == date(2026, 2, 28)
    assert add_months(date(2023, 8, 31), 6) == date(2024, 2, 29)
    assert add_months(date(2025, 10, 28), 3) == date(2026, 1, 28)


def test_a_clock_without_time_is_refused() -> None:
    with pytest.raises(DidymiumError, match="neither days nor months"):
        deadline("fixed", SIGNED)


@pytest.mark.parametrize(("text", "last"), [("2024", "2024-12-31"), ("2024-02", "2024-02-29"), ("2025-11-03",) * 2])
def test_last_day(text: str, last: str) -> None:
    assert last_day(text) == date.fromisoformat(last)


@pytest.mark.parametrize("text", ["2026", "2026-11", "21.11.2026", "2026-02-30", ""])
def test_as_of_must_be_a_day(text: str) -> None:
    with pytest.raises(DidymiumError, match="YYYY-MM-DD"):
        as_day(text)


def test_silence_and_failure_are_apart() -> None:
    silent = stands(step("2026-08-21", "no_public_evidence"), due="2026-04-26")
    assert (silent.state, silent.status) == ("overdue without public evidence", "no_public_evidence")
    assert "2026-08-21" in silent.text
    missed = stands(step("2026-05-01", "missed"), due="2026-04-26")
    assert (missed.state, missed.status) == ("missed", "missed")
    never_searched = stands(due="2026-04-26")
    assert (never_searched.state, never_searched.status) == ("overdue without public evidence", "promised")
    assert "no search is on record" in never_searched.text


def test_states_before_and_after_the_deadline() -> None:
    closed = step("2026-03-10", "closed", "JPN")
    assert stands(closed, due="2026-04-28", as_of="2026-04-28").state == "open"
    assert stands(closed, due="2026-04-28", as_of="2026-04-29").state == "partly"
    met = step("2026-04-28", "met")
    assert stands(closed, met, due="2026-04-28").state == "met"
    assert stands(closed, step("2026-04-29", "met"), due="2026-04-28").state == "met late"


def test_met_by_one_of_two_is_not_met() -> None:
    one = step("2026-04-01", "met", "USA")
    assert stands(one, due="2026-04-28").state == "partly"
    assert stands(one, step("2026-04-20", "met", "JPN"), due="2026-04-28").state == "met"


def test_the_highest_step_stands_beside_the_silence_of_the_other() -> None:
    found = stands(
        step("2026-01-21", "closed", "USA"),
        step("2026-02-01", "announced"),
        step("2026-08-21", "no_public_evidence", "JPN"),
    )
    assert (found.state, found.status, found.status_date) == ("no clock, steps seen", "closed", "2026-01-21")
    assert found.by_participant == "USA: closed (2026-01-21); JPN: announced (2026-02-01)"


def test_a_trigger_is_no_step_towards_the_promise() -> None:
    request = step("2026-09-01", "announced")
    silent = standing("triggered", "2025-10-28", date(2026, 9, 11), [request], BOTH, date(2026, 11, 21))
    assert silent.state == "overdue without public evidence"


def measure(**dates: str) -> dict[str, Any]:
    empty = dict.fromkeys(("start", "end", "suspended_from", "suspended_to"), "")
    return {**empty, **dates}


@pytest.mark.parametrize(
    ("day", "state", "clock"),
    [
        ("2025-10-20", "announced", "2025-11-08"),  # the suspension was not known then
        ("2025-11-07", "suspended", "2026-11-10"),
        ("2026-11-10", "suspended", "2026-11-10"),
        ("2026-11-21", "suspension expired", "2026-11-10"),
    ],
)
def test_clock_of_a_suspended_measure(day: str, state: str, clock: str) -> None:
    row = measure(start="2025-11-08", suspended_from="2025-11-07", suspended_to="2026-11-10")
    found = measure_clock(row, date.fromisoformat(day))
    assert found.state in MEASURE_STATES
    assert (found.state, found.clock) == (state, date.fromisoformat(clock))


def test_clock_of_a_truce_and_of_a_measure_without_end() -> None:
    truce = measure(start="2025-11-07", end="2026-11-10")
    assert measure_clock(truce, date(2026, 11, 10)).state == "in force"
    assert measure_clock(truce, date(2026, 11, 11)).state == "expired"
    assert measure_clock(measure(start="2025-04-04"), date(2026, 11, 21)).clock is None


def test_the_29_commitments(tracked: Result) -> None:
    frame = tracked["commitments"].set_index("commitment")
    assert len(frame) == 29
    assert set(frame["state"]) <= set(STATES)
    assert set(frame["binding"]) == {"non-binding"}
    assert frame.loc["US-JP-I.2d", "deadline"] == "2026-04-26"
    assert frame.loc["US-JP-I.2b", "deadline"] == "2026-04-28"
    assert frame.loc["US-JP-I.2b", "days_left"] == (date(2026, 4, 28) - date(2026, 11, 21)).days
    assert frame.loc["US-JP-I.2d", "state"] == "overdue without public evidence"
    assert frame.loc["US-JP-II.2", "state"] == "not triggered"
    assert frame.loc["US-JP-II.2", "deadline"] == ""
    assert not frame["state"].eq("missed").any(), "no evidence in the case says that a promise was missed"


def test_a_look_back_sees_only_what_was_known(us_japan: Case) -> None:
    day = date(2026, 3, 15)
    then = track(us_japan, day)
    for table, column in (("evidence", "date"), ("measures", "next_date")):
        assert len(then[table]), f"{table} is empty: the test looks at nothing"
        assert column in then[table]
    assert all(last_day(when) <= day for when in then["evidence"]["date"])
    # Dated to the month: not known before the month is over.
    assert "2026-03" not in set(then["evidence"]["date"])
    assert "2026-03" in set(track(us_japan, "2026-03-31")["evidence"]["date"])
    announced = us_japan["measures"].set_index("measure")["announced"]
    assert all(last_day(announced[name]) <= day for name in then["measures"]["measure"])
    known = {key for cell in then["commitments"]["rests_on"] for key in cell.split(";") if key.startswith("evidence/")}
    assert known == set(then["evidence"]["rests_on"])


def test_evidence_older_than_the_promise_is_shown_but_not_counted(us_japan: Case) -> None:
    result = track(us_japan, "2025-10-30")
    older = result["evidence"][result["evidence"]["before_signature"]]
    assert len(older)
    assert not set(older["status"]) <= {"promised"}
    silent = result["commitments"].set_index("commitment").loc["US-JP-I.7"]
    assert silent["status"] == "promised"


def test_nothing_was_promised_before_the_signature(us_japan: Case) -> None:
    result = track(us_japan, "2025-10-27")
    assert result["commitments"].empty
    assert result["evidence"].empty
    assert result["ladder"].empty
    assert len(result["measures"])


def test_ladder_counts_each_promise_once_and_has_no_total(tracked: Result) -> None:
    ladder = tracked["ladder"].set_index("status")["commitments"]
    assert list(ladder.index[: len(STEPS)]) == list(STEPS)
    assert ladder.to_dict() == {
        status: int(tracked["commitments"]["status"].eq(status).sum()) for status in ladder.index
    }


def test_a_request_starts_its_clock(us_japan: Case) -> None:
    evidence = us_japan["evidence"].copy()
    row = evidence.iloc[-1].to_dict() | {
        "commitment": "US-JP-II.2", "date": "2026-11-15", "status": "announced", "participant": "USA",
        "_row": "evidence/US-JP-II.2|2026-11-15|announced|USA",
    }  # fmt: skip
    evidence.loc[len(evidence)] = row
    case = replace(us_japan, tables={**us_japan.tables, "evidence": evidence})
    found = track(case, "2026-11-21")["commitments"].set_index("commitment").loc["US-JP-II.2"]
    assert (found["deadline"], found["days_left"], found["state"]) == ("2026-11-25", 4.0, "open")


def test_a_fixed_clock_without_time_names_file_and_row(us_japan: Case) -> None:
    commitments = us_japan["commitments"].copy()
    commitments.loc[commitments["commitment"].eq("US-JP-I.2d"), "days"] = float("nan")
    case = replace(us_japan, tables={**us_japan.tables, "commitments": commitments})
    with pytest.raises(CaseError, match=r"commitments\.csv, row \d+, days, months"):
        track(case, "2026-11-21")
