"""`mitra bench speed` in small: real servers, a real load, and wrong answers noticed."""

import socket
import threading
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from gateway.bench.speed.asking import Load, WrongAnswerError, ask
from gateway.bench.speed.requests import InTurn, Same, to_request
from gateway.cli import app

ANSWER = b'{"data":{"courses":[]}}'
REQUEST = to_request({"query": "{ x }"})


@pytest.fixture
def answering():
    """A server that answers every piece that comes with the given pieces, one packet each."""
    listener = socket.create_server(("127.0.0.1", 0))
    pieces: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(line,), daemon=True).start()

    def answer(line: socket.socket) -> None:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with line:
            while line.recv(65_536):
                for piece in pieces:
                    line.sendall(piece)

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1], pieces
    listener.close()


def head(length: int, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n".encode()


def test_a_small_benchmark_prints_and_stores_its_figures(tmp_path: Path):
    out = tmp_path / "figures.json"
    options = ["--seconds", "0.2", "--rounds", "1", "--connections", "4", "--courses", "200"]
    skipped = ["--skip", "warm,search,plain,change,hanging"]

    result = CliRunner().invoke(app, ["bench", "speed", *options, *skipped, "--out", str(out)])

    assert result.exit_code == 0, result.output
    assert "hot, of constant bytes" in result.output
    found = orjson.loads(out.read_bytes())
    assert set(found["turns"]) == {"limit", "mitra hot", "mitra cold", "mitra enrol"}
    assert found["turns"]["limit"][0]["body_bytes"] == found["turns"]["mitra hot"][0]["body_bytes"]
    assert found["turns"]["mitra enrol"][0]["enrolments"]["count"] > 0
    assert found["machine"]["cores"] >= 1


def test_a_part_that_is_none_is_refused_with_what_to_type():
    result = CliRunner().invoke(app, ["bench", "speed", "--skip", "everything"])

    assert result.exit_code == 2
    assert "hanging" in result.output


def test_answers_are_counted_however_they_are_cut_into_packets(answering):
    port, pieces = answering
    whole = head(len(ANSWER)) + ANSWER
    pieces += [whole[:10], whole[10:50], whole[50:]]

    tally = ask(Load(port, Same(REQUEST), connections=2, seconds=60, most=9))

    assert (len(tally.waits), tally.body_bytes) == (9, 9 * len(ANSWER))
    assert list(tally.ends) == sorted(tally.ends)


def test_answers_in_chunks_are_read_to_their_end(answering):
    port, pieces = answering
    start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces += [start, b"%x\r\n%b\r\n" % (len(ANSWER), ANSWER), b"0\r\n", b"\r\n"]

    tally = ask(Load(port, Same(REQUEST), connections=1, seconds=60, most=3))

    assert len(tally.waits) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(head(len(ANSWER), "503 Service Unavailable") + ANSWER, id="refused"),
        pytest.param(head(13) + b'{"errors":[]}', id="errors"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + ANSWER, id="no-length"),
    ],
)
def test_an_answer_that_is_none_ends_the_benchmark(answering, wrong):
    port, pieces = answering
    pieces.append(wrong)

    with pytest.raises(WrongAnswerError):
        ask(Load(port, InTurn([REQUEST]), connections=1, seconds=60, most=1))
