"""What can be wrong with keys and certificates; one class per defect, so that the cure can be exact.

InvalidInput
├── KeyUnreadable, WrongPassphrase, KeyUnsupported      the key itself
├── BundleUnreadable, BundleIncomplete                  a PKCS#12 or PEM pair
├── RequestUnreadable, RequestForged, SubjectInvalid    a certificate request (CSR)
└── CertificateRefused
    ├── CertificateUnreadable
    ├── WrongSubject, WrongAccount, WrongPurpose        whose it is, what for (manual 2.3, 2.5)
    ├── KeyMismatch                                     belongs to another private key (manual 2.5)
    ├── CertificateExpired, CertificateNotYetValid      time (manual 2.4)
    ├── WeakKey, WeakSignature                          strength
    ├── MissingUsage, IsAuthority, UnknownExtension     what it permits
    ├── SerialTwice                                     its issuer gave its number to another one as well
    └── SelfSigned, UntrustedIssuer, ChainRefused       who vouches for it

Whether it was revoked: `erepo.pki.revocation.errors`.
"""

from erepo.errors import InvalidInput
from erepo.texts import Language, Text

_ASK_OFFICE = Text(
    "Ask the certificate office for a new certificate and give it the request (CSR) of this account.",
    "Poproś Biuro Obsługi Klienta o nowy certyfikat, przekazując żądanie (CSR) dla tego konta.",
)
_CHECK_FILES = Text(
    "Check which file was given: the TLS certificate belongs to the TLS key, the WSS one to the WSS key.",
    "Sprawdź wskazane pliki: certyfikat TLS należy do klucza TLS, a certyfikat WSS do klucza WSS.",
)


class KeyUnreadable(InvalidInput):
    """The bytes hold no private key in PEM."""

    code = "pki.key-unreadable"
    cause = Text("This is not a private key in PEM form.", "To nie jest klucz prywatny w postaci PEM.")
    cure = _CHECK_FILES


#: What people call the files that a passphrase opens.
_FILES = {
    "PKCS#8": Text(
        "the private key (PEM, BEGIN ENCRYPTED PRIVATE KEY)",
        "plik z kluczem prywatnym (PEM, BEGIN ENCRYPTED PRIVATE KEY)",
    ),
    "PKCS#12": Text(
        "the .p12 file with key and certificate (PKCS#12)",
        "plik .p12 z kluczem i certyfikatem (PKCS#12)",
    ),
}


class WrongPassphrase(InvalidInput):
    """The passphrase does not open the key or the PKCS#12 file."""

    code = "pki.wrong-passphrase"
    cause = Text("The passphrase does not open {what}.", "Hasło nie pasuje do: {what}.")
    cure = Text(
        "Give the passphrase it was saved with; the clinic's own keys are under EREPO_KEY_PASSPHRASE or "
        "secrets/key-passphrase in EREPO_HOME.",
        "Podaj hasło, pod którym go zapisano; klucze placówki chroni EREPO_KEY_PASSPHRASE albo "
        "plik secrets/key-passphrase w EREPO_HOME.",
    )

    def explain(self, language: Language) -> tuple[str, str]:
        """Return (what happened, what to do next) in one language, with the kind of file in words."""
        kind = str(self.data.get("what"))
        what = _FILES[kind].fill(language) if kind in _FILES else kind
        return self.cause.fill(language, what=what), self.cure.fill(language)


class KeyUnsupported(InvalidInput):
    """The kind of key cannot be used for TLS and XML signatures here."""

    code = "pki.key-unsupported"
    cause = Text("Keys of the kind {kind} are not supported.", "Klucze rodzaju {kind} nie są obsługiwane.")
    cure = Text("Use EC P-256 or RSA with 3072 bits.", "Użyj klucza EC P-256 albo RSA o długości 3072 bitów.")


class BundleUnreadable(InvalidInput):
    """The bytes are no PKCS#12 file."""

    code = "pki.bundle-unreadable"
    cause = Text("This is not a PKCS#12 (.p12) file.", "To nie jest plik PKCS#12 (.p12).")
    cure = Text("Give the .p12 file as it was saved.", "Wskaż plik .p12 w postaci, w jakiej został zapisany.")


class BundleIncomplete(InvalidInput):
    """A private key or its certificate is missing."""

    code = "pki.bundle-incomplete"
    cause = Text("The file does not hold the {missing}.", "W pliku brakuje: {missing}.")
    cure = Text(
        "Save the .p12 file again, with the private key and its certificate.",
        "Zapisz plik .p12 ponownie, razem z kluczem prywatnym i jego certyfikatem.",
    )


class RequestUnreadable(InvalidInput):
    """The bytes hold no certificate request."""

    code = "pki.request-unreadable"
    cause = Text(
        "This is not a certificate request (CSR) in PEM form.",
        "To nie jest żądanie wydania certyfikatu (CSR) w postaci PEM.",
    )
    cure = Text("Make the request again.", "Wygeneruj żądanie ponownie.")


class RequestForged(InvalidInput):
    """The request is not signed by the key it names."""

    code = "pki.request-forged"
    cause = Text(
        "The request (CSR) is not signed by its own key.", "Żądanie (CSR) nie jest podpisane własnym kluczem."
    )
    cure = Text("Make the request again.", "Wygeneruj żądanie ponownie.")


class SubjectInvalid(InvalidInput):
    """A field meant for the subject of a request cannot stand there."""

    code = "pki.subject-invalid"
    cause = Text(
        "The field {field} cannot be used in a certificate.", "Pole {field} nie może wystąpić w certyfikacie."
    )
    cure = Text(
        "Account: 16 digits; country: two letters; organisation and unit: one line of text.",
        "Konto: 16 cyfr; kraj: dwie litery; organizacja i jednostka: jeden wiersz tekstu.",
    )


class CertificateRefused(InvalidInput):
    """A certificate that must not be used."""

    code = "pki.certificate-refused"
    cure = _ASK_OFFICE


class CertificateUnreadable(CertificateRefused):
    """The bytes hold no certificate."""

    code = "pki.certificate-unreadable"
    cause = Text("This is not a certificate in PEM form.", "To nie jest certyfikat w postaci PEM.")
    cure = Text(
        "Give the .pem file exactly as the office sent it.",
        "Wskaż plik .pem dokładnie taki, jaki przysłało BOK.",
    )


class WrongSubject(CertificateRefused):
    """The CN has not the form `<account> TLS` or `<account> WSS` (manual 2.3)."""

    code = "pki.wrong-subject"
    cause = Text(
        "The certificate's CN is {found}; it must be 16 digits, a space, and TLS or WSS.",
        "Pole CN certyfikatu to {found}; powinno zawierać 16 cyfr, spację oraz TLS lub WSS.",
    )


class WrongAccount(CertificateRefused):
    """The certificate belongs to another account (manual 2.3)."""

    code = "pki.wrong-account"
    cause = Text(
        "The certificate belongs to the account {found}, not to {expected}.",
        "Certyfikat należy do konta {found}, a nie do konta {expected}.",
    )


class WrongPurpose(CertificateRefused):
    """A TLS certificate in the place of the WSS one, or the reverse (manual 2.5)."""

    code = "pki.wrong-purpose"
    cause = Text(
        "A {found} certificate was given where the {expected} one belongs.",
        "Podano certyfikat {found} w miejscu certyfikatu {expected}.",
    )
    cure = _CHECK_FILES


class KeyMismatch(CertificateRefused):
    """The certificate was issued for another private key (manual 2.5)."""

    code = "pki.key-mismatch"
    cause = Text(
        "The certificate does not belong to this private key.",
        "Certyfikat nie pasuje do tego klucza prywatnego.",
    )
    cure = _CHECK_FILES


class CertificateExpired(CertificateRefused):
    """The time of validity is over (manual 2.4)."""

    code = "pki.expired"
    cause = Text("The certificate expired at {until} (UTC).", "Certyfikat stracił ważność {until} (UTC).")
    cure = Text(
        "Check this computer's clock; if it is right, ask the certificate office for a new certificate.",
        "Sprawdź zegar tego komputera; jeśli jest prawidłowy, poproś BOK o nowy certyfikat.",
    )


class CertificateNotYetValid(CertificateRefused):
    """The time of validity has not begun."""

    code = "pki.not-yet-valid"
    cause = Text(
        "The certificate is valid only from {since} (UTC).", "Certyfikat jest ważny dopiero od {since} (UTC)."
    )
    cure = Text(
        "Check this computer's clock; if it is right, wait.",
        "Sprawdź zegar tego komputera; jeśli jest prawidłowy, poczekaj.",
    )


class WeakKey(CertificateRefused):
    """The key is too short to protect anything."""

    code = "pki.weak-key"
    cause = Text(
        "The key is too weak ({kind}, {bits} bits).", "Klucz jest zbyt słaby ({kind}, {bits} bitów)."
    )
    cure = Text(
        "Make a new key and request: EC P-256 or RSA with 3072 bits.",
        "Wygeneruj nowy klucz i żądanie: EC P-256 albo RSA o długości 3072 bitów.",
    )


class WeakSignature(CertificateRefused):
    """The issuer signed with an algorithm that can be forged."""

    code = "pki.weak-signature"
    cause = Text(
        "The certificate is signed with {algorithm}, which is not accepted.",
        "Certyfikat podpisano algorytmem {algorithm}, który nie jest akceptowany.",
    )


class MissingUsage(CertificateRefused):
    """The certificate does not permit what it is needed for."""

    code = "pki.missing-usage"
    cause = Text(
        "The certificate does not permit {usage}.", "Certyfikat nie zezwala na zastosowanie {usage}."
    )


class IsAuthority(CertificateRefused):
    """An authority's own certificate stands where a client's belongs."""

    code = "pki.is-authority"
    cause = Text(
        "This is the certificate of an authority (CA), not of an account.",
        "To jest certyfikat urzędu (CA), a nie certyfikat konta.",
    )


class UnknownExtension(CertificateRefused):
    """A critical extension that nobody here understands (RFC 5280 §4.2: must be refused)."""

    code = "pki.unknown-extension"
    cause = Text(
        "The certificate has a critical extension that is not understood ({oid}).",
        "Certyfikat zawiera nieznane rozszerzenie krytyczne ({oid}).",
    )


class SerialTwice(CertificateRefused):
    """Two different certificates of one issuer bear one serial number (RFC 5280 §4.1.2.2)."""

    code = "pki.serial-twice"
    cause = Text(
        "Two different certificates of the same authority bear the serial number {serial}.",
        "Dwa różne certyfikaty tego samego urzędu mają numer seryjny {serial}.",
    )
    cure = Text(
        "The authority has made a mistake, or one of them is forged: ask the certificate office for another.",
        "Urząd popełnił błąd albo jeden z nich jest sfałszowany: poproś BOK o inny certyfikat.",
    )


class SelfSigned(CertificateRefused):
    """Nobody vouches for the certificate but itself."""

    code = "pki.self-signed"
    cause = Text("The certificate is self-signed.", "Certyfikat jest podpisany samodzielnie.")


class UntrustedIssuer(CertificateRefused):
    """The issuer is none of the trusted authorities."""

    code = "pki.untrusted-issuer"
    cause = Text(
        "The certificate was issued by an authority that is not trusted.",
        "Certyfikat został wydany przez urząd, który nie jest zaufany.",
    )
    cure = Text(
        "Check that the authority's certificate is among the trusted ones, else ask the office.",
        "Sprawdź, czy certyfikat urzędu jest wśród zaufanych; jeśli tak, skontaktuj się z BOK.",
    )


class ChainRefused(CertificateRefused):
    """The issuer is known, but the path to it breaks a rule (RFC 5280 §6)."""

    code = "pki.chain-refused"
    cause = Text(
        "The chain of issuers is not acceptable: {detail}.", "Łańcuch wystawców jest nieprawidłowy: {detail}."
    )
