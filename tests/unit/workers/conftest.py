from tests.support.jobs import quick_jobs

__all__ = ["quick_jobs"]
