"""Where bytes and rows live: database, writer, blobs."""
