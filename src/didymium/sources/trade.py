"""What flows of BACI say: which codes they cover, values by weight, and two statements of the same trade."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from didymium.faults import CaseError, Fault
from didymium.messages import _
from didymium.sources.baci import KEY

if TYPE_CHECKING:
    import pandas as pd

OUTLIER = 3.5
"""Modified z-score beyond which a value is an outlier (Iglewicz and Hoaglin 1993)."""


def coverage(flows: pd.DataFrame, wanted: Collection[str]) -> pd.DataFrame:
    """Say which codes the flows cover, so that a blank is not taken for no trade.

    Parameters
    ----------
    flows : DataFrame
        Rows of :func:`read_baci`.
    wanted : collection of str
        HS codes that are asked for.

    Returns
    -------
    DataFrame
        ``hs``, ``first_year``, ``last_year`` (0 where never), ``rows`` and ``note``: empty where covered in all years.
    """
    import pandas as pd

    last = int(flows["year"].max())
    years = flows.groupby("hs", observed=True)["year"]
    known = {
        str(code): (int(start), int(end), int(size))
        for code, start, end, size in zip(years.min().index, years.min(), years.max(), years.size(), strict=True)
    }
    rows = []
    for code in wanted:
        if code not in known:
            rows.append((code, 0, 0, 0, _("not covered: blank is not zero trade")))
            continue
        start, end, size = known[code]
        note = _("not covered after {year}: blank is not zero trade").format(year=end) if end < last else ""
        rows.append((code, start, end, size, note))
    return pd.DataFrame(rows, columns=["hs", "first_year", "last_year", "rows", "note"])


def only(flows: pd.DataFrame, codes: Collection[str], years: Collection[int] = ()) -> pd.DataFrame:
    """Return the flows of some codes, and of some years where any are named.

    Raises
    ------
    CaseError
        The source does not cover a code, or not in one of the years: this is not the same as no trade.
    """
    found = flows[flows["hs"].isin(list(codes))]
    if years:
        found = found[found["year"].isin(list(years))]
    held = set(found["hs"].astype(str)) if not years else set(zip(found["hs"].astype(str), found["year"], strict=True))
    asked: list[tuple[str, int | None]] = [(code, year) for code in codes for year in years or (None,)]
    faults = []
    for code, year in asked:
        if (code if year is None else (code, year)) in held:
            continue
        what = _("not covered: blank is not zero trade") if year is None else _(
            "not covered in {year}: blank is not zero trade").format(year=year)  # fmt: skip
        faults.append(Fault("BACI", "", code, what, _("take another source for this code")))
    if faults:
        raise CaseError(faults)
    return found


def mirror(one: pd.DataFrame, other: pd.DataFrame, factor: float = 2.0, digits: int = 6) -> pd.DataFrame:
    """Set two statements of the same trade beside each other.

    ``ratio = other / one``. Importers count insurance and freight, exporters do not, so that a ratio of some per cent
    above one is no contradiction.

    Parameters
    ----------
    one, other : DataFrame
        Flows with ``year``, ``hs``, ``exporter``, ``importer``, ``value_usd`` and ``quantity_t``: what the exporter and
        what the importer reports, or BACI and another source.
    factor : float
        Ratio, or its inverse, beyond which a pair is marked.
    digits : int
        Digits of the HS code at which both are compared: 6, 4 or 2.

    Returns
    -------
    DataFrame
        A row per year, code and pair of countries: both values (USD) and quantities (tonnes), the ratios, ``differs``
        and a note. A pair that one side does not state has no ratio.
    """
    import numpy as np

    def summed(flows: pd.DataFrame) -> pd.DataFrame:
        rows = flows.assign(**{name: flows[name].astype(str) for name in KEY[1:]})
        rows["hs"] = rows["hs"].str[:digits]
        groups = rows.groupby(list(KEY))[["value_usd", "quantity_t"]]
        return groups.sum(min_count=1).where(groups.count() == groups.size().to_numpy()[:, None])

    joined = summed(one).add_suffix("_one").join(summed(other).add_suffix("_other"), how="outer", sort=True)
    joined = joined.reset_index()
    for what in ("value", "quantity"):
        unit = {"value": "usd", "quantity": "t"}[what]
        below = joined[f"{what}_{unit}_one"]
        joined[f"{what}_ratio"] = (joined[f"{what}_{unit}_other"] / below.where(below > 0)).astype(float)
    ratios = joined[["value_ratio", "quantity_ratio"]]
    far = ((ratios > factor) | (ratios < 1.0 / factor)).any(axis=1)
    alone_one = joined["value_usd_other"].isna() & joined["quantity_t_other"].isna()
    alone_other = joined["value_usd_one"].isna() & joined["quantity_t_one"].isna()
    joined["differs"] = far
    joined["note"] = np.select(
        [alone_one, alone_other, far],
        [_("only the first states it"), _("only the second states it"),
         _("they differ by more than a factor of {factor}").format(factor=factor)], "")  # fmt: skip
    return joined


def unit_values(flows: pd.DataFrame, limit: float = OUTLIER) -> pd.DataFrame:
    """Return value over quantity of every flow, with outliers marked.

    The modified z-score of the logarithm within a code and a year, ``0.6745 (x - median) / MAD`` (Iglewicz and Hoaglin
    1993, How to detect and handle outliers): prices spread by factors, not by amounts.

    Parameters
    ----------
    flows : DataFrame
        Rows of :func:`read_baci`.
    limit : float
        Score beyond which a flow is an outlier.

    Returns
    -------
    DataFrame
        The key, ``unit_value_usd_t`` (USD per tonne gross, NaN without a quantity), ``median_usd_t`` of the code and
        year, ``score`` and ``outlier``.
    """
    import numpy as np

    quantity = flows["quantity_t"].where(flows["quantity_t"] > 0)
    frame = flows[list(KEY)].copy()
    frame["unit_value_usd_t"] = flows["value_usd"] / quantity
    logs = np.log(frame["unit_value_usd_t"].where(frame["unit_value_usd_t"] > 0))
    groups = [flows["hs"], flows["year"]]
    median = logs.groupby(groups, observed=True).transform("median")
    spread = (logs - median).abs().groupby(groups, observed=True).transform("median")
    frame["median_usd_t"] = np.exp(median)
    frame["score"] = 0.6745 * (logs - median) / spread.where(spread > 0)
    frame["outlier"] = frame["score"].abs() > limit
    return frame
