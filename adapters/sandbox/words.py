"""The words that the generator composes from: `vocabulary.toml` and `places.toml`, read once."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from schema.model.values import CourseLevel, DeliveryMode

_ALL_LEVELS = ("BEGINNER", "ALL", "INTERMEDIATE", "ADVANCED")


class Family(StrEnum):
    """Which sort of institution: decides where and how it sells."""

    SCHOOL = "school"  # online, through the digital platforms
    STUDIO = "studio"  # onsite, through the partners for classes in a room
    CENTRE = "centre"  # a public vocational centre (BLK), through Sisnaker


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that can be taught.

    `angles` continue the subject ("dengan Canva"), `skills` are verb phrases that
    continue "peserta mampu"; `modes` and `levels` say how it can sensibly be given.
    """

    category: str
    subject: str
    work: str
    angles: tuple[str, ...]
    skills: tuple[str, ...]
    modes: frozenset[DeliveryMode]
    levels: tuple[CourseLevel, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """A town or regency with its official code ("31.71") and its time zone."""

    code: str
    name: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class School:
    """An institution as the generator knows it, and what it teaches."""

    name: str
    family: Family
    region: Region
    topics: tuple[Topic, ...]

    def topics_for(self, mode: DeliveryMode) -> tuple[Topic, ...]:
        """Return what the institution can teach in this way."""
        return tuple(topic for topic in self.topics if mode in topic.modes)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything the generator may say."""

    categories: tuple[str, ...]
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
    topics = [_to_topic(c["name"], row) for c in words["category"] for row in c["topic"]]
    regions = _to_regions(places)
    return Vocabulary(
        categories=tuple(category["name"] for category in words["category"]),
        schools=(
            *_to_named_schools(places, topics, list(regions.values())),
            *_to_centres(places["centre"], topics, regions),
        ),
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
        levels=tuple(map(CourseLevel, row.get("levels", _ALL_LEVELS))),
    )


def _to_regions(places: Mapping[str, Any]) -> dict[str, Region]:
    zones = {p: ZoneInfo(zone) for zone, provinces in places["zones"].items() for p in provinces}
    return {
        code: Region(code, name, zones[code.partition(".")[0]])
        for code, name in places["regions"].items()
    }


def _to_named_schools(
    places: Mapping[str, Any], topics: Sequence[Topic], towns: Sequence[Region]
) -> list[School]:
    rows = [
        (name, Family(family), _taught(group, topics))
        for family in (Family.SCHOOL, Family.STUDIO)
        for group in places[family]
        for name in group["names"]
    ]
    return [
        School(name, family, _named_town(name, towns) or towns[number * 7 % len(towns)], taught)
        for number, (name, family, taught) in enumerate(rows)
    ]


def _named_town(name: str, towns: Sequence[Region]) -> Region | None:
    """Return the town that an institution's name speaks of."""
    words = name.split()
    return next((town for town in towns if town.name.partition(" ")[2] in words), None)


def _to_centres(
    centre: Mapping[str, Any], topics: Sequence[Topic], regions: Mapping[str, Region]
) -> list[School]:
    towns = [regions[code] for code in centre["regions"]]
    taught = _taught(centre, topics)
    return [School(f"BLK {town.name}", Family.CENTRE, town, taught) for town in towns]


def _taught(group: Mapping[str, Any], topics: Sequence[Topic]) -> tuple[Topic, ...]:
    if "categories" in group:
        return tuple(topic for topic in topics if topic.category in group["categories"])
    by_subject = {topic.subject: topic for topic in topics}
    return tuple(by_subject[subject] for subject in group["subjects"])
