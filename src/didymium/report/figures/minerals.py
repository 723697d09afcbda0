"""All minerals by published methods: a heatmap of ranks, and the ranks of supply risk with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from didymium.messages import N_, _
from didymium.report.figures.style import (
    BLUE,
    GREEN,
    GREY,
    HEAT,
    INK,
    MUTED,
    ORANGE,
    Chart,
    behind,
    dress_axes,
    label,
    name_of,
    new_figure,
    panel,
)
from didymium.screen.mineral_rows import HALF

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result

SHORT_METHODS = {
    "hhi": N_("HHI"),
    "hhi_wgi": N_("HHI × governance"),
    "top3": N_("Top 3"),
    "n_minus_1": N_("N-1"),
    "reliance": N_("Net imports"),
    "supply_risk": N_("EU supply risk"),
    "geopolrisk": N_("GeoPolRisk"),
    "disruption_price": N_("Price, exporter lost"),
    "cascade": N_("Trade cascade"),
}
WORLDWIDE = ("hhi", "hhi_wgi", "top3", "n_minus_1")
OWN = ("reliance", "supply_risk", "geopolrisk", "disruption_price", "cascade")
MOST = 26
"""Minerals in the heatmap."""
FIRST = 5
"""A mineral among so many by any method stands in the heatmap."""
NAMES = 0.19
"""Part of the width that names take left of a panel."""
DRIVERS = {"shares": BLUE, "governance": ORANGE, "elasticities": GREEN, "": GREY}
DRIVER_NAMES = {
    "shares": N_("shares of producers and suppliers"), "governance": N_("governance"),
    "elasticities": N_("elasticities"), "": N_("nothing drawn moves it"),
}  # fmt: skip


def mineral_heatmap(case: Case, screened: Result) -> Chart | None:
    """Return the heatmap of minerals by method; None where the case holds no minerals.

    Parameters
    ----------
    case : Case
        For names.
    screened : Result
        Of the verb screen.
    """
    if "ranks" not in screened.tables:
        return None
    ranks = _worst(screened["ranks"])
    columns = [("world", m) for m in WORLDWIDE] + [(p, m) for p in case.participants for m in OWN]
    cells = {(str(p), str(m)): part.set_index("mineral") for (p, m), part in ranks.groupby(["participant", "method"])}
    columns = [c for c in columns if c in cells]
    listed = set(case["minerals"].loc[case["minerals"]["critical"].eq("yes"), "mineral"])
    first = {m for c in columns for m, r in cells[c]["rank"].items() if r <= FIRST and m in listed}
    order = [str(m) for m in cells["world", "hhi_wgi"].sort_values("rank").index if m in first][:MOST]
    if not order:
        return None
    shown = ranks[ranks["mineral"].isin(order)]
    blank = sum(m not in cells[c].index for c in columns for m in order)
    always = [m for m in order if all(m in cells[c].index and cells[c].loc[m, "rank"] == 1 for c in columns)]
    names = case.names("minerals")
    found = _("{who} comes first by every method").format(who=", ".join(names[m] for m in always)) if always else _(
        "No mineral comes first by every method")  # fmt: skip
    title = _("{found}; {share:.0f} % of the cells cannot be computed").format(
        found=found, share=100 * blank / (len(order) * len(columns))
    )
    note = _(
        "Dark: among the worst by that method, of all minerals that have a value; the figure is the rank. White: not "
        "computable, for the reason given in the sheet. Minerals of the US list that are among the first {first} by "
        "any method, in the order of concentration weighted by governance; the worst stage of each."
    ).format(first=FIRST)
    return Chart(
        "minerals", title, note, _heat(case, cells, columns, order, True), _heat(case, cells, columns, order, False),
        behind(shown["rests_on"]), "screen.ranks", least=640,
    )  # fmt: skip


def _worst(ranks: pd.DataFrame) -> pd.DataFrame:
    """Return the worst stage and form of each mineral by each method."""
    known = ranks[ranks["rank"].notna()]
    return known.sort_values("rank", kind="stable").drop_duplicates(["method", "participant", "mineral"])


def _heat(case: Case, cells: dict[tuple[str, str], pd.DataFrame], columns: list[tuple[str, str]], order: list[str],
          wide: bool) -> go.Figure:  # fmt: skip
    names = case.names("minerals")
    z, text = [], []
    for mineral in order:
        rows = [cells[c].loc[mineral] if mineral in cells[c].index else None for c in columns]
        z.append([None if r is None else 1 - (r["rank"] - 1) / max(r["ranked"] - 1, 1) for r in rows])
        text.append(["" if r is None else f"{r['rank']:.0f}" for r in rows])
    figure = new_figure(20 * len(order) + (150 if wide else 130))
    x = list(range(len(columns)))
    figure.add_trace(go.Heatmap(
        z=z, x=x, y=[names[m] for m in order], text=text, texttemplate="%{text}", textfont={"size": 11},
        colorscale=HEAT, zmin=0, zmax=1, showscale=False, xgap=2, ygap=2, hoverongaps=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
    ))  # fmt: skip
    dress_axes(figure)
    figure.update_xaxes(
        side="top", tickangle=-60 if wide else -90, tickvals=x, ticktext=[_(SHORT_METHODS[m]) for _p, m in columns],
        showgrid=False, showline=False, tickfont={"size": 11 if wide else 9, "color": INK},
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False, showline=False)
    edges = [i for i in x if i == 0 or columns[i][0] != columns[i - 1][0]]
    for edge in edges:
        who = columns[edge][0]
        name = _("World") if who == "world" else name_of(case, "regions", who)
        label(figure, edge - 0.5, -0.01, f"<b>{name}</b>", yref="paper", yanchor="top", font={"size": 11, "color": INK})
        if edge:
            figure.add_vline(x=edge - 0.5, line={"color": MUTED, "width": 1})
    figure.update_layout(margin={"t": 4, "b": 24, "l": 6, "r": 24})
    return figure


def rank_chart(case: Case, screened: Result) -> Chart | None:
    """Return the ranks of supply risk for each participant and both together, with their intervals.

    Parameters
    ----------
    case : Case
        For names.
    screened : Result
        Of the verb screen.
    """
    if "ranks" not in screened.tables:
        return None
    ranks = _worst(screened["ranks"])
    ranks = ranks[ranks["method"].eq("supply_risk")]
    who = [p for p in (*case.participants, "both") if p in set(ranks["participant"])]
    if not who:
        return None
    firsts = {p: str(ranks[ranks["participant"].eq(p)].sort_values("rank")["mineral"].iloc[0]) for p in who}
    names = case.names("minerals")
    leaders = list(dict.fromkeys(names[m] for m in firsts.values()))
    title = _("By supply risk {leaders} comes first; intervals show how far the next ones can be told apart").format(
        leaders=_(" and ").join(leaders)
    )
    colours = ", ".join(f"{_(DRIVER_NAMES[d])} ({c})" for d, c in (
        ("shares", _("blue")), ("governance", _("orange")), ("", _("grey"))))  # fmt: skip
    note = _(
        "Rank by the European method of 2017 seen from each participant, with the places that hold 90 % of {draws} "
        "draws, counted over all minerals and stages; the worst stage of each. Colour: what moves the rank most: "
        "{colours}. Open: mostly its own output, which the method counts as a single supplier. Only minerals whose "
        "recycling rate and substitution are known."
    ).format(draws=f"{screened.manifest['options']['draws']:,}", colours=colours)
    ranks = ranks.merge(screened["minerals"][[*_ROW, "imported", "hhi_own"]], on=_ROW, how="left")
    return Chart(
        "mineral_ranks", title, note, _bars(case, ranks, who, True), _bars(case, ranks, who, False),
        behind(ranks["rests_on"]), "screen.ranks",
    )  # fmt: skip


_ROW = ["mineral", "stage", "form", "participant"]


def _bars(case: Case, ranks: pd.DataFrame, who: list[str], across: bool, most: int = 16) -> go.Figure:
    names = case.names("minerals")
    height = 19 * most + 60
    figure = new_figure(height if across else height * len(who))
    for place, participant in enumerate(who):
        axis = "" if place == 0 else str(place + 1)
        rows = ranks[ranks["participant"].eq(participant)].sort_values("rank", kind="stable").head(most)
        y = [names[m] for m in rows["mineral"]]
        colour = [DRIVERS.get(d, GREY) for d in rows["driver"]]
        shape = ["circle-open" if own else "circle" for own in rows["hhi_own"].notna() & rows["imported"].lt(HALF)]
        middle, low, high = (rows[c].to_numpy(float) for c in ("rank", "rank_low", "rank_high"))
        figure.add_trace(go.Scatter(
            x=middle, y=y, mode="markers", marker={"color": colour, "size": 8, "symbol": shape},
            xaxis=f"x{axis}", yaxis=f"y{axis}",
            error_x={"type": "data", "symmetric": False, "array": (high - middle).clip(0), "color": MUTED,
                     "arrayminus": (middle - low).clip(0), "thickness": 1.4, "width": 3},
            hovertemplate="%{y}: %{x}<extra></extra>",
        ))  # fmt: skip
        horizontal, vertical = panel(place, len(who), across)
        if across:  # names stand left of each panel
            width = (1.0 - NAMES * (len(who) - 1)) / len(who)
            horizontal = [place * (width + NAMES), place * (width + NAMES) + width]
        figure.update_layout({
            f"xaxis{axis}": {"domain": horizontal, "anchor": f"y{axis}", "rangemode": "tozero", "dtick": 5},
            f"yaxis{axis}": {"domain": vertical, "anchor": f"x{axis}", "autorange": "reversed", "type": "category"},
        })  # fmt: skip
        name = _("Both together") if participant == "both" else name_of(case, "regions", participant)
        label(figure, horizontal[0], vertical[1], f"<b>{name}</b>", xref="paper", yref="paper", yshift=14)
    dress_axes(figure)
    figure.update_layout(margin={"t": 30, "b": 26, "l": 6, "r": 8})
    return figure


def exposure_page(case: Case, screened: Result, path: Path) -> Path:
    """Write the heatmaps and the ranks of a screening as an HTML page that opens offline.

    Parameters
    ----------
    case : Case
        For names.
    screened : Result
        Of the verb screen.
    path : Path
        File to write.
    """
    from didymium.report.figures.heatmap import exposure_heatmap
    from didymium.report.figures.page import write_page

    drawn = (exposure_heatmap(case, screened), mineral_heatmap(case, screened), rank_chart(case, screened))
    title = _("Exposure: {case}, {year}").format(case=case.name, year=case.base_year)
    return write_page([chart for chart in drawn if chart is not None], title, path)
