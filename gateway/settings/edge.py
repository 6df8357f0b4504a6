"""How much clients may ask of the serving edge, and which pages of others may ask at all."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from gateway.settings.process import ProcessSettings
from gateway.settings.written import split_at, to_origin

# Ten questions of the dearest kind and a few hundred usual ones; a wave of people is many clients.
CLIENT_BUDGET = 60_000
LEARNER_RATE = 30  # a person who enrols, cancels and enrols again stays far below
_ORIGIN = re.compile(r"\*|https?://[^/?#\s@]+", re.IGNORECASE)


class EdgeSettings(ProcessSettings):
    """The settings of `/graphql` as all clients meet it."""

    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Origins beside our own whose pages may ask (`https://app.example.id`), by "
        "commas; `*` for any.",
    )
    cors_credentials: bool = Field(
        default=False,
        description="Whether browsers send such pages' requests with cookies, for a proxy in front "
        "that signs people in by them; tokens in headers need it not.",
    )
    most_batched: int = Field(
        default=0,
        ge=0,
        le=10,
        description="How many operations one request may bring as an array; 0 lets in none.",
    )
    client_budget: int | None = Field(
        default=None,
        ge=0,
        description="Points of cost that one client may spend in a minute; 0 is without end; "
        f"{CLIENT_BUDGET:,} in production and without end in development if unset.",
    )
    learner_rate: int | None = Field(
        default=None,
        ge=0,
        description="Mutations that one learner may send in a minute; 0 is without end; "
        f"{LEARNER_RATE} in production and without end in development if unset.",
    )
    persisted: Path | None = Field(
        default=None,
        description="Folder of manifests of persisted documents, one file (`*.json`) per client.",
    )
    compiles_operations: bool = Field(
        default=True,
        description="Whether operations that are asked again are compiled; the answers are the "
        "same without, and slower.",
    )
    trusted_documents_only: bool = Field(
        default=False,
        description="Whether only documents of the manifests in `MITRA_PERSISTED` are run.",
    )
    subgraph: bool = Field(
        default=False,
        description="Whether `/graphql/subgraph` serves the API as a subgraph of Apollo "
        "Federation 2.",
    )

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        return split_at(",", value)

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin} is no origin; write https://app.example.id, or *")
        return tuple(each if each == "*" else to_origin(each) for each in value)

    @property
    def client_budget_per_minute(self) -> int | None:
        """How much one client may spend; None is without end."""
        return self._in_force(self.client_budget, CLIENT_BUDGET)

    @property
    def learner_mutations_per_minute(self) -> int | None:
        """How much one learner may change; None is without end."""
        return self._in_force(self.learner_rate, LEARNER_RATE)

    def _in_force(self, setting: int | None, in_production: int) -> int | None:
        if setting is None:
            return None if self.is_development else in_production
        return setting or None
