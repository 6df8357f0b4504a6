"""Whatever was run, the catalogue that it read goes with it: nothing waits for a collection.

A served catalogue is replaced all the time.  An old one that is still referred to by what a run
has left in a circle takes its memory until all objects are looked through.
"""

import asyncio
import gc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from weakref import ref

import pytest

from gateway.catalogue.reader import SnapshotReader
from gateway.catalogue.snapshot import Snapshot
from gateway.execution.engine import Engine, Question
from gateway.web.streams.results import Payload, stream
from schema.build import build_schema
from schema.context import Context
from schema.loaders import DescriptionLoader
from schema.model.values import CourseId
from schema.model.viewer import Role, Viewer
from tests.catalogue import NOON, an_offering
from tests.unit.catalogue.strategies import an_entry
from tests.unit.schema.api import Api, a_learner

pytestmark = pytest.mark.anyio

LIST = "{ courses { nodes { title offerings { partner { name } } } facets { name } } }"
BROKEN = "{ courses { nodes { id descriptionHtml } } }"
REFUSED = '{ courses(after: "of another list") { nodes { id } } }'
ENROL = """mutation { enrol(input: {offeringId: "x", idempotencyKey: "k"}) {
  userErrors { message } } }"""
FORBIDDEN = 'mutation { approveSync(run: "1", reason: "r") { userErrors { message } } }'
PROGRESS = "subscription { syncProgress { partner { name } fetched } }"
UNFOUND = 'subscription { syncProgress(partner: "nobody") { fetched } }'
SCHEMA = build_schema()


class Catalogues:
    """Makes contexts, each over a catalogue of its own, and knows which catalogues are left."""

    def __init__(self) -> None:
        self._api = Api()
        self._made: list[ref[Snapshot]] = []

    @property
    def left(self) -> int:
        return sum(each() is not None for each in self._made)

    @property
    def made(self) -> int:
        return len(self._made)

    def context(self, viewer: Viewer) -> Context:
        entries = [an_entry(n, an_offering(str(n), f"Barista {n}")) for n in range(3)]
        snapshot = Snapshot(len(self._made), entries)
        self._made.append(ref(snapshot))
        reader = SnapshotReader(snapshot, NOON)
        return replace(
            self._api.context(viewer),
            catalogue=reader,
            search=reader,
            descriptions=DescriptionLoader(_breaking),
        )


async def _breaking(_: Sequence[CourseId]) -> dict[CourseId, str]:
    await asyncio.sleep(0)
    raise RuntimeError("broken")


@pytest.fixture
def catalogues() -> Iterator[Catalogues]:
    made = Catalogues()
    gc.collect()
    gc.disable()
    yield made
    gc.enable()


@pytest.mark.parametrize("compiles", [False, True], ids=["graphql-core", "compiled"])
@pytest.mark.parametrize("document", [LIST, BROKEN, REFUSED, ENROL, FORBIDDEN])
async def test_an_answer_leaves_no_catalogue(
    catalogues: Catalogues, document: str, *, compiles: bool
):
    engine = Engine(SCHEMA, compiles=compiles)
    prepared = engine.prepare(Question(document))

    results = [await engine.run(prepared, catalogues.context(a_learner())) for _ in range(3)]

    assert [bool(each.errors) for each in results] == [document in {BROKEN, REFUSED, FORBIDDEN}] * 3
    await asyncio.sleep(0)  # what was awaited for the last one has a turn yet to come
    assert (catalogues.made, catalogues.left) == (3, 0)


async def test_each_event_is_told_of_the_catalogue_that_stands_then_and_leaves_none(
    catalogues: Catalogues,
):
    engine, operator = Engine(SCHEMA), Viewer(frozenset({Role.OPERATOR}))
    told, left = list[Payload](), list[int]()

    async for each in stream(
        engine, engine.prepare(Question(PROGRESS)), lambda: catalogues.context(operator)
    ):
        told.append(each)
        left.append(catalogues.left)

    assert [each["data"]["syncProgress"]["fetched"] for each in told] == [100, 150]
    assert (catalogues.made, left) == (3, [0, 0])  # one to open it, one for each event


async def test_a_stream_that_breaks_leaves_none(catalogues: Catalogues):
    engine, operator = Engine(SCHEMA), Viewer(frozenset({Role.OPERATOR}))
    prepared = engine.prepare(Question(UNFOUND))

    told = [each async for each in stream(engine, prepared, lambda: catalogues.context(operator))]

    assert ["errors" in each for each in told] == [True]
    assert catalogues.left == 0
