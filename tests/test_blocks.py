"""Blocks of columns and rows: every term stands where its labels say, and the stated program is the solver's."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from case_factory import chain, make_case
from didymium.case.case import Case
from didymium.faults import DidymiumError, SolverError
from didymium.market.blocks import Blocks, Labelled, Terms
from didymium.market.options import Options
from didymium.market.prepare import prepare
from didymium.market.program import build
from didymium.market.solve import Instance
from didymium.market.tree import months

NODES = pd.RangeIndex(3, name="node")
AB, XY = pd.Index(["a", "b"], name="thing"), pd.Index(["x", "y"], name="row")


def parts(**coords: list[pd.Index]) -> Any:
    """Return what :class:`Terms` needs of a program's parts: blocks of columns, three nodes."""
    model = Blocks()
    for name, labels in coords.items():
        model.add_variable(name, labels)
    return SimpleNamespace(model=model, tree=months(date(2024, 1, 1), 3, None, 0.0))


def dense(p: Any) -> np.ndarray:
    return np.asarray(p.model.finish().matrix.todense())


def test_a_term_stands_in_its_row_at_every_node() -> None:
    p = parts(v=[AB, NODES])
    terms = Terms(p, XY)
    terms.add("v", ["y", "x"], [2.0, 3.0])
    terms.state("law", "=", 0.0)
    wanted = np.zeros((6, 6))
    for node in range(3):
        wanted[3 + node, 0 + node] = 2.0  # a in y
        wanted[0 + node, 3 + node] = 3.0  # b in x
    assert (dense(p) == wanted).all()


def test_terms_of_one_element_in_one_row_add_up() -> None:
    p = parts(v=[AB, NODES])
    terms = Terms(p, XY)
    terms.add("v", ["x", "x"], [2.0, 0.5], of=["b", "b"])
    terms.state("law", "<=", 1.0)
    assert dense(p)[0].tolist() == [0, 0, 0, 2.5, 0, 0]
    assert p.model.finish().low[0] == -np.inf and p.model.finish().high[0] == 1.0


def test_segments_are_summed() -> None:
    p = parts(v=[AB, pd.RangeIndex(4, name="segment"), NODES])
    terms = Terms(p, XY)
    terms.add("v", ["x"], -1.0, of=["b"])
    terms.state("law", "=", 0.0)
    places = p.model.columns["v"].positions()
    for node in range(3):
        assert sorted(np.nonzero(dense(p)[node])[0]) == sorted(places[1, :, node])


@pytest.mark.parametrize("nodes", [[0], [1, 2]])
def test_what_left_before_the_first_node_is_no_term(nodes: list[int]) -> None:
    """One element arrives a node later, the other two nodes later."""
    p = parts(v=[AB, NODES])
    terms = Terms(p, XY, np.array(nodes))
    sent = np.array([[-1, 0, 1], [-1, -1, 0]])[:, nodes]
    terms.add("v", XY, at=sent)
    terms.state("law", "=", 0.0)
    wanted = np.zeros((2, len(nodes), 2, 3))
    for element in range(2):
        for at, left in enumerate(sent[element]):
            if left >= 0:
                wanted[element, at, element, left] = 1.0
    assert (dense(p) == wanted.reshape(2 * len(nodes), 6)).all()


def test_a_variable_without_nodes_counts_at_each() -> None:
    p = parts(v=[AB, NODES], built=[AB])
    terms = Terms(p, XY)
    limit = np.array([[1.0, 2.0, 3.0]])
    terms.add("built", ["y"], -limit, of=["a"])
    terms.state("law", "<=", 0.0)
    assert dense(p)[3:, 6].tolist() == [-1.0, -2.0, -3.0]
    assert np.count_nonzero(dense(p)) == 3


def test_a_block_without_elements_is_no_fault() -> None:
    p = parts(v=[AB[:0], NODES], w=[AB, NODES])
    terms = Terms(p, XY)
    terms.add("v", XY[:0])
    terms.add("w", XY)
    terms.state("law", "=", 0.0)
    assert (dense(p) == np.eye(6)).all()


def test_an_unknown_label_is_named() -> None:
    p = parts(v=[AB, NODES])
    with pytest.raises(DidymiumError, match="a law names z"):
        Terms(p, XY).add("v", ["x", "z"])
    with pytest.raises(DidymiumError, match="a law names c"):
        Terms(p, XY).add("v", ["x"], of=["c"])


def test_values_come_under_their_labels() -> None:
    p = parts(v=[AB, NODES], w=[AB])
    held = Labelled(p.model.columns, np.arange(8.0))
    assert set(held) == {"v", "w"} and len(held) == 2
    assert float(held["v"].sel(thing="b", node=1)) == 4.0
    assert held["w"].to_series().to_dict() == {"a": 6.0, "b": 7.0}
    held["w"] = held["w"] + 1.0
    assert float(held["w"].sel(thing="a")) == 7.0
    with pytest.raises(KeyError):
        held["other"]


# What is stated, and what the solver holds


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("blocks") / "chain", chain())


def inside(instance: Instance) -> dict[str, np.ndarray]:
    """Return the program inside the solver."""
    lp = instance.highs.getLp()
    kind = sp.csc_array if str(lp.a_matrix_.format_).endswith("kColwise") else sp.csr_array
    entries = (np.asarray(lp.a_matrix_.value_), np.asarray(lp.a_matrix_.index_), np.asarray(lp.a_matrix_.start_))
    found = {"cost": lp.col_cost_, "lower": lp.col_lower_, "upper": lp.col_upper_, "low": lp.row_lower_,
             "high": lp.row_upper_, "matrix": kind(entries, shape=(lp.num_row_, lp.num_col_)).toarray()}  # fmt: skip
    return {name: np.asarray(values) for name, values in found.items()}


def stated(instance: Instance) -> dict[str, np.ndarray]:
    return {**instance.stated._asdict(), "matrix": instance.stated.matrix.toarray()}


def test_every_change_reaches_both(case: Case) -> None:
    """Answers are checked against what was stated, so the two may never part."""
    tree = months(date(2024, 1, 1), 4, None, 0.05)
    instance = Instance(build(case, tree, Options(stocks=True, transit=True), prepare(case)))
    draw = np.random.default_rng(3)

    def some(block: Any) -> np.ndarray:
        return draw.uniform(1.0, 2.0, block.shape)

    changes = [
        lambda: None,
        lambda: instance.bound("ship", None, some(instance.columns["ship"])),
        lambda: instance.bound("fill", np.full(instance.columns["fill"].shape, 0.5), some(instance.columns["fill"])),
        lambda: instance.cost("served_segment", some(instance.columns["served_segment"])),
        lambda: instance.right_hand_side("balance", some(instance.rows["balance"])),
        lambda: instance.upper_side("capacity", some(instance.rows["capacity"])),
        lambda: instance.add_rows(np.array([-np.inf, 0.0]), np.array([1.0, 2.0]), np.array([[0, 5], [3, 1]]),
                                  np.array([[1.0, -2.0], [0.5, 4.0]]), "more"),
    ]  # fmt: skip
    for change in changes:
        change()
        held, said = inside(instance), stated(instance)
        for name, values in held.items():
            assert np.array_equal(values, said[name]), name


def test_a_bound_that_is_no_number_never_reaches_the_solver(case: Case) -> None:
    program = build(case, months(date(2024, 1, 1), 2, None, 0.05), Options(), prepare(case))
    program.parts.conditions.ship_bound[0, 0] = np.nan
    with pytest.raises(SolverError, match="bounds"):
        Instance(program)
