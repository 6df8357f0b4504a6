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

_ASKED_OF_PARTNERS = frozenset({"quote"})  # worth a call each time


def is_public(prepared: Prepared) -> bool:
    """Return whether somebody without a token is answered what everybody else would be."""
    if prepared.kind is not OperationType.QUERY:
        return False
    parts = (OperationDefinitionNode, FragmentDefinitionNode)
    selected = [
        each.selection_set for each in prepared.document.definitions if isinstance(each, parts)
    ]
    return _ASKED_OF_PARTNERS.isdisjoint(_field_names(selected))


def _field_names(selected: list[SelectionSetNode]) -> Iterator[str]:
    while selected:
        for selection in selected.pop().selections:
            if isinstance(selection, FieldNode):
                yield selection.name.value
            if isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                selected.append(selection.selection_set)
