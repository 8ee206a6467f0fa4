"""Logging in to the panel of a real service: certificate, first password, forms, cookies, the end of it."""

from pathlib import Path

import pytest

from erepo.cloud.audit.events import Result
from tests.erepo.cloud.panel.conftest import said
from tests.support.audit import Record
from tests.support.cloud import RunningCloud, TenantCredentials
from tests.support.panel import FIRST, LOGIN, SECOND, person

pytestmark = pytest.mark.one_store

PAGES = ("account", "certificates", "structure", "p1", "audit")


async def test_the_first_login_asks_for_a_password_of_ones_own(
    tenant: TenantCredentials, record: Record
) -> None:
    """One-time password, forced change, every page, log out: each with its event."""
    async with person(tenant) as admin:
        assert (await admin.get()).headers["location"] == f"/services/{tenant.account}/app/login"
        assert (await admin.create()).json() == {
            "account": tenant.account,
            "login": LOGIN,
            "mustChange": True,
        }
        record.new()
        assert (await admin.log_in(password="zle haslo zle")).status_code == 403
        assert "Nieprawidłowy login lub hasło" in admin.text
        assert (await admin.log_in(f" {LOGIN.upper()} ", FIRST)).status_code == 303
        for page in ("", "/account", "/audit"):
            assert (await admin.get(page)).headers["location"].endswith("/app/password")
        refused = await admin.change(FIRST, "krotkie")
        assert refused.status_code == 400
        assert "Hasło jest za krótkie" in admin.text
        assert (await admin.change(FIRST, FIRST)).status_code == 400
        assert (await admin.change(FIRST, SECOND, "inne niz nowe haslo")).status_code == 400
        changed = await admin.change(FIRST, SECOND)
        assert changed.headers["location"].endswith("/app/account?done=password")
        for page in (*PAGES, "password"):
            assert (await admin.get(f"/{page}")).status_code == 200, page
        assert (await admin.post("/logout", {})).status_code == 303
        assert (await admin.get("/account")).status_code == 303
        assert (await admin.log_in(password=FIRST)).status_code == 403
        assert (await admin.log_in(password=SECOND)).status_code == 303
    done, bad = Result.SUCCESS, Result.SERIOUS
    assert said(record) == [
        ("panel: login", bad, ("panel.login-refused",), LOGIN),
        ("panel: login", done, (), LOGIN),
        ("panel: password", bad, ("panel.password-too-short",), LOGIN),
        ("panel: password", bad, ("panel.password-unchanged",), LOGIN),
        ("panel: password", bad, ("panel.passwords-differ",), LOGIN),
        ("panel: password", done, (), LOGIN),
        *[
            (f"panel: {page}", done, (), LOGIN)
            for page in ("account", "certificates", "structure", "p1", "audit")
        ],
        ("panel: logout", done, (), LOGIN),
        ("panel: login", bad, ("panel.login-refused",), LOGIN),
        ("panel: login", done, (), LOGIN),
    ]


async def test_sessions_are_renewed_and_bound(
    tenant: TenantCredentials, neighbour: TenantCredentials
) -> None:
    """A login gives a new cookie; a change ends all others; another certificate has no use for it."""
    async with person(tenant) as admin, person(tenant) as other:
        await admin.settle()
        first = dict(admin.http.cookies)
        await other.log_in()
        stolen = other.http.cookies["__Secure-erepo-panel"]
        assert (await admin.change(SECOND, "jeszcze inne haslo")).status_code == 303
        assert (await other.get("/account")).status_code == 303
        assert dict(admin.http.cookies) != first
        own = admin.http.cookies["__Secure-erepo-panel"]
    async with person(neighbour) as thief:
        for value in (own, stolen):
            cookie = {"cookie": f"__Secure-erepo-panel={value}"}
            assert (await thief.get("/account", headers=cookie)).status_code == 303


async def test_cookies_are_locked_away(tenant: TenantCredentials) -> None:
    """Cookies reach no script, no other site and no other path than the panel's."""
    async with person(tenant) as admin:
        await admin.create()
        answer = await admin.log_in(password=FIRST)
        kept = [each for each in answer.headers.get_list("set-cookie") if "erepo-panel=" in each]
        assert len(kept) == 1
        wanted = {f"Path=/services/{tenant.account}/app", "Secure", "HttpOnly", "SameSite=Strict"}
        assert wanted == set(kept[0].split("; ")[1:])


FORGED: tuple[tuple[dict[str, str], dict[str, str]], ...] = (
    ({"token": ""}, {}),
    ({"token": "x" * 43}, {}),
    ({}, {"sec-fetch-site": "cross-site"}),
    ({}, {"origin": "https://evil.example"}),
    ({}, {"origin": "https://["}),
)


@pytest.mark.parametrize("page", ["/login", "/password", "/logout"])
async def test_forms_of_others_are_refused(tenant: TenantCredentials, page: str) -> None:
    """A form without our token, or sent from another site, does nothing."""
    right = {"login": LOGIN, "password": FIRST, "present": FIRST, "new": SECOND, "again": SECOND}
    async with person(tenant) as admin:
        await admin.create()
        if page != "/login":
            await admin.log_in(password=FIRST)
        for fields, headers in FORGED:
            await admin.get("/login" if page == "/login" else "/password")
            answer = await admin.post(page, right | fields, headers=headers)
            assert answer.status_code == 403
            assert "Formularz jest nieaktualny" in admin.text
        await admin.get("/login" if page == "/login" else "/password")
        same = {"origin": admin.base.partition("/services")[0], "sec-fetch-site": "same-origin"}
        assert (await admin.post(page, right, headers=same)).status_code == 303


async def test_what_no_browser_sends_is_refused(tenant: TenantCredentials) -> None:
    """Other methods, other contents, too much of it: an answer that says so, in HTML, and nothing done."""
    async with person(tenant) as admin:
        await admin.settle()
        for method, page in (("PUT", "/account"), ("DELETE", ""), ("POST", "/account"), ("GET", "/logout")):
            answer = await admin.http.request(method, admin.base + page)
            assert answer.status_code == 405
            assert answer.headers["allow"]
            assert answer.headers["content-type"].startswith("text/html")
        await admin.get("/password")
        large = await admin.post("/password", {"present": "x" * 20_000})
        assert large.status_code == 413
        json = await admin.http.post(admin.base + "/logout", json={"token": admin.token})
        assert json.status_code == 400
        strange = {"content-type": "application/x-www-form-urlencoded"}
        octets = await admin.http.post(admin.base + "/logout", content=b"token=%ff&a", headers=strange)
        assert octets.status_code == 400
        evil = {"cookie": '__Secure-erepo-form="a\\015\\012x: y"; $bad'}
        assert (await admin.http.get(admin.base + "/login", headers=evil)).headers.get("x") is None
        for query in ("?before=x", "?from=2026-13-01", "?from=0001-01-01", "?before=-1"):
            assert (await admin.get(f"/audit{query}")).status_code == 400


async def test_the_same_administrator_may_be_made_again(tenant: TenantCredentials, record: Record) -> None:
    """The same request gets the same answer, also after the password was changed; any other gets 409."""
    async with person(tenant) as admin:
        for _ in range(2):
            assert (await admin.create()).json()["mustChange"] is True
        for login, password in ((LOGIN, SECOND), ("somebody", FIRST)):
            refused = await admin.create(login, password)
            assert (refused.status_code, refused.json()["code"]) == (409, "panel.administrator-exists")
        await admin.log_in(password=FIRST)
        await admin.change(FIRST, SECOND)
        assert (await admin.create()).json() == {
            "account": tenant.account,
            "login": LOGIN,
            "mustChange": False,
        }
    made = [(result, codes) for name, result, codes, _ in said(record) if name == "administrator"]
    wrong = (Result.SERIOUS, ("panel.administrator-exists",))
    assert made == [(Result.SUCCESS, ()), (Result.SUCCESS, ()), wrong, wrong, (Result.SUCCESS, ())]


async def test_bodies_that_are_none_are_refused(tenant: TenantCredentials) -> None:
    """Other JSON, a login that is none, a weak password: told, and nothing is made."""
    async with person(tenant) as admin:
        url = f"{admin.account}/administrator"
        for body, code in (
            (b"{", "cloud.request-malformed"),
            (b"[]", "cloud.request-malformed"),
            (b'{"login": 1, "password": "x"}', "cloud.request-malformed"),
            (b'{"login": "a b", "password": "dwanascie znakow"}', "panel.login-malformed"),
            (b'{"login": "abc", "password": "krotkie"}', "panel.password-too-short"),
        ):
            answer = await admin.http.put(url, content=body)
            assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert (await admin.http.get(url)).status_code == 405
        assert (await admin.create()).status_code == 200


async def test_no_password_lies_anywhere(
    cloud: RunningCloud, tenant: TenantCredentials, tmp_path: Path
) -> None:
    """Neither the database nor the service's log holds a password or a cookie in clear."""
    async with person(tenant) as admin:
        await admin.settle()
        secrets = [FIRST, SECOND, *(value for value in admin.http.cookies.values() if len(value) > 20)]
    assert len(secrets) == 3
    database = cloud.settings.cloud_home
    octets = b"".join(file.read_bytes() for file in database.glob("cloud.db*"))
    octets += "".join(cloud.log).encode()
    assert [each for each in secrets if each.encode() in octets] == []
