"""What bears on trade, plants and users, with its dates: the parts that a scenario is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise

Path_ = tuple[tuple[date, float], ...]

BOUNDS = ("ban", "quota", "licence", "content_rule", "closure")
"""Kinds that bound what goes."""

WEDGES = ("tariff", "minimum_price")
"""Kinds that make it dearer."""


@dataclass(frozen=True)
class Band:
    """How far what a measure lets through may be off.

    Parameters
    ----------
    low, high : tuple of (date, float)
        Share let through from each date on, at the 5 % and the 95 % end.
    """

    low: Path_
    high: Path_


@dataclass(frozen=True)
class Pause:
    """A span in which a measure lets more through: a suspension, a truce, a general licence.

    Parameters
    ----------
    start : date
        First day.
    end : date or None
        First day on which the measure bites again; None: open.
    share : float
        Share of base trade let through meanwhile.
    """

    start: date
    end: date | None
    share: float = 1.0


@dataclass(frozen=True)
class Restriction:
    """A measure at work: what share of base trade it lets through, from when to when.

    Parameters
    ----------
    measure : str
        Its name in the scenario.
    kind : str
        One of :data:`BOUNDS`.
    controller : str
        Region whose exports it bounds; of a content rule the region whose atoms it follows.
    commodities, destinations : frozenset of str
        What it covers and where it bites.
    start, end : date
        First day in force; first day no longer in force (None: open).
    approval : tuple of (date, float)
        Share of the base flow let through from each date on.
    delay_days : float
        Time that a licence takes; ``approval`` already waits for it.
    inputs : tuple of str
        Input rows behind it.
    pauses : tuple of Pause
        Suspensions, truces and general licences.
    pooled : bool
        One bound on the sum over its destinations and commodities, where they may be had in any mix; otherwise one for
        each.
    end_uses : frozenset of str
        It bites on these end uses alone; on everybody where empty.
    follows : frozenset of str
        Of a rule that follows atoms: the commodities by which material of the controller taints what is made of it.
    announced : date or None
        Day from which it is known; its first day in force where None.
    """

    measure: str
    kind: str
    controller: str
    commodities: frozenset[str]
    destinations: frozenset[str]
    start: date
    end: date | None
    approval: Path_
    delay_days: float
    inputs: tuple[str, ...]
    pauses: tuple[Pause, ...] = ()
    pooled: bool = False
    end_uses: frozenset[str] = frozenset()
    follows: frozenset[str] = frozenset()
    announced: date | None = None

    def on(self, day: date) -> float:
        """Return the share of base trade let through on a day; 1 where it is not in force."""
        if day < self.start or (self.end is not None and day >= self.end):
            return 1.0
        passed = [share for begin, share in self.approval if begin <= day]
        lifted = [p.share for p in self.pauses if p.start <= day and (p.end is None or day < p.end)]
        return max([passed[-1] if passed else 1.0, *lifted])

    @cached_property
    def steps(self) -> Path_:
        """Return the days on which the share changes, and what it is from each on."""
        days = {self.start, *(day for day, _share in self.approval)}
        days |= {day for pause in self.pauses for day in (pause.start, pause.end) if day}
        if self.end:
            days.add(self.end)
        return tuple((day, self.on(day)) for day in sorted(days))

    def share(self, first: date, last: date) -> float:
        """Return the mean share of base trade let through between two days; 1 where it is not in force."""
        days = (last - first).days
        if days <= 0:
            raise ValueError("an empty period")
        edges = [first, *(day for day, _share in self.steps if first < day < last), last]
        return sum((b - a).days * self.on(a) for a, b in pairwise(edges)) / days

    def believed(self, today: date, known_end: bool, since: date | None = None) -> Restriction:
        """Return what somebody believes on ``today``: today's share lasts, or the mean share since some day.

        Parameters
        ----------
        today : date
            The day of the belief.
        known_end : bool
            The end is announced and believed, and so is the end of a suspension; otherwise what holds today is thought
            to stay for good.
        since : date, optional
            First day that is remembered, where not today's share is believed but what was let through from then on.
        """
        share = [s for day, s in self.approval if day <= today]
        held = share[-1] if share else self.approval[0][1]
        if since is not None and self.start <= today:
            lasting = replace(self, end=None, pauses=())
            held = lasting.share(max(since, self.start), today + timedelta(days=1))
        begun = tuple(p for p in self.pauses if p.start <= today)
        if not known_end:
            begun = tuple(replace(p, end=None) for p in begun if p.end is None or p.end > today)
        end = self.end if known_end else None
        return replace(self, end=end, approval=((self.start, held),), pauses=begun)


@dataclass(frozen=True)
class Wedge:
    """A duty at the border.

    Parameters
    ----------
    measure : str
        Its name in the scenario.
    kind : str
        ``tariff`` (a share of the value on arrival) or ``minimum_price`` (what is missing to a price).
    importer : str
        Region that levies it.
    origins, commodities : frozenset of str
        Where the goods come from, and what they are.
    start, end : date
        First day; first day no longer levied (None: open).
    level : float
        Share of value, or USD/kg.
    inputs : tuple of str
        Input rows behind it.
    """

    measure: str
    kind: str
    importer: str
    origins: frozenset[str]
    commodities: frozenset[str]
    start: date
    end: date | None
    level: float
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Outage:
    """A facility that runs at a share of its capacity for a while."""

    facility: str
    start: date
    end: date
    availability: float
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class DemandChange:
    """An end use (``*``: every one) that wants more or less for a while."""

    end_use: str
    region: str
    start: date
    end: date
    factor: float
    inputs: tuple[str, ...]
