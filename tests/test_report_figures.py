"""Figures: titles that say something, units, nothing drawn that is not in the tables."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest

from didymium.report.brief import charts
from didymium.report.figures.flow_map import project
from didymium.report.figures.sankey import stage_sankey
from didymium.report.figures.style import BLUE, GREEN, ORANGE, PINK, RED, SKY, Chart
from didymium.report.figures.timeline import outside_prices
from report_fixtures import make_results

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result

AS_OF = "2026-11-21"
UNITS = {
    "prices": "multiple",
    "shortage": "t a month",
    "cover": "days",
    "exposure": "Per cent",
    "gap": "t of finished magnets",
    "gains": "million US dollars",
    "gantt": "",
    "map_goods": "Tonnes",
    "map_materials": "Tonnes",
    "map_ores": "Tonnes",
    "sankey_ndpr": "Per cent",
    "sankey_dy_tb": "Per cent",
    "clock": "",
}


@pytest.fixture(scope="module")
def results(us_japan: Case) -> dict[str, Result]:
    return {result.verb: result for result in make_results(us_japan)}


@pytest.fixture(scope="module")
def drawn(us_japan: Case, results: dict[str, Result]) -> dict[str, Chart]:
    return {chart.name: chart for chart in charts(us_japan, results, AS_OF)}


def test_every_figure_is_there(drawn: dict[str, Chart]) -> None:
    assert set(drawn) == set(UNITS)


@pytest.mark.parametrize("name", sorted(UNITS))
def test_title_unit_and_evidence(drawn: dict[str, Chart], name: str) -> None:
    chart = drawn[name]
    assert len(chart.title) > 20 and "nan" not in chart.title.lower()
    assert chart.note.endswith(".")
    assert chart.rests_on
    verb, _dot, table = chart.table.partition(".")
    assert verb and table
    for figure in (chart.wide, chart.narrow):
        said = chart.note + json.dumps(figure.to_plotly_json(), default=str)
        assert UNITS[name] in said
        assert figure.layout.height > 100
        assert figure.layout.paper_bgcolor == "#ffffff"
        assert figure.data, "an empty figure"


def test_titles_say_what_the_tables_say(us_japan: Case, results: dict[str, Result], drawn: dict[str, Chart]) -> None:
    outside = outside_prices(us_japan, results["shock"])
    peak = outside.loc[outside["foresight"].eq("none"), "multiple"].max()
    assert f"{peak:.2f}" in drawn["prices"].title
    gap = results["plan"]["gap"]
    gap = gap[gap["who"].eq("both")].groupby("kind")["quantity"].sum()
    assert f"{100 * gap['short'] / gap['need']:.0f}\u00a0%" in drawn["gap"].title


def test_band_only_prices_are_not_drawn(us_japan: Case, results: dict[str, Result]) -> None:
    commodities = us_japan["commodities"]
    bare = set(commodities.loc[commodities["calibrated"].eq("no"), "commodity"])
    assert bare & set(results["shock"]["prices"]["commodity"])
    assert not bare & set(outside_prices(us_japan, results["shock"])["commodity"])


def test_waterfall_adds_up(us_japan: Case, drawn: dict[str, Chart]) -> None:
    bars = [trace for trace in drawn["gap"].wide.data if trace.type == "bar"]
    for axis in {trace.xaxis for trace in bars}:
        steps = [trace for trace in bars if trace.xaxis == axis]
        need, rest = steps[0].x[0], sum(trace.x[0] for trace in steps[1:])
        assert rest == pytest.approx(need)
        assert steps[-1].base[0] == pytest.approx(0.0, abs=1e-6 * need)


def test_each_step_of_the_sankey_is_a_whole(us_japan: Case, results: dict[str, Result]) -> None:
    for chain in (("NdPr",), ("Dy", "Tb")):
        chart = stage_sankey(us_japan, results["clear"], chain)
        assert chart is not None
        link, node = chart.wide.data[0].link, chart.wide.data[0].node
        step = [round(node.x[source], 3) for source in link.source]
        for place in set(step):
            total = sum(v for s, v in zip(step, link.value, strict=True) if s == place)
            assert total == pytest.approx(1.0)


def test_the_projection_is_equal_earth() -> None:
    # the equator is 2 x 2.7066 long, the pole at 1.3173 (Savric, Patterson and Jenny, 2018)
    assert project(150.0, 0.0) == (0.0, 0.0)
    assert project(150.0 + 179.999, 0.0)[0] == pytest.approx(2.7066, abs=1e-3)
    assert project(150.0, 90.0)[1] == pytest.approx(1.3173, abs=1e-3)


def test_outlines_jump_nowhere(drawn: dict[str, Chart]) -> None:
    land = [trace for trace in drawn["map_goods"].wide.data if trace.fill == "toself"]
    assert land
    for trace in land:
        pairs = zip(trace.x, trace.x[1:], strict=False)
        steps = [abs(b - a) for a, b in pairs if a is not None and b is not None]
        assert max(steps) < 1.0


def test_colours_differ_for_the_colour_blind() -> None:
    """Under deuteranopia and protanopia (Vienot, Brettel and Mollon, 1999) no two main colours fall together."""

    def seen(colour: str, kind: str) -> tuple[float, ...]:
        r, g, b = ((int(colour[i : i + 2], 16) / 255) ** 2.2 for i in (1, 3, 5))
        if kind == "protan":
            return 0.1124 * r + 0.8876 * g, 0.1124 * r + 0.8876 * g, 0.004 * r - 0.004 * g + b
        return 0.2927 * r + 0.7073 * g, 0.2927 * r + 0.7073 * g, -0.0223 * r + 0.0223 * g + b

    colours = (BLUE, SKY, GREEN, ORANGE, RED, PINK)
    for kind in ("protan", "deutan"):
        for i, one in enumerate(colours):
            for other in colours[i + 1 :]:
                assert math.dist(seen(one, kind), seen(other, kind)) > 0.05, (kind, one, other)
