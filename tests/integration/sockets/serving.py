"""A gateway's socket on a real port, over fakes of catalogue and ledger."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.identity.development import issue_token
from gateway.identity.errors import UncheckableTokenError
from gateway.identity.proof import Proof
from gateway.identity.tokens import LEEWAY_SECONDS
from gateway.web.streams.connections import Connections
from schema.ids import NodeKind, to_global_id
from schema.model.enrolment import Enrolment, EnrolmentStatus, EnrolRequest
from schema.model.values import LearnerId
from schema.model.viewer import Role
from tests.subscribing import Socket, socket_to
from tests.unit.schema.api import Api

FOLLOW = "subscription ($id: ID!) { enrolmentChanged(id: $id) { status } }"
INIT_SECONDS = RECHECK_SECONDS = 0.3
POINTS = 10_000  # that each client may spend
UNCHECKABLE = f"mitra_pk_ABCDEFGH_{'A' * 43}"  # a key, while the ledger does not answer


@dataclass
class EndlessWatch:
    """Tells of one state, and then of nothing until its follower has gone."""

    api: Api
    following: int = 0
    has_ended: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = None

    async def follow(
        self, learner: Any, enrolment_id: Any, after: int = 0
    ) -> AsyncGenerator[Enrolment, None]:
        found = await self.api.enrolments.read_enrolment(learner, enrolment_id)
        if found is None:
            raise LookupError(enrolment_id)
        self.following += 1
        try:
            yield replace(found, status=EnrolmentStatus.SUBMITTING)
            if self.error is not None:
                raise self.error
            await asyncio.Event().wait()
        finally:
            self.following -= 1
            self.has_ended.set()


class NoLedger:
    """Where keys would be looked up."""

    async def check(self, key: str) -> Proof:
        raise UncheckableTokenError


@dataclass
class Served:
    """A gateway's socket over fakes of catalogue and ledger."""

    url: str
    data_dir: Path
    api: Api
    watch: EndlessWatch
    connections: Connections

    def token(
        self, subject: str = "ani", role: Role = Role.LEARNER, *, ends_in: float = 3600
    ) -> str:
        lifetime = timedelta(seconds=ends_in - LEEWAY_SECONDS)
        return issue_token(self.data_dir, role, subject, lifetime=lifetime)

    async def enrolment(self, subject: str = "ani") -> str:
        offering = next(iter(self.api.catalogue.every())).offerings[0]
        request = EnrolRequest(LearnerId(subject), offering.id, None, "key-1")
        outcome = await self.api.enrolments.enrol(request)
        assert outcome.enrolment is not None
        return to_global_id(NodeKind.ENROLMENT, outcome.enrolment.id)

    @asynccontextmanager
    async def following(self, token: str) -> AsyncIterator[Socket]:
        """Follow an enrolment of Ani's, once its first state has been told."""
        enrolment = await self.enrolment()
        async with socket_to(self.url) as socket:
            await socket.sign_in(token)
            await socket.subscribe(FOLLOW, id=enrolment)
            first = await anext(socket.answers())
            assert first == {"data": {"enrolmentChanged": {"status": "SUBMITTING"}}}
            yield socket
