"""Documents of other providers: found in P1's index (ITI-18) and fetched from their repositories (ITI-43).

    search    token about the patient ─► ITI-18, in narrower windows where P1 runs out of time
    document  token ─► SOZ permits ─► SZAR tells the repository's address ─► ITI-43 there ─► held against hash

Nothing of a patient or a document stays in the service but its record. Everything only reads, so whatever
breaks off is asked again: there is no outcome that anybody would have to find out about.
"""
