"""Asking an authority's responder about one certificate (OCSP, RFC 6960), and proving what it answers.

The answer counts if it is signed by the issuer itself, or by a responder whose certificate the issuer signed
for this (id-kp-OCSPSigning); if it is about our certificate; if it carries our nonce, or is fresh by its own
times. Responders that make their answers beforehand send no nonce: then their times alone decide.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from erepo.pki.revocation.addresses import extension
from erepo.pki.revocation.crls import SKEW
from erepo.pki.revocation.errors import (
    OcspBusy,
    OcspForged,
    OcspRefused,
    OcspUnauthorised,
    OcspUnknown,
    RevokedByOcsp,
)

_UNREADABLE: Final = (ValueError, TypeError, UnsupportedAlgorithm)
_WEAK: Final = (hashes.SHA1, hashes.MD5)
#: An answer without an end of its own is believed so long.
_FRESH: Final = timedelta(hours=1)
_NONCE: Final = 32


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; the hash in it is a name of the issuer, it protects nothing (RFC 6960 §4.3: SHA-1)."""

    certificate: x509.Certificate
    issuer: x509.Certificate
    nonce: bytes
    octets: bytes


def ask_about(certificate: x509.Certificate, issuer: x509.Certificate) -> Question:
    """Make the question about a certificate, with a new nonce."""
    nonce = secrets.token_bytes(_NONCE)
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
    request = builder.add_extension(x509.OCSPNonce(nonce), critical=False).build()
    return Question(certificate, issuer, nonce, request.public_bytes(serialization.Encoding.DER))


def judge_answer(octets: bytes, question: Question, host: str, at: datetime) -> x509.Certificate | None:
    """Return if the answer proves that the certificate is good.

    Args:
        octets: the answer.
        question: what was asked.
        host: the responder, for people.
        at: now, aware.

    Returns:
        The responder's own certificate where the issuer has delegated; None where it answers itself.

    Raises:
        RevokedByOcsp: the certificate was revoked.
        OcspUnknown, OcspBusy: nothing is said now.
        OcspUnauthorised, OcspRefused, OcspForged: the answer proves nothing.
    """
    try:
        response = ocsp.load_der_ocsp_response(octets)
        _expect_success(response.response_status, host)
        delegate = _expect_signature(response, question.issuer, host, at)
        single = _ours(response, question, host)
        _expect_fresh(response, single, question.nonce, host, at)
    except _UNREADABLE:
        raise OcspForged(host=host, rule="unreadable / nieczytelna") from None
    if single.certificate_status is ocsp.OCSPCertStatus.REVOKED:
        since = single.revocation_time_utc
        raise RevokedByOcsp.of(question.certificate, since or at, single.revocation_reason)
    if single.certificate_status is not ocsp.OCSPCertStatus.GOOD:
        raise OcspUnknown(host=host, serial=f"{question.certificate.serial_number:X}")
    return delegate


def _expect_success(status: ocsp.OCSPResponseStatus, host: str) -> None:
    if status is ocsp.OCSPResponseStatus.SUCCESSFUL:
        return
    if status is ocsp.OCSPResponseStatus.UNAUTHORIZED:
        raise OcspUnauthorised(host=host)
    if status in (ocsp.OCSPResponseStatus.TRY_LATER, ocsp.OCSPResponseStatus.INTERNAL_ERROR):
        raise OcspBusy(host=host, reason=status.name.lower())
    raise OcspRefused(host=host, reason=status.name.lower())


def _expect_signature(
    response: ocsp.OCSPResponse, issuer: x509.Certificate, host: str, at: datetime
) -> x509.Certificate | None:
    for signer in (issuer, *response.certificates):
        if not _is_responder(response, signer):
            continue
        if signer != issuer and not _delegated(signer, issuer, at):
            continue
        if _signed(response, signer):
            return None if signer == issuer else signer
    raise OcspForged(host=host, rule="not signed by the authority / niepodpisana przez urząd")


def _is_responder(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    if response.responder_name is not None:
        return signer.subject == response.responder_name
    digest = x509.SubjectKeyIdentifier.from_public_key(signer.public_key()).digest
    return response.responder_key_hash == digest


def _delegated(signer: x509.Certificate, issuer: x509.Certificate, at: datetime) -> bool:
    """Tell whether the issuer lets this certificate answer in its name, now."""
    usage = extension(signer.extensions, x509.ExtendedKeyUsage)
    if usage is None or ExtendedKeyUsageOID.OCSP_SIGNING not in usage:
        return False
    if not signer.not_valid_before_utc <= at <= signer.not_valid_after_utc:
        return False
    if isinstance(signer.signature_hash_algorithm, _WEAK):
        return False
    try:
        signer.verify_directly_issued_by(issuer)
    except (*_UNREADABLE, InvalidSignature):
        return False
    return True


def _signed(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    algorithm, key = response.signature_hash_algorithm, signer.public_key()
    if algorithm is None or isinstance(algorithm, _WEAK):
        return False
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _ours(response: ocsp.OCSPResponse, question: Question, host: str) -> ocsp.OCSPSingleResponse:
    """Return what the answer says of our certificate."""
    for single in response.responses:
        # Named by the hash that the responder chose, so it is computed with that one.
        builder = ocsp.OCSPRequestBuilder().add_certificate(
            question.certificate, question.issuer, single.hash_algorithm
        )
        wanted = builder.build()
        found = (single.serial_number, single.issuer_name_hash, single.issuer_key_hash)
        if found == (wanted.serial_number, wanted.issuer_name_hash, wanted.issuer_key_hash):
            return single
    raise OcspForged(host=host, rule="about another certificate / o innym certyfikacie")


def _expect_fresh(
    response: ocsp.OCSPResponse, single: ocsp.OCSPSingleResponse, nonce: bytes, host: str, at: datetime
) -> None:
    told = extension(response.extensions, x509.OCSPNonce)
    if told is not None and told.nonce != nonce:
        raise OcspForged(host=host, rule="answer to another question / odpowiedź na inne pytanie")
    until = single.next_update_utc or single.this_update_utc + _FRESH
    if not single.this_update_utc - SKEW <= at <= until + SKEW:
        raise OcspForged(host=host, rule="too old or from the future / nieaktualna lub z przyszłości")
