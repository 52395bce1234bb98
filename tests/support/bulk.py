"""What the tests of bulk runs share."""


def phones(count):
    return [f"09{number:08d}" for number in range(count)]


async def taken(run, outcomes=None):
    """The outcomes of a run as they come; those before an error are in the list that is given."""
    outcomes = [] if outcomes is None else outcomes
    async with run:
        async for outcome in run:
            outcomes.append(outcome)
    return outcomes
