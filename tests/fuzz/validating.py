"""Whether screening finds what GraphQL's own validation finds, on operations damaged at random.

`make fuzz-validating` compares them rule by rule:

    python -m tests.fuzz.validating --cases 20000
"""

import argparse
import re
import sys
from collections import Counter, defaultdict
from random import Random

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    UniqueFragmentNamesRule,
)

from gateway.execution.limits import DEFAULT_LIMITS
from gateway.execution.overlaps import ambiguous_in
from gateway.execution.parsing import NotExecutableError, parsed
from gateway.execution.refusals import RefusedError
from gateway.execution.rules import Rule
from gateway.execution.screening import Screening
from gateway.execution.shape import Measuring
from gateway.execution.validation import ask_all_rules
from schema.build import build_schema
from tests.fuzz.operations import Operations, Scalar

_WORD = re.compile(r'\.\.\.|"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*|-?\d[\d.e]*|\S')
_WORDS = [
    "nonsense", "__typename", "__schema", "{__schema{types{name}}}", "Course", "Query", "String",
    "Int!", "[", "]", "!", "(", ")", "{", "}", ":", "=", "1", "1.5", '"x"', "true", "null", "[]",
    "{}", "{a:1}", "$v1", "$v2", "$no", "...F1", "...F2", "...No", "...", "on", "@skip", "@include",
    "@deprecated", "@skip(if:true)", "(if:$c1)", "id", "name", "nodes", "first:1", "filter:{}",
    "query", "mutation", "subscription", "A:", "query(){a}",
]  # fmt: skip
_ENDINGS = (
    "query Q { __typename }",
    "{ __typename }",
    "query Z($v: ID!, $v: Int, $w: Course = 1) { node(id: $v) { id } }",
    "subscription { enrolmentChanged { __typename } ... { __typename } }",
    "subscription S { a: enrolmentChanged { __typename } @skip(if: true) }",
    "fragment F1 on Course { id }",
    "fragment F1 on Int { id }",
    "fragment Y on Nothing { id ...Y2 }",
)
SHOWN = 10
Found = dict[Rule, set[str]]
SCALARS: dict[str, Scalar] = defaultdict(
    lambda: lambda dice: dice.choice(("x", "1", "", "2020-04-11")),
    {
        "Int": lambda dice: dice.randint(-3, 30),
        "Float": lambda dice: dice.random(),
        "Boolean": lambda dice: dice.random() < 0.5,
        "BigInt": lambda dice: dice.randint(0, 10**6),
    },
)


def damaged(text: str, dice: Random) -> str:
    """Return a document with a few words that nobody meant."""
    words = _WORD.findall(text)
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3))):
        at, other = dice.randrange(len(words)), dice.randrange(len(words))
        length = dice.choice((0, 0, 1, 1, 1, 2))
        new = dice.choice((dice.choice(_WORDS), words[other], dice.choice(_WORDS), ""))
        if dice.random() < 0.2:
            new = " ".join(words[other : other + dice.randint(1, 12)])
        words[at : at + length] = [new]
    if dice.random() < 0.15:
        words.append(dice.choice(_ENDINGS))
    return " ".join(words)


def _found(error: GraphQLError) -> str:
    return f"{error.message} {[tuple(each) for each in error.locations or ()]}"


def by_validation(schema: GraphQLSchema, document: DocumentNode) -> Found:
    """Return what GraphQL's own validation finds, by rule."""
    found: Found = defaultdict(set)

    def report(rule: Rule, error: GraphQLError) -> None:
        found[rule].add(_found(error))

    ask_all_rules(schema, document, report, hints=False)
    return found


def by_screening(schema: GraphQLSchema, document: DocumentNode, *, merge: bool) -> Found:
    """Return what our own walk finds, by rule."""
    found: Found = defaultdict(set)

    def report(rule: Rule, error: GraphQLError) -> None:
        found[rule].add(_found(error))

    Screening(schema, document, report, merge=merge).screen()
    return found


def differing(schema: GraphQLSchema, text: str) -> tuple[str | None, set[Rule] | None]:
    """Return how the two differ about a document, if so, and which rules it breaks.

    None of a document that is refused before.
    """
    try:
        document = parsed(text)
        measuring = Measuring(document, DEFAULT_LIMITS)
        measuring.measure()
        merge = measuring.check_overlaps(ambiguous_in(schema))
    except (GraphQLSyntaxError, NotExecutableError, RefusedError):
        return None, None
    if _describes_variables(document):  # graphql-core takes the description for a value
        return None, None
    theirs, ours = by_validation(schema, document), by_screening(schema, document, merge=merge)
    if UniqueFragmentNamesRule in theirs:  # each may take another for the one that is meant
        theirs, ours = (
            {UniqueFragmentNamesRule: each[UniqueFragmentNamesRule]} for each in (theirs, ours)
        )
    for rule in theirs.keys() | ours.keys():
        if not ours[rule] <= theirs[rule]:
            return f"only ours: {rule.__name__} {ours[rule] - theirs[rule]}", set(theirs)
        if theirs[rule] and not ours[rule]:
            return f"not found: {rule.__name__} {theirs[rule]}", set(theirs)
    return None, {rule for rule, found in theirs.items() if found}


def _describes_variables(document: DocumentNode) -> bool:
    return any(
        variable.description
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode)
        for variable in each.variable_definitions or ()
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=1)
    told = parser.parse_args()
    schema = build_schema()._schema
    broken, differences, asked, valid = Counter[str](), 0, 0, 0
    for number in range(told.first, told.first + told.cases):
        dice = Random(number)
        text = damaged(Operations(schema, dice, SCALARS).one().text, dice)
        difference, rules = differing(schema, text)
        broken.update(rule.__name__ for rule in rules or ())
        asked += rules is not None
        valid += rules == set()
        if difference is not None:
            differences += 1
            if differences <= SHOWN:
                sys.stdout.write(f"{number}: {difference}\n    {text}\n")
    for name, count in broken.most_common():
        sys.stdout.write(f"{count:>7}  {name}\n")
    sys.stdout.write(f"{asked} documents, {valid} of them valid, {differences} differ\n")
    return 1 if differences else 0


if __name__ == "__main__":
    raise SystemExit(main())
