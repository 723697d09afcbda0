"""Scenario files: what share a measure lets through by the day, what is believed of it, and what is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from case_factory import chain, make_case, mine_and_user
from didymium.case.case import Case
from didymium.case.scenario import Restriction
from didymium.faults import CaseError, DidymiumError

LICENCE = """
title = "Licences"
start = "2025-01-01"
months = 12

[[measure]]
id = "licence"
kind = "licence"
controller = "CTL"
commodities = ["ore"]
destinations = ["*"]
start = "2025-04-16"
end = "2025-09-30"
approval = [["2025-04-16", 0.25], ["2025-06-01", 0.5]]
source = "book"
"""


def restriction(approval: tuple[tuple[date, float], ...], start: date, end: date | None = None) -> Restriction:
    return Restriction("m", "licence", "CTL", frozenset({"ore"}), frozenset({"ONE"}), start, end, approval, 0.0, ())


def licence(end: date | None = date(2025, 10, 1)) -> Restriction:
    day = date(2025, 4, 16)
    return restriction(((day, 0.25), (date(2025, 6, 1), 0.5)), day, end)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("scenario") / "small", mine_and_user(), {"licence": LICENCE})


def faults(case: Case, text: str) -> list[str]:
    """Return the faults of a scenario file, as "row field"."""
    (case.folder / "scenarios" / "broken.toml").write_text(text, "utf-8")
    with pytest.raises(CaseError) as caught:
        case.scenario("broken")
    assert all(fault.file == "scenarios/broken.toml" and fault.fix for fault in caught.value.faults)
    return [f"{fault.row} {fault.field}" for fault in caught.value.faults]


# Share let through


def test_half_a_month_at_a_quarter() -> None:
    assert licence().share(date(2025, 4, 1), date(2025, 5, 1)) == pytest.approx((15 * 1.0 + 15 * 0.25) / 30)


def test_share_before_within_and_after() -> None:
    assert licence().share(date(2025, 3, 1), date(2025, 4, 1)) == 1.0
    assert licence().share(date(2025, 5, 1), date(2025, 6, 1)) == pytest.approx(0.25)
    assert licence().share(date(2025, 7, 1), date(2025, 8, 1)) == pytest.approx(0.5)
    assert licence().share(date(2025, 10, 1), date(2025, 11, 1)) == 1.0
    assert licence(end=None).share(date(2030, 1, 1), date(2031, 1, 1)) == pytest.approx(0.5)


def test_share_over_both_steps_and_the_ends() -> None:
    """A year: 105 free days, 46 at a quarter, 122 at a half, 92 free days."""
    share = licence().share(date(2025, 1, 1), date(2026, 1, 1))
    assert share == pytest.approx((105 + 46 * 0.25 + 122 * 0.5 + 92) / 365)


def test_steps_before_the_period_do_not_count() -> None:
    early = restriction(((date(2024, 1, 1), 0.0), (date(2024, 6, 1), 0.8)), date(2024, 1, 1))
    assert early.share(date(2025, 1, 1), date(2025, 2, 1)) == pytest.approx(0.8)


def test_an_empty_period_is_an_error() -> None:
    with pytest.raises(ValueError, match="empty"):
        licence().share(date(2025, 4, 1), date(2025, 4, 1))


# Belief


def test_believed_holds_todays_share_for_good() -> None:
    believed = licence().believed(date(2025, 5, 20), known_end=False)
    assert believed.end is None
    assert believed.share(date(2025, 7, 1), date(2025, 8, 1)) == pytest.approx(0.25), "the easing of June is not known"
    assert believed.share(date(2026, 7, 1), date(2026, 8, 1)) == pytest.approx(0.25)


def test_believed_with_an_announced_end() -> None:
    believed = licence().believed(date(2025, 6, 30), known_end=True)
    assert believed.share(date(2025, 9, 1), date(2025, 10, 1)) == pytest.approx(0.5)
    assert believed.share(date(2025, 10, 1), date(2025, 11, 1)) == 1.0


def test_believed_before_the_first_step_takes_the_first_one() -> None:
    assert licence().believed(date(2025, 1, 1), known_end=False).approval == ((date(2025, 4, 16), 0.25),)


# Files


def test_a_scenario_is_read(case: Case) -> None:
    story = case.scenario("licence")
    assert (story.name, story.start, story.months) == ("licence", date(2025, 1, 1), 12)
    assert story.restrictions == (replace(licence(), measure="licence", inputs=("sources/book",)),)
    assert story.inputs() == ["sources/book"]


def test_the_end_is_the_last_day_in_force(case: Case) -> None:
    measure = case.scenario("licence").restrictions[0]
    assert measure.share(date(2025, 9, 30), date(2025, 10, 1)) == pytest.approx(0.5)
    assert measure.share(date(2025, 10, 1), date(2025, 10, 2)) == 1.0


def test_everywhere_means_every_region_but_the_controller(case: Case) -> None:
    assert case.scenario("licence").restrictions[0].destinations == frozenset({"ONE"})


def test_a_ban_lets_nothing_through(case: Case) -> None:
    text = re.sub("approval = .*\n", "", LICENCE.replace('"licence"', '"ban"'))
    (case.folder / "scenarios" / "ban.toml").write_text(text, "utf-8")
    assert case.scenario("ban").restrictions[0].approval == ((date(2025, 4, 16), 0.0),)


def test_an_approval_path_that_begins_late_is_free_until_then(case: Case) -> None:
    (case.folder / "scenarios" / "late.toml").write_text(LICENCE.replace('[["2025-04-16", 0.25], ', "["), "utf-8")
    measure = case.scenario("late").restrictions[0]
    assert measure.share(date(2025, 5, 1), date(2025, 6, 1)) == pytest.approx(1.0)
    assert measure.share(date(2025, 6, 1), date(2025, 7, 1)) == pytest.approx(0.5)


def test_passthrough_is_a_share_of_the_cut(tmp_path: Path) -> None:
    text = LICENCE + '\n[[passthrough]]\ncommodities = ["metal"]\nshare = 0.6\nsource = "book"\n'
    model, follower = make_case(tmp_path / "through", chain(), {"through": text}).scenario("through").restrictions
    assert [share for _day, share in follower.approval] == pytest.approx([1 - 0.6 * 0.75, 1 - 0.6 * 0.5])
    assert (follower.start, follower.end, follower.controller) == (model.start, model.end, "CTL")


def test_an_unknown_scenario_names_those_that_there_are(case: Case) -> None:
    with pytest.raises(DidymiumError, match="licence"):
        case.scenario("nonesuch")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("approval =", "ignored =", "licence approval"),
        ('end = "2025-09-30"', 'end = "2025-04-01"', "licence end"),
        ('end = "2025-09-30"', 'end = "30 September"', "licence end"),
        ("months = 12", "months = 12\nprobability = 1.5\nprobability_source = 'book'", "scenario probability"),
        ("months = 12", "months = 12\nprobability = 0.5", "scenario probability"),
        ("months = 12", "months = 0", "scenario months"),
        ("months = 12", "months = 1.5", "scenario months"),
        ("months = 12", "", "scenario months"),
        ('start = "2025-01-01"', "", "scenario start"),
        ('["ore"]', '["gold"]', "licence commodities"),
        ('["ore"]', '["stage:gold"]', "licence commodities"),
        ('["ore"]', "[]", "licence commodities"),
        ('"*"', '"MARS"', "licence destinations"),
        ('"CTL"', '"MARS"', "licence controller"),
        ('kind = "licence"', 'kind = "fine"', "licence kind"),
        ('kind = "licence"', 'kind = "tariff"', "licence rate"),
        ('kind = "licence"', 'kind = "tariff"', "licence destinations"),
        ('kind = "licence"', 'kind = "minimum_price"', "licence price"),
        ('kind = "licence"', 'kind = "licence"\nleak = 2', "licence leak"),
        ('kind = "licence"', 'kind = "licence"\ncovers = -1', "licence covers"),
        ('kind = "licence"', 'kind = "licence"\npooled = true', "licence pooled"),
        ('kind = "licence"', 'kind = "licence"\nend_uses = ["war"]', "licence end_uses"),
        ('kind = "licence"', 'kind = "licence"\nlate = 1\ndelay_days = 9\nreview_days = 8', "licence review_days"),
        ('kind = "licence"', 'kind = "licence"\nannounced = "2025-05-01"', "licence announced"),
        ("months = 12", "months = 12\ninclude = ['nonesuch']", "scenario include"),
        ("months = 12", "months = 12\ninclude = ['broken']", "scenario include"),
        ("months = 12", "months = 12\nmonth = 12", "scenario month"),
        ("0.25]", "1.25]", "licence approval"),
        ("0.25]", '"0.25"]', "licence approval"),
        ('"2025-06-01"', '"2025-03-01"', "licence approval"),
        ('source = "book"', 'source = "nonesuch"', "licence source"),
        ('source = "book"', 'source = "book"\nfrom = "nonesuch"', "licence from"),
    ],
)
def test_bad_files_are_refused(case: Case, old: str, new: str, expected: str) -> None:
    assert old in LICENCE
    assert expected in faults(case, LICENCE.replace(old, new, 1))


SPAN = 'start = "2025-01-01", end = "2025-02-01", source = "book"'


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (f'outage = [{{facility = "nonesuch", {SPAN}}}]', "outage facility"),
        ('outage = [{facility = "pit", start = "2025-01-01", source = "book"}]', "outage end"),
        (f'outage = [{{facility = "pit", availability = 2, {SPAN}}}]', "outage availability"),
        (f'demand = [{{end_use = "nonesuch", factor = 1, {SPAN}}}]', "demand end_use"),
        (f'demand = [{{end_use = "motor", region = "MARS", factor = 1, {SPAN}}}]', "demand region"),
        (f'demand = [{{end_use = "motor", factor = -1, {SPAN}}}]', "demand factor"),
        (f'demand = [{{end_use = "motor", {SPAN}}}]', "demand factor"),
        ('passthrough = [{commodities = ["ore"], share = 0.5, source = "book"}]', "passthrough like"),
    ],
)
def test_bad_outages_and_demands_are_refused(case: Case, table: str, expected: str) -> None:
    assert expected in faults(case, f'start = "2025-01-01"\nmonths = 3\n{table}\n')


def test_all_faults_come_at_once(case: Case) -> None:
    text = LICENCE.replace("months = 12", "months = 0").replace('"ore"', '"gold"').replace("0.25]", "2]")
    assert {"scenario months", "licence commodities", "licence approval"} <= set(faults(case, text))


def test_not_toml(case: Case) -> None:
    (case.folder / "scenarios" / "torn.toml").write_text("start = \n", "utf-8")
    with pytest.raises(CaseError, match=r"scenarios/torn\.toml"):
        case.scenario("torn")


# Shapes that TOML allows and a scenario does not.
_ODD = [
    pytest.param(old, new, id=name)
    for name, old, new in (
        ("an approval step without a share", '["2025-04-16", 0.25]', '["2025-04-16"]'),
        ("an approval that is a number", '[["2025-04-16", 0.25], ["2025-06-01", 0.5]]', "0.25"),
        ("a delay that is a text", 'source = "book"', 'source = "book"\ndelay_days = "long"'),
        ("months that are true", "months = 12", "months = true"),
        ("a measure that is a text", "[[measure]]", 'measure = ["licence"]\n[other]'),
    )
]


@pytest.mark.parametrize(("old", "new"), _ODD)
def test_odd_shapes_are_faults_and_not_crashes(case: Case, old: str, new: str) -> None:
    assert old in LICENCE
    assert faults(case, LICENCE.replace(old, new, 1))
