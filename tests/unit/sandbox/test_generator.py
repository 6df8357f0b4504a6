"""What the sandbox's catalogue promises: the demo's numbers, and the same for the same seed."""

import os
import subprocess
import sys
from collections import Counter, defaultdict

import pytest

from adapters.sandbox.generator import generate
from adapters.sandbox.secrets import SANDBOX_PARTNERS
from adapters.sandbox.words import load_vocabulary
from schema.model.values import DeliveryMode, folded
from tests.unit.sandbox.conftest import TODAY

DIGEST = """
import hashlib, datetime
from adapters.sandbox.generator import generate
world = generate(7, noise=True, today=datetime.date(2026, 11, 24))
print(hashlib.sha256(repr(world).encode()).hexdigest())
"""


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


def test_only_skill_academy_lists_archived_courses_and_they_are_nobody_else_s(world, courses):
    archived = [(code, row) for code, shelf in world.items() for row in shelf if row.archived]

    assert {code for code, _ in archived} == {"skill_academy"}
    assert not {row.course for _, row in archived} & {row.course for row in courses}
    assert not {row.title for _, row in archived} & {row.title for row in courses}


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
