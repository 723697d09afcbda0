"""The one catalogue that every sentence a person reads comes from.

English is the key of each message, so the code stays readable and a translation is one ``.po`` file in
``locale/<language>/LC_MESSAGES``. ``_`` translates at once; ``N_`` only marks a sentence that is stored as data (a
field's meaning, a column's title) and translated where it is shown.
"""

from __future__ import annotations

import gettext
from pathlib import Path

LOCALE_DIR = Path(__file__).parent / "locale"
_catalogue: gettext.NullTranslations = gettext.NullTranslations()


def use_language(language: str) -> None:
    """Show every later message in ``language`` ("en", "ja"); English where a translation is missing."""
    global _catalogue
    _catalogue = gettext.translation("didymium", LOCALE_DIR, languages=[language], fallback=True)


def _(message: str) -> str:
    """Translate ``message`` into the language in use."""
    return _catalogue.gettext(message)


def N_(message: str) -> str:
    """Mark ``message`` for the catalogue without translating it yet."""
    return message
