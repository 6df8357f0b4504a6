"""Another organisation composes our subgraph with its own, by a composer that is not ours."""

from pathlib import Path

from graphql import build_schema

from schema.subgraph import SubgraphSchema
from tests.clients.conftest import HERE, printed_by


def test_our_entities_carry_what_others_say_of_them(tmp_path: Path):
    ours = tmp_path / "mitra.graphql"
    ours.write_text(SubgraphSchema().sdl)

    composed = printed_by("compose.mjs", ours, HERE / "reviews.graphql")

    supergraph = build_schema(composed)
    assert {"title", "offerings", "reviews"} <= set(supergraph.type_map["Course"].fields)
    assert {"name", "stars"} <= set(supergraph.type_map["Institution"].fields)
    assert {"courses", "me", "review"} <= set(supergraph.query_type.fields)
    assert "enrol" in supergraph.mutation_type.fields
