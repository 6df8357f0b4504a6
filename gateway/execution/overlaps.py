"""How much validation has to compare: each pair of fields that are answered under one name.

Equal fields of one place become one, and what is in them meets again below: eight fields of
one name in each of three places within one another are a hundred thousand comparisons.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
)

Fragments = Mapping[str, FragmentDefinitionNode]


def comparisons(roots: Iterable[SelectionSetNode], fragments: Fragments, enough: int) -> int:
    """Return how many pairs there are, or the first number that is more than `enough`.

    No fragment may spread itself.  The work is that of the selections written out.
    """
    found = 0
    waiting = [[root] for root in roots]
    while waiting and found <= enough:
        for nodes in collected(waiting.pop(), fragments).values():
            found += len(nodes) * (len(nodes) - 1) // 2
            if below := [node.selection_set for node in nodes if node.selection_set is not None]:
                waiting.append(below)
    return found


def collected(
    selection_sets: Sequence[SelectionSetNode], fragments: Fragments
) -> Mapping[str, Sequence[FieldNode]]:
    """Return the fields that are answered in one place, by their response names."""
    fields: defaultdict[str, list[FieldNode]] = defaultdict(list)
    spread: set[str] = set()
    waiting = list(selection_sets)
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FieldNode):
                fields[response_name(selection)].append(selection)
            elif isinstance(selection, InlineFragmentNode):
                waiting.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name in fragments and name not in spread:
                    spread.add(name)
                    waiting.append(fragments[name].selection_set)
    return fields


def fragments_of(document: DocumentNode) -> Fragments:
    """Return a document's fragments by their names."""
    return {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }


def response_name(node: FieldNode) -> str:
    """Return the name under which a field is answered."""
    return node.alias.value if node.alias else node.name.value
