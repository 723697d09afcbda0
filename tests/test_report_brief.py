"""The brief as a file: what is in it, what it leads to, what it never does."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from didymium.faults import DidymiumError
from didymium.report.brief import write_brief
from didymium.report.footnotes import Evidence
from didymium.result import Result
from report_fixtures import make_results, screened, tracked

if TYPE_CHECKING:
    from didymium.case.case import Case

AS_OF = "2026-11-21"
FETCHING = {
    "link": "href",
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "object": "data",
    "use": "href",
}


class Page(HTMLParser):
    """What a test needs of the page: elements with attributes, styles, text by element."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.styles: list[str] = []
        self.json: dict[str, str] = {}
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = {k: v or "" for k, v in attrs}
        self.elements.append((tag, kept))
        self._open = tag if tag == "style" else kept.get("id", "") if tag == "script" else ""

    def handle_endtag(self, tag: str) -> None:
        self._open = "" if tag in ("script", "style") else self._open

    def handle_data(self, data: str) -> None:
        if self._open == "style":
            self.styles.append(data)
        elif self._open:
            self.json[self._open] = self.json.get(self._open, "") + data


@pytest.fixture(scope="module")
def brief(us_japan: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_brief(us_japan, make_results(us_japan), tmp_path_factory.mktemp("brief") / "out", AS_OF)


@pytest.fixture(scope="module")
def page(brief: Path) -> Page:
    return Page(brief.read_text("utf-8"))


def test_everything_lies_beside_the_page(brief: Path) -> None:
    assert (brief.parent / "tables.xlsx").is_file()
    verbs = {folder.name for folder in (brief.parent / "data").iterdir()}
    assert verbs == {"screen", "clear", "shock", "plan", "track"}
    saved = Result.load(brief.parent / "data" / "shock")
    assert saved.verb == "shock" and not saved["prices"].empty


def test_every_number_leads_to_its_sources(us_japan: Case, page: Page) -> None:
    evidence = Evidence(us_japan)
    notes = {a["id"]: a["data-rests-on"] for tag, a in page.elements if tag == "li" and "data-rests-on" in a}
    numbers = [a["data-note"] for _tag, a in page.elements if "data-note" in a]
    assert len(numbers) > 150
    for number in set(numbers):
        assert evidence.of(notes[f"note-{number}"]), f"note {number} leads to no source"
    marks = {a["href"] for tag, a in page.elements if tag == "a" and a.get("href", "").startswith("#note-")}
    assert {mark.removeprefix("#") for mark in marks} == set(notes), "a note that no mark leads to, or the reverse"


def test_notes_are_numbered_as_they_are_read(page: Page) -> None:
    seen = list(
        dict.fromkeys(a["href"] for tag, a in page.elements if tag == "a" and a.get("href", "").startswith("#note-"))
    )
    assert seen == [f"#note-{n}" for n in range(1, len(seen) + 1)]


def test_no_number_of_a_sentence_stands_outside_a_footnote(brief: Path) -> None:
    text = brief.read_text("utf-8")
    answer = text[text.index('<dl class="answer">') : text.index("</dl>")]
    bare = re.sub(r'<span class="n".*?</span>|<sup.*?</sup>', "", answer, flags=re.S)
    bare = re.sub(r"<[^>]+>", "", bare)
    bare = re.sub(r"“[^”]*”|\([^)]*\)|of \d+ steps|more than \d+\s*%|\d+ \w+ 20\d\d", "", bare.replace("\u00a0", " "))
    assert not re.findall(r"\d[\d,.]*", bare), bare


def test_the_page_forbids_the_browser_to_fetch(page: Page) -> None:
    rules = [a["content"] for tag, a in page.elements if tag == "meta" and a.get("http-equiv", "").endswith("Policy")]
    assert len(rules) == 1 and rules[0].startswith("default-src 'none'") and "http" not in rules[0]


def test_the_page_fetches_nothing(page: Page) -> None:
    for tag, attributes in page.elements:
        address = attributes.get(FETCHING.get(tag, ""), "")
        assert not address, f"<{tag}> fetches {address}"
        assert "url(" not in attributes.get("style", "")
        assert not any(name.startswith("on") for name in attributes)
    assert not re.search(r"url\(|@import", "".join(page.styles))
    figures = json.loads(page.json["figures"])
    kinds = {
        trace["type"] for figure in figures.values() for form in ("wide", "narrow") for trace in figure[form]["data"]
    }
    assert kinds <= {"scatter", "bar", "heatmap", "sankey"}, "maps of plotly fetch their outlines"
    assert "http" not in page.json["figures"]


def test_links_lead_to_notes_sources_or_files_beside_the_page(brief: Path, page: Page) -> None:
    ids = {a["id"] for _tag, a in page.elements if "id" in a}
    for tag, attributes in page.elements:
        if tag != "a":
            continue
        address = attributes["href"]
        if address.startswith("#"):
            assert address[1:] in ids, address
        elif not address.startswith(("https://", "http://")):
            assert (brief.parent / address).is_file(), address


def test_sections_of_verbs_that_were_not_run_are_left_out(us_japan: Case, tmp_path: Path) -> None:
    page = write_brief(us_japan, [screened(us_japan), tracked(us_japan)], tmp_path / "out", AS_OF).read_text("utf-8")
    assert 'id="figure-exposure"' in page and 'id="figure-clock"' in page
    for name in ("prices", "gap", "gantt", "map_goods"):
        assert f'id="figure-{name}"' not in page
    assert page.count("<dt>Plan</dt>") == 0


def test_a_failed_run_leaves_the_brief_as_it_was(us_japan: Case, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_brief(us_japan, [tracked(us_japan)], out, AS_OF)
    before = {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    broken = screened(us_japan)
    broken["exposure"]["rests_on"] = "facilities/no_such_plant"
    with pytest.raises(DidymiumError, match="no_such_plant"):
        write_brief(us_japan, [broken, tracked(us_japan)], out, AS_OF)
    after = {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert after == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"], "something half-written was left"


def test_a_fault_while_writing_leaves_the_brief_as_it_was(
    us_japan: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    page = write_brief(us_japan, [tracked(us_japan)], out, AS_OF)
    before = page.read_bytes()

    def fail(*_args: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("didymium.report.brief.write_workbook", fail)
    with pytest.raises(OSError, match="no space"):
        write_brief(us_japan, [screened(us_japan)], out, AS_OF)
    assert page.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_nothing_to_tell_is_a_fault(us_japan: Case, tmp_path: Path) -> None:
    with pytest.raises(DidymiumError, match="at least one"):
        write_brief(us_japan, [], tmp_path / "out", AS_OF)
    with pytest.raises(DidymiumError, match="one result per verb"):
        write_brief(us_japan, [tracked(us_japan), tracked(us_japan)], tmp_path / "out", AS_OF)
    assert not (tmp_path / "out").exists()


def test_names_from_a_case_cannot_become_markup(us_japan: Case, tmp_path: Path) -> None:
    result = tracked(us_japan)
    result["commitments"].loc[0, "title"] = "<script>alert(1)</script>"
    text = write_brief(us_japan, [result], tmp_path / "out", AS_OF).read_text("utf-8")
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text


def test_bounds_and_rules_stand_in_the_annex(brief: Path) -> None:
    annex = brief.read_text("utf-8").partition('<section class="annex"')[2]
    for said in (
        "Lower bound: the best plan found (RP)",
        "Upper bound: no plan brings more",
        "VSS = RP - EEV",
        "EVPI = WS - RP",
        "60 days of everything",
        "all announced projects as announced",
    ):
        assert said in annex, said
    assert "2,050 ± 310" in annex and "out of sample" in annex
    bounds = annex[annex.index("The planning program of") :].partition("</table>")[0]
    for value in ("1,836", "1,840", "1,726", "2,101", "265"):
        assert f">{value}<" in bounds, value
