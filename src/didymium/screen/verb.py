"""The verb screen: where the participants are exposed.

Two views in one result: the calibrated chain, element by element and stage by stage with what the participants really
use (``exposure``, ``shares``, ``imports``), and every mineral of the yearbooks by every published method (``minerals``
and the tables beside it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from time import perf_counter
from typing import TYPE_CHECKING, Any

from didymium.case.case import Case
from didymium.case.network import Network
from didymium.faults import DidymiumError
from didymium.market.base import Base
from didymium.market.prepare import prepare
from didymium.messages import _
from didymium.result import RESTS_ON, Result, ResultTable, join_inputs, new_manifest
from didymium.screen.draws import DRAWS
from didymium.screen.exposure import METHODS, screen_chain
from didymium.screen.places import places as places_of

if TYPE_CHECKING:
    import pandas as pd

UNION = "EUR"
"""Region whose supply risk the European study speaks of; screened for the comparison where the case has it."""


def screen(
    case: Case,
    base: tuple[Network, Base] | None = None,
    as_of: str | date | None = None,
    regions: Sequence[str] = (),
    year: int | None = None,
    draws: int = DRAWS,
) -> Result:
    """Return where the participants are exposed.

    Parameters
    ----------
    case : Case
        The case.
    base : tuple of Network and Base, optional
        The calibrated base year; made here where None.
    as_of : str or date, optional
        Day whose running facilities count for single points of failure; the last day of the base year where None.
        Quantities of the chain are always of the base year.
    regions : sequence of str
        Whom else to screen minerals for, beside the participants and both together: regions of the case, ISO codes of
        countries, or several joined by ``+``.
    year : int, optional
        Year of the statistics of minerals; the base year, or the newest that a mineral has, where None.
    draws : int
        Draws behind bands and rank intervals; 0 for none.

    Returns
    -------
    Result
        Of the chain ``exposure`` (per element, stage and participant), ``shares`` (per element, stage and region) and
        ``imports`` (per element, stage, participant and origin), in tonnes of element a year. Where the case holds
        minerals also ``minerals``, ``methods``, ``ranks``, ``disruptions``, ``cascades``, ``agreement``,
        ``disagreements``, ``partners``, ``aggregates`` and ``vintages``.

    Raises
    ------
    DidymiumError
        ``as_of`` is not a day, a region or country that the case does not know, or the case names no elements.
    """
    begun = perf_counter()
    day = _day(as_of, case.base_year)
    places = places_of(case, regions)
    network, point = base if base is not None else prepare(case)
    ready = perf_counter()
    tables, missing = screen_chain(case, network, point, day)
    chained = perf_counter()
    options: dict[str, Any] = {
        "as_of": day.isoformat(),
        "year": case.base_year,
        "regions": list(regions),
        "draws": draws,
    }
    warnings: list[str] = []
    if len(case["minerals"]):
        found, warnings = _minerals(case, places, tables, year, draws)
        tables += found
        options["statistics_year"] = year
    manifest = new_manifest(
        case.digest, options, algorithm="calibrated base year", status="ok", methods=list(METHODS),
        rank=["n_minus_1 ascending", "top1 descending", "controller_in_use descending"], not_in_case=missing,
        warnings=warnings,
    )  # fmt: skip
    manifest["timings"] = {
        "calibration": ready - begun, "chain": chained - ready, "minerals": perf_counter() - chained,
        "total": perf_counter() - begun,
    }  # fmt: skip
    return Result("screen", case.name, {table.name: table for table in tables}, manifest)


def _minerals(case: Case, places: dict[str, list[str]], chain_tables: Sequence[ResultTable], year: int | None,
              draws: int) -> tuple[list[ResultTable], list[str]]:  # fmt: skip
    """Return the tables of minerals, and what aggregates hide."""
    from didymium.screen.compare import aggregates, agreement, hidden, partners
    from didymium.screen.mineral_columns import tables
    from didymium.screen.minerals import screen_minerals
    from didymium.screen.ranks import method_table
    from didymium.screen.vintages import vintages

    frames = {table.name: table.frame for table in chain_tables}
    wanted = dict(places)
    if len(case["criticality"]) and UNION in set(case["regions"]["region"]):
        wanted.setdefault(UNION, [UNION])
    found = screen_minerals(case, wanted, frames["exposure"], frames["shares"], year, draws, shown=list(places))
    agreed, disagreed = agreement(case, found.ranks)
    ranks = found.ranks[found.ranks["participant"].isin([*places, "world"])].reset_index(drop=True)
    methods = method_table(ranks)
    methods[RESTS_ON] = join_inputs([f"minerals/{m}" for m in dict.fromkeys(ranks["mineral"])])
    parts = aggregates(case, ranks)
    made = tables({
        "minerals": found.minerals,
        "methods": methods,
        "ranks": ranks,
        "disruptions": _shown(found.disruptions, places),
        "cascades": _shown(found.cascades, places),
        "agreement": agreed,
        "disagreements": disagreed,
        "partners": partners(case, found.minerals),
        "aggregates": parts,
        "vintages": vintages(case),
    })  # fmt: skip
    return made, hidden(case, parts)


def _shown(frame: pd.DataFrame, places: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    return frame[frame["participant"].isin(list(places))].reset_index(drop=True)


def _day(as_of: str | date | None, year: int) -> date:
    if as_of is None:
        return date(year, 12, 31)
    if isinstance(as_of, date):
        return as_of
    try:
        return date.fromisoformat(as_of)
    except ValueError:
        raise DidymiumError(_("`{text}` is not a day -> write it as YYYY-MM-DD").format(text=as_of)) from None
