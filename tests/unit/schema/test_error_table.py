"""Whoever meets an error code finds it in the table."""

from schema.error_table import ERRORS
from schema.errors import ErrorCode


def test_every_code_is_told():
    assert set(ERRORS) == set(ErrorCode), "say in schema/error_table.py when it is told"


def test_every_line_is_whole():
    assert all(all(told) for told in ERRORS.values())
