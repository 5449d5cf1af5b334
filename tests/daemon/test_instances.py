#!/usr/bin/python3
"""test_instances.py - several instances on one Redis, and what happens to speech when instances or Redis end under load.

Speakers talk on a beat of their own. Who loses the connection goes to another instance and says again what was not answered, as a client
would. Every utterance is to be answered or refused, none answered twice, and no node ever has more than it can do.

Runs alone: how long an answer takes is looked at.
"""

import asyncio
import base64
import collections
import contextlib
import itertools
import signal
import time

import websockets

from clients import Client, Node
from support import Case, main
from waiting import LIMIT, until

SLOTS = 4


class Helper(Node):
    """A node that comes back, to whichever instance is there."""

    def __init__(self, node_id, instances, **options):
        super().__init__(node_id, **options)
        self.instances = instances
        self.life = None
        self.ended = False

    async def live(self):
        await self.arrive()
        self.life = asyncio.create_task(self._come_back())
        return self

    async def arrive(self):
        for instance in itertools.cycle(self.instances):
            try:
                self.closed = False
                await self.join(instance)
                return
            except (OSError, AssertionError, asyncio.TimeoutError, websockets.WebSocketException):
                await asyncio.sleep(0.05)

    async def _come_back(self):
        while not self.ended:
            await until(lambda: self.closed or self.ended, "a node's connection ends", 1e9)
            if self.ended:
                return
            await asyncio.gather(self.reader, return_exceptions=True)
            self.instances = self.instances[1:] + self.instances[:1]
            await self.arrive()

    async def on_closed(self):
        """What it did for the connection that is lost, it gives up."""
        await super().on_closed()
        for task in list(self.tasks):
            task.cancel()

    async def close(self):
        self.ended = True
        if self.life:
            self.life.cancel()
            await asyncio.gather(self.life, return_exceptions=True)
        await super().close()


class Speaker:
    """Says an utterance every `beat` seconds, whatever happens, until it is told to stop; then waits for what is not answered."""

    def __init__(self, instances, beat=0.1, src="de", tgt="en", again=()):
        self.instances = instances
        self.again = again  # codes of refusals behind which it says the same again over its next connection
        self.beat, self.src, self.tgt = beat, src, tgt
        self.open = {}  # number: when it was said last
        self.answers = {}  # number: what became of it
        self.slowest = 0.0
        self.said = 0
        self.twice = []
        self.stopped = False
        self.client = None
        self.reconnects = 0

    async def run(self):
        self.next = time.monotonic()
        for instance in itertools.cycle(self.instances):
            if self.stopped and not self.open:
                return
            self.client = Client(self.src, self.tgt)
            try:
                await self.client.join(instance)
                await self._talk()
            except (OSError, AssertionError, asyncio.TimeoutError, websockets.WebSocketException):
                await asyncio.sleep(0.05)
            finally:
                await asyncio.gather(self.client.close(), return_exceptions=True)
            self.reconnects += 1

    async def _talk(self):
        for number in sorted(self.open):
            await self._say(number)
        listener = asyncio.create_task(self._listen())
        try:
            while not self.client.closed:
                if self.stopped and not self.open:
                    return
                if not self.stopped and time.monotonic() >= self.next:
                    self.next = time.monotonic() + self.beat  # no catching up: who was held up is no crowd
                    self.said += 1
                    self.open[self.said] = time.monotonic()
                    await self._say(self.said)
                await asyncio.sleep(0.01)
        finally:
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)
            self._take()

    async def _say(self, number):
        await self.client.say(number, b"\1\2" * 800)

    async def _listen(self):
        while True:
            self._take()
            await asyncio.sleep(0.01)

    def _take(self):
        for message in self.client.heard:
            number = message.get("utterance_index")
            if message["type"] not in ("translation_result", "missing_result", "error") or number is None:
                continue
            what = message.get("code") or message["type"]
            if what in self.again and number not in self.answers:
                continue
            if number in self.answers:
                self.twice.append((number, self.answers[number], what))
                continue
            self.answers[number] = what
            self.slowest = max(self.slowest, time.monotonic() - self.open.pop(number))
        self.client.heard.clear()

    def count(self, what):
        return sum(1 for a in self.answers.values() if a == what)


class Instances(Case):
    def check_speakers(self, speakers):
        for s in speakers:
            self.assertEqual(s.twice, [], "answered twice")
            self.assertEqual(len(s.answers), s.said)
            self.assertEqual(s.open, {})
        return sum(s.said for s in speakers), sum(s.count("translation_result") for s in speakers)

    async def finish(self, speakers, running):
        """They say nothing new, and what is not answered yet is answered."""
        for s in speakers:
            s.stopped = True
        done, late = await asyncio.wait(running, timeout=LIMIT)
        for task in late:
            task.cancel()
        self.assertEqual([(s.open, s.client.session, s.client.kinds()) for s in speakers if s.open], [], "not answered")
        for task in done:
            task.result()

    def codes(self, speakers):
        return collections.Counter(a for s in speakers for a in s.answers.values())

    def check_nodes(self, nodes):
        for node in nodes:
            self.assertLessEqual(node.at_work_most, SLOTS, f"{node.node_id} had more than its limit")
            attempts = [(job["job_id"], job["attempt_id"]) for job in node.jobs]
            self.assertEqual(len(attempts), len(set(attempts)), f"{node.node_id} got an attempt twice")

    async def two(self, settings=None):
        a, b = self.one_of_several("a", settings), self.one_of_several("b", settings)
        await asyncio.gather(a.up(), b.up())
        await self.know_each_other(a, b)
        return a, b

    async def know_each_other(self, *instances):
        """Each has written its presence, so that others can reach it."""
        def present():
            return len([k for k in self.redis.keys() if ":presence" in k]) >= len(instances)
        await until(present, "the instances are present")

    async def helper(self, node_id, instances, **options):
        node = await Helper(node_id, instances, **options).live()
        self.links.append(node)
        return node

    async def test_a_node_on_one_and_a_session_on_the_other(self):
        a, b = await self.two()
        node = await self.node(a, "gpu-1", work=0.01)
        client = await self.client(b)
        for index in range(12):
            await client.say(index, bytes([index]) * 30000)
        for index in range(12):
            result = await client.result(index)
            self.assertEqual(result["text_translated"], f"en {index} by gpu-1")
        self.assertEqual(sorted(base64.b64decode(job["audio"])[0] for job in node.jobs), list(range(12)))
        self.assertEqual(len(base64.b64decode(node.jobs[0]["audio"])), 30000)
        self.assertLessEqual(node.at_work_most, SLOTS)
        events = {m["event"] for m in client.heard if m["type"] == "ui_event"}
        self.assertEqual(events, {"DISPATCHED", "NODE_ACCEPTED", "ASR_FINAL", "NMT_DONE"})
        for key in self.redis.keys():
            self.assertLess(self.redis.ask("MEMORY", "USAGE", key), 10000, f"{key}: no audio in Redis")

    async def test_a_room_over_two_instances(self):
        a, b = await self.two()
        await self.node(a, "gpu-1")
        speaker, listener = await self.client(a), await self.client(b)
        await speaker.send("room_create", client_ts=1, preferred_lang="de")
        code = (await speaker.hear("room_create_ack"))["room_code"]
        await listener.send("room_join", room_code=code, preferred_lang="en")
        await listener.hear("room_members")
        await until(lambda: any(m["type"] == "room_members" and len(m["members"]) == 2 for m in speaker.heard),
                    "the speaker hears of the listener")
        await speaker.say(0)
        self.assertEqual((await listener.result(0))["text_translated"], "en 0 by gpu-1")
        await listener.send("webrtc_ice", room_code=code, to=speaker.session, candidate={"a": 1})
        ice = await speaker.hear("webrtc_ice")
        self.assertEqual((ice["to"], ice["candidate"]), (listener.session, {"a": 1}))

    async def test_one_is_killed_under_load(self):
        a, b = await self.two()
        nodes = [await self.helper(f"gpu-{i}", [a, b] if i % 2 else [b, a], work=0.03) for i in range(4)]
        speakers = [Speaker([a, b] if i % 2 else [b, a]) for i in range(6)]
        running = [asyncio.create_task(s.run()) for s in speakers]
        await until(lambda: all(s.count("translation_result") >= 10 for s in speakers), "the speakers are answered")
        a.kill()
        at_kill = [s.said for s in speakers]
        await until(lambda: all(s.said >= n + 30 for s, n in zip(speakers, at_kill)), "the speakers speak on")
        await self.finish(speakers, running)
        said, ok = self.check_speakers(speakers)
        self.check_nodes(nodes)
        self.assertGreater(ok, 0.7 * said, self.codes(speakers))
        self.assertLess(max(s.slowest for s in speakers), 20)
        a.process = None

    async def test_redis_is_killed_and_comes_back_under_load(self):
        a, b = await self.two()
        nodes = [await self.helper(f"gpu-{i}", [a, b] if i % 2 else [b, a], work=0.03) for i in range(4)]
        speakers = [Speaker([a, b] if i % 2 else [b, a]) for i in range(4)]
        running = [asyncio.create_task(s.run()) for s in speakers]
        await until(lambda: all(s.count("translation_result") >= 10 for s in speakers), "the speakers are answered")
        self.redis.kill()
        await until(lambda: all(s.count("SCHEDULER_DEPENDENCY_DOWN") >= 5 for s in speakers), "the speakers are refused")
        self.assertEqual((await a.fetch("/ready"))[0], 503)
        self.redis.start()
        before = [s.count("translation_result") for s in speakers]
        await until(lambda: all(s.count("translation_result") >= n + 20 for s, n in zip(speakers, before)),
                    "the speakers are answered again")
        await self.finish(speakers, running)
        self.check_speakers(speakers)
        self.check_nodes(nodes)
        await a.ready()
        await b.ready()

    async def test_a_rolling_restart_loses_nothing(self):
        """Who is told that its session ends says again elsewhere what was refused; all of it is answered, and soon."""
        a, b = await self.two()
        nodes = [await self.helper(f"gpu-{i}", [a, b] if i % 2 else [b, a], work=0.03) for i in range(4)]
        speakers = [Speaker([a, b] if i % 2 else [b, a], again=("INVALID_SESSION",)) for i in range(6)]
        running = [asyncio.create_task(s.run()) for s in speakers]
        for one in (a, b):
            before = [s.count("translation_result") for s in speakers]
            await until(lambda: all(s.count("translation_result") >= n + 10 for s, n in zip(speakers, before)),
                        "the speakers are answered")
            one.signal(signal.SIGTERM)
            self.assertEqual(await one.ended(), 0)
            await one.up()
        await self.finish(speakers, running)
        said, ok = self.check_speakers(speakers)
        self.check_nodes(nodes)
        self.assertEqual(said, ok, self.codes(speakers))
        self.assertLess(max(s.slowest for s in speakers), 15)

    async def test_one_that_stood_still_begins_again_under_a_new_id(self):
        a, b = await self.two()
        node = await self.node(a, "gpu-1")
        client = await self.client(a)
        await client.say(0)
        await client.result(0)
        a.signal(signal.SIGSTOP)
        await asyncio.to_thread(self.wait_for_burial)
        a.signal(signal.SIGCONT)
        self.assertEqual(await client.is_closed(), 1012)
        self.assertEqual(await node.is_closed(), 1012)
        await a.ready()
        begun = [line for line in a.log().splitlines() if "event=instance_begins" in line]
        self.assertEqual(len(begun), 2)
        await self.node(a, "gpu-1")
        again = await self.client(b)
        await again.say(0)
        await again.result(0)

    def wait_for_burial(self):
        end = time.monotonic() + LIMIT
        while not any("tomb" in k for k in self.redis.keys()):
            self.assertLess(time.monotonic(), end, "nobody has taken it for dead")
            time.sleep(0.05)

    async def test_strangers_do_not_come_in_as_peers(self):
        a, _ = await self.two()
        frames = b"\0\0\0\2{}"
        for token in (None, "wrong-secret-wrong"):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            with self.assertRaises(Exception) as refused:
                await websockets.connect(f"ws://127.0.0.1:{a.port}/ws/peer", extra_headers=headers)
            self.assertIn("401", str(refused.exception))
        headers = {"Authorization": "Bearer the-secret-of-the-peers", "x-lingua-from": "somebody",
                   "x-lingua-to": "nobody"}
        with self.assertRaises(Exception) as refused:
            await websockets.connect(f"ws://127.0.0.1:{a.port}/ws/peer", extra_headers=headers)
        self.assertIn("409", str(refused.exception))
        me = [line for line in a.log().splitlines() if "event=instance_begins" in line][0]
        headers["x-lingua-to"] = me.split("instance=")[1].split()[0]
        peer = await websockets.connect(f"ws://127.0.0.1:{a.port}/ws/peer", extra_headers=headers)
        await peer.send(frames)
        with contextlib.suppress(websockets.ConnectionClosed):
            await asyncio.wait_for(peer.recv(), LIMIT)
        self.assertEqual(peer.close_code, 1008)
        await until(lambda: a.metric("lingua_messages_refused_total", door="peer") == 1, "it is counted")


if __name__ == "__main__":
    main()
