"""What this cannot tell you: computed from the case and the results, so that it cannot grow stale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from didymium.case.check import first_day
from didymium.case.schema import GRADES
from didymium.case.tables import TABLES
from didymium.messages import _
from didymium.report.figures.style import behind, extreme, goods, name_of
from didymium.report.footnotes import ASSUMPTION, Evidence
from didymium.report.numbers import Writer, month, percent

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result

_OLD_YEARS = 3
_FAR_OFF = 2.0
"""Standard deviations beyond which an observation was not reproduced."""


@dataclass(frozen=True)
class Limit:
    """One thing that the brief cannot tell."""

    topic: str
    text: Markup


def inputs_of(results: Mapping[str, Result]) -> list[str]:
    """Return every input row that some result rests on."""
    found: dict[str, None] = {}
    for result in results.values():
        for table in result.tables.values():
            for cell in dict.fromkeys(table.frame["rests_on"]):
                found.update(dict.fromkeys(filter(None, str(cell).split(";"))))
    return list(found)


def grade_shares(results: Mapping[str, Result], evidence: Evidence) -> tuple[dict[str, int], list[str]]:
    """Return how many input rows of the market have each grade, by the weakest thing they rest on, and which."""
    counts: Counter[str] = Counter()
    rows = []
    for key in inputs_of(results):
        if TABLES[key.partition("/")[0]].screening:
            continue  # statistics of minerals that no market rests on would drown the assumptions that it does
        references = evidence.of(key)
        if references:
            rows.append(key)
            counts[max((r.grade for r in references), key=GRADES.index)] += 1
    return {grade: counts[grade] for grade in GRADES if counts[grade]}, rows


def grade_rows(results: Mapping[str, Result], evidence: Evidence) -> list[tuple[str, str, int, str]]:
    """Return the table of grades: grade, meaning, rows, share."""
    shares, _rows = grade_shares(results, evidence)
    meaning = {
        "A": _("official or primary: governments, customs, filings, firms about their own plant"),
        "B": _("wire, major press, analyst, think tank"),
        "C": _("trade press, secondary compilation"),
        "D": _("suspect; never feeds a model, only dated events"),
        ASSUMPTION: _("no source gives it; stated with band and reason"),
    }
    total = sum(shares.values()) or 1
    return [(grade, meaning[grade], count, percent(count / total)) for grade, count in shares.items()]


def limits(case: Case, results: Mapping[str, Result], writer: Writer, as_of: str) -> list[Limit]:
    """Return what the brief cannot tell, from the case and the results.

    Parameters
    ----------
    case : Case
        The case.
    results : mapping of str to Result
        By verb.
    writer : Writer
        Writes numbers and gathers footnotes.
    as_of : str
        The day of the brief.
    """
    found = [
        _age(results, writer, as_of),
        _assumed(case, results, writer),
        _facilities(case, writer),
        _prices(case, writer),
        _stocks(case, writer),
    ]
    if "clear" in results:
        found.append(_misfit(case, results["clear"], writer))
    if "shock" in results:
        found.append(_shock(case, results["shock"], writer))
    if "plan" in results:
        found.append(_plan(results["plan"], writer))
    if "track" in results:
        found.append(_track(results["track"], writer))
    found.append(
        Limit(
            _("Level of detail"),
            Markup(
                _(
                    "A region is one market and a group of countries one region; a facility stands for its "
                    "owner's whole plant; grades of "
                    "{goods} are {listed} and elements {elements}. A firm's own exposure is not here."
                )
            ).format(
                goods=goods(case),
                listed=listed_names(case, case.finished()),
                elements=", ".join(case.settings.get("elements", [])),
            ),
        )
    )
    return [limit for limit in found if limit.text]


def listed_names(case: Case, commodities: Iterable[str]) -> str:
    """Return names of commodities in one line."""
    return ", ".join(name_of(case, "commodities", str(c)) for c in commodities)


def _age(results: Mapping[str, Result], writer: Writer, as_of: str) -> Limit:
    today = first_day(as_of)
    evidence = writer.notes.evidence
    cited = {r.key: r for r in evidence.of(inputs_of(results)) if r.grade != ASSUMPTION}
    ages = {key: (today - first_day(r.date)).days for key, r in cited.items()}
    if not ages:
        return Limit("", Markup(""))
    old = [key for key, days in ages.items() if days > 365 * _OLD_YEARS]
    median = sorted(ages.values())[len(ages) // 2]
    return Limit(
        _("Age"),
        Markup(
            _(
                "Half of the {count} sources cited are older than {median}; {old} are older than {years} years. "
                "The newest is of {day}; a page without a date stands with the day on which it was read."
            )
        ).format(
            count=writer.number(float(len(ages)), "count", list(ages)),
            median=writer.number(float(median), "days", list(ages)),
            old=writer.number(float(len(old)), "count", old or list(ages)),
            years=_OLD_YEARS,
            day=month(max(r.date for r in cited.values())),
        ),
    )


def _assumed(case: Case, results: Mapping[str, Result], writer: Writer) -> Limit:
    evidence = writer.notes.evidence
    uses: Counter[str] = Counter()
    for key in inputs_of(results):
        uses.update(r.key for r in evidence.of(key) if r.grade == ASSUMPTION)
    # A row without a band is a definition, not a guess: it is nothing to warn of.
    table = case["assumptions"]
    for definition in table.loc[table["low"].eq(table["high"]), "assumption"]:
        uses.pop(str(definition), None)
    if not uses:
        return Limit("", Markup(""))
    count = writer.number(float(len(uses)), "count", list(uses))
    most = Markup("; ").join(
        Markup("{topic} ({count} rows)").format(
            topic=evidence.references[key].title, count=writer.number(float(times), "count", [key])
        )
        for key, times in uses.most_common(5)
    )
    return Limit(
        _("Assumptions"),
        Markup(
            _(
                "{count} assumptions stand where no source gives a number. Those most used: {most}. Their bands "
                "are in the workbook; "
                "the answers above are at central values unless a band is printed."
            )
        ).format(count=count, most=most),
    )


def _facilities(case: Case, writer: Writer) -> Limit:
    table = case["facilities"]
    left = table[table["modelled"].ne("") | table["processes"].eq("")]
    blank = table[table["modelled"].str.contains("capacity", na=False)]
    if left.empty:
        return Limit("", Markup(""))
    return Limit(
        _("Plants left out"),
        Markup(
            _(
                "{left} of {all} known facilities are not in the market, {blank} of them because nobody states a "
                "capacity; the others "
                "are counted in another row, given up, or rest on a suspect source. What they make is missing or "
                "stands in a sum."
            )
        ).format(
            left=writer.number(float(len(left)), "count", behind(left["_row"])),
            all=writer.number(float(len(table)), "count", behind(table["_row"])),
            blank=writer.number(float(len(blank)), "count", behind((blank if len(blank) else left)["_row"])),
        ),
    )


def _prices(case: Case, writer: Writer) -> Limit:
    commodities = case["commodities"]
    bare = commodities[commodities["calibrated"].eq("no")]
    if bare.empty:
        return Limit("", Markup(""))
    return Limit(
        _("Prices that are not fitted"),
        Markup(
            _(
                "{count} of {all} commodities have no price that a fit could use, or too little data outside "
                "{region}: {names}. Their prices and shortages in the sheets are not to be quoted; nothing above "
                "does."
            )
        ).format(
            count=writer.number(float(len(bare)), "count", behind(bare["_row"])),
            all=writer.number(float(len(commodities)), "count", behind(commodities["_row"])),
            region=name_of(case, "regions", case.controller),
            names=_trimmed(
                [
                    name_of(case, "commodities", str(c))
                    for c in bare.sort_values("stage", key=lambda s: s.eq("mine"))["commodity"]
                ]
            ),
        ),
    )


def _trimmed(names: list[str], most: int = 8) -> str:
    if len(names) <= most:
        return ", ".join(names)
    return _("{names} and {more} more").format(names=", ".join(names[:most]), more=len(names) - most)


def _stocks(case: Case, writer: Writer) -> Limit:
    stocks = case["stocks"]
    secret = stocks[stocks["band"].eq("range")]
    if secret.empty:
        return Limit("", Markup(""))
    firms = stocks[stocks["kind"].eq("commercial")]
    assumed = firms[firms["source"].isin(case["assumptions"]["assumption"])]
    return Limit(
        _("Secret stocks"),
        Markup(
            _(
                "{count} stocks ({owners}) are not public. They stand as ranges between nothing and a rule or a "
                "purchase plan; "
                "days of cover that draw on them are ranges too. Of {firms} stocks of firms {assumed} are assumed."
            )
        ).format(
            count=writer.number(float(len(secret)), "count", behind(secret["_row"])),
            owners=", ".join(dict.fromkeys(secret["owner"])),
            firms=writer.number(float(len(firms)), "count", behind((firms if len(firms) else secret)["_row"])),
            assumed=writer.number(float(len(assumed)), "count", behind((assumed if len(assumed) else secret)["_row"])),
        ),
    )


def _readable(case: Case, text: str) -> str:
    """Return a label with names in place of keys."""
    names = {**case.names("commodities"), **case.names("regions")}
    return " ".join(names.get(word, word) for word in text.split(" "))


def _misfit(case: Case, cleared: Result, writer: Writer) -> Limit:
    if "misfit" not in cleared.tables or cleared["misfit"].empty:
        return Limit("", Markup(""))
    table = cleared["misfit"]
    far = table[table["sigmas"].abs().gt(_FAR_OFF)]
    worst = extreme(table.assign(off=table["sigmas"].abs()), "off")
    return Limit(
        _("What the base year does not reproduce"),
        Markup(
            _(
                "Statistics disagree and were reconciled; {far} of {all} observations had to move by more than "
                "{limit} standard "
                "deviations. The largest: {label}, from {observed} to {adjusted}."
            )
        ).format(
            far=writer.number(float(len(far)), "count", behind((far if len(far) else table)["rests_on"])),
            limit=f"{_FAR_OFF:g}",
            all=writer.number(float(len(table)), "count", behind(table["rests_on"])),
            label=_readable(case, str(worst["label"])),
            observed=writer.number(float(worst["observed"]), "t", str(worst["rests_on"])),
            adjusted=writer.number(float(worst["adjusted"]), "t", str(worst["rests_on"])),
        ),
    )


def _shock(case: Case, shocked: Result, writer: Writer) -> Limit:
    losses = shocked["losses"]
    losses = losses[losses["region"].isin(case.participants)]
    if losses.empty:
        return Limit("", Markup(""))
    low, high = float(losses["value_at_risk_low"].min()), float(losses["value_at_risk_high"].max())
    return Limit(
        _("Behaviour in the shock"),
        Markup(
            _(
                "Real traders lie between the two kinds of foresight: none (each month believes that it will stay "
                "so) and perfect (a "
                "bound, not a forecast). Value added at risk is a range of methods, from {low} to {high} for one "
                "partner: it says what "
                "stands behind the goods that are missing, not what would be lost. Hoarding, rationing by firms "
                "and redesign within "
                "the horizon are not in it."
            )
        ).format(
            low=writer.number(low, "MUSD", behind(losses["rests_on"])),
            high=writer.number(high, "MUSD", behind(losses["rests_on"])),
        ),
    )


def _plan(planned: Result, writer: Writer) -> Limit:
    choices, stories = planned["choices"], planned["stories"]
    count = writer.number(float(len(stories)), "count", behind(stories["rests_on"]))
    assumed = choices[choices["on_assumptions"].astype(bool)]
    compare = planned.tables["compare"]
    unit = compare.columns["gap"].unit
    gap = writer.number(
        float(compare.frame["gap"].max()), unit if unit == "MUSD" else "share", behind(compare.frame["rests_on"])
    )
    share = len(assumed) / len(choices) if len(choices) else 0.0
    shown = (
        writer.number(share, "share", behind((assumed if len(assumed) else choices)["rests_on"]))
        if len(choices)
        else "–"
    )
    return Limit(
        _("The plan"),
        Markup(
            _(
                "The plan knows {count} scenarios and that one of them will come, not which; their probabilities are "
                "assumptions, as no source gives any, and expected values hold for these alone. Lead times are "
                "central, without delay, and no scenario has a second cut. It "
                "chooses among the projects on record, programmes of thrift and collection, and strategic stock; "
                "permits, instruments, price floors and the answers of "
                "others are not decided. Of the projects listed {share} rest on an assumed capital cost or lead "
                "time. A program of "
                "the world market proposes plans; the gain printed is what the users of each partner lose less when a "
                "plan is cleared again as a market, after public cost, not an optimum of its own. That loss of users "
                "and the value added at risk in a shock measure different things, and the two scenarios differ: do not "
                "compare them. Gap to the bound of that program: at most {gap}."
            )
        ).format(
            share=shown,
            gap=gap,
            count=count,
        ),
    )


def _track(tracked: Result, writer: Writer) -> Limit:
    table = tracked["commitments"]
    silent = table[table["status"].eq("no_public_evidence")]
    if silent.empty:
        return Limit("", Markup(""))
    return Limit(
        _("Silence"),
        Markup(
            _(
                "On {silent} of {all} commitments no public evidence was found. The text is not binding, work may "
                "go on unseen, and the search ended on {searched}: what happened since is not in it."
            )
        ).format(
            searched=writer.text(month(str(silent["status_date"].max())), behind(silent["rests_on"])),
            silent=writer.number(float(len(silent)), "count", behind(silent["rests_on"])),
            all=writer.number(float(len(table)), "count", behind(table["rests_on"])),
        ),
    )
