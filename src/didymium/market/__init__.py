"""How it clears: the one linear program, its calibration, its prices, and the check after every solve.

``build(case, tree, options)`` makes the program; ``verify(solution)`` checks any solution of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from didymium.market.checks import verify
    from didymium.market.program import build

__all__ = ["build", "verify"]

_HOME = {"build": "didymium.market.program", "verify": "didymium.market.checks"}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is first used: the command stays quick."""
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
