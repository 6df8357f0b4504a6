"""Fields are counted before any mapping reads them, however wild the rows."""

import pytest

from adapters.fields import MOST_FIELDS, NAME_LENGTH, count_fields
from adapters.parsing import page
from tests.catalogue import an_offering


def counted(*rows: dict) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        count_fields(counts, row)
    return counts


def test_each_field_that_says_something_is_counted():
    assert counted({"id": 1, "title": "A", "stock": 0}, {"id": 2, "free": False}) == {
        "id": 2,
        "title": 1,
        "stock": 1,
        "free": 1,
    }


@pytest.mark.parametrize("blank", [None, "", [], {}, ()])
def test_a_blank_field_says_nothing(blank):
    assert counted({"id": 1, "title": blank}) == {"id": 1}


def test_fields_of_an_object_are_counted_one_level_down():
    row = {"price": {"amount": 5, "tax": None, "deep": {"deeper": 1}}}

    assert counted(row) == {"price": 1, "price.amount": 1, "price.deep": 1}


def test_rows_keyed_by_id_do_not_fill_the_memory():
    rows = ({"id": n, f"key-{n}": n} for n in range(2 * MOST_FIELDS))

    counts = counted(*rows)

    assert len(counts) == MOST_FIELDS
    assert counts["id"] == 2 * MOST_FIELDS


def test_names_are_cut_and_need_not_be_text():
    assert counted({"x" * 500: 1, 7: 1}) == {"x" * NAME_LENGTH: 1, "7": 1}


def test_a_page_counts_rows_that_cannot_be_read_too():
    def read(row: dict):
        return an_offering(str(row["id"]), row["title"])

    found = page([{"id": 1, "title": "A"}, {"id": 2, "name": "B"}, "junk"], read)

    assert len(found.rejections) == 2
    assert found.fields == {"id": 2, "title": 1, "name": 1}
