"""Tables of the shock in the brief: short answers, what an aggregate hides, prices in and out, published studies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from didymium.messages import _
from didymium.report.figures.style import name_of
from didymium.report.numbers import NONE, Writer, month
from didymium.report.tables import Table

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result

ROWS = 8


def answer_table(case: Case, shocked: Result, writer: Writer) -> Table:
    """Return the short answers of the shock in words, each with the sheet that says more."""
    heads = [(_("Question"), "", False), (_("Whose"), "", False), (_("Answer"), "", False), (_("Sheet"), "", False)]
    table = Table(_("The shock in short, nothing foreseen"), heads)
    for row in shocked["summary"].to_dict("records"):
        rests = str(row["rests_on"])
        cells: list[Any] = [row["question"], name_of(case, "regions", str(row["region"])),
                            writer.text(str(row["answer"]), rests, mark=False), f"shock_{row['table']}"]  # fmt: skip
        table.rows.append((cells, writer.notes.mark(rests)))
    return table


def hidden_cut_table(case: Case, shocked: Result, writer: Writer) -> Table:
    """Return parts that are gone while their whole looks fine."""
    heads = [
        (_("What"), "", False), (_("Where"), "", False), (_("When"), "", False), (_("Whole"), "", False),
        ("", "%", True), (_("Part that it hides"), "", False), ("", "%", True),
    ]  # fmt: skip
    table = Table(_("What an aggregate hides in the shock"), heads)
    said = {
        "imports": _("imports"),
        "exports_controller": _("exports of {region}").format(region=name_of(case, "regions", case.controller)),
        "served": _("served"),
    }
    found = _first(shocked["hidden"])
    for row in found.groupby(["measure", "region", "whole"], sort=False).head(2).head(ROWS).to_dict("records"):
        rests = str(row["rests_on"])
        whole = name_of(case, "end_uses", str(row["whole"]))
        numbers = [
            writer.text(f"{float(row[c]):+.0f}".replace("-", "\u2212"), rests, mark=False)
            for c in ("whole_change", "part_change")
        ]
        cells: list[Any] = [
            said[str(row["measure"])], name_of(case, "regions", str(row["region"])), month(str(row["month"])),
            whole, numbers[0], name_of(case, "commodities", str(row["part"])), numbers[1],
        ]  # fmt: skip
        table.rows.append((cells, writer.notes.mark(rests)))
    return table


def peak_table(case: Case, shocked: Result, writer: Writer) -> Table:
    """Return the dearest month of each good outside the controlling country, beside the price inside."""
    heads = [
        (_("Commodity"), "", False), (_("Dearest month"), "", False), (_("Outside"), _("× base"), True),
        (_("Inside"), _("× base"), True), (_("Outside over inside"), "", True),
    ]  # fmt: skip
    table = Table(
        _("Prices outside and inside {region}").format(region=name_of(case, "regions", case.controller)), heads
    )
    bare = set(case["commodities"].loc[case["commodities"]["calibrated"].eq("no"), "commodity"])
    found = _first(shocked["peaks"])
    for row in found[~found["commodity"].isin(bare)].head(ROWS).to_dict("records"):
        rests = str(row["rests_on"])
        cells: list[Any] = [
            name_of(case, "commodities", str(row["commodity"])), month(str(row["month"])),
            *(writer.number(float(row[c]), "", rests, mark=False)
              for c in ("outside_multiple", "inside_multiple", "premium")),
        ]  # fmt: skip
        table.rows.append((cells, writer.notes.mark(rests)))
    return table


def study_table(case: Case, shocked: Result, writer: Writer) -> Table:
    """Return published losses on one basis with what makes each number, and ours where it is for the same cut."""
    heads = [
        (_("Study"), "", False), (_("Whose"), "", False), (_("Cut"), _("months"), True), (_("Stock"), _("days"), True),
        (_("As published"), _("% of GDP"), True), (_("One basis"), _("% a year"), True),
        (_("Ours"), _("% a year"), True), (_("What makes its number"), "", False),
    ]  # fmt: skip
    table = Table(_("Published losses on one basis: a year without stock"), heads)
    for row in shocked["studies"].to_dict("records"):
        rests = str(row["rests_on"])

        def number(name: str, row: dict[Any, Any] = row, rests: str = rests) -> Any:
            value = float(row[name])
            return writer.number(value, "", rests, mark=False) if math.isfinite(value) else NONE

        def span(low: str, high: str, row: dict[Any, Any] = row, rests: str = rests) -> Any:
            ends = float(row[low]), float(row[high])
            if not all(math.isfinite(end) for end in ends):
                return NONE
            return writer.text(f"{ends[0]:.2g}–{ends[1]:.2g}", rests, mark=False)

        single = math.isfinite(float(row["gdp_share"]))
        cells: list[Any] = [
            row["publisher"], name_of(case, "regions", str(row["region"])), number("months"), number("stock_days"),
            number("gdp_share") if single else span("low", "high"), number("year_share"), span("ours_low", "ours_high"),
            row["driver"],
        ]  # fmt: skip
        table.rows.append((cells, writer.notes.mark(rests)))
    return table


def _first(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["foresight"].eq(frame["foresight"].iloc[0])] if len(frame) else frame
