"""Signatures inside documents: found at a glance, verified strictly, never touched."""

from erepo.cda.signature.seeking import carries_signature, is_suspect
from erepo.cda.signature.verifying import Finding, Proven, verify_document

__all__ = ["Finding", "Proven", "carries_signature", "is_suspect", "verify_document"]
