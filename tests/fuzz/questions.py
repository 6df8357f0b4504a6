"""What is asked: documents that the schema allows, that it nearly allows, and that nobody means."""

import random
from collections.abc import Callable
from typing import Any

import orjson
from graphql import NameNode, ObjectFieldNode
from hypothesis import strategies as st
from hypothesis_graphql import Mode, mutations, nodes, queries

from schema.build import export_sdl
from schema.subgraph import SubgraphSchema


def _field(name: str, value: str) -> ObjectFieldNode:
    return ObjectFieldNode(name=NameNode(value=name), value=nodes.String(value))


REPRESENTATION = st.fixed_dictionaries(
    {
        "__typename": st.sampled_from(("Course", "Enrolment", "Partner", "Institution", "Query")),
        "id": st.sampled_from(("", "Q291cnNlOjE", "UGFydG5lcjp0b2tvcGVkaWE", "x" * 300)),
    }
)
SCALARS = {
    "DateTime": (
        st.datetimes().map(lambda moment: nodes.String(f"{moment.isoformat()}+07:00"))
        | st.sampled_from(("9999-12-31T23:59:59-14:00", "0000-00-00", "")).map(nodes.String)
    ),
    "Date": st.dates().map(nodes.String),
    "BigInt": st.integers(-(2**60), 2**60).map(nodes.Int),
    "_Any": REPRESENTATION.map(
        lambda told: nodes.Object([_field(name, value) for name, value in told.items()])
    ),
}
Question = tuple[str, str]  # where it is asked, and what


def questions() -> st.SearchStrategy[Question]:
    """Return a strategy for documents: most as the schema wants them."""
    sdl, subgraph = export_sdl(), SubgraphSchema().as_str()
    allowed = queries(sdl, custom_scalars=SCALARS) | queries(sdl, custom_scalars=SCALARS)
    others = [
        mutations(sdl, custom_scalars=SCALARS),
        queries(sdl, custom_scalars=SCALARS, mode=Mode.NEGATIVE),
        hostile(),
    ]
    referring = queries(subgraph, fields=["_entities", "_service"], custom_scalars=SCALARS)
    return (
        st.one_of(allowed, *others).map(lambda document: ("/graphql", document))
        | referring.map(lambda document: ("/graphql/subgraph", document))
    )  # fmt: skip


def hostile() -> st.SearchStrategy[str]:
    """Return a strategy for documents that want to cost much."""
    size = st.sampled_from((10, 31, 101, 500, 3_000))
    return st.tuples(size, st.sampled_from(_SHAPES)).map(lambda drawn: drawn[1](drawn[0]))


def _deep(size: int) -> str:
    return "{ courses" + "{ nodes { offerings { course" * size + "{ id }" + " } } }" * size + "}"


def _fragments(size: int) -> str:
    links = (
        f"fragment f{n} on Course {{ offerings {{ course {{ ...f{n + 1} ...f{n + 1} }} }} }} "
        for n in range(size)
    )
    return (
        "{ courses { nodes { ...f0 } } } " + "".join(links) + f"fragment f{size} on Course {{ id }}"
    )


_SHAPES: tuple[Callable[[int], str], ...] = (
    _deep,
    _fragments,
    lambda size: "{" + " ".join(f"a{n}: __typename" for n in range(size)) + "}",
    lambda size: "{ partners {" + " name" * size + "} }",
    lambda size: "{ partners { name " + "@skip(if: false) " * size + "} }",
    lambda size: "{ partners { name " + "@unknown " * size + "} }",
    lambda size: "{ nodes(ids: " + "[" * size + "]" * size + ") { id } }",
    lambda size: "{ courses(filter: " + "{ a: " * size + "1" + "}" * size + ") { totalCount } }",
    lambda size: "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }" + " " * size,
    lambda size: (
        "{ __schema { types " + "{ fields { type " * size + "{ name }" + "} }" * size + "} }"
    ),
    lambda size: "".join(f"query q{n} {{ __typename }} " for n in range(size)),
    lambda size: "query (" + " ".join(f"$v{n}: Int" for n in range(size)) + ") { __typename }",
    lambda size: "{ courses(first: " + "9" * size + ") { totalCount } }",
    lambda size: "{ " + "titel " * size + "}",
)


def as_body(document: str, **more: Any) -> bytes:
    """Return a document as clients send it."""
    return orjson.dumps({"query": document, **more}, default=str)


def mutated(body: bytes, dice: random.Random) -> bytes:
    """Return `body` with a few bytes that nobody meant."""
    for _ in range(dice.randint(1, 4)):
        begin = dice.randrange(len(body) + 1)
        end = min(len(body), begin + dice.randint(0, 30))
        body = dice.choice(_DAMAGES)(body, begin, end, dice)
    return body


_DAMAGES: tuple[Callable[[bytes, int, int, random.Random], bytes], ...] = (
    lambda body, begin, end, _: body[:begin] + body[end:],
    lambda body, begin, _, __: body[:begin],
    lambda body, begin, end, dice: (
        body[:begin] + body[begin:end] * dice.randint(2, 50) + body[end:]
    ),
    lambda body, begin, end, dice: body[:begin] + dice.randbytes(end - begin) + body[end:],
    lambda body, begin, _, dice: body[:begin] + dice.choice(_PIECES) + body[begin:],
    lambda _, __, ___, dice: dice.choice(_WHOLES),
)
_PIECES = (
    b'"', b"{", b"}", b"[", b"\\", b"\\u0000", b"\\ud800", b"\x00", b"\xff", b"\xed\xa0\x80",
    b"NaN", b"Infinity", b"1e999", b"9" * 5_000, b"null", b'"query":1,', b'"variables":"x",',
    b'"variables":[],', b'"operationName":7,', b'"extensions":[],', b'"documentId":{},',
    b'"extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}},', "\u202e\u200d".encode(),
)  # fmt: skip
_WHOLES = (
    b"", b"null", b"7", b'"{ __typename }"', b"[]", b"[{}]", b"{}",
    b"[" + b'{"query":"{__typename}"},' * 1_000 + b"{}]",
    b'{"query":null}', b'{"query":"{__typename}","variables":' + b'{"a":' * 50_000,
    b"[" * 100_000 + b"]" * 100_000, b'{"query":"{__typename}","query":"{me{id}}"}',
    b"query={__typename}", b"{ __typename }", b" " * 1_000, b"\xef\xbb\xbf{}",
)  # fmt: skip

HEADERS: tuple[dict[str, str], ...] = (
    {"Content-Type": "application/json"},
    {"Content-Type": "application/json"},
    {"Content-Type": "application/json", "Accept": "application/graphql-response+json"},
    {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    {"Content-Type": "application/graphql"},
    {"Content-Type": "text/plain"},
    {"Content-Type": "multipart/form-data; boundary=x"},
    {"Content-Type": "application/x-www-form-urlencoded"},
    {"Content-Type": "application/json", "Accept": "text/event-stream"},
    {"Content-Type": "application/json", "Accept": "application/xml"},
    {"Content-Type": "application/json", "Accept": "multipart/mixed; incrementalSpec=v0.2"},
    {"Content-Type": "application/json", "Authorization": "Bearer " + "x" * 2_000},
    {"Content-Type": "application/json", "Authorization": "Basic eDp5"},
    {},
)
