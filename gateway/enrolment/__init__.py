"""The central record of enrolments: who may enrol, the ledger, and telling the partner."""
