"""What subscribed systems are told, and what they are not."""

import json
from datetime import UTC, datetime

import pytest

from gateway.webhooks.payloads import UnknownEventError, to_body, to_statuses
from schema.model.enrolment import Actor, EnrolmentEvent, EnrolmentStatus
from schema.model.progress import FeedEvent
from schema.model.values import CourseId, EnrolmentId, PartnerCode, Reference

EVENT = FeedEvent(
    number=7,
    enrolment_id=EnrolmentId("e-1"),
    reference=Reference("mitra-e-1"),
    partner=PartnerCode("tokopedia"),
    course_id=CourseId("c-1"),
    event=EnrolmentEvent(
        at=datetime(2020, 4, 11, 9, 0, tzinfo=UTC),
        before=EnrolmentStatus.SUBMITTING,
        after=EnrolmentStatus.REJECTED,
        actor=Actor.PARTNER,
        cause="the partner refused: Siti, 3174012304950001",
    ),
)


def test_an_event_is_told_in_opaque_references_alone():
    assert json.loads(to_body(EVENT)) == {
        "type": "enrolment.rejected",
        "timestamp": "2020-04-11T09:00:00Z",
        "data": {
            "number": 7, "enrolment": "e-1", "reference": "mitra-e-1", "partner": "tokopedia",
            "course": "c-1", "before": "SUBMITTING", "after": "REJECTED", "actor": "PARTNER",
        },
    }  # fmt: skip
    assert b"Siti" not in to_body(EVENT)


def test_types_are_chosen_by_name():
    assert to_statuses([]) == to_statuses(["enrolment.*", "enrolment.active"]) == []
    assert to_statuses(["enrolment.confirmed"]) == [EnrolmentStatus.CONFIRMED]
    with pytest.raises(UnknownEventError, match=r"enrolment\.in_doubt"):
        to_statuses(["enrolment.danced"])
