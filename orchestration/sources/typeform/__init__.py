"""Typeform: scored answers to forms.

Comes in: a token, and of each form which questions measure what. Goes out: survey_responses. `source.py` says what is read and when,
`answers.py` turns responses into rows.
"""

from orchestration.sources.typeform.source import Typeform

__all__ = ["Typeform"]
