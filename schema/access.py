"""What resolvers of learners' fields need to know of who asks, and under which key."""

from schema.errors import ErrorCode, bad_user_input, to_error
from schema.model.values import LearnerId
from schema.model.viewer import Viewer

LONGEST_KEY = 255


def the_learner(viewer: Viewer) -> LearnerId:
    """Return the learner who asks, where the field's policy lets only learners ask."""
    if viewer.learner is None:
        raise to_error(ErrorCode.FORBIDDEN, "only learners enrol; use a learner's token")
    return viewer.learner


def checked_key(key: str) -> str:
    """Return an idempotency key.  Raises BAD_USER_INPUT for one that cannot be kept."""
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise bad_user_input(f"`idempotencyKey` is 1 to {LONGEST_KEY} printable characters")
    return key
