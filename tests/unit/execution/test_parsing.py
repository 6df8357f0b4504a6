"""Documents are read as graphql-core reads them, into the same tree, with the same complaints."""

import gc
from dataclasses import replace

import pytest
from graphql import GraphQLSyntaxError, Node, parse, print_ast
from hypothesis import given
from hypothesis import strategies as st

from gateway.execution import tokens
from gateway.execution.parsing import NotExecutableError, names_of, parsed
from gateway.execution.texts import Place
from tests.unit.execution.documents import SCHEMA
from tests.unit.execution.ticks import Ticks

HONEST = """
query Q ( $n : Int = 1 , $s : [ CourseSort ! ] ! @x ( a : 1 ) ) @y { courses ( first : $n , f : {
a : [ 1 2.5 "x" ] b : { } } ) { ...A t : title ... on Course { price { amount } } ... @skip ( if :
$n ) { a } institution @include ( if : true ) { name } } node ( e : ENUM n : null ) { } } "doc"
fragment A on Connection @z { totalCount } { a } mutation M { a } subscription { a }
""".replace("\n", " ")
PIECES = [
    "{", "}", "(", ")", "[", "]", "name", "on", "...", "fragment", "query", "$", "$v", "-1", "0",
    "01", "1.5e3", "1.", "1e", "-", "@", "@x", ":", "!", "=", "|", "&", '"a # b"', '""', '"x',
    '"""x', '"\\" \\n \\u00e9"', '"""a " "" \\""" b"""', '"""\n  a\n   b\n\n  c\n"""',
    '"\\u{1F600} \\\\u{41}"',
    '"\\ud83d\\ude00"', '"\\ud83d"', '"\\x"', '"\\u{110000}"', '"\\u{}"', '"\\', '"\\u00"', "# c\n",
    "#\r\n", ",", "\ufeff", "é", "'", "..", ".5", "true", "false", "null", "?", "\x00", "\ud800",
    '"\ud800"', '"\ud83d\ude00"', "~",
]  # fmt: skip
POINTED_AT = {"field", "directive", "named_type", "variable"}  # if so, not at their names


def plain(node):
    """Return a tree as dicts, without the places of names at which no error points."""
    if isinstance(node, tuple):
        return [plain(each) for each in node]
    if not isinstance(node, Node):
        return node
    told = {key: plain(getattr(node, key)) for key in node.keys if key != "loc"}
    if node.kind in POINTED_AT:
        told = {key: _without_place(value) for key, value in told.items()}
    place = node.loc and (node.loc.start, node.loc.end, node.loc.source.body)
    return {**told, "kind": node.kind, "place": place}


def _without_place(told):
    return {**told, "place": None} if isinstance(told, dict) and told["kind"] == "name" else told


def outcome(read, text):
    """Return the tree of a text, or what is said of it and where."""
    try:
        return plain(read(text))
    except GraphQLSyntaxError as exc:
        return exc.message, exc.locations


@st.composite
def texts(draw):
    """A document in which a few words were replaced, or cut off, or words at random."""
    words = HONEST.split(" ")
    for at, length, word in draw(
        st.lists(
            st.tuples(st.integers(0, len(words)), st.integers(0, 2), st.sampled_from(PIECES)),
            max_size=3,
        )
    ):
        words[at : at + length] = [word]
    if draw(st.booleans()):
        words = words[: draw(st.integers(0, len(words)))]
    elif draw(st.booleans()):
        words = draw(st.lists(st.sampled_from(PIECES), max_size=12))
    return draw(st.sampled_from([" ", "\n", ""])).join(words)


@given(texts())
def test_a_text_is_read_as_graphql_core_reads_it(text):
    assert outcome(parsed, text) == outcome(parse, text)


def test_a_tree_can_be_printed_and_changed_as_any():
    document = parsed(HONEST)
    [field, *_] = document.definitions[0].selection_set.selections

    assert print_ast(document) == print_ast(parse(HONEST))
    assert replace(field, alias=None).name is field.name


@pytest.mark.parametrize("around", ["{}", "{{ a(b: {}) }}", "{{ a {} }}", "{} {{ a }}"])
def test_so_is_each_token_wherever_it_stands(around):
    for piece in PIECES:
        text = around.format(piece)

        assert outcome(parsed, text) == outcome(parse, text)


@pytest.mark.parametrize("text", ['"' + '\\"' * 999 + '"', '"""' + "x\n" * 999 + '"""', "9" * 999])
def test_nothing_is_read_character_by_character(monkeypatch, text):
    lexers = Ticks(monkeypatch, tokens, "Lexer")

    parsed(f"{{ a(b: {text}) }} # {'x' * 999}")

    assert lexers.count == 0


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("type A { a: Int }", "'A'"),
        ('"doc" extend type A { a: Int', "'A'"),
        ("{ a } schema { query: Q }", "schema"),
    ],
)
def test_a_document_that_defines_types_is_refused_at_the_first(text, what):
    with pytest.raises(NotExecutableError, match=f"The {what} definition is not executable."):
        parsed(text)


def test_documents_share_their_names_and_no_collection_looks_at_places():
    names, text = names_of(SCHEMA), "{ thing { name thing: name } }"
    first, second = (parsed(text, names).definitions[0] for _ in range(2))

    assert first.selection_set.selections[0].name is second.selection_set.selections[0].name
    assert isinstance(first.loc, Place)
    assert not gc.is_tracked(first.loc)
