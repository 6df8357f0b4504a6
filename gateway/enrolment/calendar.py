"""The programme's days: in Asia/Jakarta, whatever the servers' clocks call them.  Pure."""

from datetime import UTC, date, datetime, time, timedelta

from gateway.enrolment.learners import PROGRAMME_ZONE


def day_of(moment: datetime) -> date:
    """Return the programme's day at a moment."""
    return moment.astimezone(PROGRAMME_ZONE).date()


def start_of(day: date) -> datetime:
    """Return the moment at which a day of the programme begins."""
    return datetime.combine(day, time(), PROGRAMME_ZONE).astimezone(UTC)


def bounds_of(day: date) -> tuple[datetime, datetime]:
    """Return when a day of the programme begins and when the next one does."""
    return start_of(day), start_of(day + timedelta(days=1))
