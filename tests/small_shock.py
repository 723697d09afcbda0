"""A small network with several measures on it: quick to run many times."""

from __future__ import annotations

from case_factory import Tables, chain

SCENARIO = """
title = "Cuts"
start = "2025-01-01"
months = 8

[[measure]]
id = "metal_one"
kind = "licence"
controller = "CTL"
commodities = ["metal"]
destinations = ["ONE"]
start = "2025-02-01"
end = "2025-05-31"
approval = [["2025-02-01", 0.4], ["2025-04-01", 0.6]]
approval_low = [["2025-02-01", 0.1], ["2025-04-01", 0.3]]
approval_high = [["2025-02-01", 0.6], ["2025-04-01", 1.0]]
delay_days = 0
source = "book"

[[measure]]
id = "ore_one"
kind = "ban"
controller = "CTL"
commodities = ["ore"]
destinations = ["ONE"]
start = "2025-02-01"
end = "2025-06-30"
source = "book"

[[measure]]
id = "metal_two"
kind = "ban"
controller = "CTL"
commodities = ["metal"]
destinations = ["TWO"]
start = "2025-02-01"
end = "2025-06-30"
source = "book"

[[outage]]
facility = "works_one"
start = "2025-02-01"
end = "2025-04-30"
availability = 0.3
source = "book"

[[outage]]
facility = "pit"
start = "2025-03-01"
end = "2025-04-30"
availability = 0.6
source = "book"
"""


def tables() -> Tables:
    """Return :func:`case_factory.chain` with what draws, value at risk and remedies ask of a case."""
    found = chain()
    found["assumptions"] = [
        {"assumption": "a_draw_onset", "value": 0, "low": -1, "high": 1, "unit": "month"},
        {"assumption": "a_draw_duration", "value": 1, "low": 0.5, "high": 2},
        {"assumption": "a_draw_demand", "value": 1, "low": 0.9, "high": 1.1},
    ]
    found["value_added"] = [
        {"region": "ONE", "sector": "motors", "end_use": "motor", "value": 900_000_000},
        {"region": "TWO", "sector": "motors", "end_use": "motor", "value": 500_000_000},
    ]
    found["stocks"] = [
        *found["stocks"],
        {"stock": "state_metal", "kind": "strategic", "region": "ONE", "commodity": "metal", "quantity": 20, "low": 10,
         "high": 60, "band": "range", "release": "shortage"},
    ]  # fmt: skip
    return found
