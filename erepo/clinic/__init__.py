"""The clinic's side: its database, intake, archiving, verification, onboarding."""
