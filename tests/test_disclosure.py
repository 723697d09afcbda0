"""What leaves the machine of a run on confidential rows, and two attacks on it (design, section 4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from case_factory import chain, make_case
from didymium.case.case import Case, load_case
from didymium.case.scenario import Restriction, Scenario
from didymium.case.tables import TABLES
from didymium.disclosure import CLASSES, day_class, disclosed
from didymium.result import RESTS_ON, Result
from didymium.shock import shock

HALF_YEAR = 6


def halt() -> Scenario:
    """Let nothing through from the controller for half a year."""
    day = date(2025, 1, 1)
    measure = Restriction("m", "ban", "CTL", frozenset({"ore", "metal"}), frozenset({"ONE", "TWO"}), day, None,
                          ((day, 0.0),), 0.0, ("sources/book",))  # fmt: skip
    return Scenario("halt", "halt", "", day, HALF_YEAR, (measure,))


def with_secret(folder: Path, name: str, days: float) -> Case:
    """Lay a secret strategic stock of metal in ONE over the public case."""
    over = folder / name
    over.mkdir()
    row = f"secret,ONE,strategic,ONE,metal,{days},{days},{days},day,none,range,shortage,,book,"
    (over / "stocks.csv").write_text(",".join(TABLES["stocks"].columns) + "\n" + row + "\n", "utf-8")
    return load_case(folder / "public", overlays=[over])


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    folder = tmp_path_factory.mktemp("disclosure")
    public = make_case(folder / "public", chain())
    cases = {"public": public} | {f"{days}": with_secret(folder, f"over{days}", days) for days in (20, 28, 100)}
    return {name: shock(case, halt(), foresight=("none",)) for name, case in cases.items()}


@pytest.fixture(scope="module")
def exports(runs: dict[str, Result]) -> dict[str, Result]:
    return {name: disclosed(run, runs["public"]) for name, run in runs.items() if name != "public"}


def numbers(result: Result) -> Iterator[tuple[str, float]]:
    """Yield every number of a result, with its place; of a class both of its ends."""
    ends = {name: [float(end) for end in name.replace("<", "").replace(">", "").split("-")] for name in CLASSES}
    for table in result.tables.values():
        for column in table.frame.columns.drop(RESTS_ON):
            for row, cell in enumerate(table.frame[column].tolist()):
                found = ends.get(cell, []) if isinstance(cell, str) else [cell]
                for at, number in enumerate(found):
                    if isinstance(number, int | float) and number == number:
                        yield f"{table.name}.{column}[{row}]{at}", float(number)


def test_the_classes() -> None:
    assert [day_class(days) for days in (0, 29.9, 30, 59, 60, 90, 179, 180, 1000)] == [
        "< 30", "< 30", "30-60", "30-60", "60-90", "90-180", "90-180", "> 180", "> 180"]  # fmt: skip
    assert day_class(float("nan")) == ""


def test_an_export_has_classes_of_days_and_no_duals(exports: dict[str, Result], runs: dict[str, Result]) -> None:
    export = exports["100"]
    cover = export["cover"].set_index(["commodity", "region"])
    assert cover.loc[("metal", "ONE"), "days_at_start"] == "90-180"  # 100 secret and 45 public days
    assert cover["line_stop"].isna().all()
    assert export["prices"]["price"].isna().all()
    assert not export["prices"]["base"].isna().any()  # what the secret does not change is public
    assert export.manifest["inputs"] == runs["public"].manifest["inputs"]
    assert "secret" not in "".join(";".join(table.frame[RESTS_ON]) for table in export.tables.values())
    assert "withheld" in export.tables["prices"].columns["price"].meaning


def test_first_attack_inverting_cover_by_public_consumption(
    runs: dict[str, Result], exports: dict[str, Result]
) -> None:
    """Days times public consumption per day gives the tonnes: of the run itself exactly, of the export never."""
    secret, public = 28.0, runs["public"]
    firms = public["cover"].set_index(["commodity", "region"]).loc[("metal", "ONE"), "days_at_start"]
    wanted = public["served"]
    use = wanted[wanted["region"].eq("ONE") & wanted["commodity"].eq("metal")]["wanted"].mean() * 12 / 365.25

    def recovered(result: Result) -> list[float]:
        """Return every estimate of the secret, in tonnes, that a number of the result gives."""
        base = dict(numbers(public))
        return [
            (number - offset) * scale
            for place, number in numbers(result)
            if number != base.get(place)  # what equals the public run cannot hold the secret
            for offset in (0.0, firms)
            for scale in (1.0, use)
        ]

    truth = secret * use
    assert min(abs(estimate / truth - 1) for estimate in recovered(runs["28"])) < 1e-6
    assert all(abs(estimate / truth - 1) > 0.01 for estimate in recovered(exports["28"]))


def test_second_attack_differencing_two_exports(runs: dict[str, Result], exports: dict[str, Result]) -> None:
    """Two secrets of one class: the runs differ by them, their exports do not differ in one cell."""
    first, second = (dict(numbers(runs[name])) for name in ("20", "28"))
    assert any(abs(second[place] - number - 8.0) < 1e-6 for place, number in first.items() if place in second)
    for name, table in exports["20"].tables.items():
        pd.testing.assert_frame_equal(table.frame, exports["28"][name])
    a, b = exports["20"].manifest, exports["28"].manifest
    assert a == b


def test_differencing_with_the_public_run_gives_no_more_than_the_class(
    runs: dict[str, Result], exports: dict[str, Result]
) -> None:
    for name, table in exports["28"].tables.items():
        for column in table.frame.columns.drop(RESTS_ON):
            left, mine = table.frame[column], runs["public"][name][column]
            if pd.api.types.is_numeric_dtype(left):
                pd.testing.assert_series_equal(left, mine)
            elif column not in table.key and not left.equals(mine):
                assert set(left) <= {None, *CLASSES}


def test_a_path_over_months_has_no_classes(exports: dict[str, Result]) -> None:
    """Month by month, the day on which a class is left would tell the secret."""
    assert exports["28"]["stocks"]["days"].isna().all()
    changed = exports["28"].manifest["disclosure"]["tables"]["cover"]
    assert changed["classes"] == ["days_at_start"]
    assert "lowest_days" in changed["withheld"]


def test_only_results_of_one_verb_can_be_compared(runs: dict[str, Result]) -> None:
    other = Result("clear", "x", {}, {})
    with pytest.raises(Exception, match="cannot be compared"):
        disclosed(runs["20"], other)
