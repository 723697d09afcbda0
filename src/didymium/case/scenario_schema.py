"""What a scenario file may say: every kind of entry and its keys, said once.

The reader refuses what is not declared here, and the reference page is written from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from didymium.messages import N_, _


@dataclass(frozen=True)
class Key:
    """One key of an entry.

    Parameters
    ----------
    name : str
        As written in the file.
    holds : str
        What stands behind the ``=``, marked for the message catalogue.
    meaning : str
        One sentence, marked for the message catalogue.
    also : tuple of str
        What people write when they mean it.
    """

    name: str
    holds: str
    meaning: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One kind of entry.

    Parameters
    ----------
    table : str
        What it is written under, ``[[table]]``; empty: the file itself.
    kind : str
        Kind of measure; empty where the table has one kind.
    meaning : str
        One sentence, marked for the message catalogue.
    keys : tuple of Key
        What it may say.
    """

    table: str
    kind: str
    meaning: str
    keys: tuple[Key, ...]

    @property
    def name(self) -> str:
        """What an entry of this kind is called."""
        return self.kind or self.table or "scenario"

    @property
    def names(self) -> list[str]:
        """Names of the keys, in order."""
        return [key.name for key in self.keys]


TEXT, SHARE, DATE = N_("text"), N_("share, 0 to 1"), N_("date")
NAMES, NUMBER, FLAG = N_("list of names"), N_("number"), N_("true or false")
DAYS, STEPS = N_("days"), N_("list of dates and shares")

NOTE = Key("note", TEXT, N_("What a reader must know."))
SOURCE = Key("source", TEXT, N_("Where it comes from: a row of `sources.csv` or `assumptions.csv`. Required."))
FROM = Key("from", TEXT, N_("The law: a row of `measures.csv`."), ("law",))
ID = Key("id", TEXT, N_("What it is called in this file and in results; no two alike."), ("name",))
GOODS = Key("commodities", NAMES, N_("Commodities, `stage:NAME` or `*`."), ("commodity", "goods"))
TO = Key("destinations", NAMES, N_("Regions that it holds goods back from; `*`, all others, where left out."))
END = Key("end", DATE, N_("Last day; open where left out."))
START = Key("start", DATE, N_("First day."))
_NOTES = (SOURCE, FROM, NOTE)

_BOUND = (
    ID, Key("kind", TEXT, N_("Kind of measure.")),
    Key("controller", TEXT, N_("Region whose exports it bounds."), ("origin", "country")), GOODS, TO,
    Key("start", DATE, N_("First day; without it dates and suspension are those of the law.")), END,
    Key("announced", DATE, N_("Day from which it is known, where foresight is `announced`; else its first day.")),
    Key("covers", SHARE, N_("Share of trade that named buyers (entities) take; 1 where left out.")),
    Key("leak", SHARE, N_("Share that gets through whatever is decided; 0 where left out."), ("smuggling",)),
    Key("leak_low", SHARE, N_("Its 5 % end, for draws.")),
    Key("leak_high", SHARE, N_("Its 95 % end, for draws.")),
    Key("end_uses", NAMES, N_("End uses that it bites on; everybody where left out."), ("uses",)),
    Key("follows", NAMES, N_("Of a rule that splits goods by origin: commodities that taint what is made of them.")),
    *_NOTES,
)  # fmt: skip
_APPROVAL = (
    Key("approval", STEPS, N_("Share of base trade that may go, from each date on. Required."), ("share", "allowed")),
    Key("approval_low", STEPS, N_("Its 5 % end with the same dates, for draws.")),
    Key("approval_high", STEPS, N_("Its 95 % end with the same dates, for draws.")),
)
_QUEUE = (
    Key("delay_days", DAYS, N_("What is approved leaves this much later.")),
    Key("review_days", DAYS, N_("What is not approved at once is decided by then; with `late`.")),
    Key("late", SHARE, N_("Share of it that is granted then; with `review_days`.")),
)
_DUTY = (
    ID, Key("kind", TEXT, N_("Kind of measure.")), GOODS,
    Key("destinations", NAMES, N_("The one region that levies it."), ("importer",)),
    Key("origins", NAMES, N_("Regions that it hits; `*`, all others, where left out.")), START, END,
)  # fmt: skip

MEASURES = {
    entry.kind: entry
    for entry in (
        Entry("measure", "ban", N_("Nothing goes."), _BOUND),
        Entry("measure", "licence", N_("A queue: a share of base trade goes, later."), (*_BOUND, *_APPROVAL, *_QUEUE)),
        Entry("measure", "quota", N_("A share of base trade goes."), (*_BOUND, *_APPROVAL, Key(
            "pooled", FLAG, N_("One sum of tonnes for all its destinations and commodities.")))),
        Entry("measure", "content_rule", N_("Goods made elsewhere with the controller's material need its leave: the "
                                            "ban follows the atoms."), (*_BOUND, *_APPROVAL, *_QUEUE)),
        Entry("measure", "tariff", N_("A share of the value on arrival."), (*_DUTY, Key(
            "rate", NUMBER, N_("0.15 for 15 %. Required."), ("level", "share", "tariff")), *_NOTES)),
        Entry("measure", "minimum_price", N_("What is missing to a price on arrival."), (*_DUTY, Key(
            "price", NUMBER, N_("USD/kg. Required."), ("level",)), *_NOTES)),
    )
}  # fmt: skip
"""Entries of ``[[measure]]`` by kind."""

OTHERS = {
    entry.table: entry
    for entry in (
        Entry("passthrough", "", N_("Unlisted goods that customs hold back too: a share of what a measure cuts."), (
            Key("like", TEXT, N_("The measure, by its id; the first of the file where left out."), ("measure",)), GOODS,
            Key("share", SHARE, N_("Share of the measure's cut that falls on them. Required.")),
            Key("low", SHARE, N_("Its 5 % end, for draws.")), Key("high", SHARE, N_("Its 95 % end, for draws.")),
            *_NOTES)),
        Entry("relief", "", N_("A suspension, a truce, a general licence: measures let more through for a while."), (
            ID, Key("measures", NAMES, N_("The measures that it lifts, by id. Required."), ("measure",)),
            Key("destinations", NAMES, N_("Regions that it lifts them for; all where left out.")), START, END,
            Key("share", SHARE, N_("Share of base trade that may go meanwhile; 1 where left out.")), *_NOTES)),
        Entry("closure", "", N_("Routes that are shut for a while: a border, a port, a strait."), (
            ID, Key("origins", NAMES, N_("Regions that goods leave; all where left out.")),
            Key("destinations", NAMES, N_("Regions that they go to; all others where left out.")),
            Key("commodities", NAMES, N_("Commodities, `stage:NAME` or `*`; all where left out.")), START, END,
            Key("share", SHARE, N_("Share of base trade that still goes; 0 where left out.")), *_NOTES)),
        Entry("outage", "", N_("A plant or a mine that fails for a while."), (
            Key("facility", TEXT, N_("A row of `facilities.csv`. Required."), ("plant", "mine")), START,
            Key("end", DATE, N_("Last day. Required.")),
            Key("availability", SHARE, N_("Share of its capacity that is left; 0 where left out."),
                ("share", "capacity")), *_NOTES)),
        Entry("demand", "", N_("End uses that want more or less for a while."), (
            Key("end_use", TEXT, N_("A row of `end_uses.csv`, or `*`. Required."), ("use",)),
            Key("region", TEXT, N_("A row of `regions.csv`; all where left out.")), START,
            Key("end", DATE, N_("Last day. Required.")),
            Key("factor", NUMBER, N_("They want this many times as much. Required."), ("share",)), *_NOTES)),
    )
}  # fmt: skip
"""Entries of the other tables, by table."""

SCENARIO = Entry("", "", N_("The file itself."), (
    Key("name", TEXT, N_("As the file is called.")), Key("title", TEXT, N_("Shown in results.")),
    Key("title_ja", TEXT, N_("The title in Japanese.")), Key("description", TEXT, N_("What it supposes.")),
    Key("why", TEXT, N_("Why its outcome is plausible.")),
    Key("stress", FLAG, N_("One of the stresses that `didymium stress` runs.")),
    Key("start", DATE, N_("First day. Required.")), Key("months", NUMBER, N_("Length, 1 to 600. Required.")),
    Key("include", NAMES, N_("Other scenarios of the case; their start and length do not count.")),
    Key("rationing", TEXT, N_("`price` or `priority`; as the case says where left out.")),
    Key("probability", SHARE, N_("Only with an assumption row, which has its band.")),
    Key("probability_source", TEXT, N_("That row of `assumptions.csv`.")),
    Key("source", TEXT, N_("Where it comes from: a row of `sources.csv` or `assumptions.csv`.")),
    *(Key(table, N_("entries"), N_("Its entries, each under a heading of its own.")) for table in ("measure", *OTHERS)),
))  # fmt: skip

EVERY_MEASURE = Entry("measure", "", N_("A measure whose kind is not known."), tuple(
    {key.name: key for entry in MEASURES.values() for key in entry.keys}.values()
))  # fmt: skip


def mended(entry: Entry, name: str) -> str:
    """Return what to do about a key that an entry has not."""
    kinds = [other.kind for other in MEASURES.values() if entry.table == other.table and name in other.names]
    if kinds:
        return _("leave it out, or use a kind that has it: {kinds}").format(kinds=", ".join(kinds))
    close = [key.name for key in entry.keys if name in key.also] or get_close_matches(name, entry.names, n=1)
    if close:
        meant = next(key for key in entry.keys if key.name == close[0])
        example = ' = [["YYYY-MM-DD", 0.25], ...]' if meant.holds == STEPS else ""
        return _("write `{close}`").format(close=close[0] + example)
    owners = [other.table for other in OTHERS.values() if name in other.names]
    if owners:
        return _("leave it out: it belongs to {owners}").format(owners=", ".join(f"[[{owner}]]" for owner in owners))
    return _("use one of {known}").format(known=", ".join(entry.names))
