"""Results and faults in the terminal, and as JSON. The numbers of the JSON are the numbers of the Result."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import filter as matching
from pathlib import Path
from typing import TYPE_CHECKING, Any

from didymium.faults import Fault
from didymium.messages import _
from didymium.result import RESTS_ON, Column, Result, ResultTable

if TYPE_CHECKING:
    from rich.console import Console

ROWS = 40
"""Rows of a table that are shown; all of them stand in ``--json`` and ``--out``."""

FEWER = {
    "exposure": 25,
    "minerals": 25,
    "observations": 20,
    "conflicts": 20,
    "disagreements": 15,
    "shares": 15,
    "totals": 15,
    "revisions": 25,
    "concentration": 20,
    "mirror": 25,
}
"""Rows that are shown of tables that are read from the top."""

EVERY = 5.0
"""Seconds between two lines about one phase where the output is not a terminal."""

_WIDE = 180
"""Width where the output is not a terminal."""

SHOWN: dict[str, tuple[str, ...]] = {
    "describe": ("coverage", "mineral_states", "grades", "age"),
    "screen": ("exposure", "minerals", "methods", "agreement"),
    "reconcile": ("observations", "conflicts", "disagreements"),
    "calibrate": ("stages", "prices"),
    "stress": ("stress", "why"),
    "clear": ("prices", "net_trade"),
    "shock": (
        "summary",
        "uses",
        "growth",
        "cost_of_cut",
        "rationing",
        "peaks",
        "cover",
        "pooled",
        "losses",
        "value",
        "studies",
        "hidden",
    ),
    "backtest": ("score", "backtest"),
    "draws": ("odds", "stops", "drivers"),
    "worst": ("sets", "bound", "months", "remedies", "given_out"),
    "plan": ("chances", "compare", "choices", "tried", "values", "reasons", "frontier"),
    "track": ("commitments", "measures"),
    "trace": ("inputs",),
    "diff": ("shares", "totals", "revisions"),
    "audit": ("double_counts", "totals", "concentration"),
    "mirror": ("codes", "mirror"),
}
"""Tables of each verb that are shown unless others are asked for."""


BRIEFLY: dict[str, tuple[str, ...]] = {
    "exposure": (
        "element",
        "stage",
        "commodity",
        "participant",
        "rank",
        "hhi",
        "top1",
        "top1_region",
        "n_minus_1",
        "import_share",
        "single_point",
    ),
    "minerals": (
        "name",
        "stage",
        "form",
        "participant",
        "top1_country",
        "top1",
        "hhi",
        "hhi_wgi",
        "reliance",
        "supply_risk",
        "geopolrisk",
        "disruption_price",
        "cascade",
        "single_point",
    ),
    "methods": ("method", "participant", "computed", "not_computable", "status", "missing", "missing_rows"),
    "agreement": ("study", "method", "participant", "minerals", "spearman", "within_half"),
    "stages": ("stage", "region", "element", "activity", "stated_cost", "rent", "subsidy", "cost", "money", "why"),
    "observations": ("label", "series", "role", "observed", "sigma", "adjusted", "sigmas", "grade"),
    "conflicts": ("label", "observed", "moved", "sigmas", "grade", "by", "share", "by_grade"),
    "disagreements": ("label", "series", "observed", "other_series", "other", "apart", "adjusted", "nearer"),
    "backtest": ("backtest", "what", "region", "month", "observed*", "predicted*", "verdict", "grade"),
    "commitments": ("commitment", "title", "owner", "deadline", "days_left", "state_text"),
    "measures": ("measure", "name", "controller", "state", "next_date", "days_left"),
    "compare": ("who", "plan", "not_told_apart", "public_cost", "gain_*", "shortage_*"),
    "tried": (
        "who",
        "candidate",
        "worth",
        "interval",
        "behind*",
        "verdict",
        "spent",
        "affordable",
        "chosen",
    ),
    "reasons": (
        "name",
        "share",
        "brings",
        "capex",
        "pays_to",
        "lasts_to",
        "lasts_less",
        "planned_share",
        "margin",
        "capex_flips",
        "capex_confirmed",
        "latest_start",
        "leaves_later",
    ),
    "choices": ("who", "name", "stage", "region", "capex", "paid_*", "start", "share", "committed"),
    "purses": (
        "who",
        "limit",
        "region",
        "amount",
        "currency",
        "price_year",
        "year",
        "money",
        "counted",
        "spent",
        "shadow_price",
        "why",
    ),
    "together": ("who", "money_of", "money", "spent", "public_cost", "gain*", "more", "plan"),
    "mirror": ("year", "hs", "exporter", "importer", "value_usd_*", "difference", "value_ratio", "differs"),
    "shares": ("mineral", "stage", "form", "country", "year", "*_share", "points", "note"),
    "revisions": ("table", "mineral", "stage", "form", "country", "year", "old", "new", "unit", "change", "note"),
    "value": ("foresight", "region", "method", "substitution", "value", "low", "high", "gdp_*", "state"),
    "studies": (
        "study",
        "region",
        "months",
        "stock_days",
        "gdp_share",
        "low",
        "high",
        "year_share",
        "multiple",
        "ours_*",
        "driver",
    ),
    "cover": (
        "foresight",
        "commodity",
        "region",
        "days_at_start",
        "lasts*",
        "needed",
        "through",
        "first_short",
        "line_stop",
        "held_at_stop",
        "price_at_stop",
    ),
    "uses": (
        "foresight",
        "end_use",
        "region",
        "wanted",
        "short",
        "worst",
        "worst_month",
        "scarcest",
        "scarcest_short",
        "first_short",
        "line_stop",
        "months_stopped",
    ),
    "pooled": (
        "commodity",
        "region",
        "days",
        "missing",
        "alone",
        "pooled",
        "gain",
        "uncovered*",
        "lends",
        "cover_left",
    ),
    "inputs": ("input", "line", "field", "value", "unit", "low", "high", "source", "date", "grade", "age_days"),
}
"""Columns, or patterns of columns, that are shown of wide tables; ``--table`` shows all of them."""


def console(stderr: bool = False) -> Console:
    """Return where to write: as wide as the terminal, or wide where there is none."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else _WIDE, highlight=False, soft_wrap=False)


class Telling:
    """Says how far a plan has come, on the error stream: a line that changes on a terminal, lines elsewhere.

    Parameters
    ----------
    say : callable
        Writes; told whether what it is given is worth a line of its own.
    """

    def __init__(self, say: Callable[[str, bool], None]) -> None:
        self._say, self._phase, self._last = say, 0, 0.0

    def search(self, who: tuple[str, ...], weight: float, far: Any) -> None:
        """Say a step of a search: best plan, bound, gap, and the time left of this search where that can be told."""
        line = _("{who}: step {step}, best {value:,.1f}, bound {bound:,.1f}, gap {gap:,.1f} MUSD")
        if not math.isfinite(far.bound):
            line = _("{who}: step {step}, a few cuts stand for all; no bound yet")
        said = line.format(
            who="+".join(who), step=far.step, value=far.value, bound=far.bound, gap=far.bound - far.value
        )
        if math.isfinite(far.left) and far.left >= 1.0:
            said += ", " + _("about {seconds:.0f} s left of this search").format(seconds=far.left)
        self._say(said, True)

    def phase(self, phase: Any) -> None:
        """Say which phase has begun, and now and then how far it is."""
        now = time.monotonic()
        begun = phase.at != self._phase
        said = f"[{phase.at}/{phase.of}] {phase.name}"
        if phase.total:
            said += ": " + _("{done} of {total}").format(done=phase.done, total=phase.total)
        if phase.solved:
            said += ", " + _("{count} solved").format(count=phase.solved)
        if math.isfinite(phase.left) and phase.left >= 1.0:
            said += ", " + _("about {seconds:.0f} s left of this").format(seconds=phase.left)
        loud = begun or now - self._last >= EVERY
        if loud:
            self._phase, self._last = phase.at, now
        self._say(said, loud)


@contextmanager
def searching(quiet: bool = False) -> Iterator[Telling]:
    """Return what a plan tells its progress to, from the first market to the last table.

    Parameters
    ----------
    quiet : bool
        Say nothing.
    """
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    screen = console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True, disable=quiet or not screen.is_terminal) as progress:
        task = progress.add_task(_("plan"), total=None)

        def say(said: str, loud: bool) -> None:
            if screen.is_terminal:
                progress.update(task, description=_plain(said))
            elif loud and not quiet:
                screen.print(_plain(said))

        yield Telling(say)


def show(result: Result, names: Sequence[str] = ()) -> None:
    """Print tables of a result: those asked for in full, or the main ones of its verb.

    Parameters
    ----------
    result : Result
        What to show.
    names : sequence of str
        Tables to show in full.

    Raises
    ------
    DidymiumError
        No such table.
    """
    for name in names:
        result[name]  # refuses an unknown one before anything is printed
    chosen = list(names) or [name for name in SHOWN.get(result.verb, ()) if name in result.tables]
    if not chosen:
        chosen = list(result.tables)[:1]
    screen = console()
    for name in chosen:
        show_table(screen, result.tables[name], None if names else FEWER.get(name, ROWS))
    for line in result.manifest.get("notes", ()):
        screen.print(_plain(str(line)))
    for line in result.manifest.get("warnings", ()):
        screen.print(_("Hidden by an aggregate: {what}").format(what=_plain(str(line))))
    rest = [f"{name} ({len(table.frame)})" for name, table in result.tables.items() if name not in chosen]
    if rest:
        screen.print(
            _("Further tables, with their rows: {tables}. Show one with --table NAME.").format(tables=", ".join(rest))
        )


def show_table(screen: Console, table: ResultTable, most: int | None) -> None:
    """Print a table with units in its header."""
    from rich.table import Table

    columns = [name for name in table.frame.columns if name != RESTS_ON]
    if most is not None and table.name in BRIEFLY:
        columns = [name for wanted in BRIEFLY[table.name] for name in matching(columns, wanted)] or columns
    shown = Table(title=table.title, title_justify="left", caption_justify="left")
    for name in columns:
        declared = table.columns.get(name, Column("", ""))
        numeric = table.frame[name].dtype.kind in "fiu"
        head = f"{name} [{declared.unit}]" if declared.unit else name
        shown.add_column(_plain(head), justify="right" if numeric else "left", overflow="fold")
    units = [table.columns[name].unit if name in table.columns else "" for name in columns]
    for values in table.frame[columns].head(most or len(table.frame)).itertuples(index=False):
        shown.add_row(*(_plain(cell(value, unit)) for value, unit in zip(values, units, strict=True)))
    if most is not None and len(table.frame) > most:
        shown.caption = _("{shown} of {rows} rows; all with --table {name}").format(
            shown=most, rows=len(table.frame), name=table.name
        )
    screen.print(shown)


def _plain(text: str) -> str:
    """Return text that rich does not read as markup."""
    return text.replace("[", r"\[")


def cell(value: object, unit: str = "") -> str:
    """Return a value as a reader sees it: four figures, nothing for what is not known."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return _("yes") if value else _("no")
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer() and abs(value) < 1e4):
        return f"{int(value)}"
    if isinstance(value, float) and unit == "year":
        return f"{value:.1f}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value)


def show_faults(faults: Sequence[Fault]) -> None:
    """Print faults: a table in a terminal, one line per fault elsewhere."""
    if not sys.stdout.isatty():
        for fault in faults:
            print(fault.line())
        return
    from rich.table import Table

    shown = Table(title=_("{count} faults").format(count=len(faults)), title_justify="left", show_lines=True)
    for head in (_("file"), _("row"), _("field"), _("fault"), _("fix")):
        shown.add_column(head, overflow="fold")
    for fault in faults:
        shown.add_row(*(_plain(part) for part in (fault.file, fault.row, fault.field, fault.fault, fault.fix)))
    console().print(shown)


def print_json(value: object) -> None:
    """Print a value as JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def as_json(result: Result) -> dict[str, Any]:
    """Return a result as what JSON can hold; what is not known is null."""
    tables = {
        name: {
            "title": table.title,
            "key": list(table.key),
            "columns": {c: {"unit": d.unit, "meaning": d.meaning} for c, d in table.columns.items()},
            "rows": [
                {str(column): _value(value) for column, value in row.items()} for row in table.frame.to_dict("records")
            ],
        }
        for name, table in result.tables.items()
    }
    return {"verb": result.verb, "case": result.case, **result.manifest, "tables": tables}


def _value(value: Any) -> object:
    """Return a cell as what JSON can hold."""
    if hasattr(value, "item"):
        value = value.item()
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value


def saved_runs(folder: Path) -> list[dict[str, str]]:
    """Return the results saved below a folder: where, verb, case, when and status, newest first."""
    found = []
    for path in sorted(folder.rglob("manifest.json")):
        try:
            manifest = json.loads(path.read_text("utf-8"))
            entry = {"folder": str(path.parent), "verb": manifest["verb"], "case": manifest["case"]}
        except (OSError, ValueError, KeyError, TypeError):
            continue  # some other program's manifest
        found.append({**entry, "made": str(manifest.get("made", "")), "status": _ended(manifest)})
    return sorted(found, key=lambda run: run["made"], reverse=True)


def _ended(manifest: dict[str, Any]) -> str:
    """Return how a run ended: its own status, or what its solves ended with."""

    def below(part: object) -> list[str]:
        if isinstance(part, dict):
            own = [str(part["status"])] if "status" in part else []
            return own + [status for value in part.values() for status in below(value)]
        return [status for value in part for status in below(value)] if isinstance(part, list) else []

    return str(manifest.get("status", "")) or ", ".join(dict.fromkeys(below(manifest.get("run"))))


def show_records(title: str, records: Iterable[dict[str, str]]) -> None:
    """Print records of text as a table."""
    from rich.table import Table

    listed = list(records)
    shown = Table(title=title, title_justify="left")
    for head in listed[0] if listed else ():
        shown.add_column(_plain(head), overflow="fold")
    for record in listed:
        shown.add_row(*(_plain(text) for text in record.values()))
    console().print(shown)
