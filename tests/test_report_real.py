"""The brief of the bundled case from real results: what a reader who checks it would catch."""

from __future__ import annotations

import csv
import html
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import didymium
from didymium.report.brief import write_brief
from didymium.report.figures.cover import fitted_cover
from didymium.report.figures.shortage import shown_uses
from didymium.report.footnotes import Evidence, Notes
from didymium.report.names import ranked
from didymium.report.numbers import Writer
from didymium.report.tables import PRIORITIES, price_table, priorities
from didymium.result import Result

if TYPE_CHECKING:
    from didymium.case.case import Case

AS_OF = "2026-11-21"
TABLES = Path(didymium.__file__).parent / "cases" / "us_japan"


@pytest.fixture(scope="module")
def results(screened: Result, cleared: Result, shocked: Result, planned: Result, tracked: Result) -> list[Result]:
    return [screened, cleared, shocked, planned, tracked]


@pytest.fixture(scope="module")
def brief(us_japan: Case, results: list[Result], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_brief(us_japan, results, tmp_path_factory.mktemp("real") / "out", AS_OF)


@pytest.fixture(scope="module")
def page(brief: Path) -> str:
    """The page without its scripts."""
    return re.sub(r"<script.*?</script>", "", brief.read_text("utf-8"), flags=re.S)


def source_rows(table: str) -> list[dict[str, str]]:
    """The rows of a table as its author wrote them: not through the code under test."""
    with (TABLES / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def said(page: str, topic: str) -> str:
    """One sentence of the answer as plain text, without its marks."""
    found = re.search(rf"<dt>{topic}</dt><dd>(.*?)</dd>", page, flags=re.S)
    assert found, topic
    bare = re.sub(r"<sup.*?</sup>", "", found[1], flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", "", bare)).replace("\u00a0", " ")


def test_every_number_leads_to_rows_with_sources(us_japan: Case, page: str) -> None:
    evidence = Evidence(us_japan)
    notes = dict(re.findall(r'<li id="note-(\d+)" value="\d+" data-rests-on="([^"]*)"', page))
    numbers = set(re.findall(r'data-note="(\d+)"', page))
    assert len(numbers) > 80
    for number in numbers:
        rows = html.unescape(notes[number]).split(";")
        assert all(rows) and evidence.of(rows), f"note {number} leads to no source"


def test_no_cell_holds_a_bare_number(page: str) -> None:
    cells = re.findall(r'<td class="number">(.*?)</td>', page, flags=re.S)
    grades = page[page.index('class="table grades"') :].partition("</table>")[0]
    bare = [c for c in cells if re.search(r"\d", c) and "data-note" not in c and c not in grades]
    assert len(cells) > 200 and not bare, bare[:5]


def test_counts_are_the_rows_of_the_tables(page: str) -> None:
    assert f"agreement's {len(source_rows('commitments'))} commitments" in said(page, "Promises")
    secret = [row for row in source_rows("stocks") if row["band"] == "range"]
    assert f"{len(secret)} government stocks" in said(page, "Evidence")
    assert f" of {len(source_rows('facilities'))} known facilities" in said(page, "Plants left out")


def test_a_quotation_is_its_source_over_the_base(page: str) -> None:
    """Terbium oxide in Europe in July 2025 over the mean of 2024 in China, both per kilogram of oxide."""
    prices = [row for row in source_rows("prices") if row["commodity"] == "tb_oxide" and row["unit"] == "USD/kg"]
    base = next(float(r["price"]) for r in prices if (r["region"], r["date"], r["use"]) == ("CHN", "2024", "fit"))
    peak = max(float(r["price"]) for r in prices if r["region"] == "EUR" and r["date"].startswith("2025"))
    shown = re.search(r"quotations rose to ([\d.]+) times", said(page, "Shock"))
    assert shown and float(shown[1]) == pytest.approx(peak / base, rel=0.01)


def test_prices_stand_as_they_are_quoted(us_japan: Case, cleared: Result) -> None:
    table = price_table(us_japan, cleared, Writer(Notes(us_japan)))
    found = {(str(c[0]), str(c[1])): [re.sub(r"<[^>]+>", "", str(x)) for x in c] for c, _mark in table.rows}
    for commodity, name in (("tb_oxide", "Terbium oxide"), ("dy_oxide", "Dysprosium oxide")):
        quoted = next(
            r for r in source_rows("prices") if (r["commodity"], r["region"], r["use"]) == (commodity, "CHN", "fit")
        )
        cells = found[name, "China"]
        assert cells[2] == quoted["basis"] == "oxide"
        assert cells[4] == quoted["price"] and cells[5] == f"{quoted['low']}–{quoted['high']}"


def test_no_days_of_a_stock_that_nobody_holds(us_japan: Case, shocked: Result) -> None:
    held = shocked["stocks"].groupby(["commodity", "region"])["level"].max()
    cover = fitted_cover(us_japan, shocked)
    assert set(cover["region"]) == {"USA", "JPN"}
    for commodity, region in zip(cover["commodity"], cover["region"], strict=True):
        assert held[commodity, region] > 0.1, f"{commodity} in {region}: kilograms"


def test_no_priority_is_something_that_a_partner_does_not_use(us_japan: Case, results: list[Result]) -> None:
    tables = priorities(us_japan, {r.verb: r for r in results}, Writer(Notes(us_japan)))
    for participant, table in zip(us_japan.participants, tables, strict=True):
        rows = ranked(us_japan, results[0]["exposure"], participant)
        used = rows[rows["need"].gt(0)]
        assert len(table.rows) == min(PRIORITIES, len(used))
        assert all(str(cells[2]) != "–" for cells, _mark in table.rows)


def test_tonnes_of_one_kind_are_added(us_japan: Case, shocked: Result) -> None:
    commodities = us_japan["commodities"].set_index("commodity")
    shown = set(shown_uses(us_japan, shocked["served"])["commodity"])
    assert shown and set(commodities.loc[list(shown), "basis"]) == {"gross"}
    assert set(commodities.loc[list(shown), "calibrated"]) == {"yes"}


def test_the_joint_plan_is_not_praised_beyond_its_numbers(page: str, planned: Result) -> None:
    compare = planned["compare"].set_index("who")
    worse = [p for p in ("USA", "JPN") if compare.at[p, f"gain_{p.lower()}"] > compare.at["both", f"gain_{p.lower()}"]]
    assert said(page, "Plan").count("less than alone for") == len(worse)


@pytest.mark.parametrize("day", ["2025-06-01", "2026-02-01"])
def test_a_day_before_the_signature_is_no_fault(day: str, us_japan: Case, tmp_path: Path) -> None:
    tracked = didymium.track(us_japan, as_of=day)
    text = write_brief(us_japan, [tracked], tmp_path / "out", day).read_text("utf-8")
    assert ("nothing was signed" in text) == (day < "2025-10-28")


@pytest.mark.browser
def test_the_first_sheet_holds_the_answer_and_its_chart(chromium: str, brief: Path, tmp_path: Path) -> None:
    """Two pages, then the annex: from real results, whose sentences are longer than a fixture's."""
    paper = tmp_path / "brief.pdf"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=10000", "--no-pdf-header-footer",
             "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}"]  # fmt: skip
    subprocess.run(
        [chromium, *flags, f"--print-to-pdf={paper}", brief.as_uri()], capture_output=True, timeout=120, check=True
    )
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("printed, but no pdftotext to read the pages with")
    text = subprocess.run([reader, str(paper), "-"], capture_output=True, text=True, check=True).stdout
    pages = text.split("\f")
    assert "Priority commodities" in pages[0]
    assert "outside, not foreseen" in pages[0], "the chart of prices is not on the first page"
    assert "Superscripts lead to notes" in pages[0], "the answer runs over the first page"
    assert pages[1].split()[:2] == ["Key", "charts"] and "finished magnets" in pages[1]
    assert pages[2].split()[0].upper() == "ANNEX", "the key charts run over the second page"
