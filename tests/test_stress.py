"""One change at a time: elements behave, by-products do not go below their disposal, and each has its reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import didymium
from case_factory import make_case, mine_and_user
from didymium.case.case import Case
from didymium.case.units import metal_per_mixed_oxide
from didymium.cli import app
from didymium.faults import DidymiumError
from didymium.market.prepare import prepare
from didymium.market.stress import oxide_read_as_element
from didymium.result import Result

NAMES = {"demand-down", "demand-up", "lynas-out", "mountain-pass-out", "myanmar-30", "oxide-read-as-element"}


@pytest.fixture(scope="module")
def stressed(us_japan: Case) -> Result:
    return didymium.stress(us_japan)


def multiple(result: Result, stress: str, commodity: str) -> float:
    return float(result["stress"].set_index("commodity").at[commodity, stress])


def test_the_table_has_a_column_for_each_stress(stressed: Result) -> None:
    table = stressed["stress"]
    assert set(table.columns) >= NAMES | {"commodity", "base"}
    assert {"ndpr_oxide", "dy_oxide", "tb_oxide", "magnet_standard", "magnet_high_temperature", "Dy+Tb"} <= set(
        table["commodity"]
    )
    assert not table[list(NAMES)].isna().any().any()


def test_no_price_lies_below_the_cost_of_disposal(stressed: Result) -> None:
    table = stressed["prices"]
    known = table["disposal"].notna()
    assert (table["price"] >= table["disposal"] - 1e-6)[known].all()
    assert known.sum() > 150


@pytest.mark.parametrize("stress", sorted(NAMES))
def test_no_multiple_jumps_to_one_complement(stressed: Result, stress: str) -> None:
    """With one recipe all scarcity went to one element: Dy x19.6 beside Tb x1.0 (prototype). Now they move together."""
    dy, tb = (multiple(stressed, stress, f"{element}_oxide") for element in ("dy", "tb"))
    assert 0.75 < dy / tb < 1.33
    assert stressed["stress"][stress].between(0.3, 4.0).all()


def test_more_demand_dearer_less_demand_cheaper(stressed: Result) -> None:
    table = stressed["stress"].set_index("commodity")
    magnets = ["ndpr_oxide", "dy_oxide", "tb_oxide", "magnet_standard", "magnet_high_temperature"]
    assert (table.loc[magnets, "demand-up"] > 1.1).all()
    assert (table.loc[magnets, "demand-down"] < 0.95).all()
    assert (table.loc[magnets, "demand-up"] - 1 > 1 - table.loc[magnets, "demand-down"]).all(), "convex costs"


def test_clay_carries_the_heavies_and_bastnaesite_the_light(stressed: Result) -> None:
    assert multiple(stressed, "myanmar-30", "Dy+Tb") > 1.3 > 1.1 > multiple(stressed, "myanmar-30", "ndpr_oxide")
    assert (
        multiple(stressed, "mountain-pass-out", "ndpr_oxide") > 1.05 > multiple(stressed, "mountain-pass-out", "Dy+Tb")
    )


def test_a_mistake_of_basis_is_worth_half_the_price_of_neodymium(stressed: Result) -> None:
    """The prototype found +49 % for the same mistake on the same data; measured here: +47 %."""
    assert multiple(stressed, "oxide-read-as-element", "ndpr_oxide") == pytest.approx(1.49, abs=0.1)


def test_the_mistake_is_stoichiometry(us_japan: Case) -> None:
    network = prepare(us_japan).network
    mistaken = oxide_read_as_element(us_japan, network)
    ratio = mistaken.terms["coefficient"] / network.terms["coefficient"]
    dy = network.terms["activity"].str.endswith("|reduce_dy") & network.terms["commodity"].eq("dy_oxide")
    assert ratio[dy].to_numpy() == pytest.approx(1 / 0.8713, rel=1e-4)
    assert set(network.terms.loc[ratio.ne(1.0), "commodity"]) == {"ndpr_oxide", "dy_oxide", "tb_oxide", "sm_oxide"}
    assert 1 / metal_per_mixed_oxide({"Dy": 1.0}) == pytest.approx(1.1477, abs=1e-4)


def test_every_stress_has_its_paragraph(stressed: Result) -> None:
    why = stressed["why"].set_index("stress")["why"]
    assert len(why) == len(NAMES)
    assert (why.str.len() > 100).all()


def test_a_case_without_stresses_says_so(tmp_path: Path) -> None:
    case = make_case(tmp_path / "none", mine_and_user())
    with pytest.raises(DidymiumError, match="no stress: write `stress = true`"):
        didymium.stress(case)


def test_a_stress_must_cover_the_base_year(tmp_path: Path) -> None:
    text = 'title = "Late"\nstart = "2026-01-01"\nmonths = 12\nstress = true\nsource = "book"\n'
    case = make_case(tmp_path / "late", mine_and_user(), {"late": text})
    with pytest.raises(DidymiumError, match="covers the base year 2024 -> start it on 2024-01-01"):
        didymium.stress(case)


def test_the_command_prints_table_and_reasons() -> None:
    result = CliRunner().invoke(app, ["stress", "us-japan", "--edition", "mcs2025"])
    assert result.exit_code == 0, result.output
    assert "Why each is plausible" in result.stdout and "lynas-out" in result.stdout


# Editions


def test_what_an_edition_changes_downstream(us_japan: Case) -> None:
    """The 2025 yearbook has less from Mt Weld and more from Myanmar: a loss of Myanmar weighs more."""
    result = didymium.editions(us_japan, "mcs2025")
    frame = result["editions"].set_index(["kind", "what"])
    # No fitted price need move by half a per cent; everything else does.
    assert set(result["editions"]["kind"]) | {"price"} == {"statistic", "quantity", "cost", "stress", "price"}
    mine = frame.loc[("statistic", "production stage:mine AUS")]
    assert (mine["adopted"], mine["other"]) == (29_000, 13_000)
    assert frame.loc[("quantity", "conc_mt_weld AUS"), "change"] < -0.1
    assert frame.loc[("stress", "myanmar-30: Dy+Tb"), "change"] > 0.05
    assert result.manifest["chi2"] < result.manifest["chi2_other"]


def test_an_edition_that_is_the_adopted_one_changes_nothing(tmp_path: Path) -> None:
    text = 'title = "Up"\nstart = "2024-01-01"\nmonths = 12\nstress = true\n'
    demand = '[[demand]]\nend_use = "*"\nregion = "*"\nstart = "2024-01-01"\nend = "2024-12-31"\nfactor = 1.1\n'
    tables = mine_and_user()
    made = {"flow": "production", "commodity": "ore", "region": "CTL", "quantity": 20}
    tables["statistics"] = [made, {**made, "series": "same", "use": "check"}]
    case = make_case(tmp_path / "same", tables, {"up": text + demand + 'source = "book"\n'})
    assert didymium.editions(case, "same")["editions"].empty
