"""N-1 of minerals: own use of the largest producer by the best evidence, and what is missing where there is none."""

from __future__ import annotations

import csv
import gzip
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from didymium.screen.draws import Draws
from didymium.screen.indices import Indices, build_sources
from didymium.screen.sourcing import places
from didymium.screen.supply import read_supply
from screen_rows import makers, with_rows

if TYPE_CHECKING:
    from pathlib import Path

    from didymium.case.case import Case
    from didymium.result import Result
    from didymium.screen.index import Index


def n_minus_1(case: Case) -> tuple[Index, dict[tuple[str, str, str], int]]:
    """Return N-1 of a case and the place of every mineral, stage and form in it."""
    supply = read_supply(case)
    indices = Indices(case, supply, build_sources(case, supply, places(case)), Draws(0))
    found = next(index for index in indices.world() if index.method == "n_minus_1")
    cells = zip(*(supply.table[k].astype(str) for k in ("mineral", "stage", "form")), strict=True)
    return found, {key: g for g, key in enumerate(cells)}


def use(mineral: str, quantity: float, stage: str = "", country: str = "CHN", year: int = 2024) -> dict[str, Any]:
    return {"mineral": mineral, "stage": stage, "country": country, "year": year, "quantity": quantity, "unit": "t"}


def test_a_consumption_of_the_stage_counts_first(us_japan: Case) -> None:
    """(100 - 60) / (100 - 50) with the use of the mine's product; the whole mineral's and other years come after."""
    rows = makers(CHN=60.0, PER=40.0)
    for some, expected in (
        ([use("tin", 20), use("tin", 50, "mine"), use("tin", 10, "refinery")], 40 / 50),
        ([use("tin", 20), use("tin", 30, year=2020)], 40 / 80),
        ([use("tin", 30, year=2020)], 40 / 70),
    ):
        found, _place = n_minus_1(with_rows(us_japan, production=rows, consumption=some))
        assert found.values[0, 0] == pytest.approx(expected)
        assert "consumption of 20" in found.how[0] and found.inputs[0]


@pytest.mark.parametrize("some", [[], [use("tin", 20, "refinery")], [use("tin", 20, country="PER")],
                                  [use("tin", 20) | {"unit": "m3"}]])  # fmt: skip
def test_without_consumption_it_says_whose_is_missing(us_japan: Case, some: list[dict[str, Any]]) -> None:
    found, _place = n_minus_1(with_rows(us_japan, production=makers(CHN=60.0, PER=40.0), consumption=some))
    assert np.isnan(found.values).all() and np.isnan(found.swept).all()
    assert "consumption of CHN missing (mine, 2024)" in found.why[0]


def test_who_uses_more_than_the_world_makes(us_japan: Case) -> None:
    """A mineral whose world is too small for the use is a mistake of basis, not a cover of minus something."""
    found, _place = n_minus_1(with_rows(us_japan, production=makers(CHN=60.0, PER=40.0), consumption=[use("tin", 100)]))
    assert np.isnan(found.values).all() and "more than the world makes" in found.why[0]


def refining(**quantity: float) -> list[dict[str, Any]]:
    return [row | {"stage": "refinery"} for row in makers("copper", **quantity)]


def test_ore_goes_to_those_who_refine(us_japan: Case) -> None:
    """Chile mines half and refines a fifth: (100 - 50) / (100 - 20)."""
    rows = makers("copper", CHL=50.0, PER=50.0) + refining(CHL=10.0, CHN=40.0)
    found, place = n_minus_1(with_rows(us_japan, production=rows, consumption=[]))
    at = place["copper", "mine", ""]
    assert found.values[at, 0] == pytest.approx(50 / 80)
    assert "takes it in" in found.how[at]
    assert {"production/2", "production/3"} <= set(found.inputs[at])  # both rows of the refiners


def test_who_is_not_listed_among_refiners_is_an_interval(us_japan: Case) -> None:
    rows = makers("copper", CHL=50.0, PER=50.0) + refining(CHN=40.0, OTH=10.0)
    found, place = n_minus_1(with_rows(us_japan, production=rows, consumption=[]))
    at = place["copper", "mine", ""]
    assert np.isnan(found.values[at, 0]) and "from 0 to 20 %" in found.why[at]
    assert found.swept[at].tolist() == pytest.approx([50 / 100, 50 / 80])
    rows = makers("copper", CHL=50.0, PER=50.0) + refining(CHN=40.0, JPN=10.0)
    alone, place = n_minus_1(with_rows(us_japan, production=rows, consumption=[]))
    assert alone.values[place["copper", "mine", ""], 0] == pytest.approx(0.5)  # all refiners are named, not it


def test_apparent_use_is_what_the_trade_file_says(us_japan: Case, data_folder: Path) -> None:
    """Every consumption entered from trade equals production + imports - exports, read with nothing of ours."""
    lithium, water, oxygen, hydrogen, carbon = 6.94, 18.015, 15.999, 1.008, 12.011
    content = {"283691": 2 * lithium / (2 * lithium + carbon + 3 * oxygen),
               "282520": lithium / (lithium + oxygen + hydrogen + water)}  # fmt: skip
    codes = {"aluminum": ["760110"], "bismuth": ["810600"], "feldspar": ["252910"],
             "graphite_natural": ["250410", "250490"], "lithium": ["283691", "282520"]}  # fmt: skip
    rows = us_japan["consumption"]
    rows = rows[rows["source"].eq("baci")]
    assert set(rows["mineral"]) == set(codes)
    net: dict[tuple[str, str], float] = {}
    path = data_folder / "raw" / "baci_hs92" / "baci_hs92_critical_2010-2024.csv.gz"
    wanted = {code for some in codes.values() for code in some}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["year"] == "2024" and row["hs92"] in wanted and row["quantity_t"]:
                tonnes = float(row["quantity_t"]) * content.get(row["hs92"], 1.0)
                for side, sign in (("importer_iso3", 1.0), ("exporter_iso3", -1.0)):
                    key = (row["hs92"], row[side])
                    net[key] = net.get(key, 0.0) + sign * tonnes
    production = pd.concat([us_japan["production"], us_japan["production_other"]])
    for row in rows.to_dict("records"):
        made = production[
            production["mineral"].eq(row["mineral"]) & production["stage"].eq(row["stage"])
            & production["country"].eq(row["country"]) & production["year"].eq(2024)
            & production["series"].isin(["mcs2026", "iea2025"]) & production["form"].isin(["", "lithium chemicals"])
        ]  # fmt: skip
        assert len(made) == 1
        apparent = float(made["quantity"].iloc[0]) + sum(net[c, row["country"]] for c in codes[row["mineral"]])
        assert row["quantity"] == pytest.approx(apparent, rel=1e-4), row["mineral"]


def test_the_bundled_case(screened: Result) -> None:
    """A row in three has a cover; each other row names what it lacks, and none is zero for want of a figure."""
    table = screened["minerals"]
    table = table[table["participant"].eq("USA")]
    known = table[table["n_minus_1"].notna()]
    assert len(known) >= 30
    assert table.loc[table["n_minus_1"].isna() & table["hhi"].notna(), "note"].str.contains("n_minus_1: ").all()
    assert known.loc[known["n_minus_1"].eq(0.0), "form"].str.startswith("calibrated").all()
    copper = known.set_index(["mineral", "stage", "form"]).loc[("copper", "mine", "")]
    assert copper["n_minus_1"] == pytest.approx((1 - copper["top1"]) / (1 - copper["largest_use"] / copper["total"]))
    cobalt = table.set_index(["mineral", "stage", "form"]).loc[("cobalt", "mine", "")]
    assert cobalt["n_minus_1_low"] < cobalt["n_minus_1_high"] < 0.3
