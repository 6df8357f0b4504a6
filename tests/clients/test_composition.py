"""Another organisation composes our subgraph with its own, by a composer that is not ours."""

import shutil
import subprocess
from pathlib import Path

import pytest
from graphql import build_schema

from schema.subgraph import SubgraphSchema

HERE = Path(__file__).parent
NODE = shutil.which("node")
COMPOSER = HERE / "node_modules" / "@theguild" / "federation-composition"

pytestmark = pytest.mark.skipif(
    NODE is None or not COMPOSER.is_dir(), reason="the composer is not installed: Node is missing"
)


def test_our_entities_carry_what_others_say_of_them(tmp_path):
    ours = tmp_path / "mitra.graphql"
    ours.write_text(SubgraphSchema().sdl)

    composed = subprocess.run(
        [str(NODE), str(HERE / "compose.mjs"), str(ours), str(HERE / "reviews.graphql")],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert composed.returncode == 0, composed.stderr
    supergraph = build_schema(composed.stdout)
    assert {"title", "offerings", "reviews"} <= set(supergraph.type_map["Course"].fields)
    assert {"name", "stars"} <= set(supergraph.type_map["Institution"].fields)
    assert {"courses", "me", "review"} <= set(supergraph.query_type.fields)
    assert "enrol" in supergraph.mutation_type.fields
