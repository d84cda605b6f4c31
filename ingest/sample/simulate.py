"""Viewers and audiences of the sample catalogue, made up by a seeded generator: nobody has really watched.

A title appeals to ten tastes as far as its genres, moods and storylines are among those that the taste likes; every
tag also pulls in a few hidden directions, so that titles that share any tag are alike to somebody. A country is a
mixture of tastes that resembles its region's, a viewer a mixture around that of the home country. Home productions
and languages spoken at home draw more, and every title has an appeal of its own that its tags do not explain. From
one and the same affinity come the choices of 400 viewers and the sizes of audiences in 20 countries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ingest import table
from ingest.adapter import Adapter
from kg.tables import Batch

Floats = np.ndarray[Any, np.dtype[np.float64]]

SOURCE = "sample-simulation"
UNIT = "simulated viewers"
VIEWERS = 400
#: Audiences are those of the first four weeks after launch, as if every title had been streamed from then on.
WEEKS = 4
#: Viewings lie between these days, or between launch and the second.
OPENED, CLOSED = np.datetime64("2019-01-01"), np.datetime64("2023-12-31")

_LIKES = {
    "thrills": "action thriller adventure exciting tense violent survival revenge espionage heist superpowers",
    "romance": "romance romantic heartfelt bittersweet first-love love-triangle forbidden-love wedding infidelity",
    "what-if": "science-fiction mind-bending cerebral dreamlike space-travel time-travel robots dystopia",
    "wonders": "fantasy adventure epic whimsical magic quest chosen-one dragons prophecy treasure-hunt witchcraft",
    "fright": "horror scary chilling haunting ghosts monster possession vampires serial-killer haunted-house zombies",
    "laughs": "comedy witty playful feel-good irreverent absurd raunchy quirky satirical mistaken-identity",
    "family": "family animation musical uplifting whimsical feel-good childhood animals toys friendship",
    "crime": "crime mystery suspenseful gritty dark detective murder-investigation organized-crime drug-trade",
    "history": "war history western biography epic thoughtful revolution royalty civil-war world-war-ii politics",
    "art-house": "drama melancholic intimate bleak provocative thoughtful loneliness grief aging class-conflict",
}
#: Region, then country, size in millions of the simulated service's members, languages spoken at home.
_REGIONS = {
    "english": "US 60 en es, GB 15 en, CA 7 en fr, AU 6 en",
    "latin": "MX 10 es, AR 5 es, CO 4 es, ES 7 es, BR 15 pt",
    "european": "FR 10 fr, DE 11 de, IT 6 it, NL 3 nl en, PL 3 pl, SE 2.5 sv en",
    "eastern": "JP 7 ja, KR 6 ko",
    "southern": "IN 8 hi en ta bn, TR 4 tr, NG 2 en",
}


@dataclass(frozen=True, slots=True)
class _Country:
    code: str
    region: str
    members: float
    spoken: frozenset[str]


_COUNTRIES = tuple(
    _Country(code, region, float(millions) * 1e6, frozenset(spoken))
    for region, some in _REGIONS.items()
    for code, millions, *spoken in (one.split() for one in some.split(", "))
)
_TASTE, _HIDDEN, _HOME, _SPOKEN = 1.3, 0.5, 1.0, 0.4
_DIRECTIONS = 6
_OFFERED = 0.9


def simulate(titles: pd.DataFrame, facts: pd.DataFrame, *, seed: int = 0) -> Batch:
    """Viewings and audience sizes for `titles` (title, year, launch, countries, languages) and their `facts`.

    The same input and `seed` give the same rows; audience sizes do not depend on the order of the titles.
    """
    titles = titles[titles["year"].notna()].sort_values("title", ignore_index=True)
    tags = _tags(titles, facts)
    world = _World(
        titles=titles,
        tastes=_tastes(titles, tags),
        hidden=_hidden(tags, seed),
        at_home={c.code: _at_home(titles, c) for c in _COUNTRIES},
        appeal=np.array([_generator(seed, "appeal", t).normal(0.0, 0.6) for t in titles["title"]]),
        launched=_launches(titles),
        seed=seed,
    )
    return Batch(source=SOURCE, viewings=_viewings(world), audience=_audience(world))


@dataclass(frozen=True, slots=True, kw_only=True)
class _World:
    """The titles [n] and what draws people to them: by taste [n, tastes], by hidden direction [n, directions], at home
    in each country [n], by themselves [n]; and when they were launched [n]."""

    titles: pd.DataFrame
    tastes: Floats
    hidden: Floats
    at_home: dict[str, Floats]
    appeal: Floats
    launched: np.ndarray[Any, np.dtype[np.datetime64]]
    seed: int


def _generator(seed: int, *names: object) -> np.random.Generator:
    """A generator for one purpose, which what is drawn for others does not disturb."""
    text = "\0".join(map(str, (seed, *names)))
    return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))


# -- titles


def _tags(titles: pd.DataFrame, facts: pd.DataFrame) -> dict[str, list[str]]:
    """The genres, moods and storylines of each title."""
    said = facts[facts["relation"].isin(["has_genre", "mood", "storyline"])]
    by_title = said.groupby("head")["tail"].agg(sorted)
    return {title: list(by_title.get(title, [])) for title in titles["title"]}


def _tastes(titles: pd.DataFrame, tags: dict[str, list[str]]) -> Floats:
    """float [titles, tastes]: what each taste finds in each title, standardised over the titles."""
    likes = [frozenset(words.split()) for words in _LIKES.values()]
    found = [[sum(tag.partition(":")[2] in liked for tag in tags[t]) for liked in likes] for t in titles["title"]]
    counts = np.sqrt(np.array(found, dtype=float))
    return np.asarray((counts - counts.mean(0)) / (counts.std(0) + 1e-9))


def _hidden(tags: dict[str, list[str]], seed: int) -> Floats:
    """float [titles, directions]: the mean pull of the tags, brought to unit variance."""
    pulls = {
        tag: _generator(seed, "tag", tag).normal(size=_DIRECTIONS)
        for tag in sorted({t for some in tags.values() for t in some})
    }
    nothing = [np.zeros(_DIRECTIONS)]
    return np.array(
        [np.sum([pulls[g] for g in tags[t]] or nothing, axis=0) / max(len(tags[t]), 1) ** 0.5 for t in tags]
    )


def _at_home(titles: pd.DataFrame, country: _Country) -> Floats:
    """float [titles]: what being produced there, or speaking a language spoken there, adds."""
    produced = np.array([country.code in (c if isinstance(c, list) else []) for c in titles["countries"]])
    heard = np.array([bool(country.spoken & set(v if isinstance(v, list) else [])) for v in titles["languages"]])
    return _HOME * produced + _SPOKEN * heard


# -- people and places


def _mixture(country: _Country, seed: int) -> tuple[Floats, Floats]:
    """A country's shares of the tastes [tastes], around those of its region, and its hidden leanings [directions]."""
    usual = _generator(seed, "region", country.region).dirichlet(np.full(len(_LIKES), 1.5))
    lean = _generator(seed, "leaning", country.region).normal(size=_DIRECTIONS)
    own = _generator(seed, "country", country.code)
    return own.dirichlet(usual * 40 + 0.5), 0.7 * lean + 0.5 * own.normal(size=_DIRECTIONS)


def _viewings(world: _World) -> pd.DataFrame:
    """viewer, title, weight, time, simulated: each viewer chooses some titles without repeats."""
    names = world.titles["title"].to_numpy()
    open_from = np.maximum(world.launched, OPENED)
    days = (CLOSED - open_from).astype(int)
    size = np.array([country.members for country in _COUNTRIES]) ** 0.5
    homes = _generator(world.seed, "homes").choice(len(_COUNTRIES), size=VIEWERS, p=size / size.sum())
    parts = []
    for i, home in enumerate(homes):
        country, draw = _COUNTRIES[home], _generator(world.seed, "viewer", i)
        mixture, leaning = _mixture(country, world.seed)
        own = draw.dirichlet(mixture * 3 + 0.02)
        hidden = world.hidden @ (0.5 * leaning + draw.normal(size=_DIRECTIONS)) / _DIRECTIONS**0.5
        affinity = 2 * _TASTE * world.tastes @ own + _HIDDEN * hidden + world.at_home[country.code] + world.appeal
        affinity += draw.gumbel(size=len(names))  # the largest of these are a draw without repeats
        count = int(np.clip(draw.lognormal(3.3, 0.5), 8, 100))
        chosen = np.argsort(np.where(days > 0, -affinity, np.inf), kind="stable")[:count]
        when = open_from[chosen] + (draw.random(count) * days[chosen]).astype(int)
        parts.append(pd.DataFrame({"viewer": f"simulated-{i + 1:03d}", "title": names[chosen], "time": when}))
    viewings = pd.concat(parts, ignore_index=True)
    time = viewings["time"].astype("datetime64[us]").dt.tz_localize("UTC")
    return viewings.assign(weight=1.0, simulated=True, time=time)


def _audience(world: _World) -> pd.DataFrame:
    """title, country, size, unit, period_start, period_end, simulated: the first four weeks after launch."""
    names, parts = world.titles["title"], []
    for country in _COUNTRIES:
        mixture, leaning = _mixture(country, world.seed)
        for_all = _HIDDEN * world.hidden @ leaning / _DIRECTIONS**0.5 + world.at_home[country.code] + world.appeal
        share = (1 / (1 + np.exp(4.6 - _TASTE * world.tastes - for_all[:, None]))) @ mixture
        luck = np.array([_generator(world.seed, "luck", country.code, t).normal(0.0, 0.25) for t in names])
        offered = np.array([_generator(world.seed, "offered", country.code, t).random() < _OFFERED for t in names])
        size = np.round(country.members * share * np.exp(luck), -2)
        there = pd.DataFrame({"title": names, "country": country.code, "size": size, "period_start": world.launched})
        parts.append(there[offered | (world.at_home[country.code] >= _HOME)])
    sizes = pd.concat(parts, ignore_index=True)
    end = sizes["period_start"] + pd.Timedelta(days=7 * WEEKS - 1)
    return sizes.assign(unit=UNIT, period_end=end, simulated=True)


def _launches(titles: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.datetime64]]:
    """datetime64[D] [titles]: the launch, or the middle of the year where only that is known."""
    middle = pd.to_datetime(titles["year"].astype(int).astype(str) + "-07-01")
    return titles["launch"].fillna(middle).to_numpy().astype("datetime64[D]")


# -- as a source


def _recognise(folder: Path) -> list[Path]:
    here = Path(__file__).parent
    return (
        [Path(__file__), *sorted(here.glob("*.toml")), *sorted(here.glob("*.csv"))]
        if folder.resolve() == here.resolve()
        else []
    )


def _read(_: Sequence[Path]) -> Batch:
    here = Path(__file__).parent
    batches = [b for a in table.adapters_in(here) if isinstance(b := a.read(a.recognise(here)), Batch)]
    titles = pd.concat([b.titles for b in batches if isinstance(b.titles, pd.DataFrame)], ignore_index=True)
    facts = pd.concat([b.facts for b in batches if isinstance(b.facts, pd.DataFrame)], ignore_index=True)
    return simulate(titles[titles["kind"] != "book"], facts)


ADAPTER = Adapter(name=SOURCE, recognise=_recognise, read=_read)
