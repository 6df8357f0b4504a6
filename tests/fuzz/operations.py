"""Operations and variables at random, over any schema: what a client could send.

Fragments, aliases, the same field twice, conditions, literals and variables at every place.
Not all are valid; whoever uses them validates first.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from random import Random
from typing import Any

from graphql import (
    GraphQLNamedType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    is_required_argument,
    is_union_type,
)

MOST_DEEP = 6
MOST_NAMES = 25  # afterwards it is brought to an end
WRONG = (None, "", -1, 1.5, 2**64, True, [], [[None]], {}, {"a": 1})
ASKED_FOR = "Q"  # the name of the operation that is meant, where there are two
Scalar = Callable[[Random], Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation and its variables."""

    text: str
    variables: dict[str, Any]


class Operations:
    """Writes operations; `scalars` makes values for scalars by their name.

    With `roots` these fields alone are asked of the query type.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        dice: Random,
        scalars: dict[str, Scalar],
        roots: Collection[str] = (),
    ) -> None:
        self._known = schema, dice, scalars, roots

    def one(self) -> Asked:
        """Return an operation."""
        return _Operation(*self._known).asked()


class _Operation:
    def __init__(
        self,
        schema: GraphQLSchema,
        dice: Random,
        scalars: dict[str, Scalar],
        roots: Collection[str],
    ) -> None:
        self._schema = schema
        self._dice = dice
        self._scalars = scalars
        self._roots = roots
        self._count = 0
        self._fragments: list[str] = []
        self._spread: list[tuple[GraphQLNamedType, str]] = []
        self._declared: list[str] = []
        self._variables: dict[str, Any] = {}
        self._conditions: list[str] = []
        self._is_simple = dice.random() < 0.3  # no conditions

    def asked(self) -> Asked:
        is_change = self._chance(0.2) and not self._roots
        root = self._schema.mutation_type if is_change else self._schema.query_type
        selected = self._selection(root, 0)
        declared = f"({', '.join(self._declared)})" if self._declared else ""
        kind = "mutation" if is_change else "query"
        texts = [f"{kind} {ASKED_FOR}{declared} {selected}", *self._fragments]
        if self._chance(0.1):
            texts.append("query Another { __typename }")
        self._dice.shuffle(texts)
        return Asked("\n".join(texts), self._variables)

    def _chance(self, share: float) -> bool:
        return self._dice.random() < share

    def _next(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    def _selection(self, kind: Any, depth: int) -> str:
        widths = (1, 2, 3) if depth == 0 or self._count > MOST_NAMES else (1, 2, 3, 4)
        parts = [self._part(kind, depth) for _ in range(self._dice.choice(widths))]
        parts = [each for each in parts if each] or ["__typename"]
        if self._chance(0.15):
            parts.append(self._dice.choice(parts))  # the same again
        return "{ " + " ".join(parts) + " }"

    def _part(self, kind: Any, depth: int) -> str:
        throw = self._dice.random()
        may_nest = depth < MOST_DEEP and self._count <= MOST_NAMES
        if is_union_type(kind) and may_nest:
            throw = self._dice.uniform(0.08, 0.34)  # it has no fields of its own
        if throw < 0.08 and may_nest:
            return self._field_again(kind, depth)
        if throw < 0.2 and may_nest:
            return self._inline(kind, depth)
        if throw < 0.28 and may_nest:
            return self._named(kind, depth)
        if throw < 0.34:
            return f"{self._next('t')}: __typename" if self._chance(0.3) else "__typename"
        return self._field(kind, depth)

    def _field(self, kind: Any, depth: int) -> str:
        choices = list(self._fields_of(kind).items())
        if depth >= MOST_DEEP or self._count > MOST_NAMES:
            leaves = [each for each in choices if is_leaf_type(get_named_type(each[1].type))]
            choices = leaves or (choices if depth < MOST_DEEP else [])
        if not choices:
            return ""
        name, field = self._dice.choice(choices)
        arguments = self._arguments(field)
        alias = f"{self._next('a')}: " if arguments or self._chance(0.1) else ""
        return f"{alias}{name}{arguments}{self._condition()}{self._below(field, depth)}"

    def _field_again(self, kind: Any, depth: int) -> str:
        """Ask twice for one key, each time for something else of it."""
        choices = [
            (name, field)
            for name, field in self._fields_of(kind).items()
            if not is_leaf_type(get_named_type(field.type))
        ]
        if not choices or depth >= MOST_DEEP:
            return ""
        name, field = self._dice.choice(choices)
        head = f"{self._next('a')}: {name}{self._arguments(field)}"
        twice = [f"{head}{self._condition()}{self._below(field, depth)}" for _ in range(2)]
        return " ".join(twice)

    def _fields_of(self, kind: Any) -> dict[str, Any]:
        if is_union_type(kind):
            return {}
        fields: dict[str, Any] = kind.fields
        if self._roots and kind is self._schema.query_type:
            return {name: each for name, each in fields.items() if name in self._roots}
        return fields

    def _below(self, field: Any, depth: int) -> str:
        named = get_named_type(field.type)
        return "" if is_leaf_type(named) else f" {self._selection(named, depth + 1)}"

    def _inline(self, kind: Any, depth: int) -> str:
        condition = self._narrowed(kind)
        on = "" if condition is kind and self._chance(0.5) else f" on {condition.name}"
        return f"...{on}{self._condition()} {self._selection(condition, depth + 1)}"

    def _named(self, kind: Any, depth: int) -> str:
        known = [name for each, name in self._spread if each is kind]
        if known and self._chance(0.5):
            return f"...{self._dice.choice(known)}{self._condition()}"
        condition, name = self._narrowed(kind), self._next("F")
        body = self._selection(condition, depth + 1)
        self._fragments.append(f"fragment {name} on {condition.name} {body}")
        self._spread.append((kind, name))
        return f"...{name}{self._condition()}"

    def _narrowed(self, kind: Any) -> Any:
        choices = [kind]
        if is_abstract_type(kind):
            choices += self._schema.get_possible_types(kind) * 2
        elif is_object_type(kind):
            choices += kind.interfaces
        return self._dice.choice(choices)

    def _condition(self) -> str:
        if self._is_simple or not self._chance(0.12):
            return ""
        names = self._dice.sample(("skip", "include"), 2 if self._chance(0.1) else 1)
        return "".join(f" @{name}(if: {self._truth()})" for name in names)

    def _truth(self) -> str:
        return self._dice.choice(("true", "false", None, None, None)) or self._boolean()

    def _boolean(self) -> str:
        if self._conditions and self._chance(0.7):
            return self._dice.choice(self._conditions)
        name = self._next("c")
        has_default = self._chance(0.2)
        default = f" = {self._dice.choice(('true', 'false'))}" if has_default else "!"
        self._declared.append(f"${name}: Boolean{default}")
        if not has_default or self._chance(0.5):
            self._variables[name] = self._chance(0.5)
        self._conditions.append(f"${name}")
        return f"${name}"

    def _arguments(self, field: Any) -> str:
        given = [
            f"{name}: {self._given(each.type)}"
            for name, each in field.args.items()
            if is_required_argument(each) or self._chance(0.35)
        ]
        return f"({', '.join(given)})" if given else ""

    def _given(self, kind: Any) -> str:
        if self._chance(0.35):
            return self._variable(kind)
        return self._literal(kind)

    def _variable(self, kind: Any) -> str:
        name = self._next("v")
        default = f" = {_written(self._value(kind), kind)}" if self._chance(0.15) else ""
        self._declared.append(f"${name}: {kind}{default}")
        if (is_non_null_type(kind) and not default) or self._chance(0.8):
            self._variables[name] = self._sent(kind)
        return f"${name}"

    def _sent(self, kind: Any) -> Any:
        """Return a value as clients send it: one for a list of one, and seldom a wrong one."""
        if self._chance(0.01):
            return self._dice.choice(WRONG)
        value = self._value(kind)
        return value[0] if isinstance(value, list) and value and self._chance(0.2) else value

    def _literal(self, kind: Any) -> str:
        inner: Any = get_nullable_type(kind)
        if is_list_type(inner) and self._chance(0.5):
            return f"[{', '.join(self._given(inner.of_type) for _ in range(2))}]"
        if is_input_object_type(inner) and self._chance(0.7):
            given = [
                f"{name}: {self._given(each.type)}"
                for name, each in inner.fields.items()
                if is_non_null_type(each.type) or self._chance(0.3)
            ]
            return f"{{{', '.join(given)}}}"
        return _written(self._value(kind), kind)

    def _value(self, kind: Any) -> Any:
        if not is_non_null_type(kind) and self._chance(0.1):
            return None
        inner: Any = get_nullable_type(kind)
        if is_list_type(inner):
            return [self._value(inner.of_type) for _ in range(self._dice.choice((0, 1, 2)))]
        if is_enum_type(inner):
            return self._dice.choice(list(inner.values))
        if is_input_object_type(inner):
            return {
                name: self._value(each.type)
                for name, each in inner.fields.items()
                if is_non_null_type(each.type) or self._chance(0.3)
            }
        return self._scalars[inner.name](self._dice)


def _written(value: Any, kind: Any) -> str:  # noqa: PLR0911 - a case for each kind of type
    """Return a value as GraphQL writes it."""
    inner: Any = kind and get_nullable_type(kind)
    if value is None:
        return "null"
    if is_list_type(inner):
        return f"[{', '.join(_written(each, inner.of_type) for each in value)}]"
    if isinstance(value, dict):
        types = {name: each.type for name, each in getattr(inner, "fields", {}).items()}
        pairs = (f"{name}: {_written(each, types.get(name))}" for name, each in value.items())
        return f"{{{', '.join(pairs)}}}"
    if is_enum_type(inner):
        return str(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)
