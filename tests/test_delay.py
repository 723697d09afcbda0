"""A licence takes its time: what is approved today leaves once the licence is out."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from shutil import copytree

from didymium.case.case import load_case

TEXT = """
title = "A licence with a delay"
start = "2025-01-01"
months = 6
[[measure]]
id = "slow"
kind = "licence"
controller = "CHN"
commodities = ["dy_oxide"]
destinations = ["JPN"]
start = "2025-01-01"
approval = [["2025-01-01", 0.5]]
delay_days = {delay}
source = "a_no_shock"
"""


def share(folder: Path, delay: int, first: date, last: date) -> float:
    (folder / "scenarios" / "slow.toml").write_text(TEXT.format(delay=delay), "utf-8")
    return load_case(folder, network=False).scenario("slow").restrictions[0].share(first, last)


def test_nothing_leaves_until_the_first_licence_is_out(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    copytree(Path(__file__).parents[1] / "src/didymium/cases/us_japan", folder)
    january, february, april = date(2025, 1, 1), date(2025, 2, 1), date(2025, 4, 1)
    assert share(folder, 0, january, february) == 0.5
    assert share(folder, 31, january, february) == 0.0
    assert share(folder, 31, february, april) == 0.5
    assert abs(share(folder, 45, january, date(2025, 3, 1)) - 0.5 * 14 / 59) < 1e-12
