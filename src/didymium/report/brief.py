"""The brief: one page that opens anywhere, the workbook and the tables behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from didymium.faults import DidymiumError
from didymium.messages import _
from didymium.report.backtest_table import backtest_table
from didymium.report.figures.clock import commitment_clock
from didymium.report.figures.content import content_chart
from didymium.report.figures.cover import cover_chart
from didymium.report.figures.flow_map import GROUPS, flow_map
from didymium.report.figures.gantt import project_gantt
from didymium.report.figures.heatmap import exposure_heatmap
from didymium.report.figures.minerals import mineral_heatmap, rank_chart
from didymium.report.figures.risk import exceedance_chart, origin_chart
from didymium.report.figures.sankey import sankeys, stage_sankey
from didymium.report.figures.shortage import shortage_timeline
from didymium.report.figures.style import Chart
from didymium.report.figures.timeline import price_timeline
from didymium.report.figures.waterfall import gain_chart, gap_waterfall
from didymium.report.footnotes import ASSUMPTION, Evidence, Notes
from didymium.report.grades import grade_rows
from didymium.report.limits import limits
from didymium.report.mineral_tables import hidden_table, method_table
from didymium.report.names import scenario_title
from didymium.report.numbers import Writer, month
from didymium.report.plan_measures import bounds_table, rules_table, together_table
from didymium.report.risk_tables import remedy_table, worst_table
from didymium.report.sentences import five_sentences
from didymium.report.shock_tables import answer_table, hidden_cut_table, peak_table, study_table
from didymium.report.tables import (
    Table,
    choice_table,
    commitment_table,
    committed_table,
    measure_table,
    plan_table,
    price_table,
    priorities,
    stock_table,
)
from didymium.report.workbook import write_workbook
from didymium.result import replacing_folder

if TYPE_CHECKING:
    from multiprocessing.pool import Pool

    from didymium.case.case import Case
    from didymium.result import Result

_TEMPLATES = Path(__file__).parent / "templates"


def write_brief(case: Case, results: Sequence[Result], out: Path, as_of: str, beside: Pool | None = None) -> Path:
    """Write the brief of a case.

    Parameters
    ----------
    case : Case
        The case that the results were made from.
    results : sequence of Result
        One per verb; the section of a verb that was not run is left out.
    out : Path
        Folder: ``brief.html``, ``tables.xlsx`` and ``data/VERB/*.parquet``. It is replaced as a whole when all went
        well, and left as it was if not.
    as_of : str
        The day of the brief, YYYY-MM-DD.
    beside : Pool, optional
        A process that writes the workbook while this one draws the page.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    DidymiumError
        No result, two of one verb, or a number whose input rows the case does not have.
    """
    by_verb = {result.verb: result for result in results}
    if not by_verb or len(by_verb) < len(results):
        raise DidymiumError(
            _("a brief needs one result per verb, and at least one -> run screen, clear, shock, plan or track first")
        )
    notes = Notes(case)
    with replacing_folder(out) as part:
        book = (case, list(by_verb.values()), part / "tables.xlsx", as_of)
        written = beside.apply_async(_write_workbook, book) if beside else None
        (part / "brief.html").write_text(render_page(case, by_verb, notes, as_of), "utf-8")
        if written:
            written.get()
        else:
            _write_workbook(*book, notes.evidence)
        for verb, result in by_verb.items():
            result.save(part / "data" / verb)
    return out / "brief.html"


def _write_workbook(
    case: Case, results: list[Result], path: Path, as_of: str, evidence: Evidence | None = None
) -> None:
    write_workbook(case, results, evidence or Evidence(case), path, as_of)


def render_page(case: Case, results: dict[str, Result], notes: Notes, as_of: str) -> str:
    """Return the page as one text that fetches nothing."""
    import jinja2
    from plotly.offline import get_plotlyjs

    writer = Writer(notes)
    drawn = charts(case, results, as_of)
    said = five_sentences(case, results, writer, as_of)
    parts = {
        "sentences": said,
        "priorities": priorities(case, results, writer) if "screen" in results else [],
        "charts": {chart.name: chart for chart in drawn},
        "sankey_names": [chart.name for chart in drawn if chart.name.startswith("sankey_")],
        # made where they stand on the page, so that notes are numbered as they are read
        "tables": _tables(case, results, writer, as_of),
        "limits": partial(limits, case, results, writer, as_of),
        "grades": grade_rows(results, notes.evidence),
    }
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(_, _several, newstyle=False)  # type: ignore[attr-defined]
    return environment.get_template("brief.html").render(
        **parts,
        case=case,
        results=results,
        as_of=month(as_of),
        notes=notes,
        assumption=ASSUMPTION,
        titles={verb: scenario_title(case, results[verb]) for verb in ("shock", "plan") if verb in results},
        style=Markup((_TEMPLATES / "style.css").read_text("utf-8")),
        script=Markup((_TEMPLATES / "page.js").read_text("utf-8")),
        plotly=Markup(get_plotlyjs().replace("</script", "<\\/script")),
        figures=Markup(_figures(drawn)),
        versions=_versions(results),
    )


def _several(one: str, many: str, count: int) -> str:
    """Choose a plural; the catalogue holds whole sentences, so this is for the template engine only."""
    return _(one) if count == 1 else _(many)


def charts(case: Case, results: dict[str, Result], as_of: str) -> list[Chart]:
    """Return every figure that the results allow, in the order of the page."""
    found: list[Chart | None] = []
    if "shock" in results:
        shocked = results["shock"]
        found += [price_timeline(case, shocked), shortage_timeline(case, shocked), cover_chart(case, shocked)]
        found.append(content_chart(case, shocked))
    if "screen" in results:
        screened = results["screen"]
        found += [exposure_heatmap(case, screened), mineral_heatmap(case, screened), rank_chart(case, screened)]
        found.append(origin_chart(case, screened))
    if "draws" in results:
        found.append(exceedance_chart(case, results["draws"]))
    if "plan" in results:
        planned = results["plan"]
        found += [gap_waterfall(case, planned), gain_chart(case, planned), project_gantt(case, planned)]
    if "clear" in results:
        cleared = results["clear"]
        found += [flow_map(case, cleared, group) for group in GROUPS]
        found += [stage_sankey(case, cleared, elements) for elements in sankeys(case)]
    if "track" in results and len(results["track"]["commitments"]):
        found.append(commitment_clock(case, results["track"], as_of))
    return [chart for chart in found if chart is not None]


def _tables(case: Case, results: dict[str, Result], writer: Writer, as_of: str) -> dict[str, Callable[[], Table]]:
    """What makes each table of the annex, for the verbs that were run."""
    found: dict[str, Callable[[], Table]] = {}
    if "screen" in results and "methods" in results["screen"].tables:
        found["hidden"] = partial(hidden_table, case, results["screen"], writer)
        found["methods"] = partial(method_table, case, results["screen"], writer)
    if "clear" in results:
        found["prices"] = partial(price_table, case, results["clear"], writer)
    if "shock" in results and "summary" in results["shock"].tables:
        told = results["shock"]
        found["answers"] = partial(answer_table, case, told, writer)
        found["hidden_cut"] = partial(hidden_cut_table, case, told, writer)
        found["peaks"] = partial(peak_table, case, told, writer)
        found["studies"] = partial(study_table, case, told, writer)
    if "shock" in results and "backtest" in results["shock"].tables:
        found["backtest"] = partial(backtest_table, case, results["shock"], writer)
    if "plan" in results:
        makers = {"plan": plan_table, "choices": choice_table, "stock": stock_table, "committed": committed_table}
        for name, make in makers.items():
            found[name] = partial(make, case, results["plan"], writer)
        if {"values", "tried"} <= set(results["plan"].tables):
            found["bounds"] = partial(bounds_table, case, results["plan"], writer)
            found["rules"] = partial(rules_table, case, results["plan"], writer)
        if "together" in results["plan"].tables:
            found["together"] = partial(together_table, case, results["plan"], writer)
    if "worst" in results:
        found["worst"] = partial(worst_table, case, results["worst"], writer)
        if "remedies" in results["worst"].tables:
            found["remedies"] = partial(remedy_table, case, results["worst"], writer)
    if "track" in results:
        found["commitments"] = partial(commitment_table, results["track"], writer)
        found["measures"] = partial(measure_table, case, results["track"], writer, as_of)
    return found


def _figures(drawn: Sequence[Chart]) -> str:
    """Both forms of every figure as one JSON text that may stand in a script element."""
    forms: dict[str, Any] = {
        chart.name: {
            "least": chart.least,
            "paper": chart.paper,
            "wide": json.loads(chart.wide.to_json()),
            "narrow": json.loads(chart.narrow.to_json()),
        }
        for chart in drawn
    }
    return json.dumps(forms, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")


def _versions(results: dict[str, Result]) -> str:
    """What ran, for the last line of the page."""
    first = next(iter(results.values())).manifest
    versions = dict(first.get("versions", {}))
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    return _("Made {made} by {named}").format(made=first.get("made", "–"), named=named or "didymium")
