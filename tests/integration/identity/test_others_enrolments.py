"""Nobody reads another's enrolment by any path: it is as if there were none, and costs the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from graphql import ExecutionResult
from sqlalchemy import event

from gateway.enrolment.cancelling import Cancellations
from gateway.enrolment.learners import DevelopmentLearners
from gateway.enrolment.progress import ProgressDesk
from gateway.enrolment.reviews import ReviewDesk
from gateway.enrolment.service import EnrolmentService
from gateway.enrolment.watching import EnrolmentWatch
from gateway.execution.engine import Engine, Question, RefusedError
from gateway.storage.engine import Database
from schema.context import Context
from schema.ids import NodeKind, to_global_id
from schema.model.values import LearnerId, PartnerCode
from schema.model.viewer import Role, Viewer
from tests.databases import SqliteTemplates
from tests.integration.enrolment.builders import Clock, Shelf, several_at_a_time
from tests.unit.schema.api import Api

pytestmark = pytest.mark.anyio

ANI, BUDI = (
    Viewer(frozenset({Role.LEARNER}), LearnerId(name), subject=name) for name in ("ani", "budi")
)
OTHERS = {
    "budi": BUDI,
    "nobody": Viewer(),
    "a partner": Viewer(frozenset({Role.PARTNER}), subject="p", partner=PartnerCode("tokopedia")),
    "an operator": Viewer(frozenset({Role.OPERATOR}), subject="o"),
}
DEEP = "id status reference events { at cause } progress { redeemedAt } price { amount }"
FRAGMENT = f"fragment E on Enrolment {{ __typename {DEEP} }}"
PATHS = {
    "enrolment": f"query ($id: ID!) {{ enrolment(id: $id) {{ {DEEP} }} }}",
    "node": f"query ($id: ID!) {{ node(id: $id) {{ id ...E }} }} {FRAGMENT}",
    "nodes": f"query ($id: ID!) {{ nodes(ids: [$id]) {{ id ...E }} }} {FRAGMENT}",
    "cancelling": """mutation ($id: ID!) {
      cancelEnrolment(input: { enrolmentId: $id, idempotencyKey: "k-%s" }) {
        enrolment { id } userErrors { code message field }
      }
    }""",
    "rating": """mutation ($id: ID!) {
      rateEnrolment(input: { enrolmentId: $id, rating: 5 }) {
        enrolment { id } userErrors { code message field }
      }
    }""",
    "subscription": "subscription ($id: ID!) { enrolmentChanged(id: $id) { id status } }",
}


class QuietWatch(EnrolmentWatch):
    """Answers who begins to follow, and looks for no changes: a look has no fixed time."""

    async def _keep_looking(self) -> None:
        """Do nothing."""


class Programme:
    """The schema over a real ledger in which Ani has an enrolment."""

    def __init__(self, ledger: Database) -> None:
        clock, shelf = Clock(), Shelf()
        self.ledger = ledger
        self.offering = shelf.put("kopi")
        learners = DevelopmentLearners(ledger, clock)
        self.service = EnrolmentService(
            ledger, shelf, learners, now=clock, rules=several_at_a_time()
        )
        self.desks: dict[str, Any] = {
            "enrolments": self.service,
            "cancellations": Cancellations(ledger, shelf, now=clock, rules=several_at_a_time()),
            "progress": ProgressDesk(ledger, now=clock),
            "watch": QuietWatch(ledger),
            "reviews": ReviewDesk(ledger, now=clock),
        }
        self.api = Api()
        self.engine = Engine(self.api.schema)
        self.statements: list[str] = []

    def context(self, viewer: Viewer) -> Context:
        return replace(self.api.context(viewer), **self.desks)

    async def ask(self, document: str, viewer: Viewer, **variables: Any) -> dict[str, Any]:
        """Return an answer as a client sees it; of a subscription, the first."""
        prepared = self.engine.prepare(Question(document, variables=variables))
        context = self.context(viewer)
        if prepared.kind.value != "subscription":
            return shown(await self.engine.run(prepared, context))
        try:
            results = await self.engine.subscribe(prepared, context, lambda: context)
            first = await anext(aiter(results))
            await results.aclose()  # type: ignore[attr-defined]
            return shown(first)
        except RefusedError as exc:
            return {"errors": [dict(error.formatted) for error in exc.errors]}

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """Give the statements that are sent to the ledger meanwhile."""
        sent: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            sent.append(statement)

        engines = {self.ledger.engine, self.ledger._read_engine}
        for engine in engines:
            event.listen(engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            for engine in engines:
                event.remove(engine, "before_cursor_execute", note)


def shown(result: ExecutionResult) -> dict[str, Any]:
    told: dict[str, Any] = {"data": result.data}
    if result.errors:
        told["errors"] = [dict(error.formatted) for error in result.errors]
    return told


@pytest.fixture(scope="module")
def ledger(sqlite_templates: SqliteTemplates) -> Iterator[Database]:
    database = sqlite_templates.open("ledger")
    yield database
    database.close()


@pytest.fixture
async def programme(ledger: Database) -> Programme:
    return Programme(ledger)


ENROL = """mutation ($offering: ID!, $key: String!) {
  enrol(input: { offeringId: $offering, idempotencyKey: $key }) {
    enrolment { id } userErrors { code message }
  }
}"""


async def enrolled(programme: Programme, viewer: Viewer = ANI, key: str = "ani-1") -> str:
    offering = to_global_id(NodeKind.OFFERING, programme.offering.id)
    answer = await programme.ask(ENROL, viewer, offering=offering, key=key)
    return str(answer["data"]["enrol"]["enrolment"]["id"])


@pytest.mark.parametrize("path", list(PATHS))
async def test_anothers_is_as_if_it_never_was(path: str, programme: Programme):
    theirs = await enrolled(programme)
    never = to_global_id(NodeKind.ENROLMENT, str(uuid4()))
    document = PATHS[path]

    for who, viewer in OTHERS.items():
        seen = []
        for number, wanted in enumerate((never, theirs, never, theirs)):  # the first two warm up
            asked = document % f"{who}-{number}" if "%s" in document else document
            with programme.counted() as statements:
                answer = await programme.ask(asked, viewer, id=wanted)
            seen.append((answer, [statement.split(None, 1)[0] for statement in statements]))
        assert seen[2] == seen[3], who
        assert theirs not in str(seen)


async def test_ani_herself_sees_it_by_each_path(programme: Programme):
    hers = await enrolled(programme)

    for path in ("enrolment", "node", "nodes", "subscription"):
        assert hers in str(await programme.ask(PATHS[path], ANI, id=hers))


MINE = """query ($after: String) {
  me { enrolments(first: 5, after: $after) { totalCount nodes { id } edges { cursor } } }
}"""


async def test_anothers_cursor_leads_to_nothing_of_theirs(programme: Programme):
    theirs = await enrolled(programme)
    own = await programme.ask(MINE, ANI)
    [edge] = own["data"]["me"]["enrolments"]["edges"]

    answer = await programme.ask(MINE, BUDI, after=edge["cursor"])

    assert theirs not in str(answer)
    page = (answer["data"] or {}).get("me")
    assert page is None or page["enrolments"]["totalCount"] == 0


async def test_anothers_key_is_a_key_of_ones_own(programme: Programme):
    theirs = await enrolled(programme)

    ours = await enrolled(programme, BUDI, key="ani-1")

    assert ours != theirs


async def test_nobody_finds_out_who_is_a_learner(programme: Programme):
    await enrolled(programme)
    document = "query ($id: ID!) { node(id: $id) { id } }"

    for viewer in OTHERS.values():
        for name in ("ani", "nobody-of-this-name"):
            asked = to_global_id(NodeKind.LEARNER, name)
            with programme.counted() as statements:
                answer = await programme.ask(document, viewer, id=asked)
            assert (answer, statements) == ({"data": {"node": None}}, [])
