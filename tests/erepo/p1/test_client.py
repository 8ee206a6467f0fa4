"""The client against a running P1, over real TLS: what it does, and the name of each fault."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from erepo.errors import ErepoError, RetryableError
from erepo.p1 import Decision, P1Addresses, P1Client, Token, TokenCache, TokenRequest
from erepo.p1.addresses import trust_of
from erepo.p1.decisions import together
from erepo.p1.errors import (
    P1AccessRefused,
    P1AnswerInvalid,
    P1Busy,
    P1ChannelFailed,
    P1Misconfigured,
    P1OutcomeUnknown,
    P1Refused,
    P1Timeout,
    P1Unavailable,
    RepositoryExists,
    RepositoryIdMissing,
)
from erepo.p1.http import Answer, P1Http
from erepo.p1.transport import P1Transport
from erepo.pki import Authority, Bundle, new_key
from erepo.settings import P1Settings, Settings
from erepo.soap.signing import ReadyAssertion
from tests.support.p1 import DOCTOR, PATIENT, ROOT, Provider, RunningP1, quick
from tests.support.ports import free_port

#: One sandbox serves all of them.
pytestmark = pytest.mark.xdist_group("p1")

DOCUMENT = "1.2.3.4^DOC1"


def test_a_repository_gets_its_id_once_and_its_address(p1: RunningP1) -> None:
    """Both calls of SZAR: an id of P1's tree; BLAD for a second, another on request; the address stays."""
    fresh = p1.provider("000000022222")
    address = f"{p1.url}/services/0000000000001003/xds/repository"
    with fresh.client() as client:
        first = client.register_repository()
        with pytest.raises(RepositoryExists):
            client.register_repository()
        second = client.register_repository(force_new=True)
        client.register_access(second, address)
        client.register_access(second, address)
    assert first.startswith(f"{ROOT}.7.24.")
    assert first != second
    known = {each.oid: each.url for each in p1.home.store.repositories(fresh.resort_i)}
    assert known == {first: "", second: address}


def test_an_address_is_refused_for_another_id_and_where_nobody_answers(
    provider: Provider, p1: RunningP1
) -> None:
    """P1 checks that the id is the provider's own and that the address can be reached."""
    with provider.client() as client:
        oid = client.register_repository(force_new=True)
        for identifier, url in (
            (f"{ROOT}.7.24.1", p1.url),
            (oid, f"https://127.0.0.1:{free_port()}/x"),
            (oid, "http://127.0.0.1/x"),
        ):
            with pytest.raises(P1Refused) as refused:
                client.register_access(identifier, url)
            assert refused.value.data == {"reason": "BLAD"}


def test_any_provider_is_told_where_a_repository_is(
    provider: Provider, other: Provider, p1: RunningP1
) -> None:
    """The reading service tells another provider's address; nothing where there is none."""
    address = f"{p1.url}/services/0000000000001004/xds/repository"
    with provider.client() as client:
        told, silent = (client.register_repository(force_new=True) for _ in range(2))
        client.register_access(told, address)
    with other.client() as client:
        found = [client.repository_address(each) for each in (told, silent, f"{ROOT}.7.24.1")]
    assert found == [address, "", ""]


def test_files_in_the_old_cipher_work(other: Provider, p1: RunningP1) -> None:
    """A .p12 with 3DES and SHA-1, as P1 issues them, is read and used."""
    folder = p1.home.folder / "providers" / f"{other.resort_i}-old"
    triple_des = bytes.fromhex("060a2a864886f70d010c0103")
    assert all(triple_des in file.read_bytes() for file in folder.glob("*.p12"))
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in folder.iterdir())
    with other.client() as client:
        assert client.register_repository(force_new=True)


def test_a_token_is_asked_once_per_acting_user(provider: Provider, p1: RunningP1) -> None:
    """The second token for the same person and patient comes from memory, another one's does not."""
    with provider.client() as client:
        token = client.token(provider.asking())
        p1.wrong("token", "reject")
        assert client.token(provider.asking()) is token
        with pytest.raises(P1Refused):
            client.token(provider.asking(patient=None))
        assert client.token(provider.asking(purpose="BTG")) != token
    assert timedelta() < token.until - datetime.now(UTC) <= timedelta(minutes=30)


def test_a_token_for_nobody_or_another_provider_is_refused(provider: Provider) -> None:
    """P1 gives no token for a user without PESEL and NPWZ, nor in the name of somebody else."""
    stranger = type(DOCTOR)(f"{ROOT}.1.6.2", "1234567")
    other_house = type(DOCTOR)(f"{ROOT}.2.3.1", "000000099999")
    with provider.client() as client:
        for changes in ({"user": stranger}, {"organisation": other_house}):
            with pytest.raises(P1AccessRefused) as refused:
                client.token(provider.asking(**changes))
            assert stranger.extension not in str(refused.value)
    with pytest.raises(P1Misconfigured):
        provider.asking(role="wizard")


def test_the_memory_of_tokens_forgets_in_time(provider: Provider) -> None:
    """A token is used until a minute before its end; the memory is bounded and forgets the least used."""
    now, cache, asking = datetime.now(UTC), TokenCache(), provider.asking()
    assertion = ReadyAssertion("_1", b"", b"")
    cache.keep(asking, Token(assertion, now + timedelta(minutes=5)))
    assert cache.find(asking, now + timedelta(minutes=3, seconds=59))
    assert cache.find(asking, now + timedelta(minutes=4, seconds=1)) is None
    assert cache.find(asking, now) is None
    requests = [provider.asking(patient=type(DOCTOR)(f"{ROOT}.1.1.616", f"{each}")) for each in range(1100)]
    for request in requests:
        cache.keep(request, Token(assertion, now + timedelta(minutes=5)))
    assert sum(cache.find(request, now) is not None for request in requests) == 1000


def test_soz_decides_by_the_rules(provider: Provider, p1: RunningP1) -> None:
    """Only Permit for every document is Permit; no rule is NotApplicable; a document's rule comes first."""
    with provider.client() as client, p1.admin() as admin:
        token = client.token(provider.asking())
        assert client.decide([DOCUMENT], token) is Decision.NOT_APPLICABLE
        own = f"{ROOT}.2.3.1#{provider.resort_i}"
        admin.put("/admin/rules", json={"organisation": own, "decision": "Permit"})
        assert client.decide([DOCUMENT], token, document_type="05.00").permitted
        admin.put("/admin/rules", json={"document": "1.2^SECRET", "decision": "Deny"})
        assert client.decide([DOCUMENT, "1.2^SECRET"], token) is Decision.DENY
        p1.wrong("soz", "indeterminate")
        assert client.decide([DOCUMENT], token) is Decision.INDETERMINATE


@pytest.mark.parametrize(
    ("results", "decision"),
    [
        (["Permit", "Permit"], "Permit"),
        (["Permit", "NotApplicable"], "NotApplicable"),
        (["Deny", "Indeterminate"], "Deny"),
        (["Permit", "permit"], "Indeterminate"),
        ([], "Indeterminate"),
    ],
)
def test_anything_but_permit_refuses(results: list[str], decision: str) -> None:
    """Results that are unknown, missing or mixed permit nothing."""
    assert together(results) == decision
    assert together(results).permitted == (decision == "Permit")


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("timeout", P1Timeout),
        ("busy", P1Busy),
        ("failed", P1Busy),
        ("lost", P1OutcomeUnknown),
        ("reject", P1Refused),
        ("forbidden", P1AccessRefused),
        ("exists", P1Refused),
        ("no-id", RepositoryIdMissing),
        ("wrong-id", RepositoryIdMissing),
        ("unsigned", P1AnswerInvalid),
        ("forged", P1AnswerInvalid),
        ("stale", P1AnswerInvalid),
        ("foreign", P1AnswerInvalid),
    ],
)
def test_each_thing_that_goes_wrong_has_its_error(
    kind: str, error: type[ErepoError], provider: Provider, p1: RunningP1
) -> None:
    """Time-outs and busy services are retryable, refusals and answers that prove nothing are not."""
    p1.wrong("szar-repository", kind, seconds=20)
    with provider.client(timeouts=quick(read=3)) as client:
        with pytest.raises(error) as raised:
            client.register_repository(force_new=True)
        assert client.register_repository(force_new=True)
    assert type(raised.value) is error
    assert raised.value.retryable == issubclass(error, RetryableError)
    for language in ("pl", "en"):
        assert all(raised.value.explain(language))  # type: ignore[arg-type]


def test_a_lost_id_is_cured_by_a_new_repository(p1: RunningP1) -> None:
    """The answer to a registration is lost after its commit: P1 says so, and gives another one on request."""
    fresh = p1.provider("000000044444")
    p1.wrong("szar-repository", "lost")
    with fresh.client() as client:
        with pytest.raises(P1OutcomeUnknown):
            client.register_repository()
        with pytest.raises(RepositoryExists):
            client.register_repository()
        told = client.register_repository(force_new=True)
    assert [each.oid for each in p1.home.store.repositories(fresh.resort_i)][1:] == [told]


def test_the_settings_say_where_p1_is(tmp_path: Path) -> None:
    """The sandbox by default; another P1 by two settings; a missing file is named by its setting."""
    ours = Settings(_env_file=None, home=tmp_path, port_base=23400)
    assert P1Addresses.of(ours).szar.startswith("https://127.0.0.1:23401/services/")
    with pytest.raises(P1Misconfigured, match="EREPO_P1__CA"):
        trust_of(ours)
    ca = tmp_path / "ca.pem"
    ca.write_bytes(b"authorities")
    real = P1Settings(url="https://sus.ezdrowie.gov.pl/", ca=ca, public_url_key="urn:CEZ:x")
    theirs = ours.model_copy(update={"p1": real})
    assert P1Addresses.of(theirs) == P1Addresses.below("https://sus.ezdrowie.gov.pl", "urn:CEZ:x")
    assert trust_of(theirs) == (b"authorities", b"authorities")
    signers = tmp_path / "signers.pem"
    both = real.model_copy(update={"signing_ca": signers})
    with pytest.raises(P1Misconfigured, match="EREPO_P1__SIGNING_CA"):
        trust_of(ours.model_copy(update={"p1": both}))
    signers.write_bytes(b"signers")
    assert trust_of(ours.model_copy(update={"p1": both})) == (b"authorities", b"signers")
    servers = both.model_copy(update={"tls_ca": signers, "signing_ca": None})
    assert trust_of(ours.model_copy(update={"p1": servers})) == (b"signers", b"authorities")


@pytest.mark.parametrize("kind", ["unsigned", "forged", "stale", "foreign"])
def test_a_token_or_decision_that_is_not_proven_is_none(kind: str, provider: Provider, p1: RunningP1) -> None:
    """A Permit or a token in an answer that proves nothing gives nothing."""
    with provider.client() as client:
        token = client.token(provider.asking())
        p1.wrong("soz", kind)
        with pytest.raises(P1AnswerInvalid):
            client.decide([DOCUMENT], token)
        p1.wrong("token", kind)
        with pytest.raises(P1AnswerInvalid):
            client.token(provider.asking(purpose="CONTT"))


def test_p1_of_another_authority_is_not_spoken_to(provider: Provider) -> None:
    """A server whose certificate nobody trusted vouches for hears nothing."""
    stranger = Authority.create("stranger")
    with provider.client(trust_pem=stranger.pem) as client, pytest.raises(P1ChannelFailed) as failed:
        client.register_repository()
    assert "CERTIFICATE" in str(failed.value.data["reason"])


def test_answers_of_another_authority_are_refused(provider: Provider) -> None:
    """Trust in signatures may be narrower than in servers."""
    stranger = Authority.create("stranger")
    with provider.client(wss_trust_pem=stranger.pem) as client, pytest.raises(P1AnswerInvalid):
        client.token(provider.asking())


def test_our_own_message_is_no_answer(
    provider: Provider, p1: RunningP1, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one authority vouches for P1 and for providers, what we sent is not believed as it comes back."""
    monkeypatch.setattr(P1Http, "post", lambda _self, _url, _action, octets: Answer(200, octets))
    trust = p1.trust + p1.home.providers.pem
    addresses = P1Addresses.below(p1.url)
    with (
        P1Client(addresses, provider.tls, provider.wss, trust) as client,
        pytest.raises(P1AnswerInvalid) as caught,
    ):
        client.register_repository()
    assert "ourselves" in str(caught.value)


def test_a_certificate_that_p1_did_not_issue_opens_nothing(provider: Provider) -> None:
    """A TLS certificate of another authority fails in the handshake, one of P1 for WSS on arrival."""
    stranger, key = Authority.create("stranger"), new_key()
    foreign = Bundle(key, stranger.issue_visitor(key, "Podmiot leczniczy"))
    with provider.client(tls=foreign) as client, pytest.raises(P1ChannelFailed):
        client.register_repository()
    with provider.client(tls=provider.wss) as client, pytest.raises(P1AccessRefused):
        client.register_repository()
    with provider.client(wss=provider.tls) as client, pytest.raises(P1AccessRefused):
        client.register_repository()
    with pytest.raises(P1Misconfigured):
        provider.client(wss=foreign)


def test_nobody_there_is_retryable(provider: Provider, p1: RunningP1) -> None:
    """A port where nobody listens: nothing arrived."""
    nowhere = P1Addresses.below(f"https://127.0.0.1:{free_port()}")
    with P1Client(nowhere, provider.tls, provider.wss, p1.trust) as client, pytest.raises(P1Unavailable):
        client.register_repository()


@pytest.mark.parametrize("name", ["https://p1.example/x.xsd", "file:///etc/passwd", "/etc/passwd", "../x.py"])
def test_nothing_but_our_own_files_is_loaded(name: str) -> None:
    """Whatever a WSDL names, only files of the package are read."""
    transport = P1Transport(None, None, None, 300)  # type: ignore[arg-type]
    with pytest.raises(P1Misconfigured):
        transport.load(name)


def test_nobody_is_named_in_words_of_objects(provider: Provider) -> None:
    """Requests and tokens hide the person and the patient from logs."""
    shown: TokenRequest = provider.asking()
    assert DOCTOR.extension not in repr(shown)
    assert PATIENT.extension not in repr(shown)
