"""Signatures inside documents: found at a glance, verified strictly, never touched."""

from erepo.cda.signature.seeking import carries_signature, is_suspect
from erepo.cda.signature.verifying import Finding, Proven, verify_document
from erepo.cda.signature.warning import PREFIX, is_broken, signature_warnings

__all__ = [
    "PREFIX",
    "Finding",
    "Proven",
    "carries_signature",
    "is_broken",
    "is_suspect",
    "signature_warnings",
    "verify_document",
]
