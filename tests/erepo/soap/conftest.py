"""Identities shared by the tests of the wire."""

import pytest

from tests.support.soap_messages import Identity, identity


@pytest.fixture(scope="session")
def elliptic() -> Identity:
    """Return an EC P-256 signer."""
    return identity("ec-p256")


@pytest.fixture(scope="session")
def rsa() -> Identity:
    """Return an RSA-3072 signer."""
    return identity("rsa-3072")


@pytest.fixture(scope="session", params=["ec-p256", "rsa-3072"])
def signing(request: pytest.FixtureRequest, elliptic: Identity, rsa: Identity) -> Identity:
    """Return each kind of signer in turn."""
    return elliptic if request.param == "ec-p256" else rsa
