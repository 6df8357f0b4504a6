"""What the sandbox's catalogue promises: the demo's numbers, and sense."""

import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from adapters.sandbox.generator import generate
from adapters.sandbox.secrets import SANDBOX_PARTNERS
from adapters.sandbox.words import load_vocabulary
from schema.model.values import CourseLevel, DeliveryMode, folded

TODAY = date(2026, 11, 24)
JAKARTA = ZoneInfo("Asia/Jakarta")
DIGEST = """
import hashlib, datetime
from adapters.sandbox.generator import generate
world = generate(7, noise=True, today=datetime.date(2026, 11, 24))
print(hashlib.sha256(repr(world).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def world():
    return generate(today=TODAY)


@pytest.fixture(scope="module")
def on_sale(world):
    """Every (partner, offering) that is sold."""
    return [(code, row) for code, shelf in world.items() for row in shelf if not row.archived]


@pytest.fixture(scope="module")
def courses(on_sale):
    """One offering of every distinct course."""
    return list({row.course: row for _, row in on_sale}.values())


def test_ten_partners_sell_1500_courses_of_192_institutions(world, on_sale, courses):
    pairs = {(folded(row.institution), folded(row.title)) for _, row in on_sale}

    assert set(world) == set(SANDBOX_PARTNERS)
    assert all(world.values())
    assert len(world) == 10
    assert len(pairs) == len(courses) == 1_500
    assert len({institution for institution, _ in pairs}) == 192


@pytest.mark.parametrize("seed", range(5))
def test_the_numbers_do_not_depend_on_the_seed(seed):
    rows = [row for shelf in generate(seed, today=TODAY).values() for row in shelf]
    on_sale = [row for row in rows if not row.archived]

    assert len({(folded(row.institution), folded(row.title)) for row in on_sale}) == 1_500
    assert len({folded(row.institution) for row in on_sale}) == 192


def test_offerings_join_by_institution_and_title_exactly_when_they_are_one_course(on_sale):
    courses, names = defaultdict(set), defaultdict(set)
    for _, row in on_sale:
        name = (folded(row.institution), folded(row.title))
        courses[name].add(row.course)
        names[row.course].add(name)

    assert {len(each) for each in courses.values()} == {1}
    assert {len(each) for each in names.values()} == {1}


def test_150_courses_are_sold_by_two_to_four_partners(on_sale):
    sellers = Counter(row.course for _, row in on_sale)
    shared = [count for count in sellers.values() if count > 1]

    assert len(shared) == 150
    assert set(shared) == {2, 3, 4}


def test_partners_of_a_shared_course_set_their_own_prices(on_sale):
    prices = {}
    for _, row in on_sale:
        prices.setdefault(row.course, []).append(row.price)
    shared = [found for found in prices.values() if len(found) > 1 and any(found)]

    assert sum(len(set(found)) > 1 for found in shared) > 0.9 * len(shared)


def test_a_quarter_is_onsite_and_the_rest_live_online_or_self_paced(courses):
    modes = Counter(row.delivery_mode for row in courses)

    assert modes[DeliveryMode.ONSITE] == 375
    assert set(modes) == {
        DeliveryMode.ONSITE,
        DeliveryMode.LIVE_ONLINE,
        DeliveryMode.SELF_PACED,
    }


def test_the_partners_of_offline_trainings_sell_mainly_these(world):
    for code in ("maubelajarapa", "pasar_kelas"):
        onsite = [row for row in world[code] if row.delivery_mode is DeliveryMode.ONSITE]

        assert len(onsite) > 0.9 * len(world[code])
        assert all(row.sessions for row in world[code])


def test_every_category_of_the_programme_is_taught(courses):
    taught = Counter(row.category for row in courses)

    assert set(taught) == set(load_vocabulary().categories)
    assert len(taught) == 12
    assert min(taught.values()) >= 30


def test_keys_are_unique_at_each_partner(world):
    for shelf in world.values():
        sessions = [session.key for row in shelf for session in row.sessions]

        assert len({row.key for row in shelf}) == len(shelf)
        assert len(set(sessions)) == len(sessions)


def test_dated_courses_have_sessions_and_self_paced_ones_none(on_sale):
    for _, row in on_sale:
        assert bool(row.sessions) == (row.delivery_mode is not DeliveryMode.SELF_PACED)


def test_onsite_sessions_have_a_place_in_its_own_time_zone(on_sale):
    regions = {school.region.code: school.region for school in load_vocabulary().schools}
    onsite = [
        s for _, row in on_sale if row.delivery_mode is DeliveryMode.ONSITE for s in row.sessions
    ]

    for session in onsite:
        region = regions[session.region_code]
        assert session.region_name == region.name
        assert session.starts_at.tzinfo is region.zone
        assert session.venue_name
        assert session.address.endswith(region.name)
    assert {s.starts_at.tzname() for s in onsite} == {"WIB", "WITA", "WIT"}


def test_sessions_are_in_order_and_have_sensible_times_and_seats(on_sale):
    sessions = [s for _, row in on_sale for s in row.sessions]

    for session in sessions:
        assert session.enrolment_ends_at < session.starts_at < session.ends_at
        assert 0 <= session.seats_left <= session.capacity
        assert 15 <= session.capacity <= 40
    for _, row in on_sale:
        assert list(row.sessions) == sorted(row.sessions, key=lambda s: s.starts_at)
    assert any(s.seats_left == 0 for s in sessions)
    assert any(1 <= s.seats_left <= 3 for s in sessions)


@pytest.mark.parametrize("later", range(0, 400, 23))
def test_whatever_the_day_there_is_a_coming_session_that_can_be_booked(later):
    today = TODAY + timedelta(days=later)
    midnight = datetime.combine(today + timedelta(days=1), time(), tzinfo=JAKARTA)

    dated = [row for shelf in generate(today=today).values() for row in shelf if row.sessions]

    assert dated
    assert all(row.sessions[0].enrolment_ends_at > midnight for row in dated)


def test_some_sessions_are_closed_early(on_sale):
    now = datetime.combine(TODAY, time(), tzinfo=JAKARTA)

    assert any(s.enrolment_ends_at < now for _, row in on_sale for s in row.sessions)


def test_a_session_keeps_its_key_and_its_facts_when_a_week_passes(world):
    def sessions(of):
        return {s.key: s for shelf in of.values() for row in shelf for s in row.sessions}

    before, after = sessions(world), sessions(generate(today=TODAY + timedelta(weeks=1)))
    kept = before.keys() & after.keys()

    assert len(kept) > len(before) / 2
    for key in kept:
        assert before[key].starts_at == after[key].starts_at
        assert before[key].seats_left == after[key].seats_left


def test_days_of_one_week_have_the_same_catalogue():
    monday = date(2026, 11, 23)

    assert generate(today=monday) == generate(today=monday + timedelta(days=6))


def test_prices_are_whole_rupiah_in_the_programme_s_range(on_sale):
    prices = [row.price for _, row in on_sale]

    assert all(type(price) is int and 0 <= price <= 2_500_000 for price in prices)
    assert 20 < prices.count(0) < 100
    assert sum(150_000 <= price <= 1_000_000 for price in prices) > 0.7 * len(prices)


def test_a_list_price_is_above_the_price(on_sale):
    listed = [row for _, row in on_sale if row.list_price is not None]

    assert len(listed) > 200
    assert all(row.list_price > row.price for row in listed)


def test_several_partners_list_what_cannot_be_booked_free_or_not(on_sale):
    link_only = [(code, row) for code, row in on_sale if not row.bookable]

    assert len({code for code, _ in link_only}) >= 4
    assert any(row.price == 0 for _, row in link_only)
    assert any(row.price > 0 for _, row in link_only)


def test_only_skill_academy_lists_archived_courses_and_they_are_nobody_else_s(world, courses):
    archived = [(code, row) for code, shelf in world.items() for row in shelf if row.archived]

    assert {code for code, _ in archived} == {"skill_academy"}
    assert not {row.course for _, row in archived} & {row.course for row in courses}
    assert not {row.title for _, row in archived} & {row.title for row in courses}


@pytest.mark.parametrize(
    "words", ["desain grafis", "barista", "bahasa jepang", "excel", "menjahit"]
)
def test_titles_hold_the_words_that_people_search_for(courses, words):
    found = [row for row in courses if re.search(rf"\b{words}\b", row.title.casefold())]

    assert len(found) >= 4


def test_titles_say_the_level_that_the_course_has(courses):
    def levels(*words: str) -> set[CourseLevel]:
        return {row.level for row in courses if any(word in row.title for word in words)}

    assert levels("Pemula", "Dasar-Dasar") == {CourseLevel.BEGINNER}
    assert levels("Tingkat Lanjut") == {CourseLevel.ADVANCED}


def test_titles_read_well(courses):
    for row in courses:
        words = row.title.split()
        assert row.title == " ".join(words), "surplus spaces"
        assert len(row.title) <= 120, row.title
        assert words.count("untuk") <= 1, row.title
        assert words.count("Barista") <= 1, row.title
        assert row.title.count(":") <= 1, row.title
        assert "Tingkat" not in row.title or row.title.count("Tingkat") == 1, row.title


def test_descriptions_follow_the_programme_s_template(courses):
    headings = (
        "Deskripsi Pelatihan", "Tujuan Umum", "Tujuan Khusus", "Pengetahuan (Knowledge)",
        "Keterampilan (Skill)", "Sikap (Attitude)", "Kelompok Sasaran", "Durasi Pelatihan",
        "Kapasitas", "Level", "Metode Pelatihan", "Jenis Sertifikat",
    )  # fmt: skip

    for row in courses:
        assert all(heading in row.description_html for heading in headings)
        assert 1_000 <= len(row.description_html) <= 3_000


def test_every_text_fits_the_code_page_of_the_csv_partner(on_sale):
    for _, row in on_sale:
        (row.title + row.institution + row.summary).encode("cp1252")
    assert any(not row.summary.isascii() for _, row in on_sale)


def test_the_same_seed_and_day_give_the_same_bytes_in_every_process():
    def digest(hash_seed):
        return subprocess.run(  # our own interpreter and text
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    first, second = digest("1"), digest("2")

    assert len(first.strip()) == 64
    assert first == second


def test_another_seed_gives_another_world(world):
    assert generate(2021, today=TODAY) != world


def test_noise_changes_the_spelling_of_some_shared_courses_and_nothing_else(world):
    def facts(row):
        fields = ("key", "course", "price", "summary", "sessions", "bookable", "url")
        return [getattr(row, name) for name in fields]

    noisy = generate(noise=True, today=TODAY)
    pairs = [(a, b) for code in world for a, b in zip(world[code], noisy[code], strict=True)]
    respelt = [(a, b) for a, b in pairs if (a.title, a.institution) != (b.title, b.institution)]
    sellers = Counter(row.course for row, _ in pairs if not row.archived)

    assert all(facts(a) == facts(b) for a, b in pairs)
    assert len(respelt) > 100
    assert all(sellers[a.course] > 1 for a, _ in respelt)


def test_noise_leaves_the_ground_truth_to_measure_joining_by():
    noisy = generate(noise=True, today=TODAY)
    rows = [row for shelf in noisy.values() for row in shelf if not row.archived]

    assert len({row.course for row in rows}) == 1_500
    assert len({(folded(row.institution), folded(row.title)) for row in rows}) > 1_600
