"""support.py - what an end-to-end test begins and ends with: a private redis-server, linguad processes, nodes and clients over WebSocket.

Nothing here sleeps to wait for something: what is waited for is asked for again, or comes as a message; each wait has one generous
limit, because test machines are busy.
"""

import asyncio
import logging
import sys
import unittest

from clients import Client, Node
from servers import Linguad, Redis

logging.getLogger("asyncio").setLevel(logging.ERROR)  # not how long a busy machine takes for a step


class Case(unittest.IsolatedAsyncioTestCase):
    """A Redis, whatever instances a test starts, and connections; all of it ends with the test. An instance that does not end well
    fails the test."""

    def setUp(self):
        self.redis = Redis().start()
        self.instances = []
        self.links = []
        self.addCleanup(self._end)
        self.addAsyncCleanup(self._close_links)

    def linguad(self, *args, **options):
        one = Linguad(self.redis, *args, **options)
        self.instances.append(one)
        return one

    def one_of_several(self, name, settings=None):
        one = Linguad.of_several(self.redis, name, settings)
        self.instances.append(one)
        return one

    async def join(self, link, instance, token=None):
        self.links.append(link)
        return await link.join(instance, token)

    async def node(self, instance, *args, **options):
        return await self.join(Node(*args, **options), instance)

    async def client(self, instance, *args, **options):
        return await self.join(Client(*args, **options), instance)

    async def _close_links(self):
        await asyncio.gather(*(link.close() for link in self.links), return_exceptions=True)

    def _end(self):
        failed = [one for one in self.instances if not one.end()]
        self.redis.end()
        outcome = self._outcome.result
        if failed or any(test is self for test, _ in outcome.failures + outcome.errors):
            for one in self.instances:
                sys.stderr.write(f"---- log of {one.name}\n{one.log()[-6000:]}\n")
        for one in self.instances:
            one.remove()
        self.assertEqual([one.name for one in failed], [], "instances that did not end well")


def main():
    unittest.main(verbosity=2)
