"""A course is begun, ended and rated: once, when it has ended, by the learner alone."""

import pytest

from gateway.enrolment.hearing import Said
from gateway.enrolment.progress import ProgressDesk
from schema.model.enrolment import EnrolmentStatus
from schema.model.progress import RateRequest, RatingErrorCode
from schema.model.values import LearnerId
from tests.integration.enrolment.builders import SITI, Programme
from tests.integration.enrolment.delivering import reported, sent

pytestmark = pytest.mark.anyio
S = EnrolmentStatus


@pytest.mark.parametrize(
    ("end", "status"), [(Said.COMPLETED, S.COMPLETED), (Said.NOT_PASSED, S.NOT_PASSED)]
)
async def test_a_course_is_begun_ended_and_rated(programme: Programme, end: Said, status):
    desk = ProgressDesk(programme.database, now=programme.clock)
    record = await sent(programme)
    begun_at = programme.clock()
    await reported(programme, record, Said.REDEEMED, 1)
    begun = await programme.read(record)
    programme.clock.advance(days=9)
    await reported(programme, record, end, 2, certificate_reference="CERT-1")

    outcome = await desk.rate(RateRequest(SITI, record.id, 4))

    assert begun.status is S.ACTIVE
    assert outcome.refusals == ()
    assert outcome.enrolment.status is status
    progress = await desk.read_progress(record.id)
    assert (progress.redeemed_at, progress.completed_at) == (begun_at, programme.clock())
    assert (progress.certificate_reference, progress.rating) == ("CERT-1", 4)
    assert progress.rated_at == programme.clock()


async def test_a_rating_is_given_once_and_by_the_learner_alone(programme: Programme):
    desk = ProgressDesk(programme.database, now=programme.clock)
    record = await sent(programme)
    early = await desk.rate(RateRequest(SITI, record.id, 4))
    await reported(programme, record, Said.COMPLETED, 1)

    outcomes = [
        await desk.rate(RateRequest(LearnerId(learner), record.id, rating))
        for learner, rating in [("budi", 4), ("siti", 0), ("siti", 4), ("siti", 4), ("siti", 1)]
    ]

    assert [each.code for each in early.refusals] == [RatingErrorCode.NOT_FINISHED]
    assert [[each.code for each in outcome.refusals] for outcome in outcomes] == [
        [RatingErrorCode.NOT_FOUND], [RatingErrorCode.INVALID_VALUE], [], [],
        [RatingErrorCode.ALREADY_RATED],
    ]  # fmt: skip
    assert (await desk.read_progress(record.id)).rating == 4
