"""A solver that keeps its voice down: what it prints would stand in the middle of a table or of JSON."""

from __future__ import annotations

from typing import Any

import highspy


class SilentHighs(highspy.Highs):
    """HiGHS without its banner, which versions from 1.16 print while the object is made."""

    def enableCallbacks(self) -> Any:
        """Turn the output off before the first call that would print."""
        self.silent()
        return super().enableCallbacks()  # type: ignore[no-untyped-call]


def silent_highs() -> Any:
    """Return a HiGHS instance that prints nothing."""
    highs: Any = SilentHighs()  # type: ignore[no-untyped-call]
    highs.silent()
    return highs
