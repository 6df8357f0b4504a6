"""`make demo`: everything in one command, and nothing left behind."""

import signal

from tests.e2e.conftest import PATIENCE_SECONDS, Mitra
from tests.servers import free_port


def test_the_demo_starts_everything_and_stops_everything(tmp_path):
    demo = Mitra(tmp_path, free_port())
    demo.start("demo", "demo")
    try:
        demo.wait_until_ready()
        total = demo.ask("{ courses { totalCount } }")["courses"]["totalCount"]
        running = demo.command("sandbox", "status")
    finally:
        demo.stop("demo")

    assert total == 1500
    assert running.count(" up ") == 10
    demo.command("sandbox", "status", fails=True)


def test_ctrl_c_stops_the_demo_without_a_trace(tmp_path):
    demo = Mitra(tmp_path, free_port())
    demo.start("demo", "demo")
    demo.wait_until_ready()

    process = demo.processes.pop("demo")
    process.send_signal(signal.SIGINT)
    process.wait(PATIENCE_SECONDS)

    said = (tmp_path / "demo.log").read_text()
    assert "Mitra is ready" in said
    assert "Traceback" not in said
    demo.command("sandbox", "status", fails=True)
