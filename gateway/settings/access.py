"""Who may look behind the API: at its schema by asking, and through the explorer."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from gateway.settings.audience import EVERYBODY, NOBODY, Audience
from gateway.settings.process import ProcessSettings
from schema.model.viewer import Role

INTROSPECTION = Audience(frozenset({Role.OPERATOR, Role.SERVICE}))


class AccessSettings(ProcessSettings):
    """The settings of what is for some roles only."""

    introspection: Annotated[Audience | None, NoDecode] = Field(
        default=None,
        description="Who may ask for `__schema` and `__type`: `everybody`, `nobody`, or roles by "
        "commas; operator,service in production and everybody in development if unset.",
    )
    explorer: Annotated[Audience | None, NoDecode] = Field(
        default=None,
        description="To whom a browser's GET of `/graphql` shows the explorer, written alike; for "
        "others there is nothing. Nobody in production and everybody in development if unset.",
    )

    @field_validator("introspection", "explorer", mode="before")
    @classmethod
    def _read_audience(cls, value: object) -> object:
        return Audience.from_text(value) if isinstance(value, str) else value

    @property
    def may_introspect(self) -> Audience:
        """Who may ask what the schema is."""
        return self.introspection or (EVERYBODY if self.is_development else INTROSPECTION)

    @property
    def may_explore(self) -> Audience:
        """Who is shown the explorer."""
        return self.explorer or (EVERYBODY if self.is_development else NOBODY)
