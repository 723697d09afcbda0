"""The answer in five sentences. Their words are fixed; every number and name in them is looked up in the results."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from didymium.faults import DidymiumError
from didymium.messages import _
from didymium.report.figures.clock import next_clocks
from didymium.report.figures.heatmap import MOST, STAGE_NAMES
from didymium.report.figures.style import behind, name_of
from didymium.report.figures.timeline import first_short, outside_prices
from didymium.report.figures.waterfall import best_plan
from didymium.report.limits import grade_shares
from didymium.report.numbers import Writer, month, percent

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result


@dataclass(frozen=True)
class Sentence:
    """One sentence of the answer, with the word that it is found by."""

    topic: str
    text: Markup


def listed(parts: Iterable[Markup | str]) -> Markup:
    """Join parts of an enumeration."""
    return Markup(", ").join(parts)


def scenario_title(case: Case, result: Result) -> str:
    """Return the title of the scenario that a result was made under."""
    name = str(result.manifest.get("options", {}).get("scenario", ""))
    try:
        return case.scenario(name).title
    except DidymiumError:
        return name or _("the scenario")


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
    joint = table[table["participant"].eq("both")] if table["participant"].eq("both").any() else table
    worst = joint.sort_values("rank").iloc[0]
    same = table[table["commodity"].eq(worst["commodity"]) & table["element"].eq(worst["element"])]
    inputs = str(worst["rests_on"])
    imports = [
        Markup("{name} {share}").format(
            name=name_of(case, "regions", p), share=writer.number(float(row["import_share"]), "share", str(row["rests_on"]))
        )
        for p in case.participants
        for row in same[same["participant"].eq(p)].to_dict("records")
        if math.isfinite(float(row["import_share"]))
    ]
    steps = joint.groupby(["element", "stage"])["top1"].max()
    everything = behind(joint["rests_on"])
    stage = str(worst["stage"])
    text = Markup(_(
        "The chain is narrowest at {stage} of {element}: {region} makes {share} of the world's {commodity}, and without it "
        "the other makers cover {cover} of what everybody else needs; imports meet {imports} of the partners' need there, "
        "and in {many} of {all} steps one country makes more than {most}."
    )).format(
        stage=_(STAGE_NAMES[stage]).lower() if stage in STAGE_NAMES else stage, element=worst["element"],
        region=name_of(case, "regions", str(worst["top1_region"])),
        share=writer.number(float(worst["top1"]), "share", inputs),
        commodity=name_of(case, "commodities", str(worst["commodity"])).lower(),
        cover=writer.number(float(worst["n_minus_1"]), "share", inputs), imports=listed(imports) or "–",
        many=writer.number(float((steps > MOST).sum()), "count", everything), all=len(steps), most=percent(MOST),
    )  # fmt: skip
    return text


def shock(case: Case, shocked: Result, writer: Writer) -> Markup:
    """Say what the shock does to prices, when shortage begins, how long stocks last and what is at risk."""
    outside = outside_prices(case, shocked)
    blind = outside[outside["foresight"].eq("none")]
    peak = blind.loc[blind["multiple"].idxmax()]
    perfect = outside[outside["foresight"].eq("perfect") & outside["commodity"].eq(peak["commodity"])]
    seen = perfect.loc[perfect["multiple"].idxmax()] if len(perfect) else None
    begins = []
    for region in case.participants:
        begin, inputs = first_short(shocked["served"], region)
        begins.append(Markup("{name} {month}").format(
            name=name_of(case, "regions", region),
            month=writer.text(_("from {month}").format(month=month(begin)) if begin else _("at no time"), inputs),
        ))  # fmt: skip
    cover = shocked["cover"]
    cover = cover[cover["foresight"].eq("none")]
    days = []
    for region in case.participants:
        here = cover[cover["region"].eq(region)]
        if here.empty:
            continue
        least = here.loc[here["lowest_days"].idxmin()]
        days.append(Markup("{name} {days} ({commodity})").format(
            name=name_of(case, "regions", region), commodity=name_of(case, "commodities", str(least["commodity"])).lower(),
            days=writer.number(float(least["days_at_start"]), "days", str(least["rests_on"]), float(least["days_low"]), float(least["days_high"])),
        ))  # fmt: skip
    losses = shocked["losses"]
    losses = losses[losses["foresight"].eq("none")]
    risk = []
    for region in case.participants:
        for row in losses[losses["region"].eq(region)].to_dict("records"):
            value = writer.number(float(row["value_at_risk"]), "MUSD", str(row["rests_on"]), float(row["value_at_risk_low"]), float(row["value_at_risk_high"]))
            risk.append(Markup("{name} {value}").format(name=name_of(case, "regions", region), value=value))
    text = Markup(_(
        "{scenario}: {commodity} outside {controller} peaks at {blind} its base price if nobody foresees the cut and at {seen} "
        "if everybody does; end uses go short in {begins}; the thinnest working stocks last {days}; value added at risk is "
        "{risk}."
    )).format(
        scenario=scenario_title(case, shocked), commodity=name_of(case, "commodities", str(peak["commodity"])).lower(),
        controller=name_of(case, "regions", case.controller),
        blind=writer.number(float(peak["multiple"]), "times", str(peak["rests_on"])),
        seen=writer.number(float(seen["multiple"]), "times", str(seen["rests_on"])) if seen is not None else "–",
        begins=listed(begins), days=listed(days), risk=listed(risk) or "–",
    )  # fmt: skip
    return text


def plan(case: Case, planned: Result, writer: Writer) -> Markup:
    """Say what each partner gains alone and with the other, for how much public money, by what."""
    compare = planned["compare"].set_index("who")
    best = best_plan(planned)
    alone = []
    for region in case.participants:
        if region not in compare.index:
            continue
        row = compare.loc[region]
        alone.append(Markup("{name} {gain}").format(
            name=name_of(case, "regions", region),
            gain=writer.number(float(row[f"gain_{region.lower()}"]), "MUSD", str(row["rests_on"])),
        ))  # fmt: skip
    row = compare.loc[best]
    together = [
        Markup("{name} {gain}").format(
            name=name_of(case, "regions", region),
            gain=writer.number(float(row[f"gain_{region.lower()}"]), "MUSD", str(row["rests_on"])),
        )
        for region in case.participants
    ]
    choices = planned["choices"]
    choices = choices[choices["who"].eq(best) & choices["share"].gt(0)].sort_values("capex", ascending=False)
    stocks = planned["stock_plan"]
    stocks = stocks[stocks["who"].eq(best) & stocks["bought"].gt(0)]
    bought = stocks.groupby("commodity").agg(bought=("bought", "sum"), rests_on=("rests_on", behind))
    reserve = [
        Markup("{quantity} of {commodity}").format(
            quantity=writer.number(float(r["bought"]), "t", str(r["rests_on"])), commodity=name_of(case, "commodities", str(c)).lower()
        )
        for c, r in bought.sort_values("bought", ascending=False).head(3).iterrows()
    ]
    named = [str(n) for n in choices["name"].head(3)]
    text = Markup(_(
        "Against {scenario}, alone each partner gains for itself {alone}; together {together}, for {cost} of public money, "
        "with {count} projects (the largest: {projects}) and a stock of {stock}."
    )).format(
        scenario=_lower_first(scenario_title(case, planned)), alone=listed(alone) or "–", together=listed(together),
        cost=writer.number(float(row["public_cost"]), "MUSD", str(row["rests_on"])),
        count=writer.number(float(len(choices)), "count", behind(choices["rests_on"])) if len(choices) else _("no"),
        projects=", ".join(named) or "–", stock=listed(reserve) or _("nothing"),
    )  # fmt: skip
    return text


def promises(tracked: Result, writer: Writer, as_of: str) -> Markup:
    """Say how many commitments are met or overdue, and what runs out next."""
    table = tracked["commitments"]
    state = table["state"].astype(str)
    silent = table[table["status"].eq("no_public_evidence")]

    def count(rows: object) -> Markup:
        found = table[rows]  # type: ignore[index]
        return writer.number(float(len(found)), "count", behind((found if len(found) else table)["rests_on"]))

    clocks = next_clocks(tracked, as_of)
    if clocks.empty:
        soonest = Markup(_("no clock runs"))
    else:
        first = clocks.iloc[0]
        soonest = Markup(_("the next date is {date} ({label}), in {days}")).format(
            date=writer.text(month(str(first["date"])), str(first["rests_on"])), label=first["label"],
            days=writer.number(float(first["days_left"]), "days", str(first["rests_on"])),
        )  # fmt: skip
    return Markup(_(
        "Of {all} commitments of the agreement {met} are met and {overdue} are overdue without public evidence by {day}; "
        "on {silent} nothing public was found, which is not the same as failure; {soonest}."
    )).format(
        all=count(state.notna()), met=count(state.eq("met")), overdue=count(state.str.startswith("overdue")), day=month(as_of),
        silent=writer.number(float(len(silent)), "count", behind((silent if len(silent) else table)["rests_on"])), soonest=soonest,
    )  # fmt: skip


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
    elements = ", ".join(dict.fromkeys(e for cell in bare["elements"] for e in str(cell).split(";") if e in case.settings.get("elements", [])))
    return Markup(_(
        "These answers rest on {rows} input rows, {good} of them from official, wire or filing sources and {assumed} on stated "
        "assumptions; the largest holes are prices of {elements} outside {controller}, shown as bands only, and {secret} "
        "government stocks that are secret and stand as ranges."
    )).format(
        rows=writer.number(float(rows), "count", inputs), good=writer.number(good / rows if rows else 0.0, "share", inputs),
        assumed=writer.number(assumed / rows if rows else 0.0, "share", inputs), elements=elements or "–",
        controller=name_of(case, "regions", case.controller),
        secret=writer.number(float(len(secret)), "count", behind(secret["_row"])) if len(secret) else 0,
    )  # fmt: skip


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] in "- " else text
