"""SurveyMonkey: scored answers to surveys.

Comes in: a token, and of each survey which questions measure what. Goes out: survey_responses. `source.py` says what is read and when,
`answers.py` turns responses into rows.
"""

from orchestration.sources.surveymonkey.source import Surveymonkey

__all__ = ["Surveymonkey"]
