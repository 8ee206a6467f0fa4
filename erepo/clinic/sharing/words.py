"""What people call the states of consents, their recipients, and the reasons that keep documents back."""

from typing import Final

from erepo.clinic.sharing.states import ConsentState
from erepo.texts import Text

S = ConsentState
STATE_WORDS: Final = {
    S.DRAFT: Text("draft", "robocza"),
    S.ORDERED: Text(
        "to be sent once its documents are archived", "do wysłania po zarchiwizowaniu dokumentów"
    ),
    S.SENT: Text("sent, not confirmed yet", "wysłana, jeszcze niepotwierdzona"),
    S.SCHEDULED: Text("valid later", "jeszcze nie obowiązuje"),
    S.ACTIVE: Text("valid", "obowiązuje"),
    S.EXPIRED: Text("expired", "wygasła"),
    S.REVOKING: Text("being revoked", "w trakcie odwoływania"),
    S.REVOKED: Text("revoked", "odwołana"),
    S.REFUSED: Text("refused", "odrzucona"),
}
#: What the history of a consent tells, by the name under which it is written there.
EVENT_WORDS: Final = {
    "consent_drafted": Text("written down", "zapisano"),
    "consent_ordered": Text("to be sent", "zlecono wysłanie"),
    "consent_sealed": Text("signed and sent", "podpisano i wysłano"),
    "consent_confirmed": Text("confirmed by the service", "potwierdzono w usłudze"),
    "consent_begun": Text("its time began", "zaczęła obowiązywać"),
    "consent_goes_on": Text("its time goes on after all", "obowiązuje nadal"),
    "consent_expired": Text("its time ended", "upłynął termin"),
    "consent_refused": Text("stopped: refused", "zatrzymano: odrzucona"),
    "consent_read": Text("looked at", "obejrzano"),
    "consent_revocation_ordered": Text("revocation ordered", "zlecono odwołanie"),
    "consent_revoked": Text("revoked", "odwołano"),
}
RECIPIENT_WORDS: Final = {
    "patient": Text("the patient", "pacjent"),
    "person": Text("a person", "osoba"),
    "account": Text("another account", "inne konto"),
}
#: Why a document cannot be shared, and what to do: behind its id, in a list.
UNFIT_WORDS: Final = {
    "other-patient": Text("of another patient: a consent of its own", "innego pacjenta: osobna zgoda"),
    "kind-off": Text(
        "its kind is not archived: `erepo kinds set`", "rodzaj nie jest archiwizowany: `erepo kinds set`"
    ),
    "rejected": Text("refused by the repository: `erepo rejected list`", "odrzucony: `erepo rejected list`"),
    "blocked": Text(
        "brought back: `erepo migrate unblock` first", "zmigrowany: najpierw `erepo migrate unblock`"
    ),
    "migrating": Text("on its way back", "w trakcie migracji"),
    "deleted": Text("deleted", "usunięty"),
    "going": Text("its deletion is ordered", "zlecono jego usunięcie"),
    "replaced": Text(
        "replaced by a newer version: share that one", "zastąpiony nowszą wersją: udostępnij ją"
    ),
    "not-there": Text(
        "not as expected in the repository: `erepo verify`",
        "niezgodny ze stanem repozytorium: `erepo verify`",
    ),
}
