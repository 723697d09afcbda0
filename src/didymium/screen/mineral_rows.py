"""The wide table of minerals: a row for each mineral, stage, form and participant, every method in its own columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.messages import N_, _
from didymium.result import RESTS_ON, join_inputs
from didymium.screen import concentration
from didymium.screen.index import WORLD, Index
from didymium.screen.sourcing import Sources
from didymium.screen.supply import KEYS, Supply

if TYPE_CHECKING:
    from didymium.case.case import Case

SINGLE = (N_("only country in the world"), N_("only country of participant and partners"))

_BANDED = ("hhi", "hhi_wgi", "n_minus_1", "reliance", "supply_risk", "geopolrisk", "disruption_price", "disruption",
           "disruption_economy")  # fmt: skip
_PLAIN = ("top1", "top3", "economic_importance", "nassar", "disruption_weighted", "cascade")
PARTS = {
    "supply_risk": ("hhi_world", "hhi_own", "imported", "recycled", "substitution"),
    "geopolrisk": ("import_risk",),
    "n_minus_1": ("largest_use",),
    "nassar": ("disruption_potential", "trade_exposure", "vulnerability"),
}
"""What stands beside each score."""


@dataclass(frozen=True)
class Whose:
    """What the table needs of a participant.

    Parameters
    ----------
    sources : sequence of Sources
        By group.
    place : sequence of str
        Its regions.
    worst : sequence of int
        Row of the disruption with the highest price, by group; -1 where there is none.
    """

    sources: Sequence[Sources]
    place: Sequence[str]
    worst: Sequence[int]


def mineral_rows(case: Case, supply: Supply, found: Sequence[Index], ranks: pd.DataFrame,
                 whose: Mapping[str, Whose], exporters: Sequence[str]) -> pd.DataFrame:  # fmt: skip
    """Return one row for each mineral, stage, form and participant, every method in columns of its own.

    Parameters
    ----------
    case : Case
        The case.
    supply : Supply
        World supply.
    found : sequence of Index
        Indices with their parts.
    ranks : DataFrame
        Table ``ranks``: values, bands and reasons of every method.
    whose : mapping of str to Whose
        Participants that are shown.
    exporters : sequence of str
        By row of the disruptions.
    """
    names = case.names("minerals")
    by = {(str(m), str(p)): part.reset_index(drop=True) for (m, p), part in ranks.groupby(["method", "participant"])}
    index = {(i.method, i.participant): i for i in found}
    first = _largest(supply)
    problems = supply.table["problem"].tolist()
    frames = []
    for participant, own in whose.items():
        frame = supply.table[[*KEYS, "year", "series", "unit", "total"]].copy()
        frame.insert(3, "participant", participant)
        frame.insert(0, "name", [names[str(m)] for m in frame["mineral"]])
        frame["top1_country"] = first
        reasons: list[dict[str, None]] = [{} for _row in range(len(frame))]
        inputs: list[list[str]] = [list(keys) for keys in supply.table["inputs"]]
        for method in (*_BANDED, *_PLAIN):
            who = participant if (method, participant) in by else WORLD
            part = by[method, who]
            frame[method] = part["value"].to_numpy()
            if method in _BANDED:
                frame[f"{method}_low"], frame[f"{method}_high"] = part["low"].to_numpy(), part["high"].to_numpy()
            for name in PARTS.get(method, ()):
                values = index[method, who].parts.get(name)
                frame[name] = values if values is not None else np.nan
            for g, (why, keys) in enumerate(zip(part["why"], part[RESTS_ON], strict=True)):
                if why:
                    text = why if why == problems[g] else f"{method}: {why}"
                    reasons[g][text] = None
                inputs[g] += keys.split(";") if keys else []
            made = index.get((method, who))
            for g, text in enumerate(made.how if made else []):
                if text:
                    reasons[g][f"{method}: {text}"] = None
        alone = frame["supply_risk"].notna() & frame["hhi_own"].isna()
        risky = frame["geopolrisk"].notna()
        for g, (source, only, has) in enumerate(zip(own.sources, alone, risky, strict=True)):
            if only:
                reasons[g][_("supply_risk: of world supply alone, its sources are not known")] = None
            if source.elsewhere and has:
                reasons[g][_("geopolrisk: trade is that of another stage")] = None
        frame["exporter"] = [exporters[r] if r >= 0 else "" for r in own.worst]
        points = _single(case, supply, own.place)
        frame["single_point"], frame["single_point_scope"] = [p[0] for p in points], [p[1] for p in points]
        frame["note"] = ["; ".join(r) for r in reasons]
        frame[RESTS_ON] = [join_inputs(dict.fromkeys(k for k in keys if k)) for keys in inputs]
        frames.append(frame)
    # Within a participant by one method that most have: an order to read in, not a ranking of its own.
    return pd.concat([f.sort_values("hhi_wgi", ascending=False, kind="stable") for f in frames], ignore_index=True)


def _largest(supply: Supply) -> list[str]:
    """Return the largest producer of each group that has an index."""
    row = concentration.largest(supply.rows["quantity"].to_numpy(float), supply.groups, supply.named)
    named, makes = supply.named[row], supply.rows["quantity"].to_numpy(float)[row] > 0
    countries = supply.rows["country"].to_numpy()[row]
    return [str(c) if k and n and m else "" for c, k, n, m in zip(countries, supply.known, named, makes, strict=True)]


def _single(case: Case, supply: Supply, own: Sequence[str]) -> list[tuple[str, str]]:
    """Return the only producer of each group: in the world, or among participant and partners."""
    regions = case["regions"]
    friends = set(own) | set(regions.loc[regions["role"].isin(("participant", "partner")), "region"])
    allied = {c for r, codes in zip(regions["region"], regions["countries"], strict=True) if r in friends
              for c in codes.split(";")}  # fmt: skip
    found = []
    every = iter(zip(supply.rows["country"], supply.rows["quantity"], supply.rows["named"], strict=True))
    for size, known in zip(supply.groups.sizes, supply.known, strict=True):
        makers = [(c, q, n) for c, q, n in (next(every) for _row in range(size)) if q > 0]
        near = [c for c, _q, n in makers if n and c in allied]
        if not known:
            found.append(("", ""))
        elif len(makers) == 1 and makers[0][2]:
            found.append((str(makers[0][0]), SINGLE[0]))
        elif len(near) == 1 and all(n for _c, _q, n in makers):
            found.append((str(near[0]), SINGLE[1]))
        else:
            found.append(("", ""))
    return found
