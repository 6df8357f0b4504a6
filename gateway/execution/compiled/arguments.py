"""The arguments of a field, as Strawberry gives them: what no variable decides is made once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from graphql import (
    ArgumentNode,
    GraphQLArgument,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    VariableNode,
    is_non_null_type,
)
from graphql.execution.values import VariableValues, coerce_argument
from strawberry import UNSET
from strawberry.types.arguments import StrawberryArgument, convert_argument
from strawberry.types.field import StrawberryField

from gateway.execution.circles import let_go
from gateway.execution.compiled.conversions import Convert, conversion
from gateway.execution.compiled.running import Run, Source
from gateway.execution.compiled.sites import Site

_UNCHANGING = (str, int, float, bool, Enum, datetime, date, type(None), type(UNSET))
_NOTHING = VariableValues({}, {})


@dataclass(frozen=True, slots=True)
class _Argument:
    name: str
    definition: GraphQLArgument
    node: ArgumentNode | None
    taken: StrawberryArgument | None  # the resolver's, of that name

    @property
    def is_fixed(self) -> bool:
        return self.node is None or not has_variables(self.node.value)


@dataclass(frozen=True, slots=True)
class _Sent:
    """An argument that is just a variable: how its value is taken, and what it is without one."""

    argument: _Argument
    variable: str
    name: str
    convert: Convert
    is_nullable: bool
    unsaid: Mapping[str, Any] | None  # None: it is to be worked out


class Arguments:
    """What gives the arguments of one field in a run; one for each place that asks for it."""

    def __init__(self, site: Site, field: StrawberryField, source: Source) -> None:
        """Make what can be made beforehand."""
        self._site = site
        self._field = field
        self._hides_suggestions = source.hides_suggestions
        schema = source.strawberry
        self._config = schema.config
        self._scalars = schema.schema_converter.scalar_registry
        self._fixed: dict[str, Any] = {}
        self._varying: list[_Argument | _Sent] = []
        for each in self._arguments():
            made = self._made_beforehand(each) if each.is_fixed else None
            if made is None:
                self._varying.append(self._sent(each) or each)
            else:
                self._fixed |= made

    @property
    def unchanging(self) -> Mapping[str, Any] | None:
        """The arguments if they are the same in every run."""
        return None if self._varying else self._fixed

    def __call__(self, run: Run) -> dict[str, Any]:
        """Return the arguments by their names in Python; nobody may change them."""
        if not self._varying:
            return self._fixed
        index = self._site.index
        known = run.arguments.get(index)
        if known is not None:
            return known
        made = dict(self._fixed)
        values = run.values or _NOTHING
        for each in self._varying:
            if isinstance(each, _Sent) and _is_taken(each, made, values.coerced):
                continue
            argument = each.argument if isinstance(each, _Sent) else each
            info = run.infos[index] or run.info(self._site, self._field)
            self._make(argument, made, values, info)
        if all(map(self._is_unchanging, made.items())):
            run.arguments[index] = made
        return made

    def _is_unchanging(self, made: tuple[str, Any]) -> bool:
        name, value = made
        return name in self._fixed or isinstance(value, _UNCHANGING)

    def _arguments(self) -> list[_Argument]:
        nodes = {each.name.value: each for each in self._site.nodes[0].arguments or ()}
        name_of = self._config.name_converter.from_argument
        taken = {name_of(each): each for each in self._field.arguments}
        return [
            _Argument(name, definition, nodes.get(name), taken.get(name))
            for name, definition in self._site.field.args.items()
        ]

    def _made_beforehand(self, argument: _Argument) -> dict[str, Any] | None:
        """Return what an argument is without any variable; None if somebody could change that."""
        made: dict[str, Any] = {}
        try:
            self._make(argument, made, _NOTHING, None)
        except Exception as exc:  # noqa: BLE001 - it is raised where it is asked for
            let_go(exc)
            return None
        return made if all(isinstance(each, _UNCHANGING) for each in made.values()) else None

    def _sent(self, argument: _Argument) -> _Sent | None:
        """Return how an argument is had of a variable's value, if it is no more than that."""
        node, taken = argument.node, argument.taken
        if node is None or taken is None or not isinstance(node.value, VariableNode):
            return None
        convert = conversion(taken.type, self._config, self._scalars)
        if convert is None:
            return None
        return _Sent(
            argument,
            node.value.name.value,
            taken.python_name,
            convert,
            not is_non_null_type(argument.definition.type),
            self._made_beforehand(argument),
        )

    def _make(
        self, argument: _Argument, made: dict[str, Any], values: VariableValues, info: Any
    ) -> None:
        coerced: dict[str, Any] = {}
        coerce_argument(
            coerced,
            self._site.nodes[0],
            argument.name,
            argument.definition,
            argument.node,
            values,
            None,
            self._hides_suggestions,
        )
        if argument.taken is not None and argument.name in coerced:
            made[argument.taken.python_name] = convert_argument(
                coerced[argument.name],
                argument.taken.type,
                self._scalars,
                self._config,
                info,
                path=(argument.name,),
            )


def _is_taken(sent: _Sent, made: dict[str, Any], coerced: Mapping[str, Any]) -> bool:
    """Put an argument that is a variable among those `made`, unless something is odd about it."""
    value = coerced.get(sent.variable, Undefined)
    if value is Undefined:
        if sent.unsaid is None:
            return False
        made |= sent.unsaid
        return True
    if value is None and not sent.is_nullable:
        return False
    made[sent.name] = sent.convert(value)
    return True


def has_variables(value: Any) -> bool:
    """Return whether a value of a document is a variable, or holds one."""
    if isinstance(value, ListValueNode):
        return any(map(has_variables, value.values))
    if isinstance(value, ObjectValueNode):
        return any(has_variables(each.value) for each in value.fields)
    return isinstance(value, VariableNode)
