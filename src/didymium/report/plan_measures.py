"""What the joint plan is measured against: bounds and values of information, and the plain rules to beat."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from didymium.messages import _
from didymium.report.figures.waterfall import best_plan, people, who_name
from didymium.report.numbers import digits
from didymium.report.tables import Table

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.report.numbers import Writer
    from didymium.result import Result


def bounds_table(case: Case, planned: Result, writer: Writer) -> Table:
    """Return bounds, gap and the values of information of the planning program, which is not the members' own gain."""
    who = best_plan(planned)
    title = _("The planning program of: {who} (world market, own users weighted; over doing nothing)")
    table = Table(title.format(who=who_name(case, who)), [(_("What"), "", False), (_("Value"), "MUSD", True)])
    said = {
        "RP": _("Lower bound: the best plan found (RP)"),
        "bound": _("Upper bound: no plan brings more"),
        "gap": _("Gap of the planning program"),
        "EEV": _("Planned for the mean of the scenarios, met by the scenarios (EEV)"),
        "VSS": _("So planning for scenarios is worth (VSS = RP - EEV)"),
        "WS": _("Whoever knew the scenario first would expect (WS)"),
        "EVPI": _("So knowing it would be worth (EVPI = WS - RP)"),
    }
    found = _measures(planned, who)
    for measure, meaning in said.items():
        if measure in found:
            row = found[measure]
            inputs = str(row["rests_on"])
            # In full: rounded, bound and best plan would be one number.
            value = writer.text(f"{float(row['value']):,.0f}", inputs, mark=False)
            table.rows.append(([meaning, value], writer.notes.mark(inputs)))
    return table


def rules_table(case: Case, planned: Result, writer: Writer) -> Table:
    """Return what the joint plan and every plain rule are worth to those who act, on the same scenarios."""
    who = best_plan(planned)
    heads = [
        (_("What"), "", False),
        (_("Worth"), "MUSD", True),
        (_("Spent"), "MUSD", True),
        (_("Within the purses"), "", False),
    ]
    title = _("Rules to beat: gain of users less public cost of {who}, re-cleared on the same scenarios")
    table = Table(title.format(who=who_name(case, who)), heads)
    rows = planned["tried"]
    rows = rows[rows["who"].eq(who)].sort_values(["chosen", "worth"], ascending=False, kind="stable")
    found = _measures(planned, who)
    for row in rows.to_dict("records"):
        inputs, chosen = str(row["rests_on"]), bool(row["chosen"])
        name = _("taken: {plan}").format(plan=row["candidate"]) if chosen else str(row["candidate"])
        cells: list[Any] = [
            Markup("<strong>{}</strong>").format(name) if chosen else name,
            writer.number(float(row["worth"]), "", inputs, mark=False),
            writer.number(float(row["spent"]), "", inputs, mark=False),
            _("yes") if bool(row["affordable"]) else _("no"),
        ]
        table.rows.append((cells, writer.notes.mark(inputs)))
        if chosen and "out_of_sample" in found:
            table.rows.append(_outside(found, row, writer))
    return table


def together_table(case: Case, planned: Result, writer: Writer) -> Table:
    """Return what the partners gain alone, together with the money of one, and together with both purses."""
    heads = [
        (_("Who plans"), "", False), (_("With whose money"), "", False), (_("Money"), "MUSD", True),
        (_("Spent"), "MUSD", True), (_("Gain of both"), "MUSD", True), (_("More than the row above"), "MUSD", True),
    ]  # fmt: skip
    table = Table(_("Acting together with the same money, and with more of it"), heads)
    for row in planned["together"].sort_values("order").to_dict("records"):
        inputs, who = str(row["rests_on"]), str(row["who"])
        name = who_name(case, "both") if who.startswith("both") else who_name(case, who)
        cells: list[Any] = [
            name[:1].upper() + name[1:],
            people(case, str(row["money_of"])),
            *(writer.number(float(row[c]), "", inputs, mark=False) for c in ("money", "spent", "gain")),
            "" if row["more"] != row["more"] else writer.number(float(row["more"]), "", inputs, mark=False),
        ]
        table.rows.append((cells, writer.notes.mark(inputs)))
    return table


def _outside(found: dict[str, dict[Any, Any]], row: dict[Any, Any], writer: Writer) -> tuple[list[Any], Markup]:
    """Return the row that says what the plan is worth on scenarios that had no part in it, with its interval."""
    outside = found["out_of_sample"]
    inputs, mean = str(outside["rests_on"]), float(outside["value"])
    said = str(outside["meaning"]) if isnan(mean) else _("out of sample: {what}, 95 % interval").format(
        what=outside["meaning"])  # fmt: skip
    half = "" if isnan(mean) else f" ± {digits(float(found['out_of_sample_interval']['value']))}"
    cells = [
        said,
        "" if isnan(mean) else writer.text(f"{digits(mean)}{half}", inputs, mark=False),
        writer.number(float(row["spent"]), "", inputs, mark=False),
        "",
    ]
    return cells, writer.notes.mark(inputs)


def _measures(planned: Result, who: str) -> dict[str, dict[Any, Any]]:
    rows = planned["values"]
    return {str(row["measure"]): row for row in rows[rows["who"].eq(who)].to_dict("records")}
