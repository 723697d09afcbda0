"""The declarations of the tables, and the bundled files beside them."""

from __future__ import annotations

import csv

import pytest

from didymium.case.case import BUNDLED
from didymium.case.schema import Kind, Table
from didymium.case.tables import TABLES

FILES = BUNDLED / "us_japan"


def test_there_are_51_tables() -> None:
    assert len(TABLES) == 51
    assert all(name == table.name for name, table in TABLES.items())


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_field_has_a_meaning(table: Table) -> None:
    assert table.meaning.endswith(".")
    for field in table.fields:
        assert field.meaning and field.meaning.endswith("."), field.name
        assert field.name.isidentifier()
    assert len(set(table.columns)) == len(table.columns)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_declaration_is_consistent(table: Table) -> None:
    assert set(table.key) <= set(table.columns)
    assert not table.value or table.field(table.value).kind is Kind.NUMBER
    assert not table.internal or "unit" in table.columns
    assert not table.sourced or "source" in table.columns
    assert ("low" in table.columns) == ("high" in table.columns)
    for field in table.fields:
        if field.kind in (Kind.REFERENCE, Kind.REFERENCES):
            assert field.refers and set(field.refers.split("|")) <= set(TABLES), field.name
        assert (field.kind is Kind.CHOICE) == bool(field.choices), field.name
        assert field.low is None or field.high is None or field.low <= field.high


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_bundled_header_is_the_schema(table: Table) -> None:
    with (FILES / f"{table.name}.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == table.columns


def test_bundled_folder_holds_nothing_else() -> None:
    assert {path.stem for path in FILES.glob("*.csv")} == set(TABLES)


@pytest.mark.parametrize("path", sorted(FILES.glob("*.csv")), ids=lambda path: path.stem)
def test_bundled_files_are_plain(path: object) -> None:
    raw = path.read_bytes()  # type: ignore[attr-defined]
    assert b"\r" not in raw and not raw.startswith(b"\xef\xbb\xbf") and raw.endswith(b"\n")
    raw.decode("utf-8")


def test_unknown_field() -> None:
    with pytest.raises(KeyError, match="has no field"):
        TABLES["regions"].field("colour")
