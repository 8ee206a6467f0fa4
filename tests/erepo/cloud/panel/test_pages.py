"""What the pages show and what they never show, in both languages; headers that every page has."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from sqlalchemy import select, update

from erepo.cloud.audit.reading import page_before
from erepo.cloud.national.errors import P1Unreachable
from erepo.cloud.storage.database import Database
from erepo.cloud.storage.tables import audit_event, certificate, tenant
from erepo.cloud.web.panel import show, words
from erepo.cloud.web.panel.render import WORDS
from tests.support.audit import FIRST, append, new_database
from tests.support.cloud import POSTGRESQL_S3, SQLITE_FILES, running_cloud
from tests.support.cloud_client import PATIENT, connected, one_document
from tests.support.national import Domain, p1_pair
from tests.support.panel import LOGIN, TimedService, person, timed_service

TEMPLATES = Path(words.__file__).parent / "templates"
EVIL = "<script>alert(1)</script>\"'&"
CELL = {"name": EVIL, "resort_vii": "001", "resort_viii": "0010", "resort_x": "01"}
STRUCTURE = {
    "name": EVIL,
    "regon": "123456785",
    "resort_i": "000000000001",
    "units": [{"name": EVIL, "regon": "", "resort_v": "01", "cells": [CELL]}],
}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[TimedService]:
    """A service of the test's own."""
    with timed_service(tmp_path, SQLITE_FILES) as made:
        yield made


async def test_every_answer_is_sealed(service: TimedService) -> None:
    """Pages, redirects, refusals and the style: no script, no frame, no foreign source, nothing kept."""
    async with service.person() as admin:
        answers = [await admin.get("/login"), await admin.log_in(password="zle haslo zle")]
        await admin.settle()
        pages = ("", "/account", "/certificates", "/audit", "/nothing", "/style.css", "/icon.svg")
        answers += [await admin.get(page) for page in pages]
        answers.append(await admin.get("/account", params={"language": "en"}))
        answers.append(await admin.http.get(f"{admin.account}/e-survey-gui/"))
        answers.append(await admin.http.delete(admin.base))
    assert sorted({each.status_code for each in answers}) == [200, 303, 403, 404, 405]
    for each in answers:
        policy = each.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert each.headers["x-content-type-options"] == "nosniff"
        assert each.headers["x-frame-options"] == "DENY"
        assert each.headers["referrer-policy"] == "same-origin"
        fixed = each.request.url.path.endswith((".css", ".svg"))
        assert ("no-store" in each.headers["cache-control"]) is not fixed
        assert "<script" not in each.text
        assert not re.search(r"\son\w+=|\sstyle=|https?://(?!www\.w3\.org)", each.text)


async def test_what_comes_from_outside_is_text(service: TimedService) -> None:
    """Names, subjects and what was typed are shown as they are and never become HTML."""
    pair = p1_pair(EVIL)
    service.cloud.domain = Domain()
    async with service.person() as admin:
        await admin.log_in(login=EVIL, password="zle haslo zle")
        assert html.fromstring(admin.shown).xpath("//input[@id='login']/@value") == [EVIL.lower()]
        await admin.settle()
        for path, body in (("structure", {"provider": STRUCTURE}), ("p1/certificates", pair.body())):
            sent = await admin.http.put(f"{admin.account}/{path}", json=body, headers=admin.named())
            assert sent.status_code == 200, sent.text
        subject = pair.tls.certificate.subject.rfc4514_string()
        for page, shown in (("/structure", EVIL), ("/p1", subject)):
            assert (await admin.get(page)).status_code == 200
            assert shown in admin.text
            assert html.fromstring(admin.shown).xpath("//script") == []


async def test_the_structure_is_the_one_that_was_sent(service: TimedService) -> None:
    """Provider, units and cells with their codes, and when they were sent; after the next one, that."""
    async with service.person() as admin:
        await admin.settle()
        for name in ("Przychodnia Zdrój", "Przychodnia Sosnowa"):
            content = {"provider": STRUCTURE | {"name": name}}
            sent = await admin.http.put(f"{admin.account}/structure", json=content, headers=admin.named())
            await admin.get("/structure")
            at = show.stamp_words(sent.json()["updatedAt"], "pl").replace("\xa0", " ")
            for shown in (name, "123456785", "000000000001", "Kod resortowy V 01", "001 0010 01", at):
                assert shown in admin.text
        assert "Zdrój" not in admin.text


async def test_the_registration_is_shown_as_it_stands(service: TimedService) -> None:
    """Without an id, with one but unfinished, registered, about to end, revoked."""
    domain, pair = Domain(), p1_pair()
    service.cloud.domain = domain
    async with service.person() as admin:
        await admin.settle()
        where = f"{admin.account}/p1/certificates"
        for failing in ("repository", "access"):
            domain.before = partial(refuse, failing)
            assert (await admin.http.put(where, json=pair.body(), headers=admin.named())).status_code == 503
            await admin.get("/p1")
            assert "nie została dokończona" in admin.text
            assert ("repositoryUniqueId" in admin.text) is (failing == "access")
        domain.before = lambda _: None
        told = (await admin.http.put(where, json=pair.body(), headers=admin.named())).json()
        assert told["state"] == "registered"
        await admin.get("/p1")
        stamps = [told["registeredAt"]]
        for slot in ("tls", "wss"):
            assert told[slot]["serial"] in admin.text.replace(" ", "")
            stamps += [told[slot]["notBefore"], told[slot]["notAfter"]]
        for shown in (told["repositoryId"], *(show.stamp_words(each, "pl") for each in stamps)):
            assert shown.replace("\xa0", " ") in admin.text
        service.cloud.at = pair.tls.certificate.not_valid_after_utc - timedelta(days=9, hours=1)
        await admin.log_in()
        await admin.get("/p1")
        assert admin.text.count("Wkrótce wygaśnie") == 2
        assert (await admin.http.delete(where, headers=admin.named())).status_code == 200
        await admin.get("/p1")
        assert "nie jest zarejestrowane w P1" in admin.text


def refuse(failing: str, name: str) -> None:
    """Be a national domain that does not answer one call."""
    if name == failing:
        raise P1Unreachable


def test_times_are_those_of_poland() -> None:
    """A moment of a resource is shown as the clock on the wall had it, in summer and winter."""
    assert show.stamp_words("2026-07-01T10:00:00Z", "pl") == "01.07.2026\xa012:00"
    assert show.stamp_words("2026-12-01T10:00:00Z", "en") == "1\xa0Dec\xa02026\xa011:00"


async def test_what_was_not_sent_yet_is_said(service: TimedService) -> None:
    """Without structure and registration the pages say so and what to do."""
    async with service.person() as admin:
        await admin.settle()
        await admin.get("/structure")
        assert "Struktura nie została jeszcze przekazana" in admin.text
        await admin.get("/p1")
        assert "nie jest zarejestrowane w P1" in admin.text


async def test_the_language_is_polish_until_english_is_chosen(service: TimedService) -> None:
    """What the browser prefers does not count; the choice is remembered, and keeps what was looked at."""
    async with service.person() as admin:
        await admin.get("/login", headers={"accept-language": "en"})
        assert 'lang="pl"' in admin.shown
        answer = await admin.get("/audit?from=2026-01-01&language=en")
        assert answer.headers["location"] == f"{admin.base}/audit?from=2026-01-01"
        for page, said in (("/login", "Log in"), ("/nothing", "no such page")):
            await admin.get(page)
            assert '<html lang="en"' in admin.shown
            assert said in admin.text
        for path in ("/e-survey-gui", "/e-survey-gui/", "/e-survey-gui/a/b?x=1"):
            survey = await admin.http.get(admin.account + path)
            assert survey.status_code == 200
            assert "not part of this service" in survey.text
        await admin.get("/login?language=pl")
        await admin.get("/login")
        assert "Zaloguj się" in admin.text


async def test_limits_and_ends_are_warned_of(service: TimedService) -> None:
    """At 90 % of either limit, in the last 30 days, when full and when over: each in words."""
    today = show.local(service.cloud.now().replace(tzinfo=None)).date()
    cases = [
        ({"used_documents": 89}, "89 % 89 z 100", None),
        ({"used_documents": 90}, "90 % 90 z 100", "Wykorzystano 90 % limitu liczby dokumentów"),
        ({"used_bytes": 953}, "95,3 % 953 B z 1,0 kB", "Wykorzystano 95,3 % miejsca"),
        ({"used_documents": 100}, "100 %", "Konto osiągnęło limit liczby dokumentów"),
        ({"valid_until": today + timedelta(days=31)}, "pozostało dni: 31", None),
        ({"valid_until": today + timedelta(days=30)}, "Kończy się wkrótce", "pozostało dni: 30"),
        ({"valid_until": today - timedelta(days=1)}, "Wygasło", "Ważność konta wygasła"),
    ]
    usual: dict[str, Any] = {
        "limit_documents": 100,
        "limit_bytes": 1000,
        "used_documents": 0,
        "used_bytes": 0,
        "valid_until": None,
    }
    async with service.person() as admin:
        await admin.settle()
        for changed, told, warned in cases:
            with service.cloud.database.everyone("a test", write=True) as connection:
                connection.execute(update(tenant).values({**usual, **changed}))
            service.cloud.directory.forget()
            assert (await admin.get("/account")).status_code == 200
            assert told in admin.text
            alerts = " ".join(html.fromstring(admin.shown).xpath("//*[@role='alert']//text()")).replace(
                "\xa0", " "
            )
            assert (warned in alerts) if warned else not alerts


async def test_certificates_show_serial_validity_and_state(service: TimedService) -> None:
    """Each registered certificate with its number and times; one that ends soon is warned of."""
    tls = service.tenant.tls.certificate
    async with service.person() as admin:
        await admin.settle()
        await admin.get("/certificates")
        assert f"{tls.serial_number:X}" in admin.text.replace(" ", "")
        assert admin.text.count("Aktywny") == 2
        assert "użyty w tym połączeniu" in admin.text
        service.cloud.at = tls.not_valid_after_utc - timedelta(days=9, hours=1)
        await admin.log_in()
        await admin.get("/certificates")
        assert admin.text.count("Wkrótce wygaśnie") == 2
        assert "pozostało dni: 9" in admin.text
        with service.cloud.database.everyone("a test", write=True) as connection:
            mine = certificate.c.purpose == "WSS"
            connection.execute(update(certificate).where(mine).values(state="retired"))
        await admin.get("/certificates")
        assert admin.text.count("Wkrótce wygaśnie") == 1
        assert "Wycofany" in admin.text


async def test_the_record_is_paged_and_names_no_patient(tmp_path: Path) -> None:
    """All events can be reached, newest first, by day as well; no patient and no document is named."""
    with running_cloud(tmp_path) as cloud:
        sent = one_document(b"<a/>")
        async with connected(cloud.tenant) as client:
            for _ in range(60):
                await client.provide(one_document(b"<a/>"))
            await client.provide(sent)
        async with person(cloud.tenant) as admin:
            await admin.settle()
            await admin.get("/audit")
            assert "Złożenie dokumentów" in admin.text
            seen, pages = numbers(admin.shown), 1
            while link := html.fromstring(admin.shown).xpath("//a[@rel='next']/@href"):
                answer = await admin.http.get(f"{cloud.url}{link[0]}")
                assert answer.status_code == 200
                for secret in (PATIENT.id, sent.entries[0][0].unique_id):
                    assert secret not in answer.text
                admin.shown = answer.text
                seen, pages = seen + numbers(answer.text), pages + 1
            assert pages == 2
            assert all(one == other + 1 for one, other in pairwise(seen))
            assert seen[-1] == 1
            await admin.get("/audit?to=2000-01-01")
            assert "Brak zdarzeń" in admin.text
            today = show.local(datetime.now(UTC).replace(tzinfo=None)).date()
            await admin.get(f"/audit?from={today - timedelta(days=1)}&to={today + timedelta(days=1)}")
            assert len(numbers(admin.shown)) == 50
            assert f"from={today - timedelta(days=1)}" in admin.shown


def numbers(page: str) -> list[int]:
    """Return the numbers of the events on a page of the record."""
    cells = html.fromstring(page).xpath("//tbody/tr/td[1]/text()")
    return [int(cell.replace("\xa0", "")) for cell in cells]


@pytest.mark.parametrize("kept", [SQLITE_FILES, POSTGRESQL_S3])
def test_periods_of_the_record_are_found_exactly(tmp_path: Path, kept: str) -> None:
    """Whatever period and page: what `page_before` returns is what a look at every event finds."""
    with new_database(tmp_path, kept) as database:
        for count in (1, 40, 7):
            append(database, FIRST, count)
        moments = spread(database)
        cuts = [None, *(moments[at] for at in (0, 3, 20, 47)), moments[-1] + timedelta(days=1)]
        with database.read(FIRST) as connection:
            for since in cuts:
                for until in cuts:
                    wanted = [
                        number
                        for number, at in enumerate(moments, 1)
                        if (since is None or at >= since) and (until is None or at < until)
                    ][::-1]
                    found, before = [], 10**15
                    while True:
                        page = page_before(connection, FIRST, before, 9, since=since, until=until)
                        found += [each.number for each in page.events]
                        if not page.more:
                            break
                        before = found[-1]
                    assert found == wanted


def spread(database: Database) -> list[datetime]:
    """Return the times of all events, set apart: some minutes each, now and then one that came late."""
    with database.everyone("a test", write=True) as connection:
        rows = connection.scalars(select(audit_event.c.number).order_by(audit_event.c.number)).all()
        times = [datetime(2026, 1, 1) + timedelta(hours=7 * n, minutes=-50 * (n % 5 == 0)) for n in rows]  # noqa: DTZ001
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER audit_event_update")
        else:
            connection.exec_driver_sql("ALTER TABLE audit_event DISABLE TRIGGER audit_event_kept")
        for number, at in zip(rows, times, strict=True):
            connection.execute(update(audit_event).where(audit_event.c.number == number).values(at=at))
    return times


def test_every_word_has_its_place() -> None:
    """Templates call only texts that are there, and every text is called; placeholders agree."""
    sources = "".join(file.read_text(encoding="utf-8") for file in TEMPLATES.glob("*.html"))
    called = set(re.findall(r"\bt\(\"(\w+)\"", sources))
    called = {each for each in called if not each.endswith("_")}
    families = (*re.findall(r"\bt\(\"(\w+_)\" ~", sources), "space_", "documents_", "by_operator")
    assert called <= set(WORDS)
    assert {name for name in WORDS if name not in called and not name.startswith(families)} == set()
    for text in [*WORDS.values(), *words.TRANSACTIONS.values(), *words.OBJECTS.values()]:
        assert sorted(re.findall(r"{\w+}", text.en)) == sorted(re.findall(r"{\w+}", text.pl))
        assert text.pl


def test_a_personal_number_of_staff_is_shortened() -> None:
    """Of a PESEL only the last digits are shown; an NPWZ is public."""
    assert show._person("2.16.840.1.113883.3.4424.1.1.616:80051212357") == "PESEL\xa0••••••••357"
    assert show._person("2.16.840.1.113883.3.4424.1.6.2:5425740") == "NPWZ\xa05425740"
    assert show._person(LOGIN) == LOGIN


async def test_other_accounts_meet_nobody(tmp_path: Path) -> None:
    """Another's panel, one that waits and one that does not exist answer alike, for every page and method."""
    other = "0000000000002004"
    with running_cloud(tmp_path) as cloud:
        cloud.add_tenant(other)
        cloud.order("0000000000003005")
        for page in ("/app", "/app/login", "/app/style.css", "/e-survey-gui/", "/administrator", "/appx"):
            for method in ("GET", "POST", "PUT"):
                answers = []
                for account in (other, "0000000000003005", "0000000000009999"):
                    async with person(cloud.tenant, account) as stranger:
                        answers.append(await stranger.http.request(method, stranger.account + page))
                assert {each.status_code for each in answers} == {404}
                assert len({each.content for each in answers}) == 1
                heads = [{k: v for k, v in each.headers.items() if k != "date"} for each in answers]
                assert heads[0] == heads[1] == heads[2]
