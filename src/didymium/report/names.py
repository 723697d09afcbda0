"""Names as they stand in a sentence or a table, and the order in which exposure is told."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from didymium.messages import _
from didymium.report.figures.style import name_of, short_name

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case


def place(case: Case, region: str) -> str:
    """Return a region's name as it stands in a sentence."""
    name = name_of(case, "regions", region)
    return _("the {name}").format(name=name) if name.startswith(("United ", "Rest ")) else name


def lower(text: str) -> str:
    """Return a name as it stands inside a sentence: `Dysprosium oxide` loses its capital, `NdFeB magnet` does not."""
    first = text.split(" ")[0]
    return text[:1].lower() + text[1:] if first[1:].islower() else text


def labelled(case: Case, element: str, commodity: str, short: bool = False) -> str:
    """Return what is exposed: a commodity of one element by its name, any other with the element before it."""
    name = short_name(case, commodity) if short else name_of(case, "commodities", commodity)
    held = dict(zip(case["commodities"]["commodity"], case["commodities"]["elements"], strict=True)).get(commodity, "")
    if sorted(str(held).split(";")) == sorted(_symbols(element)):
        return name
    return _("{element} in {commodity}").format(element=element, commodity=lower(name))


def _symbols(element: str) -> list[str]:
    """Split a group such as ``NdPr`` into symbols."""
    marks = [i for i, letter in enumerate(element) if letter.isupper()] + [len(element)]
    return [element[a:b] for a, b in pairwise(marks)]


def ranked(case: Case, exposure: pd.DataFrame, participant: str) -> pd.DataFrame:
    """Return a participant's exposure in order of rank; of equals, fitted prices first."""
    rows = exposure[exposure["participant"].eq(participant)]
    commodities = case["commodities"]
    bare = set(commodities.loc[commodities["calibrated"].eq("no"), "commodity"])
    rows = rows.assign(
        bare=rows["commodity"].isin(bare),
        unknown=rows["import_share"].isna(),
        first=rows["stage"].eq("metal").astype(int),
    )
    rows = rows.sort_values(["rank", "bare", "unknown", "first"], kind="stable")
    return rows.drop(columns=["bare", "unknown", "first"])
