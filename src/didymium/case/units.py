"""Units and basis at the door: a number without either does not enter.

Conversion between a metal and its oxide is stoichiometry from a library's atomic masses, never a typed factor.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from didymium.faults import DidymiumError
from didymium.messages import _

if TYPE_CHECKING:
    from pint import UnitRegistry

RARE_EARTHS = ("La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Y")
"""The fifteen rare earths of a basket."""

TRADE_OXIDE = {
    "La": "La2O3", "Ce": "CeO2", "Pr": "Pr6O11", "Nd": "Nd2O3", "Sm": "Sm2O3", "Eu": "Eu2O3", "Gd": "Gd2O3",
    "Tb": "Tb4O7", "Dy": "Dy2O3", "Ho": "Ho2O3", "Er": "Er2O3", "Tm": "Tm2O3", "Yb": "Yb2O3", "Lu": "Lu2O3",
    "Y": "Y2O3", "Li": "Li2O", "Mg": "MgO", "Al": "Al2O3", "Ti": "TiO2", "Mn": "MnO", "Co": "Co3O4", "Ni": "NiO",
    "Zn": "ZnO", "Ga": "Ga2O3", "Ge": "GeO2", "Sb": "Sb2O3", "W": "WO3",
}  # fmt: skip
"""The oxide in which each element is traded."""

LITHIUM_CARBONATE = "Li2CO3"
"""What a tonne of lithium carbonate equivalent is."""


@cache
def registry() -> UnitRegistry[float]:
    """Return the unit registry: tonnes, days, percent, and currencies that do not convert into each other."""
    from pint import UnitRegistry

    units: UnitRegistry[float] = UnitRegistry(None, on_redefinition="ignore", cache_folder=None)
    for line in (
        "t = [mass]", "kg = 1e-3 t", "kt = 1e3 t", "Mt = 1e6 t", "g = 1e-6 t", "carat = 2e-7 t",
        "kcarat = 1e3 carat", "Mcarat = 1e6 carat", "lb = 0.45359237 kg", "troy_oz = 31.1034768 g",
        "m3 = [volume]", "Mm3 = 1e6 m3", "ML = 1e3 m3", "day = [time]", "year = 365.25 day",
        "month = 30.4375 day", "USD = [usd]", "cUSD = 0.01 USD", "kUSD = 1e3 USD", "MUSD = 1e6 USD",
        "BUSD = 1e9 USD", "JPY = [jpy]",
        "MJPY = 1e6 JPY", "BJPY = 1e9 JPY", "EUR = [eur]", "MEUR = 1e6 EUR", "AUD = [aud]", "ratio = []",
        "percent = 0.01 ratio", "m3 = [volume]", "MWh = [energy]", "kWh = 1e-3 MWh", "GWh = 1e3 MWh",
    ):  # fmt: skip
        units.define(line)
    return units


@cache
def factor(unit: str, internal: str) -> float:
    """Return what a number in ``unit`` is multiplied by to be in ``internal``.

    Parameters
    ----------
    unit : str
        Unit as the row states it, such as ``USD/kg``.
    internal : str
        Unit inside the model; ``a|b`` allows either, and the number stays in the one that fits.

    Raises
    ------
    DidymiumError
        An unknown unit, or one of another dimension.
    """
    for target in internal.split("|"):
        try:
            quantity = registry().Quantity(1.0, unit).to(target)
        except Exception:
            continue
        return float(quantity.magnitude)
    raise DidymiumError(
        _("unit `{unit}` is unknown or does not measure {internal}").format(unit=unit, internal=internal)
    )


@cache
def metal_per_oxide(element: str) -> float:
    """Return tonnes of element in a tonne of its trade oxide.

    ``n_e M_e / M(oxide)`` with standard atomic masses, e.g. Dy in Dy2O3: 0.8713.

    Raises
    ------
    DidymiumError
        An element that is not traded as an oxide here.
    """
    if element not in TRADE_OXIDE:
        raise DidymiumError(
            _("`{element}` has no trade oxide here; use one of {known}").format(
                element=element, known=", ".join(TRADE_OXIDE)
            )
        )
    return _share(element, TRADE_OXIDE[element])


@cache
def lithium_per_carbonate() -> float:
    """Return tonnes of lithium in a tonne of lithium carbonate equivalent.

    ``2 M_Li / M(Li2CO3)`` with standard atomic masses: 0.1879.
    """
    return _share("Li", LITHIUM_CARBONATE)


def _share(element: str, compound: str) -> float:
    """Return the mass of an element in a compound over the mass of the compound."""
    import periodictable

    formula = periodictable.formula(compound)
    return float(next(n * atom.mass for atom, n in formula.atoms.items() if atom.symbol == element) / formula.mass)


def metal_per_mixed_oxide(shares: dict[str, float]) -> float:
    """Return tonnes of elements in a tonne of mixed oxide.

    ``sum_e s_e f_e / sum_e s_e`` with oxide-mass shares ``s`` and :func:`metal_per_oxide` ``f``.

    Parameters
    ----------
    shares : dict of str to float
        Oxide mass by element, in any unit.

    Raises
    ------
    DidymiumError
        No mass at all.
    """
    total = sum(shares.values())
    if total <= 0:
        raise DidymiumError(_("a mixed oxide of {elements} has no mass").format(elements=", ".join(shares)))
    return sum(share * metal_per_oxide(element) for element, share in shares.items()) / total
