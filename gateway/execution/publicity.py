"""Which answers are the same for everybody, and may be kept by anybody.  Pure."""

from collections.abc import Iterator

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)

from gateway.execution.engine import Prepared
from schema.build import MaskingSchema
from schema.guarding import document_scope
from schema.policies import PUBLIC

# worth a call of a partner each time; or told to some
_NEVER = frozenset({"quote", "__schema", "__type"})


class Publicity:
    """Tells by the policies of its fields whether a question may be answered for all at once."""

    def __init__(self, schema: MaskingSchema) -> None:
        self._schema = schema._schema  # noqa: SLF001 - Strawberry has no public name for it

    def __call__(self, prepared: Prepared) -> bool:
        """Return whether everybody is answered the same, whoever they are."""
        if prepared.kind is not OperationType.QUERY:
            return False
        if not _NEVER.isdisjoint(_field_names(prepared)):
            return False
        scope = document_scope(self._schema, prepared.document, prepared.operation)
        return scope == PUBLIC.scope


def _field_names(prepared: Prepared) -> Iterator[str]:
    parts = (OperationDefinitionNode, FragmentDefinitionNode)
    definitions = prepared.document.definitions
    selected = [each.selection_set for each in definitions if isinstance(each, parts)]
    return _names_in(selected)


def _names_in(selected: list[SelectionSetNode]) -> Iterator[str]:
    while selected:
        for selection in selected.pop().selections:
            if isinstance(selection, FieldNode):
                yield selection.name.value
            if isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                selected.append(selection.selection_set)
