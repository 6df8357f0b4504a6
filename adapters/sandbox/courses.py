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
LIVE_SHARE = 0.35  # of the courses that are not onsite

# A title is "opening subject angle closing".  Closings with "untuk" never follow an angle with it.
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
        "Menjadi {work} Profesional: {subject} {angle}",
    ),
}
_LEVELS = {
    CourseLevel.BEGINNER: 40,
    CourseLevel.ALL: 35,
    CourseLevel.INTERMEDIATE: 17,
    CourseLevel.ADVANCED: 8,
}
_ROOM_TITLES = ("Pelatihan {title}", "Kelas Tatap Muka {title}", "Workshop {title}")
_LIVE_TITLES = ("Webinar {title}", "Kelas Langsung {title}")
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


class _Catalogue:
    """Draws courses, and remembers which titles each institution already has."""

    def __init__(self, rng: Random, vocabulary: Vocabulary) -> None:
        self._rng = rng
        self._vocabulary = vocabulary
        self._taken: set[tuple[str, str]] = set()

    def draw(self, school: School, mode: DeliveryMode) -> tuple[School, Topic, CourseLevel, str]:
        """Return a course of `school` with a title that it does not have yet."""
        topics = self._topics(school, mode)
        weights = [self._vocabulary.weights[topic.category] for topic in topics]
        while True:
            topic = self._rng.choices(topics, weights)[0]
            level = self._rng.choices(list(_LEVELS), list(_LEVELS.values()))[0]
            title = _to_title(self._rng, topic, level, mode)
            pair = (folded(school.name), folded(title))
            if pair not in self._taken:
                self._taken.add(pair)
                return school, topic, level, title

    def _topics(self, school: School, mode: DeliveryMode) -> list[Topic]:
        taught = [t for t in self._vocabulary.topics if t.category in school.categories]
        return [topic for topic in taught if mode in topic.modes]


def make_courses(seed: int, vocabulary: Vocabulary) -> list[DistinctCourse]:
    """Return the distinct courses in shelf order; every institution has at least one."""
    rng = dice(seed, "courses")
    catalogue = _Catalogue(rng, vocabulary)
    drawn = []
    for family in Family:
        schools = [school for school in vocabulary.schools if school.family is family]
        teachers = _teachers(rng, schools, COURSES[family])
        modes = _modes(rng, family)
        for school, mode in zip(teachers, modes, strict=True):
            drawn.append((mode, *catalogue.draw(school, mode)))
    rng.shuffle(drawn)
    return [
        DistinctCourse(number, title, school, topic, level, mode, _minutes(rng, school, mode))
        for number, (mode, school, topic, level, title) in enumerate(drawn)
    ]


def _teachers(rng: Random, schools: Sequence[School], count: int) -> list[School]:
    """Return who teaches each of `count` courses: all at least one, few of them many."""
    sizes = [rng.paretovariate(1.6) for _ in schools]
    return [*schools, *rng.choices(schools, sizes, k=count - len(schools))]


def _modes(rng: Random, family: Family) -> list[DeliveryMode]:
    count = COURSES[family]
    onsite = round(count * ONSITE_SHARE[family])
    live = round((count - onsite) * LIVE_SHARE)
    modes = [DeliveryMode.ONSITE] * onsite + [DeliveryMode.LIVE_ONLINE] * live
    modes += [DeliveryMode.SELF_PACED] * (count - len(modes))
    rng.shuffle(modes)
    return modes


def _to_title(rng: Random, topic: Topic, level: CourseLevel, mode: DeliveryMode) -> str:
    template = rng.choice(_TITLES[level])
    angles = ["", *topic.angles]
    if "untuk" in template:
        angles = [angle for angle in angles if "untuk" not in angle]
    words = template.format(subject=topic.subject, angle=rng.choice(angles), work=topic.work)
    title = " ".join(words.split())
    if mode is DeliveryMode.ONSITE and rng.random() < 0.4:  # noqa: PLR2004  # as often as not
        return rng.choice(_ROOM_TITLES).format(title=title)
    if mode is DeliveryMode.LIVE_ONLINE and rng.random() < 0.3:  # noqa: PLR2004  # the same
        return rng.choice(_LIVE_TITLES).format(title=title)
    return title


def _minutes(rng: Random, school: School, mode: DeliveryMode) -> int:
    if school.family is Family.CENTRE and mode is DeliveryMode.ONSITE:
        return rng.choice(_CENTRE_MINUTES)
    return rng.choice(_MINUTES[mode])
