"""What most wrong documents get wrong is found cheaply, and is what validation would have found."""

from contextlib import suppress
from importlib import import_module

import pytest
from graphql import GraphQLSyntaxError
from graphql.language import Lexer, Source, TokenKind
from hypothesis import given
from hypothesis import strategies as st

import gateway.execution.validation
from gateway.execution.engine import Engine, Question, RefusedError
from gateway.execution.parsing import parsed
from gateway.execution.rules import Rules
from gateway.execution.tokens import COMMENT, TOKENS
from tests.fuzz.validating import by_screening, by_validation, differing
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
    "{ x: __typename x: partners { code } }",
    "{ partners { x: name x: code } }",
    "{ ...A ...B } fragment A on Query { x: node(id: 1) { id } } fragment B on Query { x: id }",
    "{ partners { name @skip(if: true) @skip(if: true) } }",
    "{ partners { name @skip(if: true, no: 1) @include } }",
    '{ partners { name @skip(if: "x") } }',
    "{ partners @deprecated { name } }",
    "query ($n: Int = 1 @skip(if: true)) { courses(first: $n) { totalCount } }",
    "{ node(id: 1) { ... on Int { id } } }",
    "{ partners { ...A } } fragment A on String { name }",
    "{ courses(filter: {languages: [], languages: []}) { totalCount } }",
    "query Q { __typename } query Q { __typename }",
    "query Q { __typename } { __typename }",
    "{ partners { ...A } } fragment A on Partner { name } fragment A on Partner { code }",
    "query ($v: ID!, $v: ID!) { node(id: $v) { id } }",
    "query ($v: Course) { partners { name @skip(if: $v) } }",
    'query ($v: Int = "x") { courses(first: $v) { totalCount } }',
    "query ($v: Int) { node(id: $v) { id } }",
    "query ($v: [Int]) { nodes(ids: $v) { id } a: nodes(ids: [$v]) { id } }",
    "query ($v: Int) { ...A } fragment A on Query { courses(filter: {languages: [$v]}) { id } }",
    "query A { ...F } query B($v: Int) { ...F } fragment F on Query { courses(first: $v) { id } }",
    "{ partners { name } } fragment A on Partner { ...B } fragment B on Partner { name }",
    "subscription { enrolmentChanged { __typename } ... { __typename } }",
    "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
]
PRINTING = "graphql.utilities.validate_input_value"  # a function hides it
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


@pytest.mark.parametrize("text", WRONG)
def test_every_rule_that_is_broken_is_found_and_told_in_its_words(schema, text):
    document = parsed(text)

    found = by_screening(schema._schema, document, merge=True)

    assert found
    assert found.keys() == by_validation(schema._schema, document).keys()
    assert differing(schema._schema, text)[0] is None


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.integers(0, 9)), min_size=1, max_size=3))
def test_what_is_found_is_what_validation_finds(schema, damages):
    text = HONEST
    for word, place in damages:
        words = text.split(" ")
        at = place * len(words) // 10 + len(word) % 3
        text = " ".join([*words[:at], word, *words[at + 1 :]])

    difference, _ = differing(schema._schema, text)

    assert difference is None, text


def test_of_a_value_one_mistake_is_told_as_telling_it_prints_all_of_the_value(schema, monkeypatch):
    printed = Ticks(monkeypatch, import_module(PRINTING), "print_for_error")
    filter_ = " ".join(f"a{number}: 1" for number in range(50))

    by_screening(
        schema._schema,
        parsed(f"{{ courses(filter: {{{filter_}}}) {{ totalCount }} }}"),
        merge=False,
    )

    assert printed.count == 1


@pytest.mark.parametrize("text", WRONG)
def test_what_is_found_early_is_not_validated_rule_by_rule(schema, monkeypatch, text, refused):
    visits = Ticks(monkeypatch, gateway.execution.validation, "ask_all_rules")

    refused(Engine(schema), text)

    assert visits.count == 0


@pytest.mark.parametrize(
    ("text", "compares"),
    [
        ("{ partners { id id } partners { id kind } }", False),
        ("{ a: courses(first: 1) { totalCount } a: courses(first: 1) { totalCount } }", False),
        ("{ a: courses(first: 1) { totalCount } a: courses(first:1) { totalCount } }", True),
        ("{ partners { name name } }", True),  # it is not the same of every type
        ("{ node(id: 1) { ... on Partner { x: name } ... on Course { x: title } } }", True),
        ("{ partners { name ...A } } fragment A on Partner { name: code }", True),
    ],
)
def test_fields_are_compared_only_if_some_are_written_differently(
    schema, monkeypatch, text, compares
):
    compared = Ticks(monkeypatch, Rules, "check_merging")

    with suppress(RefusedError):
        Engine(schema).prepare(Question(text))

    assert (compared.count > 0) is compares


@pytest.mark.parametrize("hints", [False, True])
def test_all_rules_are_asked_of_every_node_only_where_hints_are_given(schema, monkeypatch, hints):
    visits = Ticks(monkeypatch, gateway.execution.validation, "ask_all_rules")

    Engine(schema, hints=hints).prepare(Question("{ partners { name code } }"))

    assert visits.count == hints


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

    counted = sum(each.lastindex != COMMENT for each in TOKENS.finditer(text))
    assert counted >= read
