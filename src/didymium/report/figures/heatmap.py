"""Exposure: who makes it, and what each partner imports, element by element and stage by stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from didymium.messages import N_, _
from didymium.report.figures.style import HEAT, INK, STAGE_NAMES, Chart, behind, dress_axes, label, name_of, new_figure
from didymium.report.numbers import percent

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result

SHORT_STAGES = {"light_separation": N_("Light sep."), "heavy_separation": N_("Heavy sep.")}
"""Names of stages that are too long for a column."""

ELEMENT_ORDER = ("Dy", "Tb", "NdPr", "Sm", "Gd", "Y", "LaCe")
MOST = 0.75
"""A step in which one region makes more than this share counts as concentrated."""


def exposure_heatmap(case: Case, screened: Result) -> Chart:
    """Return the heatmap of exposure.

    Parameters
    ----------
    case : Case
        For names.
    screened : Result
        Of the verb screen.
    """
    exposure = screened["exposure"]
    first = case.participants[0]
    world = exposure[exposure["participant"].eq(first)]
    panels = [(_("World: largest maker"), world, "top1")]
    for participant in case.participants:
        rows = exposure[exposure["participant"].eq(participant)]
        panels.append(
            (_("{region}: imported").format(region=name_of(case, "regions", participant)), rows, "import_share")
        )
    elements = [e for e in ELEMENT_ORDER if e in set(exposure["element"])]
    elements += sorted(set(exposure["element"]) - set(elements))
    stages = [stage for stage in STAGE_NAMES if stage in set(exposure["stage"])]
    many = int((_cells(world, "top1") > MOST).sum())
    leader = world["top1_region"].mode().iloc[0]
    title = _("One country makes more than {share} in {many} of {all} steps; most often it is {leader}").format(
        share=percent(MOST), many=many, all=len(_cells(world, "top1")), leader=name_of(case, "regions", leader)
    )
    return Chart(
        "exposure",
        title,
        _(
            "Per cent of world output made by the largest maker, and of need that is imported. Where several "
            "forms share a cell, the most exposed one is shown. White: not a step of this element, or no data."
        ),
        _draw(panels, elements, stages, across=True),
        _draw(panels, elements, stages, across=False),
        behind(exposure["rests_on"]),
        "screen.exposure",
    )


def _cells(rows: pd.DataFrame, value: str) -> pd.Series:
    return rows.groupby(["element", "stage"])[value].max()


def _draw(
    panels: list[tuple[str, pd.DataFrame, str]], elements: list[str], stages: list[str], across: bool
) -> go.Figure:
    count = len(panels)
    row_height = 20
    head = 94 if across else 76  # a title, and the names of the stages
    panel_height = row_height * len(elements) + head
    height = panel_height if across else panel_height * count
    figure = new_figure(height + 8)
    for place, (title, rows, value) in enumerate(panels):
        axis = "" if place == 0 else str(place + 1)
        cells = _cells(rows, value)
        z = [[_share(cells, element, stage) for stage in stages] for element in elements]
        text = [["" if v is None else percent(v).split("\u00a0")[0] for v in line] for line in z]
        names = [_(SHORT_STAGES.get(stage, STAGE_NAMES[stage])) for stage in stages]
        names = names if across else [name.replace(" ", "<br>") for name in names]
        figure.add_trace(
            go.Heatmap(
                z=z,
                x=names,
                y=elements,
                text=text,
                texttemplate="%{text}",
                textfont={"size": 12 if across else 11},
                colorscale=HEAT,
                zmin=0,
                zmax=1,
                showscale=False,
                xgap=2,
                ygap=2,
                hoverongaps=False,
                hovertemplate="%{y}, %{x}: %{text} %<extra></extra>",
                xaxis=f"x{axis}",
                yaxis=f"y{axis}",
            )
        )
        if across:
            left, right = place / count + (0.004 if place else 0.0), (place + 1) / count - 0.016
            horizontal, vertical = [left, right], [0.0, 1 - head / height]
        else:
            bottom = 1 - (place + 1) / count
            horizontal, vertical = [0.0, 1.0], [max(bottom, 0.0), bottom + (panel_height - head) / height]
        figure.update_layout(
            {
                f"xaxis{axis}": {
                    "domain": horizontal,
                    "anchor": f"y{axis}",
                    "side": "top",
                    "tickangle": -90 if across else 0,
                    "showgrid": False,
                    "showline": False,
                },
                f"yaxis{axis}": {
                    "domain": vertical,
                    "anchor": f"x{axis}",
                    "autorange": "reversed",
                    "showgrid": False,
                    "showline": False,
                    "showticklabels": not across or place == 0,
                },
            }
        )
        label(
            figure,
            horizontal[0],
            vertical[1],
            f"<b>{title}</b>",
            xref="paper",
            yref="paper",
            yshift=head - (9 if across else 18),
            font={"size": 12, "color": INK},
        )
    dress_axes(figure)
    figure.update_layout(margin={"t": 4, "b": 4, "l": 6, "r": 4})
    return figure


def _share(cells: pd.Series, element: str, stage: str) -> float | None:
    found = cells.get((element, stage))
    return None if found is None or found != found else float(found)
