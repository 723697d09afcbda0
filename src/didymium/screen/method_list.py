"""The methods of screening: what each takes, where it was published, and which way it counts."""

from __future__ import annotations

from dataclasses import dataclass

from didymium.messages import N_


@dataclass(frozen=True)
class Method:
    """A published method.

    Parameters
    ----------
    name : str
        Short name, as in results.
    title : str
        What it is.
    unit : str
        Of its value.
    inputs : str
        What it takes.
    source : str
        Where it was published.
    worst : int
        1: a large value is bad; -1: a small one is.
    ranked : bool
        It puts minerals in an order.
    """

    name: str
    title: str
    unit: str
    inputs: str
    source: str
    worst: int = 1
    ranked: bool = True


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method("hhi", N_("Concentration of world production"), "ratio", N_("production by country"),
               N_("Hirschman 1964")),
        Method("hhi_wgi", N_("Concentration weighted by governance"), "0-10",
               N_("production by country, governance"), N_("European Commission 2017, without trade parameters")),
        Method("top1", N_("Share of the largest producer"), "ratio", N_("production by country"), N_("IEA 2025")),
        Method("top3", N_("Share of the three largest producers"), "ratio", N_("production by country"),
               N_("IEA 2025")),
        Method("n_minus_1", N_("Cover of the others' need without the largest producer"), "ratio",
               N_("production by country, consumption of the largest producer"), N_("IEA 2025"), worst=-1),
        Method("reliance", N_("Net import reliance"), "ratio", N_("net import reliance, or trade and own output"),
               N_("USGS Mineral Commodity Summaries")),
        Method("single_point", N_("Only one country makes it, in the world or among partners"), "",
               N_("production by country"), N_("USGS OFR 2025-1047"), ranked=False),
        Method("supply_risk", N_("Supply risk"), "0-10",
               N_("production, sources, governance, trade parameters, import reliance, recycling rate, substitution"),
               N_("European Commission 2017")),
        Method("economic_importance", N_("Economic importance"), "0-10",
               N_("uses by sector, value added of sectors, substitution"), N_("European Commission 2017")),
        Method("nassar", N_("Disruption potential, trade exposure and vulnerability"), "0-1",
               N_("production, policy perception (Fraser), Freedom House, trade ties, import reliance, uses and "
                  "accounts of industries"), N_("Nassar et al. 2020")),
        Method("geopolrisk", N_("Geopolitical supply risk of imports"), "0-1",
               N_("production, imports by partner, political stability"), N_("Koyamparambath et al. 2024")),
        Method("disruption_price", N_("Price when the exporter that matters most stops"), "x base",
               N_("shares of exporters, elasticities"), N_("USGS OFR 2024-1057")),
        Method("disruption", N_("Loss of output of the industries that use it when that exporter stops, unweighted"),
               "MUSD", N_("shares of exporters, elasticities, uses by industry, value added"),
               N_("USGS OFR 2024-1057, without its input-output step")),
        Method("disruption_economy", N_("The same with what stops behind these industries, unweighted"), "MUSD",
               N_("the same, and an input-output table"), N_("USGS OFR 2024-1057")),
        Method("disruption_weighted", N_("Loss of output over all exporters, weighted by probability"), "MUSD",
               N_("the same, and the probability that each exporter stops"), N_("USGS OFR 2025-1047")),
        Method("cascade", N_("Highest threshold at which the participant falls in a trade cascade"), "ratio",
               N_("trade of all countries with each other"), N_("avalanche models of trade networks")),
    )
}  # fmt: skip
"""By name, in the order of the page."""
