"""Errors of the REST interface.

ErepoError
├── PermanentError
│   ├── AccessRefused
│   │   ├── TokenMissing           nobody said who asks
│   │   ├── TokenRefused           unknown, wrong or revoked
│   │   └── ScopeMissing           known, but not permitted this
│   ├── InvalidInput
│   │   ├── RequestInvalid         a parameter or field is wrong
│   │   ├── RequestTooLarge        a body that is no document is too large
│   │   ├── UploadInvalid          the body is not what its Content-Type says
│   │   ├── KeyInvalid             the Idempotency-Key cannot be used
│   │   ├── KeyReused              the same key with another request
│   │   ├── PathUnknown            no such resource
│   │   ├── MethodNotAllowed       the resource is there, but not for this
│   │   ├── DocumentUnknown        no document of this id
│   │   ├── WebhookUnknown         no webhook of this id
│   │   ├── WebhookAddressRefused  an address that is not called
│   │   ├── TokenNameInvalid       a name of a token is wrong
│   │   ├── TokenNameTaken         a token of this name is in use
│   │   └── TokenUnknown           no token of this name is in use
│   ├── ConfigurationError
│   │   ├── TlsMissing             would listen beyond this machine in the clear
│   │   └── TlsUnusable            certificate or key cannot be used
│   └── Unexpected                 a fault of ours
└── RetryableError
    ├── TooManyFailures            too many wrong tokens
    ├── UploadTimeout              the body does not arrive in time
    └── UploadEnded                the body ended too early
"""

from erepo.errors import AccessRefused, ConfigurationError, InvalidInput, PermanentError, RetryableError
from erepo.texts import Text

_NEW_TOKEN = Text(
    "Send `Authorization: Bearer …` with a token that `erepo api token add` made.",
    "Wyślij nagłówek `Authorization: Bearer …` z tokenem utworzonym poleceniem `erepo api token add`.",
)


class TokenMissing(AccessRefused):
    """Nobody said who asks."""

    code = "api.token-missing"
    cause = Text("The request carries no token.", "Żądanie nie zawiera tokenu.")
    cure = _NEW_TOKEN


class TokenRefused(AccessRefused):
    """Unknown, wrong or revoked; which of them is not told."""

    code = "api.token-refused"
    cause = Text("The token is not valid.", "Token jest nieprawidłowy.")
    cure = _NEW_TOKEN


class ScopeMissing(AccessRefused):
    """The token is good, but not for this."""

    code = "api.scope-missing"
    cause = Text("The token does not permit {scope}.", "Token nie daje uprawnienia {scope}.")
    cure = Text(
        "Have a token with this scope made: `erepo api token add NAME --scope {scope}`.",
        "Poproś o token z tym zakresem: `erepo api token add NAZWA --scope {scope}`.",
    )


class RequestInvalid(InvalidInput):
    """A parameter or field is wrong; its value is not repeated."""

    code = "api.request-invalid"
    cause = Text("The request is wrong in {field}.", "Żądanie zawiera błąd w polu {field}.")
    cure = Text("Correct it as /openapi.json describes it.", "Popraw je zgodnie z opisem w /openapi.json.")


class RequestTooLarge(InvalidInput):
    """A body that is no document is larger than any of them has to be."""

    code = "api.request-too-large"
    cause = Text("The body is larger than {limit} bytes.", "Treść żądania przekracza {limit} bajtów.")
    cure = Text("Send less at once; see /openapi.json.", "Wyślij mniej naraz; zobacz /openapi.json.")


class UploadInvalid(InvalidInput):
    """The body is not what its Content-Type says."""

    code = "api.upload-invalid"
    cause = Text("The body cannot be read ({problem}).", "Nie można odczytać treści żądania ({problem}).")
    cure = Text(
        "Send the document itself, or multipart/form-data with one part `document` and at most one part"
        " `metadata`.",
        "Wyślij sam dokument albo multipart/form-data z jedną częścią `document` i najwyżej jedną częścią"
        " `metadata`.",
    )


class KeyInvalid(InvalidInput):
    """The Idempotency-Key cannot be used."""

    code = "api.key-invalid"
    cause = Text(
        "The Idempotency-Key is empty or longer than {limit} characters.",
        "Nagłówek Idempotency-Key jest pusty albo dłuższy niż {limit} znaków.",
    )
    cure = Text("Use a new UUID for each document.", "Użyj nowego UUID dla każdego dokumentu.")


class KeyReused(InvalidInput):
    """The same key came with another document before."""

    code = "api.key-reused"
    cause = Text(
        "This Idempotency-Key was used for another request.",
        "Tego klucza Idempotency-Key użyto już w innym żądaniu.",
    )
    cure = Text(
        "Use a new key for a new document; send the very same body when you repeat a request.",
        "Dla nowego dokumentu użyj nowego klucza; powtarzając żądanie, wyślij dokładnie tę samą treść.",
    )


class PathUnknown(InvalidInput):
    """No such resource."""

    code = "api.path-unknown"
    cause = Text("There is no such resource.", "Nie ma takiego zasobu.")
    cure = Text("See /openapi.json.", "Zobacz /openapi.json.")


class MethodNotAllowed(InvalidInput):
    """The resource is there, but not for this method."""

    code = "api.method-not-allowed"
    cause = Text("The resource does not know this method.", "Ten zasób nie obsługuje tej metody.")
    cure = Text("See /openapi.json.", "Zobacz /openapi.json.")


class DocumentUnknown(InvalidInput):
    """No document of this id."""

    code = "api.document-unknown"
    cause = Text("There is no document of this id.", "Nie ma dokumentu o tym identyfikatorze.")
    cure = Text(
        "Use the id that the answer to POST /api/documents gave.",
        "Użyj identyfikatora z odpowiedzi na POST /api/documents.",
    )


class WebhookUnknown(InvalidInput):
    """No webhook of this id."""

    code = "api.webhook-unknown"
    cause = Text("There is no webhook of this id.", "Nie ma webhooka o tym identyfikatorze.")
    cure = Text(
        "List them: GET /api/webhooks or `erepo api webhooks list`.",
        "Wyświetl je: GET /api/webhooks albo `erepo api webhooks list`.",
    )


class WebhookAddressRefused(InvalidInput):
    """An address that is not called; `rule` names the setting or part of the address that is wrong."""

    code = "api.webhook-address"
    cause = Text(
        "The address is not called ({rule}).", "Na ten adres nie można wysyłać powiadomień ({rule})."
    )
    cure = Text(
        "Give an https address that is public. For an address inside the clinic, the administrator sets"
        " EREPO_API__WEBHOOK_PRIVATE=true.",
        "Podaj publiczny adres https. Dla adresu wewnątrz placówki administrator ustawia"
        " EREPO_API__WEBHOOK_PRIVATE=true.",
    )


class TokenNameInvalid(InvalidInput):
    """A token's name stands in the history, so it must be plain."""

    code = "api.token-name"
    cause = Text("A token cannot have this name.", "Token nie może mieć takiej nazwy.")
    cure = Text(
        "Use up to 40 small letters, digits and hyphens, beginning with a letter.",
        "Użyj najwyżej 40 małych liter, cyfr i łączników, zaczynając od litery.",
    )


class TokenNameTaken(InvalidInput):
    """A token of this name is in use."""

    code = "api.token-name-taken"
    cause = Text("A token {name} is in use already.", "Token {name} jest już w użyciu.")
    cure = Text(
        "Choose another name, or revoke it first: `erepo api token revoke {name}`.",
        "Wybierz inną nazwę albo najpierw unieważnij token: `erepo api token revoke {name}`.",
    )


class TokenUnknown(InvalidInput):
    """No token of this name is in use."""

    code = "api.token-unknown"
    cause = Text("No token of this name is in use.", "Żaden używany token nie ma takiej nazwy.")
    cure = Text("List them: `erepo api token list`.", "Wyświetl je: `erepo api token list`.")


class TlsMissing(ConfigurationError):
    """Documents and tokens would cross a network in the clear."""

    code = "api.tls-missing"
    cause = Text(
        "EREPO_API__HOST is {host}, which others can reach, and there is no TLS certificate.",
        "EREPO_API__HOST to {host}, adres dostępny z zewnątrz, a brak certyfikatu TLS.",
    )
    cure = Text(
        "Set EREPO_API__CERTIFICATE and EREPO_API__KEY, or listen on 127.0.0.1 behind a proxy with TLS.",
        "Ustaw EREPO_API__CERTIFICATE i EREPO_API__KEY albo nasłuchuj na 127.0.0.1 za serwerem proxy z TLS.",
    )


class TlsUnusable(ConfigurationError):
    """Files of certificates or keys cannot be used."""

    code = "api.tls-unusable"
    cause = Text("{names}: cannot be used ({problem}).", "{names}: nie można użyć ({problem}).")
    cure = Text(
        "EREPO_API__CERTIFICATE names a PEM file with the certificate and its chain, EREPO_API__KEY one with"
        " its key, not encrypted, EREPO_API__WEBHOOK_CA one with authorities.",
        "EREPO_API__CERTIFICATE wskazuje plik PEM z certyfikatem i jego łańcuchem, EREPO_API__KEY plik z jego"
        " nieszyfrowanym kluczem, a EREPO_API__WEBHOOK_CA plik z urzędami certyfikacji.",
    )


class Unexpected(PermanentError):
    """A fault of ours; the log says where."""

    code = "api.unexpected"
    cause = Text("Something failed that should not.", "Wystąpił nieoczekiwany błąd.")
    cure = Text(
        "Send the request again with the same Idempotency-Key. If it repeats, tell the administrator when.",
        "Wyślij żądanie ponownie z tym samym Idempotency-Key. Jeśli błąd się powtarza, podaj administratorowi"
        " czas jego wystąpienia.",
    )


class TooManyFailures(RetryableError):
    """Too many wrong tokens from one address."""

    code = "api.too-many-failures"
    cause = Text("Too many wrong tokens came from you.", "Otrzymano od Ciebie zbyt wiele błędnych tokenów.")
    cure = Text("Try again in {seconds} s.", "Spróbuj ponownie za {seconds} s.")


class UploadTimeout(RetryableError):
    """The body does not arrive in time."""

    code = "api.upload-timeout"
    cause = Text(
        "The body did not arrive within {seconds} s.", "Treść żądania nie dotarła w ciągu {seconds} s."
    )
    cure = Text(
        "Nothing was taken in. Send it again; EREPO_HTTP__READ and EREPO_HTTP__TOTAL are the limits.",
        "Niczego nie przyjęto. Wyślij ponownie; limity określają EREPO_HTTP__READ i EREPO_HTTP__TOTAL.",
    )


class UploadEnded(RetryableError):
    """The connection ended within the body."""

    code = "api.upload-ended"
    cause = Text("The body ended too early.", "Treść żądania urwała się.")
    cure = Text("Nothing was taken in. Send it again.", "Niczego nie przyjęto. Wyślij ponownie.")
