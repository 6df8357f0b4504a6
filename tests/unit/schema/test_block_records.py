"""When a block is in force, and what it may name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from schema.model.blocks import EVERY_BUNDLE, Block, BlockScope
from schema.model.catalogue import Category, ListedCourse, Offering
from schema.model.values import CourseId, DeliveryMode, InstitutionId, PartnerCode, RemoteId
from schema.ports import OfferingFact

NOW = datetime(2020, 6, 30, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
AT_ONCE = Block(1, BlockScope.PARTNER, "tokopedia", "why", "S-1", NOW, NOW, "op")
LATER = replace(AT_ONCE, effective_at=NOW + HOUR)


@pytest.mark.parametrize(
    ("block", "now", "is_in_force"),
    [
        pytest.param(AT_ONCE, NOW, True, id="at-once"),
        pytest.param(AT_ONCE, NOW - HOUR, True, id="at-once-on-a-slow-clock"),
        pytest.param(LATER, NOW, False, id="later"),
        pytest.param(LATER, NOW + HOUR, True, id="later-has-come"),
        pytest.param(replace(AT_ONCE, lifted_at=NOW), NOW, False, id="lifted"),
    ],
)
def test_a_block_is_in_force_from_its_time_until_it_is_lifted(
    block: Block, now: datetime, *, is_in_force: bool
):
    assert block.is_in_force(now) is is_in_force


def a_fact(**said: object) -> OfferingFact:
    listed = ListedCourse("Paket Barista", "LKP Kopi", category=said.pop("category", None))  # type: ignore[arg-type]
    sold = Offering(PartnerCode("tokopedia"), RemoteId("1"), listed, **said)  # type: ignore[arg-type]
    return OfferingFact(
        sold,
        CourseId("C1"),
        withdrawn=False,
        fetched_at=NOW,
        institution_id=InstitutionId("I1"),
        former_ids=("C0",),
    )


def test_an_offering_may_be_named_by_each_scope():
    fact = a_fact(
        category=Category("desain", "Desain"), delivery_mode=DeliveryMode.ONSITE, bundle=True
    )

    assert fact.targets == {
        BlockScope.COURSE: ("C1", "C0"),
        BlockScope.OFFERING: (fact.offering.id,),
        BlockScope.INSTITUTION: ("I1", "C0"),
        BlockScope.PARTNER: ("tokopedia",),
        BlockScope.CATEGORY: ("desain",),
        BlockScope.DELIVERY_MODE: ("ONSITE",),
        BlockScope.BUNDLE: (EVERY_BUNDLE,),
    }


def test_a_title_makes_no_bundle():
    assert a_fact().targets[BlockScope.BUNDLE] == ()
