"""PIK HL7 CDA documents: read headers without touching a byte, name kinds, write samples of our own."""
