"""Who may ask for what lies behind a role."""

from schema.errors import ErrorCode, bad_user_input, to_error
from schema.model.values import LearnerId
from schema.model.viewer import Role, Viewer

LONGEST_KEY = 255
_READS_EVENTS = frozenset({Role.OPERATOR, Role.SERVICE})


def checked_operator(viewer: Viewer) -> Viewer:
    """Return the viewer, who is an operator.  Raises UNAUTHENTICATED without a token, FORBIDDEN."""
    if Role.OPERATOR in viewer.roles:
        return viewer
    if viewer.roles:
        raise to_error(ErrorCode.FORBIDDEN, "only operators may do this; use an operator's token")
    raise to_error(
        ErrorCode.UNAUTHENTICATED,
        "this needs an operator's token; send it as `Authorization: Bearer …`",
    )


def checked_learner(viewer: Viewer) -> LearnerId:
    """Return the learner who asks.  Raises UNAUTHENTICATED without a token, else FORBIDDEN."""
    if viewer.learner is not None:
        return viewer.learner
    if viewer.roles:
        raise to_error(ErrorCode.FORBIDDEN, "only learners enrol; use a learner's token")
    raise to_error(
        ErrorCode.UNAUTHENTICATED,
        "enrolling needs a learner's token; send it as `Authorization: Bearer …`",
    )


def checked_system(viewer: Viewer) -> Viewer:
    """Return the viewer, who is one of the programme's systems or operators.

    Raises UNAUTHENTICATED without a token, else FORBIDDEN.
    """
    if viewer.roles & _READS_EVENTS:
        return viewer
    if viewer.roles:
        raise to_error(
            ErrorCode.FORBIDDEN, "this is for the programme's systems; use a service's token"
        )
    raise to_error(
        ErrorCode.UNAUTHENTICATED,
        "this needs a service's token; send it as `Authorization: Bearer …`",
    )


def checked_key(key: str) -> str:
    """Return an idempotency key.  Raises BAD_USER_INPUT for one that cannot be kept."""
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise bad_user_input(f"`idempotencyKey` is 1 to {LONGEST_KEY} printable characters")
    return key
