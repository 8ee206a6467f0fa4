"""Whose the certificates are, and whether the keys can be opened (manual 2.3)."""

import re

from erepo.clinic.diagnosis.findings import Finding
from erepo.clinic.diagnosis.ground import Ground
from erepo.clinic.diagnosis.running import no_account
from erepo.errors import ErepoError
from erepo.pki import CertificatePurpose, load_key
from erepo.pki.checks import check_identity, check_usage
from erepo.pki.errors import WrongAccount
from erepo.pki.pem import read_certificate
from erepo.texts import Text

_FIT = Text(
    "Both certificates name the account {account} and their kind: serials {tls} (TLS), {wss} (WSS).",
    "Oba certyfikaty wskazują konto {account} i swój rodzaj: numery {tls} (TLS), {wss} (WSS).",
)
_OPEN = Text(
    "The passphrase opens both private keys of the account {account}.",
    "Hasło otwiera oba klucze prywatne konta {account}.",
)


def certificates(ground: Ground) -> Finding:
    """Hold the subjects of both certificates against the account and the slot they are kept in."""
    row = ground.account()
    if row is None:
        return no_account()
    addressed = row.service_url.rstrip("/").rpartition("/")[2]
    if addressed != row.account and re.fullmatch("[0-9]{16}", addressed):
        return Finding.of(WrongAccount(found=row.account, expected=addressed))
    serials = {}
    for purpose, pem, _ in ground.credentials().pairs():
        try:
            certificate = read_certificate(pem)
            kind = CertificatePurpose(purpose)
            check_identity(certificate, account=row.account, purpose=kind)
            check_usage(certificate, kind)
        except ErepoError as error:
            return Finding.of(error)
        serials[purpose.lower()] = f"{certificate.serial_number:X}"
    return Finding.good(_FIT, account=row.account, **serials)


def keys(ground: Ground) -> Finding:
    """Open both private keys with the passphrase."""
    row = ground.account()
    if row is None:
        return no_account()
    pairs = ground.credentials().pairs()
    try:
        for _, _, key in pairs:
            load_key(key, ground.settings.passphrase)
    except ErepoError as error:
        return Finding.of(error)
    return Finding.good(_OPEN, account=row.account)
