"""Withheld values as intervals: never zero, at most what other figures of the same yearbook leave.

A value that is withheld is at least zero. It is at most what is left of the published world total; where that leaves
the producer out, as it does for the United States, at most what their net import reliance leaves
(:func:`by_reliance`).
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from didymium.case.files import number_text
from didymium.case.screening_tables import WORLD
from didymium.messages import N_, _
from didymium.sources.usgs_names import UNITS

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, str]
"""Cells of a row of a case table, by column."""

TABLE = ("mineral", "stage", "form", "year", "series")
"""Columns that name one table by country."""

EXCLUDES = re.compile(r"excludes u\.?s\.? production", re.IGNORECASE)
"""A footnote of a world total that leaves the United States out."""

SAME = {
    ("antimony", ""), ("barite", ""), ("bauxite", ""), ("iodine", ""), ("lithium", ""), ("selenium", ""),
    ("silicon", "ferrosilicon"), ("silicon", "silicon metal"), ("titanium sponge metal", ""),
}  # fmt: skip
"""Commodity and form whose world row and whose trade and reliance of the United States count the same substance.

Not among them: iron oxide pigments (crude at the mine, finished in trade), magnesium compounds (magnesite, oxide), and
tellurium (refined, copper telluride).
"""

STOCKS = 1.28
"""Most that reliance times consumption exceeded imports less exports by, where the yearbook of 2026 prints all four.

129 years of 30 commodities; for 90 % of them it is 0.98 to 1.06. The difference is what went into or out of stocks.
"""

OPEN = {
    "excluded": N_("the total leaves the withheld producer out: no upper end"),
    "made up": N_("the other rows make up the total already: no upper end"),
    "no total": N_("no total is published: no upper end"),
    "left": N_("at most what is left of the total of {total} {unit}, with the rounding of its figures"),
    "shared": N_("together with the other withheld rows"),
}
"""Why a withheld value has its upper end."""


def upper_ends(rows: list[Row], frame: pd.DataFrame, world: pd.DataFrame, value: str) -> None:
    """Give withheld rows the upper end that their table leaves them.

    ``high = T + h(T) - sum_i (v_i - h(v_i))`` over the rows with a number, h being half a step of the last digit that
    is not zero. No upper end where the total leaves the producer out, where no total is published, and where
    ``T - sum_i v_i <= h(T)``: then the other rows make up the total already, so that it says nothing of what is left.
    """
    excludes = {
        f"{file}:{row}" for file, row, remark in zip(world["file"], world["row"], world["remark"], strict=True)
        if EXCLUDES.search(str(remark))
    }  # fmt: skip
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.get(name, "") for name in TABLE), []).append(row)
    for group in groups.values():
        hidden = [row for row in group if row["qualifier"] == "withheld" and row["country"] != WORLD]
        if not hidden:
            continue
        tops = [row for row in group if row["country"] == WORLD]
        high, why = _left(group, tops[0] if tops else None, excludes, value)
        for row in hidden:
            row["high"] = high
            said = [row["note"], why, _(OPEN["shared"]) if high and len(hidden) > 1 else ""]
            if not high and value == "quantity" and (least := by_reliance(frame, row)):
                row["high"], row["band"], said[1] = number_text(least[0]), "range", least[1]
                row["low"] = row["low"] or "0"
            row["note"] = "; ".join(filter(None, said))


def _left(group: list[Row], top: Row | None, excludes: set[str], value: str) -> tuple[str, str]:
    """Return the upper end of a withheld value of a table, empty where it is open, and why."""
    if top is None or not top[value]:
        return "", _(OPEN["no total"])
    if top["_at"] in excludes:
        return "", _(OPEN["excluded"])
    total = float(top[value])
    counted = [float(row[value]) for row in group if row["country"] != WORLD and row[value]]
    if total - sum(counted) <= half_step(total):
        return "", _(OPEN["made up"])
    high = total + half_step(total) - sum(number - half_step(number) for number in counted)
    return number_text(high), _(OPEN["left"]).format(total=top[value], unit=top["unit"])


def by_reliance(frame: pd.DataFrame, row: Row) -> tuple[float, str] | None:
    """Return the most that the United States can have made, in the unit of the row, and why; None where unknown.

    Net import reliance is ``R = N / C``, apparent consumption ``C = P + N``, ``N`` imports less exports and what stocks
    gave (Mineral Commodity Summaries, appendix A). So all output at home, of which the withheld row is a part, is

    ``P = C (1 - R)``, at most ``C_high (1 - R_low)`` where consumption is printed, and else
    ``P = N (1 - R) / R``, at most ``k N_high (1 - R_low) / R_low``, ``k`` = :data:`STOCKS` for the stocks left out.

    ``>50`` is ``R_low = 50 %``; a number is taken half a step of its last digit lower. A reliance of ``<50`` or ``E``
    has no such end.
    """
    file, _colon, line = row["_at"].rpartition(":")
    cell = frame[frame["file"].astype(str).eq(file) & frame["row"].astype(str).eq(line)]
    if row["country"] != "USA" or len(cell) != 1:
        return None
    commodity, form = str(cell["commodity"].iloc[0]), str(cell["form"].iloc[0])
    base, factor = UNITS[str(cell["unit"].iloc[0])]
    if (commodity, form) not in SAME:
        return None
    home = frame[frame["table"].eq("united states") & frame["commodity"].eq(commodity)]
    home = home[home["year"].eq(int(row["year"])) & home["form"].str.contains(form, case=False, regex=False)]
    reliance = home[home["quantity"].eq("net import reliance")]
    if len(reliance) != 1:
        return None
    stated, bound = float(reliance["value"].iloc[0]), float(reliance["low"].iloc[0])
    least = (stated - half_step(stated) if stated == stated else bound) / 100.0
    said = str(reliance["raw"].iloc[0]).strip()
    if not 0 < least <= 1:
        return None
    consumed = _number(home[home["quantity"].eq("consumption") & home["form"].str.contains("apparent")], base, 1)
    if consumed is not None:
        high, why = (
            consumed * (1 - least),
            _("at most what a net import reliance of {reliance} % leaves of consumption"),
        )
    else:
        traded = home[~home["form"].str.contains("general")]
        into = _number(traded[traded["quantity"].eq("imports")], base, 1)
        out = _number(traded[traded["quantity"].eq("exports")], base, -1)
        if into is None or out is None or into <= out:
            return None
        high = STOCKS * (into - out) * (1 - least) / least
        why = _("at most what a net import reliance of {reliance} % allows beside net imports, {stocks} for stocks")
    return _three(high / factor), why.format(reliance=said, stocks=f"x {STOCKS}")


def _number(rows: pd.DataFrame, base: str, side: int) -> float | None:
    """Return the upper (1) or lower (-1) end of a sum of rows in the base unit; None where one is no number."""
    if rows.empty or not rows["kind"].isin(("number", "zero")).all() or not rows["base"].eq(base).all():
        return None
    ends = [value + side * half_step(value) for value in rows["value"]]
    return float(sum(end * factor for end, factor in zip(ends, rows["factor"], strict=True)))


def _three(number: float) -> float:
    """Return a number rounded up to three digits that mean something."""
    if number <= 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(number)) - 2)
    return float(f"{math.ceil(number / step - 1e-9) * step:.6g}")


def half_step(number: float) -> float:
    """Return half of what the last digit that is not zero is worth: 380,000 is 375,000 to 385,000. Zero is exact."""
    if number == 0:
        return 0.0
    text = number_text(number)
    if "." in text:
        return 0.5 * 10.0 ** -len(text.partition(".")[2])
    return 0.5 * 10.0 ** (len(text) - len(text.rstrip("0")))
