"""The look that all figures share: few colours that colour-blind readers can tell apart, on white, for print."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go

from didymium.messages import N_, _
from didymium.result import join_inputs

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case

INK = "#1c2733"
MUTED = "#5c6b7a"
RULE = "#d5dbe1"
FAINT = "#eef1f4"
ACCENT = "#0b5a8a"
FONT = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Noto Sans CJK JP', 'Hiragino Sans', Meiryo, sans-serif"

BLUE, SKY, GREEN, ORANGE, RED, PINK, YELLOW, GREY = (
    "#0072b2",
    "#56b4e9",
    "#009e73",
    "#e69f00",
    "#d55e00",
    "#cc79a7",
    "#d9c62f",
    "#9aa5b1",
)
"""Okabe and Ito's colours, the yellow darkened for print."""

_REGIONS = {
    "CHN": RED,
    "USA": BLUE,
    "JPN": GREEN,
    "AUS": ORANGE,
    "MYS": PINK,
    "EUR": SKY,
    "MMR": "#8c5a2b",
    "VNM": "#b9a44c",
    "KOR": "#6a7fb5",
    "BRA": "#7fb069",
    "IND": "#c98b9b",
}
HEAT = [[0.0, "#ffffff"], [0.3, "#fdeedd"], [0.55, "#f7c48f"], [0.75, "#e08a3f"], [0.9, "#b4530f"], [1.0, "#7a3003"]]
"""One hue from light to dark, so that it also reads in grey."""

STAGE_NAMES = {
    "mine": N_("Mine"),
    "light_separation": N_("Light separation"),
    "heavy_separation": N_("Heavy separation"),
    "refining": N_("Refining"),
    "metal": N_("Metal"),
    "alloy": N_("Alloy"),
    "magnet": N_("Magnet"),
    "precursor": N_("Precursor"),
    "cathode": N_("Cathode"),
    "anode": N_("Anode"),
    "cell": N_("Cell"),
    "recycling": N_("Recycling"),
    "use": N_("Use"),
}
PRODUCTS = {
    "mine": N_("Ore"),
    "light_separation": N_("Oxide"),
    "heavy_separation": N_("Oxide"),
    "refining": N_("Refined"),
}
"""What leaves a stage, where it is called otherwise than the stage."""

GOODS = {
    "magnet": N_("magnets"),
    "cell": N_("battery cells"),
    "cathode": N_("cathodes"),
    "refining": N_("refined materials"),
    "metal": N_("metals"),
}
"""Goods of a final stage, as they stand in a sentence."""
WIDE, NARROW = 1000, 360
"""Widths that the two forms of a figure are drawn for, in pixels; the page stretches them."""


def region_colour(region: str) -> str:
    """Return the colour of a region, the same in every figure."""
    return _REGIONS.get(region, GREY)


def fade(colour: str, share: float) -> str:
    """Return a colour as seen through white."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share:g})"


@dataclass(frozen=True)
class Chart:
    """A figure with what a reader needs around it.

    Parameters
    ----------
    name : str
        Short name, unique in a document.
    title : str
        What it shows, as a finding.
    note : str
        How to read it: units, what is left out.
    wide, narrow : Figure
        The figure for a page's width, and for a phone or half a page.
    rests_on : str
        Input rows behind everything drawn.
    table : str
        Result table that it is drawn from, ``verb.table``.
    least : int
        Narrowest width that it can be read at; a narrower screen scrolls.
    paper : int
        Height in print, in pixels, where a page must hold it beside others; 0: its own.
    """

    name: str
    title: str
    note: str
    wide: go.Figure
    narrow: go.Figure
    rests_on: str
    table: str
    least: int = 300
    paper: int = 0


def behind(rests_on: Iterable[str]) -> str:
    """Return the distinct input rows behind several result rows."""
    return join_inputs(*(cell.split(";") for cell in dict.fromkeys(rests_on)))


_AXIS: dict[str, Any] = {
    "gridcolor": FAINT,
    "linecolor": RULE,
    "zeroline": False,
    "ticks": "",
    "automargin": True,
    "fixedrange": True,
    "title": {"font": {"size": 12, "color": MUTED}, "standoff": 6},
    "tickfont": {"size": 12, "color": INK},
}


def extreme(frame: pd.DataFrame, column: str, largest: bool = True) -> dict[str, Any]:
    """Return the row of a table in which a column is largest, or smallest."""
    place = int(frame[column].argmax() if largest else frame[column].argmin())
    return {str(k): v for k, v in frame.iloc[place].to_dict().items()}


def new_figure(height: int, **layout: Any) -> go.Figure:
    """Return an empty figure in the common style."""
    figure = go.Figure()
    figure.update_layout(
        template="none",
        height=height,
        paper_bgcolor="#ffffff",
        plot_bgcolor="#ffffff",
        autosize=False,
        font={"family": FONT, "size": 12, "color": INK},
        margin={"l": 8, "r": 12, "t": 10, "b": 8, "pad": 4},
        showlegend=False,
        hoverlabel={"bgcolor": "#ffffff", "bordercolor": RULE, "font": {"family": FONT, "size": 12}},
        xaxis=_AXIS,
        yaxis=_AXIS,
        separators=".,",
        dragmode=False,
    )
    figure.update_layout(**layout)
    return figure


def dress_axes(figure: go.Figure) -> None:
    """Give the axes of later panels the look of the first."""
    figure.update_xaxes(**_AXIS)
    figure.update_yaxes(**_AXIS)


def panel(place: int, count: int, across: bool) -> tuple[list[float], list[float]]:
    """Return the domain of one of several panels, side by side or one below the other."""
    if across:
        gap = 0.07
        width = (1 - gap * (count - 1)) / count
        return [place * (width + gap), place * (width + gap) + width], [0.0, 1.0]
    gap = 0.17
    height = (1 - gap * (count - 1)) / count
    top = 1 - place * (height + gap)
    return [0.0, 1.0], [max(top - height, 0.0), top]


def label(figure: go.Figure, x: Any, y: Any, text: str, **options: Any) -> None:
    """Write a label into a figure, without an arrow."""
    options = {
        "showarrow": False,
        "font": {"size": 12, "color": INK},
        "xanchor": "left",
        "yanchor": "middle",
        **options,
    }
    figure.add_annotation(x=x, y=y, text=text, **options)


def name_of(case: Case, table: str, key: str) -> str:
    """Return the readable name of a row, or of a stage (``stage:magnet``), or the key where it has none."""
    if key.startswith("stage:"):
        stage = key.removeprefix("stage:")
        return _(STAGE_NAMES[stage]) if stage in STAGE_NAMES else stage
    return case.names(table).get(key, key)


def goods(case: Case) -> str:
    """Return what a case calls its finished goods, inside a sentence: ``magnets``."""
    stages = case.final_stages
    return _(GOODS[stages[0]]) if len(stages) == 1 and stages[0] in GOODS else _("goods")


def short_name(case: Case, commodity: str) -> str:
    """Return a commodity's name short enough for an axis: ``Dysprosium`` becomes ``Dy``."""
    name = name_of(case, "commodities", commodity)
    for long, symbol in (
        ("Neodymium-praseodymium", "NdPr"),
        ("Dysprosium", "Dy"),
        ("Terbium", "Tb"),
        ("Samarium", "Sm"),
        ("Gadolinium", "Gd"),
        ("Yttrium", "Y"),
        ("Lanthanum and cerium", "LaCe"),
        ("high-temperature", _("high temp.")),
    ):
        name = name.replace(long, symbol)
    return name
