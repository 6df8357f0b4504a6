"""How often an answer asks a database and a partner: a table of rules, on real databases.

Public lists are answered from memory: no SQL and no partner.  Long descriptions are read in one
go, however many courses are asked for theirs.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse
from sqlalchemy import Engine as SqlEngine
from sqlalchemy import event

from adapters.errors import PartnerUnavailableError
from gateway.app import Gateway
from gateway.catalogue.sync import CatalogueSync
from gateway.execution.engine import Engine, Question
from gateway.execution.limits import DEFAULT_LIMITS
from gateway.partners.calls import PartnerCalls
from gateway.settings import Profile, Settings
from schema.build import build_schema
from schema.ids import NodeKind, to_global_id
from schema.model.catalogue import Session, Venue
from schema.model.values import LearnerId, RemoteId
from schema.model.viewer import ANONYMOUS, Role, Viewer
from schema.ports import CourseQuery, Window
from tests.catalogue import TOKOPEDIA, ScriptedPartner, an_offering
from tests.published import documents

pytestmark = pytest.mark.anyio

SITI = Viewer(frozenset({Role.LEARNER}), LearnerId("siti"), "siti")
MANY = 30
START = datetime.now(UTC) + timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Rule:
    """What one answer may take at most: a transaction is one trip to a database."""

    transactions: int = 0
    statements: int = 0
    partner_calls: int = 0
    viewer: Viewer = ANONYMOUS
    variables: dict[str, Any] = field(default_factory=dict)


FROM_MEMORY = Rule()
ENROLLING = Rule(7, 18, viewer=SITI)  # the first time a learner does it
PUBLISHED = {
    "README-1": FROM_MEMORY,
    "README-2": FROM_MEMORY,
    "asking-1": FROM_MEMORY,
    "asking-2": Rule(partner_calls=1, variables={"id": "offering"}),
    "asking-3": FROM_MEMORY,  # the whole catalogue; what changed since is read
    "asking-4": ENROLLING,
    "http-1": Rule(variables={"n": 3}),
    "explorer-search": FROM_MEMORY,
    "explorer-course": FROM_MEMORY,
    "explorer-me": Rule(4, 5, viewer=SITI),
    "explorer-enrol": ENROLLING,
    "Courses": FROM_MEMORY,
    "Course": FROM_MEMORY,
    "AnyNode": FROM_MEMORY,
    "AnyNodes": FROM_MEMORY,
    "WholeCourse": FROM_MEMORY,
    "Me": Rule(1, 2, viewer=SITI),
    "Enrolment": Rule(1, 1, viewer=SITI, variables={"id": "RW5yb2xtZW50OmE"}),
    "Enrol": ENROLLING,
    "Cancel": Rule(3, 5, viewer=SITI),
}
EVERY_PUBLIC_LIST = """
query Every($search: String) {
  courses(search: $search, first: 100) {
    totalCount revision
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    facets { name buckets { value label count } }
    coverage { complete missing { partner { id code name } since reason lastGoodAt } }
    edges { cursor snippet { text html } node { ...All } }
    nodes { ...All }
  }
  institutions(first: 100) {
    totalCount
    nodes { id name partners { code } courses(first: 2) { nodes { ...All } } }
  }
  partners {
    id code name kind state health offeringCount freshness { fetchedAt state reason }
  }
  courseSuggestions(text: "nom") { text kind }
}
fragment All on Course {
  id title summary level languages durationMinutes deliveryModes availability rating ratingCount
  imageUrl withdrawn
  institution { id name } category { code name } lowestPrice { amount currency }
  offerings(maxAge: 3600) {
    id remoteId url code deliveryMode bundle enrolmentMode
    course { id } partner { id code name health freshness { state } }
    price { amount currency } freshness { fetchedAt state reason }
    sessions(first: 5, upcoming: false) {
      id code startsAt endsAt enrolmentStartsAt enrolmentEndsAt purchaseEndsAt capacity seatsLeft
      availability venue { name address regionCode regionName }
    }
  }
}
"""
DESCRIPTIONS = (
    "{ courses(first: 100) { nodes { id descriptionHtml } edges { node { descriptionHtml } } } }"
)
QUOTES = "{ courses(first: 100) { nodes { offerings { quote { price { amount } } } } } }"
OTHERS = {
    EVERY_PUBLIC_LIST: Rule(variables={"search": "nomor"}),
    DESCRIPTIONS: Rule(transactions=1, statements=1),
}


@dataclass
class Counts:
    """What was asked of databases and partners."""

    transactions: int = 0
    statements: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def note(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        """Note a statement, or the beginning of a transaction."""
        if statement.startswith("BEGIN"):
            self.transactions += 1
        else:
            self.statements.append(statement)

    def clear(self) -> None:
        """Begin anew."""
        self.transactions = 0
        self.statements.clear()
        self.calls.clear()


class World:
    """A process with a full catalogue, and what it asks for its answers."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._engine = Engine(build_schema(), limits=replace(DEFAULT_LIMITS, cost=1_000_000))
        self._ids = self._find_ids()

    def _find_ids(self) -> dict[str, Any]:
        found = self._gateway.catalogue.follower.reader(datetime.now(UTC))
        [course] = found.courses(CourseQuery(), Window(first=1)).nodes
        return {
            "id": to_global_id(NodeKind.COURSE, course.id),
            "offering": to_global_id(NodeKind.OFFERING, course.offerings[0].id),
        }

    def variables(self, **given: Any) -> dict[str, Any]:
        """Return values for all variables that published operations have."""
        course, offering = self._ids["id"], self._ids["offering"]
        wish = {"offeringId": offering, "idempotencyKey": "a-key-of-our-own"}
        cancelling = {"enrolmentId": "RW5yb2xtZW50OmE", "idempotencyKey": "a-key"}
        known = {"id": course, "ids": [course], "search": "nomor", "input": wish, "filter": {}}
        return known | given | ({"input": cancelling} if given.get("cancel") else {})

    async def ask(self, text: str, rule: Rule, name: str | None = None) -> Any:
        """Answer a document: at first graphql-core does, from then on what was compiled."""
        given = {key: self._ids.get(value, value) for key, value in rule.variables.items()}
        variables = self.variables(**given, cancel=name == "Cancel")
        question = Question(text, operation_name=name, variables=variables)
        prepared = self._engine.prepare(question)
        return await self._engine.run(prepared, self._gateway.build_context(rule.viewer))


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("reading")
    gateway = Gateway(Settings(profile=Profile.DEVELOPMENT, data_dir=folder))
    async with gateway.opened():
        catalogue = gateway.catalogue
        config = next(each for each in gateway.partners.configs if each.code == TOKOPEDIA)
        sync = CatalogueSync(
            ScriptedPartner(a_list()), catalogue.database, lambda: datetime.now(UTC)
        )
        await sync.sync(config, lambda _: None)
        await catalogue.follower.refresh()
        yield World(gateway)


def a_list() -> list[Any]:
    """Return offerings with a long description and, all but the first, with a session."""
    return [
        an_offering(
            str(n),
            f"Kursus Nomor {n}",
            summary=f"Nomor {n}",
            description_html="<p>Kopi.</p>",
            sessions=(a_session(n),) if n else (),
        )
        for n in range(MANY)
    ]


def a_session(n: int) -> Session:
    key = RemoteId(f"{n}-1")
    venue = Venue("Aula", "Jl. Merdeka", "31.71", "Jakarta")
    return Session(TOKOPEDIA, key, START, START, venue=venue, capacity=30, seats_left=n)


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Any:
    found = Counts()

    async def call(_: object, code: Any, operation: Any, *__: object) -> None:
        found.calls.append(operation)
        raise PartnerUnavailableError(code, "is not called in this test")

    monkeypatch.setattr(PartnerCalls, "_call", call)
    event.listen(SqlEngine, "before_cursor_execute", found.note)
    yield found
    event.remove(SqlEngine, "before_cursor_execute", found.note)


def published() -> list[Any]:
    """Return every published query and mutation, each under its name in the table."""
    found = []
    for page, text in documents():
        operations = [e for e in parse(text).definitions if isinstance(e, OperationDefinitionNode)]
        for each in operations:
            if each.operation.value != "subscription":
                is_alone = len(operations) == 1
                name = page if is_alone else each.name.value  # type: ignore[union-attr]  # they are named
                found.append(pytest.param(name, text, None if is_alone else name, id=name))
    return found


@pytest.mark.parametrize(("rule", "text", "name"), published())
async def test_a_published_operation_asks_no_more_than_its_rule_says(
    world: World, counts: Counts, rule: str, text: str, name: str | None
):
    allowed = PUBLISHED[rule]  # an operation that is new wants a rule

    for _ in range(2):
        counts.clear()
        answer = await world.ask(text, allowed, name)

        assert not answer.errors
        assert counts.transactions <= allowed.transactions
        assert len(counts.statements) <= allowed.statements, counts.statements
        assert len(counts.calls) <= allowed.partner_calls


@pytest.mark.parametrize(("text", "rule"), list(OTHERS.items()), ids=["every-list", "descriptions"])
async def test_lists_are_answered_from_memory_and_descriptions_read_in_one_go(
    world: World, counts: Counts, text: str, rule: Rule
):
    for _ in range(2):
        counts.clear()
        answer = await world.ask(text, rule)

        assert not answer.errors
        assert len(answer.data["courses"]["nodes"]) == MANY
        assert counts.transactions == rule.transactions
        assert len(counts.statements) == rule.statements
        assert counts.calls == []


async def test_quotes_of_a_page_are_one_call_of_each_partner_at_most(world: World, counts: Counts):
    answer = await world.ask(QUOTES, Rule())

    assert answer.data is not None
    assert len(counts.calls) == 1
    assert counts.statements == []
