"""Units and basis at the door: exact oracles."""

from __future__ import annotations

import pytest

from didymium.case.case import Case
from didymium.case.units import (
    RARE_EARTHS,
    factor,
    lithium_per_carbonate,
    metal_per_mixed_oxide,
    metal_per_oxide,
)
from didymium.faults import DidymiumError

ORACLES = {"Dy": 0.8713, "Tb": 0.8502, "Nd": 0.8574, "Pr": 0.8277}
"""Tonnes of metal in a tonne of Dy2O3, Tb4O7, Nd2O3, Pr6O11, as published."""


@pytest.mark.parametrize(("element", "share"), ORACLES.items())
def test_metal_per_oxide(element: str, share: float) -> None:
    assert metal_per_oxide(element) == pytest.approx(share, abs=5e-5)


def test_dysprosium_metal_in_oxide() -> None:
    assert 250 / metal_per_oxide("Dy") == pytest.approx(286.9, abs=0.05)


def test_dysprosium_by_hand() -> None:
    """2 x 162.50 / (2 x 162.50 + 3 x 15.999)."""
    assert metal_per_oxide("Dy") == pytest.approx(325.0 / (325.0 + 47.997), rel=1e-5)


def test_every_element_has_an_oxide() -> None:
    assert len(RARE_EARTHS) == 15
    assert all(0.7 < metal_per_oxide(element) < 0.9 for element in RARE_EARTHS)


def test_mixed_oxide() -> None:
    mixed = metal_per_mixed_oxide({"Nd": 75, "Pr": 25})
    assert mixed == pytest.approx(0.75 * metal_per_oxide("Nd") + 0.25 * metal_per_oxide("Pr"))
    with pytest.raises(DidymiumError, match="no mass"):
        metal_per_mixed_oxide({"Nd": 0})


def test_an_element_without_a_trade_oxide() -> None:
    with pytest.raises(DidymiumError, match="has no trade oxide"):
        metal_per_oxide("Fe")


@pytest.mark.parametrize(
    ("unit", "internal", "multiplier"),
    [
        ("t", "t", 1.0),
        ("kt/year", "t/year", 1000.0),
        ("kg", "t", 0.001),
        ("USD/kg", "USD/t", 1000.0),
        ("MUSD", "USD", 1e6),
        ("BJPY", "USD|JPY", 1e9),
        ("percent", "ratio", 0.01),
        ("day", "t|day", 1.0),
    ],
)
def test_factor(unit: str, internal: str, multiplier: float) -> None:
    assert factor(unit, internal) == pytest.approx(multiplier)


@pytest.mark.parametrize(
    ("unit", "internal"), [("", "t"), ("JPY", "USD"), ("t", "USD/t"), ("bushel", "t"), ("t/t", "t")]
)
def test_other_dimensions_are_refused(unit: str, internal: str) -> None:
    with pytest.raises(DidymiumError, match="unknown or does not measure"):
        factor(unit, internal)


def test_price_per_oxide_is_higher_per_element(us_japan: Case) -> None:
    """A price per tonne of oxide divides by the metal in it."""
    prices = us_japan["prices"]
    stated = prices[prices["commodity"].eq("dy_oxide") & prices["stated_basis"].eq("oxide")]
    assert len(stated) and stated["basis"].eq("element").all()
    assert us_japan.content.element_per("dy_oxide", "oxide") == pytest.approx(0.8713, abs=5e-5)


def test_mixed_basis_is_refused(us_japan: Case) -> None:
    with pytest.raises(DidymiumError, match="mixed basis"):
        us_japan.content.element_per("dy_oxide", "gross")
    with pytest.raises(DidymiumError, match="mixed basis"):
        us_japan.content.element_per("magnet_standard", "element")


def test_lithium_carbonate_equivalent() -> None:
    """USGS Mineral Commodity Summaries, lithium: a tonne of carbonate holds 0.188 t of lithium."""
    assert round(lithium_per_carbonate(), 3) == 0.188
