"""What two statements of the same trade say: importer against exporter, or a customs office against BACI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from didymium.faults import single
from didymium.messages import _
from didymium.result import RESTS_ON, Column, Result, ResultTable, new_manifest
from didymium.sources import declared
from didymium.sources.baci import KEY, read_baci
from didymium.sources.manifest import checksum
from didymium.sources.trade import mirror

if TYPE_CHECKING:
    import pandas as pd

REPORTER = "USA"
"""Whose customs DataWeb holds."""

_PARTNERS = {"Democratic Republic of the Congo": "COD", "Myanmar (Burma)": "MMR", "South Korea": "KOR"}
"""Partners that DataWeb spells otherwise than the yearbook."""

_WHOLE = ("2504", "2846")
"""Headings of which the extract of BACI holds every code; so it does of a heading whose one code ends in 00."""


def mirror_report(one: Path, other: Path, factor: float = 2.0) -> Result:
    """Set two statements of trade beside each other.

    Only what both speak of is compared: years, codes and countries that stand in either. Where one of them is a query
    of DataWeb, by heading (four digits), and only for headings of which the other holds every code.

    Parameters
    ----------
    one, other : Path
        BACI (CSV, plain or gzipped), or a workbook of DataWeb (xlsx).
    factor : float
        Ratio, or its inverse, beyond which a pair is marked.

    Returns
    -------
    Result
        Tables ``codes`` (how far both agree, code by code) and ``mirror`` (every flow, the largest difference in USD
        first).

    Raises
    ------
    CaseError
        A file that cannot be read, a partner without a code, or nothing of which both speak.
    """
    import pandas as pd

    flows = [_flows(path) for path in (one, other)]
    digits = min(int(frame["hs"].astype(str).str.len().max()) for frame in flows)
    cut = [_common(frame, digits) for frame in flows]
    for name in ("year", "hs"):
        both = set(cut[0][name]) & set(cut[1][name])
        cut = [frame[frame[name].isin(both)] for frame in cut]
    asked = [set(zip(frame["exporter"], frame["importer"], strict=True)) for frame in cut]
    pairs = asked[0] & asked[1]
    cut = [frame[[pair in pairs for pair in zip(frame["exporter"], frame["importer"], strict=True)]] for frame in cut]
    if any(frame.empty for frame in cut):
        raise single(other.name, "", "", _("nothing of which {file} speaks too").format(file=one.name),
                     _("name two statements of the same years, codes and countries"))  # fmt: skip
    found = mirror(cut[0], cut[1], factor, digits)
    found["difference"] = found["value_usd_other"] - found["value_usd_one"]
    found = found.sort_values("difference", key=abs, ascending=False, na_position="last", kind="stable")
    found[RESTS_ON] = ["|".join(map(str, key)) for key in found[list(KEY)].itertuples(index=False)]
    found[RESTS_ON] = f"{one.name}/" + found[RESTS_ON] + f";{other.name}/" + found[RESTS_ON]
    tables = (_codes(found), _every(found))
    texts = "|".join(checksum(path.parent, [path]) for path in (one, other))
    manifest = new_manifest(texts, {"one": one.name, "other": other.name, "factor": factor}, algorithm="comparison",
                            status="ok", pairs=len(found), differ=int(pd.Series(found["differs"]).sum()))  # fmt: skip
    return Result("mirror", f"{one.name}, {other.name}", {table.name: table for table in tables}, manifest)


def _flows(path: Path) -> pd.DataFrame:
    """Return the flows of a file."""
    return _customs(path) if path.suffix.lower() == ".xlsx" else read_baci(path).frame


def _customs(path: Path) -> pd.DataFrame:
    """Return the values of a query of DataWeb as flows; quantities are in unlike units and stay unknown."""
    import pandas as pd

    from didymium.sources.dataweb import read_dataweb, values_of

    values = values_of(read_dataweb(path).frame)
    values = values[values["period"].eq("year")]
    codes = {name: _PARTNERS.get(name) or declared.countries().get(name, "") for name in values["partner"].unique()}
    unknown = sorted(name for name, code in codes.items() if not code)
    if unknown:
        raise single(path.name, "", "Country", _("country `{name}` is not declared").format(name=", ".join(unknown)),
                     _("add it to countries.csv"))  # fmt: skip
    imports = values["flow"].str.contains("imports")
    partner = values["partner"].map(codes)
    return pd.DataFrame(
        {
            "year": values["year"].astype(int),
            "hs": values["hts"].astype(str),
            "exporter": partner.where(imports, REPORTER),
            "importer": partner.mask(imports, REPORTER),
            "value_usd": values["value_usd"],
            "quantity_t": float("nan"),
        }
    )


def _common(flows: pd.DataFrame, digits: int) -> pd.DataFrame:
    """Return flows with text for their keys, cut to headings that are whole where codes are cut."""
    frame = flows.assign(**{name: flows[name].astype(str) for name in KEY[1:]})
    if digits == 4 and frame["hs"].str.len().max() > 4:
        whole = frame["hs"].str.endswith("00") | frame["hs"].str[:4].isin(_WHOLE)
        frame = frame[whole]
    return frame.assign(hs=frame["hs"].str[:digits])


def _every(found: pd.DataFrame) -> ResultTable:
    columns = {
        "year": Column("year", _("Year.")),
        "hs": Column("", _("Code of the Harmonized System.")),
        "exporter": Column("", _("From.")),
        "importer": Column("", _("To.")),
        "value_usd_one": Column("USD", _("Value, first statement.")),
        "value_usd_other": Column("USD", _("Value, second statement.")),
        "difference": Column("USD", _("Second less first.")),
        "value_ratio": Column("ratio", _("Second by first.")),
        "quantity_ratio": Column("ratio", _("Weight, second by first; empty where one is not known.")),
        "differs": Column("", _("yes: apart by more than the factor.")),
        "note": Column("", _("What else to know.")),
    }
    frame = found[[*columns, RESTS_ON]].reset_index(drop=True)
    return ResultTable("mirror", _("Flows by two statements, the largest difference first"), frame, columns, KEY)


def _codes(found: pd.DataFrame) -> ResultTable:
    """Return how far both agree, code by code, over the flows that both state."""
    import pandas as pd

    columns = {
        "hs": Column("", _("Code of the Harmonized System.")),
        "flows": Column("", _("Flows that either states.")),
        "both": Column("", _("Flows that both state.")),
        "differ": Column("", _("Of these, apart by more than the factor.")),
        "value_one": Column("USD", _("Value of the flows that both state, first statement.")),
        "value_other": Column("USD", _("The same, second statement.")),
        "ratio": Column("ratio", _("Second by first.")),
        "only_one": Column("USD", _("Value that only the first states.")),
        "only_other": Column("USD", _("Value that only the second states.")),
    }
    rows = []
    for hs, group in found.groupby("hs", sort=True):
        both = group[group["value_usd_one"].notna() & group["value_usd_other"].notna()]
        one, other = float(both["value_usd_one"].sum()), float(both["value_usd_other"].sum())
        only_one = float(group.loc[group["value_usd_other"].isna(), "value_usd_one"].sum())
        only_other = float(group.loc[group["value_usd_one"].isna(), "value_usd_other"].sum())
        inputs = ";".join(group[RESTS_ON])
        rows.append((hs, len(group), len(both), int(both["differs"].sum()), one, other,
                     other / one if one > 0 else float("nan"), only_one, only_other, inputs))  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*columns, RESTS_ON])
    return ResultTable("codes", _("How far both statements agree, code by code"), frame, columns, ("hs",))
