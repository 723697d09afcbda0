"""The page in a browser: it draws, it fits a phone, it prints."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from didymium.report.brief import write_brief
from report_fixtures import make_results

if TYPE_CHECKING:
    from didymium.case.case import Case

pytestmark = pytest.mark.browser

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=10000",
         "--host-resolver-rules=MAP * ~NOTFOUND"]  # fmt: skip


@pytest.fixture(scope="module")
def page(us_japan: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_brief(us_japan, make_results(us_japan), tmp_path_factory.mktemp("look") / "out", "2026-11-21")


def look(chromium: str, folder: Path, page: Path, *flags: str) -> str:
    profile = f"--user-data-dir={folder / 'profile'}"
    done = subprocess.run(
        [chromium, *FLAGS, profile, *flags, page.as_uri()], capture_output=True, text=True, timeout=120, cwd=folder
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def framed(page: Path, folder: Path, width: int) -> Path:
    """A page that shows the brief at a width, and writes what it sees into its own title."""
    frame = folder / f"frame{width}.html"
    frame.write_text(
        f'<body style="margin:0"><iframe src="{page.as_uri()}" width="{width}" height="900" style="border:0"></iframe>'
    )
    return frame


def test_every_figure_is_drawn(chromium: str, page: Path, tmp_path: Path) -> None:
    dom = look(chromium, tmp_path, page, "--window-size=1366,900", "--dump-dom")
    places = dom.count('class="plot')
    assert places >= 12
    assert dom.count("main-svg") >= places, "a figure was not drawn"


@pytest.mark.parametrize("width", [390, 1366])
def test_screenshot(chromium: str, page: Path, tmp_path: Path, width: int) -> None:
    shot = tmp_path / "shot.png"
    look(
        chromium,
        tmp_path,
        framed(page, tmp_path, width),
        f"--window-size={max(width, 600)},900",
        f"--screenshot={shot}",
    )
    assert shot.read_bytes()[:4] == b"\x89PNG" and shot.stat().st_size > 40_000


def test_nothing_sticks_out_of_a_phone(chromium: str, page: Path, tmp_path: Path) -> None:
    """The page itself never scrolls sideways; only tables and the Sankey do, inside their frames."""
    probe = page.with_name("probe.html")
    script = (
        "<script>window.addEventListener('load',function(){setTimeout(function(){"
        "var d=document.documentElement;document.title='width '+d.scrollWidth+' of '+d.clientWidth;},3000);});</script>"
    )
    probe.write_text(page.read_text("utf-8").replace("</body>", script + "</body>"), "utf-8")
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<body style="margin:0"><iframe id="f" src="{probe.as_uri()}" width="390" height="900"></iframe>'
        "<script>setInterval(function(){try{document.body.dataset.seen=document.getElementById('f').contentDocument.title;}"
        "catch(e){document.body.dataset.seen=String(e);}},500);</script>"
    )
    dom = look(chromium, tmp_path, frame, "--window-size=600,900", "--allow-file-access-from-files", "--dump-dom")
    probe.unlink()
    seen = dom.partition('data-seen="')[2].partition('"')[0]
    assert seen.startswith("width "), seen
    scroll, client = (int(part) for part in seen.removeprefix("width ").split(" of "))
    assert scroll <= client, seen


def test_it_prints_two_pages_and_an_annex(chromium: str, page: Path, tmp_path: Path) -> None:
    paper = tmp_path / "brief.pdf"
    look(chromium, tmp_path, page, "--no-pdf-header-footer", f"--print-to-pdf={paper}")
    assert paper.read_bytes()[:5] == b"%PDF-"
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("printed, but no pdftotext to read the pages with")
    text = subprocess.run([reader, str(paper), "-"], capture_output=True, text=True, check=True).stdout
    pages = [part.split() for part in text.split("\f")]
    assert "Exposure" in pages[0] and "Evidence" in pages[0]
    assert pages[1][:2] == ["Key", "charts"]
    assert pages[2][0].upper() == "ANNEX", "the key charts do not fit on the second page"
