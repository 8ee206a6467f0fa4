"""The repository service: many providers' documents, sealed from each other, behind mutual TLS.

How a submission (ITI-41) passes, file by file:

    web.protocol        the TLS handshake has proved the client certificate; its fingerprint travels along
    web.app             the fingerprint decides the tenant; a path that is not its own is answered as unknown
    bodies              the body is read into one buffer, bounded; large ones wait for the memory budget
    web.xds             unpack, verify; the signer must be the tenant's registered WSS certificate
    registry.rules      hash and size of the received octets, objects against each other
    repository.storing  large content becomes a durable file here
    storage.writer      many submissions share one transaction; **its commit is the only commit point**
    registry.group      plain submissions in bulk (registering), anything else in a savepoint of its own
                        (changing, updating, removing), judged against what is registered (relating, holdings)
    web.xds             only then the answer is built, signed and sent

    web.trail           its event is in the record by then, written in the transaction of what it tells

The rooms, lowest first: `storage`, `audit`, `tenancy`, `registry`, `repository`, `web`, and beside the last
two `fixity`, which proves what is stored, and `panel`, which knows who may enter an account's pages; a room
knows those before it.

Crash windows, and what each leaves behind:

    before the blob's rename          nothing visible (a temporary file, removed at the next start)
    after the rename, before commit   a blob without a row: `erepo cloud check` names it
    after commit, before the answer   everything is stored; the client asks by its submission's uniqueId
    after the answer                  nothing to repair
"""
