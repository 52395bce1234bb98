"""What every public callable must refuse: a row for each, with values that do not fit, for every parameter."""

from tests.support.arguments import calls, methods, runs, webhooks

ROWS = calls.ROWS | methods.ROWS | runs.ROWS | webhooks.ROWS
