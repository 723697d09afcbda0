"""Names in the tables of the U.S. Geological Survey: commodities, countries, units, forms; one spelling each."""

from __future__ import annotations

import re
from functools import cache

TOTAL, REST, GROUP, COUNTRY = "total", "rest", "group", "country"
"""Roles of a row: the world, the countries not listed, several countries named together, one country."""

COUNTRIES = frozenset(
    """Afghanistan|Albania|Algeria|Angola|Argentina|Armenia|Australia|Austria|Azerbaijan|Bahrain|Belarus|Belgium|Bhutan
Bolivia|Botswana|Brazil|Bulgaria|Burkina Faso|Burma|Burundi|Cameroon|Canada|Central African Republic|Chile|China
Colombia|Congo (Kinshasa)|Congo (Brazzaville)|Croatia|Cuba|Cyprus|Czechia|Côte d’Ivoire|Denmark|Dominican Republic
Ecuador|Egypt|Eritrea|Estonia|Ethiopia|Finland|France|Gabon|Georgia|Germany|Ghana|Greece|Greenland|Guadeloupe|Guatemala
Guinea|Guyana|Honduras|Hong Kong|Hungary|Iceland|India|Indonesia|Iran|Iraq|Ireland|Israel|Italy|Jamaica|Japan|Jordan
Kazakhstan|Kenya|Korea, North|Korea, Republic of|Kosovo|Kuwait|Kyrgyzstan|Laos|Latvia|Lesotho|Liberia|Lithuania
Luxembourg|Macedonia|Madagascar|Malaysia|Mali|Mauritania|Mexico|Mongolia|Montenegro|Morocco|Mozambique|Namibia
Netherlands|New Caledonia|New Zealand|Nicaragua|Niger|Nigeria|Norway|Oman|Pakistan|Papua New Guinea|Paraguay|Peru
Philippines|Poland|Portugal|Qatar|Romania|Russia|Rwanda|Saudi Arabia|Senegal|Serbia|Sierra Leone|Singapore|Slovakia
Slovenia|Solomon Islands|South Africa|Spain|Sri Lanka|Sudan|Suriname|Sweden|Switzerland|Syria|Taiwan|Tajikistan|Tanzania
Thailand|The Bahamas|Togo|Trinidad and Tobago|Tunisia|Turkey|Turkmenistan|Uganda|Ukraine|United Arab Emirates
United Kingdom|United States|Uruguay|Uzbekistan|Venezuela|Vietnam|Zambia|Zimbabwe""".replace("\n", "|").split("|")
)
"""Countries as the Mineral Commodity Summaries spell them."""

_COUNTRY_ALIAS = {"Republic of Korea": "Korea, Republic of", "North Korea": "Korea, North", "Other": "Other countries"}
_FOOTNOTE = re.compile(r"(?<=[^\W\d_)])\s*\d{1,2}$|(?<=\))\s*\d{1,2}$")
_ROUNDED = re.compile(r"[,:;]?\s*\(?\brounded\b\)?[.,;]?", re.IGNORECASE)


@cache
def country_name(text: str) -> tuple[str, str, str, str]:
    """Return name, role, qualifier and footnote mark of a country cell.

    A trailing "e" is a footnote mark only where the name without it is a country and the name with it is none:
    Japane is Japan, Ukraine stays.
    """
    name = " ".join(text.split()).rstrip(".")
    mark = ""
    if found := _FOOTNOTE.search(name):
        mark, name = found[0].strip(), name[: found.start()].strip()
    if name.endswith("e") and name not in COUNTRIES and (name[:-1] in COUNTRIES or name[:-1] == "Other countries"):
        mark, name = f"e{mark}", name[:-1]
    name = _COUNTRY_ALIAS.get(name, name)
    low = name.casefold()
    if low.startswith(("world total", "world")):
        rest = re.sub(r"^world( total)?", "", name, flags=re.IGNORECASE)
        return "World total", TOTAL, _ROUNDED.sub("", rest).strip(" ,()."), mark
    if low.startswith("other countries"):
        return "Other countries", REST, _ROUNDED.sub("", name[15:]).strip(" ,()"), mark
    if name in COUNTRIES:
        return name, COUNTRY, "", mark
    parts = [part.strip() for part in re.split(r",\s*and\s+|,|\s+and\s+", name) if part.strip()]
    if len(parts) > 1 and all(part in COUNTRIES for part in parts):
        return name, GROUP, "", mark
    for at in (name.find(" ("), name.find(", ")):
        if at > 0 and name[:at] in COUNTRIES:
            return name[:at], COUNTRY, name[at:].strip(" ,()"), mark
    return name, COUNTRY, "", mark


FILE_COMMODITY = {
    "abras": "abrasives (manufactured)", "alum": "aluminum", "alumi": "aluminum", "antim": "antimony",
    "arsen": "arsenic", "asbes": "asbestos", "barit": "barite", "bauxi": "bauxite and alumina", "beryl": "beryllium",
    "bismu": "bismuth", "boron": "boron", "bromi": "bromine", "cadmi": "cadmium", "cemen": "cement",
    "chrom": "chromium", "clays": "clays", "cobal": "cobalt", "coppe": "copper", "diamo": "diamond (industrial)",
    "diato": "diatomite", "felds": "feldspar and nepheline syenite", "feore": "iron ore",
    "fepig": "iron oxide pigments", "fescr": "iron and steel scrap", "fesla": "iron and steel slag",
    "feste": "iron and steel", "fluor": "fluorspar", "galli": "gallium", "garne": "garnet (industrial)",
    "gemst": "gemstones", "germa": "germanium", "gold": "gold", "graph": "graphite (natural)", "gypsu": "gypsum",
    "heliu": "helium", "indiu": "indium", "iodin": "iodine", "kyani": "kyanite and related minerals", "lead": "lead",
    "lime": "lime", "lithi": "lithium", "manga": "manganese", "mercu": "mercury", "mgcomp": "magnesium compounds",
    "mgmet": "magnesium metal", "mica": "mica (natural)", "molyb": "molybdenum", "nicke": "nickel",
    "niobi": "niobium (columbium)", "nitro": "nitrogen (fixed)—ammonia", "peat": "peat", "perli": "perlite",
    "phosp": "phosphate rock", "plati": "platinum-group metals", "potas": "potash", "pumic": "pumice and pumicite",
    "quartz": "quartz", "raree": "rare earths", "rheni": "rhenium", "salt": "salt",
    "sandc": "sand and gravel (construction)", "sandi": "sand and gravel (industrial)", "scand": "scandium",
    "scandi": "scandium", "selen": "selenium", "silve": "silver", "simet": "silicon", "sodaa": "soda ash",
    "stond": "stone (dimension)", "stonec": "stone (crushed)", "stron": "strontium", "sulfu": "sulfur",
    "talc": "talc and pyrophyllite", "tanta": "tantalum", "tellu": "tellurium", "thall": "thallium",
    "thalli": "thallium", "thori": "thorium", "timin": "titanium mineral concentrates", "tin": "tin",
    "titan": "titanium and titanium dioxide", "tungs": "tungsten", "vanad": "vanadium", "vermi": "vermiculite",
    "wolla": "wollastonite", "yttri": "yttrium", "zeoli": "zeolites (natural)", "zinc": "zinc",
    "zirco": "zirconium and hafnium", "zirco-hafni": "zirconium and hafnium",
}  # fmt: skip
"""Commodity by the short name in the file names of 2022 to 2024."""

_COMMODITY_ALIAS = {
    "abrasives": "abrasives (manufactured)", "feldspar": "feldspar and nepheline syenite", "gemanium": "germanium",
    "graphite": "graphite (natural)", "mica": "mica (natural)", "niobium": "niobium (columbium)",
    "nitrogen(fixed) - ammonia": "nitrogen (fixed)—ammonia", "nitrogen (fixed)--ammonia": "nitrogen (fixed)—ammonia",
    "pumice & pumicite": "pumice and pumicite", "talc, crude": "talc and pyrophyllite",
    "titanium & titanium dioxide": "titanium and titanium dioxide",
}  # fmt: skip


@cache
def commodity_name(text: str) -> tuple[str, bool]:
    """Return the one spelling of a commodity, and whether it is an alias rather than a matter of case and blanks."""
    name = " ".join(text.split()).casefold()
    return _COMMODITY_ALIAS.get(name, name), name in _COMMODITY_ALIAS


UNITS: dict[str, tuple[str, float]] = {
    "metric tons": ("t", 1.0), "tons": ("t", 1.0), "kilograms": ("t", 1e-3), "thousand metric tons": ("t", 1e3),
    "thousand metric dry tons": ("t", 1e3), "million metric tons": ("t", 1e6), "million carats": ("ct", 1e6),
    "thousand carats": ("ct", 1e3), "thousands of carats": ("ct", 1e3), "million cubic meters": ("m3", 1e6),
    "million liters": ("m3", 1e3), "percent": ("percent", 1.0), "number": ("number", 1.0), "index": ("index", 1.0),
    "million dollars": ("USD", 1e6), "million square feet": ("ft2", 1e6), "dollars per metric ton": ("USD/t", 1.0),
    "dollars per ton": ("USD/t", 1.0), "dollars per kilogram": ("USD/t", 1e3), "dollars per gram": ("USD/t", 1e6),
    "dollars per 10-grams": ("USD/t", 1e5), "dollars per 25 grams": ("USD/t", 4e4),
    "dollars per 50 grams": ("USD/t", 2e4), "dollars per pound": ("USD/t", 1e3 / 0.45359237),
    "cents per pound": ("USD/t", 10 / 0.45359237), "dollars per short ton": ("USD/t", 1 / 0.90718474),
    "dollars per troy ounce": ("USD/t", 1e6 / 31.1034768), "dollars per carat": ("USD/ct", 1.0),
    "dollars per dry metric ton unit": ("USD/(10 kg)", 1.0), "dollars per flask": ("USD/flask", 1.0),
    "dollars per 100 milliliters": ("USD/m3", 1e4), "dollars per 100 mililiters": ("USD/m3", 1e4), "": ("", 1.0),
}  # fmt: skip
"""Base unit and factor of every unit. A pound is 0.45359237 kg, a short ton 2,000 pounds, a troy ounce 31.1034768 g,
all exact. A dry metric ton unit is 10 kg of the oxide. "tons" are metric tons in these summaries."""

CODE_UNIT = {
    "t": "metric tons", "kt": "thousand metric tons", "mmt": "million metric tons", "mt": "million metric tons",
    "kg": "kilograms", "mct": "million carats", "kct": "thousand carats", "mcm": "million cubic meters",
    "pct": "percent", "num": "number", "index": "index", "mdol": "million dollars", "msqft": "million square feet",
    "dt": "dollars per metric ton", "dkg": "dollars per kilogram", "dg": "dollars per gram",
    "dlb": "dollars per pound", "ctslb": "cents per pound", "dst": "dollars per short ton",
    "dtoz": "dollars per troy ounce", "dto": "dollars per troy ounce", "dct": "dollars per carat",
    "df": "dollars per flask",
}  # fmt: skip
"""Unit by its code in the headers of 2022 to 2024."""

_SPELLING = (
    ("poduction", "production"), ("mne production", "mine production"), ("ilmentite", "ilmenite"),
    ("ferosilicon", "ferrosilicon"), ("grosss", "gross"), ("relianceas", "reliance as"), ("’", "'"),
)  # fmt: skip
_STAGES = (
    ("refinery", "refinery production"), ("smelter", "smelter production"), ("mine", "mine production"),
    ("plant", "plant production"),
)  # fmt: skip
_PHRASE = re.compile(
    r"\b(?:world |yearend )*(?:mine |refinery |smelter |plant |bauxite )?(?:production capacity|production|capacity"
    r"|reserves)\b|\bpgm\b|\bsources\b"
)
_UNIT_WORDS = re.compile(r"\((?:[a-z]+ )?metric tons\b,?\s*|\(million metric tons\)")
_TONS = re.compile(r"[,-]?\s*\b(?:thousand |million )?metric tons(?: of)?$|^(?:thousand |million )?metric tons of\b")
_OF_TITANIUM = re.compile(r"[,:]?\s*titanium dioxide \(tio2\) content\.?")


@cache
def spelled(text: str) -> tuple[str, bool]:
    """Return a label in small letters with its known misspellings mended, and whether any was."""
    label = " ".join(text.split()).casefold()
    mended = label
    for wrong, right in _SPELLING:
        mended = mended.replace(wrong, right)
    return mended, mended.replace("'", "’") != label.replace("'", "’")


@cache
def form_name(detail: str, world: bool) -> str:
    """Return what is left of a label when stage, quantity and the word "rounded" are taken off it.

    Parameters
    ----------
    detail : str
        Label of the source: "Mine production: Ilmenite, rounded" has the form "ilmenite".
    world : bool
        A table by country; labels of other tables keep their words.
    """
    label = _ROUNDED.sub("", spelled(detail)[0]).replace(", estimated", "")
    if world:
        label = _OF_TITANIUM.sub("", _PHRASE.sub("", _UNIT_WORDS.sub("(", label)))
        label = _TONS.sub("", label)
    label = re.sub(r"\(\s*\)", "", label)
    label = re.sub(r"(?:\s*[,-]\s+)+(?=[,-]\s)|\s+(?=,)", "", label)
    label = " ".join(label.split()).strip(" ,:;.-–—")
    return label[1:-1].strip() if label.startswith("(") and label.find(")") == len(label) - 1 else label


@cache
def stage_of(detail: str) -> str:
    """Return which production a label means: mine, refinery, smelter, plant or, where it does not say, production."""
    label = spelled(detail)[0]
    return next((quantity for word, quantity in _STAGES if re.search(rf"\b{word}\b", label)), "production")
