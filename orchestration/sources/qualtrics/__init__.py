"""Qualtrics: scored answers to surveys.

Comes in: a data centre, a token, and of each survey which questions measure what. Goes out: survey_responses. `source.py` says what is read
and when, `export.py` asks, `answers.py` turns responses into rows.
"""

from orchestration.sources.qualtrics.source import Qualtrics

__all__ = ["Qualtrics"]
