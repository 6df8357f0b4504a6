"""The arguments of a field, as Strawberry gives them: what no variable decides is made once."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from graphql import ArgumentNode, GraphQLArgument, ListValueNode, ObjectValueNode, VariableNode
from graphql.execution.values import VariableValues, coerce_argument
from strawberry import UNSET
from strawberry.types.arguments import StrawberryArgument, convert_argument
from strawberry.types.field import StrawberryField

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
        return self.node is None or not _has_variables(self.node.value)


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
        self._varying: list[_Argument] = []
        for each in self._arguments():
            if not self._is_made_beforehand(each):
                self._varying.append(each)

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
            self._make(each, made, values, run.infos[index] or run.info(self._site, self._field))
        if all(isinstance(each, _UNCHANGING) for each in made.values()):
            run.arguments[index] = made
        return made

    def _arguments(self) -> list[_Argument]:
        nodes = {each.name.value: each for each in self._site.nodes[0].arguments or ()}
        name_of = self._config.name_converter.from_argument
        taken = {name_of(each): each for each in self._field.arguments}
        return [
            _Argument(name, definition, nodes.get(name), taken.get(name))
            for name, definition in self._site.field.args.items()
        ]

    def _is_made_beforehand(self, argument: _Argument) -> bool:
        """Make an argument that is the same in every run, if nobody can change it."""
        if not argument.is_fixed:
            return False
        made: dict[str, Any] = {}
        try:
            self._make(argument, made, _NOTHING, None)
        except Exception:  # noqa: BLE001 - it is raised where it is asked for
            return False
        if not all(isinstance(each, _UNCHANGING) for each in made.values()):
            return False
        self._fixed |= made
        return True

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


def _has_variables(value: Any) -> bool:
    if isinstance(value, ListValueNode):
        return any(map(_has_variables, value.values))
    if isinstance(value, ObjectValueNode):
        return any(_has_variables(each.value) for each in value.fields)
    return isinstance(value, VariableNode)
