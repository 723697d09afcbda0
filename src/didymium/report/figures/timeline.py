"""The shock month by month: prices in and out of the controlling country, and who goes short of what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from didymium.messages import _
from didymium.report.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    MUTED,
    ORANGE,
    PINK,
    RED,
    SKY,
    Chart,
    behind,
    dress_axes,
    label,
    name_of,
    new_figure,
    short_name,
)  # fmt: skip
from didymium.report.numbers import amount, digits, month

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result

_USES = (BLUE, ORANGE, GREEN, SKY, RED, PINK, GREY, MUTED)
_PANELS = 4


def outside_prices(case: Case, shocked: Result, calibrated: bool = True) -> pd.DataFrame:
    """Return, by foresight, commodity and month, the row of the dearest participant.

    Parameters
    ----------
    case : Case
        For participants and for which prices are calibrated.
    shocked : Result
        Of the verb shock.
    calibrated : bool
        Leave out commodities whose price is a band only.
    """
    prices = shocked["prices"]
    found = prices[prices["region"].isin(case.participants) & prices["multiple"].notna()]
    if calibrated:
        commodities = case["commodities"]
        found = found[~found["commodity"].isin(commodities.loc[commodities["calibrated"].eq("no"), "commodity"])]
    dearest = found.groupby(["foresight", "commodity", "month"])["multiple"].idxmax()
    return found.loc[dearest].sort_values(["foresight", "commodity", "month"])


def price_timeline(case: Case, shocked: Result) -> Chart | None:
    """Return prices in and out of the controlling country, as multiples of the base.

    Parameters
    ----------
    case : Case
        For names and regions.
    shocked : Result
        Of the verb shock.
    """
    outside = outside_prices(case, shocked)
    if outside.empty:
        return None
    blind = outside[outside["foresight"].eq("none")]
    peaks = blind.groupby("commodity")["multiple"].max().sort_values(ascending=False)
    chosen = _spread(case, [str(c) for c in peaks.index])
    inside = shocked["prices"]
    inside = inside[inside["region"].eq(case.controller) & inside["foresight"].eq("none") & inside["commodity"].isin(chosen)]
    worst = chosen[0]
    seen = outside[outside["foresight"].eq("perfect") & outside["commodity"].eq(worst)]["multiple"]
    title = _("{commodity} outside {region} peaks at {blind} times its base price if nobody sees the cut coming, {seen} if everybody does").format(
        commodity=name_of(case, "commodities", worst), region=name_of(case, "regions", case.controller),
        blind=digits(float(peaks[worst])), seen=digits(float(seen.max())) if len(seen) else "–",
    )  # fmt: skip
    note = _("Price as a multiple of its base price (1 = no shock), by month; outside: the dearer of {regions}.").format(
        regions=", ".join(name_of(case, "regions", p) for p in case.participants)
    )
    rests = behind([*outside.loc[outside["commodity"].isin(chosen), "rests_on"], *inside["rests_on"]])
    parts = (case, outside, inside, chosen)
    return Chart("prices", title, note, _prices(*parts, len(chosen)), _prices(*parts, 2), rests, "shock.prices")


def _spread(case: Case, commodities: list[str]) -> list[str]:
    """Pick panels: the worst, then forms of other elements, so that one element does not fill the figure."""
    elements = dict(zip(case["commodities"]["commodity"], case["commodities"]["elements"], strict=True))
    chosen: list[str] = []
    for again in (False, True):
        for commodity in commodities:
            new = elements[commodity] not in {elements[c] for c in chosen}
            if commodity not in chosen and (new or again) and len(chosen) < _PANELS:
                chosen.append(commodity)
    return sorted(chosen, key=commodities.index)


def _prices(case: Case, outside: pd.DataFrame, inside: pd.DataFrame, chosen: list[str], across: int) -> go.Figure:
    down = -(-len(chosen) // across)
    single = down == 1
    figure = new_figure(232 if single else 150 * down + 50)
    top = float(outside.loc[outside["commodity"].isin(chosen), "multiple"].max())
    lines = (
        (_("outside, not foreseen"), outside[outside["foresight"].eq("none")], {"color": RED, "width": 2.4}),
        (_("outside, foreseen"), outside[outside["foresight"].eq("perfect")], {"color": BLUE, "width": 2.0, "dash": "dash"}),
        (_("in {region}").format(region=name_of(case, "regions", case.controller)), inside, {"color": MUTED, "width": 1.6, "dash": "dot"}),
    )
    for place, commodity in enumerate(chosen):
        axis = "" if place == 0 else str(place + 1)
        for name, rows, line in lines:
            rows = rows[rows["commodity"].eq(commodity)]
            figure.add_trace(go.Scatter(
                x=rows["month"], y=rows["multiple"], mode="lines", line=line, name=name, showlegend=place == 0,
                hovertemplate="%{x|%b %Y}: %{y:.2f}<extra>" + name + "</extra>", xaxis=f"x{axis}", yaxis=f"y{axis}",
            ))  # fmt: skip
            peak = rows.loc[rows["multiple"].idxmax()] if len(rows) else None
            if peak is not None and float(peak["multiple"]) > 1.15:
                label(figure, peak["month"], float(peak["multiple"]), f"{digits(float(peak['multiple']))}×", xref=f"x{axis}", yref=f"y{axis}",
                      yshift=9, xanchor="center", font={"size": 11, "color": line["color"]})  # fmt: skip
        column, row = place % across, place // across
        gap = 0.028 if single else 0.05
        left, right = column / across + (gap / 2 if column else 0), (column + 1) / across - (gap / 2 if column < across - 1 else 0)
        head = 0.2 if single else 0.23
        high = 1 - row / down - head / down * (1 if single else 0.62)
        low = 1 - (row + 1) / down + (0.0 if single else 0.1 / down)
        figure.update_layout({
            f"xaxis{axis}": {"domain": [left, right], "anchor": f"y{axis}", "type": "date", "tickformat": "%b<br>%Y" if single else "%b %y",
                             "nticks": 5 if single else 4, "showgrid": False},
            f"yaxis{axis}": {"domain": [low, high], "anchor": f"x{axis}", "range": [0, top * 1.14], "showticklabels": column == 0,
                             "title": {"text": _("multiple of base price") if column == 0 and row == 0 else ""}, "nticks": 5},
        })  # fmt: skip
        label(figure, left, high, f"<b>{short_name(case, commodity)}</b>", xref="paper", yref="paper", yshift=11)
        figure.add_shape(type="line", x0=0, x1=1, y0=1, y1=1, xref=f"x{axis} domain", yref=f"y{axis}", line={"color": "#b9c2cb", "width": 1})
    dress_axes(figure)
    figure.update_layout(
        showlegend=True, legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom" if not single else "top", "font": {"size": 12}, "traceorder": "normal"},
        margin={"l": 10, "r": 10, "t": 4 if single else 44, "b": 8},
    )  # fmt: skip
    if single:
        figure.update_layout(legend={"y": 1.02})
    return figure


def first_short(served: pd.DataFrame, region: str, foresight: str = "none", least: float = 0.01) -> tuple[str, str]:
    """Return the first month in which a region is short by more than a share of its need, and what that rests on."""
    rows = served[served["region"].eq(region) & served["foresight"].eq(foresight)]
    sums = rows.groupby("month")[["short", "wanted"]].sum()
    months = [str(m) for m in sums.index[sums["short"] > least * sums["wanted"]]]
    if not months:
        return "", behind(rows["rests_on"])
    return min(months), behind(rows.loc[rows["month"].eq(min(months)), "rests_on"])


def shortage_timeline(case: Case, shocked: Result) -> Chart | None:
    """Return the shortage of each participant by end use and month.

    Parameters
    ----------
    case : Case
        For names and participants.
    shocked : Result
        Of the verb shock.
    """
    served = shocked["served"]
    served = served[served["region"].isin(case.participants)]
    if served.empty or not float(served["short"].sum()) > 0:
        return None
    starts = []
    for region in case.participants:
        begin, _inputs = first_short(served, region)
        name = name_of(case, "regions", region)
        starts.append(_("{region} from {month}").format(region=name, month=month(begin)) if begin else _("{region} never").format(region=name))
    title = _("Demand goes unmet: {starts}").format(starts=", ".join(starts))
    note = _("Tonnes a month of all goods that end uses take. Bars: nobody foresees the cut. Line: everybody does.")
    drawn = [_shortage(case, served, across) for across in (True, False)]
    return Chart("shortage", title, note, drawn[0], drawn[1], behind(served["rests_on"]), "shock.served")


def _shortage(case: Case, served: pd.DataFrame, across: bool) -> go.Figure:
    regions = case.participants
    uses = served.groupby("end_use")["short"].sum().sort_values(ascending=False)
    names = {u: name_of(case, "end_uses", u).split(":")[0] for u in uses.index}
    figure = new_figure(280 if across else 190 * len(regions) + 70, barmode="stack", bargap=0.15)
    top = float(served.groupby(["foresight", "region", "month"])["short"].sum().max()) * 1.1
    for place, region in enumerate(regions):
        axis = "" if place == 0 else str(place + 1)
        here = served[served["region"].eq(region)]
        blind = here[here["foresight"].eq("none")]
        for use, colour in zip(uses.index, _USES, strict=False):
            rows = blind[blind["end_use"].eq(use)]
            figure.add_trace(go.Bar(x=rows["month"], y=rows["short"], name=names[use], marker_color=colour, showlegend=place == 0,
                                    xaxis=f"x{axis}", yaxis=f"y{axis}", hovertemplate="%{x|%b %Y}: %{y:.3s} t<extra>" + names[use] + "</extra>"))  # fmt: skip
        seen = here[here["foresight"].eq("perfect")].groupby("month")["short"].sum()
        if len(seen):
            figure.add_trace(go.Scatter(x=list(seen.index), y=seen.to_list(), mode="lines", name=_("total if foreseen"), line={"color": INK, "width": 1.8, "dash": "dash"},
                                        xaxis=f"x{axis}", yaxis=f"y{axis}", showlegend=place == 0, hovertemplate="%{x|%b %Y}: %{y:.3s} t<extra></extra>"))  # fmt: skip
        count = len(regions)
        horizontal, vertical = _panel(place, count, across)
        figure.update_layout({
            f"xaxis{axis}": {"domain": horizontal, "anchor": f"y{axis}", "type": "date", "tickformat": "%b<br>%Y", "nticks": 6, "showgrid": False},
            f"yaxis{axis}": {"domain": vertical, "anchor": f"x{axis}", "range": [0, top], "nticks": 5,
                             "title": {"text": _("short, t a month") if place == 0 or not across else ""}},
        })  # fmt: skip
        label(figure, horizontal[0], vertical[1], f"<b>{name_of(case, 'regions', region)}</b>", xref="paper", yref="paper", yshift=10)
    dress_axes(figure)
    figure.update_layout(
        showlegend=True, legend={"orientation": "h", "x": 0, "y": -0.2 if across else -0.12, "yanchor": "top", "font": {"size": 11}, "traceorder": "normal"},
        margin={"l": 10, "r": 8, "t": 20, "b": 8},
    )  # fmt: skip
    return figure


def _panel(place: int, count: int, across: bool) -> tuple[list[float], list[float]]:
    """Domain of one of several panels, side by side or one below the other."""
    if across:
        gap = 0.07
        width = (1 - gap * (count - 1)) / count
        return [place * (width + gap), place * (width + gap) + width], [0.0, 1.0]
    gap = 0.17
    height = (1 - gap * (count - 1)) / count
    top = 1 - place * (height + gap)
    return [0.0, 1.0], [max(top - height, 0.0), top]


def cover_chart(case: Case, shocked: Result) -> Chart | None:
    """Return days of cover at the start, with their band, and at the lowest, per participant.

    Parameters
    ----------
    case : Case
        For names and participants.
    shocked : Result
        Of the verb shock.
    """
    cover = shocked["cover"]
    cover = cover[cover["region"].isin(case.participants) & cover["foresight"].eq("none") & cover["days_at_start"].notna()]
    if cover.empty:
        return None
    weakest = cover.loc[cover["lowest_days"].idxmin()]
    title = _("{commodity} in {region} has the least left: {lowest} at the worst, from {start} at the start").format(
        commodity=name_of(case, "commodities", weakest["commodity"]), region=name_of(case, "regions", weakest["region"]),
        lowest=amount(float(weakest["lowest_days"]), "days"), start=amount(float(weakest["days_at_start"]), "days"),
    )  # fmt: skip
    note = _("Days of use that stocks last. Dot: at the start, with its band; ring: the lowest in the shock, not foreseen. Red: the month in which need first goes unmet.")
    drawn = [_cover(case, cover, across) for across in (True, False)]
    return Chart("cover", title, note, drawn[0], drawn[1], behind(cover["rests_on"]), "shock.cover")


def _cover(case: Case, cover: pd.DataFrame, across: bool) -> go.Figure:
    order = cover.groupby("commodity")["lowest_days"].min().sort_values(ascending=False).tail(9)
    names = [short_name(case, str(c)) for c in order.index]
    regions = case.participants
    rows_high = 27 * len(order) + 54
    figure = new_figure(rows_high if across else rows_high * len(regions))
    most = float(cover[["days_high", "days_at_start"]].max().max()) * 1.05
    for place, region in enumerate(regions):
        axis = "" if place == 0 else str(place + 1)
        here = cover[cover["region"].eq(region)].set_index("commodity").reindex(order.index)
        ends: dict[str, Any] = {"xaxis": f"x{axis}", "yaxis": f"y{axis}"}
        for name, low, high in zip(names, here["days_low"], here["days_high"], strict=True):
            figure.add_trace(go.Scatter(x=[low, high], y=[name, name], mode="lines", line={"color": "#b7cfe0", "width": 7}, hoverinfo="skip", **ends))
        figure.add_trace(go.Scatter(x=here["days_at_start"], y=names, mode="markers", marker={"color": BLUE, "size": 9},
                                    hovertemplate="%{y}: %{x:.0f}<extra></extra>", **ends))  # fmt: skip
        figure.add_trace(go.Scatter(x=here["lowest_days"], y=names, mode="markers", hovertemplate="%{y}: %{x:.0f}<extra></extra>",
                                    marker={"color": "#ffffff", "size": 8, "line": {"color": RED, "width": 2}}, **ends))  # fmt: skip
        for name, begin in zip(names, here["first_short"], strict=True):
            if isinstance(begin, str) and begin:
                label(figure, most, name, month(begin), xref=f"x{axis}", yref=f"y{axis}", xanchor="right", font={"size": 11, "color": RED})
        horizontal, vertical = _panel(place, len(regions), across)
        figure.update_layout({
            f"xaxis{axis}": {"domain": horizontal, "anchor": f"y{axis}", "range": [0, most], "nticks": 6,
                             "title": {"text": _("days of use") if across or place == len(regions) - 1 else ""}},
            f"yaxis{axis}": {"domain": vertical, "anchor": f"x{axis}", "showticklabels": place == 0 or not across, "type": "category",
                             "categoryarray": names, "categoryorder": "array"},
        })  # fmt: skip
        label(figure, horizontal[0], vertical[1], f"<b>{name_of(case, 'regions', region)}</b>", xref="paper", yref="paper", yshift=10)
    dress_axes(figure)
    figure.update_layout(margin={"l": 8, "r": 10, "t": 20, "b": 8})
    return figure
