"""One GraphQL request, from its text to its result: found, parsed, validated, run.

The engine knows a schema and nothing of what it is about.  A request that is refused raises
`RefusedError` before anything is run; what breaks while it runs stands in its result.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute,
    get_operation_ast,
    parse,
    subscribe,
    validate,
)
from graphql.execution import get_variable_values
from strawberry.execution import optimized_is_awaitable

from gateway.execution.limits import DEFAULT_LIMITS, Limits
from gateway.execution.persisted import PersistedDocuments
from gateway.execution.refusals import RefusedError, Stage
from schema.build import MaskingSchema
from schema.errors import ErrorCode, to_error

__all__ = ["Engine", "Prepared", "Question", "RefusedError", "Stage"]


@dataclass(frozen=True, slots=True)
class Question:
    """What a client sends, whatever brought it; types are checked, values are not."""

    query: str | None = None
    document_id: str | None = None
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    extensions: Mapping[str, Any] = field(default_factory=dict)
    may_introspect: bool = False  # set by whoever knows the viewer and the profile


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that may be run."""

    document: DocumentNode
    operation: OperationDefinitionNode
    variables: Mapping[str, Any]  # as they were sent
    cost: int = 0  # computed before anything is run
    cost_limit: int = 0
    calls: Mapping[str, int] = field(default_factory=dict)  # of root fields, aliases counted

    @property
    def kind(self) -> OperationType:
        """Whether it queries, mutates or subscribes."""
        return self.operation.operation

    @property
    def name(self) -> str | None:
        """What its author called the operation."""
        return self.operation.name.value if self.operation.name else None


class Engine:
    """Runs requests against one schema."""

    def __init__(
        self,
        schema: MaskingSchema,
        *,
        limits: Limits = DEFAULT_LIMITS,
        documents: PersistedDocuments | None = None,
        hints: bool = False,
    ) -> None:
        """Refuse what is beyond `limits`; `hints` names what a misspelt name may have meant."""
        self._masking = schema
        self._limits = limits
        self._persisted = documents or PersistedDocuments()
        self._hints = hints
        self._schema = schema._schema  # noqa: SLF001 - Strawberry has no public name for it

    def prepare(self, question: Question) -> Prepared:
        """Return what would be run.  Raises `RefusedError`."""
        document = self._parsed(question)
        self._refuse(Stage.VALIDATION, validate(self._schema, document))
        operation = get_operation_ast(document, question.operation_name)
        if operation is None:
            reason = "`operationName` names no operation, or is missing among several"
            raise RefusedError(Stage.REQUEST, [to_error(ErrorCode.BAD_USER_INPUT, reason)])
        variables = dict(question.variables)
        coerced = get_variable_values(self._schema, operation.variable_definitions or (), variables)
        if isinstance(coerced, list):
            self._refuse(Stage.COERCION, coerced)
        return Prepared(document, operation, variables)

    async def run(self, prepared: Prepared, context: object) -> ExecutionResult:
        """Run a query or a mutation; its errors are masked where nobody foresaw them."""
        result = execute(
            self._schema,
            prepared.document,
            context_value=context,
            variable_values=dict(prepared.variables),
            operation_name=prepared.name,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # it guards no type
        )
        return self._presentable(await result if isawaitable(result) else result)

    async def subscribe(
        self, prepared: Prepared, context: object
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Return the results of a subscription as they come.

        Raises `RefusedError` if it cannot begin.  Close the iterator to end it.
        """
        begun = subscribe(
            self._schema,
            prepared.document,
            context_value=context,
            variable_values=dict(prepared.variables),
            operation_name=prepared.name,
        )
        results = await begun if isawaitable(begun) else begun
        if isinstance(results, ExecutionResult):
            raise RefusedError(Stage.VALIDATION, self._presentable(results).errors or [])
        return self._stream(results)

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

    def _parsed(self, question: Question) -> DocumentNode:
        text = self._persisted.find(question.query, question.document_id, question.extensions)
        try:
            return parse(text)
        except GraphQLError as exc:
            raise RefusedError(Stage.PARSE, [exc]) from exc

    def _refuse(self, stage: Stage, errors: Sequence[GraphQLError]) -> None:
        if errors:
            presentable = list(errors)
            self._masking.process_errors(presentable)
            raise RefusedError(stage, presentable)

    def _presentable(self, result: ExecutionResult) -> ExecutionResult:
        if result.errors:
            errors = list(result.errors)
            self._masking.process_errors(errors)
            result.errors = errors
        return result
