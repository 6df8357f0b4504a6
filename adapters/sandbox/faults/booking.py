"""E7 and E8: partners that book, and do not say so, or not once."""

from adapters.sandbox.faults import answers, wire
from adapters.sandbox.faults.kinds import Fault
from adapters.sandbox.faults.outcomes import Expected

BOOKINGS = (
    Fault(
        "E7",
        "commit_then_drop",
        "books, and closes without a byte",
        wire.committing(wire.send_nothing),
        booking=Expected.AMBIGUOUS,
    ),
    Fault(
        "E7",
        "commit_then_reset",
        "books, and resets the connection",
        wire.committing(wire.reset),
        booking=Expected.AMBIGUOUS,
    ),
    Fault(
        "E7",
        "commit_then_hang",
        "books, and never answers",
        wire.committing(wire.hang),
        is_slow=True,
        booking=Expected.AMBIGUOUS,
    ),
    Fault(
        "E7",
        "commit_then_500",
        "books, and answers 500",
        wire.committing(answers.replying(500)),
        booking=Expected.AMBIGUOUS,
    ),
    Fault(
        "E7",
        "commit_then_html",
        "books, and answers a page",
        wire.committing(answers.replying(201, body=answers.LOGIN_PAGE, kind="text/html")),
        booking=Expected.AMBIGUOUS,
    ),
    Fault(
        "E8",
        "answer_late",
        "books at once, and says so after so many seconds",
        wire.answer_late,
        is_slow=True,
        seconds=1.0,
        booking=Expected.AMBIGUOUS,
    ),
    Fault(
        "E8",
        "answer_twice",
        "sends every answer twice",
        wire.answer_twice,
        page=Expected.READ,
        booking=Expected.BOOKED,
    ),
)
