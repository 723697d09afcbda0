"""Tables of the brief: short, each row with its footnote. The workbook holds them all in full."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from didymium.case.basis import Content
from didymium.messages import N_, _
from didymium.report.figures.style import STAGE_NAMES, behind, extreme, goods, name_of
from didymium.report.figures.timeline import outside_prices
from didymium.report.figures.waterfall import best_plan, chosen, committed, peak_stock, people, who_name
from didymium.report.names import labelled, ranked
from didymium.report.numbers import NONE, Writer, digits, month

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result

PRIORITIES = 6
BASES = {"oxide": N_("oxide"), "reo": N_("rare-earth oxide"), "element": N_("element"), "gross": N_("gross")}
_LITTLE = 0.01
"""Share of the cost below which a stock is told with others."""


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
        rows = ranked(case, exposure, participant)
        rows = rows[rows["import_share"].notna()]  # what it uses; of the rest it holds no stock and buys none
        heads = [
            (_("Commodity"), "", False),
            (_("Top maker"), "%", True),
            (_("Imported"), "%", True),
            (_("Others cover"), _("% of need"), True),
        ]
        if "shock" in results:
            heads += [(_("Price peak"), _("× base"), True), (_("Cover"), _("days"), True)]
        table = Table(name_of(case, "regions", participant), heads)
        for row in rows.head(PRIORITIES).to_dict("records"):
            commodity = str(row["commodity"])
            peak, cover = peaks.get(commodity), covers.get((commodity, participant))
            rests = ";".join(str(facts["rests_on"]) for facts in (row, peak, cover) if facts)
            maker = _share(writer, row["top1"], rests)
            cells: list[Any] = [
                labelled(case, str(row["element"]), commodity, short=True),
                Markup("{region} {share}").format(region=row["top1_region"], share=maker),
                _share(writer, row["import_share"], rests),
                _share(writer, row["n_minus_1"], rests),
            ]
            if "shock" in results:
                cells.append(writer.number(float(peak["multiple"]), "", rests, mark=False) if peak else NONE)
                cells.append(writer.text(_days(cover), rests, mark=False) if cover else NONE)
            table.rows.append((cells, writer.notes.mark(rests)))
        tables.append(table)
    return tables


def _days(cover: Mapping[Any, Any]) -> str:
    """Days of cover at the start, with their band."""
    start, low, high = (float(cover[c]) for c in ("days_at_start", "days_low", "days_high"))
    return f"{start:,.0f} ({low:,.0f}–{high:,.0f})" if math.isfinite(low) and math.isfinite(high) else f"{start:,.0f}"


def _shock_facts(
    case: Case, shocked: Result | None
) -> tuple[dict[str, Mapping[Any, Any]], dict[tuple[str, str], Mapping[Any, Any]]]:
    """Peak of the price outside by commodity, and cover at the start by commodity and region, nothing foreseen."""
    if shocked is None:
        return {}, {}
    outside = outside_prices(case, shocked)
    outside = outside[outside["foresight"].eq("none")]
    peaks: dict[str, Mapping[Any, Any]] = {
        str(c): extreme(rows, "multiple") for c, rows in outside.groupby("commodity")
    }
    cover = shocked["cover"]
    covers: dict[tuple[str, str], Mapping[Any, Any]] = {
        (str(r["commodity"]), str(r["region"])): r
        for r in cover[cover["foresight"].eq("none") & cover["days_at_start"].notna()].to_dict("records")
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
    members = case.participants
    names = [name_of(case, "regions", p) for p in members]
    heads = [(_("Who acts"), "", False), (_("Public cost"), "MUSD", True)]
    heads += [(_("Gain: {region}").format(region=n), "MUSD", True) for n in names]
    heads += [(_("Loss left: {region}").format(region=n), "MUSD", True) for n in names]
    heads += [(_("Short: {region}").format(region=n), _("t {goods}").format(goods=goods(case)), True) for n in names]
    columns = ["public_cost", *(f"{what}_{p.lower()}" for what in ("gain", "loss", "shortage") for p in members)]
    compare = planned["compare"]
    if "plan" in compare:
        heads.append((_("Plan chosen"), "", False))
    table = Table(_("What each plan costs, and who gains"), heads)
    for row in compare.to_dict("records"):
        who = who_name(case, str(row["who"]))
        cells: list[Any] = [who[:1].upper() + who[1:]]
        cells += [writer.number(float(row[c]), "", str(row["rests_on"]), mark=False) for c in columns]
        if "plan" in compare:
            cells.append(writer.text(str(row["plan"]), str(row["rests_on"]), mark=False))
        table.rows.append((cells, writer.notes.mark(str(row["rests_on"]))))
    return table


def choice_table(case: Case, planned: Result, writer: Writer) -> Table:
    """Return the projects that the plan adds."""
    who = best_plan(planned)
    title = _("Projects in the plan of: {who}").format(who=who_name(case, who))
    return _projects(case, chosen(planned, who), title, writer)


def committed_table(case: Case, planned: Result, writer: Writer) -> Table:
    """Return the projects that go ahead whatever the partners decide."""
    return _projects(case, committed(planned), _("Projects that go ahead anyway"), writer)


def _projects(case: Case, rows: pd.DataFrame, title: str, writer: Writer) -> Table:
    paid = bool(rows["payer"].astype(bool).any())
    heads = [
        (_("Project"), "", False),
        (_("Stage"), "", False),
        (_("Place"), "", False),
        *([(_("Paid by"), "", False)] if paid else []),
        (_("Capital"), "MUSD", True),
        (_("Share"), "%", True),
        (_("Output from"), "", False),
        (_("Cost and time"), "", False),
    ]
    table = Table(title, heads)
    for row in rows.sort_values(["start", "name"]).to_dict("records"):
        inputs, stage = str(row["rests_on"]), str(row["stage"])
        low, high = (float(row.get(f"capex_{end}", math.nan)) for end in ("low", "high"))
        cells = [
            row["name"],
            _(STAGE_NAMES[stage]) if stage in STAGE_NAMES else stage,
            name_of(case, "regions", str(row["region"])),
            *([people(case, str(row["payer"]))] if paid else []),
            writer.text(_spread(float(row["capex"]), low, high), inputs, mark=False),
            _share(writer, row["share"], inputs),
            writer.text(month(str(row["start"])[:7]), inputs, mark=False),
            _("assumed") if bool(row["on_assumptions"]) else _("stated by sources"),
        ]
        table.rows.append((cells, writer.notes.mark(inputs)))
    return table


def _spread(value: float, low: float, high: float) -> str:
    """A value with its band, without a unit."""
    known = math.isfinite(low) and math.isfinite(high) and high > low
    return f"{digits(value)} ({digits(low)}–{digits(high)})" if known else digits(value)


def stock_table(case: Case, planned: Result, writer: Writer) -> Table:
    """Return the stock that the plan buys."""
    who = best_plan(planned)
    heads = [
        (_("Commodity"), "", False),
        (_("Lies in"), "", False),
        (_("Paid by"), "", False),
        (_("Highest level"), "t", True),
        (_("Bought in all"), "t", True),
        (_("Bought in"), "", False),
        (_("Cost"), "MUSD", True),
    ]
    title = _("Strategic stock in the plan of: {who} (oxides and metals in tonnes of element)")
    table = Table(title.format(who=who_name(case, who)), heads)
    stocks = peak_stock(planned, who).sort_values("cost", ascending=False)
    small = stocks["cost"] < _LITTLE * stocks["cost"].sum()
    for row in stocks[~small].to_dict("records"):
        inputs = str(row["rests_on"])
        span = str(row["first"]) if row["first"] == row["last"] else f"{row['first']}–{row['last']}"
        cells = [
            name_of(case, "commodities", str(row["commodity"])),
            name_of(case, "regions", str(row["region"])),
            people(case, str(row["payer"])),
            writer.number(float(row["level"]), "", inputs, mark=False),
            writer.number(float(row["bought"]), "", inputs, mark=False),
            writer.text(span, inputs, mark=False),
            writer.number(float(row["cost"]), "", inputs, mark=False),
        ]
        table.rows.append((cells, writer.notes.mark(inputs)))
    if small.any():
        inputs = behind(stocks.loc[small, "rests_on"])
        cost = writer.number(float(stocks.loc[small, "cost"].sum()), "", inputs, mark=False)
        named = _("{count} smaller ones").format(count=int(small.sum()))
        table.rows.append(([named, NONE, NONE, NONE, NONE, NONE, cost], writer.notes.mark(inputs)))
    return table


def commitment_table(tracked: Result, writer: Writer) -> Table:
    """Return the commitments: those with a date first, then by state."""
    heads = [
        (_("Clause"), "", False),
        (_("Promise"), "", False),
        (_("Verb"), "", False),
        (_("Date"), "", False),
        (_("State"), "", False),
        (_("Steps seen"), "", False),
    ]
    table = Table(_("Commitments"), heads)
    rows = tracked["commitments"].assign(undated=lambda t: t["deadline"].astype(str).eq(""))
    for row in rows.sort_values(["undated", "deadline", "state"], kind="stable").to_dict("records"):
        inputs = str(row["rests_on"])
        seen = _once(str(row.get("by_participant") or row["status"]).replace("_", " "))
        deadline = str(row["deadline"])
        cells = [
            str(row["commitment"]).removeprefix("US-JP-"),
            row["title"],
            row["verb"],
            writer.text(month(deadline), inputs, mark=False) if deadline else NONE,
            _state(row["state"]),
            writer.text(seen, inputs, mark=False),
        ]
        table.rows.append((cells, writer.notes.mark(inputs)))
    return table


def _once(steps: str) -> str:
    """Say once what holds for every participant: ``USA: x; JPN: x`` becomes ``x``."""
    said = {part.partition(": ")[2] or part for part in steps.split("; ")}
    return said.pop() if len(said) == 1 else steps


def _state(state: Any) -> Markup:
    return Markup('<span class="state" data-state="{s}">{s}</span>').format(s=state)


def measure_table(case: Case, tracked: Result, writer: Writer, as_of: str) -> Table:
    """Return the measures: those whose clock runs first, then those whose clock has just run out."""
    heads = [
        (_("Measure"), "", False),
        (_("By"), "", False),
        (_("Against"), "", False),
        (_("State"), "", False),
        (_("What its dates say"), "", False),
        (_("Days left"), "", True),
    ]
    table = Table(_("Measures and their clocks"), heads)
    dates = tracked["measures"]["next_date"].astype(str)
    rows = tracked["measures"].assign(order=[0 if d >= as_of else 1 if d else 2 for d in dates])
    for row in rows.sort_values(["order", "next_date"], kind="stable").to_dict("records"):
        inputs = str(row["rests_on"])
        reach = ", ".join(
            _("all") if d == "*" else name_of(case, "regions", d) for d in str(row["destinations"]).split(";")
        )
        left = float(row["days_left"])
        cells = [
            row["name"],
            name_of(case, "regions", str(row["controller"])),
            reach,
            _state(row["state"]),
            writer.text(str(row["what"]), inputs, mark=False),
            writer.number(left, "count", inputs, mark=False) if math.isfinite(left) else NONE,
        ]
        table.rows.append((cells, writer.notes.mark(inputs)))
    return table


def quoted_in(case: Case, commodity: str) -> tuple[str, float]:
    """Return the basis in which sources quote a commodity, and a price in it per price in the model's basis.

    A kilogram of terbium oxide at 810 dollars is a kilogram of terbium at 953: a reader knows the first.
    """
    quotes = case["prices"]
    stated = quotes.loc[quotes["commodity"].eq(commodity), "stated_basis"]
    if stated.empty:
        return NONE, 1.0
    basis = str(stated.iloc[0])
    content = Content(case["baskets"], case["commodities"], str(case.settings.get("reference_basket", "")))
    return _(BASES.get(basis, basis)), content.element_per(commodity, basis)


def price_table(case: Case, cleared: Result, writer: Writer) -> Table:
    """Return model prices of the base year beside observed ones, in the basis in which they are quoted."""
    heads = [
        (_("Commodity"), "", False),
        (_("Region"), "", False),
        (_("Basis"), "", False),
        (_("Model"), "USD/kg", True),
        (_("Observed"), "USD/kg", True),
        (_("Band"), "USD/kg", True),
        (_("Difference"), "%", True),
    ]
    table = Table(_("Prices of {year}: model beside observation").format(year=case.base_year), heads)
    prices, commodities = cleared["prices"], case["commodities"]
    fitted = prices["commodity"].isin(commodities.loc[commodities["calibrated"].ne("no"), "commodity"])
    for row in prices[prices["observed"].notna() & fitted].to_dict("records"):
        inputs = str(row["rests_on"])
        basis, scale = quoted_in(case, str(row["commodity"]))
        low, high = scale * float(row["observed_low"]), scale * float(row["observed_high"])
        spread = f"{digits(low)}–{digits(high)}" if math.isfinite(low) and math.isfinite(high) else NONE
        cells = [
            name_of(case, "commodities", str(row["commodity"])),
            name_of(case, "regions", str(row["region"])),
            basis,
            writer.number(scale * float(row["price"]), "", inputs, mark=False),
            writer.number(scale * float(row["observed"]), "", inputs, mark=False),
            writer.text(spread, inputs, mark=False),
            _share(writer, row["misfit"], inputs),
        ]
        table.rows.append((cells, writer.notes.mark(inputs)))
    return table
