"""How likely what is: the scenarios that are planned for beside all of which they are a part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from didymium.messages import _
from didymium.plan.reduction import first_day, months_of
from didymium.plan.stories import FORMS, heavy_forms
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario
    from didymium.plan.stories import Story


def chances_table(case: cases.Case, every: Sequence[Story], kept: Sequence[Story]) -> ResultTable:
    """Return the chance of a cut and what cuts are like, of all scenarios and of those that are planned for.

    Parameters
    ----------
    case : Case
        The case: its participants, and the rows behind it where the scenarios name none.
    every, kept : sequence of Story
        Before and after the reduction.
    """
    inputs = join_inputs([key for story in every for key in story.inputs()]) or f"regions/{case.controller}"
    before, after = (_summary(case, stories) for stories in (every, kept))
    rows: list[dict[str, Any]] = []
    for measure, value in sorted(before | after, key=lambda key: (_ORDER.index(key[0]), key[1])):
        pair = {name: found.get((measure, value), 0.0) for name, found in (("before", before), ("after", after))}
        unit = _UNITS.get(measure, "ratio")
        rows.append({"measure": measure, "value": _(value) if value else "", **pair, "unit": unit, RESTS_ON: inputs})
    columns = {
        "measure": Column("", _("What: scenarios, probability of a cut, mean length of one; share of cuts by onset, "
                                "length, forms and aim")),
        "value": Column("", _("Which year, months, forms or aim")),
        "before": Column("", _("In all scenarios, in the unit beside it: probabilities are assumptions")),
        "after": Column("", _("In those that the plan is made for")),
        "unit": Column("", _("Unit")),
    }  # fmt: skip
    title = _("How likely a cut is and what it is like, before and after the scenarios were reduced")
    return ResultTable("chances", title, pd.DataFrame(rows)[[*columns, RESTS_ON]], columns, ("measure", "value"))


_ORDER = ("scenarios", "cut", "mean_length", "onset", "length", "forms", "aim")
_UNITS = {"scenarios": "count", "mean_length": "month"}


def _summary(case: cases.Case, stories: Sequence[Story]) -> dict[tuple[str, str], float]:
    cuts = [(story.probability, story.scenario) for story in stories if story.scenario is not None]
    total = sum(share for share, _cut in cuts)
    found = {("scenarios", ""): float(len(stories)), ("cut", ""): total}
    if total <= 0.0:
        return found
    found["mean_length", ""] = sum(share * months_of(cut) for share, cut in cuts) / total
    for share, cut in cuts:
        told = {"onset": str(first_day(cut).year), "length": f"{months_of(cut):2d}"}
        if cut.restrictions:
            told |= {"forms": _forms(case, cut), "aim": _aim(case, cut)}
        for key in told.items():
            found[key] = found.get(key, 0.0) + share / total
    return found


def _forms(case: cases.Case, cut: Scenario) -> str:
    covered = {good for r in cut.restrictions for good in r.commodities}
    return FORMS["heavy" if covered <= heavy_forms(case) else "all"][0]


def _aim(case: cases.Case, cut: Scenario) -> str:
    hit = {region for r in cut.restrictions for region in r.destinations}
    return "+".join(sorted(hit)) if hit <= set(case.participants) else "everybody"
