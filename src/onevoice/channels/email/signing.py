"""DKIM signatures (RFC 6376, RFC 8463), relaxed in header and body.

Canonical forms are dkimpy's. The signature itself is made by `cryptography`: dkimpy computes RSA in Python, 7 ms for a
message where this takes 0.3 ms, takes the time from the machine's clock, and needs another library for Ed25519.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from dkim.canonicalization import Relaxed

_SELECTOR = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*")
_RSA_LEAST_BITS = 1024

SIGNED = (
    b"from", b"to", b"subject", b"date", b"message-id", b"reply-to", b"in-reply-to", b"references", b"mime-version",
    b"content-type", b"content-transfer-encoding", b"list-id", b"list-unsubscribe", b"list-unsubscribe-post",
    b"auto-submitted",
)  # fmt: skip
"""Each is named once more often than it stands in the message, so that none can be added on the way."""


class UnusableKeyError(ValueError):
    """The key or its selector cannot sign; says why, never what it is."""


class Signer:
    def __init__(self, domain: str, selector: str, private_key: str) -> None:
        """private_key: PEM, RSA or Ed25519. Raises: UnusableKeyError."""
        if not _SELECTOR.fullmatch(selector):
            raise UnusableKeyError("dkim_selector is missing or is not a name that can stand in DNS")
        try:
            key = serialization.load_pem_private_key(private_key.strip().encode(), None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise UnusableKeyError("dkim_private_key is not a private key in PEM without a passphrase") from None
        if isinstance(key, rsa.RSAPrivateKey):
            if key.key_size < _RSA_LEAST_BITS:
                raise UnusableKeyError(f"dkim_private_key has fewer than {_RSA_LEAST_BITS} bits: nobody accepts it")
        elif not isinstance(key, ed25519.Ed25519PrivateKey):
            raise UnusableKeyError("dkim_private_key is neither RSA nor Ed25519")
        self._key = key
        self._algorithm = "rsa-sha256" if isinstance(key, rsa.RSAPrivateKey) else "ed25519-sha256"
        self._domain, self._selector = domain, selector

    @property
    def record(self) -> tuple[str, str]:
        """The TXT record to publish: its name and its text."""
        public = self._key.public_key()
        if isinstance(public, ed25519.Ed25519PublicKey):
            kind, data = "ed25519", public.public_bytes_raw()
        else:
            kind = "rsa"
            data = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        name = f"{self._selector}._domainkey.{self._domain}"
        return name, f"v=DKIM1; k={kind}; p={base64.b64encode(data).decode()}"

    def header(self, headers: Sequence[str], body: bytes, at: datetime) -> str:
        """The DKIM-Signature field for these fields, folded as they will be sent, without its line end."""
        raw = [(name.encode(), value.encode()) for name, _, value in (each.partition(":") for each in headers)]
        canonical = Relaxed.canonicalize_headers([(name, value + b"\r\n") for name, value in raw])
        named = [name for name in SIGNED for _ in range(1 + sum(each[0].lower() == name for each in raw))]
        body_hash = base64.b64encode(hashlib.sha256(Relaxed.canonicalize_body(body)).digest()).decode()
        tags = (
            f"v=1; a={self._algorithm}; c=relaxed/relaxed; d={self._domain};\r\n"
            f" s={self._selector}; t={int(at.timestamp())}; h={_folded(named)};\r\n bh={body_hash};\r\n b="
        )
        unsigned = Relaxed.canonicalize_headers([(b"DKIM-Signature", f" {tags}".encode())])[0]
        covered = [name + b":" + value for wanted in SIGNED for name, value in reversed(canonical) if name == wanted]
        signed = self._sign(b"".join(covered) + unsigned[0] + b":" + unsigned[1].rstrip(b"\r\n"))
        pieces = [signed[at : at + 72] for at in range(0, len(signed), 72)]
        return "DKIM-Signature: " + tags + "\r\n ".join(pieces)

    def _sign(self, data: bytes) -> str:
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            signature = self._key.sign(hashlib.sha256(data).digest())
        else:
            signature = self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(signature).decode()


def _folded(names: Sequence[bytes]) -> str:
    lines, line = [], ""
    for name in names:
        if len(line) + len(name) > 68:
            lines.append(line)
            line = ""
        line += f"{name.decode()}:"
    return "\r\n  ".join([*lines, line]).rstrip(":")
