"""What was observed, what balances, and what other statistics say of the same quantity."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import plotly.graph_objects as go

from didymium.messages import _
from didymium.report.figures.style import BLUE, GREY, INK, MUTED, ORANGE, RED, fade, new_figure

if TYPE_CHECKING:
    from didymium.result import Result

ROWS = 30
"""Observations shown: those that moved most, and those whose statistics disagree most."""

_END = 1.645
_FAR = 6.0


def reconciled(found: Result) -> go.Figure:
    """Return the observations that moved most: band, balanced value and rival statistics, in standard errors.

    Parameters
    ----------
    found : Result
        Of the verb reconcile.
    """
    table = found["observations"]
    moved = table[table["sigma"].gt(0) & ~table["role"].str.startswith(_("compared"))].head(ROWS).iloc[::-1]
    names = [
        f"{row['label']}  <span style='color:{MUTED}'>{row['series']} · {row['grade']}</span>"
        for row in moved.to_dict("records")
    ]
    figure = new_figure(90 + 22 * len(moved), margin={"l": 8, "r": 12, "t": 60, "b": 40, "pad": 4}, showlegend=True)
    figure.add_bar(
        x=[2 * _END] * len(moved), y=names, base=[-_END] * len(moved), orientation="h", width=0.5,
        marker={"color": fade(GREY, 0.35)}, name=_("band of the observation"), hoverinfo="skip",
    )  # fmt: skip
    colours = [RED if abs(sigmas) > _END else BLUE for sigmas in moved["sigmas"]]
    figure.add_scatter(
        x=moved["sigmas"].clip(-_FAR, _FAR), y=names, mode="markers", name=_("balanced"),
        marker={"size": 9, "color": colours},
        text=[f"{o:,.0f} → {a:,.0f} t" for o, a in zip(moved["observed"], moved["adjusted"], strict=True)],
        hovertemplate="%{text}<br>%{x:.1f} σ<extra></extra>",
    )  # fmt: skip
    rivals = found["disagreements"]
    xs, ys, texts = [], [], []
    place = dict(zip(zip(moved["label"], moved["series"], strict=True), names, strict=True))
    spread = dict(zip(zip(moved["label"], moved["series"], strict=True), moved["sigma"], strict=True))
    for row in rivals.to_dict("records"):
        for mine, value, theirs, said in (
            (row["series"], row["observed"], row["other_series"], row["other"]),
            (row["other_series"], row["other"], row["series"], row["observed"]),
        ):
            key = (row["label"], mine)
            if key in place:
                xs.append(max(-_FAR, min(_FAR, (said - value) / spread[key])))
                ys.append(place[key])
                texts.append(f"{theirs}: {said:,.0f} t")
    figure.add_scatter(
        x=xs, y=ys, mode="markers", name=_("another statistic of the same quantity"), text=texts,
        marker={"size": 8, "color": ORANGE, "symbol": "diamond-open", "line": {"width": 2}},
        hovertemplate="%{text}<br>%{x:.1f} σ<extra></extra>",
    )  # fmt: skip
    figure.add_vline(x=0, line={"color": INK, "width": 1})
    title = _("What had to move for the base year to balance, in standard errors of each observation")
    figure.update_layout(
        title={"text": f"<b>{title}</b>", "font": {"size": 14}, "x": 0.01, "xanchor": "left", "y": 0.985},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0}, width=1100,
    )  # fmt: skip
    figure.update_xaxes(range=[-_FAR - 0.3, _FAR + 0.3], title={"text": _("standard errors; beyond 6 drawn at 6")})
    return figure


def write_plot(found: Result, path: Path) -> Path:
    """Write the figure as one HTML page that opens offline; the old page stays if anything fails.

    Parameters
    ----------
    found : Result
        Of the verb reconcile.
    path : Path
        File to write.
    """
    part = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        reconciled(found).write_html(part, include_plotlyjs=True, config={"displayModeBar": False})
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path
