"""An answer that reads `quote` is never stored, whatever else it reads; others are."""

import httpx
import pytest

from gateway import asgi
from gateway.app import Gateway
from gateway.cache.tiered import TieredCache
from gateway.execution.at_hand import AtHand
from gateway.settings import Profile, Settings

pytestmark = pytest.mark.anyio

PLAIN = "{ courses { totalCount nodes { id offerings { price { amount } } } } }"
QUOTED = [
    "{ courses { nodes { offerings { quote { price { amount } } } } } }",
    "{ courses { nodes { offerings { now: quote { asOf } } } } }",
    "{ courses { nodes { offerings { ...now } } } } fragment now on Offering { quote { asOf } }",
    "query ($a: Boolean = true) {courses{nodes{offerings{quote @skip(if:$a){asOf}}}}}",
]


def shared(gateway: Gateway) -> list[str]:
    assert isinstance(gateway.cache, TieredCache)
    return [key for key in gateway.cache._levels.memory._entries if key.startswith("answer:")]


@pytest.fixture
def at_hand(monkeypatch) -> AtHand:
    found = AtHand()
    monkeypatch.setattr(asgi, "AtHand", lambda: found)
    return found


@pytest.mark.parametrize("with_redis", [False, True], ids=["memory", "redis"])
async def test_no_answer_that_reads_a_quote_is_stored(tmp_path, with_redis, request, at_hand):
    url = request.getfixturevalue("redis_url") if with_redis else None
    settings = Settings(profile=Profile.DEVELOPMENT, data_dir=tmp_path, redis_url=url)
    gateway = Gateway(settings)
    app = httpx.ASGITransport(asgi.create_app(settings, gateway))

    async with gateway.opened(loaded=True), httpx.AsyncClient(transport=app) as client:

        async def ask(query: str) -> dict:
            answer = await client.post("http://mitra/graphql", json={"query": query})
            found: dict = answer.json()
            return found

        quoted = [await ask(query) for query in QUOTED]
        after_quotes = len(at_hand), shared(gateway)
        plain = await ask(PLAIN)
        after_others = len(at_hand), len(shared(gateway))

    assert all("errors" not in answer for answer in [*quoted, plain])
    assert after_quotes == (0, [])
    assert after_others == (1, int(with_redis))
