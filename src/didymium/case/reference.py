"""The reference page of a case: every table and field, written from the schema.

``python -m didymium.case.reference docs/reference/case.md`` writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from didymium.case.restriction import BOUNDS, WEDGES
from didymium.case.scenario_schema import MEASURES, OTHERS, SCENARIO, Entry
from didymium.case.schema import Field, Kind, Table
from didymium.case.tables import TABLES
from didymium.messages import N_, _

KIND_NAMES = {
    Kind.ID: N_("short name"),
    Kind.TEXT: N_("text"),
    Kind.NUMBER: N_("number"),
    Kind.INTEGER: N_("whole number"),
    Kind.DATE: N_("date (YYYY, YYYY-MM or YYYY-MM-DD)"),
    Kind.CHOICE: N_("one of"),
    Kind.FLAG: N_("yes or no"),
    Kind.REFERENCE: N_("a row of"),
    Kind.REFERENCES: N_("rows of, separated by ;"),
}
"""Readable names of what a field holds, to be translated where they are shown."""


def reference_page() -> str:
    """Return the Markdown page of all tables and fields."""
    intro = (
        _("# Tables of a case"),
        _(
            "A case is a folder of CSV files and a `case.toml`. Each table below is the file of its name, in UTF-8, "
            "with the columns in this order. Cells that are not required may stay empty: an empty cell is withheld or "
            "unknown, never zero."
        ),
        _(
            "A row that states a fact names its source, or the assumption that stands in for one. A number that has a "
            "unit column is converted when the case is loaded; a number without a unit does not enter."
        ),
        _(
            "This page is written from the schema that `src/didymium/case/tables.py` gathers. Do not edit it: run "
            "`python -m didymium.case.reference docs/reference/case.md`."
        ),
    )
    tables = (section(table) for table in TABLES.values())
    return "\n\n".join((*intro, contents(), *tables, *scenario_sections())) + "\n"


def scenario_sections() -> list[str]:
    """Return the sections of a scenario file: what the file and each kind of entry may say."""
    found = [
        _("# Scenario files"),
        _(
            "Files `scenarios/NAME.toml` of a case; `docs/scenarios.md` has an example. Dates are YYYY-MM-DD, an `end` "
            "is the last day. A key that stands in no table below is refused, and so is what contradicts another "
            "entry, or cannot act in the months of the file that it stands in."
        ),
    ]
    found += [_entry(_("The file"), (SCENARIO,))]
    for measures in (BOUNDS, WEDGES):
        kinds = [MEASURES[kind] for kind in measures if kind in MEASURES]
        found += [_entry("[[measure]] " + ", ".join(entry.kind for entry in kinds), kinds)]
    return [*found, *(_entry(f"[[{table}]]", (entry,)) for table, entry in OTHERS.items())]


def _entry(title: str, kinds: Sequence[Entry]) -> str:
    """Return the section of entries that are written alike: each key, and the kinds that have it."""
    said = [_escape(_(kinds[0].meaning))]
    if len(kinds) > 1:
        said = [f"- `{entry.kind}`: {_escape(_(entry.meaning))}" for entry in kinds]
    keys = {key.name: key for entry in kinds for key in entry.keys}
    rows = []
    for key in keys.values():
        having = [entry.kind for entry in kinds if key in entry.keys]
        of = "" if len(having) == len(kinds) else ", ".join(having)
        rows.append((f"`{key.name}`", of, _(key.holds), _(key.meaning)))
    return "\n\n".join((
        f"## {title}", "\n".join(said), markdown_table((_("Key"), _("Only of"), _("Holds"), _("Meaning")), rows)
    ))  # fmt: skip


def contents() -> str:
    """Return the list of tables: name, whether a case needs it, meaning."""
    rows = (
        (f"`{table.name}.csv`", _("required") if table.required else _("optional"), _(table.meaning))
        for table in TABLES.values()
    )
    return markdown_table((_("File"), _("Needed"), _("Holds")), rows)


def section(table: Table) -> str:
    """Return the section of one table."""
    key = ", ".join(f"`{name}`" for name in table.key)
    facts = [_("One row per {key}.").format(key=key)]
    if table.value and table.internal:
        facts.append(
            _("`{value}` is stated in the unit of its row and converted to {unit}.").format(
                value=table.value, unit=_(" or ").join(table.internal.split("|"))
            )
        )
    if not table.required:
        facts.append(_("A case may do without it."))
    rows = (
        (f"`{field.name}`", holds(field), _("required") if field.required else "", _(field.meaning))
        for field in table.fields
    )
    header = (_("Column"), _("Holds"), _("Needed"), _("Meaning"))
    return f"## {table.name}\n\n{_escape(_(table.meaning))} {' '.join(facts)}\n\n{markdown_table(header, rows)}"


def holds(field: Field) -> str:
    """Return what a cell may hold: kind, choices, bounds, unit and default, as text."""
    parts = [_(KIND_NAMES[field.kind])]
    if field.choices:
        parts[0] += ": " + ", ".join(f"`{choice}`" for choice in field.choices)
    if field.refers:
        parts[0] += " " + _(" or ").join(f"`{table}`" for table in field.refers.split("|"))
    if field.wildcard:
        parts.append(_("or `*`, or `stage:NAME`"))
    if field.low is not None and field.high is not None:
        parts.append(_("from {low:g} to {high:g}").format(low=field.low, high=field.high))
    elif field.low is not None:
        parts.append(_("at least {low:g}").format(low=field.low))
    elif field.high is not None:
        parts.append(_("at most {high:g}").format(high=field.high))
    if field.unit:
        parts.append(_("in {unit}").format(unit=field.unit))
    if field.default:
        parts.append(_("`{default}` where empty").format(default=field.default))
    return "; ".join(parts)


def markdown_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table; bars and stars in cells are text."""
    names = list(header)
    lines = [names, ["---"] * len(names), *([_escape(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _escape(text: str) -> str:
    """Return text whose bars and stars are not Markdown, code spans left as they are."""
    parts = text.split("`")
    parts[::2] = [part.replace("*", r"\*") for part in parts[::2]]
    return "`".join(parts).replace("|", r"\|")


if __name__ == "__main__":
    import sys

    page = Path(sys.argv[1])
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(reference_page(), "utf-8", newline="\n")
