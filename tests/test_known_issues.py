"""Every row of the list of known faults has a test on a fixture of our own and one on the full file."""

from __future__ import annotations

import csv
import importlib
import math
from pathlib import Path

from didymium.sources.usgs_reports import world_totals
from didymium.sources.usgs_side import read_agreements, read_import_sources
from test_sources_usgs import check_of, long_text, read_text

LONG, WIDE = "usgs_mcs2026/MCS2026_Commodities_Data.csv", "usgs_mcs2025/MCS2025_World_Data.csv"
T4, T5 = (f"usgs_mcs2026/MCS2026_{name}.csv" for name in ("T4_Country_Export_Control", "T5_Trade_Agreements"))
T7, FIG3 = (
    f"usgs_mcs2026/MCS2026_{name}.csv" for name in ("T7_Critical_Minerals_Salient", "Fig3_Major_Import_Sources")
)
BACI = "baci_hs92/baci_hs92_critical_2010-2024.csv.gz"
PAIR, BOOK, TRADE = "wgi/wgi_pv_*_geopolrisk.csv", "wgi/wgidataset_2023update_1996-2022.xlsx", "us_trade_dataweb/*.xlsx"
OURS, USGS, FLOWS, WEB = "test_known_issues", "test_sources_usgs", "test_sources_trade", "test_sources_dataweb"

OWN: dict[tuple[str, str, str], tuple[str, str]] = {
    (LONG, "whole file", "encoding"): (USGS, "test_tidy"),
    (LONG, "lines 8386-8392", "wrong_unit"): (USGS, "test_corrections_show"),
    (LONG, "lines 6109, 6124", "erratum_after_release"): (USGS, "test_corrections_show"),
    (LONG, "line 6076", "erratum_after_release"): (USGS, "test_corrections_show"),
    (LONG, "lines 5086, 7450", "lost_character"): (USGS, "test_cell"),
    (LONG, "line 8533", "shifted_columns"): (USGS, "test_corrections_show"),
    (LONG, "lines 8477, 8478", "missing_field"): (USGS, "test_corrections_show"),
    (LONG, "Value column", "code"): (USGS, "test_cell"),
    (LONG, "Value column", "bound"): (USGS, "test_cell"),
    (LONG, "Value column", "range"): (USGS, "test_cell"),
    (LONG, "Value column", "text"): (USGS, "test_cell"),
    (LONG, "12 reserve rows e.g. 3006, 3016, 3021", "format"): (USGS, "test_cell"),
    (LONG, "Unit column", "unit_variety"): (OURS, "test_units_of_one_table"),
    (LONG, "IRON ORE, MOLYBDENUM", "mixed_unit"): (OURS, "test_units_of_one_table"),
    (LONG, "CHROMIUM reserves", "mixed_basis"): (OURS, "test_two_bases_are_two_tables"),
    (LONG, "TELLURIUM, SELENIUM", "split_detail"): (USGS, "test_corrections_show"),
    (LONG, "TITANIUM MINERAL CONCENTRATES", "case_variant"): (USGS, "test_labels"),
    (LONG, "Statistics_detail", "typo"): (USGS, "test_labels"),
    (LONG, "Section", "variant"): (USGS, "test_labels"),
    (LONG, "MICA (NATURAL)", "duplicate_key"): (OURS, "test_rows_with_one_key_are_all_kept_in_order"),
    (LONG, "Country", "aggregate"): (USGS, "test_footnote_of_a_name"),
    (LONG, "world totals", "rounding"): (OURS, "test_a_total_that_its_rows_do_not_have"),
    (LONG, "GERMANIUM, RARE EARTHS (Heavy), YTTRIUM", "absent_table"): (USGS, "test_no_numbers_no_index"),
    (LONG, "LITHIUM, TITANIUM SPONGE 2024 etc.", "withheld"): (USGS, "test_withheld_is_an_interval_never_zero"),
    (T7, "row Rare earths", "footnote_in_name"): (USGS, "test_side_tables"),
    (T7, "header", "typo"): (USGS, "test_side_tables"),
    (T7, "row Gallium", "unit_differs"): (USGS, "test_side_tables"),
    (FIG3, "NIR column", "bound_dropped"): (OURS, "test_reliance_keeps_its_bound"),
    (T5, "header", "duplicate_header"): (USGS, "test_side_tables"),
    (T5, "Japan, Critical Minerals Agreement", "wrong_date"): (USGS, "test_side_tables"),
    (T5, "Japan, United States-Japan Framework", "date_zone"): (OURS, "test_the_day_in_tokyo"),
    (T5, "Philippines; Japan and Republic of Korea", "format"): (USGS, "test_side_tables"),
    (T4, "Commodity_Year", "packed_cell"): (USGS, "test_side_tables"),
    (WIDE, "whole file", "encoding"): (USGS, "test_one_file_release"),
    (WIDE, "header", "typo"): (USGS, "test_one_file_release"),
    (WIDE, "lines 401-408", "typo"): (USGS, "test_one_file_release"),
    (WIDE, "quantity columns", "ambiguous_blank"): (USGS, "test_one_file_release"),
    (WIDE, "line 264", "digit_lost"): (USGS, "test_one_file_release"),
    (WIDE, "lines 1120-1142", "wrong_unit"): (USGS, "test_one_file_release"),
    (WIDE, "lines 1186-1192", "wrong_unit"): (USGS, "test_one_file_release"),
    (WIDE, "COMMODITY, COUNTRY, TYPE", "whitespace"): (USGS, "test_one_file_release"),
    (WIDE, "COUNTRY", "footnote"): (USGS, "test_one_file_release"),
    (WIDE, "RESERVES_2024", "bound"): (USGS, "test_one_file_release"),
    (WIDE, "RARE EARTHS vs MCS2026", "revision"): (USGS, "test_vintage_diff_by_hand"),
    (WIDE, "ANTIMONY vs MCS2026", "revision"): (USGS, "test_vintage_diff_by_hand"),
    ("usgs_mcs2024/world/*.csv", "Country", "footnote_in_name"): (USGS, "test_footnote_of_a_name"),
    ("usgs_mcs2024/world/*.csv", "header and tail", "blank_columns"): (USGS, "test_files_by_commodity"),
    ("usgs_mcs2024/world/mcs2024-fluor_world.csv", "header", "wrong_header"): (USGS, "test_files_by_commodity"),
    ("usgs_mcs2024/salient/mcs2024-galli_salient.csv", "header", "wrong_unit"): (USGS, "test_files_by_commodity"),
    ("usgs_mcs2024/salient/mcs2024-raree_salient.csv", "header", "wrong_unit"): (USGS, "test_files_by_commodity"),
    ("usgs_mcs2023/world/mcs2023-vanad_world.csv", "Reserves_t", "wrong_unit"): (USGS, "test_files_by_commodity"),
    (
        "usgs_mcs2024/world/mcs2024-vanad_world.csv and mcs2024-sandi_world.csv",
        "quantity columns",
        "prefix",
    ): (USGS, "test_files_by_commodity"),
    ("usgs_mcs202[234]/world/*.csv", "header", "unit_in_header"): (USGS, "test_files_by_commodity"),
    ("usgs_mcs202[234]", "all CSV", "pandas_default"): (USGS, "test_files_by_commodity"),
    ("usgs_mcs2026/usgs_mcs2026_rare_earths.pdf", "world table", "footnote_fused"): (USGS, "test_bad_files"),
    (BACI, "exporter_iso3/importer_iso3", "code"): (FLOWS, "test_baci_taiwan"),
    (BACI, "quantity_t", "missing"): (FLOWS, "test_baci_missing_quantity"),
    (BACI, "hs92", "coverage"): (FLOWS, "test_baci_coverage"),
    (BACI, "hs92 280530, 284690", "aggregation"): (FLOWS, "test_baci_baskets"),
    (PAIR, "columns 2023, 2024", "spliced_vintage"): (FLOWS, "test_wgi_splice"),
    (PAIR, "Code", "duplicate_key"): (FLOWS, "test_wgi_pair"),
    (BOOK, "Code", "old_code"): (FLOWS, "test_wgi_old_codes"),
    (TRADE, "annual sheets, column 2026", "incomplete_year"): (WEB, "test_the_running_year_is_left_out"),
    (TRADE, "Quantity Description", "several_rows"): (WEB, "test_values_are_added_and_unlike_quantities_are_not"),
    (TRADE, "partners", "subset"): (WEB, "test_partners_of_the_query_only"),
}
"""The test on a fixture of our own, by file, place and kind of each row of ``known_issues.csv``."""

FULL = {BACI: (FLOWS, "test_baci_full"), PAIR: (FLOWS, "test_wgi_full"), BOOK: (FLOWS, "test_wgi_full"),
        TRADE: (WEB, "test_dataweb_full")}  # fmt: skip
"""The test on the full file; a row of the yearbooks has a check of its own (``test_known_issue``)."""

DISPUTED = {
    (PAIR, "Code", "duplicate_key"): "the list says to drop the second row GUY; the first one is French Guiana and "
    "the second Guyana, to the last digit of the workbook of 2023, so that both are kept under their own names",
    (BOOK, "Code", "old_code"): "the list says that the workbook differs from the pair by up to 0.30 in 2022; that is "
    "the row of French Guiana taken for Guyana (0.331 against 0.027): beside Jersey no country differs",
}
"""Rows of the list that are wrong themselves, and what is right: ``test_wgi_full`` holds it."""


def test_the_tests_are_there() -> None:
    assert len(OWN) == 65
    for module, name in {*OWN.values(), *FULL.values(), (USGS, "test_known_issue")}:
        assert callable(getattr(importlib.import_module(module), name)), name


def test_every_row_is_tested(data_folder: Path) -> None:
    with (data_folder / "curated" / "known_issues.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    keys = [(row["file"], row["locator"], row["issue"]) for row in rows]
    assert len(keys) == 65 and set(keys) == set(OWN) and set(DISPUTED) < set(OWN)
    for row in rows:
        assert row["file"] in FULL or check_of(row) is not None, row


# ---------------------------------------------------------------------------- fixtures that no other test has


def test_units_of_one_table(tmp_path: Path) -> None:
    """Production in thousand tons beside reserves in million tons: a ratio is taken on the base unit."""
    reserves = {"Statistics": "Reserves", "Statistics_detail": "Reserves", "Unit": "million metric tons"}
    rows = ({"Unit": "thousand metric tons", "Value": "500"}, reserves | {"Value": "20"},
            {"Unit": " thousands of carats", "Value": "3", "Statistics_detail": "Mine production: gem"})  # fmt: skip
    frame = read_text(tmp_path, long_text(*rows))
    amount = (frame["value"] * frame["factor"]).tolist()
    assert amount == [500e3, 20e6, 3000] and frame["base"].tolist() == ["t", "t", "ct"]
    assert amount[1] / amount[0] == 40


def test_two_bases_are_two_tables(tmp_path: Path) -> None:
    ore, oxide = (
        {"Statistics": "Reserves", "Statistics_detail": f"Reserves: {basis}", "Country": "World total", "Year": year}
        for basis, year in (("Ore", "2024"), ("Cr2O3 content", "2025"))
    )
    frame = read_text(tmp_path, long_text(ore | {"Value": "1,200"}, oxide | {"Value": "560"}))
    assert frame[["quantity", "form"]].to_numpy().tolist() == [["reserves", "ore"], ["reserves", "cr2o3 content"]]


def test_rows_with_one_key_are_all_kept_in_order(tmp_path: Path) -> None:
    frame = read_text(tmp_path, long_text({"Value": "7"}, {"Value": "3"}, {"Value": "7"}))
    assert frame["value"].tolist() == [7, 3, 7] and frame["row"].tolist() == [2, 3, 4]


def test_a_total_that_its_rows_do_not_have(tmp_path: Path) -> None:
    """A difference is reported with its cause; the total is not changed and shares are not forced to one."""
    total = {"Country": "World total", "Value": "1,000"}
    rounded = read_text(tmp_path, long_text({"Value": "960"}, {"Country": "Other countries", "Value": "1"}, total))
    found = world_totals(rounded).iloc[0]
    assert found[["total", "sum", "within"]].tolist() == [1000, 961, False] and "rounded" in found["cause"]
    silent = read_text(tmp_path, long_text({"Value": "300"}, {"Country": "Peru", "Value": "W"},
                                           {"Country": "Other countries", "Value": "1"}, total))  # fmt: skip
    assert "withheld" in world_totals(silent)["cause"].item()


def test_reliance_keeps_its_bound(tmp_path: Path) -> None:
    """The figure prints 50 where the long file says more than 50."""
    path = tmp_path / "Fig3.csv"
    path.write_text("Commodity,Import_Source_2021_24,Percent,NIR\nUnobtainium,Chile,60,50\n")
    reliance = {"Section": "Salient Statistics—United States", "Statistics": "Net import reliance", "Unit": "percent",
                "Statistics_detail": "Net import reliance", "Country": "United States", "Year": "2025"}  # fmt: skip
    found = read_import_sources(path, read_text(tmp_path, long_text(reliance | {"Value": ">50"}))).iloc[0]
    assert (found["printed_reliance"], found["reliance_low"]) == ("50", 50) and math.isnan(found["reliance_high"])
    assert "`50` is a bound, `>50` in the long file" in found["note"]


def test_the_day_in_tokyo(tmp_path: Path) -> None:
    path = tmp_path / "T5.csv"
    name = "United States-Japan Framework for Securing the Supply"
    path.write_text(f"Country,Agreement,Signing_date,Signing_date\nJapan,{name},27-Oct-25,2025-10-27\n")
    found = read_agreements(path).iloc[0]
    assert (found["printed"], found["signed"]) == ("2025-10-27", "2025-10-28") and "local time" in found["note"]
