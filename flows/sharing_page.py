"""The pages of sharing: ids of consents, states and counts. Nothing of a patient or a recipient."""

from prefect.artifacts import acreate_markdown_artifact

from erepo.clinic.sharing import Revocation, Settled, Shared
from erepo.clinic.sharing.states import ConsentState
from erepo.clinic.sharing.words import STATE_WORDS
from erepo.texts import Language, Text, language

_HEAD = Text("| what | count |\n|---|---:|", "| co | ile |\n|---|---:|")
_SHARED, _REVOKED = Text("Sharing", "Udostępnianie"), Text("Revocation", "Odwołanie zgody")
_SETTLED = Text("Consents", "Zgody")
_CONSENT = Text("Consent `{consent}`: **{state}**.", "Zgoda `{consent}`: **{state}**.")
_DOCUMENTS = Text("documents", "dokumenty")
_ARCHIVED = Text("of these, archived by this run", "w tym zarchiwizowane w tym uruchomieniu")
_COUNTS = (
    ("sent", Text("sent", "wysłane")),
    ("revoked", Text("revoked", "odwołane")),
    ("refused", Text("refused", "odrzucone")),
    ("begun", Text("begun", "rozpoczęte")),
    ("expired", Text("expired", "wygasłe")),
    ("open", Text("still open", "nadal otwarte")),
)
_PROBLEM = Text("**Not finished** (`{code}`): {words}", "**Nie dokończono** (`{code}`): {words}")


async def report_shared(done: Shared) -> None:
    """Leave the page of one consent that was sent."""
    await acreate_markdown_artifact(shared_page(done, language()), "share-summary")


async def report_revoked(done: Revocation) -> None:
    """Leave the page of one revocation."""
    await acreate_markdown_artifact(revoked_page(done, language()), "revoke-summary")


async def report_settled(done: Settled) -> None:
    """Leave the page of what was brought to an end."""
    await acreate_markdown_artifact(settled_page(done, language()), "settle-summary")


def shared_page(done: Shared, speak: Language) -> str:
    """Return the page as Markdown."""
    rows = [
        _HEAD.fill(speak),
        f"| {_DOCUMENTS.fill(speak)} | {done.documents} |",
        f"| {_ARCHIVED.fill(speak)} | {done.archived} |",
    ]
    return "\n\n".join([f"## {_SHARED.fill(speak)}", _line(done.consent, done.state, speak), "\n".join(rows)])


def revoked_page(done: Revocation, speak: Language) -> str:
    """Return the page as Markdown."""
    return f"## {_REVOKED.fill(speak)}\n\n{_line(done.consent, done.state, speak)}"


def settled_page(done: Settled, speak: Language) -> str:
    """Return the page as Markdown."""
    rows = [
        _HEAD.fill(speak),
        *(f"| {words.fill(speak)} | {getattr(done, name)} |" for name, words in _COUNTS),
    ]
    parts = [f"## {_SETTLED.fill(speak)}", "\n".join(rows)]
    if (problem := done.problem) is not None:
        words = (
            f"{problem.cause_pl} {problem.cure_pl}"
            if speak == "pl"
            else f"{problem.cause_en} {problem.cure_en}"
        )
        parts.append(_PROBLEM.fill(speak, code=problem.code, words=words))
    parts += [_line(consent, state, speak) for consent, state in done.consents.items()]
    return "\n\n".join(parts)


def _line(consent: str, state: ConsentState | str, speak: Language) -> str:
    return _CONSENT.fill(speak, consent=consent, state=STATE_WORDS[ConsentState(state)].fill(speak))
