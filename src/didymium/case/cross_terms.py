"""Cross terms of a case: whose quantity the price of what moves, and what is wrong with the rows that say so."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from didymium.case.case import ROW
from didymium.case.check import split_list
from didymium.case.facilities import modelled_facilities
from didymium.case.read import LINE
from didymium.faults import Fault
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case

COLUMNS = ["side", "first", "second", "slope", "line", "inputs"]
"""Of :func:`resolved`: first and second are labels of end uses or activities, slope is in t per USD/t."""


class _Curve(NamedTuple):
    """A curve that a cross term may join: its label in the network, its form, and where that form is stated."""

    label: str
    form: str
    file: str


def resolved(case: Case) -> tuple[pd.DataFrame, list[Fault]]:
    """Return the cross terms of a case by labels of the network, each pair once, and every fault of the rows.

    Parameters
    ----------
    case : Case
        A case whose cells, references and units are in order.
    """
    table = case["cross_terms"]
    if table.empty:
        return pd.DataFrame(columns=COLUMNS), []
    known = {"demand": _demands(case), "supply": _supplies(case)}
    faults: list[Fault] = []
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for row in table.to_dict("records"):
        line, side, region = str(row[LINE]), str(row["side"]), str(row["region"])
        ends = []
        for end in ("first", "second"):
            user, commodity = str(row[f"{end}_user"]), str(row[end])
            curve = known[side].get((user, region, commodity))
            if curve is None:
                what = (
                    _("`{user}` uses no {commodity} in {region} in the base year")
                    if side == "demand"
                    else _("`{user}` is no facility in {region} with one process whose output of {commodity} is its "
                           "capacity")
                )  # fmt: skip
                fix = _("name an end use of demands.csv (side = demand) or a facility (side = supply) of the region")
                faults.append(Fault("cross_terms.csv", line, f"{end}_user",
                                    what.format(user=user, commodity=commodity, region=region), fix))  # fmt: skip
            elif curve.form != "linear":
                what = _("`{user}` has a curve of constant elasticity; cross terms need straight lines")
                fix = _("write curve = linear in its row of {file}, or remove this row").format(file=curve.file)
                faults.append(Fault("cross_terms.csv", line, f"{end}_user", what.format(user=user), fix))
            else:
                ends.append(curve.label)
        if len(ends) < 2:
            continue
        if ends[0] == ends[1]:
            what = _("the own slope of `{label}` follows from its elasticity").format(label=ends[0])
            faults.append(Fault("cross_terms.csv", line, "second", what, _("name two different ones")))
            continue
        pair = (min(ends), max(ends))
        earlier = rows.get(pair)
        if earlier is None:
            rows[pair] = {"side": side, "first": ends[0], "second": ends[1], "slope": float(row["slope"]),
                          "line": int(row[LINE]), "inputs": str(row[ROW])}  # fmt: skip
        elif not math.isclose(float(str(earlier["slope"])), float(row["slope"]), rel_tol=1e-9):
            what = _("not integrable: row {row} gives the same pair another slope, and the two must be equal")
            fix = _("give both rows one slope, or remove one of them")
            faults.append(Fault("cross_terms.csv", line, "slope", what.format(row=earlier["line"]), fix))
    return pd.DataFrame(list(rows.values()), columns=COLUMNS), faults


def check_cross_terms(case: Case) -> Iterator[Fault]:
    """Yield cross terms that name no curve, or a bent one, or the same pair with two slopes."""
    yield from resolved(case)[1]


def _demands(case: Case) -> dict[tuple[str, str, str], _Curve]:
    """Return the demand curves of the base year by end use, region and commodity."""
    forms = dict(zip(case["end_uses"]["end_use"], case["end_uses"]["curve"], strict=True))
    table = case["demands"]
    table = table[table["year"].eq(case.base_year) & table["quantity"].gt(0)]
    keys = zip(table["end_use"], table["region"], table["commodity"], strict=True)
    return {(u, r, c): _Curve(f"{u}|{r}|{c}", forms[u], "end_uses.csv") for u, r, c in keys}


def _supplies(case: Case) -> dict[tuple[str, str, str], _Curve]:
    """Return the cost curves by facility, region and the output that its capacity is stated in; only unambiguous."""
    from didymium.case.network import Costs

    processes = case["processes"].set_index("process")
    costs = Costs(case)
    found: dict[tuple[str, str, str], list[_Curve]] = defaultdict(list)
    facilities = modelled_facilities(case)
    for facility, region, cell in zip(facilities.index, facilities["region"], facilities["processes"], strict=True):
        for process in split_list(str(cell)):
            if processes.at[process, "capacity_side"] != "output":
                continue
            key = (str(facility), str(region), str(processes.at[process, "capacity_commodity"]))
            row = costs.find(process, str(region))
            if row is not None:
                found[key].append(_Curve(f"{facility}|{process}", row.curve, "costs.csv"))
    return {key: curves[0] for key, curves in found.items() if len(curves) == 1}
