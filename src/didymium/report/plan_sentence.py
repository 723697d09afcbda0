"""The sentence on the plan: what is missing, what each partner gains alone and with the other, and by what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from didymium.messages import _
from didymium.report.figures.style import behind, goods, name_of
from didymium.report.figures.waterfall import best_plan, chosen, peak_stock
from didymium.report.names import joined, lower, place, scenario_title
from didymium.report.numbers import NONE, Writer

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result


def plan(case: Case, planned: Result, writer: Writer) -> Markup:
    """Say what each partner gains alone and with the other, for how much public money, by what."""
    compare = {str(row["who"]): row for row in planned["compare"].to_dict("records")}
    best = best_plan(planned)

    def gain(who: str, region: str) -> Markup:
        row = compare[who]
        return writer.number(float(row[f"gain_{region.lower()}"]), "MUSD", str(row["rests_on"]))

    def alone(region: str) -> Markup:
        others = joined(
            Markup(_("{value} to {place}")).format(value=gain(region, other), place=place(case, other))
            for other in case.participants
            if other != region
        )
        text = _("a plan of {place} alone is worth {own} to it and {others}")
        return Markup(text).format(place=place(case, region), own=gain(region, region), others=others)

    total = sum(float(compare[best][f"gain_{region.lower()}"]) for region in case.participants)
    choices = chosen(planned, best).sort_values("capex", ascending=False)
    stories = planned["stories"]
    said = {
        "missing": joined(_missing(case, planned, region, writer) for region in case.participants),
        "stories": writer.number(float(len(stories)), "count", behind(stories["rests_on"])),
        "alone": Markup("; ").join(alone(region) for region in case.participants if region in compare),
        "total": writer.number(total, "MUSD", str(compare[best]["rests_on"])),
        "each": joined(
            Markup(_("{place} {value}")).format(place=place(case, region), value=gain(best, region))
            for region in case.participants
        ),
        "less": _less(case, compare, best, writer),
        "cost": _cost(compare[best], writer),
        "count": writer.number(
            float(len(choices)), "count", behind((choices if len(choices) else planned["compare"])["rests_on"])
        ),
        "projects": ", ".join(str(n) for n in choices["name"].head(3)) or NONE,
    }
    held = joined(_reserve(case, planned, best, writer))
    stock = Markup(_("stocks of {stock}")).format(stock=held) if held else Markup(_("no stock"))
    return Markup(
        _(
            "Under “{scenario}” and no plan {missing} of the {goods} wanted are missing; over {stories} scenarios and "
            "after public cost {alone}; "
            "the best joint plan found is worth {total} ({each}){less}, {cost}; to what goes ahead anyway it adds "
            "{count} projects ({projects}) and {stock}."
        )
    ).format(scenario=scenario_title(case, planned), goods=goods(case), stock=stock, **said)


def _missing(case: Case, planned: Result, region: str, writer: Writer) -> Markup:
    """Say what share of the finished goods a participant lacks during the cut if nobody plans."""
    gap = planned["gap"]
    mine = gap[gap["who"].eq("nothing") & gap["participant"].eq(region)].set_index("kind")
    quantity = mine["quantity"].to_dict()
    share = float(quantity["short"]) / float(quantity["need"])
    value = writer.number(share, "share", str(mine.at["short", "rests_on"]))
    return Markup(_("{share} in {place}")).format(share=value, place=place(case, region))


def _less(case: Case, compare: Mapping[str, Mapping[Any, Any]], best: str, writer: Writer) -> Markup:
    """Say whose own plan would be worth more to it than the joint one."""
    short = []
    for region in case.participants:
        column = f"gain_{region.lower()}"
        lost = float(compare[region][column]) - float(compare[best][column]) if region in compare else 0.0
        if best != region and lost > 0:
            rests = behind([str(compare[region]["rests_on"]), str(compare[best]["rests_on"])])
            value = writer.number(lost, "MUSD", rests)
            short.append(
                Markup(_("{value} less than alone for {place}")).format(value=value, place=place(case, region))
            )
    return Markup(", ") + joined(short) if short else Markup("")


def _cost(row: Mapping[Any, Any], writer: Writer) -> Markup:
    cost = float(row["public_cost"])
    value = writer.number(abs(cost), "MUSD", str(row["rests_on"]))
    said = _("for {cost} of public money") if cost >= 0 else _("and the public purses earn {cost} on it")
    return Markup(said).format(cost=value)


def _reserve(case: Case, planned: Result, who: str, writer: Writer) -> Iterable[Markup]:
    stocks = peak_stock(planned, who).groupby("commodity").agg(level=("level", "sum"), rests_on=("rests_on", behind))
    for row in stocks.reset_index().sort_values("level", ascending=False).head(3).to_dict("records"):
        yield Markup(_("{quantity} of {commodity}")).format(
            quantity=writer.number(float(row["level"]), "t", str(row["rests_on"])),
            commodity=lower(name_of(case, "commodities", str(row["commodity"]))),
        )
