"""What scenario files are refused for: keys that nobody reads, entries that contradict, entries that cannot act."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from typer.testing import CliRunner

from case_factory import chain, make_case
from didymium.case.case import Case, load_case
from didymium.case.excel_write import export_case
from didymium.case.scenario import Scenario
from didymium.case.scenario_bands import approval_bands, passthrough_bands
from didymium.case.scenario_schema import MEASURES, OTHERS, SCENARIO
from didymium.case.scenario_span import idle
from didymium.cli import app
from didymium.faults import CaseError, Fault
from didymium.shock import shock

HEAD = 'title = "Story"\nstart = "2025-01-01"\nmonths = 12\n'
MEASURE = {"kind": "licence", "controller": "CTL", "commodities": ["metal"], "destinations": ["*"],
           "start": "2025-02-01", "approval": [["2025-02-01", 0.25]], "source": "book"}  # fmt: skip
BAN = {"kind": "ban", "approval": None}
OUTAGE = {"facility": "pit", "start": "2025-03-01", "end": "2025-05-31", "source": "book"}
DEMAND = {"end_use": "motor", "region": "TWO", "start": "2025-03-01", "end": "2025-05-31", "factor": 1.2,
          "source": "book"}  # fmt: skip
DUTY = {"kind": "tariff", "commodities": ["metal"], "destinations": ["TWO"], "origins": ["CTL"],
        "start": "2025-02-01", "rate": 0.2, "source": "book"}  # fmt: skip
CLOSURE = {"origins": ["CTL"], "destinations": ["TWO"], "start": "2025-02-01", "source": "book"}
RELIEF = {"measures": ["m"], "start": "2025-03-01", "end": "2025-03-31", "source": "book"}
THROUGH = {"commodities": ["ore"], "share": 0.5, "source": "book"}

WHOLE = {
    "measure": MEASURE | {"id": "m"}, "closure": CLOSURE, "outage": OUTAGE, "demand": DEMAND, "relief": RELIEF,
    "passthrough": THROUGH,
}  # fmt: skip
"""An entry of each table that is right."""


def toml(value: object) -> str:
    """Return a value as a scenario file writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def entry(table: str, base: dict[str, object], **cells: object) -> str:
    """Return an entry with some cells changed; None leaves one out, ``from_`` is ``from``."""
    told = {**base, **{name.rstrip("_"): value for name, value in cells.items()}}
    lines = [f"{name} = {toml(value)}" for name, value in told.items() if value is not None]
    return "\n".join((f"\n[[{table}]]", *lines)) + "\n"


def licence(name: str, share: float = 0.25, **cells: object) -> str:
    return entry("measure", MEASURE, id=name, approval=[["2025-02-01", share]], **cells)


def ban(name: str, **cells: object) -> str:
    return entry("measure", MEASURE | BAN, id=name, **cells)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    tables = chain()
    law = {"controller": "CTL", "kind": "licence", "commodities": "metal", "destinations": "*", "start": "2025-02-01",
           "announced": "2024-10-01"}  # fmt: skip
    tables["measures"] = [{**law, "measure": "one_law"}, {**law, "measure": "other_law"},
                          {**law, "measure": "suspended", "start": "2024-12-01", "suspended_from": "2024-11-07",
                           "suspended_to": "2026-11-10"}]  # fmt: skip
    return make_case(tmp_path_factory.mktemp("refusals") / "chain", tables)


def read(case: Case, text: str, name: str = "story", head: str = HEAD) -> Scenario:
    (case.folder / "scenarios" / f"{name}.toml").write_text(head + text, "utf-8")
    return case.scenario(name)


def faults(case: Case, text: str, head: str = HEAD) -> list[Fault]:
    with pytest.raises(CaseError) as caught:
        read(case, text, "broken", head)
    assert all(fault.fix and fault.fault for fault in caught.value.faults)
    assert len(set(caught.value.faults)) == len(caught.value.faults), "each fault once"
    return caught.value.faults


# Keys


def test_the_delay_of_a_queue_is_not_lost_by_a_typing_error(case: Case) -> None:
    found = faults(case, licence("m", delay=45, leek=0.5))
    assert [(fault.file, fault.row, fault.field, fault.fix) for fault in found] == [
        ("scenarios/broken.toml", "m", "delay", "write `delay_days`"),
        ("scenarios/broken.toml", "m", "leek", "write `leak`"),
    ]


@pytest.mark.parametrize("table", WHOLE)
def test_every_entry_refuses_what_it_does_not_read(case: Case, table: str) -> None:
    rest = {name: cells for name, cells in WHOLE.items() if name != table}
    others = "".join(entry(name, cells) for name, cells in rest.items())
    right = others.replace("[[relief]]", "[[relief]]", 1) + entry(table, WHOLE[table])
    read(case, right)
    (found,) = faults(case, others + entry(table, WHOLE[table] | {"sourse": "book"}))
    assert (found.field, found.fix) == ("sourse", "write `source`")


@pytest.mark.parametrize(
    ("text", "row", "field", "fix"),
    [
        (entry("closure", CLOSURE, shares=0.5), "closure", "shares", "write `share`"),
        (entry("outage", OUTAGE, share=0.5), "outage", "share", "write `availability`"),
        (entry("outage", OUTAGE, availabilty=0.5), "outage", "availabilty", "write `availability`"),
        (entry("demand", DEMAND, regions="TWO"), "demand", "regions", "write `region`"),
        (entry("outage", OUTAGE) + entry("outage", OUTAGE, capacity=1), "outage 2", "capacity", "write `availability`"),
        (licence("m", share_=0.4), "m", "share", 'write `approval = [["YYYY-MM-DD", 0.25], ...]`'),
        (licence("m", pooled=True), "m", "pooled", "leave it out, or use a kind that has it: quota"),
        (ban("m", approval=0.9), "m", "approval", "a kind that has it: licence, quota, content_rule"),
        (ban("m", delay_days=45), "m", "delay_days", "a kind that has it: licence, content_rule"),
        (licence("m", kind="quota", review_days=45), "m", "review_days", "a kind that has it: licence, content_rule"),
        (licence("m", availability=0.4), "m", "availability", "it belongs to [[outage]]"),
        (licence("m", colour="red"), "m", "colour", "use one of id, kind, controller"),
        (entry("measure", DUTY, controller="CTL"), "measure", "controller", "a kind that has it: ban, licence"),
        (entry("measure", DUTY, kind="minimum_price", price=9), "measure", "rate", "a kind that has it: tariff"),
        (entry("relief", RELIEF, measure="m") + licence("m"), "relief", "measure", "write `measures`"),
        ("probability_low = 0.1\n", "scenario", "probability_low", "write `probability`"),
        (licence("m", follows=["ore"]), "m", "follows", "add `end_uses`"),
        (licence("m", review_days=45), "m", "late", "give both"),
        (licence("m", from_="suspended", start=None, end="2026-12-31"), "m", "end", "add `start`"),
        (licence("m", end_uses=[]), "m", "end_uses", "name at least one"),
        (licence("m", destinations=[]), "m", "destinations", "name at least one"),
        ('source = "nonesuch"\n', "scenario", "source", "sources.csv"),
        ('stress = "yes"\n', "scenario", "stress", "stress = true"),
    ],
)  # fmt: skip
def test_keys_that_would_do_nothing(case: Case, text: str, row: str, field: str, fix: str) -> None:
    found = [fault for fault in faults(case, text) if (fault.row, fault.field) == (row, field)]
    assert len(found) == 1
    assert fix in found[0].fix


def test_what_is_declared_is_read(case: Case) -> None:
    """Every declared key is accepted in some entry: none is a key that nobody reads."""
    read(case, "", "calm")
    law, span = {"from": "one_law", "note": "Read me."}, {"end": "2025-05-31"}
    bound = {"id": "m", "announced": "2025-01-15", "covers": 0.9, "leak": 0.1, "leak_low": 0.0, "leak_high": 0.2,
             "end_uses": ["motor"], "follows": ["metal"], **law, **span}  # fmt: skip
    bands = {f"approval_{end}": [["2025-02-01", share]] for end, share in (("low", 0.1), ("high", 0.5))}
    queue = {"delay_days": 10, "review_days": 20, "late": 0.5}
    full = {
        "ban": MEASURE | BAN | bound, "licence": MEASURE | bound | bands | queue,
        "quota": MEASURE | {"kind": "quota", "pooled": True} | bound | bands,
        "content_rule": MEASURE | {"kind": "content_rule"} | bound | bands | queue,
        "tariff": DUTY | {"id": "m"} | law | span,
        "minimum_price": DUTY | {"id": "m", "kind": "minimum_price", "rate": None, "price": 9} | law | span,
    }  # fmt: skip
    for kind, cells in full.items():
        assert {key for key, value in cells.items() if value is not None} == set(MEASURES[kind].names)
        read(case, entry("measure", cells))
    others = {"passthrough": THROUGH | {"like": "m", "low": 0.1, "high": 0.9} | law,
              "relief": RELIEF | {"id": "r", "destinations": ["TWO"], "share": 0.9} | law,
              "closure": CLOSURE | {"id": "c", "commodities": ["ore"], "share": 0.5} | law | span,
              "outage": OUTAGE | {"availability": 0.5} | law, "demand": DEMAND | law}  # fmt: skip
    head = {"name": "story", "title": "Story", "title_ja": "-", "description": "-", "why": "-", "stress": True,
            "start": "2025-01-01", "months": 12, "include": [], "rationing": "price", "probability": 0.1,
            "probability_source": "a_no_shock", "source": "book"}  # fmt: skip
    assert {name: set(cells) for name, cells in others.items()} == {n: set(e.names) for n, e in OTHERS.items()}
    assert {*head, "measure", *others} == set(SCENARIO.names)
    text = "".join(f"{name} = {toml(value)}\n" for name, value in head.items())
    read(case, licence("m") + "".join(entry(name, cells) for name, cells in others.items()), head=text)


def test_a_workbook_is_read_by_the_same_rules(case: Case, tmp_path: Path) -> None:
    path = case.folder / "scenarios" / "typed.toml"
    path.write_text(HEAD + licence("m", delay=45), "utf-8")
    book = load_case(export_case(case, tmp_path / "case.xlsx"))
    path.unlink()
    with pytest.raises(CaseError, match="write `delay_days`") as caught:
        book.scenario("typed")
    assert [fault.field for fault in caught.value.faults] == ["delay"]


# Bands


def test_a_band_has_the_dates_of_its_path_and_holds_it(case: Case) -> None:
    low, high = [["2025-02-01", 0.1]], [["2025-02-01", 0.5]]
    read(case, licence("m", approval_low=low, approval_high=high))
    assert approval_bands(case, "story")["m"].high == ((read(case, licence("m")).restrictions[0].start, 0.5),)
    for cells, fix in (({"approval_low": low}, "approval_high"),
                       ({"approval_low": high, "approval_high": high}, "low end below"),
                       ({"approval_low": low, "approval_high": [["2025-03-01", 0.5]]}, "same dates"),
                       ({"leak_low": 0.1, "leak_high": 0.2}, "low end below")):  # fmt: skip
        (found,) = faults(case, licence("m", **cells))
        assert fix in found.fix
    (found,) = faults(case, licence("m") + entry("passthrough", THROUGH, low=0.6))
    assert (found.row, found.field) == ("passthrough", "share")


def test_the_band_of_a_ban_is_what_leaks_and_a_queue_delays_its_ends(case: Case) -> None:
    read(case, ban("m", leak=0.1, leak_low=0.0, leak_high=0.3) + entry("passthrough", THROUGH, low=0.2))
    band = approval_bands(case, "story")["m"]
    assert [[share for _day, share in path] for path in (band.low, band.high)] == [[0.0], [pytest.approx(0.3)]]
    assert passthrough_bands(case, "story") == {"passthrough_m": ("m", 0.2, 0.5, 0.5)}
    low, high = [["2025-02-01", 0.0]], [["2025-02-01", 0.5]]
    (measure,) = read(case, licence("m", approval_low=low, approval_high=high, delay_days=10, review_days=40, late=0.5,
                                    leak=0.1)).restrictions  # fmt: skip
    band = approval_bands(case, "story")["m"]
    assert [day for day, _s in band.low] == [day for day, _s in band.high] == [day for day, _s in measure.approval]
    assert [share for _day, share in band.low] == pytest.approx([0.1, 0.1, 0.6]), "0, 0 and 0.5 late; 0.1 leaks"
    assert [share for _day, share in band.high] == pytest.approx([0.1, 0.6, 0.85])


# Contradictions


@pytest.mark.parametrize(
    ("text", "both"),
    [
        (ban("m") + licence("m", 1.0), ("m", "ban, 0", "licence, 1")),
        (licence("a", 0.2) + licence("b", 0.5), ("a", "b", "0.2", "0.5")),
        (licence("a", 0.2, commodities=["ore", "metal"]) + licence("b", 0.5, destinations=["TWO"]), ("a", "b")),
        (licence("a", 0.2, from_="one_law") + licence("b", 0.5, from_="one_law"), ("a", "b")),
        (licence("a", 0.2, from_="one_law") + licence("b", 0.5), ("a", "b")),
        (licence("a", 0.2, kind="quota") + licence("b", 0.5, kind="quota"), ("a", "b")),
        (ban("a") + ban("b", leak=0.2), ("a", "b")),
        (licence("a", 0.2, end_uses=["motor"]) + licence("b", 0.5, end_uses=["motor"]), ("a", "b")),
        (entry("closure", CLOSURE) + entry("closure", CLOSURE, share=0.5), ("closure", "closure 2")),
        (entry("measure", DUTY, id="d") + entry("measure", DUTY, id="d", rate=0.5), ("`d` (0.2", "`d` (0.5")),
        (entry("measure", DUTY, id="a") + entry("measure", DUTY, id="b", rate=0.5), ("a", "b", "0.2", "0.5")),
        (entry("measure", DUTY, id="a") + entry("measure", DUTY, id="b", origins=["CTL", "ONE"]), ("a", "b")),
        (entry("outage", OUTAGE) + entry("outage", OUTAGE, availability=0.5, start="2025-05-01", end="2025-06-30"),
         ("pit", "0 from 2025-03-01", "0.5 from 2025-05-01 to 2025-06-30")),
        (entry("demand", DEMAND) + entry("demand", DEMAND, factor=0.8), ("motor in TWO 1.2", "motor in TWO 0.8")),
        (entry("demand", DEMAND) + entry("demand", DEMAND, end_use="*", factor=0.8), ("motor in TWO 1.2", "* in TWO")),
    ],
)  # fmt: skip
def test_two_entries_that_contradict_are_both_named(case: Case, text: str, both: tuple[str, ...]) -> None:
    found = " ".join(fault.fault for fault in faults(case, text))
    assert all(part in found for part in both), found


@pytest.mark.parametrize(
    "text",
    [
        licence("a", 0.5) + ban("b", destinations=["TWO"]),  # a ban on one destination within a licence for all
        licence("a", 0.2, end="2025-04-30") + entry("measure", MEASURE, id="b", start="2025-05-01",
                                                    approval=[["2025-05-01", 0.5]]),  # one follows the other
        licence("a", 0.5) + licence("b", 0.2, end_uses=["motor"]),  # a rule on a part
        licence("a", 0.5) + licence("b", 0.2, kind="quota"),
        licence("a", 0.5, commodities=["ore"]) + licence("b", 0.2),
        licence("a", 0.5, destinations=["ONE"]) + licence("b", 0.2, destinations=["TWO"]),
        licence("a", 0.5, from_="one_law") + licence("b", 0.2, from_="other_law"),  # two laws that both hold
        ban("a", commodities=["ore", "metal"]) + ban("b"),  # the same number
        licence("a", 0.6, kind="quota", pooled=True, commodities=["ore", "metal"])
        + licence("b", 0.3, kind="quota", pooled=True),  # a sum and one of its parts
        licence("a", 0.2) + entry("relief", RELIEF, measures=["a"])
        + entry("measure", MEASURE, id="b", start="2025-03-01", end="2025-03-31",
                approval=[["2025-03-01", 0.5]]),  # lifted while another takes its place
        entry("measure", DUTY, id="a") + entry("measure", DUTY, id="b", kind="minimum_price", rate=None, price=9),
        entry("measure", DUTY, id="a", from_="one_law") + entry("measure", DUTY, id="b", rate=0.5, from_="other_law"),
        entry("outage", OUTAGE) + entry("outage", OUTAGE, availability=0.5, start="2025-06-01", end="2025-06-30"),
        entry("outage", OUTAGE) + entry("outage", OUTAGE, facility="works", availability=0.5),
        entry("demand", DEMAND) + entry("demand", DEMAND, region="ONE", factor=0.8),
    ],
)  # fmt: skip
def test_what_may_stand_side_by_side(case: Case, text: str) -> None:
    read(case, text)


def test_what_two_files_say_alike_counts_once(case: Case) -> None:
    """Outages and factors are multiplied, duties added: a file included twice would count twice."""
    read(case, entry("outage", OUTAGE, availability=0.5) + entry("demand", DEMAND) + entry("measure", DUTY)
         + licence("m"), "one")  # fmt: skip
    read(case, 'include = ["one"]\n', "two")
    both = read(case, 'include = ["one", "two"]\n' + entry("outage", OUTAGE, availability=0.5, end="2025-08-31"))
    once = case.scenario("one")
    assert (both.demand_changes, both.wedges, both.restrictions) == (
        once.demand_changes, once.wedges, once.restrictions)  # fmt: skip
    (outage,) = both.outages
    assert (outage.start.month, outage.end.month, outage.availability) == (3, 9, 0.5)


def test_shipped_scenarios_go_together(us_japan: Case, tmp_path: Path) -> None:
    """Of all pairs only two readings of one thing contradict."""
    refused = set()
    span = 'title = "Two"\nstart = "2024-01-01"\nmonths = 120\n'
    folder = us_japan.folder / "scenarios"
    own = {path.stem: path.read_text("utf-8") for path in folder.glob("*.toml")}
    case = make_case(tmp_path / "pairs", chain())
    object.__setattr__(case, "tables", us_japan.tables)
    for name, text in own.items():
        (case.folder / "scenarios" / f"{name}.toml").write_text(text, "utf-8")
    for pair in combinations(sorted(own), 2):
        try:
            read(case, f"include = {toml(list(pair))}\n", "pair", span)
        except CaseError as error:
            assert "contradict" in str(error) or "at once" in str(error), error
            refused.add(pair)
    assert refused == {("china-licensing-2025", "licences-as-known-2025"), ("stress-demand-down", "stress-demand-up")}


# What cannot act


@pytest.mark.parametrize(
    ("text", "row", "field"),
    [
        (licence("m", start="2026-01-01"), "m", "start"),
        (licence("m", start="2024-01-01", end="2024-12-31", approval_=[["2024-01-01", 0.5]]), "m", "end"),
        (entry("outage", OUTAGE, start="2026-03-01", end="2026-04-30"), "outage", "start"),
        (entry("demand", DEMAND, start="2024-03-01", end="2024-04-30"), "demand", "end"),
        (entry("closure", CLOSURE, start="2026-01-01"), "closure", "start"),
        (entry("measure", DUTY, start="2026-01-01"), "measure", "start"),
        (licence("m", destinations=["CTL"]), "m", "destinations"),
        (entry("closure", CLOSURE, destinations=["CTL"]), "closure", "destinations"),
        (entry("measure", DUTY, origins=["TWO"]), "measure", "origins"),
        (licence("m") + entry("relief", RELIEF, measures=[]), "relief", "measures"),
        (licence("m") + entry("relief", RELIEF, measures=None), "relief", "measures"),
        (licence("m", destinations=["ONE"]) + entry("relief", RELIEF, destinations=["TWO"]), "relief", "destinations"),
        (licence("m") + entry("relief", RELIEF, destinations=["CTL", "ONE"]), "relief", "destinations"),
        (licence("m") + entry("relief", RELIEF, start="2026-02-01", end=None), "relief", "start"),
        (licence("m", start="2025-05-01", approval_=[["2025-05-01", 0.5]]) + entry("relief", RELIEF), "relief", "end"),
        (licence("m", end="2025-02-28") + entry("relief", RELIEF), "relief", "start"),
        (licence("m", end="2025-04-30", approval_=[["2025-02-01", 0.2], ["2025-06-01", 0.5]]), "m", "approval"),
        (licence("m") + entry("passthrough", THROUGH, commodities=["metal"]), "passthrough", "commodities"),
    ],
)  # fmt: skip
def test_own_entries_that_cannot_act(case: Case, text: str, row: str, field: str) -> None:
    assert (row, field) in {(fault.row, fault.field) for fault in faults(case, text)}


def test_history_and_suspended_law_stay(case: Case) -> None:
    """What began before the first month still acts, and a law may be suspended to the last."""
    read(case, licence("m", start="2020-01-01", approval_=[["2020-01-01", 0.0], ["2021-01-01", 0.4]]))
    (law,) = read(case, licence("m", from_="suspended", start=None)).restrictions
    assert {share for _day, share in law.steps if _day.year < 2026} <= {1.0, 0.25}
    read(case, licence("m", start="2025-12-31"), head=HEAD)


def test_what_is_included_and_lies_outside_is_named(case: Case) -> None:
    read(case, entry("outage", OUTAGE) + licence("m"), "mixed")
    read(case, entry("outage", OUTAGE), "over")
    later = HEAD.replace("2025-01-01", "2025-07-01").replace("12", "2")
    story = read(case, 'include = ["mixed"]\n', head=later)
    (note,) = idle(story)
    assert (
        note == "outage of pit does nothing in scenario story: it ends on 2025-05-31, before the first day 2025-07-01"
    )
    assert note in shock(case, story, foresight=["none"]).manifest["notes"]
    assert idle(case.scenario("mixed")) == []
    (found,) = faults(case, 'include = ["mixed", "over"]\n', later)
    assert (found.row, found.field) == ("scenario", "include")
    assert "`over` does nothing here: it ends on 2025-05-31" in found.fault


def test_check_names_it_and_stays_content(tmp_path: Path) -> None:
    later = HEAD.replace("2025-01-01", "2025-07-01") + 'include = ["mixed"]\n'
    texts = {"mixed": HEAD + entry("outage", OUTAGE) + licence("m"), "later": later}
    case = make_case(tmp_path / "noted", chain(), texts)
    result = CliRunner().invoke(app, ["check", str(case.folder)])
    assert result.exit_code == 0
    assert "note: outage of pit does nothing in scenario later" in result.output


def test_faults_of_what_is_included_come_with_ones_own(case: Case) -> None:
    """One run names all; what follows from a file that could not be read is not a fault of its own."""
    (case.folder / "scenarios" / "bad.toml").write_text(HEAD + licence("m", colour="red"), "utf-8")
    found = faults(case, 'include = ["bad"]\n' + entry("relief", RELIEF) + entry("outage", OUTAGE, hue=1))
    assert {(fault.file, fault.field) for fault in found} == {
        ("scenarios/bad.toml", "colour"), ("scenarios/broken.toml", "hue")}  # fmt: skip
    (case.folder / "scenarios" / "bad.toml").unlink()
    (case.folder / "scenarios" / "broken.toml").unlink()
