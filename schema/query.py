"""The read side of the API.  A resolver asks a port and presents the answer."""

from collections.abc import Sequence
from typing import Annotated

import strawberry
from strawberry import UNSET

from schema import ports
from schema.changes import ChangesQuery
from schema.context import Info
from schema.errors import bad_user_input
from schema.ids import NodeKind, plain_id
from schema.model import catalogue as records
from schema.model.enrolment import Enrolment as EnrolmentRecord
from schema.model.values import CourseId, EnrolmentId, PartnerCode
from schema.model.viewer import Learner as LearnerRecord
from schema.nodes import load_enrolment, load_node, viewing_learner
from schema.operators.blocks import BlockQuery
from schema.operators.decisions import DecisionQuery
from schema.operators.held import HeldQuery
from schema.operators.learners import LearnerQuery
from schema.operators.links import LinkQuery
from schema.operators.reconciliation import ReconciliationQuery
from schema.operators.reports import ReportQuery
from schema.operators.reviews import ReviewQuery
from schema.operators.search import SearchQuery
from schema.paging import (
    DEFAULT_SIZE,
    MAX_SIZE,
    After,
    Before,
    First,
    Last,
    checked_cursors,
    to_window,
)
from schema.types.catalogue import (
    Course,
    CourseConnection,
    CourseSlice,
    Institution,
    MaxAge,
    answer,
    reader_of,
    to_oldest,
)
from schema.types.connections import Connection
from schema.types.described import argument
from schema.types.enrolments import Enrolment, Learner
from schema.types.node import Node
from schema.types.partners import Partner
from schema.types.search import CourseFilter, to_filter, to_search
from schema.verdicts import VerdictQuery

SearchText = Annotated[str | None, argument("Words to look for, at most 200 characters.")]


@strawberry.type(description="Entry points for reading.")
class Query(
    HeldQuery,
    ChangesQuery,
    LinkQuery,
    DecisionQuery,
    BlockQuery,
    SearchQuery,
    ReconciliationQuery,
    ReportQuery,
    VerdictQuery,
    LearnerQuery,
    ReviewQuery,
):
    """The query root."""

    @strawberry.field(
        description="Find anything again by its id; null if it is not there or not the viewer's.",
        graphql_type=Node | None,
    )
    async def node(
        self, info: Info, global_id: Annotated[strawberry.ID, argument("Its id.", name="id")]
    ) -> object | None:
        """Find anything again by its id."""
        return await load_node(info.context, global_id)

    @strawberry.field(
        description=f"Find up to {MAX_SIZE} things again, in the order asked for; null for each "
        "that is not there.",
        graphql_type=list[Node | None],
    )
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], argument("Their ids.")]
    ) -> list[object | None]:
        """Find several things again by their ids."""
        if len(ids) > MAX_SIZE:
            raise bad_user_input(f"`ids` takes at most {MAX_SIZE} ids, not {len(ids)}; split them")
        return [await load_node(info.context, each) for each in ids]

    @strawberry.field(
        description="One course, withdrawn ones too; null if there never was one with this id.",
        graphql_type=Course | None,
    )
    def course(
        self, info: Info, global_id: Annotated[strawberry.ID, argument("Its id.", name="id")]
    ) -> records.Course | None:
        """Return one course."""
        course_id = plain_id(NodeKind.COURSE, global_id)
        return None if course_id is None else info.context.catalogue.course(CourseId(course_id))

    @strawberry.field(
        description="The courses that match, from every partner, one entry per course.",
        graphql_type=CourseConnection,
    )
    def courses(  # noqa: PLR0913 - the contract's arguments
        self,
        info: Info,
        *,
        search: SearchText = UNSET,
        course_filter: Annotated[
            CourseFilter | None, argument("What a course must be; null for any.", name="filter")
        ] = UNSET,
        max_age: MaxAge = UNSET,
        sort: Annotated[
            ports.CourseSort | None, argument("In which order.")
        ] = ports.CourseSort.RELEVANCE,
        first: First = DEFAULT_SIZE,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> CourseSlice:
        """Search the catalogue."""
        query = ports.CourseQuery(
            search=to_search(search),
            filter=to_filter(course_filter),
            sort=sort or ports.CourseSort.RELEVANCE,
        )
        window, oldest = to_window(first, after, last, before), to_oldest(max_age, info)
        with checked_cursors():
            return answer(query, reader_of(oldest, info).courses(query, window), oldest)

    @strawberry.field(
        description="The institutions that have courses, by name.",
        graphql_type=Connection[Institution],
    )
    def institutions(
        self,
        info: Info,
        *,
        search: SearchText = UNSET,
        first: First = UNSET,
        after: After = UNSET,
        last: Last = UNSET,
        before: Before = UNSET,
    ) -> ports.Slice[records.Institution]:
        """List the institutions."""
        window = to_window(first, after, last, before)
        with checked_cursors():
            return info.context.catalogue.institutions(to_search(search), window)

    @strawberry.field(
        description="Every partner, and how each stands now.", graphql_type=list[Partner]
    )
    def partners(self, info: Info) -> Sequence[records.PartnerStatus]:
        """List the partners."""
        return info.context.partners.statuses()

    @strawberry.field(
        description="One partner; null if there is none with this code.",
        graphql_type=Partner | None,
    )
    def partner(
        self, info: Info, code: Annotated[str, argument('Its stable code, such as "tokopedia".')]
    ) -> records.PartnerStatus | None:
        """Return one partner."""
        return info.context.partners.status(PartnerCode(code))

    @strawberry.field(
        description="The viewer as a learner; null when the viewer is not one.",
        graphql_type=Learner | None,
    )
    def me(self, info: Info) -> LearnerRecord | None:
        """Return the viewer as a learner."""
        return viewing_learner(info.context)

    @strawberry.field(
        description="One enrolment; null when it is not there or not the viewer's to see.",
        graphql_type=Enrolment | None,
    )
    async def enrolment(
        self, info: Info, global_id: Annotated[strawberry.ID, argument("Its id.", name="id")]
    ) -> EnrolmentRecord | None:
        """Return one enrolment of the viewer's."""
        enrolment_id = plain_id(NodeKind.ENROLMENT, global_id)
        if enrolment_id is None:
            return None
        return await load_enrolment(info.context, EnrolmentId(enrolment_id))
