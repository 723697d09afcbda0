"""Sheets that are ready for a talk: one message each, a short table, its native chart, units and the sources behind it.

The charts are Excel's own and read the cells beside them, so that whoever presents them may restyle or correct them.
Each sheet prints on one page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from didymium.messages import N_, _
from didymium.report.figures.style import name_of, short_name
from didymium.report.figures.timeline import outside_prices
from didymium.report.figures.waterfall import who_name
from didymium.report.names import labelled, ranked, scenario_title
from didymium.report.slide import Head, Slide

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result

ROWS = 8
"""Rows of a table that is compared; a table over time has a row per month."""
LINES = 5
"""Lines of a chart over time."""

_FORESIGHT = {
    "none": N_("each month believes that today's measures stay"),
    "perfect": N_("every measure is foreseen"),
}


def slides(case: Case, results: Mapping[str, Result]) -> list[Slide]:
    """Return the slides that the results have something to say for."""
    found: list[Slide] = []
    if "screen" in results:
        found += _exposure(case, results["screen"])
    if "shock" in results:
        found += [*_prices(case, results["shock"]), *_cover(case, results["shock"])]
    if "plan" in results:
        found += _gains(case, results["plan"])
    if "track" in results:
        found += _promises(results["track"])
    return found


def _exposure(case: Case, screened: Result) -> Iterator[Slide]:
    """Yield one slide per participant: the most exposed commodities."""
    for participant in case.participants:
        rows = ranked(case, screened["exposure"], participant)
        rows = rows[rows["import_share"].notna()].head(ROWS)
        if rows.empty:
            continue
        where = name_of(case, "regions", participant)
        names = [
            labelled(case, str(e), str(c), short=True) for e, c in zip(rows["element"], rows["commodity"], strict=True)
        ]
        cells = [
            (name, name_of(case, "regions", str(maker)) if maker else "", top, imported, others)
            for name, maker, top, imported, others in zip(
                names, rows["top1_region"], rows["top1"], rows["import_share"], rows["n_minus_1"], strict=True
            )
        ]
        heads = (
            Head(_("Commodity")),
            Head(_("Largest maker")),
            Head(_("Its share"), _("share"), "0%"),
            Head(_("Imported"), _("share of use"), "0%"),
            Head(_("Others could cover"), _("share of need"), "0%"),
        )
        yield Slide(
            _("Slide exposure {region}").format(region=participant),
            _("{region}: where one maker decides").format(region=where),
            _("Most exposed first; base year {year}").format(year=case.settings["base_year"]),
            heads,
            cells,
            (2, 3, 4),
            "bar",
            _keys(rows["rests_on"]),
        )


def _prices(case: Case, shocked: Result) -> Iterator[Slide]:
    """Yield the prices outside the controlling country, month by month."""
    rows = outside_prices(case, shocked)
    rows = rows[rows["foresight"].eq(rows["foresight"].iloc[0])] if len(rows) else rows
    if rows.empty:
        return
    peaks = rows.groupby("commodity")["multiple"].max().sort_values(ascending=False)
    chosen = list(peaks.index[:LINES])
    wide = rows[rows["commodity"].isin(chosen)].pivot(index="month", columns="commodity", values="multiple")
    heads = [Head(_("Month"))]
    heads += [Head(short_name(case, str(name)), _("× base"), "0.0") for name in chosen]
    cells = [(str(month), *(float(wide.loc[month, name]) for name in chosen)) for month in wide.index]
    scenario = scenario_title(case, shocked)
    yield Slide(
        _("Slide prices"),
        _("Prices outside {controller}: the five that rise most").format(
            controller=name_of(case, "regions", case.controller)
        ),
        _("{scenario}; dearest participant; {foresight}").format(
            scenario=scenario, foresight=_(_FORESIGHT.get(str(rows["foresight"].iloc[0]), ""))
        ),
        heads,
        cells,
        tuple(range(1, len(heads))),
        "line",
        _keys(rows.loc[rows["commodity"].isin(chosen), "rests_on"].unique().tolist()),
    )


def _cover(case: Case, shocked: Result) -> Iterator[Slide]:
    """Yield the days of cover at the start, the fewest first."""
    rows = shocked["cover"]
    rows = rows[rows["foresight"].eq(rows["foresight"].iloc[0]) & rows["region"].isin(case.participants)]
    rows = rows[rows["days_at_start"].notna()].sort_values("days_at_start", kind="stable").head(ROWS)
    if rows.empty:
        return
    cells = [
        (
            f"{short_name(case, str(row['commodity']))}, {row['region']}",
            *(float(row[name]) for name in ("days_at_start", "days_low", "days_high", "lowest_days")),
        )
        for row in rows.to_dict("records")
    ]
    heads = (
        Head(_("Stock")),
        Head(_("At the start"), _("days of use"), "0"),
        Head(_("Low end"), _("days of use"), "0"),
        Head(_("High end"), _("days of use"), "0"),
        Head(_("Lowest in the shock"), _("days of use"), "0"),
    )
    yield Slide(
        _("Slide cover"),
        _("How long stocks last: the shortest cover"),
        scenario_title(case, shocked),
        heads,
        cells,
        (1, 4),
        "bar",
        _keys(rows["rests_on"]),
    )


def _gains(case: Case, planned: Result) -> Iterator[Slide]:
    """Yield what each plan costs and who gains."""
    rows = planned["compare"]
    members = [name for name in case.participants if f"gain_{name.lower()}" in rows]
    if rows.empty or not members:
        return
    heads = [Head(_("Who plans")), Head(_("Public cost"), _("million USD"), "0")]
    heads += [
        Head(_("Gain of {region}").format(region=name_of(case, "regions", name)), _("million USD"), "0")
        for name in members
    ]
    cells = [
        (
            who_name(case, str(row["who"])),
            float(row["public_cost"]),
            *(float(row[f"gain_{name.lower()}"]) for name in members),
        )
        for row in rows.to_dict("records")
    ]
    yield Slide(
        _("Slide plan"),
        _("Alone or together: what it costs and who gains"),
        _("Against doing nothing, under the cut `{scenario}`").format(
            scenario=planned.manifest.get("options", {}).get("scenario", "")
        ),
        heads,
        cells,
        tuple(range(1, len(heads))),
        "column",
        _keys(rows["rests_on"]),
    )


def _promises(tracked: Result) -> Iterator[Slide]:
    """Yield how many commitments stand on each rung of the ladder."""
    rows = tracked["commitments"]
    counts = rows.groupby("status", sort=False).size().sort_values(ascending=False)
    if counts.empty:
        return
    cells = [(str(status).replace("_", " "), int(count)) for status, count in counts.items()]
    yield Slide(
        _("Slide promises"),
        _("Where the promises stand"),
        _("Number of commitments on each rung, {day}; silence is not failure").format(
            day=tracked.manifest.get("options", {}).get("as_of", "")
        ),
        (Head(_("Rung")), Head(_("Commitments"), _("number"), "0")),
        cells,
        (1,),
        "bar",
        _keys(rows["rests_on"]),
    )


def _keys(cells: Iterable[object]) -> list[str]:
    return [key for cell in cells for key in str(cell).split(";") if key]
