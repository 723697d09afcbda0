"""Where an answer goes: the terminal, JSON, a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from didymium.cli.app import say
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.result import Result

Out = Annotated[Path | None, typer.Option("--out", metavar="FOLDER", help=_("Save the result to this folder."))]
Json = Annotated[bool, typer.Option("--json", help=_("Print JSON with every table, digit and input row."))]
Tables = Annotated[
    list[str] | None, typer.Option("--table", metavar="NAME", help=_("Show this table in full; may be repeated."))
]


def deliver(result: Result, out: Path | None, as_json: bool, tables: list[str] | None) -> None:
    """Print a result, and save it where asked to."""
    show(result, as_json, tables)
    if out is not None:
        save(result, out)


def show(result: Result, as_json: bool, tables: list[str] | None) -> None:
    """Print a result."""
    from didymium.report import terminal

    if as_json:
        terminal.print_json(terminal.as_json(result))
    else:
        terminal.show(result, tables or ())


def save(result: Result, out: Path) -> None:
    """Save a result."""
    result.save(out.expanduser().resolve())
    say(_("saved to {folder}").format(folder=out))


def run_verb(verb: str, *args: Any, **options: Any) -> Result:
    """Ask a verb of the library."""
    import didymium

    result: Result = getattr(didymium, verb)(*args, **options)
    return result
