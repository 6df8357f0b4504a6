"""Streams cut into lines, wherever the chunks end."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.push.lines import LineSplitter


def split(chunks: list[bytes], longest: int = 100) -> list[bytes | None]:
    splitter = LineSplitter(longest)
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    return [*lines, *splitter.finish()]


def test_lines_blank_lines_and_a_last_one_without_an_end():
    assert split([b"a\r\n\n  \nb", b"c\nd"]) == [b"a", b"bc", b"d"]


def test_a_line_that_is_too_long_is_told_and_not_kept():
    assert split([b"x" * 60, b"x" * 60, b"\nb\n"]) == [None, b"b"]
    assert split([b"x" * 101]) == [None]
    assert split([b"x" * 100]) == [b"x" * 100]


def test_what_is_begun_is_never_more_than_a_line():
    splitter = LineSplitter(100)
    for _ in range(1_000):
        list(splitter.feed(b"x" * 1_000))

    assert len(splitter._begun) <= 100


@given(st.lists(st.text("abc \r", max_size=8).map(str.encode)), st.lists(st.integers(0, 40)))
def test_where_the_chunks_end_makes_no_difference(lines: list[bytes], cuts: list[int]):
    text = b"\n".join(lines)
    places = sorted(min(cut, len(text)) for cut in cuts)
    bounds = zip([0, *places], [*places, len(text)], strict=True)

    assert split([text[start:end] for start, end in bounds]) == split([text])
    assert split([text]) == [line.strip() for line in lines if line.strip()]
