"""Who may ask for what lies behind a role."""

from schema.errors import ErrorCode, to_error
from schema.model.viewer import Role, Viewer


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
