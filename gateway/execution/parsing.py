"""Parsing that leaves nothing behind but the tree.

GraphQL's own leaves all tokens, too, linked to and fro: a third of what a document takes, which
only a full garbage collection finds once the document is forgotten.  Every such collection looks
through all documents that are remembered, and nobody is answered meanwhile.
"""

from graphql import DocumentNode, Location, Source, Token
from graphql.language.parser import Parser


class _Place(Location):
    """Where a node stands, without the tokens there."""

    __slots__ = ()

    def __init__(self, start: int, end: int, source: Source) -> None:
        self.start = start
        self.end = end
        self.source = source


class _Parser(Parser):
    def loc(self, start_token: Token) -> Location:
        lexer = self._lexer
        return _Place(start_token.start, lexer.last_token.end, lexer.source)

    def forget_tokens(self) -> None:
        token: Token | None = self._lexer.token
        while token is not None and token.next is not None:
            token = token.next
        while token is not None:
            before, token.prev, token.next = token.prev, None, None
            token = before


def parsed(text: str) -> DocumentNode:
    """Return a document's tree.  Raises `GraphQLSyntaxError` and `RecursionError`."""
    parser = _Parser(text)
    try:
        return parser.parse_document()
    finally:
        parser.forget_tokens()
