"""Identities shared by the tests of assertions."""

import pytest

from tests.support.acting_kit import ActingKit
from tests.support.soap_messages import identity


@pytest.fixture(scope="session", params=["ec-p256", "rsa-3072"])
def kit(request: pytest.FixtureRequest) -> ActingKit:
    """Return the attacker's kit, with each kind of key for the victim."""
    victim = identity(request.param)
    return ActingKit(victim, identity("ec-p256", victim.authority), identity())
