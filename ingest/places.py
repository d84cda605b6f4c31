"""Countries and languages by their ISO codes, however publishers write them."""

from __future__ import annotations

from functools import cache

import pycountry

from ingest.text import fold

#: Names in use that ISO 3166-1 does not list, by folded name.
_COUNTRIES = {
    "usa": "US",
    "us": "US",
    "u s a": "US",
    "u s": "US",
    "america": "US",
    "uk": "GB",
    "u k": "GB",
    "great britain": "GB",
    "britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "south korea": "KR",
    "korea": "KR",
    "north korea": "KP",
    "russia": "RU",
    "czech republic": "CZ",
    "turkey": "TR",
    "turkiye": "TR",
    "vatican": "VA",
    "vatican city": "VA",
    "palestine": "PS",
    "macedonia": "MK",
    "swaziland": "SZ",
    "cape verde": "CV",
    "ivory coast": "CI",
    "burma": "MM",
    "macau": "MO",
    "brunei": "BN",
    "laos": "LA",
    "syria": "SY",
    "iran": "IR",
    "moldova": "MD",
    "tanzania": "TZ",
    "venezuela": "VE",
    "bolivia": "BO",
    "taiwan": "TW",
    "vietnam": "VN",
    "hong kong sar china": "HK",
    "guadaloupe": "GP",
    "libyan arab jamahiriya": "LY",
    "kyrgyz republic": "KG",
    "democratic republic of the congo": "CD",
    "dr congo": "CD",
    "congo kinshasa": "CD",
    "republic of the congo": "CG",
    "the bahamas": "BS",
    "the gambia": "GM",
    "the netherlands": "NL",
    "holland": "NL",
    "east timor": "TL",
    "micronesia": "FM",
    "reunion": "RE",
    "kosovo": "XK",
    "west germany": "DE",
    "federal republic of germany": "DE",
    "soviet union": "SU",
    "ussr": "SU",
    "yugoslavia": "YU",
    "czechoslovakia": "XC",
    "east germany": "XG",
    "serbia and montenegro": "CS",
}
#: States that are no more and a territory without an ISO code, under the codes that catalogues give them.
_LABELS = {
    "SU": "Soviet Union",
    "YU": "Yugoslavia",
    "XC": "Czechoslovakia",
    "XG": "East Germany",
    "CS": "Serbia and Montenegro",
    "XK": "Kosovo",
    "GB": "United Kingdom",
    "US": "United States",
    "KR": "South Korea",
    "KP": "North Korea",
    "RU": "Russia",
    "CZ": "Czech Republic",
    "TR": "Turkey",
    "TW": "Taiwan",
    "VN": "Vietnam",
    "IR": "Iran",
    "SY": "Syria",
    "VE": "Venezuela",
    "BO": "Bolivia",
    "TZ": "Tanzania",
    "MD": "Moldova",
    "LA": "Laos",
    "PS": "Palestine",
    "CD": "DR Congo",
    "CG": "Congo",
    "BN": "Brunei",
    "FM": "Micronesia",
    "VA": "Vatican City",
    "MK": "North Macedonia",
}

_LANGUAGES = {
    "cn": "yue",
    "cantonese": "yue",
    "mandarin": "zh",
    "chinese": "zh",
    "flemish": "nl",
    "persian": "fa",
    "farsi": "fa",
    "dari": "prs",
    "greek": "el",
    "filipino": "fil",
    "panjabi": "pa",
    "punjabi": "pa",
    "norwegian": "no",
    "nb": "no",
    "nn": "no",
    "malay": "ms",
    "swahili": "sw",
    "nepali": "ne",
    "odia": "or",
    "serbo croatian": "sh",
    "sh": "sh",
    "castilian": "es",
    "pashto": "ps",
    "khmer": "km",
    "slovene": "sl",
    "kirghiz": "ky",
    "aramaic": "arc",
    "old english": "ang",
    "tonga": "to",
    "azerbaijani": "az",
    "mo": "ro",
    "bokmal": "no",
    "brazilian portuguese": "pt",
    "american sign language": "ase",
    "aboriginal": "",
    "maya": "",
    "fur": "fvr",
}
_LANGUAGE_LABELS = {
    "el": "Greek",
    "ms": "Malay",
    "sw": "Swahili",
    "ne": "Nepali",
    "or": "Odia",
    "sh": "Serbo-Croatian",
    "yue": "Cantonese",
    "pa": "Punjabi",
    "zh": "Chinese",
    "fa": "Persian",
    "ps": "Pashto",
    "km": "Khmer",
    "to": "Tongan",
    "prs": "Dari",
    "arc": "Aramaic",
    "ang": "Old English",
    "ia": "Interlingua",
}


@cache
def _countries() -> dict[str, str]:
    names: dict[str, str] = {}
    for country in pycountry.countries:
        for attribute in ("alpha_2", "alpha_3", "name", "official_name", "common_name"):
            if (value := getattr(country, attribute, None)) is not None:
                names.setdefault(fold(value), country.alpha_2)
    return names | _COUNTRIES | {fold(code): code for code in _LABELS}


@cache
def _languages() -> dict[str, str]:
    names: dict[str, str] = {}
    living = sorted(pycountry.languages, key=lambda language: not hasattr(language, "alpha_2"))
    for language in living:  # those with a two-letter code first, so that "Malay" is not a dialect of it
        code = getattr(language, "alpha_2", language.alpha_3)
        for attribute in ("alpha_2", "alpha_3", "bibliographic", "name", "common_name", "inverted_name"):
            if (value := getattr(language, attribute, None)) is not None:
                names.setdefault(fold(value), code)
    return names | _LANGUAGES


def country_code(text: str) -> str | None:
    """The ISO 3166-1 alpha-2 code of a country named by its code or its English name; None for none.

    States that are no more keep a code of their own (Soviet Union: SU), but West Germany is Germany.

    >>> country_code("United States of America"), country_code("South Korea"), country_code("KR"), country_code("XX")
    ('US', 'KR', 'KR', None)
    """
    return _countries().get(fold(text))


def language_code(text: str) -> str | None:
    """The ISO 639-1 code of a language, or its 639-3 code where it has no shorter one; None for no language.

    >>> language_code("French"), language_code("fre"), language_code("en-US"), language_code("Cantonese")
    ('fr', 'fr', 'en', 'yue')
    """
    names = _languages()
    head, dash, region = text.partition("-")
    code = names.get(fold(text)) or (
        names.get(fold(head)) if dash and len(head) in (2, 3) and len(region) in (2, 4) else None
    )
    return code or None


@cache
def country_label(code: str) -> str:
    """The English name of a country by its code; the code itself where it is unknown."""
    country = pycountry.countries.get(alpha_2=code)
    return _LABELS.get(code) or str(getattr(country, "common_name", country.name) if country else code)


@cache
def language_label(code: str) -> str:
    """The English name of a language by its code; the code itself where it is unknown."""
    kind = "alpha_2" if len(code) == 2 else "alpha_3"
    language = pycountry.languages.get(**{kind: code})
    return _LANGUAGE_LABELS.get(code) or str(language.name if language else code)
