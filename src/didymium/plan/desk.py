"""What is decided about, put down once for all coalitions: projects by decision, strategic stocks, money, capital."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from didymium.faults import CaseError, Fault
from didymium.market.options import Cap, FirstCall, Options, Project, StockProgramme
from didymium.market.rules import Limit, limits
from didymium.messages import _
from didymium.plan.candidates import Candidate, Money, caps_of, programmes_for, purse_of
from didymium.plan.news import CALM_NEWS, News, heard
from didymium.plan.pieces import Pieces
from didymium.plan.task import Target, Task

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.market.base import Base
    from didymium.market.prepare import Market
    from didymium.market.tree import Tree
    from didymium.plan.recourse import Decision
    from didymium.plan.unfold import Unfolded

Values = npt.NDArray[np.float64]

PURSE = "plan"
"""Name of the purse of whoever plans."""

RESERVED = "a_reserved_share"
"""Assumption: share of the output of a project abroad that whoever paid may claim."""

TRIFLE = 1e-3
"""kUSD by which a decision may exceed a purse, or units of a cap: rounding of the solver."""

HOARDING = 1.05
"""Firms draw their working stocks in a cut but do not fill them up before it: they do not know that it comes."""


@dataclass(frozen=True)
class Terms:
    """How the plan may be made.

    Parameters
    ----------
    decisions : tuple of date
        Days on which projects may be decided, the first day of the plan first.
    recourse : bool
        A later decision may depend on what was cut by then; otherwise the schedule is fixed on the first day (open
        loop).
    risk : float
        Weight of the conditional value at risk at 95 %.
    whole : bool
        Projects that are all or nothing are so; otherwise the program is relaxed.
    targets : tuple of Wanted
        Strategic stocks that there have to be.
    """

    decisions: tuple[date, ...]
    recourse: bool = True
    risk: float = 0.0
    whole: bool = True
    targets: tuple[Wanted, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """A strategic stock that there has to be by a day.

    Parameters
    ----------
    commodity, region : str
        What and where.
    least : float
        Amount, t.
    by : date
        Day.
    """

    commodity: str
    region: str
    least: float
    by: date


class _Laid(NamedTuple):
    """What the limits read of a program."""

    options: Options
    tree: Tree
    base: Base


class Desk:
    """Decisions, pieces and capital of a plan, whoever makes it.

    Parameters
    ----------
    case, market : Case, Market
        The case, ready to clear.
    unfolded : Unfolded
        The tree.
    found : list of Candidate
        Projects.
    terms : Terms
        How the plan may be made.
    members : tuple of str
        Participants whose stocks and projects may be decided.
    """

    def __init__(
        self, case: cases.Case, market: Market, unfolded: Unfolded, found: list[Candidate], terms: Terms,
        members: tuple[str, ...],
    ) -> None:  # fmt: skip
        self.case, self.market, self.unfolded, self.found, self.terms = case, market, unfolded, found, terms
        self.members, self.tree = members, unfolded.tree
        self.by_name = {candidate.facility: candidate for candidate in found}
        self.caps: tuple[Cap, ...] = caps_of(case, {c.facility for c in found})
        calm = tuple(np.nonzero(~unfolded.hit)[0].tolist())
        self.programmes: tuple[StockProgramme, ...] = tuple(
            replace(x, nodes=calm) for x in programmes_for(case, market, members, PURSE)
        )
        self.news: dict[str, News] = {}
        self._purses: dict[tuple[str, ...], Money] = {}
        self._heard = heard(unfolded)
        projects = [project for candidate in found for project in self._decisions_on(candidate)]
        self.charge = np.array([self.charge_of(project) for project in projects]).reshape(len(projects), len(self.tree))
        share = self.tree.nodes["probability"].to_numpy(float)
        self.projects = tuple(
            replace(x, charge=float(row @ share)) for x, row in zip(projects, self.charge, strict=True)
        )
        self.options = Options(stocks=True, growth=True, expansion=True, hoarding=HOARDING, projects=self.projects,
                               programmes=self.programmes, caps=self.caps, calls=self._calls())  # fmt: skip
        self.pieces = Pieces(case, market, unfolded, self.options)

    def _calls(self) -> tuple[FirstCall, ...]:
        """Return the rights that come with paying for projects abroad, for every coalition that may pay."""
        claimed = [c for c in self.found if c.reserved != "no" and not c.committed and c.region not in self.members]
        if not claimed:
            return ()
        share, several = self.case.assumption(RESERVED), [self.members] if len(self.members) > 1 else []
        calls = []
        for who in [*((member,) for member in self.members), *several]:
            plants = tuple(c.facility for c in claimed if set(c.sponsors) & set(who))
            if plants:
                calls.append(FirstCall(who, plants, share))
        return tuple(calls)

    def calling(self, who: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Return the nodes in which a coalition may use its right: always, or while a measure cuts a member."""
        always = any(c.reserved == "always" for c in self.found if set(c.sponsors) & set(who))
        regions = self.market.network.markets["region"].isin(list(who)).to_numpy()
        hit = self.pieces.conditions.cut[regions].any(axis=0)
        return np.asarray(hit | always, dtype=bool)

    def _decisions_on(self, candidate: Candidate) -> list[Project]:
        """Return when and on what news a project may be decided."""
        capex = candidate.capex / 1000.0
        if candidate.committed:
            return [Project(candidate.facility, candidate.start, 0.0, 0.0, "", choose=False, share=1.0)]
        if not set(candidate.sponsors) & set(self.members):
            return []
        first, *later = self.terms.decisions
        whole = self.terms.whole and not candidate.scalable
        made = [Project(candidate.facility, candidate.start_after(first), capex, 0.0, PURSE, whole=whole)]
        for day in later:
            start = candidate.start_after(day)
            for words, nodes in self._following(day).items():
                name = f"{day.isoformat()} {words}".strip()
                if nodes:
                    made.append(
                        Project(candidate.facility, start, capex, 0.0, PURSE, whole=whole, nodes=nodes, decided=name)
                    )
        return made

    def _following(self, day: date) -> dict[str, tuple[int, ...]]:
        """Return the nodes that begin on or after a day, by what was cut before it; all together in an open loop."""
        parent, starts = self.tree.nodes["parent"].to_numpy(int), self.tree.nodes["start"].tolist()
        if not self.terms.recourse:
            return {"": tuple(n for n, start in enumerate(starts) if start >= day)}
        everybody = frozenset(self.case["regions"]["region"]) - {self.case.controller}
        said: list[str] = []
        found: dict[str, list[int]] = {}
        for node, above in enumerate(parent):
            if above >= 0 and starts[above] >= day:
                said.append(said[above])
            else:
                news = self._heard[above] if above >= 0 else None
                said.append(CALM_NEWS if news is None else news.words(everybody))
                if news is not None:
                    self.news[f"{day.isoformat()} {said[-1]}"] = news
            if starts[node] >= day:
                found.setdefault(said[-1], []).append(node)
        return {words: tuple(nodes) for words, nodes in found.items()}

    def charge_of(self, project: Project) -> Values:
        """``K r / (1 - (1+r)^-L) disc[n] years[n]`` in each node in which the project runs, kUSD.

        A plant outlives the horizon; charging all of it to a few years would forbid what lasts.
        """
        annuity = annual_charge(self.case, project.capex)
        runs = np.array([
            max(0.0, min(1.0, (b - max(a, project.start)).days / (b - a).days)) for a, b in self.tree.dates()
        ])  # fmt: skip
        discount = self.tree.nodes["discount"].to_numpy(float)
        if project.nodes is not None:
            runs[~np.isin(np.arange(len(runs)), project.nodes)] = 0.0
        return np.asarray(annuity * runs * self.tree.years() * discount)

    def allowed(self, who: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Return which decisions on projects a coalition may take."""
        return np.array(
            [x.choose and bool(set(self.by_name[x.facility].sponsors) & set(who)) for x in self.projects], dtype=bool
        )

    def money(self, who: Sequence[str]) -> float | tuple[tuple[int, float], ...]:
        """Return a coalition's money, kUSD, by the years in which it comes in."""
        return self.purse(who).steps

    def purse(self, who: Sequence[str]) -> Money:
        """Return a coalition's money and the rows that it comes from; it is asked of every plan."""
        key = tuple(who)
        if key not in self._purses:
            self._purses[key] = purse_of(self.case, key)
        return self._purses[key]

    def limits(
        self, who: Sequence[str], scale: float = 1.0, whose: Sequence[str] | None = None
    ) -> dict[str, list[Limit]]:
        """Return purse and caps of a coalition; its money, or that of ``whose``, times ``scale``."""
        money = self.money(who if whose is None else whose)
        scaled = (
            money * scale if isinstance(money, int | float) else tuple((year, scale * part) for year, part in money)
        )
        options = replace(self.options, purses={PURSE: scaled})
        return limits(_Laid(options, self.tree, self.market.base))  # type: ignore[arg-type]

    def spends(self, limit: Limit, decision: Decision) -> float:
        """Return what a decision takes of a purse, kUSD, or of a cap: ``sum_a K_a x_a + sum_n p0 (s[n] - s[n-1])``."""
        share = {x.label: float(b) for x, b in zip(self.projects, decision.build, strict=True)}
        parent = self.tree.nodes["parent"].to_numpy(int)
        row = {node: at for at, node in enumerate(self.pieces.before)}
        column = {f"programme|{x.market}": h for h, x in enumerate(self.programmes)}
        total = sum(amount * share.get(label, 0.0) for label, amount in limit.build.items())
        for (stock, node), price in limit.fill.items():
            if node in row:
                above = row.get(int(parent[node]), -1)
                held = decision.stock[above, column[stock]] if above >= 0 else 0.0
                total += price * (decision.stock[row[node], column[stock]] - held)
        return float(total)

    def broken(self, stated: Mapping[str, list[Limit]], decision: Decision) -> list[str]:
        """Return the purses and caps that a decision does not keep to, in any year of any path."""
        return [
            name
            for name, rows in stated.items()
            if any(self.spends(row, decision) > row.limit * (1 + 1e-6) + TRIFLE for row in rows)
        ]

    def spent(self, decision: Decision) -> float:
        """Return what a decision takes out of the purse on the path that takes most, kUSD."""
        options = replace(self.options, purses={PURSE: np.inf}, caps=())
        rows = limits(_Laid(options, self.tree, self.market.base))  # type: ignore[arg-type]
        return max((self.spends(row, decision) for group in rows.values() for row in group), default=0.0)

    def task(
        self, who: Sequence[str], risk: float | None = None, scale: float = 1.0, whose: Sequence[str] | None = None
    ) -> Task:
        """Return what a coalition asks of the master; with the money of ``whose`` where it is not its own."""
        mine = np.array([x.market.split("|")[1] in who for x in self.programmes], dtype=bool)
        most, year = (np.array([getattr(x, name) for x in self.programmes]) for name in ("most", "per_year"))
        return Task(
            self.projects, self.allowed(who), self.charge, self.limits(who, scale, whose),
            np.where(mine, most, 0.0), np.where(mine, year, 0.0), self.terms.risk if risk is None else risk,
            self._targets(who),
        )  # fmt: skip

    def _targets(self, who: Sequence[str]) -> tuple[Target, ...]:
        """Return the stocks that a coalition has to have.

        Raises
        ------
        CaseError
            A form that cannot be stocked there, a day before the first period ends, or more than the buying cap and the
            largest stock allow by then: each with what would be possible.
        """
        place = {x.market: h for h, x in enumerate(self.programmes)}
        dates, years, found, faults = self.tree.dates(), self.tree.years(), [], []
        for wanted in self.terms.targets:
            if wanted.region not in who:
                continue
            market, row = f"{wanted.commodity}|{wanted.region}", f"{wanted.commodity} in {wanted.region}"
            if market not in place:
                known = ", ".join(sorted(x.replace("|", " in ") for x in place))
                what = _("{row} is not a form that the plan may stock").format(row=row)
                faults.append(Fault("targets", row, "commodity", what, _("name one of {known}").format(known=known)))
                continue
            in_time = [at for at, node in enumerate(self.pieces.before) if dates[node][1] <= wanted.by]
            if not in_time:
                what = _("nothing can be bought by {day}").format(day=wanted.by)
                fix = _("choose a day after {day}").format(day=dates[self.pieces.before[0]][1])
                faults.append(Fault("targets", row, "by", what, fix))
                continue
            programme = self.programmes[place[market]]
            span = sum(years[self.pieces.before[at]] for at in in_time)
            possible = min(programme.most, programme.per_year * span)
            if wanted.least > possible * (1 + 1e-9):
                what = _("{least:,.1f} t by {day} cannot be reached: the buying cap and the largest stock allow "
                         "{possible:,.1f} t").format(least=wanted.least, day=wanted.by, possible=possible)  # fmt: skip
                fix = _("ask for at most that, later, or change assumptions a_stock_buying_cap and a_stock_most")
                faults.append(Fault("targets", row, "least", what, fix))
                continue
            said = _("{row} by {day}, t,").format(row=row, day=wanted.by)
            found.append(Target(said, (place[market],), max(in_time, key=lambda at: dates[self.pieces.before[at]][1]),
                                wanted.least))  # fmt: skip
        if faults:
            raise CaseError(faults)
        return tuple(found)

    def weights(self, who: Sequence[str], weight: float) -> Mapping[str, float]:
        """Return the weight of each region's users for a coalition."""
        return dict.fromkeys(who, weight)


def annual_charge(case: cases.Case, capex: float) -> float:
    """``K r / (1 - (1+r)^-L)``: what writes capital off over its life, by year; ``K / L`` without interest."""
    rate, life = case.assumption("a_discount_rate"), case.assumption("a_project_life")
    if rate == 0.0:
        return capex / life
    return float(capex * rate / (1.0 - (1.0 + rate) ** -life))
