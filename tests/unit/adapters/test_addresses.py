"""Where partners may be called: nasty addresses, and names that lie."""

import socket

import httpx
import pytest
from aiohttp.abc import AbstractResolver

from adapters.addresses import (
    PUBLIC,
    THIS_MACHINE,
    AddressRefusedError,
    CheckedResolver,
    check_literal,
    to_reach,
)
from adapters.errors import PartnerContractError, PartnerError, PartnerUnavailableError
from adapters.http import PartnerClient
from adapters.transport import build_http

pytestmark = pytest.mark.anyio


class Names(AbstractResolver):
    """A resolver whose names mean, at each question, the next of their addresses."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def resolve(self, host, port=0, family=socket.AF_INET):
        self.asked.append(host)
        told = self.answers[host.partition(".")[0]]
        found = told.pop(0) if len(told) > 1 else told[0]
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": 0,
            }
            for address in found
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.10",
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "2001:db8::1",
        "no address",
        "",
    ],
)
def test_no_partner_is_called_there(address: str):
    assert not PUBLIC.allows(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "203.208.60.1", "2001:4860:4860::8888"])
def test_the_public_internet_is_within_reach(address: str):
    assert PUBLIC.allows(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_within_reach_where_it_is_allowed(address: str):
    assert THIS_MACHINE.allows(address)
    assert not THIS_MACHINE.allows("169.254.169.254")
    assert not THIS_MACHINE.allows("10.0.0.1")


def test_a_network_can_be_named():
    reach = to_reach(["10.20.0.0/16"])

    assert reach.allows("10.20.1.1")
    assert not reach.allows("10.21.1.1")
    with pytest.raises(ValueError, match=r"10\.20"):
        to_reach(["10.20.0.1/16"])


async def test_a_name_gives_its_addresses():
    found = await CheckedResolver(Names(api=[["8.8.8.8", "8.8.4.4"]]), PUBLIC).resolve("api.test")

    assert [each["host"] for each in found] == ["8.8.8.8", "8.8.4.4"]


@pytest.mark.parametrize(
    "meaning", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:169.254.169.254"]]
)
async def test_a_name_that_leads_inside_is_refused_whatever_else_it_means(meaning: list[str]):
    with pytest.raises(AddressRefusedError):
        await CheckedResolver(Names(api=[meaning]), PUBLIC).resolve("api.test")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::ffff:169.254.169.254", "fe80::1%1"])
def test_digits_are_checked_without_a_resolver(host: str):
    with pytest.raises(AddressRefusedError):
        check_literal(host, PUBLIC)


@pytest.mark.parametrize("host", ["8.8.8.8", "api.partner.test", "0x7f000001", None])
def test_what_is_public_or_a_name_goes_on(host: str | None):
    check_literal(host, PUBLIC)


async def refused(address: str, link: str = "") -> PartnerError:
    client = PartnerClient("p", build_http(), address=address)
    try:
        with pytest.raises(PartnerError) as caught:
            await client.send("POST", link, json={}, key="k")
    finally:
        await client.aclose()
    return caught.value


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/",
        "http://[::1]:9/",
        "http://[::ffff:169.254.169.254]/latest/meta-data",
        "http://[::ffff:a9fe:a9fe]/",
        "http://169.254.169.254/",
        "http://user:secret@127.0.0.1:9/",
        "http://api.partner.test@127.0.0.1:9/",
        "http://127。0。0。1:9/",
        "http://127.1:9/",
        "http://2130706433:9/",
        "gopher://127.0.0.1:9/",
    ],
)
async def test_an_address_inside_is_never_connected_to(address: str):
    """Sockets are forbidden here: a connection would fail the test."""
    error = await refused(address)

    assert isinstance(error, PartnerUnavailableError), "nothing was sent"
    assert "secret" not in error.reason


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1/",
        "http://[::ffff:169.254.169.254]/",
        "http://0x7f000001/",
        "http://2130706433/",
        "https://api.partner.test@169.254.169.254/",
        "http://api.partner.test/",
        "https://api.partner.test.evil.test/",
        "gopher://api.partner.test/",
        "file:///etc/passwd",
        "https://api。partner。test:8443/",
    ],
)
async def test_a_link_of_a_partner_stays_on_its_host(link: str):
    assert isinstance(await refused("https://api.partner.test", link), PartnerContractError)


@pytest.mark.parametrize(
    "link",
    ["../secret", "/../../etc/passwd", "file://localhost/etc/passwd", "/a/%2e%2e/%2e%2e/secret"],
)
async def test_a_link_of_a_feed_stays_in_its_folder(link: str, tmp_path):
    (tmp_path / "secret").write_text("s")
    (tmp_path / "feed").mkdir()

    async with httpx.AsyncClient() as http:
        client = PartnerClient("p", http, address=f"file:{tmp_path}/feed")
        with pytest.raises(PartnerContractError):
            await client.get(link)
