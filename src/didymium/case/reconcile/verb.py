"""``reconcile``: what the statistics of the base year say, what balances, what had to move and who contradicts whom."""

from __future__ import annotations

import time
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from didymium.case.case import ROW
from didymium.case.network import build_network
from didymium.case.reconcile.balance import Fit, balance
from didymium.case.reconcile.influence import pulls
from didymium.case.reconcile.layout import CUSTOMS
from didymium.case.reconcile.observations import BAND, KILO, accuracy, base_year_statistics, label
from didymium.messages import _
from didymium.result import RESTS_ON, Column, Result, ResultTable, join_inputs, new_manifest

if TYPE_CHECKING:
    from didymium.case.case import Case

SHOWN = 3
"""Contradicting observations that are named for each."""

STRONG = 0.1
"""Share of a contradiction below which an observation is not named."""

MOVED = 0.5
"""Standard errors below which nobody is said to be contradicted."""


def reconcile(case: Case) -> Result:
    """Reconcile the base year of a case. Nothing observed is overwritten.

    Parameters
    ----------
    case : Case
        The case.

    Returns
    -------
    Result
        Tables ``observations`` (t, worst conflicts first), ``conflicts`` (who contradicts whom, t), ``disagreements``
        (statistics of the same quantity), ``balance`` (by commodity and region, t). The manifest holds chi2.

    Raises
    ------
    CaseError
        Statistics that nothing answers to, or rows that cannot hold together.
    SolverError
        A program without an optimum.
    """
    started = time.perf_counter()
    network = build_network(case)
    fit = balance(case, network)
    grades = _grades(case)
    tables = (_observations(fit, grades), _conflicts(fit, grades), _disagreements(fit, grades), _balance(fit))
    fitted = int(fit.observations.fitted().sum())
    facts = {
        "algorithm": "interior point", "status": "ok", "observations": fitted,
        "intervals": len(fit.observations.table) - fitted, "chi2": fit.chi2(),
        "chi2_statistics": fit.chi2(("statistic",)),
    }  # fmt: skip
    manifest = new_manifest(case.digest, {"variant": case.variant}, **facts)
    manifest["timings"] = {"total": time.perf_counter() - started}
    return Result("reconcile", case.name, {table.name: table for table in tables}, manifest)


def _grades(case: Case) -> dict[str, str]:
    """Return the grade of every source; rows on an assumption have the grade ``assumption``."""
    grades = dict(zip(case["sources"]["source"], case["sources"]["grade"], strict=True))
    return grades | dict.fromkeys(case["assumptions"]["assumption"], "assumption")


def _observations(fit: Fit, grades: dict[str, str]) -> ResultTable:
    """Return every statistic and demand of the base year beside the balanced value, the worst conflict first."""
    table = fit.observations.table.assign(adjusted=fit.adjusted)
    used = table["kind"].map({"use": _("demand"), "statistic": _("fitted"), "range": _("range"), "mix": _("recipe")})
    frame = table.assign(role=used)
    adopted = set(frame["inputs"])
    checks = []
    for record in base_year_statistics(fit.layout).to_dict("records"):
        if record[ROW] in adopted:
            continue
        weights = fit.layout.answer(record)
        if weights.any():
            like = str(record["commodity"]) not in CUSTOMS
            checks.append({
                "label": label(record), "observed": record["quantity"], "sigma": accuracy(record), "low": record["low"],
                "high": record["high"], "adjusted": float(weights @ fit.vector) * KILO, "series": record["series"],
                "source": record["source"], "inputs": record[ROW], "kind": "check",
                "role": _("compared") if like else _("compared; a customs code, gross"),
            })  # fmt: skip
    frame = pd.concat([frame, pd.DataFrame(checks)], ignore_index=True) if checks else frame
    frame = pd.concat([frame, _excess(fit)], ignore_index=True)
    frame["sigmas"] = (frame["adjusted"] - frame["observed"]) / frame["sigma"]
    frame["grade"] = frame["source"].map(grades)
    rank = frame["role"].map({_("compared"): 1, _("compared; a customs code, gross"): 2}).fillna(0)
    frame[RESTS_ON] = frame["inputs"]
    order = np.lexsort((-frame["sigmas"].abs().fillna(0.0), rank))
    columns = {
        "label": Column("", _("Observation")),
        "series": Column("", _("Statistic, end use or plant")),
        "role": Column("", _("How it takes part: fitted, demand, recipe and range move; compared ones do not")),
        "observed": Column("t", _("Observed")),
        "low": Column("t", _("Low end")),
        "high": Column("t", _("High end")),
        "sigma": Column("t", _("Standard error")),
        "adjusted": Column("t", _("In the balanced base year")),
        "sigmas": Column("ratio", _("Moved by, in standard errors")),
        "source": Column("", _("Source")),
        "grade": Column("", _("Grade of the source")),
    }
    frame = frame.iloc[order][[*columns, RESTS_ON]].reset_index(drop=True)
    return ResultTable("observations", _("Observed and balanced quantities"), frame, columns, ("label", "series"))


def _excess(fit: Fit) -> pd.DataFrame:
    """Return the assumed capacities that the balanced year goes beyond."""
    facilities = fit.layout.network.facilities.iloc[fit.layout.assumed]
    beyond = fit.vector[fit.layout.block["e"]] * KILO
    frame = pd.DataFrame({
        "label": [_("capacity of {name}").format(name=name) for name in facilities.index],
        "series": facilities["stage"].to_numpy(), "role": _("assumed capacity"),
        "observed": facilities["capacity"].to_numpy(float), "low": np.nan, "high": facilities["most"].to_numpy(float),
        "sigma": (facilities["most"] - facilities["capacity"]).to_numpy(float) / (BAND / 2),
        "adjusted": facilities["capacity"].to_numpy(float) + beyond,
        "source": facilities["source"].to_numpy(), "inputs": facilities["inputs"].to_numpy(), "kind": "capacity",
    })  # fmt: skip
    return frame[beyond > 0.5]


def _conflicts(fit: Fit, grades: dict[str, str]) -> ResultTable:
    """Return for each observation that moved what moved it, other observations or capacities, the strongest first."""
    fitted = fit.observations.fitted()
    table = fit.observations.table[fitted].reset_index(drop=True)
    sigmas = (fit.adjusted[fitted] - table["observed"].to_numpy(float)) / table["sigma"].to_numpy(float)
    found = pulls(fit)
    others = [
        {"by": row["label"], "by_sigmas": moved, "by_source": row["source"], "keys": str(row["inputs"]).split(";")}
        for row, moved in zip(table.to_dict("records"), sigmas, strict=True)
    ]  # fmt: skip
    others += [_limit(fit, int(at)) for at in found.binding]
    rows: list[dict[str, Any]] = []
    for j in np.argsort(-np.abs(sigmas)):
        if abs(sigmas[j]) < MOVED:
            break
        gap = fit.adjusted[fitted][j] - table.at[j, "observed"]
        # A limit denies what it would let through if it were lifted.
        against = np.concatenate([found.observations[j], -found.limits[j]]) * np.sign(gap)
        against[j] = 0.0
        total = float(np.maximum(against, 0.0).sum())
        for k in np.argsort(-against)[:SHOWN]:
            if total <= 0 or against[k] < STRONG * total:
                break
            rows.append({
                "label": table.at[j, "label"], "observed": table.at[j, "observed"], "moved": gap,
                "sigmas": sigmas[j], "source": table.at[j, "source"],
                "grade": grades.get(str(table.at[j, "source"]), ""), "share": float(against[k] / total),
                **{name: others[k][name] for name in ("by", "by_sigmas", "by_source")},
                "by_grade": grades.get(str(others[k]["by_source"]), ""),
                RESTS_ON: join_inputs(str(table.at[j, "inputs"]).split(";"), others[k]["keys"]),
            })  # fmt: skip
    columns = {
        "label": Column("", _("Observation")),
        "observed": Column("t", _("Observed")),
        "moved": Column("t", _("Moved by")),
        "sigmas": Column("ratio", _("Moved by, in standard errors")),
        "source": Column("", _("Its source")),
        "grade": Column("", _("Grade of its source")),
        "by": Column("", _("Contradicted by an observation or a capacity")),
        "share": Column("ratio", _("Share of what pulls it away from what was observed")),
        "by_sigmas": Column("ratio", _("That one moved by, in standard errors")),
        "by_source": Column("", _("Source of that one")),
        "by_grade": Column("", _("Grade of that source")),
    }
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("conflicts", _("Who contradicts whom"), frame, columns, ("label", "by"))


def _limit(fit: Fit, at: int) -> dict[str, Any]:
    """Return what a binding limit is called and rests on."""
    kind, which = fit.program.names[at]
    n = fit.layout.network
    if kind == "facility":
        name = str(n.facilities.index[which])
        keys = str(n.facilities["inputs"].iat[which]).split(";")
        source = str(fit.layout.case.row(keys[0])["source"])
        return {"by": _("capacity of {name}").format(name=name), "by_sigmas": np.nan, "by_source": source, "keys": keys}
    if kind == "transit":
        return {"by": _("a region sends on only what it makes"), "by_sigmas": np.nan, "by_source": "", "keys": []}
    row = fit.observations.table.to_dict("records")[which]
    label_ = _("range of {label}").format(label=row["label"])
    return {"by": label_, "by_sigmas": np.nan, "by_source": row["source"], "keys": str(row["inputs"]).split(";")}


def _disagreements(fit: Fit, grades: dict[str, str]) -> ResultTable:
    """Return pairs of statistics that speak of the same quantity, the farthest apart first.

    Statistics speak of the same quantity where the same makers, users or routes answer to them; one that counts
    elements is turned into the other's tonnes at the balanced year's mix.
    """
    groups: dict[tuple[Any, ...], list[tuple[dict[Any, Any], float]]] = {}
    for record in base_year_statistics(fit.layout).to_dict("records"):
        weights = fit.layout.answer(record)
        if weights.any() and pd.notna(record["quantity"]) and record["commodity"] not in CUSTOMS:
            key = (record["flow"], record["region"], record["partner"], tuple(np.nonzero(weights)[0]))
            groups.setdefault(key, []).append((record, float(weights @ fit.vector) * KILO))
    rows: list[dict[str, Any]] = []
    for group in groups.values():
        for (one, adjusted), (other, as_other) in combinations(group, 2):
            ratio = adjusted / as_other if as_other > 0 else np.nan
            spread = float(np.hypot(accuracy(one), accuracy(other) * ratio))
            said = other["quantity"] * ratio
            near = one if abs(one["quantity"] - adjusted) <= abs(said - adjusted) else other
            rows.append({
                "label": label(one), "series": one["series"], "observed": one["quantity"],
                "grade": grades.get(one["source"], ""), "other_series": other["series"], "other": said,
                "other_grade": grades.get(other["source"], ""), "apart": abs(one["quantity"] - said) / spread,
                "adjusted": adjusted, "nearer": near["series"], RESTS_ON: join_inputs([one[ROW], other[ROW]]),
            })  # fmt: skip
    columns = {
        "label": Column("", _("Quantity")),
        "series": Column("", _("One statistic")),
        "observed": Column("t", _("What it says")),
        "grade": Column("", _("Grade of its source")),
        "other_series": Column("", _("Another statistic")),
        "other": Column("t", _("What that one says, in the tonnes of the first")),
        "other_grade": Column("", _("Grade of that source")),
        "apart": Column("ratio", _("Distance in standard errors of the difference")),
        "adjusted": Column("t", _("In the balanced base year")),
        "nearer": Column("", _("The nearer of the two")),
    }
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON]).sort_values("apart", ascending=False)
    title = _("Statistics of the same quantity that disagree")
    return ResultTable("disagreements", title, frame.reset_index(drop=True), columns,
                       ("label", "series", "other_series"))  # fmt: skip


def _balance(fit: Fit) -> ResultTable:
    """Return the balance of every market: made, imported, taken, used, exported, thrown away."""
    n, found = fit.layout.network, fit.balanced
    amount = n.terms["coefficient"] * n.terms["activity"].map(found.activity)
    market = n.terms["market"]
    index = n.markets.index
    parts = {
        "made": amount.clip(lower=0).groupby(market).sum(),
        "imported": found.ship.groupby(n.routes["head"]).sum(),
        "taken": (-amount.clip(upper=0)).groupby(market).sum(),
        "used": found.served.groupby(n.uses["market"]).sum(),
        "exported": found.ship.groupby(n.routes["tail"]).sum(),
        "thrown_away": found.dispose,
    }
    frame = pd.DataFrame({name: part.reindex(index, fill_value=0.0) for name, part in parts.items()})
    frame.insert(0, "region", n.markets["region"])
    frame.insert(0, "commodity", n.markets["commodity"])
    running = n.terms[n.terms["activity"].map(found.activity).gt(0)]
    makers = running.groupby("market")["activity"].agg(list)
    keys = n.activities["inputs"]
    by_use = n.uses.groupby("market")["inputs"].agg(list)
    frame[RESTS_ON] = [
        join_inputs([own], *(str(keys[a]).split(";") for a in makers.get(m, [])),
                    *(str(cell).split(";") for cell in by_use.get(m, [])))
        for m, own in n.markets["inputs"].items()
    ]  # fmt: skip
    alive = frame[["made", "imported", "used", "taken"]].max(axis=1).gt(0.5)
    columns = {
        "commodity": Column("", _("Commodity")),
        "region": Column("", _("Region")),
        "made": Column("t", _("Made")),
        "imported": Column("t", _("Imported")),
        "taken": Column("t", _("Taken in by processes")),
        "used": Column("t", _("Used")),
        "exported": Column("t", _("Exported")),
        "thrown_away": Column("t", _("Thrown away")),
    }
    return ResultTable("balance", _("The balanced base year"), frame[alive].reset_index(drop=True), columns,
                       ("commodity", "region"))  # fmt: skip
