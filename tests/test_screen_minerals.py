"""Screening of minerals on us-japan: what was published, what is not computable, and what a user imports."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from didymium.faults import DidymiumError
from didymium.report.terminal import as_json
from didymium.result import RESTS_ON
from didymium.screen.compare import agreement
from didymium.screen.draws import Draws
from didymium.screen.effects import effects
from didymium.screen.indices import Indices, build_sources
from didymium.screen.industries import Industries, economic_importance, manufacturing
from didymium.screen.minerals import screen_minerals
from didymium.screen.networks import cascades
from didymium.screen.places import places
from didymium.screen.ranks import order
from didymium.screen.supply import read_supply
from didymium.screen.vintages import vintages
from screen_rows import makers, with_rows

if TYPE_CHECKING:
    from pathlib import Path

    from didymium.case.case import Case
    from didymium.result import Result

TABLES = ("minerals", "methods", "ranks", "disruptions", "cascades", "agreement", "disagreements", "partners",
          "aggregates", "vintages")  # fmt: skip


def one(case: Case, draws: int = 0, year: int | None = None) -> tuple[Indices, dict[str, Any]]:
    """Return the indices of a case whose production is one group, and its world indices by name."""
    supply = read_supply(case, year)
    sources = build_sources(case, supply, places(case))
    indices = Indices(case, supply, sources, Draws(draws))
    return indices, {index.method: index for index in indices.world()}


# Published figures


def test_european_supply_risk_from_own_data(screened: Result) -> None:
    """Rank correlation with part A of the study of 2023 at least 0.80, and within 0.5 for half of those at 1 and above.

    From part A come import reliance, recycling rate and substitution index; from the study its trade parameters. Shares
    are USGS and IEA of 2024 and the calibrated chain, governance is of 2022: the study takes means of 2016 to 2020.
    Without anything from the study (concentration weighted by governance alone) the correlation is 0.81 too.
    """
    table = screened["agreement"].set_index(["study", "method", "participant"])
    union = table.loc[("eu2023", "supply_risk", "EUR")]
    assert union["minerals"] >= 25
    assert union["spearman"] >= 0.80
    assert union["within_half"] >= 0.50
    alone = table.loc[("eu2023", "hhi_wgi", "world")]
    assert alone["minerals"] >= 25 and alone["spearman"] == pytest.approx(0.81, abs=0.02)


def test_mean_top_three_of_refining(screened: Result) -> None:
    """IEA, Global Critical Minerals Outlook 2025: 86 % in 2024 over six minerals. Copper is of USGS, five of IEA."""
    table = screened["minerals"]
    table = table[table["participant"].eq("USA") & table["stage"].eq("refinery")].set_index(["mineral", "form"])["top3"]
    six = [("copper", ""), ("lithium", "lithium chemicals"), ("nickel", "refined nickel"), ("cobalt", "refined cobalt"),
           ("graphite_natural", "battery-grade, synthetic too"), ("rare_earths", "magnet rare earths")]  # fmt: skip
    assert 100 * table.loc[six].mean() == pytest.approx(86.0, abs=1.0)


def test_loss_of_chinese_gallium_and_germanium(screened: Result) -> None:
    """USGS OFR 2024-1057: gallium 1.7 to 8.2 bn USD and more than +150 %; germanium 0.01 to 1.1; both 1.7 to 9.0.

    The share of dependence is set so that gallium comes out; germanium and the joint case follow without another step.
    """
    table = screened["disruptions"]
    table = table[table["participant"].eq("USA") & table["market"].eq("outside")].set_index("mineral")
    loss = -table["gdp_effect"] / 1000
    assert 1.7 <= loss["gallium"] <= 8.2 and loss["gallium"] == pytest.approx(3.1, rel=1.0)
    assert 1.0 <= table.loc["gallium", "price"] - 1 <= 2.5
    assert 0.01 <= loss["germanium"] <= 1.1
    assert 1.7 <= loss["gallium;germanium"] <= 9.0
    assert loss["gallium;germanium"] < loss["gallium"] + loss["germanium"]
    assert table.loc["gallium", "gdp_low"] < table.loc["gallium", "gdp_effect"] < table.loc["gallium", "gdp_high"]


SEVERAL = {
    ("clays", "bentonite"): ("clays", "mine", "bentonite"),
    ("clays", "fuller\u2019s earth"): ("clays", "mine", "fuller's earth"),
    ("clays", "kaolin"): ("clays", "mine", "kaolin"),
    ("copper", "mine production"): ("copper", "mine", ""),
    ("copper", "refinery production"): ("copper", "refinery", ""),
    ("iron and steel", "pig iron"): ("iron_and_steel", "smelter", "pig iron"),
    ("iron and steel", "raw steel"): ("iron_and_steel", "smelter", "raw steel"),
    ("iron ore", "iron content"): ("iron_ore", "mine", "iron content"),
    ("iron ore", "usable ore"): ("iron_ore", "mine", "usable ore"),
    ("mica (natural)", "mica (scrap and flake)"): ("mica", "mine", "scrap and flake"),
    ("mica (natural)", "mica (sheet)"): ("mica", "mine", "sheet"),
    ("silicon", "ferrosilicon"): ("ferrosilicon", "smelter", ""),
    ("silicon", "silicon metal"): ("silicon_metal", "smelter", ""),
    ("soda ash", "natural"): ("soda_ash", "mine", "natural"),
    ("titanium mineral concentrates", "ilmenite"): ("ilmenite", "mine", ""),
    ("titanium mineral concentrates", "rutile"): ("rutile", "mine", ""),
}
"""Commodities with more than one table by country, by a word of the table's label: mineral, stage and form."""


def yearbook_tables(path: Path) -> dict[tuple[str, str], dict[str, float]]:
    """Return every production table by country of 2024 from the raw file: commodity, label -> country -> quantity.

    Read with nothing of ours. What is no number is left out; countries that stand together as others are kept apart.
    """
    found: dict[tuple[str, str], dict[str, float]] = {}
    with path.open(encoding="cp1252", newline="") as file:
        for row in csv.DictReader(file):
            if row["Statistics"] != "Production" or row["Year"] != "2024" or not row["Section"].startswith("World"):
                continue
            place, text, name = row["Country"], row["Value"].replace(",", "").strip(), row["Commodity"].lower()
            if not place or place.startswith("World") or not text.replace(".", "").isdigit():
                continue
            words = [word for commodity, word in SEVERAL if commodity == name]
            label = next((word for word in words if word in row["Statistics_detail"].lower()), "")
            if words and not label:
                continue
            table = found.setdefault((name, label), {})
            place = "others" if place.startswith("Other") else place
            table[place] = table.get(place, 0.0) + float(text)
    return found


def test_hhi_of_the_whole_yearbook(us_japan: Case, screened: Result, data_folder: Path) -> None:
    """Every index that we give of the edition of 2026, mines, refineries, smelters and plants, equals one from the
    raw file; and every table of the file without an index has a reason."""
    raw = yearbook_tables(data_folder / "raw" / "usgs_mcs2026" / "MCS2026_Commodities_Data.csv")
    table = screened["minerals"]
    table = table[table["participant"].eq("USA") & table["series"].eq("mcs2026") & table["year"].eq(2024)]
    ours = table.set_index(["mineral", "stage", "form"])
    # One table under the name of the commodity as the case has it, whatever its stage.
    by_name: dict[str, list[tuple[str, str, str]]] = {}
    chapters = us_japan["minerals"].set_index("mineral")["chapters"].to_dict()
    for key, name in zip(ours.index, ours["name"], strict=True):
        for said in (str(name).lower(), *str(chapters.get(key[0], "")).split(";")):
            by_name.setdefault(said, []).append(key)
    compared: dict[tuple[str, str, str], str] = {}
    for (name, label), made in raw.items():
        keys = [SEVERAL[name, label]] if label else list(dict.fromkeys(by_name.get(name, [])))
        assert keys, name
        total = sum(made.values())
        named = [q for place, q in made.items() if place != "others"]
        for key in keys:
            row = ours.loc[key]
            if np.isnan(row["hhi"]):
                assert row["note"], key
                continue
            assert row["hhi"] == pytest.approx(sum((q / total) ** 2 for q in named), rel=1e-9), key
            assert row["top1"] == pytest.approx(max(named) / total, rel=1e-9), key
            assert row["top3"] == pytest.approx(sum(sorted(named)[-3:]) / total, rel=1e-9), key
            compared[key] = name
    missed = set(ours.index[ours["hhi"].notna()]) - set(compared)
    assert not missed, missed
    assert len(compared) >= 60
    assert {stage for _mineral, stage, _form in compared} == {"mine", "refinery", "smelter", "plant", "metal"}


# What is not computable


def test_every_row_says_what_is_missing(screened: Result) -> None:
    ranks = screened["ranks"]
    assert (ranks["value"].isna() == ranks["why"].ne("")).all()
    assert not ranks.loc[ranks["why"].ne(""), "rank"].notna().any()
    rows = screened["minerals"].set_index(["mineral", "stage", "form", "participant"])
    bromine, lithium = (rows.loc[(mineral, "mine", "", "USA")] for mineral in ("bromine", "lithium"))
    assert np.isnan(bromine["hhi"]) and "withheld" in bromine["note"]
    assert lithium["hhi_low"] < lithium["hhi"] < lithium["hhi_high"], "what reliance leaves of it is little"
    methods = screened["methods"].set_index(["method", "participant"])
    for method, word in (("economic_importance", "uses by sector"), ("nassar", "Fraser"),
                         ("disruption_weighted", "probability")):  # fmt: skip
        row = methods.loc[(method, "USA")]
        assert row["computed"] == 0 and row["status"] == "not computable" and word in row["missing"]


@pytest.mark.parametrize(("rows", "words"), [
    (makers(CHN=60.0, PER=30.0, USA="0-", WLD=90.0), "withheld"),
    (makers(CHN=60.0, PER=30.0, WLD=120.0), "75 % of the published total"),
    (makers(CHN=60.0, PER=90.0, WLD=120.0), "125 % of the published total"),
    (makers(USA="0-50", WLD=50.0), "no country's figure"),
    (makers(USA=880.0), "only USA is published"),
])  # fmt: skip
def test_a_group_that_does_not_add_up_has_no_index(us_japan: Case, rows: list[dict[str, Any]], words: str) -> None:
    _indices, found = one(with_rows(us_japan, production=rows))
    for method in ("hhi", "top1", "top3", "hhi_wgi", "n_minus_1"):
        assert np.isnan(found[method].values).all()
        assert words in found[method].why[0]


def test_a_missing_year_is_not_another_year(us_japan: Case) -> None:
    _indices, found = one(with_rows(us_japan, production=makers(CHN=60.0, PER=40.0)), year=2019)
    assert np.isnan(found["hhi"].values).all() and found["hhi"].why == ["no figure for 2019, only for 2024"]


def test_no_input_of_a_later_year_stands_in(us_japan: Case) -> None:
    """Asked for 2019 no method takes production, trade or reliance of the years that are there."""
    supply = read_supply(us_japan, 2019)
    here = places(us_japan)
    sources = build_sources(us_japan, supply, here)
    assert all(s.imported != s.imported and not s.shares and not s.elsewhere for p in sources.values() for s in p)
    assert effects(us_japan, supply, sources, here, Draws(0)).table.empty
    chain = [pd.DataFrame(columns=c) for c in (["element", "stage", "n_minus_1"],
                                               ["element", "stage", "region", "quantity", RESTS_ON])]  # fmt: skip
    ranks = screen_minerals(us_japan, here, chain[0], chain[1], 2019, draws=0).ranks
    assert ranks["value"].isna().all() and ranks["rank"].isna().all() and ranks["why"].ne("").all()


def test_a_withheld_producer_with_two_ends_is_swept(us_japan: Case) -> None:
    _indices, found = one(with_rows(us_japan, production=makers(CHN=60.0, PER=30.0, USA="0-60", WLD=150.0)))
    index = found["hhi"]
    low, high = index.bands()
    values = [((60 / t) ** 2 + (30 / t) ** 2 + (x / t) ** 2) for x in (0, 15, 30, 45, 60) for t in [90 + x]]
    assert np.isnan(index.values[0, 0])
    assert (low[0], high[0]) == (pytest.approx(min(values)), pytest.approx(max(values)))


def test_a_small_withheld_producer_does_not_stop_the_index(us_japan: Case) -> None:
    _indices, found = one(with_rows(us_japan, production=makers(CHN=60.0, PER=40.0, USA="0-1", WLD=101.0)))
    assert found["hhi"].values[0, 0] == pytest.approx(0.52)


def test_unlisted_producers_leave_no_index(us_japan: Case, screened: Result) -> None:
    """Who makes 1 of 100 t is not known as the largest where nobody says who makes the other 99."""
    _indices, found = one(with_rows(us_japan, production=makers(USA=1.0, OTH=99.0, WLD=100.0)))
    assert np.isnan(found["top1"].values).all() and "does not list make 99 %" in found["hhi"].why[0]
    _indices, found = one(with_rows(us_japan, production=makers(USA=60.0, OTH=40.0, WLD=100.0)))
    assert found["top1"].values[0, 0] == pytest.approx(0.6)
    table = screened["minerals"].set_index("mineral")
    assert table.loc[["krypton", "neon", "xenon"], "top1"].isna().all()


def test_without_trade_there_is_no_import_risk(us_japan: Case) -> None:
    case = with_rows(us_japan, production=makers(CHN=60.0, PER=40.0), suppliers=[], trade_network=[], reliance=[])
    indices, _found = one(case)
    reliance, _risk, geo = indices.of("JPN")
    assert np.isnan(reliance.values).all() and "missing" in reliance.why[0]
    assert np.isnan(geo.values).all() and "no trade data" in geo.why[0]


def test_a_country_without_governance(us_japan: Case) -> None:
    _indices, found = one(with_rows(us_japan, production=makers(CHN=60.0, XXX=40.0)))
    assert np.isnan(found["hhi_wgi"].values).all() and "XXX" in found["hhi_wgi"].why[0]
    _indices, found = one(with_rows(us_japan, production=makers(CHN=97.0, XXX=3.0)))
    assert np.isfinite(found["hhi_wgi"].values).all()


def test_a_region_that_is_none(us_japan: Case) -> None:
    with pytest.raises(DidymiumError, match="no region or country ATL"):
        places(us_japan, ["KOR+ATL"])
    with pytest.raises(DidymiumError, match="holds NLD twice"):
        places(us_japan, ["EUR+NLD"])


def test_any_country_or_group_can_be_screened(us_japan: Case) -> None:
    """A country that is no region of the case, and two as one importer: what they sell each other is no import."""
    here = places(us_japan, ["IDN", "KOR+IND"])
    assert here["IDN"] == ["IDN"] and here["KOR+IND"] == ["KOR", "IND"]
    chosen = {name: here[name] for name in ("IDN", "KOR+IND")}
    supply = read_supply(us_japan)
    sources = build_sources(us_japan, supply, chosen)
    graphite = supply.table.index[supply.table["mineral"].eq("graphite_natural") & supply.table["stage"].eq("mine")][0]
    together = sources["KOR+IND"][graphite]
    assert together.shares and not {"KOR", "IND"} & set(together.shares)
    assert {"IND"} <= set(together.own)
    nickel = supply.table.index[supply.table["mineral"].eq("nickel") & supply.table["stage"].eq("mine")][0]
    assert sources["IDN"][nickel].own["IDN"] > 0
    falls = cascades(us_japan, chosen)
    assert set(falls["participant"]) == {"IDN", "KOR+IND"}


# Missing inputs, imported


USES = [{"mineral": "tin", "region": "USA", "sector": s, "share": v, "source": "mcs2026"} for s, v in
        (("solder", 0.75), ("cans", 0.25))]  # fmt: skip
ACCOUNTS = [{"region": "USA", "sector": s, "account": a, "year": 2023, "value": v, "unit": "USD", "source": "mcs2026"}
            for s, a, v in (("solder", "value_added", 40e9), ("cans", "value_added", 10e9),
                            ("cars", "value_added", 80e9), ("solder", "operating_profit", 4e9),
                            ("cans", "operating_profit", 2e9),
                            ("all", "gdp", 20e12))]  # fmt: skip
INDICES = [{"index": i, "region": "*", "country": c, "year": 2023, "value": v, "source": "mcs2026"} for i, c, v in (
    ("fraser_ppi", "CHN", 40), ("fraser_ppi", "PER", 70), ("freedom_house", "CHN", 9), ("freedom_house", "PER", 67),
    ("freedom_house", "USA", 83), ("trade_ties", "CHN", 0.03), ("trade_ties", "PER", 0.10),
    ("disruption_probability", "CHN", 0.1))]  # fmt: skip


@pytest.fixture(scope="module")
def imported(us_japan: Case) -> Case:
    """Tin of two countries, with everything that the methods miss in the bundled case."""
    return with_rows(
        us_japan, production=makers(CHN=60.0, PER=40.0), mineral_uses=USES, sector_accounts=ACCOUNTS,
        country_indices=INDICES,
        risk_parameters=[
            {"parameter": "substitution_ei", "mineral": "tin", "stage": "all", "region": "*", "value": 0.9},
        ],
        consumption=[{"mineral": "tin", "country": "USA", "year": 2023, "quantity": 30.0, "unit": "t"}],
        mineral_prices=[{"mineral": "tin", "year": 2023, "market": "spot", "price": 30000.0, "unit": "USD/t"}],
    )  # fmt: skip


def test_economic_importance_runs_when_it_can(imported: Case) -> None:
    indices, _found = one(imported)
    values, why, keys = economic_importance(indices, Industries(imported, ["USA"]))
    assert why == [""] and keys[0]
    assert values[0] == pytest.approx(10 * (0.75 * 40 + 0.25 * 10) / 80 * 0.9)


def test_shares_of_use_must_add_up(imported: Case) -> None:
    case = with_rows(imported, mineral_uses=USES[:1])
    indices, _found = one(case)
    values, why, _keys = economic_importance(indices, Industries(case, ["USA"]))
    assert np.isnan(values[0]) and why == ["not computable: shares of use add up to 75 %"]


def test_risk_to_manufacturing_runs_when_it_can(imported: Case) -> None:
    """DP, TE and EV of the only mineral are 1 after normalising, so the score is; the parts have their own test."""
    indices, _found = one(imported)
    sources = indices.sources["USA"]
    values, why, parts = manufacturing(imported, indices, Industries(imported, ["USA"]), sources, "USA", "USA")
    assert why == [""] and values[0, 0] == pytest.approx(1.0)
    assert parts["disruption_potential"][0] == parts["vulnerability"][0] == 1.0


def test_probability_weighs_what_is_lost(imported: Case, us_japan: Case) -> None:
    case = with_rows(us_japan, country_indices=INDICES)
    supply = read_supply(case)
    found = effects(case, supply, build_sources(case, supply, {"USA": ["USA"]}), {"USA": ["USA"]}, Draws(0)).table
    gallium = found[found["mineral"].eq("gallium")].iloc[0]
    assert gallium["probability"] == 0.1
    assert gallium["weighted"] == pytest.approx(0.1 * gallium["gdp_effect"])


def test_others_stop_at_their_capacity(us_japan: Case) -> None:
    """Peru makes 40 of 100 t and can make 44: 0.4 x 1.1 = p^-0.3 at the case's elasticity, not 0.4 p^0.5 = p^-0.3."""
    room = [{"mineral": "tin", "stage": "mine", "form": "", "country": "PER", "year": 2025, "series": "mcs2026",
             "capacity": 44.0, "unit": "t/year", "qualifier": "measured"}]  # fmt: skip
    share = [{"mineral": "tin", "country": "CHN", "year": 2024, "share": 0.6, "low": 0.6, "high": 0.6}]
    case = with_rows(us_japan, production=makers(CHN=60.0, PER=40.0), capacity=room, exporter_shares=share)
    prices = []
    for some in (case, with_rows(case, capacity=[])):
        supply = read_supply(some)
        found = effects(some, supply, build_sources(some, supply, {"USA": ["USA"]}), {"USA": ["USA"]}, Draws(0)).table
        prices.append(float(found.loc[found["market"].eq("outside"), "price"].iloc[0]))
    assert prices == [pytest.approx(0.44 ** (-1 / 0.3)), pytest.approx(0.4 ** (-1 / 0.8))]


# Bands and ranks


def test_draws_are_the_same_every_time_and_around_the_centre(us_japan: Case) -> None:
    case = with_rows(us_japan, production=makers(CHN=60.0, PER=40.0))
    _indices, first = one(case, draws=500)
    _indices, again = one(case, draws=500)
    assert (first["hhi_wgi"].values == again["hhi_wgi"].values).all()
    low, high = first["hhi_wgi"].bands()
    assert low[0] < first["hhi_wgi"].values[0, 0] < high[0]
    draws = Draws(20000)
    low_, high_ = np.quantile(draws.banded("shares", "x", [2.0], [1.0], [4.0])[0, 1:], (0.05, 0.95))
    assert (low_, high_) == (pytest.approx(1.0, rel=0.05), pytest.approx(4.0, rel=0.05))
    assert (Draws(5, ("governance",)).banded("shares", "x", [2.0], [1.0], [4.0]) == 2.0).all()


def test_rank_intervals(screened: Result) -> None:
    ranks = screened["ranks"]
    known = ranks[ranks["rank"].notna()]
    assert (known["rank_low"] <= known["rank_high"]).all()
    assert (known["rank_low"] >= 1).all() and (known["rank_high"] <= known["ranked"]).all()
    inside = (known["rank_low"] <= known["rank"]) & (known["rank"] <= known["rank_high"])
    assert inside.mean() > 0.9
    drawn = known[known["method"].isin(("hhi", "hhi_wgi", "supply_risk"))]
    assert set(drawn.loc[drawn["driver"].ne(""), "driver"]) <= {"shares", "governance"}
    assert drawn.loc[drawn["driver"].ne(""), "driver_share"].between(0.5, 1.0).all()
    prices = known[known["method"].eq("disruption_price")]
    assert "elasticities" in set(prices["driver"])


def test_order_puts_the_worst_first() -> None:
    values = np.array([[1.0], [3.0], [3.0], [np.nan], [2.0]])
    assert np.nan_to_num(order(values, 1)[:, 0]).tolist() == [4, 1, 1, 0, 3]
    assert np.nan_to_num(order(values, -1)[:, 0]).tolist() == [1, 3, 3, 0, 2]


# Beside each other


def test_agreement_with_itself_is_one(us_japan: Case, screened: Result) -> None:
    ranks = screened["ranks"]
    mine = ranks[ranks["method"].eq("hhi_wgi") & ranks["value"].notna()].drop_duplicates("mineral")
    study = [{"study": "copy", "mineral": m, "stage": "all", "measure": "supply_risk", "value": v}
             for m, v in zip(mine["mineral"], mine["value"], strict=True)]  # fmt: skip
    totals, details = agreement(with_rows(us_japan, criticality=study), mine)
    assert totals["spearman"].tolist() == [pytest.approx(1.0)]
    assert details["difference"].eq(0).all() and details["why"].eq("").all()


def test_an_aggregate_hides_its_parts(screened: Result) -> None:
    """Japan's rare-earth imports fell 5.7 % in January 2026; its dysprosium had been at -95 % in 2025, then at zero."""
    table = screened["aggregates"]
    trade = table[table["measure"].eq("trade_change") & table["child"].eq("dysprosium")]
    january = trade[trade["whole"].eq(-5.7)]
    assert january["hides"].eq("yes").all() and set(january["part"]) == {-95.0, -100.0}
    assert any("Dysprosium" in line and "-5.7" in line for line in screened.manifest["warnings"])


def test_partners_supply_what_the_other_lacks(screened: Result) -> None:
    table = screened["partners"]
    assert (table["participant"] != table["supplier"]).all()
    assert table["supplier_share"].ge(0.05).all() and table["reliance"].ge(0.5).all()
    iodine = table[table["mineral"].eq("iodine") & table["supplier"].eq("JPN")]
    assert iodine["participant"].tolist() == ["USA"]  # Japan made 28 % of the world's iodine in 2024


def test_two_editions_of_one_year(us_japan: Case) -> None:
    """Antimony of 2024: China 60 % in the edition of 2025, a third in that of 2026, which found Russia as large."""
    table = vintages(us_japan).set_index(["mineral", "stage", "form"])
    antimony = table.loc[("antimony", "mine", "")]
    assert (antimony["earlier"], antimony["later"], antimony["year"]) == ("mcs2025", "mcs2026", 2024)
    assert antimony["top1_earlier"] == pytest.approx(0.577, abs=0.005)
    assert antimony["top1_later"] == pytest.approx(0.336, abs=0.005)


def test_cascades_sweep_thresholds(us_japan: Case) -> None:
    table = cascades(us_japan, {"JPN": ["JPN"]})
    assert table["falls_to"].between(0.0, 0.9).all() and (table["fallen_at_50"] <= table["fallen_at_30"]).all()
    graphite = table[table["hs92"].eq("250490") & table["exporter"].eq("CHN")].iloc[0]
    assert graphite["supply_lost"] > 0.9  # nearly all of Japan's flake and powder trade of this code is Chinese


def test_both_are_one_importer(us_japan: Case) -> None:
    supply = read_supply(us_japan)
    sources = build_sources(us_japan, supply, places(us_japan))
    for found in sources["both"]:
        assert not {"USA", "JPN"} & set(found.shares)
        assert not found.shares or sum(found.shares.values()) == pytest.approx(1.0)


# As a result


def test_tables_and_their_inputs(us_japan: Case, screened: Result) -> None:
    known = {key for name in us_japan.tables for key in us_japan[name]["_row"]}
    for name in TABLES:
        table = screened.tables[name]
        assert not table.frame.duplicated(list(table.key)).any(), name
        missing = {key for cell in table.frame[RESTS_ON] for key in cell.split(";")} - known
        assert not missing, (name, sorted(missing)[:3])
    copper = screened["ranks"].set_index(["method", "participant", "mineral", "stage", "form"])[RESTS_ON]
    behind = copper.loc[("hhi_wgi", "world", "copper", "refinery", "")].split(";")
    assert any(key.startswith("governance/CHN") for key in behind)
    assert "assumptions/a_statistic_measured" in behind


def test_parts_stand_beside_the_score(screened: Result) -> None:
    table = screened["minerals"]
    known = table[table["supply_risk"].notna()]
    assert known[["hhi_world", "recycled", "substitution"]].notna().all().all()
    assert known.loc[known["hhi_own"].isna(), "note"].str.contains("world supply alone").all()
    geo = table[table["geopolrisk"].notna()]
    assert (geo["geopolrisk"] - geo["hhi"] * geo["import_risk"]).abs().max() < 1e-9


def test_json_holds_no_strange_number(screened: Result) -> None:
    import json

    text = json.dumps(as_json(screened), default=str)
    assert "Infinity" not in text and "NaN" not in text


def test_a_page_of_its_own(us_japan: Case, screened: Result, tmp_path: Path) -> None:
    from didymium.report.figures.minerals import exposure_page

    page = exposure_page(us_japan, screened, tmp_path / "deep" / "page.html").read_text("utf-8")
    assert page.count("<h2>") == page.count('class="plotly-graph-div"') == 3
    assert "http://" not in page.split("<h2>")[0] and not list((tmp_path / "deep").glob(".*"))


def test_no_picture_of_an_overlay_leaves_unasked(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from didymium.cli import app

    (tmp_path / "over").mkdir()
    page = tmp_path / "page.html"
    done = CliRunner().invoke(app, ["screen", "us-japan", "--overlay", str(tmp_path / "over"), "--plot", str(page)])
    assert done.exit_code != 0 and not page.exists()
