"""The command line knows where its commands are, and what help says of them."""

import pytest
from typer.testing import CliRunner

from gateway.cli import Mitra, app
from gateway.commands.lazy import imported
from gateway.commands.telling import tell
from gateway.partners.config import PartnersFileError

WIDE = 200  # characters: more than any line of help


@pytest.mark.parametrize("name", list(Mitra.places))
def test_a_command_is_where_it_is_said_to_be_and_does_what_help_says(name):
    where, line = Mitra.places[name]

    assert imported(where).get_short_help_str(WIDE) == line


def test_a_slip_of_the_finger_is_answered_with_what_may_have_been_meant():
    said = CliRunner().invoke(app, ["serv"])

    assert said.exit_code == 2
    assert "'serve'" in said.output


def test_what_people_can_mend_is_told_and_a_mistake_of_ours_is_not(capsys):
    assert tell(PartnersFileError("shops.toml: line 3 has no code")) == 1
    assert tell(ZeroDivisionError()) is None
    assert capsys.readouterr().err == "mitra: shops.toml: line 3 has no code\n"
