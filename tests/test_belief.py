"""What is news: while nothing is, what was believed a month ago holds today, and a plan may stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from case_factory import chain, make_case
from didymium.case.case import Case
from didymium.case.restriction import Pause, Restriction
from didymium.case.scenario import Scenario
from didymium.market.conditions import shares
from didymium.market.tree import Tree, add_months, months
from didymium.shock.belief import believed, news
from didymium.shock.engine import MEMORY, WINDOW, Engine

BOTH = pytest.mark.parametrize("announced", [False, True])
DAY = date(2025, 2, 1)


def let_through(first: date, ahead: int, belief: Scenario, story: Scenario | None = None) -> dict[str, np.ndarray]:
    """Return by measure what is let through in the months from ``first`` on; the first one as it is, where told."""
    tree = months(first, ahead, None, 0.03)
    told = Tree(tree.nodes, (story or belief, *([belief] * (ahead - 1))))
    found: dict[str, np.ndarray] = {}
    for measure, share in shares(told).items():
        most = found.setdefault(measure.measure, np.ones(ahead))
        np.minimum(most, share, out=most)
    return found


@BOTH
def test_without_news_the_months_are_as_they_were_believed(us_japan: Case, announced: bool) -> None:
    """Every month of every bundled scenario brings what was foreseen for it a month ago, and so do the next ones."""
    calm = 0
    for name in us_japan.scenarios():
        story = us_japan.scenario(name)
        for month in range(1, story.months):
            first = add_months(story.start, month)
            if news(story, first, announced, MEMORY):
                continue
            calm += 1
            before = believed(story, first, announced, MEMORY)
            now = believed(story, add_months(first, 1), announced, MEMORY)
            foreseen, brings = let_through(first, WINDOW, before), let_through(first, WINDOW, now, story)
            assert foreseen.keys() == brings.keys(), (name, first)
            for measure, share in brings.items():
                assert foreseen[measure] == pytest.approx(share, abs=1e-9), (name, first, measure)
            for part in ("outages", "demand_changes"):
                assert getattr(before, part) == getattr(now, part), (name, first)
            assert {(w.measure, w.level) for w in before.wedges} == {(w.measure, w.level) for w in now.wedges}
    assert calm > 50


def measure(**other: object) -> Scenario:
    """Return a year with a ban from February on."""
    ban = Restriction("m", "ban", "CTL", frozenset({"metal"}), frozenset({"ONE"}), DAY, None, ((DAY, 0.0),), 0.0, ())
    return Scenario("story", "story", "", date(2025, 1, 1), 12, (replace(ban, **other),))  # type: ignore[arg-type]


def months_of_news(story: Scenario, announced: bool, memory: int = 1) -> list[int]:
    return [m for m in range(12) if news(story, add_months(story.start, m), announced, memory)]


def test_an_end_is_news_to_who_was_not_told_of_it() -> None:
    ending = measure(end=date(2025, 6, 15))
    assert months_of_news(ending, announced=False) == [1, 5]
    assert months_of_news(ending, announced=True) == [1]


def test_an_announcement_is_news_to_who_listens() -> None:
    early = measure(announced=date(2025, 1, 10))
    assert months_of_news(early, announced=True) == [0, 1]
    assert months_of_news(early, announced=False) == [1]


def test_a_truce_is_news_and_so_is_its_end_to_who_does_not_listen() -> None:
    truce = measure(pauses=(Pause(date(2025, 5, 1), date(2025, 9, 1), 1.0),))
    assert months_of_news(truce, announced=False) == [1, 4, 8]
    assert months_of_news(truce, announced=True) == [1, 4]


def test_a_share_that_changed_is_news_for_as_long_as_it_is_remembered() -> None:
    path = measure(approval=((DAY, 0.2), (date(2025, 5, 1), 0.6)))
    assert months_of_news(path, announced=False, memory=3) == [1, 4, 5, 6]


@pytest.mark.parametrize("foresight", ["none", "announced"])
def test_a_plan_stands_while_nothing_happens(tmp_path_factory: pytest.TempPathFactory, foresight: str) -> None:
    case = make_case(tmp_path_factory.mktemp("stands") / "chain", chain())
    path = Engine(case).path(measure(), foresight)
    stood = [run["months"] for run in path.runs]
    assert sum(stood) == len(path.labels) == 12
    assert stood[0] == 1, "the ban of February is news"
    assert max(stood) == WINDOW // 2
