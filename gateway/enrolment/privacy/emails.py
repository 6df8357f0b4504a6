"""E-mail addresses that courses are attended under, as keyed digests alone.

One address attends a course once; the address itself is never stored.
"""

import hmac
import unicodedata

from sqlalchemy import Connection, delete, insert, select, tuple_

from gateway.enrolment.privacy.keyring import Keyring
from gateway.storage.ledger_tables import enrolment
from gateway.storage.partner_api_tables import course_email
from schema.model.values import CourseId, EnrolmentId, LearnerId


def take_email(
    connection: Connection,
    keyring: Keyring,
    email: str,
    course: CourseId,
    enrolment_id: EnrolmentId,
) -> bool:
    """Mark an address as that of an enrolment in a course; False if it is another's there.

    Raises `IntegrityError` if two take it at the same time.
    """
    said = b"mitra course email " + unicodedata.normalize("NFKC", email).strip().casefold().encode()
    marks = {version: hmac.digest(key, said, "sha256") for version, key in keyring.keys.items()}
    column = course_email.c
    owners = connection.execute(
        select(column.enrolment_id).where(
            column.course_id == course,
            tuple_(column.key_version, column.digest).in_(list(marks.items())),
        )
    ).scalars()
    if (owner := next(iter(owners), None)) is not None:
        return bool(owner == enrolment_id)
    current = keyring.current
    row = {"course_id": course, "key_version": current, "digest": marks[current]}
    connection.execute(insert(course_email).values(**row, enrolment_id=enrolment_id))
    return True


def forget_emails(connection: Connection, learner: LearnerId) -> None:
    """Forget the addresses of a learner's enrolments: they are free again."""
    mine = select(enrolment.c.id).where(enrolment.c.learner_id == learner)
    connection.execute(delete(course_email).where(course_email.c.enrolment_id.in_(mine)))
