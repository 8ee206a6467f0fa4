"""The repository: documents taken in, given out and removed (ITI-41, 43, 86)."""
