"""Small numbers that stand for words in the database; never renumber them."""

from enum import IntEnum


class Kind(IntEnum):
    """Kinds of registry objects."""

    DOCUMENT_ENTRY = 1
    SUBMISSION_SET = 2
    FOLDER = 3
    ASSOCIATION = 4


class Status(IntEnum):
    """Availability of a registry object."""

    APPROVED = 1
    DEPRECATED = 2


class Value(IntEnum):
    """Attributes that may repeat and are searched, kept in `object_value`."""

    CONFIDENTIALITY = 1  # code^^scheme
    EVENT_CODE = 2  # code^^scheme
    AUTHOR_PERSON = 3  # XCN
    REFERENCE_ID = 4  # CXi
    FOLDER_CODE = 5  # code^^scheme
