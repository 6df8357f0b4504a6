"""Recorded answers of partners (*cases*), and adapters put in front of answers.

A *case* is a folder that shows one partner's answer and says what it means:

    payloads/my_partner/case.toml
    payloads/my_partner/first_page.json       any name; any format

```toml
adapter = "my_partner"            # default: the folder's name
payload = "first_page.json"       # the answer to the request for the first page
offerings = 3                     # how many records it holds,
rejections = 0                    # how many rows are bad (default 0),
left_out = 1                      # how many are kept out by a rule (default 0),
next_cursor = true                # and whether there is another page (default false)

[first]                           # the first record, as far as you care to say
key = "MP-1"
title = "Desain Grafis untuk Pemula"
institution = "Lembaga Karya Nusantara"
price = 350000                    # in whole coins; leave it out when not told
delivery_mode = "ONSITE"
enrolment_mode = "DIRECT"
duration_minutes = 365
sessions = 1
starts_at = "2020-06-01T09:00:00+08:00"   # of its first session

[bad_row]                         # how to spoil exactly one row of the payload
find = '"price": "350000"'
replace = '"price": "-1"'

[headers]                         # of the answer, beside Content-Type (optional)
ETag = '"v1"'                     # with one, a 304 must become NotModified

[receipt]                         # optional: what the partner answers to an enrolment
payload = "receipt.json"          # about the reference "REF-1"; in its own envelope
status = "confirmed"

[quote]                           # optional: what the partner answers about price and seats
payload = "quote.json"            # of an offering, whatever else it tells
offering = "MP-1"
price = 350000                    # leave it out when not told
seats = { "MP-1-S1" = 3 }         # left in its sessions, as far as they are told

[statement]                       # optional: what the partner says that it booked on a day
payload = "statement.json"        # in its own envelope
day = "2020-04-11"
lines = 2                         # how many it holds,
rejections = 1                    # how many are bad (default 0),
next_cursor = true                # and whether there is more (default false)

[statement.first]                 # the first line, as far as you care to say
reference = "REF-1"
status = "confirmed"
price = 350000
partner_reference = "MP-000001"

[faults]                          # optional: where reading under a fault ends otherwise
half_page = ""                    # half a file looks like a whole one: does not apply
error_body = "unavailable"        # the format has errors of its own

[options]                         # optional: `options` of the partners file
```
"""

import tomllib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from adapters.base import Booking, Capability, Cursor, PartnerSettings, Validators
from adapters.registry import build_adapter, installed
from schema.model.values import LearnerId, Money, PartnerCode, Reference, RemoteId

REFERENCE = Reference("REF-1")
BOOKING = Booking(REFERENCE, RemoteId("K-1"), RemoteId("S-1"), LearnerId("learner"), Money(350_000))

Answering = Callable[[httpx.Request], httpx.Response]
Call = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """One recorded answer of a partner, and what it means."""

    name: str
    adapter: str
    payload: bytes
    expected: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    receipt: bytes | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    statement: bytes | None = None
    quote: bytes | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the adapter's manifest promises."""
        return installed().kinds[self.adapter].manifest.capabilities


def load_case(folder: Path) -> Case:
    """Read a case; see the module's docstring for its form."""
    expected = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    receipt, statement, quote = map(expected.get, ("receipt", "statement", "quote"))
    return Case(
        name=folder.name,
        adapter=expected.get("adapter", folder.name),
        payload=(folder / expected["payload"]).read_bytes(),
        expected=expected,
        headers=expected.get("headers", {}),
        receipt=(folder / receipt["payload"]).read_bytes() if receipt else None,
        options=expected.get("options", {}),
        statement=(folder / statement["payload"]).read_bytes() if statement else None,
        quote=(folder / quote["payload"]).read_bytes() if quote else None,
    )


def load_cases(folder: Path) -> list[Case]:
    """Read every case below `folder`, by name."""
    return [load_case(file.parent) for file in sorted(folder.glob("*/case.toml"))]


async def facing(case: Case, answering: Answering, call: Call) -> Any:
    """Return what `call` makes of the case's adapter, in front of a partner that answers so."""
    settings = PartnerSettings(PartnerCode(case.name), "https://partner.test", options=case.options)
    transport = httpx.MockTransport(answering)
    async with httpx.AsyncClient(transport=transport) as http:
        return await call(build_adapter(case.adapter, settings, http))


def with_body(case: Case, body: bytes, status: int = 200) -> Answering:
    """Answer everything with `body`, under the case's headers."""
    return lambda _: httpx.Response(status, headers=dict(case.headers), content=body)


def with_status(status: int, headers: Mapping[str, str] | None = None) -> Answering:
    """Answer everything with an empty body."""
    return lambda _: httpx.Response(status, headers=dict(headers or {}))


def with_failure(error: httpx.RequestError) -> Answering:
    """Fail every request."""

    def answering(request: httpx.Request) -> httpx.Response:
        error.request = request
        raise error

    return answering


def with_not_modified(etag: str) -> Answering:
    """Answer 304 to who knows `etag`, and 500 to everyone else."""

    def answering(request: httpx.Request) -> httpx.Response:
        return httpx.Response(304 if request.headers.get("If-None-Match") == etag else 500)

    return answering


async def fetch(adapter: Any) -> Any:
    """Fetch the first page."""
    return await adapter.fetch_page(None, None)


def fetch_knowing(known: Validators) -> Call:
    """Return the call that fetches the first page with validators."""

    async def fetch_again(adapter: Any) -> Any:
        return await adapter.fetch_page(None, known)

    return fetch_again


async def enrol(adapter: Any) -> Any:
    """Book `BOOKING`."""
    return await adapter.enrol(BOOKING)


async def find(adapter: Any) -> Any:
    """Look `REFERENCE` up."""
    return await adapter.find(REFERENCE)


async def cancel(adapter: Any) -> Any:
    """Cancel `REFERENCE`."""
    return await adapter.cancel(REFERENCE)


def fetch_statement_of(day: date, cursor: Cursor | None = None) -> Call:
    """Return the call that fetches the statement of `day`, from `cursor` on."""

    async def fetch_statement(adapter: Any) -> Any:
        return await adapter.fetch_statement(day, cursor)

    return fetch_statement


def quote_of(*keys: str) -> Call:
    """Return the call that asks for price and seats of offerings."""

    async def quote(adapter: Any) -> Any:
        return await adapter.quote([RemoteId(key) for key in keys])

    return quote
