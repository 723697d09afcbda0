"""What a shock may be asked beside its scenario: who is served first, a world that grows, what an aggregate hides."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from case_factory import Tables, chain, make_case
from didymium.case.case import Case, load_case
from didymium.case.scenario import Restriction, Scenario
from didymium.faults import CaseError, DidymiumError
from didymium.market.prepare import prepare
from didymium.result import Result
from didymium.shock import shock
from didymium.shock.draws import draws
from didymium.shock.engine import OPTIONS, Engine
from didymium.shock.harm import harm_of
from didymium.shock.outlook import RUN_IN, dated, led_in, shown, without
from didymium.shock.sweep import Sweep
from didymium.shock.worst import worst

FIRST, DAY = date(2025, 1, 1), date(2025, 3, 1)


def ban(goods: frozenset[str] = frozenset({"ore", "metal"}), months: int = 5, start: date = DAY) -> Scenario:
    measure = Restriction("m", "ban", "CTL", goods, frozenset({"ONE", "TWO"}), start, None, ((start, 0.0),), 0.0,
                          ("sources/book",))  # fmt: skip
    return Scenario("ban", "Ban", "", date(start.year, 1, 1), months, (measure,))


# Who is served first


def two_classes_of() -> Tables:
    """The chain, with defence in TWO beside its motors."""
    tables = chain()
    use = tables["end_uses"][0]
    tables["end_uses"] = [use, {**use, "end_use": "defence", "priority": 1, "elasticity": -0.9, "choke": 3}]
    tables["demands"] = [*tables["demands"], {"end_use": "defence", "region": "TWO", "commodity": "metal",
                                              "quantity": 5, "low": 4.9, "high": 5.1}]  # fmt: skip
    return tables


@pytest.fixture(scope="module")
def two_classes(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("choices") / "two", two_classes_of())


def test_both_ways_of_rationing_stand_side_by_side(two_classes: Case) -> None:
    result = shock(two_classes, ban(), rationing="both")
    row = result["rationing"].set_index(["end_use", "region"]).loc[("defence", "TWO")]
    assert row["priority"] == 1 and row["differs"] == "yes"
    assert row["short_priority"] < 0.2 * row["short_price"]
    # The tables are those by price, and each foresight says so; who sees everything is served by price.
    assert result.manifest["options"]["rationing"] == {"none": "price", "perfect": "price"}
    assert set(result["uses"]["rationing"]) == {"price"}
    own = result["served"].query("foresight == 'none' and end_use == 'defence' and region == 'TWO'")
    assert own["short"].sum() == pytest.approx(row["short_price"])


def test_priority_is_asked_for_by_scenario_or_case(two_classes: Case, tmp_path: Path) -> None:
    story = replace(ban(months=4), rationing="priority")
    by_story = shock(two_classes, story)
    assert by_story.manifest["options"]["rationing"] == {"none": "priority", "perfect": "price"}
    assert by_story["uses"].groupby("foresight")["rationing"].first().to_dict() == {
        "none": "priority",
        "perfect": "price",
    }
    assert "rationing" not in by_story.tables
    folder = tmp_path / "case"
    folder.mkdir()
    for file in two_classes.folder.iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    settings = folder / "case.toml"
    text = settings.read_text("utf-8")
    settings.write_text(text + '\n[shock]\nrationing = "priority"\n', "utf-8")
    by_case = shock(load_case(folder), ban(months=4), ("none",))
    assert np.allclose(
        by_case["served"]["served"], by_story["served"].query("foresight == 'none'")["served"], atol=1e-6
    )
    assert shock(load_case(folder), ban(months=3), ("none",), rationing="price").manifest["options"]["rationing"] == {
        "none": "price"
    }
    settings.write_text(text + '\n[shock]\nrationing = "luck"\n', "utf-8")
    with pytest.raises(CaseError, match="rationing"):
        load_case(folder)


def test_a_scenario_file_says_who_is_served_first(tmp_path: Path) -> None:
    text = 'title = "x"\nstart = "2025-01-01"\nmonths = 2\nrationing = "{}"\n'
    case = make_case(tmp_path / "chain", chain(), {"good": text.format("priority"), "bad": text.format("luck")})
    assert case.scenario("good").rationing == "priority"
    with pytest.raises(CaseError, match="price, priority"):
        case.scenario("bad")


@pytest.mark.parametrize(
    ("foresight", "rationing"), [(("none",), "luck"), (("perfect",), "priority"), (("perfect",), "both")]
)
def test_rationing_that_cannot_be(two_classes: Case, foresight: tuple[str, ...], rationing: str) -> None:
    with pytest.raises(DidymiumError, match="rationing"):
        shock(two_classes, ban(), foresight, rationing=rationing)


@pytest.fixture(scope="module")
def drawn_classes(tmp_path_factory: pytest.TempPathFactory) -> Case:
    tables = two_classes_of()
    tables["assumptions"] = [
        {"assumption": "a_draw_onset", "value": 0, "low": 0, "high": 0, "unit": "month"},
        {"assumption": "a_draw_duration", "value": 1, "low": 1, "high": 1},
        {"assumption": "a_draw_demand", "value": 1, "low": 0.9, "high": 1.1},
    ]
    return make_case(tmp_path_factory.mktemp("choices") / "drawn", tables)


def missed(result: Result) -> float:
    """Return what defence in TWO misses in the median draw, summed over months."""
    bands = result["bands"].query("quantity == 'missing' and what == 'defence' and region == 'TWO'")
    return float(bands["p50"].sum())


def test_draws_are_rationed_as_the_scenario_says(drawn_classes: Case, tmp_path: Path) -> None:
    found = {}
    for name, story, asked in (
        ("plain", ban(), None),
        ("by the scenario", replace(ban(), rationing="priority"), None),
        ("as asked", ban(), "priority"),
        ("against the scenario", replace(ban(), rationing="priority"), "price"),
    ):
        found[name] = draws(drawn_classes, story, 2, levels=("value",), folder=tmp_path / name, workers=1,
                            rationing=asked)  # fmt: skip
    assert missed(found["by the scenario"]) < 0.2 * missed(found["plain"])
    assert found["as asked"]["drawn"].equals(found["by the scenario"]["drawn"])
    assert found["against the scenario"]["drawn"].equals(found["plain"]["drawn"])
    said = {name: result.manifest["options"]["rationing"] for name, result in found.items()}
    assert list(said.values()) == ["price", "priority", "priority", "price"]
    # Draws by price are no part of an answer by priority.
    with pytest.raises(DidymiumError, match="holds draws of another"):
        draws(drawn_classes, ban(), 2, levels=("value",), folder=tmp_path / "plain", workers=1, rationing="priority")


def test_sets_are_rationed_as_asked(drawn_classes: Case) -> None:
    """The one measure there is, alone: its harm is that of the path rationed the same way."""
    for way in ("price", "priority"):
        result = worst(drawn_classes, ban(), 1, "TWO", remedies=False, workers=1, rationing=way)
        engine = Engine(drawn_classes, options=replace(OPTIONS, rationing=way))
        harm = harm_of(drawn_classes, engine.market, engine.path(ban(), "none"), "TWO")
        assert result["sets"]["users_loss"].iloc[0] == pytest.approx(harm.users_loss)
        assert result.manifest["options"]["rationing"] == way


def test_one_way_to_ration_many_paths(drawn_classes: Case, tmp_path: Path) -> None:
    for wrong, foresight in (("both", "none"), ("luck", "none"), ("priority", "perfect")):
        with pytest.raises(DidymiumError, match="ration"):
            draws(drawn_classes, ban(), 1, foresight=foresight, folder=tmp_path / "none", rationing=wrong)
    four = replace(ban(), restrictions=tuple(replace(ban().restrictions[0], measure=f"m{at}") for at in range(4)))
    with pytest.raises(DidymiumError, match="at most 3"):
        worst(drawn_classes, four, 4, "TWO", rationing="priority")
    assert not (tmp_path / "none").exists()


# A world that grows


def growing() -> Tables:
    """The chain, whose users in TWO want half as much again by 2026, and whose works in ONE double in mid-2025."""
    tables = chain()
    tables["growth"] = [
        {"end_use": "motor", "region": "TWO", "year": 2024, "index": 1, "low": 1, "high": 1},
        {"end_use": "motor", "region": "TWO", "year": 2026, "index": 1.5, "low": 1.5, "high": 1.5},
    ]
    works = next(f for f in tables["facilities"] if f["facility"] == "works_one")
    tables["ramps"] = [{"ramp": "slow", "year": 1, "share": 0.5}, {"ramp": "slow", "year": 2, "share": 1}]
    tables["facilities"] = [
        *tables["facilities"],
        {**works, "facility": "new_works", "status": "construction", "start": "2025-07", "ramp": "slow"},
        {**works, "facility": "idea", "status": "feasibility", "start": "2025-07"},
    ]
    tables["projects"] = [
        {"facility": "new_works", "committed": "yes"},
        {"facility": "idea", "committed": "no"},
    ]
    return tables


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("choices") / "growing", growing())


def test_new_plants_ramp_inside_the_months(grown: Case) -> None:
    """60 t a year: nothing before July, half of it in the first year, all of it in the second; an idea stays one."""
    market = prepare(grown)
    options = dated(grown, market, OPTIONS)
    assert [project.facility for project in options.projects] == ["new_works"]
    calm = without(ban(months=24))
    path = Engine(grown, market, options).path(calm)
    mine = market.network.activities["facility"].eq("new_works").to_numpy()
    made = path.activity[mine].sum().to_numpy(float)
    assert made[:6].max() < 1e-6
    assert made[6:18].max() <= 2.5 + 1e-6 and made[18:].max() <= 5.0 + 1e-6
    assert path.activity[market.network.activities["facility"].eq("idea").to_numpy()].to_numpy().max() < 1e-6
    wanted = path.wanted.loc["motor|TWO|metal"].to_numpy(float)
    assert wanted[18:].mean() > 1.25 * wanted[0]


def test_months_before_the_first_are_run_and_not_shown(grown: Case) -> None:
    market = prepare(grown)
    story = ban(months=4, start=date(2027, 2, 1))
    path = Engine(grown, market, dated(grown, market, OPTIONS)).path(led_in(story))
    kept = shown(path, story)
    assert kept.labels == ["2027-01", "2027-02", "2027-03", "2027-04"]
    assert np.array_equal(kept.price, path.price.iloc[:, RUN_IN:])
    assert np.array_equal(kept.stocks["start"], path.stock.iloc[:, RUN_IN - 1])
    assert kept.tree.nodes["discount"].is_monotonic_decreasing


def test_the_cut_is_told_from_growth(grown: Case) -> None:
    result = shock(grown, ban(), growth=True)
    frame = result["growth"]
    assert set(result["uses"]["foresight"]) == {"none"}
    assert (frame["short"] - frame["short_without"]).to_numpy() == pytest.approx(frame["due"].to_numpy())
    assert frame["due"].max() > 0
    assert frame.set_index("region")["growth"].to_dict() == pytest.approx({"ONE": 1.0, "TWO": 1.2}, abs=0.1)
    nothing = shock(grown, without(ban()), growth=True)
    assert nothing["growth"]["due"].to_numpy() == pytest.approx(0.0, abs=1e-6)
    assert nothing["cost_of_cut"]["consumer_loss_due"].to_numpy() == pytest.approx(0.0, abs=1e-6)


def test_a_sweep_builds_each_window_of_a_growing_world_anew(grown: Case) -> None:
    """Supply curves move with capacity, which is not written in place: the same path as an engine's."""
    market = prepare(grown)
    options = dated(grown, market, OPTIONS)
    paths = [kind(grown, market, options).path(ban(months=9)) for kind in (Engine, Sweep)]
    assert np.allclose(paths[0].price, paths[1].price, rtol=1e-6, atol=1e-6)


# What an aggregate hides


@pytest.fixture(scope="module")
def metal_gone(us_japan: Case) -> Result:
    """Of all that is sent to Japan dysprosium alone is held back: a hundredth of the tonnes."""
    measure = Restriction("m", "ban", "CHN", frozenset({"dy_oxide", "dy_metal"}), frozenset({"JPN"}), FIRST, None,
                          ((FIRST, 0.0),), 0.0, ("sources/mcs2026",))  # fmt: skip
    return shock(us_japan, Scenario("dy", "Dysprosium", "", FIRST, 2, (measure,)), ("none",))


def test_rare_earths_hold_while_dysprosium_is_at_zero(metal_gone: Result) -> None:
    """users.md Q8: imports as a group down by a few percent, dysprosium at nothing."""
    frame = metal_gone["hidden"].set_index(["measure", "region", "part"])
    row = frame.loc[("exports_controller", "JPN", "Dy")]
    assert row["part_change"] == pytest.approx(-100.0, abs=1e-6)
    assert row["whole_change"] > -10.0
    assert any("Dy -100 %" in line for line in metal_gone.manifest["warnings"])
    assert not (metal_gone["hidden"]["region"] == "USA").any()


def test_nothing_is_hidden_where_all_of_it_is_cut(two_classes: Case) -> None:
    result = shock(two_classes, ban(), ("none",))
    assert result["hidden"].empty and result.manifest["warnings"] == []


# The short answers


def test_the_summary_says_what_the_tables_say(metal_gone: Result, two_classes: Case) -> None:
    summary = metal_gone["summary"]
    assert set(summary["table"]) <= set(metal_gone.tables)
    assert summary["answer"].str.len().min() > 0
    cut = shock(two_classes, ban(), ("none",))
    first = cut["uses"].query("region == 'ONE'")["line_stop"].min()
    assert f"from {first}" in cut["summary"].query("region == 'ONE'")["answer"].iloc[0]
    top = cut["peaks"].sort_values("outside_multiple").iloc[-1]
    months = cut["premium"].query("commodity == @top.commodity")
    assert top["outside_multiple"] == pytest.approx(months["outside_multiple"].max())


def test_pooled_stocks(two_classes: Case) -> None:
    """Alone T = S / m; together between the two; what one partner gains the other lends."""
    frame = shock(two_classes, ban(start=FIRST), ("none",))["pooled"]
    for _commodity, rows in frame.groupby("commodity"):
        assert rows["pooled"].nunique() == 1
        assert rows["alone"].min() - 1e-9 <= rows["pooled"].iloc[0] <= rows["alone"].max() + 1e-9
        held = rows["missing"].gt(0)
        assert rows.loc[held, "alone"].to_numpy() == pytest.approx((rows["days"] / rows["missing"])[held].to_numpy())
    lender = frame[frame["lends"].gt(0)]
    assert (lender["cover_left"] < lender["days"]).all()


def test_a_magnet_lasts_no_longer_than_its_dysprosium(shocked: Result) -> None:
    """Japan buys no high-temperature magnet from China, and makes its own of Chinese dysprosium and terbium."""
    cover = shocked["cover"].query("foresight == 'none' and region == 'JPN'").set_index("commodity")
    magnet, metal = cover.loc["magnet_high_temperature"], cover.loc["dy_metal"]
    assert magnet["bought"] < 0.01 and metal["bought"] > 0.99
    assert magnet["outside"] < 0.01 and set(magnet["through"].split(";")) == {"Dy", "Tb"}
    assert magnet["needed"] > 0 and np.isfinite(magnet["lasts"])
    # NdPr comes from elsewhere too: standard magnets rest on China for more than is bought there, not for all.
    standard = cover.loc["magnet_standard"]
    assert standard["bought"] < 1.0 - standard["outside"] < 0.9 and standard["through"] == "NdPr"


def test_forms_in_the_bundled_case(shocked: Result) -> None:
    """Motors without heavies take standard magnets: magnets are used as they are all the same."""
    forms = shocked["conversion"].set_index(["commodity", "region"])
    for good, region in (("magnet_standard", "JPN"), ("magnet_standard", "USA"), ("sm_oxide", "JPN"),
                         ("dy_oxide", "USA")):  # fmt: skip
        assert forms.loc[(good, region), "usable"] == "as it is", (good, region)
        assert forms.loc[(good, region), "reaches"] != ""
    both = forms.loc[("ndpr_oxide", "JPN")]
    assert both["usable"] == "as it is and after conversion" and 0.05 < both["direct"] < 0.3
    # Swarf is no way on: dysprosium metal ends in a magnet, not in the oxide that recyclers win from its swarf.
    assert forms.loc[("dy_metal", "JPN"), "reaches"] == "magnet_high_temperature"
    told = shocked["summary"].query("table == 'conversion'")["answer"]
    assert not told.str.contains("NdFeB magnet, standard").any()


def test_a_price_that_is_not_fitted_is_a_shortage_only(us_japan: Case, shocked: Result) -> None:
    bare = set(us_japan["commodities"].query("calibrated == 'no'")["commodity"])
    for _foresight, rows in shocked["peaks"].groupby("foresight"):
        marked = rows["price_rests_on"].eq("only a shortage").to_numpy()
        assert set(rows.loc[marked, "commodity"]) == bare & set(rows["commodity"])
        assert marked[marked.argmax() :].all() and not marked[0], "they come last"
        assert rows.loc[~marked, "outside_multiple"].is_monotonic_decreasing
    cover = shocked["cover"]
    assert cover.loc[cover["commodity"].isin(bare), "price_at_stop"].isna().all()


def test_lines_stop_by_the_scarcest_good(shocked: Result) -> None:
    uses = shocked["uses"]
    assert (uses["line_stop"].ne("") == uses["scarcest_short"].gt(0.15)).all()
    assert (uses["scarcest_short"] >= uses["worst"] - 1e-9).all()
    keys = ["foresight", "end_use", "region", "month", "commodity"]
    served = shocked["served"].set_index(keys)["short_share"].sort_index()
    hidden = 0
    for row in uses[uses["line_stop"].ne("")].to_dict("records"):
        month = served[(row["foresight"], row["end_use"], row["region"], row["line_stop"])]
        assert month[row["stops_for"]] == pytest.approx(month.max()) and month.max() > 0.15
        hidden += row["worst"] < 0.15
    assert hidden, "an end use whose sum hides why its lines stop"


def test_cover_says_what_a_licence_leaves(us_japan: Case, shocked: Result) -> None:
    """users.md Q6: T = S / ((1 - s)(1 - a)) by the mean, sooner where it is hard at first; halt x that is needed."""
    rows = shocked["cover"].query("foresight == 'none' and halt > 0 and outside < 0.99")
    assert len(rows) > 5
    missing = (1.0 - rows["outside"]) * (1.0 - rows["licensed"])
    by_mean = rows["days_at_start"] / missing
    assert (rows["lasts"] <= by_mean + 1e-6).mean() > 0.8, "licences open later"
    beyond = rows["needed"] <= rows["days_at_start"]  # a stock that outlasts the months shown empties by their mean
    assert beyond.any() and rows["lasts"][beyond].to_numpy() == pytest.approx(by_mean[beyond].to_numpy())
    assert (rows["lasts"] < 0.5 * by_mean).any(), "a third of what the mean says"
    assert rows["needed"].to_numpy() == pytest.approx((rows["halt"] * missing).to_numpy())
    assert (rows["lasts"] >= rows["run_out"] - 1e-9).all()
