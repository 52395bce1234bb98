"""Play every fault and write docs/internals/reliability.md from it; nothing, where something else must come."""

import asyncio
import logging
import sys

from tests.faults.observe import Observed
from tests.faults.table import PAGE, written


async def main():
    logging.getLogger("asyncio").disabled = True  # the server's side of failed handshakes
    observed = Observed()
    page = await written(observed)
    if observed.wrong:
        sys.exit("\n".join(observed.wrong))
    PAGE.write_text(page, "utf-8")


asyncio.run(main())
