"""CSV files are read a line at a time, and a bad line costs itself alone."""

from io import BytesIO
from pathlib import Path

import pytest

from gateway.enrolment.intake.files import LONGEST_LINE, IntakeFileError, read_digest, read_rows
from schema.model.learners import RawRow, RejectedRow

NATIONAL_ID = "3174014502940001"


def read(content: bytes | str, optional: tuple[str, ...] = ()) -> list[RawRow | RejectedRow]:
    raw = content.encode() if isinstance(content, str) else content
    return list(read_rows(BytesIO(raw), ("reference", "amount"), optional))


def test_rows_carry_the_number_of_their_line():
    rows = read("reference,amount\nsiti,1\n\nbudi,2")

    assert rows == [
        RawRow(2, {"reference": "siti", "amount": "1"}),
        RawRow(4, {"reference": "budi", "amount": "2"}),
    ]


@pytest.mark.parametrize(
    "header",
    ["reference,amount", "\ufeffReference, Amount", '"reference";"amount"', "REFERENCE;AMOUNT\r"],
)
def test_headers_come_as_people_write_them(header: str):
    delimiter = ";" if ";" in header else ","

    assert read(f"{header}\nsiti{delimiter}1\r\n") == [
        RawRow(2, {"reference": "siti", "amount": "1"})
    ]


def test_columns_come_in_any_order_and_birth_date_with_a_space():
    rows = read("birth date,amount,reference\n1994-02-05,1,siti\n", ("birth_date",))

    assert rows == [RawRow(2, {"birth_date": "1994-02-05", "amount": "1", "reference": "siti"})]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b'"siti,1', "quotes"),
        (b'"siti"x,1', "quotes"),
        (b"siti", "1 fields, not 2"),
        (b"siti,1,2", "3 fields, not 2"),
        (b"\xff\xfe,1", "not UTF-8"),
        (b"x" * (LONGEST_LINE + 1), "longer than"),
        (b"x" * (5 * LONGEST_LINE), "longer than"),
    ],
)
def test_a_bad_line_costs_itself_alone(line: bytes, says: str):
    bad, good = read(b"reference,amount\n" + line + b"\nbudi,2\n")

    assert isinstance(bad, RejectedRow)
    assert bad.number == 2
    assert says in bad.reason
    assert good == RawRow(3, {"reference": "budi", "amount": "2"})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "lacks reference, amount"),
        ("reference\nsiti", "lacks amount"),
        (f"reference,amount,{NATIONAL_ID}\n", "column 3 is not known"),
        ("reference,amount,amount\n", "twice"),
        (f"siti,{NATIONAL_ID}\n", "lacks reference, amount"),
    ],
)
def test_a_file_without_its_columns_is_refused_without_repeating_it(content: str, says: str):
    with pytest.raises(IntakeFileError, match=says) as caught:
        read(content)

    assert NATIONAL_ID not in str(caught.value)


def test_a_row_is_not_shown_by_accident():
    assert NATIONAL_ID not in repr(read(f"reference,amount\n{NATIONAL_ID},1")[0])


def test_a_files_content_names_it(tmp_path: Path):
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    for path, content in ((one, b"a"), (same, b"a"), (other, b"b")):
        path.write_bytes(content)

    assert read_digest(one) == read_digest(same) != read_digest(other)
