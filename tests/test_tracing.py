"""Whose material: proportional mixing against walking the lots, the extremes against every way to keep lots apart."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from didymium.case.case import Case
from didymium.case.network import Network
from didymium.market.content import hold
from didymium.market.extremes import Extremes
from didymium.market.origins import origins, rules
from didymium.market.prepare import prepare
from didymium.market.tracing import Flows, content_of, given_by, plants_in, shares

MARKETS = pd.Index(["ore|BAD", "ore|GOOD", "metal|GOOD", "metal|USER"], name="market")


def network() -> Network:
    """Two mines, a smelter in GOOD that takes ore of both, and a user of its metal and of metal from BAD's own ore."""
    markets = pd.DataFrame([m.split("|") for m in MARKETS], index=MARKETS, columns=["commodity", "region"])
    activities = pd.DataFrame(
        {"facility": ["bad", "good", "smelter"], "region": ["BAD", "GOOD", "GOOD"], "stage": ["mine", "mine", "metal"]},
        index=["bad", "good", "smelter"],
    )
    terms = pd.DataFrame(
        [("bad", "ore|BAD", 1.0), ("good", "ore|GOOD", 1.0), ("smelter", "ore|GOOD", -2.0),
         ("smelter", "metal|GOOD", 1.0)],
        columns=["activity", "market", "coefficient"],
    )  # fmt: skip
    routes = pd.DataFrame(
        [("ore|BAD", "ore|GOOD"), ("metal|GOOD", "metal|USER")], columns=["tail", "head"], index=["ore", "metal"]
    )
    uses = pd.DataFrame(
        {"market": ["metal|USER", "metal|USER"], "region": ["USER", "USER"], "end_use": ["arms", "toys"]},
        index=["arms", "toys"],
    )
    nothing = pd.DataFrame()
    return Network(markets, activities, terms, nothing, routes, uses, nothing)


NETWORK = network()
BAD = plants_in(NETWORK, ["BAD"])
ONE = np.ones(len(MARKETS))


def year(bad: float, good: float, arms: float) -> Flows:
    """A year in which all ore is smelted and all metal used."""
    metal = (bad + good) / 2.0
    return Flows(
        NETWORK, np.array([[bad], [good], [metal]]), np.array([[bad], [metal]]),
        np.array([[arms * metal], [(1 - arms) * metal]]), np.zeros((4, 1)), np.zeros(4),
        np.zeros(2, dtype=np.int64), np.zeros((2, 0)),
    )  # fmt: skip


@settings(deadline=None)
@given(st.integers(1, 50), st.integers(1, 50), st.integers(1, 9))
def test_extremes_against_every_allotment(bad: int, good: int, tenths: int) -> None:
    """Ore is two kinds of lot; the army takes the best or the worst of them first. Shares of the two kinds sum to 1."""
    flows = year(bad, good, tenths / 10)
    mixed = shares(flows, BAD, ONE)[:, 0]
    clean = shares(flows, plants_in(NETWORK, ["GOOD"], ("mine",)), ONE)[:, 0]
    where = list(MARKETS).index("metal|USER")
    assert mixed[where] == pytest.approx(bad / (bad + good))
    assert mixed[where] + clean[where] == pytest.approx(1.0)
    program = Extremes(flows, BAD, ONE)
    low, high = program.share(np.array([0]), np.array([0]))
    # What army and toys take together is all the metal there is: nobody's choice moves its share.
    assert program.share_of_market(where, 0) == pytest.approx((mixed[where], mixed[where]), abs=1e-6)
    metal, marked, army = (bad + good) / 2, bad / 2, tenths / 10 * (bad + good) / 2
    assert high == pytest.approx(min(army, marked) / army, abs=1e-6)
    assert low == pytest.approx(max(0.0, army - (metal - marked)) / army, abs=1e-6)
    assert low - 1e-6 <= mixed[where] <= high + 1e-6


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=6, max_size=6), st.integers(0, 3))
def test_months_against_every_way_to_draw_from_stock(made: list[int], first: int) -> None:
    """Three months, one tonne lots: each lot used, kept or passed on. Brute force over which lots the army takes when.

    Every month BAD and GOOD dig some ore and the smelter takes two tonnes where there are two; what is left is stock.
    """
    level, ore, kept = first, [], []
    for month in range(3):
        level += made[2 * month] + made[2 * month + 1]
        ore.append(min(level, 2))
        level -= ore[-1]
        kept.append(level)
    if not all(ore):
        return
    bad, good = made[0::2], made[1::2]
    metal = np.array(ore) / 2.0
    levels = np.zeros((4, 3))
    levels[1] = kept
    start = np.zeros(4)
    start[1] = first
    flows = Flows(
        NETWORK, np.array([bad, good, metal], dtype=float), np.array([bad, metal], dtype=float),
        np.array([metal, np.zeros(3)]), levels, start, np.zeros(2, dtype=np.int64), np.zeros((2, 0)),
    )  # fmt: skip
    # Brute force: how many marked lots the smelter takes in each month; what was in stock at the start is unmarked.
    reached: dict[int, set[float]] = {0: set(), 1: set(), 2: set()}
    for taken in product(range(3), repeat=3):
        marked, clean, fits = 0, first, True
        for month in range(3):
            marked, clean = marked + bad[month], clean + good[month]
            fits &= taken[month] <= min(marked, ore[month]) and ore[month] - taken[month] <= clean
            marked, clean = marked - taken[month], clean - (ore[month] - taken[month])
        if fits:
            for month in range(3):
                reached[month].add(taken[month] / ore[month])
    program = Extremes(flows, BAD, ONE)
    mixed = shares(flows, BAD, ONE)
    for month in range(3):
        low, high = program.share(np.array([0]), np.array([month]))
        assert low == pytest.approx(min(reached[month]), abs=1e-6)
        assert high == pytest.approx(max(reached[month]), abs=1e-6)
        assert low - 1e-6 <= mixed[3, month] <= high + 1e-6
        # The smelter is all that takes ore from its market, whose stock may keep the other lots.
        assert program.share_of_market(1, month) == pytest.approx((low, high), abs=1e-6)


def test_goods_under_way_keep_their_share() -> None:
    """Metal takes a month: what the user gets in the second month is as marked as the smelter's first month."""
    flows = Flows(
        NETWORK, np.array([[2.0, 0.0], [2.0, 4.0], [2.0, 2.0]]), np.array([[2.0, 0.0], [2.0, 2.0]]),
        np.array([[2.0, 2.0], [0.0, 0.0]]), np.zeros((4, 2)), np.zeros(4),
        np.array([0, 1]), np.array([[2.0], [2.0]]),
    )  # fmt: skip
    mixed = shares(flows, BAD, ONE, np.array([1.0, 0.8, 0.8, 0.8]))
    assert mixed[3] == pytest.approx([0.8, 0.5]) and mixed[2] == pytest.approx([0.5, 0.0])
    program = Extremes(flows, BAD, ONE, (np.full(4, 0.8), np.full(4, 0.8)))
    for month, share in enumerate((0.8, 0.5)):
        assert program.share(np.array([0]), np.array([month])) == pytest.approx((share, share), abs=1e-6)


def test_all_regions_together_mark_everything(us_japan: Case) -> None:
    """Shares of us-japan sum to 1 over a partition of who mined, and bounds bracket the mixture."""
    net, base = prepare(us_japan)
    flows, held = Flows.of_base(net, base), hold(us_japan, net, base)
    regions = sorted(set(net.activities["region"]))
    content = content_of(held.market, "Dy")
    given_ = given_by(net, held, "Dy")
    total = sum(shares(flows, plants_in(net, [r], ("mine",)), content, given=given_) for r in regions)
    used = net.markets.index.get_indexer(pd.Index(net.uses["market"]))
    served = base.served.to_numpy(float)
    inside = used[(content[used] > 0) & (served > 1.0)]
    assert len(inside) > 20
    assert total[inside, 0] == pytest.approx(1.0, abs=1e-3)  # grams have a history without beginning: swarf of swarf


def test_covered_nations(us_japan: Case) -> None:
    """In 2024 nobody else separated dysprosium or samarium: no lot of US defence can have avoided covered nations."""
    found = {rule.name: rule for rule in rules(us_japan)}
    assert found["covered"].regions == ("CHN", "RUS") and found["covered"].unseen == ("IRN", "PRK")
    frame = origins(us_japan, *prepare(us_japan)).frame
    assert ((frame["low"] <= frame["share"] + 1e-9) & (frame["share"] <= frame["high"] + 1e-9)).all()
    mine = frame[frame["rule"].eq("covered") & frame["end_use"].eq("defence") & frame["region"].eq("USA")]
    mine = mine.set_index("element")
    assert mine.loc["Sm", "low"] > 0.99 and mine.loc["Dy", "low"] > 0.99
    assert 0.5 < mine.loc["NdPr", "share"] < 0.99 and mine.loc["NdPr", "low"] < mine.loc["NdPr", "share"]
    wider = frame.pivot_table(index=["end_use", "region", "element"], columns="rule", values="share")
    assert (wider["covered"] >= wider["controller"] - 1e-9).all()
