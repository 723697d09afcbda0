"""What an end use pays: the benefit of a quantity and the price at which it is wanted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


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
        return p0 * np.minimum(choke, np.power(q / q0, 1.0 / elasticity))


def benefit(q: Array, q0: Array, p0: Array, elasticity: Array, choke: Array) -> Array:
    """Return the benefit of ``q``, in thousands of USD.

    ``B(q) = int_0^q B'(s) ds``: ``choke p0 q`` up to ``qc = q0 choke^e``, then
    ``choke p0 qc + p0 q0 / (1 + 1/e) ((q/q0)^(1 + 1/e) - (qc/q0)^(1 + 1/e))``; a logarithm where ``e = -1``.
    """
    kink = q0 * np.power(choke, elasticity)
    below = choke * p0 * np.minimum(q, kink)
    power = 1.0 + 1.0 / elasticity
    ratio, start = np.maximum(q, kink) / q0, kink / q0
    unit = np.isclose(power, 0.0)
    safe = np.where(unit, 1.0, power)
    curve = np.where(unit, np.log(ratio / start), (ratio**safe - start**safe) / safe)
    return below + p0 * q0 * curve


def surplus(q: Array, price: Array, q0: Array, p0: Array, elasticity: Array, choke: Array) -> Array:
    """Return what users gain beyond what they pay, thousands of USD: ``B(q) - p q``."""
    return benefit(q, q0, p0, elasticity, choke) - price * q
