"""Figures of the brief and the page: one function each, from result tables to plotly."""
