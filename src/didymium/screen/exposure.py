"""Exposure of the calibrated chain, per element and stage.

Every published measure stands in its own column, and none is merged with another. The rank orders, for each
participant, by N-1 cover ascending, then by the largest share descending, then by the share of the participant's own
end use that went through the controller: three columns that stand beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from didymium.case.case import Case
from didymium.case.network import Network
from didymium.market.base import Base
from didymium.market.content import SEPARATION, Holdings, chain, groups, hold, members
from didymium.market.origins import origins
from didymium.market.passed import in_use, passed
from didymium.messages import _
from didymium.result import RESTS_ON, ResultTable, join_inputs
from didymium.screen.evidence import Evidence
from didymium.screen.n_minus_1 import NEGLIGIBLE, n_minus_1
from didymium.screen.places import BOTH
from didymium.screen.shares import hhi, largest, shares, top
from didymium.screen.single_point import plants, single_point

INDIRECT = 0.05
"""The controller's share of end use beyond its share of direct intake from which a dependence is called indirect."""

METHODS = ("hhi", "top1", "top3", "n_minus_1", "import_share", "single_point", "controller_in_use")


def screen_chain(case: Case, network: Network, base: Base, day: date) -> tuple[list[ResultTable], list[str]]:
    """Return the tables of the calibrated chain, and the elements and stages that the case does not hold.

    Parameters
    ----------
    case : Case
        The case.
    network, base : Network, Base
        The calibrated base year.
    day : date
        Day whose running facilities count for single points of failure.
    """
    found = _Screen(case, network, base, day)
    for element, stage in found.stages:
        found.add(element, stage)
    missing = [
        f"{e}, {s}" for e in groups(case) for s in chain(case)
        if s not in ("mine", *SEPARATION) and (e, s) not in found.stages
    ]  # fmt: skip
    return [*found.tables(), origins(case, network, base)], missing


def sums(value: pd.Series, by: pd.Series) -> dict[str, float]:
    """Return the sum of values by name."""
    found: dict[str, float] = {}
    for name, number in zip(by.tolist(), value.tolist(), strict=True):
        found[name] = found.get(name, 0.0) + number
    return found


class _Screen:
    """Gathers the rows of the three tables."""

    def __init__(self, case: Case, network: Network, base: Base, day: date) -> None:
        self.case, self.network, self.base, self.day = case, network, base, day
        self.holdings: Holdings = hold(case, network, base)
        self.stages = members(case, self.holdings)
        self.evidence = Evidence(case, network, base, self.holdings)
        self.places: dict[str, list[str]] = {p: [p] for p in case.participants}
        if len(case.participants) > 1:
            self.places[BOTH] = list(case.participants)
        regions = case["regions"]
        self.friends = set(regions.loc[regions["role"].isin(("partner", "participant")), "region"])
        commodities = case["commodities"]
        self.uncalibrated = set(commodities.loc[commodities["calibrated"].eq("no"), "commodity"])
        self.rows: dict[str, list[dict[str, Any]]] = {"exposure": [], "shares": [], "imports": []}

    def add(self, element: str, stage: str) -> None:
        """Add the rows of an element at a stage."""
        products = self.stages[element, stage]
        commodity = products[0] if len(products) == 1 else f"stage:{stage}"
        made = self.holdings.made
        made = made[made["commodity"].isin(products) & made[element].gt(0)]
        supply = {r: v for r, v in sums(made[element], made["region"]).items() if v > NEGLIGIBLE / 5}
        again = made[made["stage"].eq("recycling")]
        recycled = sums(again[element], again["region"])
        markets = self.network.markets
        on = markets["commodity"].isin(products)
        need = sums(self.holdings.needed.loc[on, element], markets.loc[on, "region"])
        share = shares(supply)
        names = {"element": element, "stage": stage, "commodity": commodity}
        for place in sorted(supply, key=lambda r: -supply[r]):
            seen, series, stated = self.evidence.observed(element, stage, products, place)
            self.rows["shares"].append({
                **names, "region": place, "quantity": supply[place], "share": share[place],
                "recycled": recycled.get(place, 0.0), "observed": seen, "observed_series": series,
                RESTS_ON: join_inputs(self.evidence.production(element, products, place), stated),
            })  # fmt: skip
        first = largest(share)
        common = {
            "hhi": hhi(share), "top1": top(share, 1), "top1_region": first[0] if first else "", "top3": top(share, 3),
            "n_minus_1": n_minus_1(supply, need),
        }  # fmt: skip
        through = passed(self.holdings, element, stage, products)
        running = plants(self.case, stage, products, self.day)
        behind = self.evidence.production(element, products, "*")
        for participant, own in self.places.items():
            trade = self._imports(names, participant, own, products, through, supply)
            point = single_point(running, own, self.friends - set(own))
            row = {
                **names, "participant": participant, **common, **trade,
                "need": sum(need.get(r, 0.0) for r in own), "production": sum(supply.get(r, 0.0) for r in own),
                "recycled": sum(recycled.get(r, 0.0) for r in own),
                "single_point": point.name, "single_point_scope": point.scope,
                "facilities_own": point.own, "facilities_partners": point.partners,
            }  # fmt: skip
            row["note"] = self._note(element, stage, row, share, point.none)
            demand = self.evidence.demand(products, own)
            row[RESTS_ON] = join_inputs(point.inputs, behind, demand, self.evidence.fitted(stage, products),
                                        [f"commodities/{c}" for c in products])  # fmt: skip
            self.rows["exposure"].append(row)

    def _imports(self, names: Mapping[str, str], participant: str, own: Sequence[str], products: Sequence[str],
                 through: pd.DataFrame, supply: Mapping[str, float]) -> dict[str, Any]:  # fmt: skip
        """Add the rows of imports; return the shares for the exposure row."""
        element = names["element"]
        routes = self.network.routes
        shipped = self.holdings.shipped[element]
        on = routes["commodity"].isin(products) & shipped.gt(0)
        into = on & routes["destination"].isin(own) & ~routes["origin"].isin(own)
        out = float(shipped[on & routes["origin"].isin(own) & ~routes["destination"].isin(own)].sum())
        arrived = sums(shipped[into], routes.loc[into, "origin"])
        home = max(sum(supply.get(r, 0.0) for r in own) - out, 0.0)
        total = sum(arrived.values()) + home
        used = in_use(self.holdings, through, element, list(own))
        whole = sum(used.values())
        known, traced = total > NEGLIGIBLE, whole > NEGLIGIBLE
        nan = float("nan")
        made = sum(supply.get(r, 0.0) for r in own)
        demand = [*self.evidence.demand(products, own), *self.evidence.end_uses(element, own)]
        for place in sorted({*arrived, *(r for r, v in used.items() if v > NEGLIGIBLE)}):
            at_home = place in own
            # Of its own output, what stays at home.
            direct = supply.get(place, 0.0) * home / made if at_home and made else arrived.get(place, 0.0)
            crossed: list[str] = list(routes.loc[into & routes["origin"].eq(place), "inputs"])
            self.rows["imports"].append({
                **names, "participant": participant, "origin": place, "own": "yes" if at_home else "no",
                "quantity": direct, "share": direct / total if known else nan,
                "in_use": used.get(place, 0.0), "in_use_share": used.get(place, 0.0) / whole if traced else nan,
                RESTS_ON: join_inputs(self.evidence.production(element, products, place), demand, crossed,
                                      [f"commodities/{c}" for c in products]),
            })  # fmt: skip
        controller = self.case.controller
        direct = arrived.get(controller, 0.0) / total if known else nan
        embodied = used.get(controller, 0.0) / whole if traced else nan
        indirect = traced and embodied > (direct if known else 0.0) + INDIRECT
        return {
            "imports": sum(arrived.values()), "import_share": sum(arrived.values()) / total if known else nan,
            "controller_direct": direct, "in_use": whole, "controller_in_use": embodied,
            "indirect": "yes" if indirect else "no",
        }  # fmt: skip

    def _note(self, element: str, stage: str, row: Mapping[str, Any], share: Mapping[str, float], none: bool) -> str:
        """Return what a reader must know: what is not computable and why, and what is only known as a band."""
        notes = []
        named = self.case.names("regions")
        controller = named[self.case.controller]
        separated = [c for s in SEPARATION for c in self.stages.get((element, s), [])]
        if self.uncalibrated.intersection([*separated, *self.stages[element, stage]]):
            notes.append(_("price not calibrated: little data outside {region}").format(region=controller))
        if not share:
            notes.append(_("shares not computable: nothing is made of it in the base year"))
        elif math.isnan(row["n_minus_1"]):
            without = named.get(row["top1_region"], row["top1_region"])
            notes.append(_("N-1 not computable: nobody outside {region} takes it in").format(region=without))
        if math.isnan(row["import_share"]):
            notes.append(_("import share not computable: no intake in this form in the base year"))
        if math.isnan(row["controller_in_use"]):
            notes.append(_("share in end use not computable: no end use of what went through this stage"))
        if row["indirect"] == "yes":
            text = _("indirect: {share:.0%} of what its end uses hold went through this stage in {region}")
            notes.append(text.format(share=row["controller_in_use"], region=controller))
        if none:
            notes.append(_("no facility of this stage at home or at partners on {date}").format(date=self.day))
        if row["production"] > NEGLIGIBLE and row["recycled"] > 0.5 * row["production"]:
            notes.append(_("its own output is recycled material"))
        return "; ".join(notes)

    def tables(self) -> list[ResultTable]:
        """Return the three tables, exposure with its rank."""
        from didymium.screen.columns import columns

        exposure = pd.DataFrame(self.rows["exposure"])
        exposure["rank"] = rank(exposure)
        frames = {**{name: pd.DataFrame(rows) for name, rows in self.rows.items()}, "exposure": exposure}
        keys = {"exposure": ("participant",), "shares": ("region",), "imports": ("participant", "origin")}
        titles = {
            "exposure": _("Exposure by element and stage, {year}"),
            "shares": _("Production by element, stage and region, {year}"),
            "imports": _("Where the participants take it from, {year}"),
        }
        made = []
        for name, frame in frames.items():
            declared = columns(name)
            if name == "exposure":
                order = {participant: at for at, participant in enumerate(self.places)}
                frame = frame.sort_values(["participant", "rank"], kind="stable", key=lambda c: c.replace(order))
            frame = frame.reindex(columns=[*declared, RESTS_ON]).reset_index(drop=True)
            key = ("element", "stage", *keys[name])
            made.append(ResultTable(name, titles[name].format(year=self.case.base_year), frame, declared, key))
        return made


def rank(exposure: pd.DataFrame) -> pd.Series:
    """Return the order of exposure within each participant, 1 first.

    By ``n_minus_1`` ascending, then ``top1`` descending, then ``controller_in_use`` descending; equal rows share a
    rank. Rows whose N-1 cover is not computable, and rows of what the participant does not use, have none (NaN).

    Parameters
    ----------
    exposure : DataFrame
        The exposure table.
    """
    concerned = exposure["n_minus_1"].notna() & (exposure["in_use"].gt(NEGLIGIBLE) | exposure["need"].gt(NEGLIGIBLE))
    order = pd.DataFrame({
        "participant": exposure["participant"], "cover": exposure["n_minus_1"].round(4),
        "top": -exposure["top1"].round(4), "use": -exposure["controller_in_use"].fillna(0.0).round(4),
    })[concerned]  # fmt: skip
    parts = ["cover", "top", "use"]
    placed = order.sort_values(parts, kind="stable").groupby("participant")
    found = pd.Series(float("nan"), index=exposure.index)
    for _name, rows in placed:
        before = rows[parts].ne(rows[parts].shift()).any(axis=1)
        place = pd.Series(range(1, len(rows) + 1), index=rows.index, dtype=float).where(before).ffill()
        found.loc[rows.index] = place
    return found
