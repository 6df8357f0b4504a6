"""Rules files: what is read, what is refused, and which file holds for whom."""

from datetime import date
from pathlib import Path

import pytest

from gateway.enrolment.rules.book import BUILT_IN, RulesFileError, built_in_rules, load_rule_book

A_YEAR = (BUILT_IN / "2023.toml").read_text()


def write(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    """Write the rules of 2023 with some text changed."""
    text = A_YEAR
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    file = folder / name
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("scheme", "balance", "first_within"),
    [
        ("2020", 1_000_000, 30),
        ("2021", 1_000_000, 30),
        ("2022", 1_000_000, 30),
        ("2023", 3_500_000, 15),
        ("2024", 3_500_000, 15),
    ],
)
def test_every_year_of_the_programme_has_its_rules(scheme, balance, first_within):
    rules = built_in_rules().find(scheme, date(int(scheme), 3, 1))

    assert rules is not None
    assert rules.balance == balance
    assert rules.purchase.first_within_days == first_within
    assert (rules.purchase.next_within_days, rules.purchase.one_at_a_time) == (15, True)
    assert (rules.eligibility.youngest, rules.eligibility.oldest) == (18, 64)


def test_a_scheme_without_a_file_has_no_rules():
    assert built_in_rules().find("1999", date(1999, 1, 1)) is None


def test_a_year_is_added_by_a_file(tmp_path: Path):
    change = (('scheme = "2023"', 'scheme = "2031"'), ("3_500_000", "5_000_000"))
    write(tmp_path, "2031.toml", *change)

    rules = load_rule_book(BUILT_IN, tmp_path).find("2031", date(2031, 1, 1))

    assert rules is not None
    assert rules.balance == 5_000_000


def test_a_scheme_may_change_in_the_middle_of_a_year(tmp_path: Path):
    early = ("valid_until = 2023-12-31", "valid_until = 2023-06-30")
    late = ("valid_from = 2023-01-01", "valid_from = 2023-07-01")
    write(tmp_path, "early.toml", early)
    write(tmp_path, "late.toml", late, ("first_within_days = 15", "first_within_days = 20"))
    book = load_rule_book(tmp_path)

    found = [
        book.find("2023", day).purchase.first_within_days
        for day in (date(2022, 12, 1), date(2023, 6, 30), date(2023, 7, 1), date(2025, 1, 1))
    ]

    assert found == [15, 15, 20, 20]


def test_files_of_one_scheme_that_both_claim_a_day_are_named(tmp_path: Path):
    one = write(tmp_path, "one.toml", ("valid_until = 2023-12-31", ""))
    other = write(tmp_path, "other.toml", ("valid_from = 2023-01-01", "valid_from = 2023-12-31"))

    with pytest.raises(RulesFileError) as raised:
        load_rule_book(tmp_path)

    assert str(raised.value).startswith(f"{other}: overlaps {one}: both hold for scheme '2023'")


def test_a_built_in_year_is_not_overridden_unseen(tmp_path: Path):
    write(tmp_path, "mine.toml")

    with pytest.raises(RulesFileError, match="overlaps"):
        load_rule_book(BUILT_IN, tmp_path)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("first_within_days = 15", "first_within_days = 0", "purchase.first_within_days: "),
        ("first_within_days = 15", 'first_within_days = "15"', "purchase.first_within_days: "),
        ("first_within_days = 15", "first_within_dayz = 15", "purchase.first_within_dayz: "),
        ("first_within_days = 15", "", "purchase.first_within_days: Field required"),
        ("one_at_a_time = true", "one_at_a_time = 1", "purchase.one_at_a_time: "),
        ("balance = 3_500_000", "balance = -1", "balance: "),
        ("balance = 3_500_000", "balance = 3_500_000.0", "balance: "),
        ("valid_from = 2023-01-01", 'valid_from = "2023-01-01"', "valid_from: "),
        ("valid_from = 2023-01-01", "valid_from = 2024-01-01", "valid_until is before valid_from"),
        ("oldest = 64", "oldest = 17", "eligibility.oldest is below eligibility.youngest"),
        ("Asia/Jakarta", "Asia/Atlantis", "time_zone: "),
        ("Asia/Jakarta", "../../etc/passwd", "time_zone: "),
        ("[purchase]", "[purchase", "is not valid TOML"),
    ],
)
def test_a_bad_file_is_named_with_the_place(tmp_path: Path, before, after, said):
    file = write(tmp_path, "bad.toml", (before, after))

    with pytest.raises(RulesFileError) as raised:
        load_rule_book(tmp_path)

    assert str(raised.value).startswith(f"{file}: ")
    assert said in str(raised.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(RulesFileError, match="nowhere: is not a folder of rules files"):
        load_rule_book(tmp_path / "nowhere")
