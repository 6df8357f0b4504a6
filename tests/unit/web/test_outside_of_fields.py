"""What breaks outside of any field: an id is told, and no more."""

import pytest
from sqlalchemy import exc
from structlog.testing import capture_logs

from tests.unit.web.edge import Edge, codes

pytestmark = pytest.mark.anyio

TYPENAME = "{ __typename }"


async def test_what_breaks_outside_of_a_field_tells_an_id_alone(monkeypatch):
    edge = Edge()
    monkeypatch.setattr(edge.api, "context", lambda _: 1 / 0)
    answer = await edge.ask(TYPENAME)

    assert (answer.status_code, codes(answer)) == (500, ["INTERNAL"])
    assert "division" not in answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    assert edge.seen[-1].codes == ("INTERNAL",)


async def test_the_id_that_is_told_of_it_is_in_the_log(monkeypatch):
    edge = Edge()
    monkeypatch.setattr(edge.api, "context", lambda _: 1 / 0)
    with capture_logs() as logs:
        answer = await edge.ask(TYPENAME)

    [line] = [each for each in logs if each["event"] == "graphql.unexpected_error"]
    assert line["error_id"] == answer.json()["errors"][0]["extensions"]["errorId"]
    assert isinstance(line["exc_info"], ZeroDivisionError)


async def test_an_outage_outside_of_a_field_is_503_and_passes(monkeypatch):
    def without_connections(_viewer):
        raise exc.TimeoutError("SELECT secret FROM learner")

    edge = Edge()
    monkeypatch.setattr(edge.api, "context", without_connections)
    answer = await edge.ask(TYPENAME)

    assert (answer.status_code, codes(answer)) == (503, ["UNAVAILABLE"])
    assert answer.headers["retry-after"] == "5"
    assert "secret" not in answer.text
