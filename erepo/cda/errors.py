"""Errors of the CDA room.

    InvalidInput
    ├── NotXml                not well-formed XML
    │   └── DoctypeForbidden  carries a DOCTYPE, which no PIK document may
    ├── DocumentTooLarge      above our limits of bytes or of markup
    ├── NotCda                XML, but no HL7 CDA document
    ├── HeaderIncomplete      a CDA document that lacks a field nobody can archive it without
    ├── UnsupportedMedia      neither XML, PDF, JPEG, PNG nor TIFF
    └── GivenRefused              a file of a patient that is not taken
        ├── GivenTypeRefused      neither PDF, JPEG, PNG nor PIK HL7 CDA
        ├── GivenDamaged          cut off, or not what it begins as
        ├── GivenActive           a PDF with scripts or programs, or locked with a password
        ├── GivenPictureTooLarge  more pixels than a photograph or scan has
        └── GivenPatientDiffers   a CDA document of somebody else
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


class GivenRefused(InvalidInput):
    """A file that a patient gave is not taken."""

    code = "given.refused"
    cause = Text("The file is not taken.", "Pliku nie można przyjąć.")
    cure = Text("Give a PDF, a JPEG or a PNG.", "Prześlij plik PDF, JPEG lub PNG.")


class GivenTypeRefused(GivenRefused):
    """By its octets it is none of the types that patients may give."""

    code = "given.type"
    cause = Text(
        "The file is neither a PDF, a JPEG or PNG picture, nor a medical document (PIK HL7 CDA).",
        "Plik nie jest dokumentem PDF, obrazem JPEG lub PNG ani dokumentem medycznym (PIK HL7 CDA).",
    )
    cure = Text(
        "Save it as PDF, or photograph it, and give it again. Archives (ZIP) have to be unpacked first.",
        "Zapisz go jako PDF albo zrób zdjęcie i prześlij ponownie. Archiwa (ZIP) trzeba najpierw rozpakować.",
    )


class GivenDamaged(GivenRefused):
    """It begins as a PDF or a picture and does not go on as one."""

    code = "given.damaged"
    cause = Text("The file is damaged or incomplete.", "Plik jest uszkodzony lub niekompletny.")
    cure = Text(
        "Open it on your device; if it opens, save it anew and give it again.",
        "Otwórz go na swoim urządzeniu; jeśli się otwiera, zapisz go na nowo i prześlij ponownie.",
    )


class GivenActive(GivenRefused):
    """`what` it holds: a script, a program to start, or a password."""

    code = "given.active"
    cause = Text(
        "The PDF contains something that medical documents do not need ({what}).",
        "Plik PDF zawiera element niepotrzebny w dokumentacji medycznej ({what}).",
    )
    cure = Text(
        "Print it into a new PDF without password, or photograph it, and give that.",
        "Wydrukuj go do nowego pliku PDF bez hasła albo zrób zdjęcie i prześlij tak zapisany plik.",
    )


class GivenPictureTooLarge(GivenRefused):
    """A picture of more than `limit` million pixels, whatever its octets are."""

    code = "given.pixels"
    cause = Text("The picture has more than {limit} million pixels.", "Obraz ma ponad {limit} mln pikseli.")
    cure = Text("Make it smaller and give it again.", "Zmniejsz obraz i prześlij go ponownie.")


class GivenPatientDiffers(GivenRefused):
    """The header of a CDA document names another patient than the one who gives it."""

    code = "given.patient"
    cause = Text(
        "The document is about another person than the one who gives it.",
        "Dokument dotyczy innej osoby niż ta, która go przekazuje.",
    )
    cure = Text(
        "Give documents of your own only; others give theirs from their own account.",
        "Przekazuj tylko własne dokumenty; inne osoby przekazują swoje z własnego konta.",
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
