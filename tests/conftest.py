"""Fixtures that several tests share. Results are made once per session and are not to be changed."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from didymium.case import Case
    from didymium.result import Result

AS_OF = "2026-11-21"


def find_chromium() -> str | None:
    """Return the path of a Chromium, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser where there is none."""
    if find_chromium():
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="no chromium on this machine"))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Chromium; for tests marked browser."""
    path = find_chromium()
    if path is None:
        pytest.skip("no chromium on this machine")
    return path


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of full source files. A variable that names no folder is an error, not a reason to skip."""
    value = os.environ.get("DIDYMIUM_DATA")
    if not value:
        pytest.skip("DIDYMIUM_DATA is not set")
    folder = Path(value)
    assert folder.is_dir(), f"DIDYMIUM_DATA names no folder: {folder}"
    return folder


@pytest.fixture(scope="session")
def us_japan() -> Case:
    """The bundled case."""
    import didymium

    return didymium.load_case("us-japan")


Share = Callable[[str, "Callable[[], Result]"], "Result"]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Share:
    """Make a result in the first test process that wants it; the others wait, and read what it saved."""
    own = tmp_path_factory.getbasetemp()
    root = own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own

    def share(name: str, make: Callable[[], Result]) -> Result:
        from didymium.result import Result

        folder = root / f"made-once-{name}"
        with (root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                make().save(folder)
        return Result.load(folder)

    return share


@pytest.fixture(scope="session")
def screened(us_japan: Case, once: Share) -> Result:
    import didymium

    return once("screened", lambda: didymium.screen(us_japan))


@pytest.fixture(scope="session")
def cleared(us_japan: Case) -> Result:
    import didymium

    return didymium.clear(us_japan, year=2024)


@pytest.fixture(scope="session")
def shocked(us_japan: Case, once: Share) -> Result:
    import didymium

    return once("shocked", lambda: didymium.shock(us_japan, "china-licensing-2025"))


@pytest.fixture(scope="session")
def planned(us_japan: Case, once: Share) -> Result:
    import didymium

    return once("planned", lambda: didymium.plan(us_japan))


@pytest.fixture(scope="session")
def tracked(us_japan: Case) -> Result:
    import didymium

    return didymium.track(us_japan, as_of=AS_OF)
