"""Partners' codes, as they are typed."""

from collections.abc import Sequence
from typing import Annotated

import typer

from gateway.partners.config import PartnerConfig, PartnersFileError
from schema.model.values import PartnerCode

Code = Annotated[str, typer.Argument(help="The partner's code, such as tokopedia.")]


def known_codes(configs: Sequence[PartnerConfig], codes: Sequence[str]) -> list[PartnerCode]:
    """Return these codes, of whom all are partners; every partner's without any."""
    known = [config.code for config in configs]
    if not known:
        raise PartnersFileError("no partners here: set MITRA_PARTNERS, or `mitra sandbox run`")
    for code in codes:
        if code not in known:
            raise typer.BadParameter(f"{code!r} is not a partner; known are {', '.join(known)}")
    return [PartnerCode(code) for code in codes] or known
