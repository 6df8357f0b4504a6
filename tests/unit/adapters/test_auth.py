"""How requests prove who sends them: a header, a signature, a signed address."""

import hashlib
import hmac

import httpx
import pytest

from adapters.auth import build_auth, signature, url_signature
from adapters.errors import PartnerAccessError
from adapters.manifest import AuthKind, to_auth_spec
from tests.unit.adapters.secretive import ADDRESS, NOW, settings


async def sent_with(table, method="GET", url=f"{ADDRESS}/a?b=1", **parts) -> httpx.Request:
    """Return the request that went out under the authentication of `table`."""
    seen = []

    def answering(request):
        seen.append(request)
        return httpx.Response(200)

    auth = build_auth(to_auth_spec(table), settings(), now=lambda: NOW)
    async with httpx.AsyncClient(transport=httpx.MockTransport(answering), auth=auth) as http:
        await http.request(method, url, **parts)
    return seen[-1]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("table", "header", "value"),
    [
        ({"kind": "bearer"}, "Authorization", "Bearer t"),
        ({"kind": "basic"}, "Authorization", "Basic dTpw"),
        ({"kind": "api_key"}, "X-Api-Key", "k"),
        ({"kind": "api_key", "header": "X-Kunci"}, "X-Kunci", "k"),
        ({"kind": "none"}, "Authorization", None),
    ],
)
async def test_a_constant_header_is_sent(table, header, value):
    request = await sent_with(table)

    assert request.headers.get(header) == value


@pytest.mark.anyio
async def test_a_request_is_signed_with_time_path_and_body():
    request = await sent_with({"kind": "hmac"}, "POST", content=b"{}")

    timestamp = str(int(NOW.timestamp()))
    digest = hashlib.sha256(b"{}").hexdigest()
    message = f"POST\n/a?b=1\n{timestamp}\n{digest}".encode()
    assert request.headers["X-Key-Id"] == "i"
    assert request.headers["X-Timestamp"] == timestamp
    assert request.headers["X-Signature"] == hmac.new(b"s", message, "sha256").hexdigest()


@pytest.mark.parametrize(
    "other",
    [("GET", "/a", "1", b""), ("POST", "/b", "1", b""), ("POST", "/a", "2", b""),
     ("POST", "/a", "1", b"x")],
)  # fmt: skip
def test_every_part_of_a_request_changes_its_signature(other):
    assert signature("key", *other) != signature("key", "POST", "/a", "1", b"")


@pytest.mark.anyio
async def test_an_address_is_signed_until_it_ends():
    request = await sent_with({"kind": "signed_url", "lifetime_seconds": 60})

    expires = str(int(NOW.timestamp()) + 60)
    assert dict(request.url.params) == {
        "b": "1",
        "expires": expires,
        "signature": url_signature("sk", "/a", expires),
    }


@pytest.mark.parametrize("kind", [kind for kind in AuthKind if kind is not AuthKind.NONE])
def test_a_missing_secret_is_named(kind):
    with pytest.raises(PartnerAccessError, match=r"^p: needs the secret '\w+'.*partners file"):
        build_auth(to_auth_spec({"kind": kind}), settings(other="x"))


def test_a_partner_without_authentication_needs_no_secret():
    assert build_auth(to_auth_spec({"kind": "none"}), settings(other="x")) is None
