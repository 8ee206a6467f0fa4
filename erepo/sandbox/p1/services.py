"""The typed services: token, SZAR, SOZ. From a proven payload to the element of the answer."""

import re
import secrets
import socket
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from lxml import etree

from erepo.acting.names import ATTRIBUTE, ATTRIBUTE_STATEMENT, ATTRIBUTE_VALUE, AUTHN_STATEMENT
from erepo.identifiers.oids import REPOSITORIES
from erepo.p1 import names
from erepo.p1.decisions import Decision
from erepo.sandbox.p1 import tokens
from erepo.sandbox.p1.errors import RequestRefused
from erepo.sandbox.p1.store import Store
from erepo.soap.signing import Signer
from erepo.soap.verifying import Verified

_WST: Final = f"{{{names.WST}}}"
_WS: Final = f"{{{names.SZAR}}}"
_MT: Final = f"{{{names.SZAR_TYPES}}}"
_XACML: Final = f"{{{names.XACML}}}"
_SAMLP: Final = f"{{{names.XACML_SAML}}}"
#: Seconds in which a repository's public address has to take a connection.
_REACH: Final = 3.0
_MOST_DOCUMENTS = 100
#: What SOZ answers, whatever its rules say, when it goes wrong so.
_WRONG: Final = {
    "deny": Decision.DENY,
    "not-applicable": Decision.NOT_APPLICABLE,
    "indeterminate": Decision.INDETERMINATE,
    "unknown-word": "Allow",
}
_URL: Final = re.compile(r"https://[^\s/?#]+[^\s?#]*")


def give_token(verified: Verified, resort_i: str, signer: Signer, now: datetime) -> etree._Element:
    """Answer a RequestSecurityToken.

    Raises:
        RequestRefused, CallerRefused: it asks for something else, or for somebody else.
    """
    asked = verified.payload
    kinds = [asked.findtext(f"{_WST}{name}") for name in ("RequestType", "TokenType")]
    if asked.tag != f"{_WST}RequestSecurityToken" or kinds != [names.ISSUE, names.SAML_TOKEN]:
        raise RequestRefused(rule="no request for a SAML 2.0 token")
    if asked.find(AUTHN_STATEMENT) is None:
        raise RequestRefused(rule="no AuthnStatement")
    attributes = asked.findall(f"{ATTRIBUTE_STATEMENT}/{ATTRIBUTE}")
    values = {each.get("Name", ""): (each.findtext(ATTRIBUTE_VALUE) or "").strip() for each in attributes}
    if len(values) != len(attributes):
        raise RequestRefused(rule="an attribute twice")
    tokens.check_request(values, resort_i)
    answer = etree.Element(f"{_WST}RequestSecurityTokenResponseCollection", nsmap={"wst": names.WST})
    response = etree.SubElement(answer, f"{_WST}RequestSecurityTokenResponse")
    etree.SubElement(response, f"{_WST}TokenType").text = names.SAML_TOKEN
    given = etree.SubElement(response, f"{_WST}RequestedSecurityToken")
    given.append(etree.fromstring(tokens.issue(values, signer, now)))
    return answer


class Szar:
    """Registration of repositories."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def repository(self, verified: Verified, resort_i: str, kind: str = "") -> etree._Element:
        """Answer `rejestrujRepozytorium`, or go wrong as `kind` says."""
        forced = verified.payload.findtext(f"{_MT}wymusUtworzenieNowegoRepozytorium") or "false"
        answer = etree.Element(f"{_WS}RejestrowanieRepozytoriumResponse", nsmap={None: names.SZAR})
        oid = None
        if kind != "exists":
            oid = self._store.add_repository(resort_i, force_new=forced in ("true", "1"))
        if oid is not None and kind != "no-id":
            told = f"{REPOSITORIES[:-3]}.15" if kind == "wrong-id" else oid
            etree.SubElement(answer, f"{_MT}identyfikatorRepozytorium").text = told
        _result(answer, "" if oid else "Usługodawca posiada już zarejestrowane repozytorium.")
        return answer

    def access(self, verified: Verified, resort_i: str, kind: str = "") -> etree._Element:
        """Answer `rejestrujDaneDostepowe`, or go wrong as `kind` says."""
        answer = etree.Element(f"{_WS}RejestrowanieDanychDostepowychResponse", nsmap={None: names.SZAR})
        _result(answer, self._access(verified, resort_i, kind))
        return answer

    def _access(self, verified: Verified, resort_i: str, kind: str) -> str:
        data = verified.payload.find(f"{_MT}daneDostepowe")
        if data is None:
            raise RequestRefused(rule="no daneDostepowe")
        given = {each.get("klucz"): each.get("wartosc", "") for each in data.findall(f"{_MT}parametr")}
        url, oid = given.get(names.PUBLIC_URL_KEY, ""), data.findtext(f"{_MT}identyfikatorRepozytorium") or ""
        if oid not in {each.oid for each in self._store.repositories(resort_i)}:
            return "Nieznany identyfikator repozytorium."
        if set(given) != {names.PUBLIC_URL_KEY} or not _URL.fullmatch(url):
            return "Brak adresu usługi lub nieznany parametr."
        if kind == "unreachable" or not _reachable(url):
            return "Adres usługi nie jest publicznie dostępny."
        return "" if self._store.set_url(resort_i, oid, url) else "Nieznany identyfikator repozytorium."

    def read(self, verified: Verified, kind: str = "") -> etree._Element:
        """Answer `pobierzDaneDostepowe`, to any provider; or go wrong as `kind` says."""
        wanted = (verified.payload.findtext(f"{_MT}identyfikatorRepozytorium") or "").strip()
        known = {each.oid: each.url for each in self._store.repositories() if each.url}
        url = "" if kind == "unknown" else known.get(wanted, "")
        answer = etree.Element(f"{_WS}PobranieDanychDostepowychResponse", nsmap={None: names.SZAR})
        if url:
            data = etree.SubElement(answer, f"{_MT}daneDostepowe")
            etree.SubElement(data, f"{_MT}identyfikatorRepozytorium").text = wanted
            etree.SubElement(data, f"{_MT}parametr", klucz=names.PUBLIC_URL_KEY, wartosc=url)
        _result(answer, "" if url else "Nieznany identyfikator repozytorium.")
        return answer


class Soz:
    """Decisions about giving documents out."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def decide(self, verified: Verified, bearer: tokens.Bearer, kind: str = "") -> etree._Element:
        """Answer `weryfikujDostepDoDanych`: one result for each document; no rule is NotApplicable."""
        asked = verified.payload
        path = f"{_XACML}Request/{_XACML}Attributes[@Category='{names.RESOURCE_CATEGORY}']/{_XACML}Attribute"
        documents = [
            (each.findtext(f"{_XACML}AttributeValue") or "").strip()
            for each in asked.findall(path)
            if each.get("AttributeId") == names.DOCUMENT_ID
        ]
        if (
            asked.tag != f"{_SAMLP}XACMLAuthzDecisionQueryRequest"
            or not 0 < len(documents) <= _MOST_DOCUMENTS
        ):
            raise RequestRefused(rule="no question about documents")
        question = "_another" if kind == "other-question" else asked.get("ID", "")
        answer = etree.Element(
            f"{_SAMLP}XACMLAuthzDecisionQueryResponse",
            {"ID": f"_{secrets.token_hex(16)}", "InResponseTo": question, "Version": "2.0"},
            nsmap={"samlp": names.XACML_SAML, "xacml": names.XACML},
        )
        answer.set("IssueInstant", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
        response = etree.SubElement(answer, f"{_XACML}Response")
        found = [
            _WRONG.get(kind) or self._store.decision(bearer.organisation, each) or Decision.NOT_APPLICABLE
            for each in documents
        ]
        if kind == "too-many":
            found = [Decision.PERMIT] * (len(found) + 2)
        for decision in found if kind != "no-result" else ():
            result = etree.SubElement(response, f"{_XACML}Result")
            etree.SubElement(result, f"{_XACML}Decision").text = str(decision)
        return answer


def _result(answer: etree._Element, trouble: str) -> None:
    result = etree.SubElement(answer, f"{_MT}wynik")
    etree.SubElement(result, f"{_MT}status").text = names.FAILURE if trouble else names.SUCCESS
    if trouble:
        etree.SubElement(result, f"{_MT}opis").text = trouble


def _reachable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        with socket.create_connection((parts.hostname or "", parts.port or 443), _REACH):
            return True
    except (OSError, ValueError):
        return False
