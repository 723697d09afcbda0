"""Figures on a page of their own: one HTML file that opens offline."""

from __future__ import annotations

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from didymium.report.figures.style import Chart

_STYLE = """body{max-width:780px;margin:2rem auto;padding:0 1rem;font-family:sans-serif;color:#1f2937}
h2{font-size:1.1rem;margin:2rem 0 .3rem}p{font-size:.85rem;color:#4b5563;margin:.2rem 0}"""


def write_page(charts: Sequence[Chart], title: str, path: Path) -> Path:
    """Write figures with their titles and notes; the old page stays if anything fails.

    Parameters
    ----------
    charts : sequence of Chart
        In order.
    title : str
        Of the page.
    path : Path
        File to write.
    """
    parts = [f"<!doctype html><html><head><meta charset='utf-8'><title>{escape(title)}</title>"
             f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"]  # fmt: skip
    for place, chart in enumerate(charts):
        drawn = chart.wide.to_html(full_html=False, include_plotlyjs=place == 0, config={"displayModeBar": False})
        parts.append(f"<h2>{escape(chart.title)}</h2>{drawn}<p>{escape(chart.note)}</p>")
    parts.append("</body></html>\n")
    beside = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        beside.write_text("\n".join(parts), "utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return path
