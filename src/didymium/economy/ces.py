"""What an industry still makes with less of one input, when it can replace a little of it (CES).

Share form through the base point: ``y = ((1 - theta) + theta r^rho)^(1 / rho)``, ``rho = (s - 1) / s``. ``r`` is what
it gets of the input over what it took before, ``theta`` the input's share of the cost of output, ``s`` the elasticity
of substitution: 0 replaces nothing (Leontief, ``y = r``), 1 keeps the input's share of cost (Cobb-Douglas,
``y = r^theta``).

Source: the production function of Arrow, Chenery, Minhas and Solow (1961) in the share form of Klump, McAdam and
Willman (2012). That the first-order loss is the cost share, and that what comes on top grows as ``(1 - s) / s``, is
Baqaee and Farhi (2019).
"""

from __future__ import annotations

import numpy as np

from didymium.economy.willingness import Array
from didymium.faults import DidymiumError
from didymium.messages import _

SWEEP = (0.0, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Elasticities of substitution that are shown side by side: from none to that of Cobb and Douglas."""


def output(ratio: Array, share: Array, substitution: float) -> Array:
    """Return output over base output: ``y = ((1 - theta) + theta r^rho)^(1 / rho)``.

    Computed in logarithms: at ``s = 0.05`` the power of a half is above 500,000.

    Parameters
    ----------
    ratio : array
        ``r``, what comes of the input over what came before, 0 to 1.
    share : array
        ``theta``, the input's share of the value of output at base prices, above 0 and below 1.
    substitution : float
        ``s``, at least 0.

    Raises
    ------
    DidymiumError
        A value outside these bounds.
    """
    ratio, share = np.broadcast_arrays(np.asarray(ratio, dtype=float), np.asarray(share, dtype=float))
    sound = (ratio >= 0).all() and (ratio <= 1).all() and (share > 0).all() and (share < 1).all() and substitution >= 0
    if not sound:
        raise DidymiumError(
            _("a quantity share outside 0 to 1, a cost share that is not between them, or a substitution below 0")
        )
    if substitution == 0.0:
        return np.array(ratio)
    with np.errstate(divide="ignore"):
        short = np.log(ratio)
    if substitution == 1.0:
        return np.asarray(np.exp(share * short))
    rho = (substitution - 1.0) / substitution
    return np.asarray(np.exp(np.logaddexp(np.log1p(-share), np.log(share) + rho * short) / rho))


def lost(value: Array, worth: Array, ratio: Array, substitution: float) -> Array:
    """Return value added lost: ``(V + m)(1 - y) - m (1 - r)``, in the unit of ``value``.

    Output falls to ``y``, and what is not bought of the input is not paid for: value added at base prices, as national
    accounts deflate it twice. With ``s = 0`` it is ``V (1 - r)``, what :func:`didymium.economy.value.at_risk` says.

    Parameters
    ----------
    value : array
        ``V``, value added of what depends on the input.
    worth : array
        ``m``, what the input cost, above 0.
    ratio : array
        ``r``, 0 to 1.
    substitution : float
        ``s``, at least 0.
    """
    gross = value + worth
    return np.asarray(gross * (1.0 - output(ratio, worth / gross, substitution)) - worth * (1.0 - ratio))
