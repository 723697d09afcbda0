"""What a case says of itself, and the reference page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from didymium.case.describe import RECORDS, describe, describe_schema
from didymium.case.holes import KINDS
from didymium.case.reference import reference_page
from didymium.case.tables import TABLES
from didymium.faults import DidymiumError

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "case.md"


@pytest.fixture(scope="module")
def described(us_japan: Case) -> Result:
    return describe(us_japan)


def test_every_facility_is_counted_once(us_japan: Case, described: Result) -> None:
    coverage = described["coverage"]
    assert coverage[["running", "other_years", "projects", "idle"]].sum().sum() == len(us_japan["facilities"])
    keys = [key for cell in coverage["rests_on"] for key in cell.split(";")]
    assert sorted(keys) == sorted(us_japan["facilities"]["_row"])


def test_capacity_counts_each_tonne_once_and_never_a_missing_one_as_zero(us_japan: Case) -> None:
    facilities = us_japan["facilities"].copy()
    mine = facilities[
        facilities["stage"].eq("mine") & facilities["region"].eq("USA") & facilities["status"].eq("operating")
    ]
    assert len(mine) == 1, "the case has one working mine in the United States"
    twice = mine.assign(facility="twice", additive="no", _row="facilities/twice")

    def capacity(frame: pd.DataFrame) -> float:
        table = describe(replace(us_japan, tables={**us_japan.tables, "facilities": frame}))["coverage"]
        here = (
            table["stage"].eq("mine") & table["region"].eq("USA") & table["modelled"].eq("yes") & table["running"].gt(0)
        )
        return float(table.loc[here, "capacity"].sum(min_count=1))

    assert capacity(pd.concat([facilities, twice], ignore_index=True)) == mine["capacity"].iloc[0]
    facilities.loc[mine.index, "capacity"] = float("nan")
    assert pd.isna(capacity(facilities))


def test_shares_by_grade_add_up_and_suspect_sources_feed_no_model(described: Result) -> None:
    grades = described["grades"]
    assert grades.groupby("table")["share"].sum().to_numpy() == pytest.approx(1.0)
    model = grades[grades["table"].eq("model")]
    assert "D" not in set(model["grade"])
    assert not any(key.partition("/")[0] in RECORDS for cell in model["rests_on"] for key in cell.split(";"))


def test_ages_are_in_order(described: Result) -> None:
    age = described["age"]
    assert (age["oldest"] <= age["median"]).all()
    assert (age["median"] <= age["newest"]).all()


def test_holes_are_real(us_japan: Case, described: Result) -> None:
    holes = described["holes"]
    assert set(holes["kind"]) <= set(KINDS)
    assert described.manifest["holes"] == holes["kind"].value_counts().to_dict()
    missing = holes.loc[holes["kind"].eq("commodity_without_price"), "row"].str.removeprefix("commodities/")
    assert not set(missing) & set(us_japan["prices"]["commodity"])
    assert set(missing) | set(us_japan["prices"]["commodity"]) >= set(us_japan["commodities"]["commodity"])
    unknown = us_japan["facilities"]["capacity"].isna().sum()
    assert holes["kind"].eq("facility_without_capacity").sum() == unknown


def test_schema_says_every_field() -> None:
    frame = describe_schema()
    assert len(frame) == sum(len(table.fields) for table in TABLES.values())
    assert frame["meaning"].ne("").all()
    assert list(describe_schema("prices")["field"]) == TABLES["prices"].columns
    assert describe_schema("prices").set_index("field").loc["price", "unit"] == "USD/t"
    with pytest.raises(DidymiumError, match="`rices` is not a table"):
        describe_schema("rices")


def test_reference_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == reference_page(), "run python -m didymium.case.reference docs/reference/case.md"


def test_reference_page_has_every_field() -> None:
    page = reference_page()
    for table in TABLES.values():
        _before, _title, section = page.partition(f"\n## {table.name}\n")
        section = section.partition("\n## ")[0]
        assert [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")] == table.columns
