"""A small schema, documents over it at random, and what they come to when written out."""

from dataclasses import dataclass
from itertools import combinations

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    build_schema,
)
from hypothesis import strategies as st

from gateway.execution.cost import Prices
from gateway.execution.overlaps import fragments_of, response_name

SCHEMA: GraphQLSchema = build_schema(
    """
    type Query { thing: Thing things: [Thing!]! page(first: Int, last: Int): ThingConnection! }
    type Thing {
      name: String
      friend: Thing
      friends: [Thing!]!
      page(first: Int = 3): ThingConnection!
    }
    type ThingConnection { nodes: [Thing!]! edges: [ThingEdge!]! totalCount: Int! }
    type ThingEdge { node: Thing! cursor: String! }
    """
)
PRICES = Prices(
    weights={"Thing.name": 2}, lengths={"Thing.friends": 4}, page=5, list=6, connection=3
)
FRAGMENTS = ("A", "B", "C")


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A query over `Thing`, with fragments that spread only those behind them."""
    parts = [f"query ($n: Int) {{ thing {draw(selections(FRAGMENTS))} }}"]
    for place, name in enumerate(FRAGMENTS):
        behind = FRAGMENTS[place + 1 :]
        parts.append(f"fragment {name} on Thing {draw(selections(behind))}")
    return " ".join(parts)


def selections(fragments: tuple[str, ...], depth: int = 2) -> st.SearchStrategy[str]:
    """What may be selected of a thing."""
    leaves = st.sampled_from(["name", "alias: name", *(f"...{name}" for name in fragments)])
    chosen = leaves
    if depth:
        below = selections(fragments, depth - 1)
        sizes = st.sampled_from(["", "(first: 2)", "(first: $n)", "(first: 500)", "(first: -1)"])
        chosen |= below.map(lambda text: f"friend {text}")
        chosen |= below.map(lambda text: f"friends {text}")
        chosen |= below.map(lambda text: f"... on Thing {text}")
        chosen |= st.tuples(sizes, below).map(lambda it: f"page{it[0]} {{ nodes {it[1]} }}")
    return st.lists(chosen, min_size=1, max_size=2).map(lambda them: f"{{ {' '.join(them)} }}")


@dataclass
class Written:
    """A selection written out, field by field."""

    depth: int = 0
    selections: int = 0
    aliases: int = 0


def written_out(document: DocumentNode, selection_set: SelectionSetNode) -> Written:
    """Count by following every spread, however often."""
    total = Written()
    for selection in selection_set.selections:
        if isinstance(selection, FieldNode):
            below = Written()
            if selection.selection_set:
                below = written_out(document, selection.selection_set)
            part = Written(below.depth + 1, below.selections, below.aliases + bool(selection.alias))
        else:
            part = written_out(document, _followed(document, selection))
        total.depth = max(total.depth, part.depth)
        total.selections += part.selections + 1
        total.aliases += part.aliases
    return total


def pairs_written_out(document: DocumentNode, selection_sets: list[SelectionSetNode]) -> int:
    """Count pairs of fields of one name, place by place, as they are merged when run."""
    places: dict[str, list[FieldNode]] = {}
    for selection_set in selection_sets:
        for node in _fields(document, selection_set):
            places.setdefault(response_name(node), []).append(node)
    unique = [list({id(node): node for node in nodes}.values()) for nodes in places.values()]
    pairs = sum(len(list(combinations(nodes, 2))) for nodes in unique)
    below = [[node.selection_set for node in nodes if node.selection_set] for nodes in unique]
    return pairs + sum(pairs_written_out(document, each) for each in below if each)


def _fields(document: DocumentNode, selection_set: SelectionSetNode) -> list[FieldNode]:
    fields = []
    for selection in selection_set.selections:
        if isinstance(selection, FieldNode):
            fields.append(selection)
        else:
            fields += _fields(document, _followed(document, selection))
    return fields


def cost_written_out(
    document: DocumentNode, selection_set: SelectionSetNode, n: int | None, page: int = 0
) -> int:
    """Sum the cost of a selection of things, or of a page with so many, field by field."""
    total = 0
    for selection in selection_set.selections:
        if not isinstance(selection, FieldNode):
            total += cost_written_out(document, _followed(document, selection), n, page)
            continue
        match selection.name.value:
            case "name":
                total += 2
            case "thing" | "friend":
                total += 1 + cost_written_out(document, selection.selection_set, n)  # type: ignore[arg-type]  # it has one
            case "friends":
                total += 1 + 4 * (1 + cost_written_out(document, selection.selection_set, n))  # type: ignore[arg-type]  # it has one
            case "nodes":
                total += 1 + page * (1 + cost_written_out(document, selection.selection_set, n))  # type: ignore[arg-type]  # it has one
            case "page":
                total += 3 + cost_written_out(
                    document, selection.selection_set, n, _size(selection, n)
                )  # type: ignore[arg-type]  # it has one
    return total


def _size(node: FieldNode, n: int | None) -> int:
    if not node.arguments:
        return 3
    told = getattr(node.arguments[0].value, "value", None)
    size = (3 if n is None else n) if told is None else int(told)
    return min(max(size, 0), 100)


def _followed(document: DocumentNode, selection: object) -> SelectionSetNode:
    if isinstance(selection, InlineFragmentNode):
        return selection.selection_set
    assert isinstance(selection, FragmentSpreadNode)
    return fragments_of(document)[selection.name.value].selection_set
