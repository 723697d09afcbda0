"""What a set of measures does to a participant, and to him who imposes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from didymium.economy.methods import DEPENDENCE, Shortage, value_at_risk
from didymium.market.prepare import Market
from didymium.messages import _
from didymium.result import Column, join_inputs
from didymium.shock.losses import users_loss
from didymium.shock.outcome import use_frame
from didymium.shock.path import Path
from didymium.shock.value import worth_of

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario

Set = tuple[int, ...]


@dataclass(frozen=True)
class Harm:
    """What a set of measures does.

    Parameters
    ----------
    users_loss, value_at_risk : float
        Of the participant, MUSD.
    short : float
        What its end uses miss, t.
    adversary : float
        What the controller earns less on its exports, MUSD; below zero where prices rise by more than exports fall.
    """

    users_loss: float
    value_at_risk: float
    short: float
    adversary: float

    def score(self, pays: bool) -> float:
        """Return what the adversary wants: harm, less his own loss where he counts it."""
        return self.users_loss - (self.adversary if pays else 0.0)


def listed(scenario: Scenario) -> list[str]:
    """Return the names of the measures and outages of a scenario; a pass-through goes with its measure."""
    own = [r.measure for r in scenario.restrictions if not r.measure.startswith("passthrough_")]
    return [*own, *(f"outage {o.facility}" for o in scenario.outages)]


def only(scenario: Scenario, names: Iterable[str]) -> Scenario:
    """Return a scenario with some of its measures and outages."""
    kept = set(names)
    return replace(
        scenario,
        restrictions=tuple(r for r in scenario.restrictions if r.measure.removeprefix("passthrough_") in kept),
        outages=tuple(o for o in scenario.outages if f"outage {o.facility}" in kept),
    )


def harm_of(case: cases.Case, market: Market, path: Path, participant: str) -> Harm:
    """Return what a path does to a participant, and what it costs the controller."""
    uses, routes, base = market.network.uses, market.network.routes, market.base
    lost = users_loss(market, path.served.to_numpy(), path.wanted.to_numpy(), path.price) / 1000.0
    frame = use_frame(path, market)
    risk = value_at_risk(case, Shortage.of(frame, worth_of(market), participant)).value
    mine = frame[frame["region"].eq(participant)]
    sold = routes.index[routes["origin"].eq(case.controller)]
    tail = routes.loc[sold, "tail"]
    before = float((base.ship.loc[sold].to_numpy(float) * base.price.loc[tail].to_numpy(float)).sum())
    after = float((path.ship.loc[sold].to_numpy(float) * path.price.loc[tail].to_numpy(float)).sum())
    return Harm(
        float(lost[uses["region"].eq(participant).to_numpy()].sum()),
        risk,
        float((mine["wanted"] - mine["served"]).clip(lower=0.0).sum()),
        (before * len(path.tree) / 12.0 - after) / 1000.0,
    )


HARMS = ("users_loss", "value_at_risk", "short", "adversary", "net")


def harm_columns() -> dict[str, Column]:
    """Return the columns of a harm."""
    return {
        "users_loss": Column("MUSD", _("Loss of the participant's users")),
        "value_at_risk": Column("MUSD", _("Value added at risk of the participant")),
        "short": Column("t", _("What its end uses miss")),
        "adversary": Column("MUSD", _("What the controller earns less on its exports; below zero: it earns more")),
        "net": Column("MUSD", _("Users' loss less the controller's")),
    }


def harm_cells(harm: Harm) -> dict[str, float]:
    """Return a harm as cells."""
    return {**{name: getattr(harm, name) for name in HARMS[:-1]}, "net": harm.score(True)}


def rests_on(scenario: Scenario, names: Sequence[str]) -> str:
    """Return the input rows behind a set of measures."""
    story = only(scenario, names)
    facilities = [f"facilities/{o.facility}" for o in story.outages]
    return join_inputs(story.inputs() or ["assumptions/a_no_shock"], facilities, [f"assumptions/{DEPENDENCE}"])


def daily_use(market: Market, label: str) -> float:
    """Return what a market takes in on a day of the base year, t."""
    return float(market.base.intake(market.network)[label]) / 365.25
