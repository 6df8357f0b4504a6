"""GraphQL's tokens as patterns, so that none is read character by character; and what is none.

What the patterns do not match is a mistake, and is told by graphql-core's own lexer, in its words.
"""

import json
import re
import sys
from collections.abc import Iterator

from graphql import GraphQLSyntaxError, Lexer, Source, TokenKind
from graphql.language.block_string import dedent_block_string_lines

_HALVES = "\ud800-\udfff"  # of characters: none is one by itself, and two may be
_PAIR = "[\ud800-\udbff][\udc00-\udfff]"
IGNORED = rf"(?:[ \t\r\n,\ufeff]++|\#(?:[^\r\n{_HALVES}]++|{_PAIR})*+)*+"
NAME = r"[A-Za-z_][0-9A-Za-z_]*+"
INT = r"-?(?:0|[1-9][0-9]*+)"
NO_NUMBER = r"(?![0-9.A-Za-z_])"
FLOAT = rf"{INT}(?:\.[0-9]++(?:[eE][+-]?[0-9]++)?|[eE][+-]?[0-9]++)"
PLAIN_STRING = rf'"(?!"")[^"\\\r\n{_HALVES}]*+"'

# All of them and comments, wrong ones too: as GraphQL has them, strings and comments possessive,
# so that none is ever tried twice.
TOKENS = re.compile(
    r"([\[{(])|([\]})])|(#[^\r\n]*+)|([A-Za-z_]\w*)|\.\.\.|[!$&:=@|]"
    r'|"""(?:[^"\\]|\\"""|\\|"(?!""))*+(?:""")?|"(?:[^"\\\r\n]|\\.)*+"?'
    r"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?",
    re.ASCII,
)
OPENS, CLOSES, COMMENT, A_NAME = 1, 2, 3, 4  # the groups of `TOKENS`

_TOKEN = re.compile(
    rf"(?P<NAME>{NAME})|(?P<INT>{INT}){NO_NUMBER}|(?P<FLOAT>{FLOAT}){NO_NUMBER}"
    r"|(?P<MARK>\.\.\.|[!$&():=@\[\]{|}])"
)
_HEX = "[0-9A-Fa-f]"
_CHARACTERS = (
    rf'(?:[^"\\\r\n{_HALVES}]++|{_PAIR}|\\["\\/bfnrt]|\\u(?![dD][89A-Fa-f]){_HEX}{{4}}'
    rf"|\\u[dD][89ABab]{_HEX}{{2}}\\u[dD][C-Fc-f]{_HEX}{{2}}|\\u\{{{_HEX}{{1,8}}\}})*+"
)
_STRING = re.compile(f'"({_CHARACTERS})"')
_BEGUN = re.compile(f'"{_CHARACTERS}')
# What stands before is matched as well, or the end of an escape would be taken for a beginning.
_WIDE = re.compile(rf"((?:[^\\]|\\(?!u\{{).)*+)(?:\\u\{{({_HEX}++)\}}|\Z)", re.DOTALL)
_BLOCK_CHARACTERS = rf'(?:[^"\\{_HALVES}]++|{_PAIR}|\\"""|\\|"(?!""))*+'
_BLOCK = re.compile(f'"""({_BLOCK_CHARACTERS})"""')
_BLOCK_BEGUN = re.compile(f'"""{_BLOCK_CHARACTERS}')
_NEWLINE = re.compile(r"\r\n|[\n\r]")
_HALF = re.compile(f"[{_HALVES}]")


def tokens_of(text: str) -> Iterator[str]:
    """Yield the tokens of a document that can be parsed."""
    return (each[0] for each in TOKENS.finditer(text) if each.lastindex != COMMENT)


def string_at(source: Source, start: int) -> tuple[str, int, bool]:
    """Return the string that begins at `start`, where it ends, and whether it is a block.

    Raises `GraphQLSyntaxError`.
    """
    body = source.body
    if body.startswith('"""', start):
        block = _BLOCK.match(body, start)
        if block is None:
            raise _never_ends(source, _BLOCK_BEGUN, start)
        lines = _NEWLINE.split(block[1].replace('\\"""', '"""'))
        return "\n".join(dedent_block_string_lines(lines)), block.end(), True
    found = _STRING.match(body, start)
    if found is None:
        raise _never_ends(source, _BEGUN, start)
    written = found[1]
    if "\\u{" in written:
        written = _WIDE.sub(lambda wide: wide[1] + _narrow(source, start, wide[2]), written)
    if "\\" in written:  # GraphQL's other escapes are JSON's
        written = json.loads(f'"{written}"', strict=False)
    return written, found.end(), False


def described(source: Source, start: int) -> str:
    """Return what graphql-core calls the token that begins at `start`, if it is one.

    Raises `GraphQLSyntaxError` if it is none.
    """
    if start >= len(source.body):
        return TokenKind.EOF.value
    if source.body[start] == '"':
        value, _, is_block = string_at(source, start)
        return f"{(TokenKind.BLOCK_STRING if is_block else TokenKind.STRING).value} '{value}'"
    found = _TOKEN.match(source.body, start)
    if found is None:
        Lexer(source).read_next_token(start)  # it raises
        return "a token"
    kind = found.lastgroup or ""
    return f"'{found[0]}'" if kind == "MARK" else f"{TokenKind[kind].value} '{found[0]}'"


def _narrow(source: Source, start: int, digits: str | None) -> str:
    """Return the character of a code point as JSON writes it."""
    if digits is None:
        return ""
    point = int(digits, 16)
    if point > sys.maxunicode or _HALF.match(chr(point)):
        Lexer(source).read_string(start)  # it raises
    return json.dumps(chr(point))[1:-1]


def _never_ends(source: Source, begun: re.Pattern[str], start: int) -> GraphQLSyntaxError:
    """Return what is wrong with a string that is right as far as `begun` matches it."""
    found = begun.match(source.body, start)
    at = found.end() if found else start
    lexer, char = Lexer(source), source.body[at : at + 1]
    if char == "\\":
        try:
            is_wide = source.body.startswith("\\u{", at)
            if is_wide:
                lexer.read_escaped_unicode_variable_width(at)
            elif source.body.startswith("\\u", at):
                lexer.read_escaped_unicode_fixed_width(at)
            else:
                lexer.read_escaped_character(at)
        except GraphQLSyntaxError as exc:
            return exc
    if _HALF.match(char):
        told = lexer.print_code_point_at(at)
        return GraphQLSyntaxError(source, at, f"Invalid character within String: {told}.")
    return GraphQLSyntaxError(source, at, "Unterminated string.")
