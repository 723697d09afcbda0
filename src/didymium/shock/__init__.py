"""Disruption: what a cut does, month by month."""

from didymium.shock.draws import draws
from didymium.shock.verb import shock
from didymium.shock.worst import worst

__all__ = ["draws", "shock", "worst"]
