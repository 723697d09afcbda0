"""The command: what it prints, what it saves, how it exits."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import didymium
from didymium.cli import app
from didymium.result import Result

AS_OF = "2026-11-21"


def run(*args: str) -> Any:
    return CliRunner().invoke(app, list(args))


def rows(result: Any, table: str) -> pd.DataFrame:
    return pd.DataFrame(json.loads(result.stdout)["tables"][table]["rows"])


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """Assert equal tables; JSON does not tell None from NaN, or 1 from 1.0."""
    right = right.reset_index(drop=True)
    assert list(left.columns) == list(right.columns)
    for name in left.columns:
        for a, b in zip(left[name], right[name], strict=True):
            assert (pd.isna(a) and pd.isna(b)) or a == b, (name, a, b)


def test_help_names_every_command() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for name in ("brief", "check", "describe", "new", "screen", "clear", "shock", "plan", "track", "trace", "runs"):
        assert name in result.stdout


def test_help_imports_nothing_heavy() -> None:
    heavy = "{'pandas', 'numpy', 'scipy', 'plotly', 'xarray', 'highspy', 'pint'}"
    code = f"import sys, didymium.cli; sys.exit(sorted({heavy} & set(sys.modules)) or 0)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stderr == ""


def test_command_in_a_process_of_its_own(tmp_path: Path) -> None:
    code = "from didymium.cli import main; main()"
    command = [sys.executable, "-c", code, "check", str(tmp_path / "nowhere")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout == "" and "nowhere" in done.stderr


def test_public_names_are_there() -> None:
    for name in didymium.__all__:
        assert getattr(didymium, name) is not None
    assert set(didymium.__all__) <= set(dir(didymium))
    with pytest.raises(AttributeError, match="no attribute"):
        didymium.serve  # noqa: B018


def test_version_is_the_project_version() -> None:
    project = Path(__file__).parents[1] / "pyproject.toml"
    assert tomllib.loads(project.read_text("utf-8"))["project"]["version"] == didymium.__version__


def test_verbs_stay_callable_after_their_parts_are_imported() -> None:
    import didymium.track.verb as verb

    assert callable(didymium.track) and callable(verb.track)
    assert didymium.track("us-japan", as_of=AS_OF).verb == "track"
    assert didymium.track("us-japan").manifest["options"]["as_of"] >= AS_OF[:4]


def test_check_is_silent_on_the_bundled_case() -> None:
    result = run("check", "us-japan")
    assert result.exit_code == 0 and "no fault" in result.stdout and result.stderr == ""
    assert json.loads(run("check", "us-japan", "--json").stdout) == []


def test_track_gives_the_numbers_of_the_python_call(tracked: Result) -> None:
    result = run("track", "us-japan", "--as-of", AS_OF, "--json")
    assert result.exit_code == 0, result.stderr
    for name, table in tracked.tables.items():
        same(rows(result, name), table.frame)


def test_clear_gives_the_numbers_of_the_python_call(cleared: Result) -> None:
    result = run("clear", "us-japan", "--year", "2024", "--json")
    assert result.exit_code == 0, result.stderr
    same(rows(result, "prices"), cleared["prices"])


def test_tables_have_units_in_their_header() -> None:
    result = run("track", "us-japan", "--as-of", AS_OF)
    assert "days_left [day]" in result.stdout and "rests_on" not in result.stdout
    everything = run("track", "us-japan", "--as-of", AS_OF, "--table", "ladder")
    assert everything.exit_code == 0 and "days_left" not in everything.stdout


def test_unknown_table() -> None:
    result = run("track", "us-japan", "--as-of", AS_OF, "--table", "weather")
    assert result.exit_code == 1 and "weather" in result.stderr and result.stdout == ""


def test_unknown_day() -> None:
    result = run("track", "us-japan", "--as-of", "yesterday")
    assert result.exit_code == 1 and "yesterday" in result.stderr


def test_unknown_scenario() -> None:
    result = run("shock", "us-japan", "the-sky-falls")
    assert result.exit_code == 1
    assert "the-sky-falls" in result.stderr and "china-licensing-2025" in result.stderr


def test_save_trace_and_list(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "track"
    assert run("track", "us-japan", "--as-of", AS_OF, "--out", str(folder)).exit_code == 0
    # a second run replaces the first
    assert run("track", "us-japan", "--as-of", AS_OF, "--out", str(folder)).exit_code == 0
    assert Result.load(folder).verb == "track"
    traced = run("trace", str(folder), "commitments", "0", "--json")
    assert traced.exit_code == 0, traced.stderr
    assert rows(traced, "inputs")["source"].ne("").any()
    listed = json.loads(run("runs", str(tmp_path), "--json").stdout)
    assert [(entry["verb"], entry["case"]) for entry in listed] == [("track", "us-japan")]
    assert "track" in run("runs", str(tmp_path)).stdout


@pytest.mark.parametrize(("table", "row"), [("commitments", "9999"), ("commitments", "no such"), ("weather", "0")])
def test_trace_of_what_is_not_there(table: str, row: str, tmp_path: Path) -> None:
    folder = tmp_path / "track"
    assert run("track", "us-japan", "--as-of", AS_OF, "--out", str(folder)).exit_code == 0
    result = run("trace", str(folder), table, row)
    assert result.exit_code == 1 and len(result.stderr.splitlines()) == 1


def test_broken_result(tmp_path: Path) -> None:
    folder = tmp_path / "track"
    assert run("track", "us-japan", "--as-of", AS_OF, "--out", str(folder)).exit_code == 0
    (folder / "manifest.json").write_text("{", "utf-8")
    result = run("trace", str(folder), "commitments", "0")
    assert result.exit_code == 1 and "cannot be read" in result.stderr
    assert json.loads(run("runs", str(tmp_path), "--json").stdout) == []
    assert "no results" in run("runs", str(tmp_path)).stdout


def test_no_runs_folder(tmp_path: Path) -> None:
    assert run("runs", str(tmp_path / "nowhere")).exit_code == 1


def test_new_case_and_its_check(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert run("new", str(folder)).exit_code == 0
    result = run("check", str(folder))
    assert result.exit_code == 1 and "demands.csv" in result.stdout
    assert run("new", str(folder)).exit_code == 1


def test_describe_schema() -> None:
    result = run("describe", "us-japan", "--schema")
    assert result.exit_code == 0 and "facilities" in result.stdout and "supersedes" in result.stdout


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise RuntimeError("odd")

    monkeypatch.setattr(didymium.track, "track", fail)
    hidden = run("track", "us-japan", "--as-of", AS_OF)
    assert hidden.exit_code == 2 and "DIDYMIUM_DEBUG=1" in hidden.stderr and "odd" in hidden.stderr
    monkeypatch.setenv("DIDYMIUM_DEBUG", "1")
    shown = run("track", "us-japan", "--as-of", AS_OF)
    assert isinstance(shown.exception, RuntimeError)


def test_nothing_but_json_on_the_real_output() -> None:
    """The solver prints its banner past Python's own output: only a process of its own shows it."""
    command = [sys.executable, "-m", "didymium", "clear", "us-japan", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["verb"] == "clear"
    assert done.stderr == ""


def overlay(folder: Path) -> Path:
    """Write a folder with a secret stock of Japan."""
    folder.mkdir()
    header = "stock,owner,kind,region,commodity,quantity,low,high,unit,basis,band,release,source,note\n"
    row = "secret,us,strategic,JPN,dy_metal,41,41,41,day,none,range,shortage,a_stock_days,confidential\n"
    (folder / "stocks.csv").write_text(header + row, "utf-8")
    return folder


def test_what_is_written_of_an_overlay_is_public(tmp_path: Path) -> None:
    """On the screen every number; in a folder and as JSON classes of days, and the hash of the public case."""
    over = str(overlay(tmp_path / "over"))
    shown = run("describe", "us-japan", "--overlay", over, "--table", "grades")
    assert shown.exit_code == 0
    saved = run("clear", "us-japan", "--overlay", over, "--out", str(tmp_path / "out"))
    assert saved.exit_code == 0 and "--internal" in saved.stderr
    manifest = Result.load(tmp_path / "out").manifest
    assert manifest["inputs"] == didymium.load_case("us-japan").digest and "overlays" not in manifest
    inside = run("clear", "us-japan", "--overlay", over, "--internal", "--out", str(tmp_path / "in"))
    assert inside.exit_code == 0
    assert Result.load(tmp_path / "in").manifest["overlays"] == ["over"]


def test_a_brief_on_an_overlay_wants_to_be_told(tmp_path: Path) -> None:
    over = str(overlay(tmp_path / "over"))
    refused = run("brief", "us-japan", "--overlay", over, "--out", str(tmp_path / "out"))
    assert refused.exit_code == 1 and "--internal" in refused.stderr
    assert not (tmp_path / "out").exists()


def test_as_of_is_written_into_the_run(tmp_path: Path) -> None:
    done = run("clear", "us-japan", "--as-of", "2025-12-31", "--out", str(tmp_path / "out"))
    assert done.exit_code == 0
    manifest = Result.load(tmp_path / "out").manifest
    assert manifest["vintage"] == "2025-12-31" and manifest["hindsight"]["facilities"] > 0
    traced = run("trace", str(tmp_path / "out"), "prices", "0")
    assert traced.exit_code == 0, traced.stderr
