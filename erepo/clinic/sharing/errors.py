"""Errors of sharing documents.

PermanentError
├── InvalidInput
│   ├── ConsentUnknown       the clinic has no consent of this id
│   ├── ConsentTaken         another consent has the id that was given
│   ├── ConsentFixed         what is asked for is not possible in its state
│   ├── DocumentsUnfit       documents that cannot be shared, each with its reason
│   ├── DocumentsWrong       none, too many, or ids of no document
│   ├── OneOfTwo             a consent and documents, or neither
│   ├── RecipientWrong       whom it is for cannot be understood
│   ├── ValidityWrong        from and until make no sense
│   └── MatterWrong          the reason ("Sprawa") is empty, too long, or not legible
├── ConfigurationError
│   └── CloudNeeded          only the repository in the cloud can share
└── SharingRefused           a consent stopped for a cause that a person must repair
RetryableError
├── SharingStopped           a consent stopped for a cause that may pass
├── DocumentsWaiting         they are not in the repository yet
└── RevocationUnconfirmed    the service does not know the consent, and a late request may still bring it
"""

from dataclasses import asdict
from typing import NoReturn

from erepo.clinic.archiving.results import Problem
from erepo.errors import ConfigurationError, InvalidInput, PermanentError, RetryableError
from erepo.texts import Text


class ConsentUnknown(InvalidInput):
    """The clinic has no consent of this id."""

    code = "sharing.unknown"
    cause = Text("There is no consent of this id.", "Nie ma zgody o tym identyfikatorze.")
    cure = Text("`erepo consents list` shows all.", "Wszystkie pokazuje `erepo consents list`.")


class ConsentTaken(InvalidInput):
    """Another consent has the id that was given for a new one."""

    code = "sharing.taken"
    cause = Text(
        "A consent of this id is there already, and it says something else.",
        "Zgoda o tym identyfikatorze już istnieje i ma inną treść.",
    )
    cure = Text("Give a new id.", "Podaj nowy identyfikator.")


class ConsentFixed(InvalidInput):
    """Its state does not allow what is asked for; `state` names it."""

    code = "sharing.fixed"
    cause = Text(
        "The consent is {state_en}: this is not possible any more.",
        "Zgoda: {state_pl}. Tego nie można już zrobić.",
    )
    cure = Text(
        "A consent is never changed. Write a new one: `erepo share new`.",
        "Zgody się nie zmienia. Przygotuj nową: `erepo share new`.",
    )


class DocumentsUnfit(InvalidInput):
    """Documents that cannot be shared; `documents` are their opaque ids, `codes` the reason of each."""

    code = "sharing.documents-unfit"
    cause = Text(
        "{count} of the documents cannot be shared: {list_en}.",
        "Dokumenty, których nie można udostępnić ({count}): {list_pl}.",
    )
    cure = Text(
        "Do what stands beside each of them, or leave it out. Nothing was shared.",
        "Wykonaj to, co podano przy każdym z nich, albo go pomiń. Niczego nie udostępniono.",
    )


class DocumentsWrong(InvalidInput):
    """No documents, too many of them, or ids that belong to none."""

    code = "sharing.documents"
    cause = Text(
        "A consent names 1 to {most} documents of this clinic; of those given, {unknown} belong to none.",
        "Zgoda obejmuje od 1 do {most} dokumentów tej placówki; podane identyfikatory bez dokumentu:"
        " {unknown}.",
    )
    cure = Text(
        "Compare the ids with `erepo documents list`. Nothing was written down.",
        "Porównaj identyfikatory z wynikiem `erepo documents list`. Niczego nie zapisano.",
    )


class OneOfTwo(InvalidInput):
    """A consent that was written down and documents for a new one, or neither of them."""

    code = "sharing.one-of-two"
    cause = Text(
        "Give either the id of a consent, or documents for their patient.",
        "Podaj albo identyfikator zgody, albo dokumenty dla ich pacjenta.",
    )
    cure = Text(
        "Fill in one of the two fields. Nothing was written down or sent.",
        "Wypełnij jedno z tych dwóch pól. Niczego nie zapisano ani nie wysłano.",
    )


class RecipientWrong(InvalidInput):
    """Whom the consent is for cannot be understood; `field` names what is wrong."""

    code = "sharing.recipient"
    cause = Text(
        "The recipient of the consent is wrong ({field}).", "Nieprawidłowy odbiorca zgody ({field})."
    )
    cure = Text(
        "Give `patient`, or `person` with a PESEL, NPWZ or HL7 CX, or the 16 digits of an account that is not"
        " your own.",
        "Podaj `patient` (pacjent), `person` (osoba) z numerem PESEL, NPWZ lub HL7 CX albo 16 cyfr konta"
        " innego niż własne.",
    )


class ValidityWrong(InvalidInput):
    """From and until make no sense."""

    code = "sharing.validity"
    cause = Text("The validity is wrong: {problem_en}.", "Nieprawidłowy okres ważności: {problem_pl}.")
    cure = Text(
        "Give days as 2026-12-31 or times as '2026-12-31 08:00', Polish time; the end lies in the future and"
        " after the beginning. A day as the end counts until midnight.",
        "Podaj dni w postaci 2026-12-31 albo chwile w postaci '2026-12-31 08:00', czas polski; koniec musi"
        " być w przyszłości i po początku. Dzień podany jako koniec liczy się do północy.",
    )


class MatterWrong(InvalidInput):
    """The reason ("Sprawa") cannot be sent."""

    code = "sharing.matter"
    cause = Text(
        "The reason of the consent is empty, longer than 500 characters, or has characters that cannot be"
        " read.",
        "Pole „Sprawa” jest puste, dłuższe niż 500 znaków albo zawiera znaki, których nie można odczytać.",
    )
    cure = Text("Write in one line why it is shared.", "Napisz w jednym wierszu, w jakiej sprawie.")


class CloudNeeded(ConfigurationError):
    """Only the repository in the cloud can share documents."""

    code = "sharing.cloud-needed"
    cause = Text(
        "Documents are shared by the repository in the cloud, and the eArchiwum is in use.",
        "Dokumenty udostępnia eRepozytorium w chmurze, a w użyciu jest eArchiwum.",
    )
    cure = Text(
        "Use the account in the cloud: `erepo repositories use cloud`.",
        "Przełącz na konto w chmurze: `erepo repositories use cloud`.",
    )


class DocumentsWaiting(RetryableError):
    """Chosen documents are not in the repository yet; the consent is sent once they are."""

    code = "sharing.waiting"
    cause = Text(
        "{count} of the documents are not in the repository yet.",
        "Dokumenty, których nie ma jeszcze w repozytorium: {count}.",
    )
    cure = Text(
        "Nothing is lost: the consent is sent by itself once they are there. `erepo documents list` and"
        " `erepo archive --dry-run` tell what they wait for.",
        "Nic nie zginęło: zgoda zostanie wysłana automatycznie, gdy się tam znajdą. Na co czekają, pokazują"
        " `erepo documents list` i `erepo archive --dry-run`.",
    )


class RevocationUnconfirmed(RetryableError):
    """The service does not know the consent; a request that is still on its way could bring it."""

    code = "sharing.revocation-unconfirmed"
    cause = Text(
        "The service does not know the consent; for some minutes a request may still be on its way that"
        " brings it.",
        "Usługa nie zna tej zgody; przez kilka minut może jeszcze dotrzeć wysłane wcześniej żądanie.",
    )
    cure = Text(
        "It is revoked again by itself until the service confirms it.",
        "Odwołanie będzie ponawiane automatycznie, aż usługa je potwierdzi.",
    )


class SharingRefused(PermanentError):
    """A consent stopped for a cause that a person must repair; it carries that cause and its cure."""

    code = "sharing.refused"
    cause = Text("The consent was not finished: {cause_en}", "Sprawy zgody nie dokończono: {cause_pl}")
    cure = Text("{cure_en}", "{cure_pl}")


class SharingStopped(RetryableError):
    """A consent stopped for a cause that may pass; nothing is lost, and it goes on by itself."""

    code = "sharing.stopped"
    cause = Text("The consent is not finished yet: {cause_en}", "Zgoda jeszcze niedokończona: {cause_pl}")
    cure = Text(
        "{cure_en} It goes on by itself (`settle-consents`).",
        "{cure_pl} Dalszy ciąg nastąpi automatycznie (`settle-consents`).",
    )


def raise_for(problem: Problem) -> NoReturn:
    """Raise what stopped a consent, for callers that try again on errors.

    Raises:
        SharingStopped: it may pass.
        SharingRefused: a person must repair it first.
    """
    raise (SharingStopped if problem.retryable else SharingRefused)(**asdict(problem))
