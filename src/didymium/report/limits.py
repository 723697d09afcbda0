"""What this cannot tell you: computed from the case and the results, so that it cannot grow stale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from markupsafe import Markup

from didymium.case.check import first_day
from didymium.messages import _
from didymium.report.figures.style import behind, goods, name_of
from didymium.report.footnotes import ASSUMPTION
from didymium.report.grades import inputs_of
from didymium.report.limits_of_results import Limit, of_the_base_year, of_the_plan, of_the_promises, of_the_shock
from didymium.report.numbers import Writer, month

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result

_OLD_YEARS = 3


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
        found.append(of_the_base_year(case, results["clear"], writer))
    if "shock" in results:
        found.append(of_the_shock(case, results["shock"], writer))
    if "plan" in results:
        found.append(of_the_plan(results["plan"], writer))
    if "track" in results:
        found.append(of_the_promises(results["track"], writer))
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
