"""One Result for every verb: tidy tables with units, whose rows lead to the input rows behind them."""

from __future__ import annotations

import json
import os
import platform
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from didymium.faults import DidymiumError
from didymium.messages import _

if TYPE_CHECKING:
    import pandas as pd

RESTS_ON = "rests_on"
"""Column of every result table: the input rows behind the row, as ``table/key`` joined by ``;``."""

_LIBRARIES = ("didymium", "highspy", "pandas", "numpy", "scipy", "xarray")


def join_inputs(*groups: Iterable[str]) -> str:
    """Return the distinct input rows of all groups, in order, as one cell."""
    return ";".join(dict.fromkeys(key for group in groups for key in group if key))


@dataclass(frozen=True)
class Column:
    """What a column of a result holds: its unit ("" for text) and meaning."""

    unit: str
    meaning: str


@dataclass
class ResultTable:
    """A tidy table of a result.

    Parameters
    ----------
    name : str
        Short name; the Parquet file is called so.
    title : str
        What a reader sees above it.
    frame : DataFrame
        One row per finding. Has the column ``rests_on``.
    columns : mapping of str to Column
        Unit and meaning of every column but ``rests_on``.
    key : tuple of str
        Columns that together name a row.

    Raises
    ------
    DidymiumError
        A column without a declaration, a missing ``rests_on``, or a row without inputs.
    """

    name: str
    title: str
    frame: pd.DataFrame
    columns: Mapping[str, Column]
    key: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a table that could not be traced."""
        undeclared = [name for name in self.frame.columns if name != RESTS_ON and name not in self.columns]
        if undeclared or RESTS_ON not in self.frame.columns:
            raise DidymiumError(
                _("result table {name}: columns without a declaration: {columns}").format(
                    name=self.name, columns=", ".join(undeclared) or RESTS_ON
                )
            )
        untraced = self.frame[RESTS_ON].eq("")
        if bool(untraced.any()):
            row = self.frame.loc[untraced, list(self.key)].iloc[0].to_dict()
            raise DidymiumError(_("result table {name}: no input row behind {row}").format(name=self.name, row=row))


@dataclass
class Result:
    """What a verb found.

    Parameters
    ----------
    verb : str
        screen, clear, shock, plan or track.
    case : str
        Name of the case.
    tables : dict of str to ResultTable
        The findings.
    manifest : dict
        Inputs' hash, versions, options, the algorithm that ran, status, gap and timings.
    """

    verb: str
    case: str
    tables: dict[str, ResultTable]
    manifest: dict[str, Any] = field(default_factory=dict)

    @property
    def table(self) -> pd.DataFrame:
        """The main table of the verb: its first one."""
        return next(iter(self.tables.values())).frame

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return the frame of the table called ``name``."""
        try:
            return self.tables[name].frame
        except KeyError:
            raise DidymiumError(
                _("result of {verb} has no table {name}; it has {tables}").format(
                    verb=self.verb, name=name, tables=", ".join(self.tables)
                )
            ) from None

    def save(self, folder: Path) -> Path:
        """Write the result to ``folder``: a Parquet file per table and ``manifest.json``. All or nothing.

        Raises
        ------
        DidymiumError
            The folder holds something that is not a result.
        """
        folder = Path(folder)
        refuse_foreign(folder, ("manifest.json",), ".parquet")
        with replacing_folder(folder) as part:
            for table in self.tables.values():
                table.frame.to_parquet(part / f"{table.name}.parquet", index=False)
            described = {
                name: {
                    "title": table.title,
                    "key": list(table.key),
                    "columns": {c: {"unit": d.unit, "meaning": d.meaning} for c, d in table.columns.items()},
                }
                for name, table in self.tables.items()
            }
            manifest = {"verb": self.verb, "case": self.case, **self.manifest, "tables": described}
            (part / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")
        return folder

    @classmethod
    def load(cls, folder: Path) -> Result:
        """Read a result that :meth:`save` wrote.

        Raises
        ------
        DidymiumError
            No result in the folder.
        """
        import pandas as pd

        path = folder / "manifest.json"
        if not path.is_file():
            raise DidymiumError(
                _("{folder} holds no result (no manifest.json): run a verb with --out first").format(folder=folder)
            )
        try:
            manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
            described = manifest.pop("tables")
            tables = {
                name: ResultTable(
                    name,
                    entry["title"],
                    pd.read_parquet(folder / f"{name}.parquet"),
                    {c: Column(**d) for c, d in entry["columns"].items()},
                    tuple(entry["key"]),
                )
                for name, entry in described.items()
            }
            return cls(manifest.pop("verb"), manifest.pop("case"), tables, manifest)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise DidymiumError(
                _("the result in {folder} cannot be read ({error}): run the verb with --out again").format(
                    folder=folder, error=error
                )
            ) from None


def new_manifest(inputs_hash: str, options: Mapping[str, Any], **facts: Any) -> dict[str, Any]:
    """Return the manifest of a run: when, on what inputs, with what versions and options."""
    versions = {"python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            versions[library] = version(library)
        except PackageNotFoundError:
            versions[library] = "not installed"
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "inputs": inputs_hash,
        "versions": versions,
        "options": dict(options),
        **facts,
    }


def refuse_foreign(folder: Path, names: Iterable[str], ending: str = "") -> None:
    """Refuse to replace a folder that holds anything but what is written to it.

    Parameters
    ----------
    folder : Path
        Folder that would be replaced.
    names : iterable of str
        Files and folders that may be replaced.
    ending : str
        Ending of further files that may be replaced.

    Raises
    ------
    DidymiumError
        The folder is a file, the working folder, or holds something else.
    """
    if not folder.exists():
        return
    if not folder.is_dir() or folder.resolve() == Path.cwd():
        raise DidymiumError(_("{folder} cannot be replaced -> name a new folder").format(folder=folder))
    known = set(names)
    foreign = sorted(path.name for path in folder.iterdir() if path.name not in known and (
        not ending or path.suffix != ending))  # fmt: skip
    if foreign:
        raise DidymiumError(
            _("{folder} holds other files ({files}) -> name a new folder").format(
                folder=folder, files=", ".join(foreign[:3])
            )
        )


class replacing_folder:  # noqa: N801 - used as a verb: with replacing_folder(path) as part
    """Build a folder beside its place and move it there when all went well; leave the old one as it was if not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Path:
        """Return the folder to write into."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self._part = Path(tempfile.mkdtemp(prefix=f".{self.folder.name}-", dir=self.folder.parent))
        return self._part

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        """Move the new folder into place, or throw it away."""
        if kind is not None:
            shutil.rmtree(self._part, ignore_errors=True)
            return
        self._part.chmod(0o755)
        old = self._part.with_name(self._part.name + "-old")
        if self.folder.exists():
            os.replace(self.folder, old)
        os.replace(self._part, self.folder)
        shutil.rmtree(old, ignore_errors=True)
