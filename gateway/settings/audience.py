"""For whom something is: everybody, nobody, or those whose token says one of some roles."""

from dataclasses import dataclass

from schema.model.viewer import Role, Viewer


@dataclass(frozen=True, slots=True)
class Audience:
    """Those who may have something; written `everybody`, `nobody`, or roles by commas."""

    roles: frozenset[Role] = frozenset()
    is_everybody: bool = False

    def admits(self, viewer: Viewer) -> bool:
        """Return whether `viewer` is one of them."""
        return self.is_everybody or not self.roles.isdisjoint(viewer.roles)

    @property
    def is_nobody(self) -> bool:
        """Whether nobody can be one of them."""
        return not self.is_everybody and not self.roles

    @classmethod
    def from_text(cls, text: str) -> "Audience":
        """Return what a setting says.  Raises `ValueError` for a role that there is not."""
        words = {word.strip().lower() for word in text.split(",") if word.strip()}
        if words == {"everybody"}:
            return EVERYBODY
        if not words or words == {"nobody"}:
            return NOBODY
        known = {role.value for role in Role}
        if unknown := sorted(words - known):
            raise ValueError(
                f"{', '.join(unknown)}: write everybody, nobody, or roles by commas "
                f"({', '.join(sorted(known))})"
            )
        return cls(frozenset(Role(word) for word in words))


EVERYBODY = Audience(is_everybody=True)
NOBODY = Audience()
