"""Who may have how many connections open."""

import pytest

from gateway.web.streams.connections import Connections, FullError
from schema.model.viewer import ANONYMOUS
from tests.unit.web.edge import ANI


def test_there_is_always_room_for_who_has_a_token():
    connections = Connections(most=3, most_of_nobody=1)

    with connections.opened("sse") as one, connections.opened("websocket") as another:
        one.belongs_to(ANONYMOUS)
        with pytest.raises(FullError, match="sign in"):
            another.belongs_to(ANONYMOUS)
        another.belongs_to(ANI)

    with connections.opened("sse") as again:
        again.belongs_to(ANONYMOUS)
    assert len(connections) == 0


def test_a_process_has_so_many_and_not_more():
    connections = Connections(most=1)

    with (
        connections.opened("sse"),
        pytest.raises(FullError, match="this process"),
        connections.opened("sse"),
    ):
        pass
