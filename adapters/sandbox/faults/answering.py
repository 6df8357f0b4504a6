"""C7, C9, C11 to C14: whole answers, in HTTP, that are not what was asked for."""

from adapters.sandbox.faults import answers, wire
from adapters.sandbox.faults.kinds import Fault
from adapters.sandbox.faults.outcomes import LOST, NO_ACCESS, NONSENSE, THROTTLED, Expected

STATUSES = (
    Fault(
        "C7",
        "html",
        "a page to log in, with 200",
        answers.replying(200, body=answers.LOGIN_PAGE, kind="text/html"),
        **NONSENSE,
    ),
    Fault(
        "C9",
        "error_body",
        "an error in the body, with 200",
        answers.replying(200, body=answers.ERROR_BODY, kind="application/json"),
        **NONSENSE,
        unlike={"sekolahmu": Expected.UNAVAILABLE},
    ),
    Fault(
        "C9",
        "null_body",
        "`null`, with 200",
        answers.replying(200, body=b"null", kind="application/json"),
        **NONSENSE,
    ),
    Fault("C9", "no_body", "nothing, with 200", answers.replying(200), **NONSENSE),
    Fault("C9", "no_content", "204", answers.replying(204), **NONSENSE),
    Fault(
        "C11",
        "redirect_http",
        "301 to plain HTTP",
        answers.redirecting(answers.to_plain_http),
        **NONSENSE,
    ),
    Fault(
        "C11",
        "redirect_metadata",
        "301 to 169.254.169.254",
        answers.redirecting(lambda _: "http://169.254.169.254/latest/meta-data/"),
        **NONSENSE,
    ),
    Fault(
        "C11",
        "redirect_file",
        "301 to file:",
        answers.redirecting(lambda _: "file:///etc/passwd"),
        **NONSENSE,
    ),
    Fault(
        "C11", "redirect_loop", "301 to itself", answers.redirecting(answers.to_itself), **NONSENSE
    ),
    Fault(
        "C11",
        "redirect_away",
        "301 to another host",
        answers.redirecting(answers.to_other_host),
        **NONSENSE,
    ),
    Fault(
        "C12",
        "unauthorised",
        "401, whatever we show",
        answers.replying(401),
        **NO_ACCESS,
    ),
    Fault(
        "C12",
        "token_expired",
        "401 once, to a token that was good",
        answers.replying(401),
        times=1,
        **NO_ACCESS,
        unlike={"tokopedia": Expected.READ},
        unlike_booking={"tokopedia": Expected.BOOKED},
    ),
    Fault(
        "C12",
        "forbidden",
        "403",
        answers.replying(403),
        **NO_ACCESS,
    ),
    Fault(
        "C13",
        "throttle_hour",
        "429 with Retry-After: 3600",
        answers.throttling("3600"),
        **THROTTLED,
    ),
    Fault(
        "C13",
        "throttle_negative",
        "429 with Retry-After: -1",
        answers.throttling("-1"),
        **THROTTLED,
    ),
    Fault(
        "C13",
        "throttle_word",
        "429 with Retry-After: tomorrow",
        answers.throttling("tomorrow"),
        **THROTTLED,
    ),
    Fault(
        "C13",
        "throttle_past",
        "429 with a date long past",
        answers.throttling("Wed, 21 Oct 2015 07:28:00 GMT"),
        **THROTTLED,
    ),
    Fault("C14", "http_500", "500", answers.replying(500), **LOST),
    Fault("C14", "http_502", "502", answers.replying(502), **LOST),
    Fault("C14", "http_503", "503", answers.replying(503), **LOST),
    Fault("C14", "http_504", "504", answers.replying(504), **LOST),
)

# Once only: what the gateway's own retries are for, so nothing for an adapter alone.
ONCE = (
    Fault(
        "C6",
        "nothing_once",
        "closes without a byte, once",
        wire.send_nothing,
        times=1,
        page=Expected.READ,
        booking=Expected.AMBIGUOUS,
    ),
    Fault(
        "C13",
        "throttle_once",
        "429 once, to come back in a second",
        answers.throttling("1"),
        times=1,
        page=Expected.READ,
        booking=Expected.BOOKED,
    ),
    Fault(
        "C14",
        "http_503_once",
        "503 once",
        answers.replying(503),
        times=1,
        page=Expected.READ,
        booking=Expected.AMBIGUOUS,
    ),
)
