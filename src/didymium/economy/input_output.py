"""What stops behind an industry that stops: a linear program on an input-output table.

``max v'x`` subject to ``0 <= (I - A) x``, ``0 <= x <= x0 limit``: no industry makes more than before, one that lacks
its input makes less, and everybody's inputs must be there. Value added lost is ``v'x0 - v'x``.

* Wide: with ``(I - A) x <= f0``, nobody buys what those who stand still do not. Losses run down and up the chain.
* Narrow: without it, suppliers sell elsewhere what the halted ones do not take. Losses run down the chain only.

Source: the optimisation step of Manley, Alonso and Nassar (2022) and of USGS OFR 2024-1057, as their abstracts describe
it; the table's algebra is Miller and Blair (2009), chapter 2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from didymium.case.read import LINE
from didymium.economy.bases import Array, optima
from didymium.faults import CaseError, DidymiumError, Fault
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

    def sector_of(self, name: str) -> str:
        """Return the sector of the table that an industry belongs to; empty where it has none.

        The sector of the same name; else the one whose code is the industry's, or the longest beginning of it:
        ``semiconductor devices [NAICS 334413]`` is in ``334413``, or in ``334 Computers and electronics``.
        """
        if name in self.sectors:
            return name
        code = code_of(name)
        fits = {s: c for s in self.sectors if (c := code_of(s)) and code.startswith(c)}
        longest = max((len(c) for c in fits.values()), default=0)
        best = [s for s, c in fits.items() if len(c) == longest]
        return best[0] if len(best) == 1 else ""

    def limits(self, industries: Sequence[str], made: Array, added: Array) -> tuple[dict[str, Array], list[str]]:
        """Return what sectors can make when industries in them are halted, and industries that the table has not.

        A sector that is the industry makes what it makes. A sector that holds more than the industry loses the
        industry's part: ``1 - sum_j V_j (1 - x_j) / V_s``.

        Parameters
        ----------
        industries : sequence of str
            Names, or names with codes.
        made : array, industries x cases
            ``x``: output over output before.
        added : array, industries (x cases)
            ``V_j``: value added in the table's currency a year.
        """
        value = self.output * self.added
        halted: dict[str, Array] = {}
        parts: dict[str, Array] = {}
        absent: list[str] = []
        for at, name in enumerate(industries):
            sector = self.sector_of(name)
            if not sector:
                absent.append(name)
            elif sector == name or code_of(sector) == code_of(name):
                halted[sector] = np.minimum(halted.get(sector, made[at]), made[at])
            else:
                whole = float(value[self.sectors.index(sector)])
                parts[sector] = parts.get(sector, np.zeros(made.shape[1])) + added[at] * (1.0 - made[at]) / max(
                    whole, 1e-300
                )
        found = {s: np.clip(1.0 - p, 0.0, 1.0) for s, p in parts.items()}
        return found | {s: np.minimum(found.get(s, m), m) for s, m in halted.items()}, absent

    def loss(self, limits: Mapping[str, float], wide: bool) -> float:
        """Return value added lost in a year, in the table's currency: :meth:`losses` of one case."""
        return float(self.losses({name: np.array([limit]) for name, limit in limits.items()}, wide, 1)[0])

    def losses(self, limits: Mapping[str, Array], wide: bool, cases: int) -> Array:
        """Return value added lost in a year in each of many cases, in the table's currency.

        Parameters
        ----------
        limits : mapping of str to array, cases
            Most that a sector can make, as a share of its output; 1 where absent.
        wide : bool
            Final demand does not take what halted industries leave; otherwise it does.
        cases : int
            How many.

        Raises
        ------
        DidymiumError
            A sector that the table does not have, or a limit outside 0 to 1.
        SolverError
            No optimum.
        """
        strange = [n for n, u in limits.items() if n not in self.sectors or not ((u >= 0.0) & (u <= 1.0)).all()]
        if strange:
            raise DidymiumError(
                _("the input-output table has no industry {names}, or its limit is not a share of 1").format(
                    names=", ".join(strange)
                )
            )
        # Columns are shares of base output, rows of the supplier's: the table's own numbers may be trillions, and an
        # industry of a thousandth of the economy is as exact as the largest.
        net = (np.eye(len(self.sectors)) - self.coefficients) * self.output / self.output[:, None]
        most = np.ones((len(self.sectors), cases))
        for name, limit in limits.items():
            most[self.sectors.index(name)] = limit
        final = net.sum(axis=1)  # 0 and above; rounding may leave it a hair below
        high = np.maximum(final, 0.0) if wide else np.full(len(net), np.inf)
        value = self.added * self.output
        made, _solves = optima(-value / value.sum(), net, np.minimum(final, 0.0), high, most)
        return np.asarray(np.maximum((1.0 + made) * value.sum(), 0.0), dtype=float)


_CODE = re.compile(r"(?<![0-9A-Za-z])(\d{2,6}[A-Z]{0,3})(?![0-9A-Za-z])")


def code_of(name: str) -> str:
    """Return the code of an industry in its name, such as 334413 or 3361MV; empty where it has none or several."""
    found = set(_CODE.findall(name))
    return found.pop() if len(found) == 1 else ""


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
