"""Nodes in time: lengths, discounts, probabilities, and which earlier node a shipment left in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from didymium.faults import DidymiumError
from didymium.market.tree import Tree, add_months, months, periods, single_year


def branching() -> Tree:
    """A month, then with 30 % a bad and with 70 % a good one."""
    chain = months(date(2025, 1, 1), 3, None, 0.0)
    nodes = chain.nodes.assign(parent=[-1, 0, 0], probability=[1.0, 0.3, 0.7])
    return Tree(nodes, (None, None, None))


def test_every_month_is_a_twelfth() -> None:
    tree = months(date(2024, 1, 1), 24, None, 0.05)
    assert tree.years() == pytest.approx(np.full(24, 1 / 12))
    assert list(tree.nodes["label"])[:3] == ["2024-01", "2024-02", "2024-03"]
    assert (tree.nodes["end"].iloc[:-1].to_numpy() == tree.nodes["start"].iloc[1:].to_numpy()).all()
    assert tree.nodes["end"].iloc[-1] == date(2026, 1, 1)


def test_discount_is_taken_at_the_middle() -> None:
    tree = months(date(2024, 1, 1), 12, None, 0.05)
    assert tree.weight()[0] == pytest.approx(1.05 ** (-0.5 / 12))
    assert tree.weight()[11] == pytest.approx(1.05 ** (-11.5 / 12))


def test_a_single_year_counts_in_full() -> None:
    tree = single_year(2024)
    assert len(tree) == 1
    assert tree.years() == pytest.approx([1.0])
    assert tree.weight() == pytest.approx([1.0])
    assert list(tree.leaves()) == [0]


def test_periods_of_other_lengths() -> None:
    tree = periods([(date(2030, 1, 1), date(2030, 4, 1), "Q1"), (date(2030, 4, 1), date(2031, 4, 1), "year"),
                    (date(2031, 4, 1), date(2031, 4, 16), "half")], None, 0.0)  # fmt: skip
    assert tree.years() == pytest.approx([0.25, 1.0, 15 / 365.25])


def test_leaves_and_weights_of_branches() -> None:
    tree = branching()
    assert list(tree.leaves()) == [1, 2]
    assert tree.weight() == pytest.approx([1.0, 0.3, 0.7])


def test_branches_share_their_parents_probability() -> None:
    tree = branching()
    with pytest.raises(DidymiumError, match="do not share its probability"):
        replace(tree, nodes=tree.nodes.assign(probability=[1.0, 0.3, 0.6]))


def test_parents_come_first() -> None:
    tree = branching()
    with pytest.raises(DidymiumError, match="parents before their children"):
        replace(tree, nodes=tree.nodes.assign(parent=[-1, 2, 0], probability=1.0))


def test_one_scenario_for_each_node() -> None:
    with pytest.raises(DidymiumError, match="one scenario"):
        replace(branching(), scenarios=(None,))


def test_lagged_along_a_chain() -> None:
    tree = months(date(2025, 1, 1), 4, None, 0.0)
    assert [tree.lagged(node, 0) for node in range(4)] == [0, 1, 2, 3]
    assert [tree.lagged(node, 2) for node in range(4)] == [-1, -1, 0, 1]


def test_lagged_follows_the_parent_and_not_the_node_before() -> None:
    assert branching().lagged(2, 1) == 0
    assert branching().lagged(2, 2) == -1


def test_a_longer_node_receives_what_it_ships() -> None:
    spans = [(date(2030, m, 1), date(2030, m + 1, 1), str(m)) for m in (1, 2)]
    tree = periods([*spans, (date(2030, 3, 1), date(2030, 6, 1), "quarter")], None, 0.0)
    assert tree.lagged(2, 1) == 2
    assert tree.lagged(1, 1) == 0


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 11, 15), 14, date(2027, 1, 15)),
        (date(2025, 12, 31), 0, date(2025, 12, 31)),
        (date(2025, 3, 31), -1, date(2025, 2, 28)),
    ],
)
def test_add_months(day: date, count: int, expected: date) -> None:
    assert add_months(day, count) == expected


def test_lengths_of_months_from_the_last_day() -> None:
    """Months that begin on the 31st are still twelfths: held within the month, they must not wobble."""
    years = months(date(2025, 1, 31), 3, None, 0.0).years()
    assert pd.Series(years).between(0.07, 0.1).all()
    assert years.sum() == pytest.approx(0.25, abs=0.01)
