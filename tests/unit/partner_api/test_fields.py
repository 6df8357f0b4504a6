"""Partners' bodies are read leniently, and codes name their HTTP status."""

import re
from datetime import UTC, datetime

import pytest

from gateway.partner_api.attendance_urls import check_email, check_redirect, with_code
from gateway.partner_api.faults import Fault, PartnerApiError, of_refusal
from gateway.partner_api.fields import to_number, to_optional_text, to_text
from gateway.partner_api.partner_keys import (
    KeyEntry,
    PartnerKeyError,
    check_client_code,
    find_ambiguous,
)
from schema.model.enrolment import EnrolErrorCode
from schema.model.values import PartnerCode


@pytest.mark.parametrize("told", ["77", 77, " 77 "])
def test_texts_and_numbers_are_one(told: object):
    assert to_text({"invoice_code": told}, "invoice_code") == "77"
    assert to_number({"invoice_code": told}, "invoice_code") == 77


@pytest.mark.parametrize("told", [None, "", " ", True, 7.5, [], {}, "a\x00b", "a\nb", "x" * 101])
def test_what_is_no_text_is_refused_by_its_name(told: object):
    with pytest.raises(PartnerApiError, match="invoice_code") as caught:
        to_text({"invoice_code": told}, "invoice_code")

    assert caught.value.fault is Fault.BAD_FIELD


@pytest.mark.parametrize("told", ["", "-1", -1, "1.0", 1.0, True, "٣", "9" * 17, 2**53])
def test_what_is_no_number_is_refused_by_its_name(told: object):
    with pytest.raises(PartnerApiError, match="amount"):
        to_number({"amount": told}, "amount")


def test_what_need_not_be_told_has_a_default():
    assert to_number({"sequence": None}, "sequence", default=1) == 1
    assert to_optional_text({"invoice_url": ""}, "invoice_url") is None
    with pytest.raises(PartnerApiError):
        to_number({}, "amount")


def test_every_code_is_of_the_published_form_and_its_own():
    codes = [fault.code for fault in Fault]

    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"ERR[A-Z]{3}4\d\d\d\d", code) for code in codes)
    assert {"ERRPLT40036", "ERRPLT40028", "ERRVOD40001"} < set(codes)
    assert Fault.TOO_LARGE.status == 413


def test_a_refusal_has_its_code():
    told = {code: of_refusal(code) for code in EnrolErrorCode}

    assert told[EnrolErrorCode.ALREADY_ENROLLED] is Fault.ALREADY_ENROLLED
    assert told[EnrolErrorCode.COURSE_FULL] is Fault.FULL


@pytest.mark.parametrize(
    ("code", "other", "is_ambiguous"),
    [
        ("toko", "toko1", True),
        ("toko12", "toko", True),
        ("toko", "toko", False),
        ("toko", "toko1a", False),
        ("toko1", "toko2", False),
    ],
)
def test_client_codes_that_a_timestamp_makes_ambiguous(code, other, is_ambiguous):
    assert (find_ambiguous(code, [other]) is not None) is is_ambiguous


@pytest.mark.parametrize(
    ("code", "standing", "reason"),
    [
        ("1toko", {}, "a letter and"),
        ("to ko", {}, "a letter and"),
        ("toko", {"toko": "bukalapak"}, "another partner's"),
        ("toko7", {"toko": "tokopedia"}, "ambiguous"),
    ],
)
def test_client_codes_that_cannot_be(code, standing, reason):
    entry = KeyEntry("K", PartnerCode("tokopedia"), code, datetime(2018, 1, 18, tzinfo=UTC))

    with pytest.raises(PartnerKeyError, match=reason):
        check_client_code(entry, standing)


@pytest.mark.parametrize(
    "address",
    [
        "http://lms.test/kelas",
        "javascript:alert(1)",
        "https://",
        "https://u:p@lms.test/",
        "https://lms.test/#x",
        "https://lms.test:99999/",
        "//lms.test/",
        "https://[::1",
    ],
)
def test_addresses_that_nobody_is_sent_to(address: str):
    with pytest.raises(PartnerApiError, match="redirect_uri"):
        check_redirect(address)


def test_the_code_is_added_to_the_partners_address():
    check_redirect("https://lms.test/kelas?id=7&code=old")

    assert (
        with_code("https://lms.test/k?id=7&code=old", "a.b") == "https://lms.test/k?id=7&code=a.b"
    )


@pytest.mark.parametrize("email", ["siti", "@example.id", "siti@", "a b@example.id", "siti@local"])
def test_what_is_no_email_is_refused(email: str):
    with pytest.raises(PartnerApiError, match="e-mail"):
        check_email(email)
