import pytest

from etelecom_async.tables import Reading, open_source
from tests.support.jobs import quick_jobs

__all__ = ["quick_jobs"]


@pytest.fixture
def source(tmp_path):
    """Opens a table that has this text or these bytes, read as it is said."""

    def make(data, name="phones.csv", *, kind=None, **reading):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return open_source(path, kind=kind, reading=Reading(**reading))

    return make
