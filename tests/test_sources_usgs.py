"""Readers of the Mineral Commodity Summaries: every known fault, on rows of our own and on the full files."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from didymium.faults import CaseError
from didymium.sources.usgs import COLUMNS, EDITIONS, read_usgs
from didymium.sources.usgs_long import HEADER
from didymium.sources.usgs_names import COUNTRIES, COUNTRY, REST, TOTAL, country_name
from didymium.sources.usgs_reports import _COUNTED, TABLE, concentration, double_counts, shares, world_totals
from didymium.sources.usgs_side import read_agreements, read_controls, read_critical, read_import_sources
from didymium.sources.usgs_wide import HEADERS
from didymium.sources.value import Kind, read_cell

Frames = dict[int, pd.DataFrame]


def vintage_diff(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Return what a new edition says of the same commodity, country, quantity and year.

    Rows are matched by form where one has several; where either edition has just one, the label does not matter.

    Returns
    -------
    DataFrame
        Value (base unit) and share of the table in either edition, and the ratio; unchanged rows are left out.
        ``suspect`` marks a ratio near a power of a thousand: a unit, not a revision.
    """
    key = ["commodity", "quantity", "country", "year", "base"]
    sides = []
    for frame in (old, new):
        side = frame[frame["table"].eq("world") & frame["role"].isin((COUNTRY, REST, TOTAL))].copy()
        side["amount"] = (side["value"] * side["factor"]).where(side["kind"].isin(_COUNTED))
        parts = (
            side["amount"].where(side["role"].ne(TOTAL)).groupby([side[column] for column in TABLE]).transform("sum")
        )
        side["share"] = (side["amount"] / parts).where(side["role"].ne(TOTAL) & parts.gt(0))
        side["single"] = side.groupby(key)["form"].transform("size").eq(1)
        sides.append(side[[*key, "form", "amount", "share", "kind", "single", "edition", "row"]])
    pair = sides[0].merge(sides[1], on=key, suffixes=("_old", "_new"))
    pair = pair[(pair["single_old"] & pair["single_new"]) | pair["form_old"].eq(pair["form_new"])]
    same = pair["amount_old"].eq(pair["amount_new"]) | (pair["amount_old"].isna() & pair["amount_new"].isna())
    pair = pair[~same].copy()
    pair["ratio"] = (pair["amount_new"] / pair["amount_old"]).where(pair["amount_old"].gt(0))
    with np.errstate(divide="ignore"):
        power = np.log10(pair["ratio"].where(pair["ratio"].gt(0))).abs()
    pair["suspect"] = power.gt(2.3)
    return pair.drop(columns=["single_old", "single_new"]).reset_index(drop=True)


# ---------------------------------------------------------------------------------------------- the law of a cell


@pytest.mark.parametrize(
    ("text", "kind", "value", "low", "high"),
    [
        ("45,500", "number", 45500, 45500, 45500),
        ("5900000", "number", 5.9e6, 5.9e6, 5.9e6),
        ("68\xa0", "number", 68, 68, 68),
        (".35", "number", 0.35, 0.35, 0.35),
        ("−84", "number", -84, -84, -84),
        ("e20,000", "number", 2e4, 2e4, 2e4),
        (">50", "bound", None, 50, None),
        (">50%", "bound", None, 50, None),
        ("<100,000", "bound", None, None, 1e5),
        ("50–300", "range", None, 50, 300),
        ("10,000 - 15,000", "range", None, 1e4, 1.5e4),
        ("W", "withheld", None, None, None),
        ("NA", "not available", None, None, None),
        ("           NA", "not available", None, None, None),
        ("—", "zero", 0, 0, 0),
        ("E", "net exporter", None, None, 0),
        ("s", "under half a unit", None, 0, 0.5),
        ("Less than ½ unit.", "under half a unit", None, 0, 0.5),
        ("XX", "not applicable", None, None, None),
        ("", "blank", None, None, None),
        ("Large", "text", None, None, None),
        ("?10", "lost sign", None, None, None),
        ("1,23", "text", None, None, None),
        ("1E+06", "text", None, None, None),
        ("300–50", "text", None, None, None),
        ("nan", "text", None, None, None),
        ("Less than 50,000 tons", "text", None, None, None),
    ],
)
def test_cell(text: str, kind: str, value: float | None, low: float | None, high: float | None) -> None:
    cell = read_cell(text)
    assert cell.kind == kind
    for found, expected in ((cell.value, value), (cell.low, low), (cell.high, high)):
        assert math.isnan(found) if expected is None else found == expected
    assert cell.note or kind == "number"


def test_withheld_is_an_interval_never_zero() -> None:
    cell = read_cell("W", withheld_below=900)
    assert math.isnan(cell.value)
    assert (cell.low, cell.high) == (0, 900)


@given(st.one_of(st.text(), st.text(alphabet="0123456789,.-–—−<>?%eEWsNAX ½\xa0\r", max_size=12)))
@example("-\r0")
@settings(max_examples=1000)
def test_any_text_is_a_cell_and_no_number_is_changed(text: str) -> None:
    cell = read_cell(text)
    assert isinstance(cell.kind, Kind)
    if cell.kind is Kind.NUMBER and not cell.note:
        # A line break in a cell is a blank as any other.
        assert float(" ".join(text.split()).replace(",", "").replace("- ", "-")) == cell.value
    if cell.kind not in (Kind.NUMBER, Kind.ZERO):
        assert math.isnan(cell.value)
        assert cell.note
    if not math.isnan(cell.low) and not math.isnan(cell.high):
        assert cell.low <= cell.high


@given(st.floats(-1e12, 1e12, allow_nan=False).map(lambda number: round(number, 3)))
def test_a_number_survives(number: float) -> None:
    text = f"{number:,.3f}"
    assert read_cell(text).value == float(text.replace(",", ""))


def test_footnote_of_a_name() -> None:
    """The mark e comes off only where that leaves a country, and what was a country stays."""
    for country in COUNTRIES:
        assert country_name(country)[:2] == (country, "country")
    for printed, name in {
        "Japane": "Japan",
        "Korea, Republic ofe": "Korea, Republic of",
        "Other countries4": "Other countries",
        "United States1": "United States",
        "New Caledonia9": "New Caledonia",
        " Republic of Korea": "Korea, Republic of",
        "Greecee": "Greece",
        "World total (rounded) 10": "World total",
        "South Africa ": "South Africa",
    }.items():
        assert country_name(printed)[0] == name
    assert country_name("China, Germany, and Russia")[1] == "group"
    assert country_name("Brazil (crude and beneficiated)9")[:3] == ("Brazil", "country", "crude and beneficiated")


# ------------------------------------------------------------------------------------------------- small files


QUOTA = "Production quota; does not include undocumented production."


def long_text(*rows: dict[str, str]) -> str:
    """The text of a long file with rows of our own."""
    default = {
        "MCS chapter": "UNOBTAINIUM",
        "Section": "World Mine Production and Reserves",
        "Commodity": "Unobtainium",
        "Country": "Chile",
        "Statistics": "Production",
        "Statistics_detail": "Mine production",
        "Unit": "metric tons",
        "Year": "2024",
        "Value": "10",
        "Notes": "",
        "Is critical mineral 2025": "Yes",
        "Other notes": "",
    }
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, HEADER, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(default | row for row in rows)
    return out.getvalue()


def read_text(
    folder: Path, text: str | bytes, edition: int = 2026, name: str = "MCS2026_Commodities_Data.csv"
) -> pd.DataFrame:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("cp1252" if edition == 2026 else "utf-8-sig"))
    return read_usgs(path, edition, whole=False)


def faults(folder: Path, text: str | bytes, **which: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(CaseError) as caught:
        read_text(folder, text, **which)
    assert all(fault.file and fault.fix for fault in caught.value.faults)
    return [(fault.row, fault.field, fault.line()) for fault in caught.value.faults]


def test_tidy(tmp_path: Path) -> None:
    frame = read_text(
        tmp_path, long_text({"Country": "Côte d’Ivoire", "Value": "1,200", "Notes": "Estimated."}, {"Value": "—"})
    )
    assert list(frame.columns) == list(COLUMNS)
    assert frame["country"].tolist() == ["Côte d’Ivoire", "Chile"]
    assert frame["value"].tolist() == [1200, 0]
    assert frame["estimated"].tolist() == [True, False]
    assert frame["row"].tolist() == [2, 3]


def test_corrections_show(tmp_path: Path) -> None:
    """Every declared correction of 2026 leaves a note, and a file that was mended is left alone."""
    reserves = {"Statistics": "Reserves", "Statistics_detail": "Reserves", "Year": "2025"}
    frame = read_text(
        tmp_path,
        long_text(
            reserves | {"Commodity": "Vanadium", "Value": "500"},
            reserves | {"Commodity": "Vanadium", "Value": "9,000,000"},
            reserves | {"Commodity": "Rare Earths", "Country": "Brazil", "Value": "21,000,000"},
            reserves | {"Commodity": "Rare Earths", "Country": "Brazil", "Value": "12,000,000"},
            {"Commodity": "Rare Earths", "Country": "China", "Notes": f"Estimated. -- {QUOTA}"},
            {"Notes": "No", "Is critical mineral 2025": "Unobtainium", "Value": "10,000 - 15,000"},
            {"Is critical mineral 2025": ""},
            {"Commodity": "Tellurium", "Country": "Sweden", "Statistics_detail": "Refinery production: concentrate"},
        ),
    )
    assert frame["unit"].tolist()[:2] == ["thousand metric tons", "metric tons"]
    assert frame["value"].tolist()[2:4] == [11e6, 12e6]
    assert frame["remark"][4] == "Estimated."
    assert frame["low"][5] == 10000 and frame["remark"][5] == ""
    assert frame["form"][7] == "" and frame["quantity"][7] == "refinery production"
    assert frame["note"].str.contains("corrected").tolist() == [True, False, True, False, True, True, False, True]
    assert frame["note"][6] == "no critical-mineral flag"


def test_labels(tmp_path: Path) -> None:
    """Small and capital letters, "rounded" and misspelt labels do not part a table from its total."""
    frame = read_text(
        tmp_path,
        long_text(
            {"Statistics_detail": "Mine production: Ilmenite", "Value": "40"},
            {"Statistics_detail": "Mine production: Ilmenite", "Country": "Other countries", "Value": "60"},
            {"Statistics_detail": "Mine production: ilmenite, rounded", "Country": "World total", "Value": "100"},
            {"Section": "World Mine Production and Reserves:", "Commodity": "TiO2 pigment"},
            {"Section": "World Mine Production and Reserves:", "Commodity": "Tio2 Pigment", "Unit": " metric tons"},
            {
                "Section": "Salient Statistics—United States",
                "Statistics": "Net import reliance",
                "Unit": "percent",
                "Statistics_detail": "Net import relianceas a percentage of apparent consumption",
                "Value": ">95",
            },
        ),
    )
    assert frame["form"].tolist()[:3] == ["ilmenite"] * 3
    assert frame["table"].tolist()[:5] == ["world"] * 5
    assert frame["commodity"].tolist()[3:5] == ["tio2 pigment"] * 2
    assert frame["quantity"][5] == "net import reliance" and "spelling" in frame["note"][5]
    totals = world_totals(frame)
    assert totals[["total", "sum", "within"]].iloc[0].tolist() == [100, 100, True]


def test_bad_files(tmp_path: Path) -> None:
    good = long_text(*({"Value": str(number)} for number in range(1, 9)))
    cut = good[: good.rindex("Mine production")]
    assert faults(tmp_path, cut)[0][0] == "9"
    assert "breaks off" in faults(tmp_path, good + '"half a ce')[0][2]
    assert "web page" in faults(tmp_path, "<!DOCTYPE html><html><body>503</body></html>")[0][2]
    assert "`Amount` to `Value`" not in str(faults(tmp_path, good.replace("Value", "Amount")))
    assert "`Values` to `Value`" in faults(tmp_path, good.replace("Value", "Values"))[0][2]
    assert "UTF-16" in faults(tmp_path, good.encode("utf-16"))[0][2]
    assert "not a text file" in faults(tmp_path, b"%PDF-1.7 1145,500")[0][2]
    dated = faults(tmp_path, long_text({"Year": "45658"}))[0]
    assert dated[:2] == ("2", "Year") and "is a date as a serial number (2025-01-01)" in dated[2]
    assert "wrong encoding" in faults(tmp_path, good.replace("Chile", "Côte").encode().decode("cp1252").encode())[0][2]
    assert "neither UTF-8 nor cp1252" in faults(tmp_path, good.encode() + b"\x81\x5c\r\n")[0][2]
    assert "empty" in faults(tmp_path, "")[0][2]
    with pytest.raises(CaseError, match="published"):
        (tmp_path / "whole.csv").write_text(good)
        read_usgs(tmp_path / "whole.csv", 2026)
    with pytest.raises(CaseError, match="not known"):
        read_usgs(tmp_path, 2019)
    with pytest.raises(CaseError, match="no table of edition"):
        read_usgs(tmp_path / "nowhere", 2026)


def test_all_faults_at_once(tmp_path: Path) -> None:
    text = long_text(
        {"Unit": "bushels"},
        {"Year": "next"},
        {"Statistics": "Weather"},
        {"Is critical mineral 2025": "Maybe"},
        {"Section": "Preface"},
    )
    found = faults(tmp_path, text)
    assert [(row, field) for row, field, _line in found] == [
        ("5", "Is critical mineral 2025"),
        ("6", "Section"),
        ("4", "Statistics"),
        ("3", "Year"),
        ("2", "Unit"),
    ]


WIDE_2025 = (
    "SOURCE,COMMODITY,COUNTRY,TYPE,UNIT_MEAS,PROD_2023,PROD_EST_ 2024,PROD_NOTES,CAP_2023,CAP_EST_ 2024,CAP_NOTES,"
    "RESERVES_2024,RESERVE_NOTES\n"
)


def test_one_file_release(tmp_path: Path) -> None:
    """2025: blanks in the header, aliases, blank cells, a lost digit, thousand tons called tons."""
    frame = read_text(
        tmp_path,
        WIDE_2025
        + "MCS2025,Gemanium,Canada ,Primary production,kilograms,,,,,,,,\n"
        + "MCS2025,Barite  ,Chile,Mine production,metric tons,,,W for 23-24,,,,>90000000,\n"
        + 'MCS2025,Clays,Chile,"Mine poduction, Kaolin",thousand metric tons,20,30,,,,,,\n'
        + 'MCS2025,Clays,Peru,"Mine poduction, Kaolin",thousand metric tons,14,14,,,,,,\n'
        + 'MCS2025,Clays,World total (rounded) 10,"Mine poduction, Kaolin",thousand metric tons,34,4400,,,,,,\n'
        + 'MCS2025,Titanium Mineral Concentrates,Sierra Leone,"Mine production, rutile",,110,60,,,,,2900,\n'
        + 'MCS2025,Vanadium,Chile,"Mine production, vanadium content",metric tons,1,,,,,,45,\n',
        2025,
        "MCS2025_World_Data.csv",
    )
    at = frame.set_index(["commodity", "country", "quantity", "year"])
    assert at.loc[("germanium", "Canada", "production", 2024), "kind"] == "blank"
    assert "Gemanium" in at.loc[("germanium", "Canada", "production", 2024), "note"]
    assert at.loc[("barite", "Chile", "mine production", 2023), "kind"] == "withheld"
    assert at.loc[("barite", "Chile", "reserves", 2024), ["kind", "low"]].tolist() == ["bound", 9e7]
    total = at.loc[("clays", "World total", "mine production", 2024)]
    assert total["value"] == 44 and "`4400` -> `44`" in total["note"] and total["raw"] == "4400"
    assert (
        at.loc[("titanium mineral concentrates", "Sierra Leone", "mine production", 2024), "unit"]
        == "thousand metric tons"
    )
    assert at.loc[("vanadium", "Chile", "reserves", 2024), "factor"] == 1000
    assert at.loc[("vanadium", "Chile", "mine production", 2023), "factor"] == 1
    assert frame["estimated"].groupby(frame["year"]).any().to_dict() == {2023: False, 2024: True}


def test_files_by_commodity(tmp_path: Path) -> None:
    """2022 to 2024: unit, year and estimate in the header, footnotes on names, empty columns and rows."""
    frame = read_text(
        tmp_path,
        "Source,Country,Type,Prod_t_est_2022,Prod_t_est_2023,Prod_notes,Reserves_kt,Reserves_notes,,\n"
        'MCS2024,Japane,"Mine production, vanadium content","e20,000",20000,Also estimated in 2022,45,,,\n'
        "MCS2024,World total (rounded),Mine production,Less than ½ unit.,Included with ilmenite,,19000,,,\n,,,,,,,,,\n",
        2024,
        "mcs2024-vanad_world.csv",
    )
    assert frame["country"].tolist()[::2] == ["Japan"] * 3
    assert frame["value"].tolist()[::2] == [20000, 20000, 45]
    assert frame["unit"].tolist()[-1] == "thousand metric tons"
    assert frame["kind"].tolist()[1] == "under half a unit" and frame["kind"].tolist()[3] == "text"
    assert frame["estimated"][0]

    old = read_text(
        tmp_path,
        "Source,Country,Type,Prod_t_2021,Reserves_t\nMCS2023,Chile,Mine production,5,45\n",
        2023,
        "mcs2023-vanad_world.csv",
    )
    assert old["factor"].tolist() == [1, 1000]

    name = read_text(
        tmp_path,
        'Source,Country,"Mine production, fluorspar",Prod_kt_2022\nMCS2024,Chile,Mine production,5\n',
        2024,
        "mcs2024-fluor_world.csv",
    )
    assert name["quantity"].tolist() == ["mine production"]

    own = read_text(
        tmp_path,
        "DataSource,Commodity,Year,Imports_Metalkg,Exports_g,Consump_g,NIR_pct\n"
        "MCS2024,Gallium,2023,9400,NA,19000,100\n",
        2024,
        "mcs2024-galli_salient.csv",
    )
    assert own["unit"].tolist() == ["kilograms"] * 3 + ["percent"]
    assert own["note"].str.contains("corrected").tolist() == [False, True, True, False]

    rare = read_text(
        tmp_path,
        'DataSource,Commodity,Year,NIR_Compounds-Metals_t,Employment_m\nMCS2024,Rare Earths,2023,>95,"7,900"\n',
        2024,
        "mcs2024-raree_salient.csv",
    )
    assert rare["unit"].tolist() == ["percent", "number"] and rare["value"][1] == 7900

    with pytest.raises(CaseError, match="without a name"):
        read_text(
            tmp_path,
            "Source,Country,Type,Prod_t_2022,\nMCS2024,Chile,Mine production,5,77\n",
            2024,
            "mcs2024-tin_world.csv",
        )
    with pytest.raises(CaseError, match="not known"):
        read_text(
            tmp_path,
            "Source,Country,Type,Output 2022\nMCS2024,Chile,Mine production,5\n",
            2024,
            "mcs2024-tin_world.csv",
        )


def test_a_mended_file_is_left_alone(tmp_path: Path) -> None:
    """Corrections by position hold for the file as it was published, not for one whose columns were put right."""
    head = "DataSource,Commodity,Year,USprod_Feldspar_kt,Imports_Feldspar_kt,Imports_Nepheline_syenite_kt,"
    tail = (
        "Exports_Feldspar_kt,Consump_Feldspar_kt,Consump_Felds-plus-neph_kt,Price_Feldspar_dt,"
        "Price_Nepheline_syenite_dt,Employment_num,NIR_Feldspar_pct,NIR_Nepheline_syenite_pct,\n"
    )
    start = "MCS2024,Feldspar and Nepheline Syenite,2019,450,64,508,4,"
    name = "mcs2024-felds_salient.csv"
    shifted = read_text(tmp_path, head + tail + start + " ,510,1000,107,156,240,12,>95\n", 2024, name)
    mended = read_text(tmp_path, head + tail + start + "510,1000,107,156,240,12,>95,\n", 2024, name)
    columns = ["quantity", "form", "unit", "raw"]
    assert shifted[columns].to_numpy().tolist() == mended[columns].to_numpy().tolist()
    assert shifted["note"].str.contains("corrected").any() and not mended["note"].str.contains("corrected").any()


def test_double_counts(tmp_path: Path) -> None:
    """A total tagged as a country, and shares that add up to 198 %."""
    rows = [
        {"Country": country, "Value": value}
        for country, value in (("Chile", "40"), ("Peru", "35"), ("China", "15"), ("Japan", "10"), ("Spain", "100"))
    ]
    found = double_counts(read_text(tmp_path, long_text(*rows)))
    assert found["country"].tolist() == ["Spain"]
    found = double_counts(read_text(tmp_path, long_text(*rows, {"Country": "World total", "Value": "100"})))
    assert found["country"].tolist() == ["Spain"]
    found = double_counts(read_text(tmp_path, long_text(*rows[:4], {"Country": "Africa subtotal", "Value": "3"})))
    assert found["country"].tolist() == ["Africa subtotal"]
    assert double_counts(read_text(tmp_path, long_text(*rows[:4], {"Country": "World total", "Value": "100"}))).empty

    imports = {
        "Section": "Import Sources",
        "Statistics": "Import sources 2021-2024",
        "Unit": "percent",
        "Year": "2021–24",
    }
    split = [
        imports | {"Country": country, "Value": value}
        for country, value in (("China", "55"), ("Chile", "43"), ("Japan", "60"), ("Peru", "40"))
    ]
    found = double_counts(read_text(tmp_path, long_text(*split)))
    assert found["fault"].tolist() == ["shares add up to 198 %"]
    assert double_counts(read_text(tmp_path, long_text(*split[:2]))).empty


def test_concentration_by_hand(tmp_path: Path) -> None:
    rows = [
        {"Country": country, "Value": value}
        for country, value in (
            ("Chile", "60"),
            ("Peru", "30"),
            ("Other countries", "10"),
            ("United States", "W"),
            ("World total", "99"),
        )
    ]
    found = concentration(read_text(tmp_path, long_text(*rows))).iloc[0]
    assert (found["low"], found["high"]) == pytest.approx((4500, 4600))
    assert (found["leader"], found["leader_share"], found["unknown"]) == ("Chile", 0.6, 1)


def test_no_numbers_no_index(tmp_path: Path) -> None:
    frame = read_text(tmp_path, long_text({"Value": "NA"}, {"Country": "World total", "Value": "5"}))
    assert concentration(frame).empty


def test_vintage_diff_by_hand(tmp_path: Path) -> None:
    old = read_text(
        tmp_path,
        WIDE_2025 + "MCS2025,Unobtainium,Chile,Mine production,metric tons,,60,,,,,,\n"
        "MCS2025,Unobtainium,Peru,Mine production,metric tons,,40,,,,,,\n",
        2025,
        "MCS2025_World_Data.csv",
    )
    new = read_text(tmp_path, long_text({"Value": "60,000"}, {"Country": "Peru", "Value": "40"}))
    found = vintage_diff(old, new)
    assert found[["country", "amount_old", "amount_new", "suspect"]].to_numpy().tolist() == [["Chile", 60, 60000, True]]


MUTANT = long_text(
    {"Value": "1,200"},
    {"Country": "Peru", "Value": ">50"},
    {"Country": "Other countries", "Value": "W"},
    {"Country": "World total", "Statistics_detail": "Mine production: rounded", "Value": "2,400", "Notes": 'Say "so".'},
).encode("cp1252")


@given(
    st.lists(
        st.tuples(st.integers(0, len(MUTANT) - 1), st.integers(0, 3), st.binary(min_size=1, max_size=3)),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_mutated_files(tmp_path: Path, edits: list[tuple[int, int, bytes]]) -> None:
    """A fault or a table; never a traceback, never a number that its cell does not say."""
    text = MUTANT
    for at, cut, new in edits:
        text = text[:at] + new + text[at + cut :]
    try:
        frame = read_text(tmp_path, text)
    except CaseError:
        return
    for raw, value, note in zip(frame["raw"], frame["value"], frame["note"], strict=True):
        if not math.isnan(value) and not note:
            assert float(raw.strip().replace(",", "").replace("- ", "-")) == value


def test_side_tables(tmp_path: Path) -> None:
    critical = tmp_path / "T7.csv"
    critical.write_text(
        "Units,Critical_mineral,Primary_prod,Net_Import_Reliance,Leading_source_precent_world,World_total_prod,Prod_notes,World_prod_notes\n"
        "metric tons,Rare earths (compounds and metals)9,8900,67,69,390000,,Excludes U.S. production.\n"
        "kilograms,Arsenic ,W,>75,1,61,,\n",
        "utf-8-sig",
    )
    frame = read_critical(critical)
    assert frame["commodity"].unique().tolist() == ["Rare earths (compounds and metals)", "Arsenic"]
    assert frame["basis"][0] == "Excludes U.S. production."
    assert frame.loc[frame["commodity"].eq("Arsenic"), "kind"].tolist() == ["withheld", "number", "bound"]
    assert frame.loc[frame["commodity"].eq("Arsenic"), "factor"].tolist()[1] == 1e-3

    deals = tmp_path / "T5.csv"
    deals.write_text(
        "Country,Agreement,Signing_date,Signing_date,Source\nPeru,Pact,20-Oct-25,2025-10-20,x\n"
        "Japan,Critical Minerals Agreement ,28-Mar-25,2025-03-28,x\nPhilippines,Memo,25-Feb,2025-02,x\n"
        "Japan and Republic of Korea,Memo,23-Aug,2025-09-23,x\n"
    )
    dates = read_agreements(deals)
    assert dates["signed"].tolist() == ["2025-10-20", "2023-03-28", "", ""]
    assert dates["note"].str.contains("corrected").tolist() == [False, True, False, False]
    assert dates["note"].str.contains("two dates").tolist() == [False, False, True, True]

    controls = tmp_path / "T4.csv"
    controls.write_text(
        "Country,Control_Type,Commodity_Year\n"
        'China,Licence ,"Tin (2024), zinc (bars, plates) (2025), and others (2026)."\n'
    )
    assert read_controls(controls)[["control", "commodity", "year"]].to_numpy().tolist() == [
        ["Licence", "Tin", 2024],
        ["Licence", "zinc (bars, plates)", 2025],
        ["Licence", "others", 2026],
    ]
    with pytest.raises(CaseError, match="Critical_mineral"):
        read_critical(deals)


# ------------------------------------------------------------------------------------------------- the full files


@pytest.fixture(scope="module")
def raw_folder(data_folder: Path) -> Path:
    return data_folder / "raw"


@pytest.fixture(scope="module")
def frames(raw_folder: Path) -> Frames:
    return {edition: read_usgs(raw_folder / f"usgs_mcs{edition}", edition) for edition in EDITIONS}


Check = Callable[[Frames, Path], object]
CHECKS: dict[tuple[str, str], Check] = {}
"""What must hold on the full files, by file and place of ``known_issues.csv``."""

LONG, WIDE = "MCS2026_Commodities_Data.csv", "MCS2025_World_Data.csv"


def lines(frame: pd.DataFrame, first: int, last: int = 0) -> pd.DataFrame:
    return frame[frame["row"].between(first, last or first)]


def pick(frame: pd.DataFrame, **where: object) -> pd.DataFrame:
    for column, value in where.items():
        frame = frame[frame[column].eq(value)]
    return frame


def tons(frame: pd.DataFrame, **where: object) -> float:
    found = pick(frame, **where)
    assert len(found) == 1, where
    return float(found["value"].iloc[0] * found["factor"].iloc[0])


def ratio(frame: pd.DataFrame, commodity: str, form: str = "") -> float:
    """Reserves over production of the world, in years."""
    total = frame[frame["role"].eq("total") & frame["commodity"].eq(commodity)]
    reserves = total[total["quantity"].eq("reserves")].iloc[0]
    mined = total[total["quantity"].str.contains("production")].iloc[-1]
    return float(reserves["value"] * reserves["factor"] / (mined["value"] * mined["factor"]))


def same(found: object, expected: object) -> None:
    assert found == expected, (found, expected)


def count(frame: pd.DataFrame, **cells: int) -> None:
    found = frame["raw"].str.strip().value_counts()
    for text, number in cells.items():
        assert found[text] == number


def kinds(frame: pd.DataFrame, raw: str) -> set[str]:
    return set(frame.loc[frame["raw"].str.strip().eq(raw), "kind"])


def check_codes(f: Frames, _: Path) -> None:
    count(f[2026], W=224, NA=353, E=92, s=48, XX=8, **{"—": 313})
    for raw, kind in {
        "W": "withheld",
        "NA": "not available",
        "E": "net exporter",
        "s": "under half a unit",
        "XX": "not applicable",
        "—": "zero",
    }.items():
        assert kinds(f[2026], raw) == {kind}
    assert f[2026].loc[f[2026]["raw"].eq("W"), "value"].isna().all()


def check_bounds(f: Frames, _: Path) -> None:
    count(f[2026], **{">50": 29, ">95": 17, "<25": 12, ">2,000,000": 2})
    assert f[2026].loc[f[2026]["raw"].eq(">50"), "low"].eq(50).all()


def check_ranges(f: Frames, _: Path) -> None:
    found = f[2026].loc[f[2026]["kind"].eq("range"), ["raw", "low", "high"]].set_index("raw")
    same(found.loc["330 - 390"].tolist(), [330, 390])
    same(found.loc["50–300"].iloc[0].tolist(), [50, 300])


def check_units(f: Frames, _: Path) -> None:
    # thousands of carats stands once with a leading blank; tons once; blank where the price varies
    same(
        set(f[2026]["base"]),
        {"t", "ct", "m3", "percent", "number", "index", "USD", "USD/t", "USD/ct", "USD/(10 kg)", "USD/m3", ""},
    )
    same(set(f[2026].loc[f[2026]["unit"].eq(""), "kind"]), {"text"})
    same(set(pick(f[2026], commodity="gallium", table="world")["unit"]), {"kilograms"})


def check_split(f: Frames, _: Path) -> None:
    found = world_totals(f[2026])
    same(pick(found, commodity="tellurium", quantity="refinery production", period="2024")["sum"].tolist(), [981])
    assert pick(found, commodity="tellurium")["within"].all() and pick(found, commodity="selenium")["within"].all()


def check_totals(f: Frames, _: Path) -> None:
    """185 of 203 as published; the two tables of tellurium hold once Sweden's label is mended."""
    found = world_totals(f[2026])
    away = found[~found["within"]]
    same((len(found), len(away)), (203, 16))
    assert away["cause"].ne("").all()
    for commodity, period, quantity, percent in (
        ("zinc", "2025", "mine production", -3.5),
        ("manganese", "2025", "reserves", 5.8),
        ("talc and pyrophyllite", "2024", "mine production", -78.5),
    ):
        row = pick(away, commodity=commodity, period=period, quantity=quantity)
        same(round(100 * row["difference"].iloc[0], 1), percent)
    assert "unlike forms" in pick(away, commodity="talc and pyrophyllite")["cause"].iloc[0]
    published = f[2026].copy()
    published["form"] = published["form"].where(
        ~published["commodity"].eq("tellurium"), published["detail"].str.replace(": rounded", "")
    )
    found = world_totals(published)
    same((len(found), int(found["within"].sum())), (203, 185))


def check_absent(f: Frames, _: Path) -> None:
    for commodity in ("germanium", "rare earths (heavy)", "yttrium"):
        assert not concentration(f[2026])["commodity"].eq(commodity).any()
    blank = pick(f[2025], commodity="germanium", table="world")
    same(set(blank["kind"]), {"blank"})


def check_withheld(f: Frames, raw: Path) -> None:
    for commodity in ("lithium", "titanium sponge metal"):
        row = pick(f[2026], commodity=commodity, country="United States", table="world", period="2024")
        row = row[row["quantity"].str.contains("production")]
        same(row["kind"].tolist(), ["withheld"])
        assert row["value"].isna().all()
    notes = read_critical(raw / "usgs_mcs2026/MCS2026_T7_Critical_Minerals_Salient.csv")["basis"]
    assert notes.eq("Excludes U.S. production.").any()


def check_duplicates(f: Frames, _: Path) -> None:
    mica = pick(f[2026], commodity="mica (natural)")
    key = ["table", "commodity", "country", "quantity", "detail", "unit", "period"]
    same(int(mica.duplicated(key, keep=False).sum()), 40)
    assert mica["row"].is_monotonic_increasing and mica["row"].is_unique


def check_import_figure(f: Frames, raw: Path) -> None:
    found = read_import_sources(raw / "usgs_mcs2026/MCS2026_Fig3_Major_Import_Sources.csv", f[2026])
    for commodity in ("Lithium", "Germanium"):
        row = found[found["commodity"].eq(commodity)].iloc[0]
        same((row["printed_reliance"], row["reliance_raw"], row["reliance_low"]), ("50", ">50", 50))
        assert math.isnan(row["reliance_high"]) and "bound" in row["note"]


def critical(raw: Path) -> pd.DataFrame:
    return read_critical(raw / "usgs_mcs2026/MCS2026_T7_Critical_Minerals_Salient.csv")


def check_gallium(f: Frames, raw: Path) -> None:
    row = pick(critical(raw), commodity="Gallium", quantity="world_total_prod").iloc[0]
    assert row["value"] * row["factor"] == pytest.approx(
        tons(f[2026], commodity="gallium", quantity="production", role="total", period="2025")
    )


def agreements(raw: Path) -> pd.DataFrame:
    return read_agreements(raw / "usgs_mcs2026/MCS2026_T5_Trade_Agreements.csv").set_index(["country", "printed"])


def check_controls(_: Frames, raw: Path) -> None:
    found = read_controls(raw / "usgs_mcs2026/MCS2026_T4_Country_Export_Control.csv")
    china = found[found["country"].eq("China") & found["row"].eq(15)].set_index("commodity")["year"]
    same((china["Antimony"], china["bismuth"], china["silver"], china["tungsten"]), (2024, 2025, 2026, 2025))
    assert found["control"].eq(found["control"].str.strip()).all()


def check_2025_blank(f: Frames, _: Path) -> None:
    blank = f[2025][f[2025]["kind"].eq("blank")]
    assert len(blank) > 400 and blank["value"].isna().all() and blank["note"].str.contains("empty").all()
    assert pick(f[2025], kind="withheld")["remark"].str.fullmatch(r"W for 23-24\s*").all()


def check_revision(commodity: str, **changes: tuple[float, float]) -> Check:
    def check(f: Frames, _: Path) -> None:
        found = vintage_diff(f[2025], f[2026])
        found = pick(found, commodity=commodity, quantity="mine production", year=2024).set_index("country")
        for country, (old, new) in changes.items():
            row = found.loc[country.replace("_", " ")]
            same((row["amount_old"], row["amount_new"]), (old, new))

    return check


def check_titanium(f: Frames, _: Path) -> None:
    rows = pick(f[2025], commodity="titanium mineral concentrates")
    same(set(rows["unit"]), {"thousand metric tons"})
    assert rows["note"].str.contains("corrected").all()


def check_names_2024(f: Frames, _: Path) -> None:
    rows = f[2024][f[2024]["note"].str.contains("footnote")]
    assert rows["file"].nunique() >= 16
    for edition in EDITIONS:
        assert set(pick(f[edition], role="country")["country"]) <= COUNTRIES
    assert {"Ukraine", "France", "Chile", "Greece"} <= set(f[2024]["country"])


def check_shares_of_kaolin(f: Frames, _: Path) -> None:
    row = lines(f[2025], 264)
    total = row[row["year"].eq(2024)].iloc[0]
    same((total["value"], total["raw"]), (44240, "4400"))


def check_pdf(_: Frames, raw: Path) -> None:
    with pytest.raises(CaseError, match="not a text file"):
        read_usgs(raw / "usgs_mcs2026/usgs_mcs2026_rare_earths.pdf", 2026)


CHECKS |= {
    (LONG, "whole file"): lambda f, _: same(
        (len(f[2026]), f[2026]["country"].eq("Côte d’Ivoire").any(), set(f[2026]["table"])),
        (8886, True, {"world", "united states", "import sources"}),
    ),
    (LONG, "lines 8386-8392"): lambda f, _: (
        same(set(lines(f[2026], 8386, 8392)["unit"]), {"thousand metric tons"}),
        same(round(ratio(f[2026], "vanadium")), 191),
    ),
    (LONG, "lines 6109, 6124"): lambda f, _: (
        same(lines(f[2026], 6109)["value"].item(), 11e6),
        same(lines(f[2026], 6124)["low"].item(), 75e6),
    ),
    (LONG, "line 6076"): lambda f, _: same(
        (lines(f[2026], 6076)["remark"].item(), lines(f[2026], 6076)["value"].item()), ("Estimated.", 270000)
    ),
    (LONG, "lines 5086, 7450"): lambda f, _: same(
        [lines(f[2026], line)["kind"].item() for line in (5086, 7450)], ["lost sign"] * 2
    ),
    (LONG, "line 8533"): lambda f, _: same(
        lines(f[2026], 8533)[["low", "high", "remark"]].iloc[0].tolist(), [10000, 15000, ""]
    ),
    (LONG, "lines 8477, 8478"): lambda f, _: same(
        (
            lines(f[2026], 8477)["kind"].item(),
            lines(f[2026], 8478)["value"].item(),
            lines(f[2026], 8477, 8478)["note"].str.contains("no critical-mineral flag").all(),
        ),
        ("net exporter", 68, True),
    ),
    (LONG, "Value column:code"): check_codes,
    (LONG, "Value column:bound"): check_bounds,
    (LONG, "Value column:range"): check_ranges,
    (LONG, "Value column:text"): lambda f, _: same(
        (kinds(f[2026], "Large"), len(pick(f[2026], raw="Large")), len(pick(f[2026], raw="Small"))), ({"text"}, 28, 6)
    ),
    (LONG, "12 reserve rows e.g. 3006, 3016, 3021"): lambda f, _: same(
        [lines(f[2026], line)["value"].item() for line in (3006, 3016, 3021)], [5.9e6, 14e6, 9.7e6]
    ),
    (LONG, "Unit column"): check_units,
    (LONG, "IRON ORE, MOLYBDENUM"): lambda f, _: same(
        [10 < ratio(f[2026], name) < 200 for name in ("iron ore", "molybdenum")], [True, True]
    ),
    (LONG, "CHROMIUM reserves"): lambda f, _: same(
        pick(f[2026], commodity="chromium", quantity="reserves", role="total")[["form", "period"]].to_numpy().tolist(),
        [["ore", "2024"], ["cr2o3 content", "2025"]],
    ),
    (LONG, "TELLURIUM, SELENIUM"): check_split,
    (LONG, "TITANIUM MINERAL CONCENTRATES"): lambda f, _: (
        same(
            len(
                pick(
                    world_totals(f[2026]),
                    commodity="titanium mineral concentrates",
                    form="ilmenite",
                    quantity="mine production",
                )
            ),
            2,
        ),
        same([name for name in set(f[2026]["commodity"]) if "pigment" in name and "tio2" in name], ["tio2 pigment"]),
    ),
    (LONG, "Statistics_detail"): lambda f, _: same(
        {name: len(pick(f[2026], commodity=name, quantity="net import reliance")) for name in ("barite", "yttrium")},
        {"barite": 5, "yttrium": 5},
    ),
    (LONG, "Section"): lambda f, _: same(len(pick(f[2026], table="world")), 3303),
    (LONG, "MICA (NATURAL)"): check_duplicates,
    (LONG, "Country"): lambda f, _: (
        same(lines(f[2026], 6277)["role"].item(), "group"),
        same(set(pick(f[2026], country="World total")["role"]), {"total"}),
        same(set(pick(f[2026], country="Other countries")["role"]), {"rest"}),
    ),
    (LONG, "world totals"): check_totals,
    (LONG, "GERMANIUM, RARE EARTHS (Heavy), YTTRIUM"): check_absent,
    (LONG, "LITHIUM, TITANIUM SPONGE 2024 etc."): check_withheld,
    ("MCS2026_T7_Critical_Minerals_Salient.csv", "row Rare earths"): lambda _, raw: same(
        {"Rare earths (compounds and metals)", "Arsenic", "Tin"} - set(critical(raw)["commodity"]), set()
    ),
    ("MCS2026_T7_Critical_Minerals_Salient.csv", "header"): lambda _, raw: same(len(critical(raw)) > 200, True),
    ("MCS2026_T7_Critical_Minerals_Salient.csv", "row Gallium"): check_gallium,
    ("MCS2026_Fig3_Major_Import_Sources.csv", "NIR column"): check_import_figure,
    ("MCS2026_T5_Trade_Agreements.csv", "header"): lambda _, raw: same(
        agreements(raw).loc[("Australia", "2025-10-20"), "signed"], "2025-10-20"
    ),
    ("MCS2026_T5_Trade_Agreements.csv", "Japan, Critical Minerals Agreement"): lambda _, raw: same(
        agreements(raw).loc[("Japan", "2025-03-28"), "signed"], "2023-03-28"
    ),
    ("MCS2026_T5_Trade_Agreements.csv", "Japan, United States-Japan Framework"): lambda _, raw: same(
        agreements(raw).loc[("Japan", "2025-10-27"), "signed"], "2025-10-28"
    ),
    ("MCS2026_T5_Trade_Agreements.csv", "Philippines; Japan and Republic of Korea"): lambda _, raw: same(
        agreements(raw)["note"].str.contains("two dates").sum(), 2
    ),
    ("MCS2026_T4_Country_Export_Control.csv", "Commodity_Year"): check_controls,
    (WIDE, "whole file"): lambda f, _: same(
        (f[2025]["commodity"].nunique(), f[2025]["commodity"].iat[0]), (77, "abrasives (manufactured)")
    ),
    (WIDE, "header"): lambda f, _: same(set(pick(f[2025], quantity="mine production")["year"]), {2023, 2024}),
    (WIDE, "lines 401-408"): lambda f, _: same(set(lines(f[2025], 401, 408)["commodity"]), {"germanium"}),
    (WIDE, "quantity columns"): check_2025_blank,
    (WIDE, "line 264"): check_shares_of_kaolin,
    (WIDE, "lines 1120-1142"): check_titanium,
    (WIDE, "lines 1186-1192"): lambda f, _: same(round(ratio(f[2025], "vanadium")), 180),
    (WIDE, "COMMODITY, COUNTRY, TYPE"): lambda f, _: same(
        [bool((f[2025][column] == f[2025][column].str.strip()).all()) for column in ("commodity", "country", "form")],
        [True] * 3,
    ),
    (WIDE, "COUNTRY"): lambda f, _: same(
        f[2025].loc[f[2025]["detail"].notna() & f[2025]["country"].str.startswith("World"), "role"].unique().tolist(),
        ["total"],
    ),
    (WIDE, "RESERVES_2024"): lambda f, _: same(
        {float(low) for low in pick(f[2025], kind="bound", quantity="reserves")["low"]} >= {2e6, 17e6, 9e7}, True
    ),
    (WIDE, "RARE EARTHS vs MCS2026"): check_revision(
        "rare earths",
        Nigeria=(13000, 1500),
        Thailand=(13000, 2100),
        Australia=(13000, 29000),
        World_total=(390000, 380000),
    ),
    (WIDE, "ANTIMONY vs MCS2026"): check_revision("antimony", China=(60000, 40000), Russia=(13000, 40000)),
    ("world/*.csv", "Country"): check_names_2024,
    ("world/*.csv", "header and tail"): lambda f, _: same(len(pick(f[2024], file="mcs2024-raree_world.csv")) % 3, 0),
    ("mcs2024-fluor_world.csv", "header"): lambda f, _: same(
        tons(f[2024], commodity="fluorspar", role="total", quantity="mine production", period="2023"), 8.8e6
    ),
    ("mcs2024-galli_salient.csv", "header"): lambda f, _: same(
        set(pick(f[2024], file="mcs2024-galli_salient.csv", quantity="consumption")["unit"]), {"kilograms"}
    ),
    ("mcs2024-raree_salient.csv", "header"): lambda f, _: same(
        [
            set(pick(f[2024], file="mcs2024-raree_salient.csv", quantity=name)["unit"])
            for name in ("net import reliance", "employment")
        ],
        [{"percent"}, {"number"}],
    ),
    ("mcs2023-vanad_world.csv", "Reserves_t"): lambda f, _: same(
        tons(f[2023], commodity="vanadium", quantity="reserves", country="United States"), 45e3
    ),
    ("mcs2024-sandi_world.csv", "quantity columns"): lambda f, _: same(
        (
            tons(f[2024], commodity="vanadium", country="Russia", period="2022", quantity="mine production"),
            len(f[2024][f[2024]["raw"].str.strip().str.startswith("e")]) > 15,
            kinds(f[2024], "e5,000"),
        ),
        (20000, True, {"number"}),
    ),
    ("world/*.csv", "header"): lambda f, _: same(
        {
            str(unit)
            for edition in (2022, 2023, 2024)
            for unit in f[edition].loc[f[edition]["table"].eq("world"), "base"]
        },
        {"t", "ct", "m3"},
    ),
    ("usgs_mcs202[234]", "all CSV"): lambda f, _: same(
        [kinds(f[edition], "NA") for edition in (2022, 2023, 2024)], [{"not available"}] * 3
    ),
    ("usgs_mcs2026_rare_earths.pdf", "world table"): check_pdf,
}


def known(folder: Path) -> list[dict[str, str]]:
    with (folder / "curated/known_issues.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["file"].startswith("usgs_")]


def check_of(row: dict[str, str]) -> Check | None:
    file, place = row["file"], row["locator"]
    for (name, where), check in CHECKS.items():
        if file.endswith(name) and where in (place, f"{place}:{row['issue']}"):
            return check
    return None


def test_every_known_issue_has_a_check(data_folder: Path) -> None:
    rows = known(data_folder)
    assert len(rows) > 50
    assert not [(row["file"], row["locator"], row["issue"]) for row in rows if check_of(row) is None]


@pytest.mark.parametrize("key", CHECKS, ids=lambda key: f"{key[0]}-{key[1]}")
def test_known_issue(key: tuple[str, str], frames: Frames, raw_folder: Path) -> None:
    CHECKS[key](frames, raw_folder)


def test_further_faults_that_the_readers_found(frames: Frames) -> None:
    """Faults beyond the list: a unit, a fused footnote, shifted columns, pasted columns, copies."""
    assert (
        tons(
            frames[2025],
            commodity="sand and gravel (industrial)",
            role="total",
            period="2024",
            quantity="mine production",
        )
        == 440e6
    )
    assert tons(frames[2023], commodity="zinc", quantity="reserves", country="Australia") == 66e6
    assert tons(frames[2023], commodity="rhenium", quantity="reserves", country="Chile") == 1300
    assert tons(frames[2023], commodity="chromium", quantity="mine production", role="total", period="2022") == 41e6
    for file in HEADERS:
        assert frames[2023 if "2023" in file else 2024].query("file == @file")["note"].str.contains("corrected").any()
    old, new = (pick(frames[edition], commodity="nickel", quantity="price", period="2021") for edition in (2023, 2024))
    assert old["value"].tolist() == new["value"].tolist()
    both = ("fluorspar", "feldspar and nepheline syenite")
    for name in both:
        one, two = (pick(frames[e], commodity=name, table="united states", period="2019") for e in (2023, 2024))
        assert set(one["quantity"]) == set(two["quantity"]) and len(one) == len(two)
    # the tables of the United States agree where two editions give one year: no unit, column or digit is off
    key = ["commodity", "quantity", "form", "year"]
    for early, late in ((2022, 2023), (2023, 2024)):
        sides = []
        for edition in (early, late):
            side = frames[edition]
            side = side[side["table"].eq("united states") & side["value"].gt(0) & side["base"].ne("")]
            sides.append(side[key].assign(amount=side["value"] * side["factor"], base=side["base"]))
        pair = sides[0].merge(sides[1], on=key)
        assert len(pair) > 500
        assert pair["base_x"].eq(pair["base_y"]).all()
        assert (pair["amount_x"] / pair["amount_y"]).between(1 / 90, 90).all()
    assert len(frames[2024].attrs["left_out"]) == 3
    for pair in ((2022, 2023), (2023, 2024), (2024, 2025), (2025, 2026)):
        assert not vintage_diff(*(frames[edition] for edition in pair))["suspect"].any()


def assert_numbers_are_those_of_the_cells(frame: pd.DataFrame) -> None:
    plain = re.compile(r"[0-9,]+(\.[0-9]+)?|\.[0-9]+")
    for raw, value, note in zip(frame["raw"], frame["value"], frame["note"], strict=True):
        text = raw.strip()
        if plain.fullmatch(text) and not math.isnan(value):
            assert value == float(text.replace(",", "")) or "corrected" in note
        else:
            assert math.isnan(value) or note or text.startswith("-")


@lru_cache(maxsize=1)
def real_lines(raw_folder: Path) -> list[str]:
    text = (raw_folder / "usgs_mcs2026" / LONG).read_text("cp1252")
    return [line for line in text.splitlines() if line]


def test_no_number_changes_without_a_word(frames: Frames) -> None:
    for frame in frames.values():
        assert_numbers_are_those_of_the_cells(frame)


@given(seed=st.integers(0, 10**9), edits=st.lists(st.tuples(st.floats(0, 0.999), st.text(max_size=3)), max_size=4))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_mutated_real_rows(tmp_path: Path, raw_folder: Path, seed: int, edits: list[tuple[float, str]]) -> None:
    """Real rows with a few letters put in: a fault, or a table whose numbers are those of its cells."""
    head, *rest = real_lines(raw_folder)
    text = "\r\n".join(rest[(seed + 997 * turn) % len(rest)] for turn in range(5)) + "\r\n"
    for place, new in edits:
        at = int(place * len(text))
        text = text[:at] + new + text[at + 1 :]
    try:
        frame = read_text(tmp_path, (head + "\r\n" + text).encode("cp1252", "replace"))
    except CaseError:
        return
    assert_numbers_are_those_of_the_cells(frame)


def test_no_double_count_in_the_files(frames: Frames) -> None:
    for frame in frames.values():
        assert double_counts(frame).empty


def test_shares_of_china(frames: Frames) -> None:
    found = vintage_diff(frames[2025], frames[2026]).set_index(["commodity", "quantity", "country", "year"])
    row = found.loc[("antimony", "mine production", "China", 2024)]
    # of the published totals: 60,000 of 100,000, then 40,000 of 119,000
    total = found.loc[("antimony", "mine production", "World total", 2024)]
    assert round(100 * row["amount_old"] / total["amount_old"]) == 60
    assert round(100 * row["amount_new"] / total["amount_new"]) == 34
    assert (round(100 * row["share_old"]), round(100 * row["share_new"])) == (58, 34)


def test_index_and_shares_equal_an_independent_computation(frames: Frames, raw_folder: Path) -> None:
    """From the file itself with the csv module: group, sum, square."""
    groups: dict[tuple[str, ...], list[tuple[int, str, float]]] = defaultdict(list)
    with (raw_folder / "usgs_mcs2026" / LONG).open(encoding="cp1252", newline="") as file:
        for line, row in enumerate(csv.reader(file), 1):
            if (
                line > 1
                and row[1].startswith("World")
                and row[3] != "World total"
                and row[0] not in ("TELLURIUM", "SELENIUM")
            ):
                text = row[8].strip().replace(",", "").replace("—", "0")
                if line == 6109:
                    text = "11000000"  # the erratum of 27 May 2026
                if re.fullmatch(r"\d+(\.\d+)?", text):
                    groups[
                        (row[0], row[2].lower(), row[4], re.sub("[:,]? rounded$", "", row[5].lower()), *row[6:8])
                    ].append((line, row[3], float(text)))
    ours = shares(frames[2026]).dropna(subset=["share"])
    by_line = ours.set_index("row")["share"].to_dict()
    index = concentration(frames[2026])
    checked, expected = 0, []
    for rows in groups.values():
        total = sum(amount for _line, _country, amount in rows)
        if total == 0:
            continue
        for line, _country, amount in rows:
            assert by_line[line] == pytest.approx(amount / total, rel=1e-12)
            checked += 1
        expected.append(1e4 * sum((amount / total) ** 2 for _line, _country, amount in rows))
    others = index[~index["commodity"].isin(("tellurium", "selenium"))]
    assert checked > 2300
    assert sorted(others["high"]) == pytest.approx(sorted(expected), rel=1e-12)
    assert ours.groupby(["commodity", "quantity", "form", "period"])["share"].sum().to_numpy() == pytest.approx(1)
