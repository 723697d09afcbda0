"""Reconcile: the smallest change of what statistics say that makes every market balance."""

from didymium.case.reconcile.balance import Balanced, balance
from didymium.case.reconcile.verb import reconcile

__all__ = ["Balanced", "balance", "reconcile"]
