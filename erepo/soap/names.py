"""Namespaces, element names and algorithm identifiers of the wire (SOAP 1.2, WS-A, WSS, XML-DSig, XOP)."""

from typing import Final

from erepo.xmlsig import names as dsig

SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
SOAP11: Final = "http://schemas.xmlsoap.org/soap/envelope/"
WSA: Final = "http://www.w3.org/2005/08/addressing"
WSSE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
DS: Final = dsig.DS
XOP: Final = "http://www.w3.org/2004/08/xop/include"
SAML2: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
XML: Final = "http://www.w3.org/XML/1998/namespace"

ENVELOPE: Final = f"{{{SOAP}}}Envelope"
HEADER: Final = f"{{{SOAP}}}Header"
BODY: Final = f"{{{SOAP}}}Body"
FAULT: Final = f"{{{SOAP}}}Fault"
MUST_UNDERSTAND: Final = f"{{{SOAP}}}mustUnderstand"
ROLE: Final = f"{{{SOAP}}}role"

ACTION: Final = f"{{{WSA}}}Action"
MESSAGE_ID: Final = f"{{{WSA}}}MessageID"
TO: Final = f"{{{WSA}}}To"
FROM: Final = f"{{{WSA}}}From"
REPLY_TO: Final = f"{{{WSA}}}ReplyTo"
FAULT_TO: Final = f"{{{WSA}}}FaultTo"
RELATES_TO: Final = f"{{{WSA}}}RelatesTo"
ADDRESS: Final = f"{{{WSA}}}Address"
ANONYMOUS: Final = f"{WSA}/anonymous"
FAULT_ACTION: Final = f"{WSA}/fault"

SECURITY: Final = f"{{{WSSE}}}Security"
TOKEN: Final = f"{{{WSSE}}}BinarySecurityToken"
TOKEN_REFERENCE: Final = f"{{{WSSE}}}SecurityTokenReference"
WSSE_REFERENCE: Final = f"{{{WSSE}}}Reference"
TIMESTAMP: Final = f"{{{WSU}}}Timestamp"
CREATED: Final = f"{{{WSU}}}Created"
EXPIRES: Final = f"{{{WSU}}}Expires"
WSU_ID: Final = f"{{{WSU}}}Id"
ASSERTION: Final = f"{{{SAML2}}}Assertion"
_WSS_2004: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
X509_TOKEN: Final = f"{_WSS_2004}x509-token-profile-1.0#X509v3"
BASE64: Final = f"{_WSS_2004}soap-message-security-1.0#Base64Binary"

SIGNATURE: Final = dsig.SIGNATURE
SIGNED_INFO: Final = dsig.SIGNED_INFO
SIGNATURE_VALUE: Final = dsig.SIGNATURE_VALUE
KEY_INFO: Final = dsig.KEY_INFO
C14N_METHOD: Final = dsig.C14N_METHOD
SIGNATURE_METHOD: Final = dsig.SIGNATURE_METHOD
REFERENCE: Final = dsig.REFERENCE
TRANSFORMS: Final = dsig.TRANSFORMS
TRANSFORM: Final = dsig.TRANSFORM
DIGEST_METHOD: Final = dsig.DIGEST_METHOD
DIGEST_VALUE: Final = dsig.DIGEST_VALUE

EXC_C14N: Final = dsig.EXC_C14N
ENVELOPED: Final = dsig.ENVELOPED
INCLUSIVE_NAMESPACES: Final = dsig.INCLUSIVE_NAMESPACES
SHA256: Final = dsig.SHA256
RSA_SHA256: Final = dsig.RSA_SHA256
ECDSA_SHA256: Final = dsig.ECDSA_SHA256

XOP_INCLUDE: Final = f"{{{XOP}}}Include"

SOAP_TYPE: Final = "application/soap+xml"
XOP_TYPE: Final = "application/xop+xml"
MULTIPART_TYPE: Final = "multipart/related"
