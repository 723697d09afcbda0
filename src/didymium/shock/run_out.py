"""How long a stock lasts and how much is needed: the arithmetic that the month-by-month engine is checked against."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def missing_share(outside: float, thrift: float = 0.0, licensed: float = 0.0) -> float:
    """Return the share of normal use that stock must give: ``m = (1 - s)(1 - a) - c``, at least 0.

    Parameters
    ----------
    outside : float
        Share ``s`` of normal use that comes from elsewhere than the controller.
    thrift : float
        Share ``c`` of normal use that is saved.
    licensed : float
        Share ``a`` of the controller's deliveries that its licences let through.
    """
    return max(0.0, (1.0 - outside) * (1.0 - licensed) - thrift)


def run_out(days: float, outside: float, thrift: float = 0.0, licensed: float = 0.0) -> float:
    """Return the days that a stock lasts: ``T = S / m``, infinite where nothing is missing.

    Parameters
    ----------
    days : float
        Stock ``S`` in days of normal use.
    outside, thrift, licensed : float
        As for :func:`missing_share`.
    """
    missing = missing_share(outside, thrift, licensed)
    return days / missing if missing > 0 else float("inf")


def run_out_by(days: float, missing: Array) -> float:
    """Return the days that a stock lasts as more and less is missing: ``T`` with ``int_0^T m(t) dt = S``.

    Days on which nothing is missing do not count. After the last day as much is missing as was on the mean.

    Parameters
    ----------
    days : float
        Stock ``S`` in days of normal use, or in whatever ``missing`` takes of it a day.
    missing : array, days
        Share ``m`` of normal use that is missing.
    """
    on = missing[missing > 0]
    if not len(on):
        return float("inf")
    taken = np.append(0.0, np.cumsum(on))
    if days >= taken[-1]:
        return float(days * len(on) / taken[-1])
    at = int(np.searchsorted(taken, days, side="right")) - 1
    return float(at + (days - taken[at]) / on[at])


def days_needed(halt: float, outside: float, thrift: float = 0.0, licensed: float = 0.0) -> float:
    """Return the stock, in days of normal use, that bridges a halt of ``halt`` days: ``halt x m``."""
    return halt * missing_share(outside, thrift, licensed)


def pooled_run_out(days: Array, daily: Array, missing: Array) -> float:
    """Return how long partners last who share their stocks: ``T`` with ``int_0^T sum m_i d_i dt = sum S_i d_i``, days.

    Where as much is missing every day: ``T = sum S_i d_i / sum m_i d_i``.

    It lies between the shortest and the longest of the partners' own times. A partner who misses nothing lends all it
    holds: what its own cover becomes is :func:`lender_cover`.

    Parameters
    ----------
    days : array
        Stock of each, days of its normal use.
    daily : array
        Normal use of each, t/day.
    missing : array, partners x days
        Share of normal use that each misses.
    """
    return run_out_by(float(days @ daily), daily @ missing)


def needed_by(days: float, missing: Array) -> Array:
    """Return what partners miss until a day that :func:`pooled_run_out` gives: ``int_0^T m_i(t) dt``.

    Parameters
    ----------
    days : float
        Day ``T``, of those on which any of them misses something.
    missing : array, partners x days
        Share of normal use that each misses.
    """
    on = missing[:, missing.any(axis=0)]
    taken = np.column_stack([np.zeros(len(missing)), np.cumsum(on, axis=1)])
    if days > on.shape[1]:
        return np.asarray(taken[:, -1] * days / on.shape[1])
    return np.array([np.interp(days, np.arange(taken.shape[1]), each) for each in taken])


def lender_cover(days: float, daily: float, lent: float) -> float:
    """Return the cover of a partner that has lent ``lent`` tonnes: ``S - lent / d``, days, at least 0."""
    return max(0.0, days - lent / daily)
