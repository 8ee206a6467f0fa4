"""Element names and algorithm identifiers of XML signatures (RFC 3275, RFC 6931, XML-EXC-C14N)."""

from typing import Final

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_ENC: Final = "http://www.w3.org/2001/04/xmlenc#"

SIGNATURE: Final = f"{{{DS}}}Signature"
SIGNED_INFO: Final = f"{{{DS}}}SignedInfo"
SIGNATURE_VALUE: Final = f"{{{DS}}}SignatureValue"
KEY_INFO: Final = f"{{{DS}}}KeyInfo"
OBJECT: Final = f"{{{DS}}}Object"
C14N_METHOD: Final = f"{{{DS}}}CanonicalizationMethod"
SIGNATURE_METHOD: Final = f"{{{DS}}}SignatureMethod"
REFERENCE: Final = f"{{{DS}}}Reference"
TRANSFORMS: Final = f"{{{DS}}}Transforms"
TRANSFORM: Final = f"{{{DS}}}Transform"
DIGEST_METHOD: Final = f"{{{DS}}}DigestMethod"
DIGEST_VALUE: Final = f"{{{DS}}}DigestValue"
X509_DATA: Final = f"{{{DS}}}X509Data"
X509_CERTIFICATE: Final = f"{{{DS}}}X509Certificate"
KEY_VALUE: Final = f"{{{DS}}}KeyValue"
KEY_NAME: Final = f"{{{DS}}}KeyName"

EXC_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = f"{DS}enveloped-signature"
INCLUSIVE_NAMESPACES: Final = f"{{{EXC_C14N}}}InclusiveNamespaces"

SHA1: Final = f"{DS}sha1"
SHA256: Final = f"{_ENC}sha256"
SHA384: Final = f"{_MORE}sha384"
SHA512: Final = f"{_ENC}sha512"

RSA_SHA256: Final = f"{_MORE}rsa-sha256"
RSA_SHA384: Final = f"{_MORE}rsa-sha384"
RSA_SHA512: Final = f"{_MORE}rsa-sha512"
ECDSA_SHA256: Final = f"{_MORE}ecdsa-sha256"
