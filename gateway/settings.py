"""Settings: everything an operator may set, from the environment, prefix `MITRA_`."""

from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Profile(StrEnum):
    """Whether safety or convenience wins where they differ."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """How this process runs.  Every field is the environment variable `MITRA_<FIELD>`."""

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
    data_dir: Path = Field(
        default=Path(".mitra"),
        description="Folder of the embedded databases, the development token key and the "
        "sandbox's addresses.",
    )
    database_url: str | None = Field(
        default=None,
        description="PostgreSQL for catalogue and ledger (`postgresql://…`); two SQLite files "
        "in `MITRA_DATA_DIR` without it.",
        repr=False,
    )
    redis_url: str | None = Field(
        default=None,
        description="Redis as shared accelerator (`redis://…`); in-process caches without it.",
        repr=False,
    )
    partners: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(),
        description="Partners files separated by `:`, added to the built-in list.",
    )
    partner_networks: Annotated[tuple[str, ...] | None, NoDecode] = Field(
        default=None,
        description="Networks beside the public internet in which partners may be called, by "
        "commas (`10.20.0.0/16`); unset, this machine where there may be a sandbox, else none.",
    )
    calling_processes: int | None = Field(
        default=None,
        ge=1,
        description="Processes that call partners, on all machines: each keeps its part of a "
        "partner's pace while there is no Redis; twice `MITRA_WORKERS` if unset, as each has one "
        "beside it that syncs.",
    )
    rules: Path | None = Field(
        default=None,
        description="Folder of rules files (`*.toml`) of schemes and years beside the built-in "
        "ones.",
    )
    rates: Path | None = Field(
        default=None,
        description="TOML file of dated rates, by which prices in other currencies are filtered "
        "and sorted; such prices match nothing without it.",
    )
    background: bool = Field(
        default=True,
        description="Whether serving processes also sync and deliver; `false` beside workers.",
    )
    sell_unread_hours: int = Field(
        default=24,
        ge=1,
        description="For how many hours after a partner's list was last read well its offerings "
        "can be enrolled in (until it is stale, if that is longer); then PARTNER_UNAVAILABLE.",
    )
    changes_kept: int = Field(
        default=10_000,
        ge=1,
        description="How many revisions `catalogueChanges` reaches back; an older copy begins "
        "again.",
    )
    national_id_keys: SecretStr | None = Field(
        default=None,
        description="Keys by which national ids are compared, `VERSION:BASE64` of 32 bytes each, "
        "or `file:PATH` to them; without any, duplicates are not looked for.",
    )
    contact_keys: SecretStr | None = Field(
        default=None,
        description="Keys that wrap learners' data keys, written alike; without any, contact data "
        "is not kept.",
    )
    partner_api_keys: SecretStr | None = Field(
        default=None,
        description="Keys that seal partners' sign keys and one-time passwords, written alike; "
        "without any, no partner can call us (in development one is made).",
    )
    partner_api_lenient_signatures: bool = Field(
        default=True,
        description="Whether partners may sign their JSON compact and unescaped but send it "
        "otherwise, as the published clients do.",
    )
    otp_delivery: str | None = Field(
        default=None,
        description="How one-time passwords reach learners: a name of the entry-point group "
        "`mitra.otp_delivery`; without it development prints them, and production sends none.",
    )
    partner_api_wrong_passwords: int = Field(
        default=2_000,
        ge=1,
        description="How many wrong one-time passwords, of all learners in half an hour, stop "
        "all buying at partners: more is guessing.",
    )
    push_largest_bytes: int = Field(
        default=1_000_000_000,
        ge=1_000_000,
        description="How many bytes a list that a partner pushes may have, over all requests of "
        "its session.",
    )
    workers: int = Field(default=1, ge=1, le=64, description="Serving processes.")
    log_format: str = Field(
        default="auto",
        pattern="^(auto|console|json)$",
        description="`console` to be read, `json` to be shipped; `auto` picks by the terminal.",
    )

    @field_validator("partners", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(Path(part) for part in value.split(":") if part)
        return value

    @field_validator("partner_networks", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("partner_networks")
    @classmethod
    def _check_networks(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for network in value or ():
            ip_network(network)  # its sentence says what is wrong
        return value

    @property
    def base_url(self) -> str:
        """The public address, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def public_origin(self) -> str | None:
        """The origin of the public's pages; None if no public address is set."""
        if self.public_url is None:
            return None
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def is_development(self) -> bool:
        """Whether the development profile is on."""
        return self.profile is Profile.DEVELOPMENT
