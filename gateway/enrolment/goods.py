"""What was bought, in the words of the catalogue at that moment: what reports group by.  Pure."""

from dataclasses import dataclass

from schema.model.values import InstitutionId, SessionId
from schema.ports import OfferingFact


@dataclass(frozen=True, slots=True)
class Goods:
    """The catalogue's facts of a purchase; a later merge or move does not change them."""

    institution_id: InstitutionId | None
    institution_name: str | None
    category: str | None
    region_code: str | None

    @property
    def columns(self) -> dict[str, str | None]:
        """The columns of `enrolment` that keep it."""
        return {
            "institution_id": self.institution_id,
            "institution_name": self.institution_name,
            "category": self.category,
            "region_code": self.region_code,
        }


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
    )
