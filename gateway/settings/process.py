"""What a process is: its profile, its addresses, where it keeps things, and how it stops."""

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from gateway.settings.written import split_at, to_origin

DRAIN_SECONDS = 5.0  # in production: two looks of most proxies
IDLE_SECONDS = 75.0  # most proxies keep theirs for 60
_SPOKEN: Mapping[str, frozenset[str]] = {
    "database_url": frozenset({"postgresql", "postgres", "postgresql+psycopg"}),
    "redis_url": frozenset({"redis", "rediss", "redis+cluster", "rediss+cluster", "unix"}),
}


class Profile(StrEnum):
    """Whether safety or convenience wins where they differ."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class ProcessSettings(BaseSettings):
    """The settings of a process as such; the base of all others, for it knows the profile."""

    model_config = SettingsConfigDict(env_prefix="MITRA_", frozen=True, extra="ignore")

    profile: Profile = Field(
        default=Profile.PRODUCTION,
        description="`development` provisions unknown learners and shows the explorer.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=1, le=65_535, description="Port to listen on.")
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/?#\s]+(/[^?#\s]*)?$",
        description="Where the public finds this gateway (`https://mitra.example.id`): what course "
        "pages, sitemap and robots.txt name; host and port without it, which suits development "
        "alone.",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("127.0.0.1",),
        description="Addresses or networks of the proxies in front, by commas: what they say of "
        "a client's address (`X-Forwarded-For`) is believed, nobody else is.",
    )
    data_dir: Path = Field(
        default=Path(".mitra"),
        description="Folder of the embedded databases, the kept search index, the development "
        "token key and the sandbox's addresses.",
    )
    database_url: str | None = Field(
        default=None,
        description="PostgreSQL for catalogue and ledger (`postgresql://…`); two SQLite files "
        "in `MITRA_DATA_DIR` without it.",
        repr=False,
    )
    redis_url: str | None = Field(
        default=None,
        description="Redis as shared accelerator (`redis://…`; `redis+cluster://…` with any node "
        "of a Redis Cluster); in-process caches without it.",
        repr=False,
    )
    background: bool = Field(
        default=True,
        description="Whether serving processes also sync and deliver; `false` beside workers.",
    )
    workers: int = Field(default=1, ge=1, le=64, description="Serving processes.")
    drain_seconds: float | None = Field(
        default=None,
        ge=0,
        le=300,
        description="How long a process that was told to stop answers on, not ready, so that "
        f"proxies notice; {DRAIN_SECONDS:g} in production and 0 in development if unset.",
    )
    idle_seconds: float = Field(
        default=IDLE_SECONDS,
        ge=1,
        le=3_600,
        description="How long a connection without a request is kept; longer than the proxy in "
        "front keeps its own, so that it never asks by one that is just being closed.",
    )
    log_format: str = Field(
        default="auto",
        pattern="^(auto|console|json)$",
        description="`console` to be read, `json` to be shipped; `auto` picks by the terminal.",
    )
    access_log: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="The share of GraphQL requests that get a line in the log; those that fail "
        "always do, unless it is 0; answers given again are told in sums.",
    )

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split_proxies(cls, value: object) -> object:
        return split_at(",", value)

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network)  # its sentence says what is wrong
        return value

    @field_validator("database_url", "redis_url")
    @classmethod
    def _check_scheme(cls, value: str | None, info: ValidationInfo) -> str | None:
        spoken = _SPOKEN[str(info.field_name)]
        if value is not None and value.partition("://")[0] not in spoken:  # untold: it has secrets
            raise ValueError(f"begins with one of {', '.join(f'{s}://' for s in sorted(spoken))}")
        return value

    @property
    def base_url(self) -> str:
        """The public address, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def public_origin(self) -> str | None:
        """The origin of the public's pages; None if no public address is set."""
        return None if self.public_url is None else to_origin(self.public_url)

    @property
    def is_development(self) -> bool:
        """Whether the development profile is on."""
        return self.profile is Profile.DEVELOPMENT

    @property
    def drains_for(self) -> float:
        """For how many seconds this process answers on once it was told to stop."""
        if self.drain_seconds is None:
            return 0.0 if self.is_development else DRAIN_SECONDS
        return self.drain_seconds
