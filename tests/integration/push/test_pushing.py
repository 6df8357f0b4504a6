"""Lists that partners push: signed, then applied or held as lists that we fetch."""

import json
from datetime import timedelta

import pytest

from gateway.catalogue.decisions import HeldLists
from gateway.push import uploads
from gateway.storage.leases import Leases
from tests.integration.push.partners import (
    FETCHED,
    PAUSED,
    UNSIGNED,
    Pushing,
    a_full_list,
    a_row,
    whole,
)

pytestmark = pytest.mark.anyio


def desk(pushing: Pushing) -> HeldLists:
    leases = Leases(pushing.catalogue, pushing.clock)
    return HeldLists(pushing.catalogue, leases, pushing.clock)


async def test_a_full_list_is_applied_with_an_answer_per_row(pushing: Pushing):
    pusher = await pushing.a_pusher()

    lines = await pusher.push(whole([a_row(1), b"{", a_row(2), a_row(1)]), "session=a")

    assert [line["status"] for line in lines[:-1]] == [
        "accepted", "quarantined", "accepted", "accepted",
    ]  # fmt: skip
    assert [line["row"] for line in lines[:-1]] == [1, 2, 3, 4]
    assert lines[-1] == {
        "outcome": "applied", "rows": 4, "revision": 1, "added": 2, "changed": 0,
        "unchanged": 0, "withdrawn": 0, "quarantined": 1, "duplicates": 1,
    }  # fmt: skip
    assert await pushing.live() == {"K-1": 100_001, "K-2": 100_002}
    assert [each.finished for each in pushing.reported] == [True]
    [bad] = await pushing.store.read_quarantine("toko")
    assert (bad.row, bad.reason, bad.raw) == (2, "is not JSON", "{")


async def test_what_a_full_list_leaves_out_is_withdrawn(pushing: Pushing):
    pusher = await a_full_list(pushing)

    done = await pusher.outcome(whole(map(a_row, range(9))), "session=b")

    assert (done["outcome"], done["withdrawn"], done["unchanged"]) == ("applied", 1, 9)
    assert "K-9" not in await pushing.live()


async def test_the_same_list_again_changes_nothing(pushing: Pushing):
    pusher = await a_full_list(pushing)

    done = await pusher.outcome(whole(map(a_row, range(10))), "session=b")

    assert (done["outcome"], done["unchanged"], done["revision"]) == ("applied", 10, None)
    assert await pushing.revision() == 1


async def test_an_offering_whose_row_is_bad_stays_as_it_stood(pushing: Pushing):
    pusher = await a_full_list(pushing)
    rows = [a_row(number) for number in range(9)]

    done = await pusher.outcome(whole([*rows, a_row(9, price="Rp 5")]), "session=b")

    assert (done["quarantined"], done["withdrawn"]) == (1, 0)
    assert (await pushing.live())["K-9"] == 100_009


async def test_a_list_that_looks_wrong_is_held_for_an_operator(pushing: Pushing):
    pusher = await a_full_list(pushing)

    done = await pusher.outcome(whole([a_row(1)]), "session=b")

    assert (done["outcome"], done["withdrawn"]) == ("held", 9)
    assert done["reason"] == "would withdraw 9 of 10 offerings"
    assert len(await pushing.live()) == 10
    [waiting] = await desk(pushing).read_held()
    await desk(pushing).reject(waiting.run, "rina")
    again = await pusher.outcome(whole([a_row(1)]), "session=c")
    assert again["outcome"] == "rejected"
    assert (await pusher.status("c"))["state"] == "rejected"


async def test_an_empty_list_is_held(pushing: Pushing):
    pusher = await a_full_list(pushing)

    assert (await pusher.outcome(whole([]), "session=b"))["outcome"] == "held"


# --- deltas ------------------------------------------------------------------------------


async def test_a_delta_changes_what_it_names(pushing: Pushing):
    pusher = await a_full_list(pushing)
    rows = [a_row(3, price={"amount": 5}), a_row(10), {"withdraw": "K-4"}]

    done = await pusher.outcome(whole(rows), "session=b&mode=delta")

    assert (done["outcome"], done["revision"]) == ("applied", 2)
    counted = [done[name] for name in ("added", "changed", "unchanged", "withdrawn")]
    assert counted == [1, 1, 8, 1]
    live = await pushing.live()
    assert (live["K-3"], live["K-10"], "K-4" in live, len(live)) == (5, 100_010, False, 10)


async def test_a_delta_is_judged_like_a_list(pushing: Pushing):
    pusher = await a_full_list(pushing)
    rows = [{"withdraw": f"K-{number}"} for number in range(3)]

    done = await pusher.outcome(whole(rows), "session=b&mode=delta")

    assert (done["outcome"], done["withdrawn"]) == ("held", 3)
    [waiting] = await desk(pushing).read_held()
    await desk(pushing).approve(waiting.run, "rina")
    assert len(await pushing.live()) == 7


async def test_a_delta_of_bad_rows_leaves_all_as_it_stood(pushing: Pushing):
    pusher = await a_full_list(pushing)

    done = await pusher.outcome(whole([a_row(1, price="x"), b"{"]), "session=b&mode=delta")

    assert (done["outcome"], done["quarantined"], done["unchanged"]) == ("applied", 2, 9)
    assert len(await pushing.live()) == 10


async def test_bad_rows_of_the_list_before_are_remembered_through_a_delta(pushing: Pushing):
    pusher = await pushing.a_pusher()
    await pusher.outcome(whole(map(a_row, range(10))), "session=a")
    rows = [a_row(number) for number in range(9)]
    await pusher.outcome(whole([*rows, a_row(9, price="x")]), "session=b")

    await pusher.outcome(whole([a_row(10)]), "session=c&mode=delta")

    assert [each.key for each in await pushing.store.read_quarantine("toko")] == ["K-9"]
    assert len(await pushing.live()) == 11
    await pusher.outcome(whole([a_row(9)]), "session=d&mode=delta")
    assert await pushing.store.read_quarantine("toko") == []


async def test_the_last_word_on_a_key_counts_across_batches(pushing: Pushing, monkeypatch):
    monkeypatch.setattr(uploads, "BATCH_ROWS", 1)
    pusher = await a_full_list(pushing)
    rows = [{"withdraw": "K-1"}, a_row(1, price={"amount": 7}), a_row(20), {"withdraw": "K-20"}]

    await pusher.outcome(whole(rows), "session=b&mode=delta")

    live = await pushing.live()
    assert (live["K-1"], "K-20" in live, len(live)) == (7, False, 10)


async def test_a_field_that_is_lost_after_a_delta_is_still_noticed(pushing: Pushing):
    pusher = await a_full_list(pushing, 30)
    await pusher.outcome(whole([{**a_row(1), "summary": "x"}]), "session=b&mode=delta")
    bare = [{k: v for k, v in a_row(n).items() if k != "description_html"} for n in range(30)]

    done = await pusher.outcome(whole(bare), "session=c")

    assert done["outcome"] == "held"
    assert "description" in done["reason"]


async def test_a_first_delta_is_a_list(pushing: Pushing):
    pusher = await pushing.a_pusher()

    assert (await pusher.outcome(whole([a_row(1)]), "session=a&mode=delta"))["added"] == 1


# --- who may -----------------------------------------------------------------------------


async def test_signatures_are_over_all_that_decides(pushing: Pushing):
    pusher = await pushing.a_pusher()
    body, query = whole([a_row(1)]), "session=a"
    good = pusher.headers("POST", query)
    bad = [
        {"signature": "0" * 40},
        {"signature": ""},
        {"client_code": "nobody"},
        {"timestamp": str(int(good["timestamp"]) + 1)},
        {"content-digest": "sha-256=:" + "A" * 43 + "=:"},
        {"signature": pusher.headers("POST", "session=b")["signature"]},
        {"signature": pusher.headers("GET", query)["signature"]},
    ]

    for change in bad:
        response = await pusher.post(body, query, digest=UNSIGNED, **change)
        assert (response.status_code, response.json()["code"]) == (401, "UNSIGNED"), change
    assert (await pusher.post(body, query, digest=UNSIGNED)).status_code == 200


@pytest.mark.parametrize("minutes", [6, -6])
async def test_clocks_may_be_five_minutes_apart(pushing: Pushing, minutes: int):
    pusher = await pushing.a_pusher()
    pusher.ahead = timedelta(minutes=minutes)

    response = await pusher.post(whole([a_row(1)]), "session=a")

    assert (response.status_code, response.json()["code"]) == (401, "UNTIMELY")


async def test_a_body_that_is_not_what_was_signed_is_dropped(pushing: Pushing):
    pusher = await pushing.a_pusher()
    digest = "sha-256=:" + "A" * 43 + "=:"

    response = await pusher.post(whole([a_row(1)]), "session=a", digest=digest)

    assert (response.status_code, response.json()["code"]) == (422, "NOT_WHAT_WAS_SIGNED")
    assert await pushing.live() == {}
    assert (await pusher.status("a"))["state"] == "given_up"


async def test_only_partners_that_are_declared_to_push_may(pushing: Pushing):
    for partner in (FETCHED, PAUSED):
        pusher = await pushing.a_pusher(partner)
        response = await pusher.post(whole([a_row(1)]), "session=a")
        assert (response.status_code, response.json()["code"]) == (403, "NOT_A_PUSHER")


@pytest.mark.parametrize(
    "query",
    ["session=", "session=a%20b", f"session={'a' * 65}", "session=a&mode=half",
     "session=a&from=-1", "session=a&from=x", "session=..%2F"],
)  # fmt: skip
async def test_parameters_that_are_not_as_documented(pushing: Pushing, query: str):
    pusher = await pushing.a_pusher()

    response = await pusher.post(whole([a_row(1)]), query)

    assert (response.status_code, response.json()["code"]) == (400, "BAD_REQUEST")


async def test_encoded_bodies_and_other_methods_are_refused(pushing: Pushing):
    pusher = await pushing.a_pusher()

    zipped = await pusher.post(b"x", "session=a", **{"content-encoding": "gzip"})
    other = await pusher.request("PUT", "session=a")

    assert (zipped.status_code, zipped.json()["code"]) == (415, "ENCODED")
    assert (other.status_code, other.headers["allow"]) == (405, "GET, POST")


async def test_a_failing_database_is_told_and_nothing_is_applied(pushing: Pushing, monkeypatch):
    pusher = await pushing.a_pusher()

    def fails(*_: object) -> None:
        raise RuntimeError(json.dumps(a_row(1)))

    monkeypatch.setattr(uploads, "store", fails)
    response = await pusher.post(whole([a_row(1)]), "session=a")

    assert (response.status_code, response.json()["code"]) == (503, "UNAVAILABLE")
    assert "Kursus" not in response.text
