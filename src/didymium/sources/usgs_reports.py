"""What the tables say about themselves: totals against sums, double counts, shares, and what a new edition changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from didymium.messages import N_, _
from didymium.sources.usgs_names import COUNTRY, GROUP, REST, TOTAL

if TYPE_CHECKING:
    import pandas as pd

TABLE = ["edition", "file", "commodity", "quantity", "form", "period", "base"]
"""Columns that name one table by country."""

TOLERANCE = 0.03
"""Difference of a world total and the sum of its rows that rounding explains, as a share of the total."""

_COUNTED = ("number", "zero")
_SILENT = ("withheld", "not available", "blank", "under half a unit", "bound", "text", "range", "not applicable")

CAUSES = {
    "rounded": N_("the total is rounded to so few digits that its rows may differ by this much"),
    "mixed": N_("rows of unlike forms (crude, beneficiated, steatite) stand beside one total"),
    "silent": N_("rows without a number ({kinds}) are in the total"),
    "unlisted": N_("no row for the countries not listed"),
    "unknown": N_("the source gives no cause"),
}
"""Why a total differs from its rows."""


def world_totals(frame: pd.DataFrame, tolerance: float = TOLERANCE) -> pd.DataFrame:
    """Compare each published world total with the sum of its rows.

    ``difference = sum of rows / total - 1``. A table can be checked where it has one total that is a number and at
    least one row that is.

    Parameters
    ----------
    frame : DataFrame
        What :func:`didymium.sources.usgs.read_usgs` returns.
    tolerance : float
        Share of the total.

    Returns
    -------
    DataFrame
        One row per table that can be checked: its name, total and sum in the base unit, difference, rows without a
        number, whether it is within the tolerance, and the cause where it is not.
    """
    import numpy as np
    import pandas as pd

    world = frame[frame["table"].eq("world")].copy()
    world["amount"] = (world["value"] * world["factor"]).where(world["kind"].isin(_COUNTED))
    total = world["role"].eq(TOTAL)
    world["listed"] = world["role"].ne(REST)
    tops = world[total].groupby(TABLE, sort=False).agg(total=("amount", "first"), tops=("amount", "size"))
    step = world[total].set_index(TABLE)
    groups = world[~total].groupby(TABLE, sort=False)
    parts = groups.agg(sum=("amount", "sum"), rows=("amount", "count"), rest=("listed", "all"))
    parts["rest"] = ~parts["rest"]
    mute = world.loc[~total & world["kind"].isin(_SILENT), [*TABLE, "kind"]].drop_duplicates().sort_values("kind")
    parts["silent"] = mute.groupby(TABLE, sort=False)["kind"].agg(", ".join)
    parts["silent"] = parts["silent"].fillna("")
    found = tops.join(parts, how="inner")
    found = found[found["tops"].eq(1) & found["total"].notna() & found["total"].gt(0) & found["rows"].gt(0)]
    found["difference"] = found["sum"] / found["total"] - 1
    # 113,300 against 110,000 is 3 percent, not more
    found["within"] = found["difference"].abs() <= tolerance * (1 + 1e-9)
    rounding = step["raw"].map(_last_digit) * step["factor"]
    rounding = rounding[~rounding.index.duplicated()].reindex(found.index)
    # forms that have rows and no total of their own
    topped = set(map(tuple, world.loc[total, TABLE].itertuples(index=False)))
    lone = {(*key[:4], key[5]) for key in parts.index if tuple(key) not in topped}
    mixed = [(*key[:4], key[5]) in lone for key in found.index]
    away = (found["sum"] - found["total"]).abs()
    causes = []
    for within, gap, half, silent, rest, many, difference in zip(
        found["within"], away, rounding / 2, found["silent"], found["rest"], mixed, found["difference"], strict=True
    ):
        if within:
            causes.append("")
        elif gap <= half:
            causes.append(_(CAUSES["rounded"]))
        elif many and difference < 0:
            causes.append(_(CAUSES["mixed"]))
        elif silent and difference < 0:
            causes.append(_(CAUSES["silent"]).format(kinds=silent))
        elif not rest and difference < 0:
            causes.append(_(CAUSES["unlisted"]))
        else:
            causes.append(_(CAUSES["unknown"]))
    found["cause"] = pd.Series(causes, index=found.index, dtype=object)
    return found.drop(columns=["tops"]).replace({np.inf: np.nan}).reset_index()


def _last_digit(text: str) -> float:
    """Return what one step of the last digit that is not zero is worth: 12,000,000 steps by 1,000,000."""
    digits = "".join(cell for cell in text if cell in "0123456789.")
    if "." in digits or not digits:
        return 10.0 ** -len(digits.partition(".")[2])
    return 10.0 ** (len(digits) - len(digits.rstrip("0")))


def double_counts(frame: pd.DataFrame, share_limit: float = 105.0) -> pd.DataFrame:
    """Find what is counted twice.

    A row tagged as a country whose name is that of a total, or whose number is the sum of the other rows of its table
    although no row is tagged as the total; a table whose rows add up to more than 1.5 times its total; percentages of
    one table that add up to more than ``share_limit``.

    Returns
    -------
    DataFrame
        One row per finding: the table, the row, and what is wrong.
    """
    import pandas as pd

    data = frame[frame["table"].isin(("world", "import sources"))].copy()
    data["amount"] = (data["value"] * data["factor"]).where(data["kind"].isin(_COUNTED))
    part = data["role"].ne(TOTAL)
    sums = data[part].groupby(TABLE, sort=False)["amount"]
    keys = data.set_index(TABLE).index
    data["parts"] = keys.map(sums.sum().to_dict()).astype(float)
    data["count"] = keys.map(sums.count().to_dict()).astype(float)
    tops = data[~part].groupby(TABLE, sort=False)["amount"].first()
    data["top"] = keys.map(tops.to_dict()).astype(float)
    percent = data["quantity"].eq("import sources")
    name = data["country"].str.contains(r"(?i)\b(?:total|subtotal|world)\b", regex=True)
    others = data["parts"] - data["amount"]
    equal = (data["amount"] - others).abs() <= 0.005 * data["amount"]
    found: list[pd.DataFrame] = []
    for mask, what in (
        (part & name, _("a total is tagged as a country")),
        (part & ~percent & data["top"].isna() & equal & data["count"].gt(3) & data["amount"].gt(0),
         _("the row is the sum of the others, and no row is the total")),
        (part & (data["parts"] > 1.5 * data["top"]) & (data["amount"] >= 0.95 * data["top"]) & data["count"].gt(1),
         _("the row is as large as the total, and the rows add up to far more than it")),
    ):  # fmt: skip
        hit = data[mask & ~data["row"].isin([row for piece in found for row in piece["row"]])].copy()
        hit["fault"] = what
        found.append(hit)
    over = data[percent & part & (data["parts"] > share_limit)].drop_duplicates(TABLE).copy()
    over["fault"] = [_("shares add up to {sum:.0f} %").format(sum=total) for total in over["parts"]]
    found.append(over)
    return pd.concat(found)[[*TABLE, "country", "amount", "parts", "fault", "row"]].reset_index(drop=True)


def shares(frame: pd.DataFrame) -> pd.DataFrame:
    """Return each country's share of its table and the residual.

    ``share = amount / sum of rows``, the countries not listed included. Published totals are rounded apart, so shares
    of them would not add up. ``unknown`` counts the rows without a number: the shares leave them out.
    """
    world = frame[frame["table"].eq("world") & frame["role"].ne(TOTAL)].copy()
    world["amount"] = (world["value"] * world["factor"]).where(world["kind"].isin(_COUNTED))
    groups = world.groupby(TABLE, sort=False)["amount"]
    world["sum"] = groups.transform("sum")
    world["unknown"] = groups.transform("size") - groups.transform("count")
    world["share"] = (world["amount"] / world["sum"]).where(world["sum"].gt(0))
    return world[[*TABLE, "country", "role", "amount", "sum", "share", "unknown", "row"]].reset_index(drop=True)


def concentration(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the Herfindahl-Hirschman index of every table, as an interval.

    ``HHI = 10,000 sum_i s_i^2`` with shares of :func:`shares`. The countries not listed are many (``low``: none of
    their share counts) or one (``high``). A table without numbers has no row: its index is undefined, not zero.
    """
    table = shares(frame).dropna(subset=["share"])
    table["square"] = table["share"] ** 2
    listed = table["role"].isin((COUNTRY, GROUP))
    low = table[listed].groupby(TABLE, sort=False)["square"].sum()
    high = table.groupby(TABLE, sort=False)["square"].sum()
    leader = table[listed].sort_values("share", ascending=False).drop_duplicates(TABLE).set_index(TABLE)
    found = (1e4 * high).rename("high").to_frame()
    found["low"] = (1e4 * low).reindex(found.index).fillna(0.0)
    found["leader"] = leader["country"].reindex(found.index)
    found["leader_share"] = leader["share"].reindex(found.index)
    found["unknown"] = table.groupby(TABLE, sort=False)["unknown"].first()
    return found.reset_index()
