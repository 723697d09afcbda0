"""Benchmarks are run by hand and seldom, so what they ask of the package is checked here."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from pathlib import Path

import pytest

BENCHMARKS = sorted((Path(__file__).parents[1] / "benchmarks").glob("*.py"))


def there(module: str, name: str) -> bool:
    """Return whether a module holds a name, or is a package with a module of that name."""
    held = importlib.import_module(module)
    return hasattr(held, name) or (
        hasattr(held, "__path__") and importlib.util.find_spec(f"{module}.{name}") is not None
    )


def asked_of_the_package(file: Path) -> list[tuple[str, str]]:
    """Return what a file imports of the package, as (module, name)."""
    nodes = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
    return [(str(node.module), name.name) for node in nodes if str(node.module).split(".")[0] == "didymium"
            for name in node.names]  # fmt: skip


@pytest.mark.parametrize("file", BENCHMARKS, ids=lambda file: file.stem)
def test_what_a_benchmark_imports_is_there(file: Path) -> None:
    missing = [f"{module}.{name}" for module, name in asked_of_the_package(file) if not there(module, name)]
    assert not missing


def test_benchmarks_are_found() -> None:
    assert BENCHMARKS
