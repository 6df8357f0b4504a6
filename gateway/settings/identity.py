"""Whose tokens are believed."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from gateway.identity.addresses import is_safe
from gateway.settings.process import ProcessSettings, Profile
from gateway.settings.written import split_at


class IdentitySettings(ProcessSettings):
    """The settings of the OpenID provider."""

    oidc_issuer: str | None = Field(
        default=None,
        description="OpenID provider whose access tokens are believed, exactly as they name it "
        "(`https://login.example.id/realms/mitra`); without it no learner or operator can sign in "
        "in production.",
    )
    oidc_audience: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        validate_default=True,
        description="What its access tokens say that they are for, by commas: the name of this "
        "API at the provider, never a client's id.",
    )
    oidc_jwks_url: str | None = Field(
        default=None,
        description="Where its public keys are; found out from the issuer's "
        "`/.well-known/openid-configuration` without it.",
    )
    oidc_roles_claim: str | None = Field(
        default=None,
        min_length=1,
        description="The claim that lists roles, by name or path; `roles` and `realm_access.roles` "
        "without it.",
    )

    oidc_partner_claim: str | None = Field(
        default=None,
        min_length=1,
        description="The claim that names the partner, by its code, of whoever has the role "
        "`partner`, by name or path; without it such tokens prove nothing, and partners use API "
        "keys.",
    )

    @field_validator("oidc_issuer", "oidc_jwks_url")
    @classmethod
    def _check_address(cls, value: str | None, info: ValidationInfo) -> str | None:
        loopback = info.data.get("profile") is Profile.DEVELOPMENT
        if value is not None and not is_safe(value, loopback=loopback):
            raise ValueError("must begin with https:// (in development http://127.0.0.1 will do)")
        return value

    @field_validator("oidc_audience", mode="before")
    @classmethod
    def _split_audience(cls, value: object) -> object:
        return split_at(",", value)

    @field_validator("oidc_audience")
    @classmethod
    def _check_audience(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("oidc_issuer") and not value:
            raise ValueError("say for whom the issuer's tokens are: others' would be believed")
        return value
