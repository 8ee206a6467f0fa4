"""Why a document's own signature proves nothing.

    InvalidInput
    └── SignatureUnproven             the root: whoever only wants to know "proven or not" catches this
        ├── SignatureAbsent           the document carries none
        ├── SignatureUnsupported      may be honest, but is of a form that is not verified here
        │   ├── AlgorithmUnsupported  an algorithm or key that honest signers use, or used
        │   └── PropertiesMissing     no XAdES properties, or without time, certificate or key
        └── SignatureForged           no honest signer makes this, or it was changed since
            ├── SignedDocumentHostile more markup than a document may have that is to be canonicalised
            ├── SignatureMisplaced    not once, or not as the last child of the root: wrapping
            ├── SignatureMalformed    a piece twice, missing, or unknown
            ├── TransformRefused      XSLT, other XPaths and so on rewrite what is signed
            ├── CoverageWrong         references something else than the whole document and its properties
            ├── PropertiesForged      properties twice, or of another signature or reference
            ├── SignerMismatched      another certificate than the properties name, or key than its own
            └── SignatureWrong        a digest or the signature value does not fit

`rule` in their data is a short fixed phrase, never content of the document.
"""

from erepo.errors import InvalidInput
from erepo.texts import Text


class SignatureUnproven(InvalidInput):
    """The document's own signature proves nothing; the kinds say why."""

    code = "cda.signature"
    cause = Text(
        "The signature inside the document was not proven: {rule}.",
        "Nie potwierdzono podpisu w dokumencie: {rule}.",
    )
    cure = Text(
        "Ask the author for the document as it was signed, untouched by any other program.",
        "Poproś autora o dokument w postaci podpisanej, niezmienionej przez żaden inny program.",
    )

    def __init__(self, *, rule: str = "") -> None:
        super().__init__(rule=rule)


class SignatureAbsent(SignatureUnproven):
    """The document carries no signature."""

    code = "cda.signature-absent"
    cause = Text("The document carries no signature.", "Dokument nie zawiera podpisu.")
    cure = Text(
        "Nothing to do: documents without a signature are archived, too.",
        "Nie trzeba nic robić: dokumenty bez podpisu też są archiwizowane.",
    )


class SignatureUnsupported(SignatureUnproven):
    """The signature may be honest, but is of a form that is not verified here."""

    code = "cda.signature-unsupported"
    cause = Text(
        "The signature inside the document cannot be verified here: {rule}.",
        "Podpisu w dokumencie nie można tu zweryfikować: {rule}.",
    )
    cure = Text(
        "The document is archived as it is; verify it with a program that knows this form (for example DSS).",
        "Dokument jest archiwizowany bez zmian; zweryfikuj go programem, który zna tę postać (np. DSS).",
    )


class AlgorithmUnsupported(SignatureUnsupported):
    """An algorithm or type of key that honest signers use, or used, but that is not accepted here."""

    code = "cda.signature-algorithm"


class PropertiesMissing(SignatureUnsupported):
    """The signature has no XAdES properties, or lacks time, certificate or key."""

    code = "cda.signature-properties-missing"


class SignatureForged(SignatureUnproven):
    """No honest signer makes this, or the document was changed after it was signed."""

    code = "cda.signature-forged"


class SignedDocumentHostile(SignatureForged):
    """The document has more markup than one may have that is to be canonicalised."""

    code = "cda.signature-hostile"


class SignatureMisplaced(SignatureForged):
    """There is not one signature, or it is not the last child of the root: signature wrapping."""

    code = "cda.signature-misplaced"


class SignatureMalformed(SignatureForged):
    """A piece of the signature is there twice, missing, or unknown."""

    code = "cda.signature-malformed"


class TransformRefused(SignatureForged):
    """A transform rewrites what is signed: XSLT, XPath, base64 and others."""

    code = "cda.signature-transform"


class CoverageWrong(SignatureForged):
    """The references are not to the whole document and the properties, once each."""

    code = "cda.signature-coverage"


class PropertiesForged(SignatureForged):
    """XAdES properties twice, or of another signature, reference or document."""

    code = "cda.signature-properties"


class SignerMismatched(SignatureForged):
    """The certificate is not the one that the properties name, or the key not the certificate's."""

    code = "cda.signature-signer"


class SignatureWrong(SignatureForged):
    """A digest or the signature value does not fit: the document was changed after it was signed."""

    code = "cda.signature-wrong"
    cause = Text(
        "The signature inside the document does not fit it: {rule}.",
        "Podpis w dokumencie nie zgadza się z jego treścią: {rule}.",
    )
