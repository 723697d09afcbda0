"""What a case knows of every mineral at every step for every participant: modelled, screened, or a hole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from didymium.case.case import ROW, Case, load_case
from didymium.case.check import split_list
from didymium.case.facilities import modelled
from didymium.case.screening_tables import WORLD
from didymium.messages import N_, _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs

if TYPE_CHECKING:
    import pandas as pd

STEPS = ("mine", "processing", "use")
"""Steps that every chain of every mineral has. processing: all between ore and use."""

STATES = {
    "modelled": N_("a chain of the case makes and trades it at this step, or uses it there"),
    "screened": N_("statistics say who makes it, who supplies the participant, or how far it relies on imports"),
    "hole": N_("nothing is known of it at this step"),
}

MISSING = {
    "production": N_("who makes it, country by country"),
    "suppliers": N_("who supplies {participant}"),
    "reliance": N_("net import reliance of {participant}"),
    "market": N_("a chain with prices and facilities"),
    "withheld": N_("the production of {countries} (withheld)"),
}
"""What may be missing at a step."""

_MINE_STAGES = ("mine", "concentrate")
_SCREENED_AT = {"mine": ("mine",), "processing": ("refinery", "smelter", "metal", "plant")}


@dataclass
class _Chain:
    """What a chain of the case models: rows behind it, by element and step; uses also by region."""

    name: str
    made: Mapping[tuple[str, str], list[str]]
    used: Mapping[tuple[str, str], list[str]]


def mineral_coverage(case: Case) -> ResultTable:
    """Return the state of every mineral, step and participant, and what is missing there.

    Computed from the tables: a step is modelled where the case, or a chain in a folder of its own, has a facility that
    the market runs and that makes a commodity of the mineral's elements there (for ``use``: a demand of the
    participant). It is screened where the newest edition says who makes the mineral, or trade says who supplies the
    participant; for ``use``, where its reliance on imports is known.

    Parameters
    ----------
    case : Case
        A checked case.
    """
    import pandas as pd

    columns = {
        "mineral": Column("", _("Mineral.")),
        "critical": Column("", _("yes: on the United States list of 2025.")),
        "step": Column("", _("mine, processing or use.")),
        "participant": Column("", _("For whom.")),
        "state": Column("", "; ".join(f"{state}: {_(meaning)}" for state, meaning in STATES.items())),
        "chains": Column("", _("Chains of the case that model it, separated by ;.")),
        "missing": Column("", _("What is not known, separated by ;.")),
    }
    chains = [_chain(case, case.name)]
    chains += [_chain(load_case(case.folder / name, network=False), f"{case.name}/{name}") for name in case.chains()]
    statistics, participants = _Statistics(case), case.participants
    rows = []
    for mineral in case["minerals"].to_dict("records"):
        elements = split_list(str(mineral["elements"]))
        for step in STEPS:
            for participant in participants:
                found = {chain.name: _models(chain, elements, step, participant) for chain in chains}
                of = {name: inputs for name, inputs in found.items() if inputs}
                known, missing = statistics.at(str(mineral["mineral"]), step, participant)
                state = "modelled" if of else "screened" if known else "hole"
                gaps = [] if of else [_(MISSING["market"])]
                rows.append(
                    (mineral["mineral"], mineral["critical"], step, participant, state, ";".join(of),
                     "; ".join([*missing, *gaps]), join_inputs([str(mineral[ROW])], of.get(case.name, ()), known))
                )  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    title = _("What is known of every mineral, step by step")
    return ResultTable("minerals", title, frame, columns, ("mineral", "step", "participant"))


def mineral_states(coverage: ResultTable) -> ResultTable:
    """Return how many minerals are modelled, screened or a hole, step by step and participant by participant.

    Parameters
    ----------
    coverage : ResultTable
        As :func:`mineral_coverage` returns it.
    """
    import pandas as pd

    columns = {
        "step": Column("", _("mine, processing or use.")),
        "participant": Column("", _("For whom.")),
        **{state: Column("", _("Minerals of which holds: {meaning}.").format(meaning=_(meaning)))
           for state, meaning in STATES.items()},
        **{f"critical_{state}": Column("", _("Those on the United States list of 2025.")) for state in STATES},
    }  # fmt: skip
    rows = []
    for (step, participant), group in coverage.frame.groupby(["step", "participant"], sort=False):
        critical = group["critical"].eq("yes")
        counts = [int(group["state"].eq(state).sum()) for state in STATES]
        counts += [int((group["state"].eq(state) & critical).sum()) for state in STATES]
        inputs = (f"minerals/{mineral}" for mineral in group["mineral"])
        rows.append((step, participant, *counts, join_inputs(inputs)))
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    title = _("Minerals that are modelled, screened or a hole")
    return ResultTable("mineral_states", title, frame, columns, ("step", "participant"))


def _chain(case: Case, name: str) -> _Chain:
    """Return what a chain models."""
    commodities = case["commodities"].set_index("commodity")
    elements = {str(name): split_list(str(cell)) for name, cell in commodities["elements"].items()}
    runs = case["facilities"][modelled(case["facilities"])]
    processes = {process for cell in runs["processes"] for process in split_list(cell)}
    recipes = case["recipes"]
    made: dict[tuple[str, str], list[str]] = defaultdict(list)
    outputs = recipes[recipes["process"].isin(processes) & recipes["coefficient"].gt(0)]
    for commodity in dict.fromkeys(outputs["commodity"]):
        step = "mine" if commodities.loc[commodity, "stage"] in _MINE_STAGES else "processing"
        for element in elements[commodity]:
            made[element, step].append(f"commodities/{commodity}")
    used: dict[tuple[str, str], list[str]] = defaultdict(list)
    demands = case["demands"]
    for commodity, region, key in zip(demands["commodity"], demands["region"], demands[ROW], strict=True):
        for element in elements[commodity]:
            used[element, region].append(key)
    return _Chain(name, made, used)


def _models(chain: _Chain, elements: Iterable[str], step: str, participant: str) -> list[str]:
    """Return the rows by which a chain models one of the elements at a step; none where it does not."""
    where = chain.used if step == "use" else chain.made
    place = participant if step == "use" else step
    return [row for element in elements for row in where.get((element, place), ())]


class _Statistics:
    """What the tables for screening know, newest edition only."""

    def __init__(self, case: Case) -> None:
        production = _newest(case["production"])
        self.production = {
            step: _rows(production[production["stage"].isin(stages) & production["country"].ne(WORLD)
                                   & production["quantity"].notna()])
            for step, stages in _SCREENED_AT.items()
        }  # fmt: skip
        hidden = production[production["qualifier"].eq("withheld")]
        self.withheld = {
            step: hidden[hidden["stage"].isin(stages)].groupby("mineral")["country"].unique().to_dict()
            for step, stages in _SCREENED_AT.items()
        }
        suppliers = case["suppliers"]
        # a row without a stage is of several: it tells who supplies processed goods, not who supplies ore
        self.suppliers = {
            step: _rows(suppliers[suppliers["stage"].isin(stages)], "importer")
            for step, stages in {"mine": ("mine",), "processing": (*_SCREENED_AT["processing"], "")}.items()
        }
        reliance = _newest(case["reliance"])
        self.reliance = _rows(reliance[reliance["reliance"].notna() | reliance["band"].eq("range")], "region")

    def at(self, mineral: str, step: str, participant: str) -> tuple[list[str], list[str]]:
        """Return rows that know something of a mineral at a step, and what is missing."""
        if step == "use":
            known = self.reliance.get((mineral, participant), [])
            return known, [] if known else [_(MISSING["reliance"]).format(participant=participant)]
        made = self.production[step].get((mineral,), [])
        supplied = self.suppliers[step].get((mineral, participant), [])
        missing = [] if made else [_(MISSING["production"])]
        if made and mineral in self.withheld[step]:
            missing.append(_(MISSING["withheld"]).format(countries=", ".join(self.withheld[step][mineral])))
        if not supplied:
            missing.append(_(MISSING["suppliers"]).format(participant=participant))
        return [*made[:1], *supplied[:1]], missing


def _newest(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the newest edition: the last series in order of name."""
    return frame[frame["series"].eq(frame["series"].max())] if len(frame) else frame


def _rows(frame: pd.DataFrame, *by: str) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for key, row in zip(frame[["mineral", *by]].itertuples(index=False, name=None), frame[ROW], strict=True):
        found[key].append(row)
    return found
