"""The chain us-japan/batteries: it loads, its base year comes back, and what it holds agrees with published figures."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import didymium as dd
from didymium.case.case import BUNDLED, Case, load_case
from didymium.case.datapackage import FILE, datapackage
from didymium.case.files import open_files
from didymium.market.clear import clear
from didymium.market.prepare import Market, prepare
from didymium.result import Result

FOLDER = BUNDLED / "us_japan" / "batteries"
NAME = "us-japan/batteries"
# kg per mol: IUPAC abridged standard atomic weights, 2021.
MASS = {"Li": 6.94, "Ni": 58.693, "Co": 58.933, "Mn": 54.938, "Fe": 55.845, "P": 30.974, "O": 15.999}


@pytest.fixture(scope="session")
def batteries() -> Case:
    return load_case(NAME)


@pytest.fixture(scope="session")
def calibrated(batteries: Case) -> Market:
    return prepare(batteries)


@pytest.fixture(scope="session")
def cleared_batteries(batteries: Case) -> Result:
    return clear(batteries)


def coefficient(case: Case, process: str, commodity: str) -> float:
    """Return a coefficient of a recipe."""
    rows = case["recipes"]
    found = rows.loc[rows["process"].eq(process) & rows["commodity"].eq(commodity), "coefficient"]
    return float(found.iloc[0])


def made(market: Market, *commodities: str) -> pd.Series:
    """Return the base year's output by region, t."""
    network, base = market
    output = base.output(network)
    mine = network.markets["commodity"].isin(commodities)
    return output[mine].groupby(network.markets.loc[mine, "region"]).sum()


# What it is made of


def test_it_takes_shared_tables_from_the_wider_case(batteries: Case) -> None:
    wider = load_case("us-japan")
    assert set(batteries["commitments"]["commitment"]) == set(wider["commitments"]["commitment"])
    regions = dict(zip(batteries["regions"]["region"], batteries["regions"]["countries"], strict=True))
    assert {"IDN", "COD", "CHL", "CHN", "JPN"} <= set(regions)
    named = [country for cell in regions.values() for country in cell.split(";")]
    assert len(named) == len(set(named)), "a country stands in two regions"
    assert not set(batteries["commodities"]["commodity"]) & set(wider["commodities"]["commodity"])
    assert "batteries" in open_files(BUNDLED / "us_japan").chains()


@pytest.mark.parametrize(
    ("process", "formula", "inputs"),
    [
        ("make_cathode_811", {"Li": 1, "Ni": 0.8, "Mn": 0.1, "Co": 0.1, "O": 2},
         {"li_hydroxide": "Li", "ni_sulfate": "Ni", "mn_sulfate": "Mn", "co_sulfate": "Co"}),
        ("make_cathode_622", {"Li": 1, "Ni": 0.6, "Mn": 0.2, "Co": 0.2, "O": 2},
         {"li_carbonate": "Li", "ni_sulfate": "Ni", "mn_sulfate": "Mn", "co_sulfate": "Co"}),
        ("make_cathode_lfp", {"Li": 1, "Fe": 1, "P": 1, "O": 4}, {"li_carbonate": "Li"}),
    ],
)  # fmt: skip
def test_cathodes_are_stoichiometry(
    batteries: Case, process: str, formula: dict[str, float], inputs: dict[str, str]
) -> None:
    mol = sum(n * MASS[element] for element, n in formula.items())
    for commodity, element in inputs.items():
        share = formula[element] * MASS[element] / mol
        assert -coefficient(batteries, process, commodity) == pytest.approx(share, rel=1e-4), commodity


def test_cells_take_in_what_the_iea_counts(batteries: Case) -> None:
    """IEA Critical Minerals Data Explorer, 2024: EVs 321.141 kt nickel, 66.507 cobalt, 109.026 lithium, 950 GWh.

    Nickel sizes NMC and cobalt over nickel the mixture; lithium, with 950 GWh (IEA, Global EV Outlook 2025), is the
    check: it is met to 0.2 %.
    """
    demands = batteries["demands"]
    ev = demands[demands["end_use"].eq("ev")].groupby("commodity")["quantity"].sum() / 1000.0
    nmc = -ev["cell_nmc"] * coefficient(batteries, "make_cell_nmc", "cathode_nmc")
    lfp = -ev["cell_lfp"] * coefficient(batteries, "make_cell_lfp", "cathode_lfp")
    high = batteries.assumption("a_mix_make_cathode_811")

    def held(element: str) -> float:
        of = {"Li": ("li_hydroxide", "li_carbonate"), "Ni": ("ni_sulfate",) * 2, "Co": ("co_sulfate",) * 2}[element]
        one, other = (coefficient(batteries, f"make_cathode_{kind}", good)
                      for kind, good in zip(("811", "622"), of, strict=True))  # fmt: skip
        return -nmc * (high * one + (1.0 - high) * other)

    energy = ev["cell_nmc"] * batteries.assumption("a_cell_energy_nmc") + ev["cell_lfp"] * batteries.assumption(
        "a_cell_energy_lfp"
    )
    assert energy / 1000.0 == pytest.approx(950.0, rel=1e-3)
    assert held("Ni") == pytest.approx(321.141, rel=1e-3)
    assert held("Co") == pytest.approx(66.5071, rel=2e-3)
    lithium = held("Li") - lfp * coefficient(batteries, "make_cathode_lfp", "li_carbonate")
    assert lithium == pytest.approx(109.026, rel=5e-3)


def test_kilowatt_hours_take_the_design_figures(batteries: Case) -> None:
    """BatPaC 5.2 (Argonne): LFP 0.0890 kg lithium and 0.9554 kg graphite per kWh; the row takes more."""
    per_tonne = -coefficient(batteries, "make_cell_lfp", "cathode_lfp") * MASS["Li"] / 157.755
    energy, take = batteries.assumption("a_cell_energy_lfp"), batteries.assumption("a_cell_take")
    assert per_tonne * 1000.0 / energy / take == pytest.approx(0.0890, rel=2e-3)
    anode = -coefficient(batteries, "make_cell_lfp", "anode_graphite") * 1000.0 / energy
    assert anode / batteries.assumption("a_anode_take") == pytest.approx(0.9554, rel=1e-3)


# The base year


def test_clear_returns_the_fitted_prices(calibrated: Market, cleared_batteries: Result) -> None:
    network, base = calibrated
    frame = cleared_batteries["prices"]
    label = frame["commodity"] + "|" + frame["region"]
    real = label.map(base.intake(network)).gt(1.0)
    assert real.sum() > 100
    off = (frame["price"] / label.map(base.price) - 1.0)[real].abs()
    assert off.max() < 1e-3, frame[real].loc[off.idxmax()]


@pytest.mark.parametrize(
    ("column", "of"), [("production", "output"), ("intake", "intake"), ("net_export", "net_trade")]
)
def test_clear_returns_the_quantities(calibrated: Market, cleared_batteries: Result, column: str, of: str) -> None:
    network, base = calibrated
    frame = cleared_batteries["net_trade"]
    label = frame["commodity"] + "|" + frame["region"]
    wanted = label.map(getattr(base, of)(network))
    real = wanted.abs().gt(100.0)
    assert real.sum() > 40
    off = ((frame[column] - wanted) / wanted)[real].abs()
    assert off.max() < 0.01, label[off.idxmax()]


def test_observed_prices_are_met(cleared_batteries: Result) -> None:
    """USGS 2026: carbonate 11.80 USD/kg (62.8 per kg Li), nickel 16.81, manganese 0.553; within a hundredth.

    Cobalt is quoted twice, 11.84 USD/lb (LME) and 16.77 (US spot, alloy grade): one good of the case lies between.
    """
    frame = cleared_batteries["prices"]
    price = dict(zip(frame["commodity"] + "|" + frame["region"], frame["price"], strict=True))
    assert price["li_carbonate|CHN"] * 0.18785 == pytest.approx(11.8, rel=0.01)
    assert price["ni_class1|EUR"] == pytest.approx(16.812, rel=0.01)
    assert price["mn_ore|CHN"] == pytest.approx(0.553, rel=0.01)
    assert 11.84 < price["co_metal|USA"] / 2.2046 < 16.77


@pytest.mark.parametrize(
    ("region", "commodities", "share", "within"),
    [
        # IEA base case 2024, refined by China: 170 of 241.6 kt lithium, 196.1 of 250.2 cobalt, 1,795 of 1,875 graphite
        ("CHN", ("li_carbonate", "li_hydroxide"), 169.678 / 241.612, 0.04),
        ("CHN", ("co_metal", "co_sulfate"), 196.143 / 250.15, 0.03),
        ("CHN", ("anode_graphite",), 1794.824 / 1875.252, 0.02),
        # Cobalt Institute 2024 (Reuters, 13 May 2025): Congo 76 %, Indonesia 12 % of supply
        ("COD", ("co_intermediate",), 0.76, 0.03),
        ("IDN", ("co_intermediate",), 0.12, 0.02),
        # USGS 2026: Indonesia 2,310 of 3,710 kt nickel mined, Australia 82.7 of 222 kt lithium
        ("IDN", ("ni_laterite", "ni_sulfide"), 2310 / 3710, 0.03),
        ("AUS", ("spodumene", "li_brine"), 82.7 / 222, 0.03),
    ],
)  # fmt: skip
def test_shares_agree_with_published_ones(
    calibrated: Market, region: str, commodities: tuple[str, ...], share: float, within: float
) -> None:
    output = made(calibrated, *commodities)
    assert output[region] / output.sum() == pytest.approx(share, abs=within)


def test_china_makes_three_quarters_of_the_batteries(calibrated: Market, batteries: Case) -> None:
    """IEA (March 2025): more than three quarters of the world's batteries; by energy."""
    energy = sum(
        made(calibrated, f"cell_{kind}") * batteries.assumption(f"a_cell_energy_{kind}") for kind in ("nmc", "lfp")
    )
    assert isinstance(energy, pd.Series)
    whole = sum(
        float(made(calibrated, f"cell_{kind}").sum()) * batteries.assumption(f"a_cell_energy_{kind}")
        for kind in ("nmc", "lfp")
    )
    assert 0.75 < energy["CHN"] / whole < 0.85


def test_the_base_year_contradicts_few_statistics(batteries: Case) -> None:
    """The worst demand or statistic moves by less than three standard errors; chi2 stays below one each."""
    found = dd.reconcile(batteries)
    frame = found["observations"]
    fitted = frame[frame["sigmas"].notna() & ~frame["role"].astype(str).str.startswith("compared")]
    assert fitted["sigmas"].abs().max() < 3.0, fitted.iloc[0]
    assert found.manifest["chi2"] < len(fitted)


# The verbs


def test_without_a_shock_nothing_moves(batteries: Case) -> None:
    story = replace(batteries.scenario("no-shock"), months=3)
    frame = dd.shock(batteries, story, foresight=["none"])["prices"]
    assert (frame["price"] / frame["base"] - 1.0).abs().max() < 5e-3


def test_screen_follows_the_stages_of_the_case(batteries: Case, calibrated: Market) -> None:
    frame = dd.screen(batteries, base=tuple(calibrated))["exposure"]
    seen = set(zip(frame["element"], frame["stage"], strict=True))
    assert {("Li", "mine"), ("Li", "refining"), ("Ni", "cathode"), ("C", "anode"), ("Co", "cell")} <= seen
    assert ("C", "cathode") not in seen and ("Li", "anode") not in seen
    worst = frame[frame["participant"].eq("JPN")].sort_values("rank").iloc[:3]
    assert set(worst["top1_region"]) == {"CHN"} and set(worst["element"]) <= {"Mn", "C"}


def test_every_scenario_loads_and_names_goods_of_the_chain(batteries: Case) -> None:
    names = set(batteries.scenarios())
    assert {"no-shock", "drc-cobalt-2025", "graphite-licensing", "october-2025-rules", "halt-six-months"} <= names
    goods = set(batteries["commodities"]["commodity"])
    for name in names:
        story = batteries.scenario(name)
        for restriction in story.restrictions:
            assert restriction.commodities <= goods and restriction.commodities, name


def test_describe_lists_what_is_missing(batteries: Case) -> None:
    holes = dd.describe(batteries)["holes"]
    kinds = set(holes["kind"])
    assert {"facility_without_capacity", "commodity_without_price", "use_on_assumption", "stock_as_range"} <= kinds
    about = " ".join(holes["about"])
    assert "Tamarack" in about and "Kellyton" in about


# The folder


def test_the_data_package_is_in_step() -> None:
    assert (FOLDER / FILE).read_text("utf-8") == datapackage(open_files(FOLDER).own)  # type: ignore[attr-defined]
    package = json.loads((FOLDER / FILE).read_text("utf-8"))
    names = {resource["name"] for resource in package["resources"]}
    for resource in package["resources"]:
        for key in resource["schema"].get("foreignKeys", []):
            target = key["reference"]["resource"]
            assert target in names - {"sources", "assumptions", "regions", "purses"} or target == "", resource["name"]


def test_frictionless_validates() -> None:
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.validate(str(FOLDER / FILE))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "note"])[:5]


def test_it_goes_to_a_workbook_and_comes_back(batteries: Case, tmp_path: Path) -> None:
    path = dd.export_case(batteries, tmp_path / "batteries.xlsx")
    again = load_case(path)
    for name, frame in batteries.tables.items():
        if frame.empty and again[name].empty:
            continue  # a table without rows is as good as none
        one, other = (t.drop(columns="_line").reset_index(drop=True) for t in (frame, again[name]))
        pd.testing.assert_frame_equal(one, other, obj=name)
