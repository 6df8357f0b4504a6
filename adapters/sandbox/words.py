"""The words that the generator composes from: `vocabulary.toml` and `places.toml`, read once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from schema.model.values import DeliveryMode


class Family(StrEnum):
    """Which sort of institution: decides where and how it sells."""

    SCHOOL = "school"  # online, through the digital platforms
    STUDIO = "studio"  # onsite, through the partners for classes in a room
    CENTRE = "centre"  # a public vocational centre (BLK), through Sisnaker


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that can be taught.

    `angles` continue the subject ("dengan Canva"), `skills` are verb phrases that
    continue "peserta mampu"; `modes` says how it can sensibly be given.
    """

    category: str
    subject: str
    work: str
    angles: tuple[str, ...]
    skills: tuple[str, ...]
    modes: frozenset[DeliveryMode]


@dataclass(frozen=True, slots=True)
class Region:
    """A town or regency with its official code ("31.71") and its time zone."""

    code: str
    name: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class School:
    """An institution as the generator knows it; `categories` are what it teaches."""

    name: str
    family: Family
    categories: tuple[str, ...]
    region: Region


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything the generator may say; `weights` are the shares of the categories."""

    topics: tuple[Topic, ...]
    weights: Mapping[str, int]
    schools: tuple[School, ...]
    streets: tuple[str, ...]
    rooms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a world is made from: equal settings give equal worlds."""

    seed: int
    today: date
    vocabulary: Vocabulary


@cache
def load_vocabulary() -> Vocabulary:
    """Return the vocabulary that comes with the sandbox."""
    words, places = _read_toml("vocabulary.toml"), _read_toml("places.toml")
    regions = _to_regions(places)
    return Vocabulary(
        topics=tuple(_to_topic(c["name"], row) for c in words["category"] for row in c["topic"]),
        weights={c["name"]: c["weight"] for c in words["category"]},
        schools=(*_to_named_schools(places, regions), *_to_centres(places, regions)),
        streets=tuple(places["streets"]),
        rooms=tuple(places["rooms"]),
    )


def _read_toml(name: str) -> dict[str, Any]:
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)


def _to_topic(category: str, row: Mapping[str, Any]) -> Topic:
    modes = set()
    if row.get("online", True):
        modes |= {DeliveryMode.SELF_PACED, DeliveryMode.LIVE_ONLINE}
    if row.get("onsite", True):
        modes.add(DeliveryMode.ONSITE)
    return Topic(
        category=category,
        subject=row["subject"],
        work=row["work"],
        angles=tuple(row["angles"]),
        skills=tuple(row["skills"]),
        modes=frozenset(modes),
    )


def _to_regions(places: Mapping[str, Any]) -> dict[str, Region]:
    zones = {p: ZoneInfo(zone) for zone, provinces in places["zones"].items() for p in provinces}
    return {
        code: Region(code, name, zones[code.partition(".")[0]])
        for code, name in places["regions"].items()
    }


def _to_named_schools(places: Mapping[str, Any], regions: Mapping[str, Region]) -> list[School]:
    towns = list(regions.values())
    rows = [
        (Family(family), tuple(group["categories"]), name)
        for family in (Family.SCHOOL, Family.STUDIO)
        for group in places[family]
        for name in group["names"]
    ]
    # names that say where they are, are there; a stride through the list places the others
    return [
        School(name, family, categories, _named_region(name, towns) or towns[n * 7 % len(towns)])
        for n, (family, categories, name) in enumerate(rows)
    ]


def _named_region(name: str, towns: list[Region]) -> Region | None:
    found = (town for town in towns if town.name.partition(" ")[2] in name)
    return next(found, None)


def _to_centres(places: Mapping[str, Any], regions: Mapping[str, Region]) -> list[School]:
    centre = places["centre"]
    categories = tuple(centre["categories"])
    return [
        School(f"BLK {region.name}", Family.CENTRE, categories, region)
        for region in (regions[code] for code in centre["regions"])
    ]
