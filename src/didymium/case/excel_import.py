"""From a workbook to a case folder."""

from __future__ import annotations

from pathlib import Path

from didymium.case.case import load_case
from didymium.case.datapackage import FILE, datapackage
from didymium.case.new import new_folder, writing
from didymium.faults import CaseError, DidymiumError, Fault
from didymium.messages import _


def import_workbook(file: str | Path, folder: str | Path) -> Path:
    """Write the case of a workbook to a folder of CSV files, after every check. All or nothing.

    Parameters
    ----------
    file : str or Path
        The workbook.
    folder : str or Path
        A folder that does not exist yet, or is empty.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    CaseError
        Every fault of the case and of its scenarios: sheet, cell, field, fault, fix.
    DidymiumError
        No such workbook, or the folder holds something.
    """
    source = Path(file).expanduser()
    if not source.is_file():
        raise DidymiumError(_("no workbook {file} -> name an Excel workbook (.xlsx)").format(file=source))
    path = new_folder(folder)
    case = load_case(source.resolve())
    faults: list[Fault] = []
    for name in case.scenarios():
        try:
            case.scenario(name)
        except CaseError as error:
            faults += error.faults
    if faults:
        raise CaseError(faults)
    with writing(path) as part:
        (part / "scenarios").mkdir()
        for name, raw in case.files.contents().items():
            (part / name).write_bytes(raw)
        (part / FILE).write_text(datapackage(case.files), "utf-8", newline="\n")
    return path
