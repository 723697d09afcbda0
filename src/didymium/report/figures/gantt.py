"""When projects begin, ramp up and run: those that the plan adds, and those that go ahead anyway."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from didymium.messages import N_, _
from didymium.report.figures.style import BLUE, INK, SKY, STAGE_NAMES, Chart, behind, label, name_of, new_figure
from didymium.report.figures.waterfall import best_plan, chosen, committed, people, who_name
from didymium.report.numbers import money, month

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result

_PHASES = {"lead time": (N_("lead time"), "#c9d3dc"), "ramp": (N_("ramp"), SKY), "output": (N_("full output"), BLUE)}
_MOST = 30


def project_gantt(case: Case, planned: Result) -> Chart | None:
    """Return the schedule of the projects; None where the plan chose none.

    Parameters
    ----------
    case : Case
        For names.
    planned : Result
        Of the verb plan.
    """
    who = best_plan(planned)
    schedule, choices, settled = planned["schedule"], chosen(planned, who), committed(planned)
    added = schedule["who"].eq(who) & schedule["facility"].isin(choices["facility"])
    if not added.any():
        return None
    anyway = schedule["facility"].isin(settled["facility"]) & ~schedule["facility"].isin(choices["facility"])
    schedule = schedule[added | anyway].drop_duplicates(["facility", "phase"])
    begins = schedule[schedule["phase"].ne("lead time")].groupby("facility")["begin"].min().sort_values(kind="stable")
    mine = [str(f) for f in begins.index if f in set(choices["facility"])]
    order = [*mine, *(str(f) for f in begins.index if f not in mine)][:_MOST]
    schedule = schedule[schedule["facility"].isin(order)]
    title = _(
        "The plan adds {count} projects to {anyway} that go ahead anyway; its first output comes in {month}"
    ).format(count=len(choices), anyway=len(settled), month=month(str(begins[mine[0]])[:7]) if mine else "–")
    note = _(
        "Plan of: {who}. Bold: added by the plan, the others go ahead anyway. Lead times are the central values; a "
        "star marks a cost or time that is assumed."
    ).format(who=who_name(case, who))
    rows = {str(row["facility"]): row for row in [*settled.to_dict("records"), *choices.to_dict("records")]}
    drawn = [_draw(case, schedule, rows, order, narrow) for narrow in (False, True)]
    return Chart("gantt", title, note, drawn[0], drawn[1], behind(schedule["rests_on"]), "plan.schedule")


def _draw(
    case: Case, schedule: pd.DataFrame, choices: Mapping[str, Mapping[Any, Any]], order: list[str], narrow: bool
) -> go.Figure:
    import pandas as pd

    figure = new_figure(27 * len(order) + 62, barmode="stack")
    for phase, (name, colour) in _PHASES.items():
        rows = schedule[schedule["phase"].eq(phase)]
        begin, end = pd.to_datetime(rows["begin"]), pd.to_datetime(rows["end"])
        figure.add_trace(
            go.Bar(
                base=begin.dt.strftime("%Y-%m-%d").to_list(),
                x=[(e - b).days * 86_400_000 for b, e in zip(begin, end, strict=True)],
                y=[order.index(str(f)) for f in rows["facility"]],
                orientation="h",
                width=0.3,
                name=_(name),
                marker_color=colour,
                customdata=[[n, b, e] for n, b, e in zip(rows["name"], rows["begin"], rows["end"], strict=True)],
                hovertemplate="%{customdata[0]}: %{customdata[1]} – %{customdata[2]}<extra>" + _(name) + "</extra>",
            )
        )
    start = pd.to_datetime(schedule["begin"]).min()
    for place, facility in enumerate(order):
        row = choices[facility]
        called = textwrap.shorten(str(row["name"]), 30 if narrow else 60, placeholder="…")
        parts = [(called if bool(row["committed"]) else f"<b>{called}</b>") + (" *" if row["on_assumptions"] else "")]
        stage = str(row["stage"])
        parts.append(_(STAGE_NAMES[stage]) if stage in STAGE_NAMES else stage)
        parts.append(str(row["region"]) if narrow else name_of(case, "regions", str(row["region"])))
        if not narrow:
            parts.append(money(float(row["capex"])))
            if row["payer"]:
                parts.append(_("paid by {who}").format(who=people(case, str(row["payer"]))))
        label(figure, start, place, " · ".join(parts), yshift=10, font={"size": 10 if narrow else 11, "color": INK})
    figure.update_layout(
        xaxis={"type": "date", "side": "top", "tickformat": "%Y", "dtick": "M24" if narrow else "M12"},
        yaxis={"visible": False, "range": [len(order) - 0.55, -0.75]},
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 0, "yanchor": "top", "font": {"size": 12}, "traceorder": "normal"},
        margin={"l": 6, "r": 10, "t": 26, "b": 8},
    )
    return figure
