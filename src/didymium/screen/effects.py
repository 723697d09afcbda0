"""Trade disruptions: for every mineral, exporter and participant the price, the use left, and the loss of output.

Where the case states the net exports of a producer as a share of what is used outside it, the market is that of
everybody outside. Elsewhere it is the participant's own: the exporter's share of its imports times the part that is
imported. Goods of the exporter that came through a third country are then not seen, and the row says so. Others answer
with one elasticity, and stop at their capacity where all of them state it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from didymium.case.case import ROW
from didymium.case.check import split_list
from didymium.case.screening_tables import WORLD
from didymium.messages import _
from didymium.result import RESTS_ON, join_inputs
from didymium.screen import disruption
from didymium.screen.draws import Draws, band
from didymium.screen.grouped import Array, Groups
from didymium.screen.records import records
from didymium.screen.sourcing import Sources
from didymium.screen.supply import KEYS, Supply
from didymium.screen.weights import CountryIndices

if TYPE_CHECKING:
    from didymium.case.case import Case

LEAST = 0.05
"""Share of the market from which an exporter is worth a scenario."""

MILLION = 1e6
_KEY = ["mineral", "stage", "form", "participant", "exporter"]
ASSUMED = ("a_mineral_demand", "a_mineral_supply")


@dataclass
class Effects:
    """Disruptions of every exporter.

    Parameters
    ----------
    table : DataFrame
        A row for each mineral (or several at once), exporter and participant.
    price, gdp : array, rows x draws
        Price over the price before; change of output, MUSD, NaN where not computable.
    """

    table: pd.DataFrame
    price: Array
    gdp: Array


def effects(case: Case, supply: Supply, sources: Mapping[str, Sequence[Sources]], places: Mapping[str, Sequence[str]],
            draws: Draws) -> Effects:  # fmt: skip
    """Return the effect of losing every exporter of weight, one at a time, for every participant."""
    markets = pd.DataFrame(_markets(case, supply, sources))
    if markets.empty:
        nothing = np.zeros((0, 1 + draws.count))
        return Effects(pd.DataFrame(columns=[*_KEY, *_FACTS]), nothing, nothing)
    price, left = _prices(case, markets, draws)
    economy = _Economy(case, places, draws)
    rows: list[dict[str, Any]] = []
    prices, outputs = [], []
    for place, market in enumerate(records(markets)):
        gdp, facts = economy.loss(str(market["participant"]), [str(market["mineral"])], price[[place]], left[[place]],
                                  [float(market["imported"])])  # fmt: skip
        rows.append(market | facts)
        prices.append(price[place])
        outputs.append(gdp)
    # Several minerals of one exporter at once: what both stop does not stop twice.
    computed = pd.DataFrame(rows)
    wide = computed[computed["market"].eq("outside") & computed["why"].eq("")]
    for (participant, exporter), together in wide.groupby(["participant", "exporter"], sort=True):
        if len(together) < 2:
            continue
        at = together.index.to_numpy()
        names = [str(m) for m in together["mineral"]]
        gdp, facts = economy.loss(str(participant), names, price[at], left[at], list(together["imported"]))
        rows.append({
            "mineral": ";".join(names), "stage": "", "form": "", "participant": participant, "exporter": exporter,
            "market": "outside", "share": np.nan, "imported": np.nan,
            "inputs": join_inputs(*(r["inputs"].split(";") for r in records(together))), **facts,
        })  # fmt: skip
        prices.append(np.full(1 + draws.count, np.nan))
        outputs.append(gdp)
    return _table(case, rows, np.array(prices), np.array(outputs))


_FACTS = ("market", "share", "price", "price_low", "price_high", "use_left", "value_added_lost", "import_bill",
          "gdp_effect", "gdp_low", "gdp_high", "probability", "weighted", "note", RESTS_ON)  # fmt: skip


def _markets(case: Case, supply: Supply, sources: Mapping[str, Sequence[Sources]]) -> list[dict[str, Any]]:
    """Return the markets in which an exporter has a share."""
    found: list[dict[str, Any]] = []
    groups = records(supply.table[KEYS])
    headroom = _headroom(case, supply)
    stated = case["exporter_shares"].sort_values("year").groupby(["mineral", "country"]).tail(1)
    whole = set(stated["mineral"])
    for participant, every in sources.items():
        reliance = {str(m): s.imported for m, s in zip(supply.table["mineral"], every, strict=True)}
        for row in records(stated):
            found.append({
                "mineral": row["mineral"], "stage": "", "form": "", "participant": participant,
                "exporter": row["country"], "market": "outside", "share": row["share"], "low": row["low"],
                "high": row["high"], "imported": reliance.get(str(row["mineral"]), np.nan), "inputs": row[ROW],
                "headroom": headroom.get((str(row["mineral"]), str(row["country"])), np.inf),
            })  # fmt: skip
        for facts, here in zip(groups, every, strict=True):
            if facts["mineral"] in whole or here.imported != here.imported:
                continue
            for country, share in here.shares.items():
                of_use = share * here.imported
                if of_use >= LEAST and len(country) == 3 and country != "OTH":
                    found.append({
                        "mineral": facts["mineral"], "stage": facts["stage"], "form": facts["form"],
                        "participant": participant, "exporter": country, "market": "own imports", "share": of_use,
                        "low": of_use, "high": of_use, "imported": here.imported, "inputs": join_inputs(here.inputs),
                        "headroom": headroom.get((facts["mineral"], country), np.inf),
                    })  # fmt: skip
    return found


def _prices(case: Case, markets: pd.DataFrame, draws: Draws) -> tuple[Array, Array]:
    """Return price and use after the cut over those before: markets x draws."""
    count = len(markets)
    value, low, high = (markets[c].to_numpy(float) for c in ("share", "low", "high"))
    share = np.minimum(draws.banded("shares", "exporter", value, low, high), 1.0)
    eps = draws.banded("elasticities", "demand", *(_ends(case, "a_mineral_demand", count, flip=True)))
    eta = draws.banded("elasticities", "supply", *(_ends(case, "a_mineral_supply", count)))
    price = disruption.price_of_loss(share, eta, eps)
    # Where the capacity of the others is known, they stop at it.
    limited = np.nonzero(np.isfinite(markets["headroom"].to_numpy(float)))[0]
    if len(limited):
        most = np.repeat(markets["headroom"].to_numpy(float)[limited, None], share.shape[1], axis=1)
        sold = _pairs(share[limited], 1.0 - share[limited])
        price[limited] = disruption.price(
            sold, _pairs(np.ones_like(most), np.zeros_like(most)), _pairs(eta[limited], eta[limited]),
            _pairs(most, most), eps[limited], Groups(np.full(len(limited), 2, dtype=np.intp)),
        )  # fmt: skip
    return price, disruption.quantity(price, eps)


def _pairs(first: Array, second: Array) -> Array:
    """Return rows of two arrays in turn: the exporter and everybody else, market by market."""
    return np.stack([first, second], axis=1).reshape(2 * len(first), -1)


def _headroom(case: Case, supply: Supply) -> dict[tuple[str, str], float]:
    """Return by mineral and exporter how much more all others together can make, as a multiple of what they make.

    Only where every other producer of the mineral states its capacity in the newest edition.
    """
    rows = case["capacity"]
    rows = rows[rows["capacity"].notna() & rows["series"].eq(rows["series"].max())].sort_values("year")
    able = {(str(r["mineral"]), str(r["stage"]), str(r["form"]), str(r["country"])): float(r["capacity"])
            for r in records(rows)}  # fmt: skip
    makers = iter(records(supply.rows))
    found: dict[tuple[str, str], float] = {}
    for group, size in zip(records(supply.table[KEYS]), supply.groups.sizes, strict=True):
        key = (str(group["mineral"]), str(group["stage"]), str(group["form"]))
        made = {str(m["country"]): float(m["quantity"]) for m in (next(makers) for _row in range(size))}
        most = {c: max(able[*key, c], q) for c, q in made.items() if (*key, c) in able}
        idle = sum(v for (*k, c), v in able.items() if tuple(k) == key and c not in made and c != WORLD)
        for exporter in made:
            others = {c: q for c, q in made.items() if c != exporter}
            if others and all(c in most for c in others) and sum(others.values()) > 0:
                found[key[0], exporter] = (sum(most[c] for c in others) + idle) / sum(others.values())
    return found


def _ends(case: Case, name: str, count: int, flip: bool = False) -> tuple[Array, Array, Array]:
    """Return centre, low and high of an assumption, repeated; of its size where it is below zero."""
    sign = -1.0 if flip else 1.0
    value, low, high = (sign * case.assumption(name, end) for end in ("value", "low", "high"))
    low, high = min(low, high), max(low, high)
    return np.full(count, value), np.full(count, low), np.full(count, high)


class _Economy:
    """What the shortage of minerals costs a participant."""

    def __init__(self, case: Case, places: Mapping[str, Sequence[str]], draws: Draws) -> None:
        self.places, self.draws = places, draws
        regions = case["regions"]
        self.countries = {r: split_list(c) for r, c in zip(regions["region"], regions["countries"], strict=True)}
        uses, accounts = case["mineral_uses"], case["sector_accounts"]
        self.uses = records(uses[uses["dependence"].notna()])
        earned = accounts[accounts["account"].eq("value_added")].sort_values("year")
        self.earned = {(r["region"], r["sector"]): r for r in records(earned)}
        self.price = {str(r["mineral"]): r for r in records(case["mineral_prices"].sort_values("year"))}
        self.used = {
            (str(r["mineral"]), str(r["country"])): r for r in records(case["consumption"].sort_values("year"))
        }

    def loss(self, participant: str, minerals: Sequence[str], price: Array, left: Array,
             imported: Sequence[float]) -> tuple[Array, dict[str, Any]]:  # fmt: skip
        """Return the change of output, MUSD by draw, and its parts."""
        nothing = np.full(1 + self.draws.count, np.nan)
        facts: dict[str, Any] = {
            "value_added_lost": np.nan,
            "import_bill": np.nan,
            "why": "",
            "missing": "",
            "rests": [],
        }
        place = self.places[participant]
        uses = [u for u in self.uses if u["region"] in place and u["mineral"] in minerals]
        if {u["mineral"] for u in uses} != set(minerals):
            return nothing, facts | {"why": _("loss of output not computable: uses by industry missing")}
        industries = list(dict.fromkeys((u["region"], u["sector"]) for u in uses))
        unknown = [sector for region, sector in industries if (region, sector) not in self.earned]
        if unknown:
            return nothing, facts | {"why": _("loss of output not computable: value added of {who} missing").format(
                who=", ".join(unknown))}  # fmt: skip
        rows = [self.earned[i] for i in industries]
        added = self._drawn("value added", rows, "value") / MILLION
        theta = np.zeros((len(industries), len(minerals), 1 + self.draws.count))
        for use, values in zip(uses, self._drawn("dependence", uses, "dependence"), strict=True):
            theta[industries.index((use["region"], use["sector"])), minerals.index(use["mineral"])] = values
        made = disruption.output(left, np.minimum(theta, 1.0))
        bill, keys, missing = self._bill(participant, minerals, imported)
        gdp = disruption.gdp_effect(added, made, price, bill[:, None] * left, np.zeros_like(left))
        lost = float((added[:, 0] * (1.0 - made[:, 0])).sum())
        dearer = float(-gdp[0] - lost) if not missing else np.nan
        rests = [*(str(r[ROW]) for r in rows), *(str(u[ROW]) for u in uses), *keys]
        return gdp, facts | {"value_added_lost": lost, "import_bill": dearer, "missing": missing, "rests": rests}

    def _drawn(self, what: str, rows: Sequence[Mapping[str, Any]], column: str) -> Array:
        ends = [[float(r[c]) if r[c] == r[c] else float(r[column]) for r in rows] for c in (column, "low", "high")]
        return self.draws.banded("elasticities", what, *ends)

    def _bill(
        self, participant: str, minerals: Sequence[str], imported: Sequence[float]
    ) -> tuple[Array, list[str], str]:
        """Return the import bill of each mineral before the cut, MUSD; 0 and a note where it is not known."""
        bill, keys, missing = np.zeros(len(minerals)), [], []
        own = [c for region in self.places[participant] for c in self.countries[region]]
        for at, (mineral, part) in enumerate(zip(minerals, imported, strict=True)):
            price = self.price.get(mineral)
            used = [self.used[mineral, c] for c in own if (mineral, c) in self.used]
            if price is None or not used or part != part:
                missing.append(mineral)
                continue
            bill[at] = sum(float(r["quantity"]) for r in used) * float(price["price"]) * part / MILLION
            keys += [str(price[ROW]), *(str(r[ROW]) for r in used)]
        note = _("dearer imports of {who} left out: use, price or reliance missing").format(who=", ".join(missing))
        return bill, keys, note if missing else ""


def _table(case: Case, rows: list[dict[str, Any]], price: Array, gdp: Array) -> Effects:
    table = pd.DataFrame(rows)
    table["price"], table["gdp_effect"] = price[:, 0], gdp[:, 0]
    table["price_low"], table["price_high"] = band(price)
    table["gdp_low"], table["gdp_high"] = band(gdp)
    eps = -case.assumption("a_mineral_demand")
    table["use_left"] = table["price"] ** -eps
    indices = CountryIndices(case)
    table["probability"] = [indices.of("disruption_probability", p, [e])[0] for p, e in
                            zip(table["participant"], table["exporter"], strict=True)]  # fmt: skip
    table["weighted"] = table["probability"] * table["gdp_effect"]
    table["note"] = [
        "; ".join(text for text in (
            _("of the participant's own imports: what comes through third countries is not seen")
            if r["market"] == "own imports" else "", str(r["why"]), str(r["missing"]),
        ) if text)
        for r in records(table)
    ]  # fmt: skip
    assumed = [f"assumptions/{name}" for name in ASSUMED]
    table[RESTS_ON] = [
        join_inputs(i.split(";"), r, assumed) for i, r in zip(table["inputs"], table["rests"], strict=True)
    ]
    order = table.sort_values([*_KEY[3:4], "mineral", "stage", "form", "exporter"], kind="stable").index
    table = table.loc[order, [*_KEY, *_FACTS]].reset_index(drop=True)
    return Effects(table, price[order], gdp[order])
