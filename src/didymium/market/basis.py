"""A basis of the solver as arrays, so that it can be kept and can travel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Basis:
    """Where a basis has each column and row, as the solver's codes."""

    columns: npt.NDArray[np.int8]
    rows: npt.NDArray[np.int8]

    @classmethod
    def of(cls, held: Any) -> Basis:
        """Return a basis of the solver as arrays."""
        columns, rows = (np.fromiter(map(int, part), np.int8) for part in (held.col_status, held.row_status))
        return cls(columns, rows)

    def __reduce__(self) -> tuple[type[Basis], tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]]:
        """Travel without the solver's own form."""
        return Basis, (self.columns, self.rows)

    @cached_property
    def handed(self) -> Any:
        """As the solver takes it; many solves start from the same few."""
        basis = highspy.HighsBasis()
        basis.valid = True
        basis.col_status = [_STATUS[code] for code in self.columns.tolist()]
        basis.row_status = [_STATUS[code] for code in self.rows.tolist()]
        return basis


_STATUS = {int(status): status for status in highspy.HighsBasisStatus.__members__.values()}
