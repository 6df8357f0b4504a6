"""Operations and what was compiled of them: once for each way in which their conditions fall."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from itertools import count
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import VariableValues
from graphql.language import DirectiveNode
from strawberry.types.info import Info

from gateway.execution.compiled.inputs import Variables
from gateway.execution.compiled.kept import Kept
from gateway.execution.compiled.running import Run, Source
from gateway.execution.compiled.writing import Plan, UncompilableError, Writer
from gateway.execution.remembered import Remembered

MOST_VARIANTS = 8
MOST_PLANS = 5_000
MOST_FIELDS = 5_000  # of all plans; each takes some 2 kB, and a dozen objects for a collection
MOST_ERRORS = 50  # of variables, if nobody says how many
_CONDITIONS = frozenset({"skip", "include"})
_MISSING = object()


class Fallback(StrEnum):
    """Why an operation was left to graphql-core."""

    FIRST = "first"
    SUBSCRIPTION = "subscription"
    INTROSPECTION = "introspection"
    DIRECTIVE = "directive"
    FRAGMENT_VARIABLES = "fragment_variables"
    CONDITION = "condition"
    VARIANTS = "variants"
    SIZE = "size"
    UNFORESEEN = "unforeseen"  # the compiler is at fault


COMPILED = "compiled"
OnOutcome = Callable[[str], None]  # COMPILED, or the reason of a fallback


Plans = Remembered["Plan | Fallback"]


class Compiled:
    """One operation; what it needs is compiled when it is run."""

    def __init__(
        self,
        source: Source,
        plans: Plans,
        kept: Kept,
        number: int,
        on_outcome: OnOutcome,
        patience: int,
    ) -> None:
        self._source = source
        self._plans = plans
        self._kept = kept
        self._number = number
        self._known: set[tuple[Any, ...]] = set()
        self._on_outcome = on_outcome
        self._patience = patience
        self._conditions, self._refused = _conditions_of(source)
        definitions = source.operation.variable_definitions
        self._variables = definitions and Variables(
            source.schema, definitions, hides_suggestions=source.hides_suggestions
        )
        self._fragments = {
            each.name.value: FragmentDetails(each)
            for each in source.document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }

    async def run(
        self,
        context: object,
        variables: Mapping[str, Any],
        values: VariableValues | None = None,
        root: object = None,
    ) -> ExecutionResult | None:
        """Return the answer, or None if it is to be had from graphql-core.

        `values` are the variables as `coerced` gives them, if it was asked.
        """
        coerced = values or self.coerced(variables)
        if isinstance(coerced, list):
            return ExecutionResult(None, coerced)
        plan = self._plan(coerced)
        self._on_outcome(plan.value if isinstance(plan, Fallback) else COMPILED)
        if isinstance(plan, Fallback):
            return None
        run = Run(self._source, plan.sites, context, root, variables, coerced)
        try:
            await _run(plan, run, root)
        finally:
            run.drop()
        return run.result()

    def coerced(
        self, variables: Mapping[str, Any], most_errors: int = MOST_ERRORS
    ) -> VariableValues | list[GraphQLError] | None:
        """Return the variables' values, or what is wrong with them; None if there are none."""
        if not self._variables:
            return None
        return self._variables.coerced(variables, most_errors=most_errors)

    def _plan(self, values: VariableValues | None) -> Plan | Fallback:
        if self._refused is not None:
            return self._refused
        if self._patience:
            self._patience -= 1
            return Fallback.FIRST
        given = values.coerced if values else {}
        key = tuple(given.get(name, _MISSING) for name in self._conditions)
        known = self._plans.get((self._number, *key))
        if known is not None:
            return known
        if len(self._known) >= MOST_VARIANTS and key not in self._known:
            return Fallback.VARIANTS
        self._known.add(key)
        plan = self._compiled(values)
        size = 1 if isinstance(plan, Fallback) else len(plan.sites) + 1
        self._plans.keep((self._number, *key), plan, size)
        return plan

    def _compiled(self, values: VariableValues | None) -> Plan | Fallback:
        operation = self._source.operation
        root = self._source.schema.get_root_type(operation.operation)
        if root is None:
            return Fallback.DIRECTIVE
        writer = Writer(self._source, values, self._fragments, self._kept)
        try:
            return writer.write(root, serially=operation.operation is OperationType.MUTATION)
        except UncompilableError as exc:
            return Fallback(str(exc))
        except GraphQLError:  # null for a condition; it is told where it matters
            return Fallback.CONDITION
        except Exception:  # noqa: BLE001 - there is another way to the answer, and this is counted
            return Fallback.UNFORESEEN


class Compiler:
    """Compiles the operations of one schema."""

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        hides_suggestions: bool = True,
        on_outcome: OnOutcome = lambda _: None,
        patience: int = 0,
        encodes: bool = False,
    ) -> None:
        """Tell `on_outcome` of each run whether it was compiled, or why not.

        The first `patience` runs of each operation are left to graphql-core: what is asked once
        is not worth compiling.  With `encodes` parts of answers are JSON already
        (`orjson.Fragment`), for those who encode all of them with orjson.
        """
        self._schema = schema
        strawberry = getattr(schema, "_strawberry_schema", None)  # a plain schema has none
        self._info: type[Info] = strawberry.config.info_class if strawberry else Info
        self._patience = patience
        self._plans = Plans(most=MOST_PLANS, most_size=MOST_FIELDS)
        self._kept = Kept(encodes=encodes)
        self._numbers = count()
        self._hides_suggestions = hides_suggestions
        self._on_outcome = on_outcome

    def operation(self, document: DocumentNode, operation: OperationDefinitionNode) -> Compiled:
        """Return what runs an operation of a valid document."""
        source = Source(self._schema, document, operation, self._hides_suggestions, self._info)
        number = next(self._numbers)
        outcome, patience = self._on_outcome, self._patience
        return Compiled(source, self._plans, self._kept, number, outcome, patience)


async def _run(plan: Plan, run: Run, root: object) -> None:
    """Call the functions one after the other, each until nothing of it is pending."""
    try:
        for part in plan.roots:
            if run.data is None:  # nothing is done after a change that cannot be told
                return
            made = part(root, run, None)
            run.data.update(made)
            await run.settle()
    except GraphQLError as error:
        run.add(error, None)
        run.data = None


def _conditions_of(source: Source) -> tuple[tuple[str, ...], Fallback | None]:
    """Return the variables that decide what is selected, and why nothing is compiled if so."""
    if source.operation.operation is OperationType.SUBSCRIPTION:
        return (), Fallback.SUBSCRIPTION
    fragments = [
        each for each in source.document.definitions if isinstance(each, FragmentDefinitionNode)
    ]
    if any(each.variable_definitions for each in fragments):
        return (), Fallback.FRAGMENT_VARIABLES
    directives = [*_directives_in([source.operation, *fragments])]
    if any(each.name.value not in _CONDITIONS for each in directives):
        return (), Fallback.DIRECTIVE
    values = [argument.value for each in directives for argument in each.arguments or ()]
    names = {each.name.value: None for each in values if isinstance(each, VariableNode)}
    return tuple(names), None


def _directives_in(nodes: list[Any]) -> Iterator[DirectiveNode]:
    """Give the directives of these nodes, and of all that is selected in them."""
    while nodes:
        node = nodes.pop()
        yield from node.directives or ()
        below = getattr(node, "selection_set", None)
        if below is not None:
            nodes.extend(below.selections)
