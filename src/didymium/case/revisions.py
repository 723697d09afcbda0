"""What two editions of a yearbook say differently of the same quantity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from didymium.case.case import ROW, Case
from didymium.case.screening_tables import REST, WORLD
from didymium.faults import DidymiumError
from didymium.messages import _
from didymium.result import RESTS_ON, Column, Result, ResultTable, join_inputs, new_manifest

if TYPE_CHECKING:
    import pandas as pd

TABLES = {"production": "quantity", "capacity": "capacity", "reserves": "quantity"}
"""Tables for screening that are compared, and the column of their value."""

_KEY = ["table", "mineral", "stage", "country", "when"]

_UNIT = 2.3
"""Logarithm (base 10) of a ratio beyond which a unit is wrong rather than a quantity: a factor of 200."""


def diff(case: Case, old: str, new: str, mineral: str | None = None) -> Result:
    """Return what two editions in a case say differently.

    Parameters
    ----------
    case : Case
        The case.
    old, new : str
        Series of its tables for screening, such as ``mcs2025`` and ``mcs2026``.
    mineral : str, optional
        Only this one.

    Returns
    -------
    Result
        As :func:`compare`.

    Raises
    ------
    DidymiumError
        A series or mineral that the case does not hold, or no quantity of which both speak.
    """
    frames = {name: case[name] for name in TABLES}
    known = sorted({series for frame in frames.values() for series in frame["series"]})
    for series in (old, new):
        if series not in known:
            raise DidymiumError(
                _("case {case} has no edition `{series}` -> use one of {known}").format(
                    case=case.name, series=series, known=", ".join(known) or _("none")
                )
            )
    if mineral is not None and mineral not in set(case["minerals"]["mineral"]):
        raise DidymiumError(_("minerals.csv: no mineral `{mineral}`").format(mineral=mineral))
    sides = [statements({name: f[f["series"].eq(series)] for name, f in frames.items()}) for series in (old, new)]
    return compare(case.name, case.digest, sides[0], sides[1], (old, new), mineral)


def statements(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of tables for screening as statements: what, where, when, how much, in which unit.

    ``share`` is of the published total; of the rows with a number, where no total is published.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Tables by name, in internal units, each row named in ``_row``.
    """
    import pandas as pd

    parts = []
    for name, frame in frames.items():
        part = frame[["mineral", "form", "country", "year", "qualifier", "unit", "basis", "note"]].copy()
        part["stage"] = frame.get("stage", "")
        # an edition states production of given years, and reserves as it knows them
        part["when"] = 0 if name == "reserves" else part["year"].astype(int)
        part["amount"] = frame[TABLES[name]]
        part["input"] = frame[ROW]
        part["table"] = name
        groups = [part[column] for column in ("mineral", "stage", "form", "year")]
        world = part["country"].eq(WORLD)
        published = part["amount"].where(world).groupby(groups).transform("max")
        total = published.fillna(part["amount"].mask(world).groupby(groups).transform("sum"))
        part["share"] = part["amount"].mask(world) / total.where(total.gt(0))
        part["single"] = part.groupby(["mineral", "stage", "country", "when"])["form"].transform("size").eq(1)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def compare(
    name: str, digest: str, old: pd.DataFrame, new: pd.DataFrame, editions: tuple[str, str], mineral: str | None = None
) -> Result:
    """Return what two sets of statements say differently.

    Rows are matched by form; where either side has just one for a country and year, the label does not matter.

    Parameters
    ----------
    name, digest : str
        Name and hash of what is compared.
    old, new : DataFrame
        As :func:`statements` returns them.
    editions : tuple of str
        Their names.
    mineral : str, optional
        Only this one.

    Returns
    -------
    Result
        Tables ``shares`` (whose share of world production moved most, in percentage points), ``totals`` (world
        totals) and ``revisions`` (every quantity that differs, largest relative change first; those that only one
        edition gives last).

    Raises
    ------
    DidymiumError
        No quantity of which both speak.
    """
    pair = _matched(old, new)
    if mineral is not None:
        pair = pair[pair["mineral"].eq(mineral)]
    if pair.empty:
        raise DidymiumError(
            _("{old} and {new} speak of no common quantity -> compare two editions that follow each other").format(
                old=editions[0], new=editions[1]
            )
        )
    both = len(pair)
    same = pair["old"].eq(pair["new"]) | (pair["old"].isna() & pair["new"].isna())
    found = _measured(pair[~same])
    tables = (_shares(found), _totals(found), _revisions(found))
    manifest = new_manifest(digest, {"old": editions[0], "new": editions[1], "mineral": mineral or ""},
                            algorithm="comparison", status="ok", compared=both, differ=len(found))  # fmt: skip
    return Result("diff", name, {table.name: table for table in tables}, manifest)


def _matched(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of rows that speak of one quantity, on one basis."""
    pair = old.merge(new, on=_KEY, suffixes=("_old", "_new"))
    alone = pair["single_old"] & pair["single_new"]
    pair = pair[(alone | pair["form_old"].eq(pair["form_new"])) & pair["basis_old"].eq(pair["basis_new"])
                & pair["unit_old"].eq(pair["unit_new"])]  # fmt: skip
    return pair.rename(columns={"amount_old": "old", "amount_new": "new", "form_new": "form", "unit_new": "unit",
                                "note_new": "note", "year_new": "year", "share_old": "old_share",
                                "share_new": "new_share", "qualifier_old": "old_is",
                                "qualifier_new": "new_is"})  # fmt: skip


def _measured(pair: pd.DataFrame) -> pd.DataFrame:
    """Add the changes, and put the largest relative change first.

    ``change = new / old - 1``; order by ``|log(new / old)|``, so that a half and a double are equally large.
    """
    import numpy as np
    import pandas as pd

    pair = pair.copy()
    ratio = (pair["new"] / pair["old"]).where(pair["old"].gt(0))
    pair["change"] = ratio - 1.0
    # a share is of its table: of two tables of unlike rows it cannot be compared
    pair["points"] = (100.0 * (pair["new_share"] - pair["old_share"])).where(pair["form"].eq(pair["form_old"]))
    size = pd.Series(np.log10(ratio.where(ratio.gt(0)).to_numpy(float)), index=pair.index).abs()
    pair["suspect"] = np.where(size.gt(_UNIT), _("a unit, not a quantity?"), "")
    pair["year"] = pair["year"].astype(int)
    pair[RESTS_ON] = [join_inputs(inputs) for inputs in zip(pair["input_old"], pair["input_new"], strict=True)]
    # to or from zero is more than any ratio; a number that only one edition gives has no size
    zero = (pair["old"].eq(0) | pair["new"].eq(0)) & pair["old"].notna() & pair["new"].notna()
    pair["size"] = size.where(~zero, np.inf)
    keys = [*_KEY, "form"]
    return pair.sort_values(["size", *keys], ascending=[False, *([True] * len(keys))], kind="stable",
                            na_position="last").reset_index(drop=True)  # fmt: skip


def _columns(names: str) -> dict[str, Column]:
    every = {
        "table": Column("", _("Table that the quantity stands in.")),
        "mineral": Column("", _("Mineral.")),
        "stage": Column("", _("Stage.")),
        "form": Column("", _("Form; empty for the mineral as a whole.")),
        "country": Column("", _("Country; WLD the published world total, OTH the countries not listed.")),
        "year": Column("year", _("Year that both editions speak of; of reserves, that of the newer one.")),
        "old": Column("", _("Older edition, in the unit of the row; empty where it gives no number.")),
        "new": Column("", _("Newer edition, in the unit of the row; empty where it gives no number.")),
        "unit": Column("", _("Unit.")),
        "change": Column("ratio", _("Relative change; empty from zero, and where one edition gives no number.")),
        "old_share": Column("ratio", _("Share of the world total, older edition.")),
        "new_share": Column("ratio", _("Share of the world total, newer edition.")),
        "points": Column("percent", _("Change of the share, in percentage points.")),
        "old_is": Column("", _("What the older cell is.")),
        "new_is": Column("", _("What the newer cell is.")),
        "suspect": Column("", _("Why the change may be none.")),
        "note": Column("", _("What the newer edition says of the row.")),
    }
    return {name: every[name] for name in names.split()}


def _table(name: str, title: str, frame: pd.DataFrame, names: str) -> ResultTable:
    columns = _columns(names)
    key = tuple(column for column in ("table", "mineral", "stage", "form", "country", "year") if column in columns)
    return ResultTable(name, title, frame[[*columns, RESTS_ON]].reset_index(drop=True), columns, key)


def _shares(found: pd.DataFrame) -> ResultTable:
    """Return whose share of production moved most."""
    rows = found[found["table"].eq("production") & found["points"].notna() & ~found["country"].isin((WORLD, REST))]
    order = rows["points"].abs().sort_values(ascending=False, kind="stable").index
    names = "mineral stage form country year old_share new_share points old new unit note"
    return _table("shares", _("Whose share of production moved most"), rows.loc[order], names)


def _totals(found: pd.DataFrame) -> ResultTable:
    """Return the world totals that differ."""
    rows = found[found["country"].eq(WORLD)]
    names = "table mineral stage form year old new unit change suspect note"
    return _table("totals", _("World totals that differ"), rows, names)


def _revisions(found: pd.DataFrame) -> ResultTable:
    """Return every quantity that differs."""
    names = "table mineral stage form country year old new unit change old_is new_is suspect note"
    return _table("revisions", _("Every quantity that differs, largest relative change first"), found, names)
