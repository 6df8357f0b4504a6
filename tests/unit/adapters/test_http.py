"""What a status means, for reads and for writes, and where a partner's rules say otherwise."""

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.errors import (
    AmbiguousPartnerError,
    CursorExpiredError,
    PartnerAccessError,
    PartnerContractError,
    PartnerRefusedError,
    PartnerThrottledError,
    PartnerUnavailableError,
)
from adapters.rules import ErrorRule, ErrorRules, Meaning
from adapters.transport import RequestNotSentError
from tests.circles import leaving_none_behind
from tests.unit.adapters.answering import a_client, raising

READS = {
    400: PartnerRefusedError,
    401: PartnerAccessError,
    403: PartnerAccessError,
    404: PartnerRefusedError,
    408: PartnerUnavailableError,
    409: PartnerRefusedError,
    429: PartnerThrottledError,
    500: PartnerUnavailableError,
    503: PartnerUnavailableError,
    301: PartnerContractError,
    307: PartnerContractError,
}
WRITES = READS | {
    408: AmbiguousPartnerError,
    500: AmbiguousPartnerError,
    503: AmbiguousPartnerError,
    301: AmbiguousPartnerError,
    307: AmbiguousPartnerError,
}


@pytest.mark.anyio
@pytest.mark.parametrize(("status", "error"), READS.items())
async def test_a_read_says_what_a_status_means(status, error):
    client = a_client(httpx.Response(status))

    with pytest.raises(error):
        await client.get("/courses")


@pytest.mark.anyio
@pytest.mark.parametrize(("status", "error"), WRITES.items())
async def test_a_write_says_what_a_status_means(status, error):
    client = a_client(httpx.Response(status))

    with pytest.raises(error):
        await client.send("POST", "/enrolments", json={}, key="k")


@pytest.mark.anyio
async def test_a_query_by_post_is_a_read():
    client = a_client(httpx.Response(500))

    with pytest.raises(PartnerUnavailableError):
        await client.query("/graphql", {"query": "{ x }"})


@pytest.mark.anyio
async def test_accepted_statuses_are_answers():
    client = a_client(httpx.Response(409, json={"status": "rejected"}))

    answer = await client.send("POST", "/x", json={}, key="k", accept_statuses=(409,))

    assert (answer.status, answer.text()) == (409, '{"status":"rejected"}')


@pytest.mark.anyio
async def test_not_found_is_none_to_find_and_refused_to_get():
    client = a_client(httpx.Response(404))

    assert await client.find("/enrolments/x") is None
    with pytest.raises(PartnerRefusedError):
        await client.get("/enrolments/x")


@pytest.mark.anyio
async def test_an_answer_that_is_no_json_breaks_the_contract():
    client = a_client(httpx.Response(200, text="<html>"))

    with pytest.raises(PartnerContractError):
        await client.get("/courses")


@pytest.mark.anyio
async def test_a_foreign_error_message_is_not_passed_on():
    client = a_client(raising(httpx.ReadError("at https://user:secret@10.0.0.1/")))

    with pytest.raises(PartnerUnavailableError) as caught:
        await client.get("/courses")

    assert "secret" not in caught.value.reason
    assert "10.0.0.1" not in caught.value.reason


@pytest.mark.anyio
async def test_only_what_was_not_sent_is_unavailable_to_a_write():
    unsent = a_client(raising(RequestNotSentError("refuses connections")))
    sent = a_client(raising(httpx.ConnectTimeout("seems unsent, but is not surely so")))

    with pytest.raises(PartnerUnavailableError):
        await unsent.send("POST", "/x", json={}, key="k")
    with pytest.raises(AmbiguousPartnerError):
        await sent.send("POST", "/x", json={}, key="k")


# --- rules ---------------------------------------------------------------------------

RULES = ErrorRules(
    (
        ErrorRule(Meaning.REFUSED, status=500, code="ORD_*"),
        ErrorRule(Meaning.CURSOR_EXPIRED, status=410),
        ErrorRule(Meaning.THROTTLED, status=403, code="SLOW"),
        ErrorRule(Meaning.UNAVAILABLE, code="MAINTENANCE"),
    ),
    code_at="header.error_code",
)


def coded(status, code) -> httpx.Response:
    return httpx.Response(status, json={"header": {"error_code": code}})


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("response", "error"),
    [
        pytest.param(coded(500, "ORD_USC_015"), PartnerRefusedError, id="a 500 that is a refusal"),
        pytest.param(coded(500, "X"), PartnerUnavailableError, id="a 500 that is one"),
        pytest.param(coded(410, ""), CursorExpiredError, id="by status alone"),
        pytest.param(coded(403, "SLOW"), PartnerThrottledError, id="a 403 that is a throttle"),
        pytest.param(coded(200, "MAINTENANCE"), PartnerUnavailableError, id="a 200 that is none"),
        pytest.param(httpx.Response(500, text="no json"), PartnerUnavailableError, id="no body"),
    ],
)
async def test_a_rule_goes_before_the_status(response, error):
    client = a_client(response, RULES)

    with pytest.raises(error):
        await client.get("/courses")


@pytest.mark.anyio
async def test_a_rule_settles_what_a_write_came_to():
    client = a_client(coded(500, "ORD_USC_015"), RULES)

    with pytest.raises(PartnerRefusedError) as caught:
        await client.send("POST", "/x", json={}, key="k")

    assert caught.value.code == "ORD_USC_015"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["header", "x"]), inner),
)


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_body_breaks_the_search_for_a_code(body):
    code = RULES.code(body)

    assert code is None or isinstance(code, str)


@pytest.mark.anyio
async def test_an_answer_leaves_nothing_in_circles():
    client = a_client(lambda _: httpx.Response(200, json=1))
    await client.get("/courses")

    with leaving_none_behind() as turns:
        for _ in turns:
            await client.get("/courses")
