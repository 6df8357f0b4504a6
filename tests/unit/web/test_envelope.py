"""GraphQL over HTTP: what comes in one envelope or another, and what it is answered with."""

import json
from hashlib import sha256

import pytest
from sqlalchemy import exc
from structlog.testing import capture_logs

from gateway.execution.engine import Engine
from gateway.execution.persisted import PersistedDocuments
from gateway.web.graphql import LARGEST_BODY
from gateway.web.replies import CACHE_PUBLIC
from tests.unit.web.edge import GRAPHQL, JSON, PREFLIGHT, Edge, Raw, chunk, codes, the_schema

pytestmark = pytest.mark.anyio

TYPENAME = "{ __typename }"
COERCED = "query ($id: ID!) { course(id: $id) { title } }"
JSON_BODY = {"Content-Type": JSON}


@pytest.fixture(scope="module")
def edge():
    return Edge()


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


@pytest.mark.parametrize("size", [1, 10, 1000])
async def test_batches_are_refused_where_they_are_not_let_in(edge, size):
    answer = await edge.send(json=[{"query": TYPENAME}] * size)

    assert (answer.status_code, codes(answer)) == (400, ["BATCH_REFUSED"])


async def test_a_batch_is_answered_in_its_order_each_for_itself():
    edge = Edge(options={"most_batched": 100})
    answer = await edge.send(
        json=[{"query": TYPENAME}, {"query": "{"}, {"query": "{ a: __typename }"}]
    )

    first, second, third = answer.json()
    assert (first, third) == ({"data": {"__typename": "Query"}}, {"data": {"a": "Query"}})
    assert "data" not in second


@pytest.mark.parametrize(("size", "code"), [(0, "BAD_REQUEST"), (11, "BATCH_REFUSED")])
async def test_a_batch_has_one_to_ten_whatever_is_set(size, code):
    edge = Edge(options={"most_batched": 100})
    answer = await edge.send(json=[{"query": TYPENAME}] * size)

    assert (answer.status_code, codes(answer)) == (400, [code])


async def test_what_a_batch_costs_is_counted_together():
    edge = Edge(options={"most_batched": 10})
    lists = (f"{name}: courses(first: 100) {{ nodes {{ id title }} }}" for name in "abcdef")
    one = f"{{ {' '.join(lists)} }}"
    alone = await edge.send(json=[{"query": one}], headers={"GraphQL-Cost": "1"})
    cost = alone.json()[0]["extensions"]["cost"]
    size = cost["limit"] // cost["requested"] + 1
    assert size <= 10

    answer = await edge.send(json=[{"query": one}] * size, headers={"Accept": GRAPHQL})

    assert (answer.status_code, codes(answer)) == (400, ["QUERY_TOO_COSTLY"])
    assert edge.contexts == 1


async def test_a_batch_has_no_more_mutations_than_a_document():
    edge = Edge(options={"most_batched": 10})
    two = {"query": "mutation { a: __typename b: __typename }"}

    answer = await edge.send(json=[two] * 3, headers={"Accept": GRAPHQL})

    assert (answer.status_code, codes(answer)) == (400, ["QUERY_TOO_COMPLEX"])
    assert edge.contexts == 0


@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_a_subscription_needs_a_stream(edge, accept):
    answer = await edge.ask("subscription { syncProgress { finished } }", accept)

    assert (answer.status_code, codes(answer)) == (400, ["SUBSCRIPTION_NEEDS_STREAM"])


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


async def test_a_get_is_answered_like_a_post(edge):
    answer = await edge.get(
        {**PREFLIGHT, "Accept": GRAPHQL},
        query="query A($n: Int) { courses(first: $n) { nodes { title } } } query B { __typename }",
        operationName="A",
        variables='{"n": 1}',
        extensions="{}",
    )

    assert (answer.status_code, answer.headers["content-type"]) == (200, GRAPHQL)
    assert len(answer.json()["data"]["courses"]["nodes"]) == 1


@pytest.mark.parametrize(
    "query_string",
    [
        "query=%ff",
        "query=%7B__typename%7D&query=%7B__typename%7D",
        "query=%7B__typename%7D&variables=%7B",
        "query=%7B__typename%7D&variables=[]",
        "query=%7B__typename%7D&extensions=NaN",
        "&".join(f"a{n}=1" for n in range(100)),
    ],
)
async def test_a_get_that_cannot_be_read_is_400(edge, query_string):
    exchange = Raw(
        edge.app,
        method="GET",
        query_string=query_string.encode(),
        headers=[(b"graphql-require-preflight", b"1")],
    )

    await exchange.task

    assert exchange.status == 400
    assert b"BAD_REQUEST" in exchange.sent[1]["body"]


KNOWN = sha256(TYPENAME.encode()).hexdigest()
PERSISTED = {"version": 1, "sha256Hash": KNOWN}


@pytest.mark.parametrize(
    "named",
    [
        {"documentId": "typename"},
        {"documentId": f"sha256:{KNOWN}"},
        {"doc_id": "typename"},
        {"extensions": json.dumps({"persistedQuery": PERSISTED})},
    ],
    ids=["ours", "hash", "relay", "apollo"],
)
async def test_any_page_and_any_cache_may_get_what_a_known_document_asks(named):
    documents = PersistedDocuments({"typename": TYPENAME})
    edge = Edge(engine=Engine(the_schema(), documents=documents))
    answer = await edge.get(**named)

    assert answer.json() == {"data": {"__typename": "Query"}}
    assert answer.headers["cache-control"] == CACHE_PUBLIC


async def test_an_unknown_document_is_told_as_apollo_knows_it(edge):
    answer = await edge.get(extensions=json.dumps({"persistedQuery": PERSISTED}))

    assert (answer.status_code, codes(answer)) == (400, ["PERSISTED_QUERY_NOT_FOUND"])
    assert answer.json()["errors"][0]["message"] == "PersistedQueryNotFound"


async def test_what_breaks_outside_of_a_field_tells_an_id_alone(monkeypatch):
    edge = Edge()
    monkeypatch.setattr(edge.api, "context", lambda _: 1 / 0)
    answer = await edge.ask(TYPENAME)

    assert (answer.status_code, codes(answer)) == (500, ["INTERNAL"])
    assert "division" not in answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    assert edge.seen[-1].codes == ("INTERNAL",)


async def test_the_id_that_is_told_of_it_is_in_the_log(monkeypatch):
    edge = Edge()
    monkeypatch.setattr(edge.api, "context", lambda _: 1 / 0)
    with capture_logs() as logs:
        answer = await edge.ask(TYPENAME)

    [line] = [each for each in logs if each["event"] == "graphql.unexpected_error"]
    assert line["error_id"] == answer.json()["errors"][0]["extensions"]["errorId"]
    assert isinstance(line["exc_info"], ZeroDivisionError)


async def test_an_outage_outside_of_a_field_is_503_and_passes(monkeypatch):
    def without_connections(_viewer):
        raise exc.TimeoutError("SELECT secret FROM learner")

    edge = Edge()
    monkeypatch.setattr(edge.api, "context", without_connections)
    answer = await edge.ask(TYPENAME)

    assert (answer.status_code, codes(answer)) == (503, ["UNAVAILABLE"])
    assert answer.headers["retry-after"] == "5"
    assert "secret" not in answer.text


@pytest.mark.parametrize("headers", [{}, PREFLIGHT], ids=["simple", "preflighted"])
async def test_a_get_never_mutates(edge, headers):
    answer = await edge.get(headers, query="mutation { __typename }")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert codes(answer) == ["METHOD_NOT_ALLOWED"]
