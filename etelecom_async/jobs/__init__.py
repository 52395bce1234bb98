"""From file to file, resumable: every row of an input is answered exactly once in an output that is its own journal."""

from .job import ConsentJob
from .plan import JobSummary, Plan

__all__ = ["ConsentJob", "JobSummary", "Plan"]
