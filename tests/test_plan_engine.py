"""The decomposition against the whole program, and what any stochastic program must keep to."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from case_factory import chain, make_case
from didymium.case.case import Case
from didymium.faults import DidymiumError
from didymium.market.options import Options, Project
from didymium.market.program import build
from didymium.market.solve import Instance, prices
from didymium.plan.checkpoint import Checkpoint
from didymium.plan.clearing import Clearing, Plan
from didymium.plan.desk import Desk
from didymium.plan.extensive import decision_of, size
from didymium.plan.partition import AFTER, BEFORE, WINDOW
from didymium.plan.planner import Planner
from didymium.plan.recourse import jobs
from didymium.plan.risk import cvar
from didymium.plan.slicing import taken_apart
from didymium.plan.stories import Story
from didymium.plan.unfold import unfold
from didymium.plan.workers import OTHER_COSTS, Start, Threads, seeding
from didymium.plan.workers import shares as dealt_out
from plan_cases import (
    cut,
    decomposed,
    desk_for,
    extensive,
    investors,
    keeper,
    shares,
    three_ways,
)

BOTH = ("ONE", "TWO")
LAST = 2030


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return investors(Path(tmp_path_factory.mktemp("plan")) / "investors")


@pytest.fixture(scope="module")
def desk(case: Case) -> Desk:
    return desk_for(case, three_ways(), BOTH, LAST)


# One answer, two ways


@pytest.mark.parametrize(("who", "weight"), [(BOTH, 1.0), (BOTH, 2.0), (("ONE",), 2.0)])
def test_decomposition_finds_the_optimum_of_the_whole_program(desk: Desk, who: tuple[str, ...], weight: float) -> None:
    _planner, found, total = decomposed(desk, who, weight=weight)
    whole = extensive(desk, who, weight)
    assert total * 1000 == pytest.approx(whole.objective, rel=1e-7)
    assert (found.bound - found.value) * 1000 <= 1e-6 * abs(whole.objective)
    assert any(share > 0 for share in shares(desk, found).values()), (
        "an instance on which nothing is built tests little"
    )


def test_a_small_plan_is_solved_at_once(desk: Desk) -> None:
    """The whole program's decision, told by the pieces: the same worth, to the digits of the solver."""
    planner = Planner(desk, threads=1, gap=1e-6, weights=(2.0,))
    assert size(desk) <= 20_000
    plan = planner.candidate(BOTH, 2.0)
    assert plan.planning["algorithm"] == "extensive form"
    whole = extensive(desk, BOTH, 2.0)
    assert 1000 * plan.planning["objective"] == pytest.approx(whole.objective, rel=1e-8)
    assert plan.decision.build == pytest.approx(decision_of(desk, whole).build)


def test_decisions_on_news(case: Case) -> None:
    """Three decision days: the whole program holds the same decisions by news, and more of them never cost anything."""
    days = (date(2024, 1, 1), date(2026, 1, 1), date(2027, 1, 1))
    totals = {}
    for recourse in (True, False):
        desk = desk_for(case, three_ways(), BOTH, LAST, decisions=days, recourse=recourse)
        _planner, _found, total = decomposed(desk, BOTH, weight=2.0)
        assert total * 1000 == pytest.approx(extensive(desk, BOTH, 2.0).objective, rel=1e-7)
        totals[recourse] = total
        once = {name.split("@")[0] for name in shares(desk, _found)}
        assert once == {x.facility for x in desk.projects if x.choose}
    two_stage = decomposed(desk_for(case, three_ways(), BOTH, LAST), BOTH, weight=2.0)[2]
    assert totals[True] >= totals[False] - 1e-6 >= two_stage - 2e-6


def two_kinds() -> list[Story]:
    """Return calm, and cuts of one day that differ in what and whom they hit."""
    begin = date(2025, 1, 1)
    return [
        Story("calm", None, 0.4),
        Story("wide", cut(12, begin, "wide", goods=("metal", "ore")), 0.3),
        Story("aimed", cut(12, begin, "aimed", reach=("TWO",)), 0.2),
        Story("longer", cut(18, begin, "longer", reach=("TWO",)), 0.1),
    ]


def test_later_decisions_know_which_cut_came(case: Case) -> None:
    """What is decided after a cut may depend on what it covers and whom it hits, never on how long it will last."""
    days = (date(2024, 1, 1), date(2026, 1, 1))
    desk = desk_for(case, two_kinds(), BOTH, LAST, decisions=days)
    said = {x.decided for x in desk.projects if x.choose}
    wide, narrow = "2026-01-01 cut of 2 goods to everybody", "2026-01-01 cut of metal to TWO"
    assert said == {"", "2026-01-01 calm", wide, narrow}
    paths = {s.name: set(p) for s, p in zip(desk.unfolded.stories, desk.unfolded.paths, strict=True)}
    aimed = next(x for x in desk.projects if x.decided.endswith("to TWO"))
    assert aimed.nodes is not None
    assert all(set(aimed.nodes) & paths[name] for name in ("aimed", "longer"))
    assert not set(aimed.nodes) & (paths["wide"] | paths["calm"])
    _planner, found, total = decomposed(desk, BOTH, weight=2.0)
    assert total * 1000 == pytest.approx(extensive(desk, BOTH, 2.0).objective, rel=1e-7)
    # A judge's tree with a cut that the plan does not know: it is taken for the one most like it.
    other = [*two_kinds()[:1], Story("ore", cut(12, date(2025, 1, 1), "ore", goods=("ore",)), 0.6)]
    judge = desk_for(case, other, BOTH, LAST, decisions=days)
    carried = Clearing(judge).onto(desk, found.decision)
    ours = dict(zip((x.label for x in desk.projects), found.decision.build.tolist(), strict=True))
    for project, share in zip(judge.projects, carried.build.tolist(), strict=True):
        if project.choose and "cut of" in project.decided:
            assert share == ours[f"{project.facility}@{wide}"]


def test_one_scenario_is_the_deterministic_plan(case: Case) -> None:
    story = [Story("short", cut(6, date(2026, 1, 1), "short", goods=("metal", "ore")), 1.0)]
    desk = desk_for(case, story, BOTH, LAST)
    assert len(desk.tree.leaves()) == 1
    _planner, _found, total = decomposed(desk, BOTH, weight=2.0)
    assert total * 1000 == pytest.approx(extensive(desk, BOTH, 2.0).objective, rel=1e-7)


# Nobody foresees


def test_the_same_history_is_the_same_in_every_column(desk: Desk) -> None:
    """Cuts of 6 and of 18 months from one day share every node, so every column, until the shorter one ends."""
    names = [s.name for s in desk.unfolded.stories]
    short, long = (desk.unfolded.paths[names.index(name)] for name in ("short", "long"))
    apart = next(at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b)
    assert desk.tree.nodes.at[short[apart], "start"] == date(2026, 7, 1)
    solution = extensive(desk, BOTH)
    for name in ("served", "activity", "ship", "stock", "fill", "release"):
        frame = solution.frame(name)
        assert frame[short[:apart]].equals(frame[long[:apart]]), name
        if name in ("served", "stock"):
            assert not np.allclose(frame[short[apart]], frame[long[apart]]), f"{name}: then they differ"


def test_a_longer_cut_is_not_foreseen(case: Case) -> None:
    """What may come changes what is done now, but what will come does not: equal probabilities, equal first nodes."""
    begin = date(2026, 1, 1)
    long = Story("long", cut(18, begin, "long", goods=("metal", "ore")), 0.5)
    short = Story("short", cut(6, begin, "short", goods=("metal", "ore")), 0.5)
    served = []
    for stories in ([long, short], [short, long]):
        desk = desk_for(case, stories, BOTH, LAST)
        path = desk.unfolded.paths[[s.name for s in stories].index("long")]
        frame = extensive(desk, BOTH).frame("served")
        served.append(frame[path].to_numpy())
    assert served[0] == pytest.approx(served[1], abs=1e-6)


# What never hurts


@settings(max_examples=6, deadline=None)
@given(money=st.floats(0.1, 3.0), more=st.floats(0.0, 2.0))
def test_a_larger_purse_never_worsens_the_optimum(desk: Desk, money: float, more: float) -> None:
    planner = Planner(desk, threads=1, gap=1e-7, weights=(2.0,))
    made = planner.search_of(BOTH, 2.0, 0.0)
    less = made.run(1e-7, master=made.master(scale=money)).value
    assert made.run(1e-7, master=made.master(scale=money + more)).value >= less - 1e-6


def test_one_more_project_never_worsens_the_optimum(desk: Desk) -> None:
    planner, found, _total = decomposed(desk, BOTH, weight=2.0)
    made = planner.searches[BOTH, 2.0]
    for at, project in enumerate(desk.projects):
        if project.choose:
            master = made.master()
            master.most[at] = 0.0
            assert made.run(1e-7, master=master).value <= found.value + 1e-6, project.label


def test_no_lead_time_never_worsens_the_optimum(case: Case) -> None:
    slow = desk_for(case, three_ways(), BOTH, LAST)
    quick = desk_for(case, three_ways(), BOTH, LAST)
    quick = Desk(
        case, quick.market, quick.unfolded, [replace(c, lead_months=0.0) for c in quick.found], quick.terms, BOTH
    )
    # Capital is charged while a plant runs: the same charge is laid on both, to compare the lead time alone.
    quick.charge[:] = slow.charge
    assert decomposed(quick, BOTH, weight=2.0)[2] >= decomposed(slow, BOTH, weight=2.0)[2] - 1e-6


# Risk


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(0.01, 1.0)), min_size=1, max_size=12), st.floats(0.02, 0.9))
def test_cvar_is_the_mean_of_the_worst_share(pairs: list[tuple[float, float]], tail: float) -> None:
    """Against its definition as a minimum over the value at risk, which lies at one of the losses."""
    losses = np.array([loss for loss, _share in pairs])
    share = np.array([part for _loss, part in pairs])
    share /= share.sum()
    direct = min(v + float(share @ np.maximum(losses - v, 0.0)) / tail for v in losses)
    assert cvar(losses, share, tail) == pytest.approx(direct, rel=1e-9, abs=1e-9)


# A stock against a cut that may last


@pytest.mark.parametrize(
    ("chances", "level"),
    [((0.3, 0.3, 0.2, 0.2), 10.0), ((0.6, 0.2, 0.1, 0.1), 0.0), ((0.1, 0.2, 0.3, 0.4), 20.0),
     ((0.1, 0.1, 0.2, 0.6), 30.0)],
)  # fmt: skip
def test_newsvendor_with_disruption(tmp_path: Path, chances: tuple[float, ...], level: float) -> None:
    """Buy at 9, sell at 10 in a cut or at 8 afterwards: the critical ratio is (10 - 9) / (10 - 8).

    Demand in a cut of k half-years is 10 k t: ``G(Q) = sum_k p_k (10 min(Q, 10 k) + 8 (Q - min(Q, 10 k))) - 9 Q``.
    """
    begin = date(2027, 1, 1)
    stories = [Story("calm", None, chances[0])]
    stories += [Story(f"cut-{6 * k}", cut(6 * k, begin), p) for k, p in enumerate(chances[1:], 1)]
    desk = desk_for(keeper(tmp_path / "keeper"), stories, ("ONE",), 2031)

    def gain(q: float) -> float:
        need = [min(q, 10.0 * k) for k in range(len(chances))]
        return sum(p * (10 * n + 8 * (q - n)) for p, n in zip(chances, need, strict=True)) - 9 * q

    _planner, found, _total = decomposed(desk, ("ONE",))
    held = float(found.decision.stock.max(initial=0.0))
    assert gain(level) == max(gain(q) for q in np.arange(0, 41))
    assert held == pytest.approx(level, abs=1e-4)
    assert found.value * 1000 == pytest.approx(gain(level), abs=1e-4)


def test_levels_of_stocks_can_be_bought_in_time(desk: Desk) -> None:
    """The master keeps to a row within a tolerance; what it tells the pieces has to be within reach all the same."""
    planner = Planner(desk, threads=1)
    made = planner.search_of(BOTH, 2.0, 0.0)
    master = made.master()
    layout = master.layout
    most, above = layout.bought, layout.before
    assert (above < np.arange(len(above))).all() and (most > 0).any()
    steady = np.cumsum(most, axis=0) * 0.5
    for off in (1e-6, -1e-6, 3.0):
        level = steady + off * np.arange(len(steady))[:, None] * most
        level[0] = most[0] * (1 + abs(off))
        kept = layout.bought_in_time(level)
        bought = kept - np.where((above >= 0)[:, None], kept[above], 0.0)
        assert (bought >= 0.0).all() and (bought <= most * (1 + 1e-14) + 1e-12).all()
    whole = layout.bought_in_time(steady)
    path = np.where((above >= 0)[:, None], whole[above], 0.0)
    assert np.abs(layout.bought_in_time(whole) - whole).max() == 0.0 and (whole >= path).all()
    worths = made.crew.solve(master.nothing()._replace(stock=layout.bought_in_time(most * (1 + 1e-9) + path)))
    assert all(np.isfinite(worth.value) for worth in worths.values())
    planner.close()


def test_every_piece_has_one_worker_and_few_matrices_have_two(desk: Desk) -> None:
    """Laid in a row and cut: even to a piece, and each cut parts one matrix."""
    found, _matrices = jobs(desk.pieces, {"ONE": 2.0})
    for count in (1, 2, 3):
        lots = dealt_out(found, count)
        assert sorted(job.at for lot in lots for job in lot) == [job.at for job in found]
        holders = Counter(matrix for lot in lots for matrix in {job.matrix for job in lot})
        assert sum(holders.values()) - len(holders) < count
    none = sp.csc_array(found[0].projects.shape)
    alike = [replace(found[0], at=at, matrix=at // 8, projects=none) for at in range(24)]
    assert [[job.at for job in lot] for lot in dealt_out(alike, 2)] == [[*range(8), *range(16, 20)],
                                                                       [*range(8, 16), *range(20, 24)]]  # fmt: skip
    assert [len(lot) for lot in dealt_out(alike, 3)] == [8, 8, 8]


def test_what_is_solved_from_nothing_is_even_whoever_holds_it(desk: Desk) -> None:
    """The squares 64, 25, 16, 16, 9, 4, all held by one: 64 and 4; 25, 16, 16 and 9."""
    found, _matrices = jobs(desk.pieces, {"ONE": 2.0})
    row = np.zeros(8)
    made = [replace(found[0], at=at, matrix=at, arrays=tuple(row[:columns] for _each in range(5)))  # type: ignore[arg-type]
            for at, columns in enumerate((4, 8, 2, 5, 3, 4))]  # fmt: skip
    again = replace(made[1], at=6)
    assert [[job.at for job in lot] for lot in seeding([[*made, again], []])] == [[1, 2], [3, 5, 0, 4]]


def test_workers_begin_at_one_basis_of_each_matrix(desk: Desk) -> None:
    """From nothing each matrix is solved once, whoever holds its pieces; what comes out is the same."""
    found, matrices = jobs(desk.pieces, {"ONE": 2.0})
    nothing = Planner(desk, threads=1).clearing.nothing()
    alone, both = Threads(found, matrices, 1), Threads(found, matrices, 2)
    both.lots = [found[0::2], found[1::2]]
    assert {job.matrix for job in both.lots[0]} & {job.matrix for job in both.lots[1]}
    one, two = alone.solve(nothing), both.solve(nothing)
    assert {at: worth.value for at, worth in two.items()} == pytest.approx(
        {at: worth.value for at, worth in one.items()}, rel=1e-9
    )
    asked = [job for lot in seeding(both.lots) for job in lot]
    assert all(set(worker.seeds) == set(range(len(matrices))) for worker in both.workers)
    assert not alone.workers[0].seeds
    assert sum(two[job.at].iterations for job in asked) < 0.1 * sum(one[job.at].iterations for job in asked)
    for crew in (alone, both):
        crew.close()


def test_a_worker_that_lets_its_solvers_go_finds_the_same(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    found, matrices = jobs(desk.pieces, {"ONE": 2.0})
    planner = Planner(desk, threads=1)
    decisions = [planner.days_of_everything(BOTH, days).decision for days in (90.0, 30.0, 60.0)]
    values = []
    for room in (10**9, 1):
        monkeypatch.setattr("didymium.plan.workers.ROOM", room)
        crew = Threads(found, matrices, 1)
        values.append([worth.value for each in decisions for _at, worth in sorted(crew.solve(each).items())])
        assert len(crew.workers[0].solvers) == (len(matrices) if room > 1 else 1)
        crew.close()
    planner.close()
    assert values[0] == pytest.approx(values[1], rel=1e-9)


def test_a_piece_starts_from_the_decision_most_like_its_own(desk: Desk) -> None:
    """Back at a decision of before, nothing is left to do, wherever the search was since and whoever weighed more."""
    found, matrices = jobs(desk.pieces, {"ONE": 2.0})
    others, _same = jobs(desk.pieces, {"ONE": 1.0})
    planner = Planner(desk, threads=1)
    some, more = (planner.days_of_everything(BOTH, days).decision for days in (30.0, 90.0))
    crew = Threads(found, matrices, 1)
    first, away = crew.solve(some), crew.solve(more)
    crew.take(others)
    crew.solve(more)
    crew.take(found)
    again = crew.solve(some)
    crew.close()
    planner.close()
    assert sum(worth.iterations for worth in away.values()) > 0
    assert sum(worth.iterations for worth in again.values()) == 0
    assert {at: worth.value for at, worth in again.items()} == pytest.approx(
        {at: worth.value for at, worth in first.items()}, rel=1e-12
    )


def test_of_many_large_pieces_fewer_bases_are_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    found, matrices = jobs(desk.pieces, {"ONE": 2.0})
    planner = Planner(desk, threads=1)
    decisions = [planner.days_of_everything(BOTH, days).decision for days in (90.0, 30.0, 60.0, 10.0)]
    values = []
    for room, most in ((10**9, 4), (1, 2)):
        monkeypatch.setattr("didymium.plan.workers.BASES", room)
        crew = Threads(found, matrices, 1)
        values.append([worth.value for each in decisions for _at, worth in sorted(crew.solve(each).items())])
        assert {len(kept) for kept in crew.workers[0].starts.values()} == {most}
        crew.close()
    planner.close()
    assert values[0] == pytest.approx(values[1], rel=1e-9)


def test_how_far_off_a_start_is() -> None:
    start = Start(np.array([1.0, 5.0]), "a", None)
    assert start.far(np.array([2.0, 3.0]), "a") == 3.0
    assert start.far(np.array([2.0, 3.0]), "b") == pytest.approx(3.0 * (1 + OTHER_COSTS) + OTHER_COSTS)
    assert start.far(np.array([1.0, 5.0]), "b") > start.far(np.array([1.0, 5.0]), "a") == 0.0
    none = Start(np.array([1.0, -np.inf]), "a", None)
    assert none.far(np.array([2.0, -np.inf]), "a") == 1.0, "two losses that do not count are alike"
    assert none.far(np.array([2.0, 5.0]), "a") == np.inf


# Threads, checkpoints, other machines


def test_threads_find_the_same(desk: Desk) -> None:
    found, matrices = jobs(desk.pieces, {"ONE": 2.0})
    plan = Planner(desk, threads=1).days_of_everything(BOTH, 90.0)
    values = []
    for count in (1, 2):
        crew = Threads(found, matrices, count)
        values.append({at: worth.value for at, worth in crew.solve(plan.decision).items()})
        crew.close()
    assert values[0].keys() == values[1].keys()
    assert [values[0][at] for at in sorted(values[0])] == pytest.approx(
        [values[1][at] for at in sorted(values[1])], rel=1e-9
    )


def test_an_interrupted_search_goes_on_to_the_same_answer(desk: Desk, tmp_path: Path) -> None:
    planner = Planner(desk, threads=1, gap=1e-7)
    straight = planner.search_of(BOTH, 2.0, 0.0).run(1e-7)
    broken = planner.search_of(BOTH, 2.0, 0.0)
    broken.run(1e-7, checkpoint=Checkpoint(tmp_path / "steps", "q"), most_steps=3)
    assert len(list((tmp_path / "steps").glob("step-*.npz"))) == 3
    again = planner.search_of(BOTH, 2.0, 0.0)
    calls = 0
    solve = again.crew.solve

    def counted(*args: object, **more: object) -> object:
        nonlocal calls
        calls += 1
        return solve(*args, **more)  # type: ignore[arg-type]

    again.crew.solve = counted  # type: ignore[method-assign]
    resumed = again.run(1e-7, checkpoint=Checkpoint(tmp_path / "steps", "q"))
    again.crew.solve = solve  # type: ignore[method-assign]
    assert resumed.value == pytest.approx(straight.value, abs=1e-7)
    assert resumed.decision.build == pytest.approx(straight.decision.build, abs=1e-7)
    assert calls < 2 * (resumed.steps - 3) + 3, "what was done is not done again"
    with pytest.raises(DidymiumError, match="another plan"):
        Checkpoint(tmp_path / "steps", "another question")


def test_a_step_cut_short_leaves_nothing_half_written(tmp_path: Path, desk: Desk) -> None:
    """A file that a kill left half written has another name, and is not read."""
    folder = tmp_path / "steps"
    keep = Checkpoint(folder, "q")
    planner = Planner(desk, threads=1)
    plan = planner.days_of_everything(BOTH, 30.0)
    worths = planner.clearing.worths(plan.decision)
    keep.add(plan.decision, worths)
    (folder / "step-00001.part").write_bytes(b"PK half")
    (decision, read), *rest = list(Checkpoint(folder, "q").steps())
    assert not rest
    assert decision.stock == pytest.approx(plan.decision.stock)
    assert {at: w.value for at, w in read.items()} == {at: w.value for at, w in worths.items()}
    assert all(np.array_equal(read[at].build, worths[at].build) for at in read)


SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from plan_cases import *
from didymium.plan.checkpoint import Checkpoint
case = investors(Path(sys.argv[1]) / "investors")
search = Planner(desk_for(case, three_ways(), ("ONE", "TWO"), 2030), threads=1).search_of(("ONE", "TWO"), 2.0, 0.0)
solve = search.crew.solve
def slowly(*args, **more):
    found = solve(*args, **more)
    time.sleep(0.3)
    return found
search.crew.solve = slowly
search.run(1e-7, checkpoint=Checkpoint(Path(sys.argv[1]) / "steps", "q"))
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_search_that_was_cut_short_goes_on_to_the_same_answer(
    tmp_path: Path, desk: Desk, how: signal.Signals
) -> None:
    """kill -9 or Ctrl-C from outside, at whatever moment: the steps on disk are whole, and the search goes on."""
    folder = tmp_path / "steps"
    run = subprocess.Popen([sys.executable, "-c", SLOW, str(tmp_path), str(Path(__file__).parent)],
                           stderr=subprocess.PIPE)  # fmt: skip
    while len(list(folder.glob("step-*.npz"))) < 3 and run.poll() is None:
        time.sleep(0.01)
    run.send_signal(how)
    _out, told = run.communicate()
    assert run.returncode in (-how, 130), told.decode()
    done = len(list(folder.glob("step-*.npz")))
    planner = Planner(desk, threads=1, gap=1e-7)
    resumed = planner.search_of(BOTH, 2.0, 0.0).run(1e-7, checkpoint=Checkpoint(folder, "q"))
    straight = planner.search_of(BOTH, 2.0, 0.0).run(1e-7)
    assert 3 <= done < straight.steps, "it was under way"
    assert resumed.value == pytest.approx(straight.value, abs=1e-7)
    assert resumed.decision.build == pytest.approx(straight.decision.build, abs=1e-7)


# Many pieces at once


def test_pieces_built_side_by_side_are_those_built_alone(desk: Desk) -> None:
    """Every number of every piece, whatever it was built beside."""
    pieces = desk.pieces
    groups = {kind: [s for s in pieces.stated if s.piece.kind == kind] for kind in (BEFORE, WINDOW, AFTER)}
    assert all(len(group) > 1 for group in groups.values())
    for group in groups.values():
        program = pieces.program([s.piece for s in group])
        together = taken_apart(program.model, [len(s.piece.nodes) for s in group])
        for stated, part in zip(group, together, strict=True):
            alone = pieces.program([stated.piece]).model
            for mine, theirs in zip(part.arrays, alone.finish(), strict=True):
                if isinstance(mine, np.ndarray):
                    assert np.array_equal(mine, theirs)
                else:
                    assert (mine != theirs).nnz == 0
            assert {n: (b.first, b.shape) for n, b in part.rows.items()} == {
                n: (b.first, b.shape) for n, b in alone.rows.items()
            }
    # What is kept beside a piece is what it was built with, but for the value of what is handed on.
    for stated in groups[BEFORE]:
        assert np.array_equal(stated.upper, pieces.program([stated.piece]).model.finish().upper)


# Re-clearing


def test_doing_nothing_re_clears_the_whole_program(desk: Desk) -> None:
    """Prices and quantities put together from the pieces are those of the one program over the whole tree."""
    planner = Planner(desk, threads=1)
    pieces = planner.nothing()
    options = replace(desk.options, projects=tuple(replace(x, choose=False, share=0.0) for x in desk.projects),
                      programmes=tuple(replace(x, fixed={}) for x in desk.programmes))  # fmt: skip
    program = build(desk.case, desk.tree, options, desk.market)
    solution = Instance(program).solve()
    assert pieces.objective == pytest.approx(solution.objective, rel=1e-9)
    # Stocks that are used up in a cut leave room for more than one price there; elsewhere there is one.
    theirs, calm = prices(program, solution).to_numpy(), ~desk.unfolded.hit
    assert pieces.price.to_numpy()[:, calm] == pytest.approx(theirs[:, calm], rel=1e-5, abs=1e-4)
    served = solution.frame("served").to_numpy()
    assert pieces.values["served"].to_numpy()[:, calm] == pytest.approx(served[:, calm], rel=1e-6, abs=1e-6)


def test_a_stock_is_bought_in_calm_and_given_out_in_the_cut(desk: Desk) -> None:
    planner = Planner(desk, threads=1)
    cleared = planner.clear(BOTH, Plan(planner.days_of_everything(BOTH, 60.0).decision, "stock"))
    rows = [f"programme|{x.market}" for x in desk.programmes]
    fill, release = (cleared.values[name].loc[rows] for name in ("fill", "release"))
    calm = ~desk.unfolded.hit
    assert fill.loc[:, calm].to_numpy().sum() > 0 and fill.loc[:, ~calm].to_numpy().sum() == pytest.approx(0.0)
    assert release.loc[:, desk.unfolded.cut].to_numpy().sum() > 0
    assert release.loc[:, ~desk.unfolded.cut].to_numpy().sum() == pytest.approx(0.0)
    level, parent = cleared.values["stock"].loc[rows].to_numpy(), desk.tree.nodes["parent"].to_numpy(int)
    before = np.where(parent[None, :] >= 0, level[:, np.maximum(parent, 0)], 0.0)
    assert (before + fill.to_numpy() - release.to_numpy()) == pytest.approx(level, abs=1e-6), (
        "what is held is what was bought"
    )


def test_machines_find_the_same_as_threads(desk: Desk) -> None:
    """Two processes of a Dask cluster, through the same code: the same worths, and the same plan."""
    pytest.importorskip("distributed")
    from didymium.plan.cluster import Cluster

    make = Cluster.to(processes=2)
    found, matrices = jobs(desk.pieces, {"ONE": 2.0})
    plan = Planner(desk, threads=1).days_of_everything(BOTH, 90.0)
    here, there = Threads(found, matrices, 1), make(found, matrices)
    try:
        ours, theirs = here.solve(plan.decision, keep=True), there.solve(plan.decision, keep=True)
        assert ours.keys() == theirs.keys()
        for at, worth in ours.items():
            assert theirs[at].value == pytest.approx(worth.value, rel=1e-9)
        assert there.kept().keys() == here.kept().keys()
        looks = there.client.run(lambda: __import__("dask").config.get("distributed.worker.profile.enabled"))
        assert list(looks.values()) == [False, False], "processes of our own do not look at themselves"
        planner = Planner(desk, gap=1e-6, crew=make)
        straight = Planner(desk, threads=1, gap=1e-6)
        assert planner.search_of(BOTH, 2.0).run(1e-6).value == pytest.approx(
            straight.search_of(BOTH, 2.0).run(1e-6).value, abs=2e-6
        )
        planner.close()
    finally:
        there.close()
        make.shut()  # type: ignore[attr-defined]


def test_a_cluster_that_does_not_answer() -> None:
    pytest.importorskip("distributed")
    from didymium.plan.cluster import Cluster

    with pytest.raises(DidymiumError, match="no cluster answers"):
        Cluster.to("tcp://127.0.0.1:1", patience=1)


# Pooling


def test_pooling_gains_nothing_where_partners_are_twins(tmp_path: Path) -> None:
    """Two equal partners under one cut, projects in part: two purses do what one of twice the money does."""
    tables = chain()
    tables["demands"] = [
        {"end_use": "motor", "region": region, "commodity": "metal", "quantity": quantity}
        for region, quantity in (("CTL", 20), ("ONE", 35), ("TWO", 35))
    ]
    tables["facilities"] = [
        *(row for row in tables["facilities"] if row["facility"] != "works_one"),
        *({"facility": f"smelter_{region.lower()}", "region": region, "stage": "metal", "processes": "smelt",
           "capacity": 20, "status": "feasibility", "start": "2024"} for region in BOTH),
        *({"facility": f"pit_{region.lower()}", "region": region, "stage": "mine", "processes": "dig", "capacity": 25,
           "status": "feasibility", "start": "2024"} for region in BOTH),
    ]  # fmt: skip
    tables["statistics"], tables["stocks"] = [], []
    twins = make_case(tmp_path / "twins", tables)
    tree = unfold([Story("calm", None, 0.5), Story("cut", cut(6, date(2026, 1, 1), goods=("metal", "ore")), 0.5)],
                  date(2024, 1, 1), 2028, 0.05).tree  # fmt: skip

    def optimum(payer: dict[str, str], purses: dict[str, float]) -> tuple[float, float]:
        projects = tuple(
            Project(f"{kind}_{region.lower()}", date(2024, 1, 1), 100.0, 20.0, payer[region], whole=False)
            for region in BOTH for kind in ("smelter", "pit")
        )  # fmt: skip
        options = Options(growth=True, expansion=True, projects=projects, purses=purses)
        solution = Instance(build(twins, tree, options)).solve()
        return solution.objective, float(solution.primal["build"].sum())

    apart, built = optimum({"ONE": "one", "TWO": "two"}, {"one": 120.0, "two": 120.0})
    pooled, _built = optimum({"ONE": "all", "TWO": "all"}, {"all": 240.0})
    assert built == pytest.approx(2.4, abs=1e-6), "the purses bind, or pooling could not have helped anyway"
    assert pooled == pytest.approx(apart, rel=1e-9)
