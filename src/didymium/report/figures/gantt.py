"""When the chosen projects begin, ramp up and run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from didymium.messages import N_, _
from didymium.report.figures.style import BLUE, INK, SKY, STAGE_NAMES, Chart, behind, label, name_of, new_figure
from didymium.report.figures.waterfall import best_plan, chosen, people, who_name
from didymium.report.numbers import money, month

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result

_PHASES = {"lead time": (N_("lead time"), "#c9d3dc"), "ramp": (N_("ramp"), SKY), "output": (N_("full output"), BLUE)}
_MOST = 24


def project_gantt(case: Case, planned: Result) -> Chart | None:
    """Return the schedule of the chosen projects; None where the plan chose none.

    Parameters
    ----------
    case : Case
        For names.
    planned : Result
        Of the verb plan.
    """
    who = best_plan(planned)
    schedule, choices = planned["schedule"], chosen(planned, who)
    schedule = schedule[schedule["who"].eq(who)]
    schedule = schedule[schedule["facility"].isin(choices["facility"])]
    if schedule.empty:
        return None
    begins = schedule[schedule["phase"].ne("lead time")].groupby("facility")["begin"].min().sort_values()
    rest = [f for f in dict.fromkeys(schedule["facility"]) if f not in begins.index]
    order = [str(f) for f in [*begins.index, *rest]][:_MOST]
    schedule = schedule[schedule["facility"].isin(order)]
    first = str(begins.iloc[0]) if len(begins) else ""
    title = _("The first of {count} chosen projects gives output in {month}").format(
        count=len(choices), month=month(first[:7]) if first else "–"
    )
    note = _(
        "Plan of: {who}. Lead times are the central values; a star marks a cost or time that is assumed. "
        "Projects that go ahead anyway are not drawn; they stand in a table below."
    ).format(who=who_name(case, who))
    rows = {str(row["facility"]): row for row in choices.to_dict("records")}
    drawn = [_draw(case, schedule, rows, order, narrow) for narrow in (False, True)]
    return Chart("gantt", title, note, drawn[0], drawn[1], behind(schedule["rests_on"]), "plan.schedule")


def _draw(
    case: Case, schedule: pd.DataFrame, choices: Mapping[str, Mapping[Any, Any]], order: list[str], narrow: bool
) -> go.Figure:
    import pandas as pd

    figure = new_figure(38 * len(order) + 62, barmode="stack")
    for phase, (name, colour) in _PHASES.items():
        rows = schedule[schedule["phase"].eq(phase)]
        begin, end = pd.to_datetime(rows["begin"]), pd.to_datetime(rows["end"])
        figure.add_trace(
            go.Bar(
                base=begin.dt.strftime("%Y-%m-%d").to_list(),
                x=[(e - b).days * 86_400_000 for b, e in zip(begin, end, strict=True)],
                y=[order.index(str(f)) for f in rows["facility"]],
                orientation="h",
                width=0.34,
                name=_(name),
                marker_color=colour,
                customdata=[[n, b, e] for n, b, e in zip(rows["name"], rows["begin"], rows["end"], strict=True)],
                hovertemplate="%{customdata[0]}: %{customdata[1]} – %{customdata[2]}<extra>" + _(name) + "</extra>",
            )
        )
    start = pd.to_datetime(schedule["begin"]).min()
    for place, facility in enumerate(order):
        row = choices[facility]
        parts = [f"<b>{row['name']}</b>" + (" *" if bool(row["on_assumptions"]) else "")]
        stage = str(row["stage"])
        parts.append(_(STAGE_NAMES[stage]) if stage in STAGE_NAMES else stage)
        parts.append(str(row["region"]) if narrow else name_of(case, "regions", str(row["region"])))
        if not narrow:
            parts.append(money(float(row["capex"])))
            parts.append(_("paid by {who}").format(who=people(case, str(row["payer"]))))
        label(figure, start, place, " · ".join(parts), yshift=13, font={"size": 11 if narrow else 12, "color": INK})
    figure.update_layout(
        xaxis={"type": "date", "side": "top", "tickformat": "%Y", "dtick": "M24" if narrow else "M12"},
        yaxis={"visible": False, "range": [len(order) - 0.55, -0.75]},
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 0, "yanchor": "top", "font": {"size": 12}, "traceorder": "normal"},
        margin={"l": 6, "r": 10, "t": 26, "b": 8},
    )
    return figure
