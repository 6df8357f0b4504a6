"""Who pays for a request."""

import pytest

from gateway.web.paying import payer_of
from schema.model.viewer import ANONYMOUS
from tests.unit.web.edge import ANI


def payer(host, viewer=ANONYMOUS):
    return payer_of({"client": host and (host, 1)}, viewer)


def test_a_token_pays_wherever_it_is_sent_from():
    assert payer("192.0.2.1", ANI) == payer("192.0.2.2", ANI)
    assert payer("192.0.2.1", ANI).learner == ANI.learner


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        (None, None, True),
        ("unix", "192.0.2.1", False),
    ],
)
def test_without_a_token_an_address_pays_and_a_subscriber_has_one(one, other, same):
    assert (payer(one) == payer(other)) is same


def test_neither_is_told_to_where_budgets_are_kept():
    assert "192.0.2.1" not in payer("192.0.2.1").client
    assert "ani" not in payer("192.0.2.1", ANI).client
