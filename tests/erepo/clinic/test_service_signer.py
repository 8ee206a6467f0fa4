"""Answers count only with the service's own signature, whoever else its authority vouches for."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from erepo.clinic.connection import _only
from erepo.pki.authority import Authority
from erepo.pki.keys import new_key
from erepo.soap.errors import SignerRefused

AUTHORITY = Authority.create("authority of service and accounts")
SERVICE = AUTHORITY.issue_signer(new_key(), "erepo cloud WSS")
ACCOUNT = AUTHORITY.issue_signer(new_key(), "0000000000001003 WSS")


def test_the_pinned_signer_is_accepted_alone() -> None:
    """The signer told at activation, and its successor of the same name; nobody else of that authority."""
    accept = _only(SERVICE.public_bytes(Encoding.PEM))
    accept(SERVICE)
    accept(AUTHORITY.issue_signer(new_key(), "erepo cloud WSS"))
    with pytest.raises(SignerRefused):
        accept(ACCOUNT)


def test_without_a_pin_no_account_speaks_for_the_service() -> None:
    """Where nobody told the signer, any but an account's certificate will do."""
    accept = _only(b"")
    accept(SERVICE)
    with pytest.raises(SignerRefused):
        accept(ACCOUNT)
