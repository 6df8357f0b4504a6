"""What was bought, in the words of the catalogue at that moment: what reports group by.  Pure."""

from dataclasses import dataclass

from gateway.enrolment.course_dates import UNTOLD_DATES, CourseDates, told_dates
from schema.model.values import InstitutionId, SessionId
from schema.ports import OfferingFact

_TOLD = ("institution_id", "institution_name", "category", "region_code")


@dataclass(frozen=True, slots=True)
class Goods:
    """The catalogue's facts of a purchase; a later merge or move does not change them."""

    institution_id: InstitutionId | None
    institution_name: str | None
    category: str | None
    region_code: str | None
    dates: CourseDates | None = None

    @property
    def columns(self) -> dict[str, str | None]:
        """The columns of `enrolment` that keep it."""
        told = {name: getattr(self, name) for name in _TOLD}
        return told | (self.dates.columns if self.dates else UNTOLD_DATES)


UNTOLD = Goods(None, None, None, None)


def to_goods(fact: OfferingFact, session_id: SessionId | None) -> Goods:
    """Return what an offering, and the session taken, say of themselves now."""
    listed = fact.offering.listed
    session = next((each for each in fact.offering.sessions if each.id == session_id), None)
    venue = session.venue if session else None
    return Goods(
        institution_id=fact.institution_id,
        institution_name=listed.institution,
        category=listed.category.code if listed.category else None,
        region_code=venue.region_code if venue else None,
        dates=told_dates(fact, session_id),
    )
