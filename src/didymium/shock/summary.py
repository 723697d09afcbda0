"""The short answers in words: what a desk officer asks of a cut, each with the table that says more."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from didymium.case.check import split_list
from didymium.economy.methods import SHORT
from didymium.market.clear import TRACE_TONNES
from didymium.messages import N_, _
from didymium.result import RESTS_ON, Column, ResultTable, join_inputs
from didymium.shock.cover import GONE, HELD

if TYPE_CHECKING:
    from didymium.case import case as cases
    from didymium.case.scenario import Scenario

MOST = 3
"""Goods, forms or end uses that an answer names."""

BINDS = 0.95
"""Share of its use below which the way of a form binds; above, it is a rounding of recipes."""

QUESTIONS = {
    "stop": N_("When do lines stop?"),
    "short": N_("Who is short of how much?"),
    "cover": N_("How long do stocks last, by form?"),
    "form": N_("Is the stock in the right form, and which step binds?"),
    "share": N_("What does sharing stocks add?"),
    "price": N_("What does it cost inside and outside the controlling country?"),
    "gain": N_("Who gains?"),
    "value": N_("What value added is lost?"),
    "studies": N_("What do published studies say of such a cut?"),
}


class Answer(NamedTuple):
    """A question, whom it is about, the answer, the table that says more, and the input rows behind it."""

    question: str
    region: str
    answer: str
    table: str
    inputs: str


def summarise(case: cases.Case, scenario: Scenario, tables: list[ResultTable]) -> ResultTable:
    """Return the short answers of a shock under its first foresight.

    Parameters
    ----------
    case, scenario : Case, Scenario
        What was run.
    tables : list of ResultTable
        What was found.
    """
    frames: dict[str, pd.DataFrame] = {}
    for table in tables:
        frame = table.frame
        if "foresight" in frame and len(frame):
            frame = frame[frame["foresight"].eq(frame["foresight"].iloc[0])]
        frames[table.name] = frame
    said = _Words(case, scenario, frames)
    rows = [
        {"question": _(QUESTIONS[a.question]), "region": a.region, "answer": a.answer, "table": a.table,
         RESTS_ON: a.inputs} for a in said.all()
    ]  # fmt: skip
    columns = {
        "question": Column("", _("Question")), "region": Column("", _("Whose")), "answer": Column("", _("Answer")),
        "table": Column("", _("Table that says more: show it with --table")),
    }  # fmt: skip
    return ResultTable("summary", _("In short"), pd.DataFrame(rows, columns=[*columns, RESTS_ON]), columns,
                       ("question", "region"))  # fmt: skip


class _Words:
    def __init__(self, case: cases.Case, scenario: Scenario, frames: Mapping[str, pd.DataFrame]) -> None:
        self.case, self.scenario, self.frames = case, scenario, frames
        self.goods, self.uses = case.names("commodities"), case.names("end_uses")

    def all(self) -> Iterator[Answer]:
        for region in self.case.participants:
            for make in (self.stop, self.short, self.cover, self.form):
                answer = make(region)
                if answer:
                    yield answer
        for ask in (self.share, self.price, self.gain):
            told = ask()
            if told:
                yield told
        for region in self.case.participants:
            for make in (self.value, self.studies):
                answer = make(region)
                if answer:
                    yield answer

    def stop(self, region: str) -> Answer | None:
        mine = self._of("uses", region)
        if mine.empty:
            return None
        short = mine[mine["first_short"].ne("")]
        stopped = mine[mine["line_stop"].ne("")].sort_values("line_stop", kind="stable")
        if short.empty:
            answer = _("nobody is short by more than 5 %, and no line stops")
        elif stopped.empty:
            answer = _("no line stops; the first shortage above 5 % is in {month}").format(
                month=short["first_short"].min()
            )
        else:
            first = stopped[stopped["line_stop"].eq(stopped["line_stop"].iloc[0])]
            never = sorted(set(mine["end_use"]) - set(stopped["end_use"]))
            wanting = "; ".join(
                _("{uses} for want of {good}").format(uses=self._some(list(rows["end_use"]), 2 * MOST),
                                                      good=self._good(good))
                for good, rows in first.groupby("stops_for", sort=False)
            )  # fmt: skip
            answer = _("from {month}: {uses}; first shortage {short}; at no time: {never}").format(
                month=first["line_stop"].iloc[0], uses=wanting, short=short["first_short"].min(),
                never=self._some(never, MOST) or _("nobody"),
            ) + self._then(region, dict.fromkeys(first["stops_for"]))  # fmt: skip
        return self._answer("stop", region, answer, "uses", mine)

    def _then(self, region: str, goods: Mapping[str, None]) -> str:
        """Say what is held of the goods for want of which lines stop, and why it does not serve them."""
        mine = self._of("cover", region).set_index("commodity")
        mine = mine.loc[[good for good in goods if good in mine.index and mine.at[good, "line_stop"]]]
        held = mine[mine["stopped_by"].eq(_(HELD))]
        said = ""
        if len(held):
            parts = [
                _("{days} days of {good}{price}").format(
                    days=_figure(row["held_at_stop"]), good=self._good(good),
                    price=_(" at ×{price}").format(price=_figure(row["price_at_stop"]))
                    if math.isfinite(row["price_at_stop"]) else "")
                for good, row in list(held.iterrows())[:MOST]
            ]  # fmt: skip
            said = _("; stock is rationed, not gone: {held}").format(held=", ".join(parts))
            if mine["foresight"].eq("none").all():
                said += _(", and no end of the measures is known")
        gone = [self._good(good) for good in mine.index[mine["stopped_by"].eq(_(GONE))]]
        return said + (_("; used up: {goods}").format(goods=", ".join(gone[:MOST])) if gone else "")

    def short(self, region: str) -> Answer | None:
        mine = self._of("uses", region)
        mine = mine.assign(share=mine["short"] / mine["wanted"]).sort_values("share", ascending=False)
        parts = [
            _("{use} {share} of its need, {worst} in {month}").format(
                use=self._use(row["end_use"]), share=_percent(row["share"]), worst=_percent(row["worst"]),
                month=row["worst_month"],
            ) + self._scarcest(row)
            for row in mine.head(MOST).to_dict("records") if row["worst_month"] or row["scarcest"]
        ]  # fmt: skip
        answer = "; ".join(parts) or _("nobody by more than 5 % in any month")
        return self._answer("short", region, answer, "uses", mine) if len(mine) else None

    def _scarcest(self, row: Mapping[Any, Any]) -> str:
        """Name the scarcest good of an end use where its sum hides it."""
        if not row["scarcest"] or row["scarcest_short"] < row["worst"] + SHORT:
            return ""
        return _(" (of {good} {share})").format(good=self._good(row["scarcest"]), share=_percent(row["scarcest_short"]))

    def cover(self, region: str) -> Answer | None:
        every = self._of("cover", region)
        mine = every[every["halt"].gt(0) & every["lasts"].lt(3650)]
        others = every[every["line_stop"].ne("") & ~every["commodity"].isin(mine["commodity"])]
        if mine.empty and others.empty:
            return None
        finished = mine["commodity"].isin(self.case.finished())
        mine = mine.assign(later=~finished).sort_values(["later", "lasts"], kind="stable")
        parts = [
            _("{good} {days} days ({low}–{high}) of {needed} needed, in the market {lived}").format(
                good=self._good(row["commodity"]), days=_figure(row["lasts"]), low=_figure(row["lasts_low"]),
                high=_figure(row["lasts_high"]), needed=_figure(row["needed"]),
                lived=_("lines stop in {month}").format(month=row["line_stop"]) if row["line_stop"]
                else _("no line stops for want of it"),
            )
            for row in mine.head(MOST).to_dict("records")
        ]  # fmt: skip
        told = [
            _("arithmetic of a warehouse that serves all until it is empty, where nobody saves or finds another "
              "seller: {forms}").format(forms="; ".join(parts))
        ] if parts else []  # fmt: skip
        if len(mine) > len(parts):
            rest = mine.iloc[len(parts) :].sort_values("lasts", kind="stable").iloc[0]
            more = _("{count} forms more, the shortest {good} {days} days")
            told.append(more.format(count=len(mine) - len(parts), good=self._good(rest["commodity"]),
                                    days=_figure(rest["lasts"])))  # fmt: skip
        if len(others):
            names = ", ".join(self._good(c) for c in others["commodity"].head(MOST))
            told.append(_("hardly cut, yet lines stop, for others bid it away: {goods}").format(goods=names))
        return self._answer("cover", region, "; ".join(told), "cover", mine if len(mine) else others)

    def form(self, region: str) -> Answer | None:
        frame = self.frames["conversion"]
        cover = self._of("cover", region)
        cut = set(cover.loc[cover["halt"].gt(0), "commodity"])
        asked = frame["commodity"].isin(cut) | frame["reaches"].eq("") if cut else True
        mine = frame[frame["region"].eq(region) & asked]
        useless = mine[mine["reaches"].eq("") & mine["held"].gt(TRACE_TONNES)]
        slow = mine[mine["reaches"].ne("") & mine["over_use"].lt(BINDS)].sort_values("over_use")
        parts = [
            _("{good}: {plant}, on its widest way, converts {share} of what is converted").format(
                good=self._good(row["commodity"]), plant=row["binds"], share=_percent(row["over_use"])
            )
            for row in slow.head(MOST).to_dict("records")
        ]  # fmt: skip
        only = mine[mine["direct"].gt(0) & mine["months"].isna() & mine["held"].gt(TRACE_TONNES)]
        only = only[only["commodity"].isin(self._worked_up())]
        if len(only):
            names = ", ".join(self._good(c) for c in only["commodity"])
            parts.insert(0, _("only as it is, with no plant to make more of it: {goods}").format(goods=names))
        if len(useless):
            names = ", ".join(self._good(c) for c in useless["commodity"])
            parts.insert(0, _("no use and no plant of its own for {goods}").format(goods=names))
        return self._answer("form", region, "; ".join(parts) or _("every form can be used at home"), "conversion",
                            mine) if len(mine) else None  # fmt: skip

    def _worked_up(self) -> set[str]:
        """Return the goods of the case that some recipe takes in, thrift apart."""
        saving = self.case["processes"].loc[self.case["processes"]["mixed"].eq("saving"), "process"]
        recipes = self.case["recipes"]
        taken = recipes["coefficient"].astype(float).lt(0) & ~recipes["process"].isin(saving)
        return set(recipes.loc[taken, "commodity"]) - set(self.case.finished())

    def share(self) -> Answer | None:
        """Forms that run out before the measures end, the longest gap first; then by what is won."""
        frame = self.frames["pooled"]
        if frame.empty:
            return None
        short = frame[frame["uncovered"].gt(0.5)]
        won = short[short["gain"].gt(0.5) & short["lends"].le(0)]
        won = won.assign(need=won["uncovered"].round()).sort_values(["need", "gain"], ascending=False, kind="stable")
        parts = []
        for row in won.head(MOST).to_dict("records"):
            lender = frame[frame["commodity"].eq(row["commodity"]) & frame["lends"].gt(0)]
            left = lender.iloc[0] if len(lender) else None
            lends = "" if left is None else _(" (cover of {lender} from {days} to {left} days)").format(
                lender=left["region"], days=_figure(left["days"]), left=_figure(left["cover_left"]))  # fmt: skip
            parts.append(_("{good}: {region} from {alone} to {pooled} of {halt} days{lends}").format(
                good=self._good(row["commodity"]), region=row["region"], alone=_figure(row["alone"]),
                pooled=_figure(row["pooled"]), halt=_figure(row["alone"] + row["uncovered"]), lends=lends))  # fmt: skip
        if len(won) > len(parts):
            parts.append(_("{count} forms more").format(count=len(won) - len(parts)))
        answer = "; ".join(parts) or (
            _("nothing: both would run out on the same day")
            if len(short)
            else _("nothing that is needed: every form lasts as long as the measures without it")
        )
        return self._answer("share", _("both"), answer, "pooled", frame)

    def price(self) -> Answer | None:
        frame = self.frames["peaks"]
        fitted = self.case["commodities"].loc[self.case["commodities"]["calibrated"].ne("no"), "commodity"]
        mine = frame[frame["commodity"].isin(fitted) & frame["outside_multiple"].gt(1.05)]
        bare = frame[~frame["commodity"].isin(fitted) & frame["outside_multiple"].gt(1.05)]
        parts = [
            _("{good} ×{outside} outside in {month}, ×{inside} inside").format(
                good=self._good(row["commodity"]), outside=_figure(row["outside_multiple"]), month=row["month"],
                inside=_figure(row["inside_multiple"]),
            )
            for row in mine.head(MOST).to_dict("records")
        ]  # fmt: skip
        told = "; ".join(parts) or _("no price moves by more than 5 %")
        if len(bare):
            told += _("; scarce too, at no price that could be fitted: {goods}").format(
                goods=", ".join(self._good(c) for c in bare["commodity"].head(2 * MOST)))  # fmt: skip
        return self._answer("price", _("all"), told, "peaks",
                            mine if len(mine) else frame) if len(frame) else None  # fmt: skip

    def gain(self) -> Answer | None:
        frame = self.frames["losses"]
        earned = frame["producer_gain"] + frame["duties"] + frame["licence_rent"]
        mine = frame.assign(earned=earned, net=earned - frame["consumer_loss"]).sort_values("earned", ascending=False)
        parts = [
            _("sellers in {region} +{earned} MUSD, its users {users}").format(
                region=row["region"], earned=_figure(row["earned"]),
                users=f"{-row['consumer_loss']:+,.0f}".replace("-", "\u2212"),
            )
            for row in mine[mine["earned"].gt(1.0)].head(MOST).to_dict("records")
        ]  # fmt: skip
        return self._answer("gain", _("all"), "; ".join(parts) or _("nobody"), "losses", mine)

    def value(self, region: str) -> Answer | None:
        frame = self.frames["value"]
        mine = frame[frame["region"].eq(region) & frame["value"].notna()]
        if mine.empty:
            return None
        parts = []
        for method, rows in mine.groupby("method", sort=False):
            span = (_figure(rows["value"].min()), _figure(rows["value"].max()))
            middle = span[0] if span[0] == span[1] else f"{span[0]}–{span[1]}"
            low, high = _figure(rows["low"].min()), _figure(rows["high"].max())
            parts.append(
                _("{method} {middle} MUSD (band {low}–{high})").format(method=method, middle=middle, low=low, high=high)
            )
        return self._answer("value", region, "; ".join(parts), "value", mine)

    def studies(self, region: str) -> Answer | None:
        frame = self.frames["studies"]
        mine = frame[frame["region"].eq(region) & frame["scope"].eq("rare_earths") & frame["year_share"].gt(0)]
        if mine.empty:
            return None
        ours = mine[mine["ours_low"].notna()]
        same = dict.fromkeys(name for cell in self.case["studies"].loc[
            self.case["studies"]["region"].eq(region), "scenarios"] for name in split_list(cell))  # fmt: skip
        beside = (
            _("ours for the same cut {low}–{high} %").format(
                low=_figure(ours["ours_low"].min()), high=_figure(ours["ours_high"].max())
            )
            if len(ours)
            else _("they cut something else: run {names}").format(names=", ".join(same))
            if same
            else _("no scenario of this case cuts the same")
        )
        answer = _("{low}–{high} % of a year's GDP on one basis ({names}); {beside}").format(
            low=_figure(mine["year_share"].min()), high=_figure(mine["year_share"].max()),
            names=", ".join(dict.fromkeys(mine["publisher"])), beside=beside,
        )  # fmt: skip
        return self._answer("studies", region, answer, "studies", mine)

    def _of(self, table: str, region: str) -> pd.DataFrame:
        frame = self.frames[table]
        return frame[frame["region"].eq(region)]

    def _good(self, name: object) -> str:
        return str(self.goods.get(str(name), name))

    def _use(self, name: object) -> str:
        return str(self.uses.get(str(name), name)).split(":")[0]

    def _some(self, names: list[str], most: int) -> str:
        """Name some end uses, and count the others."""
        said = ", ".join(self._use(name) for name in names[:most])
        if len(names) <= most:
            return said
        return _("{names} and {count} more").format(names=said, count=len(names) - most)

    def _answer(self, question: str, region: str, answer: str, table: str, rows: pd.DataFrame) -> Answer:
        inputs = join_inputs(*(str(keys).split(";") for keys in rows[RESTS_ON]))
        return Answer(question, region, answer, table, inputs)


def _figure(value: float) -> str:
    """Return a number with three digits that mean something."""
    if not math.isfinite(value):
        return _("no end")
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f} %" if abs(share) >= 0.095 else f"{100.0 * share:.1f} %"
