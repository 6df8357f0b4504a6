"""The messages of `graphql-transport-ws` that a client may send, read strictly.

A document may be named by `documentId`, or as Relay names it, by `doc_id`.
"""

from typing import Annotated, Any

import msgspec

from gateway.execution.engine import Question


class Payload(msgspec.Struct, omit_defaults=True):
    """What `subscribe` asks for."""

    query: str | None = None
    variables: dict[str, Any] | None = None
    operationName: str | None = None  # noqa: N815 - the protocol's own name
    documentId: str | None = None  # noqa: N815 - likewise
    doc_id: str | None = None
    extensions: dict[str, Any] | None = None

    def to_question(self) -> Question:
        """Return it as any transport's question."""
        return Question(
            query=self.query,
            document_id=self.doc_id if self.documentId is None else self.documentId,
            operation_name=self.operationName,
            variables=self.variables or {},
            extensions=self.extensions or {},
        )


class Init(msgspec.Struct, tag_field="type", tag="connection_init"):
    """Asks to be let in."""

    payload: dict[str, Any] | None = None


class Ping(msgspec.Struct, tag_field="type", tag="ping"):
    """Asks whether we are there."""


class Pong(msgspec.Struct, tag_field="type", tag="pong"):
    """Says that the client is there."""


class Subscribe(msgspec.Struct, tag_field="type", tag="subscribe"):
    """Begins an operation of any kind."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    payload: Payload


class Complete(msgspec.Struct, tag_field="type", tag="complete"):
    """Ends an operation."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


Message = Init | Ping | Pong | Subscribe | Complete
_READER = msgspec.json.Decoder(Message)


def to_message(text: str) -> Message:
    """Return a message.  Raises `ValueError` or `RecursionError` for anything else."""
    message: Message = _READER.decode(text)
    return message
