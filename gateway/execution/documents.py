"""Documents, each parsed, measured, validated and priced once, also those that are refused."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
)

from gateway.execution.compiled import Compiled, Compiler
from gateway.execution.cost import Cost, Prices, Pricing
from gateway.execution.limits import Limits
from gateway.execution.overlaps import ambiguous_in, fragments_of
from gateway.execution.parsing import NotExecutableError, names_of, parsed
from gateway.execution.refusals import RefusedError, Stage, coded, refusal
from gateway.execution.remembered import Remembered
from gateway.execution.shape import Measuring, root_calls
from gateway.execution.texts import Names
from gateway.execution.tokens import A_NAME, CLOSES, COMMENT, OPENS, TOKENS
from gateway.execution.validation import screened, validated
from schema.errors import ErrorCode

Outcome = Literal["hit", "miss"]
OnLookup = Callable[[Outcome], None]
MOST_DOCUMENTS = 1_000
MOST_REFUSED = 1_000
# Of each.  A document takes some ninety bytes and up to two objects for each, and a full garbage
# collection, which holds up everybody, looks at each object: more would take it too long.
MOST_CHARACTERS = 30_000


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document, and what is known of it before it is asked for."""

    node: OperationDefinitionNode
    cost: Cost
    calls: Mapping[str, int]  # of root fields
    compiled: Compiled


@dataclass(frozen=True, slots=True)
class Document:
    """A document that may be run."""

    node: DocumentNode
    operations: Sequence[Operation]
    introspects: bool

    def operation(self, name: str | None) -> Operation | None:
        """Return the operation of that name, or the only one."""
        if name is None:
            return self.operations[0] if len(self.operations) == 1 else None
        named = (each for each in self.operations if each.node.name is not None)
        return next((each for each in named if each.node.name.value == name), None)  # type: ignore[union-attr]  # they have names


class Reading:
    """Reads documents as clients send them, for one schema."""

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits,
        prices: Prices,
        compiler: Compiler,
        *,
        hints: bool,
    ) -> None:
        self._schema = schema
        self._compiler = compiler
        self._limits = limits
        self._prices = prices
        self._hints = hints
        self._names = names_of(schema)
        self._ambiguous = ambiguous_in(schema)

    def read(self, text: str) -> Document:
        """Return a document that may be run.  Raises `RefusedError`."""
        try:
            return self._read(text)
        except RecursionError:
            reason = "This document is nested too deeply"
            raise refusal(Stage.VALIDATION, ErrorCode.QUERY_TOO_DEEP, reason) from None

    def _read(self, text: str) -> Document:
        self._check_text(text)
        node = _parsed(text, self._names)
        measuring = Measuring(node, self._limits)
        shape = measuring.measure()
        merge = measuring.check_overlaps(self._ambiguous)
        if self._hints:
            _raise(validated(self._schema, node, most=self._limits.errors))
        else:
            _raise(screened(self._schema, node, merge=merge))
        return Document(node, self._operations(node), shape.introspects)

    def _check_text(self, text: str) -> None:
        """Refuse what is not worth parsing; brackets are looked at first, as they tell more."""
        limits = self._limits
        depth = tokens = comments = names = 0
        for each in TOKENS.finditer(text, 0, limits.characters):
            kind = each.lastindex
            tokens += kind != COMMENT
            comments += kind == COMMENT
            names += kind == A_NAME
            depth += (kind == OPENS) - (kind == CLOSES)
            if depth > limits.brackets:
                raise limits.exceeded("brackets", depth, ErrorCode.QUERY_TOO_DEEP)
            if tokens > limits.tokens or names > limits.names or comments > limits.comments:
                break
        counted = ("tokens", tokens), ("names", names), ("comments", comments)
        for name, found in counted:
            if found > getattr(limits, name):
                raise limits.exceeded(name, found, ErrorCode.QUERY_TOO_LARGE)
        if len(text) > limits.characters:
            raise limits.exceeded("characters", len(text), ErrorCode.QUERY_TOO_LARGE)
        lines = text.count("\n") + text.count("\r")  # errors are placed by counting them
        if lines > limits.lines:
            raise limits.exceeded("lines", lines, ErrorCode.QUERY_TOO_LARGE)

    def _operations(self, node: DocumentNode) -> Sequence[Operation]:
        fragments = fragments_of(node)
        pricing = Pricing(self._schema, self._prices, fragments)
        costs = [
            (each, pricing.operation(each))
            for each in node.definitions
            if isinstance(each, OperationDefinitionNode)
        ]
        self._check_cost([cost for _, cost in costs])
        return tuple(
            Operation(
                each,
                cost,
                Counter(root_calls(each, fragments).values()),
                self._compiler.operation(node, each),
            )
            for each, cost in costs
        )

    def _check_cost(self, costs: Sequence[Cost]) -> None:
        """Refuse the document of one operation that costs too much whatever its variables are."""
        match costs:
            case [int(cost)] if cost > self._limits.cost:
                raise self._limits.too_costly(cost)


class Documents:
    """Remembers what came of reading each text.

    `on_lookup` is told of each whether it was known.  Those that were trusted are never
    forgotten; refusals are kept apart, so that nobody drives out what others need.
    """

    def __init__(
        self,
        read: Callable[[str], Document],
        *,
        on_lookup: OnLookup = lambda _: None,
        presentable: Callable[[Sequence[GraphQLError]], Sequence[GraphQLError]] = lambda it: it,
    ) -> None:
        self._read = read
        self._on_lookup = on_lookup
        self._presentable = presentable
        self._trusted: dict[str, Document] = {}  # by their texts, which they hold anyway
        self._kept = Remembered[Document](most=MOST_DOCUMENTS, most_size=MOST_CHARACTERS)
        self._refused = Remembered[RefusedError](most=MOST_REFUSED, most_size=MOST_CHARACTERS)

    def trust(self, text: str) -> RefusedError | None:
        """Read a document that is never forgotten; return why it cannot be run, if so."""
        try:
            self._trusted[text] = self._read(text)
        except RefusedError as exc:
            return exc
        return None

    def find(self, text: str) -> Document:
        """Return what a text is.  Raises `RefusedError`."""
        known = self._trusted.get(text) or self._kept.get(text)
        if known is not None:
            self._on_lookup("hit")
            return known
        refused = self._refused.get(_digest(text))
        if refused is not None:
            self._on_lookup("hit")
            raise RefusedError(refused.stage, refused.errors)
        self._on_lookup("miss")
        return self._read_anew(text)

    def _read_anew(self, text: str) -> Document:
        try:
            document = self._read(text)
        except RefusedError as exc:
            kept = RefusedError(exc.stage, self._presentable(exc.errors))
            self._refused.keep(_digest(text), kept, len(text))
            raise RefusedError(kept.stage, kept.errors) from None
        self._kept.keep(text, document, len(text))
        return document


def _raise(errors: Sequence[GraphQLError]) -> None:
    if errors:
        raise RefusedError(Stage.VALIDATION, errors)


def _parsed(text: str, names: Names) -> DocumentNode:
    try:
        return parsed(text, names)
    except GraphQLSyntaxError as exc:
        raise RefusedError(Stage.PARSE, [coded(exc, ErrorCode.GRAPHQL_PARSE_FAILED)]) from None
    except NotExecutableError as exc:
        refused = coded(exc, ErrorCode.GRAPHQL_VALIDATION_FAILED)
        raise RefusedError(Stage.VALIDATION, [refused]) from None


def _digest(text: str) -> bytes:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
