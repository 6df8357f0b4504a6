"""A list comes in pieces: cut, repeated, without an end, beside another, too long."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select

from gateway.catalogue.runs import RESUME_WITHIN
from gateway.push import sessions, uploads
from gateway.push.endpoint import PATH
from gateway.storage.engine import Database
from gateway.storage.leases import Leases
from gateway.storage.push_tables import push_session
from gateway.storage.sync_tables import staged_offering
from tests.integration.push.partners import (
    WARUNG,
    Pusher,
    Pushing,
    a_full_list,
    a_list,
    a_row,
    status_of,
    whole,
)

pytestmark = pytest.mark.anyio


async def push_cut(pusher: Pusher, body: bytes, after: int, query: str) -> None:
    """Push part of a body; the connection is gone before it ends."""
    parts = iter([
        {"type": "http.request", "body": body[:after], "more_body": True},
        {"type": "http.disconnect"},
    ])  # fmt: skip
    sent = []
    headers = pusher.headers("POST", query)

    async def receive():
        return next(parts)

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": PATH, "raw_path": PATH.encode(),
        "root_path": "", "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    await pusher.pushing.app(scope, receive, send)
    assert sent == []  # there is nobody to answer


async def test_a_cut_upload_goes_on_where_it_was_cut(pushing: Pushing, monkeypatch):
    monkeypatch.setattr(uploads, "BATCH_ROWS", 3)
    pusher = await pushing.a_pusher()
    body = whole(map(a_row, range(10)))
    half = body.index(b'"K-7"') + 3  # in the middle of the eighth row

    await push_cut(pusher, body, half, "session=a")
    told = await pusher.status("a")
    assert told == {
        "session": "a", "mode": "full", "state": "open", "stored": 7, "outcome": None,
    }  # fmt: skip
    rest = a_list(*(a_row(number) for number in range(7, 10)), end=10)
    lines = await pusher.push(rest, "session=a&from=7")

    assert [line["row"] for line in lines[:-1]] == [8, 9, 10]
    assert (lines[-1]["outcome"], lines[-1]["added"]) == ("applied", 10)
    assert (await pusher.status("a"))["state"] == "applied"


async def test_a_list_without_its_end_is_not_applied(pushing: Pushing):
    pusher = await a_full_list(pushing)

    stored = await pusher.outcome(a_list(a_row(1)), "session=b")
    wrong = await pusher.outcome(a_list(a_row(2), end=9), "session=b&from=1")

    assert stored == {"outcome": "stored", "stored": 1}
    assert wrong == {"outcome": "incomplete", "stored": 2, "told": 9}
    assert len(await pushing.live()) == 10


async def test_a_repeated_request_stores_nothing_twice(pushing: Pushing):
    pusher = await pushing.a_pusher()
    await pusher.outcome(a_list(a_row(1), a_row(2)), "session=a")

    again = await pusher.post(a_list(a_row(1), a_row(2)), "session=a")
    elsewhere = await pusher.post(a_list(a_row(9)), "session=a&from=5")
    other_mode = await pusher.post(a_list(a_row(9)), "session=a&from=2&mode=delta")

    for response in (again, elsewhere, other_mode):
        assert (response.status_code, response.json()["code"]) == (409, "WRONG_PLACE")
        assert response.json()["stored"] == 2


async def test_a_session_ends_once_and_its_outcome_is_told_again(pushing: Pushing):
    pusher = await a_full_list(pushing)

    again = await pusher.post(whole(map(a_row, range(10))), "session=first")

    assert (again.status_code, again.json()["code"]) == (409, "SESSION_ENDED")
    assert again.json()["outcome"] == (await pusher.status("first"))["outcome"]
    assert again.json()["outcome"]["added"] == 10


async def test_a_new_session_gives_up_an_open_one(pushing: Pushing):
    pusher = await pushing.a_pusher()
    await pusher.outcome(a_list(a_row(1)), "session=a")

    done = await pusher.outcome(whole([a_row(2)]), "session=b")

    assert done["outcome"] == "applied"
    assert await pushing.live() == {"K-2": 100_002}
    assert (await pusher.status("a"))["state"] == "given_up"
    late = await pusher.post(a_list(a_row(3), end=2), "session=a&from=1")
    assert (late.status_code, late.json()["stored"]) == (409, 0)
    left = select(func.count()).select_from(staged_offering)
    assert await pushing.catalogue.read(lambda c: c.execute(left).scalar_one()) == 0


async def test_what_has_stood_for_too_long_is_not_gone_on_with(pushing: Pushing):
    pusher = await pushing.a_pusher()
    await pusher.outcome(a_list(a_row(1)), "session=a")
    pushing.clock.advance(seconds=RESUME_WITHIN.total_seconds() + 1)

    late = await pusher.post(a_list(a_row(2), end=2), "session=a&from=1")

    assert (late.status_code, late.json()["stored"]) == (409, 0)
    assert (await pusher.outcome(whole([a_row(2)]), "session=a"))["outcome"] == "applied"


async def test_two_uploads_of_one_partner_do_not_run_at_once(pushing: Pushing):
    pusher, other = await pushing.a_pusher(), await pushing.a_pusher(WARUNG)
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield a_list(a_row(1))
        has_begun.set()
        await may_end.wait()
        yield a_list(end=1)

    first = asyncio.create_task(pusher.post(slow(), "session=a"))
    await has_begun.wait()
    second = await pusher.post(whole([a_row(2)]), "session=b")
    theirs = await other.post(whole([a_row(3)]), "session=b")
    may_end.set()

    assert (second.status_code, second.json()["code"]) == (409, "BUSY")
    assert theirs.status_code == 200
    assert (await first).status_code == 200
    assert sorted(await pushing.live()) == ["K-1", "K-3"]


async def test_an_upload_never_runs_beside_a_sync(pushing: Pushing):
    pusher = await pushing.a_pusher()

    async with Leases(pushing.catalogue, pushing.clock).held("sync:toko"):
        assert (await pusher.post(whole([a_row(1)]), "session=a")).status_code == 409


async def test_sessions_are_a_partners_own(pushing: Pushing):
    await a_full_list(pushing)
    other = await pushing.a_pusher(WARUNG)

    assert (await other.request("GET", "session=first")).status_code == 404
    await other.outcome(whole([a_row(1)]), "session=first")

    assert len(await pushing.live()) == 10  # of both partners one has the key K-1
    assert (await status_of(pushing, "warung")).offerings == 1
    assert (await status_of(pushing, "toko")).offerings == 10


async def test_old_sessions_are_forgotten(pushing: Pushing, monkeypatch):
    monkeypatch.setattr(sessions, "KEPT_SESSIONS", 3)
    pusher = await pushing.a_pusher()
    for number in range(6):
        await pusher.outcome(whole([a_row(1)]), f"session=s{number}")

    names = select(push_session.c.session).order_by(push_session.c.session)
    kept = await pushing.catalogue.read(lambda c: c.execute(names).scalars().all())
    assert kept == ["s3", "s4", "s5"]


# --- bounds ------------------------------------------------------------------------------


async def test_a_line_that_is_too_long_costs_only_itself(pushing: Pushing, monkeypatch):
    monkeypatch.setattr(uploads, "LONGEST_LINE", 1_000)
    pusher = await pushing.a_pusher()
    long = a_row(1, description_html="x" * 2_000)

    lines = await pusher.push(whole([long, a_row(2)]), "session=a")

    assert [line["status"] for line in lines[:2]] == ["quarantined", "accepted"]
    assert lines[0]["reason"] == "the line is too long"


async def test_a_list_that_does_not_end_is_refused(catalogue_db: Database, keys_db: Database):
    pushing = Pushing(catalogue_db, keys_db, largest=100_000)
    pusher, sent = await pushing.a_pusher(), []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            sent.append(1)
            yield b"{}\n" * 100

    async with asyncio.timeout(60):
        response = await pusher.post(endless(), "session=a")

    assert (response.status_code, response.json()["code"]) == (413, "TOO_LARGE")
    assert len(sent) <= 11  # a row counts for a hundred bytes, however short it is
    assert (await pusher.status("a"))["state"] == "given_up"


async def test_a_body_that_stops_is_cut_and_kept(pushing: Pushing, monkeypatch):
    monkeypatch.setattr(uploads, "IDLE_SECONDS", 0.05)
    pusher = await pushing.a_pusher()

    async def stopping() -> AsyncIterator[bytes]:
        yield a_list(a_row(1))
        await asyncio.Event().wait()

    response = await pusher.post(stopping(), "session=a")

    assert (response.status_code, response.json()["stored"]) == (408, 1)


async def test_rows_behind_the_end_are_refused(pushing: Pushing):
    pusher = await pushing.a_pusher()

    response = await pusher.post(whole([a_row(1)]) + a_list(a_row(2)), "session=a")

    assert (response.status_code, response.json()["code"]) == (400, "BAD_REQUEST")
    assert await pushing.live() == {}
