"""Finding a thing again by its global id, for `node` and `nodes`."""

from schema.context import Context
from schema.ids import NodeKind, from_global_id
from schema.model.enrolment import Enrolment
from schema.model.values import (
    CourseId,
    EnrolmentId,
    InstitutionId,
    OfferingId,
    PartnerCode,
    SessionId,
)
from schema.model.viewer import Learner


async def load_node(context: Context, global_id: str) -> object | None:
    """Return the record that `global_id` names, if it exists and the viewer may see it."""
    named = from_global_id(global_id)
    if named is None:
        return None
    kind, plain = named
    if kind is NodeKind.ENROLMENT:
        return await load_enrolment(context, EnrolmentId(plain))
    if kind is NodeKind.LEARNER:
        learner = viewing_learner(context)
        return learner if learner and learner.id == plain else None
    return _find_public(context, kind, plain)


async def load_enrolment(context: Context, enrolment_id: EnrolmentId) -> Enrolment | None:
    """Return an enrolment of the viewer's own."""
    learner = viewing_learner(context)
    if learner is None:
        return None
    return await context.enrolments.read_enrolment(learner.id, enrolment_id)


def viewing_learner(context: Context) -> Learner | None:
    """Return the viewer as a learner, or None for anybody else."""
    return None if context.viewer.learner is None else Learner(context.viewer.learner)


def _find_public(context: Context, kind: NodeKind, plain: str) -> object | None:
    match kind:
        case NodeKind.COURSE:
            return context.catalogue.course(CourseId(plain))
        case NodeKind.OFFERING:
            return context.catalogue.offering(OfferingId(plain))
        case NodeKind.SESSION:
            return context.catalogue.session(SessionId(plain))
        case NodeKind.INSTITUTION:
            return context.catalogue.institution(InstitutionId(plain))
        case NodeKind.PARTNER:
            return context.partners.status(PartnerCode(plain))
        case _:
            return None
