"""What results cannot tell: what was not reproduced, how far a shock, a plan and the promises can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from didymium.messages import _
from didymium.report.figures.style import behind, extreme
from didymium.report.numbers import Writer, month

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result

_FAR_OFF = 2.0
"""Standard deviations beyond which an observation was not reproduced."""


@dataclass(frozen=True)
class Limit:
    """One thing that the brief cannot tell."""

    topic: str
    text: Markup


def of_the_base_year(case: Case, cleared: Result, writer: Writer) -> Limit:
    """Return what the base year does not reproduce."""
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


def of_the_shock(case: Case, shocked: Result, writer: Writer) -> Limit:
    """Return how traders in a shock may behave otherwise."""
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


def of_the_plan(planned: Result, writer: Writer) -> Limit:
    """Return what the plan does not decide."""
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


def of_the_promises(tracked: Result, writer: Writer) -> Limit:
    """Return on how many promises there is silence."""
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


def _readable(case: Case, text: str) -> str:
    """Return a label with names in place of keys."""
    names = {**case.names("commodities"), **case.names("regions")}
    return " ".join(names.get(word, word) for word in text.split(" "))
