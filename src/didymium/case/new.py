"""An empty case to fill in: every table with its header, a ``case.toml`` and a README that says what goes where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from didymium.case.datapackage import FILE, datapackage
from didymium.case.files import Folder
from didymium.case.reference import contents, section
from didymium.case.tables import TABLES
from didymium.faults import DidymiumError
from didymium.messages import _
from didymium.result import replacing_folder


def new_case(folder: str | Path) -> Path:
    """Write an empty case. All or nothing.

    Parameters
    ----------
    folder : str or Path
        A folder that does not exist yet, or is empty.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    DidymiumError
        The folder holds something, is a file, or is the folder that one works in.
    """
    path = new_folder(folder)
    name = re.sub(r"[^a-z0-9]+", "-", path.name.lower()).strip("-") or "case"
    with writing(path) as part:
        for table in TABLES.values():
            (part / f"{table.name}.csv").write_text(",".join(table.columns) + "\n", "utf-8", newline="\n")
        (part / "case.toml").write_text(case_toml(name), "utf-8", newline="\n")
        (part / "README.md").write_text(readme(name), "utf-8", newline="\n")
        (part / "scenarios").mkdir()
        (part / FILE).write_text(datapackage(Folder(part)), "utf-8", newline="\n")
    return path


def new_folder(folder: str | Path) -> Path:
    """Return the full path of a folder that a case may be written to.

    Raises
    ------
    DidymiumError
        The folder holds something, is a file, or is the folder that one works in.
    """
    path = Path(folder).expanduser().resolve()
    if path.exists() and not path.is_dir():
        raise DidymiumError(_("{folder} is a file -> name a new folder").format(folder=path))
    if path.is_dir() and any(path.iterdir()):
        raise DidymiumError(_("{folder} is not empty -> name a new folder").format(folder=path))
    if path == Path.cwd():
        raise DidymiumError(_("{folder} is the folder you work in -> name a new folder").format(folder=path))
    return path


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Build a folder beside its place; say in one line why it cannot be written, and leave nothing behind then."""
    try:
        with replacing_folder(path) as part:
            yield part
    except OSError as error:
        raise DidymiumError(
            _("{folder} cannot be written: {error}").format(folder=path, error=error.strerror or error)
        ) from None


def case_toml(name: str) -> str:
    """Return the settings of an empty case, with a comment on each."""
    settings: tuple[tuple[str, str, object], ...] = (
        (_("Short name: letters, digits and -."), "name", name),
        (_("What a reader sees above it."), "title", ""),
        (_("Year that the market is calibrated to: demands, prices and statistics speak of it."), "base_year", 2024),
        (_("Basket of baskets.csv whose proportions a group such as NdPr has where nothing else is said."),
         "reference_basket", ""),
        (_("Day on which the agreement behind the case was signed, YYYY-MM-DD; empty where there is none."),
         "signed", ""),
        (_("Whether its promises can be enforced."), "binding", False),
        (_("fitted: prices and quantities are fitted to what was observed. stated: curves pass through the points in "
           "the tables."), "calibration", "fitted"),
    )  # fmt: skip
    return "\n".join(f"# {said}\n{key} = {json.dumps(value, ensure_ascii=False)}\n" for said, key, value in settings)


def readme(name: str) -> str:
    """Return how to fill in the case, with every table and column."""
    steps = (
        _("Fill in `case.toml`."),
        _("List your documents in `sources.csv`; what no document gives, in `assumptions.csv` with band and reason."),
        _("Fill in the tables that are required, then those that your question needs. Optional ones may stay empty."),
        _("Run `didymium check FOLDER`: it names every fault with file, row and fix. Then `didymium describe FOLDER`."),
    )
    listed = "\n".join(f"{at}. {step}" for at, step in enumerate(steps, 1))
    scenarios = _("Scenarios are files in the folder `scenarios`, one TOML file each; the bundled case has examples.")
    sections = (section(table) for table in TABLES.values())
    return "\n\n".join((f"# {name}", listed, scenarios, contents(), *sections)) + "\n"
