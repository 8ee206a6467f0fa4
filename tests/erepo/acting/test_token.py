"""The token beside REST requests: proven by a registered key with that key's own algorithm, or refused."""

import base64
import hmac
import json
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from erepo.acting import TokenRefused, Tokens, UserUnknown, read_token, write_token
from erepo.errors import ErepoError
from erepo.identifiers import oids
from erepo.identifiers.hl7 import CE
from erepo.identifiers.pesel import make
from tests.support.acting_kit import ActingKit
from tests.support.actors import ACCOUNT, CLERK, DOCTOR, NOW, SERVICE, expected_of
from tests.support.soap_messages import Identity, identity


def algorithm(identity: Identity) -> str:
    """Return the algorithm of a key."""
    return "ES256" if isinstance(identity.bundle.key, ec.EllipticCurvePrivateKey) else "RS256"


def claims(**changed: Any) -> dict[str, Any]:
    """Return good claims, as another program writes them; None leaves one out."""
    issued = int(NOW.timestamp())
    good = {
        "iss": ACCOUNT,
        "aud": SERVICE,
        "sub": f"{DOCTOR.id_root}:{DOCTOR.id}",
        "role": "LEK",
        "purpose": "TREAT",
        "iat": issued,
        "exp": issued + 300,
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def token(identity: Identity, headers: dict[str, Any] | None = None, **changed: Any) -> str:
    """Return a token of an identity."""
    return jwt.encode(claims(**changed), identity.bundle.key, algorithm(identity), headers)


def test_what_is_written_is_read(kit: ActingKit) -> None:
    """Our token names person, role, purpose and name; it is a JWT with the certificate's thumbprint."""
    for actor in (DOCTOR, CLERK):
        text = write_token(actor, kit.victim.bundle, SERVICE, now=NOW)
        assert read_token(text, expected_of(kit.victim)) == actor
    header = jwt.get_unverified_header(text)
    print_ = base64.urlsafe_b64encode(kit.victim.bundle.certificate.fingerprint(SHA256())).decode()
    assert header == {"typ": "JWT", "alg": algorithm(kit.victim), "x5t#S256": print_.rstrip("=")}
    said = jwt.decode(text, options={"verify_signature": False})
    assert said["exp"] - said["iat"] <= 600
    assert len(said["jti"]) == 32


def _names(changed: dict[str, Any]) -> str:
    # Values hold the time: each worker of a parallel run would name the tests differently.
    return "-".join(changed) or "nothing"


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"aud": ["https://other.example", f"{SERVICE}/"]},
        {"nbf": int(NOW.timestamp())},
        {"sub": DOCTOR.id},
        {"sub": f"urn:oid:{oids.NPWZ_DOCTOR}:{DOCTOR.id}"},
        {"sub": "anna", "npwz": DOCTOR.id},
        {"sub": None, "npwz": DOCTOR.id},
        {"role": {"code": "LEK"}},
        {"role": ["LEK", "ADM"]},
        {"purpose": None, "purposeOfUse": {"code": "TREAT"}},
        {"exp": NOW.timestamp() + 299.5},
    ],
    ids=_names,
)
def test_other_programs_tokens_are_accepted(kit: ActingKit, changed: dict[str, Any]) -> None:
    """Claims in the forms that other programs write them."""
    expected = replace(DOCTOR, role=CE("LEK", ""), purpose=CE("TREAT", ""), name="")
    assert read_token(token(kit.victim, **changed), expected_of(kit.victim)) == expected


OTHER = make(date(1980, 5, 12), 1, "F")
_LATER, _EARLIER = int(NOW.timestamp()) + 400, int(NOW.timestamp()) - 700


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "0000000000001004"},
        {"iss": None},
        {"aud": "https://other.example"},
        {"aud": []},
        {"aud": None},
        {"iat": _LATER, "exp": _LATER + 300},
        {"nbf": _LATER},
        {"iat": _EARLIER, "exp": _EARLIER + 300},
        {"exp": int(NOW.timestamp()) + 601},
        {"exp": 10**30},
        {"exp": 10**400},
        {"iat": -(10**400)},
        {"nbf": float("nan")},
        {"exp": float("inf")},
        {"exp": None},
        {"iat": None},
        {"iat": "now"},
        {"iat": True},
        {"role": None},
        {"role": {"code": ""}},
        {"purpose": None},
        {"purpose": []},
        {"pesel": CLERK.id, "sub": f"{oids.PESEL}:{OTHER}"},
    ],
    ids=_names,
)
def test_claims_that_prove_nothing_are_refused(kit: ActingKit, changed: dict[str, Any]) -> None:
    """Another account, audience or time, or a missing claim."""
    with pytest.raises((TokenRefused, UserUnknown)):
        read_token(token(kit.victim, **changed), expected_of(kit.victim))


@pytest.mark.parametrize("subject", ["anna", None, f"{oids.PESEL}:44051401358", f"1.2.3:{DOCTOR.id}"])
def test_a_user_linked_to_nobody_is_unknown(kit: ActingKit, subject: str | None) -> None:
    """Without a valid PESEL or NPWZ the cure is that of manual 2.4."""
    for text in (token(kit.victim, sub=subject), ""):
        with pytest.raises(UserUnknown) as raised:
            read_token(text, expected_of(kit.victim))
        assert "PESEL lub NPWZ" in raised.value.explain("pl")[1]


def unsigned(kit: ActingKit) -> str:
    """`alg` none."""
    return jwt.encode(claims(), None, "none")


def keyed_with_the_certificate(kit: ActingKit) -> str:
    """HS256 with the public key as secret (RFC 8725 2.1)."""
    key = kit.victim.bundle.certificate.public_key()
    secret = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims())]
    head = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    value = base64.urlsafe_b64encode(hmac.digest(secret, head, "sha256")).rstrip(b"=")
    return (head + b"." + value).decode()


def other_algorithm(kit: ActingKit) -> str:
    """The header names the other algorithm."""
    good = token(kit.victim)
    head = json.dumps({"alg": "RS256" if algorithm(kit.victim) == "ES256" else "ES256"}).encode()
    return base64.urlsafe_b64encode(head).rstrip(b"=").decode() + good[good.index(".") :]


def edited(kit: ActingKit) -> str:
    """Claims changed after signing."""
    head, _, value = token(kit.victim).split(".")
    body = base64.urlsafe_b64encode(json.dumps(claims(role="ADMIN")).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{value}"


@pytest.mark.parametrize(
    "forge",
    [
        unsigned,
        keyed_with_the_certificate,
        other_algorithm,
        edited,
        lambda kit: token(kit.neighbour),
        lambda kit: token(kit.stranger),
        lambda kit: token(kit.victim, {"typ": "secevent+jwt"}),
        lambda kit: token(kit.victim, {"jku": "https://evil.example/keys"}),
        lambda kit: token(kit.victim, {"jwk": {"kty": "EC"}}),
        lambda kit: token(kit.victim, {"crit": ["exp"]}),
        lambda kit: token(kit.victim, {"x5t#S256": "A" * 43}),
        lambda kit: token(kit.victim, {"x5c": ["AAAA"]}),
        lambda kit: token(kit.victim, {"x5c": "AAAA"}),
        lambda kit: token(kit.victim, {"x5c": ["\u0105"]}),
        lambda kit: token(kit.victim, name="x" * 9000),
        lambda _: "Bearer",
        lambda _: "a.b.c",
        lambda kit: token(kit.victim).rsplit(".", 1)[0] + ".",
    ],
)
def test_tokens_of_other_hands_are_refused(kit: ActingKit, forge: Any) -> None:
    """No signature, another key, another algorithm, or a header that would bring in a key."""
    with pytest.raises(TokenRefused) as raised:
        read_token(forge(kit), expected_of(kit.victim))
    assert "evil" not in str(raised.value)


def test_any_registered_certificate_may_sign(kit: ActingKit) -> None:
    """With two certificates the thumbprint picks; without it each is tried."""
    both = expected_of(
        kit.victim, certificates=(kit.victim.bundle.certificate, kit.neighbour.bundle.certificate)
    )
    chain = [base64.b64encode(kit.neighbour.bundle.certificate.public_bytes(Encoding.DER)).decode()]
    for text in (
        write_token(DOCTOR, kit.neighbour.bundle, SERVICE, now=NOW),
        token(kit.neighbour),
        token(kit.neighbour, {"x5c": chain}),
    ):
        assert read_token(text, both).id == DOCTOR.id


def test_the_signer_must_be_trusted_now(kit: ActingKit) -> None:
    """A registered certificate that is expired or of another authority signs nothing."""
    text = write_token(DOCTOR, kit.victim.bundle, SERVICE, now=NOW)
    with pytest.raises(TokenRefused):
        read_token(text, expected_of(kit.victim, trust=kit.stranger.trust))


def test_tokens_are_made_anew_in_time(kit: ActingKit) -> None:
    """One token serves until half its life is over."""
    now = [NOW]
    tokens = Tokens(DOCTOR, kit.victim.bundle, SERVICE, clock=lambda: now[0])
    first = tokens()
    now[0] += timedelta(seconds=149)
    assert tokens() == first
    now[0] += timedelta(seconds=1)
    assert tokens() != first
    assert first not in repr(tokens)


@pytest.fixture(scope="module")
def signer() -> Identity:
    """Return one signer."""
    return identity()


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)
_CLAIMS = st.sampled_from(["iss", "aud", "sub", "role", "purpose", "iat", "nbf", "exp", "name", "pesel"])


@given(st.dictionaries(_CLAIMS, _JSON) | st.lists(_JSON))
def test_no_claim_breaks_the_reader(signer: Identity, changed: Any) -> None:
    """Whatever stands in a well signed token, the end is an actor or a typed refusal."""
    said = claims() | changed if isinstance(changed, dict) else changed
    text = jwt.api_jws.encode(json.dumps(said).encode(), signer.bundle.key, "ES256")
    with suppress(ErepoError):
        assert read_token(text, expected_of(signer)).organisation == ACCOUNT
