"""Attendance is what was told last, of what is booked, by the partner that has it."""

from datetime import timedelta

import pytest

from gateway.enrolment.attending import AttendanceReport
from gateway.enrolment.hearing import Said
from gateway.enrolment.partner_reports import BadReportError
from gateway.enrolment.progress import ProgressDesk
from schema.model.progress import Attendance
from schema.model.values import PartnerCode, Reference
from tests.integration.enrolment.builders import PARTNER, Programme
from tests.integration.enrolment.delivering import reported, sent
from tests.integration.enrolment.scripted import decides_later

pytestmark = pytest.mark.anyio


async def test_attendance_is_what_was_told_last_whenever_it_arrives(programme: Programme):
    desk = ProgressDesk(programme.database, now=programme.clock)
    record = await sent(programme)
    now = programme.clock()

    for meeting, attended, minutes in [(2, True, 0), (1, True, -5), (1, False, -9), (2, False, 0)]:
        word = Attendance(meeting, attended, now + timedelta(minutes=minutes))
        assert await desk.record_attendance(AttendanceReport(PARTNER, record.reference, word))

    found = await desk.read_attendance(record.id)
    assert [(each.meeting, each.attended) for each in found] == [(1, True), (2, True)]


async def test_attendance_at_nothing_that_is_booked_is_not_recorded(programme: Programme):
    desk = ProgressDesk(programme.database, now=programme.clock)
    pending = await sent(programme, decides_later)
    word = Attendance(1, attended=True, occurred_at=programme.clock())

    known = [
        await desk.record_attendance(AttendanceReport(PARTNER, Reference(reference), word))
        for reference in (pending.reference, "mitra-?")
    ]

    assert known == [False, False]
    meeting = Attendance(0, attended=True, occurred_at=programme.clock())
    with pytest.raises(BadReportError):
        await desk.record_attendance(AttendanceReport(PARTNER, pending.reference, meeting))


async def test_attendance_that_is_told_too_early_waits_for_its_enrolment(programme: Programme):
    desk = programme.progress
    record = await sent(programme, decides_later)
    now = programme.clock()
    words = [(1, True, 0), (1, False, -5), (2, False, -3), (2, True, -1)]
    for meeting, attended, minutes in words:
        word = Attendance(meeting, attended, now + timedelta(minutes=minutes))
        assert not await desk.record_attendance(AttendanceReport(PARTNER, record.reference, word))
    await programme.timekeeper.look()
    too_early = await desk.read_attendance(record.id)
    await reported(programme, record, Said.CONFIRMED)

    await programme.timekeeper.look()
    again = await desk.take_parked()

    found = await desk.read_attendance(record.id)
    assert too_early == []
    assert [(each.meeting, each.attended) for each in found] == [(1, True), (2, True)]
    assert again == 0


async def test_attendance_of_another_partners_reference_stays_parked(programme: Programme):
    record = await sent(programme)
    word = Attendance(1, attended=True, occurred_at=programme.clock())
    report = AttendanceReport(PartnerCode("bukalapak"), record.reference, word)

    assert not await programme.progress.record_attendance(report)
    assert await programme.progress.take_parked() == 0
    assert await programme.progress.read_attendance(record.id) == []
