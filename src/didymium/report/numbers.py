"""Numbers as a reader wants them: three digits that mean something, a unit, and a footnote."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from markupsafe import Markup

from didymium.messages import N_, _

if TYPE_CHECKING:
    from didymium.report.footnotes import Notes

GAP = "\u00a0"
NONE = "–"
_MONTHS = (
    N_("January"),
    N_("February"),
    N_("March"),
    N_("April"),
    N_("May"),
    N_("June"),
    N_("July"),
    N_("August"),
    N_("September"),
    N_("October"),
    N_("November"),
    N_("December"),
)


def digits(value: float, significant: int = 3) -> str:
    """Return a number with so many significant digits, thousands separated and no idle zeros."""
    if not math.isfinite(value):
        return NONE
    if value == 0:
        return "0"
    rounded = float(f"{value:.{significant}g}")
    decimals = max(0, significant - 1 - math.floor(math.log10(abs(rounded))))
    text = f"{rounded:,.{min(decimals, 6)}f}".replace("-", "\u2212")
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """Return a share as a percentage: a decimal only near nothing and near all."""
    if not math.isfinite(share):
        return NONE
    value = round(100 * share, 1) + 0.0  # no minus nought
    fine = 0 < abs(value) < 10 or 95 < abs(value) < 100
    text = f"{value:.1f}".removesuffix(".0") if fine else f"{value:,.0f}"
    return f"{text}{GAP}%".replace("-", "\u2212")


def money(millions: float) -> str:
    """Return millions of dollars in the unit that reads best."""
    if not math.isfinite(millions):
        return NONE
    if abs(millions) >= 1000:
        return _("USD {number} billion").format(number=digits(millions / 1000)).replace(" ", GAP)
    return _("USD {number} million").format(number=digits(millions)).replace(" ", GAP)


def amount(value: float, unit: str) -> str:
    """Return a value with its unit.

    Parameters
    ----------
    value : float
        The value; NaN is a dash.
    unit : str
        ``share`` (of 1), ``times``, ``MUSD``, ``days``, ``count``, ``ratio``, or a unit that is printed as it stands.
    """
    if not math.isfinite(value):
        return NONE
    if unit == "share":
        return percent(value)
    if unit == "MUSD":
        return money(value)
    if unit == "times":
        return _("{number} times").format(number=digits(value)).replace(" ", GAP)
    if unit == "days":
        return (
            (_("one day") if round(value) == 1 else _("{number} days").format(number=f"{value:,.0f}"))
            .replace(" ", GAP)
            .replace("-", "\u2212")
        )
    if unit == "count":
        return f"{value:,.0f}".replace("-", "\u2212")
    return digits(value) + (f"{GAP}{unit}" if unit not in ("", "ratio") else "")


def band(value: float, low: float, high: float, unit: str) -> str:
    """Return a value with its unit and, where it has one, its band in the same unit."""
    text = amount(value, unit)
    if not (math.isfinite(low) and math.isfinite(high)):
        return text
    if unit == "MUSD":
        scale = 1000 if abs(value) >= 1000 else 1
        ends = [digits(end / scale) for end in (low, high)]
    elif unit == "share":
        ends = [percent(low).removesuffix(f"{GAP}%"), percent(high)]
    elif unit in ("days", "count"):
        ends = [f"{end:,.0f}" for end in (low, high)]
    else:
        ends = [digits(end) for end in (low, high)]
    return _("{value} ({low} to {high})").format(value=text, low=ends[0], high=ends[1])


def month(text: str) -> str:
    """Return a date written YYYY, YYYY-MM or YYYY-MM-DD in words."""
    parts = text.split("-")
    if len(parts) == 1 or not all(part.isdigit() for part in parts):
        return text
    name = _(_MONTHS[int(parts[1]) - 1])
    if len(parts) == 2:
        return _("{month} {year}").format(month=name, year=parts[0]).replace(" ", GAP)
    return _("{day} {month} {year}").format(day=int(parts[2]), month=name, year=parts[0]).replace(" ", GAP)


class Writer:
    """Writes numbers into sentences and tables, each with the footnote of what it rests on.

    Parameters
    ----------
    notes : Notes
        Where the footnotes are gathered.
    """

    def __init__(self, notes: Notes) -> None:
        self.notes = notes

    def number(
        self,
        value: float,
        unit: str,
        rests_on: str | Iterable[str],
        low: float = math.nan,
        high: float = math.nan,
        mark: bool = True,
    ) -> Markup:
        """Return a number with its unit, its band where it has one, and its footnote.

        Parameters
        ----------
        value : float
            The value.
        unit : str
            As for :func:`amount`.
        rests_on : str or iterable of str
            Input rows behind it.
        low, high : float
            Band.
        mark : bool
            Print the mark; a table prints one per row instead.
        """
        text = band(value, low, high, unit)
        return self.text(text, rests_on, mark)

    def text(self, text: str, rests_on: str | Iterable[str], mark: bool = True) -> Markup:
        """Return a dated or worded finding with its footnote, like a number."""
        note = self.notes.note(rests_on)
        span = Markup('<span class="n" data-note="{n}">{text}</span>').format(n=note.number, text=text)
        return span + self.notes.mark(note.inputs) if mark else span
