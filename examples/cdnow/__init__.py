"""CDNOW: real purchase histories, for lifetime value without a contract."""
