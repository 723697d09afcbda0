"""The base point: the quantities and prices of the base year that every curve passes through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from didymium.case.network import Network, positions


@dataclass(frozen=True)
class Base:
    """A calibrated base year.

    Parameters
    ----------
    price : Series
        By market, USD/kg.
    activity : Series
        By activity, t/year.
    ship : Series
        By route, t/year.
    served : Series
        By use, t/year.
    dispose : Series
        By market, t/year.
    cost : Series
        By activity, USD/kg: marginal cost at the base point (own cost and rent less implied subsidy); for what does not
        run in the base year its own cost, or what keeps it out.
    freight : Series
        By route, USD/kg, after calibration.
    elasticity : Series
        By activity: elasticity of supply.
    report : DataFrame
        By activity: stated cost, rent, implied subsidy.
    misfit : DataFrame
        Observed against adjusted quantities: label, observed, sigma, adjusted, inputs.
    """

    price: pd.Series
    activity: pd.Series
    ship: pd.Series
    served: pd.Series
    dispose: pd.Series
    cost: pd.Series
    freight: pd.Series
    elasticity: pd.Series
    report: pd.DataFrame
    misfit: pd.DataFrame

    def intake(self, network: Network) -> pd.Series:
        """Return what each market's buyers take in a year: processes and end uses, t/year."""
        markets, terms, made = network.markets.index, network.terms, self.activity.to_numpy(float)
        each = terms["coefficient"].to_numpy(float) * made[positions(self.activity.index, terms["activity"])]
        total = np.bincount(positions(markets, terms["market"]), np.maximum(-each, 0.0), len(markets))
        total += np.bincount(positions(markets, network.uses["market"]), self.served.to_numpy(float), len(markets))
        return pd.Series(total, index=markets)

    def output(self, network: Network) -> pd.Series:
        """Return what each market's makers give out in a year, t/year."""
        terms = network.terms[network.terms["coefficient"].gt(0)]
        given = terms["coefficient"].to_numpy(float) * terms["activity"].map(self.activity).to_numpy(float)
        made = pd.Series(given, index=terms["market"].to_numpy(), dtype=float).groupby(level=0).sum()
        return made.reindex(network.markets.index, fill_value=0.0)

    def net_trade(self, network: Network) -> pd.Series:
        """Return exports less imports of each market, t/year."""
        out = self.ship.groupby(network.routes["tail"]).sum().reindex(network.markets.index, fill_value=0.0)
        into = self.ship.groupby(network.routes["head"]).sum().reindex(network.markets.index, fill_value=0.0)
        return out - into

    def running(self) -> np.ndarray:
        """Return which activities run in the base year."""
        return (self.activity > 0).to_numpy()
