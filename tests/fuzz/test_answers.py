"""The fuzzers see what a client should never see."""

import json

import pytest

from tests.fuzz.answers import codes, wrong_with


def an_error(message="Not so.", **extensions):
    error = {"message": message, "extensions": {"code": "BAD_USER_INPUT", **extensions}}
    return json.dumps({"errors": [error]}).encode()


def streamed(payload):
    return b"event: next\ndata: " + payload + b"\n\nevent: complete\ndata:\n\n"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(200, b'{"data":{"courses":{"totalCount":8}}}', id="data"),
        pytest.param(400, an_error(), id="refusal"),
        pytest.param(405, b"", id="nothing-said"),
        pytest.param(200, streamed(an_error()), id="refused-by-a-stream"),
        pytest.param(200, b'{"data":{"title":"Traceback in 127.0.0.1"}}', id="partners-words"),
    ],
)
def test_nothing_is_wrong_with_what_clients_may_see(status, body):
    assert list(wrong_with(status, body, ["127.0.0.1"])) == []


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        pytest.param(500, b"Internal Server Error", "HTTP 500", id="bare-500"),
        pytest.param(503, an_error(), "HTTP 503", id="503"),
        pytest.param(200, b"<html>", "not JSON", id="no-json"),
        pytest.param(200, b"[]", "not a GraphQL answer", id="a-list"),
        pytest.param(200, b'{"errors":[{"message":"x"}]}', "an error without a code", id="no-code"),
        pytest.param(200, streamed(b"{"), "not JSON", id="a-broken-stream"),
        pytest.param(200, an_error(code="INTERNAL"), "an unexpected exception", id="surprise"),
        pytest.param(200, an_error("near 10.0.0.7:5432"), "a leak: where it runs", id="host"),
        pytest.param(
            200, an_error('File "/app/x.py", line 3'), 'a leak: File "', id="stack-text"
        ),
        pytest.param(200, an_error("SELECT a\nFROM b"), "a leak: SELECT a\nFROM", id="sql"),
    ],
)  # fmt: skip
def test_what_no_client_should_see_is_found(status, body, kind):
    assert next(wrong_with(status, body, ["10.0.0.7"])) == kind


def test_codes_are_counted():
    assert codes(an_error()) == ["BAD_USER_INPUT"]
    assert codes(streamed(an_error())) == ["BAD_USER_INPUT"]
    assert codes(b"{}") == []
    assert codes(b"<html>") == ["unreadable"]
