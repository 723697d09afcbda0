"""Made-up results over the real case, for tests of the report alone. Their numbers are plausible and mean nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from didymium.result import RESTS_ON, Column, Result, ResultTable, join_inputs

if TYPE_CHECKING:
    from didymium.case.case import Case

MONTHS = [f"{2025 + m // 12}-{m % 12 + 1:02d}" for m in range(24)]
PARTICIPANTS = ("USA", "JPN")
UNITS = {
    "quantity": "t",
    "price": "USD/kg",
    "base": "USD/kg",
    "observed": "USD/kg",
    "rent": "USD/kg",
    "activity": "t",
    "capacity": "t",
    "production": "t",
    "intake": "t",
    "net_export": "t",
    "wanted": "t",
    "served": "t",
    "short": "t",
    "level": "t",
    "days": "days",
    "days_low": "days",
    "days_high": "days",
    "exports": "t",
    "bought": "t",
    "consumer_loss": "MUSD",
    "producer_gain": "MUSD",
    "value_at_risk": "MUSD",
    "value_at_risk_low": "MUSD",
    "value_at_risk_high": "MUSD",
    "public_cost": "MUSD",
    "loss_usa": "MUSD",
    "loss_jpn": "MUSD",
    "gain_usa": "MUSD",
    "gain_jpn": "MUSD",
    "shortage_usa": "t",
    "shortage_jpn": "t",
    "capex": "MUSD",
    "cost": "MUSD",
    "days_left": "days",
    "share": "ratio",
    "short_share": "ratio",
    "multiple": "ratio",
    "hhi": "ratio",
    "top1": "ratio",
    "top3": "ratio",
    "n_minus_1": "ratio",
    "import_share": "ratio",
    "misfit": "ratio",
    "used": "ratio",
    "days_at_start": "days",
    "lowest_days": "days",
}

_SHARE = {  # of world output, by stage: China, United States, Japan, the next two
    "mine": {"CHN": 0.69, "MMR": 0.08, "USA": 0.12, "AUS": 0.06, "ROW": 0.05},
    "light_separation": {"CHN": 0.87, "MYS": 0.07, "USA": 0.03, "EUR": 0.01, "IND": 0.02},
    "heavy_separation": {"CHN": 0.985, "MYS": 0.015},
    "metal": {"CHN": 0.91, "VNM": 0.05, "JPN": 0.025, "EUR": 0.015},
    "alloy": {"CHN": 0.88, "JPN": 0.09, "USA": 0.01, "EUR": 0.02},
    "magnet": {"CHN": 0.89, "JPN": 0.07, "USA": 0.005, "EUR": 0.015, "VNM": 0.02},
}
_WORLD = {
    "ndpr_oxide": 82000,
    "ndpr_metal": 68000,
    "tb_oxide": 480,
    "tb_metal": 390,
    "dy_oxide": 2300,
    "dy_metal": 1850,
    "sm_oxide": 4100,
    "sm_metal": 2600,
    "gd_oxide": 3100,
    "y_oxide": 13500,
    "lace_oxide": 190000,
    "alloy_standard": 150000,
    "alloy_low_dy": 60000,
    "alloy_high_dy": 70000,
    "alloy_smco": 6000,
    "magnet_standard": 118000,
    "magnet_high_temperature": 92000,
    "magnet_smco": 4300,
}
_ELEMENT = {"La": "LaCe", "Ce": "LaCe", "Nd": "NdPr", "Pr": "NdPr"}
_BASE = {
    "ndpr_oxide": 55.0,
    "dy_oxide": 260.0,
    "tb_oxide": 810.0,
    "magnet_high_temperature": 71.0,
    "magnet_standard": 48.0,
    "lace_oxide": 1.1,
    "sm_oxide": 2.1,
    "gd_oxide": 24.0,
    "y_oxide": 6.0,
}


def table(name: str, rows: list[dict[str, Any]], key: tuple[str, ...]) -> ResultTable:
    frame = pd.DataFrame(rows)
    columns = {c: Column(UNITS.get(c, ""), c.replace("_", " ")) for c in frame.columns if c != RESTS_ON}
    return ResultTable(name, name.replace("_", " ").capitalize(), frame, columns, key)


def result(case: Case, verb: str, *tables: ResultTable, **options: Any) -> Result:
    manifest = {
        "made": "2026-11-21T09:00:00+00:00",
        "inputs": case.digest,
        "versions": {"didymium": "0.1.0"},
        "options": options,
        "solver": {"name": "highs", "status": "optimal", "gap": 0.0},
    }
    return Result(verb, case.name, {t.name: t for t in tables}, manifest)


class Inputs:
    """Which rows of the case stand behind a made-up number."""

    def __init__(self, case: Case) -> None:
        facilities = case["facilities"]
        self.plants = facilities[facilities["processes"].ne("") & facilities["modelled"].eq("")]
        self.demands = case["demands"]
        self.stocks = case["stocks"]

    def plant(self, stage: str, region: str = "") -> str:
        found = self.plants[self.plants["stage"].eq(stage)]
        if region:
            found = found[found["region"].eq(region)]
        return join_inputs(found["_row"]) or join_inputs(self.plants["_row"].head(3))

    def use(self, region: str) -> str:
        return join_inputs(self.demands.loc[self.demands["region"].eq(region), "_row"]) or "assumptions/a_enduse_split"

    def stock(self, commodity: str) -> str:
        found = self.stocks.loc[self.stocks["commodity"].eq(commodity), "_row"]
        return join_inputs(found, ["assumptions/a_stock_days"])


def screened(case: Case) -> Result:
    inputs = Inputs(case)
    shares, exposure = [], []
    for row in case["commodities"].to_dict("records"):
        commodity, stage = row["commodity"], row["stage"]
        if commodity not in _WORLD:
            continue
        world = _WORLD[commodity]
        split = dict(_SHARE[stage].items())
        elements = dict.fromkeys(_ELEMENT.get(e, e) for e in row["elements"].split(";"))
        for element in elements:
            for region, share in split.items():
                shares.append(
                    {
                        "element": element,
                        "stage": stage,
                        "commodity": commodity,
                        "region": region,
                        "quantity": world * share,
                        "share": share,
                        RESTS_ON: inputs.plant(stage, region),
                    }
                )
            hhi = sum(s * s for s in split.values())
            for place, participant in enumerate((*PARTICIPANTS, "both")):
                own = split.get(
                    participant, split.get("USA", 0) + split.get("JPN", 0) if participant == "both" else 0.0
                )
                exposure.append(
                    {
                        "element": element,
                        "stage": stage,
                        "commodity": commodity,
                        "participant": participant,
                        "hhi": hhi,
                        "top1": split["CHN"],
                        "top1_region": "CHN",
                        "top3": sum(sorted(split.values())[-3:]),
                        "n_minus_1": round((1 - split["CHN"]) / 0.38, 3),
                        "import_share": max(0.0, 0.97 - 5 * own - 0.04 * place),
                        "single_point": "kuantan_heavy_circuit_segh" if stage == "heavy_separation" else "",
                        "rank": 0,
                        "note": "band only" if row["calibrated"] == "no" else "",
                        RESTS_ON: join_inputs(inputs.plant(stage).split(";"), inputs.use(participant).split(";")),
                    }
                )
    for participant in (*PARTICIPANTS, "both"):
        own = [e for e in exposure if e["participant"] == participant]
        weight = {"Dy": 1.3, "Tb": 1.35, "NdPr": 1.1, "Sm": 1.15, "Y": 0.9, "Gd": 0.8, "LaCe": 0.4}
        for rank, row in enumerate(sorted(own, key=lambda e: -e["hhi"] * weight[e["element"]] * e["import_share"]), 1):
            row["rank"] = rank
    return result(
        case,
        "screen",
        table("exposure", exposure, ("element", "commodity", "participant")),
        table("shares", shares, ("element", "commodity", "region")),
    )


def _flows(inputs: Inputs) -> list[dict[str, Any]]:
    parts = {
        "magnet_standard": [
            ("CHN", "USA", 3900),
            ("CHN", "JPN", 900),
            ("CHN", "KOR", 5200),
            ("CHN", "EUR", 12600),
            ("CHN", "VNM", 4300),
            ("CHN", "IND", 1900),
            ("JPN", "USA", 420),
            ("CHN", "ROW", 3600),
        ],
        "magnet_high_temperature": [
            ("CHN", "USA", 3500),
            ("CHN", "JPN", 1200),
            ("CHN", "KOR", 1900),
            ("CHN", "EUR", 7100),
            ("JPN", "USA", 650),
            ("JPN", "EUR", 500),
            ("CHN", "THA", 800),
        ],
        "ndpr_oxide": [
            ("MYS", "JPN", 4300),
            ("MYS", "VNM", 1400),
            ("CHN", "JPN", 1800),
            ("CHN", "EUR", 350),
            ("USA", "JPN", 500),
        ],
        "ndpr_metal": [("CHN", "JPN", 4100), ("VNM", "JPN", 2600), ("CHN", "USA", 260), ("VNM", "KOR", 300)],
        "dy_oxide": [("CHN", "JPN", 62), ("CHN", "KOR", 30), ("CHN", "EUR", 12)],
        "dy_metal": [("CHN", "JPN", 190), ("CHN", "USA", 9), ("CHN", "VNM", 14)],
        "tb_oxide": [("CHN", "JPN", 31), ("CHN", "KOR", 10)],
        "conc_mountain_pass": [("USA", "CHN", 33000)],
        "conc_mt_weld": [("AUS", "MYS", 15500)],
        "clay_myanmar": [("MMR", "CHN", 31000), ("LAO", "CHN", 6000)],
        "conc_monazite": [("AUS", "CHN", 9000), ("ROW", "CHN", 7000), ("THA", "CHN", 2000), ("BRA", "CHN", 300)],
        "seg_mt_weld": [("MYS", "CHN", 900)],
    }
    return [
        {
            "commodity": c,
            "origin": o,
            "destination": d,
            "quantity": float(q),
            RESTS_ON: join_inputs(
                [f"commodities/{c}"], inputs.plant("magnet" if "magnet" in c else "mine", o).split(";")
            ),
        }
        for c, rows in parts.items()
        for o, d, q in rows
    ]


def cleared(case: Case) -> Result:
    inputs = Inputs(case)
    flows = _flows(inputs)
    stage = dict(zip(case["commodities"]["commodity"], case["commodities"]["stage"], strict=True))
    net, prices, activity = [], [], []
    mines = {
        "conc_bayan_obo": {"CHN": 250000},
        "conc_mountain_pass": {"USA": 45000},
        "conc_mt_weld": {"AUS": 16000},
        "clay_china": {"CHN": 20000},
        "clay_myanmar": {"MMR": 31000, "LAO": 6000},
        "conc_monazite": {"AUS": 9000, "ROW": 8000, "THA": 2100, "IND": 2900, "BRA": 300},
    }
    made = {c: {r: w * s for r, s in _SHARE[stage[c]].items()} for c, w in _WORLD.items()} | mines
    for commodity, by_region in made.items():
        regions = set(by_region) | {
            f[k] for f in flows if f["commodity"] == commodity for k in ("origin", "destination")
        }
        for region in sorted(regions):
            out = sum(f["quantity"] for f in flows if f["commodity"] == commodity and f["origin"] == region)
            into = sum(f["quantity"] for f in flows if f["commodity"] == commodity and f["destination"] == region)
            production = max(float(by_region.get(region, 0)), out)
            net.append(
                {
                    "commodity": commodity,
                    "region": region,
                    "production": production,
                    "intake": production - out + into,
                    "net_export": out - into,
                    "observed": production * 1.04 if production else math.nan,
                    "observed_series": "mcs2026" if production else "",
                    RESTS_ON: inputs.plant(stage[commodity], region),
                }
            )
    for commodity, base in _BASE.items():
        for region in ("CHN", *PARTICIPANTS, "EUR"):
            price = base * (1.0 if region == "CHN" else 1.08)
            known = region == "CHN" and commodity in ("ndpr_oxide", "dy_oxide", "tb_oxide", "lace_oxide")
            prices.append(
                {
                    "commodity": commodity,
                    "region": region,
                    "price": price,
                    "observed": base * 1.02 if known else math.nan,
                    "observed_low": base * 0.93 if known else math.nan,
                    "observed_high": base * 1.1 if known else math.nan,
                    "misfit": -0.02 if known else math.nan,
                    "calibrated": known,
                    "band_only": commodity in ("sm_oxide", "gd_oxide", "y_oxide"),
                    RESTS_ON: inputs.plant(stage[commodity], region),
                }
            )
    for row in inputs.plants.head(60).to_dict("records"):
        capacity = float(row["capacity"]) if row["capacity"] == row["capacity"] else 0.0
        activity.append(
            {
                "facility": row["facility"],
                "process": row["processes"].split(";")[0],
                "region": row["region"],
                "stage": row["stage"],
                "activity": capacity * 0.8,
                "capacity": capacity,
                "used": 0.8,
                "rent": 0.0,
                RESTS_ON: row["_row"],
            }
        )
    use = [
        {
            "end_use": d["end_use"],
            "region": d["region"],
            "commodity": d["commodity"],
            "wanted": float(d["quantity"]),
            "served": float(d["quantity"]),
            RESTS_ON: d["_row"],
        }
        for d in case["demands"].to_dict("records")
    ]
    misfit = [
        {
            "label": "production, ndpr_oxide, MYS",
            "observed": 6900.0,
            "sigma": 700.0,
            "adjusted": 6400.0,
            "sigmas": -0.7,
            RESTS_ON: inputs.plant("light_separation", "MYS"),
        }
    ]
    calibration = [
        {
            "activity": "kuantan_lamp_light_separation",
            "stated_cost": 6.0,
            "cost": 7.1,
            "rent": 0.0,
            "subsidy": 1.1,
            RESTS_ON: inputs.plant("light_separation", "MYS"),
        }
    ]
    return result(
        case,
        "clear",
        table("prices", prices, ("commodity", "region")),
        table("net_trade", net, ("commodity", "region")),
        table("activity", activity, ("facility", "process")),
        table("flows", flows, ("commodity", "origin", "destination")),
        table("use", use, ("end_use", "region", "commodity")),
        table("calibration", calibration, ("activity",)),
        table("misfit", misfit, ("label",)),
        year=2024,
    )


def _wave(month: int, height: float, foresight: str) -> float:
    if foresight == "perfect":
        return 1 + (height - 1) * 0.45 * math.exp(-(((month - 5.0) / 4.5) ** 2))
    return 1 + (height - 1) * (math.exp(-(((month - 5.5) / 2.2) ** 2)) + 0.35 / (1 + math.exp(-(month - 8))))


def shocked(case: Case) -> Result:
    inputs = Inputs(case)
    law = ["measures/chn_a18_2025", "assumptions/a_licence_magnet", "assumptions/a_elasticity"]
    heights = {
        "ndpr_oxide": 1.18,
        "dy_oxide": 3.6,
        "tb_oxide": 4.4,
        "magnet_high_temperature": 2.1,
        "magnet_standard": 1.15,
        "y_oxide": 9.0,
        "sm_oxide": 6.0,
    }
    prices, served, stocks, cover, trade, losses = [], [], [], [], [], []
    for foresight in ("none", "perfect"):
        for commodity, height in heights.items():
            for region in ("CHN", *PARTICIPANTS, "EUR"):
                for m, month in enumerate(MONTHS):
                    factor = (
                        1 - 0.06 * (_wave(m, 2, foresight) - 1)
                        if region == "CHN"
                        else _wave(m, height * (1.08 if region == "USA" else 1.0), foresight)
                    )
                    base = _BASE[commodity] * (1 if region == "CHN" else 1.08)
                    prices.append(
                        {
                            "foresight": foresight,
                            "month": month,
                            "commodity": commodity,
                            "region": region,
                            "price": base * factor,
                            "base": base,
                            "multiple": factor,
                            RESTS_ON: join_inputs(law, inputs.plant("heavy_separation").split(";")),
                        }
                    )
        for region in PARTICIPANTS:
            wanted = {"ev": 180, "wind": 60, "electronics": 110, "industry": 240, "defence": 35, "other": 320}
            for use, amount in wanted.items():
                for m, month in enumerate(MONTHS):
                    hit = max(0.0, _wave(m, 1.6, foresight) - 1.06) * {"defence": 0.1, "other": 0.9}.get(use, 0.6)
                    hit = hit if m >= (4 if region == "USA" else 5) else 0.0
                    served.append(
                        {
                            "foresight": foresight,
                            "month": month,
                            "end_use": use,
                            "region": region,
                            "commodity": "magnet_high_temperature" if use in ("ev", "wind") else "magnet_standard",
                            "wanted": float(amount),
                            "served": amount * (1 - hit),
                            "short": amount * hit,
                            "short_share": hit,
                            RESTS_ON: join_inputs(law, inputs.use(region).split(";")),
                        }
                    )
            for commodity in ("dy_metal", "dy_oxide", "magnet_high_temperature", "ndpr_metal", "tb_oxide"):
                start = {"dy_metal": 60, "magnet_high_temperature": 58, "ndpr_metal": 88}.get(commodity, 31)
                start *= 1.0 if region == "JPN" else 0.7
                lowest = 4.0 if commodity.startswith(("dy", "magnet")) else 22.0
                level = [start - (start - lowest) * min(1.0, max(0, m - 2) / 5) for m in range(len(MONTHS))]
                for month, days in zip(MONTHS, level, strict=True):
                    stocks.append(
                        {
                            "foresight": foresight,
                            "month": month,
                            "commodity": commodity,
                            "region": region,
                            "kind": "commercial",
                            "level": days * 2.0,
                            "days": days,
                            RESTS_ON: inputs.stock(commodity),
                        }
                    )
                empty = commodity in ("dy_metal", "magnet_high_temperature")
                cover.append(
                    {
                        "foresight": foresight,
                        "commodity": commodity,
                        "region": region,
                        "days_at_start": start,
                        "lowest_days": lowest,
                        "days_low": start * 0.45,
                        "days_high": start * 1.7,
                        "first_short": ("2025-05" if region == "USA" else "2025-06") if empty else "",
                        "line_stop": "2025-07" if empty and region == "USA" and foresight == "none" else "",
                        RESTS_ON: join_inputs(law, inputs.stock(commodity).split(";")),
                    }
                )
            for m, month in enumerate(MONTHS):
                share = max(0.0, 1.6 - _wave(m, 2.2, foresight)) if m >= 3 else 1.0
                trade.append(
                    {
                        "foresight": foresight,
                        "month": month,
                        "commodity": "magnet_high_temperature",
                        "destination": region,
                        "exports": 290.0 * share,
                        "base": 290.0,
                        "share": share,
                        RESTS_ON: join_inputs(law),
                    }
                )
            losses.append(
                {
                    "foresight": foresight,
                    "region": region,
                    "consumer_loss": 640.0 if region == "USA" else 410.0,
                    "producer_gain": 30.0 if region == "USA" else 120.0,
                    "value_at_risk": 5200.0,
                    "value_at_risk_low": 1900.0,
                    "value_at_risk_high": 16400.0,
                    RESTS_ON: join_inputs(law, inputs.use(region).split(";")),
                }
            )
    return result(
        case,
        "shock",
        table("prices", prices, ("foresight", "month", "commodity", "region")),
        table("served", served, ("foresight", "month", "end_use", "region")),
        table("stocks", stocks, ("foresight", "month", "commodity", "region", "kind")),
        table("cover", cover, ("foresight", "commodity", "region")),
        table("trade", trade, ("foresight", "month", "commodity", "destination")),
        table("losses", losses, ("foresight", "region")),
        scenario="china-licensing-2025",
    )


RECOURSE = {"RP": 1836.0, "bound": 1840.0, "gap": 4.0, "EEV": 1726.0, "VSS": 110.0, "WS": 2101.0, "EVPI": 265.0}
"""Values of the planning program that stand in the annex."""


def planned(case: Case) -> Result:
    inputs = Inputs(case)
    halt = ["assumptions/a_halt_six_months"]
    loss = {
        "nothing": (2900.0, 2100.0, 0.0, 6200.0, 5100.0),
        "USA": (1350.0, 1950.0, 760.0, 2600.0, 4700.0),
        "JPN": (2600.0, 1180.0, 420.0, 5600.0, 2300.0),
        "both": (1050.0, 830.0, 1060.0, 1700.0, 1400.0),
    }
    rests = join_inputs(halt, case["purses"]["_row"].head(2), inputs.plant("magnet").split(";"))
    compare = [
        {
            "who": who,
            "public_cost": cost,
            "loss_usa": usa,
            "loss_jpn": jpn,
            "gain_usa": 2900.0 - usa,
            "gain_jpn": 2100.0 - jpn,
            "shortage_usa": su,
            "shortage_jpn": sj,
            "objective": 81000.0 - usa - jpn,
            "bound": 81010.0 - usa - jpn,
            "gap": 1e-4,
            "status": "optimal",
            RESTS_ON: rests,
        }
        for who, (usa, jpn, cost, su, sj) in loss.items()
    ]
    projects = case["projects"].merge(case["facilities"], on="facility", suffixes=("", "_site"))
    choices, schedule, stock_plan, gap = [], [], [], []
    for who, regions in (
        ("USA", {"USA"}),
        ("JPN", {"JPN", "AUS", "EUR", "MYS"}),
        ("both", {"USA", "JPN", "AUS", "EUR", "MYS"}),
    ):
        chosen = projects[projects["region"].isin(regions) & projects["processes"].ne("")].head(
            5 if who != "both" else 9
        )
        for n, row in enumerate(chosen.to_dict("records")):
            start = f"{2028 + n % 3}"
            choices.append(
                {
                    "who": who,
                    "facility": row["facility"],
                    "name": row["name"],
                    "stage": row["stage"],
                    "region": row["region"],
                    "payer": "USA" if row["region"] == "USA" else "JPN",
                    "capex": float(row["capex"]) / 1e6,
                    "start": start,
                    "share": 1.0 if n else 0.5,
                    "committed": row["committed"] == "yes",
                    "on_assumptions": bool(n % 2),
                    RESTS_ON: join_inputs([row["_row"], row["_row_site"]]),
                }
            )
            for phase, begin, end in (
                ("lead time", "2026-12-01", f"{start}-07-01"),
                ("ramp", f"{start}-07-01", f"{int(start) + 2}-07-01"),
                ("output", f"{int(start) + 2}-07-01", "2036-01-01"),
            ):
                schedule.append(
                    {
                        "who": who,
                        "facility": row["facility"],
                        "name": row["name"],
                        "phase": phase,
                        "begin": begin,
                        "end": end,
                        RESTS_ON: join_inputs([row["_row"]], ["assumptions/a_ramp_magnet"]),
                    }
                )
        for commodity, bought, cost in (("dy_oxide", 90.0, 26.0), ("magnet_high_temperature", 1100.0, 84.0)):
            for payer in PARTICIPANTS if who == "both" else (who,):
                stock_plan.append(
                    {
                        "who": who,
                        "commodity": commodity,
                        "region": payer,
                        "payer": payer,
                        "year": "2027",
                        "bought": bought,
                        "level": bought,
                        "cost": cost,
                        RESTS_ON: join_inputs(halt, inputs.stock(commodity).split(";")),
                    }
                )
    for who in ("nothing", "USA", "JPN", "both"):
        for participant, need in (("USA", 8600.0), ("JPN", 6900.0)):
            left = need * 0.31
            build = need * {"nothing": 0.0, "both": 0.34}.get(who, 0.2)
            stock = 0.0 if who == "nothing" else need * 0.17
            steps = [
                ("Need in the halt", "need", need),
                ("Supply that is left", "supply", left),
                ("Projects", "project", build),
                ("Stock", "stock", stock),
                ("Still short", "short", need - left - build - stock),
            ]
            for order, (step, kind, quantity) in enumerate(steps):
                gap.append(
                    {
                        "who": who,
                        "participant": participant,
                        "step": step,
                        "kind": kind,
                        "quantity": quantity,
                        "order": order,
                        RESTS_ON: join_inputs(halt, inputs.use(participant).split(";")),
                    }
                )
    path = [
        {
            "who": who,
            "node": f"{scenario} {year}",
            "label": scenario,
            "year": year,
            "commodity": "dy_oxide",
            "region": "JPN",
            "price": 260.0 + 10 * (year - 2026) * (0.3 if who == "both" else 1),
            RESTS_ON: rests,
        }
        for who in loss
        for scenario in ("halt",)
        for year in range(2026, 2036)
    ]
    return result(
        case,
        "plan",
        table("compare", compare, ("who",)),
        table("choices", choices, ("who", "facility")),
        table("schedule", schedule, ("who", "facility", "phase")),
        table("stock_plan", stock_plan, ("who", "commodity", "region", "payer", "year")),
        table("gap", gap, ("who", "participant", "step")),
        table("path", path, ("who", "node", "commodity", "region")),
        table(
            "stories",
            [
                {"story": name, "probability": share, "shown": name != "calm", RESTS_ON: rests}
                for name, share in (("calm", 0.7), ("halt-six-months", 0.3))
            ],
            ("story",),
        ),
        table(
            "values",
            [
                {"who": "both", "measure": name, "value": value, "unit": "MUSD", "meaning": "mean", RESTS_ON: rests}
                for name, value in {**RECOURSE, "out_of_sample": 2050.0, "out_of_sample_interval": 310.0}.items()
            ],
            ("who", "measure"),
        ),
        table(
            "tried",
            [
                {
                    "who": "both",
                    "order": at,
                    "candidate": name,
                    "worth": worth,
                    "interval": 0.0,
                    "spent": 700.0,
                    "affordable": worth > 0,
                    "chosen": name == "stock only",
                    RESTS_ON: rests,
                }
                for at, (name, worth) in enumerate(
                    {
                        "60 days of everything": 93.0,
                        "stock only": 2060.0,
                        "all announced projects as announced": -1233.0,
                    }.items()
                )
            ],
            ("who", "order"),
        ),
        scenario="halt-six-months",
    )


def tracked(case: Case, as_of: str = "2026-11-21") -> Result:
    today = pd.Timestamp(as_of)
    last = case["evidence"].sort_values("date").groupby("commitment").tail(1).set_index("commitment")
    commitments, evidence, measures = [], [], []
    for row in case["commitments"].to_dict("records"):
        seen = last.loc[row["commitment"]] if row["commitment"] in last.index else None
        status = str(seen["status"]) if seen is not None else "promised"
        deadline = ""
        if row["clock"] == "fixed":
            days, months = row["days"], row["months"]
            due = pd.Timestamp(row["signed"]) + (
                pd.DateOffset(days=int(days)) if days == days else pd.DateOffset(months=int(months))
            )
            deadline = due.date().isoformat()
        late = bool(deadline) and pd.Timestamp(deadline) < today
        silent = status == "no_public_evidence"
        state = (
            "met"
            if status in ("met", "producing", "closed")
            else "overdue without public evidence"
            if late and silent
            else ("overdue, partly kept" if late else "no clock" if not deadline else "open")
        )
        commitments.append(
            {
                "commitment": row["commitment"],
                "title": row["title"],
                "owner": row["owner"],
                "verb": row["verb"],
                "clock": row["clock"],
                "deadline": deadline,
                "days_left": (pd.Timestamp(deadline) - today).days if deadline else math.nan,
                "state": state,
                "status": status,
                "status_date": str(seen["date"]) if seen is not None else "",
                "what": row["what"],
                RESTS_ON: join_inputs([row["_row"]], [seen["_row"]] if seen is not None else []),
            }
        )
    for row in case["evidence"].to_dict("records"):
        evidence.append(
            {k: row[k] for k in ("commitment", "date", "status", "participant", "what")} | {RESTS_ON: row["_row"]}
        )
    for row in case["measures"].to_dict("records"):
        until = str(row["suspended_to"] or row["end"] or "")
        state = "announced" if str(row["start"]) > as_of else "in force"
        if row["suspended_from"] and until:
            state = "suspended" if until >= as_of else "in force"
        measures.append(
            {
                "measure": row["measure"],
                "name": row["name"],
                "kind": row["kind"],
                "controller": row["controller"],
                "destinations": row["destinations"],
                "state": state,
                "next_date": until if until > as_of else "",
                "days_left": (pd.Timestamp(until) - today).days if until > as_of else math.nan,
                "what": row["items"],
                RESTS_ON: row["_row"],
            }
        )
    return result(
        case,
        "track",
        table("commitments", commitments, ("commitment",)),
        table("evidence", evidence, ("commitment", "date", "status", "participant")),
        table("measures", measures, ("measure",)),
        as_of=as_of,
    )


def make_results(case: Case) -> list[Result]:
    """Return one made-up result of each verb."""
    return [screened(case), cleared(case), shocked(case), planned(case), tracked(case)]
