"""XDS.b: the metadata model, its ebRIM form, and the messages of the document transactions."""
