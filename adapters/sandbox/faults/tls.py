"""Certificates that something is wrong with, made on the spot by an authority of our own."""

import ssl
import tempfile
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.sandbox.faults.kinds import Port

_HERE: Sequence[x509.GeneralName] = (
    x509.IPAddress(ip_address("127.0.0.1")),
    x509.DNSName("localhost"),
)
_ELSEWHERE: Sequence[x509.GeneralName] = (x509.DNSName("orang-lain.example"),)
_YEAR = timedelta(days=365)


class Authority:
    """Issues certificates for keys that it makes."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("Otoritas Kotak Pasir")
        self._certificate = self._signed(self._name, self._key.public_key(), (), is_authority=True)

    @property
    def pem(self) -> str:
        """Its own certificate, for who wants to trust it."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def context(self, hosts: Sequence[x509.GeneralName], lasts: timedelta) -> ssl.SSLContext:
        """Return a server's context whose certificate, for `hosts`, still `lasts` so long."""
        key = ec.generate_private_key(ec.SECP256R1())
        issued = self._signed(_named("kotak pasir"), key.public_key(), hosts, lasts=lasts)
        plain = serialization.NoEncryption()
        pkcs8 = serialization.PrivateFormat.PKCS8
        pem = serialization.Encoding.PEM
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:  # the library loads keys from files only
            path = Path(folder) / "both.pem"
            path.touch(mode=0o600)
            path.write_bytes(issued.public_bytes(pem) + key.private_bytes(pem, pkcs8, plain))
            context.load_cert_chain(path)
        return context

    def _signed(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePublicKey,
        hosts: Sequence[x509.GeneralName],
        *,
        lasts: timedelta = _YEAR,
        is_authority: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _YEAR)
            .not_valid_after(now + lasts)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        )
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        return builder.sign(self._key, hashes.SHA256())


@cache
def authority() -> Authority:
    """Return the sandbox's authority, which nobody trusts unless told to."""
    return Authority()


def server_context(port: Port | None) -> ssl.SSLContext | None:
    """Return what a port speaks TLS with under a fault; None is plain HTTP."""
    match port:
        case Port.TLS_GOOD:
            return authority().context(_HERE, _YEAR)
        case Port.TLS_EXPIRED:
            return authority().context(_HERE, -timedelta(days=1))
        case Port.TLS_WRONG_HOST:
            return authority().context(_ELSEWHERE, _YEAR)
        case Port.TLS_UNKNOWN_AUTHORITY:
            return Authority().context(_HERE, _YEAR)
        case Port.TLS_OLD:
            return _old(authority().context(_HERE, _YEAR))
    return None


def _old(context: ssl.SSLContext) -> ssl.SSLContext:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that is the point
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
