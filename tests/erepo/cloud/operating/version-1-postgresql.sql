CREATE TABLE number_block (
  name VARCHAR(20) NOT NULL,
  next BIGINT NOT NULL,
  PRIMARY KEY (name)
);
CREATE TABLE service (
  name VARCHAR(40) NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (name)
);
CREATE TABLE tenant (
  id BIGSERIAL NOT NULL,
  account VARCHAR(16) NOT NULL,
  state VARCHAR(10) NOT NULL,
  security VARCHAR(4) NOT NULL,
  repository_unique_id VARCHAR(64) NOT NULL,
  source_id VARCHAR(64) NOT NULL,
  limit_bytes BIGINT NOT NULL,
  limit_documents BIGINT NOT NULL,
  used_bytes BIGINT NOT NULL,
  used_documents BIGINT NOT NULL,
  valid_until DATE,
  created_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
  activated_at TIMESTAMP WITHOUT TIME ZONE,
  PRIMARY KEY (id),
  UNIQUE (account),
  UNIQUE (repository_unique_id)
);
CREATE TABLE certificate (
  id BIGSERIAL NOT NULL,
  tenant_id BIGINT NOT NULL,
  purpose VARCHAR(3) NOT NULL,
  fingerprint VARCHAR(64) NOT NULL,
  state VARCHAR(10) NOT NULL,
  not_after TIMESTAMP WITHOUT TIME ZONE NOT NULL,
  pem TEXT NOT NULL,
  registered_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(tenant_id) REFERENCES tenant (id),
  UNIQUE (fingerprint)
);
CREATE INDEX ix_certificate_tenant_id ON certificate (tenant_id);
CREATE TABLE document (
  id BIGINT NOT NULL,
  tenant_id BIGINT NOT NULL,
  unique_id VARCHAR(256) NOT NULL,
  sha1 VARCHAR(40) NOT NULL,
  sha256 VARCHAR(64) NOT NULL,
  size BIGINT NOT NULL,
  mime_type VARCHAR(128) NOT NULL,
  coding VARCHAR(4) NOT NULL,
  blob_key VARCHAR(80),
  stored_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (tenant_id, unique_id),
  FOREIGN KEY(tenant_id) REFERENCES tenant (id)
);
CREATE INDEX ix_document_blob_key ON document (blob_key);
CREATE TABLE registry_object (
  id BIGINT NOT NULL,
  tenant_id BIGINT NOT NULL,
  kind SMALLINT NOT NULL,
  entry_uuid BYTEA NOT NULL,
  lid BYTEA NOT NULL,
  version INTEGER NOT NULL,
  status SMALLINT NOT NULL,
  unique_id VARCHAR(256),
  patient_id VARCHAR(256),
  object_type BYTEA,
  created VARCHAR(14),
  service_start VARCHAR(14),
  service_stop VARCHAR(14),
  class_code VARCHAR(256),
  type_code VARCHAR(256),
  format_code VARCHAR(256),
  facility_type VARCHAR(256),
  practice_setting VARCHAR(256),
  source_system VARCHAR(64),
  association_type VARCHAR(80),
  source_object BIGINT,
  target_object BIGINT,
  document_id BIGINT,
  xml BYTEA NOT NULL,
  registered_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (tenant_id, entry_uuid),
  FOREIGN KEY(tenant_id) REFERENCES tenant (id)
);
CREATE INDEX ix_object_patient ON registry_object (tenant_id, patient_id, kind, status) WHERE patient_id IS NOT NULL;
CREATE INDEX ix_object_source ON registry_object (source_object) WHERE source_object IS NOT NULL;
CREATE INDEX ix_object_target ON registry_object (target_object) WHERE target_object IS NOT NULL;
CREATE INDEX ix_object_unique_id ON registry_object (tenant_id, unique_id) WHERE unique_id IS NOT NULL;
CREATE UNIQUE INDEX ux_object_once ON registry_object (tenant_id, unique_id) WHERE kind IN (2, 3);
CREATE TABLE document_octets (
  document_id BIGINT NOT NULL,
  tenant_id BIGINT NOT NULL,
  octets BYTEA NOT NULL,
  PRIMARY KEY (document_id),
  FOREIGN KEY(document_id) REFERENCES document (id)
);
CREATE TABLE object_value (
  object_id BIGINT NOT NULL,
  name SMALLINT NOT NULL,
  position SMALLINT NOT NULL,
  tenant_id BIGINT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (object_id, name, position),
  FOREIGN KEY(object_id) REFERENCES registry_object (id)
);
