"""The registry: metadata taken in, changed, removed and found (ITI-18, 42, 57, 62)."""
