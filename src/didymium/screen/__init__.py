"""Exposure: how concentrated each stage of each element is, and how much of it a participant takes from where."""

from didymium.screen.verb import screen

__all__ = ["screen"]
