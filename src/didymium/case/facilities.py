"""Facilities of the network: what is modelled, and how rows that replace one another become one plant."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from didymium.case.case import ROW
from didymium.case.check import first_day

if TYPE_CHECKING:
    from didymium.case import case as cases

Step = tuple[str, str, float, str]
"""Start, end, capacity (t/year) and ramp of a facility for a while."""


def modelled(facilities: pd.DataFrame) -> pd.Series[bool]:
    """Return which facilities the market runs: those with recipes and no reason to leave them out."""
    return facilities["processes"].ne("") & facilities["modelled"].eq("")


def modelled_facilities(case: cases.Case) -> pd.DataFrame:
    """Return the facilities that the market can run, by name, each with its steps of capacity."""
    table = case["facilities"]
    modelled = table[table["processes"].ne("") & table["capacity"].notna() & table["capacity"].gt(0)]
    closed = modelled["status"].isin(("suspended", "closed"))
    modelled = modelled[~closed]
    assumed = modelled["source"].isin(case["assumptions"]["assumption"])
    frame = pd.DataFrame(
        {
            "name": modelled["name"].to_numpy(),
            "region": modelled["region"].to_numpy(),
            "stage": modelled["stage"].to_numpy(),
            "status": modelled["status"].to_numpy(),
            "capacity": modelled["capacity"].astype(float).to_numpy(),
            "most": modelled["high"].where(assumed & modelled["high"].notna(), modelled["capacity"]).to_numpy(float),
            "start": modelled["start"].to_numpy(),
            "end": modelled["end"].to_numpy(),
            "ramp": modelled["ramp"].to_numpy(),
            "processes": modelled["processes"].to_numpy(),
            "source": modelled["source"].to_numpy(),
            "inputs": modelled[ROW].to_numpy(),
        },
        index=pd.Index(modelled["facility"], name="facility"),
    )
    return _follow(frame, table[table["supersedes"].ne("")])


def _follow(frame: pd.DataFrame, newer: pd.DataFrame) -> pd.DataFrame:
    """Join rows that replace one another into one facility with steps of capacity.

    An operating row that supersedes another is the same plant later: its capacity is a step of the first row's. A
    project that supersedes a plant adds only what it brings beyond it, because the plant runs on if nobody builds.
    """
    names, status = list(frame.index), dict(zip(frame.index, frame["status"], strict=True))
    rows = zip(*(frame[column].tolist() for column in ("start", "end", "capacity", "ramp")), strict=True)
    steps: dict[str, list[Step]] = {name: [row] for name, row in zip(names, rows, strict=True)}
    capacity = dict(zip(names, frame["capacity"].tolist(), strict=True))
    most = dict(zip(names, frame["most"].tolist(), strict=True))
    inputs = dict(zip(names, frame["inputs"].tolist(), strict=True))
    older = dict(zip(newer["facility"], newer["supersedes"], strict=True))
    gone = []
    for name in names:
        first = name
        while older.get(first) in steps:
            first = older[first]
        if first == name:
            continue
        start, end, _capacity, ramp = steps[name][0]
        if status[name] == "operating":
            begun, ended, size, own_ramp = steps[first][-1]
            steps[first][-1] = (begun, ended or start, size, own_ramp)
            steps[first] += steps[name]
            inputs[first] += f";facilities/{name}"
            gone.append(name)
        else:
            most[name] = max(0.0, most[name] - capacity[older[name]])
            capacity[name] = max(0.0, capacity[name] - capacity[older[name]])
            steps[name] = [(start, end, capacity[name], ramp)]
    frame["capacity"] = [capacity[name] for name in names]
    frame["most"] = [most[name] for name in names]
    frame["inputs"] = [inputs[name] for name in names]
    frame["steps"] = pd.Series(steps)
    return frame.drop(index=gone)


def operating_in(facilities: pd.DataFrame, year: int) -> npt.NDArray[np.bool_]:
    """Return which facilities run in a year."""

    def runs(status: str, start: str, end: str) -> bool:
        begun = not start or first_day(start) < date(year + 1, 1, 1)
        ended = bool(end) and first_day(end) <= date(year, 1, 1)
        return status == "operating" and begun and not ended

    return np.array([runs(*row) for row in facilities[["status", "start", "end"]].itertuples(index=False)], dtype=bool)
