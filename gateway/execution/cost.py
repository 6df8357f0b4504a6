"""What an operation costs at most, computed before it is run: list lengths times what is in them.

An operation is compiled once; only lengths that stand in variables are left for each request.
What is in a fragment is compiled and computed once, however often it is spread.  Where the same
field stands twice it counts twice, and what `@skip` leaves out counts: the cost is an upper bound.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)
from graphql.utilities.coerce_input_value import coerce_default_value

from gateway.execution.shape import INTROSPECTION
from schema import costs

SLICES = ("first", "last")
LISTS = ("ids", "representations")


@dataclass(frozen=True, slots=True)
class Prices:
    """How long lists are, and what fields cost; fields by their coordinate (`Course.title`)."""

    weights: Mapping[str, int] = field(default_factory=lambda: costs.WEIGHTS)
    lengths: Mapping[str, int] = field(default_factory=lambda: costs.ASSUMED_LENGTHS)
    paged: frozenset[str] = costs.PAGED
    page: int = costs.PAGE
    list: int = costs.LIST
    most: int = costs.MOST
    connection: int = costs.CONNECTION
    introspection: int = costs.INTROSPECTION


DEFAULT_PRICES = Prices()


@dataclass(frozen=True, slots=True)
class Scope:
    """One request: its variables, and what has been computed of its fragments."""

    variables: Mapping[str, Any]
    known: dict[int, int] = field(default_factory=dict)


Cost = int | Callable[[Scope], int]
Length = int | Callable[[Scope], int | None] | None


@dataclass(frozen=True, slots=True)
class Price:
    """What a selection costs: `fixed`, and `each` for every entry of the page that it is on."""

    fixed: Cost = 0
    each: Cost = 0


def cost_of(cost: Cost, variables: Mapping[str, Any]) -> int:
    """Return the cost of one request; `variables` have been coerced."""
    return cost if isinstance(cost, int) else cost(Scope(variables))


class Pricing:
    """Compiles the costs of one valid document."""

    def __init__(
        self,
        schema: GraphQLSchema,
        prices: Prices,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> None:
        self._schema = schema
        self._prices = prices
        self._fragments = fragments
        self._known: dict[str, Price] = {}
        self.visited = 0  # selections that were looked at: the work

    def operation(self, operation: OperationDefinitionNode) -> Cost:
        """Return what an operation costs."""
        root = self._schema.get_root_type(operation.operation)
        return self._selections(operation.selection_set, root).fixed if root else 0

    def _selections(self, selections: SelectionSetNode, parent: GraphQLNamedType) -> Price:
        parts = []
        for selection in selections.selections:
            self.visited += 1
            if isinstance(selection, FieldNode):
                parts.append(self._field(selection, parent))
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                on = self._schema.type_map[condition.name.value] if condition else parent
                parts.append(self._selections(selection.selection_set, on))
            else:
                parts.append(self._fragment(selection.name.value))  # type: ignore[attr-defined]  # a spread
        return Price(_sum(part.fixed for part in parts), _sum(part.each for part in parts))

    def _fragment(self, name: str) -> Price:
        if name not in self._known:
            fragment = self._fragments[name]
            on = self._schema.type_map[fragment.type_condition.name.value]
            price = self._selections(fragment.selection_set, on)
            self._known[name] = Price(_remembered(price.fixed), _remembered(price.each))
        return self._known[name]

    def _field(self, node: FieldNode, parent: GraphQLNamedType) -> Price:
        name = node.name.value
        definition = self._schema.get_field(parent, name)  # type: ignore[arg-type]  # it has fields
        if definition is None or node.selection_set is None:
            return Price(self._prices.weights.get(f"{parent.name}.{name}", 1))
        below = self._selections(node.selection_set, get_named_type(definition.type))
        if name in INTROSPECTION:
            return Price(_product(self._prices.introspection, below.fixed))
        if parent.name.startswith("__"):
            return Price(_sum((1, below.fixed)))
        return self._composite(node, f"{parent.name}.{name}", definition, below)

    def _composite(
        self, node: FieldNode, coordinate: str, definition: GraphQLField, below: Price
    ) -> Price:
        """Return the price of a field that has fields."""
        prices = self._prices
        slices = [definition.args[each] for each in (*SLICES, *LISTS) if each in definition.args]
        if not is_list_type(get_nullable_type(definition.type)):
            weight = prices.weights.get(coordinate, prices.connection if slices else 1)
            page = self._length(node, coordinate, definition)
            return Price(_sum((weight, below.fixed, _product(page, below.each))))
        weight = prices.weights.get(coordinate, 1)
        entry = _sum((1, below.fixed))
        if not slices and node.name.value in prices.paged and coordinate not in prices.lengths:
            return Price(weight, entry)
        length = self._length(node, coordinate, definition)
        return Price(_sum((weight, _product(length, entry))))

    def _length(self, node: FieldNode, coordinate: str, definition: GraphQLField) -> Cost:
        """Return how long a field's list is."""
        given = {each.name.value: each.value for each in node.arguments or ()}
        told = [
            self._told(given[name], argument)
            for name in (*SLICES, *LISTS)
            if name in given and (argument := definition.args.get(name)) is not None
        ]
        unsaid = self._unsaid(coordinate, definition)
        return _longest(told, unsaid, self._prices.most)

    def _unsaid(self, coordinate: str, definition: GraphQLField) -> int:
        """Return the length of a list of which the request does not say it."""
        if coordinate in self._prices.lengths:
            return self._prices.lengths[coordinate]
        slices = [definition.args[each] for each in SLICES if each in definition.args]
        defaults = [_default(argument) for argument in slices]
        known = [each for each in defaults if each is not None]
        return max(known, default=self._prices.page if slices else self._prices.list)

    @staticmethod
    def _told(value: ValueNode, argument: GraphQLArgument) -> Length:
        if isinstance(value, IntValueNode):
            return int(value.value)
        if isinstance(value, ListValueNode):
            return len(value.values)
        if not isinstance(value, VariableNode):
            return None
        name, default = value.name.value, _default(argument)

        def length(scope: Scope) -> int | None:
            told = scope.variables.get(name, default)
            return len(told) if isinstance(told, list) else told

        return length


def _default(argument: GraphQLArgument) -> int | None:
    value = coerce_default_value(argument)
    return value if isinstance(value, int) else None


def _longest(told: list[Length], unsaid: int, most: int) -> Cost:
    """Return the longest of what is told, at most `most`; `unsaid` if nothing is."""

    def longest(lengths: Iterable[int | None]) -> int:
        known = [each for each in lengths if each is not None]
        return min(max(known, default=unsaid), most) if max(known, default=1) > 0 else 0

    if not any(callable(each) for each in told):
        return longest(each for each in told if not callable(each))
    return lambda scope: longest(each(scope) if callable(each) else each for each in told)


def _sum(costs: Iterable[Cost]) -> Cost:
    parts = list(costs)
    constant = sum(part for part in parts if isinstance(part, int))
    varying = [part for part in parts if not isinstance(part, int)]
    if not varying:
        return constant
    return lambda scope: constant + sum(part(scope) for part in varying)


def _product(length: Cost, cost: Cost) -> Cost:
    if isinstance(length, int) and isinstance(cost, int):
        return length * cost
    if length == 0 or cost == 0:
        return 0

    def product(scope: Scope) -> int:
        long = length if isinstance(length, int) else length(scope)
        return long * (cost if isinstance(cost, int) else cost(scope))

    return product


def _remembered(cost: Cost) -> Cost:
    """Return a cost that is computed once in a request."""
    if isinstance(cost, int):
        return cost

    def remembered(scope: Scope) -> int:
        key = id(remembered)
        if key not in scope.known:
            scope.known[key] = cost(scope)
        return scope.known[key]

    return remembered
