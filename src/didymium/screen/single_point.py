"""Single points of failure.

``one = |{facilities of the stage that make the element, running on the day}| == 1``

counted at the participant alone, and at the participant with its partners; likewise the regions in which any stands.
Separate from every index of concentration: a sole producer at home hardly moves a world share.

Facilities count, not tonnes. A row of the case without an operator is a total of plants (all Japanese metal makers):
its region counts, the number of its plants is not known, so it is never a single facility. Plants without a recipe
(covered by a total, no capacity stated, a claim without corroboration) do not count. Recycling is not counted as
separation.

Source: USGS OFR 2025-1047 (sole domestic producer as a screen of its own).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from didymium.case.case import ROW, Case
from didymium.case.check import first_day, split_list
from didymium.messages import N_

SCOPES = (N_("only facility of participant and partners"), N_("only region of participant and partners"),
          N_("only facility of participant"))  # fmt: skip


@dataclass(frozen=True)
class Plant:
    """A facility that runs on the day.

    Parameters
    ----------
    facility : str
        Short name.
    region : str
        Where it stands.
    single : bool
        One plant; False for a total over an unknown number of plants.
    inputs : str
        Its row.
    """

    facility: str
    region: str
    single: bool
    inputs: str


@dataclass(frozen=True)
class Point:
    """What the count of facilities says.

    Parameters
    ----------
    name : str
        The only facility or region; empty where there are more, or none.
    scope : str
        One of :data:`SCOPES`, or empty; the English text is also the code in results.
    own : int
        Rows counted at the participant.
    partners : int
        Rows counted at its partners.
    none : bool
        Neither has any.
    inputs : tuple of str
        Rows counted.
    """

    name: str
    scope: str
    own: int
    partners: int
    none: bool
    inputs: tuple[str, ...]


def _runs(start: str, end: str, day: date) -> bool:
    return (not start or first_day(start) <= day) and (not end or first_day(end) >= day)


def plants(case: Case, stage: str, products: Iterable[str], day: date) -> list[Plant]:
    """Return the facilities that make any of the products at a stage and run on a day.

    A row that another one supersedes counts until that one starts.

    Parameters
    ----------
    case : Case
        The case.
    stage : str
        The stage.
    products : iterable of str
        Commodities that the stage makes of the element.
    day : date
        The day.
    """
    processes, recipes, table = case["processes"], case["recipes"], case["facilities"]
    makes = set(recipes.loc[recipes["coefficient"].gt(0) & recipes["commodity"].isin(list(products)), "process"])
    makes &= set(processes.loc[processes["stage"].eq(stage), "process"])
    rows = table[table["status"].eq("operating") & table["processes"].ne("") & table["capacity"].gt(0)]
    cells = zip(*(rows[c] for c in ("facility", "region", "operator", "processes", "start", "end", ROW)), strict=True)
    running = [cell for cell in cells if _runs(cell[4], cell[5], day)]
    begun = rows["start"].map(lambda start: _runs(start, "", day)) & rows["supersedes"].ne("")
    replaced = set(rows.loc[begun, "supersedes"])
    return [
        Plant(str(name), str(region), bool(operator), str(inputs))
        for name, region, operator, runs, _start, _end, inputs in running
        if name not in replaced and makes.intersection(split_list(runs))
    ]


def single_point(found: Iterable[Plant], own: Iterable[str], partners: Iterable[str]) -> Point:
    """Return the single point of failure among a participant's own and its partners' facilities.

    Parameters
    ----------
    found : iterable of Plant
        Facilities of the stage.
    own : iterable of str
        The participant's regions.
    partners : iterable of str
        Its partners' regions.
    """
    home_regions, partner_regions = set(own), set(partners)
    home = [plant for plant in found if plant.region in home_regions]
    allied = [plant for plant in found if plant.region in partner_regions]
    everyone = [*home, *allied]
    regions = {plant.region for plant in everyone}
    name = scope = ""
    if len(everyone) == 1 and everyone[0].single:
        name, scope = everyone[0].facility, SCOPES[0]
    elif len(regions) == 1:
        name, scope = next(iter(regions)), SCOPES[1]
    elif len(home) == 1 and home[0].single:
        name, scope = home[0].facility, SCOPES[2]
    inputs = tuple(plant.inputs for plant in everyone)
    return Point(name, scope, len(home), len(allied), not everyone, inputs)
