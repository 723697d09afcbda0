"""The answer in five sentences. Their words are fixed; every number and name in them is looked up in the results."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from didymium.messages import _
from didymium.report.figures.clock import next_clocks
from didymium.report.figures.cover import fitted_cover
from didymium.report.figures.heatmap import MOST
from didymium.report.figures.shortage import first_short, shown_uses
from didymium.report.figures.style import STAGE_NAMES, behind, extreme, goods, name_of
from didymium.report.figures.timeline import at_choke, observed_prices, outside_prices
from didymium.report.grades import grade_shares
from didymium.report.names import joined, labelled, lower, place, ranked, scenario_title
from didymium.report.numbers import NONE, Writer, month, percent
from didymium.report.plan_sentence import plan

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result


@dataclass(frozen=True)
class Sentence:
    """One sentence of the answer, with the word that it is found by."""

    topic: str
    text: Markup


def five_sentences(case: Case, results: Mapping[str, Result], writer: Writer, as_of: str) -> list[Sentence]:
    """Return the answer: exposure, shock, plan, promises, evidence. What was not run is left out.

    Parameters
    ----------
    case : Case
        For names.
    results : mapping of str to Result
        By verb.
    writer : Writer
        Writes numbers and gathers footnotes.
    as_of : str
        The day of the brief.
    """
    said = []
    if "screen" in results:
        said.append(Sentence(_("Exposure"), exposure(case, results["screen"], writer)))
    if "shock" in results:
        said.append(Sentence(_("Shock"), shock(case, results["shock"], writer)))
    if "plan" in results:
        said.append(Sentence(_("Plan"), plan(case, results["plan"], writer)))
    if "track" in results:
        said.append(Sentence(_("Promises"), promises(results["track"], writer, as_of)))
    said.append(Sentence(_("Evidence"), evidence(case, results, writer)))
    return said


def exposure(case: Case, screened: Result, writer: Writer) -> Markup:
    """Say where the chain is narrowest, and how far each participant depends on imports there."""
    table = screened["exposure"]
    joint = ranked(case, table, "both" if table["participant"].eq("both").any() else case.participants[0])
    worst = joint.iloc[0]
    same = table[table["commodity"].eq(worst["commodity"]) & table["element"].eq(worst["element"])]
    inputs, stage = str(worst["rests_on"]), str(worst["stage"])
    steps = joint.groupby(["element", "stage"])["top1"].max()
    said = {
        "year": writer.text(str(case.base_year), inputs, mark=False),
        "region": place(case, str(worst["top1_region"])),
        "share": writer.number(float(worst["top1"]), "share", inputs),
        "commodity": lower(labelled(case, str(worst["element"]), str(worst["commodity"]))),
        "stage": lower(_(STAGE_NAMES[stage])) if stage in STAGE_NAMES else stage,
        "cover": writer.number(float(worst["n_minus_1"]), "share", inputs),
        "imports": joined(
            Markup(_("{share} of need in {place}")).format(
                share=writer.number(float(row["import_share"]), "share", str(row["rests_on"])), place=place(case, p)
            )
            for p in case.participants
            for row in same[same["participant"].eq(p)].to_dict("records")
            if math.isfinite(float(row["import_share"]))
        ),
        "many": writer.number(float((steps > MOST).sum()), "count", behind(joint["rests_on"])),
    }
    return Markup(
        _(
            "In {year} the chain was narrowest at {commodity} ({stage}): {region} made {share} of the world's, "
            "without it the other makers could cover {cover} of what everybody else needs, and imports were {imports}; "
            "in {many} of {all} steps (an element at a stage) one country made more than {most}."
        )
    ).format(**said, all=len(steps), most=percent(MOST))


def shock(case: Case, shocked: Result, writer: Writer) -> Markup:
    """Say what the shock does to prices, when shortage begins, how long stocks last and what is at risk."""
    outside = outside_prices(case, shocked)
    blind = outside[outside["foresight"].eq("none")]
    peak = extreme(blind, "multiple")
    seen = outside[outside["foresight"].eq("perfect") & outside["commodity"].eq(peak["commodity"])]
    foreseen = extreme(seen, "multiple") if len(seen) else None
    magnets = shown_uses(case, shocked["served"])
    said = {
        "blind": writer.number(float(peak["multiple"]), "times", str(peak["rests_on"])),
        "choke": _(" (close to where its buyers are assumed to stop)") if at_choke(case, peak) else "",
        "seen": writer.number(float(foreseen["multiple"]), "times", str(foreseen["rests_on"]))
        if foreseen is not None
        else NONE,
        "quoted": _quoted(case, shocked, str(peak["commodity"]), writer),
        "begins": joined(_begin(magnets, region, case, writer) for region in case.participants),
        "days": joined(_cover(case, shocked, writer)),
        "risk": joined(_risk(case, shocked, writer)),
    }
    return Markup(
        _(
            "Under “{scenario}” {commodity} outside {controller} peaks at {blind} its base price{choke} if nobody "
            "foresees the cut and at {seen} if everybody does{quoted}; users of {goods} go short {begins}; stocks "
            "run lowest for {days}; value added at risk is {risk}."
        )
    ).format(
        scenario=scenario_title(case, shocked),
        commodity=lower(name_of(case, "commodities", str(peak["commodity"]))),
        controller=place(case, case.controller),
        goods=goods(case),
        **said,
    )


def _quoted(case: Case, shocked: Result, commodity: str, writer: Writer) -> Markup:
    """Say what was quoted outside the controlling country at the time, where the case holds it."""
    seen = observed_prices(case, shocked)
    seen = seen[seen["commodity"].eq(commodity)]
    if seen.empty:
        return Markup("")
    highest = extreme(seen, "multiple")
    value = writer.number(float(highest["multiple"]), "times", str(highest["rests_on"]))
    return Markup(_(" (thin quotations rose to {value})")).format(value=value)


def _begin(served: pd.DataFrame, region: str, case: Case, writer: Writer) -> Markup:
    begin, inputs = first_short(served, region)
    when = _("from {month}").format(month=month(begin)) if begin else _("at no time")
    return Markup(_("{when} in {place}")).format(when=writer.text(when, inputs), place=place(case, region))


def _cover(case: Case, shocked: Result, writer: Writer) -> Iterable[Markup]:
    cover = fitted_cover(case, shocked)
    for region in case.participants:
        here = cover[cover["region"].eq(region)]
        if len(here):
            least = extreme(here, "lowest_days", largest=False)
            days = (float(least[c]) for c in ("days_at_start", "days_low", "days_high", "lowest_days"))
            start, low, high, lowest = days
            inputs = str(least["rests_on"])
            yield Markup(_("{commodity} in {place}, from {days} down to {lowest}")).format(
                days=writer.number(start, "days", inputs, low, high, mark=False),
                lowest=writer.number(lowest, "days", inputs),
                commodity=lower(name_of(case, "commodities", str(least["commodity"]))),
                place=place(case, region),
            )


def _risk(case: Case, shocked: Result, writer: Writer) -> Iterable[Markup]:
    losses = shocked["losses"]
    losses = losses[losses["foresight"].eq("none")]
    for region in case.participants:
        for row in losses[losses["region"].eq(region)].to_dict("records"):
            value, low, high = (float(row[c]) for c in ("value_at_risk", "value_at_risk_low", "value_at_risk_high"))
            yield Markup(_("{value} in {place}")).format(
                value=writer.number(value, "MUSD", str(row["rests_on"]), low, high), place=place(case, region)
            )


def promises(tracked: Result, writer: Writer, as_of: str) -> Markup:
    """Say how many commitments are met or overdue, and what runs out next."""
    table = tracked["commitments"]
    if table.empty:
        return Markup(_("By {day} nothing was signed, so no promise is due.")).format(day=month(as_of))
    state = table["state"].astype(str)

    def count(rows: pd.Series[bool]) -> Markup:
        found = table[rows]
        return writer.number(float(len(found)), "count", behind((found if len(found) else table)["rests_on"]))

    def soonest() -> Markup:
        clocks = next_clocks(tracked, as_of)
        if clocks.empty:
            return Markup(_("no clock runs"))
        first = clocks.iloc[0]
        return Markup(_("the next date is {date}, in {days}: {label}, {then}")).format(
            then=_then(str(first["state"])),
            date=writer.text(month(str(first["date"])), str(first["rests_on"])),
            label=first["label"],
            days=writer.number(float(first["days_left"]), "days", str(first["rests_on"])),
        )

    return Markup(
        _(
            "Of the agreement's {all} commitments {met} count as met, {partly} as kept in part and {overdue} as "
            "overdue without "
            "public evidence on {day}; for {silent} nothing public was found, which is not the same as failure; "
            "{soonest}."
        )
    ).format(
        all=count(state.notna()),
        met=count(state.eq("met")),
        partly=count(state.str.startswith("partly")),
        overdue=count(state.str.startswith("overdue")),
        day=month(as_of),
        silent=count(table["status"].eq("no_public_evidence")),
        soonest=soonest(),
    )


def _then(state: str) -> str:
    """Say what comes on the day of a clock."""
    if state in ("in force", "suspended"):
        return _("{state} until then").format(state=_(state))
    if state == "announced":
        return _("in force from then on")
    return _("due then")


def evidence(case: Case, results: Mapping[str, Result], writer: Writer) -> Markup:
    """Say what all this rests on."""
    shares, inputs = grade_shares(results, writer.notes.evidence)
    rows = sum(shares.values())
    good = shares.get("A", 0) + shares.get("B", 0)
    assumed = shares.get("assumption", 0)
    bare = case["commodities"]
    bare = bare[bare["calibrated"].eq("no")]
    secret = case["stocks"]
    secret = secret[secret["band"].eq("range")] if len(secret) else secret
    elements = ", ".join(
        dict.fromkeys(
            e for cell in bare["elements"] for e in str(cell).split(";") if e in case.settings.get("elements", [])
        )
    )
    said = Markup(
        _(
            "These answers rest on {rows} input rows, {good} of them from official, wire or filing sources and "
            "{assumed} on stated assumptions"
        )
    ).format(
        rows=writer.number(float(rows), "count", inputs),
        good=writer.number(good / rows if rows else 0.0, "share", inputs),
        assumed=writer.number(assumed / rows if rows else 0.0, "share", inputs),
    )
    holes = []
    if elements:
        outside = name_of(case, "regions", case.controller)
        holes.append(
            Markup(_("prices of {elements} outside {controller}, of which none is printed")).format(
                elements=elements, controller=outside
            )
        )
    if len(secret):
        count = writer.number(float(len(secret)), "count", behind(secret["_row"]))
        holes.append(Markup(_("{secret} government stocks that are secret and stand as ranges")).format(secret=count))
    if not holes:
        return said + "."
    return said + Markup(_("; the largest holes are {holes}.")).format(holes=Markup(_(", and ")).join(holes))
