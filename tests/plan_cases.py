"""Small cases of the literature in the ordinary tables, and the plumbing that solves them both ways."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from case_factory import Tables, chain, make_case
from didymium.case.case import Case
from didymium.case.scenario import Outage, Restriction, Scenario
from didymium.market.prepare import prepare
from didymium.market.solve import Solution
from didymium.market.tree import add_months
from didymium.plan.candidates import candidates
from didymium.plan.desk import Desk, Terms
from didymium.plan.extensive import solve_whole
from didymium.plan.lshaped import Found
from didymium.plan.planner import Planner
from didymium.plan.stories import Story
from didymium.plan.unfold import unfold

YEAR = 2024
ALMOST_FLAT = -1e8
"""Elasticity of a use that pays one price for whatever it takes."""


def farmer(folder: Path) -> Case:
    """Return the farmer of Birge and Louveaux: 500 acres for wheat, corn and beets, yields of 80, 100 or 120 %.

    Planting is a project that may be built in part; land is a cap; a yield is an outage; fields state their best yield.
    What cattle eat is worth far more than it costs to buy. Beets beyond 6,000 t serve as cheap beets. In kUSD: 1 USD of
    the book is 1 kUSD here.
    """
    crops = {"wheat": (150.0, 2.5, 170.0), "corn": (230.0, 3.0, 150.0), "beets": (260.0, 20.0, 36.0)}
    best, acres = 1.2, 500.0
    names = ["wheat", "corn", "beets", "wheat_feed", "corn_feed", "beets_cheap"]
    serves = {"wheat": "wheat_feed", "corn": "corn_feed", "beets": "beets_cheap"}
    price = {"wheat": 170, "corn": 150, "beets": 36, "beets_cheap": 10, "wheat_feed": 1000, "corn_feed": 1000}
    # A flat use takes up to twice its base quantity.
    most = {"wheat": 1e5, "corn": 1e5, "beets": 6000, "beets_cheap": 1e5, "wheat_feed": 200, "corn_feed": 240}
    bought = {"wheat_feed": 238, "corn_feed": 210, "beets_cheap": 1000}  # nobody buys these: a market needs a maker
    tables: Tables = {
        "assumptions": [
            {"assumption": "a_discount_rate", "value": 0.0}, {"assumption": "a_project_life", "value": 1.0},
        ],
        "regions": [
            {"region": "FARM", "role": "participant"}, {"region": "TOWN", "role": "participant"},
            {"region": "CTL", "role": "controller"},
        ],
        "commodities": [{"commodity": name, "stage": "mine", "serves_as": serves.get(name, "")} for name in names],
        "processes": [
            {"process": f"grow_{name}", "stage": "mine", "capacity_commodity": name, "mixed": "mine"} for name in names
        ],
        "recipes": [{"process": f"grow_{name}", "commodity": name, "coefficient": 1} for name in names],
        "facilities": [
            *({"facility": f"{name}_field", "region": "FARM", "stage": "mine", "processes": f"grow_{name}",
               "capacity": tonnes * best * acres, "status": "feasibility", "start": str(YEAR)}
              for name, (_cost, tonnes, _price) in crops.items()),
            *({"facility": f"{name}_merchant", "region": "FARM", "stage": "mine", "processes": f"grow_{name}",
               "capacity": 1e6, "status": "feasibility", "start": str(YEAR)} for name in bought),
        ],
        "projects": [
            *({"facility": f"{name}_field", "capex": cost * acres * 1000, "lead_time": 0, "lead_time_low": 0,
               "lead_time_high": 0, "sponsors": "FARM", "scalable": "yes"}
              for name, (cost, _tonnes, _price) in crops.items()),
            *({"facility": f"{name}_merchant", "capex": 0, "lead_time": 0, "lead_time_low": 0, "lead_time_high": 0,
               "committed": "yes"} for name in bought),
        ],
        "caps": [
            {"cap": "land", "name": "Land", "facility": f"{name}_field", "use": acres, "limit": acres, "unit": "acre"}
            for name in crops
        ],
        "costs": [
            {"process": "*", "cost": 0.0},
            *({"process": f"grow_{name}", "cost": cost} for name, cost in bought.items()),
        ],
        "routes": [{"commodity": "wheat", "origin": "FARM", "destination": "CTL", "cost": 1e6}],
        "end_uses": [{"end_use": "buyers", "elasticity": ALMOST_FLAT, "elasticity_low": 2 * ALMOST_FLAT,
                      "elasticity_high": -1, "choke": 2, "choke_low": 1.5, "choke_high": 3}],
        "demands": [
            {"end_use": "buyers", "region": "FARM", "commodity": name, "quantity": most[name] / 2} for name in names
        ],
        "prices": [{"commodity": name, "region": "FARM", "price": price[name]} for name in names],
        "purses": [{"purse": "barn", "region": "FARM", "amount": 1e12}],
    }  # fmt: skip
    return make_case(folder, tables, {}, calibration="stated")


FEED = 1000.0 * (200 + 240)
"""What the cattle's feed is worth in the case, which the book does not count."""

YIELDS = {"below": 0.8, "average": 1.0, "above": 1.2}


def farmer_stories(share: float = 1 / 3) -> list[Story]:
    """Return the three yields, each a year's outage of all fields against their best."""
    stories = []
    for name, factor in YIELDS.items():
        outages = tuple(
            Outage(f"{crop}_field", date(YEAR, 1, 1), date(YEAR + 1, 1, 1), factor / 1.2, ("caps/land|wheat_field",))
            for crop in ("wheat", "corn", "beets")
        )
        stories.append(Story(name, Scenario(name, name, "", date(YEAR, 1, 1), 12, outages=outages), share))
    return stories


def desk_for(case: Case, stories: list[Story], who: tuple[str, ...], last: int = YEAR, **terms: Any) -> Desk:
    """Return the desk of a case whose plan begins in its base year, unless told otherwise."""
    days = terms.pop("decisions", (date(YEAR, 1, 1),))
    step = terms.pop("step", 3)
    market = prepare(case)
    rate = case.assumption("a_discount_rate")
    tree = unfold(stories, days[0], last, rate, step)
    return Desk(case, market, tree, candidates(case, market, days[0]), Terms(days, **terms), who)


def decomposed(
    desk: Desk, who: tuple[str, ...], gap: float = 1e-9, risk: float = 0.0, weight: float = 1.0
) -> tuple[Planner, Found, float]:
    """Return the planner, what the L-shaped method finds, and its objective in full, MUSD."""
    planner = Planner(desk, threads=1, gap=gap, weights=(weight,))
    made = planner.search_of(who, weight, risk)
    planner.searches[who, weight] = made
    found = made.run(gap)
    planner.found[who] = found
    return planner, found, planner.total(made, found)


def extensive(desk: Desk, who: tuple[str, ...], weight: float = 1.0) -> Solution:
    """Return the whole tree as one program, solved."""
    return solve_whole(desk, who, weight)


def shares(desk: Desk, found: Found) -> dict[str, float]:
    """Return what is built, by decision."""
    return {x.label: float(b) for x, b in zip(desk.projects, np.asarray(found.decision.build), strict=True) if x.choose}


def keeper(folder: Path, **assumptions: float) -> Case:
    """Return the case of a keeper of stocks."""
    return make_case(folder, keeper_tables(**assumptions), {}, calibration="stated")


def thrifty(folder: Path, capacity: float = 5.0, cost: float = 4.0) -> Case:
    """Return the keeper's region with a programme of thrift: it spares some tonnes a year for 4 USD/kg.

    Its capital is 10 kUSD a year, and it may be built in part.
    """
    tables = keeper_tables()
    tables["processes"] = [*tables["processes"], {"process": "spare", "stage": "use", "capacity_commodity": "metal",
                                                  "mixed": "saving"}]  # fmt: skip
    tables["recipes"] = [*tables["recipes"], {"process": "spare", "commodity": "metal", "coefficient": 1}]
    tables["facilities"] = [
        *tables["facilities"],
        {"facility": "thrift", "region": "ONE", "stage": "use", "processes": "spare", "capacity": capacity,
         "status": "feasibility"},
    ]  # fmt: skip
    tables["costs"] = [*tables["costs"], {"process": "spare", "cost": cost}]
    tables["projects"] = [
        *tables["projects"],
        {"facility": "thrift", "capex": 10_000, "lead_time": 0, "lead_time_low": 0, "lead_time_high": 0,
         "sponsors": "ONE", "scalable": "yes"},
    ]  # fmt: skip
    return make_case(folder, tables, {}, calibration="stated")


def keeper_tables(**assumptions: float) -> Tables:
    """Return a region that buys 20 t a year at 9 USD/kg from the controller and would pay 10, all of it flat.

    What is left of a strategic stock sells at 8. Nothing is discounted and holding is free.
    """
    held = {"a_discount_rate": 0.0, "a_holding_cost": 0.0, "a_stock_buying_cap": 1.0, "a_stock_most": 3650.0,
            "a_project_life": 1.0, **assumptions}  # fmt: skip
    flat = {"elasticity": ALMOST_FLAT, "elasticity_low": 2 * ALMOST_FLAT, "elasticity_high": -1, "choke": 2,
            "choke_low": 1.5, "choke_high": 3}  # fmt: skip
    tables: Tables = {
        "assumptions": [{"assumption": name, "value": value} for name, value in held.items()],
        "regions": [
            {"region": "CTL", "role": "controller"}, {"region": "ONE", "role": "participant"},
            {"region": "TWO", "role": "participant"},
        ],
        "commodities": [{"commodity": "metal"}],
        "processes": [{"process": "smelt", "stage": "metal", "capacity_commodity": "metal", "mixed": "mine"}],
        "recipes": [{"process": "smelt", "commodity": "metal", "coefficient": 1}],
        "facilities": [
            {"facility": "works", "region": "CTL", "stage": "metal", "processes": "smelt", "capacity": 1000,
             "status": "feasibility", "start": str(YEAR)},
        ],
        "projects": [{"facility": "works", "capex": 0, "lead_time": 0, "lead_time_low": 0, "lead_time_high": 0,
                      "committed": "yes"}],
        "costs": [{"cost": 8}],
        "routes": [{"cost": 1}],
        "end_uses": [{"end_use": "motor", **flat}],
        "demands": [{"end_use": "motor", "region": "ONE", "commodity": "metal", "quantity": 10}],
        "prices": [{"commodity": "metal", "region": "ONE", "price": 10}],
        "purses": [{"purse": "chest", "region": "ONE", "amount": 1e9}],
    }  # fmt: skip
    return tables


def cut(
    months: int,
    begin: date,
    name: str = "",
    reach: tuple[str, ...] = ("ONE", "TWO"),
    goods: tuple[str, ...] = ("metal",),
) -> Scenario:
    """Return a halt of the controller's exports for some months."""
    ban = Restriction("halt", "ban", "CTL", frozenset(goods), frozenset(reach), begin, add_months(begin, months),
                      ((begin, 0.0),), 0.0, ("regions/CTL",))  # fmt: skip
    name = name or f"cut-{months}"
    return Scenario(name, name, "", begin, months, (ban,))


def investors(folder: Path, **assumptions: float) -> Case:
    """Return the chain of three regions with four projects to decide, two purses and strategic stocks."""
    tables = chain()
    tables["assumptions"] = [{"assumption": name, "value": value} for name, value in assumptions.items()]
    kinds = {"smelter_one": ("ONE", 20, 90), "smelter_two": ("TWO", 25, 120), "small_two": ("TWO", 8, 30),
             "line_one": ("ONE", 12, 40)}  # fmt: skip
    tables["facilities"] = [
        *tables["facilities"],
        {"facility": "pit_one", "region": "ONE", "stage": "mine", "processes": "dig", "capacity": 70,
         "status": "feasibility"},
        *({"facility": name, "region": region, "stage": "metal", "processes": "smelt", "capacity": size,
           "status": "feasibility"} for name, (region, size, _capex) in kinds.items()),
    ]  # fmt: skip
    both = {"lead_time": 12, "lead_time_low": 6, "lead_time_high": 24, "sponsors": "ONE;TWO"}
    tables["projects"] = [
        {"facility": "pit_one", "capex": 200_000, **both},
        *({"facility": name, "capex": capex * 1000, **both, "sponsors": region,
           "scalable": "yes" if name == "line_one" else "no"} for name, (region, _size, capex) in kinds.items()),
    ]  # fmt: skip
    tables["purses"] = [
        {"purse": "one", "region": "ONE", "amount": 330_000}, {"purse": "two", "region": "TWO", "amount": 130_000},
    ]  # fmt: skip
    return make_case(folder, tables)


def abroad(folder: Path, reserved: str = "cut") -> Case:
    """Return the chain of three regions with a fourth that uses metal and where the partners may pay for a smelter.

    ONE sells none of its own metal there: otherwise it would send back what the right brings.
    """
    tables = chain()
    tables["assumptions"] = [{"assumption": "a_reserved_share", "value": 0.65}]
    tables["regions"] = [*tables["regions"], {"region": "FAR", "role": "other"}]
    tables["routes"] = [*tables["routes"], {"origin": "ONE", "destination": "FAR", "transit_days": 30, "open": "no"}]
    tables["demands"] = [*tables["demands"], {"end_use": "motor", "region": "FAR", "commodity": "metal", "quantity": 30,
                                              "low": 28.5, "high": 31.5}]  # fmt: skip
    tables["facilities"] = [
        *tables["facilities"],
        {"facility": "pit_far", "region": "FAR", "stage": "mine", "processes": "dig", "capacity": 120},
        {"facility": "smelter_far", "region": "FAR", "stage": "metal", "processes": "smelt", "capacity": 25,
         "status": "feasibility"},
    ]  # fmt: skip
    tables["projects"] = [{"facility": "smelter_far", "capex": 1_000, "lead_time": 12, "lead_time_low": 6,
                           "lead_time_high": 24, "sponsors": "ONE;TWO", "reserved": reserved}]  # fmt: skip
    tables["purses"] = [
        {"purse": "one", "region": "ONE", "amount": 1e6},
        {"purse": "two", "region": "TWO", "amount": 1e6},
    ]
    return make_case(folder, tables)


def three_ways(first: int = 2026) -> list[Story]:
    """Return calm, a cut of six and one of eighteen months from the same day, and a later one."""
    begin, later = date(first, 1, 1), date(first + 2, 1, 1)
    both = ("metal", "ore")
    return [
        Story("calm", None, 0.4),
        Story("short", cut(6, begin, "short", goods=both), 0.3),
        Story("long", cut(18, begin, "long", goods=both), 0.2),
        Story("late", cut(6, later, "late", goods=both), 0.1),
    ]
