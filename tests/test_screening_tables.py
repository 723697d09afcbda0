"""The tables for screening: what downloads become, what a withheld value may be, and what a case says of itself."""

from __future__ import annotations

import csv
import math
import shutil
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import didymium
from didymium.case.case import BUNDLED, load_case
from didymium.case.describe import describe
from didymium.case.mineral_coverage import STATES, STEPS
from didymium.case.screening_tables import INTERVALS, NUMBERS, SCREENING
from didymium.case.tables import TABLES
from didymium.case.units import factor
from didymium.faults import CaseError, DidymiumError, Fault
from didymium.sources import declared
from didymium.sources.screening import source_table, with_sources, write_screening
from didymium.sources.screening_trade import THRESHOLD
from didymium.sources.screening_usgs import reliance_rows, source_rows, world_rows
from didymium.sources.usgs import read_usgs
from didymium.sources.usgs_names import COUNTRIES
from didymium.sources.withheld import STOCKS, half_step

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result

FOLDER = BUNDLED / "us_japan"
NAMES = [table.name for table in SCREENING]


@pytest.fixture(scope="module")
def case(us_japan: Case) -> Case:
    return us_japan


@pytest.fixture(scope="module")
def described(us_japan: Case) -> Result:
    return describe(us_japan)


def world(*cells: tuple[str, str, str, float], commodity: str = "lithium", total_remark: str = "") -> pd.DataFrame:
    """Return a table by country as the reader gives it: country, kind, printed cell and number."""
    rows = []
    for at, (country, kind, raw, value) in enumerate(cells):
        role = {"World total": "total", "Other countries": "rest"}.get(country, "country")
        number = value if kind in ("number", "zero") else math.nan
        rows.append(
            {"edition": 2026, "table": "world", "chapter": commodity, "commodity": commodity, "form": "",
             "country": country, "role": role, "period": "2025", "year": 2025, "quantity": "mine production",
             "unit": "metric tons", "value": number, "low": number, "high": number, "kind": kind, "estimated": False,
             "base": "t", "factor": 1.0, "detail": "Mine production", "raw": raw, "note": "",
             "remark": total_remark if role == "total" else "", "file": "f.csv", "row": at + 2}
        )  # fmt: skip
    return pd.DataFrame(rows)


def rows_of(frame: pd.DataFrame, table: str = "production") -> dict[str, dict[str, str]]:
    faults: list[Fault] = []
    rows = world_rows(frame, table, faults)
    assert not faults, [fault.line() for fault in faults]
    return {row["country"]: row for row in rows}


# ----------------------------------------------------------------------------------------------------------- withheld


def test_a_withheld_value_is_what_is_left_of_the_total() -> None:
    cells = [("United States", "withheld", "W", 0.0), ("Chile", "number", "49,000", 49000.0),
             ("China", "number", "41,000", 41000.0), ("World total", "number", "240,000", 240000.0)]  # fmt: skip
    usa = rows_of(world(*cells))["USA"]
    # 240,000 may be 245,000; 49,000 may be 48,500 and 41,000 be 40,500
    assert (usa["quantity"], usa["low"], usa["high"]) == ("", "0", "156000")
    assert (usa["band"], usa["qualifier"]) == ("range", "withheld")
    assert "at most what is left of the total" in usa["note"]


@pytest.mark.parametrize(
    ("remark", "total", "kind", "why"),
    [
        ("Estimated. -- Excludes U.S. production.", 240000.0, "number", "leaves the withheld producer out"),
        ("", 90000.0, "number", "make up the total already"),
        ("", 95000.0, "number", "make up the total already"),
        ("", 0.0, "not applicable", "no total is published"),
    ],
)
def test_a_withheld_value_without_an_upper_end(remark: str, total: float, kind: str, why: str) -> None:
    frame = world(("United States", "withheld", "W", 0), ("Chile", "number", "49,000", 49000.0),
                  ("China", "number", "41,000", 41000.0), ("World total", kind, f"{total:.0f}", total),
                  total_remark=remark)  # fmt: skip
    usa = rows_of(frame)["USA"]
    if total == 95000.0:  # 95,000 is 94,500 to 95,500: 5,000 are left
        assert float(usa["high"]) == 95500 - 48500 - 40500
        return
    assert (usa["quantity"], usa["low"], usa["high"], usa["band"]) == ("", "0", "", "range")
    assert why in usa["note"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=6),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=2),
    st.integers(1, 4),
)
def test_the_interval_holds_the_truth(shown: list[int], hidden: list[int], figures: int) -> None:
    """Round every figure, withhold some: the truth lies in the interval, whatever was rounded and withheld."""

    def rounded(number: int) -> int:
        return round(number, figures - len(str(number))) if number else 0

    names = iter(sorted(COUNTRIES - {"World total"}))
    cells = [(next(names), "number", str(rounded(n)), float(rounded(n))) for n in shown]
    cells += [(next(names), "withheld", "W", 0.0) for _ in hidden]
    total = rounded(sum(shown) + sum(hidden))
    cells.append(("World total", "number", str(total), float(total)))
    for row in rows_of(world(*cells)).values():
        if row["qualifier"] != "withheld":
            continue
        assert float(row["low"]) == 0 and row["quantity"] == ""
        if row["high"]:
            assert max(hidden) <= float(row["high"])


def test_half_a_step() -> None:
    assert [half_step(n) for n in (380000.0, 45500.0, 7.0, 2.5, 0.0)] == [5000.0, 50.0, 0.5, 0.05, 0.0]


# ------------------------------------------------------------------------------------------------------------- labels


def test_unknown_labels_countries_and_units_are_faults() -> None:
    frame = world(("Chile", "number", "5", 5.0), ("World total", "number", "5", 5.0))
    for change, said in (
        ({"form": "as dust"}, "`Mine production` of lithium is not declared"),
        ({"country": "Atlantis"}, "country `Atlantis` is not declared"),
        ({"unit": "dollars per pound"}, "unit `dollars per pound` measures no mass"),
    ):
        faults: list[Fault] = []
        world_rows(frame.assign(**change), "production", faults)
        assert any(said in fault.fault for fault in faults), said
        assert all(fault.file == "f.csv" and fault.row and fault.fix for fault in faults)


def test_a_country_named_twice_is_summed_and_says_so() -> None:
    cells = [("United States", "number", "68", 68.0), ("United States", "number", "13", 13.0)]
    usa = rows_of(world(*cells))["USA"]
    assert usa["quantity"] == "81" and "sum of two rows of the source: 68 and 13" in usa["note"]
    faults: list[Fault] = []
    world_rows(world(cells[0], ("United States", "withheld", "W", 0)), "production", faults)
    assert "stands twice" in faults[0].fault, "a number and an interval have no sum"
    assert rows_of(world(("United States", "blank", "", 0), cells[0]))["USA"]["quantity"] == "68"


def test_declared_tables_fit_each_other() -> None:
    minerals = {row["mineral"] for row in declared.minerals()}
    assert {row["part_of"] for row in declared.minerals()} - {""} <= minerals
    with (Path(declared.__file__).parent / "usgs_minerals.csv").open(encoding="utf-8", newline="") as file:
        labels = list(csv.DictReader(file))
    stages = set(TABLES["production"].field("stage").choices) | {""}
    bases = set(TABLES["production"].field("basis").choices) | {""}
    assert {row["mineral"] for row in labels} - {""} <= minerals
    assert {row["stage"] for row in labels} <= stages and {row["basis"] for row in labels} <= bases
    keys = [(row["commodity"], row["quantity"], row["form"]) for row in labels]
    assert len(keys) == len(set(keys))
    assert all(row["note"] for row in labels if not row["mineral"]), "rows are left out for a reason"
    assert {meaning.mineral for meaning in declared.traded().values()} - {""} <= minerals
    assert set(declared.countries()) == set(COUNTRIES)
    assert len(set(declared.countries().values())) == len(COUNTRIES)


def test_curated_names_are_minerals(data_folder: Path) -> None:
    """The curated tables join: their names are ours, but for three that name two commodities at once or none."""
    known = {row["mineral"] for row in declared.minerals()}
    for name in ("production", "capacity", "reserves", "us_net_import_reliance", "us_import_sources"):
        with (data_folder / "curated" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            found = {row["commodity"] for row in csv.DictReader(file)}
        assert found - known <= {"bauxite_alumina"}, name


# -------------------------------------------------------------------------------------------------------- bundled case


def test_every_row_of_the_bundled_tables_passes(case: Case) -> None:
    for name in NAMES:
        assert len(case[name]) > 100, name
    assert didymium.check(FOLDER) == []


def test_a_number_only_where_the_qualifier_says_so(case: Case) -> None:
    for name in ("production", "capacity", "reserves", "reliance", "suppliers"):
        frame, value = case[name], TABLES[name].value
        number = frame["qualifier"].isin(NUMBERS)
        assert frame.loc[number, value].notna().all() and frame.loc[~number, value].isna().all(), name
        interval = frame["qualifier"].isin(INTERVALS)
        assert frame.loc[interval, ["low", "high"]].notna().any(axis=1).all(), name
        assert frame.loc[frame["qualifier"].eq("withheld"), "low"].eq(0).all(), name


def test_known_numbers_of_the_case(case: Case) -> None:
    def quantity(mineral: str, country: str, year: int, series: str) -> float:
        frame = case["production"]
        row = frame[frame["mineral"].eq(mineral) & frame["country"].eq(country) & frame["year"].eq(year)
                    & frame["series"].eq(series) & frame["form"].eq("")]  # fmt: skip
        assert len(row) == 1
        return float(row["quantity"].iloc[0])

    # known_issues.csv, rows "RARE EARTHS vs MCS2026" and "ANTIMONY vs MCS2026"
    assert [quantity("rare_earths", c, 2024, s) for s in ("mcs2025", "mcs2026") for c in ("WLD", "AUS")] == [
        390_000, 13_000, 380_000, 29_000]  # fmt: skip
    assert quantity("antimony", "CHN", 2024, "mcs2025") / quantity("antimony", "WLD", 2024, "mcs2025") == 0.6
    # T7: 900 t of gallium in 2025, which the long file gives as 900,000 kg
    assert quantity("gallium", "WLD", 2025, "mcs2026") == pytest.approx(900.0)
    reserves = case["reserves"].set_index(["mineral", "form", "country"])
    # vanadium reserves are in thousand tons; the erratum of 27 May 2026 for Brazil's rare earths
    assert reserves.loc[("vanadium", "", "WLD"), "quantity"] == 21e6
    assert reserves.loc[("rare_earths", "", "BRA"), "quantity"] == 11e6
    assert reserves.loc[("rare_earths", "", "WLD"), "low"] == 75e6


def test_reliance_is_an_interval_where_it_is_a_bound(case: Case) -> None:
    frame = case["reliance"]
    frame = frame[frame["year"].eq(2025) & frame["form"].eq("")].set_index("mineral")
    assert tuple(frame.loc["lithium", ["low", "high"]]) == (50.0, 100.0)
    assert frame.loc["iron_ore", "qualifier"] == "net_exporter"
    assert math.isnan(frame.loc["iron_ore", "low"]) and frame.loc["iron_ore", "high"] == 0.0
    assert frame.loc["antimony", "reliance"] == 91.0


def test_shares_of_suppliers_add_up(case: Case) -> None:
    frame = case["suppliers"]
    keys = ["importer", "mineral", "form", "hs92", "year", "series"]
    sums = frame.groupby(keys)["share"].sum()
    complete = ~frame["qualifier"].eq("bound").groupby([frame[key] for key in keys]).any()
    traded = sums.index.get_level_values("series") == "baci"
    baci = sums[traded]
    assert len(baci) > 100 and (baci - 100).abs().max() < 0.02
    others = sums[complete & ~traded]
    assert len(others) > 100 and (others - 100).abs().max() <= 3, "whole per cents"
    named = frame[frame["series"].eq("baci") & frame["country"].ne("OTH")]
    assert named["share"].min() >= THRESHOLD
    assert set(named["importer"]) == {"USA", "JPN"}


def test_the_tables_are_read_when_asked_for(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "copy")
    path = tmp_path / "copy" / "production.csv"
    text = path.read_text("utf-8").replace("\nlithium,mine,,USA,2025,mcs2026,,0,3010,range,withheld,",
                                           "\nlithium,mine,,USA,2025,mcs2026,0,,,band,withheld,")  # fmt: skip
    assert text != path.read_text("utf-8")
    path.write_text(text, "utf-8")
    loaded = load_case(tmp_path / "copy")
    assert not set(NAMES) & set(loaded.tables), "no market reads them"
    with pytest.raises(CaseError, match="a number where the qualifier says withheld"):
        loaded["production"]
    faults = didymium.check(tmp_path / "copy")
    assert [fault.field for fault in faults] == ["quantity"] and faults[0].file == "production.csv"


def test_faults_of_a_row_for_screening(case: Case) -> None:
    from didymium.case.check import TableCheck

    table = TABLES["production"]
    good = dict(case["production"].iloc[0][table.columns])
    for change, said in (
        ({"quantity": math.nan, "qualifier": "measured"}, "the cell is empty"),
        ({"quantity": math.nan, "qualifier": "withheld"}, "an interval (withheld) without ends"),
        ({"quantity": math.nan, "low": 1.0, "qualifier": "not_available"}, "an interval where the qualifier says"),
        ({"quantity": math.nan, "low": 5.0, "high": 1.0, "band": "range", "qualifier": "bound"}, "upside down"),
    ):
        faults: list[Fault] = []
        frame = pd.DataFrame([{**good, "low": math.nan, "high": math.nan, "band": "band", **change, "_line": 2}])
        TableCheck(table, frame, faults).rows()
        assert any(said in fault.fault for fault in faults), (said, faults)
    frame = pd.DataFrame([{**good, "quantity": math.nan, "low": 5.0, "high": math.nan, "band": "range",
                           "qualifier": "bound", "_line": 2}])  # fmt: skip
    faults = []
    TableCheck(table, frame, faults).rows()
    assert not faults, "an open end is a statement"


def test_a_case_without_the_tables(tmp_path: Path) -> None:
    wide = [name for name, table in TABLES.items() if table.screening]
    shutil.copytree(FOLDER, tmp_path / "copy", ignore=shutil.ignore_patterns(*(f"{name}.csv" for name in wide)))
    loaded = load_case(tmp_path / "copy")
    assert all(loaded[name].empty for name in wide)
    assert describe(loaded)["minerals"].empty


def test_what_was_not_out_yet_is_left_out(case: Case) -> None:
    from didymium.case.vintage import known_on

    seen = known_on(case, "2026-01-31")
    assert set(seen["production"]["series"]) == {"mcs2025"} and seen["reliance"].empty
    assert len(seen["minerals"]) == len(case["minerals"])
    assert set(known_on(case, "2026-02-28")["production"]["series"]) == {"mcs2025", "mcs2026"}


# ------------------------------------------------------------------------------------------------------------ coverage


def test_coverage_has_every_mineral_step_and_participant_once(case: Case, described: Result) -> None:
    coverage = described["minerals"]
    assert len(coverage) == len(case["minerals"]) * len(STEPS) * len(case.participants)
    assert not coverage.duplicated(["mineral", "step", "participant"]).any()
    assert set(coverage["state"]) == set(STATES)
    assert coverage.loc[coverage["state"].eq("modelled"), "chains"].ne("").all()
    assert coverage.loc[coverage["state"].eq("hole"), "missing"].ne("").all()
    states = described["mineral_states"]
    assert states[list(STATES)].sum(axis=1).eq(len(case["minerals"])).all()


def test_coverage_follows_the_tables(case: Case, described: Result) -> None:
    def state(table: pd.DataFrame, *key: str) -> str:
        return str(table.set_index(["mineral", "step", "participant"]).loc[key, "state"])

    found = described["minerals"]
    assert state(found, "dysprosium", "processing", "JPN") == "modelled"
    assert state(found, "fluorspar", "mine", "JPN") == "screened"
    assert state(found, "uranium", "mine", "USA") == "hole"
    suppliers = case["suppliers"]
    production = case["production"]
    without = replace(case, tables={
        **case.tables, "production": production[production["mineral"].ne("fluorspar")],
        "suppliers": suppliers[~(suppliers["mineral"].eq("fluorspar") & suppliers["importer"].eq("JPN"))],
        "facilities": case["facilities"].assign(modelled="left out"),
    })  # fmt: skip
    changed = describe(without)["minerals"]
    assert state(changed, "fluorspar", "mine", "JPN") == "hole"
    assert state(changed, "fluorspar", "mine", "USA") == "screened", "its import sources are left"
    assert state(changed, "dysprosium", "processing", "JPN") == "hole", "nothing makes it"


def test_coverage_sees_chains_in_folders(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "copy")
    for name in [path.parent for path in (tmp_path / "copy").glob("*/case.toml")]:
        shutil.rmtree(name)
    chain = tmp_path / "copy" / "gas"
    shutil.copytree(FOLDER, chain, ignore=shutil.ignore_patterns("*/", *(f"{name}.csv" for name in NAMES)))
    text = (FOLDER / "case.toml").read_text("utf-8")
    (chain / "case.toml").write_text('extends = ".."\n' + text, "utf-8")
    found = describe(load_case(tmp_path / "copy"))["minerals"]
    row = found[found["mineral"].eq("dysprosium") & found["step"].eq("processing")].iloc[0]
    assert row["chains"] == "us-japan;us-japan/gas"


# ---------------------------------------------------------------------------------------------------------- full files


@pytest.fixture(scope="module")
def raw_2026(data_folder: Path) -> list[dict[str, str]]:
    path = data_folder / "raw" / "usgs_mcs2026" / "MCS2026_Commodities_Data.csv"
    with path.open(encoding="cp1252", newline="") as file:
        return list(csv.DictReader(file))


def test_the_bundled_tables_are_what_the_downloads_give(data_folder: Path, tmp_path: Path) -> None:
    didymium.new_case(tmp_path / "case")
    rows = write_screening(data_folder, tmp_path / "case")
    for name in NAMES:
        assert (tmp_path / "case" / f"{name}.csv").read_bytes() == (FOLDER / f"{name}.csv").read_bytes(), name
        assert rows[name] == len((FOLDER / f"{name}.csv").read_text("utf-8").splitlines()) - 1 or name == "minerals"
    named = {row["source"] for row in source_table()}
    with (FOLDER / "sources.csv").open(encoding="utf-8", newline="") as file:
        assert named <= {row["source"] for row in csv.DictReader(file)}


def test_shares_and_concentration_equal_the_raw_file(case: Case, raw_2026: list[dict[str, str]]) -> None:
    """From the raw CSV with the csv module alone: mine production of 2025 of every chapter with one plain table."""
    groups: dict[str, dict[str, float]] = defaultdict(dict)
    for row in raw_2026:
        if row["Statistics_detail"] != "Mine production" or row["Year"] != "2025":
            continue
        text = row["Value"].replace(",", "").strip()
        number = 0.0 if text == "—" else float(text) if text.replace(".", "").isdigit() else None
        if number is not None and not row["Country"].startswith("World"):
            assert row["Country"] not in groups[row["Commodity"]]
            groups[row["Commodity"]][row["Country"].strip()] = number
    ours = case["production"]
    ours = ours[
        ours["series"].eq("mcs2026") & ours["year"].eq(2025) & ours["country"].ne("WLD") & ours["stage"].eq("mine")
    ]
    names = {row["commodity"].casefold(): row["mineral"] for row in declared.minerals() if row["commodity"]}
    checked = 0
    for commodity, rows in groups.items():
        mineral = names.get(commodity.casefold())
        # labels of single countries ("Mine production: processed") stand beside the plain one in these
        if (
            mineral in (None, "diatomite", "feldspar", "iron_oxide_pigments", "kyanite", "mercury", "talc")
            or len(rows) < 2
        ):
            continue
        found = ours[ours["mineral"].eq(mineral) & ours["form"].eq("") & ours["quantity"].notna()]
        total = sum(rows.values())
        theirs = sorted((number / total for number in rows.values()), reverse=True)
        shares = sorted(found["quantity"] / found["quantity"].sum(), reverse=True)
        assert shares == pytest.approx(theirs, rel=1e-12), commodity
        assert sum(s * s for s in shares) == pytest.approx(sum(s * s for s in theirs), rel=1e-12)
        checked += 1
    assert checked > 30


def test_every_number_of_the_case_stands_in_the_raw_file(case: Case, raw_2026: list[dict[str, str]]) -> None:
    """No number is lost or changed but those that a note says: multisets of tonnes by country, from the raw rows."""
    scale = {"kilograms": 1e-3, "metric tons": 1.0, "tons": 1.0, "thousand metric tons": 1e3,
             "thousand metric dry tons": 1e3, "million metric tons": 1e6}  # fmt: skip
    theirs: dict[str, list[float]] = defaultdict(list)
    for row in raw_2026:
        text = row["Value"].replace(",", "").strip()
        code, unit = declared.countries().get(row["Country"].strip(), ""), row["Unit"].strip()
        if row["Section"].startswith("World") and code and unit in scale and text.replace(".", "").isdigit():
            theirs[code].append(float(text) * scale[unit])
    ours: dict[str, list[float]] = defaultdict(list)
    for name in ("production", "capacity", "reserves"):
        frame = case[name]
        frame = frame[frame["series"].eq("mcs2026") & frame["unit"].isin(("t", "t/year"))]
        gems = frame["mineral"].isin(("gemstones", "diamond_industrial"))
        value = TABLES[name].value
        frame = frame[frame["qualifier"].isin(NUMBERS) & ~gems & frame[value].gt(0)]
        for country, number in zip(frame["country"], frame[value], strict=True):
            ours[country].append(float(number))
    for country, numbers in theirs.items():
        wanted, found = sorted(n for n in numbers if n), sorted(ours[country])
        extra = {"CHN", "USA", "AUS", "RUS", "ZAF", "BRA"}  # vanadium reserves and the erratum for Brazil are mended
        if country in extra:
            wanted = [n for n in wanted if n not in found]
            assert len(wanted) <= 2, (country, wanted)
        else:
            assert found == pytest.approx(wanted), country


def test_totals_against_sums_of_the_case(case: Case) -> None:
    """Within 3 % but for tables that known_issues.csv names or whose total has one or two digits."""
    frame = pd.concat([case[name].assign(table=name).rename(columns={"capacity": "quantity"})
                       for name in ("production", "capacity", "reserves")])  # fmt: skip
    frame = frame[frame["series"].eq("mcs2026")]
    frame["stage"] = frame["stage"].fillna("")
    groups = frame.groupby(["table", "mineral", "stage", "form", "year"])
    away = []
    checked = 0
    for key, group in groups:
        top = group[group["country"].eq("WLD")]["quantity"]
        rows = group[group["country"].ne("WLD")]["quantity"]
        if len(top) != 1 or top.isna().any() or not rows.notna().any() or top.iloc[0] <= 0:
            continue
        checked += 1
        if abs(rows.sum() / top.iloc[0] - 1) > 0.03 + 1e-9:
            away.append(key[1])
    # forms that one total covers stand in one table here: talc and diatomite agree with their totals
    assert checked >= 180
    assert sorted(set(away)) == ["cobalt", "graphite_natural", "iron_and_steel", "manganese", "zinc", "zirconium"]


def test_critical_flags_equal_the_long_file(case: Case, raw_2026: list[dict[str, str]]) -> None:
    ours = case["minerals"].set_index("mineral")["critical"]
    names = {row["commodity"]: row["mineral"] for row in declared.minerals() if row["commodity"]}
    seen = set()
    for row in raw_2026:
        mineral, flag = names.get(row["Commodity"].strip().casefold()), row["Is critical mineral 2025"].strip()
        if mineral and flag in ("Yes", "No"):
            assert ours[mineral] == flag.lower(), row["Commodity"]
            seen.add(mineral)
    assert len(seen) > 90


def test_an_incomplete_folder_is_refused(tmp_path: Path) -> None:
    case = didymium.new_case(tmp_path / "case")
    before = {path.name: path.read_bytes() for path in case.glob("*.csv")}
    with pytest.raises(CaseError, match="0 of 1 files are there"):
        write_screening(tmp_path, case)
    assert {path.name: path.read_bytes() for path in case.glob("*.csv")} == before
    with pytest.raises(DidymiumError, match="is no case in CSV files"):
        write_screening(tmp_path, tmp_path)


def test_sources_are_added_once() -> None:
    text = "source,title,publisher,date,address,licence,grade,note\nbaci,mine,,,,,A,\n"
    once = with_sources(text, source_table())
    assert once.startswith(text) and once.count("\nbaci,") == 1 and "\nmcs2026," in once
    assert with_sources(once, source_table()) == once


def test_units_of_the_tables() -> None:
    assert factor("Mcarat", "t|m3") == pytest.approx(0.2)
    assert factor("ML", "t|m3") == 1000.0


def test_sources_and_reliance_of_small_tables() -> None:
    frame = world(("China", "number", "66", 66.0), ("Other countries", "bound", "<1", math.nan))
    frame = frame.assign(table="import sources", quantity="import sources", unit="percent", form="oxide",
                         commodity="antimony", period="2021–24", year=2024)  # fmt: skip
    frame.loc[1, ["low", "high"]] = (math.nan, 1.0)
    rows = source_rows(frame, "USA", [])
    assert (rows[0]["share"], rows[0]["first_year"], rows[0]["year"]) == ("66", "2021", "2024")
    assert (rows[1]["share"], rows[1]["low"], rows[1]["high"], rows[1]["country"]) == ("", "0", "1", "OTH")
    label = "net import reliance as a percentage of reported consumption"
    own = frame.iloc[:1].assign(table="united states", quantity="net import reliance", form=label, kind="net exporter")
    row: dict[str, Any] = reliance_rows(own.assign(value=math.nan), "USA", [])[0]
    assert (row["reliance"], row["low"], row["high"], row["qualifier"]) == ("", "", "0", "net_exporter")
    assert "share of reported consumption" in row["note"]


# ------------------------------------------------------------------------------------------- withheld, by reliance


def at_home(reliance: tuple[str, str, float], consumed: float | None, into: float, out: float) -> pd.DataFrame:
    """Return a withheld producer whose total leaves it out, with the other figures of its chapter."""
    frame = world(("United States", "withheld", "W", 0.0), ("Chile", "number", "49,000", 49000.0),
                  ("World total", "number", "49,000", 49000.0),
                  total_remark="Excludes U.S. production.")  # fmt: skip
    kind, raw, low = reliance
    said = [("net import reliance", "of apparent consumption", kind, raw, low if kind == "number" else math.nan, low),
            ("imports", "imports", "number", str(into), into, into),
            ("exports", "exports", "number", str(out), out, out),
            ("consumption", "consumption, apparent", "withheld" if consumed is None else "number", "",
             math.nan if consumed is None else consumed, math.nan)]  # fmt: skip
    rows = [{**frame.iloc[0].to_dict(), "table": "united states", "quantity": quantity, "form": form, "kind": kind,
             "raw": raw, "value": value, "low": low, "row": 100 + at}
            for at, (quantity, form, kind, raw, value, low) in enumerate(said)]  # fmt: skip
    return pd.concat([frame, pd.DataFrame(rows)], ignore_index=True)


def test_reliance_gives_a_withheld_value_an_upper_end() -> None:
    usa = rows_of(at_home(("bound", ">50", 50.0), None, 3020.0, 1690.0))["USA"]
    # R >= 50 %: no more than net imports, which the rounding of both figures and stocks may raise
    assert (usa["quantity"], usa["low"], usa["band"]) == ("", "0", "range")
    assert float(usa["high"]) == pytest.approx(STOCKS * (3025.0 - 1685.0), rel=0.01)
    assert "net import reliance of >50 %" in usa["note"] and "no upper end" not in usa["note"]
    usa = rows_of(at_home(("number", "82", 82.0), 190000.0, 162000.0, 8150.0))["USA"]
    assert float(usa["high"]) == pytest.approx(195000.0 * 0.185, rel=0.01)
    for kind, raw, low in (("bound", "<50", math.nan), ("net exporter", "E", math.nan)):
        assert rows_of(at_home((kind, raw, low), None, 3020.0, 1690.0))["USA"]["high"] == ""
    assert rows_of(at_home(("bound", ">50", 50.0), None, 1690.0, 3020.0))["USA"]["high"] == "", "no net imports"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 10**6), st.floats(1 / STOCKS, 1.5))
def test_the_end_by_reliance_holds_the_truth(made: int, net: int, out: int, stocks: float) -> None:
    """Any output, net imports and change of stocks within the measured factor: the truth lies below the end."""
    into = net * stocks + out
    share = 100.0 * net / (made + net)
    for bound in (25.0, 50.0, 75.0, 95.0):
        if share > bound:
            high = rows_of(at_home(("bound", f">{bound:.0f}", bound), None, into, float(out)))["USA"]["high"]
            assert high == "" or made <= float(high) * (1 + 1e-9)


def test_how_far_stocks_move_reliance(data_folder: Path) -> None:
    """The factor for stocks is what the yearbook of 2026 shows where it prints reliance, consumption and trade."""
    frame = read_usgs(data_folder / "raw" / "usgs_mcs2026" / "MCS2026_Commodities_Data.csv", 2026)
    home = frame[frame["table"].eq("united states") & frame["kind"].isin(("number", "zero"))]
    amount = home["value"] * home["factor"]
    ratios = []
    for _key, rows in home.groupby(["commodity", "year"]):
        apparent = rows["quantity"].eq("consumption") & rows["form"].str.contains("apparent")
        picked = [rows[on] for on in (rows["quantity"].eq("net import reliance"), apparent,
                                      rows["quantity"].eq("imports"), rows["quantity"].eq("exports"))]  # fmt: skip
        if any(len(part) != 1 for part in picked) or not 10 < picked[0]["value"].iloc[0] <= 100:
            continue
        share, consumed, into, out = (float(amount[part.index[0]]) for part in picked)
        ratios.append(share / 100.0 * consumed / (into - out))
    assert len(ratios) > 100
    assert 1.25 < max(ratios) < STOCKS
    assert sorted(ratios)[len(ratios) // 20] > 0.97 and sorted(ratios)[-len(ratios) // 20] < 1.07
