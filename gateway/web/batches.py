"""Several operations in one request: counted together, run one after the other."""

from collections.abc import Iterator, Sequence

from graphql import OperationType

from gateway.execution.answers import Answer
from gateway.execution.engine import Prepared, Question, RefusedError, Stage
from gateway.execution.refusals import refusal
from gateway.web.answering import Answering, check_kind
from gateway.web.exchange import Exchange
from gateway.web.refusals import EnvelopeError
from gateway.web.replies import envelope_payload, refused_payload, to_answer
from gateway.web.running import run_while_connected
from gateway.web.streams.results import Payload
from schema.errors import ErrorCode


async def answer_batch(
    answering: Answering, exchange: Exchange, questions: Sequence[Question]
) -> Answer:
    """Answer each in its place; one that is refused costs the others nothing.

    Raises `RefusedError` if they cost too much together, and `ClientDisconnect`.
    """
    batch = [_prepared(answering, exchange, question) for question in questions]
    operations = list(_operations(batch))
    _check_cost(operations)
    exchange.seen.name, exchange.seen.cost = None, sum(each.cost for each in operations)
    work = _run(answering, exchange, batch)
    if any(each.kind is OperationType.MUTATION for each in operations):
        return await work
    return await run_while_connected(work, exchange.request.receive)


def _prepared(answering: Answering, exchange: Exchange, question: Question) -> Prepared | Payload:
    try:
        prepared = answering.prepare(exchange, question)
        check_kind(exchange, prepared)
    except RefusedError as exc:
        return refused_payload(exc)
    except EnvelopeError as exc:
        return envelope_payload(exc)
    return prepared


def _operations(batch: Sequence[Prepared | Payload]) -> Iterator[Prepared]:
    return (each for each in batch if isinstance(each, Prepared))


def _check_cost(operations: Sequence[Prepared]) -> None:
    """Check that together they cost no more than one may."""
    cost = sum(each.cost for each in operations)
    limit = max((each.cost_limit for each in operations), default=0)
    if cost > limit:
        reason = f"The operations cost {cost} together, of at most {limit}; send them apart"
        told = {"cost": cost, "limit": limit}
        raise refusal(Stage.VALIDATION, ErrorCode.QUERY_TOO_COSTLY, reason, **told)


async def _run(
    answering: Answering, exchange: Exchange, batch: Sequence[Prepared | Payload]
) -> Answer:
    return to_answer(
        [
            await answering.run(exchange, each) if isinstance(each, Prepared) else each
            for each in batch
        ]
    )
