"""What a client is told when something goes wrong, and what it is not."""

import pytest

from schema.ids import NodeKind, to_global_id
from schema.model.values import Money
from tests.unit.schema.api import Api, a_learner
from tests.unit.schema.fakes import a_course

pytestmark = pytest.mark.anyio


class DatabaseIsGoneError(Exception):
    """A surprise, with a secret in its message."""


@pytest.fixture
def broken(api, monkeypatch):
    def fail(*_arguments):
        raise DatabaseIsGoneError("password=hunter2")

    monkeypatch.setattr(api.partners, "statuses", fail)
    monkeypatch.setattr(api.enrolments, "read_balance", fail)
    return api


@pytest.mark.parametrize("document", ["{ partners { code } }", "{ me { balance { amount } } }"])
async def test_a_surprise_is_masked_and_reported_under_the_same_id(broken, document):
    error = await broken.refused(document, a_learner())

    assert error["extensions"] == {"code": "INTERNAL", "errorId": "e1"}
    assert "e1" in error["message"]
    assert "hunter2" not in str(error)
    assert error["path"]
    assert error["locations"]
    [(reported, error_id)] = broken.reported
    assert isinstance(reported, DatabaseIsGoneError)
    assert error_id == "e1"


async def test_what_is_not_broken_is_still_answered(broken):
    result = await broken.execute(
        '{ partner(code: "tokopedia") { code } me { id balance { amount } } }', a_learner()
    )

    assert result.data == {"partner": {"code": "tokopedia"}, "me": None}


async def test_a_record_that_breaks_the_contract_is_a_surprise(api, monkeypatch):
    monkeypatch.setattr(api.partners, "coverage", lambda _partners: None)

    error = await api.refused("{ courses { coverage { complete } } }")

    assert error["extensions"]["code"] == "INTERNAL"
    assert api.reported


@pytest.mark.parametrize(
    ("document", "variables", "says"),
    [
        pytest.param("{ courses", {}, "Syntax Error", id="syntax"),
        pytest.param("{ kursus }", {}, "Cannot query field 'kursus'", id="unknown-field"),
        pytest.param("{ courses(first: 1.5) { totalCount } }", {}, "Int", id="literal"),
        pytest.param(
            "{ courses(filter: {priceMin: 9007199254740992}) { totalCount } }",
            {},
            "BigInt is from",
            id="literal-of-ours",
        ),
        pytest.param(
            "query ($n: Int) { courses(first: $n) { totalCount } }",
            {"n": "many"},
            "$n",
            id="variable",
        ),
        pytest.param(
            "query ($t: DateTime) { courses(filter: {startsAfter: $t}) { totalCount } }",
            {"t": "tomorrow"},
            "ISO 8601",
            id="variable-of-ours",
        ),
        pytest.param(
            "query ($n: Int!) { courses(first: $n) { totalCount } }", {}, "$n", id="lacking"
        ),
    ],
)
async def test_a_clients_own_mistakes_are_told_as_they_are(api, document, variables, says):
    error = await api.refused(document, **variables)

    assert says in error["message"]
    assert api.reported == []


@pytest.mark.parametrize(
    "value",
    [
        "2020-04-11T09:00:00",
        "2020-04-11",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "",
        7,
        True,
    ],
)
async def test_a_moment_needs_an_offset_and_a_place_in_the_calendar(api, value):
    error = await api.refused(
        "query ($t: DateTime) { courses(filter: {startsAfter: $t}) { totalCount } }", t=value
    )

    assert "2020-04-11T09:00:00+07:00" in error["message"]


@pytest.mark.parametrize("value", ["0001-01-01", "9999-12-31", "2020-02-30", "0000-00-00", "", 7])
async def test_a_day_has_a_place_in_the_calendar_of_every_zone(api, value):
    error = await api.refused(
        "query ($day: Date) { enrolmentReport(by: [PARTNER], since: $day) { complete } }", day=value
    )

    assert "2020-04-11" in error["message"]
    assert api.reported == []


@pytest.mark.parametrize("value", [2**53, -(2**53), 1.5, "350000", True, 1e300])
async def test_a_big_int_is_a_whole_number_of_53_bits(api, value):
    error = await api.refused(
        "query ($n: BigInt) { courses(filter: {priceMin: $n}) { totalCount } }", n=value
    )

    assert "BigInt is" in error["message"]
    assert "[16 digits]" not in error["message"]  # as what looks like a national id would be told


@pytest.mark.parametrize(
    ("literal", "read"),
    [
        ("9007199254740991", 2**53 - 1),
        ("-9007199254740991", 1 - 2**53),
        ("350000.0", 350_000),
        ("0", 0),
    ],
)
async def test_a_big_int_keeps_every_digit(api, literal, read):
    await api.ask(f"{{ courses(filter: {{priceMin: {literal}}}) {{ totalCount }} }}")

    assert api.catalogue.asked[-1].filter.price_min == read


async def test_a_sum_that_does_not_fit_is_a_surprise_and_not_rounded():
    course = a_course(1, lowest_price=Money(2**53))
    api = Api([course])

    error = await api.refused(
        "query ($id: ID!) { course(id: $id) { lowestPrice { amount } } }",
        id=to_global_id(NodeKind.COURSE, course.id),
    )

    assert error["extensions"]["code"] == "INTERNAL"


async def test_a_document_too_deep_to_read_is_no_news_of_our_insides(api):
    result = await api.execute("{ courses " * 5000 + "}" * 5000)

    assert result.errors
    assert "recursion" not in result.errors[0].message
