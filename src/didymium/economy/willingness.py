"""What an end use pays: the benefit of a quantity and the price at which it is wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
_Law = Callable[[Array, Array, Array, Array, Array], Array]


def _filled(q: Array, q0: Array) -> Array:
    """``q / q0``; without end where nothing is wanted, for then any quantity is too much and worth nothing."""
    q, q0 = np.broadcast_arrays(np.asarray(q, float), np.asarray(q0, float))
    return np.asarray(np.divide(q, q0, out=np.full(q.shape, np.inf), where=q0 > 0))


def _where_wanted(q0: Array, value: Array) -> Array:
    """Return the value where something is wanted, 0 elsewhere."""
    return np.asarray(np.where(np.asarray(q0) > 0, value, 0.0))


def willingness(q: Array, q0: Array, p0: Array, elasticity: Array, choke: Array) -> Array:
    """Return the price at which ``q`` is wanted.

    ``B'(q) = p0 min(choke, (q / q0)^(1 / e))``: constant elasticity ``e < 0`` below a choke price.

    Parameters
    ----------
    q, q0 : array
        Quantity and base quantity, t.
    p0 : array
        Base price, USD/kg.
    elasticity, choke : array
        Elasticity (below zero) and choke as a multiple of the base price.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(p0 * np.minimum(choke, np.power(_filled(q, q0), 1.0 / elasticity)))


def benefit(q: Array, q0: Array, p0: Array, elasticity: Array, choke: Array) -> Array:
    """Return the benefit of ``q``, in thousands of USD.

    ``B(q) = int_0^q B'(s) ds``: ``choke p0 q`` up to ``qc = q0 choke^e``, then
    ``choke p0 qc + p0 q0 / (1 + 1/e) ((q/q0)^(1 + 1/e) - (qc/q0)^(1 + 1/e))``; a logarithm where ``e = -1``.
    """
    size = np.where(np.asarray(q0) > 0, q0, 1.0)
    kink = size * np.power(choke, elasticity)
    below = choke * p0 * np.minimum(q, kink)
    power = 1.0 + 1.0 / elasticity
    ratio, start = np.maximum(q, kink) / size, kink / size
    unit = np.isclose(power, 0.0)
    safe = np.where(unit, 1.0, power)
    with np.errstate(divide="ignore", invalid="ignore"):  # of the two only one is meant
        curve = np.where(unit, np.log(ratio / start), (ratio**safe - start**safe) / safe)
    return _where_wanted(q0, below + p0 * size * curve)


def willingness_fall(q: Array, q0: Array, p0: Array, elasticity: Array, choke: Array) -> Array:
    """``B''(q) = p0 / (e q0) (q / q0)^(1/e - 1)`` beyond the choke, 0 below it: USD/kg by tonne."""
    size = np.where(np.asarray(q0) > 0, q0, 1.0)
    with np.errstate(divide="ignore", over="ignore"):
        curve = p0 / (elasticity * size) * np.power(q / size, 1.0 / elasticity - 1.0)
    return _where_wanted(q0, np.where(q > size * np.power(choke, elasticity), curve, 0.0))


def linear_willingness(q: Array, q0: Array, p0: Array, elasticity: Array, choke: Array) -> Array:
    """Return the price at which ``q`` is wanted on a straight line.

    ``B'(q) = p0 min(choke, max(0, 1 + (q / q0 - 1) / e))``: elasticity ``e < 0`` at the base point, never above the
    choke price. Demand stops at ``q0 (1 - e)``, where the price is zero (:func:`most_wanted`).
    """
    return np.asarray(p0 * np.minimum(choke, np.maximum(0.0, 1.0 + (_filled(q, q0) - 1.0) / elasticity)))


def linear_benefit(q: Array, q0: Array, p0: Array, elasticity: Array, choke: Array) -> Array:
    """Return the benefit of ``q`` on a straight line, in thousands of USD.

    ``choke p0 q`` up to ``qc = q0 max(0, 1 + e (choke - 1))``, then with ``r = q / q0``, ``rc = qc / q0``:
    ``choke p0 qc + p0 q0 ((r - rc) + ((r - 1)^2 - (rc - 1)^2) / (2 e))``, and no more beyond ``r = 1 - e``.
    """
    kink = np.maximum(0.0, 1.0 + elasticity * (choke - 1.0))
    ratio = np.clip(_filled(q, q0), kink, 1.0 - elasticity)
    below = choke * p0 * np.minimum(q, q0 * kink)
    return below + p0 * q0 * ((ratio - kink) + ((ratio - 1.0) ** 2 - (kink - 1.0) ** 2) / (2.0 * elasticity))


def linear_willingness_fall(q: Array, q0: Array, p0: Array, elasticity: Array, choke: Array) -> Array:
    """``B''(q) = p0 / (e q0)`` between the choke and the price of zero, 0 outside: USD/kg by tonne."""
    line = 1.0 + (_filled(q, q0) - 1.0) / elasticity
    size = np.where(np.asarray(q0) > 0, q0, 1.0)
    return np.where((line < choke) & (line >= 0.0), p0 / (elasticity * size), 0.0)


def most_wanted(q0: Array, elasticity: Array, linear: npt.NDArray[np.bool_]) -> Array:
    """``q <= q0 (1 - e)`` on a straight line, where the price is zero: nobody uses more to be rid of it."""
    return np.where(linear, q0 * (1.0 - elasticity), np.inf)


def surplus(
    q: Array,
    price: Array,
    q0: Array,
    p0: Array,
    elasticity: Array,
    choke: Array,
    linear: npt.NDArray[np.bool_] | bool = False,
) -> Array:
    """Return what users gain beyond what they pay, thousands of USD: ``B(q) - p q``."""
    return DemandCurve(q0, p0, elasticity, choke, np.asarray(linear)).benefit(q) - price * q


@dataclass(frozen=True)
class DemandCurve:
    """Demand curves through their base points, each of constant elasticity or a straight line.

    Parameters
    ----------
    q0, p0 : array
        Base quantity, t, and base price, USD/kg.
    elasticity, choke : array
        Elasticity at the base point (below zero) and choke as a multiple of the base price.
    linear : array of bool
        Which ones are straight lines.
    """

    q0: Array
    p0: Array
    elasticity: Array
    choke: Array
    linear: npt.NDArray[np.bool_]

    def price(self, q: Array) -> Array:
        """``B'(q)``, USD/kg: :func:`willingness` or :func:`linear_willingness`."""
        return self._either(willingness, linear_willingness, q)

    def benefit(self, q: Array) -> Array:
        """``B(q)``, thousands of USD: :func:`benefit` or :func:`linear_benefit`."""
        return self._either(benefit, linear_benefit, q)

    def fall(self, q: Array) -> Array:
        """``B''(q)``, USD/kg by tonne: :func:`willingness_fall` or :func:`linear_willingness_fall`."""
        return self._either(willingness_fall, linear_willingness_fall, q)

    def _either(self, curved: _Law, straight: _Law, q: Array) -> Array:
        """Return one law or the other, row by row; only those that somebody asked for are computed."""
        given = (self.q0, self.p0, self.elasticity, self.choke)
        if not self.linear.any():
            return curved(q, *given)
        if self.linear.all():
            return straight(q, *given)
        return np.where(self.linear, straight(q, *given), curved(q, *given))


THRIFT_FROM = 1.1
"""Price, as a multiple of the base price, from which users begin to design a commodity out."""


def thrift(intensity: Array, multiple: Array, elasticity: Array, months: Array) -> Array:
    """Return the intensity of use a month later: what users want as a share of what they wanted at the start.

    ``I' = I - max(0, I - m^-t) / d`` with the price multiple ``m`` (nothing below :data:`THRIFT_FROM`), the lasting
    elasticity ``t`` and the delay ``d`` in months. It only falls: a motor that was designed for less dysprosium is not
    designed back when the price falls (hysteresis; after 2011 magnets per car stayed 40 % and Honda's dysprosium 30 %
    lower).

    Parameters
    ----------
    intensity : array
        Share of the base quantity wanted now.
    multiple : array
        Price over base price.
    elasticity, months : array
        ``t``, 0 where nobody saves, and ``d``, at least 1.
    """
    high = np.maximum(multiple, 1.0)
    target = np.where(high > THRIFT_FROM, np.power(high, -elasticity), 1.0)
    return np.asarray(intensity - np.maximum(0.0, intensity - target) / months)
