"""Every bent message ends in a typed refusal that tells nothing; the good ones it was made of still pass.

The vectors stand in `attacks`, with a line each (`python -m tests.erepo.soap.attacks.catalogue`). All are
tried on the verifier as the service uses it, and again as answers to a client.
"""

import re
import select
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import pytest
from lxml import etree

from erepo.soap.channel import Answer
from erepo.soap.client import SoapClient
from erepo.soap.errors import MessageRefused
from erepo.soap.faults import fault_of
from erepo.soap.message import Packed
from erepo.soap.mtom import unpack
from erepo.soap.names import ANONYMOUS
from erepo.soap.verifying import Verifier
from tests.erepo.soap.attacks.catalogue import VECTORS
from tests.support.attack_kit import Forgery, Kit, Message, Vector
from tests.support.soap_messages import ACTION, LIMITS, RIM, XDS, Identity, Sample, identity, receive_soap

FAMILIES: dict[str, list[Vector]] = {}
for _each in VECTORS:
    _found = re.match(r"M\d+|[A-Z]+\d?(?=-)|[A-Z]+", _each.code)
    assert _found
    FAMILIES.setdefault(_found[0], []).append(_each)
families = pytest.mark.parametrize("family", FAMILIES)
QUESTION = "urn:uuid:5d0c3f8e-0c3c-4d9f-9a55-0d5c3f8e0c3c"
URL = "https://cloud.example/services/0000000000001003/xds/repository"


@pytest.fixture(scope="module")
def beacon() -> Iterator[str]:
    """Listen where the attacks want something fetched from; nobody may ever come."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert not select.select([listener], [], [], 0)[0], "somebody fetched what a message named"


@pytest.fixture(scope="module")
def kit(elliptic: Identity, beacon: str) -> Kit:
    """Return the attacker's kit."""
    return Kit(elliptic, identity("rsa-3072", elliptic.authority), identity(), beacon=beacon)


@pytest.fixture
def verifier(kit: Kit) -> Verifier:
    """Return a verifier that trusts the victim and the elder."""
    return kit.victim.verifier()


def refusal(vector: Vector, error: Exception | None) -> str:
    """Return what is wrong with the way in which an attack ended, "" if nothing is."""
    if not isinstance(error, MessageRefused):
        return f"{vector.code}: {vector.title}: {error!r}"
    if not isinstance(error, vector.refusals or MessageRefused):
        return f"{vector.code}: {vector.title}: {error!r} instead of {vector.refusals}"
    told = " ".join(error.explain("pl") + error.explain("en"))
    known = fault_of(error).code in ("Sender", "VersionMismatch", "MustUnderstand")
    if not known or "EVIL" in told or "urn:" in told or "passwd" in told or len(told) > 400:
        return f"{vector.code}: {vector.title}: tells {told}"
    return ""


def test_good_messages_pass(kit: Kit, verifier: Verifier) -> None:
    """What the attacks start from is accepted, also after a round through another serialiser."""
    for signer in (kit.victim, kit.elder):
        assert verifier.verify(receive_soap(etree.tostring(kit.tree(signer)))).action
    assert verifier.verify(unpack(*kit.mtom(b"one", b"two"), LIMITS)).action


def test_forged_signatures_are_valid(kit: Kit, verifier: Verifier) -> None:
    """The forger's hand is steady: a message it signs anew without bending anything is accepted."""
    for forger, signer in ((Forgery(), kit.victim), (Forgery(elder=True), kit.elder)):
        tree = kit.tree(signer)
        forger.sign(tree, signer)
        assert verifier.verify(receive_soap(etree.tostring(tree))).action


def test_vectors_have_their_own_codes() -> None:
    """No vector hides another, and each says what it does."""
    assert max(Counter(vector.code for vector in VECTORS).values()) == 1
    assert all(vector.title for vector in VECTORS)
    assert len(VECTORS) > 2000


@families
def test_attacks_are_refused(family: str, kit: Kit, verifier: Verifier) -> None:
    """Each message ends as the refusal it deserves; neither error nor fault repeats a word of it."""
    wrong = []
    for vector in FAMILIES[family]:
        error: Exception | None = None
        message = vector.make(kit)
        try:
            verifier.verify(unpack(*message, LIMITS))
        except Exception as raised:  # noqa: BLE001 — an untyped one is what this looks for
            error = raised
        wrong.append(refusal(vector, error))
    assert not [each for each in wrong if each]


@dataclass
class Canned:
    """A channel that brings one answer, whatever is asked."""

    message: Message

    async def post(self, url: str, packed: Packed) -> Answer:
        """Return the answer."""
        content_type, octets = self.message
        return Answer(200, content_type, bytearray(octets))

    async def close(self) -> None:
        """Close nothing."""


async def ask(kit: Kit, message: Message) -> object:
    """Return what a client makes of an answer."""
    client = SoapClient(Canned(message), kit.victim.signer, kit.victim.verifier(), limits=LIMITS)
    payload = etree.Element(f"{{{XDS}}}Question", nsmap={"xds": XDS, "rim": RIM})
    return await client.call(URL, "urn:question", payload, expect_action=ACTION, message_id=QUESTION)


def answering(kit: Kit) -> Kit:
    """Return the kit of somebody who bends answers to QUESTION."""
    return replace(kit, sample=Sample([b"octets"], relates_to=QUESTION, to=ANONYMOUS, reply_to=ANONYMOUS))


@families
async def test_attacks_are_refused_as_answers(family: str, kit: Kit) -> None:
    """A client refuses every one of them as strictly as the service does."""
    bending, wrong = answering(kit), []
    await ask(kit, bending.mtom(b"good"))
    for vector in FAMILIES[family]:
        error: Exception | None = None
        message = vector.make(bending)
        try:
            await ask(kit, message)
        except Exception as raised:  # noqa: BLE001 — an untyped one is what this looks for
            error = raised
        wrong.append(refusal(vector, error))
    assert not [each for each in wrong if each]


def cost(verifier: Verifier, message: Message) -> float:
    """Return the seconds of CPU that a message takes, the least of three."""
    seconds = []
    for _ in range(3):
        start = time.process_time()
        with suppress(MessageRefused):
            verifier.verify(unpack(*message, LIMITS))
        seconds.append(time.process_time() - start)
    return min(seconds)


def test_a_refusal_costs_no_more_than_a_good_message(kit: Kit, verifier: Verifier) -> None:
    """What is refused costs at most what a small good message and 20 good megabytes a megabyte would."""
    small = cost(verifier, kit.mtom(b"good"))
    dear = []
    for vector in VECTORS:
        if vector.code.startswith("W"):
            continue  # all alike, and small
        message = vector.make(kit)
        allowed = small * (20 + 100 * len(message[1]) / 2**20)
        if cost(verifier, message) > allowed:
            dear.append(vector.code)
    assert not dear
