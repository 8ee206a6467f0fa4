"""What can be wrong when a certificate's status is asked: revoked, or not to be proven; each its own class.

CertificateRefused
├── CertificateRevoked
│   ├── RevokedByCrl, RevokedByOcsp             somebody says so, with reason and date
RetryableError
└── StatusUnknown                               nobody says anything now: the certificate is not believed
    ├── CrlStale                                the last list is too old
    ├── CrlMissing                              none was ever fetched
    ├── CrlUnreachable                          none can be fetched
    ├── OcspUnreachable, OcspBusy               no answer; "try later", "internal error"
    └── OcspUnknown                             the responder does not know the certificate
PermanentError
└── StatusUntrusted                             an answer that proves nothing: the certificate is not believed
    ├── CrlUnusable, CrlForged                  no list for this; not signed by the authority
    ├── OcspUnauthorised, OcspRefused           the responder refuses to answer; refuses our question
    ├── OcspForged                              its answer is not the authority's, or not to this question
    └── StatusAddressRefused                    the address in the certificate is none that is asked
"""

from datetime import datetime

from cryptography import x509

from erepo.errors import PermanentError, RetryableError
from erepo.pki.errors import CertificateRefused
from erepo.texts import Text

_UNKNOWN_REASON = Text("not told", "nie podano")
#: RFC 5280 §5.3.1.
_REASONS = {
    x509.ReasonFlags.unspecified: _UNKNOWN_REASON,
    x509.ReasonFlags.key_compromise: Text("the key was compromised", "ujawnienie klucza"),
    x509.ReasonFlags.ca_compromise: Text("the authority was compromised", "naruszenie klucza urzędu"),
    x509.ReasonFlags.aa_compromise: Text("the authority was compromised", "naruszenie klucza urzędu"),
    x509.ReasonFlags.affiliation_changed: Text("the holder's data changed", "zmiana danych posiadacza"),
    x509.ReasonFlags.superseded: Text("replaced by another one", "zastąpienie innym certyfikatem"),
    x509.ReasonFlags.cessation_of_operation: Text("no longer needed", "zakończenie używania"),
    x509.ReasonFlags.certificate_hold: Text("put on hold", "zawieszenie"),
    x509.ReasonFlags.privilege_withdrawn: Text("the right to it was withdrawn", "cofnięcie uprawnień"),
    x509.ReasonFlags.remove_from_crl: _UNKNOWN_REASON,
}
_LATER = Text(
    "Nothing is lost: try again later. If it lasts, the authority has to be asked why it publishes nothing.",
    "Nic nie zginęło: spróbuj ponownie później. Jeśli to trwa, zapytaj urząd, dlaczego nie publikuje danych.",
)
_ASK = Text(
    "The certificate is not accepted until its authority answers properly: tell the certificate office.",
    "Certyfikat nie będzie przyjęty, dopóki urząd nie odpowie prawidłowo: powiadom wystawcę certyfikatu.",
)


class CertificateRevoked(CertificateRefused):
    """Its authority has revoked the certificate; the leaf class says how that is known."""

    code = "pki.revoked"
    cause = Text(
        "The certificate {serial} was revoked at {at} (UTC); reason: {reason_en}.",
        "Certyfikat {serial} unieważniono {at} (UTC); przyczyna: {reason_pl}.",
    )
    cure = Text(
        "Use another certificate; if there is none, order a new one with a new key.",
        "Użyj innego certyfikatu; jeśli go nie ma, wystąp o nowy, z nowym kluczem.",
    )

    @classmethod
    def of(
        cls, certificate: x509.Certificate, at: datetime, reason: x509.ReasonFlags | None
    ) -> "CertificateRevoked":
        """Return the error for a certificate; `reason` is None where none is told."""
        words = _REASONS.get(reason, _UNKNOWN_REASON) if reason is not None else _UNKNOWN_REASON
        return cls(
            serial=f"{certificate.serial_number:X}",
            at=f"{at:%Y-%m-%d %H:%M}",
            reason_en=words.en,
            reason_pl=words.pl,
        )


class RevokedByCrl(CertificateRevoked):
    """The authority's list (CRL) names the certificate."""

    code = "pki.revoked-by-crl"
    cause = Text(
        "The certificate {serial} is on its authority's revocation list (CRL) since {at} (UTC);"
        " reason: {reason_en}.",
        "Certyfikat {serial} jest od {at} (UTC) na liście certyfikatów unieważnionych (CRL);"
        " przyczyna: {reason_pl}.",
    )


class RevokedByOcsp(CertificateRevoked):
    """The authority's responder (OCSP) says so."""

    code = "pki.revoked-by-ocsp"
    cause = Text(
        "The authority answers (OCSP) that the certificate {serial} was revoked at {at} (UTC);"
        " reason: {reason_en}.",
        "Urząd odpowiada (OCSP), że certyfikat {serial} unieważniono {at} (UTC); przyczyna: {reason_pl}.",
    )


class StatusUnknown(RetryableError):
    """Whether the certificate was revoked cannot be found out now, so it is not believed."""

    code = "pki.status-unknown"
    cause = Text(
        "Whether the certificate was revoked cannot be found out now.",
        "Nie można teraz ustalić, czy certyfikat unieważniono.",
    )
    cure = _LATER


class CrlStale(StatusUnknown):
    """The last list of the authority is too old to tell anything."""

    code = "pki.crl-stale"
    cause = Text(
        "The revocation list (CRL) of {issuer} is too old: it counted until {until} (UTC).",
        "Lista certyfikatów unieważnionych (CRL) urzędu {issuer} jest nieaktualna: obowiązywała do {until}"
        " (UTC).",
    )
    cure = Text(
        "A new list has to be fetched or put in place (EREPO_REVOCATION__CRL); check the network and the"
        " clock. Own documents can be read meanwhile; nothing is lost, what is due is sent afterwards.",
        "Trzeba pobrać lub wskazać nową listę (EREPO_REVOCATION__CRL); sprawdź sieć i zegar. Własne dokumenty"
        " można nadal odczytywać; nic nie zginęło, zaległe dokumenty zostaną wysłane później.",
    )


class CrlMissing(StatusUnknown):
    """No list of the authority was ever fetched, and it is not asked now."""

    code = "pki.crl-missing"
    cause = Text(
        "There is no revocation list (CRL) of {issuer} at hand yet.",
        "Nie pobrano jeszcze listy certyfikatów unieważnionych (CRL) urzędu {issuer}.",
    )


class CrlUnreachable(StatusUnknown):
    """No list can be fetched, and none is kept that still counts."""

    code = "pki.crl-unreachable"
    cause = Text(
        "The revocation list (CRL) at {host} cannot be fetched ({reason}).",
        "Nie można pobrać listy certyfikatów unieważnionych (CRL) z {host} ({reason}).",
    )


class OcspUnreachable(StatusUnknown):
    """The responder does not answer."""

    code = "pki.ocsp-unreachable"
    cause = Text(
        "The authority's status service (OCSP) at {host} does not answer ({reason}).",
        "Usługa statusu certyfikatów (OCSP) pod adresem {host} nie odpowiada ({reason}).",
    )


class OcspBusy(StatusUnknown):
    """The responder says: try later, or that it has a fault inside (RFC 6960 §2.3)."""

    code = "pki.ocsp-busy"
    cause = Text(
        "The authority's status service (OCSP) at {host} answers: {reason}.",
        "Usługa statusu certyfikatów (OCSP) pod adresem {host} odpowiada: {reason}.",
    )


class OcspUnknown(StatusUnknown):
    """The responder does not know the certificate; right after its issue that may pass."""

    code = "pki.ocsp-unknown"
    cause = Text(
        "The authority's status service (OCSP) at {host} does not know the certificate {serial}.",
        "Usługa statusu certyfikatów (OCSP) pod adresem {host} nie zna certyfikatu {serial}.",
    )
    cure = Text(
        "If it was issued just now, try again in an hour; else ask the certificate office.",
        "Jeśli certyfikat wydano przed chwilą, spróbuj ponownie za godzinę; w przeciwnym razie zapytaj"
        " wystawcę.",
    )


class StatusUntrusted(PermanentError):
    """What was said about the certificate proves nothing, so it is not believed."""

    code = "pki.status-untrusted"
    cause = Text(
        "What the authority says about its certificates cannot be trusted.",
        "Danym urzędu o jego certyfikatach nie można zaufać.",
    )
    cure = _ASK


class CrlUnusable(StatusUntrusted):
    """No list of revoked certificates, or not one that covers this certificate."""

    code = "pki.crl-unusable"
    cause = Text(
        "The revocation list (CRL) from {source} cannot be used: {rule}.",
        "Nie można użyć listy certyfikatów unieważnionych (CRL) z {source}: {rule}.",
    )
    cure = Text(
        "Put the authority's current, complete list there, or check EREPO_REVOCATION__CRL.",
        "Umieść tam aktualną, pełną listę urzędu albo sprawdź EREPO_REVOCATION__CRL.",
    )


class CrlForged(StatusUntrusted):
    """The list is not signed by the authority that issued the certificate."""

    code = "pki.crl-forged"
    cause = Text(
        "The revocation list (CRL) from {source} is not signed by the authority {issuer}.",
        "Lista certyfikatów unieważnionych (CRL) z {source} nie jest podpisana przez urząd {issuer}.",
    )


class OcspUnauthorised(StatusUntrusted):
    """The responder does not answer for this authority or to us (RFC 6960 §2.3)."""

    code = "pki.ocsp-unauthorised"
    cause = Text(
        "The status service (OCSP) at {host} may not answer this question (unauthorized).",
        "Usługa statusu certyfikatów (OCSP) pod adresem {host} nie może odpowiedzieć na to pytanie"
        " (unauthorized).",
    )


class OcspRefused(StatusUntrusted):
    """The responder does not take our question."""

    code = "pki.ocsp-refused"
    cause = Text(
        "The status service (OCSP) at {host} does not take the question: {reason}.",
        "Usługa statusu certyfikatów (OCSP) pod adresem {host} nie przyjmuje pytania: {reason}.",
    )


class OcspForged(StatusUntrusted):
    """The answer is not the authority's, is too old, or belongs to another question."""

    code = "pki.ocsp-forged"
    cause = Text(
        "The answer of the status service (OCSP) at {host} proves nothing: {rule}.",
        "Odpowiedź usługi statusu certyfikatów (OCSP) pod adresem {host} niczego nie dowodzi: {rule}.",
    )


class StatusAddressRefused(StatusUntrusted):
    """The certificate names an address that is not asked (see `addresses`)."""

    code = "pki.status-address-refused"
    cause = Text(
        "The certificate names an address for its status that is not asked: {host} ({rule}).",
        "Certyfikat wskazuje adres statusu, który nie jest odpytywany: {host} ({rule}).",
    )
    cure = Text(
        "Addresses of this machine and of private networks are asked only with"
        " EREPO_REVOCATION__LOCAL_ADDRESSES; without a public one, give the list as EREPO_REVOCATION__CRL.",
        "Adresy tego komputera i sieci prywatnych są odpytywane tylko po ustawieniu"
        " EREPO_REVOCATION__LOCAL_ADDRESSES; jeśli nie ma adresu publicznego, wskaż listę w"
        " EREPO_REVOCATION__CRL.",
    )
