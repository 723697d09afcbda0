"""What a case holds: coverage, grades, age, holes, and the schema that it follows."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from didymium.case.case import ROW, Case
from didymium.case.chain_tables import STAGES
from didymium.case.check import first_day
from didymium.case.facilities import modelled
from didymium.case.holes import holes_table
from didymium.case.mineral_coverage import mineral_coverage, mineral_states
from didymium.case.reference import holds
from didymium.case.schema import GRADES
from didymium.case.tables import TABLES
from didymium.faults import DidymiumError
from didymium.messages import _
from didymium.result import RESTS_ON, Column, Result, ResultTable, join_inputs, new_manifest

if TYPE_CHECKING:
    import pandas as pd

RECORDS = ("events", "evidence", "commitments")
"""Sourced tables that are kept for the record and feed no model."""

MODEL = "model"
"""Name under which tables ``grades`` and ``age`` sum over the rows that feed a model."""


def describe(case: Case) -> Result:
    """Return what a case holds, how well it is sourced, how old it is and where its holes are.

    Parameters
    ----------
    case : Case
        A checked case.

    Returns
    -------
    Result
        Tables ``coverage`` (capacities in t/year), ``mineral_states`` (counts), ``minerals`` (mineral by step and
        participant), ``grades`` (shares 0 to 1), ``age`` (years), ``holes`` and ``schema``. The manifest counts the
        holes by kind.
    """
    begun = perf_counter()
    holes = holes_table(case)
    minerals = mineral_coverage(case)
    tables = (
        coverage_table(case),
        mineral_states(minerals),
        minerals,
        grades_table(case),
        age_table(case),
        holes,
        schema_table(),
    )
    manifest = new_manifest(case.digest, {}, algorithm="counting", status="ok")
    manifest["holes"] = {str(kind): int(count) for kind, count in holes.frame["kind"].value_counts(sort=False).items()}
    manifest["timings"] = {"total": perf_counter() - begun}
    return Result("describe", case.name, {table.name: table for table in tables}, manifest)


def coverage_table(case: Case) -> ResultTable:
    """Return facilities and capacity by stage and region, modelled ones apart from those that are only listed.

    Capacities of different basis, or stated in feed and in output, stand in rows of their own and are never added.
    Rows that are not additive (the same tonnes stand in another row) are counted but not added.
    """
    import pandas as pd

    columns = {
        "stage": Column("", _("Stage of the chain.")),
        "region": Column("", _("Where.")),
        "element": Column("", _("Element, where ores are mined for one element each; empty where no recipe says.")),
        "modelled": Column("", _("yes: the market runs them; no: known, but left out.")),
        "basis": Column("", _("What a tonne of the capacity is a tonne of.")),
        "side": Column("", _("Whether the capacity is stated in feed or in output; empty where no recipe says so.")),
        "running": Column("", _("Facilities that operate in the base year.")),
        "capacity": Column("t/year", _("Their capacity, each tonne counted once; empty where none is known.")),
        "other_years": Column("", _("Rows of the same plants in earlier or later years.")),
        "projects": Column("", _("Facilities that do not run yet.")),
        "project_capacity": Column(
            "t/year", _("Their planned capacity, each tonne counted once; empty where none is known.")
        ),
        "idle": Column("", _("Facilities suspended or closed.")),
        "without_capacity": Column("", _("Facilities of the row whose capacity is not known.")),
    }
    side = dict(zip(case["processes"]["process"], case["processes"]["capacity_side"], strict=True))
    main = dict(zip(case["processes"]["process"], case["processes"]["capacity_commodity"], strict=True))
    alone = case.alone()
    if not alone:
        columns.pop("element")
    frame = case["facilities"].copy()
    first = [cell.partition(";")[0].strip() for cell in frame["processes"]]
    frame["side"] = [side.get(process, "") for process in first]
    frame["element"] = [alone.get(main.get(process, ""), "") for process in first]
    frame["is_modelled"] = modelled(frame)
    operating, idle = frame["status"].eq("operating"), frame["status"].isin(("suspended", "closed"))
    in_year = [runs_in(start, end, case.base_year) for start, end in zip(frame["start"], frame["end"], strict=True)]
    running = operating & pd.Series(in_year, index=frame.index)
    additive = frame["additive"].eq("yes")
    rows = []
    for (stage, region, element, is_modelled, basis, which), group in frame.groupby(
        ["stage", "region", "element", "is_modelled", "basis", "side"], sort=False
    ):
        at = group.index
        runs, project = running[at], ~(operating[at] | idle[at])
        rows.append(
            {
                "stage": stage,
                "region": region,
                **({"element": element} if alone else {}),
                "modelled": "yes" if is_modelled else "no",
                "basis": basis,
                "side": which,
                "running": int(runs.sum()),
                "capacity": _added(_once(frame["capacity"][at], additive[at], runs)),
                "other_years": int((operating[at] & ~runs).sum()),
                "projects": int(project.sum()),
                "project_capacity": _added(frame["capacity"][at].where(additive[at])[project]),
                "idle": int(idle[at].sum()),
                "without_capacity": int(group["capacity"].isna().sum()),
                RESTS_ON: join_inputs(group[ROW]),
            }
        )
    table = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    order = {stage: at for at, stage in enumerate((*STAGES, "concentrate", "integrated"))}
    keys = table[["region"]].assign(stage=table["stage"].map(order), left_out=table["modelled"].eq("no"))
    table = table.loc[keys.sort_values(["stage", "region", "left_out"], kind="stable").index].reset_index(drop=True)
    key = tuple(name for name in ("stage", "region", "element", "modelled", "basis", "side") if name in columns)
    return ResultTable("coverage", _("Facilities and capacity by stage and region"), table, columns, key)


def runs_in(start: str, end: str, year: int) -> bool:
    """Return whether something that starts and ends on these dates (empty: open) runs in a year."""
    begun = not start or first_day(start).year <= year
    ended = bool(end) and first_day(end).year < year
    return begun and not ended


def _once(capacity: pd.Series[float], additive: pd.Series[bool], runs: pd.Series[bool]) -> pd.Series[float]:
    """Return running capacities, each tonne once: additive rows; where none of them runs, the rows that do."""
    return capacity.where(additive)[runs] if bool((additive & runs).any()) else capacity[runs]


def _added(capacities: pd.Series[float]) -> float:
    """Return the sum; 0 of no facility at all, NaN where there are some and none is known."""
    return float(capacities.sum(min_count=1 if len(capacities) else 0))


def cited(case: Case) -> pd.DataFrame:
    """Return every citation of a source or an assumption: table, row, source, its grade and date, and ``feeds``.

    Rows that feed no model: records, facilities that the market does not run, and observations kept to compare.
    """
    import pandas as pd

    sources = case["sources"].drop_duplicates("source").set_index("source")
    parts = []
    for name, table in TABLES.items():
        for field in table.fields:
            if field.refers != "sources|assumptions" or case[name].empty:
                continue
            rows = case[name][case[name][field.name].ne("")]
            feeds = pd.Series(name not in RECORDS and not table.screening, index=rows.index)
            if name == "facilities":
                feeds &= modelled(rows)
            elif "use" in rows:
                feeds &= rows["use"].eq("fit")
            parts.append(pd.DataFrame({ROW: rows[ROW], "source": rows[field.name], "feeds": feeds, "table": name}))
    empty = pd.DataFrame(columns=[ROW, "source", "feeds", "table"], dtype=str)
    frame = pd.concat(parts, ignore_index=True) if parts else empty
    frame["grade"] = frame["source"].map(sources["grade"]).fillna("assumption")
    frame["date"] = frame["source"].map(sources["date"]).fillna("")
    return frame


def _with_model(citations: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    groups = [(str(name), group) for name, group in citations.groupby("table", sort=False)]
    feeding = citations[citations["feeds"].eq(True)]
    return [(MODEL, feeding), *groups] if len(feeding) else groups


def grades_table(case: Case) -> ResultTable:
    """Return rows and share by grade, for what feeds a model as a whole and for each table."""
    import pandas as pd

    columns = {
        "table": Column("", _("Table; model: all rows that feed a model, of all tables.")),
        "grade": Column("", _("A official, B wire or filing, C trade press, D suspect, or assumption.")),
        "rows": Column("", _("Citations; a row that cites two documents counts twice.")),
        "share": Column("ratio", _("Share of the citations of the table.")),
    }
    rows = []
    for name, group in _with_model(cited(case)):
        for grade in GRADES:
            here = group[group["grade"].eq(grade)]
            if here.empty:
                continue
            facts = {"table": name, "grade": grade, "rows": len(here), "share": len(here) / len(group)}
            rows.append({**facts, RESTS_ON: join_inputs(here[ROW])})
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("grades", _("Rows by grade of their source"), frame, columns, ("table", "grade"))


def age_table(case: Case) -> ResultTable:
    """Return the oldest, median and newest year of the documents that rows cite; assumptions have no document."""
    import pandas as pd

    columns = {
        "table": Column("", _("Table; model: all rows that feed a model, of all tables.")),
        "rows": Column("", _("Citations of documents.")),
        "oldest": Column("year", _("Year of the oldest document.")),
        "median": Column("year", _("Median year of the documents, by citation.")),
        "newest": Column("year", _("Year of the newest document.")),
        "oldest_source": Column("", _("The oldest document.")),
    }
    documents = cited(case)
    documents = documents[documents["date"].ne("")]
    rows = []
    for name, group in _with_model(documents):
        days = group["date"].map(first_day)
        years = days.map(lambda day: day.year)
        rows.append(
            {
                "table": name,
                "rows": len(group),
                "oldest": int(years.min()),
                "median": float(years.median()),
                "newest": int(years.max()),
                "oldest_source": group.loc[days.sort_values(kind="stable").index[0], "source"],
                RESTS_ON: join_inputs(group[ROW]),
            }
        )
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("age", _("Age of the documents"), frame, columns, ("table",))


def describe_schema(table: str | None = None) -> pd.DataFrame:
    """Return the fields of one table of a case, or of all.

    Parameters
    ----------
    table : str, optional
        Name of a table.

    Returns
    -------
    DataFrame
        table, field, key, required, holds (kind, choices, bounds, default), unit (inside the model), meaning.

    Raises
    ------
    DidymiumError
        No such table.
    """
    import pandas as pd

    if table is not None and table not in TABLES:
        raise DidymiumError(
            _("`{table}` is not a table of a case -> use one of {tables}").format(table=table, tables=", ".join(TABLES))
        )
    rows = [
        {
            "table": declared.name,
            "field": field.name,
            "key": "yes" if field.name in declared.key else "",
            "required": "yes" if field.required else "",
            "holds": holds(field).replace("`", ""),
            "unit": (declared.internal if field.name == declared.value else field.unit).replace("|", _(" or ")),
            "meaning": _(field.meaning),
        }
        for declared in TABLES.values()
        if table is None or declared.name == table
        for field in declared.fields
    ]
    return pd.DataFrame(rows)


def schema_table() -> ResultTable:
    """Return the tables and fields of a case with their meaning and unit."""
    columns = {
        "table": Column("", _("Table.")),
        "field": Column("", _("Column.")),
        "key": Column("", _("yes: part of the name of a row.")),
        "required": Column("", _("yes: an empty cell is a fault.")),
        "holds": Column("", _("What a cell may hold.")),
        "unit": Column("", _("Unit inside the model.")),
        "meaning": Column("", _("What it means.")),
    }
    frame = describe_schema()
    frame[RESTS_ON] = "schema/" + frame["table"]
    return ResultTable("schema", _("Tables and fields of a case"), frame, columns, ("table", "field"))
