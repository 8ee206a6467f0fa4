"""The page of rotate-certificates: which certificates are in use, what was decided, and what comes next."""

from prefect.artifacts import acreate_markdown_artifact

from erepo.clinic.rotation import Status
from erepo.clinic.rotation.words import next_words, stage_words
from erepo.texts import Language, Text, language, moment_words

_TITLE = Text("Certificates of the account {account}", "Certyfikaty konta {account}")
_HEAD = Text(
    "| certificate | serial number | valid until | days left |\n|---|---|---|---:|",
    "| certyfikat | numer seryjny | ważny do | pozostało dni |\n|---|---|---|---:|",
)
_GENERATION = Text("Generation in use", "Używana generacja")
_DECIDED = Text("Decided", "Decyzja")
_NEXT = Text("Next step", "Następny krok")
#: What has to happen after each stage; `erepo certificates` says the same in other words.
_STEPS = {
    "requested": Text(
        "The requests have to be mailed to the office; the next run tries again.",
        "Trzeba wysłać żądania do BOK; następne uruchomienie spróbuje ponownie.",
    ),
    "mailed": Text(
        "The office answers. Where no mailbox is read, give its files: `erepo certificates receive FILE…`.",
        "Odpowiada BOK. Jeśli skrzynka nie jest czytana, przekaż pliki: `erepo certificates receive PLIK…`.",
    ),
    "received": Text(
        "The next run registers the new ones at the service.",
        "Następne uruchomienie zarejestruje nowe certyfikaty w usłudze.",
    ),
    "registered": Text(
        "The next run proves the new ones and changes over to them.",
        "Następne uruchomienie sprawdzi nowe certyfikaty i przejdzie na nie.",
    ),
    "cut_over": Text(
        "After the overlap the service refuses the old ones; until then `erepo certificates rollback` goes"
        " back.",
        "Po okresie przejściowym usługa zacznie odrzucać stare; do tego czasu można wrócić poleceniem"
        " `erepo certificates rollback`.",
    ),
    "retiring": Text(
        "The next run has the service refuse the old ones.",
        "Następne uruchomienie przekaże usłudze, że ma odrzucać stare.",
    ),
}
_NOTHING = Text("Nothing has to be done.", "Nie trzeba nic robić.")


async def report_rotation(found: Status) -> None:
    """Leave the page of one run."""
    await acreate_markdown_artifact(rotation_page(found, language()), "rotation-summary")


def rotation_page(found: Status, speak: Language) -> str:
    """Return the page as Markdown: the account, serial numbers, dates and stages; nothing secret."""
    rows = [
        f"| {one.purpose.value} | {one.serial} | {moment_words(one.not_after)} | {one.days_left} |"
        for one in found.in_use
    ]
    told = [stage_words(found.rotation, speak)] if found.rotation else []
    decided = " ".join(filter(None, [*told, next_words(found, speak)]))
    stage = found.rotation.stage.value if found.rotation else ""
    step = _STEPS.get(stage, _NOTHING)
    return "\n\n".join(
        [
            f"## {_TITLE.fill(speak, account=found.account)}",
            f"**{_GENERATION.fill(speak)}**: `{found.generation}`",
            "\n".join([_HEAD.fill(speak), *rows]),
            f"**{_DECIDED.fill(speak)}**: {decided}",
            f"**{_NEXT.fill(speak)}**: {step.fill(speak)}",
        ]
    )
