"""What stops behind an industry that stops: a linear program on an input-output table.

``max v'x`` subject to ``0 <= (I - A) x``, ``0 <= x <= x0 limit``: no industry makes more than before, one that lacks
its input makes less, and everybody's inputs must be there. Value added lost is ``v'x0 - v'x``.

* Wide: with ``(I - A) x <= f0``, nobody buys what those who stand still do not. Losses run down and up the chain.
* Narrow: without it, suppliers sell elsewhere what the halted ones do not take. Losses run down the chain only.

Source: the optimisation step of Manley, Alonso and Nassar (2022) and of USGS OFR 2024-1057, as their abstracts describe
it; the table's algebra is Miller and Blair (2009), chapter 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from didymium.case.read import LINE
from didymium.economy.willingness import Array
from didymium.faults import CaseError, DidymiumError, Fault, SolverError
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case import case as cases

FINAL = "final demand"
PAYMENT = "value added"
OTHER = ("imports", "taxes")
"""Names of a buyer that is no industry, and of payments to none: the one that counts, and those that do not."""


@dataclass(frozen=True)
class Table:
    """An input-output table of one economy.

    Parameters
    ----------
    sectors : tuple of str
        Industries.
    coefficients : array, sectors x sectors
        ``A``: what a unit of the column's output takes of the row's.
    output : array
        ``x0``, in the table's currency a year.
    added : array
        ``v``: value added in a unit of output.
    unit : str
        Currency.
    """

    sectors: tuple[str, ...]
    coefficients: Array
    output: Array
    added: Array
    unit: str

    @property
    def final(self) -> Array:
        """``f0 = (I - A) x0``: what everybody else buys."""
        return np.asarray(self.output - self.coefficients @ self.output)

    def inverse(self) -> Array:
        """``L = (I - A)^-1``: output that a unit of final demand takes in all (Leontief)."""
        return np.asarray(np.linalg.inv(np.eye(len(self.sectors)) - self.coefficients), dtype=float)

    def loss(self, limits: Mapping[str, float], wide: bool) -> float:
        """Return value added lost in a year, in the table's currency.

        Parameters
        ----------
        limits : mapping of str to float
            Most that a sector can make, as a share of its output; 1 where absent.
        wide : bool
            Final demand does not take what halted industries leave; otherwise it does.

        Raises
        ------
        DidymiumError
            A sector that the table does not have, or a limit outside 0 to 1.
        SolverError
            No optimum.
        """
        from scipy.optimize import linprog

        strange = [name for name, limit in limits.items() if name not in self.sectors or not 0.0 <= limit <= 1.0]
        if strange:
            raise DidymiumError(
                _("the input-output table has no industry {names}, or its limit is not a share of 1").format(
                    names=", ".join(strange)
                )
            )
        # In shares of base output: the table's own numbers may be trillions.
        scale = self.output / self.output.max(initial=0.0)
        net = (np.eye(len(self.sectors)) - self.coefficients) * scale
        most = np.array([limits.get(name, 1.0) for name in self.sectors])
        rows, sides = [-net], [np.zeros(len(most))]
        if wide:
            rows.append(net)
            sides.append(net.sum(axis=1))
        cost: Array = -self.added * scale
        found = linprog(
            cost, A_ub=np.vstack(rows), b_ub=np.concatenate(sides),
            bounds=[(0.0, float(limit)) for limit in most], method="highs",
        )  # fmt: skip
        if found.status != 0:
            raise SolverError(_("the input-output program has no optimum: {what}").format(what=found.message))
        lost = float((self.added * scale).sum() + found.fun) * float(self.output.max())
        return max(lost, 0.0)


def table_of(case: cases.Case, region: str) -> Table | None:
    """Return the input-output table of a region; None where the case holds none.

    Parameters
    ----------
    case : Case
        The case.
    region : str
        Whose economy.

    Raises
    ------
    CaseError
        Industries that only buy or only sell, several years or currencies, an industry whose purchases and value added
        exceed its output, final demand below zero.
    """
    rows = case["input_output"]
    rows = rows[rows["region"].eq(region)]
    if rows.empty:
        return None
    faults: list[Fault] = []

    def fault(row: str, field: str, what: str, fix: str) -> None:
        faults.append(Fault("input_output.csv", row, field, what, fix))

    for name in ("year", "unit"):
        if rows[name].nunique() > 1:
            fault(str(rows[LINE].iloc[0]), name, _("{region}: more than one").format(region=region),
                  _("import one table a region"))  # fmt: skip
    wide = rows.pivot_table(index="supplier", columns="user", values="value", aggfunc="sum").fillna(0.0)
    sectors = tuple(str(name) for name in wide.columns if name != FINAL)
    idle = sorted(set(wide.columns) - {FINAL} - set(wide.index))
    for name in idle:
        wide.loc[name] = 0.0
    lines = dict(zip(rows["user"], rows[LINE].astype(str), strict=True))
    for name in set(wide.index) - set(sectors) - {PAYMENT, *OTHER}:
        fault("", "supplier", _("{name} sells and buys nothing").format(name=name),
              _("give it a column, or call it `value added`, `imports` or `taxes`"))  # fmt: skip
    if FINAL not in wide.columns or PAYMENT not in wide.index or not sectors:
        fault("", "supplier", _("{region}: no `{final}` column, or no `{added}` row").format(
            region=region, final=FINAL, added=PAYMENT), _("write it with `didymium import io`"))  # fmt: skip
        raise CaseError(faults)
    flows = wide.loc[list(sectors), list(sectors)].to_numpy(float)
    final, added = wide.loc[list(sectors), FINAL].to_numpy(float), wide.loc[PAYMENT, list(sectors)].to_numpy(float)
    output = flows.sum(axis=1) + final
    for at, name in enumerate(sectors):
        if output[at] <= 0 or final[at] < 0 or (flows[:, at] < 0).any() or added[at] < 0:
            fault(lines.get(name, ""), "value", _("{name}: output, purchases, value added or final demand below zero")
                  .format(name=name), _("join it with a neighbouring industry"))  # fmt: skip
        elif flows[:, at].sum() + added[at] > output[at] * 1.001:
            fault(lines.get(name, ""), "value", _("{name} buys and earns more than it makes").format(name=name),
                  _("its column and its row must be of one table at one price basis"))  # fmt: skip
    if faults:
        raise CaseError(faults)
    unit = str(rows["unit"].iloc[0])
    return Table(sectors, flows / output[None, :], output, added / output, unit)
