"""Where registered operations are found, and what their clients are told of them."""

import json

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.contract.registered import load_registered

TITLES = "query Titles { courses { nodes { title } } }"


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "operations" / "app").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("None here.")
    return tmp_path


def test_manifests_folders_and_examples_are_all_found(repository):
    manifest = {"1": TITLES, "2": 7}
    (repository / "operations" / "web.json").write_text(json.dumps(manifest))
    (repository / "operations" / "app" / "list.graphql").write_text(TITLES)
    guide = f'# Asking\n\n```graphql\n{TITLES}\n```\n\n    curl -d \'{{"query":\n "{{ me }}"}}\'\n'
    (repository / "docs" / "asking.md").write_text(guide)

    found, bad_rows = load_registered(repository)

    assert [(each.client, each.id, each.name) for each in found] == [
        ("web", "1", "Titles"),
        ("app", "list", "Titles"),
        ("docs/asking.md", "example in line 3", "Titles"),
        ("docs/asking.md", "example in line 7", None),
    ]
    assert found[-1].body == "{ me }"
    assert [row.place for row in bad_rows] == ["2"]


def checked(*files):
    done = CliRunner().invoke(app, ["operations", "check", *map(str, files)])
    return done.exit_code, done.output.splitlines()


def test_clients_can_check_their_manifest(tmp_path):
    file = tmp_path / "web.json"
    file.write_text(json.dumps({"1": TITLES, "2": "{ courses { total } }", "3": None}))

    code, lines = checked(file)

    assert code == 1
    assert lines[0].startswith("refused\tweb: operation 3: its `body`")
    assert lines[1] == "accepted\tTitles"
    assert lines[2].startswith("refused\t2\tCannot query field 'total'")


def test_what_will_go_is_told_against_another_schema(tmp_path):
    sdl, document = tmp_path / "next.graphql", tmp_path / "old.graphql"
    sdl.write_text('type Query { a: Int @deprecated(reason: "Use `b`; until 2027-06-30.") }')
    document.write_text("query Old { a }")

    code, lines = checked("--schema", sdl, document)

    assert (code, lines[0]) == (0, "accepted\tOld")
    assert lines[1] == "deprecated\tOld\tQuery.a: Use `b`; until 2027-06-30."
