"""Which documents are dearest to refuse: families of them, each as large as the limits let it be.

    python -m tests.fuzz.dearest

A fault stands at the end of much that is right, or is all that there is.  What counts is the
processor time from the text to the refusal in the production profile, the least of several.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from itertools import product

from graphql import is_leaf_type, is_required_argument

from gateway.execution.engine import Engine, Question
from gateway.execution.refusals import RefusedError
from schema.build import build_schema

TURNS = 7
SHOWN = 12
MOST_SECONDS = 0.004
CHEAP = 4  # times cheaper: not worth measuring again
SIZES = (20, 30, 33, 40, 55, 95, 120, 160, 190, 245, 300, 330, 400, 490, 560, 595, 900, 990, 19_000)
Family = Callable[[int], str]


def _many(piece: str, before: str = "{ ", after: str = " }") -> Family:
    return lambda size: before + " ".join(piece.replace("#", str(n)) for n in range(size)) + after


ALIKE: dict[str, Family] = {
    "unknown fields": _many("titel"),
    "unknown fields, each another": _many("titel#"),
    "unknown fields below": _many("titel", "{ partners { ", " } }"),
    "unknown fields with arguments": _many("titel(a: 1)"),
    "unknown fields with variables": _many("titel(a: $a)"),
    "unknown fields with nothing below": _many("titel { }"),
    "unknown fields in one another": lambda size: "{ a " * min(size, 59) + "}" * min(size, 59),
    "unknown fields under aliases": _many("a#: titel"),
    "unknown arguments": _many("a#: 1", "{ partners(", ") { name } }"),
    "unknown directives": _many("name @x", "{ partners { ", " } }"),
    "unknown types": _many("... on X# { id }"),
    "unknown types of variables": _many("$v#: [[X!]!]!", "query (", ") { __typename }"),
    "unknown fragments": _many("...X#"),
    "fragments that nobody spreads": _many("fragment F# on Query { __typename }", "{ partners } "),
    "inline fragments": _many("... { titel }"),
    "operations": _many("query Q# { titel }", "", ""),
    "variables that nobody uses": _many("$v#: Int = 1", "query (", ") { __typename }"),
    "values in a list": _many("1", "{ nodes(ids: [", "]) { titel } }"),
    "strings in a list": _many('"x"', "{ nodes(ids: [", "]) { titel } }"),
    "variables in a list": _many("$v", "{ nodes(ids: [", "]) { titel } }"),
    "objects in a list": _many("{a: 1}", "{ nodes(ids: [", "]) { titel } }"),
    "empty lists in a list": _many("[]", "{ nodes(ids: [", "]) { titel } }"),
    "fields of an object": _many("a#: 1", "{ courses(filter: {", "}) { titel } }"),
    "equal fields of an object": _many("a: 1", "{ courses(filter: {", "}) { titel } }"),
    "equal arguments": _many("id: 1", "{ node(", ") { id } }"),
    "bad values in a list": _many("{}", "{ courses(filter: {languages: [", "]}) { titel } }"),
    "a long string": lambda size: '{ node(id: "' + "x" * size + '") { titel } }',
    "a string of escapes": lambda size: '{ node(id: "' + "\\n" * (size // 2) + '") { titel } }',
    "a string of code points": lambda size: (
        '{ node(id: "' + "\\u00e9" * (size // 6) + '") { titel } }'
    ),
    "a block of lines": lambda size: '{ node(id: """' + "x\n" * (size // 2) + '""") { titel } }',
    "a block without lines": lambda size: '{ node(id: """' + "x" * size + '""") { titel } }',
    "a string that does not end": lambda size: '{ node(id: "' + "x" * size,
    "a long number": lambda size: "{ courses(first: " + "9" * size + ") { titel } }",
    "a long name": lambda size: "{ " + "a" * size + " }",
    "a long comment": lambda size: "{ titel } #" + "x" * size,
    "short comments": lambda size: "#\n" * min(size, 99) + "{ titel }",
    "lines": lambda size: "\n" * size + "{ titel }",
    "lines between fields": _many("titel\n\n\n\n\n"),
    "a fault of syntax at the end": _many("titel", "{ ", ""),
    "a fault of syntax after arguments": _many("titel(a: [1])", "{ ", ""),
    "types": _many("a#: Int", "type A { ", " }"),
    "fields of a fragment that is not known": _many("id", "{ ...A } fragment A on X { ", " }"),
}
"""Documents that have nothing else."""


class Right:
    """What is right and takes long to look at: parts of documents, as many as one wants."""

    def __init__(self, engine: Engine) -> None:
        self._types = engine._schema.type_map

    def families(self) -> dict[str, Family]:
        """Return documents that are valid but for `FAULT`, where a fault belongs."""
        course = self._leaves("Course")
        return {
            "fields": lambda size: f"{{ courses {{ nodes {{ {course} }} }} FAULT }}"[: size * 999],
            "fragments": lambda size: (
                ("{ node(id: 1) { " + " ".join(f"...F{n}" for n in range(size)) + " } FAULT } ")
                + " ".join(f"fragment F{n} on Course {{ {course} }}" for n in range(size))
            ),
            "inline fragments": _many(
                f"... on Course {{ {course} }}", "{ node(id: 1) { ", " } FAULT }"
            ),
            "small inline fragments": _many(
                "... on Course { id }", "{ node(id: 1) { ", " } FAULT }"
            ),
            "types": lambda size: (
                "{ node(id: 1) { "
                + " ".join(f"... on {name} {{ {self._leaves(name)} }}" for name in self._nodes())
                + " } FAULT }"[: size * 999]
            ),
            "in one another": _many(
                f"institution {{ name courses {{ nodes {{ {course}",
                "{ course(id: 1) { ",
                " } } }" * 9,
            ),
            "fields written in two ways": _many(
                "node(id: 1) { id }", "{ ", " node(id:1) { id } FAULT }"
            ),
            "fields below written in two ways": _many(
                "offerings { id url }", "{ course(id: 1) { ", " } course(id:1) { id } FAULT }"
            ),
            "operations": _many(f"query Q# {{ course(id: 1) {{ {course} }} FAULT }}", "", ""),
            "variables": lambda size: (
                "query Q("
                + " ".join(f"$v{n}: ID!" for n in range(size))
                + ") { nodes(ids: ["
                + " ".join(f"$v{n}" for n in range(size))
                + "]) { id } FAULT }"
            ),
            "values": _many('"x"', "{ nodes(ids: [", "]) { id } FAULT }"),
            "conditions": _many(
                "name @skip(if: false) @include(if: true)", "{ partners { ", " } FAULT }"
            ),
        }

    def _nodes(self) -> list[str]:
        return ["Course", "Offering", "Partner", "Institution"]

    def _leaves(self, name: str) -> str:
        fields = self._types[name].fields.items()
        return " ".join(
            each
            for each, field in fields
            if is_leaf_type(_named(field.type))
            and not any(map(is_required_argument, field.args.values()))
        )


def _named(kind: object) -> object:
    while hasattr(kind, "of_type"):
        kind = kind.of_type
    return kind


FAULTS = {
    "an unknown field": "titel",
    "a conflict": "x: __typename x: __schema { queryType { name } }",
    "two values of one argument": "y: node(id: 1) { id } y: node(id: 2) { id }",
    "a value of a wrong type": "courses(first: true) { totalCount }",
    "a directive twice": "__typename @skip(if: true) @skip(if: true)",
    "an argument that no directive has": "__typename @skip(if: true, no: true)",
    "a directive without its argument": "__typename @skip",
    "a directive in a wrong place": "__typename @deprecated",
    "a fragment on a scalar": "... on Int { id }",
    "a key twice in an object": "courses(filter: {languages: [], languages: []}) { totalCount }",
    "a variable nobody defines": "node(id: $no) { id }",
    "no syntax": "}",
    "nothing": "__typename",
}
ENDINGS = {
    "": "",
    "another operation": " query A { __typename }",
    "a fragment twice": " fragment F0 on Course { id } fragment F0 on Course { id }",
    "a fragment nobody spreads": " fragment Z on Course { id }",
    "a subscription": " subscription Z { enrolmentChanged { id } __typename }",
    "a variable of an output type": " query Z($v: Course) { node(id: $v) { id } }",
    "a variable in a wrong place": " query Z($v: Int) { node(id: $v) { id } }",
    "a variable twice": " query Z($v: ID!, $v: ID!) { node(id: $v) { id } }",
}


def documents(engine: Engine) -> Iterator[tuple[str, str]]:
    """Yield all that are tried, with their names."""
    for name, family in ALIKE.items():
        for size in SIZES:
            yield f"{name} ({size})", family(size)
    right = Right(engine).families()
    for (what, family), (fault, text), (end, more) in product(
        right.items(), FAULTS.items(), ENDINGS.items()
    ):
        if end and fault != "nothing":
            continue
        for size in (1, 3, 6, 9, 12, 15, 17, 20, 24, 28, 33, 48, 58, 98, 240):
            yield (
                f"{fault or end} {end} behind {what} ({size})",
                family(size).replace("FAULT", text) + more,
            )


def refusal_seconds(engine: Engine, text: str, turns: int = TURNS) -> tuple[float, str] | None:
    """Return the least processor time in which a document is refused, and its code."""
    least, code = float("inf"), ""
    for turn in range(turns):
        again = text + " " * turn  # or it would be known
        begun = time.thread_time()
        try:
            engine.prepare(Question(again))
        except RefusedError as exc:
            least = min(least, time.thread_time() - begun)
            code = " ".join(exc.codes)
        else:
            return None
        if turn == 1 and least < MOST_SECONDS / CHEAP:
            break
    return least, code


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shown", type=int, default=SHOWN)
    told = parser.parse_args()
    engine = Engine(build_schema())
    found = []
    allowed = 0
    for name, text in documents(engine):
        taken = refusal_seconds(engine, text)
        if taken is None:
            allowed += 1
        else:
            found.append((*taken, len(text), name))
    found.sort(reverse=True)
    for seconds, code, size, name in found[: told.shown]:
        sys.stdout.write(f"{seconds * 1000:6.2f} ms  {code:26} {size:6}  {name}\n")
    sys.stdout.write(f"{len(found)} refused, {allowed} allowed\n")
    return 1 if found[0][0] > MOST_SECONDS else 0


if __name__ == "__main__":
    raise SystemExit(main())
