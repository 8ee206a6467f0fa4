"""Acting members of staff, synthetic, and what a receiver expects of an assertion about them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lxml import etree

from erepo.acting import ROLE_SCHEME, TREATMENT, Actor, Expected, write_assertion
from erepo.identifiers import oids
from erepo.identifiers.hl7 import CE
from erepo.identifiers.npwz import Npwz
from erepo.soap.message import Outgoing, pack
from erepo.soap.signing import ReadyAssertion
from erepo.soap.verifying import Verified, read_unsigned
from tests.support.soap_messages import ACTION, TO, XDS, Identity, receive_soap, wire

ACCOUNT = "0000000000001003"
SERVICE = f"https://cloud.example/services/{ACCOUNT}"
#: A moment at which the test certificates are valid, whatever the day.
NOW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
NPWZ = str(Npwz.make(123456))
DOCTOR = Actor(
    id_root=oids.NPWZ_DOCTOR,
    id=NPWZ,
    role=CE("LEK", ROLE_SCHEME, "Lekarz"),
    purpose=TREATMENT,
    organisation=ACCOUNT,
    name="Anna Przykładowa",
)
#: The same, known by PESEL.
CLERK = replace(DOCTOR, id_root=oids.PESEL, id="44051401359", role=CE("ADM", ROLE_SCHEME, "Rejestratorka"))


def assertion_of(
    identity: Identity,
    actor: Actor = DOCTOR,
    audience: str = SERVICE,
    *,
    now: datetime = NOW,
    **options: object,
) -> ReadyAssertion:
    """Return an assertion signed by an identity."""
    return write_assertion(actor, identity.signer, audience, now=now, **options)  # type: ignore[arg-type]


def expected_of(identity: Identity, **changed: object) -> Expected:
    """Return what the receiver of an identity's messages expects."""
    certificate = identity.bundle.certificate
    expected = Expected(
        account=ACCOUNT,
        certificates=(certificate,),
        holders=(certificate,),
        audiences=frozenset({SERVICE, "2.25.77"}),
        trust=identity.trust,
        now=NOW,
    )
    return replace(expected, **changed)  # type: ignore[arg-type]


def message_with(assertion: ReadyAssertion | None, identity: Identity | None) -> bytes:
    """Return a message that carries an assertion; signed if an identity is given."""
    payload = etree.Element(f"{{{XDS}}}Request", nsmap={"xds": XDS})
    signer = identity.signer if identity else None
    packed = pack(Outgoing(ACTION, TO, payload), signer, mtom=False, now=NOW, assertion=assertion)
    return wire(packed)


def received_with(assertion: ReadyAssertion | None, identity: Identity, *, signed: bool = True) -> Verified:
    """Return the message as its receiver knows it."""
    received = receive_soap(message_with(assertion, identity if signed else None))
    return identity.verifier(clock=lambda: NOW).verify(received) if signed else read_unsigned(received)
