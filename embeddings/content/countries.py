"""Countries as vectors, and where a country that no audience is known of has its own from.

A country never seen takes the mean of the known ones of its region and of those that share a language with it; failing
both, of its continent; failing that, of all. Regions are those of the United Nations' M49 standard, languages the
official ones that several countries share.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from embeddings.views import FloatArray

_REGIONS = {
    "Africa": (
        "DZ EG EH LY MA SD TN",
        "BI DJ ER ET KE KM MG MU MW MZ RE RW SC SO SS TZ UG YT ZM ZW",
        "AO CD CF CG CM GA GQ ST TD",
        "BW LS NA SZ ZA",
        "BF BJ CI CV GH GM GN GW LR ML MR NE NG SH SL SN TG",
    ),
    "America": (
        "AG AI AW BB BL BQ BS CU CW DM DO GD GP HT JM KN KY LC MF MQ MS PR SX TC TT VC VG VI",
        "BZ CR GT HN MX NI PA SV",
        "AR BO BR CL CO EC FK GF GY PE PY SR UY VE",
        "BM CA GL PM US",
    ),
    "Asia": (
        "KG KZ TJ TM UZ",
        "CN HK JP KP KR MN MO TW",
        "BN ID KH LA MM MY PH SG TH TL VN",
        "AF BD BT IN IR LK MV NP PK",
        "AE AM AZ BH CY GE IL IQ JO KW LB OM PS QA SA SY TR YE",
    ),
    "Europe": (
        "BG BY CZ HU MD PL RO RU SK UA",
        "AX DK EE FI FO GB GG IE IM IS JE LT LV NO SE SJ",
        "AD AL BA ES GI GR HR IT ME MK MT PT RS SI SM VA XK",
        "AT BE CH DE FR LI LU MC NL",
    ),
    "Oceania": ("AU NF NZ", "FJ NC PG SB VU", "FM GU KI MH MP NR PW", "AS CK NU PF PN TK TO TV WF WS"),
}
_LANGUAGES = {
    "ar": "AE BH DZ EG IQ JO KW LB LY MA MR OM PS QA SA SD SY TN YE",
    "de": "AT CH DE LI LU",
    "en": "AU BB BS BZ CA GB GH GY IE IN JM KE MT NG NZ PH PK SG TT UG US ZA ZM ZW",
    "es": "AR BO CL CO CR CU DO EC ES GQ GT HN MX NI PA PE PR PY SV UY VE",
    "fr": "BE BF BJ CA CD CG CH CI CM FR GA GN HT LU MC MG ML MQ NC NE PF RE SN TD TG",
    "it": "CH IT SM",
    "ms": "BN ID MY SG",
    "nl": "BE NL SR",
    "pt": "AO BR CV MZ PT",
    "ru": "BY KG KZ RU",
    "sv": "AX FI SE",
    "zh": "CN HK MO SG TW",
    "el": "CY GR",
    "ko": "KP KR",
    "ro": "MD RO",
    "sr": "BA HR ME RS",
    "sw": "KE TZ UG",
}


def country_vector(country: str, known: Mapping[str, FloatArray]) -> FloatArray:
    """The vector [d] of a country, of its likes if it is not `known`; zeros where nothing is.

    Args:
        country: code of two letters (ISO 3166-1).
        known: vectors [d] by country.
    """
    if country in known:
        return known[country]
    for likes in ([*_of(_groups(), country), *_of(_spoken(), country)], _of(_continents(), country), [sorted(known)]):
        means = [np.mean([known[name] for name in group], axis=0) for each in likes if (group := _in(each, known))]
        if means:
            return np.asarray(np.mean(means, axis=0), dtype=np.float32)
    return np.zeros(0, dtype=np.float32)


def _groups() -> list[list[str]]:
    return [group.split() for groups in _REGIONS.values() for group in groups]


def _spoken() -> list[list[str]]:
    return [group.split() for group in _LANGUAGES.values()]


def _continents() -> list[list[str]]:
    return [" ".join(groups).split() for groups in _REGIONS.values()]


def _of(groups: list[list[str]], country: str) -> list[list[str]]:
    return [group for group in groups if country in group]


def _in(group: list[str], known: Mapping[str, FloatArray]) -> list[str]:
    return [name for name in group if name in known]
