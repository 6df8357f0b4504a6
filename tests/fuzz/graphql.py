"""Random GraphQL against a real gateway: what schemathesis and hypothesis-graphql make, and worse.

`make fuzz-graphql` asks, in three parts: 5,000 cases of schemathesis, 20,000 documents (of which
each is also prepared in this process, to see what refusing costs) and 1,000 damaged bodies.

    python -m tests.fuzz.graphql --cases 5000 --documents 20000 --bodies 1000
"""

import argparse
import gc
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup
from schemathesis.graphql.checks import GraphQLServerError

from gateway.execution.engine import Engine, Question
from gateway.execution.refusals import RefusedError
from schema.build import build_schema
from schema.subgraph import SubgraphSchema
from tests.fuzz.answers import codes, wrong_with
from tests.fuzz.questions import HEADERS, SCALARS, as_body, mutated, questions
from tests.fuzz.stand import Stand, standing

MOST_REFUSAL_SECONDS = 0.005
MOST_BLOCKED_SECONDS = 0.05
TRIES = 5
SHOWN = 3  # examples of each kind of finding: the worst
EXCERPT = 400


@dataclass
class Findings:
    """How much was asked, how it was answered, and what should not have been."""

    asked: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)
    dearest: float = 0.0  # seconds of processor time to refuse a document
    refused: int = 0
    longest_block: float = 0.0  # seconds in which the gateway's loop did nothing else

    def note(self, kind: str, example: str, seconds: float = 0.0) -> None:
        """Count a finding, and keep it as an example if it is one of the worst of its kind."""
        self.counts[kind] += 1
        worst = sorted([*self.faults[kind], (seconds, example)], key=lambda it: -it[0])[:SHOWN]
        if worst != self.faults[kind]:
            self.faults[kind] = worst
            self._say(f"FINDING: {kind}\n    {example}")

    def step(self, part: str, of: int) -> None:
        """Count one question, and show how far a part is at each tenth of it."""
        self.asked[part] += 1
        if self.asked[part] % max(of // 10, 1) == 0:
            self._say(f"{part}: {self.asked[part]} of {of}, {self.total} findings")

    def _say(self, line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    @property
    def total(self) -> int:
        """How many findings there are."""
        return sum(self.counts.values())


@dataclass
class Fuzz:
    """One run: what it asks of, and what it has found."""

    stand: Stand
    number: int
    found: Findings = field(default_factory=Findings)

    def __post_init__(self) -> None:
        self.engines = {"/graphql": Engine(build_schema())}
        self.engines["/graphql/subgraph"] = Engine(SubgraphSchema())
        self.dice = random.Random(self.number)
        self.documents: list[str] = []
        self._before = "nothing"

    def ask_all(self, cases: int, documents: int, bodies: int) -> None:
        """Ask so many of each; none of what there are none."""
        if cases:
            self.schemathesis(cases)
        if documents:
            self.ask_documents(documents)
        self.ask_damaged(bodies)

    def schemathesis(self, cases: int) -> None:
        """Let schemathesis ask: as the schema says, and as it does not."""
        load_all_checks()
        for name, strategy in SCALARS.items():
            schemathesis.graphql.scalar(name, strategy)
        schema = schemathesis.graphql.from_url(f"{self.stand.url}/graphql")
        operations = [each.ok() for each in schema.get_all_operations()]
        each = cases // (2 * len(operations)) + 1
        for operation in operations:
            for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
                self._operation(operation, mode, each, cases)

    def _operation(self, operation: Any, mode: GenerationMode, each: int, cases: int) -> None:
        checks = CHECKS.get_by_names(
            ["negative_data_rejection"]
            if mode is GenerationMode.NEGATIVE
            else ["not_a_server_error"]
        )

        def check(case: Any) -> None:
            response = case.call(headers=self.dice.choice(self.stand.bearers), timeout=30)
            self._judge(str(case.body), response.status_code, response.content)
            try:
                case.validate_response(response, checks=checks)
            except FailureGroup as failures:
                for failure in failures.exceptions:
                    if not _is_a_refusal(failure, response.content):
                        self.found.note(f"schemathesis: {type(failure).__name__}", f"{failure}")
            self.look_after(_short(str(case.body)))
            self.found.step("schemathesis", cases)

        try:
            repeated(operation.as_strategy(mode), each, self.number)(check)
        except Exception as exc:  # noqa: BLE001 - such as an operation without a wrong form
            if type(exc).__name__ not in ("Unsatisfiable", "SkipTest"):
                self.found.note("schemathesis cannot ask", f"{operation.label} {mode}: {exc!r}")

    def ask_documents(self, count: int) -> None:
        """Ask generated documents, and measure here what refusing each costs."""

        def ask(question: tuple[str, str]) -> None:
            path, document = question
            self.documents = [*self.documents[-500:], document]
            self._measure(document, self.engines[path])
            headers = {"Content-Type": "application/json", **self.dice.choice(self.stand.bearers)}
            self._send(as_body(document), headers, path)
            self.found.step("documents", count)

        repeated(questions(), count, self.number)(ask)

    def ask_damaged(self, count: int) -> None:
        """Ask bodies that nobody meant to send."""
        documents = self.documents or ["{ courses { totalCount } }"]
        for _ in range(count):
            whole = as_body(self.dice.choice(documents), variables={"a": 1}, operationName=None)
            body = mutated(whole, self.dice)
            self._measure_body(body)
            headers = {**self.dice.choice(self.stand.bearers), **self.dice.choice(HEADERS)}
            self._send(body, headers, "/graphql")
            self.found.step("bodies", count)

    def look_after(self, asked: str) -> None:
        """Note whether the gateway's event loop was blocked; its word may come late."""
        for seconds, collecting in self.stand.new_lags():
            self.found.longest_block = max(self.found.longest_block, seconds)
            if seconds > MOST_BLOCKED_SECONDS:
                part = f"{collecting * 1000:.0f} collecting garbage"
                text = f"{seconds * 1000:.0f} ms, {part}: {asked}\n      after {self._before}"
                self.found.note("the loop was blocked", text, seconds)
        self._before = asked
        if self.stand.process.poll() is not None:
            raise SystemExit(f"the gateway has died after {asked}")

    def _send(self, body: bytes, headers: dict[str, str], path: str) -> None:
        try:
            answer = self.stand.post(body, headers, path)
            self._judge(_short(body), answer.status_code, answer.content)
        except requests.RequestException as exc:
            self.found.note("no answer", f"{exc!r} to {_short(body)} {sorted(headers)}")
        self.look_after(_short(body))

    def _judge(self, asked: str, status: int, content: bytes) -> None:
        for code in codes(content) or ["answered"]:
            self.found.answered[f"{status} {code}"] += 1
        for kind in wrong_with(status, content, self.stand.secrets):
            self.found.note(kind, f"{_short(asked)}\n      => {_short(content)}")

    def _measure_body(self, body: bytes) -> None:
        try:
            decoded = orjson.loads(body)
        except orjson.JSONDecodeError:
            return
        if isinstance(decoded, dict) and isinstance(decoded.get("query"), str):
            self._measure(decoded["query"], self.engines["/graphql"])

    def _measure(self, document: str, engine: Engine) -> None:
        seconds = _refusal(document, engine)
        if seconds is None:
            return
        for again in range(1, TRIES):  # lest a collection of garbage or a neighbour is blamed on it
            if seconds > MOST_REFUSAL_SECONDS:
                more = _refusal(f"{document}{' ' * again}", engine)
                seconds = min(filter(None, (seconds, more)))
        self.found.refused += 1
        self.found.dearest = max(self.found.dearest, seconds)
        if seconds > MOST_REFUSAL_SECONDS:
            text = f"{seconds * 1000:.1f} ms: {len(document)} characters: {_short(document)}"
            self.found.note("refusing is dear", text, seconds)


def _refusal(document: str, engine: Engine) -> float | None:
    """Return the processor time in which a document is refused, in seconds; None if it is not."""
    begun = time.thread_time()
    try:
        engine.prepare(Question(document))
    except RefusedError:
        return time.thread_time() - begun
    return None


def repeated(strategy: Any, count: int, number: int) -> Callable[[Callable[[Any], None]], None]:
    """Return what calls a function with so many drawn examples; `number` gives the same again."""

    def run(function: Callable[[Any], None]) -> None:
        @seed(number)
        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(drawn=strategy)
        def one(drawn: Any) -> None:
            function(drawn)

        one()

    return run


def _short(text: str | bytes) -> str:
    shown = text if isinstance(text, str) else text.decode(errors="backslashreplace")
    shown = " ".join(shown.split())
    return shown if len(shown) <= EXCERPT else f"{shown[:EXCERPT]} … ({len(shown)} characters)"


def _is_a_refusal(failure: BaseException, content: bytes) -> bool:
    """Return whether a failure is one of our documented answers to who may not ask this.

    Schemathesis takes every error for the server's whose code is not one of Apollo's.
    """
    told = codes(content)
    return isinstance(failure, GraphQLServerError) and bool(told) and "INTERNAL" not in told


def report(found: Findings) -> str:
    """Return what was found, to be read."""
    lines = [f"{count:>6}  {name}" for name, count in found.answered.most_common()]
    for kind, examples in found.faults.items():
        lines.append(f"FINDING, {found.counts[kind]} times: {kind}")
        lines += [f"    {example}" for _, example in examples]
    lines += [
        f"{found.refused} documents refused, the dearest in {found.dearest * 1000:.1f} ms of CPU",
        f"the loop was blocked for {found.longest_block * 1000:.0f} ms at most",
        f"{sum(found.asked.values())} questions, {found.total} findings",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5_000)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--bodies", type=int, default=1_000)
    parser.add_argument("--number", type=int, default=20200411)
    told = parser.parse_args()
    with standing() as stand:
        fuzz = Fuzz(stand, told.number)
        gc.freeze()  # what is measured here shall not pay for what stands here
        try:
            fuzz.ask_all(told.cases, told.documents, told.bodies)
        except KeyboardInterrupt:  # what was found so far is told
            fuzz.found.note("ended early", "by hand")
        sys.stdout.write(report(fuzz.found))
    return 1 if fuzz.found.total else 0


if __name__ == "__main__":
    raise SystemExit(main())
