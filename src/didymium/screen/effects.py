"""Trade disruptions: for every mineral, exporter and participant the price, the use left, and the loss of output.

Where the case states the net exports of a producer as a share of what is used outside it, the market is that of
everybody outside. Elsewhere it is the participant's own: the exporter's share of its imports times the part that is
imported. Goods of the exporter that came through a third country are then not seen, and the row says so. Others answer
with one elasticity, and stop at their capacity where all of them state it. What the shortage costs is found by
:mod:`didymium.screen.lost_output`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from didymium.case.case import ROW
from didymium.case.screening_tables import WORLD
from didymium.messages import _
from didymium.result import RESTS_ON, join_inputs
from didymium.screen import disruption
from didymium.screen.draws import Draws, band
from didymium.screen.grouped import Array, Groups
from didymium.screen.lost_output import Loss, LostOutput
from didymium.screen.records import records
from didymium.screen.sourcing import Sources
from didymium.screen.supply import KEYS, Supply
from didymium.screen.weights import CountryIndices

if TYPE_CHECKING:
    from didymium.case.case import Case

LEAST = 0.05
"""Share of the market from which an exporter is worth a scenario."""

_KEY = ["mineral", "stage", "form", "participant", "exporter"]
ASSUMED = ("a_mineral_demand", "a_mineral_supply")


@dataclass
class Effects:
    """Disruptions of every exporter.

    Parameters
    ----------
    table : DataFrame
        A row for each mineral (or several at once), exporter and participant.
    price : array, rows x draws
        Price over the price before.
    gdp, economy : array, rows x draws
        Change of output, MUSD, of the direct industries, and with the input-output step; NaN where not computable.
    """

    table: pd.DataFrame
    price: Array
    gdp: Array
    economy: Array


def effects(case: Case, supply: Supply, sources: Mapping[str, Sequence[Sources]], places: Mapping[str, Sequence[str]],
            draws: Draws, markets: pd.DataFrame | None = None) -> Effects:  # fmt: skip
    """Return the effect of losing every exporter of weight, one at a time, for every participant.

    Parameters
    ----------
    case : Case
        The case.
    supply : Supply
        World supply.
    sources : mapping of str to sequence of Sources
        By participant.
    places : mapping of str to sequence of str
        Regions of each participant.
    draws : Draws
        What varies.
    markets : DataFrame, optional
        What :func:`markets_of` returned; found here where None. They do not depend on draws.
    """
    markets = markets_of(case, supply, sources) if markets is None else markets
    if markets.empty:
        nothing = np.zeros((0, 1 + draws.count))
        return Effects(pd.DataFrame(columns=[*_KEY, *_FACTS]), nothing, nothing, nothing)
    price, left = _prices(case, markets, draws)
    economy = LostOutput(case, places, draws)
    rows: list[dict[str, Any]] = []
    prices: list[Array] = []
    losses: list[Loss] = []
    for place, market in enumerate(records(markets)):
        losses.append(economy.of(str(market["participant"]), [str(market["mineral"])], price[[place]], left[[place]],
                                 [float(market["imported"])]))  # fmt: skip
        rows.append(market)
        prices.append(price[place])
    # Several minerals of one exporter at once: what both stop does not stop twice.
    known = pd.DataFrame(rows)
    known = known[known["market"].eq("outside") & np.array([not loss.why for loss in losses])]
    for (participant, exporter), together in known.groupby(["participant", "exporter"], sort=True):
        if len(together) < 2:
            continue
        at = together.index.to_numpy()
        names = [str(m) for m in together["mineral"]]
        losses.append(economy.of(str(participant), names, price[at], left[at], list(together["imported"])))
        rows.append({
            "mineral": ";".join(names), "stage": "", "form": "", "participant": participant, "exporter": exporter,
            "market": "outside", "share": np.nan, "imported": np.nan,
            "inputs": join_inputs(*(r["inputs"].split(";") for r in records(together))),
        })  # fmt: skip
        prices.append(np.full(1 + draws.count, np.nan))
    return _table(case, rows, np.array(prices), losses)


_FACTS = ("market", "share", "price", "price_low", "price_high", "use_left", "value_added_lost", "import_bill",
          "gdp_effect", "gdp_low", "gdp_high", "economy_lost", "economy_lost_wide", "economy_effect", "economy_low",
          "economy_high", "step", "probability", "weighted", "note", RESTS_ON)  # fmt: skip


def markets_of(case: Case, supply: Supply, sources: Mapping[str, Sequence[Sources]]) -> pd.DataFrame:
    """Return the markets in which an exporter has a share, a row for each exporter and participant."""
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
    return pd.DataFrame(found)


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


def _table(case: Case, rows: list[dict[str, Any]], price: Array, losses: Sequence[Loss]) -> Effects:
    table = pd.DataFrame(rows)
    gdp, economy = np.array([loss.direct for loss in losses]), np.array([loss.network for loss in losses])
    for name, values in (("price", price), ("gdp", gdp), ("economy", economy)):
        table["price" if name == "price" else f"{name}_effect"] = values[:, 0]
        table[f"{name}_low"], table[f"{name}_high"] = band(values)
    for column, name in (("value_added_lost", "value_added"), ("import_bill", "import_bill"),
                         ("economy_lost", "narrow"), ("economy_lost_wide", "wide"), ("step", "step")):  # fmt: skip
        table[column] = [getattr(loss, name) for loss in losses]
    eps = -case.assumption("a_mineral_demand")
    table["use_left"] = table["price"] ** -eps
    indices = CountryIndices(case)
    table["probability"] = [indices.of("disruption_probability", p, [e])[0] for p, e in
                            zip(table["participant"], table["exporter"], strict=True)]  # fmt: skip
    table["weighted"] = table["probability"] * table["economy_effect"].fillna(table["gdp_effect"])
    table["note"] = [
        "; ".join(text for text in (
            _("of the participant's own imports: what comes through third countries is not seen")
            if market == "own imports" else "",
            loss.why, loss.why_network and _("input-output step {why}").format(why=loss.why_network), loss.missing,
        ) if text)
        for market, loss in zip(table["market"], losses, strict=True)
    ]  # fmt: skip
    assumed = [f"assumptions/{name}" for name in ASSUMED]
    table[RESTS_ON] = [
        join_inputs(i.split(";"), loss.rests, assumed) for i, loss in zip(table["inputs"], losses, strict=True)
    ]
    order = table.sort_values([*_KEY[3:4], "mineral", "stage", "form", "exporter"], kind="stable").index
    table = table.loc[order, [*_KEY, *_FACTS]].reset_index(drop=True)
    return Effects(table, price[order], gdp[order], economy[order])
