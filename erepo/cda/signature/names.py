"""Names of XAdES (ETSI TS 101 903 v1.3.2, EN 319 132), and algorithms that are known, but not verified."""

from typing import Final

from erepo.xmlsig.names import DS

XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
#: Namespaces of earlier versions.
EARLIER: Final = ("http://uri.etsi.org/01903/v1.1.1#", "http://uri.etsi.org/01903/v1.2.2#")
PROPERTIES_TYPE: Final = "http://uri.etsi.org/01903#SignedProperties"

QUALIFYING: Final = f"{{{XADES}}}QualifyingProperties"
SIGNED_PROPERTIES: Final = f"{{{XADES}}}SignedProperties"
UNSIGNED_PROPERTIES: Final = f"{{{XADES}}}UnsignedProperties"
OF_SIGNATURE: Final = f"{{{XADES}}}SignedSignatureProperties"
OF_UNSIGNED: Final = f"{{{XADES}}}UnsignedSignatureProperties"
COUNTER_SIGNATURE: Final = f"{{{XADES}}}CounterSignature"
OF_OBJECTS: Final = f"{{{XADES}}}SignedDataObjectProperties"
SIGNING_TIME: Final = f"{{{XADES}}}SigningTime"
SIGNING_CERTIFICATE: Final = f"{{{XADES}}}SigningCertificate"
SIGNING_CERTIFICATE_V2: Final = f"{{{XADES}}}SigningCertificateV2"
CERT: Final = f"{{{XADES}}}Cert"
CERT_DIGEST: Final = f"{{{XADES}}}CertDigest"
DATA_OBJECT_FORMAT: Final = f"{{{XADES}}}DataObjectFormat"
OBJECT_REFERENCE: Final = f"{{{XADES}}}ObjectReference"

XPATH: Final = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XPATH_TEXT: Final = f"{{{DS}}}XPath"

_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
#: Canonicalisations that honest signers name.
OTHER_C14N: Final = frozenset(
    {
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2006/12/xml-c14n11#WithComments",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    }
)
#: Signature methods that honest signers use, or used.
OTHER_METHODS: Final = frozenset(
    {
        f"{DS}rsa-sha1",
        f"{DS}dsa-sha1",
        f"{_MORE}rsa-ripemd160",
        f"{_MORE}ecdsa-sha1",
        f"{_MORE}ecdsa-sha384",
        f"{_MORE}ecdsa-sha512",
        "http://www.w3.org/2007/05/xmldsig-more#rsa-pss",
        "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
        "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1",
        "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1",
    }
)
#: Digest methods likewise.
OTHER_DIGESTS: Final = frozenset(
    {
        f"{_MORE}sha224",
        "http://www.w3.org/2001/04/xmlenc#ripemd160",
        "http://www.w3.org/2007/05/xmldsig-more#sha3-256",
        "http://www.w3.org/2007/05/xmldsig-more#sha3-384",
        "http://www.w3.org/2007/05/xmldsig-more#sha3-512",
    }
)
