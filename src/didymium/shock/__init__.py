"""Disruption: what a cut does, month by month."""

from didymium.shock.verb import shock

__all__ = ["shock"]
