"""What the account's REST services may answer besides success.

    RemoteRefused
    └── ServiceRefusal        the service says no and tells cause and cure itself
        └── IndexRefusal      the same about a document's index in P1: trying again alone does not help
        ├── ConsentUnknown    it has no consent of this id
        ├── ConsentConflict   it has another consent under this id
        ├── ConsentUnfit      documents that may not be shared; `named` are their uniqueIds
        └── ConsentInvalid    it does not take the consent as it is written
    RemoteUnavailable
    └── ServiceTrouble        somebody behind the service does not answer it, and it tells so
        └── IndexTrouble      the same about a document's index in P1: the same request later may succeed
    InvalidInput
    └── AnswerInvalid         an answer that is not what was agreed

HTTP-level errors (secure channel, 400, 403, 404, time-outs) are those of `erepo.soap.errors` and
`erepo.errors`: one symptom has one class, whichever way the message went.
"""

# each name says what is wrong; "Error" would add nothing to it

from erepo.errors import InvalidInput, RemoteRefused, RemoteUnavailable
from erepo.texts import Language, Text


class ServiceRefusal(RemoteRefused):
    """The service refused and gave its own code, cause and cure in both languages.

    `data` holds `code`, `status`, and the texts as `cause_en`, `cause_pl`, `cure_en`, `cure_pl`.
    """

    code = "rest.service-refusal"
    #: Documents that the refusal is about, by their uniqueIds. Not among `data`: what reaches logs and other
    #: systems names documents by the clinic's own opaque ids.
    named: tuple[str, ...] = ()

    def explain(self, language: Language) -> tuple[str, str]:
        """Return the service's own words."""
        return str(self.data[f"cause_{language}"]), str(self.data[f"cure_{language}"])


class ConsentUnknown(ServiceRefusal):
    """The service has no consent of this id: it never came, or has not come yet."""


class ConsentConflict(ServiceRefusal):
    """The service has another consent under this id."""


class ConsentUnfit(ServiceRefusal):
    """Documents that are not stored, not Approved, or another patient's; nothing was kept."""


class ConsentInvalid(ServiceRefusal):
    """The service does not take the consent as it is written."""


class ServiceTrouble(RemoteUnavailable):
    """The service could not finish for a cause behind it (P1 is down), and says so; try again later.

    `data` as that of `ServiceRefusal`.
    """

    code = "rest.service-trouble"

    def explain(self, language: Language) -> tuple[str, str]:
        """Return the service's own words."""
        return str(self.data[f"cause_{language}"]), str(self.data[f"cure_{language}"])


class IndexRefusal(ServiceRefusal):
    """No, about a document's index in P1; what has to change first stands in its cure.

    `data` as that of `ServiceRefusal`, with `rule` (P1's own code, or empty), `phase` (`preflight`, `token`,
    `ask`, `register`) and `missing` (keys of what is missing, in one line).
    """

    code = "rest.index-refusal"


class IndexTrouble(ServiceTrouble):
    """Not now, about a document's index in P1; the same request later may succeed.

    `data` as that of `IndexRefusal`.
    """

    code = "rest.index-trouble"


class AnswerInvalid(InvalidInput):
    """The service's answer cannot be understood."""

    code = "rest.answer-invalid"
    cause = Text(
        "The answer of {address} is not understood ({reason}).",
        "Odpowiedź usługi {address} jest niezrozumiała ({reason}).",
    )
    cure = Text(
        "Check the service's address; if it is right, report this to the service's operator.",
        "Sprawdź adres usługi; jeśli jest prawidłowy, zgłoś problem operatorowi usługi.",
    )
