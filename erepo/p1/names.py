"""The fixed words of P1's services."""

from typing import Final

WST: Final = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
WSP: Final = "http://schemas.xmlsoap.org/ws/2004/09/policy"
EDM: Final = "http://csioz.gov.pl/p1/edm"
SZAR: Final = "http://csioz.gov.pl/p1/szar/ws/v1"
SZAR_TYPES: Final = "http://csioz.gov.pl/p1/szar/mt/v1"
XACML: Final = "urn:oasis:names:tc:xacml:3.0:core:schema:wd-17"
XACML_SAML: Final = "urn:oasis:names:tc:xacml:3.0:profile:saml2.0:v2:schema:protocol:wd-13"
XS: Final = "http://www.w3.org/2001/XMLSchema"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"

ISSUE_ACTION: Final = f"{WST}/RST/Issue"
ISSUED_ACTION: Final = f"{WST}/RSTRC/IssueFinal"
ISSUE: Final = f"{WST}/Issue"
SAML_TOKEN: Final = "http://docs.oasis-open.org/wss/oasis-wss-saml-tokenprofile-1.1#SAMLV2.0"  # noqa: S105 — a name
REPOSITORY_ACTION: Final = "urn:rejestrujRepozytorium"
ACCESS_ACTION: Final = "urn:rejestrujDaneDostepowe"
READ_ACCESS_ACTION: Final = "urn:pobierzDaneDostepowe"
DECIDE_ACTION: Final = "urn:weryfikujDostepDoDanych"

#: Paths of the services below P1's address.
TOKEN_PATH: Final = "/services/ObslugaGenerowanieTokenuSamlWS"  # noqa: S105 — a path
SZAR_PATH: Final = "/services/ObslugaRejestrowanieDanychDostepowychWS"
SZAR_READ_PATH: Final = "/services/ObslugaPobranieDanychDostepowychWS"
SOZ_PATH: Final = "/services/ObslugaWeryfikacjiDostepuDoDanychWS"
ITI18_PATH: Final = "/services/ObslugaEdmIti18WS"
ITI42_PATH: Final = "/services/ObslugaEdmIti42WS"
ITI57_PATH: Final = "/services/ObslugaEdmIti57WS"

#: SZAR's key of a repository's public address.
PUBLIC_URL_KEY: Final = "urn:csioz:p1:daneDostepowe:adresUslugi"
SUCCESS: Final = "SUKCES"
FAILURE: Final = "BLAD"

# Attributes of a token and of its request; values are `root#extension` or plain words.
ORGANIZATION_ID: Final = "urn:oasis:names:tc:xspa:1.0:subject:organization-id"
CHILD_ORGANIZATION: Final = "urn:oasis:names:tc:xspa:1.0:subject:child-organization"
SUBJECT_ID: Final = "urn:oasis:names:tc:SAML:attribute:subject-id"
RESOURCE_ID: Final = "urn:oasis:names:tc:xacml:1.0:resource:resource-id"
FUNCTIONAL_ROLE: Final = "urn:oasis:names:tc:xspa:1.0:subject:functional-role"
PURPOSE: Final = "urn:oasis:names:tc:xacml:2.0:action:purpose"
SOURCE_ORGANIZATION: Final = "urn:p1:source-organization"
PASSWORD_CLASS: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"  # noqa: S105 — a name

#: Values of the functional role, and of the purpose.
ROLES: Final = frozenset(
    {
        "medical doctor",
        "nurse",
        "pharmacist",
        "laboratory diagnostician",
        "physiotherapist",
        "medical professional",
        "administrative employee",
        "patient",
        "plenipotentiary",
        "legal guardian",
    }
)
PURPOSES: Final = frozenset({"TREAT", "BTG", "CONTT"})

# Attributes of a question to SOZ.
RESOURCE_CATEGORY: Final = "urn:oasis:names:tc:xacml:3.0:attribute-category:resource"
_AUTHORISATION: Final = "urn:csioz:p1:autoryzacja:"
DOCUMENT_ID: Final = f"{_AUTHORISATION}idDokumentu"
DOCUMENT_TYPE: Final = f"{_AUTHORISATION}typDokumentu"
ISSUED_FROM: Final = f"{_AUTHORISATION}dataWystawieniaOd"
ISSUED_TO: Final = f"{_AUTHORISATION}dataWystawieniaDo"
STRING: Final = f"{XS}#string"
