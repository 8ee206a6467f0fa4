"""The page of an onboarding on its run: how far it has come, and in the end the technical identifiers."""

from prefect.artifacts import acreate_markdown_artifact

from erepo.clinic.onboarding import STEPS, Entry
from erepo.pki.pem import read_certificate
from erepo.texts import Language, Text, day_words, language, moment_words, size_words
from flows.reporting import cell

_TITLE = Text("Account {account}", "Konto {account}")
_HEAD = Text("| what | value |\n|---|---|", "| co | wartość |\n|---|---|")
_STEP = Text("step", "etap")
_MAILED = Text("requests mailed to {office}", "żądania wysłano na adres {office}")
_REMINDED = Text("reminders sent", "wysłane przypomnienia")
_CERTIFICATE = Text("certificate {purpose}", "certyfikat {purpose}")
_VALID = Text("serial {serial}, valid until {until}", "numer {serial}, ważny do {until}")
_REFUSED = Text("not accepted", "nie przyjęto")
_FACTS = (
    ("registry", Text("registry", "rejestr")),
    ("repository", Text("repository", "repozytorium")),
    ("repositoryUniqueId", Text("repository id (repositoryUniqueId)", "identyfikator repozytorium")),
    ("homeCommunityId", Text("home community (homeCommunityId)", "domena (homeCommunityId)")),
    ("sourceId", Text("source id (sourceId)", "identyfikator źródła (sourceId)")),
    ("validUntil", Text("account valid until", "ważność konta")),
    ("limitBytes", Text("limit of size", "limit rozmiaru")),
    ("limitDocuments", Text("limit of documents", "limit dokumentów")),
)


async def report_onboarding(entry: Entry) -> None:
    """Leave the page of one onboarding; the last one of a run is the one shown."""
    await acreate_markdown_artifact(onboarding_page(entry, language()), "onboarding-summary")


def onboarding_page(entry: Entry, speak: Language) -> str:
    """Return the page as Markdown; nothing in it is secret."""
    rows = [(_STEP.fill(speak), STEPS[entry.step].fill(speak))]
    if entry.mailed_at is not None:
        rows.append((_MAILED.fill(speak, office=entry.office), moment_words(entry.mailed_at)))
    if entry.reminders:
        rows.append((_REMINDED.fill(speak), str(entry.reminders)))
    if entry.refusal is not None:
        rows.append(
            (f"{_REFUSED.fill(speak)} ({entry.refusal.code})", " ".join(entry.refusal.explain(speak)))
        )
    for purpose, pem in (("TLS", entry.tls_certificate), ("WSS", entry.wss_certificate)):
        if pem:
            certificate = read_certificate(pem)
            until = day_words(certificate.not_valid_after_utc)
            words = _VALID.fill(speak, serial=f"{certificate.serial_number:X}", until=until)
            rows.append((_CERTIFICATE.fill(speak, purpose=purpose), words))
    answer = entry.activation.get("answer") or {}
    rows += [
        (words.fill(speak), size_words(answer[name], speak) if name == "limitBytes" else str(answer[name]))
        for name, words in _FACTS
        if answer.get(name) is not None
    ]
    table = "\n".join([_HEAD.fill(speak), *(f"| {name} | {cell(value)} |" for name, value in rows)])
    return f"## {_TITLE.fill(speak, account=entry.account)}\n\n{table}"
