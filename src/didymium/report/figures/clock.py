"""Which promises have a clock, what it says today, and when the next one runs out."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from didymium.messages import _
from didymium.report.figures.style import BLUE, GREEN, GREY, INK, ORANGE, RED, SKY, Chart, behind, label, new_figure
from didymium.report.numbers import month

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result

_NARROW, _WIDE = 26, 46
"""Letters of a label that fit a phone, and paper."""
_LINE = 84
"""Letters of the legend that fit a line of paper."""
_BACK = 400
"""Days before today that the axis at least shows."""


def state_colour(state: str) -> str:
    """Return the colour of a state of a commitment or measure."""
    if state == "met":
        return GREEN
    if state.startswith(("overdue", "missed", "suspension expired")):
        return RED
    if state.startswith(("partly", "suspended", "expired")):
        return ORANGE
    if state == "no clock, steps seen":
        return SKY
    return BLUE if state.startswith(("open", "in force", "announced")) else GREY


def next_clocks(tracked: Result, as_of: str) -> pd.DataFrame:
    """Return what runs out after a day, soonest first: label, date, days_left, state, rests_on."""
    import pandas as pd

    due = tracked["commitments"]
    due = due[due["deadline"].astype(str).ge(as_of)].rename(columns={"title": "label", "deadline": "date"})
    ends = tracked["measures"]
    ends = ends[ends["next_date"].astype(str).ge(as_of)].rename(columns={"name": "label", "next_date": "date"})
    columns = ["label", "date", "days_left", "state", "rests_on"]
    return pd.concat([due[columns], ends[columns]]).sort_values(["date", "label"], ignore_index=True)


def commitment_clock(case: Case, tracked: Result, as_of: str) -> Chart:
    """Return the count of commitments by state and the deadlines around today.

    Parameters
    ----------
    case : Case
        For the date of signature.
    tracked : Result
        Of the verb track.
    as_of : str
        Today.
    """
    commitments = tracked["commitments"]
    states = commitments["state"].value_counts()
    overdue = int(states[[s for s in states.index if str(s).startswith("overdue")]].sum())
    title = _("{all} commitments, {clocked} of them with a date; on {day} met: {met}, overdue: {overdue}").format(
        all=len(commitments),
        clocked=int(commitments["deadline"].astype(str).ne("").sum()),
        met=int(states.get("met", 0)),
        overdue=overdue,
        day=month(as_of),
    )
    note = _(
        "Upper bar: commitments by state. Below: dates, from signature or announcement to the deadline or the end "
        "of a suspension. No public evidence is not the same as failure."
    )
    clocks = _clocks(case, tracked)
    drawn = [_draw(states, clocks, as_of, narrow) for narrow in (False, True)]
    rests = behind([*commitments["rests_on"], *clocks["rests_on"]])
    return Chart("clock", title, note, drawn[0], drawn[1], rests, "track.commitments")


def _clocks(case: Case, tracked: Result) -> pd.DataFrame:
    import pandas as pd

    due = tracked["commitments"]
    due = due[due["deadline"].astype(str).ne("")].assign(begin=str(case.settings.get("signed", "")))
    due = due.rename(columns={"title": "label", "deadline": "date"})
    ends = tracked["measures"]
    ends = ends[ends["next_date"].astype(str).ne("")].rename(columns={"name": "label", "next_date": "date"})
    since = case["measures"].set_index("measure")
    begins = since["suspended_from"].where(since["suspended_from"].ne(""), since["start"])
    ends = ends.assign(begin=ends["measure"].map(begins).astype(str))
    columns = ["label", "date", "begin", "state", "rests_on"]
    found = pd.concat([due[columns], ends[columns]]).sort_values(["date", "label"], ignore_index=True)
    found = found[found["begin"].ne("")]
    groups = found.groupby(["date", "begin", "state"], sort=True)
    together = groups.agg(label=("label", _together), rests_on=("rests_on", behind)).reset_index()
    return together.sort_values(["date", "begin"], ignore_index=True)


def _together(labels: pd.Series[str]) -> str:
    """One label for clocks that begin and end on the same days."""
    first = str(labels.iloc[0])
    return first if len(labels) == 1 else _("{label} and {more} more").format(label=first, more=len(labels) - 1)


def _lines(words: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Break the legend into lines that fit paper."""
    found: list[list[tuple[str, str]]] = [[]]
    for word in words:
        if found[-1] and sum(len(w) + 5 for w, _state in [*found[-1], word]) > _LINE:
            found.append([])
        found[-1].append(word)
    return found


def _draw(states: pd.Series, clocks: pd.DataFrame, as_of: str, narrow: bool) -> go.Figure:
    import pandas as pd

    rows = len(clocks)
    words = [(f"{int(n)} {_(str(s))}", str(s)) for s, n in states.items()]
    legend = [[word] for word in words] if narrow else _lines(words)
    lines = len(legend)
    head = 32 + 17 * lines
    height = head + 34 * rows + 44
    figure = new_figure(height, barmode="stack")
    inner = height - 6 - 24
    split = 1 - head / inner
    for state, count in states.items():
        figure.add_trace(
            go.Bar(
                x=[int(count)],
                y=[""],
                orientation="h",
                marker={"color": state_colour(str(state)), "line": {"color": "#ffffff", "width": 2}},
                width=1.0,
                showlegend=False,
                hovertemplate=f"{state}: {count}<extra></extra>",
            )
        )
    shown = ("   ".join(f'<span style="color:{state_colour(s)}">■</span> {word}' for word, s in row) for row in legend)
    label(
        figure,
        0,
        1,
        "<br>".join(shown),
        xref="paper",
        yref="paper",
        yshift=-24,
        yanchor="top",
        align="left",
    )
    figure.update_layout(
        xaxis={"visible": False, "domain": [0, 1], "range": [0, float(states.sum())]},
        yaxis={"visible": False, "domain": [1 - 20 / inner, 1.0], "range": [-0.5, 0.5]},
    )
    today = pd.Timestamp(as_of)
    if rows:
        first = max(pd.Timestamp(str(clocks["begin"].min())), today - pd.Timedelta(days=_BACK))
        last = max(pd.Timestamp(str(clocks["date"].max())), today) + pd.Timedelta(days=40)
        for place, record in enumerate(clocks.to_dict("records")):
            begin, end = max(pd.Timestamp(str(record["begin"])), first), pd.Timestamp(str(record["date"]))
            late = begin > first + 0.5 * (last - first)
            colour = state_colour(str(record["state"]))
            figure.add_trace(
                go.Scatter(
                    x=[begin, end],
                    y=[place, place],
                    mode="lines+markers",
                    xaxis="x2",
                    yaxis="y2",
                    line={"color": colour, "width": 3},
                    marker={"size": [0, 11], "color": colour, "symbol": ["circle", "diamond"]},
                    showlegend=False,
                    hovertemplate="%{x|%d %b %Y}<extra></extra>",
                )
            )
            called = textwrap.shorten(str(record["label"]), _NARROW if narrow else _WIDE, placeholder="…")
            text = f"{called} · {month(str(record['date']))}" + ("" if narrow else f" · {_(record['state'])}")
            label(
                figure,
                end if late else begin,
                place,
                text,
                xanchor="right" if late else "left",
                xref="x2",
                yref="y2",
                yshift=12,
                font={"size": 11 if narrow else 12, "color": INK},
                bgcolor="rgba(255,255,255,0.85)",
                borderpad=0,
            )
        figure.add_shape(
            type="line",
            x0=today,
            x1=today,
            y0=0,
            y1=1,
            xref="x2",
            yref="y2 domain",
            line={"color": INK, "width": 1.2, "dash": "dot"},
        )
        label(
            figure,
            today,
            0.0,
            _("today"),
            xref="x2",
            yref="y2 domain",
            xshift=4,
            yshift=8,
            font={"size": 11, "color": INK},
        )
        figure.update_layout(
            xaxis2={
                "type": "date",
                "range": [first, last],
                "domain": [0, 1],
                "anchor": "y2",
                "tickformat": "%b %Y",
                "nticks": 4 if narrow else 8,
                "gridcolor": "#eef1f4",
                "fixedrange": True,
            },
            yaxis2={
                "visible": False,
                "domain": [0, max(split, 0.05)],
                "range": [rows - 0.4, -0.9],
                "anchor": "x2",
                "fixedrange": True,
            },
        )
    figure.update_layout(margin={"l": 6, "r": 14, "t": 6, "b": 24})
    return figure
