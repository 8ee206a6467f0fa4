"""The trust store and what it remembers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from erepo.pki import Authority, TrustStore, errors
from tests.support.certificates import NOW, Recipe, root


def test_nobody_is_trusted_by_default(tmp_path: Path) -> None:
    """An empty or missing folder trusts no certificate."""
    store = TrustStore.from_folder(tmp_path / "none")
    with pytest.raises(errors.UntrustedIssuer):
        store.verify(Recipe(issuer=root()).make(), at=NOW)


def test_a_folder_of_authorities(tmp_path: Path) -> None:
    """Every certificate of every .pem file is trusted, several in one file too."""
    authorities = [root(f"Root {number}") for number in range(3)]
    (tmp_path / "two.pem").write_bytes(authorities[0].pem + authorities[1].pem)
    (tmp_path / "one.pem").write_bytes(authorities[2].pem)
    store = TrustStore.from_folder(tmp_path)
    for authority in authorities:
        store.verify(Recipe(issuer=authority).make(), at=NOW)
    assert TrustStore.from_pem(store.pem).authorities == store.authorities


def test_a_file_without_certificate_is_refused(tmp_path: Path) -> None:
    """A folder with rubbish says so instead of trusting less than meant."""
    (tmp_path / "bad.pem").write_text("rubbish")
    with pytest.raises(errors.CertificateUnreadable):
        TrustStore.from_folder(tmp_path)


def test_a_remembered_answer_ends_with_the_certificate() -> None:
    """A positive answer is not used after the certificate's end, though five minutes are not over."""
    authority = root()
    store = TrustStore([authority.certificate])
    certificate = Recipe(issuer=authority, until=NOW + timedelta(seconds=60)).make()
    store.verify(certificate, at=NOW)
    store.verify(certificate, at=NOW + timedelta(seconds=30))
    with pytest.raises(errors.CertificateExpired):
        store.verify(certificate, at=NOW + timedelta(seconds=61))
    with pytest.raises(errors.CertificateNotYetValid):
        store.verify(certificate, at=NOW - timedelta(days=2))


def test_a_refusal_is_not_remembered() -> None:
    """The same certificate is judged again after a refusal, and judged again differently."""
    authority = root()
    store = TrustStore([authority.certificate])
    certificate = Recipe(issuer=authority, since=NOW + timedelta(seconds=5)).make()
    with pytest.raises(errors.CertificateNotYetValid):
        store.verify(certificate, at=NOW)
    store.verify(certificate, at=NOW + timedelta(seconds=10))


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many different certificates do not fill the memory."""
    monkeypatch.setattr("erepo.pki.trust._CACHE_SIZE", 3)
    authority = root()
    store = TrustStore([authority.certificate])
    for _ in range(8):
        store.verify(Recipe(issuer=authority).make(), at=NOW)
    assert len(store._cache) <= 3


def test_what_our_authority_issues_is_accepted_by_its_own_trust() -> None:
    """A server's and a signer's certificate of our authority verify too."""
    authority = Authority.create("Our CA")
    store = TrustStore([authority.certificate])
    key = Recipe().key
    for certificate in (
        authority.issue_signer(key, "erepo cloud WSS"),
        authority.issue_server(key, ["localhost"]),
    ):
        store.verify(certificate, at=datetime.now(UTC))
