"""Screening of every mineral: the published methods side by side, per stage, participant and both together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from didymium.case.case import ROW
from didymium.case.screening_tables import REST
from didymium.messages import N_, _
from didymium.result import RESTS_ON, join_inputs
from didymium.screen.draws import COMPONENTS, Draws
from didymium.screen.effects import Effects, effects
from didymium.screen.indices import WORLD, Index, Indices, build_sources
from didymium.screen.industries import Industries, economic_importance, manufacturing
from didymium.screen.networks import cascades
from didymium.screen.ranks import Scored, rank_table
from didymium.screen.sourcing import Sources
from didymium.screen.supply import CALIBRATED, KEYS, Supply, read_supply

if TYPE_CHECKING:
    from didymium.case.case import Case

ALONE = 200
"""Draws that show what drives a rank; the band takes all."""

_ERRORS = ("assumptions/a_statistic_measured", "assumptions/a_statistic_estimated")
"""Behind every band of a share."""

SINGLE = (N_("only country in the world"), N_("only country of participant and partners"))
_STAGES = {"mine": "mine", "light_separation": "refinery", "heavy_separation": "refinery"}
"""Stages of a calibrated chain that a statistic of minerals has too."""


@dataclass
class Screened:
    """What the screening of minerals found.

    Parameters
    ----------
    supply : Supply
        World supply.
    sources : dict of str to list of Sources
        By participant.
    minerals, ranks, disruptions, cascades : DataFrame
        The tables of those names.
    """

    supply: Supply
    sources: dict[str, list[Sources]]
    minerals: pd.DataFrame
    ranks: pd.DataFrame
    disruptions: pd.DataFrame
    cascades: pd.DataFrame


def screen_minerals(case: Case, places: Mapping[str, Sequence[str]], exposure: pd.DataFrame, shares: pd.DataFrame,
                    year: int | None = None, draws: int = 1000,
                    shown: Sequence[str] | None = None) -> Screened:  # fmt: skip
    """Return the tables of minerals.

    Parameters
    ----------
    case : Case
        The case.
    places : mapping of str to sequence of str
        Regions of each participant, of both together, and of further regions.
    exposure, shares : DataFrame
        The calibrated chain: it knows elements that no statistic tells apart.
    year : int, optional
        Year of production; the base year where None.
    draws : int
        Draws behind bands and intervals; 0 for none.
    shown : sequence of str, optional
        Participants in the table of minerals; all of ``places`` where None.
    """
    more, cover = chain_rows(case, exposure, shares)
    supply = read_supply(case, year, more=[more])
    sources = build_sources(case, supply, places)
    covers = {g: cover[key] for g, key in enumerate(zip(*(supply.table[k] for k in KEYS), strict=True)) if key in cover}
    full = _Run(case, supply, sources, places, Draws(draws), covers)
    alone = {
        component: _Run(case, supply, sources, places, Draws(min(ALONE, draws), (component,)), covers, drawn=True)
        for component in COMPONENTS
    } if draws else {}  # fmt: skip
    falls = cascades(case, places)
    scored = full.scored(alone)
    scored += _cascade(supply, falls, places)
    ranks = rank_table(scored)
    table = _wide(case, full, ranks, [p for p in places if shown is None or p in shown])
    return Screened(supply, sources, table, ranks, full.effects.table, falls)


def chain_rows(
    case: Case, exposure: pd.DataFrame, shares: pd.DataFrame
) -> tuple[pd.DataFrame, dict[tuple[str, ...], float]]:
    """Return what a calibrated chain makes of each element as rows of ``production``, and its N-1 covers by group.

    Groups of countries count as the rest: they are nobody's share.
    """
    by_symbol: dict[str, str] = {}
    for mineral, elements in zip(case["minerals"]["mineral"], case["minerals"]["elements"], strict=True):
        if elements and ";" not in elements:
            by_symbol.setdefault(str(elements), str(mineral))
    regions = case["regions"]
    one = {r for r, c in zip(regions["region"], regions["countries"], strict=True) if r in c.split(";")}
    known = shares[shares["stage"].isin(list(_STAGES))]
    rows: list[dict[str, Any]] = []
    for element, stage, region, quantity, keys in zip(
        *(known[c] for c in ("element", "stage", "region", "quantity", RESTS_ON)), strict=True
    ):
        for symbol in _symbols(str(element)):
            if symbol in by_symbol and quantity > 0:
                rows.append({
                    "mineral": by_symbol[symbol], "stage": _STAGES[stage], "form": _form(str(element), symbol),
                    "country": region if region in one else REST, "year": case.base_year, "series": CALIBRATED,
                    "quantity": float(quantity), "low": np.nan, "high": np.nan, "band": "band",
                    "qualifier": "estimated", "unit": "t", "basis": "element", "source": "", "note": "", ROW: keys,
                })  # fmt: skip
    cover: dict[tuple[str, ...], float] = {}
    for element, stage, left in zip(exposure["element"], exposure["stage"], exposure["n_minus_1"], strict=True):
        for symbol in _symbols(str(element)):
            if stage in _STAGES and symbol in by_symbol and left == left:
                cover[by_symbol[symbol], _STAGES[stage], _form(str(element), symbol)] = float(left)
    frame = pd.DataFrame(rows)
    if len(frame):
        keys = ["mineral", "stage", "form", "country"]
        joined = {key: join_inputs(*(cell.split(";") for cell in part)) for key, part in frame.groupby(keys)[ROW]}
        frame["quantity"] = frame.groupby(keys)["quantity"].transform("sum")
        frame = frame.drop_duplicates(keys).reset_index(drop=True)
        frame[ROW] = [joined[key] for key in zip(*(frame[k] for k in keys), strict=True)]
    return frame, cover


def _symbols(element: str) -> list[str]:
    """Return the chemical symbols in ``Dy`` or ``NdPr``."""
    return [element[i : i + 2].strip() if i + 1 < len(element) and element[i + 1].islower() else element[i]
            for i in range(len(element)) if element[i].isupper()]  # fmt: skip


def _form(element: str, symbol: str) -> str:
    return _("calibrated chain") if element == symbol else _("calibrated chain, in {pair}").format(pair=element)


class _Run:
    """All methods with one set of draws; with ``drawn`` only those in which anything is drawn."""

    def __init__(self, case: Case, supply: Supply, sources: Mapping[str, Sequence[Sources]],
                 places: Mapping[str, Sequence[str]], draws: Draws, cover: Mapping[int, float],
                 drawn: bool = False) -> None:  # fmt: skip
        self.case, self.supply, self.places, self.draws, self.sources = case, supply, places, draws, sources
        self.indices = Indices(case, supply, sources, draws, cover)
        self.found: list[Index] = self.indices.world()
        for participant, place in places.items():
            self.found += self.indices.of(participant)
            self.found += [] if drawn else self._industries(participant, place)
        self._worst: dict[str, list[int]] = {}
        self.effects: Effects = effects(case, supply, sources, places, draws)
        self.labels = supply.table[KEYS].astype(str)

    def _industries(self, participant: str, place: Sequence[str]) -> list[Index]:
        """Return economic importance and the supply risk to manufacturing."""
        industries = Industries(self.case, place)
        nothing = np.full((len(self.supply.table), 2), np.nan)
        value, why, inputs = economic_importance(self.indices, industries)
        wide = np.repeat(value[:, None], 1 + self.draws.count, axis=1)
        important = Index("economic_importance", participant, wide, why, nothing, inputs=inputs)
        home = self.sources[participant][0].home if len(self.supply.table) else ""
        values, why, parts = manufacturing(self.case, self.indices, industries, self.sources[participant], home,
                                           participant)  # fmt: skip
        problem = self.supply.table["problem"]
        why = [str(p) or w for p, w in zip(problem, why, strict=True)]
        values = np.where(problem.ne("").to_numpy(bool)[:, None], np.nan, values)
        return [important, Index("nassar", participant, values, why, nothing, parts=parts)]

    def scored(self, alone: Mapping[str, _Run]) -> list[Scored]:
        """Return every method as values to be ranked."""
        base = [[*keys, *_ERRORS] for keys in self.supply.table["inputs"]]
        found = []
        apart = {c: {(i.method, i.participant): i.values for i in run.found} for c, run in alone.items()}
        for index in self.found:
            low, high = index.bands()
            inputs = index.inputs or [[] for _row in base]
            found.append(Scored(
                index.method, index.participant, self.labels, index.values, low, high, index.why,
                [[*b, *i] for b, i in zip(base, inputs, strict=True)],
                {c: v for c, by in apart.items() if (v := by.get((index.method, index.participant))) is not None},
            ))  # fmt: skip
        return [*found, *self._disruptions(alone)]

    def worst(self, participant: str) -> list[int]:
        """Return the row of the disruption with the highest price, by group; -1 where there is none."""
        if participant not in self._worst:
            table = self.effects.table
            rows: dict[tuple[str, ...], int] = {}
            price = table["price"].tolist()
            cells = zip(*(table[c].tolist() for c in ("participant", *KEYS)), strict=True)
            for at, (whose, *key) in enumerate(cells):
                group = tuple(key)
                if whose == participant and ";" not in key[0] and (group not in rows or price[at] > price[rows[group]]):
                    rows[group] = at
            groups = zip(*(self.labels[k].tolist() for k in KEYS), strict=True)
            self._worst[participant] = [rows.get(g, rows.get((g[0], "", ""), -1)) for g in groups]
        return self._worst[participant]

    def _disruptions(self, alone: Mapping[str, _Run]) -> list[Scored]:
        found = []
        table = self.effects.table
        keys = table[RESTS_ON].tolist()
        for participant in self.places:
            rows = self.worst(participant)
            for method, name, sign in (("disruption_price", "price", 1.0), ("disruption", "gdp", -1.0)):
                values = _picked(getattr(self.effects, name), rows, sign)
                low_column, high_column = ("price_low", "price_high") if sign > 0 else ("gdp_high", "gdp_low")
                low, high = (np.array([sign * ends[r] if r >= 0 else np.nan for r in rows])
                             for ends in (table[low_column].tolist(), table[high_column].tolist()))  # fmt: skip
                why = [_("not computable: no share of an exporter, or reliance missing") if r < 0 else
                       _("not computable: uses by industry missing") if v != v else ""
                       for r, v in zip(rows, values[:, 0], strict=True)]  # fmt: skip
                inputs = [keys[r].split(";") if r >= 0 else [] for r in rows]
                found.append(Scored(method, participant, self.labels, values, low, high, why, inputs, {
                    c: _picked(getattr(run.effects, name), rows, sign) for c, run in alone.items()}))  # fmt: skip
            weighted = np.full(len(rows), np.nan)
            sums = table[table["participant"].eq(participant)].groupby("mineral")["weighted"].sum(min_count=1)
            for g, mineral in enumerate(self.labels["mineral"]):
                weighted[g] = -float(sums.get(mineral, np.nan))
            known = table["probability"].notna().any()
            why = ["" if w == w else _("not computable: probability that an exporter stops missing")
                   if r >= 0 or not known else _("not computable: no share of an exporter, or reliance missing")
                   for w, r in zip(weighted, rows, strict=True)]  # fmt: skip
            found.append(Scored("disruption_weighted", participant, self.labels, weighted[:, None], weighted, weighted,
                                why, [[] for _r in rows]))  # fmt: skip
        return found


def _picked(values: np.ndarray[Any, Any], rows: Sequence[int], sign: float) -> np.ndarray[Any, Any]:
    out = np.full((len(rows), values.shape[1]), np.nan)
    for g, row in enumerate(rows):
        if row >= 0:
            out[g] = sign * values[row]
    return out


def _cascade(supply: Supply, falls: pd.DataFrame, places: Mapping[str, Sequence[str]]) -> list[Scored]:
    """Return the highest threshold at which a participant falls, over the exporters and products of a mineral."""
    labels = supply.table[KEYS].astype(str)
    found = []
    covered = set(falls["mineral"])
    for participant in places:
        mine = falls[falls["participant"].eq(participant)]
        worst = mine.groupby("mineral")["falls_to"].max()
        keys = {str(m): join_inputs(*(k.split(";") for k in part)) for m, part in mine.groupby("mineral")[RESTS_ON]}
        value = np.array([float(worst.get(m, np.nan)) for m in labels["mineral"]])
        why = [
            "" if v == v else _("not computable: it hardly trades it") if m in covered else
            _("not computable: trade of all countries missing") for v, m in zip(value, labels["mineral"], strict=True)
        ]  # fmt: skip
        inputs = [keys.get(str(m), "").split(";") for m in labels["mineral"]]
        found.append(Scored("cascade", participant, labels, value[:, None], value, value, why, inputs))
    return found


_BANDED = ("hhi", "hhi_wgi", "reliance", "supply_risk", "geopolrisk", "disruption_price", "disruption")
_PLAIN = ("top1", "top3", "n_minus_1", "economic_importance", "nassar", "disruption_weighted", "cascade")
PARTS = {
    "supply_risk": ("hhi_world", "hhi_own", "imported", "recycled", "substitution"),
    "geopolrisk": ("import_risk",),
    "n_minus_1": ("largest_use",),
    "nassar": ("disruption_potential", "trade_exposure", "vulnerability"),
}
"""What stands beside each score."""


def _wide(case: Case, run: _Run, ranks: pd.DataFrame, shown: Sequence[str]) -> pd.DataFrame:
    """Return one row for each mineral, stage, form and participant, every method in columns of its own."""
    supply = run.supply
    names = case.names("minerals")
    by = {(str(m), str(p)): part.reset_index(drop=True) for (m, p), part in ranks.groupby(["method", "participant"])}
    index = {(i.method, i.participant): i for i in run.found}
    first = _largest(supply)
    problems = supply.table["problem"].tolist()
    exporters = run.effects.table["exporter"].tolist()
    frames = []
    for participant in shown:
        frame = supply.table[[*KEYS, "year", "series", "unit", "total"]].copy()
        frame.insert(3, "participant", participant)
        frame.insert(0, "name", [names[str(m)] for m in frame["mineral"]])
        frame["top1_country"] = first
        reasons: list[dict[str, None]] = [{} for _row in range(len(frame))]
        inputs: list[list[str]] = [list(keys) for keys in supply.table["inputs"]]
        for method in (*_BANDED, *_PLAIN):
            whose = participant if (method, participant) in by else WORLD
            part = by[method, whose]
            frame[method] = part["value"].to_numpy()
            if method in _BANDED:
                frame[f"{method}_low"], frame[f"{method}_high"] = part["low"].to_numpy(), part["high"].to_numpy()
            for name in PARTS.get(method, ()):
                values = index[method, whose].parts.get(name)
                frame[name] = values if values is not None else np.nan
            for g, (why, keys) in enumerate(zip(part["why"], part[RESTS_ON], strict=True)):
                if why:
                    text = why if why == problems[g] else f"{method}: {why}"
                    reasons[g][text] = None
                inputs[g] += keys.split(";") if keys else []
        alone = frame["supply_risk"].notna() & frame["hhi_own"].isna()
        risky = frame["geopolrisk"].notna()
        for g, (source, only, has) in enumerate(zip(run.sources[participant], alone, risky, strict=True)):
            if only:
                reasons[g][_("supply_risk: of world supply alone, its sources are not known")] = None
            if source.elsewhere and has:
                reasons[g][_("geopolrisk: trade is that of another stage")] = None
        worst = run.worst(participant)
        frame["exporter"] = [exporters[r] if r >= 0 else "" for r in worst]
        points = _single(case, supply, run.places[participant])
        frame["single_point"], frame["single_point_scope"] = [p[0] for p in points], [p[1] for p in points]
        frame["note"] = ["; ".join(r) for r in reasons]
        frame[RESTS_ON] = [join_inputs(dict.fromkeys(k for k in keys if k)) for keys in inputs]
        frames.append(frame)
    # Within a participant by one method that most have: an order to read in, not a ranking of its own.
    return pd.concat([f.sort_values("hhi_wgi", ascending=False, kind="stable") for f in frames], ignore_index=True)


def _largest(supply: Supply) -> list[str]:
    """Return the largest producer of each group that has an index."""
    found = []
    rows = zip(supply.rows["country"], supply.rows["quantity"], supply.rows["named"], strict=True)
    every = iter(rows)
    for size, known in zip(supply.groups.sizes, supply.known, strict=True):
        makers = [next(every) for _row in range(size)]
        named = [(q, c) for c, q, n in makers if n and q > 0]
        found.append(max(named)[1] if known and named else "")
    return found


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
