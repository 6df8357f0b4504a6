"""Who the partners are, how they are called, and what they may do here."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from gateway.settings.process import ProcessSettings
from gateway.settings.written import split_at


class PartnerSettings(ProcessSettings):
    """The settings of everything between partners and us."""

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
    sell_unread_hours: int = Field(
        default=24,
        ge=1,
        description="For how many hours after a partner's list was last read well its offerings "
        "can be enrolled in (until it is stale, if that is longer); then PARTNER_UNAVAILABLE.",
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

    @field_validator("partners", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        return split_at(":", value)

    @field_validator("partner_networks", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        return split_at(",", value)

    @field_validator("partner_networks")
    @classmethod
    def _check_networks(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for network in value or ():
            ip_network(network)  # its sentence says what is wrong
        return value
