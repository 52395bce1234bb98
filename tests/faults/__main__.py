"""Play every fault and write docs/reliability.md from what comes of it; nothing, where something else must come."""

import asyncio
import logging
import sys

from faults.certificates import Certificates
from faults.observe import observe
from faults.table import PAGE, written


async def main():
    logging.getLogger("asyncio").disabled = True  # the server's side of failed handshakes
    certificates = Certificates()
    wrong = []

    async def observed(case):
        outcome = await observe(case, certificates)
        if outcome != case.ends:
            wrong.append(f"{case.name}: {outcome} came of it, and {case.ends} must")
        return outcome

    page = await written(observed)
    if wrong:
        sys.exit("\n".join(wrong))
    PAGE.write_text(page, "utf-8")


asyncio.run(main())
