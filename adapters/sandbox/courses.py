"""Makes the distinct courses of the sandbox: who teaches what, under which title.

Pure and seeded: the same dice give the same courses.  No (institution, title) comes
twice, compared as the gateway compares them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from adapters.sandbox.dice import dice
from adapters.sandbox.words import Family, School, Topic, Vocabulary
from schema.model.values import CourseLevel, DeliveryMode, folded

# How many courses each family teaches, and how many of those in a room: a quarter of 1,500.
COURSES = {Family.SCHOOL: 1_080, Family.STUDIO: 300, Family.CENTRE: 120}
COURSE_COUNT = sum(COURSES.values())
ONSITE_SHARE = {Family.SCHOOL: 0.0, Family.STUDIO: 0.95, Family.CENTRE: 0.75}
# Of what is not onsite; the partners for classes in a room sell seats, so never self-paced.
LIVE_SHARE = {Family.SCHOOL: 0.35, Family.STUDIO: 1.0, Family.CENTRE: 0.35}

# The words that join a title's parts come once in it: see `_to_title`.
_TITLES: Mapping[CourseLevel, tuple[str, ...]] = {
    CourseLevel.BEGINNER: (
        "Dasar-Dasar {subject} {angle}",
        "Belajar {subject} {angle} dari Nol",
        "Pengenalan {subject} {angle}",
        "{subject} {angle} untuk Pemula",
    ),
    CourseLevel.ALL: (
        "{subject} {angle}",
        "Belajar {subject} {angle}",
        "Menguasai {subject} {angle}",
        "Panduan Praktis {subject} {angle}",
        "Belajar {subject} {angle} untuk Menjadi {work}",
        "{subject} {angle} untuk Calon {work}",
    ),
    CourseLevel.INTERMEDIATE: (
        "{subject} {angle} Tingkat Menengah",
        "Meningkatkan Keterampilan {subject} {angle}",
        "Praktik {subject} {angle}",
    ),
    CourseLevel.ADVANCED: (
        "{subject} {angle} Tingkat Lanjut",
        "Pendalaman {subject} {angle}",
        "Langkah Lanjut Menjadi {work}: {subject} {angle}",
    ),
}
_LEVEL_SHARES = {
    CourseLevel.BEGINNER: 40,
    CourseLevel.ALL: 35,
    CourseLevel.INTERMEDIATE: 17,
    CourseLevel.ADVANCED: 8,
}
_JOINING_WORDS = ("untuk", "dari")
_OPENINGS = {
    DeliveryMode.SELF_PACED: ("",),
    DeliveryMode.LIVE_ONLINE: ("", "", "", "Webinar: ", "Kelas Langsung: "),
    DeliveryMode.ONSITE: ("", "", "Pelatihan Tatap Muka: ", "Workshop: "),
}
_MINUTES = {
    DeliveryMode.SELF_PACED: range(360, 1_801, 30),
    DeliveryMode.LIVE_ONLINE: range(360, 1_261, 30),
    DeliveryMode.ONSITE: range(480, 2_401, 60),
}
_CENTRE_MINUTES = range(45 * 120, 45 * 360, 45 * 20)  # 120 to 340 lessons of 45 minutes


@dataclass(frozen=True, slots=True)
class DistinctCourse:
    """One course before anybody sells it; `number` is the ground truth of joining."""

    number: int
    title: str
    school: School
    topic: Topic
    level: CourseLevel
    mode: DeliveryMode
    minutes: int


def make_courses(seed: int, vocabulary: Vocabulary) -> list[DistinctCourse]:
    """Return the distinct courses in shelf order; every institution has at least one."""
    rng = dice(seed, "courses")
    runs = [run for family in Family for run in _runs(rng, family, vocabulary.schools)]
    rng.shuffle(runs)
    taken: set[tuple[str, str]] = set()
    return [_draw(rng, number, *run, taken) for number, run in enumerate(runs)]


def _runs(
    rng: Random, family: Family, everyone: Sequence[School]
) -> list[tuple[School, DeliveryMode]]:
    """Return who teaches each course of a family, and how: everyone one, some of them many."""
    schools = [school for school in everyone if school.family is family]
    sizes = [min(rng.paretovariate(1.2), 8) * min(len(s.topics), 6) for s in schools]
    teachers = [*schools, *rng.choices(schools, sizes, k=COURSES[family] - len(schools))]
    modes = _modes(rng, family)
    return [
        # what cannot be learnt from a screen is taught in a room
        (school, mode if school.topics_for(mode) else DeliveryMode.ONSITE)
        for school, mode in zip(teachers, modes, strict=True)
    ]


def _modes(rng: Random, family: Family) -> list[DeliveryMode]:
    count = COURSES[family]
    onsite = round(count * ONSITE_SHARE[family])
    live = round((count - onsite) * LIVE_SHARE[family])
    modes = [DeliveryMode.ONSITE] * onsite + [DeliveryMode.LIVE_ONLINE] * live
    modes += [DeliveryMode.SELF_PACED] * (count - len(modes))
    rng.shuffle(modes)
    return modes


def _draw(
    rng: Random, number: int, school: School, mode: DeliveryMode, taken: set[tuple[str, str]]
) -> DistinctCourse:
    """Return a course with a title that its institution does not have yet."""
    while True:
        topic = rng.choice(school.topics_for(mode))
        shares = [_LEVEL_SHARES[level] for level in topic.levels]
        level = rng.choices(topic.levels, shares)[0]
        title = _to_title(rng, topic, level, mode)
        pair = (folded(school.name), folded(title))
        if pair not in taken:
            taken.add(pair)
            minutes = _minutes(rng, school, mode)
            return DistinctCourse(number, title, school, topic, level, mode, minutes)


def _to_title(rng: Random, topic: Topic, level: CourseLevel, mode: DeliveryMode) -> str:
    is_named_after_work = topic.work.casefold() in topic.subject.casefold()
    templates = [t for t in _TITLES[level] if not ("{work}" in t and is_named_after_work)]
    template = rng.choice(templates)
    joins = [word for word in _JOINING_WORDS if word in template]
    angles = ["", *(a for a in topic.angles if not any(word in a.split() for word in joins))]
    words = template.format(subject=topic.subject, angle=rng.choice(angles), work=topic.work)
    title = " ".join(words.split())
    return title if ":" in title else rng.choice(_OPENINGS[mode]) + title


def _minutes(rng: Random, school: School, mode: DeliveryMode) -> int:
    if school.family is Family.CENTRE and mode is DeliveryMode.ONSITE:
        return rng.choice(_CENTRE_MINUTES)
    return rng.choice(_MINUTES[mode])
