"""The template of the catalogue holds the sentences of the code, no more and no fewer."""

from __future__ import annotations

from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

import didymium

PACKAGE = Path(didymium.__file__).parent
LOCALE = PACKAGE / "locale"

# A message is its context and its singular (and plural) form. Where it stands may change freely.
Message = tuple[str | None, str | tuple[str, ...]]


def in_code() -> set[Message]:
    with (LOCALE / "babel.cfg").open(encoding="utf-8") as config:
        methods, options = parse_mapping_cfg(config)
    found = extract_from_dir(PACKAGE, methods, options)
    return {(context, message) for _file, _line, message, _comments, context in found if message}


def in_template() -> set[Message]:
    path = LOCALE / "didymium.pot"
    assert path.is_file(), "no template: run `make messages`"
    with path.open("rb") as file:
        return {(message.context, message.id) for message in read_po(file) if message.id}


def test_template_is_up_to_date() -> None:
    code, template = in_code(), in_template()
    assert code, "no message found: babel.cfg looks in the wrong place"
    missing = sorted(str(message) for _context, message in code - template)
    stale = sorted(str(message) for _context, message in template - code)
    assert not missing and not stale, f"run `make messages`; not in the template: {missing}; no longer in use: {stale}"


def test_templates_of_pages_are_searched() -> None:
    """A template outside the folder that babel.cfg names would stay English for ever."""
    pages = {path.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*.html")}
    assert pages <= {"report"}, f"name these folders in babel.cfg: {sorted(pages - {'report'})}"
