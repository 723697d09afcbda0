"""What the labels of the sources mean in a case: minerals, stages, bases and countries, declared in tables beside this.

``minerals.csv`` names every mineral and the commodity of the yearbook that it is. ``usgs_minerals.csv`` says of every
label of the yearbook which mineral, stage and basis it means; ``hs92_minerals.csv`` says it of trade codes.
``countries.csv`` gives the ISO 3166 code of every country that the yearbook spells.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Meaning:
    """What a label means in a case.

    Parameters
    ----------
    mineral : str
        Short name of the mineral; empty where the rows are left out.
    stage : str
        Stage; empty where the table has none, or where it is of several.
    form : str
        Form that the rows keep.
    basis : str
        What a tonne is a tonne of.
    note : str
        What else a reader must know, or why the rows are left out.
    """

    mineral: str
    stage: str
    form: str
    basis: str
    note: str


def _read(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def minerals() -> tuple[dict[str, str], ...]:
    """Return the declared minerals: mineral, name, name_ja, elements, part_of, commodity, listed."""
    return tuple(_read("minerals.csv"))


@cache
def _of_commodity() -> dict[str, str]:
    return {row["commodity"]: row["mineral"] for row in minerals() if row["commodity"]}


@cache
def _labels() -> dict[tuple[str, str, str], Meaning]:
    return {
        (row["commodity"], row["quantity"], row["form"]): Meaning(
            row["mineral"], row["stage"], row["as"], row["basis"], row["note"]
        )
        for row in _read("usgs_minerals.csv")
    }


def world_meaning(commodity: str, quantity: str, form: str) -> Meaning | None:
    """Return what a label of a table by country means; None where it is not declared."""
    return _labels().get((commodity, quantity, form))


def trade_meaning(commodity: str, quantity: str, form: str) -> Meaning | None:
    """Return what a label of import reliance or of import sources means; None where the commodity is not declared.

    Labels that are not declared keep their form and mean the commodity as a whole.
    """
    found = _labels().get((commodity, quantity, form))
    if found is None and commodity in _of_commodity():
        found = Meaning(_of_commodity()[commodity], "", form, "", "")
    return found


@cache
def traded() -> dict[str, Meaning]:
    """Return what every HS 1992 code of the trade extract means."""
    return {
        row["hs92"]: Meaning(row["mineral"], row["stage"], row["form"], "gross", row["note"])
        for row in _read("hs92_minerals.csv")
    }


@cache
def countries() -> dict[str, str]:
    """Return the ISO 3166 code of every country of the yearbook."""
    return {row["country"]: row["iso3"] for row in _read("countries.csv")}
