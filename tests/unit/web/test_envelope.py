"""GraphQL over HTTP: what comes in one envelope or another, and what it is answered with."""

import json

import pytest

from gateway.web.graphql import LARGEST_BODY
from tests.unit.web.edge import GRAPHQL, JSON, Edge, Raw, chunk, codes

pytestmark = pytest.mark.anyio
TYPENAME = "{ __typename }"
COERCED = "query ($id: ID!) { course(id: $id) { title } }"
JSON_BODY = {"Content-Type": JSON}


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (GRAPHQL, GRAPHQL),
        (JSON, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON}", JSON),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"text/html, {JSON};q=0.1", JSON),
        ("", JSON),
    ],
)
async def test_the_answer_is_in_the_form_that_was_asked_for(edge, accept, media):
    answer = await edge.ask(TYPENAME, accept)

    assert (answer.status_code, answer.headers["content-type"]) == (200, media)
    assert answer.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("accept", ["application/xml", "application/json;q=0", "json", "a" * 2000])
async def test_a_form_that_there_is_not_is_406(edge, accept):
    answer = await edge.ask(TYPENAME, accept)

    assert (answer.status_code, codes(answer)) == (406, ["NOT_ACCEPTABLE"])


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"query": "\xff"}', id="not UTF-8"),
        pytest.param(b'{"query": "{ __typename }", "variables": ' + b'{"a":' * 100_000, id="deep"),
        pytest.param(
            b'{"query": "{ __typename }", "variables": {"a": '
            + b"[" * 3_000
            + b"]" * 3_000
            + b"}}",
            id="nested too deep",
        ),
        pytest.param(
            b'{"query": "{ __typename }", "variables": {"a": %s}}' % (b"9" * 5_000),
            id="5,000 digits",
        ),
        pytest.param(b'{"query": "{ __typename }", "variables": {"a": NaN}}', id="NaN"),
        pytest.param(b'{"query": "{ __typename }", "variables": {"a": -Infinity}}', id="Infinity"),
        pytest.param(b'{"query": "\\ud800"}', id="half a character"),
        pytest.param(b'{"query": "{ __typename }"} x', id="more behind it"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
        pytest.param(b"{", id="cut"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"query"', id="a string"),
        pytest.param(b"7", id="a number"),
    ],
)
@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_a_body_that_is_no_json_object_is_400(edge, body, accept):
    answer = await edge.send(content=body, headers={**JSON_BODY, "Accept": accept})

    assert (answer.status_code, codes(answer)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize(
    "wrong",
    [
        *({"query": value} for value in (0, False, ["a"], {"a": "b"})),
        *({"operationName": value} for value in (0, False, ["a"], {"a": "b"})),
        *({"variables": value} for value in (0, False, ["a"], "{}")),
        *({"extensions": value} for value in (0, False, ["a"], "{}")),
        {"documentId": 7},
        {"doc_id": ["a"]},
        {"documentId": "a", "doc_id": "b"},
    ],
    ids=str,
)
@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_a_part_of_the_wrong_type_is_400(edge, wrong, accept):
    answer = await edge.send(json={"query": TYPENAME, **wrong}, headers={"Accept": accept})

    assert (answer.status_code, codes(answer)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize("part", ["variables", "operationName", "extensions", "documentId"])
async def test_a_part_may_be_null(edge, part):
    assert (await edge.ask(TYPENAME, **{part: None})).status_code == 200


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"qeury": TYPENAME},
        {"query": None},
        {"query": TYPENAME, "operationName": "A"},
        {"query": "query A { __typename } query B { __typename }"},
    ],
    ids=str,
)
@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_a_request_that_names_no_operation_is_400(edge, asked, accept):
    answer = await edge.send(json=asked, headers={"Accept": accept})

    assert answer.status_code == 400
    assert codes(answer)


@pytest.mark.parametrize(
    "asked",
    [{"query": "{"}, {"query": "{ nonsense }"}, {"query": COERCED, "variables": {"id": None}}],
    ids=["parsing", "validation", "coercion"],
)
@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL, 400), (JSON, 200)])
async def test_a_refused_document_has_no_data_whatever_its_status(edge, asked, accept, status):
    answer = await edge.send(json=asked, headers={"Accept": accept})

    assert (answer.status_code, answer.headers["content-type"]) == (status, accept)
    assert codes(answer)


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; application/json",
        "application/json; charset=utf-16",
        "application/graphql",
    ],
)
async def test_a_body_that_any_page_could_send_is_415(edge, content_type):
    headers = {"Origin": "https://evil.example"}
    if content_type:
        headers["Content-Type"] = content_type
    answer = await edge.send(content=json.dumps({"query": TYPENAME}), headers=headers)

    assert (answer.status_code, codes(answer)) == (415, ["UNSUPPORTED_MEDIA_TYPE"])


async def test_two_content_types_are_none(edge):
    headers = [("Content-Type", f"{JSON}; a=b"), ("Content-Type", "text/plain")]
    answer = await edge.send(content=json.dumps({"query": TYPENAME}), headers=headers)

    assert answer.status_code == 415


async def test_utf8_may_be_said(edge):
    headers = {"Content-Type": 'Application/JSON; charset="UTF-8"'}
    answer = await edge.send(content=json.dumps({"query": TYPENAME}), headers=headers)

    assert answer.status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
async def test_a_packed_body_is_415_and_told_how_to_send_it(edge, encoding):
    headers = {**JSON_BODY, "Content-Encoding": encoding}
    answer = await edge.send(content=b"\x1f\x8b", headers=headers)

    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
async def test_a_large_body_is_413_before_all_of_it_is_read(edge, told):
    size = LARGEST_BODY + 1
    headers = [(b"content-type", b"application/json")]
    if told:
        headers.append((b"content-length", str(size).encode()))
    piece = chunk(b" " * 500_000, more=True)
    exchange = Raw(edge.app, *[piece] * 5, headers=headers)  # the rest never comes

    await exchange.task

    assert exchange.status == 413
    assert (b"connection", b"close") in exchange.sent[0]["headers"]


async def test_a_slow_body_is_408():
    edge = Edge(options={"body_seconds": 0.01})
    exchange = Raw(edge.app, chunk(b"{", more=True))

    await exchange.task

    assert exchange.status == 408
    assert (b"connection", b"close") in exchange.sent[0]["headers"]


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"])
async def test_other_methods_are_405_and_told_which_there_are(edge, method):
    answer = await edge.send(method)

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_a_subscription_needs_a_stream(edge, accept):
    answer = await edge.ask("subscription { syncProgress { finished } }", accept)

    assert (answer.status_code, codes(answer)) == (400, ["SUBSCRIPTION_NEEDS_STREAM"])


@pytest.mark.parametrize("accept", ["*/*", f"{JSON}, text/event-stream;q=0, text/*"])
async def test_no_stream_is_begun_for_who_has_not_named_it(edge, accept):
    answer = await edge.ask("subscription { syncProgress { finished } }", accept)

    assert (answer.status_code, codes(answer)) == (400, ["SUBSCRIPTION_NEEDS_STREAM"])


@pytest.mark.parametrize(
    "accept", [f"{JSON}, text/event-stream", f"{GRAPHQL}, text/event-stream;q=0.1"]
)
async def test_who_takes_json_and_events_gets_what_the_operation_needs(edge, accept):
    subscription = 'subscription { enrolmentChanged(id: "x") { id } }'

    stream = await edge.ask(subscription, accept)
    answer = await edge.ask(TYPENAME, accept)

    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.text.startswith("event: next\n")
    assert answer.json() == {"data": {"__typename": "Query"}}


async def test_who_wants_events_gets_them(edge):
    answer = await edge.ask(TYPENAME, "text/event-stream")

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.startswith('event: next\ndata: {"data":{"__typename":"Query"}}')


async def test_a_refusal_is_an_event_too(edge):
    answer = await edge.ask("{", "text/event-stream")

    assert answer.status_code == 200
    assert answer.text.startswith('event: next\ndata: {"errors"')


@pytest.mark.parametrize("token", ["Bearer x", "Basic x", "ani"])
async def test_a_bad_token_is_401_whatever_is_asked(edge, token):
    answer = await edge.send(json={"query": TYPENAME}, headers={"Authorization": token})

    assert (answer.status_code, codes(answer)) == (401, ["UNAUTHENTICATED"])
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_a_token_that_cannot_be_looked_at_is_503_and_kept(edge, accept):
    headers = {"Authorization": "Bearer uncheckable", "Accept": accept}
    answer = await edge.send(json={"query": TYPENAME}, headers=headers)

    assert (answer.status_code, codes(answer)) == (503, ["UNAVAILABLE"])
    assert answer.headers["retry-after"] == "7"
    assert answer.json()["errors"][0]["extensions"]["retryAfter"] == 7
    assert "www-authenticate" not in answer.headers  # that is for tokens to be thrown away


async def test_two_tokens_are_none(edge):
    headers = [("Authorization", "Bearer ani"), ("Authorization", "Bearer ani")]
    answer = await edge.send(json={"query": TYPENAME}, headers=headers)

    assert answer.status_code == 401
