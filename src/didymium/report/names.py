"""Names as they stand in a sentence or a table, and the order in which exposure is told."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from markupsafe import Markup

from didymium.faults import DidymiumError
from didymium.messages import _
from didymium.report.figures.style import name_of, short_name

if TYPE_CHECKING:
    import pandas as pd

    from didymium.case.case import Case
    from didymium.result import Result


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


def joined(parts: Iterable[Markup]) -> Markup:
    """Join the parts of an enumeration: ``a, b and c``."""
    every = list(parts)
    if len(every) < 2:
        return every[0] if every else Markup("")
    return Markup(_("{first} and {last}")).format(first=Markup(", ").join(every[:-1]), last=every[-1])


def scenario_title(case: Case, result: Result) -> str:
    """Return the title of the scenario that a result was made under."""
    name = str(result.manifest.get("options", {}).get("scenario", ""))
    try:
        return case.scenario(name).title
    except DidymiumError:
        return name or _("the scenario")
