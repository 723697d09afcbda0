"""Whose material is in what end uses hold: the covered-nation check, and how much the controller has touched.

A rule names the regions whose plants mark what passes them. ``covered``: every stage in a covered nation counts, from
mine to magnet (10 USC 4872, DFARS 252.225-7052). ``controller``: every stage in the controlling country counts, which
is what a content rule on foreign-made goods follows. Shares are of the mass of each element.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.network import Network, positions
from didymium.market.base import Base
from didymium.market.content import groups, hold
from didymium.market.extremes import Extremes
from didymium.market.tracing import TRACE, Flows, content_of, given_by, plants_in, shares
from didymium.messages import _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs

if TYPE_CHECKING:
    from didymium.case.case import Case


@dataclass(frozen=True)
class Rule:
    """A rule about origin.

    Parameters
    ----------
    name : str
        covered: of a covered nation; controller: of the controlling country.
    regions : tuple of str
        Whose plants mark what passes them.
    unseen : tuple of str
        Countries that the rule names and the case does not tell apart.
    """

    name: str
    regions: tuple[str, ...]
    unseen: tuple[str, ...] = ()


def rules(case: Case) -> list[Rule]:
    """Return the rules of a case: the controller's, and where ``case.toml`` names covered nations, theirs."""
    found = [Rule("controller", (case.controller,))]
    nations = [str(n) for n in case.settings.get("covered_nations", [])]
    regions = set(case["regions"]["region"])
    if nations:
        seen = tuple(n for n in nations if n in regions)
        found.insert(0, Rule("covered", seen, tuple(n for n in nations if n not in regions)))
    return found


@dataclass
class Traced:
    """One rule and element on flows: what share of each market is marked, by proportional mixing.

    Parameters
    ----------
    rule : Rule
        Whose plants mark.
    element : str
        What is counted.
    flows : Flows
        The base year, or months of a path.
    marked : array of bool, activities
        Which plants mark what passes them.
    content : array, markets
        Element in a tonne.
    share : array, markets x months
        Marked share.
    first : array, markets, optional
        Marked share of stocks at the start and of goods under way, where the flows are months.
    given : array, terms
        Element in a tonne of each output.
    """

    rule: Rule
    element: str
    flows: Flows
    marked: np.ndarray
    content: np.ndarray
    share: np.ndarray
    first: np.ndarray | None
    given: np.ndarray

    @cached_property
    def span(self) -> Extremes:
        """The two extreme mixings of the same flows."""
        if self.first is None:
            return Extremes(self.flows, self.marked, self.content, given=self.given)
        # What lay in stock at the start may be all of one origin or of the other, as far as the year allows.
        sure, some = (self.first > 1.0 - 1e-9).astype(float), (self.first > 1e-9).astype(float)
        return Extremes(self.flows, self.marked, self.content, (sure, some), self.given)


def traced(case: Case, network: Network, base: Base, flows: Flows | None = None) -> list[Traced]:
    """Return every rule and element of a case traced through flows; through the base year where None."""
    holdings = hold(case, network, base)
    year = Flows.of_base(network, base)
    found = []
    for rule in rules(case):
        marked = plants_in(network, list(rule.regions))
        for element in groups(case):
            content = content_of(holdings.market, element)
            given = given_by(network, holdings, element)
            first = shares(year, marked, content, given=given)[:, 0]
            mixed = first[:, None] if flows is None else shares(flows, marked, content, first, given)
            found.append(Traced(rule, element, flows or year, marked, content, mixed,
                                None if flows is None else first, given))  # fmt: skip
    return found


def origins(
    case: Case, network: Network, base: Base, found: list[Traced] | None = None, months: list[str] | None = None,
    bounds: tuple[str, ...] | None = None, why: tuple[str, ...] = (),
) -> ResultTable:  # fmt: skip
    """Return by rule, element, end use and participant what share is marked: mixed in proportion, and at the extremes.

    Parameters
    ----------
    case, network, base
        The case and its base year.
    found : list of Traced, optional
        What :func:`traced` returned; the base year where None.
    months : list of str, optional
        Their labels.
    bounds : tuple of str, optional
        End uses whose extremes are computed; all where None.
    why : tuple of str
        Input rows behind the flows.
    """
    labels = months or [str(case.base_year)]
    uses = network.uses[network.uses["region"].isin(case.participants)]
    at = positions(network.uses.index, uses.index.to_numpy())
    market = positions(network.markets.index, uses["market"])
    every = np.arange(len(labels))
    rows = []
    for one in found if found is not None else traced(case, network, base):
        content, rule = one.content, one.rule
        if not (content[market] > 0).any():
            continue
        for (end_use, region), mine in uses.groupby(["end_use", "region"], sort=False):
            own = positions(uses.index, mine.index.to_numpy())
            weight = one.flows.served[at[own]] * content[market[own]][:, None]
            total = weight.sum(axis=0)
            if not total.any():
                continue
            share = np.divide((weight * one.share[market[own]]).sum(axis=0), total, out=np.full(len(labels), np.nan),
                              where=total > 1e-9)  # fmt: skip
            low, high = np.full(len(labels), np.nan), np.full(len(labels), np.nan)
            holds = at[own][content[market[own]] > 0]
            if bounds is None or end_use in bounds:
                for month in every:
                    low[month], high[month] = one.span.share(holds, np.array([month]))
                    # Rounding of the program, and of content where uses take two grades: never inside out.
                    low[month] = np.fmin(low[month], share[month])
                    high[month] = np.fmax(high[month], share[month])
            rests = join_inputs(why, *(str(k).split(";") for k in mine["inputs"]))
            rows += [
                {"rule": rule.name, "month": labels[m], "end_use": end_use, "region": region, "element": one.element,
                 "tonnes": float(total[m]), "share": share[m], "low": low[m], "high": high[m],
                 "unseen": ";".join(rule.unseen), RESTS_ON: rests}
                for m in every
            ]  # fmt: skip
    columns = _columns(
        Column("", _("Month, or year")),
        {"end_use": Column("", _("End use")), "region": Column("", _("Where it is used"))},
        Column("t", _("Element in what the end use got")),
        Column("ratio", _("Least that it can be, whatever lots were kept apart")),
    )
    columns["unseen"] = Column("", _("Countries that the rule names and the case does not tell apart"))
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("origins", _("Whose material end uses hold"), frame, columns,
                       ("rule", "month", "end_use", "region", "element"))  # fmt: skip


def commodity_origins(
    case: Case, network: Network, found: list[Traced], months: list[str], bounded: dict[str, set[int]],
    why: tuple[str, ...] = (),
) -> ResultTable:  # fmt: skip
    """Return by rule, element, commodity, participant and month what share of it is marked.

    Parameters
    ----------
    case, network
        The case.
    found : list of Traced
        What :func:`traced` returned of months.
    months : list of str
        Their labels.
    bounded : dict of str to set of int
        By rule: the months in which finished goods' extremes are computed.
    why : tuple of str
        Input rows behind the flows.
    """
    markets, finished = network.markets, case.finished()
    mine = np.nonzero(markets["region"].isin(case.participants).to_numpy())[0].tolist()
    amount = {at: _passing(found[0].flows, str(markets.index[at])) for at in mine} if found else {}
    names = {at: (str(markets["commodity"].iloc[at]), str(markets["region"].iloc[at])) for at in mine}
    rows = []
    for one in found:
        for at in mine:
            if one.content[at] <= 0:
                continue
            commodity, region = names[at]
            passing = amount[at] * one.content[at]
            if passing.max() <= TRACE:
                continue
            rests = join_inputs(why, [f"commodities/{commodity}"])
            ends = bounded.get(one.rule.name, set()) if commodity in finished else set()
            for month, label in enumerate(months):
                share, low, high = one.share[at, month] if passing[month] > TRACE else np.nan, np.nan, np.nan
                if month in ends and share == share:
                    low, high = one.span.share_of_market(at, month)
                    low, high = min(low, share), max(high, share)  # rounding of the program: never inside out
                rows.append({
                    "rule": one.rule.name, "month": label, "commodity": commodity, "region": region,
                    "element": one.element, "tonnes": passing[month], "share": share, "low": low, "high": high,
                    RESTS_ON: rests,
                })  # fmt: skip
    columns = _columns(
        Column("", _("Month")),
        {"commodity": Column("", _("Commodity")), "region": Column("", _("Where it is"))},
        Column("t", _("Element in what is used, processed or sent on")),
        Column("ratio", _("Least that it can be, whatever lots were kept apart: finished goods, some months")),
    )
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("content", _("Whose material goods hold, month by month"), frame, columns,
                       ("rule", "month", "commodity", "region", "element"))  # fmt: skip


def _columns(month: Column, whose: dict[str, Column], tonnes: Column, low: Column) -> dict[str, Column]:
    """Return what both tables say of a share: under which rule, when, whose, of which element, and how sure."""
    return {
        "rule": Column("", _("covered: any stage in a covered nation; controller: in the controller's")),
        "month": month, **whose, "element": Column("", _("Element")), "tonnes": tonnes,
        "share": Column("ratio", _("Share that is marked, by proportional mixing")), "low": low,
        "high": Column("ratio", _("Most that it can be")),
    }  # fmt: skip


def _passing(flows: Flows, label: str) -> np.ndarray:
    """Return what is taken out of a market by month, t: used, processed or sent on."""
    n = flows.network
    out = np.zeros(flows.months)
    used = n.uses["market"].eq(label).to_numpy()
    out += flows.served[used].sum(axis=0)
    out += flows.ship[n.routes["tail"].eq(label).to_numpy()].sum(axis=0)
    terms = n.terms[n.terms["market"].eq(label) & n.terms["coefficient"].lt(0)]
    who = positions(n.activities.index, terms["activity"])
    return np.asarray(out + (-terms["coefficient"].to_numpy(float)[:, None] * flows.activity[who]).sum(axis=0))
