"""Why the service would answer Forbidden: keys, user, terms (manual 2.4)."""

from datetime import UTC, datetime
from typing import Final

import httpx

from erepo.acting.errors import TokenRefused
from erepo.clinic.actor import actor_of
from erepo.clinic.diagnosis.errors import AccountOver, CertificateEnding, KeysNotRegistered
from erepo.clinic.diagnosis.findings import Finding, Verdict
from erepo.clinic.diagnosis.ground import Ground
from erepo.clinic.diagnosis.running import no_account
from erepo.clinic.errors import StaffUnlinked
from erepo.clinic.rest.errors import ServiceRefusal
from erepo.errors import AccessRefused, ErepoError, RemoteRefused
from erepo.pki.bundle import fingerprint
from erepo.pki.pem import read_certificate
from erepo.pki.trust import check_time
from erepo.soap.errors import AddressUnknown, ForbiddenAnswer
from erepo.texts import Text, day_words, moment_words

#: The service's words for a signer it does not know.
_UNKNOWN_SIGNER: Final = (TokenRefused.code, "cloud.signer-not-registered")
_REGISTERED = Text(
    "The service lets the account {account} in and knows both public keys.",
    "Usługa przyjmuje konto {account} i zna oba klucze publiczne.",
)
_PERSON = Text(
    "The archiving user {login} is linked to staff with a PESEL or NPWZ.",
    "Użytkownik archiwizujący {login} jest powiązany z personelem posiadającym numer PESEL lub NPWZ.",
)
_VALID = Text(
    "Account and certificates are valid; the first of them ends in {days} days ({until}).",
    "Konto i certyfikaty są ważne; pierwszy termin upływa za {days} dni ({until}).",
)


def registered(ground: Ground) -> Finding:
    """Ask the service whether it lets us in, and hold its certificates against ours."""
    row = ground.account()
    if row is None:
        return no_account()
    error = ground.visit().error
    if error is not None:
        return _refusal(error, row.account)
    with ground.asker() as asker:
        known = asker.registered()
    if known is not None:
        ours = {one: fingerprint(read_certificate(pem)) for one, pem, _ in ground.credentials().pairs()}
        active = {one.fingerprint.lower().replace(":", "") for one in known if one.state == "active"}
        missing = [purpose for purpose, print_ in ours.items() if print_ not in active]
        if missing:
            return Finding.of(KeysNotRegistered(account=row.account, which=", ".join(missing)))
    return Finding.good(_REGISTERED, account=row.account)


def _refusal(error: ErepoError, account: str) -> Finding:
    if isinstance(error, AddressUnknown):
        # The service answers so to a certificate that belongs to no account of its own.
        return Finding.of(KeysNotRegistered(account=account, which="TLS"))
    if isinstance(error, ServiceRefusal):
        if error.data.get("code") in _UNKNOWN_SIGNER:
            return Finding.of(KeysNotRegistered(account=account, which="WSS"))
        forbidden = error.data.get("status") in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
        return Finding.of(error) if forbidden else Finding.unasked(error)
    if isinstance(error, ForbiddenAnswer | AccessRefused | RemoteRefused):
        return Finding.of(error)
    return Finding.unasked(error)


def user(ground: Ground) -> Finding:
    """Prove that the archiving user is linked to staff with PESEL or NPWZ."""
    if ground.database() is None:
        return no_account()
    row, person = ground.account(), ground.user()
    if person is None:
        return Finding.of(StaffUnlinked(rule="no valid PESEL or NPWZ of the archiving user"))
    try:
        actor_of(person, row.account if row else "0" * 16)
    except ErepoError as error:
        return Finding.of(error)
    return Finding.good(_PERSON, login=person.login)


def validity(ground: Ground) -> Finding:
    """Look at the last days of the account and of both certificates."""
    row = ground.account()
    if row is None:
        return no_account()
    now, warn = datetime.now(UTC), ground.settings.diagnosis.days
    ends: list[tuple[datetime, ErepoError]] = []
    for purpose, pem, _ in ground.credentials().pairs():
        certificate = read_certificate(pem)
        try:
            check_time(certificate, at=now)
        except ErepoError as error:
            return Finding.of(error)
        until = certificate.not_valid_after_utc
        days = (until - now).days
        ends.append((until, CertificateEnding(purpose=purpose, until=moment_words(until), days=days)))
    if row.valid_until is not None:
        days = (row.valid_until - now).days
        over = AccountOver(account=row.account, until=day_words(row.valid_until), days=days)
        if row.valid_until < now:
            return Finding.of(over)
        ends.append((row.valid_until, over))
    first, ending = min(ends, key=lambda pair: pair[0])
    if (first - now).days < warn:
        return Finding.of(ending, Verdict.WARNING)
    return Finding.good(_VALID, days=(first - now).days, until=day_words(first))
