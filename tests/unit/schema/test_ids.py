"""Global ids: what goes in comes out, and nothing else does."""

import base64
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.ids import NodeKind, from_global_id, plain_id, to_global_id
from schema.model.values import derived_id

PRINTABLE = st.text(min_size=1, max_size=80).filter(str.isprintable)


@given(kind=st.sampled_from(NodeKind), plain=PRINTABLE)
def test_a_global_id_names_what_it_was_made_of(kind, plain):
    made = to_global_id(kind, plain)

    assert from_global_id(made) == (kind, plain)
    assert set(made) <= set(base64.urlsafe_b64encode(bytes(range(256))).decode() + "-_")
    assert "=" not in made


@given(st.text())
def test_any_text_is_an_answer_and_no_error(text):
    named = from_global_id(text)

    assert named is None or to_global_id(*named) == text


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param("", id="empty"),
        pytest.param("7", id="one-letter"),
        pytest.param("Course:7", id="not-encoded"),
        pytest.param("día", id="not-ascii"),
        pytest.param(encoded(b"Course:"), id="names-nothing"),
        pytest.param(encoded(b"Tokopedia:7"), id="unknown-kind"),
        pytest.param(encoded(b"course:7"), id="wrong-case"),
        pytest.param(encoded(b"Course:\xff"), id="not-utf-8"),
        pytest.param(encoded(b"Course:7\x00"), id="nul"),
        pytest.param(to_global_id(NodeKind.COURSE, "7") + "=", id="padded"),
        pytest.param(to_global_id(NodeKind.COURSE, "7") + "\n", id="line-end"),
        pytest.param(to_global_id(NodeKind.COURSE, "7" * 2000), id="too-long"),
    ],
)
def test_a_forged_id_names_nothing(forged):
    assert from_global_id(forged) is None


def test_an_id_of_another_kind_is_not_this_one():
    offering = to_global_id(NodeKind.OFFERING, "7")

    assert plain_id(NodeKind.OFFERING, offering) == "7"
    assert plain_id(NodeKind.COURSE, offering) is None


@given(st.text(), st.sampled_from(["offering", "session", "course"]), st.text())
def test_a_derived_id_is_the_uuid_that_the_standard_library_makes(owner: str, kind: str, key: str):
    namespace = UUID("6d697472-6100-5000-8000-000000000001")

    assert derived_id(owner, kind, key) == str(uuid5(namespace, f"{owner}|{kind}|{key}"))
