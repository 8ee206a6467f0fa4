r"""The HL7 v2 strings that XDS metadata carries (IHE ITI TF-3, table 4.2.3.1.7-2).

Each class parses and writes one data type; the delimiters `| ^ ~ \ &` inside values are escaped on writing
and restored on reading, so `parse(str(x)) == x` for every `x`. What XDS leaves empty is not kept.
"""

from dataclasses import dataclass, field
from typing import Self

from erepo.identifiers.errors import FormWrong
from erepo.identifiers.oids import is_dotted

_ESCAPES = {"\\": "\\E\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "|": "\\F\\"}
_TABLE = str.maketrans(_ESCAPES)
_LETTERS = {escaped[1]: plain for plain, escaped in _ESCAPES.items()}


def escape(text: str) -> str:
    """Write a value so that no delimiter stands in it."""
    return text.translate(_TABLE)


def unescape(text: str) -> str:
    """Restore a value; a backslash that starts no known escape stays as it is."""
    if "\\" not in text:
        return text
    out, at = [], 0
    while at < len(text):
        if text[at] == "\\" and text[at + 2 : at + 3] == "\\" and text[at + 1] in _LETTERS:
            out.append(_LETTERS[text[at + 1]])
            at += 3
        else:
            out.append(text[at])
            at += 1
    return "".join(out)


def _join(*components: str) -> str:
    return "^".join(components).rstrip("^")


def _split(text: str, length: int) -> list[str]:
    parts = text.split("^")
    return parts + [""] * (length - len(parts))


def _authority(oid: str) -> str:
    return f"&{escape(oid)}&ISO" if oid else ""


def _read_authority(text: str, kind: str) -> str:
    """Return the OID of an assigning authority `&oid&ISO`, or an empty string."""
    if not text:
        return ""
    parts = text.split("&")
    if len(parts) != 3 or parts[0] or parts[2] != "ISO" or not is_dotted(parts[1]):
        raise FormWrong(kind=kind, expected="&OID&ISO")
    return parts[1]


@dataclass(frozen=True, slots=True, repr=False)
class CX:
    """An identifier and who assigned it: `id^^^&oid&ISO`. Usually a patient's: `repr` hides it."""

    id: str
    authority_oid: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the form of XDSDocumentEntry.patientId.

        Raises:
            FormWrong: no id, no OID as authority, or further components, which XDS forbids.
        """
        parts = _split(text, 4)
        authority = _read_authority(parts[3], "CX")
        if not parts[0] or not authority or any(parts[1:3]) or any(parts[4:]):
            raise FormWrong(kind="CX", expected="id^^^&OID&ISO")
        return cls(unescape(parts[0]), authority)

    def __str__(self) -> str:
        return f"{escape(self.id)}^^^&{self.authority_oid}&ISO"

    def __repr__(self) -> str:
        return f"CX(…, {self.authority_oid!r})"


@dataclass(frozen=True, slots=True)
class ReferenceId:
    """An entry of referenceIdList: CXi `id^^^&oid&ISO^type^home` (TF-3 table 4.2.3.1.7-2).

    `type_code` is a URN such as `urn:ihe:iti:xds:2013:uniqueId`; `home` an OID or empty; `namespace` the
    authority's local name, which the profile permits here and nowhere else. `received` is the text that was
    parsed: queries match it as it was written (TF-2 3.18.4.1.2.3.7.14).
    """

    id: str
    type_code: str
    authority_oid: str = ""
    home: str = ""
    namespace: str = ""
    received: str = field(default="", compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one value of the slot.

        Raises:
            FormWrong: no id, no type code, or an authority that is no OID.
        """
        parts = _split(text, 6)
        if not parts[0] or not parts[4]:
            raise FormWrong(kind="CXi", expected="id^^^&OID&ISO^type")
        namespace, ampersand, rest = parts[3].partition("&")
        authority, home = _read_authority(ampersand + rest, "CXi"), _read_authority(parts[5], "CXi")
        return cls(unescape(parts[0]), unescape(parts[4]), authority, home, unescape(namespace), text)

    def __str__(self) -> str:
        return _join(
            escape(self.id),
            "",
            "",
            escape(self.namespace) + _authority(self.authority_oid),
            escape(self.type_code),
            _authority(self.home),
        )


@dataclass(frozen=True, slots=True)
class XCN:
    """A person: `id^family^given^further^suffix^prefix^^^&oid&ISO`; an id or a family name is there."""

    id: str
    family: str
    given: str
    prefix: str = ""
    suffix: str = ""
    authority_oid: str = ""
    further_given: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a person; components that XDS does not use are dropped.

        Raises:
            FormWrong: neither id nor family name, or an authority that is no OID.
        """
        parts = _split(text, 9)
        if not parts[0] and not parts[1]:
            raise FormWrong(kind="XCN", expected="id^family^given")
        names = [unescape(part) for part in parts[:6]]
        authority = _read_authority(parts[8], "XCN")
        return cls(names[0], names[1], names[2], names[5], names[4], authority, names[3])

    def __str__(self) -> str:
        names = (self.id, self.family, self.given, self.further_given, self.suffix, self.prefix)
        return _join(*map(escape, names), "", "", _authority(self.authority_oid))


@dataclass(frozen=True, slots=True)
class XON:
    """An organisation: `name^^^^^&oid&ISO^^^^id`; an id that is itself an OID needs no authority."""

    name: str
    authority_oid: str = ""
    id: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an organisation.

        Raises:
            FormWrong: no name, or an authority that is no OID.
        """
        parts = _split(text, 10)
        if not parts[0]:
            raise FormWrong(kind="XON", expected="name^^^^^&OID&ISO^^^^id")
        return cls(unescape(parts[0]), _read_authority(parts[5], "XON"), unescape(parts[9]))

    def __str__(self) -> str:
        blank = ("",) * 4
        return _join(escape(self.name), *blank, _authority(self.authority_oid), *blank[:3], escape(self.id))


@dataclass(frozen=True, slots=True)
class CE:
    """A coded value `code^display^scheme`; stored queries leave the display empty (TF-2 3.18.4.1.2.3.4)."""

    code: str
    scheme: str
    display: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a coded value.

        Raises:
            FormWrong: code or scheme is missing.
        """
        parts = _split(text, 3)
        if not parts[0] or not parts[2]:
            raise FormWrong(kind="CE", expected="code^^scheme")
        return cls(unescape(parts[0]), unescape(parts[2]), unescape(parts[1]))

    def __str__(self) -> str:
        return _join(escape(self.code), escape(self.display), escape(self.scheme))
