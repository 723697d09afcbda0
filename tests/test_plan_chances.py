"""The scenarios of a plan stand for all: nothing that makes a cut costly gets lost when they are reduced."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from didymium.case.case import Case
from didymium.faults import DidymiumError
from didymium.plan.likelihoods import chances_table
from didymium.plan.reduction import first_day, months_of, reduced
from didymium.plan.stories import CALM, Chances, Story, chances_of, generated, standing_in
from plan_cases import three_ways

FIRST, LAST = date(2027, 1, 1), 2035


@pytest.fixture(scope="module")
def default(us_japan: Case) -> tuple[list[Story], int]:
    """Return what a plan of the bundled case generates, and where the cut that is shown stands."""
    every = generated(us_japan, chances_of(us_japan), 2028, 2033)
    return standing_in(every, us_japan.scenario("halt-six-months"), FIRST, LAST)


def shares(stories: list[Story]) -> dict[str, Counter[object]]:
    """Return the share of cuts by each property, read off the names of the generated ones."""
    total = sum(story.probability for story in stories if story.scenario)
    found: dict[str, Counter[object]] = {name: Counter() for name in ("onset", "length", "form", "aim")}
    for story in stories:
        if story.scenario is None:
            continue
        name = story.name if story.name.startswith("cut-") else "cut-2030-01-all-everybody-6"
        _cut, year, _month, form, aim, months = name.split("-")
        for key, value in (("onset", int(year)), ("length", int(months)), ("form", form), ("aim", aim)):
            found[key][value] += story.probability / total
    return found


@pytest.mark.parametrize(("count", "room"), [(6, 0.05), (10, 0.03), (20, 0.01), (100, 0.005)])
def test_the_kept_cuts_are_like_all(default: tuple[list[Story], int], count: int, room: float) -> None:
    every, shown = default
    kept, _distance = reduced(every, count, keep=[shown])
    before, after = shares(every), shares(kept)
    for name in ("length", "form", "aim"):
        for value, share in before[name].items():
            assert after[name][value] == pytest.approx(share, abs=room), (name, value)
    onset = [sum(year * share for year, share in of["onset"].items()) for of in (before, after)]
    assert onset[1] == pytest.approx(onset[0], abs=5 * room), "years"


@pytest.mark.parametrize("count", range(2, 40))
def test_the_chance_of_a_cut_stays_whatever_the_number(default: tuple[list[Story], int], count: int) -> None:
    every, shown = default
    kept, distance = reduced(every, count, keep=[shown])
    assert len(kept) == count and len({story.name for story in kept}) == count
    assert sum(story.probability for story in kept) == pytest.approx(1.0, abs=1e-12)
    calm = next(story for story in every if story.name == CALM)
    assert next(story for story in kept if story.name == CALM) == calm, "to the last digit"
    assert min(story.probability for story in kept) > 0.0 and 0.0 < distance < 4.0
    assert "halt-six-months" in {story.name for story in kept}
    assert reduced(every, count, keep=[shown]) == (kept, distance), "the same each time"


@pytest.mark.parametrize("count", [200, 380])
def test_cuts_that_are_told_alike_all_stand_for_something(us_japan: Case, count: int) -> None:
    """Days within half a year are not told apart: of 433 stories many are alike, and none is kept for nothing."""
    every = generated(us_japan, Chances(0.1, 0.5, 0.3, 0.3), 2028, 2029, 3, 12)
    kept, _distance = reduced(every, count)
    assert len(every) == 433 and len(kept) == count
    assert min(story.probability for story in kept) > 0.0
    assert sum(story.probability for story in kept) == pytest.approx(1.0, abs=1e-12)


def test_three_scenarios_already_have_long_heavy_and_aimed_cuts(default: tuple[list[Story], int]) -> None:
    every, shown = default
    after = shares(reduced(every, 3, keep=[shown])[0])
    assert after["form"]["heavy"] > 0.2 and 1.0 - after["aim"]["everybody"] > 0.2
    assert sum(share * months for months, share in after["length"].items()) == pytest.approx(10.5, abs=1.0)


def test_more_of_them_are_nearer(us_japan: Case) -> None:
    stories = generated(us_japan, Chances(0.1, 0.5, 0.3, 0.3), 2028, 2030)
    lost = [reduced(stories, count)[1] for count in (2, 5, 12, 30, len(stories))]
    assert lost == sorted(lost, reverse=True) and lost[-1] == 0.0
    assert reduced(stories, len(stories))[0] == stories


def test_one_cannot_stand_for_calm_and_cuts(us_japan: Case) -> None:
    stories = generated(us_japan, Chances(0.1, 0.5, 0.3, 0.3), 2028, 2030)
    with pytest.raises(DidymiumError, match="keep at least 2"):
        reduced(stories, 1)


def test_cuts_of_any_kind_may_be_reduced() -> None:
    stories = three_ways()
    kept, _distance = reduced(stories, 3)
    assert kept[0].name == CALM and kept[0].probability == stories[0].probability
    assert sum(story.probability for story in kept[1:]) == pytest.approx(0.6)
    long = stories[2].scenario
    assert long is not None and (first_day(long), months_of(long)) == (date(2026, 1, 1), 18)


def test_the_table_says_what_was_lost(us_japan: Case, default: tuple[list[Story], int]) -> None:
    every, shown = default
    kept, _distance = reduced(every, 2, keep=[shown])
    table = chances_table(us_japan, every, kept).frame.set_index(["measure", "value"])
    assert table.loc[("scenarios", ""), ["before", "after"]].tolist() == [109, 2]
    assert table.loc[("cut", ""), ["before", "after"]].tolist() == pytest.approx([1 - 0.9**6] * 2)
    assert table.loc[("mean_length", ""), ["before", "after"]].tolist() == pytest.approx([10.5, 6.0])
    assert table.loc[("length", "18"), ["before", "after"]].tolist() == pytest.approx([0.25, 0.0])
    assert table.loc[("aim", "JPN"), ["before", "after"]].tolist() == pytest.approx([0.15, 0.0])
    for name in ("onset", "length", "forms", "aim"):
        assert table.loc[name, ["before", "after"]].sum().tolist() == pytest.approx([1.0, 1.0]), name
    heavy = table.loc["forms"].loc["heavy elements and what holds them"]
    assert heavy["before"] == pytest.approx(0.3)
