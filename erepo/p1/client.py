"""P1's typed services for one provider: SAML token, SZAR, SOZ."""

import logging
import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Any, Self

import zeep
from zeep.exceptions import Error as ZeepError

from erepo.identifiers.oids import REPOSITORIES, is_oid
from erepo.p1 import names
from erepo.p1.addresses import P1Addresses
from erepo.p1.decisions import Decision, together
from erepo.p1.errors import P1AnswerInvalid, P1Refused, RepositoryExists, RepositoryIdMissing
from erepo.p1.http import P1Http
from erepo.p1.packing import p1_signer
from erepo.p1.tokens import Token, TokenCache, TokenRequest, read_token
from erepo.p1.transport import P1Transport
from erepo.p1.verifying import P1Verifier, others_than
from erepo.pki.bundle import Bundle
from erepo.pki.tls import client_context
from erepo.pki.trust import TrustStore
from erepo.settings import HttpTimeouts, WssLimits

#: What zeep leaves open by default.
_SETTINGS = zeep.Settings(forbid_dtd=True, forbid_entities=True, forbid_external=True, xml_huge_tree=False)
# At DEBUG zeep would log whole messages.
logging.getLogger("zeep").setLevel(logging.WARNING)


class P1Client:
    """One provider's client; for one thread at a time.

    Args:
        addresses: P1's services.
        tls: the provider's TLS key and certificate, issued by P1.
        wss: its WSS key and certificate: signs.
        trust_pem: authorities of P1's servers.
        wss_trust_pem: authorities of what P1 signs; `trust_pem` by default. No provider's certificate may
            chain to them.
        timeouts: of HTTP.
        wss_limits: freshness of messages.

    Raises:
        P1Misconfigured: the WSS key is no RSA key.
        CertificateUnreadable: no authority in the PEM texts.
    """

    def __init__(
        self,
        addresses: P1Addresses,
        tls: Bundle,
        wss: Bundle,
        trust_pem: bytes,
        *,
        wss_trust_pem: bytes = b"",
        timeouts: HttpTimeouts | None = None,
        wss_limits: WssLimits | None = None,
    ) -> None:
        limits = wss_limits or WssLimits()
        self._addresses = addresses
        self._trust = TrustStore.from_pem(wss_trust_pem or trust_pem)
        signer = p1_signer(wss)
        self._http = P1Http(client_context(tls, trust_pem), timeouts or HttpTimeouts())
        own = others_than(wss.certificate)
        verifier = P1Verifier(self._trust, life=limits.life, skew=limits.skew, accept=own)
        self._transport = P1Transport(self._http, signer, verifier, limits.life)
        self._services: dict[str, Any] = {}
        self._tokens = TokenCache()

    def __enter__(self) -> Self:
        """Nothing is opened before the first call."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def register_repository(self, *, force_new: bool = False) -> str:
        """Register the provider's repository (SZAR) and return its id, its documents' repositoryUniqueId.

        Not repeatable: after a lost answer P1 has a repository whose id nobody knows, and says so
        (`RepositoryExists`); `force_new` then gives another one.

        Args:
            force_new: have P1 make a further repository where there is one.

        Raises:
            RepositoryExists: there is one, and no other was asked for.
            RepositoryIdMissing: registered, but no usable id was told (manual 2.1).
            P1Refused, ErepoError: see `erepo.p1.errors`.
        """
        wanted = {"wymusUtworzenieNowegoRepozytorium": True} if force_new else {}
        answer = self._call("szar", self._addresses.szar, "rejestrujRepozytorium", **wanted)
        status = answer.wynik.status
        if status != names.SUCCESS:
            raise (P1Refused if force_new else RepositoryExists)(reason=_code(status))
        identifier = (answer.identyfikatorRepozytorium or "").strip()
        if not identifier:
            raise RepositoryIdMissing(reason="no id / brak identyfikatora")
        if not is_oid(identifier) or not identifier.startswith(f"{REPOSITORIES}."):
            raise RepositoryIdMissing(reason="no id of a repository / to nie jest identyfikator repozytorium")
        return identifier

    def register_access(self, repository_id: str, url: str) -> None:
        """Tell P1 the public address of the repository (SZAR); replaces what was told before, so repeatable.

        Raises:
            P1Refused: P1 does not know the id for this provider, or cannot reach the address.
            ErepoError: see `erepo.p1.errors`.
        """
        data = {
            "identyfikatorRepozytorium": repository_id,
            "parametr": [{"klucz": self._addresses.public_url_key, "wartosc": url}],
        }
        # zeep hands out the only child of an answer instead of the answer.
        result = self._call("szar", self._addresses.szar, "rejestrujDaneDostepowe", daneDostepowe=data)
        if result.status != names.SUCCESS:
            raise P1Refused(reason=_code(result.status))

    def repository_address(self, repository_id: str) -> str:
        """Return where a repository is, whoever's (SZAR); "" where P1 does not know.

        Raises:
            ErepoError: see `erepo.p1.errors`.
        """
        answer = self._call(
            "szarread",
            self._addresses.szar_read,
            "pobierzDaneDostepowe",
            identyfikatorRepozytorium=repository_id,
        )
        told = answer.daneDostepowe
        if answer.wynik.status != names.SUCCESS or told is None:
            return ""
        if (told.identyfikatorRepozytorium or "").strip() != repository_id:
            raise P1AnswerInvalid(address=self._addresses.szar_read, rule="about another repository")
        found = [each.wartosc for each in told.parametr if each.klucz == self._addresses.public_url_key]
        return str(found[0]).strip() if len(found) == 1 else ""

    def token(self, request: TokenRequest) -> Token:
        """Return a token for an acting user; asked for anew only when the one at hand is about to end.

        Raises:
            P1AnswerInvalid: what came back is no token of P1.
            ErepoError: see `erepo.p1.errors`.
        """
        kept = self._tokens.find(request, datetime.now(UTC))
        if kept is not None:
            return kept
        address = self._addresses.token
        with self._transport.carrying(addressed=True):
            self._call("token", address, "generujToken", **self._asked(request))
            verified = self._transport.verified
        assert verified is not None
        # From the proven element itself: zeep's copy of it has lost what its signature covers.
        token = read_token(verified.payload, self._trust, datetime.now(UTC), address)
        self._tokens.keep(request, token)
        return token

    def decide(
        self,
        documents: Sequence[str],
        token: Token,
        *,
        document_type: str = "",
        issued_from: date | None = None,
        issued_to: date | None = None,
    ) -> Decision:
        """Ask SOZ whether documents may be given to the bearer of a token; anything but Permit refuses.

        Args:
            documents: their unique ids, at least one.
            token: of who wants them, about the patient.
            document_type: P1's code, where it matters.
            issued_from: first day of issue, where it matters.
            issued_to: last day.

        Raises:
            ErepoError: see `erepo.p1.errors`.
        """
        resources = [(names.DOCUMENT_ID, each) for each in documents]
        resources += [(names.DOCUMENT_TYPE, document_type)] if document_type else []
        resources += [
            (name, day.isoformat())
            for name, day in ((names.ISSUED_FROM, issued_from), (names.ISSUED_TO, issued_to))
            if day is not None
        ]
        attributes = {
            "Category": names.RESOURCE_CATEGORY,
            "Attribute": [_attribute(name, value) for name, value in resources],
        }
        asked = {"ReturnPolicyIdList": False, "CombinedDecision": False, "Attributes": [attributes]}
        question = {
            "ID": f"_{secrets.token_hex(16)}",
            "Version": "2",
            "IssueInstant": _utc(datetime.now(UTC)),
        }
        with self._transport.carrying(assertion=token.assertion):
            answer = self._call(
                "soz", self._addresses.soz, "weryfikujDostepDoDanych", Request=asked, **question
            )
        if answer.InResponseTo not in (None, question["ID"]):
            raise P1AnswerInvalid(address=self._addresses.soz, rule="it belongs to another question")
        results = answer.Response.Result
        if len(results) not in (1, len(documents)):
            return Decision.INDETERMINATE
        return together(each.Decision for each in results)

    def _asked(self, request: TokenRequest) -> dict[str, Any]:
        values = {
            names.ORGANIZATION_ID: request.organisation,
            names.CHILD_ORGANIZATION: request.place,
            names.SUBJECT_ID: request.user,
            names.RESOURCE_ID: request.patient,
            names.FUNCTIONAL_ROLE: request.role,
            names.PURPOSE: request.purpose,
            names.SOURCE_ORGANIZATION: request.source,
        }
        given = [{"Name": name, "AttributeValue": str(value)} for name, value in values.items() if value]
        return {
            "RequestType": names.ISSUE,
            "TokenType": names.SAML_TOKEN,
            "AppliesTo": {"WymianaEDM": {}},
            "AuthnStatement": {
                "AuthnInstant": _utc(datetime.now(UTC)),
                "AuthnContext": {"AuthnContextClassRef": names.PASSWORD_CLASS},
            },
            "AttributeStatement": {"Attribute": given},
        }

    def _call(self, service: str, address: str, operation: str, **arguments: Any) -> Any:
        if service not in self._services:
            client = zeep.Client(f"{service}.wsdl", transport=self._transport, settings=_SETTINGS)  # type: ignore[no-untyped-call]
            (binding,) = client.wsdl.bindings
            self._services[service] = client.create_service(binding, address)  # type: ignore[no-untyped-call]
        try:
            return self._services[service][operation](**arguments)
        except ZeepError:
            # Its text quotes the answer.
            raise P1AnswerInvalid(address=address, rule="another form than the service's") from None


def _attribute(name: str, value: str) -> dict[str, Any]:
    return {
        "AttributeId": name,
        "IncludeInResult": True,
        "AttributeValue": {"_value_1": value, "DataType": names.STRING},
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _code(status: str | None) -> str:
    # P1's word goes into our logs: letters only.
    return status if status and status.isascii() and status.isalpha() and len(status) <= 20 else "?"
