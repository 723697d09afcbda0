"""What an end use pays and what activity costs: totals are integrals of the margin, slopes are averages of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from didymium.economy.willingness import DemandCurve, benefit, most_wanted, surplus, willingness
from didymium.market.curves import (
    DEMAND_GRID,
    SUPPLY_GRID,
    CostCurve,
    average_slopes,
    demand_edges,
    marginal_cost,
    total_cost,
)

ELASTICITIES = (-0.05, -0.3, -0.999, -1.0, -1.001, -1.7)
"""Around -1 the general formula divides by nearly zero."""


def one(value: float) -> np.ndarray:
    return np.array([value])


def worth(q: float, elasticity: float, choke: float = 20.0) -> float:
    return float(benefit(one(q), one(80.0), one(12.5), one(elasticity), one(choke))[0])


@pytest.mark.parametrize("elasticity", ELASTICITIES)
@pytest.mark.parametrize("share", [0.001, 0.3, 0.97, 1.0, 1.6])
def test_benefit_is_the_integral_of_willingness(elasticity: float, share: float) -> None:
    q, choke = 80.0 * share, 20.0
    kink = 80.0 * choke**elasticity

    def margin(s: float) -> float:
        return float(willingness(one(s), one(80.0), one(12.5), one(elasticity), one(choke))[0])

    below, _error = quad(margin, 0.0, min(q, kink), epsabs=1e-10, epsrel=1e-11)
    above, _error = quad(margin, kink, q, epsabs=1e-10, epsrel=1e-11, limit=500) if q > kink else (0.0, 0.0)
    assert worth(q, elasticity) == pytest.approx(below + above, rel=1e-8)


def test_benefit_is_a_logarithm_at_unit_elasticity() -> None:
    kink = 80.0 / 20.0
    assert worth(40.0, -1.0) == pytest.approx(20.0 * 12.5 * kink + 12.5 * 80.0 * np.log(40.0 / kink), rel=1e-12)
    assert worth(40.0, -1.0) == pytest.approx(worth(40.0, -1.0 + 1e-6), rel=1e-5)


def test_willingness_at_the_base_and_at_the_choke() -> None:
    arguments = (one(80.0), one(12.5), one(-0.3), one(20.0))
    assert willingness(one(80.0), *arguments)[0] == pytest.approx(12.5)
    assert willingness(one(0.0), *arguments)[0] == pytest.approx(250.0)
    assert willingness(one(160.0), *arguments)[0] == pytest.approx(12.5 * 2 ** (-1 / 0.3))


def test_surplus_is_benefit_less_payment() -> None:
    got = surplus(one(60.0), one(31.0), one(80.0), one(12.5), one(-0.3), one(20.0))[0]
    assert got == pytest.approx(worth(60.0, -0.3) - 31.0 * 60.0)


@pytest.mark.parametrize("elasticity", [0.2, 0.5, 1.0, 2.0, 8.0])
@pytest.mark.parametrize("x", [0.5, 40.0, 90.0])
def test_cost_is_the_integral_of_marginal_cost(elasticity: float, x: float) -> None:
    area, _error = quad(lambda s: float(marginal_cost(s, 40.0, 7.0, elasticity)), 0.0, x, epsabs=1e-10, epsrel=1e-11)
    assert float(total_cost(x, 40.0, 7.0, elasticity)) == pytest.approx(area, rel=1e-7)
    assert float(marginal_cost(40.0, 40.0, 7.0, elasticity)) == pytest.approx(7.0)


@pytest.mark.parametrize("elasticity", ELASTICITIES)
def test_demand_slopes_telescope_to_the_benefit(elasticity: float) -> None:
    edges = 80.0 * DEMAND_GRID
    values = np.array([worth(edge, elasticity) for edge in edges])
    slopes = average_slopes(values, edges)
    assert slopes @ np.diff(edges) == pytest.approx(worth(160.0, elasticity), rel=1e-12)
    assert (np.diff(slopes) <= 1e-9).all(), "the benefit is concave, so segments fill in order"


def test_supply_slopes_telescope_to_the_cost() -> None:
    edges = 40.0 * SUPPLY_GRID
    slopes = average_slopes(total_cost(edges, 40.0, 7.0, 2.0), edges)
    assert slopes @ np.diff(edges) == pytest.approx(float(total_cost(240.0, 40.0, 7.0, 2.0)), rel=1e-12)
    assert (np.diff(slopes) > 0).all(), "the cost is convex, so segments fill in order"


@pytest.mark.parametrize("grid", [DEMAND_GRID, SUPPLY_GRID])
def test_the_base_lies_inside_a_segment(grid: np.ndarray) -> None:
    assert np.abs(grid - 1.0).min() > 1e-3
    at = np.searchsorted(grid, 1.0)
    assert grid[at - 1] + grid[at] == pytest.approx(2.0), "in the middle of it"


# Straight lines


def line(elasticity: float, choke: float) -> DemandCurve:
    return DemandCurve(one(80.0), one(12.5), one(elasticity), one(choke), np.array([True]))


@pytest.mark.parametrize("elasticity", [-0.3, -1.0, -2.5])
@pytest.mark.parametrize("choke", [1.2, 20.0])
def test_a_line_passes_through_the_base_point_with_its_elasticity(elasticity: float, choke: float) -> None:
    curve = line(elasticity, choke)
    assert curve.price(one(80.0))[0] == pytest.approx(12.5)
    assert curve.fall(one(80.0))[0] * 80.0 / 12.5 == pytest.approx(1.0 / elasticity)
    assert curve.price(one(0.0))[0] == pytest.approx(12.5 * min(choke, 1.0 - 1.0 / elasticity))
    end = most_wanted(one(80.0), one(elasticity), np.array([True]))[0]
    assert end == pytest.approx(80.0 * (1.0 - elasticity))
    assert curve.price(one(end))[0] == pytest.approx(0.0, abs=1e-12)
    assert curve.price(one(2.0 * end))[0] == 0.0


@pytest.mark.parametrize("elasticity", [-0.3, -1.0, -2.5])
@pytest.mark.parametrize("choke", [1.2, 20.0])
@pytest.mark.parametrize("share", [0.05, 0.97, 1.2, 5.0])
def test_benefit_on_a_line_is_the_integral_of_the_price(elasticity: float, choke: float, share: float) -> None:
    curve = line(elasticity, choke)
    breaks = [80.0 * (1.0 + elasticity * (choke - 1.0)), 80.0 * (1.0 - elasticity)]
    area, _error = quad(
        lambda q: float(curve.price(one(q))[0]), 0.0, 80.0 * share,
        points=[at for at in breaks if 0.0 < at < 80.0 * share] or None, epsabs=1e-10,
    )  # fmt: skip
    assert curve.benefit(one(80.0 * share))[0] == pytest.approx(area, rel=1e-9)


@pytest.mark.parametrize("elasticity", [0.4, 1.0, 3.0])
@pytest.mark.parametrize("x", [1.0, 30.0, 90.0])
def test_cost_on_a_line_is_the_integral_of_the_margin(elasticity: float, x: float) -> None:
    curve = CostCurve(one(40.0), one(7.0), one(elasticity), np.array([True]))
    area, _error = quad(lambda s: float(curve.marginal(one(s))[0]), 0.0, x, points=[40.0 * max(0.0, 1 - elasticity)])
    assert curve.total(one(x))[0] == pytest.approx(area, rel=1e-9)
    assert curve.marginal(one(40.0))[0] == pytest.approx(7.0)
    assert curve.rise(one(40.0))[0] * 40.0 / 7.0 == pytest.approx(1.0 / elasticity)
    assert curve.marginal(one(0.0))[0] >= 0.0


def test_rows_of_both_kinds_stand_side_by_side() -> None:
    mixed = DemandCurve(np.full(2, 80.0), np.full(2, 12.5), np.full(2, -0.5), np.full(2, 20.0), np.array([True, False]))
    assert mixed.price(np.full(2, 40.0)) == pytest.approx([25.0, 50.0])
    both = CostCurve(np.full(2, 40.0), np.full(2, 7.0), np.full(2, 0.5), np.array([True, False]))
    assert both.marginal(np.full(2, 80.0)) == pytest.approx([21.0, 28.0])


@pytest.mark.parametrize("elasticity", [-0.3, -2.5])
def test_segments_of_a_line_end_where_its_price_is_zero(elasticity: float) -> None:
    edges = demand_edges(np.array([elasticity, elasticity]), np.array([True, False]))
    assert edges[0, -1] == pytest.approx(1.0 - elasticity) and (np.diff(edges[0]) >= 0).all()
    assert edges[1] == pytest.approx(DEMAND_GRID)
    curve = line(elasticity, 20.0)
    slopes = average_slopes(curve.benefit(80.0 * edges[0]), 80.0 * edges[0])
    assert slopes @ np.diff(80.0 * edges[0]) == pytest.approx(curve.benefit(one(1e9))[0])
    assert (np.diff(slopes) <= 1e-9).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("elasticity", [-0.3, -1.0, -2.5])
@pytest.mark.parametrize("linear", [False, True])
def test_where_nothing_is_wanted_nothing_is_worth_anything(elasticity: float, linear: bool) -> None:
    """Any quantity is too much: price, benefit and slope are zero, and the row beside it is what it is alone."""
    wanted, none = np.array([10.0]), np.array([0.0])
    rest = (np.full(2, 5.0), np.full(2, elasticity), np.full(2, 20.0), np.full(2, linear))
    both = DemandCurve(np.concatenate([wanted, none]), *rest)
    alone = DemandCurve(wanted, *(part[:1] for part in rest))
    for q in (0.0, 3.0, 12.0):
        for law in ("price", "benefit", "fall"):
            found = getattr(both, law)(np.full(2, q))
            assert found[1] == 0.0, (law, q)
            assert found[0] == pytest.approx(getattr(alone, law)(np.array([q]))[0])
