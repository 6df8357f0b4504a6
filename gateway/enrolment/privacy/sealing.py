"""Sealing bytes with AES-256-GCM, bound to what they belong to.  Pure but for the nonce."""

import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


def encrypt(key: bytes, text: bytes, bound_to: str) -> bytes:
    """Return `text`, sealed; it opens only for what it is bound to."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text, bound_to.encode())


def decrypt(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    """Return what was sealed.  Raises `InvalidTag` if it was changed, moved or sealed otherwise."""
    return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to.encode())
