"""Known errors of the published files, as data: where, what is done, why. Each one applied shows in the row's note."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from didymium.messages import N_, _
from didymium.sources.value import NAN, Kind, read_cells

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class Correction:
    """One known error and what is done about it.

    Parameters
    ----------
    edition : int
        Edition of the Mineral Commodity Summaries.
    where : dict of str to tuple of str
        Columns of the tidy table and the values that they have in the rows meant.
    do : str
        ``unit``, ``raw`` (another cell), ``form``, ``drop remark``, or ``sum`` (the sum of the other rows).
    new : str
        What is put in place; the piece of the remark that goes, for ``drop remark``.
    reason : str
        Why.
    source : str
        Where the right figure stands.
    below : float
        Only numbers below this are meant, so that a mended release is left alone.
    """

    edition: int
    where: dict[str, tuple[str, ...]] = field(hash=False)
    do: str
    new: str
    reason: str
    source: str
    below: float = NAN


_SIZE = N_("reserves of less than a year's production: the table is in thousand metric tons")
_KT = N_("the printed table is in thousand metric tons")
_SPLIT = N_("the label of one country differs from that of its table")

CORRECTIONS = (
    Correction(2026, {"commodity": ("vanadium",), "quantity": ("reserves",), "unit": ("metric tons",)}, "unit",
               "thousand metric tons", _SIZE, "MCS 2025, world row; MCS 2024, Reserves_kt", 1e6),
    Correction(2025, {"commodity": ("vanadium",), "quantity": ("reserves",), "unit": ("metric tons",)}, "unit",
               "thousand metric tons", _SIZE, "MCS 2025, note of the world row", 1e6),
    Correction(2023, {"commodity": ("vanadium",), "quantity": ("reserves",), "unit": ("metric tons",)}, "unit",
               "thousand metric tons", _SIZE, "MCS 2024, Reserves_kt", 1e6),
    Correction(2026, {"commodity": ("rare earths",), "quantity": ("reserves",), "country": ("Brazil",),
                      "raw": ("21,000,000",)}, "raw", "11,000,000", N_("erratum of 27 May 2026"),
               "MCS 2026, version history 1.3"),
    Correction(2026, {"commodity": ("rare earths",), "quantity": ("reserves",), "country": ("World total",),
                      "raw": (">85,000,000",)}, "raw", ">75,000,000", N_("erratum of 27 May 2026"),
               "MCS 2026, version history 1.3"),
    Correction(2026, {"commodity": ("rare earths",), "quantity": ("mine production",), "country": ("China",),
                      "period": ("2024",)}, "drop remark",
               "Production quota; does not include undocumented production.",
               N_("the footnote was taken off this row on 5 March 2026"), "MCS 2026, version history 1.1"),
    Correction(2026, {"commodity": ("selenium", "tellurium"), "role": ("country",), "table": ("world",),
                      "form": ("concentrate", "copper telluride", "crude and anode slimes", "crude")}, "form", "",
               _SPLIT, "MCS 2026, printed table"),
    Correction(2025, {"commodity": ("clays",), "country": ("World total",), "form": ("kaolin",), "period": ("2024",),
                      "raw": ("4400",)}, "sum", "", N_("a digit is lost: the total is below its parts"),
               "MCS 2025, rows of the same table"),
    Correction(2025, {"commodity": ("titanium mineral concentrates",), "unit": ("metric tons", "")}, "unit",
               "thousand metric tons", _KT, "MCS 2024 and MCS 2026", 1e6),
    Correction(2025, {"commodity": ("sand and gravel (industrial)",), "unit": ("metric tons",)}, "unit",
               "thousand metric tons", _KT, "MCS 2024 and MCS 2026", 1e6),
    Correction(2023, {"commodity": ("zinc",), "quantity": ("reserves",), "country": ("Australia",),
                      "raw": ("1166000", "1,166,000")}, "raw", "66,000",
               N_("a footnote is fused to the number: the row is five times the world"),
               "MCS 2023, world total 210,000"),
    Correction(2024, {"commodity": ("gallium",), "unit": ("g",)}, "unit", "kilograms",
               N_("the header says grams, the values are kilograms"), "MCS 2023, headers in kg"),
    Correction(2023, {"commodity": ("chromium",), "quantity": ("mine production",), "unit": ("metric tons",),
                      "table": ("world",)}, "unit", "thousand metric tons", _KT, "MCS 2023, Prod_notes", 1e6),
    Correction(2023, {"commodity": ("rhenium",), "quantity": ("reserves",), "unit": ("thousand metric tons",)},
               "unit", "kilograms", N_("the header says thousand metric tons, the values are kilograms"),
               "MCS 2024, Reserves_kg"),
)  # fmt: skip
"""Corrections in the order in which they are applied."""


def correct(frame: pd.DataFrame, edition: int) -> pd.DataFrame:
    """Apply every correction of an edition; each one writes into ``note``."""
    import numpy as np

    for correction in CORRECTIONS:
        if correction.edition != edition:
            continue
        mask = np.ones(len(frame), bool)
        for column, values in correction.where.items():
            mask &= frame[column].isin(values).to_numpy()
        if correction.below == correction.below:
            mask &= ~(frame["value"] >= correction.below).to_numpy() & ~(frame["low"] >= correction.below).to_numpy()
        if mask.any():
            _apply(frame, mask, correction)
    return frame


def _apply(frame: pd.DataFrame, mask: np.ndarray, correction: Correction) -> None:
    """Apply one correction to the rows meant."""
    old = {"unit": "unit", "form": "form", "raw": "raw", "sum": "raw"}.get(correction.do)
    new = correction.new
    if old:
        before = frame.loc[mask, old]
    if correction.do in ("unit", "form"):
        frame.loc[mask, correction.do] = new
    elif correction.do == "raw":
        read = read_cells(frame.loc[mask, "raw"].map(lambda _old: new))
        frame.loc[mask, ["kind", "value", "low", "high"]] = read[["kind", "value", "low", "high"]]
    elif correction.do == "sum":
        at = int(mask.argmax())
        same = frame["role"].ne("total")
        for column in ("file", "commodity", "quantity", "form", "period", "unit"):
            same &= frame[column].eq(str(frame[column].iat[at]))
        total = float(frame.loc[same, "value"].sum())
        frame.loc[mask, ["value", "low", "high"]] = total
        frame.loc[mask, "kind"] = str(Kind.NUMBER)
        new = f"{total:,.0f}"
    else:
        frame.loc[mask, "remark"] = frame.loc[mask, "remark"].str.replace(new, "", regex=False).str.strip(" -")
    if old:
        said = [_("corrected: {old} -> {new}").format(old=f"`{cell}`", new=f"`{new}`") for cell in before]
    else:
        said = [_("corrected: remark taken off")] * int(mask.sum())
    why = _(" ({reason}; {source})").format(reason=_(correction.reason), source=correction.source)
    notes = frame.loc[mask, "note"]
    frame.loc[mask, "note"] = [
        f"{note}; {text}{why}" if note else text + why for note, text in zip(notes, said, strict=True)
    ]
