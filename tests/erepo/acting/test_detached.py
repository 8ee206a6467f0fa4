"""The detached signature over a body: by a registered key over these octets, or refused."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import get_default_algorithms

from erepo.acting import SealRefused, read_detached, write_detached
from erepo.pki.bundle import fingerprint
from tests.support.acting_kit import ActingKit
from tests.support.actors import NOW, expected_of
from tests.support.soap_messages import Identity

BODY = '{"case": "żółć"}'.encode()


def encoded(octets: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def header_of(text: str) -> dict[str, Any]:
    """Return the header of a signature."""
    part = text.partition(".")[0]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def forged(identity: Identity, body: bytes = BODY, **changed: Any) -> str:
    """Sign with a header of the attacker's choice; None leaves a field out."""
    header = {**header_of(write_detached(body, identity.bundle)), **changed}
    header = {name: value for name, value in header.items() if value is not None}
    protected = encoded(json.dumps(header).encode())
    rsa_key = isinstance(identity.bundle.key, rsa.RSAPrivateKey)
    name = header.get("alg") if header.get("alg") in ("RS256", "PS256", "ES256") else None
    algorithm = get_default_algorithms()[name or ("RS256" if rsa_key else "ES256")]
    signed = algorithm.sign(f"{protected}.{encoded(body)}".encode(), identity.bundle.key)
    return f"{protected}..{encoded(signed)}"


def test_what_is_written_is_read(kit: ActingKit) -> None:
    """Each algorithm of a key, with and without moment and id; the text is kept as it came."""
    key = kit.victim.bundle.key
    for algorithm in ("RS256", "PS256") if isinstance(key, rsa.RSAPrivateKey) else ("ES256",):
        for more in ({}, {"now": NOW, "jti": "x"}):
            text = write_detached(BODY, kit.victim.bundle, algorithm=algorithm, **more)  # type: ignore[arg-type]
            proven = read_detached(text, bytearray(BODY), expected_of(kit.victim))
            assert (proven.text, proven.signer) == (text, fingerprint(kit.victim.bundle.certificate))
            assert header_of(text)["alg"] == algorithm


@pytest.mark.parametrize(
    "changed",
    [
        {"crit": ["b64"], "b64": False},
        {"crit": []},
        {"b64": True},
        {"jwk": {}},
        {"x5c": []},
        {"jku": "https://evil.example"},
        {"kid": "x"},
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": ["ES256"]},
        {"alg": None},
        {"x5t#S256": None},
        {"x5t#S256": "AAAA"},
        {"typ": "application/jwt+evil"},
        {"iat": "now"},
        {"iat": True},
        {"iat": 1e30},
        {"iat": (NOW - timedelta(hours=1)).timestamp()},
        {"iat": (NOW + timedelta(hours=1)).timestamp()},
    ],
    ids=lambda each: "-".join(f"{name}" for name in each),
)
def test_headers_that_are_not_understood(kit: ActingKit, changed: dict[str, Any]) -> None:
    """Signed by the right key, refused for what the header says."""
    assert read_detached(forged(kit.victim), BODY, expected_of(kit.victim))
    with pytest.raises(SealRefused):
        read_detached(forged(kit.victim, **changed), BODY, expected_of(kit.victim))


def test_other_keys_and_other_bodies(kit: ActingKit) -> None:
    """A neighbour's or stranger's key, also under the victim's thumbprint; one octet more; an old signer."""
    good = write_detached(BODY, kit.victim.bundle)
    print_ = header_of(good)["x5t#S256"]
    texts = [write_detached(BODY, each.bundle) for each in (kit.neighbour, kit.stranger)]
    texts += [forged(each, **{"x5t#S256": print_}) for each in (kit.neighbour, kit.stranger)]
    texts += [
        "",
        ".",
        "..",
        "a.b.c",
        good.replace("..", f".{encoded(BODY)}."),
        f"{good}=",
        f" {good}",
        good * 99,
    ]
    for text in texts:
        with pytest.raises(SealRefused):
            read_detached(text, BODY, expected_of(kit.victim))
    with pytest.raises(SealRefused):
        read_detached(good, BODY + b" ", expected_of(kit.victim))
    expected = expected_of(kit.victim)
    with pytest.raises(SealRefused):
        read_detached(good, BODY, replace(expected, certificates=()))
    with pytest.raises(SealRefused):
        read_detached(good, BODY, replace(expected, now=NOW + timedelta(days=36500)))


def test_every_changed_letter_is_refused(kit: ActingKit) -> None:
    """No letter of a good signature may be another one."""
    good = write_detached(BODY, kit.victim.bundle)
    for place in range(0, len(good), 7):
        changed = good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
        with pytest.raises(SealRefused):
            read_detached(changed, BODY, expected_of(kit.victim))
