"""us-japan/minor_metals: six disconnected networks in one case clear, and say what their sources say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import didymium
from didymium.case.case import BUNDLED
from didymium.case.datapackage import FILE, datapackage
from didymium.case.files import Folder
from didymium.case.units import metal_per_oxide
from didymium.market.options import Options
from didymium.market.prepare import Market, prepare
from didymium.market.stress import _clear
from didymium.shock.engine import Engine

if TYPE_CHECKING:
    from pathlib import Path

    from didymium.case.case import Case
    from didymium.result import Result

FOLDER = BUNDLED / "us_japan" / "minor_metals"
HISTORY = {"antimony-licence-2024", "gallium-germanium-licence-2023", "tungsten-licence-2025", "us-ban-2024"}


@pytest.fixture(scope="module")
def case() -> Case:
    return didymium.load_case("us-japan/minor_metals")


@pytest.fixture(scope="module")
def market(case: Case) -> Market:
    return prepare(case)


@pytest.fixture(scope="module")
def cleared(case: Case) -> Result:
    return didymium.clear(case)


def produced(market: Market, *commodities: str) -> pd.Series:
    """Return base output by region, t/year."""
    output = market.base.output(market.network)
    name = market.network.markets["commodity"]
    return output[name.isin(commodities)].groupby(market.network.markets["region"]).sum()


def shipped(market: Market, commodity: str, region: str) -> pd.Series:
    """Return base imports of a region by origin, t/year."""
    routes = market.network.routes
    into = market.base.ship[routes["commodity"].eq(commodity) & routes["destination"].eq(region)]
    return into.groupby(routes["origin"]).sum()


# what is in the folder


def test_it_takes_the_shared_tables_and_replaces_rows(case: Case) -> None:
    regions = case["regions"].set_index("region")
    assert {"TJK", "KAZ", "SAU", "USA", "JPN"} <= set(regions.index)
    assert "KAZ" not in regions.at["ROW", "countries"].split(";")
    assert case.participants == ["USA", "JPN"] and case.controller == "CHN"
    assert len(case["commitments"]) == 29
    assert HISTORY | {"no-shock", "gallium-germanium-halt"} <= set(case.scenarios())


def test_every_scenario_reads(case: Case) -> None:
    for name in case.scenarios():
        story = case.scenario(name)
        assert story.title and story.description
        assert not story.stress or len(story.why) > 100


def test_no_licensed_quotation_is_shipped(case: Case) -> None:
    """Figures of that agency are licensed; USGS names it as its own source of one output figure, which is public."""
    assert not case["prices"]["market"].str.contains("Asian Metal").any()


def test_the_package_names_only_tables_of_the_folder() -> None:
    text = (FOLDER / FILE).read_text("utf-8")
    assert text == datapackage(Folder(FOLDER))
    assert '"resource": "regions"' not in text and '"resource": "commodities"' in text


def test_the_package_is_valid() -> None:
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.validate(str(FOLDER / FILE))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "note"])[:5]


def test_a_workbook_and_back_is_the_same_case(case: Case, tmp_path: Path) -> None:
    didymium.export_case(case, tmp_path / "case.xlsx")
    again = didymium.load_case(tmp_path / "case.xlsx")
    for name, table in case.tables.items():
        assert len(table) == len(again[name])
        if len(table):
            first, second = (frame.drop(columns="_line").reset_index(drop=True) for frame in (table, again[name]))
            pd.testing.assert_frame_equal(first, second, check_dtype=False)


def test_what_is_not_known_is_listed(case: Case) -> None:
    holes = didymium.describe(case)["holes"]
    about = set(zip(holes["row"], holes["kind"], strict=True))
    assert ("facilities/stibnite_hill", "facility_without_capacity") in about  # USGS withholds its output
    assert ("stocks/jogmec_w_powder", "stock_as_range") in about


# it clears


def test_clear_returns_the_fitted_prices(market: Market, cleared: Result) -> None:
    """Measured: 7e-5 at most (antimony metal in Thailand), over prices from 1 to 2,000 USD/kg."""
    frame = cleared["prices"]
    fitted = (frame["commodity"] + "|" + frame["region"]).map(market.base.price)
    assert len(frame) > 100
    assert (frame["price"] / fitted - 1.0).abs().max() < 1e-3


@pytest.mark.parametrize(
    ("column", "of"), [("production", "output"), ("intake", "intake"), ("net_export", "net_trade")]
)
def test_clear_returns_the_quantities(market: Market, cleared: Result, column: str, of: str) -> None:
    """Measured: 9e-4 at most, from a tonne of gallium to megatonnes of titanium mineral."""
    frame = cleared["net_trade"]
    wanted = (frame["commodity"] + "|" + frame["region"]).map(getattr(market.base, of)(market.network))
    real = wanted.abs().gt(0.9)
    assert real.sum() > 60
    assert ((frame[column] - wanted) / wanted)[real].abs().max() < 0.01


def test_newton_arrives_from_the_first_tangents(cleared: Result) -> None:
    """Curves bend 1e10 times less for titanium mineral than for germanium in defence, and both are met at once."""
    assert cleared.manifest["run"]["polish"]["steps"] < 60
    assert cleared.manifest["run"]["tangent_passes"] <= 3


def test_fitted_prices_lie_within_the_bands_observed(cleared: Result) -> None:
    frame = cleared["prices"].dropna(subset=["observed_low"])
    frame = frame[frame["observed_low"].gt(0) & frame["commodity"].ne("sb_metal")]  # Rotterdam of one day in December
    assert len(frame) >= 13
    assert frame["price"].between(frame["observed_low"], frame["observed_high"]).all()


def test_every_stage_is_screened(case: Case) -> None:
    exposure = didymium.screen(case)["exposure"]
    found = set(zip(exposure["element"], exposure["stage"], strict=True))
    assert {("Ga", "mine"), ("Ga", "refining"), ("Ga", "metal"), ("Sb", "refining"), ("Sb", "alloy"), ("W", "refining"),
            ("Mg", "metal"), ("Ti", "mine"), ("Ti", "metal")} <= found  # fmt: skip
    assert not found & {("Mg", "mine"), ("Ti", "magnet")}
    primary = exposure[exposure["element"].eq("Ga") & exposure["stage"].eq("refining")]
    assert primary["top1"].gt(0.98).all() and primary["top1_region"].eq("CHN").all()


def test_stresses_are_those_of_the_case(case: Case) -> None:
    """The mistake of oxide for element is one of rare earths; magnesium smelters take no oxide that is followed."""
    result = didymium.stress(case)["stress"].set_index("commodity")
    assert set(result.columns) >= {"demand-up", "tajikistan-out", "zinc-germanium"}
    assert "oxide-read-as-element" not in result.columns
    assert result.at["ge_metal", "zinc-germanium"] > 1.2 and result.at["ga_low", "zinc-germanium"] == pytest.approx(1.0)
    assert result.at["ge_metal", "demand-up"] > result.at["ga_low", "demand-up"]  # idle plants against by-product


def test_no_shock_stays_flat(case: Case, market: Market) -> None:
    """Three months of the null test; all 24 are within 0.5 % (gallium in liquor, worth 1 USD/kg), others 0.2 %."""
    path = Engine(case, market, Options()).path(replace(case.scenario("no-shock"), months=3), "perfect")
    network, base = market
    real = base.intake(network).gt(0.5)
    off = path.price.div(base.price, axis=0).sub(1.0).abs()[real].max(axis=1)
    assert off.drop(["ga_liquor|CHN", "ga_liquor|RUS"]).max() < 0.005
    assert off.max() < 0.02


# what the sources say


def test_primary_gallium_is_chinese(market: Market) -> None:
    """USGS MCS 2026, gallium: "China accounted for 99% of worldwide primary low-purity gallium production"."""
    made = produced(market, "ga_low")
    assert made["CHN"] / made.sum() == pytest.approx(0.99, abs=0.005)
    assert made.sum() == pytest.approx(848, rel=0.01)  # its world total for 2024


def test_alumina_caps_primary_gallium(case: Case) -> None:
    """50 g per tonne of alumina: the 50 t of Gramercy need more alumina than the 0.7 Mt that the US made in 2024."""
    facilities = case["facilities"].set_index("facility")["capacity"]
    assert facilities["ga_in_liquor_usa"] == pytest.approx(700_000 * 50e-6)
    assert facilities["ga_in_liquor_usa"] < facilities["gramercy_gallium"]


def test_refined_germanium_is_three_fifths_chinese(market: Market) -> None:
    """59.2 % of 166 t in 2023 (mining.com, Project Blue); the base year meets both within their accuracy."""
    made = produced(market, "ge_dioxide")
    assert made.sum() == pytest.approx(166, rel=0.05)
    assert made["CHN"] / made.sum() == pytest.approx(0.592, abs=0.02)


def test_antimony_mines(market: Market) -> None:
    """USGS MCS 2026, antimony, mine production 2024: China 40,000, Russia 40,000, Tajikistan 22,000 of 119,000 t."""
    made = produced(market, "sb_concentrate")
    for region, tonnes in {"CHN": 40_000, "RUS": 40_000, "TJK": 22_000}.items():
        assert made[region] == pytest.approx(tonnes, rel=0.03)
    assert made["TJK"] / made.sum() == pytest.approx(22 / 119, abs=0.01)


def test_antimony_of_the_united_states(market: Market) -> None:
    """USGS MCS 2026: primary 588, secondary 3,330, oxide and metal in 24,000 and 4,920, out 2,690 and 1,570 t: 28,578,
    published as an apparent consumption of 28,600 t."""
    uses = market.network.uses
    used = market.base.served[uses["region"].eq("USA") & uses["commodity"].isin(["sb_trioxide", "sb_lead"])].sum()
    assert pytest.approx(28_600, rel=1e-3) == 588 + 3_330 + 24_000 + 4_920 - 2_690 - 1_570
    assert used == pytest.approx(28_600, rel=0.02)


def test_tungsten_mines(market: Market) -> None:
    """USGS MCS 2026, tungsten, 2024: China 67,000 of 82,000 t W."""
    made = produced(market, "w_concentrate")
    assert made["CHN"] / made.sum() == pytest.approx(67 / 82, abs=0.01)


def test_a_unit_of_tungsten_trioxide() -> None:
    """USGS MCS 2026: "A metric ton unit of tungsten trioxide contains 7.93 kilograms of tungsten"."""
    assert 10.0 * metal_per_oxide("W") == pytest.approx(7.93, abs=0.005)


def test_germanium_in_its_dioxide() -> None:
    """USGS MCS 2026: "Germanium dioxide data were multiplied by 69% to calculate the germanium content"."""
    assert metal_per_oxide("Ge") == pytest.approx(0.69, abs=0.005)


def test_magnesium_smelters(market: Market) -> None:
    """USGS MCS 2026, magnesium metal, 2024: China 953 of 1,080 kt; none in the United States since 2022."""
    made = produced(market, "mg_metal")
    assert made["CHN"] / made.sum() == pytest.approx(953 / 1_080, abs=0.01)
    assert made.get("USA", 0.0) == 0.0


def test_titanium_sponge(market: Market) -> None:
    """USGS MCS 2026: 2024 sponge China 256, Japan 57 of 380 kt; US imports 39,800 t, 77 % Japanese (2021 to 2024)."""
    made = produced(market, "ti_sponge", "ti_sponge_aero")
    assert made["CHN"] / made.sum() == pytest.approx(256 / 380, abs=0.01)
    assert made["JPN"] / made.sum() == pytest.approx(57 / 380, abs=0.01)
    into = shipped(market, "ti_sponge", "USA").add(shipped(market, "ti_sponge_aero", "USA"), fill_value=0.0)
    assert into.sum() == pytest.approx(39_800, rel=0.01)
    assert into["JPN"] / into.sum() == pytest.approx(0.77, abs=0.03)


def test_magnesium_goes_into_titanium(case: Case, market: Market) -> None:
    """A fifth less of Chinese magnesium makes magnesium dear at once, sponge by what it loses of it, others not."""
    price, _solution = _clear(case, market, case.scenario("stress-magnesium-china"))
    multiple = price / market.base.price
    assert multiple["mg_metal|CHN"] > 1.3
    assert 1.005 < multiple["ti_sponge_aero|USA"] < 1.1
    assert multiple["w_powder|EUR"] == pytest.approx(1.0, abs=1e-3)


def test_chinese_sponge_cannot_replace_japanese(case: Case, market: Market) -> None:
    """Argus, 2025: "Chinese titanium sponge is not yet qualified for critical aerospace applications"."""
    price, _solution = _clear(case, market, case.scenario("stress-japan-sponge-out"))
    multiple = price / market.base.price
    assert multiple["ti_sponge_aero|USA"] > 1.05
    assert multiple["ti_sponge_aero|CHN"] == pytest.approx(1.0, abs=0.01)
    routes = market.network.routes
    assert not (routes["commodity"].eq("ti_sponge_aero") & routes["origin"].eq("CHN")).any()
