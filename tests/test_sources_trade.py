"""Readers of BACI, WGI and the Pink Sheet, and the manifest: each known fault of these files, and bad input."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import math
import re
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from didymium.faults import CaseError
from didymium.result import Result
from didymium.sources import baci, manifest, pinksheet, trade, wgi, wgi_pair, wgi_years
from didymium.sources.files import Reading

PAGE = b"<!DOCTYPE html>\n<html><body>503 Service Unavailable</body></html>\n"

# ---------------------------------------------------------------------------------------------------------- fixtures

FLOWS = """year,exporter,importer,hs92,value_kusd,quantity_t,exporter_iso3,importer_iso3
2015,156,392,284690,9.972,17.3,CHN,JPN
2015,490,392,810520,0.3,0.308,S19,JPN
2015,156,842,811230,314.669,,CHN,USA
2016,156,842,811230,100,0.001,CHN,USA
2016,729,156,280530,5,2,SDN,CHN
2024,516,156,010519,40.047,22.987,NAM,CHN
"""
COUNTRIES = """country_code,country_name,country_iso2,country_iso3
156,China,CN,CHN
392,Japan,JP,JPN
490,"Other Asia, nes",,S19
516,Namibia,NA,NAM
729,Sudan,SD,SDN
736,Sudan (...2011),SD,SDN
842,USA,US,USA
"""
GOODS = """hs92,description,rows_2010_2024
284690,"Compounds, rare earth",2
810520,Cobalt,1
811230,Germanium,31
811291,"Gallium, indium",0
280530,Rare-earth metals,5
010519,Live ducks,1
"""
PV = """Country/Territory,Code,1996,2022,2023,country_code
China,CHN,-0.09,-0.44,-0.17,156
Guyana,GUY,0.038,0.331,0.418,328
Guyana,GUY,-0.266,0.027,0.412,328
"Europe EFTA, nes",R20,nan,0.5,0.4,697
US Misc. Pacific Isds,PUS,nan,0.5,None,849
Aruba,ABW,nan,1.3,1.2,533
"""


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def flows(folder: Path, text: str = FLOWS, tables: bool = True) -> Reading:
    path = write(folder, "flows.csv", text)
    if not tables:
        return baci.read_baci(path)
    return baci.read_baci(path, write(folder, "countries.csv", COUNTRIES), write(folder, "goods.csv", GOODS))


def pair(folder: Path, text: str = PV, errors: str | None = None) -> Reading:
    lines = [re.sub(r"(?<=,)-?\d\.\d+", "0.25", line) for line in text.splitlines()]
    return wgi_pair.read_wgi_pair(
        write(folder, "estimate.csv", text), write(folder, "stderr.csv", errors or "\n".join(lines) + "\n")
    )


def governance(
    folder: Path,
    change: Callable[[openpyxl.Workbook], object] | None = None,
    codes: tuple[str, ...] = ("CHN", "ZAR", "ROM"),
) -> Path:
    """A workbook in the layout of the release of 2023: header of two rows, six statistics a year."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    book.create_sheet("Introduction")
    titles = ("VoiceandAccountability", "Political StabilityNoViolence", "GovernmentEffectiveness",
              "RegulatoryQuality", "RuleofLaw", "ControlofCorruption")  # fmt: skip
    for at, title in enumerate(titles):
        sheet = book.create_sheet(title)
        sheet["A1"] = title
        sheet["A3"] = "terms"
        sheet.merge_cells("A3:Q3")
        statistics = ("Estimate", "StdErr", "NumSrc", "Rank", "Lower", "Upper")
        sheet.append([None, None, *[2019] * 6, *[2020] * 6])
        sheet.append(["Country/Territory", "Code", *statistics, *statistics])
        for number, code in enumerate(codes):
            values = [-0.3 + 0.1 * at + number / 10, 0.2, 9, 40.0, 30.0, 50.0]
            sheet.append([code.title(), code, *values, *(["#N/A"] * 6 if code == "ROM" else values)])
    if change:
        change(book)
    path = folder / "wgi.xlsx"
    book.save(path)
    return path


def prices(folder: Path, change: Callable[[openpyxl.Workbook], object] | None = None) -> Path:
    """A workbook in the layout of the monthly Pink Sheet."""
    book = openpyxl.Workbook()
    hidden = book.worksheets[0]
    hidden.title = "AFOSHEET"
    hidden.sheet_state = "hidden"
    sheet = book.create_sheet("Monthly Prices")
    for line in ("World Bank Commodity Price Data (The Pink Sheet)", "monthly prices", "", "Updated on June 02, 2026"):
        sheet.append([line])
    sheet.append([None, "Nickel", "Coal, South African **", "Urea ", "Iron ore, cfr spot", "Natural gas index"])
    sheet.append([None, "($/mt)", "($/mt)", "($/mt)", "($/dmtu)", "(2010=100)"])
    for number in range(24):
        month = f"{2007 + (number + 11) // 12}M{(number + 11) % 12 + 1:02d}"
        sheet.append([month, 18000.5 + number, "…" if number < 2 else 100, 300, 60 + number, "..."])
    indices = book.create_sheet("Monthly Indices")
    indices.merge_cells("B2:D2")
    if change:
        change(book)
    path = folder / "pink.xlsx"
    book.save(path)
    return path


def annual(folder: Path) -> Path:
    """A workbook in the layout of the annual Pink Sheet: nominal and real, a row of codes below the units."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, line in (("Annual Prices (Nominal)", "annual prices in nominal US dollars"),
                        ("Annual Prices (Real)", "annual prices in real 2010 US dollars")):  # fmt: skip
        sheet = book.create_sheet(title)
        sheet.append(["World Bank Commodity Price Data (The Pink Sheet)"])
        sheet.append([line])
        sheet.append([None, "Nickel", "Gold"])
        sheet.append([None, "($/mt)", "($/troy oz)"])
        sheet.append([None, "NICKEL", "GOLD"])
        for year in (2023, 2024, 2025):
            sheet.append([year, 20000 + year if "N" in title[15:16] else 15000 + year, 1900.25])
    path = folder / "annual.xlsx"
    book.save(path)
    return path


def refused(call: Callable[[], object], *parts: str) -> CaseError:
    """The call is refused, every fault has a file, a fault and a fix, and the parts stand in the message."""
    with pytest.raises(CaseError) as caught:
        call()
    for fault in caught.value.faults:
        assert fault.file and fault.fault and fault.fix
    for part in parts:
        assert part in str(caught.value)
    return caught.value


# -------------------------------------------------------------------------------------------------------------- BACI


def test_baci_tidy(tmp_path: Path) -> None:
    frame = flows(tmp_path).frame
    assert list(frame.columns) == ["year", "hs", "exporter", "importer", "value_usd", "quantity_t", "note"]
    first = frame.iloc[0]
    assert (first["year"], first["hs"], first["exporter"], first["importer"]) == (2015, "284690", "CHN", "JPN")
    assert first["value_usd"] == pytest.approx(9972.0, rel=1e-15) and first["quantity_t"] == 17.3
    assert frame.iloc[5]["hs"] == "010519", "the zero in front is kept"
    assert frame.iloc[5]["exporter"] == "NAM", "Namibia's NA is not a missing value"


def test_baci_taiwan(tmp_path: Path) -> None:
    reading = flows(tmp_path)
    row = reading.frame.iloc[1]
    assert row["exporter"] == "TWN" and "S19" in row["note"]
    assert any("S19" in fault.fault for fault in reading.corrections)
    both = FLOWS + "2015,158,392,810520,1,1,TWN,JPN\n"
    assert list(flows(tmp_path, both, tables=False).frame["exporter"]).count("TWN") == 2


def test_baci_missing_quantity(tmp_path: Path) -> None:
    reading = flows(tmp_path)
    assert math.isnan(reading.frame.iloc[2]["quantity_t"]) and "quantity not given" in reading.frame.iloc[2]["note"]
    values = trade.unit_values(reading.frame)
    assert math.isnan(values.iloc[2]["unit_value_usd_t"])
    assert values.iloc[0]["unit_value_usd_t"] == pytest.approx(9972.0 / 17.3)


def test_baci_coverage(tmp_path: Path) -> None:
    frame = flows(tmp_path).frame
    table = trade.coverage(frame, ["811230", "811291", "010519"]).set_index("hs")
    assert "after 2016" in table.loc["811230", "note"] and "not zero" in table.loc["811291", "note"]
    assert table.loc["010519", "note"] == ""
    refused(lambda: trade.only(frame, ["811230"], [2020]), "not covered in 2020")
    refused(lambda: trade.only(frame, ["811291"]), "not zero")
    assert len(trade.only(frame, ["811230"], [2016])) == 1


def test_baci_baskets(tmp_path: Path) -> None:
    frame = flows(tmp_path).frame.set_index("hs")
    assert "gross weight" in frame.loc["284690", "note"] and "gross weight" in frame.loc["280530", "note"]


def test_baci_as_published(tmp_path: Path) -> None:
    text = "t,i,j,k,v,q\n2022,156,392,284690,     1.500,     2.000\n2022,490,156,010519,3.0,           NA\n"
    frame = flows(tmp_path, text).frame
    assert list(frame["exporter"]) == ["CHN", "TWN"] and frame.iloc[0]["value_usd"] == 1500.0
    assert math.isnan(frame.iloc[1]["quantity_t"])
    refused(lambda: flows(tmp_path, text, tables=False), "country table")


def test_baci_gz_equals_plain(tmp_path: Path) -> None:
    plain = flows(tmp_path).frame
    path = write(tmp_path, "flows.csv.gz", gzip.compress(FLOWS.encode()))
    packed = baci.read_baci(path, tmp_path / "countries.csv", tmp_path / "goods.csv").frame
    pd.testing.assert_frame_equal(plain, packed)


def test_baci_all_faults_at_once(tmp_path: Path) -> None:
    rows = FLOWS.splitlines()
    rows[1] = rows[1].replace("9.972", "1,5")  # one cell too many: alone first, for the rows do not fit the header
    refused(lambda: flows(tmp_path, "\n".join(rows) + "\n"), "row 2", "9 cells under 8 columns")
    rows = FLOWS.splitlines()
    rows[1] = rows[1].replace("9.972", "-9.972")
    rows[2] = rows[2].replace("0.308", "0.3o8").replace("JPN", "Japan")
    rows[3] = rows[3].replace("2015", "42005")
    rows[4] = rows[4].replace("100,", ",")
    rows[5] = rows[5].replace("156", "729")
    rows[6] = rows[6].replace("010519", "10519")
    rows.append(rows[1])
    error = refused(
        lambda: flows(tmp_path, "\n".join(rows) + "\n"),
        "row 2, value_kusd: `-9.972` is below zero", "row 3, quantity_t: `0.3o8` is not a number",
        "row 3, importer_iso3: `Japan`", "row 4, year: `42005` is a date as a serial number (2015-01-01)",
        "row 5, value_kusd: the cell is empty", "`729` trades with itself", "row 7, hs92: `10519`", "row 8",
    )  # fmt: skip
    assert len(error.faults) >= 9


def test_baci_codes_against_their_tables(tmp_path: Path) -> None:
    refused(lambda: flows(tmp_path, FLOWS.replace("CHN,USA", "CHL,USA")), "row 4, exporter_iso3: CHL stands beside")
    refused(lambda: flows(tmp_path, FLOWS.replace(",842,", ",841,")), "841 is not in the country table")
    refused(lambda: flows(tmp_path, FLOWS.replace("280530", "280531")), "280531 is not in the product table")
    lone = refused(lambda: flows(tmp_path, FLOWS.replace("842,811230,100", "842,811230,100").replace(
        "0.001,CHN", "0.001,CHL"), tables=False), "row 5")  # fmt: skip
    assert len(lone.faults) == 1, "the rows that agree are not at fault"


def test_many_equal_faults_are_counted(tmp_path: Path) -> None:
    rows = [f"2015,{1 + at // 90},{100 + at % 90},284690,1,x,AAA,BBB" for at in range(500)]
    error = refused(lambda: flows(tmp_path, FLOWS.splitlines()[0] + "\n" + "\n".join(rows) + "\n", tables=False),
                    "480 more rows")  # fmt: skip
    assert len(error.faults) == 21


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        (gzip.compress(FLOWS.encode() * 50, mtime=0)[:-40], "cut off"),
        (gzip.compress(FLOWS.encode() * 50, mtime=0)[:12], "cut off"),
        (gzip.compress(PAGE, mtime=0), "web page"),
        (PAGE, "web page"),
        (b"\xef\xbb\xbf\n" + PAGE, "web page"),
        (b"", "empty"),
        (b"\xff\xfey\0e\0", "UTF-16"),
        (FLOWS.encode().replace(b"JPN", b"J\xe9N"), "row 2: a byte that is not UTF-8"),
        (FLOWS.encode().replace(b"JPN", b"J\0N"), "zero byte"),
        (b"PK\x03\x04zip", "workbook"),
        (FLOWS.replace("quantity_t", "quantity").encode(), "rename `quantity` to quantity_t"),
        (FLOWS.replace("year,", "").encode(), "the column is missing"),
        (FLOWS.replace("importer_iso3", "importer_iso3,importer").encode(), "the column stands twice"),
        (FLOWS.encode()[:-1], "the last line has no end"),
        (FLOWS.encode()[:-6], "7"),
        (FLOWS.splitlines()[0].encode() + b"\n", "no rows"),
        (FLOWS.replace("\n", "\r").encode(), ""),
    ],
)
def test_baci_bad_files(tmp_path: Path, raw: bytes, part: str) -> None:
    path = write(tmp_path, "flows.csv", raw)
    refused(lambda: baci.read_baci(path), "flows.csv", part)


def test_no_such_file(tmp_path: Path) -> None:
    refused(lambda: baci.read_baci(tmp_path / "none.csv"), "cannot be read")
    refused(lambda: wgi.read_wgi(tmp_path / "none.xlsx"), "cannot be read")
    refused(lambda: pinksheet.read_pinksheet(tmp_path), "cannot be read")
    refused(lambda: manifest.list_sources(tmp_path / "none"), "no such folder")


def test_empty_lines_keep_line_numbers(tmp_path: Path) -> None:
    rows = FLOWS.splitlines()
    text = "\n".join([*rows[:3], "", "", *rows[3:5], rows[5].replace(",5,", ",five,"), rows[6], "", ""]) + "\n"
    refused(lambda: flows(tmp_path, text), "row 8, value_kusd: `five`")


def test_mirror(tmp_path: Path) -> None:
    one = flows(tmp_path).frame
    other = one.iloc[:4].copy()
    other["value_usd"] *= [1.1, 3.0, 1.0, 1.0]
    report = trade.mirror(one, other).set_index(["hs", "year"])
    assert not report.loc[("284690", 2015), "differs"] and report.loc[("810520", 2015), "differs"]
    assert report.loc[("810520", 2015), "value_ratio"] == pytest.approx(3.0)
    assert report.loc[("280530", 2016), "note"] == "only the first states it"
    assert math.isnan(report.loc[("811230", 2015), "quantity_ratio"]), "a missing quantity is not zero"
    short = trade.mirror(one, other, digits=4)
    assert set(short["hs"]) == {"2846", "8105", "8112", "2805", "0105"}


def test_mirror_does_not_sum_over_a_hole(tmp_path: Path) -> None:
    text = FLOWS + "2015,156,842,811220,10,5,CHN,USA\n"
    one = flows(tmp_path, text, tables=False).frame
    row = trade.mirror(one, one, digits=4).set_index(["hs", "year"]).loc[("8112", 2015)]
    assert math.isnan(row["quantity_t_one"]) and row["value_usd_one"] == pytest.approx(324669.0)


def test_unit_value_outlier() -> None:
    rows = pd.DataFrame(
        {"year": 2020, "hs": "810520", "exporter": [f"A{at:02d}" for at in range(11)], "importer": "USA",
         "value_usd": [30000.0 * (1 + at / 50) for at in range(10)] + [30.0], "quantity_t": 1.0}
    )  # fmt: skip
    found = trade.unit_values(rows)
    assert list(found["outlier"]) == [False] * 10 + [True]


def test_baci_full(data_folder: Path) -> None:
    folder = data_folder / "raw" / "baci_hs92"
    files = (folder / "baci_hs92_critical_2010-2024.csv.gz", folder / "country_codes_V202401b.csv",
             folder / "hs92_codes.csv")  # fmt: skip
    start = time.process_time()
    frame = baci.read_baci(*files).frame
    assert time.process_time() - start < 2.0, "processor time: other processes do not count"
    assert len(frame) == 321_976 and frame["quantity_t"].isna().sum() == 13_677
    assert "S19" not in set(frame["exporter"]) | set(frame["importer"])
    assert (frame["exporter"] == "TWN").any() and frame["hs"].nunique() == 38
    table = trade.coverage(frame, ["811291", "811292", "850511", "260500", "811230"]).set_index("hs")
    assert (table["note"] != "").all() and table.loc["811230", "last_year"] == 2016
    assert frame.loc[frame["hs"].isin(["280530", "284690"]), "note"].str.contains("gross weight").all()
    with gzip.open(files[0], "rt", encoding="utf-8", newline="") as file:
        total = sum(float(row["value_kusd"]) for row in csv.DictReader(file))
    assert frame["value_usd"].sum() == pytest.approx(total * 1000, rel=1e-12)
    values = trade.unit_values(frame)
    assert values["unit_value_usd_t"].isna().sum() == 13_677 and 0 < values["outlier"].mean() < 0.15


@pytest.mark.filterwarnings("ignore:Workbook contains no default style")
def test_mirror_full(data_folder: Path) -> None:
    """Rare-earth compounds from China: BACI against the customs value of the United States, within 4 % in ten years."""
    root = data_folder / "raw"
    book = openpyxl.load_workbook(
        root / "us_trade_dataweb" / "us_imports_for_consumption_1993-2026.xlsx", read_only=True
    )
    book["Customs Value"].reset_dimensions()
    header, *rows = list(book["Customs Value"].iter_rows(values_only=True))[2:]
    place = {str(name): at for at, name in enumerate(header)}
    stated = [row for row in rows if row[1:3] == ("China", "2846")]
    assert stated
    customs = pd.DataFrame(
        [(year, "2846", "CHN", "USA", float(str(row[place[str(year)]])), math.nan)
         for row in stated for year in range(2015, 2025)],
        columns=["year", "hs", "exporter", "importer", "value_usd", "quantity_t"],
    )  # fmt: skip
    flows = baci.read_baci(root / "baci_hs92" / "baci_hs92_critical_2010-2024.csv.gz").frame
    chosen = (flows["exporter"] == "CHN") & (flows["importer"] == "USA") & (flows["year"] >= 2015)
    report = trade.mirror(flows[chosen & flows["hs"].isin(["284610", "284690"])], customs, digits=4)
    assert len(report) == 10 and report["value_ratio"].between(0.96, 1.0).all() and not report["differs"].any()
    assert report["quantity_ratio"].isna().all()


# --------------------------------------------------------------------------------------------------------------- WGI


def test_wgi_old_codes(tmp_path: Path) -> None:
    reading = wgi.read_wgi(governance(tmp_path, codes=("CHN", "ZAR", "ROM", "ADO", "TMP", "WBG", "KSV")))
    assert set(reading.frame["country"]) == {"CHN", "COD", "ROU", "AND", "TLS", "PSE", "XKX"}
    assert set(reading.frame.loc[reading.frame["country"] == "COD", "note"]) == {"ZAR is COD"}
    assert len(reading.corrections) == 6
    refused(lambda: wgi.read_wgi(governance(tmp_path, codes=("ZAR", "COD"))), "COD stands in row 6 too")


def test_wgi_tidy_and_missing(tmp_path: Path) -> None:
    frame = wgi.read_wgi(governance(tmp_path)).frame
    assert set(frame["dimension"]) == set(wgi.DIMENSIONS) and set(frame["year"]) == {2019, 2020}
    assert len(frame[frame["country"] == "ROU"]) == 6, "#N/A gives no row"
    assert (frame["standard_error"] == 0.2).all() and set(frame["edition"]) == {"2021"}


def test_wgi_mean(tmp_path: Path) -> None:
    frame = wgi.read_wgi(governance(tmp_path)).frame
    table = wgi_years.mean_estimate(frame, 2019, 2020).set_index("country")
    assert table.loc["CHN", "wgi"] == pytest.approx(-0.05) and table.loc["CHN", "values"] == 12
    assert math.isnan(table.loc["ROU", "wgi"]) and "6 of 12" in table.loc["ROU", "note"]
    refused(lambda: wgi_years.mean_estimate(frame[frame["dimension"] == "PV"], 2019, 2020), "rule of law")
    refused(lambda: wgi_years.mean_estimate(frame, 2018, 2020), "2018 to 2020 are not all there")


def test_wgi_pair(tmp_path: Path) -> None:
    reading = pair(tmp_path)
    frame = reading.frame.set_index(["country", "year"])
    assert set(reading.frame["country"]) == {"CHN", "GUF", "GUY", "ABW"}, "R20 and PUS are no countries"
    assert frame.loc[("GUY", 2022), "estimate"] == 0.027 and frame.loc[("GUF", 2022), "estimate"] == 0.331
    assert "stands twice" in frame.loc[("GUY", 2022), "note"]
    assert ("ABW", 1996) not in frame.index
    assert frame.loc[("CHN", 2022), "standard_error"] == 0.25
    assert {"R20", "PUS"} <= {fault.fault[:3] for fault in reading.corrections}


def test_wgi_lost_sign() -> None:
    """A minus that is gone leaves a valid number: the years beside it tell. Who crosses zero is not marked."""
    years, error = range(2015, 2021), 0.2
    series = {"LOST": [-1.0, -1.1, 1.0, -0.9, -1.0, -1.1], "CROSSES": [-0.4, -0.2, 0.1, -0.1, 0.2, 0.4],
              "JUMPS": [-1.0, -1.1, 0.3, -0.9, -1.0, -1.1], "ENDS": [1.0, -1.0, -1.0, -1.0, -1.0, 1.0]}  # fmt: skip
    rows = [(country, year, "PV", value, error, "2021", "") for country, values in series.items()
            for year, value in zip(years, values, strict=True)]  # fmt: skip
    frame = wgi.mark_signs(pd.DataFrame(rows, columns=list(wgi.COLUMNS)))
    marked = frame[frame["note"].ne("")]
    assert marked[["country", "year"]].to_numpy().tolist() == [["LOST", 2017]]
    assert "a lost or added minus?" in marked["note"].iloc[0]


def test_wgi_splice(tmp_path: Path) -> None:
    frame = pair(tmp_path).frame
    assert set(frame.loc[frame["year"] == 2023, "edition"]) == {"2025"}
    assert frame.loc[frame["year"] == 2023, "note"].str.contains("do not difference").all()
    refused(lambda: wgi_years.change(frame, 2022, 2023), "two editions")
    refused(lambda: wgi_years.mean_estimate(frame, 2022, 2023, ["PV"]), "two editions")
    moved = wgi_years.change(frame, 1996, 2022).set_index("country")["change"]
    assert moved["CHN"] == pytest.approx(-0.35)


def test_wgi_pair_faults(tmp_path: Path) -> None:
    refused(lambda: pair(tmp_path, PV + "Chile,CHL,0.1,55.2,0.3,152\nPeru,per,0.1,0.2,0.3,604\nX,ABW,1,1,1,9\n"),
            "row 8, 2022: `55.2` is no estimate", "row 9, Code: `per`", "ABW stands twice")  # fmt: skip
    refused(
        lambda: pair(tmp_path, PV.replace(",2022,", ",44562,")), "`44562` is a date as a serial number (2022-01-01)"
    )
    refused(lambda: pair(tmp_path, PV.replace("Code", "ISO")), "rename `ISO` to Code")
    refused(lambda: pair(tmp_path, PV, PV.replace("-", "").replace("China,CHN,0.09", "China,CHN,nan")),
            "CHN has an estimate and no standard error")  # fmt: skip
    refused(lambda: pair(tmp_path, PV, PV), "a standard error of -0.09")
    path = write(tmp_path, "page.csv", PAGE)
    refused(lambda: wgi_pair.read_wgi_pair(path, path), "web page")
    refused(lambda: wgi_pair.read_wgi_pair(path, path, "XX"), "`XX` is not a dimension")


def test_wgi_workbook_faults(tmp_path: Path) -> None:
    def spoil(book: openpyxl.Workbook) -> None:
        law = book["RuleofLaw"]
        law["C6"] = "=A1+1"
        law["D7"] = "low"
        law.merge_cells("A8:B8")
        book["RegulatoryQuality"]["I4"] = 43831
        del book["ControlofCorruption"]

    refused(
        lambda: wgi.read_wgi(governance(tmp_path, spoil)),
        "RuleofLaw!C6: the cell holds a formula", "RuleofLaw!D7: `low` is not a number",
        "RuleofLaw!A8:B8: the cells A8:B8 are merged",
        "RegulatoryQuality!I4: `43831` is a date as a serial number (2020-01-01)",
        "no sheet of control of corruption",
    )  # fmt: skip


def test_wgi_full(data_folder: Path) -> None:
    folder = data_folder / "raw" / "wgi"
    frame = wgi.read_wgi(folder / "wgidataset_2023update_1996-2022.xlsx").frame
    assert not set(wgi.OLD_CODES) & set(frame["country"]) and {"COD", "ROU", "XKX"} <= set(frame["country"])
    assert not frame.duplicated(["country", "year", "dimension"]).any()
    assert not {1997, 1999, 2001} & set(frame["year"])
    assert set(frame["edition"]) == {"2023"}
    means = wgi_years.mean_estimate(frame, 2016, 2020).set_index("country")
    assert means.loc["CHN", "values"] == 30
    assert round(means.loc["CHN", "wgi"], 3) == -0.357, "China as in the European Commission's study of 2023"

    reading = wgi_pair.read_wgi_pair(
        folder / "wgi_pv_estimate_1996-2024_geopolrisk.csv", folder / "wgi_pv_stderr_1996-2024_geopolrisk.csv"
    )
    assert len(reading.corrections) == 5 and not reading.frame.duplicated(["country", "year"]).any()
    both = reading.frame.merge(frame[frame["dimension"] == "PV"], on=["country", "year"])
    gap = (both["estimate_x"] - both["estimate_y"]).abs().groupby(both["country"]).max()
    assert gap["GUF"] == 0 and gap["GUY"] == 0, "the first row GUY is French Guiana, the second Guyana"
    assert set(gap[gap > 0].index) == {"JEY"}, "to 2022 the pair is the release of 2023; its row Jersey is newer"
    notes = reading.frame.loc[(reading.frame["country"] == "JEY") & (reading.frame["year"] < 2023), "note"]
    assert notes.str.contains("in every year").all()
    refused(lambda: wgi_years.change(reading.frame, 2022, 2023), "two editions")


# -------------------------------------------------------------------------------------------------------- Pink Sheet


def test_pinksheet_monthly(tmp_path: Path) -> None:
    reading = pinksheet.read_pinksheet(prices(tmp_path))
    frame = reading.frame
    nickel = pinksheet.price_of(frame, "Nickel")
    assert list(nickel["date"].dt.strftime("%Y-%m").iloc[[0, 1, -1]]) == ["2007-12", "2008-01", "2009-11"]
    assert nickel["price"].iloc[0] == 18000.5 and set(nickel["unit"]) == {"USD/t"}
    coal = pinksheet.price_of(frame, "Coal, South African")
    assert coal["price"].isna().sum() == 2 and coal["note"].str.contains("changed or replaced").all()
    assert "no price given" in coal["note"].iloc[0]
    assert "Urea" in set(frame["commodity"]), "the blank behind the name is dropped"
    index = pinksheet.price_of(frame, "Natural gas index")
    assert index["price"].isna().all() and set(index["unit"]) == {"index 2010=100"}
    refused(lambda: pinksheet.price_of(frame, "Dysprosium"), "no prices of Dysprosium", "Nickel")


def test_pinksheet_iron_ore_unit(tmp_path: Path) -> None:
    ore = pinksheet.price_of(pinksheet.read_pinksheet(prices(tmp_path)).frame, pinksheet.IRON).set_index("date")
    assert set(ore["unit"]) == {"USD/t"} and "63.5" in ore.loc["2008-11-01", "note"]
    assert "62 %" in ore.loc["2008-12-01", "note"]


def test_pinksheet_annual(tmp_path: Path) -> None:
    path = annual(tmp_path)
    nominal, real = (pinksheet.read_pinksheet(path, basis).frame for basis in ("nominal", "real"))
    assert set(nominal["basis"]) == {"nominal"} and set(real["basis"]) == {"real 2010"}
    assert list(nominal["price"][:3]) == [22023, 22024, 22025] and list(real["price"][:3]) == [17023, 17024, 17025]
    assert list(nominal["date"].dt.year[:3]) == [2023, 2024, 2025]
    assert set(nominal.loc[nominal["commodity"] == "Gold", "unit"]) == {"USD/troy_oz"}
    refused(lambda: pinksheet.read_pinksheet(prices(tmp_path), "real"), "0 sheets of real prices")


def test_pinksheet_annual_means(tmp_path: Path) -> None:
    means = pinksheet.annual_means(pinksheet.read_pinksheet(prices(tmp_path)).frame)
    nickel = means[means["commodity"] == "Nickel"].set_index("year")
    assert nickel.loc[2008, "price"] == pytest.approx(18000.5 + sum(range(1, 13)) / 12)
    assert math.isnan(nickel.loc[2009, "price"]) and nickel.loc[2009, "note"] == "11 of 12 months: no mean"


def test_pinksheet_faults(tmp_path: Path) -> None:
    def spoil(book: openpyxl.Workbook) -> None:
        sheet = book["Monthly Prices"]
        sheet["A8"] = 39448
        sheet["A9"] = datetime(2008, 2, 1)
        sheet["A11"] = "2008M06"
        sheet["B7"] = "18,000"
        sheet["B8"] = 0
        sheet["B10"] = "=B9*2"
        sheet["C9"] = True
        sheet["D6"] = "($/lb)"
        sheet.merge_cells("E12:E13")
        sheet["G9"] = 5

    refused(
        lambda: pinksheet.read_pinksheet(prices(tmp_path, spoil)),
        "Monthly Prices!A8: `39448` is a date as a serial number (2008-01-01)",
        "Monthly Prices!A9: `2008-02-01` is a date of the spreadsheet", "Monthly Prices!A11: 2008M06 does not follow",
        "Monthly Prices!B7: `18,000` is not a number", "Monthly Prices!B8: a price of 0",
        "Monthly Prices!B10: the cell holds a formula", "Monthly Prices!C9: `True`",
        "Monthly Prices!D6: `($/lb)` is not a unit", "Monthly Prices!E12:E13: the cells E12:E13 are merged",
        "Monthly Prices!G5: prices without a name",
    )  # fmt: skip


def test_pinksheet_a_first_row_without_its_date(tmp_path: Path) -> None:
    """A row of numbers is no row of codes: it was left out without a word."""
    path = prices(tmp_path, lambda book: setattr(book["Monthly Prices"]["A7"], "value", None))
    refused(lambda: pinksheet.read_pinksheet(path), "Monthly Prices!A7: `` is not a date such as 1960M01")


@pytest.mark.parametrize("read", [pinksheet.read_pinksheet, wgi.read_wgi])
def test_a_number_that_became_a_date(tmp_path: Path, read: Callable[[Path], Reading]) -> None:
    """Formatting the cell as a number would give the serial number: the fix says to write the number again."""
    day = datetime(2025, 1, 2)
    if read is pinksheet.read_pinksheet:
        path = prices(tmp_path, lambda book: setattr(book["Monthly Prices"]["B9"], "value", day))
        place = "Monthly Prices!B9"
    else:
        path = governance(tmp_path, lambda book: setattr(book["RuleofLaw"]["C6"], "value", day))
        place = "RuleofLaw!C6"
    refused(
        lambda: read(path), f"{place}: the cell is a date (2025-01-02), not a number", "write the number of the source"
    )


def test_pinksheet_renamed(tmp_path: Path) -> None:
    def twice(book: openpyxl.Workbook) -> None:
        book["Monthly Prices"]["D5"] = "Nickel"

    def sheet(book: openpyxl.Workbook) -> None:
        book["Monthly Prices"].title = "Prices"

    def units(book: openpyxl.Workbook) -> None:
        book["Monthly Prices"].delete_rows(6)

    refused(lambda: pinksheet.read_pinksheet(prices(tmp_path, twice)), "D5: Nickel stands twice")
    refused(lambda: pinksheet.read_pinksheet(prices(tmp_path, sheet)), "none of the sheets is known", "Monthly Indices")
    refused(lambda: pinksheet.read_pinksheet(prices(tmp_path, units)), "no row of units")


def with_macro(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")


@pytest.mark.parametrize("read", [pinksheet.read_pinksheet, wgi.read_wgi])
def test_workbook_bad_files(tmp_path: Path, read: Callable[[Path], Reading]) -> None:
    path = prices(tmp_path) if read is pinksheet.read_pinksheet else governance(tmp_path)
    whole = path.read_bytes()
    for raw, part in (
        (PAGE, "web page"), (b"\xd0\xcf\x11\xe0" + bytes(600), "old or a protected"), (b"", "not a workbook"),
        (FLOWS.encode(), "not a workbook"), (whole[: len(whole) // 2], "cut off or damaged"),
        (b"PK\x03\x04", "cut off or damaged"),
    ):  # fmt: skip
        refused(lambda raw=raw: read(write(tmp_path, "bad.xlsx", raw)), "bad.xlsx", part)
    with_macro(path)
    refused(lambda: read(path), "the workbook holds a macro")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**6), piece=st.binary(min_size=1, max_size=40))
def test_damaged_bytes(tmp_path: Path, place: int, piece: bytes) -> None:
    """A workbook or a gz file with some bytes overwritten is refused or reads the same."""
    for path, read in ((prices(tmp_path), pinksheet.read_pinksheet),
                       (write(tmp_path, "flows.csv.gz", gzip.compress(FLOWS.encode())), baci.read_baci)):  # fmt: skip
        whole = read(path).frame
        raw = path.read_bytes()
        at = place % len(raw)
        path.write_bytes(raw[:at] + piece + raw[at + len(piece) :])
        try:
            frame = read(path).frame
        except CaseError as error:
            assert error.faults and all(fault.fault and fault.fix for fault in error.faults)
            continue
        pd.testing.assert_frame_equal(whole, frame)


def test_pinksheet_full(data_folder: Path) -> None:
    path = data_folder / "raw" / "worldbank_pinksheet" / "CMO-Historical-Data-Monthly_2026-06-02.xlsx"
    reading = pinksheet.read_pinksheet(path)
    frame = reading.frame
    assert frame["commodity"].nunique() == 71 and len(frame) == 71 * 797
    assert frame["price"].isna().sum() == 6191 + 229, "both marks of a missing price"
    nickel = pinksheet.price_of(frame, "Nickel").set_index("date")
    assert nickel.loc["2026-05-01", "price"] == 18805.77 and set(nickel["unit"]) == {"USD/t"}
    ore = pinksheet.price_of(frame, pinksheet.IRON).set_index("date")
    assert list(ore.loc[["2005-12-01", "2006-01-01"], "unit"]) == ["cents/dmtu", "USD/t"]
    assert len(reading.corrections) == 8
    assert math.isnan(pinksheet.annual_means(nickel.reset_index()).iloc[-1]["price"]), "five months are no year"


# ---------------------------------------------------------------------------------------------------------- manifest


def state(result: Result, name: str) -> str:
    return str(result.table.set_index("data_set").loc[name, "state"])


def test_manifest_declares(tmp_path: Path) -> None:
    sets = manifest.data_sets()
    assert len({entry.name for entry in sets}) == len(sets) >= 20
    for entry in sets:
        assert entry.title and entry.publisher and entry.licence and entry.address.startswith("https://")
        assert re.fullmatch(r"[0-9a-f]{64}", entry.checksum) and entry.files > 0
    table = manifest.list_sources(tmp_path, date(2026, 11, 26)).table
    assert set(table["state"]) == {"missing"} and (table["files"] == 0).all()
    assert table.set_index("data_set").loc["pinksheet", "age"] == 177


def test_manifest_states(tmp_path: Path) -> None:
    one = write(tmp_path, "one.csv", "a\n1\n")
    digest = hashlib.sha256(one.read_bytes()).hexdigest()
    entry = replace(manifest.data_sets()[0], name="one", pattern="one.csv", files=1, checksum=digest)
    assert state(manifest.list_sources(tmp_path, sets=[entry]), "one") == "ok"
    one.write_text("a\n2\n")
    assert state(manifest.list_sources(tmp_path, sets=[entry]), "one") == "changed"
    one.unlink()
    assert state(manifest.list_sources(tmp_path, sets=[entry]), "one") == "missing"

    paths = [write(tmp_path, f"p{at}.csv", f"{at}\n") for at in range(3)]
    several = replace(entry, pattern="p*.csv", files=3, checksum=manifest.checksum(tmp_path, paths))
    listing = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in paths)
    assert several.checksum == hashlib.sha256(listing.encode()).hexdigest(), "as sha256sum prints"
    assert state(manifest.list_sources(tmp_path, sets=[several]), "one") == "ok"
    paths[0].unlink()
    assert state(manifest.list_sources(tmp_path, sets=[several]), "one") == "missing"


def test_manifest_result_is_saved(tmp_path: Path) -> None:
    result = manifest.list_sources(tmp_path, date(2026, 11, 26))
    again = Result.load(result.save(tmp_path / "out"))
    pd.testing.assert_frame_equal(result.table, again.table, check_dtype=False)


def test_manifest_full(data_folder: Path) -> None:
    """The declared facts are those of the list of sources, and every listed file belongs to one data set."""
    with (data_folder / "raw" / "SOURCES.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["file"]: row for row in csv.DictReader(file)}
    root = data_folder / "raw"
    held: list[str] = []
    for entry in manifest.data_sets():
        for path in sorted(root.glob(entry.pattern)):
            row = listed[path.relative_to(root).as_posix()]
            held.append(row["file"])
            assert (entry.publisher, entry.licence, entry.address) == (
                row["publisher"], row["license"], row["origin_url"])  # fmt: skip
            assert entry.date[:4] == row["year"]
            assert entry.files > 1 or entry.checksum == row["sha256"]
    assert sorted(held) == sorted(listed)
    table = manifest.list_sources(data_folder, date(2026, 11, 26)).table
    assert set(table["state"]) == {"ok"} and (table["age"] > 0).all()


# ------------------------------------------------------------------------------------------------------ mutated rows

EDITS = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.sampled_from(["drop", "add", "swap", "cut"]),
        st.sampled_from([*"0123456789.,-+eE\"' \n\tNaX;=\\\r", "é", "１", "\u00a0", "nan", "inf", "1e999", "−"]),
    ),
    min_size=1,
    max_size=4,
)


def mutate(text: str, edits: list[tuple[int, str, str]]) -> str:
    for place, kind, piece in edits:
        at = place % (len(text) + 1)
        text = {
            "drop": text[:at] + text[at + 1 :],
            "add": text[:at] + piece + text[at:],
            "swap": text[:at] + piece + text[at + 1 :],
            "cut": text[:at],
        }[kind]
    return text


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS, tables=st.booleans())
def test_mutated_flows(tmp_path: Path, edits: list[tuple[int, str, str]], tables: bool) -> None:
    """A mutated file is refused, or every number is the one that an independent reader finds in its row."""
    text = mutate(FLOWS, edits)
    try:
        frame = flows(tmp_path, text, tables).frame
    except CaseError as error:
        assert error.faults and all(fault.fault and fault.fix for fault in error.faults)
        return
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert len(rows) == len(frame)
    for row, (_at, found) in zip(rows, frame.iterrows(), strict=True):
        cells = {name.strip(): cell.strip() for name, cell in row.items()}
        assert found["value_usd"] == float(cells["value_kusd"]) * 1000.0
        if cells["quantity_t"] in ("", "NA"):
            assert math.isnan(found["quantity_t"])
        else:
            assert found["quantity_t"] == float(cells["quantity_t"])
        assert found["year"] == int(cells["year"]) and found["hs"] == cells["hs92"]
        for side in ("exporter", "importer"):
            assert found[side] == cells[f"{side}_iso3"].replace("S19", "TWN")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
def test_mutated_pair(tmp_path: Path, edits: list[tuple[int, str, str]]) -> None:
    text = mutate(PV, edits)
    errors = re.sub(r"-", "", PV)
    try:
        frame = pair(tmp_path, text, errors).frame
    except CaseError as error:
        assert error.faults and all(fault.fault and fault.fix for fault in error.faults)
        return
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    rows = [{name.strip(): cell for name, cell in row.items()} for row in rows]
    stated = [float(cell) for row in rows if row["Code"] not in wgi_pair.NOT_COUNTRIES for name, cell in row.items()
              if name.strip()[:1].isdigit() and cell.strip() not in wgi.MISSING]  # fmt: skip
    assert sorted(frame["estimate"]) == sorted(stated)


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**6), st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from(["", "…", "...", "n/a", "1,5", "12", "=1+1", "#N/A", "2008M01", "#REF!"]),
    st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cell=CELLS, row=st.integers(5, 31), column=st.integers(1, 7))
def test_mutated_prices(tmp_path: Path, cell: object, row: int, column: int) -> None:
    def spoil(book: openpyxl.Workbook) -> None:
        book["Monthly Prices"].cell(row, column).value = cell

    path = prices(tmp_path, spoil)
    try:
        frame = pinksheet.read_pinksheet(path).frame
    except CaseError as error:
        assert error.faults and all(fault.fault and fault.fix for fault in error.faults)
        return
    sheet = openpyxl.load_workbook(path)["Monthly Prices"]
    stated = [value for cells in sheet.iter_rows(min_row=7, min_col=2, values_only=True) for value in cells
              if isinstance(value, (int, float))]  # fmt: skip
    assert sorted(frame["price"].dropna()) == sorted(stated)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cell=CELLS, row=st.integers(4, 8), column=st.integers(1, 14))
def test_mutated_governance(tmp_path: Path, cell: object, row: int, column: int) -> None:
    def spoil(book: openpyxl.Workbook) -> None:
        book["RuleofLaw"].cell(row, column).value = cell

    path = governance(tmp_path, spoil)
    try:
        frame = wgi.read_wgi(path).frame
    except CaseError as error:
        assert error.faults and all(fault.fault and fault.fix for fault in error.faults)
        return
    sheet = openpyxl.load_workbook(path)["RuleofLaw"]
    stated = [float(sheet.cell(number, at).value) for number in (6, 7, 8) for at in (3, 9)
              if sheet.cell(number, at).value not in (None, *wgi.MISSING)]  # fmt: skip
    assert sorted(frame.loc[frame["dimension"] == "RL", "estimate"]) == sorted(stated)
