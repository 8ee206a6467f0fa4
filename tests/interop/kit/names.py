"""Names of IHE XDS.b, typed from the tables of the specification: the kit's own second opinion."""

from __future__ import annotations

NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "wsa": "http://www.w3.org/2005/08/addressing",
    "rim": "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0",
    "rs": "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0",
    "lcm": "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0",
    "query": "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0",
    "xds": "urn:ihe:iti:xds-b:2007",
    "rmd": "urn:ihe:iti:rmd:2017",
    "xop": "http://www.w3.org/2004/08/xop/include",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "wsu": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
}
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"

IHE = "urn:ihe:iti:2007:"
ACTIONS = {
    18: IHE + "RegistryStoredQuery",
    41: IHE + "ProvideAndRegisterDocumentSet-b",
    42: IHE + "RegisterDocumentSet-b",
    43: IHE + "RetrieveDocumentSet",
    57: "urn:ihe:iti:2010:UpdateDocumentSet",
    62: "urn:ihe:iti:2010:DeleteDocumentSet",
    86: "urn:ihe:iti:2017:RemoveDocuments",
}
DOOR = {18: "registry", 42: "registry", 57: "registry", 62: "registry"}
DOOR |= {41: "repository", 43: "repository", 86: "repository"}
MULTIPART = {41, 43}  # the transactions whose encoding is MTOM

REGREP = "urn:oasis:names:tc:ebxml-regrep:"
SUCCESS = REGREP + "ResponseStatusType:Success"
FAILURE = REGREP + "ResponseStatusType:Failure"
PARTIAL = IHE + "ResponseStatusType:PartialSuccess"
ERROR = REGREP + "ErrorSeverityType:Error"
WARNING = REGREP + "ErrorSeverityType:Warning"
APPROVED = REGREP + "StatusType:Approved"
DEPRECATED = REGREP + "StatusType:Deprecated"

HAS_MEMBER = REGREP + "AssociationType:HasMember"
RPLC, XFRM, APND, XFRM_RPLC, SIGNS = (
    IHE + "AssociationType:" + kind for kind in ("RPLC", "XFRM", "APND", "XFRM_RPLC", "signs")
)
UPDATE_STATUS = "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus"
SUBMIT_ASSOCIATION = "urn:ihe:iti:2010:AssociationType:SubmitAssociation"
REFERENCE_IDS = "urn:ihe:iti:xds:2013:referenceIdList"

STABLE = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
ON_DEMAND = "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248"
SET_NODE = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
FOLDER_NODE = "urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2"
CLASSIFICATION = REGREP + "ObjectType:RegistryObject:Classification"
EXTERNAL_IDENTIFIER = REGREP + "ObjectType:RegistryObject:ExternalIdentifier"
PACKAGE = REGREP + "ObjectType:RegistryObject:RegistryPackage"
ASSOCIATION = REGREP + "ObjectType:RegistryObject:Association"

ENTRY_SCHEMES = {
    "author": "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d",
    "classCode": "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a",
    "confidentialityCode": "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f",
    "eventCodeList": "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4",
    "formatCode": "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d",
    "healthcareFacilityTypeCode": "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1",
    "practiceSettingCode": "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead",
    "typeCode": "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983",
    "patientId": "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427",
    "uniqueId": "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab",
}
SET_SCHEMES = {
    "author": "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d",
    "contentTypeCode": "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500",
    "patientId": "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446",
    "sourceId": "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832",
    "uniqueId": "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8",
}
FOLDER_SCHEMES = {
    "codeList": "urn:uuid:1ba97051-7806-41a8-a48b-8fce7af683c5",
    "patientId": "urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a",
    "uniqueId": "urn:uuid:75df8f67-9973-4fbe-a900-df66cefecc5a",
}
DOCUMENTATION_SCHEME = "urn:uuid:abd807a3-4432-4053-87b4-fd82c643d1f3"

QUERIES = {
    "FindDocuments": "14d4debf-8f97-4251-9a74-a90016b0af0d",
    "FindSubmissionSets": "f26abbcb-ac74-4422-8a30-edb644bbc1a9",
    "FindFolders": "958f3006-baad-4929-a4de-ff1114824431",
    "GetAll": "10b545ea-725c-446d-9b95-8aeb444eddf3",
    "GetDocuments": "5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4",
    "GetFolders": "5737b14c-8a1a-4539-b659-e03a34a5e1e4",
    "GetAssociations": "a7ae438b-4bc2-4642-93e9-be891f7bb155",
    "GetDocumentsAndAssociations": "bab9529a-4a10-40b3-a01f-f68a615d247a",
    "GetSubmissionSets": "51224314-5390-4169-9b91-b1980040715a",
    "GetSubmissionSetAndContents": "e8e3cb2c-e39c-46b9-99e4-c12f57260b83",
    "GetFolderAndContents": "b909a503-523d-4517-8acf-8e5834dfc4c7",
    "GetFoldersForDocument": "10cae35a-c7f9-4cf5-b61e-fc3278ffb578",
    "GetRelatedDocuments": "d90e5407-b356-4d91-a89f-873917b4b0e6",
    "FindDocumentsByReferenceId": "12941a89-e02e-4be5-967c-ce4bfc8fe492",
}
