"""A document is read once, whether it may be run or not."""

import gc

import pytest
from graphql import FieldNode, GraphQLError, GraphQLSyntaxError, Token
from graphql.validation import ValidationContext

from gateway.execution import documents
from gateway.execution.compiled import Compiler
from gateway.execution.cost import DEFAULT_PRICES
from gateway.execution.documents import Documents, Reading
from gateway.execution.limits import DEFAULT_LIMITS
from gateway.execution.parsing import parsed
from gateway.execution.refusals import RefusedError, Stage
from gateway.execution.remembered import Beside, Remembered
from gateway.execution.validation import screened, validated
from tests.unit.execution.documents import SCHEMA

GOOD, BAD = "{ thing { name } }", "{ thing { nonsense } }"


class Counted:
    """Documents over a reader that notes what it reads."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.lookups: list[str] = []
        self._reading = Reading(
            SCHEMA, DEFAULT_LIMITS, DEFAULT_PRICES, Compiler(SCHEMA), hints=False
        )
        self.documents = Documents(self._read, on_lookup=self.lookups.append)

    def _read(self, text):
        self.read.append(text)
        return self._reading.read(text)


@pytest.fixture
def counted():
    return Counted()


def test_a_known_document_is_not_read_again(counted):
    assert counted.documents.find(GOOD) is counted.documents.find(GOOD)
    assert counted.read == [GOOD]
    assert counted.lookups == ["miss", "hit"]


def test_a_refused_document_is_not_read_again(counted):
    for _ in range(2):
        with pytest.raises(RefusedError) as refused:
            counted.documents.find(BAD)
        assert refused.value.stage is Stage.VALIDATION

    assert counted.read == [BAD]
    assert counted.lookups == ["miss", "hit"]


def test_what_was_refused_holds_nothing_of_its_document_but_places(counted):
    with pytest.raises(RefusedError) as refused:
        counted.documents.find(BAD)

    [error] = refused.value.errors
    assert error.nodes is None
    assert error.formatted["locations"] == [{"line": 1, "column": 11}]


def test_refusals_drive_out_no_good_document(monkeypatch):
    monkeypatch.setattr(documents, "MOST_REFUSED", 2)
    counted = Counted()
    counted.documents.find(GOOD)
    for number in range(5):
        with pytest.raises(RefusedError):
            counted.documents.find(f"{{ {number}")

    counted.read.clear()
    counted.documents.find(GOOD)
    assert counted.read == []


def test_what_is_trusted_is_never_forgotten(monkeypatch):
    monkeypatch.setattr(documents, "MOST_DOCUMENTS", 2)
    counted = Counted()
    assert counted.documents.trust(GOOD) is None
    for number in range(5):
        counted.documents.find(f"{{ thing {{ a{number}: name }} }}")

    counted.read.clear()
    counted.documents.find(GOOD)
    assert counted.read == []


def test_what_is_trusted_and_cannot_be_run_is_told(counted):
    refused = counted.documents.trust(BAD)

    assert refused is not None
    assert "nonsense" in refused.errors[0].message


def test_clients_are_shown_refusals_as_they_are_presentable():
    shown = Documents(
        Reading(SCHEMA, DEFAULT_LIMITS, DEFAULT_PRICES, Compiler(SCHEMA), hints=False).read,
        presentable=lambda errors: [GraphQLError("presentable") for _ in errors],
    )

    for _ in range(2):
        with pytest.raises(RefusedError) as refused:
            shown.find(BAD)
        assert [error.message for error in refused.value.errors] == ["presentable"]


def test_memory_is_bounded_by_number_and_by_size():
    remembered = Remembered[int](most=3, most_size=10)
    for number, size in enumerate([4, 4, 1, 1]):
        remembered.keep(bytes([number]), number, size)

    assert [remembered.get(bytes([number])) for number in range(4)] == [None, 1, 2, 3]
    remembered.keep(b"large", 5, 9)
    assert (len(remembered), remembered.get(b"large")) == (2, 5)


def test_what_is_used_stays():
    remembered = Remembered[int](most=2, most_size=10)
    remembered.keep(b"a", 1, 1)
    remembered.keep(b"b", 2, 1)
    remembered.get(b"a")
    remembered.keep(b"c", 3, 1)

    assert (remembered.get(b"a"), remembered.get(b"b")) == (1, None)


def test_what_is_known_of_an_object_goes_with_it():
    beside = Beside[str]()
    first, second = parsed(GOOD), parsed(GOOD)
    beside.keep(first, "the first")
    beside.keep(second, "the second")

    assert (beside.get(first), beside.get(parsed(GOOD))) == ("the first", None)
    del first
    assert (len(beside), beside.get(second)) == (1, "the second")


def alive(kind):
    return sum(type(each) is kind for each in gc.get_objects())


@pytest.mark.usefixtures("_no_garbage_collection")
def test_parsing_leaves_no_token_behind():
    before = alive(Token)

    tree = parsed('{ thing(a: ["x"]) { name } } # end')
    with pytest.raises(GraphQLSyntaxError):
        parsed("{ thing(a: ) }")

    assert tree.definitions[0].selection_set.loc.end == 28
    assert alive(Token) == before


@pytest.mark.usefixtures("_no_garbage_collection")
def test_a_forgotten_document_is_gone_without_a_garbage_collection(counted):
    before = alive(FieldNode)
    document = counted._reading.read(GOOD)
    gc.collect()  # of what validated it
    assert alive(FieldNode) == before + 2

    del document

    assert alive(FieldNode) == before


@pytest.mark.usefixtures("_no_garbage_collection")
@pytest.mark.parametrize("text", [GOOD, BAD])
def test_validating_leaves_no_rule_behind(text):
    before = alive(ValidationContext)

    validated(SCHEMA, parsed(text), most=5)
    screened(SCHEMA, parsed(text))

    assert alive(ValidationContext) == before
