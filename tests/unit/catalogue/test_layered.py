"""A layered mapping is a dict whose older revisions stay as they were."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalogue.layered import Layered

steps = st.lists(
    st.lists(st.tuples(st.integers(0, 30), st.none() | st.integers(0, 5)), max_size=9), max_size=6
)


@settings(max_examples=50)
@given(st.dictionaries(st.integers(0, 30), st.integers(0, 5)), steps)
def test_every_revision_is_the_dict_of_its_time(
    first: dict[int, int], changes: list[list[tuple[int, int | None]]]
):
    revisions = [(Layered(first), dict(first))]
    for change in changes:
        ours, theirs = revisions[-1][0].next(), dict(revisions[-1][1])
        for key, value in change:
            if value is None:
                assert ours.pop(key, None) == theirs.pop(key, None)
            else:
                ours[key] = theirs[key] = value
        revisions.append((ours, theirs))

    for ours, theirs in revisions:
        assert (dict(ours), len(ours)) == (theirs, len(theirs))
        assert all(
            (key in ours, ours.get(key)) == (key in theirs, theirs.get(key)) for key in range(31)
        )
