"""One GraphQL request, from its text to its result: found, parsed, limited, validated, run.

The engine knows a schema and nothing of what it is about.  A request that is refused raises
`RefusedError` before anything is run; what breaks while it runs stands in its result.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    create_source_event_stream,
    execute,
    execute_subscription_event,
    map_source_to_response_event,
)
from graphql.execution import Executor
from graphql.execution.values import VariableValues
from strawberry.execution import optimized_is_awaitable

from gateway.execution.circles import LooseExecutor, let_go
from gateway.execution.compiled import Compiled, Compiler, OnOutcome
from gateway.execution.cost import DEFAULT_PRICES, Prices, cost_of
from gateway.execution.documents import Document, Documents, OnLookup, Operation, Reading
from gateway.execution.limits import DEFAULT_LIMITS, Limits
from gateway.execution.persisted import PersistedDocuments
from gateway.execution.refusals import RefusedError, Stage, coded, refusal
from gateway.execution.sent import values_in
from gateway.execution.shape import INTROSPECTION
from schema.build import MaskingSchema
from schema.errors import ErrorCode

__all__ = ["Engine", "Prepared", "Question", "RefusedError", "Stage"]

_OF_THE_SCHEMA = INTROSPECTION | {"__typename"}
_INTROSPECTION = re.compile(r"__schema|__type(?!name)")


@dataclass(slots=True)
class Question:
    """What a client sends, whatever brought it; types are checked, values are not.

    Like `Prepared` it is never changed, and not frozen because one is made for each request.
    """

    query: str | None = None
    document_id: str | None = None
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    extensions: Mapping[str, Any] = field(default_factory=dict)
    may_introspect: bool = False  # said by whoever knows the viewer and the profile

    def allowed(self) -> "Question":
        """Return the same from somebody who may introspect."""
        told = self.query, self.document_id, self.operation_name, self.variables, self.extensions
        return Question(*told, may_introspect=True)


@dataclass(slots=True)
class Prepared:
    """A request that may be run."""

    document: DocumentNode
    operation: OperationDefinitionNode
    variables: Mapping[str, Any]  # as they were sent
    cost: int = 0  # computed before anything is run
    cost_limit: int = 0
    calls: Mapping[str, int] = field(default_factory=dict)  # of root fields, aliases counted
    compiled: Compiled | None = None
    values: VariableValues | None = None  # of the variables, as coerced
    introspects: bool = False  # its document does, by whatever operation: not all may send it

    @property
    def kind(self) -> OperationType:
        """Whether it queries, mutates or subscribes."""
        return self.operation.operation

    @property
    def name(self) -> str | None:
        """What its author called the operation."""
        return self.operation.name.value if self.operation.name else None

    @property
    def changes(self) -> int:
        """How many mutations it calls."""
        return sum(self.calls.values()) if self.kind is OperationType.MUTATION else 0

    @property
    def is_of_the_schema(self) -> bool:
        """Whether it asks of the schema alone, which no context changes."""
        return not INTROSPECTION.isdisjoint(self.calls) and _OF_THE_SCHEMA.issuperset(self.calls)


class Engine:
    """Runs requests against one schema."""

    def __init__(  # noqa: PLR0913 - what it is made of, by name
        self,
        schema: MaskingSchema,
        *,
        limits: Limits = DEFAULT_LIMITS,
        documents: PersistedDocuments | None = None,
        prices: Prices = DEFAULT_PRICES,
        hints: bool = False,
        compiles: bool = True,
        encodes: bool = False,
        on_lookup: OnLookup = lambda _: None,
        on_outcome: OnOutcome = lambda _: None,
    ) -> None:
        """Refuse what is beyond `limits`; `hints` names what a misspelt name may have meant.

        `on_lookup` is told of every document, whether it was known already.  With `compiles`,
        operations that are asked again are compiled; `on_outcome` is told of each run whether
        it was, or why not.  With `encodes` parts of their data are JSON already, for orjson.
        """
        self._masking = schema
        self._schema = schema._schema  # noqa: SLF001 - Strawberry has no public name for it
        self._limits = limits
        self._hints = hints
        self._persisted = documents or PersistedDocuments()
        self._compiles = compiles
        compiler = Compiler(
            self._schema,
            hides_suggestions=not hints,
            on_outcome=on_outcome,
            patience=1,
            encodes=encodes,
        )
        reading = Reading(self._schema, limits, prices, compiler, hints=hints)
        self._documents = Documents(
            reading.read, on_lookup=on_lookup, presentable=self._presentable_errors
        )
        self.unusable = self._trusted()

    def prepare(self, question: Question) -> Prepared:
        """Return what would be run.  Raises `RefusedError`."""
        text = self._persisted.find(question.query, question.document_id, question.extensions)
        document = self._found(text, may_introspect=question.may_introspect)
        operation = self._named(document, question.operation_name)
        try:
            values = self._coerced(operation, question.variables)
        except RefusedError as refused:
            refused.kind = operation.node.operation
            raise
        cost = cost_of(operation.cost, values.coerced if values else {})
        if cost > self._limits.cost:
            raise self._limits.too_costly(cost)
        self._persisted.register(text, question.document_id, question.extensions)
        return Prepared(
            document.node,
            operation.node,
            question.variables,
            cost,
            self._limits.cost,
            operation.calls,
            operation.compiled if self._compiles else None,
            values,
            document.introspects,
        )

    async def run(self, prepared: Prepared, context: object) -> ExecutionResult:
        """Run a query or a mutation; its errors are masked where nobody foresaw them.

        What is asked of the schema is told in a thread: telling all of it takes some 50 ms, for
        which nobody else would be answered.
        """
        if prepared.compiled is not None:
            answer = await prepared.compiled.run(context, prepared.variables, prepared.values)
            if answer is not None:
                return self._presentable(answer)
        if prepared.is_of_the_schema:
            result = await asyncio.to_thread(self._begun, prepared, context)
        else:
            result = self._begun(prepared, context)
        return self._presentable(await result if isawaitable(result) else result)

    def _begun(
        self, prepared: Prepared, context: object
    ) -> ExecutionResult | Awaitable[ExecutionResult]:
        return execute(
            self._schema,
            prepared.document,
            context_value=context,
            variable_values=dict(prepared.variables),
            operation_name=prepared.name,
            executor_class=LooseExecutor,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # it guards no type
            hide_suggestions=not self._hints,
        )

    async def subscribe(
        self, prepared: Prepared, opening: object, contexts: Callable[[], object]
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Return the results of a subscription as they come.

        Its source sees the context `opening` for as long as it lasts; each result is told with
        one of its own from `contexts`.
        Raises `RefusedError` if it cannot begin.  Close the iterator to end it.
        """
        executor = LooseExecutor.build(
            self._schema,
            prepared.document,
            context_value=opening,
            raw_variable_values=dict(prepared.variables),
            operation_name=prepared.name,
            hide_suggestions=not self._hints,
        )
        if isinstance(executor, list):
            raise self._not_begun(executor)
        begun = create_source_event_stream(executor)
        source = await begun if isawaitable(begun) else begun
        if isinstance(source, ExecutionResult):
            raise self._not_begun(source.errors or [])

        def tell(event: Executor[Any]) -> Any:
            event.context_value = contexts()
            return execute_subscription_event(event)

        return self._stream(map_source_to_response_event(executor, source, tell))

    def _not_begun(self, errors: list[GraphQLError]) -> RefusedError:
        refused = self._presentable(ExecutionResult(None, errors)).errors
        return RefusedError(Stage.VALIDATION, refused or [])

    async def _stream(
        self, results: AsyncIterator[ExecutionResult]
    ) -> AsyncGenerator[ExecutionResult, None]:
        try:
            async for result in results:
                yield self._presentable(result)
        except Exception as exc:  # noqa: BLE001 - what the source raises is its last result
            error = exc if isinstance(exc, GraphQLError) else GraphQLError("", original_error=exc)
            yield self._presentable(ExecutionResult(None, [error]))
        finally:
            if (close := getattr(results, "aclose", None)) is not None:
                await close()

    def _trusted(self) -> Mapping[str, RefusedError]:
        """Read what was registered beforehand; return what of it cannot be run, by its id."""
        read = {name: self._documents.trust(text) for name, text in self._persisted.trusted.items()}
        return {name: refused for name, refused in read.items() if refused is not None}

    def _found(self, text: str, *, may_introspect: bool) -> Document:
        """Return the document of a text; who may not introspect is told that before all else."""
        try:
            document = self._documents.find(text)
        except RefusedError as exc:
            is_limit_or_rule = exc.stage is Stage.VALIDATION
            if is_limit_or_rule and not may_introspect and _INTROSPECTION.search(text):
                raise _introspection_disabled() from None
            raise
        if document.introspects and not may_introspect:
            raise _introspection_disabled()
        return document

    @staticmethod
    def _named(document: Document, name: str | None) -> Operation:
        operation = document.operation(name)
        if operation is None:
            reason = "`operationName` names no operation, or is missing among several"
            raise refusal(Stage.REQUEST, ErrorCode.OPERATION_RESOLUTION_FAILURE, reason)
        return operation

    def _coerced(self, operation: Operation, variables: Mapping[str, Any]) -> VariableValues | None:
        if not operation.node.variable_definitions:
            return None
        if (sent := values_in(variables, self._limits.sent)) > self._limits.sent:
            raise self._limits.exceeded("sent", sent, ErrorCode.QUERY_TOO_LARGE)
        coerced = operation.compiled.coerced(variables, self._limits.errors)
        if isinstance(coerced, list):
            errors = [coded(error, ErrorCode.BAD_USER_INPUT) for error in coerced]
            raise RefusedError(Stage.COERCION, self._presentable_errors(errors))
        return coerced

    def _presentable_errors(self, errors: Sequence[GraphQLError]) -> Sequence[GraphQLError]:
        presentable = list(errors)
        self._masking.process_errors(presentable)
        return presentable

    def _presentable(self, result: ExecutionResult) -> ExecutionResult:
        if result.errors:
            raised = result.errors
            result.errors = [
                error if "code" in (error.extensions or {}) else coded(error, _UNCODED)
                for error in self._presentable_errors(raised)
            ]
            for error in raised:
                let_go(error)
        return result


_UNCODED = ErrorCode.BAD_USER_INPUT  # GraphQL's own, while it runs, are of a variable's value


def _introspection_disabled() -> RefusedError:
    reason = "The schema is not told to everybody; read /schema.graphql, or use an operator's token"
    return refusal(Stage.VALIDATION, ErrorCode.INTROSPECTION_DISABLED, reason)
