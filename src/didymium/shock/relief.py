"""What a remedy takes off the harm of a cut: each is run with and without the cut, and with and without the remedy.

``relief = (harm[cut] - harm[cut, remedy]) - (harm[calm] - harm[calm, remedy])``, all under foresight ``none``: what a
plant does for its users without any cut is no relief of the cut.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from didymium.case.network import positions
from didymium.market.options import Options
from didymium.market.prepare import Market
from didymium.shock.harm import Harm, harm_of
from didymium.shock.losses import producers_gain
from didymium.shock.path import Path
from didymium.shock.sweep import Sweep

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario
    from didymium.shock.crew import Crew
    from didymium.shock.engine import Progress

HELD = "remedy|"
"""Begins the name of a stock that is tried."""


@dataclass(frozen=True)
class Remedy:
    """A stock or a plant that may relieve a participant.

    Parameters
    ----------
    kind : str
        ``stock``: the participant holds so much more of it, and gives it out only while a measure cuts it off;
        ``plant``: it runs.
    what : str
        Market of the stock, or facility.
    amount : float
        Tonnes held, or capacity in tonnes a year.
    promise : float
        What the program's duals say that the cut makes it worth to the world, MUSD.
    inputs : str
        Input rows behind it.
    """

    kind: str
    what: str
    amount: float
    promise: float
    inputs: str


class Run(NamedTuple):
    """A path of a trial.

    Parameters
    ----------
    harm : Harm
        What it does to the participant.
    flows : dict of str to dict
        By market watched, over the months of the cut, t: used at home, made, sold abroad less bought, and what firms
        hold in the end.
    released : float
        What the stock that is tried gave out in those months, t.
    earned : float
        What it sold for above the base price, or what the plant that is tried earns above its base cost, MUSD.
    """

    harm: Harm
    flows: dict[str, dict[str, float]]
    released: float
    earned: float


Item = tuple[Remedy | None, bool]
"""A remedy, or none; and whether there is a cut."""


@dataclass(frozen=True)
class Trials:
    """What the trials of a participant's remedies have in common.

    Parameters
    ----------
    case, market, participant
        Whom they are to relieve, and in which market.
    cut, calm : Scenario
        The measures, and the same months without any.
    options : Options
        Market options: plants that may run stand idle.
    watched : tuple of str
        Markets of which stocks are tried.
    held_back : array of bool, months
        A measure cuts the participant off: only then strategic stocks are given out.
    """

    case: cases.Case
    market: Market
    participant: str
    cut: Scenario
    calm: Scenario
    options: Options
    watched: tuple[str, ...]
    held_back: npt.NDArray[np.bool_]
    name: str = field(default_factory=lambda: uuid.uuid4().hex, init=False)


class Relief(NamedTuple):
    """What a remedy does.

    Parameters
    ----------
    remedy : Remedy
        What was tried.
    relief, risk_relief, spared : float
        What it takes off the harm of the cut: users' loss and value at risk, MUSD; what end uses miss, t.
    anyway : float
        What it saves the same users without a cut, MUSD.
    share : float
        Relief as a share of what the cut alone takes from users; NaN where it takes nothing.
    earned : float
        What it earns by the cut itself, where it lies at home, MUSD.
    released : float
        What a stock gave out, t; NaN for a plant.
    flows : dict of str to float
        Of the good that a stock gave out, how flows of the participant differ, t; empty for a plant.
    exports : float
        What the participant sold of the good abroad without the stock in the months of the cut, less bought, t.
    """

    remedy: Remedy
    relief: float
    risk_relief: float
    spared: float
    anyway: float
    share: float
    earned: float
    released: float
    flows: dict[str, float]
    exports: float


def tried(trials: Trials, item: Item) -> Run:
    """Run one path of a trial."""
    remedy, cut = item
    market, options = trials.market, trials.options
    if remedy and remedy.kind == "stock":
        market = with_reserve(market, remedy.what, remedy.amount, remedy.inputs)
    elif remedy:
        built = (replace(x, share=1.0) if x.facility == remedy.what else x for x in options.projects)
        options = replace(options, projects=tuple(built))
    story = trials.cut if cut else trials.calm
    path = Sweep(trials.case, market, options).draw(story, "none", market, options)
    released, earned = 0.0, 0.0
    if remedy and remedy.kind == "stock":
        given = -np.diff(path.stock.loc[HELD + remedy.what].to_numpy(float), prepend=remedy.amount)
        dearer = path.price.loc[remedy.what].to_numpy(float) - market.base.price[remedy.what]
        released, earned = float(given.sum()), float((given * dearer).sum()) / 1000.0
    elif remedy and market.network.facilities["region"][remedy.what] == trials.participant:
        mine = market.network.activities["facility"].eq(remedy.what).to_numpy()
        earned = float(producers_gain(market, path.activity, path.price)[mine].sum()) / 1000.0
    return Run(harm_of(trials.case, market, path, trials.participant), _flows(trials, market, path), released, earned)


def with_reserve(market: Market, label: str, tonnes: float, inputs: str = "") -> Market:
    """Return a market in which a government holds a stock more: given out at home, in a shortage, at any rate.

    Parameters
    ----------
    market : Market
        Network and base point.
    label : str
        Where it lies: commodity and region.
    tonnes : float
        How much.
    inputs : str
        Input rows behind it.
    """
    stocks = market.network.stocks
    commodity, region = label.split("|")
    row = {
        "market": label, "commodity": commodity, "region": region, "kind": "strategic", "owner": region,
        "quantity": tonnes, "low": tonnes, "high": tonnes, "in_days": False, "band": "band", "release": "shortage",
        "release_rate": np.nan, "inputs": inputs,
    }  # fmt: skip
    more = pd.DataFrame([row], index=pd.Index([HELD + label], name=stocks.index.name), columns=stocks.columns)
    return Market(replace(market.network, stocks=pd.concat([stocks, more.astype(stocks.dtypes)])), market.base)


def reliefs(trials: Trials, remedies: Sequence[Remedy], crew: Crew, progress: Progress | None = None) -> list[Relief]:
    """Return what each remedy takes off the harm of a cut.

    A stock stays shut without a cut, so the calm months are the same with it: of plants alone they are run again.

    Parameters
    ----------
    trials : Trials
        What they have in common.
    remedies : sequence of Remedy
        What to try.
    crew : Crew
        Who runs the paths.
    progress : callable, optional
        Called with paths run and paths in all.
    """
    if not remedies:
        return []
    items: list[Item] = [(None, True), (None, False), *((remedy, True) for remedy in remedies)]
    items += [(remedy, False) for remedy in remedies if remedy.kind == "plant"]
    runs: dict[Item, Run] = {}
    for item, run in crew.each(tried, trials, items):
        runs[item] = run
        if progress:
            progress(len(runs), len(items))
    before, calm = runs[None, True], runs[None, False]
    lost = before.harm.users_loss - calm.harm.users_loss
    found = []
    for remedy in remedies:
        after, still = runs[remedy, True], runs.get((remedy, False), calm)

        def taken_off(name: str, after: Run = after, still: Run = still) -> float:
            saved = getattr(before.harm, name) - getattr(after.harm, name)
            return float(saved - (getattr(calm.harm, name) - getattr(still.harm, name)))

        stock = remedy.kind == "stock"
        relief = taken_off("users_loss")
        found.append(Relief(
            remedy, relief, taken_off("value_at_risk"), taken_off("short"),
            calm.harm.users_loss - still.harm.users_loss, relief / lost if lost > 0 else np.nan,
            after.earned - still.earned, after.released if stock else np.nan,
            {name: after.flows[remedy.what][name] - was for name, was in before.flows[remedy.what].items()}
            if stock else {},
            before.flows[remedy.what]["abroad"] if stock else np.nan,
        ))  # fmt: skip
    return found


def _flows(trials: Trials, market: Market, path: Path) -> dict[str, dict[str, float]]:
    """Return by market watched what was used, made, sold abroad and held by firms in the months of the cut, t."""
    network, months = market.network, trials.held_back
    served, ship, activity = (
        frame.to_numpy(float)[:, months].sum(axis=1) for frame in (path.served, path.ship, path.activity)
    )
    terms = network.terms
    moved = activity[positions(network.activities.index, terms["activity"])] * terms["coefficient"].to_numpy(float)
    found = {}
    for label in trials.watched:
        here = moved[terms["market"].eq(label).to_numpy()]
        own = network.uses["market"].eq(label).to_numpy()
        out, into = (network.routes[end].eq(label).to_numpy() for end in ("tail", "head"))
        firms = (path.stocks["market"].eq(label) & path.stocks["kind"].eq("commercial")).to_numpy()
        level = path.stock.to_numpy(float)[firms][:, months]
        found[label] = {
            "used": float(served[own].sum() - np.minimum(here, 0.0).sum()),
            "made": float(np.maximum(here, 0.0).sum()),
            "abroad": float(ship[out].sum() - ship[into].sum()),
            "firms": float(level[:, -1].sum()) if level.shape[1] else 0.0,
        }  # fmt: skip
    return found
