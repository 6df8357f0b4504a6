"""Keys from outside: written plainly, and never shown."""

import base64
from pathlib import Path

import pytest

from gateway.enrolment.privacy.keyring import KeyringError, Purpose, load_keyring
from gateway.enrolment.privacy.national_ids import to_marks

ONE, TWO = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
NATIONAL_ID = "3174014502940001"


def test_no_setting_is_no_keyring():
    assert load_keyring(Purpose.CONTACTS, None) is None
    assert load_keyring(Purpose.CONTACTS, "") is None


@pytest.mark.parametrize("text", [f"1:{ONE},2:{TWO}", f" 2:{TWO}\n1:{ONE}\n"])
def test_the_newest_version_is_the_current_one(text: str, tmp_path: Path):
    file = tmp_path / "keys"
    file.write_text(text)

    for setting in (text, f"file:{file}"):
        keyring = load_keyring(Purpose.NATIONAL_IDS, setting)
        assert keyring is not None
        assert (keyring.current, keyring.key(1)) == (2, bytes([1]) * 32)
        assert ONE not in repr(keyring)


@pytest.mark.parametrize(
    "text", [ONE, f"x:{ONE}", f"0:{ONE}", "1:", "1:c2hvcnQ=", f"1:{ONE}!", "  ", "file:/no/such"]
)
def test_a_malformed_keyring_is_refused_without_repeating_it(text: str):
    with pytest.raises(KeyringError, match="MITRA_NATIONAL_ID_KEYS") as caught:
        load_keyring(Purpose.NATIONAL_IDS, text)

    assert ONE not in str(caught.value)


def test_marks_depend_on_key_and_number():
    keyring = load_keyring(Purpose.NATIONAL_IDS, f"1:{ONE},2:{TWO}")
    other = load_keyring(Purpose.NATIONAL_IDS, f"1:{TWO}")
    assert keyring is not None
    assert other is not None

    newest, older = to_marks(keyring, NATIONAL_ID)

    assert (newest.version, older.version) == (2, 1)
    assert len({newest.digest, older.digest, to_marks(keyring, NATIONAL_ID[::-1])[0].digest}) == 3
    assert to_marks(other, NATIONAL_ID)[0].digest == newest.digest
