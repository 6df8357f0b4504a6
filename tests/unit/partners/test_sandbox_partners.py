"""The built-in partners file fits the sandbox that it describes."""

from pathlib import Path

import pytest

import gateway.partners
from adapters.base import PartnerSettings
from adapters.feed.mapping import build_mapping
from adapters.sandbox.secrets import SANDBOX_PARTNERS, SECRET_NAMES
from gateway.partners.config import PartnerConfig, load_partners

CONFIGS = load_partners([Path(gateway.partners.__file__).parent / "sandbox_partners.toml"])

every_partner = pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.code)


def test_it_has_every_partner_of_the_sandbox():
    assert {config.code for config in CONFIGS} == set(SANDBOX_PARTNERS)


@every_partner
def test_it_refers_to_the_secrets_that_the_sandbox_shares(config: PartnerConfig):
    assert config.address == "sandbox:"
    assert dict(config.secrets) == {name: f"sandbox:{name}" for name in SECRET_NAMES[config.code]}


@pytest.mark.parametrize(
    "config", [each for each in CONFIGS if each.adapter == "feed"], ids=lambda config: config.code
)
def test_its_feeds_are_described_so_that_they_can_be_read(config: PartnerConfig):
    settings = PartnerSettings(config.code, "https://partner.test", options=config.options)

    assert build_mapping(settings).desk is not None


@every_partner
def test_each_partner_has_its_contract_written_down(config: PartnerConfig):
    contract = Path(__file__).parents[3] / "docs" / "partners" / f"{config.code}.md"

    assert contract.is_file(), f"write docs/partners/{config.code}.md"
