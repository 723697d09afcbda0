"""Promises: commitments, their clocks and their status by what was known on a day."""

from didymium.track.verb import track

__all__ = ["track"]
