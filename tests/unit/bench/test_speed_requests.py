"""What the speed benchmark sends is the same every time, and unique where it says so."""

from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from gateway.bench.speed.asking import WrongAnswerError, to_length
from gateway.bench.speed.peers import to_peer
from gateway.bench.speed.questions import WARM, cold, hot, to_requests, warm
from gateway.bench.speed.requests import (
    ENROL,
    READ,
    Enrolments,
    InTurn,
    Mix,
    Same,
    Unique,
    Zipf,
    to_request,
)


def texts(requests, count):
    return [text for _, text in islice(requests, count)]


def test_a_request_says_how_long_its_body_is():
    head, _, body = to_request(hot(), {"Authorization": "Bearer x"}).partition(b"\r\n\r\n")

    assert to_length(head) == len(body)
    assert head.startswith(b"POST /graphql HTTP/1.1\r\n")
    assert head.endswith(b"Authorization: Bearer x")


def test_an_answer_says_how_long_it_is_or_comes_in_chunks():
    assert to_length(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nServer: x") == 12
    assert to_length(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked") is None
    with pytest.raises(WrongAnswerError):
        to_length(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("text", ["hive", "hive=gateway", "=gateway {port}", "a b=x {port}"])
def test_a_peer_is_a_name_and_a_command_with_a_port(text):
    assert to_peer("hive=hive-gateway proxy {upstream} --port {port}").name == "hive"
    with pytest.raises(ValueError, match="NAME=COMMAND"):
        to_peer(text)


def test_warm_questions_are_distinct_and_drawn_by_zipf():
    requests = to_requests(warm())

    drawn = Counter(texts(Zipf(requests), 100_000))

    assert len(set(requests)) == WARM
    first, tenth = drawn[requests[0]], drawn[requests[9]]
    assert first / tenth == pytest.approx(10, rel=0.1)
    assert texts(Zipf(requests), 100) == texts(Zipf(requests), 100)


def test_unique_requests_are_never_asked_twice_not_in_the_next_turn_either():
    [request] = to_requests(cold())

    asked = texts(Unique([request], 0), 1_000) + texts(Unique([request], 1_000), 1_000)

    assert len(set(asked)) == 2_000
    assert {len(each) for each in asked} == {len(request)}  # as their heads say


def test_requests_in_turn_come_over_and_over():
    assert texts(InTurn([b"a", b"b"]), 5) == [b"a", b"b", b"a", b"b", b"a"]


def test_one_request_in_so_many_of_a_mix_enrols_a_learner_of_its_own(tmp_path: Path):
    enrolments = Enrolments(tmp_path, ["offering"], "mutation", 7)

    mixed = list(islice(Mix(Same(b"read"), enrolments, 20), 60))

    enrolled = [text for kind, text in mixed if kind == ENROL]
    assert [kind for kind, _ in mixed[:20]] == [READ] * 19 + [ENROL]
    assert len({text.partition(b"Bearer ")[2] for text in enrolled}) == 3
    assert [b"speed-7" in enrolled[0], b"speed-9" in enrolled[2]] == [True, True]
