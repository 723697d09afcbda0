"""From input rows to sources, and numbers as they are read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from didymium.faults import DidymiumError
from didymium.report.footnotes import Evidence, Notes, count_grades, resolve
from didymium.report.numbers import GAP, Writer, amount, band, digits, money, month, percent

if TYPE_CHECKING:
    from didymium.case.case import Case


def plain(text: str) -> str:
    return text.replace(GAP, " ")


def test_every_row_of_the_case_leads_somewhere(us_japan: Case) -> None:
    evidence = Evidence(us_japan)
    for name, frame in us_japan.tables.items():
        for key in frame["_row"]:
            found = evidence.of(str(key))
            assert found or name == "regions", f"{key} leads to no source"


def test_rows_with_several_sources_lead_to_all(us_japan: Case) -> None:
    row = us_japan["projects"].iloc[0]
    found = {r["_row"].partition("/")[2] for r in resolve(us_japan, str(row["_row"]))}
    assert found == {row["source"], row["lead_time_source"]}


def test_a_process_leads_to_its_recipes(us_japan: Case) -> None:
    process = str(us_japan["processes"]["process"].iloc[0])
    recipes = us_japan["recipes"]
    wanted = set(recipes.loc[recipes["process"].eq(process), "source"])
    assert {r["_row"].partition("/")[2] for r in resolve(us_japan, f"processes/{process}")} == wanted


def test_sources_and_assumptions_lead_to_themselves(us_japan: Case) -> None:
    key = str(us_japan["assumptions"]["_row"].iloc[0])
    assert [r["_row"] for r in resolve(us_japan, [key])] == [key]


def test_a_foreign_row_is_refused(us_japan: Case) -> None:
    with pytest.raises(DidymiumError, match="facilities/nowhere"):
        Evidence(us_japan).of("facilities/nowhere")


def test_a_number_on_definitions_alone_is_refused(us_japan: Case) -> None:
    with pytest.raises(DidymiumError, match="no source"):
        Writer(Notes(us_japan)).number(1.0, "t", "regions/USA")
    with pytest.raises(DidymiumError, match="no source"):
        Writer(Notes(us_japan)).number(1.0, "t", "")


def test_the_same_references_share_a_note(us_japan: Case) -> None:
    notes = Notes(us_japan)
    first, second = us_japan["assumptions"]["_row"].iloc[:2]
    assert notes.note(first).number == 1
    assert notes.note(second).number == 2
    assert notes.note([first, "regions/USA"]).number == 1
    assert notes.note(first).rests_on == f"{first};regions/USA"
    assert [notes.labels(note) for note in notes.listed()] == ["H1", "H2"]
    both = notes.note([second, first])
    assert notes.labels(both) == "H1, H2"


def test_grades_are_counted_best_first(us_japan: Case) -> None:
    references = Evidence(us_japan).references.values()
    counts = count_grades(references)
    assert sum(counts.values()) == len(us_japan["sources"]) + len(us_japan["assumptions"])
    assert list(counts) == [g for g in ("A", "B", "C", "D", "assumption") if g in counts]


def test_number_carries_its_note(us_japan: Case) -> None:
    key = str(us_japan["assumptions"]["_row"].iloc[0])
    text = str(Writer(Notes(us_japan)).number(1234.5, "t", key))
    assert f'<span class="n" data-note="1">1,230{GAP}t</span>' in text
    assert 'href="#note-1"' in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1234.5, "1,230"), (0.0, "0"), (-0.00012345, "\u22120.000123"), (4.4, "4.4"), (2.0, "2"), (999.6, "1,000"),
        (math.nan, "–"), (1e7, "10,000,000"), (123456.0, "123,000"),
    ],
)  # fmt: skip
def test_three_digits(value: float, shown: str) -> None:
    assert digits(value) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.985, "98.5 %"),
        (0.69, "69 %"),
        (0.05, "5 %"),
        (0.0123, "1.2 %"),
        (1.0, "100 %"),
        (-1e-9, "0 %"),
        (2.5, "250 %"),
    ],
)
def test_shares(share: float, shown: str) -> None:
    assert plain(percent(share)) == shown


def test_money_bands_and_dates() -> None:
    assert plain(money(760.0)) == "USD 760 million"
    assert plain(money(5230.0)) == "USD 5.23 billion"
    assert plain(band(8151.0, 2038.0, 24454.0, "MUSD")) == "USD 8.15 billion (2.04 to 24.5)"
    assert plain(band(42.0, 19.2, 70.6, "days")) == "42 days (19 to 71)"
    assert plain(band(0.5, 0.2, 0.7, "share")) == "50 % (20 to 70 %)"
    assert plain(band(3.0, math.nan, math.nan, "times")) == "3 times"
    assert plain(amount(1.0, "days")) == "one day"
    assert [plain(month(d)) for d in ("2026", "2025-05", "2026-11-27")] == ["2026", "May 2025", "27 November 2026"]
