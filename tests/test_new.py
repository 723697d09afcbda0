"""An empty case to start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from didymium.case.case import load_case
from didymium.case.new import new_case
from didymium.case.tables import TABLES
from didymium.faults import CaseError, DidymiumError


def test_every_table_has_its_header(tmp_path: Path) -> None:
    folder = new_case(tmp_path / "My Case")
    for table in TABLES.values():
        assert (folder / f"{table.name}.csv").read_bytes() == (",".join(table.columns) + "\n").encode()
    assert 'name = "my-case"' in (folder / "case.toml").read_text("utf-8")
    assert "`sources.csv`" in (folder / "README.md").read_text("utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["My Case"], "nothing half-written is left"


def test_its_only_faults_are_that_it_is_empty(tmp_path: Path) -> None:
    with pytest.raises(CaseError) as caught:
        load_case(new_case(tmp_path / "empty"))
    required = {f"{table.name}.csv" for table in TABLES.values() if table.required}
    assert {fault.file for fault in caught.value.faults} == required
    assert {fault.fault for fault in caught.value.faults} == {"the table has no rows"}


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    assert new_case(folder) == folder
    assert (folder / "case.toml").is_file()


def test_a_folder_with_something_in_it_stays_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "prices.csv").write_text("mine\n", "utf-8")
    with pytest.raises(DidymiumError, match="is not empty"):
        new_case(folder)
    assert [path.name for path in folder.iterdir()] == ["prices.csv"]
    assert (folder / "prices.csv").read_text("utf-8") == "mine\n"


def test_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("text", "utf-8")
    with pytest.raises(DidymiumError, match="is a file"):
        new_case(path)
    with pytest.raises(DidymiumError, match="cannot be written"):
        new_case(path / "below")
    assert path.read_text("utf-8") == "text"


def test_the_folder_one_works_in_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DidymiumError, match="the folder you work in"):
        new_case(".")


def test_a_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("didymium.case.new.readme", fail)
    with pytest.raises(DidymiumError, match="No space left"):
        new_case(tmp_path / "case")
    assert list(tmp_path.iterdir()) == []
