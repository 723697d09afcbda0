"""Draws, sweeps and worst cases against what they stand for: the engine, brute force, an interruption."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from case_factory import make_case
from didymium.case.case import Case
from didymium.case.scenario import Scenario
from didymium.case.scenario_bands import approval_bands, moved
from didymium.faults import CaseError, DidymiumError
from didymium.market.options import Options
from didymium.market.prepare import prepare
from didymium.market.program import build
from didymium.market.solve import Instance, Solution
from didymium.market.tree import Tree, add_months, months
from didymium.shock.belief import believed
from didymium.shock.bound import Game
from didymium.shock.crew import Machines, crew_of
from didymium.shock.draw import P95, Chance, Drawn, at
from didymium.shock.draws import draws
from didymium.shock.engine import OPTIONS, WINDOW, Engine, _as_is
from didymium.shock.harm import harm_of, listed, only
from didymium.shock.outcome import most_missing
from didymium.shock.outlook import without
from didymium.shock.path import State
from didymium.shock.risk_tables import told
from didymium.shock.search import Search
from didymium.shock.sweep import Chapter, Reference, Sweep, chapter
from didymium.shock.window import advance
from didymium.shock.worst import worst
from small_shock import SCENARIO, tables

SLOW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("risk") / "risk", tables(), {"cuts": SCENARIO})


@pytest.fixture(scope="module")
def story(case: Case) -> Scenario:
    return case.scenario("cuts")


@pytest.fixture(scope="module")
def chance(case: Case, story: Scenario) -> Chance:
    return Chance(case, story, prepare(case), seed=7)


# In place


@pytest.mark.parametrize("name", ["cuts", "china-licensing-2025", "halt-six-months", "myanmar-border-closure"])
def test_a_month_in_place_is_the_month_built_anew(case: Case, us_japan: Case, name: str) -> None:
    """Every bound, cost and side of a window that was written over another equals those of a window built for it."""
    used = case if name == "cuts" else us_japan
    engine, story = Engine(used), used.scenario(name)
    state = State(engine.market, OPTIONS)
    options = _as_is(OPTIONS, state, engine.start_up)

    def window(month: int) -> Tree:
        start = add_months(story.start, month)
        belief = believed(story, add_months(start, 1), False)
        return Tree(months(start, WINDOW, None, engine.rate).nodes, (story, *([belief] * (WINDOW - 1))))

    instance = Instance(build(used, window(0), options, engine.market))
    for month in (1, 3, 5, 7):
        advance(instance, window(month), options)
        new = build(used, window(month), options, engine.market).model.finish()
        for part in ("cost", "lower", "upper", "low", "high"):
            np.testing.assert_allclose(getattr(instance.stated, part), getattr(new, part), rtol=1e-12, err_msg=part)


class Twice(Sweep):
    """Solves every window of a sweep once more: built anew, in a solver that knows nothing."""

    windows = 0

    def _solve(self, tree: Tree, options: Options, duty: np.ndarray | None) -> tuple[Solution, np.ndarray]:
        solution, duty = super()._solve(tree, options, duty)
        cold = Instance(build(self.case, tree, options, self.market)).solve()
        assert solution.objective == pytest.approx(cold.objective, rel=1e-7)
        self.windows += 1
        return solution, duty


def test_every_window_of_a_sweep_has_the_cold_objective(case: Case, chance: Chance) -> None:
    """Draw after draw on one instance, from other paths' bases.

    Windows are compared, not paths: demand is flat within a segment, so optima are not unique, and a path goes on from
    the one that was found (docs/decisions/018).
    """
    middle = chance.draw(np.zeros(len(chance.names)), "value")
    sweep = Twice(case, chance.market, OPTIONS)
    sweep.references = [sweep.record(middle.scenario, "none", middle.market, OPTIONS)]
    recorded, sweep.windows = sweep.windows, 0
    runs = []
    for index in range(4):
        drawn = chance.draw(chance.variates(index), "value")
        runs += sweep.draw(drawn.scenario, "none", drawn.market, OPTIONS).runs
    assert sum(run["months"] for run in runs) == 4 * 8
    assert sweep.windows == len(runs) and recorded > len(runs) / 4, "a reference is run without its cut as well"


def test_a_draw_does_not_depend_on_those_before_it(case: Case, chance: Chance) -> None:
    middle = chance.draw(np.zeros(len(chance.names)), "value")
    drawn = [chance.draw(chance.variates(index), "value") for index in range(3)]
    references = [Sweep(case, chance.market, OPTIONS).record(middle.scenario, "none", middle.market, OPTIONS)]
    alone = []
    for d in drawn:
        sweep = Sweep(case, chance.market, OPTIONS, references)
        alone.append(sweep.draw(d.scenario, "none", d.market, OPTIONS).served.to_numpy())
    sweep = Sweep(case, chance.market, OPTIONS, references)
    for at_, d in reversed(list(enumerate(drawn))):
        assert np.array_equal(sweep.draw(d.scenario, "none", d.market, OPTIONS).served, alone[at_])


def test_a_draw_of_the_bundled_case_does_not_depend_on_those_before_it(us_japan: Case) -> None:
    """To the last bit, with the cut and without: the scale that the solver keeps was that of the first draw."""
    story = replace(us_japan.scenario("china-licensing-2025"), months=4)
    chance = Chance(us_japan, story, prepare(us_japan), seed=1)
    drawn = [chance.draw(chance.variates(index), "low") for index in range(2)]
    middle = chance.draw(np.zeros(len(chance.names)), "low")
    references = [Sweep(us_japan, middle.market, OPTIONS).record(middle.scenario, "none", middle.market, OPTIONS)]
    one, other = (Sweep(us_japan, middle.market, OPTIONS, references) for _sweep in range(2))

    def run(sweep: Sweep, d: Drawn) -> list[np.ndarray]:
        paths = sweep.draw(d.scenario, "none", d.market, OPTIONS), sweep.calm(d.scenario, OPTIONS)
        return [path.price.to_numpy() for path in paths]

    first, last = run(one, drawn[0]), run(one, drawn[1])
    for d, found in ((drawn[1], last), (drawn[0], first)):
        assert all(map(np.array_equal, run(other, d), found))


# Draws


@given(st.floats(0.1, 1.0), st.floats(1.0, 2.0), st.floats(2.0, 9.0))
def test_band_ends_are_its_5_and_95_percent_points(low: float, value: float, high: float) -> None:
    for log in (False, True):
        assert at(-P95, low, value, high, log) == pytest.approx(low)
        assert at(0.0, low, value, high, log) == pytest.approx(value)
        assert at(P95, low, value, high, log) == pytest.approx(high)
    assert at(-30.0, low, value, high, log=True) > 0


def test_the_middle_of_all_bands_is_the_case(chance: Chance, story: Scenario) -> None:
    drawn = chance.draw(np.zeros(len(chance.names)), "value")
    assert drawn.scenario == story
    for name in ("uses", "stocks"):
        given_, own = getattr(chance.market.network, name), getattr(drawn.market.network, name)
        numbers = given_.select_dtypes("number").columns
        assert own[numbers].to_numpy(float) == pytest.approx(given_[numbers].to_numpy(float), nan_ok=True)
    assert drawn.market.base.served.to_numpy() == pytest.approx(chance.market.base.served.to_numpy())


def test_common_random_numbers(case: Case, story: Scenario, chance: Chance) -> None:
    """The same draw of the same seed has the same numbers under another scenario, and at another level."""
    other = Chance(case, only(story, ["ore_one"]), chance.market, seed=7)
    assert np.array_equal(other.variates(3), chance.variates(3))
    assert not np.array_equal(other.variates(3), other.variates(4))
    low, high = (chance.draw(chance.variates(3), level) for level in ("low", "high"))
    assert low.numbers == high.numbers
    secret = low.market.network.stocks["band"].eq("range")
    assert list(low.market.network.stocks.loc[secret, "quantity"]) == [10.0]
    assert list(high.market.network.stocks.loc[secret, "quantity"]) == [60.0]


def test_approvals_lie_in_their_band(chance: Chance) -> None:
    for z, share in ((-P95, 0.1), (0.0, 0.4), (P95, 0.6), (9.0, 1.0), (-9.0, 0.0)):
        variates = np.zeros(len(chance.names))
        variates[chance.names.index("approval")] = z
        measure = chance.draw(variates, "value").scenario.restrictions[0]
        assert measure.approval[0][1] == pytest.approx(share)


def test_a_relieved_measure_stays_in_parts(tmp_path: Path) -> None:
    """What one destination is relieved of still binds the other in a draw; both parts have the drawn approval."""
    first, _ore = SCENARIO.split('[[measure]]\nid = "ore_one"')
    relief = """
[[relief]]
measures = ["metal_one"]
destinations = ["TWO"]
start = "2025-03-01"
share = 1.0
source = "book"
"""
    told = first.replace('destinations = ["ONE"]', 'destinations = ["ONE", "TWO"]') + relief
    case = make_case(tmp_path / "risk", tables(), {"cuts": told})
    chance = Chance(case, case.scenario("cuts"), prepare(case), seed=7)
    stated, drawn = case.scenario("cuts").restrictions, chance.draw(chance.variates(1), "low").scenario.restrictions
    assert len(stated) == 2
    assert [part.destinations for part in drawn] == [part.destinations for part in stated]
    assert [bool(part.pauses) for part in drawn] == [bool(part.pauses) for part in stated]
    assert drawn[0].approval == drawn[1].approval != stated[0].approval


def test_a_band_the_wrong_way_round(tmp_path: Path) -> None:
    broken = SCENARIO.replace('approval_low = [["2025-02-01", 0.1]', 'approval_low = [["2025-02-01", 0.9]')
    case = make_case(tmp_path / "risk", tables(), {"cuts": broken})
    with pytest.raises(CaseError, match="outside its band"):
        approval_bands(case, "cuts")


def test_moved(story: Scenario) -> None:
    later = moved(story, 2, 0.5)
    assert later.restrictions[0].start.isoformat() == "2025-04-01"
    assert later.restrictions[0].approval[1][0].isoformat() == "2025-06-01"
    was, now = story.outages[0], later.outages[0]
    assert now.end == add_months(was.end, 2) + timedelta(days=round((was.end - was.start).days * -0.5))
    assert moved(story, 1, 1.0).restrictions[1].end == date(2025, 8, 1)
    assert moved(story, 0, 0.0).outages[0].end == was.start + timedelta(days=1)


def run(case: Case, folder: Path, count: int = 9, **more: object) -> dict[str, np.ndarray]:
    result = draws(case, "cuts", count, seed=7, folder=folder, workers=2, **more)  # type: ignore[arg-type]
    frame = result["drawn"].select_dtypes("number")
    return {str(name): frame[name].to_numpy(float) for name in frame}


@pytest.fixture(scope="module")
def whole(case: Case, tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    return run(case, tmp_path_factory.mktemp("draws"))


def test_resumed_to_the_same_answer(case: Case, tmp_path: Path, whole: dict[str, np.ndarray]) -> None:
    """Interrupted by Ctrl-C after the first part, then a part cut short on disk, then run to the end."""

    def stop(done: int, _total: int) -> None:
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(case, tmp_path, progress=stop)
    kept = sorted(tmp_path.glob("*.npz"))
    assert 1 <= len(kept) < 6
    kept[0].write_bytes(kept[0].read_bytes()[:100])
    after = run(case, tmp_path)
    for name, values in whole.items():
        assert np.array_equal(after[name], values, equal_nan=True), name


def test_killed_and_resumed(tmp_path: Path, case: Case, whole: dict[str, np.ndarray]) -> None:
    """kill -9 in the middle: what was written stands, the rest is run again, the answer is the same.

    Its processes do not work on for one that is gone, and put away what it had handed them.
    """
    psutil = pytest.importorskip("psutil")
    program = (
        "import sys; sys.path.insert(0, sys.argv[3])\n"
        "from pathlib import Path\nfrom didymium.case.case import load_case\nfrom didymium.shock.draws import draws\n"
        "draws(load_case(sys.argv[1]), 'cuts', 9, seed=7, folder=Path(sys.argv[2]), workers=2,\n"
        "      progress=lambda done, total: print(done, flush=True))\n"
    )
    folder, passing = tmp_path / "draws", tmp_path / "passing"
    passing.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", program, str(case.files.path), str(folder), str(Path(__file__).parent)],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(passing)},
    ) as child:  # fmt: skip
        assert child.stdout is not None
        for line in child.stdout:
            if int(line) >= 4:
                workers = psutil.Process(child.pid).children(recursive=True)
                assert list(passing.glob("didymium-*"))
                os.kill(child.pid, signal.SIGKILL)
                break
    assert child.returncode == -signal.SIGKILL
    assert len(workers) >= 2
    assert psutil.wait_procs(workers, timeout=60)[1] == []
    assert not list(passing.glob("didymium-*"))
    after = run(case, folder)
    for name, values in whole.items():
        assert np.array_equal(after[name], values, equal_nan=True), name


def test_another_process_finds_the_draws(us_japan: Case) -> None:
    """What a question is called does not depend on the order in which a process holds its sets."""
    program = (
        "from didymium.case.case import load_case\nfrom didymium.shock.draws import cache\n"
        "case = load_case('us-japan')\n"
        "print([cache(case, case.scenario(name), 1, 'none').name for name in case.scenarios()])\n"
    )
    said = [
        subprocess.run([sys.executable, "-c", program], env=os.environ | {"PYTHONHASHSEED": str(seed)}, text=True,
                       capture_output=True, check=True).stdout
        for seed in (1, 2)
    ]  # fmt: skip
    assert said[0] == said[1] and said[0].count("draws-us-japan-") == len(us_japan.scenarios())


def test_more_draws_go_on_from_fewer(case: Case, tmp_path: Path, whole: dict[str, np.ndarray]) -> None:
    run(case, tmp_path, count=5)
    after = run(case, tmp_path)
    assert np.array_equal(after["users_loss_ONE"], whole["users_loss_ONE"])


def test_machines_draw_the_same_as_processes(case: Case, tmp_path: Path, whole: dict[str, np.ndarray]) -> None:
    """Two processes of a Dask cluster run the same parts to the same bits."""
    pytest.importorskip("distributed")
    crew = Machines.to(processes=2)
    try:
        assert crew.size == 2
        after = run(case, tmp_path, crew=crew)
    finally:
        crew.shut()
    for name, values in whole.items():
        assert np.array_equal(after[name], values, equal_nan=True), name


def test_chapters_move_with_their_days(story: Scenario) -> None:
    """News a year later opens the same chapters, a year later."""

    def chapters(told: Scenario, later: int = 0) -> list[Chapter]:
        return [chapter(told, add_months(story.start, month + later)) for month in range(1, 40)]

    assert chapters(moved(story, 12, 1.0), later=12) == chapters(story)
    assert set(chapters(moved(story, 12, 1.0))[:11]) == {frozenset()}
    assert len(set(chapters(story))) > 2


def test_what_follows_two_measures_starts_where_one_of_them_led() -> None:
    """Of the chapters recorded the one that holds most of the news, and none that holds other news."""
    one, two, three = frozenset({("a", 1)}), frozenset({("a", 1), ("b", 1)}), frozenset({("a", 1), ("b", 1), ("c", 2)})
    other, calm = frozenset({("a", 2), ("b", 1)}), frozenset()
    kept: dict[Any, Any] = {(calm, 6, 0): "calm", (one, 6, 0): "one", (one, 6, 1): "later", (two, 12, 0): "longer"}
    reference = Reference({**kept, (other, 6, 0): "other"})
    assert reference.opening(one, 6) == "one"
    assert reference.opening(three, 6) == "one"
    assert reference.opening(three, 12) == "longer"
    assert reference.opening(frozenset({("c", 2)}), 6) is None
    assert reference.opening(calm, 6) == "calm"


def test_draws_of_another_question(case: Case, tmp_path: Path) -> None:
    run(case, tmp_path, count=1)
    with pytest.raises(DidymiumError, match="of another case, scenario, seed"):
        draws(case, "cuts", 1, seed=8, folder=tmp_path, workers=1)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(DidymiumError, match="holds something else"):
        draws(case, "cuts", 1, seed=7, folder=tmp_path / "other", workers=1)


@pytest.mark.parametrize(("count", "levels"), [(0, ("low",)), (3, ("middle",)), (3, ())])
def test_draws_refuse(case: Case, tmp_path: Path, count: int, levels: tuple[str, ...]) -> None:
    with pytest.raises(DidymiumError, match="at least one"):
        draws(case, "cuts", count, levels=levels, folder=tmp_path / "x")


@pytest.mark.parametrize("foresight", ["none", "announced"])
def test_without_a_cut_a_draw_costs_nothing(case: Case, tmp_path: Path, story: Scenario, foresight: str) -> None:
    """Drawn demand makes goods dear without any cut; that is no loss of the cut's."""
    nothing = replace(story, name="nothing", restrictions=(), outages=(), demand_changes=(), wedges=())
    seen = draws(case, nothing, 6, seed=7, levels=("low",), foresight=foresight, folder=tmp_path, workers=1)["drawn"]
    cut = draws(case, "cuts", 6, seed=7, levels=("low",), foresight=foresight, folder=tmp_path / "cut", workers=1)[
        "drawn"
    ]
    for name in ("users_loss_ONE", "short_ONE"):
        # Without foresight each month is planned anew, with the months that follow from the plan before.
        allowed = 0.0 if foresight == "announced" else 0.01 * cut[name].abs().max()
        assert seen[name].abs().max() <= allowed
        assert cut[name].min() > 0.0


def test_the_calm_beside_a_draw_is_a_path_without_measures(case: Case, chance: Chance) -> None:
    """Measures that are put off and measures that are not there leave the same market, built anew or written over."""
    drawn = chance.draw(chance.variates(1), "low")
    sweep = Sweep(case, chance.market, OPTIONS)
    cut = sweep.draw(drawn.scenario, "none", drawn.market, OPTIONS)
    calm = sweep.calm(drawn.scenario, OPTIONS)
    alone = Engine(case, drawn.market).path(without(drawn.scenario), "announced")
    assert calm.price.to_numpy() == pytest.approx(alone.price.to_numpy(), rel=1e-6, abs=1e-6)
    assert calm.served.to_numpy() == pytest.approx(alone.served.to_numpy(), rel=1e-6, abs=1e-6)
    assert np.abs(cut.served.to_numpy() - calm.served.to_numpy()).max() > 0.5


def test_few_draws_tell_no_rare_case(whole: dict[str, np.ndarray], chance: Chance) -> None:
    assert told(12) == [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
    assert told(1) == [0.5]
    assert 0.01 in told(100) and 0.01 not in told(99)


def test_interrupted_draws_say_where_they_are(case: Case, tmp_path: Path) -> None:
    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=str(tmp_path)):
        draws(case, "cuts", 9, seed=7, levels=("low",), folder=tmp_path, workers=1,
              progress=lambda done, total: stop(done, total) if done else None)  # fmt: skip


def test_tables_of_draws(case: Case, tmp_path: Path, whole: dict[str, np.ndarray]) -> None:
    result = draws(case, "cuts", 9, seed=7, folder=tmp_path, workers=2)
    curve = result["exceedance"]
    mine = curve[curve["level"].eq("low") & curve["region"].eq("ONE") & curve["quantity"].eq("users_loss")]
    assert mine.sort_values("probability")["value"].is_monotonic_decreasing
    half = float(mine.loc[mine["probability"].eq(0.5), "value"].iloc[0])
    assert half == pytest.approx(np.median(whole["users_loss_ONE"][:9]))
    bands = result["bands"]
    ordered = bands[["p05", "p25", "p50", "p75", "p95"]].to_numpy(float)
    assert (np.diff(ordered, axis=1) >= -1e-12).all()
    assert set(curve["level"]) == {"low", "high"}  # never one curve of both
    stock = curve.pivot_table(index=["region", "quantity", "probability"], columns="level", values="value")
    assert (stock.loc["ONE"]["high"] <= stock.loc["ONE"]["low"] + 1e-6).all()  # a larger stock hurts nobody at home


# Worst case


@pytest.fixture(scope="module")
def search(case: Case, story: Scenario) -> Search:
    found = Search(case, story, "ONE", OPTIONS, crew_of(2))
    found.exhaustive(3)
    return found


def test_lines_stop_for_want_of_one_good(us_japan: Case) -> None:
    """Defence takes two kinds of magnet: 30 % of one missing stops it, though less is missing of both together."""
    market = prepare(us_japan)
    uses = market.network.uses
    mine = uses.index[uses["end_use"].eq("defence") & uses["region"].eq("JPN")]
    wanted = market.base.served.loc[mine].to_frame(0) / 12.0
    assert len(mine) > 1
    served = wanted.copy()
    served.loc[wanted[0].idxmin()] *= 0.7
    path = Engine(us_japan, market).path(replace(us_japan.scenario("no-shock"), months=1), "none")
    path = replace(path, served=served, wanted=wanted)
    assert most_missing(path, mine).to_list() == pytest.approx([0.3])


def test_worst_three_against_brute_force(case: Case, story: Scenario, search: Search) -> None:
    """Every set by an engine of its own: the same worst set, or one that does as much.

    As much: within what another optimum of the same windows makes of it (docs/decisions/018).
    """
    names = listed(story)
    assert len(names) == 5 and len(search.found) == 5 + 10 + 10
    engine = Engine(case)
    for size in (1, 2, 3):
        plain = {}
        for chosen in combinations(range(5), size):
            path = engine.path(only(story, [names[at] for at in chosen]), "none")
            plain[chosen] = harm_of(case, engine.market, path, "ONE").users_loss
        found = max(plain, key=lambda s: search.found[s].users_loss)
        assert plain[found] >= 0.95 * max(plain.values()), (found, plain)


def test_sets_do_not_depend_on_who_runs_them(case: Case, story: Scenario, search: Search) -> None:
    other = Search(case, story, "ONE", OPTIONS, crew_of(1))
    other.singles()
    other.run([(2, 3), (0, 1)])
    assert other.found[(0, 1)] == search.found[(0, 1)] and other.found[(2, 3)] == search.found[(2, 3)]


def test_the_adversary_who_pays(case: Case, story: Scenario, search: Search) -> None:
    free = worst(case, story, 2, "ONE", remedies=False, workers=2)
    pays = worst(case, story, 2, "ONE", pays=True, remedies=False, workers=2)
    scores = {s: h.score(True) for s, h in search.found.items() if len(s) == 2}
    names = listed(story)
    assert pays.manifest["options"]["worst"] == [names[at] for at in max(scores, key=lambda s: scores[s])]
    assert free["sets"]["users_loss"].iloc[0] == pytest.approx(
        max(h.users_loss for s, h in search.found.items() if len(s) == 2), rel=1e-6
    )
    assert set(free["sets"]["search"]) == {"all run"}


def test_climbing_finds_the_best_of_four(case: Case, story: Scenario) -> None:
    found = Search(case, story, "ONE", OPTIONS, crew_of(2))
    found.exhaustive(3)
    best = found.climb(4, pays=False)
    found.run(list(combinations(range(5), 4)))
    assert found.found[best].users_loss == pytest.approx(
        max(h.users_loss for s, h in found.found.items() if len(s) == 4)
    )


@pytest.mark.parametrize("participant", ["ONE", "TWO"])
def test_no_set_takes_more_than_the_bound(case: Case, story: Scenario, participant: str) -> None:
    """Brute force: what the optimum of every set of every size loses, by each loss that has a bound."""
    game = Game(case, prepare(case), story, participant, OPTIONS)
    assert list(game.losses) == ["benefit", "short", "value_at_risk"]
    last = dict.fromkeys(game.losses, 0.0)
    for size in range(1, 6):
        lost = [game.lost(chosen) for chosen in combinations(range(5), size)]
        for name, before in last.items():
            bound = game.bound(size, name) / (1000.0 if name == "benefit" else 1.0)
            worst_set = max(found[name] for found in lost)
            assert worst_set <= bound * (1 + 1e-6) + 1e-6, name
            assert bound >= before - 1e-6, name
            last[name] = bound
    # Not bounds that say nothing: far below all that the participant has.
    assert last["benefit"] < 0.6 * game.base / 1000.0
    for name in ("short", "value_at_risk"):
        assert last[name] < 0.75 * game.losses[name].whole, name


def test_a_bounded_loss_is_what_it_says(case: Case, story: Scenario) -> None:
    """Its linear form in the optimum of a set: at least the tonnes short, at most half a percent of need above them."""
    game = Game(case, prepare(case), story, "ONE", OPTIONS)
    short = game.losses["short"]
    for chosen in ((), (0,), (0, 1), (3, 4), (0, 1, 2, 3, 4)):
        lost = game.lost(chosen)["short"]
        told = short.whole - float(game.instance.run().primal @ short.worth)
        assert lost - 1e-6 <= told <= lost + 0.005 * short.whole + 1e-6, chosen


@pytest.mark.parametrize("pays", [False, True])
def test_beyond_three(case: Case, story: Scenario, pays: bool) -> None:
    result = worst(case, story, 4, "ONE", pays=pays, remedies=False, workers=2)
    frame = result["bound"].set_index("loss")
    known = frame.loc[["benefit", "short", "value_at_risk"]]
    assert (known["found"] > 0).all() and (known["found"] <= known["bound"] * (1 + 1e-9)).all()
    assert known["gap"].to_numpy() == pytest.approx((1.0 - known["found"] / known["bound"]).to_numpy() * 100.0)
    # Users' loss under the months as they are lived has none, nor has what an adversary earns: it says so.
    assert np.isnan(frame.loc["users_loss", "bound"]) and frame.loc["users_loss", "state"]
    assert ("net" in frame.index) == pays
    assert result["sets"]["search"].iloc[0] == "best found"
    top = tuple(listed(story).index(name) for name in result.manifest["options"]["worst"])
    game = Game(case, prepare(case), story, "ONE", OPTIONS)
    assert game.lost(top)["benefit"] <= frame.loc["benefit", "found"] + 1e-6


def test_which_month(case: Case, story: Scenario) -> None:
    frame = worst(case, story, 0, "ONE", remedies=False)["months"]
    assert list(frame["shift"]) == list(range(8))
    # At rest one month is as good as another: as many months are looked at after the cut as before.
    assert frame["users_loss"].to_numpy() == pytest.approx(np.full(8, frame["users_loss"].iloc[0]), rel=0.1)


@pytest.mark.parametrize(("count", "who"), [(6, "ONE"), (-1, "ONE"), (2, "CTL")])
def test_worst_refuses(case: Case, story: Scenario, count: int, who: str) -> None:
    with pytest.raises(DidymiumError):
        worst(case, story, count, who)
