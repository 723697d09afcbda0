"""Where the methods and the official lists disagree, and what an aggregate or a partner hides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata, spearmanr

from didymium.case.case import ROW
from didymium.case.risk_tables import STUDY_STAGE
from didymium.messages import N_, _
from didymium.result import RESTS_ON, join_inputs
from didymium.screen import supply_risk
from didymium.screen.index import WORLD
from didymium.screen.method_list import METHODS
from didymium.screen.records import records

if TYPE_CHECKING:
    from didymium.case.case import Case

LEAST = 4
"""Minerals in common below which no correlation is printed."""

_LACKS = {
    "hhi": N_("it counts producers only: not their governance, not who depends on them"),
    "hhi_wgi": N_("it counts producers and their governance: not recycling, substitution or who depends on them"),
    "top1": N_("it sees the largest producer only"),
    "top3": N_("it sees the three largest producers only"),
    "n_minus_1": N_("it asks what is left, not who depends on it"),
    "reliance": N_("it does not ask where imports come from"),
    "supply_risk": N_("production of one year here, a mean of five there; sources of the Union only where stated"),
    "geopolrisk": N_("value shares of customs codes; nothing on recycling, substitution or use"),
    "disruption_price": N_("price only: the list weighs what industries lose"),
    "disruption": N_("not weighted by probability; uses are known for few minerals"),
    "disruption_economy": N_("not weighted by probability; uses are known for few minerals"),
    "cascade": N_("trade in value, no production, no use"),
}
"""What each method leaves out, for a reader who asks why it disagrees."""


def rankings(ranks: pd.DataFrame) -> pd.DataFrame:
    """Return one value for each mineral, method and participant: that of its worst stage or form.

    Parameters
    ----------
    ranks : DataFrame
        Table ``ranks``.
    """
    known = ranks[ranks["value"].notna() & ranks["method"].map(lambda m: METHODS[m].ranked)].copy()
    known["bad"] = known["value"] * known["method"].map(lambda m: METHODS[m].worst)
    worst = known.sort_values("bad", ascending=False, kind="stable").drop_duplicates(
        ["method", "participant", "mineral"]
    )
    return worst.reset_index(drop=True)


def agreement(case: Case, ranks: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return how each method agrees with each study, and mineral by mineral where it does not.

    Returns
    -------
    tuple of DataFrame
        ``agreement``: study, method, participant, minerals in common, Spearman's rank correlation, and for a score on
        the same scale the share of minerals at or above 1 within 0.5. ``disagreements``: for each mineral in common its
        place there and here, counted among the common ones.
    """
    worst = rankings(ranks)
    published = case["criticality"]
    whole = published[published["stage"].eq("all") & published["measure"].isin(("rank", "supply_risk"))]
    stages = published[published["measure"].eq("supply_risk") & published["stage"].ne("all")]
    bottleneck = stages.sort_values("value").groupby(["study", "mineral"])["stage"].last().to_dict()
    totals: list[dict[str, Any]] = []
    details: list[dict[str, Any]] = []
    for (study, measure), theirs in whole.groupby(["study", "measure"]):
        score = dict(zip(theirs["mineral"], theirs["value"].astype(float), strict=True))
        keys = dict(zip(theirs["mineral"], theirs[ROW].astype(str), strict=True))
        for (method, participant), mine in worst.groupby(["method", "participant"], sort=False):
            here = records(mine[mine["mineral"].isin(list(score))])
            if not here:
                continue
            there = np.array([score[row["mineral"]] for row in here])
            bad = -there if measure == "rank" else there
            values = np.array([float(row["bad"]) for row in here])
            rho = float(spearmanr(bad, values).statistic) if len(here) >= LEAST and np.ptp(values) > 0 else np.nan
            same = method == "supply_risk" and measure == "supply_risk"
            high = there >= supply_risk.SR_THRESHOLD
            near = np.abs(values - there) <= 0.5
            totals.append({
                "study": study, "method": method, "participant": participant, "minerals": len(here), "spearman": rho,
                "within_half": float(near[high].mean()) if same and high.any() else np.nan,
                RESTS_ON: join_inputs([keys[row["mineral"]] for row in here]),
            })  # fmt: skip
            for row, a, b, value in zip(here, rankdata(-bad, "min"), rankdata(-values, "min"), there, strict=True):
                mineral = row["mineral"]
                details.append({
                    "study": study, "method": method, "participant": participant, "mineral": mineral,
                    "stage": row["stage"], "rank_there": a, "rank_here": b, "difference": b - a,
                    "value_there": value if measure != "rank" else np.nan, "value_here": row["value"],
                    "why": _why(str(method), str(row["stage"]), bottleneck.get((study, mineral), ""), a != b),
                    RESTS_ON: join_inputs([keys[mineral]], str(row[RESTS_ON]).split(";")),
                })  # fmt: skip
    found = pd.DataFrame(details, columns=_DETAIL)
    largest = found["difference"].abs().sort_values(ascending=False, kind="stable").index
    return pd.DataFrame(totals, columns=_TOTAL), found.loc[largest].reset_index(drop=True)


_TOTAL = ["study", "method", "participant", "minerals", "spearman", "within_half", RESTS_ON]
_DETAIL = ["study", "method", "participant", "mineral", "stage", "rank_there", "rank_here", "difference", "value_there",
           "value_here", "why", RESTS_ON]  # fmt: skip


def _why(method: str, stage: str, bottleneck: str, differs: bool) -> str:
    """Return why a method puts a mineral elsewhere than a study; empty where it does not."""
    if not differs:
        return ""
    if bottleneck and STUDY_STAGE.get(stage, "processing") != bottleneck:
        return _("the study's bottleneck is {stage}, of which no statistic is here").format(stage=bottleneck)
    return _(_LACKS.get(method, ""))


def partners(case: Case, minerals: pd.DataFrame) -> pd.DataFrame:
    """Return minerals that one participant depends on and another participant or a partner could supply.

    A mineral counts where at least half of the participant's use is imported and the other region makes at least 5 % of
    the world's.

    Parameters
    ----------
    case : Case
        The case.
    minerals : DataFrame
        Table ``minerals``.
    """
    regions = case["regions"]
    friends = regions[regions["role"].isin(("participant", "partner"))]
    cells = zip(friends["region"], friends["role"], friends["countries"], strict=True)
    home = {c: (r, role) for r, role, codes in cells for c in codes.split(";")}
    listed = set(case["minerals"].loc[case["minerals"]["critical"].eq("yes"), "mineral"])
    production = pd.concat([case["production"], case["production_other"]], ignore_index=True)
    makers = {(m, s, f, y, e): part for (m, s, f, y, e), part in production[production["quantity"].gt(0)].groupby(
        ["mineral", "stage", "form", "year", "series"])}  # fmt: skip
    rows: list[dict[str, Any]] = []
    for row in records(minerals[minerals["participant"].isin(case.participants)]):
        needs = row["reliance"] if row["reliance"] == row["reliance"] else row["reliance_low"]
        part = makers.get((row["mineral"], row["stage"], row["form"], row["year"], row["series"]))
        if needs != needs or needs < 0.5 or part is None or not row["total"]:
            continue
        made: dict[str, float] = {}
        keys: dict[str, list[str]] = {}
        for country, quantity, key in zip(part["country"], part["quantity"], part[ROW], strict=True):
            region = home.get(str(country), ("", ""))[0]
            if region and region != row["participant"]:
                made[region] = made.get(region, 0.0) + float(quantity)
                keys.setdefault(region, []).append(str(key))
        for region, quantity in sorted(made.items(), key=lambda x: -x[1]):
            share = quantity / float(row["total"])
            if share >= 0.05:
                role = next(r for n, r in home.values() if n == region)
                rows.append({
                    "mineral": row["mineral"], "stage": row["stage"], "form": row["form"],
                    "participant": row["participant"], "critical": "yes" if row["mineral"] in listed else "no",
                    "reliance": needs, "supplier": region, "supplier_role": role, "supplier_share": share,
                    RESTS_ON: join_inputs(str(row[RESTS_ON]).split(";"), keys[region]),
                })  # fmt: skip
    columns = ["mineral", "stage", "form", "participant", "critical", "reliance", "supplier", "supplier_role",
               "supplier_share", RESTS_ON]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def aggregates(case: Case, ranks: pd.DataFrame) -> pd.DataFrame:
    """Return where a whole looks better than a part of it: index by index, and in what happened to trade.

    Parameters
    ----------
    case : Case
        The case.
    ranks : DataFrame
        Table ``ranks``.

    Returns
    -------
    DataFrame
        A row for each whole, part and measure in which the part is worse; ``hides`` says yes where the whole is below a
        threshold that the part is above, or its trade held while that of the part fell by half and more.
    """
    parents = dict(zip(case["minerals"]["mineral"], case["minerals"]["part_of"], strict=True))
    worst = rankings(ranks)
    rows: list[dict[str, Any]] = []
    for (method, participant), part in worst.groupby(["method", "participant"], sort=False):
        if method not in _THRESHOLD:
            continue
        value = {str(m): float(v) for m, v in zip(part["mineral"], part["value"], strict=True)}
        keys = {str(m): str(k).split(";") for m, k in zip(part["mineral"], part[RESTS_ON], strict=True)}
        for child, piece in value.items():
            parent = str(parents.get(child, ""))
            if parent not in value:
                continue
            whole = value[parent]
            if piece <= whole:
                continue
            rows.append({
                "parent": parent, "child": child, "measure": method, "participant": participant, "whole": whole,
                "part": piece, "hides": "yes" if whole < _THRESHOLD[str(method)] <= piece else "no",
                "period": "", RESTS_ON: join_inputs(keys[parent], keys[child]),
            })  # fmt: skip
    rows += _events(case, parents)
    columns = ["parent", "child", "measure", "participant", "whole", "part", "hides", "period", RESTS_ON]
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values("hides", ascending=False, kind="stable").reset_index(drop=True)


_THRESHOLD = {"hhi": 0.5, "top1": 0.75, "supply_risk": 1.0, "hhi_wgi": 3.0, "geopolrisk": 0.3}
"""Above which a part counts as critical: half of the index, three quarters of the world, the European threshold."""

HELD, FELL = -20.0, -50.0
"""Per cent: the trade of a whole held if it fell by less; that of a part fell if it lost more."""


def _events(case: Case, parents: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return changes of trade of a whole beside those of its parts, by the target of the trade."""
    events = case["events"]
    trade = events[events["instrument"].str.startswith("trade statistic")]
    names = {str(n).lower(): str(m) for m, n in zip(case["minerals"]["mineral"], case["minerals"]["name"], strict=True)}
    said: list[tuple[str, str, str, float, str]] = []
    for row in records(trade):
        try:
            number = float(row["quantity"])
        except ValueError:
            continue
        if row["unit"].startswith("percent") or number == 0:
            change = number if row["unit"].startswith("percent") else -100.0
            said += [(names[m.strip().lower()], str(row["target"]), str(row["date"]), change, str(row[ROW]))
                     for m in row["minerals"].split(";") if m.strip().lower() in names]  # fmt: skip
    regions = {str(n): str(r) for r, n in zip(case["regions"]["region"], case["regions"]["name"], strict=True)}
    found = []
    for whole in said:
        for part in said:
            if parents.get(part[0]) == whole[0] and part[1] == whole[1] and part[3] < whole[3]:
                found.append({
                    "parent": whole[0], "child": part[0], "measure": "trade_change",
                    "participant": regions.get(whole[1], WORLD), "whole": whole[3], "part": part[3],
                    "hides": "yes" if whole[3] > HELD and part[3] <= FELL else "no",
                    "period": f"{whole[2]} / {part[2]}", RESTS_ON: join_inputs([whole[4], part[4]]),
                })  # fmt: skip
    return found


def hidden(case: Case, found: pd.DataFrame) -> list[str]:
    """Return one warning for each part that a whole hides, and what happened to trade before any index.

    Parameters
    ----------
    case : Case
        For names.
    found : DataFrame
        Table ``aggregates``.
    """
    names = case.names("minerals")
    lines: dict[str, str] = {}
    rows = records(found[found["hides"].eq("yes")])
    for row in sorted(rows, key=lambda r: (r["measure"] != "trade_change", r["part"])):
        facts = row | {"parent": names[row["parent"]], "child": names[row["child"]]}
        if row["measure"] == "trade_change":
            text = _("{parent} {whole:+.1f} %, {child} {part:+.0f} % (imports of {participant}, {period})")
        else:
            title = _(METHODS[row["measure"]].title)
            text, facts = (
                _("{parent} {whole:.2f}, {child} {part:.2f} ({title}, {participant})"),
                facts | {"title": title},
            )
        lines.setdefault(row["child"], text.format(**facts))
    return list(lines.values())
