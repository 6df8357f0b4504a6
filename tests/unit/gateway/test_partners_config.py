"""Partners files: what is accepted, and how a mistake is named."""

from datetime import timedelta

import pytest

from gateway.partners.config import PartnersFileError, load_partners
from schema.model.values import PartnerKind, PartnerState

GOOD = """
[[partner]]
code = "mine"
name = "Mine"
kind = "MARKETPLACE"
adapter = "feed"
address = "https://mine.test"
"""


@pytest.fixture
def written(tmp_path):
    def write(text, name="partners.toml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_a_partner_needs_five_lines(written):
    [config] = load_partners([written(GOOD)])

    assert config.code == "mine"
    assert config.partner.kind is PartnerKind.MARKETPLACE
    assert config.partner.state is PartnerState.ACTIVE
    assert config.interval == timedelta(minutes=15)


def test_new_offerings_wait_for_approval_where_the_file_says_so(written):
    [waits] = load_partners([written(GOOD + 'approval = "manual"')])
    [shown] = load_partners([written(GOOD)])

    assert (waits.manual_approval, shown.manual_approval) == (True, False)


def test_a_pace_may_be_set(written):
    [paced] = load_partners([written(GOOD + "requests_per_second = 2.5")])
    [unset] = load_partners([written(GOOD)])

    assert (paced.requests_per_second, unset.requests_per_second) == (2.5, None)


def test_a_file_address_is_relative_to_the_partners_file(written, tmp_path):
    path = written(GOOD.replace("https://mine.test", "file:list.csv"))

    [config] = load_partners([path])

    assert config.address == f"file:{tmp_path / 'list.csv'}"


def test_partners_of_several_files_come_in_order(written):
    first = written(GOOD)
    second = written(GOOD.replace('"mine"', '"yours"'), "other.toml")

    assert [config.code for config in load_partners([first, second])] == ["mine", "yours"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("[[partner]", "not valid TOML", id="not-toml"),
        pytest.param("x = 1", "has no [[partner]]", id="no-partner"),
        pytest.param(GOOD.replace("code", "cod"), "unknown keys ['cod']", id="misspelt-key"),
        pytest.param(GOOD.replace('name = "Mine"', ""), "lacks 'name'", id="missing-key"),
        pytest.param(GOOD.replace("mine", "Mine!"), "must be lower case", id="bad-code"),
        pytest.param(GOOD.replace("MARKETPLACE", "SHOP"), "SHOP", id="unknown-kind"),
        pytest.param(GOOD + "interval_seconds = 0", "interval_seconds", id="no-interval"),
        pytest.param(GOOD + 'approval = "maybe"', "['automatic', 'manual']", id="approval"),
        pytest.param(GOOD + "requests_per_second = 0", "requests_per_second", id="no-pace"),
        pytest.param(GOOD + "requests_per_second = inf", "requests_per_second", id="any-pace"),
        pytest.param(GOOD + 'requests_per_second = "5"', "requests_per_second", id="text"),
        pytest.param(GOOD + GOOD, "already declared", id="twice"),
    ],
)
def test_a_mistake_is_named_with_its_place(written, text, said):
    path = written(text)

    with pytest.raises(PartnersFileError) as caught:
        load_partners([path])

    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PartnersFileError, match=r"absent\.toml: cannot be read"):
        load_partners([tmp_path / "absent.toml"])


PUSHING = """
[[partner]]
code = "toko"
name = "Toko"
kind = "MARKETPLACE"
adapter = "push"
"""


def test_a_partner_that_pushes_needs_four_lines(written):
    [config] = load_partners([written(PUSHING)])
    [fetched] = load_partners([written(GOOD)])

    assert (config.pushes, fetched.pushes) == (True, False)
    assert (config.address, config.interval) == ("", timedelta(days=1))
    assert config.options == {"currencies": ("IDR",)}


def test_the_currencies_of_a_partner_that_pushes_are_declared(written):
    [config] = load_partners([written(PUSHING + '[partner.options]\ncurrencies = ["USD"]')])

    assert config.options == {"currencies": ("USD",)}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('address = "https://toko.test"', "is not called"),
        ("requests_per_second = 2", "is not called"),
        ('[partner.options]\ncurrencies = "IDR"', "currencies"),
        ('[partner.options]\ncurrencies = ["GBP"]', "GBP"),
        ("[partner.options]\ncurrencies = [3]", "3"),
        ('[partner.options]\nformat = "csv"', "currencies"),
    ],
)
def test_what_a_partner_that_pushes_cannot_have_is_refused(written, line, said):
    with pytest.raises(PartnersFileError, match=said):
        load_partners([written(PUSHING + line)])


def test_webhooks_are_signed_unless_the_file_says_otherwise(written):
    told = 'webhooks = { signed = false, reference_at = "order.id" }'
    [signed] = load_partners([written(GOOD)])
    [unsigned] = load_partners([written(GOOD + told)])

    assert (signed.webhooks.signed, signed.webhooks.reference_at) == (True, "data.reference")
    assert (unsigned.webhooks.signed, unsigned.webhooks.reference_at) == (False, "order.id")


@pytest.mark.parametrize(
    "told", ['"unsigned"', "{ signed = 0 }", "{ reference_at = 1 }", "{ other = true }"]
)
def test_webhooks_that_are_not_understood_are_refused(written, told):
    with pytest.raises(PartnersFileError, match="webhooks has the keys"):
        load_partners([written(GOOD + f"webhooks = {told}")])
