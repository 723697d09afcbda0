"""What many draws say: exceedance curves, bands by month, when lines stop, and which number drives the loss."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from didymium.economy.methods import DEPENDENCE, SHORT
from didymium.economy.willingness import Array
from didymium.market.tree import add_months
from didymium.messages import N_, _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.shock.columns import LINE_STOP, MONTH
from didymium.shock.draw import Chance
from didymium.shock.outcome import TOTALS, markets_shown, uses_shown

LEVEL = Column("", N_("End of the ranges (secret stocks) at which the draws were run; never mixed"))
POINTS = (0.99, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01)
"""Probabilities of the exceedance curves, as far as there are draws enough: :func:`told`."""

RARE = 0.05
"""Share of the draws that a bad case is exceeded in."""

BANDS = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}

UNITS = {"users_loss": "MUSD", "value_at_risk": "MUSD", "value_at_risk_low": "MUSD", "value_at_risk_high": "MUSD",
         "short": "t", "worst_month": "ratio"}  # fmt: skip

MEANT = N_(
    "users_loss, value_at_risk with its band of dependence and short: beyond the same draw without the cut; "
    "worst_month: share missing in the worst month of the worst end use"
)

SCORES = ("approval", "passthrough")
"""What is drawn as a normal variate: one number places every measure in its own band."""

Drawn = Mapping[str, Array]


def told(count: int) -> list[float]:
    """Return the probabilities of which so many draws tell something: at least one draw lies on either side."""
    return [p for p in POINTS if min(p, 1.0 - p) * count >= 1.0 - 1e-9] or [0.5]


class RiskTables:
    """Builds the tables of a run of draws.

    Parameters
    ----------
    chance : Chance
        What was drawn from.
    outcomes : mapping of str to mapping of str to array
        By level: the arrays of :class:`didymium.shock.outcome.Outcome`, draws first.
    """

    def __init__(self, chance: Chance, outcomes: Mapping[str, Drawn]) -> None:
        self.chance, self.outcomes = chance, outcomes
        self.case, self.market = chance.case, chance.market
        self.why = join_inputs(chance.scenario.inputs() or ["assumptions/a_no_shock"], chance.inputs).split(";")
        start = chance.scenario.start
        self.months = [add_months(start, m).isoformat()[:7] for m in range(chance.scenario.months)]
        self.uses = uses_shown(self.case, self.market)
        self.markets = markets_shown(self.case, self.market)

    def all(self) -> list[ResultTable]:
        """Return every table."""
        return [self.odds(), self.exceedance(), self.stops(), self.drivers(), self.bands(), self.drawn()]

    def _rests(self, region: str) -> str:
        mine = self.market.network.uses["region"].eq(region)
        rows = self.market.network.uses.loc[mine, "inputs"]
        return join_inputs(self.why, [f"assumptions/{DEPENDENCE}"], *(str(row).split(";") for row in rows))

    def odds(self) -> ResultTable:
        """What the cut costs: its mean, what half of the draws exceed, and what one in twenty does."""
        rows = []
        for level, found in self.outcomes.items():
            for at, region in enumerate(self.case.participants):
                for column, quantity in enumerate(TOTALS):
                    values = found["totals"][:, at, column]
                    rare = np.quantile(values, 1.0 - RARE) if RARE in told(len(values)) else np.nan
                    rows.append({
                        "level": level, "region": region, "quantity": quantity, "unit": UNITS[quantity],
                        "mean": values.mean(), "half": np.median(values), "rare": rare, RESTS_ON: self._rests(region),
                    })  # fmt: skip
        columns = {
            "level": LEVEL, "region": Column("", _("Whose")), "quantity": Column("", _(MEANT)),
            "unit": Column("", _("Unit of the values")), "mean": Column("", _("Mean of the draws")),
            "half": Column("", _("Exceeded in half of the draws")),
            "rare": Column("", _("Exceeded in one draw of twenty; nothing where there are fewer than twenty")),
        }  # fmt: skip
        return ResultTable("odds", _("What the cut costs, among the draws"), pd.DataFrame(rows), columns,
                           ("level", "region", "quantity"))  # fmt: skip

    def exceedance(self) -> ResultTable:
        """What is exceeded with a probability, among the draws."""
        rows = []
        for level, found in self.outcomes.items():
            for at, region in enumerate(self.case.participants):
                rests = self._rests(region)
                for column, quantity in enumerate(TOTALS):
                    points = told(len(found["totals"]))
                    values = np.quantile(found["totals"][:, at, column], 1.0 - np.array(points))
                    rows += [
                        {"level": level, "region": region, "quantity": quantity, "unit": UNITS[quantity],
                         "probability": p, "value": v, RESTS_ON: rests}
                        for p, v in zip(points, values, strict=True)
                    ]  # fmt: skip
        columns = {
            "level": LEVEL, "region": Column("", _("Whose")),
            "quantity": Column("", _(MEANT)),
            "unit": Column("", _("Unit of the value")),
            "probability": Column("ratio", _("Share of the draws in which the value is exceeded")),
            "value": Column("", _("Value exceeded")),
        }  # fmt: skip
        return ResultTable("exceedance", _("What is exceeded with a probability"), pd.DataFrame(rows), columns,
                           ("level", "region", "quantity", "probability"))  # fmt: skip

    def stops(self) -> ResultTable:
        """How often each end use runs short and its lines stop, and when first."""
        rows = []
        for level, found in self.outcomes.items():
            for at, (use, region) in enumerate(self.uses):
                missing = found["of_a_good"][:, at, :]
                row: dict[str, object] = {"level": level, "end_use": use, "region": region}
                for name, limit in (("short", SHORT), ("stop", LINE_STOP)):
                    over = missing > limit
                    happens = over.any(axis=1)
                    first = over.argmax(axis=1)[happens]
                    row[f"{name}_share"] = float(happens.mean())
                    for label, p in (("early", 0.05), ("median", 0.5)):
                        month = int(np.quantile(first, p, method="nearest")) if len(first) else None
                        row[f"{name}_{label}"] = "" if month is None else self.months[month]
                row["stop_months"] = float((missing > LINE_STOP).sum(axis=1).mean())
                row[RESTS_ON] = join_inputs(self.why, [f"end_uses/{use}"])
                rows.append(row)
        columns = {
            "level": LEVEL, "end_use": Column("", _("End use")), "region": Column("", _("Region")),
            "short_share": Column("ratio", _("Share of the draws in which more than 5 % of a good is missing once")),
            "short_early": Column("", _("First such month, in the earliest 5 % of these draws")),
            "short_median": Column("", _("First such month, in the middle of these draws")),
            "stop_share": Column("ratio", _("Share of the draws in which more than 15 % is missing: lines stop")),
            "stop_early": Column("", _("First such month, in the earliest 5 % of these draws")),
            "stop_median": Column("", _("First such month, in the middle of these draws")),
            "stop_months": Column("month", _("Months in which lines stand, on average")),
        }  # fmt: skip
        frame = pd.DataFrame(rows)[[*columns, RESTS_ON]]
        return ResultTable("stops", _("How often lines stop, and when first"), frame, columns,
                           ("level", "end_use", "region"))  # fmt: skip

    def drivers(self) -> ResultTable:
        """Rank correlation of what was drawn with what it costs: which number matters.

        ``|rho| > 1.96 / sqrt(n - 1)``: of numbers that do not matter, chance alone takes one in twenty so far.
        """
        rows = []
        for level, found in self.outcomes.items():
            by_chance = 1.96 / np.sqrt(max(len(found["variates"]) - 1, 1))
            drawn = pd.DataFrame(found["variates"], columns=self.chance.names).rank()
            for at, region in enumerate(self.case.participants):
                for quantity in ("users_loss", "value_at_risk"):
                    cost = pd.Series(found["totals"][:, at, TOTALS.index(quantity)])
                    if cost.nunique() < 2:
                        continue
                    found_by = drawn.corrwith(cost.rank()).sort_values(key=np.abs, ascending=False)
                    rows += [
                        {"level": level, "region": region, "quantity": quantity, "drawn": name, "correlation": value,
                         "by_chance": by_chance, RESTS_ON: self._rests(region)}
                        for name, value in found_by.head(6).items() if abs(value) > by_chance
                    ]  # fmt: skip
        columns = {
            "level": LEVEL, "region": Column("", _("Whose")), "quantity": Column("", _("Loss explained")),
            "drawn": Column("", _("What was drawn")),
            "correlation": Column("ratio", _("Rank correlation (Spearman) with the loss; above zero: more costs more")),
            "by_chance": Column("ratio", _("95 % of numbers that do not matter lie below: left out")),
        }  # fmt: skip
        return ResultTable("drivers", _("What drives the loss"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]),
                           columns, ("level", "region", "quantity", "drawn"))  # fmt: skip

    def bands(self) -> ResultTable:
        """Price multiples and shares missing by month: 5, 25, 50, 75 and 95 % of the draws lie below."""
        parts = []
        inputs = {label: join_inputs(self.why, [f"commodities/{label.split('|')[0]}"]) for label in self.markets}
        for level, found in self.outcomes.items():
            kinds = (("multiple", found["multiple"], [tuple(label.split("|")) for label in self.markets]),
                     ("missing", found["missing"], self.uses))  # fmt: skip
            for quantity, values, labels in kinds:
                quantiles = np.quantile(values, list(BANDS.values()), axis=0)
                for at, (what, region) in enumerate(labels):
                    frame = pd.DataFrame(quantiles[:, at, :].T, columns=list(BANDS))
                    frame.insert(0, "month", self.months)
                    rests = inputs.get(f"{what}|{region}") or join_inputs(self.why, [f"end_uses/{what}"])
                    parts.append(frame.assign(level=level, quantity=quantity, what=what, region=region,
                                              **{RESTS_ON: rests}))  # fmt: skip
        columns = {
            "level": LEVEL, "quantity": Column("", _("multiple: price over base; missing: share of what is wanted")),
            "what": Column("", _("Commodity, or end use")), "region": Column("", _("Region")), "month": MONTH,
            **{n: Column("ratio", _("{share:.0%} of the draws lie below").format(share=p)) for n, p in BANDS.items()},
        }  # fmt: skip
        return ResultTable("bands", _("Prices and shortages month by month, as bands"),
                           pd.concat(parts, ignore_index=True)[[*columns, RESTS_ON]], columns,
                           ("level", "quantity", "what", "region", "month"))  # fmt: skip

    def drawn(self) -> ResultTable:
        """Every draw: what was drawn, and what it cost each participant."""
        parts = []
        for level, found in self.outcomes.items():
            frame = pd.DataFrame(found["numbers"], columns=self.chance.names)
            for at, region in enumerate(self.case.participants):
                for column, quantity in enumerate(TOTALS):
                    frame[f"{quantity}_{region}"] = found["totals"][:, at, column]
            frame.insert(0, "draw", np.arange(len(frame)))
            frame.insert(0, "level", level)
            parts.append(frame)
        frame = pd.concat(parts, ignore_index=True)
        frame[RESTS_ON] = join_inputs(self.why)
        columns = {"level": LEVEL, "draw": Column("", _("Number of the draw"))}
        for name in self.chance.names:
            if name in SCORES:
                meaning = _(
                    "Drawn: {name}, as its place in every band: 0 the middle, 1.64 the high end, -1.64 the low one"
                )
                columns[name] = Column("", meaning.format(name=name))
                continue
            columns[name] = Column("month" if name == "onset" else "ratio", _("Drawn: {name}").format(name=name))
        for region in self.case.participants:
            for quantity in TOTALS:
                columns[f"{quantity}_{region}"] = Column(UNITS[quantity], f"{quantity}, {region}")
        return ResultTable("drawn", _("Draws"), frame, columns, ("level", "draw"))
