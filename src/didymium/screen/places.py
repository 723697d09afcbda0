"""Whose exposure: the participants, both together, and any region, country or group of them that a user names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from didymium.case.check import split_list
from didymium.case.screening_tables import REST, WORLD
from didymium.faults import DidymiumError
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case

BOTH = "both"
TOGETHER = "+"
"""Joins the members of a group that a user names: ``KOR+IND``."""


def places(case: Case, more: Sequence[str] = ()) -> dict[str, list[str]]:
    """Return the regions of each participant, of both together, and of what a user names.

    Parameters
    ----------
    case : Case
        The case.
    more : sequence of str
        Regions of the case, ISO 3166 codes of countries, or several of them joined by ``+``: one importer together.

    Raises
    ------
    DidymiumError
        A region or country that the case does not know, or one that stands twice in a group.
    """
    found = {p: [p] for p in case.participants}
    if len(found) > 1:
        found[BOTH] = list(case.participants)
    known = countries_of(case) if more else {}
    for name in more:
        parts = [part.strip() for part in name.split(TOGETHER)]
        strange = [part for part in parts if part not in known]
        if strange:
            raise DidymiumError(
                _("no region or country {name} in the case -> use one of {known}, an ISO 3166 code, or several "
                  "joined by +").format(name=", ".join(strange), known=", ".join(case["regions"]["region"]))
            )  # fmt: skip
        codes = [code for part in parts for code in known[part]]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            raise DidymiumError(_("{name} holds {codes} twice -> name each country once").format(
                name=name, codes=", ".join(twice)))  # fmt: skip
        found.setdefault(TOGETHER.join(parts), parts)
    return found


def countries_of(case: Case) -> dict[str, list[str]]:
    """Return the countries of every region, and of every country that a table names: itself."""
    regions = case["regions"]
    named = {str(c) for c in case["governance"]["country"]}
    for table in ("production", "production_other"):
        named |= {code for cell in case[table]["country"].unique() for code in split_list(str(cell))}
    found = {code: [code] for code in sorted(named - {WORLD, REST, ""})}
    return found | {r: split_list(c) for r, c in zip(regions["region"], regions["countries"], strict=True)}
