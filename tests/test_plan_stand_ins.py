"""A search that begins with a few cuts: they carry the chances of all, and it ends where one over all does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from didymium.case.case import Case
from didymium.market.tree import add_months
from didymium.plan import planner as planning
from didymium.plan.checkpoint import Checkpoint
from didymium.plan.desk import Desk
from didymium.plan.lshaped import Progress
from didymium.plan.partition import WINDOW
from didymium.plan.planner import Planner
from didymium.plan.recourse import Decision, Worth
from didymium.plan.stand_ins import stand_ins
from didymium.plan.stories import Story
from didymium.report.terminal import Telling
from plan_cases import cut, desk_for, extensive, investors

BOTH = ("ONE", "TWO")
ROWS, CUTS = 2, 6


def many_cuts() -> list[Story]:
    """Return calm, and cuts of one or of two goods that begin on six days a quarter apart."""
    stories = [Story("calm", None, 0.4)]
    for n in range(CUTS):
        begin = add_months(date(2025, 1, 1), 3 * n)
        stories.append(Story(f"wide{n}", cut(6, begin, f"wide{n}", goods=("metal", "ore")), 0.03 + 0.01 * n))
        stories.append(Story(f"aimed{n}", cut(6, begin, f"aimed{n}", reach=("TWO",)), 0.04))
    rest = 1.0 - sum(story.probability for story in stories)
    return [*stories, Story("longer", cut(12, date(2025, 1, 1), "longer", reach=("TWO",)), rest)]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return investors(Path(tmp_path_factory.mktemp("stand_ins")) / "investors")


@pytest.fixture(scope="module")
def desk(case: Case) -> Desk:
    return desk_for(case, many_cuts(), BOTH, 2028)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let four cuts stand for all of however few."""
    monkeypatch.setattr(planning, "stand_ins", partial(stand_ins, few=4, many=1))


def windows(desk: Desk) -> list[int]:
    return [at for at, stated in enumerate(desk.pieces.stated) if stated.piece.kind == WINDOW]


def test_they_carry_the_chances_of_those_that_they_stand_for(desk: Desk) -> None:
    given = np.array([stated.piece.probability for stated in desk.pieces.stated])
    cuts, share = windows(desk), stand_ins(desk.pieces, few=4, many=1)
    assert share is not None and len(cuts) == ROWS * CUTS
    assert np.array_equal(np.delete(share, cuts), np.delete(given, cuts)), "what is not cut stays"
    assert share[cuts].sum() == pytest.approx(given[cuts].sum())
    names = [
        {story.name[:4] for story, path in zip(desk.unfolded.stories, desk.unfolded.paths, strict=True)
         if set(path) & set(desk.pieces.stated[at].piece.nodes)} for at in cuts
    ]  # fmt: skip
    wide = [at for at, who in zip(cuts, names, strict=True) if who == {"wide"}]
    assert share[wide].sum() == pytest.approx(given[wide].sum()), "a cut stands for others of its kind"
    kept = [at for at in cuts if share[at] > 0]
    assert len(kept) == 4 and len(set(wide) & set(kept)) == 2
    first = [desk.tree.nodes["start"][desk.pieces.stated[at].piece.nodes[0]] for at in kept]
    assert len(set(first)) == len(kept), "one kind's stand-ins begin on other days than another's"


def test_of_few_all_are_asked(desk: Desk) -> None:
    assert stand_ins(desk.pieces) is None
    assert stand_ins(desk.pieces, few=4, many=ROWS * CUTS + 1) is None
    assert stand_ins(desk.pieces, few=4, many=ROWS * CUTS) is not None


def test_a_search_that_begins_with_a_few_finds_the_optimum(desk: Desk, few: None) -> None:
    planner = Planner(desk, threads=1)
    made = planner.search_of(BOTH, 2.0, 0.0)
    asked: list[int] = []
    solve = made.crew.solve

    def counted(decision: Decision, which: Iterable[int] | None = None, keep: bool = False) -> dict[int, Worth]:
        told = solve(decision, which, keep)
        asked.append(len(set(told) & set(windows(desk))))
        return told

    made.crew.solve = counted  # type: ignore[method-assign]
    found = made.run(1e-9)
    whole = extensive(desk, BOTH, 2.0)
    assert planner.total(made, found) * 1000 == pytest.approx(whole.objective, rel=1e-7)
    assert (found.bound - found.value) * 1000 <= 1e-6 * abs(whole.objective)
    assert found.bound <= found.relaxed < np.inf, "what projects built in part would bring is told as well"
    rough = asked.count(4)
    assert rough > 2 and asked == [ROWS * CUTS, *[4] * rough, *[ROWS * CUTS] * (len(asked) - rough - 1)]
    assert found.steps == len(asked) - 1, "every decision that is tried is a step"
    assert len(made.pool) == found.steps - rough, "what a few were asked is no answer to the next question"


def test_what_the_few_say_is_told_as_no_bound(desk: Desk, few: None) -> None:
    said: list[str] = []
    telling = Telling(lambda line, _loud: said.append(line))
    seen: list[Progress] = []

    def told(far: Progress) -> None:
        seen.append(far)
        telling.search(BOTH, 2.0, far)

    found = Planner(desk, threads=1).search_of(BOTH, 2.0, 0.0).run(1e-7, told)
    rough = [line for far, line in zip(seen, said, strict=True) if far.bound == np.inf]
    assert rough and all(line.endswith("a few cuts stand for all; no bound yet") for line in rough)
    assert "best" in said[-1] and seen[-1].bound == found.bound
    assert [far.step for far in seen] == sorted(far.step for far in seen)


def test_one_that_was_cut_short_goes_on_to_the_same_answer(desk: Desk, few: None, tmp_path: Path) -> None:
    planner = Planner(desk, threads=1)
    straight = planner.search_of(BOTH, 2.0, 0.0).run(1e-7)
    for most in (2, 10):
        folder = tmp_path / f"steps-{most}"
        planner.search_of(BOTH, 2.0, 0.0).run(1e-7, checkpoint=Checkpoint(folder, "q"), most_steps=most)
        assert most <= len(list(folder.glob("step-*.npz"))) <= most + 1 < straight.steps
        resumed = planner.search_of(BOTH, 2.0, 0.0).run(1e-7, checkpoint=Checkpoint(folder, "q"))
        assert resumed.value == pytest.approx(straight.value, abs=1e-7)
        assert resumed.decision.build == pytest.approx(straight.decision.build, abs=1e-7)
