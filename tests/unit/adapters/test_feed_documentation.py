"""The examples of docs/partners/feed.md do what the page says, and its tables are complete."""

import re
import tomllib
from pathlib import Path

import pytest

from adapters.base import Page, PartnerSettings
from adapters.feed.mapping import LISTED, SOLD, build_mapping
from adapters.feed.plan import build_feed
from adapters.feed.sessions import FIELDS as SESSION_FIELDS
from gateway.partners.config import load_partners
from schema.model.values import EnrolmentMode, Money, PartnerCode

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLE_FILES = DOCS / "examples"
PAGE = (DOCS / "partners" / "feed.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"^### ([^\n]+)\n\n```\w*\n(.*?)```\n\n```toml\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE
)


def page_of(example: tuple[str, str, str]) -> Page:
    _title, data, description = example
    options = tomllib.loads(description)["partner"]["options"]
    settings = PartnerSettings(PartnerCode("toko"), "https://toko.test", options=options)
    return build_mapping(settings).to_page(data.encode())


def test_the_page_has_an_example_of_every_format():
    formats = {tomllib.loads(toml)["partner"]["options"]["format"] for _, _, toml in EXAMPLES}

    assert formats == {"csv", "json", "jsonl", "xml"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example[0])
def test_every_example_can_be_copied(example):
    page = page_of(example)

    assert page.offerings
    assert not page.rejections
    assert not page.left_out
    assert not [term for offering in page.offerings for term in offering.unknown_terms]


def test_the_csv_example_becomes_what_the_page_says():
    barista, design = page_of(EXAMPLES[0]).offerings

    assert [session.unlimited for session in barista.sessions] == [False, True]
    assert barista.enrolment_mode is EnrolmentMode.DIRECT
    assert design.price == Money(0)
    assert design.enrolment_mode is EnrolmentMode.LINK


def test_the_list_without_ids_becomes_what_the_page_says():
    (barista,) = page_of(EXAMPLES[-1]).offerings

    assert (barista.listed.title, barista.price) == ("Barista", Money(89_700))
    assert barista.list_price == Money(299_000)


@pytest.mark.parametrize("section", ["Several files", "Descriptions that follow a template"])
def test_what_is_shown_in_the_sections_can_be_copied(section):
    toml = re.search(rf"^## {section}\n.*?```toml\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)[1]
    options = tomllib.loads(toml)["partner"]["options"]
    needed = {"format": "json", "key": "id", "fields": {"title": "t", "institution": "i"}}
    if "sources" not in options:
        options = needed | {"fields": needed["fields"] | options["fields"]}

    settings = PartnerSettings(PartnerCode("toko"), "https://toko.test", options=options)

    assert build_feed(settings).sources


@pytest.mark.parametrize(
    "example", sorted(EXAMPLE_FILES.glob("*.toml")), ids=lambda file: file.stem
)
def test_every_example_file_can_be_used(example):
    (config,) = load_partners([example])

    assert build_feed(PartnerSettings(config.code, config.address, options=config.options))


@pytest.mark.parametrize("field", [*LISTED, *SOLD, *SESSION_FIELDS, "price", "list_price"])
def test_every_field_is_documented(field):
    assert re.search(rf"^\|.*`{field}`", PAGE, re.MULTILINE)
