"""Holes of a case: what it does not know, one row per hole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from didymium.case.case import ROW, Case
from didymium.case.check import split_list
from didymium.messages import N_, _
from didymium.result import RESTS_ON, Column, ResultTable

if TYPE_CHECKING:
    import pandas as pd

Found = tuple[str, str, str]
"""Input row, what it is about, and a detail."""

KINDS = {
    "facility_not_modelled": N_("A facility that is listed, but left out of the market."),
    "facility_without_capacity": N_("A facility whose capacity is not known: it is left out, not counted as zero."),
    "project_without_terms": N_("A modelled project without capital cost and lead time: the plan cannot choose it."),
    "commodity_without_price": N_("A commodity without any observed price: its price is the model's alone."),
    "price_only_a_band": N_("A commodity whose price is not fitted: shortage is told only as a band."),
    "commodity_without_statistics": N_("A commodity without any observed quantity."),
    "use_on_assumption": N_("A use whose quantity rests on an assumption."),
    "cost_on_assumption": N_("A cost that rests on an assumption."),
    "stock_as_range": N_("A stock known only as a range: it is swept, never averaged."),
    "measure_without_commodities": N_("A measure that covers nothing this case trades."),
    "clock_without_evidence": N_("A promise without any row of evidence."),
}
"""Kinds of hole and what each means."""


def holes_table(case: Case) -> ResultTable:
    """Return every hole of a case, kind by kind.

    Parameters
    ----------
    case : Case
        A checked case.
    """
    import pandas as pd

    columns = {
        "kind": Column("", _("Kind of hole.")),
        "row": Column("", _("Input row that it concerns.")),
        "about": Column("", _("What the row is about.")),
        "detail": Column("", _("What is missing, or why.")),
        "meaning": Column("", _("What the hole means for results.")),
    }
    finders: dict[str, Callable[[Case], Iterator[Found]]] = {
        "facility_not_modelled": _not_modelled,
        "facility_without_capacity": _without_capacity,
        "project_without_terms": _without_terms,
        "commodity_without_price": _without_price,
        "price_only_a_band": _only_band,
        "commodity_without_statistics": _without_statistics,
        "use_on_assumption": _uses_assumed,
        "cost_on_assumption": _costs_assumed,
        "stock_as_range": _ranges,
        "measure_without_commodities": _idle_measures,
        "clock_without_evidence": _no_evidence,
    }
    rows = [
        {"kind": kind, "row": key, "about": about, "detail": detail, "meaning": _(meaning), RESTS_ON: key}
        for kind, meaning in KINDS.items()
        for key, about, detail in finders[kind](case)
    ]
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("holes", _("What the case does not know"), frame, columns, ("kind", "row"))


def _found(frame: pd.DataFrame, about: str, detail: str) -> Iterator[Found]:
    """Yield the rows of a frame with two of its columns."""
    for key, text, more in zip(frame[ROW], frame[about], frame[detail], strict=True):
        yield str(key), str(text), str(more)


def _not_modelled(case: Case) -> Iterator[Found]:
    frame = case["facilities"]
    left_out = frame[frame["processes"].eq("") | frame["modelled"].ne("")]
    for key, name, reason in _found(left_out, "name", "modelled"):
        yield key, name, reason or _("no recipe")


def _without_capacity(case: Case) -> Iterator[Found]:
    frame = case["facilities"]
    yield from _found(frame[frame["capacity"].isna()], "name", "status")


def _without_terms(case: Case) -> Iterator[Found]:
    frame = case["facilities"]
    pending = frame["status"].isin(("construction", "permitting", "feasibility"))
    runs = frame["processes"].ne("") & frame["modelled"].eq("") & frame["capacity"].notna()
    yield from _found(frame[pending & runs & ~frame["facility"].isin(case["projects"]["facility"])], "name", "status")


def _without_price(case: Case) -> Iterator[Found]:
    frame = case["commodities"]
    yield from _found(frame[~frame["commodity"].isin(case["prices"]["commodity"])], "name", "stage")


def _only_band(case: Case) -> Iterator[Found]:
    frame = case["commodities"]
    yield from _found(frame[frame["calibrated"].eq("no")], "name", "stage")


def _without_statistics(case: Case) -> Iterator[Found]:
    frame = case["commodities"]
    observed = set(case["statistics"]["commodity"])
    stages = {name.removeprefix("stage:") for name in observed if name.startswith("stage:")}
    yield from _found(frame[~frame["commodity"].isin(observed) & ~frame["stage"].isin(stages)], "name", "stage")


def _uses_assumed(case: Case) -> Iterator[Found]:
    frame = case["demands"]
    assumed = frame[frame["source"].isin(case["assumptions"]["assumption"])]
    uses, commodities = case.names("end_uses"), case.names("commodities")
    for key, use, region, commodity, source in zip(
        *(assumed[name] for name in (ROW, "end_use", "region", "commodity", "source")), strict=True
    ):
        about = _("{use}, {region}: {commodity}").format(use=uses[use], region=region, commodity=commodities[commodity])
        yield str(key), about, str(source)


def _costs_assumed(case: Case) -> Iterator[Found]:
    frame = case["costs"]
    yield from _found(frame[frame["source"].isin(case["assumptions"]["assumption"])], "process", "source")


def _ranges(case: Case) -> Iterator[Found]:
    frame = case["stocks"]
    yield from _found(frame[frame["band"].eq("range")], "owner", "commodity")


def _idle_measures(case: Case) -> Iterator[Found]:
    frame = case["measures"]
    yield from _found(frame.loc[[not split_list(cell) for cell in frame["commodities"]]], "name", "items")


def _no_evidence(case: Case) -> Iterator[Found]:
    frame = case["commitments"]
    yield from _found(frame[~frame["commitment"].isin(case["evidence"]["commitment"])], "title", "clock")
