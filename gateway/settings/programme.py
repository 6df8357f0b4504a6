"""What the programme brings: its rules and rates, and the keys of its learners' data."""

from pathlib import Path

from pydantic import Field, SecretStr

from gateway.settings.process import ProcessSettings


class ProgrammeSettings(ProcessSettings):
    """The settings of catalogue and ledger."""

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
