"""Public codes: derived from ids, found again by a range of ids, however they are written."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.model.codes import ids_of_code, is_code_of, public_code, to_ulid
from schema.model.values import derived_id

IDS = st.text().map(lambda key: derived_id("tokopedia", "offering", key))


@given(IDS)
def test_a_code_finds_its_id(offering_id: str):
    code = public_code(offering_id)

    lowest, highest = ids_of_code(code) or ("", "")

    assert lowest <= offering_id <= highest
    assert is_code_of(code.lower(), offering_id)


@given(IDS, IDS)
def test_another_things_code_does_not(one: str, other: str):
    assert is_code_of(public_code(one), other) is (one[:13] == other[:13])


@pytest.mark.parametrize("text", ["", "7K", "U" * 10, "Z" * 10, "7" * 11, "ab*defghij", "٣" * 10])
def test_what_is_no_code_names_nothing(text: str):
    assert ids_of_code(text) is None


def test_letters_that_look_like_digits_are_read_as_digits():
    assert ids_of_code("0101010101") == ids_of_code("oiOlOIolOL".replace("I", "L"))


def test_ulids_sort_by_time():
    early, late = datetime(2020, 4, 11, tzinfo=UTC), datetime(2020, 4, 11, 0, 0, 1, tzinfo=UTC)

    assert to_ulid(early, 2**80 - 1) < to_ulid(late, 0)
    assert len(to_ulid(late, 0)) == 26
    assert to_ulid(datetime.fromtimestamp(1_469_918_176.385, UTC), 0)[:10] == "01ARYZ6S41"
