"""Tokens of the development issuer, and its key."""

import stat
from datetime import timedelta

import jwt
import pytest

from gateway.identity.development import (
    KEY_FILE,
    DevelopmentIssuer,
    issue_token,
    read_development_key,
)
from gateway.identity.errors import InvalidTokenError
from gateway.identity.verifier import TokenVerifier
from gateway.parts.identity import IdentityPart
from gateway.settings import Profile, Settings
from schema.model.viewer import ANONYMOUS, Role


@pytest.mark.anyio
async def test_its_tokens_name_bearer_role_and_scopes(tmp_path):
    token = issue_token(tmp_path, Role.LEARNER, "siti", scopes=["enrol", "read"])

    key = read_development_key(tmp_path)
    viewer = await TokenVerifier([DevelopmentIssuer(key)]).verify(token)

    assert (viewer.learner, viewer.scopes) == ("siti", {"enrol", "read"})


@pytest.mark.anyio
@pytest.mark.parametrize("profile", list(Profile))
async def test_it_is_believed_in_development_alone(tmp_path, profile):
    token = issue_token(tmp_path, Role.OPERATOR, "admin")
    settings = Settings(profile=profile, data_dir=tmp_path)
    door = IdentityPart(settings, (), None).verifier  # type: ignore[arg-type]  # no key is looked up

    if profile is Profile.DEVELOPMENT:
        assert Role.OPERATOR in (await door.verify(token)).roles
    else:
        with pytest.raises(InvalidTokenError):
            await door.verify(token)
    assert await door.identify(None) is ANONYMOUS


def test_a_token_lives_as_long_as_it_was_issued_for(tmp_path):
    token = issue_token(
        tmp_path, Role.LEARNER, "siti", lifetime=timedelta(minutes=5), clock=lambda: 1_000
    )

    claims = jwt.decode(token, options={"verify_signature": False})

    assert (claims["iat"], claims["exp"]) == (1_000, 1_300)


def test_a_token_is_not_issued_to_an_unprintable_subject(tmp_path):
    with pytest.raises(ValueError, match="printable"):
        issue_token(tmp_path, Role.LEARNER, "a\nb")


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path):
    first, second = read_development_key(tmp_path), read_development_key(tmp_path)

    path = tmp_path / KEY_FILE
    assert first == second
    assert len(first) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_damaged_key_says_what_to_do(tmp_path):
    (tmp_path / KEY_FILE).write_bytes(b"short")

    with pytest.raises(ValueError, match="delete it"):
        read_development_key(tmp_path)
