"""What can be wrong with an account's certificates, apart from the certificates themselves (`pki.errors`).

AccessRefused
├── CertificatesNotProven   the others were to be retired, and nobody has shown that the new ones work
├── CertificateRetired      one of them was given up before
└── ConnectionRevoked       the connection's was revoked by its authority
MessageRefused
├── SignerRevoked           the signer's was revoked by its authority
└── StatusStale             nobody can tell now whether the sender's was
"""

from erepo.errors import AccessRefused
from erepo.soap.errors import MessageRefused
from erepo.texts import Text


class CertificatesNotProven(AccessRefused):
    """The others are to be retired, but connection and token do not use the two that stay."""

    code = "certificates.not-proven"
    cause = Text(
        "The other certificates were not retired: the connection does not use the TLS certificate that is to"
        " stay, or no token signed by the WSS certificate that is to stay came with the request.",
        "Pozostałych certyfikatów nie wycofano: połączenie nie używa certyfikatu TLS, który ma pozostać, albo"
        " do żądania nie dołączono tokenu podpisanego certyfikatem WSS, który ma pozostać.",
    )
    cure = Text(
        "Register the new pair first, then ask again over a connection with the new TLS certificate and with"
        " a token signed by the new WSS key. Nothing was changed.",
        "Najpierw zarejestruj nową parę, a potem powtórz żądanie przez połączenie z nowym certyfikatem TLS i"
        " z tokenem podpisanym nowym kluczem WSS. Niczego nie zmieniono.",
    )


class CertificateRetired(AccessRefused):
    """A certificate that the account has given up never comes back: its key may be in other hands."""

    code = "certificates.retired"
    cause = Text(
        "The {purpose} certificate was retired and is not accepted again.",
        "Certyfikat {purpose} został wycofany i nie będzie ponownie przyjęty.",
    )
    cure = Text(
        "Ask the certificate office for a new one with a new key; the registered certificates go on working.",
        "Poproś Biuro Obsługi Klienta o nowy certyfikat dla nowego klucza; zarejestrowane certyfikaty"
        " działają nadal.",
    )


_REVOKED_CURE = Text(
    "Renew the account's certificates with new keys; until then the operator can register others.",
    "Odnów certyfikaty konta, z nowymi kluczami; do tego czasu operator może zarejestrować inne.",
)


class ConnectionRevoked(AccessRefused):
    """The certificate of the connection was revoked by its authority."""

    code = "certificates.revoked"
    cause = Text(
        "The connection's certificate {serial} was revoked at {at} (UTC); reason: {reason_en}.",
        "Certyfikat połączenia {serial} unieważniono {at} (UTC); przyczyna: {reason_pl}.",
    )
    cure = _REVOKED_CURE


class SignerRevoked(MessageRefused, AccessRefused):
    """The certificate that signed the message was revoked by its authority."""

    code = "certificates.signer-revoked"
    fault = "wsse:FailedAuthentication"
    status = 403
    told = True
    cause = Text(
        "The certificate {serial} that signed the message was revoked at {at} (UTC); reason: {reason_en}.",
        "Certyfikat {serial}, którym podpisano wiadomość, unieważniono {at} (UTC); przyczyna: {reason_pl}.",
    )
    cure = _REVOKED_CURE


class StatusStale(MessageRefused):
    """Nobody can tell now whether the sender was revoked, so nothing is changed on its word."""

    code = "certificates.status-stale"
    fault = "soap:Receiver"
    told = True
    cause = Text(
        "The service has no current revocation list of the sender's authority ({code}): nothing is deposited,"
        " changed or removed meanwhile.",
        "Usługa nie ma aktualnej listy CRL urzędu nadawcy ({code}): do tego czasu niczego nie można zapisać,"
        " zmienić ani usunąć.",
    )
    cure = Text(
        "Documents can be read. Send the same again later; if it lasts, tell the operator of the service.",
        "Dokumenty można odczytywać. Wyślij to samo później; jeśli to trwa, powiadom operatora usługi.",
    )
