"""What can be wrong with a structure that a clinic sends.

InvalidInput
└── StructureInvalid    a record lacks a field, or its field is not what it must be
PermanentError
└── StructureNone       none was sent yet
"""

from erepo.errors import InvalidInput, PermanentError
from erepo.texts import Language, Text


class StructureInvalid(InvalidInput):
    """A record of the structure cannot be taken; `record` and `field` say where, `problem` is a `Text`."""

    code = "structure.invalid"
    cause = Text(
        "The structure was not taken: {record}, field {field}: {problem}.",
        "Struktury nie przyjęto: {record}, pole {field}: {problem}.",
    )
    cure = Text(
        "Correct the record in the clinic's structure and send it again; what was sent before still holds.",
        "Popraw ten rekord w strukturze placówki i wyślij ją ponownie; obowiązuje struktura przesłana"
        " wcześniej.",
    )

    def explain(self, language: Language) -> tuple[str, str]:
        """Return (what happened, what to do next) in one language, the problem in it as well."""
        problem = self.data["problem"]
        words = problem.fill(language) if isinstance(problem, Text) else str(problem)
        return self.cause.fill(language, **{**self.data, "problem": words}), self.cure.fill(language)


class StructureNone(PermanentError):
    """The account has sent no structure yet."""

    code = "structure.none"
    cause = Text("The account has sent no structure yet.", "Konto nie przesłało jeszcze struktury.")
    cure = Text(
        "Send it: `erepo structure send`, or the deployment sync-structure.",
        "Wyślij ją: `erepo structure send` albo wdrożenie sync-structure.",
    )
