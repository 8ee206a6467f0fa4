"""The repository service: many providers' documents, sealed from each other, behind mutual TLS.

How a submission (ITI-41) passes, file by file:

    protocol   TLS handshake has proved the client certificate; its fingerprint travels with the request
    app        the fingerprint decides the tenant; a path that is not the tenant's is answered as unknown
    bodies     the body is read into one buffer, bounded; large ones wait for the memory budget
    endpoint   unpack, verify the signature, the signer must be the tenant's registered WSS certificate
    rules      hash and size of the received octets, ebRIM rules; large content becomes a durable file here
    writer     many submissions share one transaction; **its commit is the only commit point**
    endpoint   only then the answer is built, signed and sent

Crash windows, and what each leaves behind:

    before the blob's rename          nothing visible (a temporary file, removed at the next start)
    after the rename, before commit   a blob without a row: garbage, swept at the next start when old enough
    after commit, before the answer   everything is stored; the client asks by its submission's uniqueId
    after the answer                  nothing to repair
"""
