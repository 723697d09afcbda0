"""The input-output step of trade disruptions: with an imported table it runs, without one it says so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from typer.testing import CliRunner

import didymium
from didymium.cli import app
from didymium.economy.bases import optima
from didymium.economy.input_output import Table, code_of
from didymium.screen.draws import Draws
from didymium.screen.effects import Effects, effects
from didymium.screen.indices import build_sources
from didymium.screen.minerals import screen_minerals
from didymium.screen.supply import read_supply
from didymium.sources.input_output import read_input_output
from screen_rows import makers, with_rows

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result

SQUARE = Path(__file__).parent / "miller_blair.csv"
"""Miller and Blair 2009, chapter 2: Z = [[150, 500], [200, 100]], x = [1000, 2000]; value added 650 and 1400."""

NO_TABLE = "not computable: no input-output table imported"


# One program under many bounds


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 7), st.booleans())
def test_many_bounds_equal_one_program_each(seed: int, size: int, wide: bool) -> None:
    """Random economies, random halts: each case solved on its own by another interface gives the same optimum."""
    draw = np.random.default_rng(seed)
    needs = draw.dirichlet(np.ones(size + 1), size)[:, :size].T * 0.8
    output = np.linalg.solve(np.eye(size) - needs, draw.uniform(1.0, 1000.0, size))
    net = (np.eye(size) - needs) * output / output[:, None]
    low = np.zeros(size)
    high = net.sum(axis=1) if wide else np.full(size, np.inf)
    upper = np.ones((size, 25))
    upper[: 1 + size // 3] = draw.uniform(0.0, 1.0, (1 + size // 3, 25))
    cost = -draw.uniform(0.1, 1.0, size)
    found, solves = optima(cost, net, low, high, upper)
    assert solves <= 25
    for k in range(25):
        rows, sides = [-net], [-low]
        if wide:
            rows.append(net)
            sides.append(high)
        alone = linprog(cost, A_ub=np.vstack(rows), b_ub=np.concatenate(sides),
                        bounds=[(0.0, u) for u in upper[:, k]], method="highs")  # fmt: skip
        assert found[k] == pytest.approx(alone.fun, abs=1e-7)


def test_a_thousand_draws_take_few_programs() -> None:
    size = 60
    draw = np.random.default_rng(7)
    needs = draw.dirichlet(np.full(size + 1, 0.3), size)[:, :size].T * 0.9
    net = np.eye(size) - needs
    upper = np.ones((size, 1000))
    upper[:3] = 1.0 - 0.2 * draw.uniform(0.0, 1.0, (3, 1000))
    _found, solves = optima(np.full(size, -1.0), net, np.minimum(0.0, net.sum(axis=1)), np.full(size, np.inf), upper)
    assert solves <= 20


# Which sector an industry is in


def table(*names: str) -> Table:
    count = len(names)
    return Table(names, np.zeros((count, count)), np.full(count, 200.0), np.full(count, 0.5), "USD")


@pytest.mark.parametrize(("name", "sectors", "expected"), [
    ("Making", ("Making", "Farming"), "Making"),
    ("semiconductor devices [NAICS 334413]", ("334413", "334"), "334413"),
    ("semiconductor devices [NAICS 334413]", ("334 Computers", "33 Metals"), "334 Computers"),
    ("radios [BEA 334220]", ("334413", "Making"), ""),
    ("radios [BEA 334220]", ("334 Computers", "334 Electronics"), ""),
    ("Cars", ("Making", "334"), ""),
])  # fmt: skip
def test_sector_of_an_industry(name: str, sectors: tuple[str, ...], expected: str) -> None:
    assert table(*sectors).sector_of(name) == expected


def test_codes() -> None:
    assert code_of("motor vehicles, bodies, trailers and parts (3361MV)") == "3361MV"
    assert code_of("Making") == code_of("from 334413 to 334511") == ""


def test_a_wider_sector_loses_the_part_of_the_industry() -> None:
    """100 of value added in 334; an industry of 40 in it halves, and one of 10 stops: 1 - (20 + 10) / 100."""
    names = ["a [NAICS 334413]", "b [NAICS 334220]", "c [NAICS 999999]"]
    limits, absent = table("334 Computers", "Farming").limits(
        names, np.array([[0.5], [0.0], [0.1]]), np.array([[40.0], [10.0], [7.0]])
    )
    assert {s: u.tolist() for s, u in limits.items()} == {"334 Computers": [pytest.approx(0.7)]}
    assert absent == ["c [NAICS 999999]"]
    exact, _none = table("334413", "Farming").limits(names[:1], np.array([[0.5]]), np.array([[40.0]]))
    assert exact["334413"].tolist() == [0.5]


# In the trade disruption


def economy(us_japan: Case, sector: str = "Making", table: bool = True) -> Case:
    """Return a case in which China sells 60 % of tin and half of making hangs on it."""
    cells = read_input_output(SQUARE, "USA", 2009, "USD", "mcs2026", added=("Value added",))
    return with_rows(
        us_japan, production=makers(CHN=60.0, PER=40.0),
        exporter_shares=[{"mineral": "tin", "country": "CHN", "year": 2024, "share": 0.6, "low": 0.6, "high": 0.6}],
        mineral_uses=[{"mineral": "tin", "region": "USA", "sector": sector, "dependence": 0.5, "low": 0.5, "high": 0.5,
                       "source": "mcs2026"}],
        sector_accounts=[{"region": "USA", "sector": sector, "account": "value_added", "year": 2009, "value": 1400.0,
                          "unit": "USD", "source": "mcs2026"}],
        input_output=[dict(row) for row in cells.to_dict("records")] if table else [], mineral_prices=[],
    )  # fmt: skip


def run(case: Case, draws: int = 0) -> Effects:
    supply, here = read_supply(case), {"USA": ["USA"]}
    return effects(case, supply, build_sources(case, supply, here), here, Draws(draws))


def test_the_step_by_hand(us_japan: Case) -> None:
    """Making makes x = 1 - 0.5 (1 - q), q = 0.4^(0.3 / 0.8).

    Narrow: farming sells elsewhere, so 1400 (1 - x) alone. Wide: farming meets its final 350 and what making takes.
    """
    row = run(economy(us_japan)).table.iloc[0]
    x = 1.0 - 0.5 * (1.0 - 0.4 ** (0.3 / 0.8))
    farming = (0.25 * 2000 * x + 350) / 0.85
    assert row["step"] == "input-output table"
    assert row["value_added_lost"] == pytest.approx(1400e-6 * (1 - x), rel=1e-6)
    assert row["economy_lost"] == pytest.approx(1400e-6 * (1 - x), rel=1e-6)
    assert row["economy_lost_wide"] == pytest.approx(0.65e-6 * (1000 - farming) + 1400e-6 * (1 - x), rel=1e-6)
    assert row["economy_effect"] == pytest.approx(-row["economy_lost"], rel=1e-6)
    assert "sources/mcs2026" in row["rests_on"].split(";")


def test_bands_of_the_step_hold_its_centre(us_japan: Case) -> None:
    """The table says of making what the account says, so each draw of both steps is the same loss."""
    found = run(economy(us_japan), draws=200)
    assert found.economy[0] == pytest.approx(found.gdp[0], rel=1e-6)
    row = found.table.iloc[0]
    assert row["economy_low"] < row["economy_effect"] < row["economy_high"] < 0


def test_without_a_table_the_loss_is_of_the_direct_industries(us_japan: Case) -> None:
    row = run(economy(us_japan, table=False)).table.iloc[0]
    assert row["step"] == "direct industries only" and row["gdp_effect"] < 0
    assert np.isnan(row["economy_effect"]) and np.isnan(row["economy_lost"]) and NO_TABLE in row["note"]


def test_a_table_without_the_industry_says_which(us_japan: Case) -> None:
    row = run(economy(us_japan, sector="Mining")).table.iloc[0]
    assert np.isnan(row["economy_effect"]) and "USA has no Mining" in row["note"]
    assert row["step"] == "direct industries only"


def test_probability_weighs_the_last_step_that_ran(us_japan: Case) -> None:
    chance = [{"index": "disruption_probability", "region": "*", "country": "CHN", "year": 2023, "value": 0.1}]
    for with_table, column in ((True, "economy_effect"), (False, "gdp_effect")):
        row = run(with_rows(economy(us_japan, table=with_table), country_indices=chance)).table.iloc[0]
        assert row["weighted"] == pytest.approx(0.1 * row[column])


def test_the_methods_say_which_step_ran(us_japan: Case, screened: Result) -> None:
    methods = screened["methods"].set_index(["method", "participant"])
    for whose in ("USA", "JPN", "both"):
        assert methods.loc[("disruption_economy", whose), "missing"] == NO_TABLE
        assert methods.loc[("disruption_economy", whose), "status"] == "not computable"
    assert methods.loc[("disruption", "USA"), "computed"] == 2
    assert "direct industries only" in set(screened["disruptions"]["step"])
    chain = [pd.DataFrame(columns=c) for c in (["element", "stage", "n_minus_1"],
                                               ["element", "stage", "region", "quantity", "rests_on"])]  # fmt: skip
    found = screen_minerals(economy(us_japan), {"USA": ["USA"]}, chain[0], chain[1], draws=0).minerals
    assert found.set_index("mineral").loc["tin", "disruption_economy"] == pytest.approx(
        found.set_index("mineral").loc["tin", "disruption"], rel=1e-6
    )


def test_from_a_published_table_to_the_screen(tmp_path: Path) -> None:
    """`didymium import io` writes a table that an overlay adds, and the screen runs its step on it."""
    cells = [
        ["", "334413", "334220", "334511", "Rest", "Final demand"],
        ["334413", 4000, 3000, 4000, 9000, 40000],
        ["334220", 100, 900, 1000, 13000, 20000],
        ["334511", 50, 100, 3000, 16000, 40850],
        ["Rest", 12850, 8000, 13000, 6000000, 24966150],
        ["Value added", 43000, 23000, 39000, 24962000, ""],
    ]
    file, folder = tmp_path / "table.csv", tmp_path / "over"
    file.write_text("\n".join(",".join(map(str, row)) for row in cells) + "\n", "utf-8")
    folder.mkdir()
    words = ["import", "io", str(file), "--region", "USA", "--year", "2022", "--unit", "MUSD", "--source", "mcs2026",
             "--value-added", "Value added", "--out", str(folder / "input_output.csv")]  # fmt: skip
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    case = didymium.load_case("us-japan", overlays=[folder])
    supply, here = read_supply(case), {"USA": ["USA"]}
    found = effects(case, supply, build_sources(case, supply, here), here, Draws(0)).table
    rows: dict[str, Any] = {r["mineral"]: r for r in found[found["market"].eq("outside")].to_dict("records")}
    assert {r["step"] for r in rows.values()} == {"input-output table"}
    losses = {m: -r["economy_effect"] for m, r in rows.items()}
    assert losses["gallium;germanium"] < losses["gallium"] + losses["germanium"]
    # 43,000, 23,000 and 39,000 of value added stand in the table; of the accounts 43,000, 25,400 and 43,200.
    assert losses["gallium"] == pytest.approx(0.1 * 105000 * (1 - rows["gallium"]["use_left"]), rel=0.01)
    assert rows["gallium"]["economy_lost_wide"] > rows["gallium"]["economy_lost"]
