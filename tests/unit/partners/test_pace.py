"""How fast a partner is called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.manifest import to_manifest
from gateway.partners.config import PartnerConfig
from gateway.partners.pace import LocalPace, NoPace, Rate, Turn, partner_rates, take_turn
from schema.model.catalogue import Partner
from schema.model.values import PartnerCode, PartnerKind

pytestmark = pytest.mark.anyio
CODE = PartnerCode("tokopedia")


@given(
    st.sampled_from([0.5, 1.0, 5.0, 10.0]),
    st.lists(st.tuples(st.floats(0, 2), st.floats(0, 5)), min_size=1, max_size=200),
)
def test_no_second_has_more_requests_than_the_pace_and_its_bucket(per_second, requests):
    rate, now, full_at, gone = Rate(per_second), 0.0, 0.0, []
    for gap, patience in requests:
        now += gap
        turn, full_at = take_turn(rate, full_at, now, patience)
        assert turn.is_taken is (turn.wait <= patience)
        if turn.is_taken:
            gone.append(now + turn.wait)

    for start in gone:
        in_ten = sum(start <= each < start + 10 for each in gone)
        assert in_ten <= 10 * per_second + max(per_second, 1) + 1


async def test_a_second_of_requests_may_come_at_once_and_then_the_pace_is_kept():
    now = [100.0]
    pace = LocalPace({CODE: Rate(5)}, clock=lambda: now[0])

    waits = [(await pace.take(CODE, 60)).wait for _ in range(8)]

    assert waits == pytest.approx([0, 0, 0, 0, 0, 0.2, 0.4, 0.6])


async def test_a_turn_that_is_too_far_away_is_not_taken():
    now = [0.0]
    pace = LocalPace({CODE: Rate(1)}, clock=lambda: now[0])
    await pace.take(CODE, 0)

    assert await pace.take(CODE, 0.5) == Turn(1.0, is_taken=False)
    now[0] = 1.0
    assert await pace.take(CODE, 0.5) == Turn(0.0)


async def test_each_process_keeps_its_part():
    now = [0.0]
    pace = LocalPace({CODE: Rate(8)}, processes=4, clock=lambda: now[0])

    waits = [(await pace.take(CODE, 60)).wait for _ in range(4)]

    assert waits == pytest.approx([0, 0, 0.5, 1.0])


async def test_a_partner_without_a_pace_is_not_slowed_down():
    assert await LocalPace({}).take(CODE, 0) == Turn(0.0)
    assert await NoPace().take(CODE, 0) == Turn(0.0)


def test_the_partners_file_goes_before_the_adapters_manifest():
    def config(code: str, adapter: str, per_second: float | None) -> PartnerConfig:
        partner = Partner(PartnerCode(code), code, PartnerKind.MARKETPLACE)
        return PartnerConfig(partner, adapter, "https://x.test", requests_per_second=per_second)

    manifest = to_manifest(
        {
            "id": "a",
            "name": "A",
            "capabilities": ["catalogue"],
            "contract": "assumed",
            "documentation": "x",
            "pace": {"requests_per_second": 7},
        }
    )
    configs = [config("one", "a", None), config("two", "a", 2.0), config("three", "gone", None)]

    assert partner_rates(configs, [manifest]) == {"one": Rate(7.0), "two": Rate(2.0)}
