"""``datapackage.json``: the case described for other programs, as a Frictionless Tabular Data Package.

Everything in it comes from the schema and ``case.toml``. ``python -m didymium.case.datapackage FOLDER`` writes it anew.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from didymium.case.files import CaseFiles, Folder
from didymium.case.schema import Field, Kind, Table
from didymium.case.tables import TABLES

FILE = "datapackage.json"
_TYPES = {Kind.NUMBER: "number", Kind.INTEGER: "integer", Kind.FLAG: "boolean"}
_DATE = r"^\d{4}(-\d{2}(-\d{2})?)?$"
_LICENCE = re.compile(r"CC[ -](BY(?:[ -](?:NC|ND|SA))*|0)[ -](\d\.\d)")


def datapackage(files: CaseFiles) -> str:
    """Return the text of ``datapackage.json`` for the tables that stand in CSV files.

    Parameters
    ----------
    files : CaseFiles
        The case.
    """
    settings = tomllib.loads(files.settings() or "")
    headers = {}
    for name, raw in files.contents().items():
        table, dot, ending = name.rpartition(".")
        if ending == "csv" and dot and table in TABLES:
            first = raw.decode("utf-8-sig").partition("\n")[0]
            headers[table] = [cell.strip().strip('"') for cell in first.split(",")]
    # What a chain says of a shared table stands upon the wider case: its rows alone answer no foreign key.
    whole = {name for name in headers if not (TABLES[name].shared and "extends" in settings)}
    package = {
        "profile": "tabular-data-package",
        "name": str(settings.get("name", "case")),
        "title": str(settings.get("title", "")) or str(settings.get("name", "case")),
        "licenses": [licence(str(settings.get("licence", "")))],
        "resources": [resource(TABLES[name], headers[name], whole) for name in TABLES if name in headers],
    }
    return json.dumps(package, ensure_ascii=False, indent=1) + "\n"


def licence(stated: str) -> dict[str, str]:
    """Return a licence as the package names it: its id where it is a Creative Commons one, and the case's own words."""
    found = _LICENCE.search(stated)
    name = f"CC-{found[1]}-{found[2]}".replace(" ", "-") if found else "notspecified"
    return {"name": name, "title": stated} if stated else {"name": name}


def resource(table: Table, header: list[str], tables: set[str]) -> dict[str, Any]:
    """Return the resource of a table.

    Parameters
    ----------
    table : Table
        The table.
    header : list of str
        Its columns, in the order of the file.
    tables : set of str
        Tables that the package holds whole: a foreign key leads to one of them.
    """
    fields = [table.field(name) for name in header if name in table.columns]
    schema: dict[str, Any] = {
        "fields": [described(field, table) for field in fields],
        "missingValues": [""],
        "primaryKey": list(table.key),
    }
    keys = [
        {
            "fields": [field.name],
            "reference": {
                "resource": "" if field.refers == table.name else field.refers,
                "fields": [TABLES[field.refers].key[0]],
            },
        }
        for field in fields
        if field.kind is Kind.REFERENCE and not field.wildcard and field.refers in tables
    ]
    if keys:
        schema["foreignKeys"] = keys
    return {
        "profile": "tabular-data-resource",
        "name": table.name,
        "path": f"{table.name}.csv",
        "description": table.meaning,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }


def described(field: Field, table: Table) -> dict[str, Any]:
    """Return a field: type, meaning, unit and constraints."""
    found: dict[str, Any] = {"name": field.name, "type": _TYPES.get(field.kind, "string"), "description": field.meaning}
    if field.kind is Kind.FLAG:
        found |= {"trueValues": ["yes"], "falseValues": ["no"]}
    if field.unit:
        found["unit"] = field.unit
    constraints: dict[str, Any] = {}
    if field.required:
        constraints["required"] = True
    if table.key == (field.name,):
        constraints["unique"] = True
    if field.choices:
        constraints["enum"] = list(field.choices)
    if field.low is not None:
        constraints["minimum"] = _bound(field, field.low)
    if field.high is not None:
        constraints["maximum"] = _bound(field, field.high)
    if field.kind is Kind.DATE:
        constraints["pattern"] = _DATE
    if constraints:
        found["constraints"] = constraints
    return found


def _bound(field: Field, number: float) -> float:
    return int(number) if field.kind is Kind.INTEGER else number


if __name__ == "__main__":
    import sys

    folder = Path(sys.argv[1])
    (folder / FILE).write_text(datapackage(Folder(folder)), "utf-8", newline="\n")
