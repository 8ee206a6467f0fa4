"""The fixed words of XDS.b: namespaces, UUIDs, statuses, slot names (IHE ITI TF-3 4.2.5; TF-2 3.18-3.43)."""

from enum import StrEnum
from typing import Final

RIM: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
RS: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"
LCM: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"
QUERY: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"
XDSB: Final = "urn:ihe:iti:xds-b:2007"
RMD: Final = "urn:ihe:iti:rmd:2017"

_OBJECT_TYPE = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject"
OBJECT_ASSOCIATION: Final = f"{_OBJECT_TYPE}:Association"
OBJECT_CLASSIFICATION: Final = f"{_OBJECT_TYPE}:Classification"
OBJECT_EXTERNAL_IDENTIFIER: Final = f"{_OBJECT_TYPE}:ExternalIdentifier"
OBJECT_REGISTRY_PACKAGE: Final = f"{_OBJECT_TYPE}:RegistryPackage"

# DocumentEntry
STABLE: Final = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
ON_DEMAND: Final = "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248"
DOCUMENT_AUTHOR: Final = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"
CLASS_CODE: Final = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
CONFIDENTIALITY: Final = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
EVENT_CODE: Final = "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4"
FORMAT_CODE: Final = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d"
FACILITY_TYPE: Final = "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1"
PRACTICE_SETTING: Final = "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead"
TYPE_CODE: Final = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"
DOCUMENT_PATIENT: Final = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
DOCUMENT_UNIQUE: Final = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
DOCUMENT_LIMITED: Final = "urn:uuid:ab9b591b-83ab-4d03-8f5d-f93b1fb92e85"

# SubmissionSet
SUBMISSION_SET: Final = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
SET_AUTHOR: Final = "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d"
CONTENT_TYPE: Final = "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500"
SET_PATIENT: Final = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446"
SET_SOURCE: Final = "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832"
SET_UNIQUE: Final = "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8"
SET_LIMITED: Final = "urn:uuid:5003a9db-8d8d-49e6-bf0c-990e34ac7707"

# Folder
FOLDER: Final = "urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2"
FOLDER_CODES: Final = "urn:uuid:1ba97051-7806-41a8-a48b-8fce7af683c5"
FOLDER_PATIENT: Final = "urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a"
FOLDER_UNIQUE: Final = "urn:uuid:75df8f67-9973-4fbe-a900-df66cefecc5a"
FOLDER_LIMITED: Final = "urn:uuid:2c144a76-29a9-4b7c-af54-b25409fe7d03"

# Association
ASSOCIATION_DOCUMENTATION: Final = "urn:uuid:abd807a3-4432-4053-87b4-fd82c643d1f3"


class AssociationType(StrEnum):
    """How one object of the registry stands to another."""

    HAS_MEMBER = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
    REPLACE = "urn:ihe:iti:2007:AssociationType:RPLC"
    TRANSFORM = "urn:ihe:iti:2007:AssociationType:XFRM"
    APPEND = "urn:ihe:iti:2007:AssociationType:APND"
    TRANSFORM_REPLACE = "urn:ihe:iti:2007:AssociationType:XFRM_RPLC"
    SIGNS = "urn:ihe:iti:2007:AssociationType:signs"
    SNAPSHOT_OF = "urn:ihe:iti:2010:AssociationType:IsSnapshotOf"
    UPDATE_AVAILABILITY = "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus"
    SUBMIT_ASSOCIATION = "urn:ihe:iti:2010:AssociationType:SubmitAssociation"


#: Associations between two documents; the source lies in the submission.
RELATIONSHIPS: Final = frozenset(
    {
        AssociationType.REPLACE,
        AssociationType.TRANSFORM,
        AssociationType.APPEND,
        AssociationType.TRANSFORM_REPLACE,
        AssociationType.SIGNS,
        AssociationType.SNAPSHOT_OF,
    }
)
#: Relationships whose target must already lie in the registry.
TARGET_REGISTERED: Final = frozenset(
    {AssociationType.REPLACE, AssociationType.TRANSFORM_REPLACE, AssociationType.SNAPSHOT_OF}
)

_STATUS_TYPE = "urn:oasis:names:tc:ebxml-regrep:StatusType"
APPROVED: Final = f"{_STATUS_TYPE}:Approved"
DEPRECATED: Final = f"{_STATUS_TYPE}:Deprecated"
SUBMITTED: Final = f"{_STATUS_TYPE}:Submitted"

#: Values of the slot SubmissionSetStatus.
ORIGINAL: Final = "Original"
REFERENCE: Final = "Reference"


class ResponseStatus(StrEnum):
    """Outcome of a transaction (TF-3 4.2.4.2)."""

    SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
    PARTIAL = "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"
    FAILURE = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"


class Severity(StrEnum):
    """How bad one error of a response is."""

    ERROR = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error"
    WARNING = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning"


class Slot(StrEnum):
    """Names of the slots that the model knows; any other slot is kept as an extra one."""

    CREATION_TIME = "creationTime"
    LANGUAGE = "languageCode"
    HASH = "hash"
    SIZE = "size"
    REPOSITORY = "repositoryUniqueId"
    SERVICE_START = "serviceStartTime"
    SERVICE_STOP = "serviceStopTime"
    SOURCE_PATIENT_ID = "sourcePatientId"
    SOURCE_PATIENT_INFO = "sourcePatientInfo"
    LEGAL_AUTHENTICATOR = "legalAuthenticator"
    URI = "URI"
    REFERENCE_IDS = "urn:ihe:iti:xds:2013:referenceIdList"
    SUBMISSION_TIME = "submissionTime"
    INTENDED_RECIPIENT = "intendedRecipient"
    LAST_UPDATE_TIME = "lastUpdateTime"
    SUBMISSION_SET_STATUS = "SubmissionSetStatus"
    ORIGINAL_STATUS = "OriginalStatus"
    NEW_STATUS = "NewStatus"
    PREVIOUS_VERSION = "PreviousVersion"
    ASSOCIATION_PROPAGATION = "AssociationPropagation"
    AUTHOR_PERSON = "authorPerson"
    AUTHOR_INSTITUTION = "authorInstitution"
    AUTHOR_ROLE = "authorRole"
    AUTHOR_SPECIALTY = "authorSpecialty"
    AUTHOR_TELECOM = "authorTelecommunication"
    CODING_SCHEME = "codingScheme"
    DOCUMENT_AVAILABILITY = "documentAvailability"
    # The two attributes that P1 adds to a document (polish-domain §4.6).
    STORAGE_CATEGORY = "urn:extpl:SlotName:StorageCategory"
    MEDICAL_EVENT_ID = "urn:extpl:SlotName:MedicalEventId"


AVAILABILITY_ONLINE: Final = "urn:ihe:iti:2010:DocumentAvailability:Online"
REFERENCE_ENCOUNTER: Final = "urn:ihe:iti:xds:2015:encounterId"
REFERENCE_UNIQUE_ID: Final = "urn:ihe:iti:xds:2013:uniqueId"

#: Hash and size of a document without octets (TF-2 3.42, delayed assembly).
EMPTY_SHA1: Final = "da39a3ee5e6b4b0d3255bfef95601890afd80709"


class Xds(StrEnum):
    """Codes of RegistryError (TF-3 table 4.2.4.1-2; supplements Metadata Update, RMU and RMD)."""

    INVALID_CONTENT = "InvalidDocumentContent"
    UNRESOLVED_REFERENCE = "UnresolvedReferenceException"
    DOCUMENT_UNIQUE_ID = "XDSDocumentUniqueIdError"
    DUPLICATE_UNIQUE_ID = "XDSDuplicateUniqueIdInRegistry"
    EXTRA_METADATA_NOT_SAVED = "XDSExtraMetadataNotSaved"
    MISSING_DOCUMENT = "XDSMissingDocument"
    MISSING_DOCUMENT_METADATA = "XDSMissingDocumentMetadata"
    MISSING_HOME = "XDSMissingHomeCommunityId"
    NON_IDENTICAL_HASH = "XDSNonIdenticalHash"
    NON_IDENTICAL_SIZE = "XDSNonIdenticalSize"
    PATIENT_MISMATCH = "XDSPatientIdDoesNotMatch"
    UNKNOWN_PATIENT = "XDSUnknownPatientId"
    REGISTRY_BUSY = "XDSRegistryBusy"
    REPOSITORY_BUSY = "XDSRepositoryBusy"
    REGISTRY_OUT_OF_RESOURCES = "XDSRegistryOutOfResources"
    REPOSITORY_OUT_OF_RESOURCES = "XDSRepositoryOutOfResources"
    REGISTRY_NOT_AVAILABLE = "XDSRegistryNotAvailable"
    DEPRECATED_DOCUMENT = "XDSRegistryDeprecatedDocumentError"
    DUPLICATE_IN_MESSAGE = "XDSRegistryDuplicateUniqueIdInMessage"
    REPOSITORY_DUPLICATE_IN_MESSAGE = "XDSRepositoryDuplicateUniqueIdInMessage"
    REGISTRY_ERROR = "XDSRegistryError"
    REPOSITORY_ERROR = "XDSRepositoryError"
    REGISTRY_METADATA = "XDSRegistryMetadataError"
    REPOSITORY_METADATA = "XDSRepositoryMetadataError"
    RESULT_NOT_SINGLE_PATIENT = "XDSResultNotSinglePatient"
    QUERY_MISSING_PARAM = "XDSStoredQueryMissingParam"
    QUERY_PARAM_NUMBER = "XDSStoredQueryParamNumber"
    UNKNOWN_QUERY = "XDSUnknownStoredQuery"
    TOO_MANY_RESULTS = "XDSTooManyResults"
    UNKNOWN_REPOSITORY = "XDSUnknownRepositoryId"
    UNKNOWN_COMMUNITY = "XDSUnknownCommunity"
    UNAVAILABLE_COMMUNITY = "XDSUnavailableCommunity"
    REFERENCES_EXIST = "ReferencesExistException"
    UNREFERENCED_OBJECT = "XDSUnreferencedObjectException"
    METADATA_MODEL = "XDSMetadataModelException"
    REMOVE_DOCUMENTS = "XDSRemoveDocumentsError"
    METADATA_UPDATE = "XDSMetadataUpdateError"
    METADATA_UPDATE_OPERATION = "XDSMetadataUpdateOperationError"
    METADATA_VERSION = "XDSMetadataVersionError"
    METADATA_IDENTIFIER = "XDSMetadataIdentifierError"
    PATIENT_RECONCILIATION = "XDSPatientIDReconciliationError"
    OBJECT_TYPE = "XDSObjectTypeError"
    UNMODIFIABLE_METADATA = "UnmodifiableMetadataError"
    METADATA_ANNOTATION = "XDSMetadataAnnotationError"
    INVALID_REQUEST = "XDSInvalidRequestException"
    LOCAL_POLICY = "LocalPolicyRestrictionError"
    REPLACE_FAILED = "XDSReplaceFailed"
    # Warnings of recipients that are no registry (XDR); a client may hear them.
    DOCUMENT_QUEUED = "DocumentQueued"
    PARTIAL_APPEND = "PartialAppendContentNotProcessed"
    PARTIAL_FOLDER = "PartialFolderContentNotProcessed"
    PARTIAL_RELATIONSHIP = "PartialRelationshipContentNotProcessed"
    PARTIAL_REPLACE = "PartialReplaceContentNotProcessed"
    PARTIAL_TRANSFORM = "PartialTransformNotProcessed"
    PARTIAL_TRANSFORM_REPLACE = "PartialTransformReplaceNotProcessed"


#: Codes after which the same request may succeed later (ihe-xds §6.4).
RETRYABLE: Final = frozenset(
    {
        Xds.REGISTRY_BUSY,
        Xds.REPOSITORY_BUSY,
        Xds.REGISTRY_OUT_OF_RESOURCES,
        Xds.REPOSITORY_OUT_OF_RESOURCES,
        Xds.REGISTRY_NOT_AVAILABLE,
    }
)
