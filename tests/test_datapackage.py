"""datapackage.json: in step with the schema, in the published layout, and valid for frictionless."""

from __future__ import annotations

import json
from pathlib import Path

import frictionless
import pytest

import didymium
from case_editing import change, copy_case
from didymium.case.case import BUNDLED
from didymium.case.datapackage import FILE, datapackage, licence
from didymium.case.files import Folder
from didymium.case.tables import TABLES

FOLDER = BUNDLED / "us_japan"
TYPES = {"string", "number", "integer", "boolean"}
CONSTRAINTS = {"required", "unique", "enum", "minimum", "maximum", "pattern"}


def test_the_bundled_one_is_in_step() -> None:
    assert (FOLDER / FILE).read_text("utf-8") == datapackage(Folder(FOLDER))


def test_the_layout() -> None:
    package = json.loads((FOLDER / FILE).read_text("utf-8"))
    assert package["profile"] == "tabular-data-package" and package["title"] and package["name"] == "us-japan"
    assert package["licenses"][0]["name"] == "CC-BY-4.0"
    names = [resource["name"] for resource in package["resources"]]
    assert names == list(TABLES)
    for resource in package["resources"]:
        schema = resource["schema"]
        fields = [field["name"] for field in schema["fields"]]
        header = (FOLDER / resource["path"]).read_text("utf-8").partition("\n")[0]
        assert header == ",".join(fields)
        assert set(schema["primaryKey"]) <= set(fields)
        for field in schema["fields"]:
            assert field["type"] in TYPES and field["description"] and set(field.get("constraints", {})) <= CONSTRAINTS
        for key in schema.get("foreignKeys", []):
            target = key["reference"]["resource"] or resource["name"]
            assert target in names and set(key["fields"]) <= set(fields)


def test_a_new_case_has_one(tmp_path: Path) -> None:
    assert json.loads((didymium.new_case(tmp_path / "new") / FILE).read_text("utf-8"))["name"] == "new"
    assert licence("") == {"name": "notspecified"}


PACKAGES = sorted(BUNDLED.glob(f"*/{FILE}"))


def test_every_bundled_case_has_one() -> None:
    assert [path.parent for path in PACKAGES] == sorted(path.parent for path in BUNDLED.glob("*/case.toml"))


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: path.parent.name)
def test_frictionless_validates(path: Path) -> None:
    report = frictionless.validate(str(path))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "note"])[:5]


def test_frictionless_finds_what_is_wrong(tmp_path: Path) -> None:
    """The description says enough for another program to refuse a number that is none and a row that is not there."""
    case = copy_case(tmp_path)
    line = change(case, "demands", {}, quantity="many", commodity="nothing")
    report = frictionless.validate(str(case / FILE))
    assert not report.valid
    found = {tuple(row) for row in report.flatten(["rowNumber", "fieldName", "type"])}
    assert (line, "quantity", "type-error") in found and (line, None, "foreign-key") in found, found
