"""What weighs a country in the indices: governance, trade parameters, and the indices that a user imports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from didymium.case.case import ROW
from didymium.case.screening_tables import DIMENSIONS
from didymium.screen.draws import Draws
from didymium.screen.geopolrisk import UNKNOWN_INSTABILITY
from didymium.screen.governance import instability, weak_governance

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.screen.grouped import Array

YEARS = 5
"""Years that governance is averaged over, as the European method does."""


class Governance:
    """Governance by country, drawn once for all uses.

    The mean is over the last five years that hold all six estimates, of one method. Its error is the mean of their
    standard errors: errors of one country's indicators go together, so averaging does not shrink them.

    Parameters
    ----------
    case : Case
        The case.
    draws : Draws
        What varies.
    """

    def __init__(self, case: Case, draws: Draws) -> None:
        rows = case["governance"]
        self.draws = draws
        self.span = ""
        mean, error, stable, stable_error = {}, {}, {}, {}
        if len(rows):
            counts = rows.groupby(["series", "year"])["dimension"].nunique()
            whole = counts[counts.eq(len(DIMENSIONS))].reset_index()
            if len(whole):
                series = whole["series"].max()
                years = sorted(whole.loc[whole["series"].eq(series), "year"])[-YEARS:]
                used = rows[rows["series"].eq(series) & rows["year"].isin(years)].groupby("country")
                mean, error = used["estimate"].mean().to_dict(), used["standard_error"].mean().to_dict()
                self.span = f"{years[0]}-{years[-1]}"
            political = rows[rows["dimension"].eq("PV")].sort_values(["year", "series"]).groupby("country").last()
            stable, stable_error = political["estimate"].to_dict(), political["standard_error"].to_dict()
        self.countries = sorted(map(str, {*mean, *stable}))
        place = {c: i for i, c in enumerate(self.countries)}
        noise = draws.normal("governance", "estimate", len(self.countries))
        nan = float("nan")
        centre = np.array([mean.get(c, nan) for c in self.countries])[:, None]
        width = np.array([error.get(c, 0.0) for c in self.countries])[:, None]
        self._weak = weak_governance(centre + width * noise)
        centre = np.array([stable.get(c, nan) for c in self.countries])[:, None]
        width = np.array([stable_error.get(c, 0.0) for c in self.countries])[:, None]
        self._unstable = np.where(np.isnan(centre), UNKNOWN_INSTABILITY, instability(centre + width * noise))
        self._place = place
        self._keys = {str(c): str(k) for c, k in zip(rows["country"], rows[ROW], strict=True)} if len(rows) else {}

    def weak(self, countries: Sequence[str]) -> Array:
        """Return weakness of governance, 0 to 10: countries x draws; NaN where a country has no estimate."""
        return self._of(self._weak, countries, float("nan"))

    def unstable(self, countries: Sequence[str]) -> Array:
        """Return political instability, 0 to 1: countries x draws; 0.5 where a country has no estimate."""
        return self._of(self._unstable, countries, UNKNOWN_INSTABILITY)

    def behind(self, countries: Iterable[str]) -> list[str]:
        """Return one input row for each country: it stands for all its estimates."""
        return [self._keys[c] for c in countries if c in self._keys]

    def _of(self, values: Array, countries: Sequence[str], missing: float) -> Array:
        out = np.full((len(countries), 1 + self.draws.count), missing)
        known = [i for i, c in enumerate(countries) if c in self._place]
        out[known] = values[[self._place[countries[i]] for i in known]]
        return out


class TradeParameters:
    """Trade parameters of the European method: 1 where a case states none.

    Parameters
    ----------
    case : Case
        The case.
    """

    def __init__(self, case: Case) -> None:
        rows = case["trade_parameters"]
        names = ("mineral", "stage", "region", "country")
        cells = zip(*(rows[c] for c in (*names, "value", ROW)), strict=True)
        self._value = {(m, s, r, c): (float(v), str(k)) for m, s, r, c, v, k in cells}

    def of(self, mineral: str, stage: str, region: str, countries: Sequence[str]) -> list[float]:
        """Return the parameter of each country in world supply (``*``) or for a region's imports."""
        return [self._value.get((mineral, stage, region, c), (1.0, ""))[0] for c in countries]


class CountryIndices:
    """Indices that a user imports; empty where the case holds none.

    Parameters
    ----------
    case : Case
        The case.
    """

    def __init__(self, case: Case) -> None:
        rows = case["country_indices"].sort_values("year")
        cells = zip(*(rows[c] for c in ("index", "region", "country", "value")), strict=True)
        self._value = {(str(i), str(r), str(c)): float(v) for i, r, c, v in cells}
        self.names = set(rows["index"])

    def of(self, index: str, region: str, countries: Sequence[str]) -> list[float]:
        """Return an index of countries as seen from a region, or from anywhere; NaN where missing."""
        nan = float("nan")
        return [self._value.get((index, region, c), self._value.get((index, "*", c), nan)) for c in countries]
