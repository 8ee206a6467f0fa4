"""Object identifiers of the Polish e-health tree and of the standards around it (PIK; HL7; LOINC)."""

import re
import uuid

P1_ROOT = "2.16.840.1.113883.3.4424"

PESEL = f"{P1_ROOT}.1.1.616"
NPWZ_PHARMACIST = f"{P1_ROOT}.1.6.1"
NPWZ_DOCTOR = f"{P1_ROOT}.1.6.2"
NPWZ_NURSE = f"{P1_ROOT}.1.6.3"
NPWZ_LABORATORY = f"{P1_ROOT}.1.6.4"
NPWZ_PHYSIOTHERAPIST = f"{P1_ROOT}.1.6.5"
#: Whose numbers anybody may look up.
PUBLIC_REGISTERS = frozenset(
    {NPWZ_PHARMACIST, NPWZ_DOCTOR, NPWZ_NURSE, NPWZ_LABORATORY, NPWZ_PHYSIOTHERAPIST}
)
REGON9 = f"{P1_ROOT}.2.2.1"
REGON14 = f"{P1_ROOT}.2.2.2"
PROVIDER = f"{P1_ROOT}.2.3.1"
UNIT = f"{P1_ROOT}.2.3.2"
CELL = f"{P1_ROOT}.2.3.3"
OWN_NODES = f"{P1_ROOT}.2.7"
PAYER = f"{P1_ROOT}.3.1"
REPOSITORIES = f"{P1_ROOT}.7.24"
DOCUMENT_CLASS_P1 = f"{P1_ROOT}.11.1.32"
CELL_SPECIALTY = f"{P1_ROOT}.11.2.4"
ICD9_PL = f"{P1_ROOT}.11.2.6"
DOCTOR_SPECIALTY = f"{P1_ROOT}.11.3.3"
DOCTOR_SPECIALTIES = f"{P1_ROOT}.11.3.3.1"
PROFESSION = f"{P1_ROOT}.11.3.18"
DISCHARGE_MODE = f"{P1_ROOT}.11.3.21"
PIK = f"{P1_ROOT}.13"
PIK_DOCUMENT_TEMPLATES = f"{PIK}.10.1"
XDS_DOMAIN = f"{P1_ROOT}.15"

LOINC = "2.16.840.1.113883.6.1"
ICD10 = "2.16.840.1.113883.6.3"
CONFIDENTIALITY = "2.16.840.1.113883.5.25"
GENDER = "2.16.840.1.113883.5.1"

_OID = re.compile(r"(?:[01]\.(?:[0-9]|[1-3][0-9])|2\.(?:0|[1-9][0-9]*))(?:\.(?:0|[1-9][0-9]*))*")

_DOTTED = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))+")


def is_oid(text: str) -> bool:
    """Tell whether the text is an OID in dot notation of at most 64 characters (the limit of XDS and HL7)."""
    return len(text) <= 64 and _OID.fullmatch(text) is not None


def is_dotted(text: str) -> bool:
    """Tell whether the text has an OID's form, whatever its first two numbers are.

    ISO has no arcs 129.6 or 1.42, yet systems name themselves and their documents so, and a registry has
    nothing to gain from refusing them.
    """
    return len(text) <= 64 and _DOTTED.fullmatch(text) is not None


def own_node(register_book: str) -> str:
    """Return the OID node that a provider owns: resort part I without leading zeros under `~.2.7`.

    Raises:
        ValueError: `register_book` is no number.
    """
    return f"{OWN_NODES}.{int(register_book)}"


def uuid_oid(value: uuid.UUID) -> str:
    """Return the OID of a UUID (ITU-T X.667): `2.25.` and its value as a decimal number."""
    return f"2.25.{value.int}"


def new_uuid_oid() -> str:
    """Return a fresh OID that needs no register."""
    return uuid_oid(uuid.uuid4())
