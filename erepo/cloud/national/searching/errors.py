"""What can go wrong with documents of other providers. Nothing repeats a text of P1 or of a repository.

IndexProblem
└── AbroadProblem
    ├── AbroadNotReady          pre-flight: each missing thing is named; nothing was asked
    ├── AbroadNotConfigured     the service is not connected to P1
    ├── AbroadAccessRefused     P1 does not know the certificates or the acting person
    ├── AbroadDenied            SOZ does not permit the document
    ├── AbroadRefused           P1, or the other provider's repository, understood and said no
    ├── AbroadAnswerUnusable    an answer that cannot be read or trusted
    ├── AbroadRepositoryUnknown P1 does not tell where the repository is
    ├── AbroadAddressRefused    it is where nobody may be asked
    ├── AbroadAbsent            the repository does not give the document
    ├── AbroadDiffers           other octets than P1's index promises
    ├── AbroadTooLarge          more octets than are taken
    ├── AbroadOverrun           P1 runs out of time: too many documents
    ├── AbroadLater             P1 cannot now
    └── AbroadRepositoryLater   the repository cannot now
"""

from erepo.cloud.national.indexing.errors import (
    IndexAccessRefused,
    IndexNotConfigured,
    IndexNotReady,
    IndexProblem,
)
from erepo.errors import (
    AccessRefused,
    IntegrityError,
    RemoteRefused,
    RetryableError,
)
from erepo.texts import Text


class AbroadProblem(IndexProblem):
    """Root of them; data: `phase` (preflight, token, ask, consent, address, fetch) and `rule`, or None."""

    code = "p1.abroad-problem"


class AbroadNotReady(AbroadProblem, IndexNotReady):
    """Something is missing without which P1 would refuse; `missing` are keys of `preflight`."""

    code = "p1.abroad-not-ready"
    cause = Text("P1 cannot be asked yet:", "Nie można jeszcze zapytać P1:")
    cure = Text(
        "Supply what is missing, then ask again; nothing was sent to P1.",
        "Uzupełnij braki i ponów żądanie; do P1 niczego nie wysłano.",
    )


class AbroadNotConfigured(AbroadProblem, IndexNotConfigured):
    """The operator has not connected the service to P1, or wrongly; told in the same words."""

    code = "p1.abroad-not-configured"


class AbroadAccessRefused(AbroadProblem, IndexAccessRefused):
    """P1 does not know the provider's certificates, or not the acting person; told in the same words."""

    code = "p1.abroad-access-refused"


class AbroadDenied(AbroadProblem, AccessRefused):
    """SOZ does not permit: the patient has not consented, or nothing is known."""

    code = "p1.abroad-denied"
    cause = Text(
        "P1 does not permit that this person reads the document ({rule}).",
        "P1 nie zezwala tej osobie na odczyt dokumentu ({rule}).",
    )
    cure = Text(
        "Ask the patient for a consent in P1 (IKP, text message). Where a life is in danger, search again as"
        " an emergency (BTG), with a reason.",
        "Poproś pacjenta o zgodę w P1 (IKP, SMS). W razie zagrożenia życia wyszukaj ponownie w trybie"
        " ratunkowym (BTG) i podaj powód.",
    )


class AbroadRefused(AbroadProblem, RemoteRefused):
    """P1 or the repository understood and refused; `rule` is its own code."""

    code = "p1.abroad-refused"
    cause = Text("The request was refused ({rule}).", "Żądanie zostało odrzucone ({rule}).")
    cure = Text(
        "The code is P1's or the other provider's own. Check patient and document; tell the other provider"
        " where its repository refuses what P1 permits.",
        "Kod pochodzi z P1 lub od drugiego podmiotu. Sprawdź pacjenta i dokument; jeśli repozytorium odmawia"
        " tego, na co P1 zezwala, powiadom drugi podmiot.",
    )


class AbroadAnswerUnusable(AbroadProblem, RemoteRefused):
    """The answer proves nothing, or has another form."""

    code = "p1.abroad-answer-unusable"
    cause = Text(
        "An answer could not be read or trusted ({rule}).",
        "Odpowiedzi nie można odczytać lub jej zaufać ({rule}).",
    )
    cure = Text(
        "Nothing was taken over. Tell the other provider; if all answers are such, the operator of the"
        " service compares EREPO_P1__URL, EREPO_P1__CA and EREPO_P1__ABROAD_CA with P1's.",
        "Niczego nie przyjęto. Powiadom drugi podmiot; jeśli dotyczy to wszystkich odpowiedzi, operator"
        " usługi porównuje EREPO_P1__URL, EREPO_P1__CA i EREPO_P1__ABROAD_CA z danymi P1.",
    )


class AbroadRepositoryUnknown(AbroadProblem, RemoteRefused):
    """SZAR tells no address of the repository."""

    code = "p1.abroad-repository-unknown"
    cause = Text(
        "P1 does not tell where the other provider's repository is.",
        "P1 nie podaje adresu repozytorium drugiego podmiotu.",
    )
    cure = Text(
        "Ask the other provider to register its repository's address in P1.",
        "Poproś drugi podmiot o zarejestrowanie adresu repozytorium w P1.",
    )


class AbroadAddressRefused(AbroadProblem, RemoteRefused):
    """The registered address is none that may be called: no https, or inside a private network."""

    code = "p1.abroad-address-refused"
    cause = Text(
        "The address that P1 tells of the repository is not called ({rule}).",
        "Adres repozytorium podany przez P1 nie jest wywoływany ({rule}).",
    )
    cure = Text(
        "Only public https addresses are. Ask the other provider to correct it in P1; for a test environment"
        " the operator of the service lists its host in EREPO_P1__ABROAD_PRIVATE.",
        "Wywoływane są tylko publiczne adresy https. Poproś drugi podmiot o poprawienie go w P1; dla"
        " środowiska testowego operator usługi wpisuje host do EREPO_P1__ABROAD_PRIVATE.",
    )


class AbroadAbsent(AbroadProblem, RemoteRefused):
    """The repository does not give the document, though P1's index names it."""

    code = "p1.abroad-absent"
    cause = Text(
        "The other provider's repository does not give the document ({rule}).",
        "Repozytorium drugiego podmiotu nie wydaje dokumentu ({rule}).",
    )
    cure = Text(
        "Tell the other provider: P1's index names the document as available there.",
        "Powiadom drugi podmiot: indeks P1 wskazuje, że dokument jest tam dostępny.",
    )


class AbroadDiffers(AbroadProblem, IntegrityError):
    """Other octets came than P1's index promises; `rule` says in what."""

    code = "p1.abroad-differs"
    cause = Text(
        "What the repository gave differs from P1's index ({rule}); nothing was taken over.",
        "Treść wydana przez repozytorium różni się od indeksu P1 ({rule}); niczego nie przyjęto.",
    )
    cure = Text("Tell the other provider.", "Powiadom drugi podmiot.")


class AbroadTooLarge(AbroadProblem, RemoteRefused):
    """The answer has more octets than are taken."""

    code = "p1.abroad-too-large"
    cause = Text(
        "The answer of the repository is larger than promised or allowed.",
        "Odpowiedź repozytorium jest większa, niż zapowiedziano lub dopuszczono.",
    )
    cure = Text(
        "Tell the other provider; the operator of the service may raise EREPO_P1__ABROAD_BYTES.",
        "Powiadom drugi podmiot; operator usługi może podnieść EREPO_P1__ABROAD_BYTES.",
    )


class AbroadOverrun(AbroadProblem, RetryableError):
    """P1 ran out of time (`minor: Timeout`), in narrower windows as well."""

    code = "p1.abroad-overrun"
    cause = Text(
        "P1 ran out of time: the patient has too many documents.",
        "P1 przekroczyło limit czasu: pacjent ma zbyt wiele dokumentów.",
    )
    cure = Text(
        "Ask for less: narrow the dates (from, until) or name kinds of documents.",
        "Zawęź zapytanie: podaj daty (od, do) lub rodzaje dokumentów.",
    )


class AbroadLater(AbroadProblem, RetryableError):
    """P1 does not answer, or says: later."""

    code = "p1.abroad-later"
    cause = Text("P1 cannot take the request now.", "P1 nie może teraz obsłużyć żądania.")
    cure = Text(
        "Ask again later; asking changes nothing.", "Ponów żądanie później; pytanie niczego nie zmienia."
    )


class AbroadRepositoryLater(AbroadProblem, RetryableError):
    """The other provider's repository does not answer, or says: later."""

    code = "p1.abroad-repository-later"
    cause = Text(
        "The other provider's repository does not answer now.",
        "Repozytorium drugiego podmiotu teraz nie odpowiada.",
    )
    cure = Text(
        "Ask again later; if it lasts, tell the other provider.",
        "Ponów żądanie później; jeśli to trwa, powiadom drugi podmiot.",
    )
