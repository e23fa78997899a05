"""The sections of the page, in reading order. Each comes from the marts alone and says why when there is nothing to show."""

from collections.abc import Callable

from orchestration.report.content import Section
from orchestration.report.sections.actions import actions
from orchestration.report.sections.context import Context
from orchestration.report.sections.data_quality import data_quality
from orchestration.report.sections.engagement import engagement
from orchestration.report.sections.feedback import feedback
from orchestration.report.sections.headline import headline
from orchestration.report.sections.model_quality import model_quality
from orchestration.report.sections.retention import retention
from orchestration.report.sections.revenue import revenue
from orchestration.report.sections.risk import risk
from orchestration.report.sections.value import value

SECTIONS: tuple[Callable[[Context], Section], ...] = (
    revenue,
    retention,
    feedback,
    value,
    risk,
    actions,
    engagement,
    data_quality,
    model_quality,
)

__all__ = ["SECTIONS", "Context", "headline"]
