"""waiting.py - the one way in which the end-to-end tests wait: what is waited for is looked at again, within one generous limit."""

import asyncio
import os
import time

LIMIT = float(os.environ.get("LINGUA_TEST_LIMIT", "60"))  # seconds that anything may take
PAUSE = 0.02  # between two looks


async def until(condition, what, limit=LIMIT):
    """Looks until `condition` holds, and returns what it returned."""
    end = time.monotonic() + limit
    while True:
        result = condition()
        if asyncio.iscoroutine(result):
            result = await result
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {limit:.0f} s")
        await asyncio.sleep(PAUSE)
