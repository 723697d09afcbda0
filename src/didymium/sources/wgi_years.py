"""What the Worldwide Governance Indicators say over years: the mean that methods use, and the change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from didymium.faults import single
from didymium.messages import _
from didymium.sources.wgi import DIMENSIONS
from didymium.sources.wgi_pair import NEW_METHOD

if TYPE_CHECKING:
    import pandas as pd


def mean_estimate(
    frame: pd.DataFrame, start: int, end: int, dimensions: Sequence[str] = tuple(DIMENSIONS)
) -> pd.DataFrame:
    """Return the mean over dimensions and years, as the European Commission's supply risk uses it.

    ``mean_{d, y} WGI_{c, d, y}`` (European Commission, Methodology for establishing the EU list of critical raw
    materials, 2017). A country that lacks one of the values gets no mean: one dimension does not stand for six.

    Parameters
    ----------
    frame : DataFrame
        Rows of a reading.
    start, end : int
        First and last year.
    dimensions : sequence of str
        Dimensions that count.

    Returns
    -------
    DataFrame
        ``country``, ``wgi`` (NaN where a value lacks), ``values``, ``wanted`` and ``note``.

    Raises
    ------
    CaseError
        A dimension or a year that the frame does not hold for any country, or years of two editions.
    """
    years = [year for year in sorted(set(frame["year"])) if start <= year <= end]
    lacking = [_(DIMENSIONS.get(name, name)) for name in dimensions if name not in set(frame["dimension"])]
    if lacking:
        raise single("WGI", "", "dimension", _("no values of {dimensions}").format(dimensions=", ".join(lacking)),
                     _("read the workbook with all six dimensions, or name those that count"))  # fmt: skip
    if start > end or not {start, end} <= set(years):
        raise single("WGI", "", "year", _("the years {start} to {end} are not all there").format(start=start, end=end),
                     _("choose years from {first} to {last}").format(
                         first=min(frame["year"]), last=max(frame["year"])))  # fmt: skip
    chosen = frame[frame["year"].isin(years) & frame["dimension"].isin(list(dimensions))]
    if chosen["edition"].nunique() > 1:
        raise single("WGI", "", "year", _("the years {start} to {end} come from two editions").format(
            start=start, end=end), _("choose years before {year} or from it on").format(year=NEW_METHOD))  # fmt: skip
    wanted = len(years) * len(dimensions)
    groups = chosen.groupby("country")["estimate"].agg(["mean", "size"])
    table = groups.reset_index().rename(columns={"mean": "wgi", "size": "values"})
    table["wanted"] = wanted
    table["wgi"] = table["wgi"].where(table["values"] == wanted)
    short = table["values"] < wanted
    table["note"] = ""
    table.loc[short, "note"] = [_("{found} of {wanted} values: no mean").format(found=found, wanted=wanted)
                                for found in table.loc[short, "values"]]  # fmt: skip
    return table


def change(frame: pd.DataFrame, start: int, end: int) -> pd.DataFrame:
    """Return the change of every estimate between two years of one edition.

    Raises
    ------
    CaseError
        The two years come from two editions: their difference is the change of method.
    """
    ends = [frame[frame["year"] == year].set_index(["country", "dimension"]) for year in (start, end)]
    editions = [set(part["edition"]) for part in ends]
    if not all(editions):
        raise single("WGI", "", "year", _("the years {start} to {end} are not all there").format(start=start, end=end),
                     _("choose years that the frame holds"))  # fmt: skip
    if editions[0] != editions[1]:
        raise single("WGI", "", "year", _("{start} and {end} come from two editions").format(start=start, end=end),
                     _("do not difference across {year}").format(year=NEW_METHOD))  # fmt: skip
    return (ends[1]["estimate"] - ends[0]["estimate"]).dropna().rename("change").reset_index()
