"""Tables of the page on all minerals: what an aggregate hides, and which methods ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from didymium.messages import _
from didymium.report.figures.style import name_of
from didymium.report.numbers import Writer
from didymium.report.tables import Table

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result

MOST = 8
"""Parts that a whole hides, on the page; all stand in the sheet."""


def hidden_table(case: Case, screened: Result, writer: Writer) -> Table:
    """Return wholes that look better than a part of theirs, what happened to trade first."""
    found = screened["aggregates"]
    found = found[found["hides"].eq("yes")]
    first = found["measure"].ne("trade_change")
    found = found.loc[first.sort_values(kind="stable").index].drop_duplicates(["parent", "child"]).head(MOST)
    names, titles = case.names("minerals"), _titles(screened)
    heads = [(_("Whole"), "", False), ("", "", True), (_("Part that it hides"), "", False), ("", "", True),
             (_("Measure"), "", False)]  # fmt: skip
    table = Table(_("What an aggregate hides"), heads)
    for row in found.to_dict("records"):
        trade = row["measure"] == "trade_change"
        texts = [f"{row[c]:+.1f} %".replace("-", "\u2212") if trade else f"{row[c]:.2f}" for c in ("whole", "part")]
        shown = [writer.text(text, row["rests_on"], mark=False) for text in texts]
        who = _("world") if row["participant"] == "world" else name_of(case, "regions", str(row["participant"]))
        what = _("imports of {who}, {period}").format(who=who, period=row["period"]) if trade else (
            f"{titles.get(str(row['measure']), row['measure'])}, {who}")  # fmt: skip
        cells = [names[row["parent"]], shown[0], names[row["child"]], shown[1], what]
        table.rows.append((cells, writer.notes.mark(str(row["rests_on"]))))
    return table


def method_table(case: Case, screened: Result, writer: Writer) -> Table:
    """Return the methods: for how many minerals and stages each ran, for whom, and what the others miss."""
    found = screened["methods"]
    whose = ["world", *case.participants, "both"]
    heads = [(_("Method"), "", False), (_("Published"), "", False)]
    heads += [(_("World"), _("rows"), True)]
    heads += [(name_of(case, "regions", p), _("rows"), True) for p in case.participants]
    heads += [(_("Both"), _("rows"), True), (_("Missing most"), "", False)]
    table = Table(_("Which methods ran, for how many minerals and stages"), heads)
    for _method, rows in found.groupby("method", sort=False):
        by = {str(p): int(n) for p, n in zip(rows["participant"], rows["computed"], strict=True)}
        first = rows.iloc[0]
        inputs = str(first["rests_on"])
        counts = [writer.text(str(by[p]), inputs, mark=False) if p in by else "" for p in whose]
        missing = str(rows.sort_values("missing_rows", ascending=False)["missing"].iloc[0])
        missing = missing.removeprefix(_("not computable: "))
        table.rows.append(([str(first["title"]), str(first["published"]), *counts, missing],
                           writer.notes.mark(inputs)))  # fmt: skip
    return table


def _titles(screened: Result) -> dict[str, str]:
    rows = screened["methods"]
    return dict(zip(rows["method"].astype(str), rows["title"].astype(str), strict=True))
