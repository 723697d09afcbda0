"""Tables of the worst case: which measures hurt most, and what on our own side relieves it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from didymium.messages import _
from didymium.report.figures.style import name_of
from didymium.report.numbers import NONE, Writer
from didymium.report.tables import Table

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result

ROWS = 6


def worst_table(case: Case, found: Result, writer: Writer) -> Table:
    """Return the sets of measures that hurt most, and each measure alone beside them."""
    who = name_of(case, "regions", str(found.manifest["options"]["participant"]))
    heads = [
        (_("Measures"), "", False), (_("Number"), "", True), (_("Users lose"), "MUSD", True),
        (_("Value added at risk"), "MUSD", True), (_("Missing"), "t", True), (_("The controller loses"), "MUSD", True),
    ]  # fmt: skip
    table = Table(_("What hurts {region} most").format(region=who), heads)
    if "sets" not in found.tables:
        return table
    sets = found["sets"]
    top = sets[sets["size"].eq(sets["size"].max())].head(ROWS)
    alone = sets[sets["size"].eq(1)].head(ROWS if sets["size"].max() > 1 else 0)
    for row in [*top.to_dict("records"), *alone.to_dict("records")]:
        inputs = str(row["rests_on"])
        cells: list[Any] = [
            str(row["measures"]).replace("_", " "),
            writer.text(str(int(row["size"])), inputs, mark=False),
        ]
        for name in ("users_loss", "value_at_risk", "short", "adversary"):
            value = float(row[name])
            cells.append(writer.number(value, "", inputs, mark=False) if math.isfinite(value) else NONE)
        table.rows.append((cells, writer.notes.mark(inputs)))
    return table


def remedy_table(case: Case, found: Result, writer: Writer) -> Table:
    """Return what relieves the participant most under the worst set, and what of it would come without a cut."""
    heads = [
        (_("Remedy"), "", False), (_("What"), "", False), (_("Amount"), "t", True),
        (_("Users are spared"), "MUSD", True), (_("Of what the cut costs them"), "%", True),
        (_("It earns itself by the cut"), "MUSD", True), (_("Users save without a cut too"), "MUSD", True),
    ]  # fmt: skip
    names = "; ".join(str(n) for n in found.manifest["options"]["worst"]).replace("_", " ")
    table = Table(_("What relieves it most: {names}").format(names=names), heads)
    facilities = dict(zip(case["facilities"]["facility"], case["facilities"]["name"], strict=True))
    gone = {str(row["what"]): row for row in found["given_out"].to_dict("records")}
    for row in found["remedies"].head(ROWS).to_dict("records"):
        inputs, what = str(row["rests_on"]), str(row["what"])
        named = str(facilities.get(what, what))
        if row["kind"] == "stock":
            commodity, _bar, region = what.partition("|")
            named = _("{commodity} in {region}").format(
                commodity=name_of(case, "commodities", commodity), region=name_of(case, "regions", region)
            )
            if gone[what]["why"]:
                stays = 100.0 * float(gone[what]["used"]) / float(gone[what]["amount"])
                named = _("{stock}; {share:.0f} % of it is used there").format(stock=named, share=stays)
        share = float(row["share"])
        table.rows.append(([
            _("30 days of use held in reserve") if row["kind"] == "stock" else _("plant runs"), named,
            writer.number(float(row["amount"]), "", inputs, mark=False),
            writer.number(float(row["relief"]), "", inputs, mark=False),
            writer.number(share * 100.0, "", inputs, mark=False) if math.isfinite(share) else NONE,
            writer.number(float(row["earned"]), "", inputs, mark=False),
            writer.number(float(row["anyway"]), "", inputs, mark=False),
        ], writer.notes.mark(inputs)))  # fmt: skip
    return table
