"""A case: everything known about one question, checked and in internal units."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from didymium.case.basis import Content, convert_amounts, convert_recipes
from didymium.case.check import TableCheck, row_names
from didymium.case.cross_checks import assumed_bands, grades, references
from didymium.case.files import CaseFiles, open_files
from didymium.case.read import LINE, frame_of
from didymium.case.scenario import RATIONINGS
from didymium.case.schema import Table
from didymium.case.tables import TABLES
from didymium.faults import CaseError, DidymiumError, Fault
from didymium.messages import _

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.scenario import Scenario

BUNDLED = Path(__file__).parent.parent / "cases"
"""Folder of the cases that come with didymium."""

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
"""Endings of files that are taken for a workbook; all but the first are refused with a fix."""

ROW = "_row"
"""Column that names each row of a case as ``table/key``: what results rest on."""


CALIBRATIONS = ("fitted", "stated")
"""fitted: base year and prices reconcile what was observed. stated: curves pass through the points in the tables."""


@dataclass
class Case:
    """Everything known about one question.

    Parameters
    ----------
    name : str
        Short name.
    folder : Path
        Folder or workbook that it was read from.
    tables : dict of str to DataFrame
        Checked tables in internal units (tonnes, USD, USD/t, t/year, days); every row is named in ``_row``.
    settings : dict
        ``case.toml``: title, base year, currency, reference basket, calibration.
    content : Content
        What elements the commodities hold.
    digest : str
        Hash of every file of the case.
    files : CaseFiles
        What the files say, as text.
    overlays : list of Path
        Folders or workbooks that replaced rows.
    variant : str
        What was read otherwise than the files say, in words; empty where nothing was.
    known_on : str
        Day as of which the case is known, YYYY-MM-DD; empty where everything counts.
    """

    name: str
    folder: Path
    tables: dict[str, pd.DataFrame]
    settings: dict[str, Any]
    content: Content
    digest: str
    files: CaseFiles
    overlays: list[Path] = field(default_factory=list)
    variant: str = ""
    known_on: str = ""
    _assumed: tuple[pd.DataFrame, dict[Any, dict[Any, Any]]] | None = field(default=None, repr=False, compare=False)

    def __getitem__(self, table: str) -> pd.DataFrame:
        """Return a table by name; one for screening is read and checked when it is first asked for."""
        if not self.holds(table):
            raise DidymiumError(_("case {case} has no table {table}").format(case=self.name, table=table))
        if table not in self.tables:
            with self.files.placing():
                self.tables[table] = _screening(self, table)
        return self.tables[table]

    def holds(self, table: str) -> bool:
        """Return whether the case has a table of this name."""
        return table in self.tables or (table in TABLES and TABLES[table].screening)

    @property
    def base_year(self) -> int:
        """Year that the market is calibrated to."""
        return int(self.settings["base_year"])

    @property
    def calibration(self) -> str:
        """How the curves come from the tables: ``fitted`` to observations, or as ``stated``."""
        return str(self.settings.get("calibration", CALIBRATIONS[0]))

    @property
    def final_stages(self) -> list[str]:
        """Stages of the finished goods: as ``case.toml`` names them, or those of everything that an end use takes."""
        named = self.settings.get("final_stages")
        if named:
            return [str(stage) for stage in named]
        commodities = self["commodities"]
        used = commodities["commodity"].isin(self["demands"]["commodity"])
        return list(dict.fromkeys(commodities.loc[used, "stage"]))

    def finished(self) -> list[str]:
        """Return the finished goods: commodities of the final stages that an end use takes."""
        commodities = self["commodities"]
        used = commodities["commodity"].isin(self["demands"]["commodity"])
        return list(commodities.loc[used & commodities["stage"].isin(self.final_stages), "commodity"])

    def alone(self) -> dict[str, str]:
        """Return the element of every commodity of one element, where ores are mined for one element each.

        There tonnes of a stage are tonnes of different things and are not added: lithium and manganese. Nothing where
        ores are baskets, whose elements a chain follows together.
        """
        commodities = self["commodities"]
        elements = {c: str(cell) for c, cell in zip(commodities["commodity"], commodities["elements"], strict=True)}
        ores = commodities.loc[commodities["stage"].eq("mine"), "commodity"]
        if any(";" in elements[ore] for ore in ores):
            return {}
        return {c: element for c, element in elements.items() if ";" not in element}

    @property
    def participants(self) -> list[str]:
        """Regions whose costs and losses are counted."""
        regions = self["regions"]
        return list(regions.loc[regions["role"].eq("participant"), "region"])

    @property
    def controller(self) -> str:
        """Region that can cut supply."""
        regions = self["regions"]
        found = list(regions.loc[regions["role"].eq("controller"), "region"])
        if len(found) != 1:
            raise DidymiumError(_("case {case}: one region must have the role controller").format(case=self.name))
        return str(found[0])

    def names(self, table: str) -> dict[str, str]:
        """Return the readable name of every row of a table with a ``name`` column."""
        frame = self[table]
        return dict(zip(frame[TABLES[table].key[0]], frame["name"], strict=True))

    def assumption(self, name: str, end: str = "value") -> float:
        """Return an assumption's value, or the ``low`` or ``high`` end of its band.

        Raises
        ------
        DidymiumError
            The case does not make it.
        """
        frame = self["assumptions"]
        if self._assumed is None or self._assumed[0] is not frame:
            rows = frame.drop_duplicates("assumption").set_index("assumption")
            self._assumed = frame, rows[["low", "value", "high"]].to_dict("index")
        found = self._assumed[1].get(name)
        if found is None:
            raise DidymiumError(
                _("assumptions.csv: `{name}` is missing -> add it with a value, a band and a reason").format(name=name)
            )
        return float(found[end])

    def row(self, key: str) -> dict[str, Any]:
        """Return the input row called ``table/key``.

        Raises
        ------
        DidymiumError
            No such row.
        """
        table, _slash, _key = key.partition("/")
        frame = self[table]
        found = frame[frame[ROW].eq(key)]
        if found.empty:
            raise DidymiumError(_("{key} is not a row of case {case}").format(key=key, case=self.name))
        return {str(k): v for k, v in found.iloc[0].to_dict().items()}

    def scenarios(self) -> list[str]:
        """Return the names of the scenarios that the case holds."""
        return self.files.scenarios()

    def chains(self) -> list[str]:
        """Return the names of the chains that stand in folders of the case."""
        return self.files.chains()

    def scenario(self, name: str) -> Scenario:
        """Return a named scenario."""
        from didymium.case.scenario import load_scenario

        with self.files.placing():
            return load_scenario(self, name)


def find_case(case: str | Path) -> Path:
    """Return the folder of a bundled case, or the folder or workbook of a path.

    Raises
    ------
    DidymiumError
        Neither a bundled case nor a folder nor a workbook.
    """
    path = Path(case)
    bundled = BUNDLED.joinpath(*(part.replace("-", "_") for part in path.parts))
    named = not path.is_absolute() and ".." not in path.parts and str(case) == path.as_posix() and path.parts
    if named and (bundled / "case.toml").is_file():
        return bundled
    if path.is_dir() or (path.is_file() and path.suffix.lower() in WORKBOOKS):
        return path
    bundled_cases = (
        path.parent.relative_to(BUNDLED).as_posix().replace("_", "-") for path in BUNDLED.rglob("case.toml")
    )
    known = ", ".join(sorted(bundled_cases))
    raise DidymiumError(
        _(
            "no case `{case}`: neither a folder nor an Excel workbook, and the bundled cases are {known} -> name one "
            "of them, a folder or a workbook"
        ).format(case=case, known=known)
    )


def load_case(case: str | Path, network: bool = True, overlays: Sequence[str | Path] = ()) -> Case:
    """Load and check a case.

    Parameters
    ----------
    case : str or Path
        Name of a bundled case or of one of its chains (``us-japan/batteries``), a folder, or an Excel workbook.
    overlays : sequence of str or Path
        Folders or workbooks whose rows replace those of the same key, the last one on top.
    network : bool
        Also run the network checks.

    Returns
    -------
    Case

    Raises
    ------
    CaseError
        Every fault found: file, row, field, fault, fix.
    """
    files = open_files(find_case(case), [find_case(overlay) for overlay in overlays])
    with files.placing():
        return replace(_load(files, network), overlays=[Path(overlay) for overlay in overlays])


def _load(files: CaseFiles, network: bool) -> Case:
    faults = list(files.faults)
    settings = _settings(files, faults)
    market = [table for table in TABLES.values() if not table.screening]
    frames = _frames(files, market, faults)
    if faults:
        raise CaseError(faults)
    content = Content(frames["baskets"] if "baskets" in frames else _empty("baskets"), frames["commodities"],
                      str(settings["reference_basket"]))  # fmt: skip
    convert_amounts(frames, content, faults)
    convert_recipes(frames, content, faults)
    if faults:
        raise CaseError(faults)
    for table in market:
        if table.name not in frames:
            frames[table.name] = _empty(table.name).copy()
    for name, frame in frames.items():
        _name_rows(name, frame)
    loaded = Case(str(settings["name"]), files.path, frames, settings, content, files.digest(), files)
    if network:
        from didymium.case.network_checks import check_network

        faults = check_network(loaded)
        if faults:
            raise CaseError(faults)
    return loaded


def _name_rows(name: str, frame: pd.DataFrame) -> None:
    frame[ROW] = [f"{name}/{key}" for key in row_names(TABLES[name], frame)] if len(frame) else ""


def _screening(case: Case, name: str) -> pd.DataFrame:
    """Return a table for screening, read and checked; one that the case lacks has no rows."""
    faults: list[Fault] = []
    known = {other: case.tables[other] for other in ("sources", "assumptions", "regions")}
    if name != "minerals":
        known["minerals"] = case["minerals"]
    frame = _frames(case.files, [TABLES[name]], faults, known).get(name)
    if faults:
        raise CaseError(faults)
    frame = _empty(name).copy() if frame is None else frame
    _name_rows(name, frame)
    if name != "minerals" and case.known_on:  # the names stay, as every other definition does
        from didymium.case.vintage import published_by

        frame = published_by(case, frame)
    return frame


def _settings(files: CaseFiles, faults: list[Fault]) -> dict[str, Any]:
    try:
        text = files.settings()
        if text is None:
            raise CaseError([*faults, Fault("case.toml", "", "",
                                            _("the file is missing in {folder}").format(folder=files.path),
                                            _("start a case with `didymium new FOLDER`"))])  # fmt: skip
        settings = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CaseError([*faults, Fault("case.toml", "", "", str(error), _("correct the line"))]) from None
    for name, kind in (("name", str), ("title", str), ("base_year", int), ("reference_basket", str), ("signed", str)):
        if not isinstance(settings.get(name), kind):
            faults.append(Fault("case.toml", "", name, _("missing or not a {kind}").format(kind=kind.__name__),
                                _("add `{name} = ...`").format(name=name)))  # fmt: skip
    if settings.get("calibration", CALIBRATIONS[0]) not in CALIBRATIONS:
        what = _("`{cell}` is not a choice").format(cell=settings["calibration"])
        fix = _("use one of {choices}").format(choices=", ".join(CALIBRATIONS))
        faults.append(Fault("case.toml", "", "calibration", what, fix))
    shocks = settings.get("shock", {})
    rationing = shocks.get("rationing", RATIONINGS[0]) if isinstance(shocks, dict) else shocks
    if rationing not in RATIONINGS:
        what = _("`{cell}` is not a choice").format(cell=rationing)
        fix = _("use one of {choices}").format(choices=", ".join(RATIONINGS))
        faults.append(Fault("case.toml", "shock", "rationing", what, fix))
    return settings


def _frames(
    files: CaseFiles, tables: Sequence[Table], faults: list[Fault], known: Mapping[str, pd.DataFrame] | None = None
) -> dict[str, pd.DataFrame]:
    """Return tables read and checked; ``known`` ones are checked already, and rows may name theirs."""
    frames: dict[str, pd.DataFrame] = {}
    unread: set[str] = set()
    for table in tables:
        name = table.name
        if not files.holds(name):
            if table.required:
                fix = _("add the file: {meaning}").format(meaning=_(table.meaning))
                faults.append(Fault(f"{name}.csv", "", "", _("the file is missing"), fix))
                unread.add(name)
            continue
        grid = files.grid(table, faults)
        frame = None if grid is None else frame_of(grid, f"{name}.csv", table, faults)
        if frame is not None and frame.empty and table.required:
            faults.append(Fault(f"{name}.csv", "", "", _("the table has no rows"), _("add at least one row")))
            frame = None
        if frame is None:
            unread.add(name)
        else:
            frames[name] = frame
    if known is None:
        files.strangers(faults)
    for name, frame in frames.items():
        check = TableCheck(TABLES[name], frame, faults)
        check.cells()
        check.rows()
    references(frames, unread, faults, known or {})
    grades({**(known or {}), **frames}, faults)
    assumed_bands({**(known or {}), **frames}, faults)
    if not faults:
        for name, frame in frames.items():
            TableCheck(TABLES[name], frame, faults).units()
    return frames


@cache
def _empty(name: str) -> pd.DataFrame:
    """Return a table without rows; a copy of it is somebody's own."""
    import pandas as pd

    table = TABLES[name]
    frame = pd.DataFrame({column: pd.Series(dtype=str) for column in table.columns})
    for declared in table.fields:
        if declared.kind in ("number", "integer"):
            frame[declared.name] = frame[declared.name].astype(float)
    frame[LINE] = pd.Series(dtype=int)
    return frame
