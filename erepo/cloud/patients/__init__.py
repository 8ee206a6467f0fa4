"""Patients' accounts: made by clinics that have identified the person, each clinic for itself."""
