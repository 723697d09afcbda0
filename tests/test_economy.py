"""What a shortage costs: by methods whose limits are known, on a table whose inverse is published."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from case_factory import make_case, mine_and_user
from didymium.case.case import Case
from didymium.economy import ces
from didymium.economy.input_output import FINAL, Table, table_of
from didymium.economy.methods import Shortage, ces_loss, side_by_side, value_at_risk
from didymium.economy.studies import gdp_of, one_basis
from didymium.economy.value import MILLION
from didymium.faults import CaseError, DidymiumError
from didymium.sources.input_output import read_input_output

SQUARE = Path(__file__).parent / "miller_blair.csv"
"""Miller and Blair 2009, chapter 2: Z = [[150, 500], [200, 100]], x = [1000, 2000]."""

share = st.floats(1e-6, 0.5)
ratio = st.floats(0.0, 1.0)


def read() -> pd.DataFrame:
    return read_input_output(SQUARE, "ONE", 2009, "USD", "book", added=("Value added",))


def case_with(folder: Path, rows: pd.DataFrame, sectors: dict[str, str]) -> Case:
    tables = mine_and_user()
    tables["end_uses"] = [{"end_use": "motor"}, {"end_use": "lamp"}]
    tables["demands"] = [*tables["demands"], {"end_use": "lamp", "region": "ONE", "commodity": "ore", "quantity": 1}]
    tables["input_output"] = [dict(row) for row in rows.to_dict("records")]
    tables["value_added"] = [
        {"region": "ONE", "sector": sector, "end_use": use, "value": 1_000_000_000} for sector, use in sectors.items()
    ]
    return make_case(folder, tables)


# CES


@given(ratio, share)
def test_ces_between_leontief_and_cobb_douglas(r: float, theta: float) -> None:
    """More substitution, more output; at 0 it is the bottleneck, at 1 the power law."""
    made = [float(ces.output(np.array(r), np.array(theta), s)) for s in (0.0, 0.05, 0.2, 0.5, 0.99, 1.0, 1.5)]
    assert made[0] == r
    assert made[5] == pytest.approx(r**theta, rel=1e-12)
    near = float(ces.output(np.array(max(r, 0.01)), np.array(theta), 0.9999))
    assert near == pytest.approx(max(r, 0.01) ** theta, rel=1e-3)
    assert all(b >= a - 1e-12 for a, b in itertools.pairwise(made))


@given(st.floats(0.05, 1.0), share, st.floats(0.1, 0.9))
def test_ces_is_what_its_cost_function_says(r: float, theta: float, s: float) -> None:
    """An independent way to the same output: the dual. ``y = min_p [c(p) at the shadow prices]`` of a CES technology.

    With prices w of the rest and p of the input, unit cost ``c = ((1 - theta) w^(1-s) + theta p^(1-s))^(1/(1-s))`` and
    ``y = min over p of (w (1 - theta) + p theta r) / c(w, p)`` with w = 1, by concavity of the technology.
    """

    def per_unit(log_p: float) -> float:
        p = np.exp(log_p)
        cost = ((1 - theta) + theta * p ** (1 - s)) ** (1 / (1 - s))
        return float(((1 - theta) + p * theta * r) / cost)

    found = minimize_scalar(per_unit, bounds=(-60.0, 60.0), method="bounded", options={"xatol": 1e-10})
    assert float(ces.output(np.array(r), np.array(theta), s)) == pytest.approx(found.fun, rel=1e-4)


def test_ces_first_order_is_the_cost_share() -> None:
    """Hulten's theorem, and what comes on top: ``(1 - s) / s`` theta (1 - theta) / 2 of the square."""
    theta, s, step = 0.02, 0.25, 1e-4
    fall = 1.0 - float(ces.output(np.array(np.exp(-step)), np.array(theta), s))
    second = theta * step + ((1 - s) / s * theta * (1 - theta) - theta**2) * step**2 / 2
    assert fall == pytest.approx(second, rel=1e-7)


def test_ces_without_substitution_is_value_at_risk() -> None:
    lost = ces.lost(np.array([100.0]), np.array([0.5]), np.array([0.4]), 0.0)
    assert lost == pytest.approx([60.0], rel=1e-12)


def test_ces_of_nothing_at_all() -> None:
    nothing, theta = np.array(0.0), np.array(0.1)
    assert ces.output(nothing, theta, 0.5) == 0.0 and ces.output(nothing, theta, 1.0) == 0.0
    assert ces.output(nothing, theta, 2.0) == pytest.approx(0.9**2)


@pytest.mark.parametrize(("r", "theta", "s"), [(-0.1, 0.1, 0.5), (1.1, 0.1, 0.5), (0.5, 0.0, 0.5), (0.5, 0.1, -1.0)])
def test_ces_refuses(r: float, theta: float, s: float) -> None:
    with pytest.raises(DidymiumError):
        ces.output(np.array(r), np.array(theta), s)


# Input-output


@pytest.fixture(scope="module")
def economy(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return case_with(tmp_path_factory.mktemp("io") / "io", read(), {"Farming": "motor", "Making": "lamp"})


@pytest.fixture(scope="module")
def table(economy: Case) -> Table:
    found = table_of(economy, "ONE")
    assert found is not None
    return found


def test_leontief_inverse(table: Table) -> None:
    """Oracle S29: pymrio's test of Miller and Blair: 1.25412541, 0.330033; 0.2640264, 1.12211221."""
    assert table.sectors == ("Farming", "Making")
    assert table.inverse() == pytest.approx(np.array([[1.25412541, 0.330033], [0.2640264, 1.12211221]]), abs=1e-6)
    assert table.output == pytest.approx([1000, 2000]) and table.final == pytest.approx([350, 1700])


def test_nothing_short_costs_nothing(table: Table) -> None:
    assert table.loss({}, wide=True) == 0.0 == table.loss({"Making": 1.0}, wide=False)


def test_wide_loss_is_leontiefs(table: Table) -> None:
    """Making halves its output. By hand: final demand gives way first, farming sells less to making.

    ``x = [xf, 1000]``: farming meets its own 350 and what making takes, ``xf (1 - .15) = .25 x 1000 + 350``.
    """
    farming = (0.25 * 1000 + 350) / 0.85
    assert table.loss({"Making": 0.5}, wide=True) == pytest.approx(0.65 * (1000 - farming) + 0.7 * 1000, rel=1e-9)


def test_narrow_loss_is_the_industry_alone(table: Table) -> None:
    """Farming sells elsewhere what making does not take, and making still serves farming: nothing else is lost."""
    assert table.loss({"Making": 0.5}, wide=False) == pytest.approx(0.7 * 1000, rel=1e-9)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_against_the_corners(first: float, second: float) -> None:
    """Two industries: the best point is a corner of the polygon, found by trying every pair of its edges."""
    table = Table(
        ("a", "b"), np.array([[0.15, 0.25], [0.2, 0.05]]), np.array([1000.0, 2000.0]), np.array([0.65, 0.7]), ""
    )
    limits = {"a": first, "b": second}
    for wide in (False, True):
        net = np.eye(2) - table.coefficients
        edges = [(net[0], 0.0), (net[1], 0.0), (np.array([1.0, 0]), 1000 * first), (np.array([0, 1.0]), 2000 * second)]
        edges += [(np.array([1.0, 0]), 0.0), (np.array([0, 1.0]), 0.0)]
        edges += [(net[i], table.final[i]) for i in range(2)] if wide else []
        best = 0.0
        for i, (a, p) in enumerate(edges):
            for b, q in edges[:i]:
                if abs(np.linalg.det(np.array([a, b]))) < 1e-12:
                    continue
                x = np.linalg.solve(np.array([a, b]), np.array([p, q]))
                inside = (x >= -1e-7).all() and (x <= np.array([1000 * first, 2000 * second]) + 1e-7).all()
                inside &= (net @ x >= -1e-7).all() and (not wide or (net @ x <= table.final + 1e-7).all())
                best = max(best, float(table.added @ x)) if inside else best
        lost = float(table.added @ table.output) - best
        assert table.loss(limits, wide) == pytest.approx(lost, rel=1e-6, abs=1e-3)


def test_unknown_industry(table: Table) -> None:
    with pytest.raises(DidymiumError, match="no industry Mining"):
        table.loss({"Mining": 0.5}, wide=True)


def test_reader_keeps_every_payment() -> None:
    rows = read().set_index(["supplier", "user"])["value"]
    assert rows["Farming", "Making"] == 500 and rows["value added", "Making"] == 1400
    assert rows["Making", FINAL] == 1700 and "Total output" not in rows.index.get_level_values("user")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("150,500", "150,many", "`many` is no number"),
        ("Making,200", "Farming,200", "`Farming` stands twice"),
        ("650,1400", "650,900", "Making, : sells 2000 and pays 1500"),
        ("Value added", "Wages", "there is no such row"),
    ],
)
def test_reader_refuses(tmp_path: Path, old: str, new: str, said: str) -> None:
    file = tmp_path / "table.csv"
    file.write_text(SQUARE.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(CaseError) as caught:
        read_input_output(file, "ONE", 2009, "USD", "book", added=("Value added",))
    assert any(said.split(", : ")[-1] in fault.line() for fault in caught.value.faults)


@pytest.mark.parametrize("change", ["no value added", "two years", "seller without a column", "more than it makes"])
def test_case_refuses_a_broken_table(tmp_path: Path, change: str) -> None:
    rows = read()
    if change == "no value added":
        rows = rows[rows["supplier"].ne("value added")]
    elif change == "two years":
        rows.loc[rows.index[0], "year"] = 2010
    elif change == "seller without a column":
        rows = rows[rows["user"].ne("Making")]
    else:
        rows["value"] = rows["value"].where(rows["supplier"].ne("value added"), 5000.0)
    case = case_with(tmp_path / "io", rows, {"Farming": "motor"})
    with pytest.raises(CaseError):
        table_of(case, "ONE")


# Side by side


def shortage(of: float) -> Shortage:
    months = pd.DataFrame({f"2026-{m:02}": [1.0 - of, 1.0] for m in range(1, 13)}, index=["motor", "lamp"])
    return Shortage("ONE", months, pd.Series({"motor": 2.0, "lamp": 1.0}))


def test_methods_agree_where_they_must(economy: Case) -> None:
    """A year in which the motors miss 40 %: V = 1,000 MUSD, a fifth depends on magnets."""
    frame = side_by_side(economy, shortage(0.4)).set_index(["method", "substitution"])
    assert frame.loc[("at_risk", np.nan), "value"] == pytest.approx(1000 * 0.2 * 0.4)
    assert frame.loc[("ces", 0.0), "value"] == pytest.approx(1000 * 0.2 * 0.4)
    by_substitution = frame.xs("ces", level="method")["value"]
    assert by_substitution.is_monotonic_decreasing and by_substitution.iloc[-1] < 0.01 * by_substitution.iloc[0]
    # 1,000 of value added of farming are 650 USD in the table: the table speaks of itself.
    narrow, wide = (frame.loc[(f"input_output_{name}", np.nan), "value"] for name in ("narrow", "wide"))
    assert narrow == pytest.approx(650 * 0.08 / MILLION, rel=1e-6)
    assert wide >= narrow > 0
    assert frame["gdp_low"].isna().all() and frame["state"].eq("").all()


def test_no_shortage_costs_nothing(economy: Case) -> None:
    frame = side_by_side(economy, shortage(0.0))
    assert frame["value"].abs().max() == pytest.approx(0.0, abs=1e-9)


def test_a_little_saving_stops_no_line(economy: Case) -> None:
    assert value_at_risk(economy, shortage(0.04)).value == 0.0
    assert ces_loss(economy, shortage(0.04), 0.5).value > 0.0


def test_us_japan_says_what_it_cannot_compute(us_japan: Case) -> None:
    months = pd.DataFrame({"2026-01": [0.5]}, index=["ev"])
    frame = side_by_side(us_japan, Shortage("JPN", months, pd.Series({"ev": 100.0}))).set_index("method")
    said = frame.loc[["input_output_narrow", "input_output_wide"], "state"]
    assert said.eq("not computable: no input-output table imported").all()
    assert frame.loc["at_risk", "value"] > 0
    other = side_by_side(us_japan, Shortage("KOR", months, pd.Series({"ev": 100.0})))
    assert other["value"].isna().all() and other["state"].str.startswith("not computable").all()


# Published studies


def test_three_houses_on_one_basis(us_japan: Case) -> None:
    """NRI 0.11 % in 3 months and 0.43 % in 12; Mizuho 0.88 % after 60 days of stock; Daiwa 1.3 % (users.md Q3)."""
    frame = one_basis(us_japan).set_index("study")
    assert frame.loc["nri_3_months", "year_share"] == pytest.approx(0.44)
    assert frame.loc["nri_12_months", "year_share"] == pytest.approx(0.43)
    assert frame.loc["mizuho_12_months", "year_share"] == pytest.approx(0.88 / (12 - 60 / 30.4375) * 12)
    assert frame.loc["daiwa_12_months", "multiple"] == pytest.approx(1.3 / 0.43)
    assert frame.loc["mizuho_12_months", "multiple"] == pytest.approx(2.449, abs=1e-3)
    implied = frame["implied_gdp"] / 1000.0
    assert implied["nri_3_months"] == pytest.approx(600, abs=0.5) and implied["nri_12_months"] == pytest.approx(
        604.7, abs=0.1
    )
    assert implied["daiwa_12_months"] == pytest.approx(538.5, abs=0.1)
    assert implied["daiwa_more"] == pytest.approx(562.5, abs=0.1)


def test_gdp_that_they_imply(us_japan: Case) -> None:
    low, high, keys = gdp_of(us_japan, "JPN")
    assert low == pytest.approx(7e12 / 0.013 / 150 / 1e6) and high == pytest.approx(2.6e12 / 0.0043 / 150 / 1e6)
    assert "assumptions/a_jpy_per_usd" in keys and "studies/daiwa_12_months" in keys
    assert np.isnan(gdp_of(us_japan, "USA")[0])
