"""A mapping that cannot work is refused when it is built, in a sentence that says what to do."""

from copy import deepcopy

import pytest

from adapters.base import PartnerSettings
from adapters.feed.mapping import build_mapping
from adapters.feed.options import FeedOptionsError
from schema.model.values import PartnerCode

GOOD = {
    "format": "csv",
    "key": "id",
    "fields": {"title": "judul", "institution": "lembaga"},
    "sessions": {"key": "jadwal", "fields": {"starts_at": "mulai"}},
    "enrolments": {"path": "/enrolments"},
}


def refusal(**changes) -> str:
    """Return the sentence that refuses `GOOD` with changes; "a__b" reaches into a table."""
    options = deepcopy(GOOD)
    for path, value in changes.items():
        *tables, key = path.split("__")
        table = options
        for name in tables:
            table = table.setdefault(name, {})
        table[key] = value
    with pytest.raises(FeedOptionsError) as refused:
        build_mapping(PartnerSettings(PartnerCode("toko"), "file:x", options=options))
    return str(refused.value)


def test_the_good_one_is_good():
    assert build_mapping(PartnerSettings(PartnerCode("toko"), "file:x", options=GOOD))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param(
            {"formt": "csv"},
            "partner 'toko': options.formt is not a key here; allowed are auth, columns, d",
            id="unknown-key",
        ),
        pytest.param(
            {"fields__titel": "judul"},
            "partner 'toko': options.fields.titel is not a field of courses; allowed are bookable",
            id="unknown-field",
        ),
        pytest.param(
            {"sessions__fields__start": "mulai"},
            "options.sessions.fields.start is not a field of sessions; allowed are capacity",
            id="unknown-session-field",
        ),
        pytest.param(
            {"fields__level": {"from": "tingkat", "word": {}}},
            "options.fields.level.word is not a key here; allowed are backslashes, constant, ",
            id="unknown-parameter",
        ),
        pytest.param(
            {"format": "xlsx"},
            "options.format must be one of csv, json, jsonl, xml, not 'xlsx'",
            id="format",
        ),
        pytest.param({"format": "xml"}, "options.at is missing", id="xml-without-path"),
        pytest.param(
            {"delimiter": "||"}, "options.delimiter must be one character", id="delimiter"
        ),
        pytest.param({"encoding": "latin-99"}, "options.encoding 'latin-99' is unk", id="encoding"),
        pytest.param(
            {"fields__title": {}}, "options.fields.title has no source; a source is", id="no-source"
        ),
        pytest.param(
            {"fields__title": {"from": "a", "constant": "b"}},
            "options.fields.title must have one source, not from and constant",
            id="two-sources",
        ),
        pytest.param(
            {"fields__title": 7}, "options.fields.title must be a table, not 7", id="no-table"
        ),
        pytest.param(
            {"fields__title": {"from": [1]}},
            "options.fields.title.from must be a text or a list of texts",
            id="column-is-no-text",
        ),
        pytest.param({"fields__title": ""}, "options.fields.title.from names a col", id="blank"),
        pytest.param(
            {"fields__url": {"template": "https://x.test/"}},
            "options.fields.url.template names no {column}",
            id="template",
        ),
        pytest.param(
            {"fields__delivery_mode": {"from": "cara", "words": {"kelas": "CLASSROOM"}}},
            "options.fields.delivery_mode.words.'kelas' must be one of SELF_PACED, LIVE_ONLINE,",
            id="vocabulary",
        ),
        pytest.param(
            {"fields__delivery_mode": {"constant": "CLASSROOM"}},
            "options.fields.delivery_mode.constant 'CLASSROOM' is not a word that we know",
            id="constant-word",
        ),
        pytest.param(
            {"fields__price": {"constant": "murah"}},
            "options.fields.price.constant cannot be read: price: 'murah' is not a price",
            id="constant-price",
        ),
        pytest.param(
            {"fields__price": {"from": "harga", "currency": "XAU"}},
            "options.fields.price.currency must be one of IDR, ",
            id="currency",
        ),
        pytest.param(
            {"fields__price": {"discount": "diskon"}},
            "options.fields.price has no source",
            id="discount-of-nothing",
        ),
        pytest.param(
            {"fields__list_price": {"from": "harga", "discount": "diskon"}},
            "options.fields.list_price must have a source or a discount, and not both",
            id="list-price-twice",
        ),
        pytest.param(
            {"fields__duration_minutes": {"from": "lama", "unit": "weeks"}},
            "options.fields.duration_minutes.unit must be one of minutes, hours, days",
            id="unit",
        ),
        pytest.param(
            {"sessions__fields__starts_at": {"from": "mulai", "zone": "Asia/Atlantis"}},
            "options.sessions.fields.starts_at.zone 'Asia/Atlantis' is not a time zone",
            id="zone",
        ),
        pytest.param(
            {"sessions__fields__starts_at": {"from": "mulai", "format": "%d/%m/%Q"}},
            "options.sessions.fields.starts_at.format '%d/%m/%Q' is no form of a time",
            id="time-format",
        ),
        pytest.param({"key": {}}, "options.key must have one of from, template", id="no-key"),
        pytest.param(
            {"key": {"derived_from": []}},
            "options.key.derived_from must be a list of columns, not []",
            id="derived-key",
        ),
        pytest.param(
            {"duplicates": "merge"},
            "options.duplicates must be one of keep_last, keep_first, not 'merge'",
            id="duplicates",
        ),
        pytest.param(
            {"leave_out": [{"rule": "closed", "from": "status"}]},
            "options.leave_out[0] must have one of when, unless",
            id="rule-without-words",
        ),
        pytest.param(
            {"leave_out": [{"rule": "duplicate", "from": "a", "when": "b"}]},
            "options.leave_out[0].rule 'duplicate' is the name of a built-in rule",
            id="rule-name",
        ),
        pytest.param(
            {"leave_out": {"rule": "x"}}, "options.leave_out must be a list, not", id="rules"
        ),
        pytest.param({"enrolments": {}}, "options.enrolments.path is missing", id="desk-path"),
        pytest.param(
            {"enrolments__session_required": "yes"},
            "options.enrolments.session_required must be true or false, not 'yes'",
            id="desk-flag",
        ),
    ],
)
def test_what_cannot_work_is_refused(changes, sentence):
    refused = refusal(**changes)

    assert refused.startswith("partner 'toko': options")
    assert sentence in refused


@pytest.mark.parametrize("name", ["title", "institution"])
def test_every_course_has_a_title_and_an_institution(name):
    fields = {key: value for key, value in GOOD["fields"].items() if key != name}

    assert f"options.fields.{name} is missing" in refusal(fields=fields)
