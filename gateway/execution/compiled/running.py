"""One run of a compiled operation: what it remembers, and how it waits."""

from asyncio import gather
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from inspect import iscoroutine
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.execution import Executor, get_argument_values
from graphql.execution.values import VariableValues
from strawberry.execution import optimized_is_awaitable
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

from gateway.execution.circles import LooseExecutor
from gateway.execution.compiled.sites import Place, Site, keys_of, nullable_of, path_of


@dataclass(frozen=True, slots=True)
class Source:
    """What is compiled: one operation of a document, for one schema."""

    schema: GraphQLSchema
    document: DocumentNode
    operation: OperationDefinitionNode
    hides_suggestions: bool = True
    info_class: type[Info] = Info  # of the Strawberry schema

    @property
    def name(self) -> str | None:
        """What its author called the operation."""
        return self.operation.name.value if self.operation.name else None

    @property
    def strawberry(self) -> Any:
        """The Strawberry schema that graphql-core's was made from."""
        return self.schema._strawberry_schema  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public name


class SharedInfo(Info[Any, Any]):
    """What a resolver is told; one for all calls for a field in a run, so it has no path."""

    __slots__ = ("_run", "_site", "context")
    context: Any  # an attribute: it is what they are mostly asked for

    def __init__(self, run: "Run", site: Site, field: StrawberryField) -> None:
        self._run = run
        self._site = site
        self._field = field
        self.context = run.context

    @property
    def _raw_info(self) -> GraphQLResolveInfo[Any]:  # type: ignore[override]  # made when asked
        return self._run.raw_info(self._site, None)

    @property
    def path(self) -> Any:
        """Raise `LookupError`: what is shared by many calls stands in no one place."""
        raise LookupError(f"{self._site.parent}.{self._site.name} is compiled: it has no path")


class Run:
    """One run.  Generated code knows it as `r`, and reads `infos` by the index of a site."""

    __slots__ = (
        "_executor",
        "_nulled",
        "_pending",
        "_sites",
        "_source",
        "_variables",
        "arguments",
        "context",
        "data",
        "errors",
        "infos",
        "root",
        "values",
    )

    def __init__(
        self,
        source: Source,
        sites: Sequence[Site],
        context: object,
        root: object,
        variables: Mapping[str, Any],
        values: VariableValues | None,
    ) -> None:
        self._source = source
        self._sites = sites
        self._variables = variables
        self.values = values
        self.context = context
        self.root = root
        self.infos: list[Info | None] = [None] * len(sites)
        self.data: dict[str, Any] | None = {}
        self.errors: list[GraphQLError] = []
        self.arguments: dict[int, dict[str, Any]] = {}
        self._nulled: set[Place | None] = set()
        self._pending: list[tuple[Awaitable[Any], Any, Site, Place]] = []
        self._executor: Executor[Any] | None = None

    @property
    def executor(self) -> Executor[Any]:
        """What graphql-core would run this with, for those who ask what it tells resolvers."""
        if self._executor is None:
            built = LooseExecutor.build(
                self._source.schema,
                self._source.document,
                self.root,
                self.context,
                dict(self._variables),
                self._source.name,
                is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # it guards no type
                hide_suggestions=self._source.hides_suggestions,
            )
            if isinstance(built, list):
                raise built[0]
            self._executor = built
        return self._executor

    def raw_info(self, site: Site, place: Place | None) -> GraphQLResolveInfo[Any]:
        """Return what graphql-core tells a resolver."""
        path: Any = path_of(place)
        return self.executor.build_resolve_info(site.field, list(site.nodes), site.parent, path)

    def info(self, site: Site, field: StrawberryField) -> Info:
        """Return what Strawberry tells a resolver, the same for all calls in this run."""
        kind = self._source.info_class
        if kind is Info:
            made: Info = SharedInfo(self, site, field)
        else:
            made = kind(_raw_info=self.raw_info(site, None), _field=field)
        self.infos[site.index] = made
        return made

    def raw_arguments(self, site: Site) -> dict[str, Any]:
        """Return the arguments as graphql-core gives them."""
        return get_argument_values(
            site.field, site.nodes[0], self.values, None, self._source.hides_suggestions
        )

    def add(self, error: GraphQLError, place: Place | None) -> None:
        """Note an error, unless what it is about has become null already."""
        if not self._is_nulled(place):
            self._nulled.add(place)
            self.errors.append(error)

    def later(self, awaitable: Awaitable[Any], complete: Any, site: Site, place: Place) -> None:
        """Complete what is awaited when all that can be had at once is there."""
        self._pending.append((awaitable, complete, site, place))

    async def settle(self) -> None:
        """Await what is pending, level by level: what is asked for together is read together."""
        while self._pending:
            wanted, self._pending = self._pending, []
            if self._nulled:
                wanted = [each for each in wanted if not self._is_dropped(*each)]
            found = await _all([awaitable for awaitable, *_ in wanted])
            for (_, complete, site, place), value in zip(wanted, found, strict=True):
                self._settle(complete, site, place, value)

    def drop(self) -> None:
        """Forget what is pending."""
        for awaitable, *_ in self._pending:
            _close(awaitable)
        self._pending.clear()

    def result(self) -> ExecutionResult:
        """Return the answer, and let go of all that knows this run, so that it goes at once."""
        self.infos.clear()
        return ExecutionResult(self.data, self.errors or None)

    def _settle(self, complete: Any, site: Site, place: Place, value: Any) -> None:
        try:
            if isinstance(value, BaseException):
                raise value  # noqa: TRY301 - as it was raised where it was awaited
            completed = complete(value, self, place)
        except Exception as exc:  # noqa: BLE001 - resolvers raise what they like
            self._fail(site.located(exc, place), place)
        else:
            self._put(place, completed)

    def _fail(self, error: GraphQLError, place: Place) -> None:
        nearest = nullable_of(place)
        self.add(error, nearest)
        if nearest is None:
            self.data = None
        else:
            self._put(nearest, None)

    def _put(self, place: Place, value: Any) -> None:
        """Write into the answer, unless what it stands in has become null meanwhile."""
        container: Any = self.data
        *above, last = keys_of(place)
        for key in above:
            if container is None:
                return
            container = container[key]
        if container is not None:
            container[last] = value

    def _is_dropped(self, awaitable: Any, _complete: Any, _site: Site, place: Place) -> bool:
        if not self._is_nulled(place):
            return False
        _close(awaitable)
        return True

    def _is_nulled(self, place: Place | None) -> bool:
        while place is not None:
            if place in self._nulled:
                return True
            place = place[0]
        return None in self._nulled


async def _all(awaitables: list[Awaitable[Any]]) -> list[Any]:
    """Await all at once; what they raise stands among the results."""
    if len(awaitables) != 1:
        return await gather(*awaitables, return_exceptions=True)
    try:
        return [await awaitables[0]]
    except Exception as exc:  # noqa: BLE001 - told by whoever reads the results
        return [exc]


def _close(awaitable: Any) -> None:
    if iscoroutine(awaitable):  # anything else may be somebody else's as well
        awaitable.close()
