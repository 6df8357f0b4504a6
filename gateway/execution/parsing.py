"""Parsing that leaves nothing behind but the tree, and reads names and brackets at once.

GraphQL's own leaves all tokens, too, linked to and fro: a third of what a document takes, which
only a full garbage collection finds once the document is forgotten.  Every such collection looks
through all documents that are remembered, and nobody is answered meanwhile.

It also reads character by character, which is half of what refusing a document costs.
"""

import re

from graphql import DocumentNode, Lexer, Location, Source, Token, TokenKind
from graphql.language.parser import Parser

_SIMPLE = re.compile(r"[ \t\r\n,\ufeff]*+(?:([A-Za-z_][0-9A-Za-z_]*+)|([!$&():=@\[\]{|}]))")
_PUNCTUATORS = {kind.value: kind for kind in TokenKind if len(kind.value) == 1}


class _Place(Location):
    """Where a node stands, without the tokens there."""

    __slots__ = ()

    def __init__(self, start: int, end: int, source: Source) -> None:
        self.start = start
        self.end = end
        self.source = source


class _Lexer(Lexer):
    """Reads names and punctuators by one pattern; in what line they stand nobody asks."""

    def read_next_token(self, start: int) -> Token:
        found = _SIMPLE.match(self.source.body, start)
        if found is None:
            return super().read_next_token(start)
        name, mark = found.groups()
        if name is None:
            return Token(_PUNCTUATORS[mark], found.start(2), found.end(), 0, 0)
        return Token(TokenKind.NAME, found.start(1), found.end(), 0, 0, name)


class _Parser(Parser):
    def __init__(self, text: str) -> None:
        source = Source(text)
        super().__init__(source, lexer=_Lexer(source))

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
