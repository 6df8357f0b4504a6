"""What a webhook's body says, whoever wrote it."""

import json
from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.enrolment.attending import AttendanceReport
from gateway.enrolment.hearing import Said
from gateway.enrolment.partner_reports import PartnerReport
from gateway.webhooks.events import BadEventError, to_event, to_reference
from schema.model.values import PartnerCode

TOKOPEDIA = PartnerCode("tokopedia")
AT = "2020-04-11T09:00:00+07:00"


def a_body(kind: str = "enrolment.confirmed", at: str = AT, **data: object) -> bytes:
    told = {"reference": "mitra-1", **data}
    return json.dumps({"type": kind, "timestamp": at, "data": told}).encode()


@pytest.mark.parametrize("said", list(Said))
def test_every_saying_has_its_type(said: Said):
    event = to_event(TOKOPEDIA, a_body(f"enrolment.{said}", version=3, reason="FULL"))

    assert isinstance(event, PartnerReport)
    assert (event.status, event.version, event.reason) == (said, 3, "FULL")
    assert event.occurred_at == datetime.fromisoformat(AT)


def test_a_meeting_is_a_report_of_attendance():
    event = to_event(TOKOPEDIA, a_body("enrolment.attended", meeting=2, attended=False))

    assert isinstance(event, AttendanceReport)
    assert (event.attendance.meeting, event.attendance.attended) == (2, False)


def test_types_and_fields_that_we_do_not_know_are_passed_over():
    assert to_event(TOKOPEDIA, a_body("ping", reference=7)) is None
    assert to_event(TOKOPEDIA, a_body(colour="red")) is not None


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{}", b"\xff", b'{"type":' + b"[" * 50_000,
        a_body(reference=None), a_body(reference=7), a_body(version="3"),
        a_body(at="2020-04-11T09:00:00"), a_body(at="tomorrow"), a_body(at="0001-01-01T00:00:00Z"),
        a_body("enrolment.attended"), a_body().replace(b'"data"', b'"date"'),
    ],
)  # fmt: skip
def test_what_is_no_event_is_refused_without_repeating_it(body: bytes):
    with pytest.raises(BadEventError) as caught:
        to_event(TOKOPEDIA, body)

    assert "mitra-1" not in str(caught.value)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_an_event_or_a_bad_one(body: bytes):
    with suppress(BadEventError):
        to_event(TOKOPEDIA, body)
    to_reference(body, "data.reference")


def test_where_an_unsigned_body_names_the_reference_is_the_partners_choice():
    body = json.dumps({"order": {"ref": "mitra-9"}, "data": {"reference": 5}}).encode()

    assert to_reference(body, "order.ref") == "mitra-9"
    assert to_reference(body, "data.reference") is None
    assert to_reference(body, "order.ref.x") is None
