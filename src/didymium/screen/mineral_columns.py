"""Units and meanings of the columns of the tables of minerals."""

from __future__ import annotations

import pandas as pd

from didymium.messages import _
from didymium.result import Column, ResultTable
from didymium.screen.method_list import METHODS

RATIO = "ratio"


def tables(frames: dict[str, pd.DataFrame]) -> list[ResultTable]:
    """Return the tables of minerals with titles, keys, units and meanings."""
    titles = {
        "minerals": _("Every mineral, stage and participant by every published method"),
        "methods": _("Which methods ran, and what the others miss"),
        "ranks": _("Ranks by each method with intervals, and what drives them"),
        "disruptions": _("What one year without an exporter does"),
        "cascades": _("Who falls in trade when an exporter stops"),
        "agreement": _("How each method agrees with the official lists"),
        "disagreements": _("Where methods and lists disagree, and why"),
        "partners": _("Critical to one, made by another participant or a partner"),
        "aggregates": _("Wholes that look better than their parts"),
        "vintages": _("The same year in two editions"),
    }
    keys = {
        "minerals": ("mineral", "stage", "form", "participant"),
        "methods": ("method", "participant"),
        "ranks": ("method", "participant", "mineral", "stage", "form"),
        "disruptions": ("mineral", "stage", "form", "participant", "exporter"),
        "cascades": ("mineral", "hs92", "exporter", "participant"),
        "agreement": ("study", "method", "participant"),
        "disagreements": ("study", "method", "participant", "mineral"),
        "partners": ("mineral", "stage", "form", "participant", "supplier"),
        "aggregates": ("parent", "child", "measure", "participant", "period"),
        "vintages": ("mineral", "stage", "form"),
    }
    meanings = _meanings()
    return [
        ResultTable(name, titles[name], frame, {c: meanings[name, c] if (name, c) in meanings else meanings["", c]
                                                for c in frame.columns if c != "rests_on"}, keys[name])
        for name, frame in frames.items()
    ]  # fmt: skip


def _meanings() -> dict[tuple[str, str], Column]:
    """Return columns by table and name; those of table "" mean the same everywhere."""
    found: dict[tuple[str, str], Column] = {}

    def add(table: str, name: str, unit: str, meaning: str) -> None:
        found[table, name] = Column(unit, meaning)

    for name, unit, meaning in (
        ("mineral", "", _("The mineral.")),
        ("name", "", _("Its name.")),
        ("stage", "", _("Where the statistic counts; empty: the mineral as a whole.")),
        ("form", "", _("Form; empty: the mineral as a whole.")),
        ("participant", "", _("Whose; both: the participants together; world: everybody's.")),
        ("year", "", _("Year of the statistic.")),
        ("series", "", _("Edition of the statistic; calibrated: the base year of the chain.")),
        ("unit", "", _("Unit of the quantity.")),
        ("total", "", _("Made by all countries with a figure, in the row's unit.")),
        ("top1_country", "", _("The largest producer.")),
        ("exporter", "", _("Exporter that stops.")),
        ("single_point", "", _("The only country that makes it.")),
        ("single_point_scope", "", _("Only one of whom.")),
        ("note", "", _("What is not computable and why, and what a reader must know.")),
        ("method", "", _("Which method.")),
        ("study", "", _("Published study or list.")),
        ("why", "", _("Why.")),
        ("share", RATIO, _("Share of the market that stops.")),
        ("hs92", "", _("Product traded, HS 1992.")),
        # parts of scores
        ("hhi_world", "0-10", _("Part of supply risk: world production weighted by governance and trade parameters.")),
        ("hhi_own", "0-10", _("Part of supply risk: the participant's sources weighted the same way.")),
        ("imported", RATIO, _("Part of supply risk: share of use that is imported.")),
        ("recycled", RATIO, _("Part of supply risk: end-of-life recycling input rate.")),
        ("substitution", RATIO, _("Part of supply risk: substitution index, 1 where nothing replaces it.")),
        ("import_risk", RATIO, _("Part of GeoPolRisk: imports weighted by instability over imports and own output.")),
        ("largest_use", "", _("Part of the N-1 cover: what the largest producer uses itself, in the row's unit.")),
        ("disruption_potential", RATIO, _("Part of the risk to manufacturing: likelihood that supply stops.")),
        ("trade_exposure", RATIO, _("Part of the risk to manufacturing: net import reliance.")),
        ("vulnerability", RATIO, _("Part of the risk to manufacturing: what industries spend and earn.")),
    ):
        add("", name, unit, meaning)
    for method in METHODS.values():
        unit = RATIO if method.unit in ("ratio", "0-1") else method.unit
        add("", method.name, unit, _(method.title))
        add("", f"{method.name}_low", unit, _("Lower end: 5 % of the draws, or of what is only known as an interval."))
        add(
            "", f"{method.name}_high", unit, _("Upper end: 95 % of the draws, or of what is only known as an interval.")
        )
    for table, name, unit, meaning in (
        ("methods", "title", "", _("What it is.")),
        ("methods", "unit", "", _("Of its value.")),
        ("methods", "computed", "", _("Rows that have a value.")),
        ("methods", "not_computable", "", _("Rows that have none.")),
        ("methods", "status", "", _("ran, or not computable.")),
        ("methods", "missing", "", _("The reason that stopped most rows.")),
        ("methods", "missing_rows", "", _("How many it stopped.")),
        ("methods", "inputs", "", _("What the method takes.")),
        ("methods", "published", "", _("Where it was published.")),
        ("ranks", "value", "", _("Value, in the unit of the method.")),
        ("ranks", "low", "", _("Lower end of the band.")),
        ("ranks", "high", "", _("Upper end of the band.")),
        ("ranks", "rank", "", _("Place among those that have a value, worst first.")),
        ("ranks", "rank_low", "", _("Best place in 90 % of the draws.")),
        ("ranks", "rank_high", "", _("Worst place in 90 % of the draws.")),
        ("ranks", "ranked", "", _("How many have a value.")),
        ("ranks", "driver", "", _("What moves the rank most: shares, governance or elasticities.")),
        ("ranks", "driver_share", RATIO, _("Its part of the variance that each makes alone.")),
        ("ranks", "why", "", _("Why there is no value.")),
        ("disruptions", "market", "", _("outside: everybody outside the exporter; own imports: the participant's.")),
        ("disruptions", "price", "x base", _("Price after over price before.")),
        ("disruptions", "price_low", "x base", _("Lower end of it, 5 %.")),
        ("disruptions", "price_high", "x base", _("Upper end of it, 95 %.")),
        ("disruptions", "use_left", RATIO, _("Use after over use before.")),
        ("disruptions", "value_added_lost", "MUSD", _("Value added of using industries that stops in a year.")),
        ("disruptions", "import_bill", "MUSD", _("How much dearer imports are in a year.")),
        ("disruptions", "gdp_effect", "MUSD", _("Change of output in a year, of using industries and by dearer "
                                                "imports; below zero a loss. Not weighted.")),
        ("disruptions", "gdp_low", "MUSD", _("Lower end of it, 5 %.")),
        ("disruptions", "gdp_high", "MUSD", _("Upper end of it, 95 %.")),
        ("disruptions", "economy_lost", "MUSD", _("Value added that stops in a year in using industries and those who "
                                                  "buy from them, by the input-output table.")),
        ("disruptions", "economy_lost_wide", "MUSD", _("The same, where their suppliers sell it to nobody else.")),
        ("disruptions", "economy_effect", "MUSD", _("Change of output with the input-output step in place of the value "
                                                    "added of using industries; below zero a loss. Not weighted.")),
        ("disruptions", "economy_low", "MUSD", _("Lower end of it, 5 %.")),
        ("disruptions", "economy_high", "MUSD", _("Upper end of it, 95 %.")),
        ("disruptions", "step", "", _("What is lost: of direct industries only, or of the input-output table.")),
        ("disruptions", "probability", RATIO, _("That the exporter stops within a year, where the case states it.")),
        ("disruptions", "weighted", "MUSD", _("Probability times change of output, by the step that the row has.")),
        ("cascades", "export_share", RATIO, _("Share of the exporter in world exports, by value.")),
        ("cascades", "falls_to", RATIO, _("Highest threshold at which the participant falls; 0: at none.")),
        ("cascades", "supply_lost", RATIO, _("Share of its supply lost at a threshold of 0.5.")),
        ("cascades", "fallen_at_30", "", _("Countries that fall at a threshold of 0.3.")),
        ("cascades", "fallen_at_50", "", _("Countries that fall at a threshold of 0.5.")),
        ("agreement", "minerals", "", _("Minerals in common.")),
        ("agreement", "spearman", RATIO, _("Spearman's rank correlation with the study.")),
        ("agreement", "within_half", RATIO, _("Of those at or above 1 there, the share within 0.5 here.")),
        ("disagreements", "rank_there", "", _("Place in the study, among the minerals in common.")),
        ("disagreements", "rank_here", "", _("Place by the method, among the minerals in common.")),
        ("disagreements", "difference", "", _("Places lower here than there.")),
        ("disagreements", "value_there", "", _("What the study printed.")),
        ("disagreements", "value_here", "", _("What the method gives.")),
        ("partners", "critical", "", _("On the United States list of 2025.")),
        ("partners", "supplier", "", _("Who makes it.")),
        ("partners", "supplier_role", "", _("Participant or partner.")),
        ("partners", "supplier_share", RATIO, _("Its share of what the world makes.")),
        ("aggregates", "parent", "", _("The whole.")),
        ("aggregates", "child", "", _("The part.")),
        ("aggregates", "measure", "", _("Index, or trade_change: change of trade in per cent.")),
        ("aggregates", "whole", "", _("Value of the whole.")),
        ("aggregates", "part", "", _("Value of the part.")),
        ("aggregates", "hides", "", _("yes: the whole is below a threshold that the part is above.")),
        ("aggregates", "period", "", _("Dates of the two, where it is a change.")),
        ("vintages", "earlier", "", _("The edition before.")),
        ("vintages", "later", "", _("The newest edition.")),
        ("vintages", "hhi_earlier", RATIO, _("Concentration in the edition before.")),
        ("vintages", "hhi_later", RATIO, _("Concentration in the newest edition.")),
        ("vintages", "top1_earlier", RATIO, _("Largest share in the edition before.")),
        ("vintages", "top1_later", RATIO, _("Largest share in the newest edition.")),
        ("vintages", "country_earlier", "", _("Largest producer in the edition before.")),
        ("vintages", "country_later", "", _("Largest producer in the newest edition.")),
        ("vintages", "total_earlier", "", _("Made by all, in the edition before.")),
        ("vintages", "total_later", "", _("Made by all, in the newest edition.")),
    ):  # fmt: skip
        add(table, name, unit, meaning)
    return found
