"""Where a request goes: to the partner's own address, whatever it links to."""

import httpx
import pytest

from adapters.errors import PartnerContractError, PartnerRefusedError
from tests.unit.adapters.answering import a_client, raising


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
