"""Basis at the door: amounts and prices of a commodity in the basis that the commodity has inside the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from didymium.case.check import split_list
from didymium.case.read import LINE
from didymium.case.units import lithium_per_carbonate, metal_per_mixed_oxide, metal_per_oxide
from didymium.faults import DidymiumError, Fault
from didymium.messages import _

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_CONVERTED = ("demands", "stocks", "prices", "statistics")


class Content:
    """What elements the commodities and baskets of a case hold.

    Parameters
    ----------
    baskets : DataFrame
        Table ``baskets``, shares in percent of rare-earth oxide.
    commodities : DataFrame
        Table ``commodities``.
    reference : str
        Basket whose proportions a group such as Nd;Pr has where nothing else is said.
    """

    def __init__(self, baskets: pd.DataFrame, commodities: pd.DataFrame, reference: str) -> None:
        self.shares: dict[str, dict[str, float]] = {}
        columns = (baskets[column].tolist() for column in ("basket", "element", "share"))
        for basket, element, share in zip(*columns, strict=True):
            self.shares.setdefault(basket, {})[element] = share
        named = commodities["commodity"].tolist()
        self.elements = {c: split_list(e) for c, e in zip(named, commodities["elements"].tolist(), strict=True)}
        self.basis: dict[str, str] = dict(zip(named, commodities["basis"].tolist(), strict=True))
        self.basket: dict[str, str] = dict(zip(named, commodities["basket"].tolist(), strict=True))
        self.reference = reference

    def mix(self, commodity: str) -> dict[str, float]:
        """Return oxide mass by element of a commodity traded as a group, in the reference basket's proportions."""
        elements = self.elements[commodity]
        if len(elements) == 1:
            return {elements[0]: 1.0}
        name = self.basket[commodity] or self.reference
        basket = self.shares.get(name)
        if basket is None:
            raise DidymiumError(_("basket `{basket}` has no rows").format(basket=name))
        return {element: basket.get(element, 0.0) for element in elements}

    def held(self, commodity: str, basket: str = "") -> dict[str, float]:
        """Return tonnes of each element in a tonne of a commodity traded in element, oxide or REO tonnes.

        ``s_e f_e / sum s_e`` with oxide shares ``s`` of its basket and metal per oxide ``f``; over ``sum s_e f_e``
        where its tonnes are tonnes of element. A single element needs no oxide: a tonne of it is a tonne of it.

        Parameters
        ----------
        commodity : str
            The commodity.
        basket : str
            Basket to take in place of its own.

        Raises
        ------
        DidymiumError
            Its tonnes are gross, or nothing is known of what it holds.
        """
        basis, elements = self.basis[commodity], self.elements[commodity]
        if basis not in ("element", "oxide", "reo"):
            raise DidymiumError(
                _("{commodity} is traded in tonnes {basis}: what it holds follows from its recipe").format(
                    commodity=commodity, basis=basis
                )
            )
        if basis == "element" and len(elements) == 1:
            return {elements[0]: 1.0}
        mix = self.shares[basket] if basket in self.shares else self.mix(commodity)
        oxides = {element: mix.get(element, 0.0) for element in elements}
        metals = {element: share * metal_per_oxide(element) for element, share in oxides.items()}
        total = sum(metals.values()) if basis == "element" else sum(oxides.values())
        if total <= 0:
            raise DidymiumError(_("{commodity} holds none of its elements").format(commodity=commodity))
        return {element: tonnes / total for element, tonnes in metals.items()}

    def element_per(self, commodity: str, basis: str) -> float:
        """Return the commodity's own tonnes in a tonne stated in ``basis``.

        Raises
        ------
        DidymiumError
            The two do not convert into each other.
        """
        own = self.basis[commodity]
        if basis == own or {basis, own} == {"oxide", "reo"}:
            return 1.0
        if own == "element" and basis in ("oxide", "reo"):
            return metal_per_mixed_oxide(self.mix(commodity))
        if own == "element" and basis == "lce" and self.elements[commodity] == ["Li"]:
            return lithium_per_carbonate()
        raise DidymiumError(
            _("mixed basis: {commodity} is traded in tonnes {own}, the row states {basis}").format(
                commodity=commodity, own=own, basis=basis or _("none")
            )
        )

    def recovered(self, feed: str, product: str, basket: str) -> float:
        """Return the most of ``product`` that a tonne of ``feed`` (REO) holds.

        ``sum_e s_e f_e / sum_feed s`` over the product's elements: shares ``s`` of the basket, ``f`` the metal per
        oxide where the product is traded in element tonnes, 1 where it is traded in REO.
        """
        shares = self.shares.get(basket)
        if shares is None:
            raise DidymiumError(_("basket `{basket}` has no rows").format(basket=basket))
        total = sum(shares.get(element, 0.0) for element in self.elements[feed])
        if total <= 0:
            raise DidymiumError(_("basket `{basket}` holds nothing of {feed}").format(basket=basket, feed=feed))
        metal = self.basis[product] == "element"
        return sum(
            shares.get(element, 0.0) / total * (metal_per_oxide(element) if metal else 1.0)
            for element in self.elements[product]
        )


def convert_amounts(frames: dict[str, pd.DataFrame], content: Content, faults: list[Fault]) -> None:
    """Convert quantities and prices to the commodity's basis; the stated one stays in ``stated_basis``."""
    import numpy as np

    for name in _CONVERTED:
        if name not in frames:
            continue
        frame = frames[name]
        value = {"prices": "price"}.get(name, "quantity")
        stated: list[str] = frame["basis"].tolist()
        inside, scale = list(stated), np.ones(len(frame))
        for at, (line, commodity, basis, unit) in enumerate(
            zip(*(frame[column].tolist() for column in (LINE, "commodity", "basis", "unit")), strict=True)
        ):
            if commodity not in content.basis or unit in ("day", "percent"):
                continue
            try:
                ratio = content.element_per(commodity, basis)
            except DidymiumError as error:
                own = content.basis[commodity]
                fix = _("state it in {own}, or name the commodity that it measures").format(own=own)
                faults.append(Fault(f"{name}.csv", str(line), "basis", str(error), fix))
                continue
            scale[at] = 1.0 / ratio if name == "prices" else ratio
            inside[at] = content.basis[commodity]
        _rescale(frame, value, scale)
        frame["stated_basis"] = frame["basis"]
        if inside:
            frame["basis"] = inside


def convert_recipes(frames: dict[str, pd.DataFrame], content: Content, faults: list[Fault]) -> None:
    """Turn recoveries from a basket into tonnes per unit of activity, and check the basis of the rest.

    The coefficient that was stated stays in ``recovery`` where a basket is named.
    """
    import numpy as np

    recipes, processes = frames["recipes"], frames["processes"]
    feeds = dict(zip(processes["process"].tolist(), processes["capacity_commodity"].tolist(), strict=True))
    recipes["recovery"] = recipes["coefficient"].where(recipes["basket"].ne(""))
    scale = np.ones(len(recipes))
    columns = (LINE, "process", "commodity", "coefficient", "basis", "basket")
    for at, (line, process, commodity, recovery, basis, basket) in enumerate(
        zip(*(recipes[column].tolist() for column in columns), strict=True)
    ):
        if commodity not in content.basis or process not in feeds:
            continue
        try:
            if basket:
                if not 0 <= recovery <= 1:
                    what = _("a recovery of {recovery:g} creates mass").format(recovery=recovery)
                    fix = _("a recovery lies between 0 and 1")
                    faults.append(Fault("recipes.csv", str(line), "coefficient", what, fix))
                scale[at] = content.recovered(feeds[process], commodity, basket)
            else:
                scale[at] = content.element_per(commodity, basis)
        except DidymiumError as error:
            faults.append(Fault("recipes.csv", str(line), "basis", str(error), _("correct the basis or the basket")))
    _rescale(recipes, "coefficient", scale)


def _rescale(frame: pd.DataFrame, value: str, scale: np.ndarray) -> None:
    """Multiply a value, its band and its standard error."""
    for column in (value, "low", "high", "sigma"):
        if column in frame:
            frame[column] = frame[column].to_numpy(float) * scale
