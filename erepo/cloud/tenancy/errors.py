"""What can be wrong with an account's certificates, apart from the certificates themselves (`pki.errors`).

AccessRefused
├── CertificatesNotProven   the others were to be retired, and nobody has shown that the new ones work
└── CertificateRetired      one of them was given up before
"""

from erepo.errors import AccessRefused
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
