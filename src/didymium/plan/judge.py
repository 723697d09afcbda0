"""What a plan is worth, under the functional that plans are made for, and whether two plans can be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from didymium.plan.recourse import TAIL
from didymium.plan.risk import cvar
from didymium.plan.stories import sample

if TYPE_CHECKING:
    import pandas as pd

    from didymium.plan.clearing import Cleared, Clearing, Plan
    from didymium.plan.desk import Desk
    from didymium.plan.stories import Story

Values = npt.NDArray[np.float64]

LEVEL = 0.975
"""Quantile of Student's t for the half-width of a 95 % interval."""

SLACK = 1e-6
"""kUSD below which a difference is none: rounding."""


@dataclass(frozen=True)
class Judged:
    """What a plan is worth to its coalition on a set of stories, against doing nothing on the same ones.

    ``F = (1 - r) E(worth) - r (CVaR(loss) - CVaR(loss of doing nothing))``, the worst 5 % counted of losses and not of
    gains: what costs a little in a calm and spares much in a cut is an insurance, not a risk.

    Parameters
    ----------
    worth : array
        By story, over doing nothing, kUSD.
    idle : array
        Loss by story if nothing is done, from whatever zero, kUSD.
    share : array
        Probability of each story.
    risk : float
        Weight of the conditional value at risk.
    by_chance : array of bool, optional
        Stories whose share is an estimate, from so many draws; None: they are all there is.
    draws : int
        Draws that those stories were joined from.
    """

    worth: Values
    idle: Values
    share: Values
    risk: float
    by_chance: npt.NDArray[np.bool_] | None = None
    draws: int = 0

    @property
    def mean(self) -> float:
        """Return the expected gain over doing nothing, kUSD."""
        return float(self.share @ self.worth)

    @property
    def spared(self) -> float:
        """Return by how much the mean loss of the worst 5 % is smaller than if nothing is done, kUSD."""
        return cvar(self.idle, self.share) - cvar(self.idle - self.worth, self.share)

    @property
    def value(self) -> float:
        """Return what it is worth under the functional, kUSD."""
        return (1.0 - self.risk) * self.mean + self.risk * self.spared

    @cached_property
    def by_story(self) -> Values:
        """Return what each story adds to the functional, kUSD; its mean is the value.

        ``(1 - r) worth - r [v + (L - v)+ / a]``, less the same of doing nothing, with ``v`` the value at risk: the
        estimate's influence function (Rockafellar and Uryasev 2000, Journal of Risk 2, 21-41, eq. 4 and theorem 1).
        """
        if self.risk == 0.0:
            return self.worth
        tails = _tail(self.idle, self.share) - _tail(self.idle - self.worth, self.share)
        return (1.0 - self.risk) * self.worth + self.risk * tails

    @property
    def interval(self) -> float:
        """Return half the 95 % interval of the value, kUSD."""
        return self._half(self.by_story)

    def over(self, other: Judged) -> tuple[float, float]:
        """Return by how much it is worth more than another on the same draws, and half that difference's interval."""
        apart = self.by_story - other.by_story
        return float(self.share @ apart), self._half(apart)

    def _half(self, by_story: Values) -> float:
        if self.by_chance is None:
            return 0.0
        return half_interval(by_story[self.by_chance], self.share[self.by_chance], self.draws)

    def same_as(self, other: Judged) -> bool:
        """Return whether the paired 95 % interval of the difference contains zero."""
        difference, half = self.over(other)
        return not abs(difference) > half + SLACK  # an interval that is not known contains everything


def half_interval(by_story: Values, share: Values, draws: int) -> float:
    """``P t s / sqrt(n)``, ``s^2 = n / (n - 1) sum_s (p_s / P) (x_s - mean)^2``: half the 95 % interval of a sum.

    ``P`` is the probability of whatever was drawn. NaN where less than two draws say nothing of the next.
    """
    if draws < 2:
        return float("nan")
    total = float(share.sum())
    q = share / total
    variance = float(q @ (by_story - float(q @ by_story)) ** 2) * draws / (draws - 1)
    return total * float(stdtrit(draws - 1, LEVEL)) * float(np.sqrt(variance / draws))


def _tail(losses: Values, share: Values, tail: float = TAIL) -> Values:
    """``v + (l - v)+ / a`` by story: its mean is the conditional value at risk."""
    order = np.argsort(losses)[::-1]
    reached = np.cumsum(share[order]) >= tail * (1.0 - 1e-9)
    at_risk = float(losses[order][int(np.argmax(reached))])
    return at_risk + np.maximum(losses - at_risk, 0.0) / tail


@dataclass(frozen=True)
class Drawn:
    """Stories drawn by their probabilities, equal ones joined; how likely no cut is need not be drawn.

    Parameters
    ----------
    share : dict of str to float
        By story: the calm one as likely as it is, the others by how often they were drawn (post-stratification; Cochran
        1977, *Sampling Techniques*, section 5A.9).
    draws, cuts : int
        Draws, and those of them with a cut.
    """

    share: dict[str, float]
    draws: int
    cuts: int


def draw(stories: Sequence[Story], count: int, seed: int) -> Drawn:
    """Return so many draws from the stories."""
    often = {s.name: round(s.probability * count) for s in sample(stories, count, seed)}
    calm = {s.name: s.probability for s in stories if s.scenario is None}
    cuts = sum(n for name, n in often.items() if name not in calm)
    rest = 1.0 - sum(calm.values()) if cuts else 0.0
    drawn = {name: rest * n / cuts for name, n in often.items() if name not in calm}
    known = calm if cuts else {name: p / sum(calm.values()) for name, p in calm.items()}
    return Drawn({**known, **drawn}, count, cuts)


def union(stories: Sequence[Story], sets: Sequence[Drawn]) -> list[Story]:
    """Return the stories that any of the sets holds, as likely as they are against each other.

    One tree for all: a market's beliefs are those of the chain, and not of what happened to be drawn.
    """
    kept = [s for s in stories if any(s.name in each.share for each in sets)]
    total = sum(s.probability for s in kept)
    return [replace(s, probability=s.probability / total) for s in kept]


@dataclass
class Judge:
    """Clears plans on a separate set of stories.

    Parameters
    ----------
    clearing : Clearing
        The market on those stories, and maybe on others.
    drawn : Drawn, optional
        Which of them count, and how much; None: all of them, as likely as they are, and nothing was drawn.
    seen : dict
        Every plan's market in short, for every judge on the same one: the same plan is cleared once, whoever makes it.
    """

    clearing: Clearing
    drawn: Drawn | None = None
    seen: dict[bytes, tuple[Cleared, pd.DataFrame]] = field(default_factory=dict)

    @property
    def draws(self) -> int:
        """Return how many draws there were; 0: none."""
        return self.drawn.draws if self.drawn else 0

    def judged(self, made_on: Desk, who: tuple[str, ...], plan: Plan) -> Judged:
        """Return what a plan is worth to its coalition here.

        Parameters
        ----------
        made_on : Desk
            Where the plan was made.
        who : tuple of str
            The coalition.
        plan : Plan
            The plan.
        """
        key = plan.key(who)
        if key not in self.seen:
            here = replace(plan, decision=self.clearing.onto(made_on, plan.decision))
            self.seen[key] = self.clearing.in_short(self.clearing.market(who, here))
        cleared, users = self.seen[key]
        return self.of(who, self.clearing.worth(replace(cleared, who=who), users))

    def of(self, who: tuple[str, ...], worth: Values) -> Judged:
        """Return a worth by story as it counts here."""
        stories = self.clearing.desk.unfolded.stories
        idle, risk = self.clearing.idle_loss(who), self.clearing.desk.terms.risk
        if self.drawn is None:
            return Judged(worth, idle, np.array([s.probability for s in stories]), risk)
        share = np.array([self.drawn.share.get(s.name, 0.0) for s in stories])
        by_chance = np.array([s.scenario is not None for s in stories])
        return Judged(worth, idle, share, risk, by_chance, self.drawn.cuts)


def further(seed: int) -> int:
    """Return the seed of the draws that value a plan, for the seed of those that chose it: another stream."""
    return int(np.random.SeedSequence([seed, 1]).generate_state(1)[0])


def leader(found: Sequence[Judged], allowed: Sequence[bool]) -> int:
    """Return which of the allowed plans is worth most."""
    return max((at for at, ok in enumerate(allowed) if ok), key=lambda at: found[at].value)


def regrets(found: Sequence[Judged], allowed: Sequence[bool]) -> list[Values]:
    """Return what the best allowed plan of each story would be worth more there, by plan and story, kUSD."""
    best = np.max([each.worth for each, ok in zip(found, allowed, strict=True) if ok], axis=0)
    return [best - each.worth for each in found]


def chosen_of(found: Sequence[Judged], allowed: Sequence[bool], own: Sequence[bool], spent: Sequence[float]) -> int:
    """Return which plan is taken: of those as good as the best, the cheapest that a planning program made.

    As good: the draws do not tell them apart. Spending more has to show that it brings more. Rules of thumb are there
    to be beaten: one is taken where all programs' plans are shown to be worse. Draws too few to tell a plan from doing
    nothing are no reason to do nothing: that is taken only where no plan is worth more. Where nothing was drawn every
    difference shows (docs/decisions/033).

    Parameters
    ----------
    found : sequence of Judged
        What the candidates are worth; doing nothing first.
    allowed : sequence of bool
        Which of them keep within purses and limits.
    own : sequence of bool
        Which a planning program made: the coalition's or a partner's, with or without projects; not rules of thumb.
    spent : sequence of float
        What they take out of the purses.
    """
    first = leader(found, allowed)
    best = found[first]
    if best.value <= SLACK:
        return first
    near = [at for at, ok in enumerate(allowed) if ok and found[at].value > SLACK and found[at].same_as(best)]
    return min(near, key=lambda at: (not own[at], round(spent[at], 3), -found[at].value))
