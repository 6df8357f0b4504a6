"""What a status means, for reads and for writes."""

import json
from datetime import UTC, datetime

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
from adapters.http import LONGEST_WAIT_SECONDS, PartnerClient, retry_after_seconds
from adapters.rules import NO_RULES, ErrorRule, ErrorRules, Meaning
from adapters.transport import RequestNotSentError

NOW = datetime(2020, 4, 11, 9, 0, tzinfo=UTC)
ADDRESS = "https://api.partner.test/base"


def a_client(answering, rules=NO_RULES, address=ADDRESS) -> PartnerClient:
    if isinstance(answering, httpx.Response):
        response = answering
        transport = httpx.MockTransport(lambda _: response)
    else:
        transport = httpx.MockTransport(answering)
    http = httpx.AsyncClient(transport=transport)
    return PartnerClient("p", http, rules, address=address, now=lambda: NOW)


def raising(error):
    def answering(request):
        raise error

    return answering


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


# --- addresses -----------------------------------------------------------------------


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("address", "path", "url"),
    [
        ("https://a.test", "/v1/x", "https://a.test/v1/x"),
        ("https://a.test/", "v1/x", "https://a.test/v1/x"),
        ("https://a.test/base", "/v1/x?p=2", "https://a.test/base/v1/x?p=2"),
        ("https://a.test/list.csv?k=1", "", "https://a.test/list.csv?k=1"),
        ("https://a.test/folder/", "", "https://a.test/folder/"),
        ("https://a.test/base", "https://a.test/next?c=1", "https://a.test/next?c=1"),
        ("https://a.test", "/x?next=http://b.test", "https://a.test/x?next=http://b.test"),
        ("https://a.test", "//b.test/x", "https://a.test/b.test/x"),
    ],
)
async def test_a_path_is_joined_to_the_address(address, path, url):
    seen = []

    def answering(request):
        seen.append(str(request.url))
        return httpx.Response(200, json={})

    await a_client(answering, address=address).get(path)

    assert seen == [url]


@pytest.mark.anyio
async def test_parameters_join_those_of_the_address():
    seen = []

    def answering(request):
        seen.append(str(request.url))
        return httpx.Response(200, json={})

    await a_client(answering, address="https://a.test/list?k=1").get("", {"page": 2, "q": "a&b c"})

    assert seen == ["https://a.test/list?k=1&page=2&q=a%26b+c"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://api.partner.test/next",
        "https://api.partner.test:8443/next",
        "https://evil.test/next",
        "https://api.partner.test@evil.test/",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
    ],
)
async def test_a_link_to_another_place_is_not_followed(elsewhere):
    client = a_client(raising(AssertionError("must not be asked")))

    with pytest.raises(PartnerContractError):
        await client.get(elsewhere)


@pytest.mark.anyio
@pytest.mark.parametrize("link", ["/x\x00y", "https://[::1/x", "/" + "x" * 70_000])
async def test_a_link_that_is_no_link_breaks_the_contract(link):
    with pytest.raises(PartnerContractError):
        await a_client(httpx.Response(200)).get(link)


@pytest.mark.anyio
async def test_an_etag_that_cannot_be_sent_back_breaks_the_contract():
    with pytest.raises(PartnerContractError):
        await a_client(httpx.Response(200)).fetch("/x", headers={"If-None-Match": "„é“"})


def test_an_address_that_is_no_url_is_told():
    with pytest.raises(PartnerRefusedError, match="partners file"):
        a_client(httpx.Response(200), address="https://[::1")


# --- Retry-After -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("0", 0.0),
        ("-1", 0.0),
        ("3600", LONGEST_WAIT_SECONDS),
        ("tomorrow", None),
        ("", None),
        ("1.5", None),
        ("9" * 400, LONGEST_WAIT_SECONDS),
        ("-" + "9" * 400, 0.0),
        ("9" * 5_000, None),
        ("Sat, 11 Apr 2020 09:00:30 GMT", 30.0),
        ("Sat, 11 Apr 2020 08:00:00 GMT", 0.0),
        ("Sun, 12 Apr 2020 09:00:00 GMT", LONGEST_WAIT_SECONDS),
        ("Sat, 99 Apr 2020 09:00:00 GMT", None),
    ],
)
def test_retry_after_is_understood_and_bounded(header, seconds):
    assert retry_after_seconds(header, NOW) == seconds


@given(st.text(max_size=40))
def test_no_retry_after_asks_for_more_than_a_quarter_of_an_hour(header):
    seconds = retry_after_seconds(header, NOW)

    assert seconds is None or 0 <= seconds <= LONGEST_WAIT_SECONDS


@pytest.mark.anyio
async def test_a_throttle_carries_the_wait():
    client = a_client(httpx.Response(429, headers={"Retry-After": "7"}))

    with pytest.raises(PartnerThrottledError) as caught:
        await client.get("/courses")

    assert caught.value.retry_after == 7.0
