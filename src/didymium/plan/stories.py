"""What may happen: the scenarios that a plan prepares for, each with a probability.

No source gives a probability. They come from assumption rows, or from whoever asks, and the plan's headline is how
likely a cut must be for it to pay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from didymium.case.scenario import DemandChange, Outage, Restriction, Scenario
from didymium.faults import CaseError, DidymiumError, Fault
from didymium.market.tree import add_months
from didymium.messages import N_, _

if TYPE_CHECKING:
    from didymium.case import case as cases

CALM = "calm"
"""Name of the story in which nothing is cut."""

HALF_YEAR = 6
"""Months after which a cut ends or goes on."""

FORMS = {
    "all": (N_("every form beyond the ore"), (
        "light_separation", "heavy_separation", "refining", "metal", "alloy", "magnet", "precursor", "cathode", "anode",
        "cell",
    )),
    "heavy": (N_("heavy elements and what holds them"), ("heavy_separation",)),
}  # fmt: skip
"""What a generated cut may cover: stages, in whose order the shares of the assumptions stand."""

HEAVY = ("Dy", "Tb", "Sm", "Gd", "Y")
"""Elements of the licences of April 2025 that the case trades."""


@dataclass(frozen=True)
class Story:
    """One way that the horizon may go.

    Parameters
    ----------
    name : str
        Short name.
    scenario : Scenario or None
        What happens; None: nothing.
    probability : float
        Its probability; the stories of a plan share 1.
    """

    name: str
    scenario: Scenario | None
    probability: float

    @property
    def title(self) -> str:
        """Return what a reader calls it."""
        return self.scenario.title if self.scenario else _("no cut")

    def inputs(self) -> list[str]:
        """Return the input rows behind it."""
        return self.scenario.inputs() if self.scenario else []


def checked(stories: Sequence[Story]) -> list[Story]:
    """Return the stories that may happen, once their probabilities share 1.

    Raises
    ------
    CaseError
        A probability outside 0 to 1, a name twice, or a sum that is not 1: every fault with the story and the fix.
    """
    faults: list[Fault] = []
    seen: set[str] = set()
    for story in stories:
        if not 0.0 <= story.probability <= 1.0:
            what = _("probability {value:g} is not between 0 and 1").format(value=story.probability)
            faults.append(Fault("scenarios", story.name, "probability", what, _("write a share such as 0.1")))
        if story.name in seen:
            faults.append(Fault("scenarios", story.name, "name", _("it stands twice"), _("leave one out")))
        seen.add(story.name)
    total = sum(story.probability for story in stories)
    if stories and not faults and abs(total - 1.0) > 1e-9:
        listed = ", ".join(f"{story.name} {story.probability:g}" for story in stories)
        rest = _("give `{calm}` the other {rest:g}").format(calm=CALM, rest=1.0 - total)
        fix = rest if total < 1.0 else _("lower them to a sum of 1")
        what = _("probabilities add up to {total:g}, not to 1: {listed}").format(total=total, listed=listed)
        faults.append(Fault("scenarios", "", "probability", what, fix))
    if not stories:
        faults.append(Fault("scenarios", "", "", _("there is no scenario to plan for"), _("name at least one")))
    if faults:
        raise CaseError(faults)
    return [story for story in stories if story.probability > 0.0]


def of_case(case: cases.Case, named: Sequence[tuple[str, float]]) -> list[Story]:
    """Return scenarios of the case by name, each with its probability, not yet checked; ``calm`` has no measure."""
    return [Story(name, None if name == CALM else case.scenario(name), share) for name, share in named]


@dataclass(frozen=True)
class Chances:
    """A Markov chain of cuts: each year one may begin; each half-year the one that is there may go on.

    Parameters
    ----------
    onset : float
        Probability that a cut begins in a year, if none has been.
    goes_on : float
        Probability that a cut in force lasts another half-year.
    heavy : float
        Probability that it covers the heavy elements alone.
    one : float
        Probability that it is aimed at one participant; shared evenly among them.
    """

    onset: float
    goes_on: float
    heavy: float
    one: float

    def __post_init__(self) -> None:
        """Refuse what is no probability."""
        for name in ("onset", "goes_on", "heavy", "one"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise DidymiumError(_("{name} = {value:g} is no probability -> write a share between 0 and 1").format(
                    name=name, value=getattr(self, name)))  # fmt: skip


ROWS = {"onset": "a_cut_onset", "goes_on": "a_cut_goes_on", "heavy": "a_cut_heavy", "one": "a_cut_one_partner"}
"""Assumption rows that hold the chances."""


def chances_of(case: cases.Case, end: str = "value") -> Chances:
    """Return the chances that the case assumes, or an end of their bands."""
    return Chances(**{name: case.assumption(row, end) for name, row in ROWS.items()})


def heavy_forms(case: cases.Case) -> frozenset[str]:
    """Return the forms beyond the ore that hold a heavy element."""
    columns = (case["commodities"][name] for name in ("commodity", "elements", "stage"))
    return frozenset(
        name for name, elements, stage in zip(*columns, strict=True)
        if stage in FORMS["all"][1] and set(str(elements).split(";")) & set(HEAVY)
    )  # fmt: skip


def generated(
    case: cases.Case, chances: Chances, first: int, last: int, half_years: int = 3, per_year: int = 1
) -> list[Story]:
    """Return every story of the chain: ``P(year y, k half-years) = (1 - h)^(y - y0) h g^(k - 1) (1 - g)``, and calm.

    At most one cut within the horizon; the longest duration takes the tail.

    Parameters
    ----------
    case : Case
        The case: its controller, participants and commodities.
    chances : Chances
        The chain.
    first, last : int
        Years in which a cut may begin.
    half_years : int
        Longest duration told apart.
    per_year : int
        Days of a year on which it may begin, evenly spaced.
    """
    heavy = heavy_forms(case)
    every = frozenset(case["commodities"].loc[case["commodities"]["stage"].isin(FORMS["all"][1]), "commodity"])
    split = chances.heavy if heavy else 0.0  # a chain without heavy elements is cut as a whole
    forms = [("all", every, 1.0 - split), ("heavy", heavy, split)]
    controller = case.controller
    others = frozenset(case["regions"]["region"]) - {controller}
    aims = [("everybody", others, 1.0 - chances.one)]
    aims += [(m, frozenset([m]), chances.one / len(case.participants)) for m in case.participants]
    lengths = [(k, chances.goes_on ** (k - 1) * (1.0 if k == half_years else 1.0 - chances.goes_on))
               for k in range(1, half_years + 1)]  # fmt: skip
    rows = tuple(f"assumptions/{row}" for row in ROWS.values() if (case["assumptions"]["assumption"] == row).any())
    inputs = rows or tuple(f"regions/{controller}" for _row in (0,))
    stories, left = [], 1.0
    for year in range(first, last + 1):
        begins = left * chances.onset
        left -= begins
        for at, (form, covered, of_form), (aim, reach, of_aim), (length, of_length) in product(
            range(per_year), forms, aims, lengths
        ):
            share = begins / per_year * of_form * of_aim * of_length
            if share <= 0.0 or not covered:
                continue
            start = date(year, 1 + 12 // per_year * at, 1)
            end = add_months(start, HALF_YEAR * length)
            name = f"cut-{start:%Y-%m}-{form}-{aim.lower()}-{HALF_YEAR * length}"
            measure = Restriction("cut", "ban", controller, covered, reach, start, end, ((start, 0.0),), 0.0, inputs)
            title = _("from {start:%B %Y} for {months} months: {form}, towards {aim}").format(
                start=start, months=HALF_YEAR * length, form=_(FORMS[form][0]), aim=aim)  # fmt: skip
            stories.append(Story(name, Scenario(name, title, title, start, HALF_YEAR * length, (measure,)), share))
    return checked([Story(CALM, None, 1.0 - sum(story.probability for story in stories)), *stories])


def standing_in(stories: Sequence[Story], scenario: Scenario, first: date, last: int) -> tuple[list[Story], int]:
    """Return the stories with a named scenario in place of the one that it is closest to, and where it stands."""
    cuts = [at for at, story in enumerate(stories) if story.scenario is not None]
    if not cuts:
        raise DidymiumError(_("no cut may happen, so {name} has no place -> raise the chance of one").format(
            name=scenario.name))  # fmt: skip
    named = Story(scenario.name, scenario, 0.0)
    shape = cut_by_quarter([*(stories[at] for at in cuts), named], first, last)
    at = cuts[int(np.argmin(np.abs(shape[:-1] - shape[-1]).sum(axis=1)))]
    found = list(stories)
    found[at] = replace(named, probability=stories[at].probability)
    return found, at


def mean_story(stories: Sequence[Story], first: date, last: int) -> Story:
    """Return the one story in which everything happens in part: each share and factor at its expected value.

    What the expected-value problem takes for certain. Measures by what they cover and whom they hit, by quarter.
    """
    days = [date(year, month, 1) for year in range(first.year, last + 1) for month in (1, 4, 7, 10)]
    cut: dict[tuple[str, frozenset[str], frozenset[str]], np.ndarray] = {}
    outages: dict[tuple[str, date, date], float] = {}
    changes: dict[tuple[str, str, date, date], float] = {}
    inputs: dict[str, None] = {}
    for story in stories:
        scenario = story.scenario
        if scenario is None:
            continue
        inputs |= dict.fromkeys(scenario.inputs())
        for r in scenario.restrictions:
            covers = (r.controller, r.commodities, r.destinations)
            lost = story.probability * np.array([1.0 - r.share(day, add_months(day, 3)) for day in days])
            cut[covers] = cut[covers] + lost if covers in cut else lost
        for o in scenario.outages:
            plant = (o.facility, o.start, o.end)
            outages[plant] = outages.get(plant, 0.0) + story.probability * (1.0 - o.availability)
        for d in scenario.demand_changes:
            use = (d.end_use, d.region, d.start, d.end)
            changes[use] = changes.get(use, 0.0) + story.probability * (d.factor - 1.0)
    rows = tuple(inputs)
    measures = []
    for at, ((controller, goods, reach), lost) in enumerate(cut.items()):
        on = np.nonzero(lost > 0)[0]
        approval = tuple((days[q], float(1.0 - lost[q])) for q in range(on[0], on[-1] + 1))
        begin, end = days[on[0]], add_months(days[on[-1]], 3)
        measures.append(Restriction(f"mean_{at}", "licence", controller, goods, reach, begin, end, approval, 0.0, rows))
    mean = Scenario(
        "mean", _("every cut in part, as likely as it is"), "", first, 12 * (last - first.year + 1), tuple(measures),
        tuple(Outage(f, a, b, 1.0 - part, rows) for (f, a, b), part in outages.items()),
        tuple(DemandChange(u, r, a, b, 1.0 + more, rows) for (u, r, a, b), more in changes.items()),
    )  # fmt: skip
    return Story("mean", mean, 1.0)


def cut_by_quarter(stories: Sequence[Story], first: date, last: int) -> npt.NDArray[np.float64]:
    """Return what each story cuts: stories x (quarters x destinations x share of forms), 1 for a full halt."""
    quarters = [date(year, month, 1) for year in range(first.year, last + 1) for month in (1, 4, 7, 10)]
    measures = [story.scenario.restrictions if story.scenario else () for story in stories]
    reach = sorted({region for each in measures for r in each for region in r.destinations})
    goods = sorted({name for each in measures for r in each for name in r.commodities})
    found = np.zeros((len(stories), len(quarters), len(reach), 2))
    light = np.array([not name.startswith(("dy_", "tb_", "sm_", "gd_", "y_")) for name in goods], dtype=bool)
    for row, each in enumerate(measures):
        for r in each:
            lost = np.array([1.0 - r.share(day, add_months(day, 3)) for day in quarters])
            to = np.array([region in r.destinations for region in reach], dtype=float) / max(1, len(reach))
            on = np.array([name in r.commodities for name in goods])
            covered = np.array([on[light].mean() if light.any() else 0.0, on[~light].mean() if (~light).any() else 0.0])
            found[row] = np.maximum(found[row], lost[:, None, None] * to[None, :, None] * covered[None, None, :])
    return found.reshape(len(stories), -1)


def sample(stories: Sequence[Story], count: int, seed: int) -> list[Story]:
    """Return ``count`` draws from the stories, each as likely as the other; equal draws are joined.

    The separate set on which a plan is judged: what was drawn has no part in making it.
    """
    rng = np.random.default_rng(seed)
    share = np.array([story.probability for story in stories])
    drawn = np.bincount(rng.choice(len(stories), size=count, p=share / share.sum()), minlength=len(stories))
    return [replace(stories[at], probability=float(n) / count) for at, n in enumerate(drawn) if n]
