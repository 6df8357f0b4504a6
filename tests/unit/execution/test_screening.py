"""What most wrong documents get wrong is found cheaply, and is what validation would have found."""

import pytest
from graphql import GraphQLSyntaxError, parse, validate
from graphql.language import Lexer, Source, TokenKind
from hypothesis import given
from hypothesis import strategies as st

import gateway.execution.validation
from gateway.execution.documents import _COMMENT, _TOKENS
from gateway.execution.engine import Engine
from gateway.execution.screening import Screening
from tests.unit.execution.ticks import Ticks

WRONG = [
    "{ titel }",
    "{ courses { nodes { titel { x } } } }",
    "{ partners { name { first } } }",
    "{ partners }",
    "{ courses(frist: 1) { totalCount } }",
    '{ courses(first: "x") { totalCount } }',
    "{ courses(filter: {langages: []}) { totalCount } }",
    "{ courses(filter: {languages: [1, 2]}) { totalCount } }",
    "{ courses(sort: PRICE_ASK) { totalCount } }",
    "{ course { id } }",
    "{ __type { name } }",
    "{ partners @unknown { name @unknown } }",
    "query @unknown { partners { ...A } } fragment A on Partner @unknown { name }",
    "{ partners { ...A } }",
    "{ node(id: 1) { ... on Cours { anything } } }",
    "query ($s: [CourseSrt!]!, $n: Int @unknown) { courses(sort: $s, first: $n) { totalCount } }",
    "mutation { importLearners(input: {rows: [{reference: 1}]}) { imported } }",
    "subscription { enrolmentChanged(x: 1) }",
    "query ($n: Int) { partners { name } }",
    "query Q($n: Int, $m: [Int!]) { courses(first: $n) { totalCount } }",
    "query ($n: Int) { courses(first: $m, filter: {languages: [$o, $o]}) { totalCount } }",
    "query Q { partners { name @skip(if: $no) } }",
    "{ partners { name } } fragment A on Partner { name }",
    "{ courses { nodes { ... on Partner { name } ...A } } } fragment A on Enrolment { id }",
    "{ node(id: 1, id: 2, id: 3) { id } }",
]
HONEST = """
query Q ( $n : Int , $s : CourseSort ) { courses ( first : $n , sort : $s ) { ...A nodes { id title
... on Course { offerings { id price { amount } } } institution @include ( if : true ) { name } } }
node ( id : "x" ) { ... on Partner { name } } } fragment A on CourseConnection { totalCount }
""".replace("\n", " ")
WORDS = [
    "nonsense", "title", "name", "nodes", "...A", "...B", "on", "Course", "Partner", "String", "{",
    "}", "$n", "$m", "$s", "1", '"x"', "[1]", "{a: 1}", "first", "id", "@skip", "@unknown", "Int!",
    "__schema",
]  # fmt: skip


def screened(schema, document):
    found = []
    Screening(schema, document, lambda _rule, error: found.append(error)).screen()
    return [(error.message, error.locations) for error in found]


def validated(schema, document):
    errors = validate(schema, document, max_errors=1_000, hide_suggestions=True)
    return [(error.message, error.locations) for error in errors]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_found_is_what_validation_finds_in_its_words(schema, text):
    document = parse(text)

    found = screened(schema._schema, document)

    assert found
    assert sorted(found) == sorted(validated(schema._schema, document))


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.integers(0, 9)), min_size=1, max_size=3))
def test_nothing_is_found_that_validation_would_not_find(schema, damages):
    text = HONEST
    for word, place in damages:
        words = text.split(" ")
        at = place * len(words) // 10 + len(word) % 3
        text = " ".join([*words[:at], word, *words[at + 1 :]])
    try:
        document = parse(text)
    except GraphQLSyntaxError:
        return
    found, all_of_it = (each(schema._schema, document) for each in (screened, validated))
    assert set(map(str, found)) <= set(map(str, all_of_it))


@pytest.mark.parametrize("text", WRONG)
def test_what_is_found_early_is_not_validated_rule_by_rule(schema, monkeypatch, text, refused):
    visits = Ticks(monkeypatch, gateway.execution.validation, "_visit")

    refused(Engine(schema), text)

    assert visits.count == 0


PIECES = [
    "{", "}", "name", "_9", "...", "on", "$", "-1", "1.5e3", "0", "@", ":", "!", "=", "|", "&",
    '"a { # b"', '"\\" "', '"""a " "" { \\""" """', '""', "# { comment\n", "#\r\n", ",", "\ufeff",
    "é",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES)), st.sampled_from(["", " ", "\n"]))
def test_tokens_are_counted_as_the_lexer_reads_them(pieces, between):
    text = between.join(pieces)
    lexer, read = Lexer(Source(text)), 0
    try:
        while lexer.advance().kind is not TokenKind.EOF:
            read += 1
    except GraphQLSyntaxError:  # so far it reads
        pass

    counted = sum(each.lastindex != _COMMENT for each in _TOKENS.finditer(text))
    assert counted >= read
