"""The benchmark's list is the same every time, and changes as much as it says."""

import pytest

from adapters.skill_academy.mapping import to_page
from gateway.bench.quantiles import to_waits
from gateway.bench.rows import DESCRIPTION_LENGTH, to_rows
from schema.model.values import PartnerCode

PARTNER = PartnerCode("synthetic")


def test_every_row_is_an_offering_with_a_long_description():
    page = to_page({"data": list(to_rows(range(3_000), 0)), "next_cursor": None}, PARTNER)

    assert not page.rejections
    assert len({(o.listed.title, o.listed.institution) for o in page.offerings}) == 3_000
    lengths = [len(offering.listed.description_html or "") for offering in page.offerings]
    assert min(lengths) > 0.9 * DESCRIPTION_LENGTH
    assert sum(bool(offering.sessions) for offering in page.offerings) == 750


@pytest.mark.parametrize("edition", [0, 1, 7])
def test_an_edition_changes_one_row_in_a_hundred(edition):
    before, after = (list(to_rows(range(1_000), each)) for each in (edition, edition + 1))

    assert sum(old != new for old, new in zip(before, after, strict=True)) == 10


def test_waits_are_told_in_milliseconds():
    waits = to_waits([n / 1_000 for n in range(1, 101)])

    assert (waits.count, waits.p50_ms, waits.p95_ms, waits.p99_ms) == (100, 51, 96, 100)


def test_nothing_measured_is_no_figure():
    with pytest.raises(ValueError, match="nothing was measured"):
        to_waits([])
