"""Builds the executable schema, and prints it as SDL."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext
from strawberry.types.graphql import OperationType
from strawberry.types.scalar import ScalarDefinition

from schema.errors import masked, surprise, unrevealing
from schema.guarding import guard
from schema.mutation import Mutation
from schema.query import Query
from schema.redaction import random_id
from schema.subscription import Subscription
from schema.types.scalars import SCALARS

OnUnexpected = Callable[[Exception, str], None]  # the exception, and the id its client was told
PassesIn = Callable[[Exception], int | None]  # seconds after which to ask again; None: it stays so


def new_error_id() -> str:
    """Return an id by which an error is found in the log."""
    return random_id(8)


def stays_broken(_error: Exception) -> int | None:
    """Return that asking again helps nobody."""
    return None


class MaskingSchema(strawberry.Schema):
    """A schema that tells clients nothing of exceptions that nobody foresaw, only an id."""

    def __init__(
        self,
        on_unexpected: OnUnexpected | None,
        new_error_id: Callable[[], str],
        *,
        passes_in: PassesIn = stays_broken,
        query: type = Query,
        subscription: type | None = Subscription,
        scalars: Mapping[object, ScalarDefinition] | None = None,
    ) -> None:
        super().__init__(
            query=query,
            mutation=Mutation,
            subscription=subscription,
            config=StrawberryConfig(scalar_map={**SCALARS, **(scalars or {})}),
        )
        guard(self._schema)
        self._on_unexpected = on_unexpected
        self._new_error_id = new_error_id
        self._passes_in = passes_in

    async def execute(
        self,
        *args: Any,
        allowed_operation_types: Iterable[OperationType] | None = None,
        **options: Any,
    ) -> Any:
        """Run a query or a mutation; a subscription is more than one answer, and is refused."""
        asked_for = {OperationType.QUERY, OperationType.MUTATION}
        if allowed_operation_types is not None:
            asked_for &= set(allowed_operation_types)
        return await super().execute(*args, **options, allowed_operation_types=asked_for)  # type: ignore[misc]  # it comes by name

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Mask the unexpected among `errors` in place, and report each with its id."""
        del execution_context  # holds the learner's variables: not for logs
        errors[:] = [self._presentable(error) for error in errors]

    def _presentable(self, error: GraphQLError) -> GraphQLError:
        cause = surprise(error)
        if cause is None:
            return unrevealing(error)
        error_id = self._new_error_id()
        if self._on_unexpected is not None:
            self._on_unexpected(cause, error_id)
        return masked(error, error_id, self._passes_in(cause))


def build_schema(
    on_unexpected: OnUnexpected | None = None,
    new_error_id: Callable[[], str] = new_error_id,
    passes_in: PassesIn = stays_broken,
) -> MaskingSchema:
    """Build the schema; `on_unexpected` is told each exception that a client is not shown."""
    return MaskingSchema(on_unexpected, new_error_id, passes_in=passes_in)


def export_sdl() -> str:
    """Return the schema as SDL, the same text every time."""
    return build_schema().as_str().strip() + "\n"
