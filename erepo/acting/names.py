"""Names of SAML 2.0, XUA and XSPA (IHE ITI TF-2 3.40; OASIS SAML 2.0 core; XSPA profile of SAML)."""

from typing import Final

from erepo.soap.names import SAML2

HL7: Final = "urn:hl7-org:v3"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"

ISSUER: Final = f"{{{SAML2}}}Issuer"
SUBJECT: Final = f"{{{SAML2}}}Subject"
NAME_ID: Final = f"{{{SAML2}}}NameID"
CONFIRMATION: Final = f"{{{SAML2}}}SubjectConfirmation"
CONFIRMATION_DATA: Final = f"{{{SAML2}}}SubjectConfirmationData"
CONDITIONS: Final = f"{{{SAML2}}}Conditions"
AUDIENCE_RESTRICTION: Final = f"{{{SAML2}}}AudienceRestriction"
AUDIENCE: Final = f"{{{SAML2}}}Audience"
ONE_TIME_USE: Final = f"{{{SAML2}}}OneTimeUse"
PROXY_RESTRICTION: Final = f"{{{SAML2}}}ProxyRestriction"
AUTHN_STATEMENT: Final = f"{{{SAML2}}}AuthnStatement"
AUTHN_CONTEXT: Final = f"{{{SAML2}}}AuthnContext"
CLASS_REFERENCE: Final = f"{{{SAML2}}}AuthnContextClassRef"
SUBJECT_LOCALITY: Final = f"{{{SAML2}}}SubjectLocality"
ATTRIBUTE_STATEMENT: Final = f"{{{SAML2}}}AttributeStatement"
ATTRIBUTE: Final = f"{{{SAML2}}}Attribute"
ATTRIBUTE_VALUE: Final = f"{{{SAML2}}}AttributeValue"

BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
HOLDER_OF_KEY: Final = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"
_CLASSES: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
X509_CLASS: Final = f"{_CLASSES}X509"
UNSPECIFIED_NAME: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
URI_NAMES: Final = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"

#: The authentication context classes that SAML defines (saml-authn-context-2.0, 3.4).
_NAMES = """
AuthenticatedTelephony InternetProtocol InternetProtocolPassword Kerberos MobileOneFactorContract
MobileOneFactorUnregistered MobileTwoFactorContract MobileTwoFactorUnregistered NomadTelephony PGP Password
PasswordProtectedTransport PersonalTelephony PreviousSession SPKI SecureRemotePassword Smartcard SmartcardPKI
SoftwarePKI TLSClient Telephony TimeSyncToken X509 XMLDSig unspecified
"""
AUTHN_CLASSES: Final = frozenset(_CLASSES + name for name in _NAMES.split())

_XSPA: Final = "urn:oasis:names:tc:xspa:1.0:subject:"
SUBJECT_ID: Final = f"{_XSPA}subject-id"
ORGANIZATION: Final = f"{_XSPA}organization"
ORGANIZATION_ID: Final = f"{_XSPA}organization-id"
NPI: Final = f"{_XSPA}npi"
PROVIDER_IDENTIFIER: Final = "urn:ihe:iti:xua:2017:subject:provider-identifier"
ROLE: Final = "urn:oasis:names:tc:xacml:2.0:subject:role"
PURPOSE: Final = f"{_XSPA}purposeofuse"
#: Ours: neither XUA nor XSPA has a place for the reason of an emergency.
REASON: Final = "urn:erepo:subject:purpose-of-use-reason"
