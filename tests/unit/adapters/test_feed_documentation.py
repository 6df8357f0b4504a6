"""The examples of docs/partners/feed.md do what the page says, and its tables are complete."""

import re
import tomllib
from pathlib import Path

import pytest

from adapters.base import Page, PartnerSettings
from adapters.feed.mapping import LISTED, SOLD, build_mapping
from adapters.feed.sessions import FIELDS as SESSION_FIELDS
from schema.model.values import EnrolmentMode, Money, PartnerCode

PAGE = (Path(__file__).parents[3] / "docs" / "partners" / "feed.md").read_text(encoding="utf-8")
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


@pytest.mark.parametrize("field", [*LISTED, *SOLD, *SESSION_FIELDS, "price", "list_price"])
def test_every_field_is_documented(field):
    assert re.search(rf"^\|.*`{field}`", PAGE, re.MULTILINE)
