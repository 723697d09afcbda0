"""Tables of the brief: short, each row with its footnote. The workbook holds them all in full."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from didymium.messages import _
from didymium.report.figures.heatmap import STAGE_NAMES
from didymium.report.figures.style import name_of, short_name
from didymium.report.figures.timeline import outside_prices
from didymium.report.figures.waterfall import best_plan, who_name
from didymium.report.numbers import NONE, Writer, digits, month

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result

PRIORITIES = 6


@dataclass
class Table:
    """A table to be printed.

    Parameters
    ----------
    title : str
        What it says.
    heads : list of (str, str, bool)
        Column name, unit ("" for none), and whether it holds numbers.
    rows : list of (list of cells, footnote mark)
        What is printed.
    """

    title: str
    heads: list[tuple[str, str, bool]]
    rows: list[tuple[list[Any], Markup]] = field(default_factory=list)


def priorities(case: Case, results: Mapping[str, Result], writer: Writer) -> list[Table]:
    """Return the priority commodities of each participant, most exposed first.

    Parameters
    ----------
    case : Case
        For names and participants.
    results : mapping of str to Result
        Of screen, and of shock for price and cover.
    writer : Writer
        Writes numbers and gathers footnotes.
    """
    exposure = results["screen"]["exposure"]
    peaks, covers = _shock_facts(case, results.get("shock"))
    tables = []
    for participant in case.participants:
        rows = exposure[exposure["participant"].eq(participant)].sort_values("rank").drop_duplicates("commodity")
        heads = [(_("Commodity"), "", False), (_("Top maker"), "%", True), (_("Imported"), "%", True), (_("Without top maker"), _("% of need"), True)]
        if "shock" in results:
            heads += [(_("Price peak"), _("× base"), True), (_("Cover"), _("days"), True)]
        table = Table(name_of(case, "regions", participant), heads)
        for row in rows.head(PRIORITIES).to_dict("records"):
            commodity, inputs = str(row["commodity"]), str(row["rests_on"])
            cells: list[Any] = [
                short_name(case, commodity), Markup("{region} {share}").format(region=row["top1_region"], share=_share(writer, row["top1"], inputs)),
                _share(writer, row["import_share"], inputs), _share(writer, row["n_minus_1"], inputs),
            ]  # fmt: skip
            rests = inputs
            if "shock" in results:
                for facts in (peaks.get(commodity), covers.get((commodity, participant))):
                    cells.append(writer.number(facts[0], "count" if facts is covers.get((commodity, participant)) else "", facts[1], mark=False) if facts else NONE)
                    rests = f"{rests};{facts[1]}" if facts else rests
            table.rows.append((cells, writer.notes.mark(rests)))
        tables.append(table)
    return tables


def _shock_facts(case: Case, shocked: Result | None) -> tuple[dict[str, tuple[float, str]], dict[tuple[str, str], tuple[float, str]]]:
    """Peak of the price outside by commodity, and cover at the start by commodity and region, nothing foreseen."""
    if shocked is None:
        return {}, {}
    outside = outside_prices(case, shocked)
    outside = outside[outside["foresight"].eq("none")]
    peaks = {}
    for commodity, rows in outside.groupby("commodity"):
        top = rows.loc[rows["multiple"].idxmax()]
        peaks[str(commodity)] = (float(top["multiple"]), str(top["rests_on"]))
    cover = shocked["cover"]
    covers = {
        (str(r["commodity"]), str(r["region"])): (float(r["days_at_start"]), str(r["rests_on"]))
        for r in cover[cover["foresight"].eq("none")].to_dict("records")
        if math.isfinite(float(r["days_at_start"]))
    }
    return peaks, covers


def _share(writer: Writer, value: Any, inputs: str) -> Markup | str:
    number = float(value)
    if not math.isfinite(number):
        return NONE
    shown = Markup(str(writer.number(number, "share", inputs, mark=False)).replace("\u00a0%", ""))
    return shown


def plan_table(case: Case, planned: Result, writer: Writer) -> Table:
    """Return what each plan costs and who gains."""
    people = case.participants
    names = [name_of(case, "regions", p) for p in people]
    heads = [(_("Who acts"), "", False), (_("Public cost"), "MUSD", True)]
    heads += [(_("Gain: {region}").format(region=n), "MUSD", True) for n in names]
    heads += [(_("Loss left: {region}").format(region=n), "MUSD", True) for n in names]
    heads += [(_("Short: {region}").format(region=n), _("t magnets"), True) for n in names]
    table = Table(_("What each plan costs, and who gains"), heads)
    for row in planned["compare"].to_dict("records"):
        columns = ["public_cost", *(f"gain_{p.lower()}" for p in people), *(f"loss_{p.lower()}" for p in people),
                   *(f"shortage_{p.lower()}" for p in people)]  # fmt: skip
        cells = [who_name(case, str(row["who"])).capitalize() if row["who"] in ("nothing", "both") else who_name(case, str(row["who"]))]
        cells += [writer.number(float(row[c]), "", str(row["rests_on"]), mark=False) for c in columns]
        table.rows.append((cells, writer.notes.mark(str(row["rests_on"]))))
    return table


def choice_table(case: Case, planned: Result, writer: Writer) -> Table:
    """Return the chosen projects."""
    who = best_plan(planned)
    heads = [
        (_("Project"), "", False), (_("Stage"), "", False), (_("Place"), "", False), (_("Paid by"), "", False), (_("Capital"), "MUSD", True),
        (_("Share"), "%", True), (_("Output from"), "", False), (_("Rests on"), "", False),
    ]  # fmt: skip
    table = Table(_("Projects in the plan of: {who}").format(who=who_name(case, who)), heads)
    choices = planned["choices"]
    for row in choices[choices["who"].eq(who)].sort_values(["start", "name"]).to_dict("records"):
        inputs = str(row["rests_on"])
        stage = str(row["stage"])
        basis = [_("assumed cost or time") if bool(row["on_assumptions"]) else _("stated by sources")]
        if bool(row["committed"]):
            basis.append(_("goes ahead anyway"))
        cells = [row["name"], _(STAGE_NAMES[stage]) if stage in STAGE_NAMES else stage, name_of(case, "regions", str(row["region"])),
                 name_of(case, "regions", str(row["payer"])), writer.number(float(row["capex"]), "", inputs, mark=False),
                 _share(writer, row["share"], inputs), writer.text(month(str(row["start"])[:7]), inputs, mark=False), "; ".join(basis)]  # fmt: skip
        table.rows.append((cells, writer.notes.mark(inputs)))
    return table


def stock_table(case: Case, planned: Result, writer: Writer) -> Table:
    """Return the stock that the plan buys."""
    who = best_plan(planned)
    heads = [(_("Commodity"), "", False), (_("Lies in"), "", False), (_("Paid by"), "", False), (_("Bought"), "t", True), (_("Years"), "", False), (_("Cost"), "MUSD", True)]
    table = Table(_("Strategic stock in the plan of: {who}").format(who=who_name(case, who)), heads)
    stocks = planned["stock_plan"]
    stocks = stocks[stocks["who"].eq(who) & stocks["bought"].gt(0)]
    for (commodity, region, payer), rows in stocks.groupby(["commodity", "region", "payer"], sort=False):
        inputs = ";".join(dict.fromkeys(rows["rests_on"]))
        years = sorted({int(y) for y in rows["year"]})
        span = str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"
        cells = [name_of(case, "commodities", str(commodity)), name_of(case, "regions", str(region)), name_of(case, "regions", str(payer)),
                 writer.number(float(rows["bought"].sum()), "", inputs, mark=False), writer.text(span, inputs, mark=False),
                 writer.number(float(rows["cost"].sum()), "", inputs, mark=False)]  # fmt: skip
        table.rows.append((cells, writer.notes.mark(inputs)))
    return table


def commitment_table(tracked: Result, writer: Writer) -> Table:
    """Return the commitments: those with a date first, then by state."""
    heads = [(_("Clause"), "", False), (_("Promise"), "", False), (_("Who"), "", False), (_("Verb"), "", False), (_("Date"), "", False), (_("State"), "", False), (_("Last step seen"), "", False)]
    table = Table(_("Commitments"), heads)
    rows = tracked["commitments"].assign(undated=lambda t: t["deadline"].astype(str).eq(""))
    for row in rows.sort_values(["undated", "deadline"], kind="stable").to_dict("records"):
        inputs = str(row["rests_on"])
        seen = _("{status}, {date}").format(status=str(row["status"]).replace("_", " "), date=month(str(row["status_date"]))) if row["status_date"] else NONE
        deadline = str(row["deadline"])
        cells = [str(row["commitment"]).removeprefix("US-JP-"), row["title"], row["owner"], row["verb"],
                 writer.text(month(deadline), inputs, mark=False) if deadline else NONE, Markup('<span class="state" data-state="{s}">{s}</span>').format(s=row["state"]),
                 writer.text(seen, inputs, mark=False)]  # fmt: skip
        table.rows.append((cells, writer.notes.mark(inputs)))
    return table


def measure_table(case: Case, tracked: Result, writer: Writer) -> Table:
    """Return the measures, those whose clock runs first."""
    heads = [(_("Measure"), "", False), (_("By"), "", False), (_("Against"), "", False), (_("State"), "", False), (_("Next date"), "", False), (_("Days left"), "", True)]
    table = Table(_("Measures and their clocks"), heads)
    rows = tracked["measures"].assign(idle=lambda t: t["next_date"].astype(str).eq(""))
    for row in rows.sort_values(["idle", "next_date"], kind="stable").to_dict("records"):
        inputs = str(row["rests_on"])
        reach = ", ".join(_("all") if d == "*" else name_of(case, "regions", d) for d in str(row["destinations"]).split(";"))
        date = str(row["next_date"])
        left = float(row["days_left"])
        cells = [row["name"], name_of(case, "regions", str(row["controller"])), reach, Markup('<span class="state" data-state="{s}">{s}</span>').format(s=row["state"]),
                 writer.text(month(date), inputs, mark=False) if date else NONE,
                 writer.number(left, "count", inputs, mark=False) if math.isfinite(left) else NONE]  # fmt: skip
        table.rows.append((cells, writer.notes.mark(inputs)))
    return table


def price_table(case: Case, cleared: Result, writer: Writer) -> Table:
    """Return model prices of the base year beside observed ones."""
    heads = [(_("Commodity"), "", False), (_("Region"), "", False), (_("Model"), "USD/kg", True), (_("Observed"), "USD/kg", True), (_("Band"), "USD/kg", True), (_("Difference"), "%", True)]
    table = Table(_("Prices of {year}: model beside observation").format(year=case.base_year), heads)
    prices = cleared["prices"]
    for row in prices[prices["observed"].notna()].to_dict("records"):
        inputs = str(row["rests_on"])
        low, high = float(row["observed_low"]), float(row["observed_high"])
        spread = f"{digits(low)}–{digits(high)}" if math.isfinite(low) and math.isfinite(high) else NONE
        cells = [name_of(case, "commodities", str(row["commodity"])), name_of(case, "regions", str(row["region"])),
                 writer.number(float(row["price"]), "", inputs, mark=False), writer.number(float(row["observed"]), "", inputs, mark=False),
                 writer.text(spread, inputs, mark=False), _share(writer, row["misfit"], inputs)]  # fmt: skip
        table.rows.append((cells, writer.notes.mark(inputs)))
    return table
