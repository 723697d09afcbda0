"""Small ordinary cases in the schema: a test states the rows and cells that matter, the rest is filled in here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from didymium.case.case import Case, load_case
from didymium.case.read import Grid
from didymium.case.tables import TABLES

Row = Mapping[str, Any]
Tables = dict[str, list[Row]]

ASSUMPTIONS = {
    "a_discount_rate": 0.05,
    "a_holding_cost": 0.03,
    "a_jpy_per_usd": 150.0,
    "a_industry_dependence": 0.2,
    "a_no_shock": 1.0,
    "a_price_sigma": 0.1,
    "a_project_life": 20.0,
    "a_stock_buying_cap": 0.15,
    "a_stock_most": 180.0,
    "a_supply_elasticity_mine": 0.5,
    "a_supply_elasticity_processing": 2.0,
}
"""What the market asks of every case."""

DEFAULTS: dict[str, Row] = {
    "sources": {"title": "A book", "publisher": "A publisher", "date": "2024", "address": "https://example.org",
                "grade": "A"},
    "assumptions": {"topic": "test", "unit": "ratio", "reason": "A test needs it.", "date": "2024"},
    "regions": {"role": "other", "latitude": 0, "longitude": 0},
    "commodities": {"stage": "metal", "elements": "Dy", "unit": "t", "basis": "element", "calibrated": "yes",
                    "disposal_cost": 300, "disposal_unit": "USD/t"},
    "processes": {"capacity_side": "output", "mixed": "strict"},
    "recipes": {"unit": "t/t", "basis": "element"},
    "facilities": {"unit": "t/year", "basis": "element", "status": "operating", "start": "2010", "additive": "yes"},
    "ramps": {},
    "caps": {},
    "projects": {"capex": 1_000_000, "unit": "USD", "lead_time": 24, "lead_time_low": 12, "lead_time_high": 36,
                 "lead_time_unit": "month", "lead_time_source": "book", "committed": "no"},
    "costs": {"process": "*", "region": "*", "unit": "USD/kg", "basis": "element"},
    "routes": {"commodity": "*", "origin": "*", "destination": "*", "cost": 1, "unit": "USD/kg", "transit_days": 0,
               "tariff": 0, "open": "yes"},
    "end_uses": {"priority": 2, "elasticity": -0.5, "elasticity_low": -1, "elasticity_high": -0.1,
                 "elasticity_source": "book", "choke": 100, "choke_low": 2, "choke_high": 1000},
    "demands": {"year": 2024, "unit": "t", "basis": "element"},
    "cross_terms": {"unit": "t/(USD/kg)"},
    "growth": {},
    "stocks": {"owner": "firms", "kind": "commercial", "region": "*", "unit": "day", "basis": "none", "band": "band",
               "release": "free"},
    "prices": {"date": "2024", "market": "spot", "unit": "USD/kg", "basis": "element", "use": "fit"},
    "statistics": {"year": 2024, "series": "yearbook", "unit": "t", "basis": "element", "use": "fit"},
    "backtests": {},
    "purses": {"unit": "USD", "price_year": 2024, "counted": "yes"},
    "exchange_rates": {"year": 2024},
    "deflators": {},
    "measures": {},
    "value_added": {"year": 2024, "unit": "USD"},
    "input_output": {"year": 2024, "unit": "USD"},
    "studies": {"publisher": "A house", "scope": "rare_earths", "months": 12, "unit": "", "method": "A model.",
                "driver": "An assumption."},
}  # fmt: skip
"""Cells of a table's rows where a test does not give them."""


def write_case(
    folder: Path,
    tables: Tables,
    scenarios: Mapping[str, str] | None = None,
    base_year: int = 2024,
    calibration: str = "fitted",
) -> Path:
    """Write a case folder.

    ``sources`` always holds `book` and ``assumptions`` what the market asks for; rows cite `book` where they name no
    source, and are called by their id where they have no name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    given = dict(tables)
    given["sources"] = [{"source": "book"}, *given.get("sources", [])]
    changed = {str(row["assumption"]) for row in given.get("assumptions", [])}
    made = [{"assumption": name, "value": value} for name, value in ASSUMPTIONS.items() if name not in changed]
    given["assumptions"] = [*made, *given.get("assumptions", [])]
    for name, rows in given.items():
        table = TABLES[name]
        full = [_complete(name, row) for row in rows]
        grid = Grid(table.columns, [[str(row.get(column, "")) for column in table.columns] for row in full], [])
        (folder / f"{name}.csv").write_text(grid.csv(), "utf-8", newline="")
    (folder / "case.toml").write_text(
        f'name = "{folder.name}"\ntitle = "Small"\nbase_year = {base_year}\nreference_basket = ""\nsigned = ""\n'
        f'calibration = "{calibration}"\n',
        "utf-8",
    )
    (folder / "scenarios").mkdir(exist_ok=True)
    for name, text in (scenarios or {}).items():
        (folder / "scenarios" / f"{name}.toml").write_text(text, "utf-8")
    return folder


def _complete(table: str, row: Row) -> dict[str, Any]:
    columns = TABLES[table].columns
    full = {**DEFAULTS[table], **row}
    key = TABLES[table].key[0]
    for name in ("name", "name_ja"):
        if name in columns:
            full.setdefault(name, full[key])
    if table == "assumptions":
        full.setdefault("low", full["value"])
        full.setdefault("high", full["value"])
    if table == "regions":
        full.setdefault("countries", full["region"])
    if table == "facilities":
        full.setdefault("country", full["region"])
    if "source" in columns:
        full.setdefault("source", "book")
    unknown = set(full) - set(columns)
    assert not unknown, f"table {table} has no column {sorted(unknown)}"
    return full


def make_case(
    folder: Path,
    tables: Tables,
    scenarios: Mapping[str, str] | None = None,
    base_year: int = 2024,
    calibration: str = "fitted",
) -> Case:
    """Write a case and load it through every check."""
    return load_case(write_case(folder, tables, scenarios, base_year, calibration))


def mine_and_user() -> Tables:
    """Return one commodity, one mine, two users: CTL digs 20 t, keeps 10 and sells 10 to ONE over a route of 2 USD/kg.

    The price is 5 USD/kg in CTL, so 7 in ONE; mining costs 2, so the mine earns 3 that costs do not explain.
    """
    return {
        "regions": [{"region": "CTL", "role": "controller"}, {"region": "ONE", "role": "participant"}],
        "commodities": [{"commodity": "ore", "stage": "mine"}],
        "processes": [{"process": "dig", "stage": "mine", "capacity_commodity": "ore", "mixed": "mine"}],
        "recipes": [{"process": "dig", "commodity": "ore", "coefficient": 1}],
        "facilities": [{"facility": "pit", "region": "CTL", "stage": "mine", "processes": "dig", "capacity": 100}],
        "costs": [{"cost": 2}],
        "routes": [{"cost": 2}],
        "end_uses": [{"end_use": "motor"}],
        "demands": [
            {"end_use": "motor", "region": "CTL", "commodity": "ore", "quantity": 10},
            {"end_use": "motor", "region": "ONE", "commodity": "ore", "quantity": 10},
        ],
        "prices": [{"commodity": "ore", "region": "CTL", "price": 5}],
    }


def chain() -> Tables:
    """Return a chain of two stages with stocks, a lag of one month and two partners.

    CTL digs the ore and smelts metal; ONE smelts ore from CTL and sells metal to TWO, which only uses.
    """
    uses = {"CTL": 20, "ONE": 40, "TWO": 30}
    return {
        "regions": [
            {"region": "CTL", "role": "controller"},
            {"region": "ONE", "role": "participant"},
            {"region": "TWO", "role": "participant"},
        ],
        "commodities": [{"commodity": "ore", "stage": "mine"}, {"commodity": "metal"}],
        "processes": [
            {"process": "dig", "stage": "mine", "capacity_commodity": "ore", "mixed": "mine"},
            {"process": "smelt", "stage": "metal", "capacity_commodity": "metal"},
        ],
        "recipes": [
            {"process": "dig", "commodity": "ore", "coefficient": 1},
            {"process": "smelt", "commodity": "ore", "coefficient": -1.25},
            {"process": "smelt", "commodity": "metal", "coefficient": 1},
        ],
        "facilities": [
            {"facility": "pit", "region": "CTL", "stage": "mine", "processes": "dig", "capacity": 150},
            {"facility": "works", "region": "CTL", "stage": "metal", "processes": "smelt", "capacity": 100},
            {"facility": "works_one", "region": "ONE", "stage": "metal", "processes": "smelt", "capacity": 60},
        ],
        "costs": [{"process": "dig", "cost": 2}, {"process": "smelt", "cost": 3}],
        "routes": [{"transit_days": 30}],
        "end_uses": [{"end_use": "motor", "elasticity": -0.3, "choke": 20, "choke_low": 2, "choke_high": 100}],
        "demands": [
            {"end_use": "motor", "region": region, "commodity": "metal", "quantity": quantity, "low": 0.95 * quantity,
             "high": 1.05 * quantity} for region, quantity in uses.items()
        ],
        "statistics": [{"flow": "production", "commodity": "metal", "region": "ONE", "quantity": 50}],
        "prices": [
            {"commodity": "ore", "region": "CTL", "price": 4},
            {"commodity": "metal", "region": "CTL", "price": 10},
        ],
        "stocks": [
            {"stock": "firms_metal", "commodity": "metal", "quantity": 45, "low": 30, "high": 60},
            {"stock": "firms_ore", "commodity": "ore", "quantity": 60, "low": 30, "high": 90},
        ],
    }  # fmt: skip
