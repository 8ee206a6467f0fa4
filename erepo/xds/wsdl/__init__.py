"""WSDL and schemas of the XDS endpoints, written for this service; see `documents`."""
