"""Links are operators' business: who may ask, what they see, what they decide."""

from datetime import UTC, datetime

import pytest

from schema.ids import NodeKind, to_global_id
from schema.model.links import CourseLink, LinkDecider
from schema.model.values import CourseId, OfferingId, PartnerCode
from schema.model.viewer import Role, Viewer
from tests.unit.schema.api import Api, a_learner
from tests.unit.schema.fakes import LEMBAGA, FakeLinks

pytestmark = pytest.mark.anyio

OPERATOR = Viewer(frozenset({Role.OPERATOR}), subject="rina")
LINK = CourseLink(
    offering_id=OfferingId("offering-1"),
    course_id=CourseId("course-1"),
    partner=PartnerCode("tokopedia"),
    title="Barista utk Pemula",
    institution="LKP Kopi",
    score=0.99,
    rules=("abbreviation: utk",),
    decided_by=LinkDecider.RULE,
    decided_at=datetime(2026, 3, 2, tzinfo=UTC),
    pinned=False,
)


async def test_an_operator_sees_why_offerings_are_one_course():
    api = Api(links=FakeLinks(LINK), viewer=OPERATOR)

    data = await api.ask(
        "{ courseLinks { totalCount nodes { courseId title score rules decidedBy pinned } } "
        "likelyCourses { score title otherTitle } }"
    )

    [link] = data["courseLinks"]["nodes"]
    assert link == {
        "courseId": to_global_id(NodeKind.COURSE, "course-1"),
        "title": "Barista utk Pemula",
        "score": 0.99,
        "rules": ["abbreviation: utk"],
        "decidedBy": "RULE",
        "pinned": False,
    }
    assert data["likelyCourses"] == [{"score": 0.8, "title": "Batik", "otherTitle": "Batk"}]


async def test_links_are_filtered_by_who_decided():
    api = Api(links=FakeLinks(LINK), viewer=OPERATOR)

    data = await api.ask("{ courseLinks(decidedBy: OPERATOR) { totalCount } }")

    assert data["courseLinks"]["totalCount"] == 0


@pytest.mark.parametrize(
    ("field", "named", "what"),
    [
        ("confirmCourseLink(offeringId: $id)", NodeKind.OFFERING, "confirm"),
        ("splitOffering(offeringId: $id)", NodeKind.OFFERING, "split"),
        ("mergeCourses(courseIds: [$id])", NodeKind.COURSE, "merge"),
    ],
)
async def test_an_operator_decides(field: str, named: NodeKind, what: str):
    api = Api(viewer=OPERATOR)

    data = await api.ask(
        f"mutation ($id: ID!) {{ done: {field} {{ courseId userErrors {{ code }} }} }}",
        id=to_global_id(named, "x-1"),
    )

    assert api.links.decided == [(what, ("x-1",))]
    assert (api.links.deciders, api.links.reasons) == (["rina"], [None])
    assert data["done"] == {"courseId": to_global_id(NodeKind.COURSE, "x-1"), "userErrors": []}


async def test_an_operator_merges_institutions():
    api = Api(viewer=OPERATOR)
    ids = [to_global_id(NodeKind.INSTITUTION, each) for each in ("i-1", "i-2")]

    data = await api.ask(
        "mutation ($ids: [ID!]!) { mergeInstitutions(institutionIds: $ids) { institutionId } }",
        ids=ids,
    )

    assert api.links.decided == [("merge institutions", ("i-1", "i-2"))]
    assert data["mergeInstitutions"]["institutionId"] == ids[0]


async def test_an_operator_splits_an_institution_by_its_names():
    api, institution = Api(viewer=OPERATOR), to_global_id(NodeKind.INSTITUTION, LEMBAGA.id)

    named = await api.ask(
        "query ($id: ID!) { institutionSpellings(institutionId: $id) { name own rules } }",
        id=institution,
    )
    data = await api.ask(
        'mutation ($id: ID!) { splitInstitution(institutionId: $id, name: "Lembaga Kopi Arabika") '
        "{ institutionId userErrors { code } } }",
        id=institution,
    )

    [spelling] = named["institutionSpellings"]
    assert spelling == {"name": "Lembaga Kopi Arabika", "own": False, "rules": ["asked"]}
    assert api.links.decided == [("split Lembaga Kopi Arabika", (LEMBAGA.id,))]
    assert (api.links.deciders, data["splitInstitution"]["userErrors"]) == (["rina"], [])


async def test_an_operator_sees_who_decided_what():
    api = Api(viewer=OPERATOR)

    data = await api.ask(
        "{ catalogueDecisions { nodes { kind targets by outcome about reason } } }"
    )

    assert data["catalogueDecisions"]["nodes"] == [
        {
            "kind": "OFFERING_SPLIT",
            "targets": [to_global_id(NodeKind.OFFERING, "offering-1")],
            "by": "rina",
            "outcome": to_global_id(NodeKind.COURSE, "course-1"),
            "about": None,
            "reason": "two trades",
        }
    ]


@pytest.mark.parametrize(
    ("field", "named"),
    [
        ("confirmCourseLink(offeringId: $id, reason: $reason) { courseId }", NodeKind.OFFERING),
        ("splitOffering(offeringId: $id, reason: $reason) { courseId }", NodeKind.OFFERING),
        ("mergeCourses(courseIds: [$id], reason: $reason) { courseId }", NodeKind.COURSE),
        (
            "mergeInstitutions(institutionIds: [$id], reason: $reason) { institutionId }",
            NodeKind.INSTITUTION,
        ),
        (
            'splitInstitution(institutionId: $id, name: "x", reason: $reason) { institutionId }',
            NodeKind.INSTITUTION,
        ),
    ],
)
async def test_why_an_operator_decides_is_kept_without_national_ids(field: str, named: NodeKind):
    api, id_ = Api(viewer=OPERATOR), to_global_id(named, "x-1")
    document = f"mutation ($id: ID!, $reason: String) {{ {field} }}"

    await api.ask(document, id=id_, reason=" asked by 3201010101010001 ")
    refused = await api.refused(document, OPERATOR, id=id_, reason="\n")

    assert api.links.reasons == ["asked by [16 digits]"]
    assert refused["extensions"]["code"] == "BAD_USER_INPUT"


async def test_an_id_of_another_kind_names_nothing():
    api = Api(viewer=OPERATOR)

    data = await api.ask(
        "mutation ($id: ID!) { splitOffering(offeringId: $id) { courseId userErrors { code } } }",
        id=to_global_id(NodeKind.COURSE, "x-1"),
    )

    assert data["splitOffering"] == {"courseId": None, "userErrors": [{"code": "NOT_FOUND"}]}


@pytest.mark.parametrize(
    "document",
    [
        "{ courseLinks { totalCount } }",
        "{ likelyCourses { score } }",
        'mutation { confirmCourseLink(offeringId: "x") { courseId } }',
        'mutation { splitOffering(offeringId: "x") { courseId } }',
        'mutation { mergeCourses(courseIds: ["x"]) { courseId } }',
        'mutation { mergeInstitutions(institutionIds: ["x"]) { institutionId } }',
        'mutation { splitInstitution(institutionId: "x", name: "y") { institutionId } }',
        '{ institutionSpellings(institutionId: "x") { name } }',
        "{ catalogueDecisions { totalCount } }",
    ],
)
async def test_nobody_else_asks_or_decides(document: str):
    api = Api()

    anonymous = await api.refused(document)
    learner = await api.refused(document, a_learner())

    assert anonymous["extensions"]["code"] == "UNAUTHENTICATED"
    assert learner["extensions"]["code"] == "FORBIDDEN"
    assert api.links.decided == []
