"""The index of documents with a real client: the rules of P1, and the life of an index."""

import hashlib
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from erepo.errors import ErepoError
from erepo.identifiers.oids import uuid_oid
from erepo.p1 import EdmClient, P1Addresses, Token
from erepo.p1.edm import rules_of
from erepo.p1.errors import P1AnswerInvalid, P1Overrun, P1Refused
from erepo.p1.packing import p1_signer
from erepo.p1.verifying import P1Verifier
from erepo.pki import TrustStore, client_context
from erepo.sandbox.p1.edm import _check_time, event_key
from erepo.settings import Limits
from erepo.soap.http import AiohttpChannel
from erepo.xds import iti18, iti57
from erepo.xds.errors import XdsRefused
from erepo.xds.model import Association, DocumentEntry, new_entry_uuid
from erepo.xds.submitting import Registration
from erepo.xds.vocabulary import APPROVED, DEPRECATED, REFERENCE_ENCOUNTER, AssociationType, Slot
from tests.support.p1 import Provider, RunningP1, quick
from tests.support.xds import PATIENT, document, submission_set

#: One sandbox serves all of them.
pytestmark = pytest.mark.xdist_group("p1")

EVENT = "9^^^&1.2.3.15.1&ISO"
WARSAW = ZoneInfo("Europe/Warsaw")


@pytest.fixture(scope="session")
def repository(provider: Provider, p1: RunningP1) -> str:
    """Return the id of the provider's repository; its medical event exists."""
    with p1.admin() as admin:
        assert admin.put("/admin/events", json={"event": EVENT}).status_code == 200
    with provider.client() as client:
        return client.register_repository(force_new=True)


@pytest.fixture(scope="session")
def token(provider: Provider) -> Token:
    """Return a token of the provider's doctor."""
    with provider.client() as client:
        return client.token(provider.asking())


@pytest.fixture
async def edm(provider: Provider, p1: RunningP1) -> AsyncIterator[EdmClient]:
    """Return the provider's client of the index."""
    channel = AiohttpChannel(client_context(provider.tls, p1.trust), quick(), Limits())
    verifier = P1Verifier(TrustStore.from_pem(p1.trust))
    async with channel:
        yield EdmClient(channel, P1Addresses.below(p1.url), p1_signer(provider.wss), verifier)


def oid() -> str:
    """Return a fresh OID."""
    return uuid_oid(uuid.uuid4())


def local_now() -> str:
    """Return the present as P1 wants it."""
    return f"{datetime.now(WARSAW):%Y%m%d%H%M%S}"


def index(repository: str, **changes: object) -> Registration:
    """Return a good index of one new document."""
    entry = document(
        new_entry_uuid(),
        f"1.2.3^{uuid.uuid4().hex[:16]}",
        repository_unique_id=repository,
        hash=hashlib.sha1(b"x").hexdigest(),
        size=1,
    )
    own = submission_set(unique_id=oid(), submission_time=local_now())
    return Registration(own, (replace(entry, **changes),))  # type: ignore[arg-type]


async def found(edm: EdmClient, token: Token, entry: DocumentEntry) -> DocumentEntry:
    """Return a document as the index has it."""
    result = await edm.query(iti18.get_documents([entry.unique_id]), token)
    (one,) = result.metadata.documents
    return one


async def test_the_life_of_an_index(edm: EdmClient, token: Token, repository: str) -> None:
    """Registered with a new entryUUID, found with the Polish attributes, replaced, withdrawn."""
    first = index(repository)
    await edm.register(first, token)
    entry = first.documents[0]
    known = await found(edm, token, entry)
    assert known.entry_uuid != entry.entry_uuid
    assert known.extra_slots[Slot.MEDICAL_EVENT_ID] == (f"{EVENT}^{REFERENCE_ENCOUNTER}",)
    assert known.extra_slots[Slot.STORAGE_CATEGORY] == ("2046",)
    second = index(repository)
    newer = second.documents[0]
    replaces = Association(
        entry_uuid=new_entry_uuid(),
        type=AssociationType.REPLACE,
        source=newer.entry_uuid,
        target=known.entry_uuid,
    )
    await edm.register(replace(second, associations=(replaces,)), token)
    assert (await found(edm, token, entry)).status == DEPRECATED
    current = await found(edm, token, newer)
    assert current.status == APPROVED
    own = submission_set(entry_uuid="s", unique_id=oid(), submission_time=local_now())
    withdrawal = iti57.status_change(own, current.entry_uuid, APPROVED, DEPRECATED)
    await edm.update(iti57.Update(own, (withdrawal,)), token)
    listed = await edm.query(iti18.find_documents(PATIENT), token)
    assert newer.unique_id not in {each.unique_id for each in listed.metadata.documents}


async def test_only_the_owner_withdraws_an_index(
    edm: EdmClient, token: Token, repository: str, other: Provider, p1: RunningP1
) -> None:
    """Another provider finds the document, and may not change it."""
    registered = index(repository)
    await edm.register(registered, token)
    known = await found(edm, token, registered.documents[0])
    with other.client() as client:
        theirs = client.token(other.asking())
    channel = AiohttpChannel(client_context(other.tls, p1.trust), quick(), Limits())
    async with channel:
        stranger = replace(edm, channel=channel, signer=p1_signer(other.wss))
        assert (await found(stranger, theirs, known)).entry_uuid == known.entry_uuid
        own = submission_set(entry_uuid="s", unique_id=oid(), submission_time=local_now())
        withdrawal = iti57.status_change(own, known.entry_uuid, APPROVED, DEPRECATED)
        with pytest.raises(XdsRefused):
            await stranger.update(iti57.Update(own, (withdrawal,)), theirs)
    assert (await found(edm, token, known)).status == APPROVED


async def test_the_same_index_twice_is_refused(edm: EdmClient, token: Token, repository: str) -> None:
    """After a lost answer the client asks; sending again is refused by the submission's uniqueId."""
    once = index(repository)
    await edm.register(once, token)
    with pytest.raises(XdsRefused) as refused:
        await edm.register(once, token)
    assert {each.code for each in refused.value.errors} == {"XDSDuplicateUniqueIdInRegistry"}


def shifted(registration: Registration, moment: datetime) -> Registration:
    """Return an index with another submission time."""
    own = replace(registration.submission_set, submission_time=f"{moment:%Y%m%d%H%M%S}")
    return replace(registration, submission_set=own)


RULES: dict[str, tuple[Callable[[str], Registration], tuple[str, ...], str]] = {
    "an hour ago": (
        lambda id_: shifted(index(id_), datetime.now(WARSAW) - timedelta(hours=1)),
        ("REG.WER.4636",),
        "XDSRegistryMetadataError",
    ),
    "UTC": (
        lambda id_: shifted(index(id_), datetime.now(UTC)),
        ("REG.WER.4636",),
        "XDSRegistryMetadataError",
    ),
    "unknown event": (
        lambda id_: index(
            id_,
            extra_slots={
                Slot.STORAGE_CATEGORY: ("2046",),
                Slot.MEDICAL_EVENT_ID: (f"unknown^^^&1.2.3.15.1&ISO^{REFERENCE_ENCOUNTER}",),
            },
        ),
        ("REG.WER.6860",),
        "XDSRegistryMetadataError",
    ),
    "no Polish attributes": (lambda id_: index(id_, extra_slots={}), (), "XDSRegistryMetadataError"),
    "another's repository": (lambda _: index("1.2.3.4"), (), "XDSUnknownRepositoryId"),
}


@pytest.mark.parametrize("case", RULES)
async def test_what_p1_asks_beyond_the_profile(
    case: str, edm: EdmClient, token: Token, repository: str
) -> None:
    """Each broken rule is refused by its code, and nothing is registered."""
    make, rules, code = RULES[case]
    wrong = make(repository)
    with pytest.raises(XdsRefused) as refused:
        await edm.register(wrong, token)
    assert rules_of(refused.value.errors) == rules
    assert {each.code for each in refused.value.errors} == {code}
    result = await edm.query(iti18.get_documents([wrong.documents[0].unique_id]), token)
    assert result.metadata.documents == ()


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("p1-timeout", P1Overrun),
        ("unsigned", P1AnswerInvalid),
        ("stale", P1AnswerInvalid),
        ("reject", P1Refused),
    ],
)
async def test_faults_of_the_index(
    kind: str, error: type[ErepoError], edm: EdmClient, token: Token, repository: str, p1: RunningP1
) -> None:
    """P1's own time-out is a time-out; answers that prove nothing are refused."""
    p1.wrong("iti-42", kind)
    with pytest.raises(error):
        await edm.register(index(repository), token)


async def test_a_lost_answer_is_asked_for(
    edm: EdmClient, token: Token, repository: str, p1: RunningP1
) -> None:
    """The answer is lost after the commit: the error says so, and the index is there."""
    p1.wrong("iti-42", "lost")
    sent = index(repository)
    with pytest.raises(ErepoError) as raised:
        await edm.register(sent, token)
    assert raised.value.retryable
    assert (await found(edm, token, sent.documents[0])).unique_id == sent.documents[0].unique_id


@pytest.mark.parametrize(
    ("utc", "said", "good"),
    [
        ("2026-01-10T12:00:00", "20260110130000", True),
        ("2026-07-10T12:00:00", "20260710140000", True),
        ("2026-07-10T12:00:00", "20260710130000", False),
        ("2026-10-25T00:30:00", "20261025023000", True),  # summer time, the first half past two
        ("2026-10-25T01:30:00", "20261025023000", True),  # winter time, the second
        ("2026-07-10T12:00:00", "20260710141501", False),
        ("2026-07-10T12:00:00", "20260710141500", True),
        ("2026-07-10T12:00:00", "202607101400", False),
    ],
)
def test_local_time_with_both_halves_past_two(utc: str, said: str, good: bool) -> None:
    """Quarter of an hour, in Polish time, also in the hour that comes twice."""
    now = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert bool(list(_check_time(submission_set(submission_time=said), now))) != good


@pytest.mark.parametrize("text", ["", "9", "9^^^&&ISO", "9^^^&1.2.3&ISO^urn:other", "^^^&1.2.3&ISO"])
def test_events_have_one_form(text: str) -> None:
    """What is no id of an event is not kept."""
    assert event_key(text) == ""
    assert event_key(EVENT) == event_key(f"{EVENT}^{REFERENCE_ENCOUNTER}") == EVENT
