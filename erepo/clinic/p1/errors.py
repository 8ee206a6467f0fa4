"""Errors of the registration in the national domain (manual 1.3, 2.1).

PermanentError
├── InvalidInput
│   ├── P1FileWrong           a .p12 is not fit: expired, damaged, wrong password
│   ├── P1FilesSwapped        the TLS file stands for WSS, or the other way round
│   └── P1FilesSame           both files are the same certificate or key
├── ConfigurationError
│   ├── P1CertificatesPresent other certificates are registered: revoke them first (manual 1.3)
│   ├── P1RepositoryExists    P1 knows a repository of the provider that is not of this service
│   └── P1NotRegistered       no repository id: nothing can be indexed
└── RemoteRefused
    └── P1IdMissing           P1 gave no repository id (manual 2.1): revoke and register again
"""

from erepo.errors import ConfigurationError, InvalidInput, RemoteRefused
from erepo.texts import Text


class P1FileWrong(InvalidInput):
    """A `.p12` of P1 is not fit to be used."""

    code = "p1.file-wrong"
    cause = Text(
        "The {purpose} file cannot be used: {problem_en}", "Nie można użyć pliku {purpose}: {problem_pl}"
    )
    cure = Text(
        "Take the file and the password that P1 issued for {purpose}; a certificate that is over has to be"
        " ordered anew in the RPWDL application.",
        "Użyj pliku i hasła wydanych przez P1 dla {purpose}; o nowy certyfikat w miejsce wygasłego wystąp w"
        " aplikacji RPWDL.",
    )


class P1FilesSwapped(InvalidInput):
    """The two files stand in each other's place."""

    code = "p1.files-swapped"
    cause = Text(
        "The TLS and the WSS file seem to be swapped: {reason_en}.",
        "Wygląda na to, że pliki TLS i WSS zamieniono miejscami: {reason_pl}.",
    )
    cure = Text(
        "Give the file for the channel as --tls and the one for signatures as --wss.",
        "Podaj plik do komunikacji jako --tls, a plik do podpisów jako --wss.",
    )


class P1FilesSame(InvalidInput):
    """Both files hold the same certificate or key."""

    code = "p1.files-same"
    cause = Text(
        "Both files hold the same {what} (serial number {serial}).",
        "Oba pliki zawierają to samo ({what}, numer seryjny {serial}).",
    )
    cure = Text(
        "P1 issues two different ones: one for TLS, one for WSS.",
        "P1 wydaje dwa różne certyfikaty: jeden TLS i jeden WSS.",
    )


class P1CertificatesPresent(ConfigurationError):
    """Other P1 certificates are registered in the service (manual 1.3)."""

    code = "p1.certificates-present"
    cause = Text(
        "P1 certificates are registered in the repository already; they have to be revoked before they are"
        " replaced.",
        "W eRepozytorium są już zarejestrowane certyfikaty P1; przed ich aktualizacją należy je odwołać.",
    )
    cure = Text(
        "Revoke them first (`erepo account p1 revoke`, or the deployment revoke-p1/on-demand), then register"
        " the new ones.",
        "Najpierw odwołaj certyfikaty P1 (`erepo account p1 revoke` lub wdrożenie revoke-p1/on-demand), a"
        " potem zarejestruj nowe.",
    )


class P1RepositoryExists(ConfigurationError):
    """The provider has a repository in P1 that this service did not register."""

    code = "p1.repository-exists"
    cause = Text(
        "P1 knows a repository of this provider already, which was registered elsewhere. The certificates are"
        " stored, without an id.",
        "W P1 jest już repozytorium tego podmiotu, zarejestrowane gdzie indziej. Certyfikaty zapisano, bez id"
        " repozytorium.",
    )
    cure = Text(
        "If the eRepository is to be a further one, register the same certificates with `erepo account p1"
        " register … --new-repository`, or the deployment register-p1/on-demand with new_repository.",
        "Jeśli eRepozytorium ma być kolejnym, zarejestruj te same certyfikaty: `erepo account p1 register …"
        " --new-repository` lub wdrożenie register-p1/on-demand z opcją new_repository.",
    )


class P1IdMissing(RemoteRefused):
    """The certificates are stored, but P1 gave no repository id (manual 2.1)."""

    code = "p1.repository-id-missing"
    cause = Text(
        "The repository's id could not be fetched from the national domain.",
        "Nie udało się pobrać id repozytorium z domeny krajowej.",
    )
    cure = Text(
        "Revoke the P1 certificates and register them again: `erepo account p1 register … --start-over`, or"
        " the deployment register-p1/on-demand with start_over.",
        "Odwołaj certyfikaty P1 i zarejestruj je ponownie: `erepo account p1 register … --start-over` lub"
        " wdrożenie register-p1/on-demand z opcją start_over.",
    )


class P1NotRegistered(ConfigurationError):
    """The repository is not registered in the national domain."""

    code = "p1.not-registered"
    cause = Text(
        "The repository is not registered in the national domain: it has no id there.",
        "Repozytorium nie jest zarejestrowane w domenie krajowej: nie ma tam identyfikatora.",
    )
    cure = Text(
        "Register the P1 certificates: `erepo account p1 register --tls FILE --wss FILE`.",
        "Zarejestruj certyfikaty P1: `erepo account p1 register --tls PLIK --wss PLIK`.",
    )
