"""What is known on a later decision day: nothing was cut so far, or what was, and towards whom.

How long a cut will last is not known while it lasts, and when it began does not tell: so decisions differ by kind of
cut alone. Few kinds keep the decisions few and what follows a cut alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from didymium.plan.unfold import Unfolded

CALM_NEWS = "calm"
"""Nothing was cut so far."""


@dataclass(frozen=True)
class News:
    """The first cut of a history.

    Parameters
    ----------
    covers : frozenset of str
        Goods that are held back, plants that stand still, end uses that change.
    towards : frozenset of str
        Regions that it is aimed at.
    """

    covers: frozenset[str]
    towards: frozenset[str]

    def words(self, everybody: frozenset[str]) -> str:
        """Return it in a few words."""
        whom = "everybody" if self.towards >= everybody else "+".join(sorted(self.towards)) or "-"
        what = next(iter(self.covers)) if len(self.covers) == 1 else f"{len(self.covers)} goods"
        return f"cut of {what} to {whom}"

    def likeness(self, other: News) -> float:
        """``|A and B| / |A or B|`` of what is covered, plus the same of whom it is aimed at."""
        return sum(
            len(a & b) / len(a | b) if a | b else 1.0
            for a, b in ((self.covers, other.covers), (self.towards, other.towards))
        )


def heard(unfolded: Unfolded) -> list[News | None]:
    """Return the kind of cut that is known at the end of each node; None: nothing was cut."""
    tree = unfolded.tree
    parent, dates = tree.nodes["parent"].tolist(), tree.dates()
    found: list[News | None] = []
    for node, above in enumerate(parent):
        before = found[int(above)] if above >= 0 else None
        found.append(before or (_begun(unfolded, node, *dates[node]) if unfolded.cut[node] else None))
    return found


def _begun(unfolded: Unfolded, node: int, first: date, last: date) -> News | None:
    """Return what is cut within a node."""
    scenario = unfolded.tree.scenarios[node]
    if scenario is None:
        return None
    on = [r for r in scenario.restrictions if r.share(first, last) < 1.0]
    out = [o for o in scenario.outages if o.start < last and o.end > first]
    changes = [d for d in scenario.demand_changes if d.start < last and d.end > first]
    covers = [*(c for r in on for c in r.commodities), *(o.facility for o in out), *(d.end_use for d in changes)]
    towards = [*(t for r in on for t in r.destinations), *(d.region for d in changes)]
    return News(frozenset(covers), frozenset(towards))
