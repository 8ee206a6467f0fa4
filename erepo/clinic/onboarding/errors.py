"""Why an onboarding cannot go on.

    InvalidInput
    ├── CertificatesIncomplete     what was given lacks the TLS or the WSS certificate
    ├── FileNameWrong              a file is named after another certificate than it holds
    ├── PrivateKeyGiven            a private key was given where only certificates belong
    ├── FilesSwapped               the TLS file stands in the place of the WSS one
    └── AccountUnclear             nothing tells which account is meant
    ConfigurationError
    ├── NotRequested               no keys and requests were made for the account
    ├── NotReceived                no certificates yet
    ├── ServiceAuthorityMissing    nobody told which authority vouches for the service
    ├── CertificatesInUse          the account is active with other certificates
    ├── OnboardingUnderWay         keys and requests were made here; others cannot be taken over beside them
    ├── AccountInUse               an active account cannot be given up
    └── OtherRepositoryActive      only one external repository at a time
    RemoteRefused
    └── RefusedByOffice            the office answered without certificates
    RetryableError
    └── CertificatesAwaited        the office has not answered yet

A defective certificate is told by `erepo.pki.errors`, a failed mail by `erepo.clinic.mail.errors`.
"""

# each name says what is wrong; "Error" would add nothing to it

from erepo.errors import ConfigurationError, InvalidInput, RemoteRefused, RetryableError
from erepo.texts import Text


class CertificatesIncomplete(InvalidInput):
    """One of the two certificates is missing."""

    code = "onboarding.certificates-incomplete"
    cause = Text(
        "The {missing} certificate of the account {account} is missing.",
        "Brakuje certyfikatu {missing} konta {account}.",
    )
    cure = Text(
        "Give both files as the office sent them: TLS<serial>.pem and WSS<serial>.pem.",
        "Wskaż oba pliki przysłane przez BOK: TLS<numer>.pem i WSS<numer>.pem.",
    )


class FileNameWrong(InvalidInput):
    """The name of a file and the certificate in it do not belong together (manual 2.3)."""

    code = "onboarding.file-name-wrong"
    cause = Text(
        "The file {file} holds another certificate than its name says: it should be called {right}.",
        "Plik {file} zawiera inny certyfikat, niż wskazuje jego nazwa: powinien nazywać się {right}.",
    )
    cure = Text(
        "Give both files as the office sent them: TLS<serial>.pem and WSS<serial>.pem.",
        "Wskaż oba pliki przysłane przez BOK: TLS<numer>.pem i WSS<numer>.pem.",
    )


class PrivateKeyGiven(InvalidInput):
    """A private key was pasted or attached where only public parts belong."""

    code = "onboarding.private-key-given"
    cause = Text(
        "A private key was given. Only certificates (public keys) belong here; the key was not taken.",
        "Podano klucz prywatny. Tutaj należy podać wyłącznie certyfikaty (klucze publiczne);"
        " klucz nie został przyjęty.",
    )
    cure = Text(
        "Give only texts that begin with BEGIN CERTIFICATE. Could anybody else have seen the key? If so,"
        " give this onboarding up (`erepo certificates abandon`) and begin anew. To take over an account with"
        " its keys, use `erepo certificates adopt`.",
        "Podaj tylko teksty zaczynające się od BEGIN CERTIFICATE. Czy ktoś obcy mógł zobaczyć klucz? Jeśli"
        " tak, porzuć to przyłączanie (`erepo certificates abandon`) i zacznij od nowa. Konto wraz z kluczami"
        " przejmuje polecenie `erepo certificates adopt`.",
    )


class FilesSwapped(InvalidInput):
    """The files of TLS and WSSE stand in each other's places (manual 2.5)."""

    code = "onboarding.files-swapped"
    cause = Text(
        "The files are swapped: {tls} belongs to WSS and {wss} to TLS.",
        "Pliki są zamienione: {tls} należy do WSS, a {wss} do TLS.",
    )
    cure = Text("Swap them and repeat the command.", "Zamień je miejscami i powtórz polecenie.")


class AccountUnclear(InvalidInput):
    """Several onboardings are open, or none, and the certificates name none of them."""

    code = "onboarding.account-unclear"
    cause = Text(
        "It is not clear which account is meant; possible here: {waiting}.",
        "Nie wiadomo, którego konta to dotyczy; możliwe: {waiting}.",
    )
    cure = Text(
        "Name it in the command by its 16 digits. Where there is none yet: deployment"
        " onboard-clinic/on-demand.",
        "Podaj w poleceniu 16 cyfr konta. Jeśli nie ma tu jeszcze żadnego: wdrożenie"
        " onboard-clinic/on-demand.",
    )


class NotRequested(ConfigurationError):
    """No keys were made for the account."""

    code = "onboarding.not-requested"
    cause = Text(
        "No keys and requests (CSR) were made for the account {account}.",
        "Dla konta {account} nie wygenerowano kluczy ani żądań (CSR).",
    )
    cure = Text(
        "Check its 16 digits; to make them, start the deployment onboard-clinic/on-demand.",
        "Sprawdź 16 cyfr konta; aby je wygenerować, uruchom wdrożenie onboard-clinic/on-demand.",
    )


class NotReceived(ConfigurationError):
    """There are no certificates of the account yet."""

    code = "onboarding.not-received"
    cause = Text(
        "There are no certificates of the account {account} yet.",
        "Brak certyfikatów konta {account}.",
    )
    cure = Text(
        "Wait for the office's answer, or give the certificate files.",
        "Poczekaj na odpowiedź BOK albo wskaż pliki certyfikatów.",
    )


class ServiceAuthorityMissing(ConfigurationError):
    """The service cannot be recognised."""

    code = "onboarding.service-authority-missing"
    cause = Text(
        "It is not known which authority vouches for the service.",
        "Nie wiadomo, który urząd certyfikacji poświadcza usługę.",
    )
    cure = Text("Put the service's ca.pem into {file}.", "Umieść plik ca.pem usługi w {file}.")


class CertificatesInUse(ConfigurationError):
    """An active account got other certificates."""

    code = "onboarding.certificates-in-use"
    cause = Text(
        "The account {account} is active with other certificates.",
        "Konto {account} jest już aktywne i używa innych certyfikatów.",
    )
    cure = Text(
        "To replace them, update the certificates of the account (manual 1.1.3).",
        "Aby je wymienić, użyj funkcji „Aktualizuj certyfikaty” (instrukcja 1.1.3).",
    )


class OnboardingUnderWay(ConfigurationError):
    """Keys and requests were made here, and others are to be taken over."""

    code = "onboarding.under-way"
    cause = Text(
        "For the account {account} keys and requests (CSR) were already made here.",
        "Dla konta {account} wygenerowano już tutaj klucze i żądania (CSR).",
    )
    cure = Text(
        "Go on with them: `erepo certificates receive`. Or give them up first:"
        " `erepo certificates abandon {account}`.",
        "Kontynuuj: `erepo certificates receive`. Albo najpierw je porzuć:"
        " `erepo certificates abandon {account}`.",
    )


class AccountInUse(ConfigurationError):
    """An active account was to be given up."""

    code = "onboarding.account-in-use"
    cause = Text(
        "The account {account} is active; its keys are needed.",
        "Konto {account} jest aktywne; jego klucze są potrzebne.",
    )
    cure = Text(
        "Only an onboarding that has not ended can be given up.",
        "Porzucić można tylko niezakończone przyłączanie konta.",
    )


class OtherRepositoryActive(ConfigurationError):
    """Only one external repository may be in use at a time."""

    code = "onboarding.other-repository-active"
    cause = Text(
        "The clinic already uses another external repository ({other}).",
        "Placówka używa już innego repozytorium zewnętrznego ({other}).",
    )
    cure = Text(
        "Only one can be in use; `erepo repositories use cloud` or `… use earchive` changes which one."
        " Migrate documents back first, where they are to stay at hand. Nothing was changed.",
        "Naraz można używać tylko jednego. Przełącza polecenie `erepo repositories use cloud` albo `erepo"
        " repositories use earchive`; dokumenty, które mają być pod ręką, najpierw przenieś z powrotem."
        " Niczego nie zmieniono.",
    )


class RefusedByOffice(RemoteRefused):
    """The office answered, but sent no certificates."""

    code = "onboarding.refused-by-office"
    cause = Text(
        "The office answered the request of the account {account} without certificates.",
        "BOK odpowiedziało na żądanie konta {account}, nie przysyłając certyfikatów.",
    )
    cure = Text(
        "Read its letter {letter} in the mailbox; it says why.",
        "Przeczytaj list {letter} w skrzynce pocztowej; podano w nim przyczynę.",
    )


class CertificatesAwaited(RetryableError):
    """The office has not answered yet."""

    code = "onboarding.certificates-awaited"
    cause = Text(
        "The office has not answered the request of the account {account} yet.",
        "BOK nie odpowiedziało jeszcze na żądanie konta {account}.",
    )
    cure = Text(
        "Nothing to do: the answer is looked for again. It may take days; or give the certificate files.",
        "Nie trzeba nic robić: odpowiedź zostanie sprawdzona ponownie. Może to potrwać kilka dni; można też"
        " wskazać pliki certyfikatów.",
    )
