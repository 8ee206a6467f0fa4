"""Errors of the CDA room.

    InvalidInput
    ├── NotXml                not well-formed XML
    │   └── DoctypeForbidden  carries a DOCTYPE, which no PIK document may
    ├── DocumentTooLarge      above our limits of bytes or of markup
    ├── NotCda                XML, but no HL7 CDA document
    ├── HeaderIncomplete      a CDA document that lacks a field nobody can archive it without
    └── UnsupportedMedia      neither XML, PDF, JPEG, PNG nor TIFF
    ConfigurationError
    └── SampleImpossible          a sample cannot be made as asked
        ├── SampleKindUnknown     no recipe of that name
        ├── SampleSizeImpossible  too small or too large
        └── SamplePatientsMissing nobody to write about

None of them quotes the document: positions, sizes and field names only.
"""

from erepo.errors import ConfigurationError, InvalidInput
from erepo.texts import Text


class NotXml(InvalidInput):
    """The document is not well-formed XML; `line` and `column` say where."""

    code = "cda.not-xml"
    cause = Text(
        "The document is not well-formed XML (line {line}, column {column}).",
        "Dokument nie jest poprawnie zbudowanym plikiem XML (wiersz {line}, kolumna {column}).",
    )
    cure = Text(
        "Export the document again in the program it comes from; a broken file is never repaired here.",
        "Wyeksportuj dokument ponownie z programu, z którego pochodzi; uszkodzonych plików nie naprawiamy.",
    )


class DoctypeForbidden(NotXml):
    """The document carries a DOCTYPE; PIK documents have none and it can be used for attacks."""

    code = "cda.doctype"
    cause = Text(
        "The document contains a DOCTYPE declaration.",
        "Dokument zawiera deklarację DOCTYPE.",
    )
    cure = Text(
        "PIK HL7 CDA documents carry no DOCTYPE; ask the author's system for a conforming document.",
        "Dokumenty PIK HL7 CDA nie zawierają DOCTYPE; poproś o dokument zgodny z PIK w systemie autora.",
    )


class DocumentTooLarge(InvalidInput):
    """The document is above a limit; `size` and `limit` are counted in `unit`."""

    code = "cda.too-large"
    cause = Text(
        "The document is too large: {size} {unit}, at most {limit} are accepted.",
        "Dokument jest zbyt duży: {size} ({unit}), dopuszczalne jest najwyżej {limit}.",
    )
    cure = Text(
        "Split the document, or raise EREPO_LIMITS__DOCUMENT if it is a matter of bytes.",
        "Podziel dokument, a jeśli przekroczono liczbę bajtów, możesz też zwiększyć EREPO_LIMITS__DOCUMENT.",
    )


class NotCda(InvalidInput):
    """Well-formed XML whose root is no `ClinicalDocument` of HL7 version 3."""

    code = "cda.not-cda"
    cause = Text(
        "The file is XML, but no HL7 CDA document.",
        "Plik jest dokumentem XML, ale nie jest dokumentem HL7 CDA.",
    )
    cure = Text(
        "Take it in as an attachment and name its patient.",
        "Przyjmij plik jako załącznik i wskaż pacjenta.",
    )


class HeaderIncomplete(InvalidInput):
    """The header lacks `field`, without which the document cannot be archived."""

    code = "cda.header-incomplete"
    cause = Text(
        "The header of the document lacks {field}.",
        "W nagłówku dokumentu brakuje elementu {field}.",
    )
    cure = Text(
        "Complete the document in the program it comes from and export it again.",
        "Uzupełnij dokument w programie, z którego pochodzi, i wyeksportuj go ponownie.",
    )


class UnsupportedMedia(InvalidInput):
    """The file is of a type that medical documentation does not use here."""

    code = "cda.unsupported-media"
    cause = Text(
        "The file is neither XML, PDF, JPEG, PNG nor TIFF.",
        "Plik nie jest dokumentem XML, PDF, JPEG, PNG ani TIFF.",
    )
    cure = Text(
        "Save it as PDF, JPEG, PNG or TIFF and take it in again.",
        "Zapisz plik w formacie PDF, JPEG, PNG lub TIFF i przyjmij go ponownie.",
    )


class SampleImpossible(ConfigurationError):
    """A sample cannot be made as asked."""

    code = "cda.sample-impossible"
    cause = Text("The sample cannot be made.", "Nie można utworzyć dokumentu przykładowego.")
    cure = Text("See `erepo samples --help`.", "Zobacz `erepo samples --help`.")


class SampleKindUnknown(SampleImpossible):
    """`asked` names no recipe; `known` lists them."""

    code = "cda.sample-kind-unknown"
    cause = Text(
        "There are no samples of the kind {asked}.", "Nie ma dokumentów przykładowych rodzaju {asked}."
    )
    cure = Text("Choose among: {known}.", "Wybierz spośród: {known}.")


class SampleSizeImpossible(SampleImpossible):
    """A sample of the wanted size cannot be made; `least` and `most` are bytes."""

    code = "cda.sample-size"
    cause = Text(
        "Samples of this size cannot be made.",
        "Nie można utworzyć dokumentów przykładowych tej wielkości.",
    )
    cure = Text("Ask for {least} to {most} bytes.", "Podaj wielkość od {least} do {most} bajtów.")


class SamplePatientsMissing(SampleImpossible):
    """Samples need at least one patient."""

    code = "cda.sample-patients"
    cause = Text("Samples need a patient.", "Dokumenty przykładowe muszą mieć pacjenta.")
    cure = Text("Ask for at least one patient.", "Podaj co najmniej jednego pacjenta.")
