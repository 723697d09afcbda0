"""Whose material is in what end uses hold: the covered-nation check, and how much the controller has touched.

A rule names the regions whose plants mark what passes them. ``covered``: every stage in a covered nation counts, from
mine to magnet (10 USC 4872, DFARS 252.225-7052). ``controller``: every stage in the controlling country counts, which
is what a content rule on foreign-made goods follows. Shares are of the mass of each element.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from didymium.case.network import Network, positions
from didymium.market.base import Base
from didymium.market.content import groups, hold
from didymium.market.tracing import Extremes, Flows, content_of, given_by, plants_in, shares
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


def origins(
    case: Case, network: Network, base: Base, flows: Flows | None = None, months: list[str] | None = None,
    bounds: tuple[str, ...] | None = None, why: tuple[str, ...] = (),
) -> ResultTable:  # fmt: skip
    """Return by rule, element, end use and participant what share is marked: mixed in proportion, and at the extremes.

    Parameters
    ----------
    case, network, base
        The case and its base year.
    flows : Flows, optional
        Months of a path; the base year where None.
    months : list of str, optional
        Their labels.
    bounds : tuple of str, optional
        End uses whose extremes are computed; all where None.
    why : tuple of str
        Input rows behind the flows.
    """
    holdings = hold(case, network, base)
    year = Flows.of_base(network, base)
    paths, labels = flows or year, months or [str(case.base_year)]
    uses = network.uses[network.uses["region"].isin(case.participants)]
    at = positions(network.uses.index, uses.index.to_numpy())
    market = positions(network.markets.index, uses["market"])
    every = np.arange(len(labels))
    rows = []
    for rule in rules(case):
        marked = plants_in(network, list(rule.regions))
        for element in groups(case):
            content = content_of(holdings.market, element)
            if not (content[market] > 0).any():
                continue
            given = given_by(network, holdings, element)
            first = shares(year, marked, content, given=given)[:, 0]
            mixed = shares(paths, marked, content, first if flows else None, given)
            span = None
            if flows is not None and (bounds is None or bounds):
                # What lay in stock at the start may be all of one origin or of the other, as far as the year allows.
                sure, some = (first > 1.0 - 1e-9).astype(float), (first > 1e-9).astype(float)
                span = Extremes(paths, marked, content, (sure, some), given)
            elif flows is None:
                span = Extremes(paths, marked, content, given=given)
            for (end_use, region), mine in uses.groupby(["end_use", "region"], sort=False):
                own = positions(uses.index, mine.index.to_numpy())
                weight = paths.served[at[own]] * content[market[own]][:, None]
                total = weight.sum(axis=0)
                if not total.any():
                    continue
                share = np.divide((weight * mixed[market[own]]).sum(axis=0), total, out=np.full(len(labels), np.nan),
                                  where=total > 1e-9)  # fmt: skip
                low, high = np.full(len(labels), np.nan), np.full(len(labels), np.nan)
                holds = at[own][content[market[own]] > 0]
                if span is not None and (bounds is None or end_use in bounds):
                    for month in every:
                        low[month], high[month] = span.share(holds, np.array([month]))
                        # Rounding of the program, and of content where uses take two grades: never inside out.
                        low[month] = np.fmin(low[month], share[month])
                        high[month] = np.fmax(high[month], share[month])
                rests = join_inputs(why, *(str(k).split(";") for k in mine["inputs"]))
                rows += [
                    {"rule": rule.name, "month": labels[m], "end_use": end_use, "region": region, "element": element,
                     "tonnes": float(total[m]), "share": share[m], "low": low[m], "high": high[m],
                     "unseen": ";".join(rule.unseen), RESTS_ON: rests}
                    for m in every
                ]  # fmt: skip
    columns = {
        "rule": Column("", _("covered: any stage in a covered nation; controller: in the controller's")),
        "month": Column("", _("Month, or year")), "end_use": Column("", _("End use")),
        "region": Column("", _("Where it is used")), "element": Column("", _("Element")),
        "tonnes": Column("t", _("Element in what the end use got")),
        "share": Column("ratio", _("Share that is marked, by proportional mixing")),
        "low": Column("ratio", _("Least that it can be, whatever lots were kept apart")),
        "high": Column("ratio", _("Most that it can be")),
        "unseen": Column("", _("Countries that the rule names and the case does not tell apart")),
    }  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("origins", _("Whose material end uses hold"), frame, columns,
                       ("rule", "month", "end_use", "region", "element"))  # fmt: skip
