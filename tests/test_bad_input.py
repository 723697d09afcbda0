"""Bad input gives a non-zero exit and a line with file, row and fix, and writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import didymium
from case_editing import add, change, copy_case
from didymium.cli import app
from didymium.faults import SolverError

Broken = tuple[str, int | None, str]
"""File at fault, its line where the fault has one, and a word of the fix."""


def unknown_commodity(case: Path) -> Broken:
    line = change(case, "demands", {"commodity": "magnet_standard"}, commodity="magnet_standart")
    return "demands.csv", line, "write `magnet_standard`"


def missing_unit(case: Path) -> Broken:
    return "prices.csv", change(case, "prices", {}, unit=""), "A number without a unit"


def unknown_unit(case: Path) -> Broken:
    return "prices.csv", change(case, "prices", {}, unit="USD/barrel"), "state the unit"


def not_a_number(case: Path) -> Broken:
    return "demands.csv", change(case, "demands", {}, quantity="NaN"), "leave the cell empty"


def infinite(case: Path) -> Broken:
    return "facilities.csv", change(case, "facilities", {}, capacity="inf"), "write digits"


def mixed_basis(case: Path) -> Broken:
    return "prices.csv", change(case, "prices", {"commodity": "dy_oxide"}, basis="gross"), "state it in element"


def mixed_capacity(case: Path) -> Broken:
    line = change(case, "facilities", {"facility": "mountain_pass_mine"}, basis="element")
    return "facilities.csv", line, "state the capacity in tonnes reo"


def creates_mass(case: Path) -> Broken:
    where = {"process": "recycle_swarf_standard", "commodity": "ndpr_oxide"}
    line = change(case, "recipes", where, coefficient="1.2", low="1.1", high="1.3")
    return "recipes.csv", line, "lower the outputs"


def recovers_too_much(case: Path) -> Broken:
    where = {"process": "separate_light_bayan_obo", "commodity": "ndpr_oxide"}
    line = change(case, "recipes", where, coefficient="1.05", low="1", high="1.1")
    return "recipes.csv", line, "between 0 and 1"


def counted_twice(case: Path) -> Broken:
    line = add(case, "facilities", {"facility": "mountain_pass_mine"}, facility="mountain_pass_again")
    return "facilities.csv", line, "supersedes"


def same_name(case: Path) -> Broken:
    return "facilities.csv", add(case, "facilities", {"facility": "mountain_pass_mine"}), "keep one row"


def reversed_date(case: Path) -> Broken:
    return "measures.csv", change(case, "measures", {}, start="2026-01-01", end="2025-01-01"), "put the dates in order"


def impossible_date(case: Path) -> Broken:
    return "measures.csv", change(case, "measures", {}, start="2026-02-30"), "YYYY-MM-DD"


def upside_down_band(case: Path) -> Broken:
    return "demands.csv", change(case, "demands", {}, low="1e9", high="1"), "widen the band"


def empty_file(case: Path) -> Broken:
    (case / "demands.csv").write_bytes(b"")
    return "demands.csv", None, "put the header"


def only_a_header(case: Path) -> Broken:
    text = (case / "demands.csv").read_text("utf-8")
    (case / "demands.csv").write_text(text.partition("\n")[0] + "\n", "utf-8")
    return "demands.csv", None, "add at least one row"


def missing_file(case: Path) -> Broken:
    (case / "recipes.csv").unlink()
    return "recipes.csv", None, "add the file"


def missing_column(case: Path) -> Broken:
    text = (case / "demands.csv").read_text("utf-8")
    (case / "demands.csv").write_text(text.replace(",unit,", ",units,", 1), "utf-8")
    return "demands.csv", 1, "rename it"


def wrong_encoding(case: Path) -> Broken:
    text = (case / "commodities.csv").read_text("utf-8")
    (case / "commodities.csv").write_bytes(text.encode("cp932"))
    return "commodities.csv", 2, "save it as CSV UTF-8"


def wide_encoding(case: Path) -> Broken:
    text = (case / "commodities.csv").read_text("utf-8")
    (case / "commodities.csv").write_bytes(text.encode("utf-16"))
    return "commodities.csv", None, "save it as CSV UTF-8"


def a_web_page(case: Path) -> Broken:
    (case / "prices.csv").write_text("<!doctype html><html></html>", "utf-8")
    return "prices.csv", 1, "download the table itself"


def suspect_source(case: Path) -> Broken:
    line = change(case, "demands", {}, source="rumour", low="", high="")
    add(case, "sources", {}, source="rumour", grade="D")
    return "demands.csv", line, "cite a better source"


BREAKAGES = (
    unknown_commodity, missing_unit, unknown_unit, not_a_number, infinite, mixed_basis, mixed_capacity, creates_mass,
    recovers_too_much, counted_twice, same_name, reversed_date, impossible_date, upside_down_band, empty_file,
    only_a_header, missing_file, missing_column, wrong_encoding, wide_encoding, a_web_page, suspect_source,
)  # fmt: skip


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return copy_case(tmp_path)


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.__name__)
def test_line_names_file_row_and_fix(breakage: Callable[[Path], Broken], case: Path, tmp_path: Path) -> None:
    file, line, fix = breakage(case)
    out = tmp_path / "out"
    for command in (["clear", str(case), "--out", str(out)], ["check", str(case)]):
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 1, result.output
        lines = [text for text in result.output.splitlines() if text.startswith(f"{file}") and fix in text]
        assert lines, f"no line of {file} says `{fix}`:\n{result.output}"
        assert line is None or any(text.startswith(f"{file}, row {line}") for text in lines), (line, lines)
        assert all(" -> " in text for text in lines)
        assert "Traceback" not in result.output
    assert not out.exists()
    assert not [path for path in tmp_path.iterdir() if path != case], "something was left behind"


def test_all_faults_at_once(case: Path) -> None:
    wanted = [broken(case)[0] for broken in (not_a_number, missing_unit, reversed_date)]
    files = [fault.file for fault in didymium.check(case)]
    assert set(wanted) <= set(files)


def test_faults_of_scenarios(case: Path) -> None:
    (case / "scenarios" / "bad.toml").write_text('start = "2025-13-01"\nmonths = 0\n', "utf-8")
    result = CliRunner().invoke(app, ["check", str(case)])
    assert result.exit_code == 1
    assert "scenarios/bad.toml" in result.output and "months" in result.output


@pytest.mark.parametrize("command", ["brief", "check", "screen", "clear", "shock", "plan", "track", "describe"])
def test_missing_folder(command: str, tmp_path: Path) -> None:
    out = [] if command == "check" else ["--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [command, str(tmp_path / "nowhere"), *out])
    assert result.exit_code == 1
    assert "nowhere" in result.stderr and "us-japan" in result.stderr and " -> " in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_failed_solver_gives_no_number(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import highspy

    ended = highspy.Highs.getModelStatus

    def status(self: highspy.Highs) -> object:
        # The check for loops is a program too, a small one; it may pass.
        return ended(self) if self.getNumCol() < 100 else highspy.HighsModelStatus.kSolveError

    monkeypatch.setattr(highspy.Highs, "getModelStatus", status)
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["clear", "us-japan", "--json", "--out", str(out)])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "solver" in result.stderr and " -> " in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_failed_solver_leaves_the_old_brief(old_brief: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The main job, its first five seconds done, and then a program that ends badly."""
    import highspy

    before = snapshot(old_brief)
    ended = highspy.Highs.getModelStatus

    def status(self: highspy.Highs) -> object:
        return ended(self) if self.getNumCol() < 100 else highspy.HighsModelStatus.kSolveError

    monkeypatch.setattr(highspy.Highs, "getModelStatus", status)
    result = CliRunner().invoke(app, ["brief", "us-japan", "--out", str(old_brief)])
    assert result.exit_code == 1 and "Traceback" not in result.output
    assert "solver" in result.stderr and " -> " in result.stderr and len(result.stderr.splitlines()) == 1
    assert snapshot(old_brief) == before
    assert [path.name for path in old_brief.parent.iterdir()] == ["brief"]


@pytest.mark.parametrize(
    ("name", "content", "fix"),
    [
        ("case.toml", 'title = "open', "correct the line"),
        ("case.toml", "", "add `base_year"),
        ("prices.csv", "commodity,region\n", "add it"),
    ],
)
def test_unreadable_file_leaves_the_old_brief(name: str, content: str, fix: str, case: Path, old_brief: Path) -> None:
    before = snapshot(old_brief)
    (case / name).write_text(content, "utf-8")
    result = CliRunner().invoke(app, ["brief", str(case), "--out", str(old_brief)])
    assert result.exit_code == 1 and "Traceback" not in result.output
    assert any(line.startswith(name) and fix in line for line in result.stderr.splitlines()), result.stderr
    assert snapshot(old_brief) == before


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.__name__)
def test_every_fault_leaves_the_old_brief(
    breakage: Callable[[Path], Broken], case: Path, old_brief: Path, tmp_path: Path
) -> None:
    before = snapshot(old_brief)
    file, _line, fix = breakage(case)
    result = CliRunner().invoke(app, ["brief", str(case), "--out", str(old_brief)])
    assert result.exit_code == 1 and "Traceback" not in result.output
    assert any(line.startswith(file) and fix in line for line in result.stderr.splitlines()), result.stderr
    assert snapshot(old_brief) == before
    assert {path.name for path in tmp_path.iterdir()} == {case.name, old_brief.name}


@pytest.fixture
def old_brief(tmp_path: Path) -> Path:
    folder = tmp_path / "brief"
    (folder / "data" / "screen").mkdir(parents=True)
    (folder / "brief.html").write_text("the old brief", "utf-8")
    (folder / "data" / "screen" / "manifest.json").write_text("{}", "utf-8")
    return folder


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_bad_case_leaves_the_old_brief(case: Path, old_brief: Path) -> None:
    before = snapshot(old_brief)
    not_a_number(case)
    result = CliRunner().invoke(app, ["brief", str(case), "--out", str(old_brief)])
    assert result.exit_code == 1 and "demands.csv" in result.stderr
    assert snapshot(old_brief) == before
    assert sorted(path.name for path in old_brief.parent.iterdir()) == ["brief", "broken-case"]


@pytest.mark.parametrize(
    ("error", "code"),
    [(SolverError("the solver stopped -> report it"), 1), (RuntimeError("odd"), 2), (KeyboardInterrupt(), 130)],
)
def test_failed_run_leaves_the_old_brief(
    error: BaseException, code: int, old_brief: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot(old_brief)

    def fail(*args: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(didymium.track, "track", fail)
    result = CliRunner().invoke(app, ["brief", "us-japan", "--out", str(old_brief)])
    assert result.exit_code == code
    assert len(result.stderr.splitlines()) == 1 and "Traceback" not in result.output
    assert snapshot(old_brief) == before
    assert [path.name for path in old_brief.parent.iterdir()] == ["brief"]


def test_failed_page_leaves_the_old_brief(
    old_brief: Path, tracked: didymium.Result, us_japan: didymium.Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    from didymium.report import brief

    before = snapshot(old_brief)

    def fail(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(brief, "write_workbook", fail)
    with pytest.raises(OSError, match="No space"):
        didymium.brief([tracked], old_brief, case=us_japan)
    assert snapshot(old_brief) == before
    assert [path.name for path in old_brief.parent.iterdir()] == ["brief"]


@pytest.mark.parametrize("verb", ["brief", "track"])
def test_other_peoples_files_are_never_replaced(verb: str, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work", "utf-8")
    result = CliRunner().invoke(app, [verb, "us-japan", "--out", str(folder)])
    assert result.exit_code == 1 and "thesis.txt" in result.stderr
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]


def test_one_unreadable_table_is_one_fault(tmp_path: Path) -> None:
    """Not one more for every row of another table that names something of it."""
    case = copy_case(tmp_path)
    text = (case / "commodities.csv").read_text("utf-8")
    (case / "commodities.csv").write_bytes(text.encode("shift_jis", errors="replace"))
    assert [fault.file for fault in didymium.check(case)] == ["commodities.csv"]
    (case / "commodities.csv").unlink()
    assert [fault.file for fault in didymium.check(case)] == ["commodities.csv"]
