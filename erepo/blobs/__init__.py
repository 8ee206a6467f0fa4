"""Large byte strings that stay: the port `store.BlobStore`, its adapters (files, S3, two kept alike), codecs.

Used by both sides: by the service for what is too large for its database, and by the clinic's eArchiwum.
"""
