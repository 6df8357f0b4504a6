"""How much validation has to compare: each pair of fields that are answered under one name.

Equal fields of one place become one, and what is in them meets again below: eight fields of
one name in each of three places within one another are a hundred thousand comparisons.

Most are written alike, and nothing can be wrong with them: unless types have fields of that name
that are not alike themselves (`ambiguous_in`).
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
)

Fragments = Mapping[str, FragmentDefinitionNode]


class Overlaps(NamedTuple):
    """How many pairs there are, and whether any of them may be in conflict."""

    pairs: int
    differ: bool


def overlaps(
    roots: Iterable[SelectionSetNode],
    fragments: Fragments,
    enough: int,
    ambiguous: Container[str] = (),
) -> Overlaps:
    """Return what has to be compared, or of how much more than `enough` pairs there are.

    No fragment may spread itself.  The work is that of the selections written out.
    """
    found, differ = 0, False
    waiting = [[root] for root in roots]
    while waiting and found <= enough:
        for nodes in collected(waiting.pop(), fragments).values():
            if len(nodes) > 1:
                found += len(nodes) * (len(nodes) - 1) // 2
                differ = differ or nodes[0].name.value in ambiguous or not _alike(nodes)
            if below := [node.selection_set for node in nodes if node.selection_set is not None]:
                waiting.append(below)
    return Overlaps(found, differ)


def ambiguous_in(schema: GraphQLSchema) -> Container[str]:
    """Return the names that fields have which cannot stand for one another, on several types."""
    shapes: defaultdict[str, set[str]] = defaultdict(set)
    for kind in schema.type_map.values():
        if is_composite_type(kind) and not kind.name.startswith("__"):
            fields: Mapping[str, Any] = getattr(kind, "fields", {})  # a union has none
            for name, field in fields.items():
                named = get_named_type(field.type)
                told = str(field.type)
                shapes[name].add(
                    told.replace(named.name, "*") if is_composite_type(named) else told
                )
    return frozenset(name for name, found in shapes.items() if len(found) > 1)


def _shape(kind: Any) -> str:
    """Return a type as far as another must equal it, to stand under one name with it."""
    named, told = get_named_type(kind), str(kind)
    return told.replace(named.name, "*") if is_composite_type(named) else told


def _alike(nodes: Sequence[FieldNode]) -> bool:
    name, arguments = nodes[0].name.value, _arguments(nodes[0])
    return all(each.name.value == name and _arguments(each) == arguments for each in nodes)


def _arguments(node: FieldNode) -> str | None:
    """Return the arguments of a field as they are written."""
    if not node.arguments:
        return None
    first, last = node.arguments[0].loc, node.arguments[-1].loc
    return first.source.body[first.start : last.end] if first and last else f"{id(node)}"


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
