"""Telling what went wrong with a command: what people can mend in a sentence, without a trace."""

import sys
from collections.abc import Callable

from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

_OURS = "Value error, "  # what pydantic puts before the sentences of our own checks


def run_told(command: Callable[[], object], expected: tuple[type[Exception], ...]) -> None:
    """Run a command; errors that are `expected` say what to do by themselves."""
    try:
        command()
    except ValidationError as exc:
        for error in exc.errors():
            name = "_".join(str(part) for part in error["loc"]).upper()
            said = error["msg"].removeprefix(_OURS)
            sys.stderr.write(f"mitra: MITRA_{name}: {said}\n")
        sys.exit(2)
    except expected as exc:
        sys.stderr.write(f"mitra: {exc}\n")
        sys.exit(1)
    except OperationalError as exc:
        sys.stderr.write(f"mitra: the database does not answer ({exc.orig}); MITRA_DATABASE_URL?\n")
        sys.exit(1)
    except OSError as exc:
        sys.stderr.write(f"mitra: {exc.filename or exc}: {exc.strerror}\n")
        sys.exit(1)
