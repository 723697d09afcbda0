"""What numbers rest on and are judged by: sources and assumptions, statistics, studies, events, back-tests."""

from __future__ import annotations

from didymium.case.fields import BASIS, HIGH, LOW, NOTE, SIGMA, SOURCE, UNIT, YEAR, id_field, number, reference
from didymium.case.promise_tables import COMMITMENT_LADDER
from didymium.case.schema import GRADES, Field, Kind, Table
from didymium.messages import N_

SOURCES = Table(
    "sources",
    N_("Documents that rows rest on."),
    (
        id_field("source", N_("Short name of the document.")),
        Field("title", Kind.TEXT, N_("Title of the document."), required=True),
        Field("publisher", Kind.TEXT, N_("Who published it."), required=True),
        Field("date", Kind.DATE, N_("When it was published, or read where no date is given."), required=True),
        Field("address", Kind.TEXT, N_("Where it can be read."), required=True),
        Field("licence", Kind.TEXT, N_("Terms under which its facts may be passed on.")),
        Field("grade", Kind.CHOICE, N_("A official, B wire or filing, C trade press, D suspect (never feeds a model)."),
              required=True, choices=GRADES[:4]),
        NOTE,
    ),
    key=("source",),
    required=True,
    sourced=False,
    shared=True,
)  # fmt: skip

ASSUMPTIONS = Table(
    "assumptions",
    N_("Numbers that no source gives, each with a band and a reason. Reports show how much rests on them."),
    (
        id_field("assumption", N_("Short name; rows cite it as their source.")),
        Field("topic", Kind.TEXT, N_("What it is about."), required=True),
        number("value", N_("Central value.")),
        Field("low", Kind.NUMBER, N_("Lower end of the band."), required=True),
        Field("high", Kind.NUMBER, N_("Upper end of the band."), required=True),
        Field("unit", Kind.TEXT,
              N_("Unit; `ratio` means that rows citing it have the band low..high times their own value."),
              required=True),
        Field("reason", Kind.TEXT, N_("Why this value and this band."), required=True),
        Field("date", Kind.DATE, N_("When it was set."), required=True),
    ),
    key=("assumption",),
    required=True,
    sourced=False,
    value="value",
    shared=True,
)  # fmt: skip

STATISTICS = Table(
    "statistics",
    N_("Observed quantities: what statistics say was made, used or traded."),
    (
        Field("flow", Kind.CHOICE, N_("production, use, export or import."), required=True,
              choices=("production", "use", "export", "import")),
        Field("commodity", Kind.TEXT,
              N_("A commodity, several joined by ;, stage:NAME for a sum over a stage, or magnet_elements:STAGE."),
              required=True),
        reference("region", "regions", N_("Reporter; * the world."), wildcard=True),
        reference("partner", "regions", N_("Other side of a trade; * all."), required=False, wildcard=True),
        YEAR,
        Field("series", Kind.TEXT, N_("Which statistic, where several speak of the same quantity."), required=True),
        number("quantity", N_("Quantity; empty where it is withheld and only a range is known."), required=False,
                low=0.0),
        LOW, HIGH, SIGMA,
        Field("band", Kind.CHOICE, N_("band: 5-95 %; range: an interval that must hold (a withheld value)."),
              default="band", choices=("band", "range")),
        UNIT, BASIS,
        Field("use", Kind.CHOICE, N_("fit: reconciliation uses it; check: only to compare."), required=True,
              choices=("fit", "check")),
        SOURCE, NOTE,
    ),
    key=("flow", "commodity", "region", "partner", "year", "series"),
    value="quantity",
    internal="t|percent",
)  # fmt: skip

READINGS = Table(
    "readings",
    N_("Other ways to read a source: what its rows would say then. The rows themselves stay as they are."),
    (
        id_field("reading", N_("Short name; rows of one name go together.")),
        Field("table", Kind.CHOICE, N_("Table whose rows are read otherwise."), required=True,
              choices=("demands", "statistics")),
        reference("cites", "sources|assumptions", N_("Rows that cite this source or assumption.")),
        number("factor", N_("Their values and bands times this."), low=1e-6),
        SOURCE, NOTE,
    ),
    key=("reading", "table", "cites"),
)  # fmt: skip

VALUE_ADDED = Table(
    "value_added",
    N_("What the industries behind the end uses earn."),
    (
        reference("region", "regions", N_("Where.")),
        Field("sector", Kind.TEXT, N_("Industry."), required=True),
        reference("end_use", "end_uses", N_("End use that it stands behind.")),
        YEAR,
        number("value", N_("Value added in the year."), low=0.0),
        LOW, HIGH, UNIT, SOURCE, NOTE,
    ),
    key=("region", "sector", "year"),
    value="value",
    internal="USD|JPY",
)  # fmt: skip

INPUT_OUTPUT = Table(
    "input_output",
    N_("Who buys what of whom: an input-output table, a cell a row. Empty until one is imported."),
    (
        reference("region", "regions", N_("Whose economy.")),
        Field("supplier", Kind.TEXT, N_("Industry that sells; `value added` or another payment to none of them."),
              required=True),
        Field("user", Kind.TEXT, N_("Industry that buys; `final demand` for everybody else."), required=True),
        YEAR,
        number("value", N_("What is paid in the year.")),
        UNIT, SOURCE, NOTE,
    ),
    key=("region", "supplier", "user"),
    value="value",
    internal="USD|JPY",
)  # fmt: skip

STUDIES = Table(
    "studies",
    N_("What others found that a cut costs: to be set beside each other, and beside the case, on one basis."),
    (
        id_field("study", N_("Short name.")),
        Field("publisher", Kind.TEXT, N_("Who computed it."), required=True),
        reference("region", "regions", N_("Whose loss.")),
        Field("scope", Kind.CHOICE, N_("What is cut: rare earths, or rare earths and other minerals."), required=True,
              choices=("rare_earths", "more")),
        number("months", N_("How long the cut lasts."), low=0.1),
        Field("cut", Kind.NUMBER, N_("Share of supply that is cut; empty: all of it, or not seen."), low=0.0, high=1.0),
        Field("stock_days", Kind.NUMBER, N_("Days of stock that the study lets firms use first; empty: none seen."),
              low=0.0),
        Field("gdp_share", Kind.NUMBER, N_("Loss over the study's own horizon, as it gives it."), unit="percent"),
        Field("low", Kind.NUMBER, N_("Lower end, where the study gives a range."), unit="percent"),
        Field("high", Kind.NUMBER, N_("Upper end."), unit="percent"),
        Field("amount", Kind.NUMBER, N_("The same loss in money, where the study gives it."), low=0.0),
        Field("unit", Kind.TEXT, N_("Currency of the amount.")),
        Field("method", Kind.TEXT, N_("How it was computed, as far as was seen."), required=True),
        Field("driver", Kind.TEXT, N_("What makes its number large or small."), required=True),
        Field("scenarios", Kind.TEXT,
              N_("Scenarios of this case that cut the same, separated by ;; empty: none does.")),
        SOURCE, NOTE,
    ),
    key=("study",),
)  # fmt: skip

EVENTS = Table(
    "events",
    N_("What happened, dated: controls, deals, effects."),
    (
        id_field("event", N_("Short name.")),
        Field("date", Kind.DATE, N_("When."), required=True),
        Field("category", Kind.TEXT, N_("Kind of event."), required=True),
        Field("actor", Kind.TEXT, N_("Who acted."), required=True),
        Field("target", Kind.TEXT, N_("Whom it concerned.")),
        Field("instrument", Kind.TEXT, N_("What was used."), required=True),
        Field("minerals", Kind.TEXT, N_("Minerals named.")),
        Field("summary", Kind.TEXT, N_("One sentence.")),
        Field("quantity", Kind.TEXT, N_("Quantity as its source words it.")),
        Field("unit", Kind.TEXT, N_("Unit of the quantity.")),
        Field("effective", Kind.DATE, N_("In force from.")),
        Field("end", Kind.DATE, N_("In force until.")),
        SOURCE, NOTE,
    ),
    key=("event",),
    shared=True,
)  # fmt: skip

EVIDENCE = Table(
    "evidence",
    N_("Dated steps of commitments on the status ladder. Silence is not failure."),
    (
        reference("commitment", "commitments", N_("The commitment.")),
        Field("date", Kind.DATE, N_("When the step happened, or up to when was searched."), required=True),
        Field("status", Kind.CHOICE, N_("Step on the ladder."), required=True, choices=COMMITMENT_LADDER),
        Field("what", Kind.TEXT, N_("What was seen."), required=True),
        Field("participant", Kind.TEXT, N_("Whose step: USA, JPN or both."), required=True),
        SOURCE, NOTE,
    ),
    key=("commitment", "date", "status", "participant"),
    shared=True,
)  # fmt: skip

BACKTESTS = Table(
    "backtests",
    N_("What was observed in an episode that a scenario tells: prediction and observation are shown side by side."),
    (
        id_field("backtest", N_("Short name.")),
        Field("scenario", Kind.TEXT, N_("Scenario of the case that is run."), required=True),
        Field("quantity", Kind.CHOICE,
              N_("price_multiple: mean price over the base year's; peak_multiple: the highest month's; exports_change: "
                 "the controller's exports over base exports, less one; line_stop: 1 where a line stood still, or 0."),
              required=True, choices=("price_multiple", "peak_multiple", "exports_change", "line_stop")),
        Field("commodities", Kind.REFERENCES, N_("What; stage:NAME all of a stage; empty for a line stop."),
              refers="commodities", wildcard=True),
        Field("end_uses", Kind.REFERENCES, N_("Whose lines, any of them; empty for prices and exports."),
              refers="end_uses"),
        reference("region", "regions", N_("Where the price or the line is, or where exports go; * everywhere."),
             wildcard=True),
        Field("month", Kind.DATE, N_("Month, or first month, YYYY-MM."), required=True),
        Field("until", Kind.DATE, N_("Last month, where it is a mean over several.")),
        number("value", N_("What was observed: a ratio.")),
        LOW, HIGH,
        Field("use", Kind.CHOICE,
              N_("calibrate: the scenario or a parameter was made from it; score: it judges; show: it is only shown, "
                 "as is everything of grade D."),
              required=True, choices=("calibrate", "score", "show")),
        SOURCE, NOTE,
    ),
    key=("backtest",),
)  # fmt: skip
