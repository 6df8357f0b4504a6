"""What the partner API answers when it does not do what is asked: a stable code each.

A code is a prefix, the HTTP status, and a number.  Four are the published ones; the others
follow their form.  The table in the documentation is made from this.
"""

from enum import Enum

from schema.model.enrolment import EnrolErrorCode

_STATUS = slice(6, 9)


class Fault(Enum):
    """A code and its sentence, which says what to do next and repeats nothing that was sent."""

    NOT_JSON = "ERRPLT40001", "the body is not a JSON object"
    BAD_FIELD = "ERRPLT40002", "a field is missing or not as documented"
    CANCELLED_ALREADY = "ERRPLT40028", "the transaction is cancelled already"
    EMPTY_CODES = "ERRPLT40036", "course_code or schedule_code is empty"
    UNKNOWN_SCHEDULE = "ERRPLT40037", "you sell no such course with such a schedule"
    UNKNOWN_INVOICE = "ERRPLT40038", "you have no transaction of this invoice code"
    INVOICE_USED = "ERRPLT40039", "the invoice code belongs to another payment; use a new one"
    CLOSED = "ERRPLT40041", "the schedule has started or takes no more enrolments"
    FULL = "ERRPLT40042", "the quota of the schedule is used up"
    NOT_ELIGIBLE = "ERRPLT40043", "the learner may not take part: registration, age or education"
    ALREADY_ENROLLED = "ERRPLT40044", "the learner has taken this course already"
    BALANCE_TOO_LOW = "ERRPLT40045", "the learner's balance does not cover the amount"
    PRICE_CHANGED = "ERRPLT40046", "the amount is not the price that the catalogue tells"
    BLOCKED = "ERRPLT40047", "the programme has stopped this course"
    UNFINISHED = "ERRPLT40048", "the learner has to complete and rate the previous course first"
    DEADLINE_PASSED = "ERRPLT40049", "the learner's deadline for buying has passed"
    CANCELLED_BEFORE = "ERRPLT40050", "the learner has cancelled this course before"
    NOT_ON_SALE = "ERRPLT40051", "the course is not on sale"
    IN_PROGRESS = "ERRPLT40098", "an earlier request is still being recorded; ask payment/status"
    UNEXPECTED = "ERRPLT40099", "this failed; ask payment/status before you repeat it"
    UNKNOWN_CALL = "ERRPLT40401", "there is no such call"
    NOT_POST = "ERRPLT40501", "every call is a POST"
    TOO_SLOW = "ERRPLT40801", "the body did not arrive in time"
    TOO_LARGE = "ERRPLT41301", "the body is larger than 64 kB"
    UNSIGNED = "ERRAUT40101", "client_code or signature is wrong"
    UNTIMELY = "ERRAUT40102", "the timestamp is more than five minutes off; check the clock"
    UNKNOWN_TOKEN = "ERRAUT40103", "the payment token is missing, unknown or expired"
    WRONG_PASSWORD = "ERROTP40001", "the one-time password is wrong"
    LOCKED = "ERROTP40002", "too many wrong one-time passwords; begin again in half an hour"
    UNDELIVERABLE = "ERROTP40003", "one-time passwords cannot be delivered; tell the programme"
    TOO_MANY_SENT = "ERROTP42901", "too many one-time passwords were sent; wait ten minutes"
    UNKNOWN_TRANSACTION = "ERRVOD40001", "you have no such transaction code with this invoice code"
    NOT_VOIDABLE = "ERRVOD40002", "the transaction cannot be cancelled any more"
    UNKNOWN_REDEEM_CODE = "ERRRDM40001", "you have no such redeem code"
    NOT_STANDING = "ERRRDM40002", "the enrolment of this code is cancelled or has lapsed"
    OUTSIDE_WINDOW = "ERRRDM40003", "the course cannot be redeemed at this time"
    REDEEM_FIRST = "ERRRDM40004", "redeem the code first, with sequence 1"
    NOT_A_TEST = "ERRRDM40005", "only test codes (PRAT-) can be reset"
    EMAIL_USED = "ERRRDM40006", "this e-mail address attends the course under another code"

    @property
    def code(self) -> str:
        """The code, for programs."""
        return self.value[0]

    @property
    def message(self) -> str:
        """The sentence, for people."""
        return self.value[1]

    @property
    def status(self) -> int:
        """The HTTP status that the code names."""
        return int(self.code[_STATUS])


class PartnerApiError(Exception):
    """A call is answered with a fault; `detail` replaces its sentence."""

    def __init__(self, fault: Fault, detail: str | None = None) -> None:
        super().__init__(detail or fault.message)
        self.fault = fault


_CODE = EnrolErrorCode
_OF_REFUSALS = {
    _CODE.ALREADY_ENROLLED: Fault.ALREADY_ENROLLED,
    _CODE.BALANCE_TOO_LOW: Fault.BALANCE_TOO_LOW,
    _CODE.CANCELLED_BEFORE: Fault.CANCELLED_BEFORE,
    _CODE.COURSE_BLOCKED: Fault.BLOCKED,
    _CODE.COURSE_FULL: Fault.FULL,
    _CODE.DEADLINE_PASSED: Fault.DEADLINE_PASSED,
    _CODE.ENROLMENT_CLOSED: Fault.CLOSED,
    _CODE.IDEMPOTENCY_CONFLICT: Fault.INVOICE_USED,
    _CODE.IN_PROGRESS: Fault.IN_PROGRESS,
    _CODE.NOT_ELIGIBLE: Fault.NOT_ELIGIBLE,
    _CODE.NOT_ENROLABLE: Fault.NOT_ON_SALE,
    _CODE.NOT_FOUND: Fault.UNKNOWN_SCHEDULE,
    _CODE.PREVIOUS_COURSE_UNFINISHED: Fault.UNFINISHED,
    _CODE.PRICE_CHANGED: Fault.PRICE_CHANGED,
    _CODE.SESSION_REQUIRED: Fault.UNKNOWN_SCHEDULE,
}


def of_refusal(code: EnrolErrorCode) -> Fault:
    """Return the fault that tells a partner of a rule's refusal, without what it rests on."""
    return _OF_REFUSALS.get(code, Fault.IN_PROGRESS)
