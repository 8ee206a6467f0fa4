"""Errors of the service.

ErepoError
├── InvalidInput
│   ├── RequestMalformed        a REST body that cannot be read
│   ├── BodyTooLarge            more bytes than the limits allow
│   ├── MethodNotAllowed        another HTTP method than the resource has
│   └── ContentEncodingRefused  compressed bodies are not taken
├── AccessRefused
│   ├── PathUnknown             nothing here, or not for this certificate: one answer for both
│   ├── AccountSuspended        the operator has closed the account
│   ├── AccountOccupied         activated already, with other certificates
│   └── SignerNotRegistered     a valid signature by a certificate that is not the account's
├── ConfigurationError
│   ├── CloudNotInitialised     `erepo cloud init` has not run
│   ├── BlobAddressWrong        a setting names no store of large contents
│   ├── TenantExists            the account is there already
│   ├── TenantUnknown           no such account
│   ├── AccountMalformed        an account is 16 digits
│   ├── TermOver                a last day that is over already
│   ├── CredentialsInTheWay     the folder holds keys already
│   ├── AuthorityUnfit          a certificate that can vouch for nobody
│   ├── PublicAddressMissing    nobody said how clients reach the service
│   ├── DatabaseOutdated        its tables are of an earlier version
│   ├── DatabaseTooNew          its tables are of a later version
│   ├── CopyMissing             there is no second copy to repair from
│   └── OrphansTooMany          most blobs are orphans: a wrong database, rather
├── IntegrityError
│   └── DatabaseDamaged         the database itself cannot be read any more
├── PermanentError
│   └── TenantCriterionMissing  a statement that might touch rows of others: a mistake in our code
└── RetryableError
    ├── BodyTimeout             the client stopped sending
    ├── ServiceBusy             no room for the body came free in time
    ├── ServiceStopping         asked to stop while work was under way
    └── DatabaseUnreachable     it cannot even be opened (a `StorageUnavailable` of `erepo.blobs`)
"""

from erepo.blobs.errors import StorageUnavailable
from erepo.errors import (
    AccessRefused,
    ConfigurationError,
    IntegrityError,
    InvalidInput,
    PermanentError,
    RetryableError,
)
from erepo.texts import Text


class RequestMalformed(InvalidInput):
    """A REST request whose body is not what the endpoint takes."""

    code = "cloud.request-malformed"
    cause = Text("The request cannot be understood: {reason}.", "Nie można zrozumieć żądania: {reason}.")
    cure = Text("Send what the OpenAPI description asks for.", "Wyślij treść zgodną z opisem OpenAPI.")


class BodyTooLarge(InvalidInput):
    """The body exceeds `limits.message`."""

    code = "cloud.body-too-large"
    cause = Text("The message is larger than {limit} bytes.", "Wiadomość jest większa niż {limit} bajtów.")
    cure = Text(
        "Send fewer documents in one message, or ask the operator to raise EREPO_LIMITS__MESSAGE.",
        "Wyślij mniej dokumentów naraz albo poproś operatora o zwiększenie EREPO_LIMITS__MESSAGE.",
    )


class ContentEncodingRefused(InvalidInput):
    """A compressed body: never inflated, so that no bomb can go off."""

    code = "cloud.content-encoding"
    cause = Text("Compressed bodies are not accepted.", "Skompresowane treści żądań nie są przyjmowane.")
    cure = Text("Send the body without Content-Encoding.", "Wyślij treść bez nagłówka Content-Encoding.")


class MethodNotAllowed(InvalidInput):
    """The resource has other HTTP methods."""

    code = "cloud.method"
    cause = Text("This address takes only {allowed}.", "Ten adres przyjmuje tylko {allowed}.")
    cure = Text("Send the request with that method.", "Wyślij żądanie tą metodą.")


class PathUnknown(AccessRefused):
    """Nothing is here for this certificate; says the same whether the account exists or not."""

    code = "cloud.unknown"
    cause = Text("There is nothing at this address.", "Pod tym adresem nic nie ma.")
    cure = Text(
        "Check the account in the address and that its own TLS certificate is used.",
        "Sprawdź konto w adresie oraz czy używany jest jego własny certyfikat TLS.",
    )


class AccountSuspended(AccessRefused):
    """The operator has closed the account."""

    code = "cloud.account-suspended"
    cause = Text("The account {account} is suspended.", "Konto {account} jest zawieszone.")
    cure = Text("Contact the operator of the service.", "Skontaktuj się z operatorem usługi.")


class AccountOccupied(AccessRefused):
    """Activation of an account that is active with other certificates."""

    code = "cloud.account-occupied"
    cause = Text(
        "The account {account} has other certificates, or is suspended.",
        "Konto {account} ma inne certyfikaty albo jest zawieszone.",
    )
    cure = Text(
        "Use those it was activated with, or ask the operator of the service for new ones.",
        "Używaj tych, którymi konto aktywowano, albo poproś operatora usługi o nowe.",
    )


class SignerNotRegistered(AccessRefused):
    """The message is well signed, but not by the account's registered WSS certificate (manual 2.3)."""

    code = "cloud.signer-not-registered"
    cause = Text(
        "The certificate that signed the message is not registered for the account.",
        "Certyfikat, którym podpisano wiadomość, nie jest zarejestrowany dla tego konta.",
    )
    cure = Text(
        "Sign with the account's own WSS certificate; those that the operator retired do not count.",
        "Podpisuj własnym certyfikatem WSS konta; wycofane przez operatora nie są przyjmowane.",
    )


class CloudNotInitialised(ConfigurationError):
    """The service's home has no keys or database yet."""

    code = "cloud.not-initialised"
    cause = Text("The service is not set up in {home}.", "Usługa nie jest przygotowana w {home}.")
    cure = Text("Run `erepo cloud init`.", "Uruchom `erepo cloud init`.")


class BlobAddressWrong(ConfigurationError):
    """A setting names no store of large contents that can be used here."""

    code = "cloud.blob-address"
    cause = Text(
        "EREPO_CLOUD_{setting} names no store that can be used here.",
        "EREPO_CLOUD_{setting} nie wskazuje magazynu, którego można tu użyć.",
    )
    cure = Text(
        "Write it as file:///folder or s3://bucket/prefix, or leave it empty: files under EREPO_HOME. An S3"
        " endpoint on another machine must be https, unless EREPO_S3__ALLOW_HTTP is true.",
        "Zapisz go jako file:///katalog lub s3://zasobnik/prefiks albo pozostaw pusty: pliki w EREPO_HOME."
        " Punkt końcowy S3 na innej maszynie musi używać https, chyba że EREPO_S3__ALLOW_HTTP ma wartość"
        " true.",
    )


class TenantExists(ConfigurationError):
    """The account exists; adding it again would silently change it."""

    code = "cloud.tenant-exists"
    cause = Text("The account {account} exists already.", "Konto {account} już istnieje.")
    cure = Text(
        "Show it with `erepo cloud tenant show`.", "Wyświetl je poleceniem `erepo cloud tenant show`."
    )


class TenantUnknown(ConfigurationError):
    """No such account."""

    code = "cloud.tenant-unknown"
    cause = Text("There is no account {account}.", "Nie ma konta {account}.")
    cure = Text(
        "List the accounts with `erepo cloud tenant list`.", "Wyświetl konta: `erepo cloud tenant list`."
    )


class AccountMalformed(ConfigurationError):
    """An account identifier is exactly 16 digits."""

    code = "cloud.account-malformed"
    cause = Text(
        "{account!r} is not an account: 16 digits are.", "{account!r} to nie konto: konto ma 16 cyfr."
    )
    cure = Text("Use a form like 0000000000001003.", "Użyj postaci takiej jak 0000000000001003.")


class TermOver(ConfigurationError):
    """The last day of an account lies in the past."""

    code = "cloud.term-over"
    cause = Text("The last day {day} is over already.", "Ostatni dzień {day} już minął.")
    cure = Text(
        "Give a day from today on, or `open` for no end.",
        "Podaj dzień dzisiejszy lub późniejszy albo `open`, jeśli końca ma nie być.",
    )


class CredentialsInTheWay(ConfigurationError):
    """The folder for credentials holds some already: they are never overwritten."""

    code = "cloud.credentials-in-the-way"
    cause = Text(
        "The folder {folder} holds {name} already; keys are never overwritten.",
        "W katalogu {folder} jest już {name}; kluczy nigdy się nie nadpisuje.",
    )
    cure = Text("Choose an empty folder.", "Wybierz pusty katalog.")


class AuthorityUnfit(ConfigurationError):
    """A certificate that cannot vouch for others."""

    code = "cloud.authority-unfit"
    cause = Text(
        "Certificate number {number} of the file cannot be an authority: {reason}.",
        "Certyfikat numer {number} w pliku nie może być urzędem certyfikacji: {reason}.",
    )
    cure = Text(
        "Take the certificate of the authority itself, valid today; nothing was changed.",
        "Użyj ważnego certyfikatu samego urzędu; niczego nie zmieniono.",
    )


class PublicAddressMissing(ConfigurationError):
    """The service listens on every address of the machine, and clients must be told one."""

    code = "cloud.public-address-missing"
    cause = Text(
        "The service listens on {host}; the address that clients call is not known.",
        "Usługa nasłuchuje na {host}; nie wiadomo, pod jakim adresem łączą się z nią klienci.",
    )
    cure = Text(
        "Set EREPO_PUBLIC_URL, for example https://repository.example:8400, and run `erepo cloud init`: its"
        " name goes into the certificate.",
        "Ustaw EREPO_PUBLIC_URL, na przykład https://repozytorium.example:8400, i uruchom `erepo cloud init`:"
        " nazwa zostanie wpisana do certyfikatu.",
    )


class DatabaseOutdated(ConfigurationError):
    """The tables are those of an earlier version of erepo."""

    code = "cloud.database-outdated"
    cause = Text(
        "The service's database has tables of version {found}; this erepo needs version {wanted}.",
        "Baza danych usługi ma tabele w wersji {found}; ten program wymaga wersji {wanted}.",
    )
    cure = Text(
        "End every process of the service, back the database up, then run `erepo cloud init`: it brings the"
        " tables up to date in one transaction and keeps all data.",
        "Zakończ wszystkie procesy usługi, zrób kopię zapasową bazy, a potem uruchom `erepo cloud init`:"
        " polecenie uaktualni tabele w jednej transakcji i zachowa wszystkie dane.",
    )


class DatabaseTooNew(ConfigurationError):
    """The tables are those of a later version of erepo."""

    code = "cloud.database-too-new"
    cause = Text(
        "The service's database has tables of version {found}; this erepo knows versions up to {wanted}.",
        "Baza danych usługi ma tabele w wersji {found}; ten program zna wersje do {wanted}.",
    )
    cure = Text(
        "Use the erepo that this database was last used with; there is no way back.",
        "Użyj wersji erepo, z którą ta baza ostatnio pracowała; powrót nie jest możliwy.",
    )


class CopyMissing(ConfigurationError):
    """A repair was asked for, and there is nothing to repair from."""

    code = "cloud.copy-missing"
    cause = Text("No second copy of the contents is configured.", "Nie skonfigurowano drugiej kopii treści.")
    cure = Text(
        "Set EREPO_CLOUD_BLOBS_COPY, or run the check without --repair.",
        "Ustaw EREPO_CLOUD_BLOBS_COPY albo uruchom sprawdzenie bez --repair.",
    )


class OrphansTooMany(ConfigurationError):
    """Most blobs are orphans: more likely the database is not that of this store."""

    code = "cloud.orphans-too-many"
    cause = Text(
        "{orphans} of {blobs} blobs belong to no document: rather the database is not that of these blobs.",
        "Liczba plików, które nie należą do żadnego dokumentu: {orphans} z {blobs}. To raczej inna baza.",
    )
    cure = Text(
        "Compare EREPO_CLOUD_DATABASE_URL, EREPO_HOME and EREPO_CLOUD_BLOBS with those of the service. If it"
        " is meant, run the command without --yes and confirm.",
        "Porównaj EREPO_CLOUD_DATABASE_URL, EREPO_HOME i EREPO_CLOUD_BLOBS z ustawieniami usługi. Jeśli tak"
        " ma być, uruchom polecenie bez --yes i potwierdź.",
    )


class DatabaseDamaged(IntegrityError):
    """The database says of itself that it is damaged."""

    code = "cloud.database-damaged"
    cause = Text(
        "The service's database is damaged: it cannot be read to its end.",
        "Baza danych usługi jest uszkodzona: nie można jej odczytać do końca.",
    )
    cure = Text(
        "End the service and restore the database from its backup; the contents in the blob store stay.",
        "Zakończ usługę i odtwórz bazę z kopii zapasowej; treści w magazynie plików pozostają.",
    )


class TenantCriterionMissing(PermanentError):
    """A statement on tenants' rows does not say whose, or names others than its transaction: our own bug."""

    code = "cloud.tenant-criterion"
    cause = Text(
        "A statement on the table {table} was refused: it does not keep to the rows of one account.",
        "Odrzucono zapytanie do tabeli {table}: nie ogranicza się do wierszy jednego konta.",
    )
    cure = Text(
        "Nothing was read or changed. This is an error in the program: report it.",
        "Nic nie zostało odczytane ani zmienione. To błąd programu: zgłoś go.",
    )


class BodyTimeout(RetryableError):
    """The client stopped sending, or sends too slowly."""

    code = "cloud.body-timeout"
    cause = Text("The body did not arrive within {seconds} s.", "Treść nie dotarła w ciągu {seconds} s.")
    cure = Text("Send it again.", "Wyślij ją ponownie.")


class ServiceBusy(RetryableError):
    """Other bodies hold the memory that this one needs; it was not read."""

    code = "cloud.busy"
    cause = Text(
        "Too many large messages are under way; no room came free within {seconds} s.",
        "Zbyt wiele dużych komunikatów jest w toku; w ciągu {seconds} s nie zwolniło się miejsce.",
    )
    cure = Text("Try again in a minute.", "Spróbuj ponownie za minutę.")


class ServiceStopping(RetryableError):
    """Work reached the writer after it was asked to stop; nothing of it was stored."""

    code = "cloud.stopping"
    cause = Text("The service is stopping.", "Usługa jest zatrzymywana.")
    cure = Text("Try again in a minute.", "Spróbuj ponownie za minutę.")


class DatabaseUnreachable(StorageUnavailable):
    """The database does not let the program in: told to the operator at a start, never to a client."""

    code = "cloud.database-unreachable"
    cause = Text(
        "The service's database cannot be opened: {reason}.",
        "Nie można otworzyć bazy danych usługi: {reason}.",
    )
    cure = Text(
        "Check that it runs, and the address in EREPO_CLOUD_DATABASE_URL with its user and password.",
        "Sprawdź, czy działa, oraz adres w EREPO_CLOUD_DATABASE_URL wraz z użytkownikiem i hasłem.",
    )


def where(error: BaseException) -> str:
    """Say what kind of error and where, never its text: that may quote a patient."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    spot = f" at {place.tb_frame.f_code.co_name}:{place.tb_lineno}" if place is not None else ""
    return f"{type(error).__name__}{spot}"
