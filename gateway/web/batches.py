"""Several operations in one request: counted together, run one after the other."""

from collections.abc import Sequence

from graphql import OperationType

from gateway.execution.answers import Answer
from gateway.execution.engine import Prepared, Question, RefusedError, Stage
from gateway.execution.limits import DEFAULT_LIMITS
from gateway.execution.refusals import refusal
from gateway.web.answering import Answering, check_kind
from gateway.web.exchange import Exchange
from gateway.web.negotiation import Media
from gateway.web.refusals import EnvelopeCode, EnvelopeError
from gateway.web.replies import envelope_payload, refused_payload, to_answer
from gateway.web.running import run_while_connected
from gateway.web.streams.results import Payload
from schema.errors import ErrorCode


async def answer_batch(
    answering: Answering, exchange: Exchange, questions: Sequence[Question]
) -> Answer:
    """Answer each in its place; one that is refused costs the others nothing.

    Raises `EnvelopeError` for who takes events alone, `RefusedError` if they ask too much
    together, and `ClientDisconnect`.
    """
    if exchange.media is Media.EVENTS:
        reason = f"Several operations are answered together: accept {Media.JSON}"
        raise EnvelopeError(EnvelopeCode.NOT_ACCEPTABLE, reason)
    batch = [await _admitted(answering, exchange, question) for question in questions]
    operations = [each for each in batch if isinstance(each, Prepared)]
    _check_together(operations)
    exchange.seen.name, exchange.seen.cost = None, sum(each.cost for each in operations)
    work = _run(answering, exchange, batch)
    if any(each.kind is OperationType.MUTATION for each in operations):
        return await work
    return await run_while_connected(work, exchange.request.receive)


async def _admitted(
    answering: Answering, exchange: Exchange, question: Question
) -> Prepared | Payload:
    try:
        prepared = await answering.admit(exchange, question)
        check_kind(exchange, prepared)
    except RefusedError as exc:
        return refused_payload(exc)
    except EnvelopeError as exc:
        return envelope_payload(exc)
    return prepared


def _check_together(operations: Sequence[Prepared]) -> None:
    """Check that a batch asks no more than one document may.  Raises `RefusedError`."""
    cost = sum(each.cost for each in operations)
    limit = max((each.cost_limit for each in operations), default=0)
    if cost > limit:
        reason = f"The operations cost {cost:,} points together, and {limit:,} are allowed"
        told = {"cost": cost, "limit": limit}
        raise refusal(Stage.VALIDATION, ErrorCode.QUERY_TOO_COSTLY, reason, **told)
    mutations = sum(each.changes for each in operations)
    if mutations > DEFAULT_LIMITS.mutations:
        raise DEFAULT_LIMITS.exceeded("mutations", mutations)


async def _run(
    answering: Answering, exchange: Exchange, batch: Sequence[Prepared | Payload]
) -> Answer:
    return to_answer(
        [
            await answering.run(exchange, each) if isinstance(each, Prepared) else each
            for each in batch
        ]
    )
