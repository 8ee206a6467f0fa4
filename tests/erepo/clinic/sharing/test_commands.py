"""`erepo share` and `erepo consents` as people and programs call them, against the real service."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from erepo.cli.root import app
from erepo.clinic import sharing
from erepo.clinic.sharing.words import EVENT_WORDS
from erepo.clinic.tables_sharing import consent_document
from tests.support.sharing import READER
from tests.support.sharing_desk import LOGIN, MATTER, OTHER_PESEL, PESEL, SharingDesk

AS = ("--as", LOGIN)


@pytest.fixture
def site(desk: SharingDesk, monkeypatch: pytest.MonkeyPatch) -> SharingDesk:
    """A clinic that the commands of this process act on; the service goes by the present, as they do."""
    for name, value in desk.clinic.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "80")
    desk.world.clock.write_text("")
    return desk


def erepo(*arguments: str, given: str = "", language: str = "en", code: int = 0) -> Result:
    """Run `erepo …` and expect an exit code."""
    result = CliRunner(env={"EREPO_LANGUAGE": language}).invoke(app, list(arguments), input=given)
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


def test_new_send_list_show_search_history_revoke(site: SharingDesk) -> None:
    """The whole life by commands; numbers and reasons stand on the input, and in no list."""
    [one] = site.local()
    window = ("--until", "2031-12-31", *AS, "--json")
    person = f"{OTHER_PESEL}\nJan Odbiorca\n{MATTER}\n"
    made = erepo("share", "new", one, "--to", "person", *window, given=person)
    draft = json.loads(made.stdout)["consent"]
    sent = erepo("share", "new", one, "--to", READER, *window, "--send", given=f"{MATTER}\n")
    told = json.loads(sent.stdout)
    assert (told["state"], told["archived"]) == ("active", 1)
    again = erepo("share", "send", told["consent"], *AS)
    assert "valid" in again.stdout
    assert site.sees(one)

    listed = erepo("consents", "list", "--document", one, language="pl")
    assert all(text in listed.stdout for text in (draft, told["consent"], "2031-12-31 24:00"))
    assert "obowiązuje" in listed.stdout
    assert "robocza" in listed.stdout
    assert not any(text in listed.stdout for text in (PESEL, OTHER_PESEL, "Odbiorca J", MATTER))
    found = erepo("consents", "search", "--recipient", "--json", given=f"{OTHER_PESEL}\n")
    assert [line["id"] for line in json.loads(found.stdout)] == [draft]
    assert "true" in erepo("documents", "list", "--json").stdout
    assert one in erepo("documents", "list").stdout

    shown = erepo("consents", "show", draft, *AS, language="pl")
    assert all(text in shown.stdout for text in (PESEL, OTHER_PESEL, "Jan Odbiorca", MATTER, one))
    plain = erepo("consents", "show", draft, *AS, "--json")
    assert not any(text in plain.stdout for text in (PESEL, OTHER_PESEL, "Jan", MATTER))

    refused = erepo("consents", "revoke", told["consent"], *AS, given="\n", code=1)
    assert "for good" in refused.stdout
    assert site.sees(one)  # nobody said yes
    ended = erepo("consents", "revoke", told["consent"], *AS, "--yes")
    assert ("revoked" in ended.stdout, site.sees(one)) == (True, False)
    events = json.loads(erepo("consents", "history", draft, "--json").stdout)
    assert [event["event"] for event in events] == ["consent_drafted", "consent_read", "consent_read"]
    told_pl = erepo("consents", "history", told["consent"], language="pl").stdout
    assert all(text in told_pl for text in ("zapisano", "podpisano i wysłano", "obowiązuje → ", "odwołano"))
    assert not any(text in told_pl for text in ("consent_", "active", "draft"))
    settled = erepo("consents", "settle", language="pl")
    assert "Otwarte: 0" in settled.stdout


def test_everything_that_a_history_tells_has_words() -> None:
    """Whatever the code writes there is told in both languages."""
    written = {
        name
        for file in Path(sharing.__path__[0]).glob("*.py")
        if file.name != "words.py"
        for name in re.findall(r'"(consent_[a-z_]+)"', file.read_text())
        if name not in consent_document.c
    }
    assert written == set(EVENT_WORDS)


def test_who_it_is_for_is_explained_as_the_command_takes_it(site: SharingDesk) -> None:
    """The message names what can be typed: there is no word `account`, but 16 digits."""
    [one] = site.local()
    told = erepo("share", "new", one, "--to", "123", "--until", "2031-12-31", *AS, given="x\n", code=2)
    assert "16 digits" in told.stderr
    assert "`account`" not in told.stderr


def test_a_number_among_the_arguments_is_refused_and_not_repeated(site: SharingDesk) -> None:
    """Arguments are seen by everybody on the machine."""
    [one] = site.local()
    told = erepo("share", "new", one, "--to", PESEL, "--until", "2031-12-31", *AS, given="x\n", code=2)
    assert PESEL not in told.output
