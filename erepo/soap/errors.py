"""Errors of the wire, each for one way in which a message or a connection can be wrong.

    InvalidInput
    ├── MessageRefused             a received message is not trusted; `fault` is what its sender is told
    │   ├── MalformedXml           not the XML a SOAP message may be: DOCTYPE, comments, encodings, sizes
    │   ├── MalformedMultipart     the MIME package breaks a rule or a limit
    │   ├── MalformedXop           an xop:Include that fits no part, or a part that fits no xop:Include
    │   ├── MalformedEnvelope      not Envelope(Header, Body(one element)), doubled or missing headers
    │   ├── SoapVersionRefused     SOAP 1.1
    │   ├── HeaderNotUnderstood    a mandatory header that nobody here knows
    │   ├── SecurityMissing        no WS-Security header, timestamp, token or signature
    │   ├── SecurityMalformed      a WS-Security header of a form that is not accepted
    │   ├── AlgorithmRefused       an algorithm or key type outside the accepted list
    │   ├── SignerRefused          the signer's certificate is not trusted
    │   ├── SignatureInvalid       signature or digest is wrong
    │   ├── CoverageRefused        something that must be signed is not, or something unknown is
    │   ├── MessageExpired         created too long ago, or in the future
    │   └── MessageReplayed        seen before
    └── AnswerRefused              an HTTP answer that is not read further
        ├── AnswerTooLarge
        ├── AnswerEncoded          compressed
        ├── AnswerNotSoap
        ├── RedirectRefused
        └── AnswerMismatched       a good answer, but not to our question
    ConfigurationError
    ├── SecureChannelFailed        TLS could not be set up (manual 2.5)
    └── UnsafeChannel              a TLS context or address below our floor
    AccessRefused
    ├── ForbiddenAnswer            HTTP 401, 403 (manual 2.4)
    └── AddressUnknown             HTTP 404, 405, 410
    RemoteRefused
    ├── BadRequestAnswer           HTTP 400 and other 4xx (manual 2.3)
    └── FaultRefused               SOAP fault: our message was wrong
    RetryableError
    └── FaultRetryable             SOAP fault: the service failed, or the clocks differ
    SoapFaultReceived              both fault classes

`rule` in their data is a short fixed phrase, never content of a message.
"""

from typing import ClassVar

from erepo.errors import (
    AccessRefused,
    ConfigurationError,
    ErepoError,
    InvalidInput,
    RemoteRefused,
    RetryableError,
)
from erepo.texts import Text

_SENDER_CURE = Text(
    "Nothing was processed. The sender has to repair its software or its certificate.",
    "Niczego nie przetworzono. Nadawca musi poprawić oprogramowanie lub certyfikat.",
)


class MessageRefused(InvalidInput):
    """A received message is not trusted; `fault` is the code its sender is told.

    Where `told`, the sender hears cause and cure as well, in both languages: a person has to act, and nothing
    in them helps an attacker. `status` is the HTTP status, if not that of the fault.
    """

    code = "soap.message-refused"
    fault: ClassVar[str] = "wsse:InvalidSecurity"
    told: ClassVar[bool] = False
    status: ClassVar[int | None] = None
    cause = Text("The SOAP message was refused: {rule}.", "Odrzucono komunikat SOAP: {rule}.")
    cure = _SENDER_CURE


class MalformedXml(MessageRefused):
    """The octets are not the XML that a SOAP message may be."""

    code = "soap.malformed-xml"
    fault = "soap:Sender"
    cause = Text("The XML of the message was refused: {rule}.", "Odrzucono dokument XML komunikatu: {rule}.")


class MalformedMultipart(MessageRefused):
    """The MIME package breaks a rule of RFC 2046/2387 or one of our limits."""

    code = "soap.malformed-multipart"
    fault = "soap:Sender"
    cause = Text(
        "The multipart package was refused: {rule}.", "Odrzucono wieloczęściowy pakiet MIME: {rule}."
    )


class MalformedXop(MessageRefused):
    """Includes and parts do not fit one to one."""

    code = "soap.malformed-xop"
    fault = "soap:Sender"
    cause = Text(
        "The attachments do not fit the message: {rule}.", "Załączniki nie pasują do komunikatu: {rule}."
    )


class MalformedEnvelope(MessageRefused):
    """The message is not Envelope(Header, Body(one element)) with each header at most once."""

    code = "soap.malformed-envelope"
    fault = "soap:Sender"
    cause = Text("The SOAP envelope was refused: {rule}.", "Odrzucono kopertę SOAP: {rule}.")


class SoapVersionRefused(MessageRefused):
    """Another SOAP version than 1.2."""

    code = "soap.version"
    fault = "soap:VersionMismatch"


class HeaderNotUnderstood(MessageRefused):
    """A header marked mustUnderstand is unknown here."""

    code = "soap.must-understand"
    fault = "soap:MustUnderstand"


class SecurityMissing(MessageRefused):
    """The message is not signed, or a needed piece of its WS-Security header is missing."""

    code = "soap.security-missing"


class SecurityMalformed(MessageRefused):
    """The WS-Security header has a form that is not accepted."""

    code = "soap.security-malformed"


class AlgorithmRefused(MessageRefused):
    """An algorithm, transform or key type outside the accepted list."""

    code = "soap.algorithm-refused"
    fault = "wsse:UnsupportedAlgorithm"


class SignerRefused(MessageRefused):
    """The certificate of the signer is unreadable or not trusted."""

    code = "soap.signer-refused"
    fault = "wsse:FailedAuthentication"


class SignatureInvalid(MessageRefused):
    """The signature, or the digest of a signed part, is wrong."""

    code = "soap.signature-invalid"
    fault = "wsse:FailedCheck"


class CoverageRefused(MessageRefused):
    """The signature does not cover exactly known parts, all required ones among them."""

    code = "soap.coverage-refused"
    fault = "wsse:FailedCheck"


class MessageExpired(MessageRefused):
    """The message is too old, or comes from the future."""

    code = "soap.message-expired"
    fault = "wsse:MessageExpired"
    cure = Text(
        "Compare the clocks of both machines (NTP); EREPO_WSS__SKEW says how far they may differ.",
        "Porównaj zegary obu komputerów (NTP); dopuszczalną różnicę określa EREPO_WSS__SKEW.",
    )


class MessageReplayed(MessageRefused):
    """The identical message was accepted before."""

    code = "soap.message-replayed"
    fault = "wsse:FailedCheck"


class AnswerRefused(InvalidInput):
    """An HTTP answer that is not read further; the request itself may have been processed."""

    code = "http.answer-refused"
    cause = Text("The answer of {address} was refused: {rule}.", "Odrzucono odpowiedź {address}: {rule}.")
    cure = Text(
        "Check that the address belongs to the service and that no proxy stands in between.",
        "Sprawdź, czy adres należy do usługi i czy po drodze nie stoi serwer pośredniczący.",
    )


class AnswerTooLarge(AnswerRefused):
    """The answer is larger than the settings allow."""

    code = "http.answer-too-large"
    cause = Text(
        "The answer of {address} is larger than {limit} bytes.",
        "Odpowiedź {address} przekracza {limit} bajtów.",
    )
    cure = Text(
        "Raise EREPO_LIMITS__MESSAGE if such documents are expected.",
        "Zwiększ EREPO_LIMITS__MESSAGE, jeśli takie dokumenty są oczekiwane.",
    )


class AnswerEncoded(AnswerRefused):
    """The answer is compressed although we asked for none; it is not unpacked (bombs)."""

    code = "http.answer-encoded"


class AnswerNotSoap(AnswerRefused):
    """The answer is no SOAP message: a login page, a proxy's page, a file."""

    code = "http.answer-not-soap"


class RedirectRefused(AnswerRefused):
    """The answer points elsewhere; documents go only where the settings say."""

    code = "http.redirect-refused"


class AnswerMismatched(AnswerRefused):
    """A trustworthy answer that belongs to another question."""

    code = "soap.answer-mismatched"


class SecureChannelFailed(ConfigurationError):
    """TLS with the service could not be set up (manual 2.5)."""

    code = "http.secure-channel"
    cause = Text(
        "The secure channel to {address} failed ({reason}).",
        "Wystąpił błąd w obsłudze bezpiecznego kanału do {address} ({reason}).",
    )
    cure = Text(
        "Check that the TLS certificate and key of this account (not the WSS ones) are installed, are valid "
        "and registered, and that the service's CA file is the current one; TLS 1.2 is the least accepted.",
        "Sprawdź, czy wgrano certyfikat i klucz TLS tego konta (a nie WSS), czy są ważne i zarejestrowane "
        "oraz czy plik CA usługi jest aktualny; wymagany jest co najmniej TLS 1.2.",
    )


class UnsafeChannel(ConfigurationError):
    """A TLS context or an address below our floor was given."""

    code = "http.unsafe-channel"
    cause = Text("The channel is not safe: {rule}.", "Kanał nie jest bezpieczny: {rule}.")
    cure = Text(
        "Use an https address and a context that checks host names, demands a certificate and TLS 1.2.",
        "Użyj adresu https oraz kontekstu, który sprawdza nazwy hostów, wymaga certyfikatu i TLS 1.2.",
    )


class ForbiddenAnswer(AccessRefused):
    """HTTP 401 or 403 (manual 2.4)."""

    code = "http.forbidden"
    cause = Text(
        "The service at {address} answers Forbidden ({status}).",
        "Usługa {address} odpowiada: Forbidden ({status}).",
    )
    cure = Text(
        "Check that the account's certificates are registered and valid, and that the acting user is linked "
        "to a staff member with a PESEL or NPWZ.",
        "Sprawdź, czy certyfikaty konta są zarejestrowane i ważne oraz czy użytkownik wykonujący operację "
        "jest powiązany z personelem posiadającym numer PESEL lub NPWZ.",
    )


class AddressUnknown(AccessRefused):
    """HTTP 404, 405 or 410: no such account or endpoint for this certificate."""

    code = "http.address-unknown"
    cause = Text(
        "The service knows nothing at {address} for this certificate ({status}).",
        "Usługa nie zna adresu {address} dla tego certyfikatu ({status}).",
    )
    cure = Text(
        "Compare the account's number in the address with the CN of the TLS certificate.",
        "Porównaj numer konta w adresie z polem CN certyfikatu TLS.",
    )


class BadRequestAnswer(RemoteRefused):
    """HTTP 400, or another refusal of the request as a whole (manual 2.3)."""

    code = "http.bad-request"
    cause = Text(
        "The service at {address} answers Bad Request ({status}).",
        "Usługa {address} odpowiada: Bad Request ({status}).",
    )
    cure = Text(
        "Check that the CN of the certificates is '<account> TLS' and '<account> WSS' of this account.",
        "Sprawdź, czy pole CN certyfikatów ma postać „<konto> TLS” i „<konto> WSS” dla tego konta.",
    )


class SoapFaultReceived(ErepoError):
    """The service answered with a SOAP fault. Data: `address`, `fault` (codes), never the fault's text."""

    code = "soap.fault"
    cause = Text(
        "The service at {address} answers with a SOAP fault: {fault}.",
        "Usługa {address} odpowiada błędem SOAP: {fault}.",
    )


class FaultRefused(SoapFaultReceived, RemoteRefused):
    """The fault says that our message was wrong; sending it again changes nothing."""

    code = "soap.fault-refused"
    cure = Text(
        "Check the account's WSS certificate and this software's version, then send again.",
        "Sprawdź certyfikat WSS konta oraz wersję oprogramowania, po czym wyślij ponownie.",
    )


class FaultRetryable(SoapFaultReceived, RetryableError):
    """The fault says that the service failed or that our message came too late."""

    code = "soap.fault-retryable"
    cure = Text(
        "It will be tried again by itself; if it repeats, compare the clocks of both machines.",
        "Próba zostanie ponowiona automatycznie; jeśli błąd się powtarza, porównaj zegary obu komputerów.",
    )
