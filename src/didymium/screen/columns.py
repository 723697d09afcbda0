"""Units and meanings of the columns of the verb's tables."""

from __future__ import annotations

from didymium.messages import _
from didymium.result import Column

TONNES = "t"
RATIO = "ratio"


def columns(table: str) -> dict[str, Column]:
    """Return the columns of ``exposure``, ``shares`` or ``imports``, in order. Tonnes of element a year."""
    names = {
        "element": Column("", _("Element, or pair that is traded as one.")),
        "stage": Column("", _("Stage of the chain.")),
        "commodity": Column("", _("Commodity that stands for it; stage:NAME where several do.")),
    }
    if table == "shares":
        return {
            **names,
            "region": Column("", _("Where it is made.")),
            "quantity": Column(TONNES, _("Element in what is made in the calibrated base year, recycled included.")),
            "share": Column(RATIO, _("Share of the world.")),
            "recycled": Column(TONNES, _("Part of it from recycling.")),
            "observed": Column(TONNES, _("What a statistic says, at the calibrated composition, if any does.")),
            "observed_series": Column("", _("Which statistic.")),
        }
    names["participant"] = Column("", _("Whose exposure; both: their intake together."))
    if table == "imports":
        return {
            **names,
            "origin": Column("", _("Where it comes from.")),
            "own": Column("", _("yes: the participant's own output that stays at home.")),
            "quantity": Column(TONNES, _("Taken from there in this form.")),
            "share": Column(RATIO, _("Share of all that is taken in in this form.")),
            "in_use": Column(TONNES, _("Held by its end uses, in any form, having gone through this stage there.")),
            "in_use_share": Column(RATIO, _("Share of all that its end uses hold that went through this stage.")),
        }
    return {
        **names,
        "rank": Column("", _("Order: N-1 cover, then largest share, then the controller's share in end use.")),
        "hhi": Column(RATIO, _("Herfindahl-Hirschman index of world production, 0 to 1.")),
        "top1": Column(RATIO, _("Share of the largest producer.")),
        "top1_region": Column("", _("The largest producer.")),
        "top3": Column(RATIO, _("Share of the three largest producers.")),
        "n_minus_1": Column(RATIO, _("Cover of the others' need at this stage when the largest producer is out.")),
        "need": Column(TONNES, _("What the participant takes in in this form.")),
        "production": Column(TONNES, _("What it makes, recycled included.")),
        "recycled": Column(TONNES, _("Part of it from recycling.")),
        "imports": Column(TONNES, _("What it imports from outside.")),
        "import_share": Column(RATIO, _("Imports over imports and own output that stays.")),
        "controller_direct": Column(RATIO, _("Part of its intake that comes straight from the controlling region.")),
        "in_use": Column(TONNES, _("Held by its end uses, in any form, having gone through this stage anywhere.")),
        "controller_in_use": Column(RATIO, _("Part of it that went through this stage in the controlling region.")),
        "indirect": Column(
            "", _("yes: the controlling region's part in end use is over 5 points above its direct one.")
        ),
        "single_point": Column("", _("The only facility or region, where there is but one.")),
        "single_point_scope": Column("", _("Only one of whom.")),
        "facilities_own": Column("", _("Rows of running facilities at the participant; a total of plants is one row.")),
        "facilities_partners": Column("", _("The same at its partners.")),
        "note": Column("", _("What is not computable and why, and what a reader must know.")),
    }
