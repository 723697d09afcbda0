"""Input rows behind the screen, and what statistics say beside it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from didymium.case.case import ROW, Case
from didymium.case.check import split_list
from didymium.case.network import Network
from didymium.market.base import Base
from didymium.market.content import Holdings, groups


class Evidence:
    """Finds facility, recipe, basket, statistic and demand rows.

    Parameters
    ----------
    case : Case
        The case.
    network : Network
        Its arrays.
    base : Base
        The calibrated base year.
    holdings : Holdings
        Elements in it.
    """

    def __init__(self, case: Case, network: Network, base: Base, holdings: Holdings) -> None:
        self.case, self.network, self.base, self.holdings = case, network, base, holdings
        self.groups = groups(case)
        activities = network.activities
        self.facility = {str(name): f"facilities/{f}" for name, f in activities["facility"].items()}
        self.running = set(base.activity.index[base.activity.gt(0)])
        recipes = case["recipes"]
        self.terms: dict[str, list[tuple[str, bool, str]]] = {}
        fields = ("process", "commodity", "coefficient", ROW)
        for process, commodity, value, key in zip(*(recipes[c] for c in fields), strict=True):
            self.terms.setdefault(process, []).append((commodity, value < 0, key))
        statistics = case["statistics"]
        right = statistics["year"].eq(case.base_year) & statistics["use"].eq("fit") & statistics["unit"].eq("t")
        self.statistics = statistics[right]
        self.statements: dict[str, list[dict[Hashable, Any]]] = {}
        for record in self.statistics[self.statistics["flow"].eq("production")].to_dict("records"):
            self.statements.setdefault(str(record["region"]), []).append(record)
        self.stage = dict(zip(case["commodities"]["commodity"], case["commodities"]["stage"], strict=True))
        self.made: dict[tuple[str, str], tuple[float, dict[str, float]]] = {}
        for (region, commodity), rows in holdings.made.groupby(["region", "commodity"])[
            ["quantity", *holdings.elements]
        ]:
            held = {e: float(rows[e].sum()) for e in holdings.elements}
            self.made[str(region), str(commodity)] = (float(rows["quantity"].sum()), held)
        baskets = set(case["baskets"][ROW])
        self.baskets = {
            (element, c): [key for symbol in symbols if (key := f"baskets/{basket}|{symbol}") in baskets]
            for element, symbols in self.groups.items() for c, basket in case.content.basket.items()
        }  # fmt: skip
        columns = ("activity", "process", "commodity", "region")
        self.outputs = list(zip(*(holdings.made[c] for c in columns), strict=True))
        self.holds = {e: holdings.made[e].gt(0).tolist() for e in holdings.elements}
        uses = network.uses
        keys = [split_list(str(cell)) for cell in uses["inputs"]]
        self.uses = list(zip(uses["commodity"], uses["region"], keys, strict=True))
        inputs = network.terms[network.terms["coefficient"].lt(0)]
        self.inputs = list(zip(inputs["activity"], inputs["commodity"], inputs["region"], strict=True))

    def production(self, element: str, products: Iterable[str], region: str) -> list[str]:
        """Return facilities, recipes and basket rows behind what a region (``*``: the world) makes of an element."""
        wanted, found = set(products), []
        for (activity, process, commodity, place), holds in zip(self.outputs, self.holds[element], strict=True):
            if holds and commodity in wanted and region in ("*", place):
                found.append(self.facility[activity])
                found += [key for other, taken, key in self.terms[process] if taken or other == commodity]
                found += self.baskets[element, commodity]
        return found

    def demand(self, products: Iterable[str], regions: Sequence[str]) -> list[str]:
        """Return demand rows and facilities of some regions that take the products in."""
        wanted = set(products)
        rows = [key for c, region, keys in self.uses if c in wanted and region in regions for key in keys]
        there = [a for a, c, region in self.inputs if c in wanted and region in regions]
        return [*rows, *(self.facility[a] for a in there if a in self.running)]

    def end_uses(self, element: str, regions: Sequence[str]) -> list[str]:
        """Return demand rows of some regions whose commodity holds the element."""
        held = self.holdings.used[element].gt(0)
        rows = [keys for (_c, region, keys), has in zip(self.uses, held, strict=True) if has and region in regions]
        return [key for keys in rows for key in keys]

    def fitted(self, stage: str, products: Iterable[str]) -> list[str]:
        """Return statistics that the quantities of a stage were reconciled with."""
        on = self.statistics["commodity"].isin([f"stage:{stage}", *products])
        return list(self.statistics.loc[on, ROW])

    def observed(self, element: str, stage: str, products: Sequence[str], region: str) -> tuple[float, str, list[str]]:
        """Return what a statistic says that a region made of an element, its series and its row.

        ``observed tonnes x calibrated element / calibrated tonnes``: a statistic states tonnes of the commodity or of
        the whole stage; its composition is the calibrated one.

        Parameters
        ----------
        element : str
            The element.
        stage : str
            The stage.
        products : sequence of str
            Commodities that the stage makes of it.
        region : str
            Where.

        Returns
        -------
        tuple of float, str, list of str
            Tonnes of element a year (NaN where no statistic speaks of it), the series, the rows.
        """
        for record in self.statements.get(region, []):
            said = str(record["commodity"])
            if said.startswith("stage:"):
                fits = self._of_stage(said, str(record["basis"])) if said == f"stage:{stage}" else []
            else:
                fits = list(products) if [said] == list(products) else []
            if not set(products) & set(fits):
                continue
            whole = sum(self.made.get((region, c), (0.0, {}))[0] for c in fits)
            part = sum(self.made.get((region, c), (0.0, {}))[1].get(element, 0.0) for c in fits if c in products)
            if whole > 0:
                return float(record["quantity"]) * part / whole, str(record["series"]), [str(record[ROW])]
        return float("nan"), "", []

    def _of_stage(self, said: str, basis: str) -> list[str]:
        """Return the commodities that a statistic of a whole stage counts; swarf is not a product."""
        stage = said.removeprefix("stage:")
        return [
            c
            for c, own in self.case.content.basis.items()
            if self.stage[c] == stage and own == basis and not c.startswith("swarf")
        ]
