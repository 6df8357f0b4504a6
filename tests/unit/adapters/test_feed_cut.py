"""Where a file of rows may be cut."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from adapters.feed.large import Cut


@given(st.lists(st.text(alphabet='a",\n', max_size=12), min_size=1, max_size=30))
def test_parts_put_together_are_the_file(cells):
    text = "".join('"' + cell.replace('"', '""') + '"\n' for cell in cells).encode()
    cut, places = Cut(largest=10**6, quotes=True), [0]
    while places[-1] < len(text):
        rest = text[places[-1] : places[-1] + 40]
        is_last = places[-1] + len(rest) >= len(text)
        places.append(len(text) if is_last else places[-1] + (cut.end(rest) or len(rest)))

    parts = [text[start:end] for start, end in pairwise(places)]
    assert b"".join(parts) == text
    assert all(part.count(b'"') % 2 == 0 for part in parts)
