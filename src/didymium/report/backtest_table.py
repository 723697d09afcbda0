"""The back-test of the brief: what the shock predicts beside what was observed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from didymium.messages import _
from didymium.report.figures.style import name_of
from didymium.report.numbers import Writer, month
from didymium.report.tables import Table

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result


def backtest_table(case: Case, shocked: Result, writer: Writer) -> Table:
    """Return the observations of the episode beside what the run predicts, misses kept.

    Parameters
    ----------
    case : Case
        For names.
    shocked : Result
        A shock with a table of observations.
    writer : Writer
        Writes numbers with their footnotes.
    """
    heads = [
        (_("Quantity"), "", False),
        (_("Where"), "", False),
        (_("When"), "", False),
        (_("Observed"), "", True),
        (_("Predicted"), "", True),
        (_("Verdict"), "", False),
    ]
    table = Table(_("Predicted beside observed"), heads)
    said = {
        "hit": _("hit"),
        "miss": _("miss"),
        "made from it": _("the scenario was made from it"),
        "shown only": _("shown only"),
    }
    for row in shocked["backtest"].to_dict("records"):
        inputs = str(row["rests_on"])
        place = _("all") if row["region"] == "*" else name_of(case, "regions", str(row["region"]))
        cells = [
            _quantity(case, str(row["quantity"]), str(row["what"])),
            place,
            month(str(row["month"])),
            _value(str(row["quantity"]), float(row["observed"]), inputs, writer),
            _value(str(row["quantity"]), float(row["predicted"]), inputs, writer),
            said[str(row["verdict"])],
        ]
        table.rows.append((cells, writer.notes.mark(inputs)))
    return table


def _quantity(case: Case, quantity: str, what: str) -> str:
    if quantity == "line_stop":
        names = ", ".join(name_of(case, "end_uses", use) for use in what.split(";"))
        return _("lines stand still: {names}").format(names=names)
    known = set(case["commodities"]["commodity"])
    goods = ", ".join(name_of(case, "commodities", good) if good in known else good for good in what.split(";"))
    goods = goods.replace("stage:magnet", _("all magnets")).replace("*", _("all goods"))
    if quantity == "exports_change":
        return _("change of exports: {goods}").format(goods=goods)
    return _("price over the base year's: {goods}").format(goods=goods)


def _value(quantity: str, value: float, inputs: str, writer: Writer) -> object:
    if quantity == "line_stop":
        return _("yes") if value >= 1 else _("no") if math.isfinite(value) else "–"
    unit = "share" if quantity == "exports_change" else "times"
    return writer.number(value, unit, inputs, mark=False)
