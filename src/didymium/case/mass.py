"""Where mass would come from nothing: single recipes, and loops of recipes that yield more than they take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from didymium.case.read import LINE
from didymium.faults import DidymiumError, Fault, SolverError
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case

_TOLERANCE = 1e-6
"""Relative error of a recipe that rounding explains."""

_GAIN = 1e-9
"""Net output of a closed loop, in tonnes per tonne of activity, above which it creates mass."""


@dataclass(frozen=True)
class Term:
    """One row of a recipe: tonnes per unit of activity, below zero for inputs."""

    line: int
    commodity: str
    tonnes: float
    basket: str


def strict_recipes(case: Case) -> dict[str, list[Term]]:
    """Return the recipes that must not create mass, by process. Mines are exempt: theirs comes out of the ground."""
    processes = case["processes"]
    strict = {
        process
        for process, kind in zip(processes["process"].tolist(), processes["mixed"].tolist(), strict=True)
        if kind == "strict"
    }
    found: dict[str, list[Term]] = {}
    columns = (case["recipes"][name].tolist() for name in ("process", LINE, "commodity", "coefficient", "basket"))
    for process, line, commodity, tonnes, basket in zip(*columns, strict=True):
        if process in strict and tonnes:
            found.setdefault(process, []).append(Term(line, commodity, tonnes, basket))
    return found


def check_mass(case: Case) -> Iterator[Fault]:
    """Yield recipes that give more of an element, or more tonnes, than they take.

    For every element ``e`` of a process whose inputs have a known content: ``sum_out a_c g_ce <= sum_in |a_c| g_ce``
    with content ``g`` in tonnes of element. A process that takes gross tonnes may not give out more tonnes than it
    takes; one that makes them of elements only is exempt, for iron and boron are not followed.
    """
    for process, terms in strict_recipes(case).items():
        taken = [term for term in terms if term.tonnes < 0]
        given = [term for term in terms if term.tonnes > 0]
        if not given:
            continue
        if not taken:
            fix = _("add what {process} takes in").format(process=process)
            yield _fault(given[0], _("{process} makes {commodity} of nothing").format(
                process=process, commodity=given[0].commodity), fix)  # fmt: skip
            continue
        inputs = [element_tonnes(case, term) for term in taken]
        if all(content is not None for content in inputs):
            yield from _elements(case, process, inputs, given)
        else:
            most, made = -sum(term.tonnes for term in taken), sum(term.tonnes for term in given)
            if made > most * (1 + _TOLERANCE):
                largest = max(given, key=lambda term: term.tonnes)
                what = _("{process} creates mass: {made:.6g} t out of {most:.6g} t")
                yield _fault(largest, what.format(process=process, made=made, most=most), _correct(process))


def _elements(case: Case, process: str, inputs: list[dict[str, float] | None], given: list[Term]) -> Iterator[Fault]:
    """Yield the elements of which more leaves than enters."""
    most: dict[str, float] = {}
    for content in inputs:
        for element, tonnes in (content or {}).items():
            most[element] = most.get(element, 0.0) + tonnes
    made: dict[str, float] = {}
    largest: dict[str, tuple[float, Term]] = {}
    for term in given:
        for element, tonnes in (element_tonnes(case, term) or {}).items():
            made[element] = made.get(element, 0.0) + tonnes
            if tonnes > largest.get(element, (0.0, term))[0]:
                largest[element] = (tonnes, term)
    for element, tonnes in made.items():
        enters = most.get(element, 0.0)
        if tonnes > enters * (1 + _TOLERANCE) + 1e-12:
            what = _("{process} creates mass: {made:.6g} t of {element} out of {most:.6g} t")
            said = what.format(process=process, made=tonnes, element=element, most=enters)
            yield _fault(largest[element][1], said, _correct(process))


def element_tonnes(case: Case, term: Term) -> dict[str, float] | None:
    """Return tonnes of each element in a row of a recipe, without sign; None where the content is not known."""
    try:
        held = case.content.held(term.commodity, term.basket)
    except DidymiumError:
        return None
    return {element: abs(term.tonnes) * tonnes for element, tonnes in held.items()}


Elements = dict[str, float]
"""Tonnes by element."""


def contents(case: Case) -> dict[str, Elements]:
    """Return the element content of every commodity where it is known, t of element per t.

    Commodities in element, oxide or REO tonnes hold what their basis and basket say. Goods weighed gross (alloy,
    magnet, swarf) hold what went into them, spread evenly over the gross outputs of their process; where several
    processes make a good, the least that any of them puts in. What comes out of nothing (collected scrap) is unknown.
    """
    known: dict[str, Elements] = {}
    for commodity in case.content.basis:
        held = element_tonnes(case, Term(0, commodity, 1.0, ""))
        if held is not None:
            known[commodity] = held
    recipes = strict_recipes(case)
    makers: dict[str, set[str]] = {}
    columns = (case["recipes"][name].tolist() for name in ("process", "commodity", "coefficient"))
    for process, commodity, tonnes in zip(*columns, strict=True):
        if tonnes > 0 and case.content.basis[commodity] == "gross":
            makers.setdefault(commodity, set()).add(process)
    waiting = {commodity: processes for commodity, processes in makers.items() if processes <= set(recipes)}
    while True:
        found: dict[str, list[Elements]] = {}
        for commodity, processes in waiting.items():
            inputs = [term for process in processes for term in recipes[process] if term.tonnes < 0]
            if all(term.commodity in known for term in inputs):
                found[commodity] = [_spread(case, recipes[process], known) for process in processes]
        if not found:
            return known
        for commodity, mixes in found.items():
            elements = {element for mix in mixes for element in mix}
            known[commodity] = {element: min(mix.get(element, 0.0) for mix in mixes) for element in elements}
            del waiting[commodity]


def _spread(case: Case, terms: list[Term], known: dict[str, Elements]) -> Elements:
    """Return what a tonne of a process's gross outputs holds if what went in is spread evenly over them."""
    gross = sum(term.tonnes for term in terms if term.tonnes > 0 and case.content.basis[term.commodity] == "gross")
    return {
        element: -tonnes / gross for element, tonnes in _net(case, [t for t in terms if t.tonnes < 0], known).items()
    }


def _net(case: Case, terms: list[Term], known: dict[str, Elements]) -> Elements:
    """Return what rows of a recipe give less what they take, t of element per unit of activity."""
    net: Elements = {}
    for term in terms:
        own = element_tonnes(case, term) if term.basket else None
        held = own or {e: abs(term.tonnes) * share for e, share in known[term.commodity].items()}
        for element, tonnes in held.items():
            net[element] = net.get(element, 0.0) + (tonnes if term.tonnes > 0 else -tonnes)
    return net


def gains(case: Case) -> dict[str, Elements]:
    """Return what each strict process gives of an element beyond what it takes, t per unit of activity.

    Losses are below zero. Processes that take or give something of unknown content are left out.
    """
    known = contents(case)
    return {
        process: _net(case, terms, known)
        for process, terms in strict_recipes(case).items()
        if all(term.commodity in known for term in terms)
    }


def check_loops(case: Case) -> Iterator[Fault]:
    """Yield loops of processes that feed themselves and have something left over.

    ``max sum_c (A x)_c  subject to  A x >= 0, sum x <= 1, x >= 0`` over the strict processes: above zero only where
    recipes together give more than they take.
    """
    recipes = strict_recipes(case)
    recipes = _closed(recipes)
    if not recipes:
        return
    activity = _most_left_over(recipes)
    running = [process for process, level in zip(recipes, activity, strict=True) if level > _GAIN]
    if running:
        lines = sorted(term.line for process in running for term in recipes[process])
        what = _("the loop {processes} yields more than it takes").format(processes=", ".join(running))
        fix = _("lower the outputs or raise the inputs of one of these processes")
        yield Fault("recipes.csv", ", ".join(map(str, lines)), "coefficient", what, fix)


def _closed(recipes: dict[str, list[Term]]) -> dict[str, list[Term]]:
    """Return the processes all of whose inputs others of them make: only these can feed themselves."""
    while True:
        made = {term.commodity for terms in recipes.values() for term in terms if term.tonnes > 0}
        kept = {
            process: terms
            for process, terms in recipes.items()
            if all(term.commodity in made for term in terms if term.tonnes < 0)
        }
        if len(kept) == len(recipes):
            return kept
        recipes = kept


def _most_left_over(recipes: dict[str, list[Term]]) -> list[float]:
    """Return the activities of the closed loop with the largest net output."""
    import highspy
    import numpy as np

    from didymium.silent import silent_highs

    rows: dict[str, dict[int, float]] = {}
    worth = np.zeros(len(recipes))
    for at, terms in enumerate(recipes.values()):
        for term in terms:
            row = rows.setdefault(term.commodity, {})
            row[at] = row.get(at, 0.0) + term.tonnes
            worth[at] += term.tonnes
    highs = silent_highs()
    for gain in worth:
        highs.addCol(-float(gain), 0.0, highspy.kHighsInf, 0, np.array([], np.int32), np.array([], float))
    for row in rows.values():
        where, amount = np.array(list(row), np.int32), np.array(list(row.values()), float)
        highs.addRow(0.0, highspy.kHighsInf, len(row), where, amount)
    count = len(recipes)
    highs.addRow(-highspy.kHighsInf, 1.0, count, np.arange(count, dtype=np.int32), np.ones(count))
    highs.run()
    status = highs.getModelStatus()
    if status != highspy.HighsModelStatus.kOptimal:
        raise SolverError(
            _("the check for loops ended with the status {status} -> report it with the case").format(
                status=highs.modelStatusToString(status)
            )
        )
    if -highs.getInfo().objective_function_value <= _GAIN:
        return [0.0] * count
    return [float(level) for level in highs.getSolution().col_value]


def _correct(process: str) -> str:
    return _("lower the outputs or raise the inputs of {process}").format(process=process)


def _fault(term: Term, what: str, fix: str) -> Fault:
    return Fault("recipes.csv", str(term.line), "coefficient", what, fix)
