"""What clients may register beforehand, and what is left out."""

import json
from hashlib import sha256

import pytest

from gateway.execution.manifests import ManifestError, load_manifests, read_manifest

BODY = "query Titles { courses { nodes { title } } }"
ID = sha256(BODY.encode()).hexdigest()


def an_apollo_manifest(*rows, **more):
    head = {"format": "apollo-persisted-query-manifest", "version": 1}
    return json.dumps({**head, "operations": rows, **more}).encode()


def a_row(**changes):
    return {"id": ID, "body": BODY, "name": "Titles", "type": "query", **changes}


def test_apollos_manifest_is_read():
    manifest = read_manifest("web", an_apollo_manifest(a_row()))

    [operation] = manifest.operations.values()
    assert (operation.client, operation.id, operation.name) == ("web", ID, "Titles")
    assert operation.body == BODY
    assert not manifest.bad_rows


def test_relays_map_of_ids_to_texts_is_read():
    manifest = read_manifest("app", json.dumps({"3be4abb8": BODY}).encode())

    assert manifest.operations["3be4abb8"].body == BODY


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (BODY, "Titles"),
        ("fragment F on Query { a }\nmutation Enrol($i: I!) { ...F }", "Enrol"),
        ("{ courses { totalCount } }", None),
        ("query ($n: Int) { courses(first: $n) { totalCount } }", None),
    ],
)
def test_an_operation_is_known_by_the_name_in_its_text_where_a_manifest_tells_none(body, name):
    manifest = read_manifest("app", json.dumps({"3be4abb8": body}).encode())

    assert manifest.operations["3be4abb8"].name == name


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param("text", "must be an object", id="no-object"),
        pytest.param(a_row(id=None), "`id`", id="no-id"),
        pytest.param(a_row(id=""), "`id`", id="empty-id"),
        pytest.param(a_row(id="x" * 256), "`id`", id="endless-id"),
        pytest.param(a_row(id="a\nb"), "`id`", id="id-of-two-lines"),
        pytest.param(a_row(body=""), "`body`", id="empty-body"),
        pytest.param(a_row(body=7), "`body`", id="body-that-is-no-text"),
        pytest.param(a_row(name="no name"), "`name`", id="name-that-is-none"),
        pytest.param(a_row(id="sha256:" + "0" * 64), "SHA-256", id="digest-of-another-body"),
        pytest.param(a_row(id="0" * 64), "SHA-256", id="bare-digest-of-another-body"),
    ],
)
def test_a_bad_row_is_reported_and_the_rest_is_read(row, reason):
    good = a_row(id="good")

    manifest = read_manifest("web", an_apollo_manifest(row, good))

    [bad] = manifest.bad_rows
    assert reason in bad.reason
    assert str(bad).startswith("web: operation 1: ")
    assert list(manifest.operations) == ["good"]


def test_an_id_that_says_it_is_a_digest_may_be_one():
    manifest = read_manifest("web", an_apollo_manifest(a_row(id=f"sha256:{ID}")))

    assert list(manifest.operations) == [f"sha256:{ID}"]


def test_an_id_with_two_bodies_means_neither():
    rows = [a_row(id="x"), a_row(id="x", body="{ __typename }"), a_row(id="x"), a_row(id="y")]

    manifest = read_manifest("web", an_apollo_manifest(*rows))

    assert list(manifest.operations) == ["y"]
    assert [bad.place for bad in manifest.bad_rows] == ["2", "3"]


def test_the_same_row_twice_is_one():
    manifest = read_manifest("web", an_apollo_manifest(a_row(), a_row()))

    assert list(manifest.operations) == [ID]
    assert not manifest.bad_rows


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"{", id="no-json"),
        pytest.param(b"\xff", id="no-utf-8"),
        pytest.param(b"[]", id="a-list"),
        pytest.param(an_apollo_manifest(version=2), id="another-version"),
        pytest.param(an_apollo_manifest(format="other"), id="another-format"),
        pytest.param(an_apollo_manifest(operations={}), id="operations-that-are-no-list"),
    ],
)
def test_what_is_no_manifest_is_refused_as_a_whole(text):
    with pytest.raises(ManifestError, match="web's manifest"):
        read_manifest("web", text)


@pytest.mark.parametrize("client", ["", "Web", "../web", "a b", "x" * 65])
def test_a_clients_name_can_be_a_files_and_a_metrics(client):
    with pytest.raises(ManifestError, match="no client's name"):
        read_manifest(client, b"{}")


def test_a_folder_has_one_file_per_client(tmp_path):
    (tmp_path / "web.json").write_bytes(an_apollo_manifest(a_row()))
    (tmp_path / "app.json").write_text(json.dumps({"1": BODY}))
    (tmp_path / "README.md").write_text("not a manifest")

    found = load_manifests(tmp_path)

    assert [(each.client, list(each.operations)) for each in found] == [
        ("app", ["1"]),
        ("web", [ID]),
    ]


def test_a_file_that_is_no_manifest_is_named(tmp_path):
    (tmp_path / "web.json").write_text("[]")

    with pytest.raises(ManifestError, match=r"web\.json: web's manifest"):
        load_manifests(tmp_path)
