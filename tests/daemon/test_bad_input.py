#!/usr/bin/python3
"""test_bad_input.py - whatever is sent, it is answered with an error, counted, and disturbs nobody else.

Each test sends its nonsense beside a node and a client who go on speaking; at its end they still understand each other. Mostly waits: for limits of time.
"""

import asyncio
import base64
import json
import os
import socket
import struct

from clients import Client, Link, Node, heartbeat, registration
from support import Case, main
from waiting import until

LIMITS = {"limits": {"message_size": "1MiB", "messages_per_second": 50, "queue_size": "1MiB", "handshake": "1s",
                     "idle": "30s", "flood_cut": "1s", "connections": 40}}
TOKENS = {"LINGUAD_TOKENS": "node gpu-7 token-of-gpu-7-aaaa; node * token-of-any-node-b; session * token-of-speakers-c;"
                            "admin * token-of-readers-dd"}


class BadInput(Case):
    settings = LIMITS

    async def asyncSetUp(self):
        self.one = await self.linguad(self.settings).up()
        self.good_node = await self.node(self.one, "good")
        self.good_client = await self.client(self.one)
        self.said = 0

    async def asyncTearDown(self):
        await self.still_works()

    async def still_works(self):
        await self.good_client.say(self.said)
        await self.good_client.result(self.said)
        self.said += 1

    async def refused(self, link, code="INVALID_MESSAGE", about=""):
        error = await link.hear("error")
        self.assertEqual(error["code"], code, error)
        self.assertIn(about, error["message"])
        return error["message"]

    def count(self, door, code="INVALID_MESSAGE"):
        return self.one.metric("lingua_messages_refused_total", door=door, code=code)

    async def test_what_is_no_message_of_a_client(self):
        client = await self.client(self.one)
        wrong = [
            ("", ""), ("{", ""), ("[]", ""), ("null", ""), ("42", ""), ('"text"', ""), ("{}", "type"),
            ('{"type":7}', "type"), ('{"type":"audio_chunck"}', "audio_chunck"), ('{"type":"node_register"}', "node_register"),
            ('{"type":"client_heartbeat","session_id":"' + client.session + '","timestamp":"now"}', "timestamp"),
            ('{"type":"audio_chunk","session_id":"' + client.session + '","seq":0,"is_final":"yes"}', "is_final"),
            ('{"type":"audio_chunk","session_id":"' + client.session + '","seq":-1,"is_final":true,"payload":5}', ""),
            ('{"type":"client_heartbeat"} {"type":"client_heartbeat"}', ""),
            ('{"type":"client_heartbeat","type":"client_heartbeat"}', ""),
            ("[" * 100000, ""), ('{"type":"' + "x" * 100000 + '"}', ""),
            ('{"type":"session_init","a":' + "[" * 5000 + "]" * 5000 + "}", ""),
            ('{"type":"a\\u0000b"}', ""),
        ]
        before = self.count("session")
        for text, about in wrong:
            await client.send_text(text)
            message = await self.refused(client, about=about)
            self.assertLess(len(message), 600)
        self.assertEqual(self.count("session") - before, len(wrong))

    async def test_what_is_no_message_of_a_node(self):
        node = await self.node(self.one, "gpu-1")
        no_languages = registration("gpu-2")
        no_languages["language_capabilities"]["asr_languages"] = []
        wrong = [
            ("}", ""), ('{"type":"job_resalt"}', "job_resalt"),
            (json.dumps({"type": "node_heartbeat", **heartbeat("gpu-1"), "resource_usage": 5}), "resource_usage"),
            (json.dumps({"type": "job_result", "job_id": "j", "attempt_id": "one"}), ""),
            (json.dumps({"type": "node_register", **no_languages, "node_id": "gpu-1"}), ""),
            (json.dumps({"type": "node_register", **registration("gpu-1", asr=["auto"])}), ""),
            (json.dumps({"type": "node_register", **registration("bad id")}), ""),
            (json.dumps({"type": "node_register", **registration("gpu-1"), "max_concurrent_jobs": -4}), ""),
        ]
        before = self.count("node")
        for text, about in wrong:
            await node.send_text(text)
            await self.refused(node, about=about)
        self.assertEqual(self.count("node") - before, len(wrong))

    async def test_audio_that_is_none(self):
        client = await self.client(self.one)
        await client.send("audio_chunk", session_id=client.session, seq=0, is_final=False, payload="@@@@")
        await self.refused(client, about="payload")
        await client.say(0, audio_format="mp3")
        await self.refused(client, about="mp3")
        await client.say(0, sample_rate=1)
        await self.refused(client, about="sample_rate")
        await client.say(0, utterance_index=-1)
        await self.refused(client, about="utterance_index")
        await client.say(0, tgt_lang="de")
        await self.refused(client)
        await client.say(0)
        await client.result(0)

    async def test_audio_before_the_session(self):
        link = Link()
        self.links.append(link)
        await link.connect(self.one, "/ws/session")
        await link.send("audio_chunk", session_id="s-00000000", seq=0, is_final=True)
        await self.refused(link, "INVALID_SESSION")
        await link.send("room_create", client_ts=1)
        await self.refused(link, "INVALID_SESSION")
        await link.send("client_heartbeat", session_id="s-00000000", timestamp=1)
        await self.refused(link, "INVALID_SESSION")
        self.assertEqual(self.count("session", "INVALID_SESSION"), 3)

    async def test_the_session_of_somebody_else(self):
        client = await self.client(self.one)
        await client.say(0, session_id=self.good_client.session)
        await self.refused(client, "INVALID_SESSION", self.good_client.session)
        await client.send("session_close", session_id=self.good_client.session, reason="mischief")
        await self.refused(client, "INVALID_SESSION")

    async def test_two_sessions_on_one_connection(self):
        client = await self.client(self.one)
        await client.send("session_init", client_version="1", platform="web", src_lang="de", tgt_lang="en")
        await self.refused(client, about=client.session)
        await client.say(0)
        await client.result(0)

    async def test_languages_that_are_none(self):
        for src, tgt in (("de", "de"), ("auto", "en"), ("d", "en"), ("de", "e n")):
            link = Link()
            self.links.append(link)
            await link.connect(self.one, "/ws/session")
            await link.send("session_init", client_version="1", platform="web", src_lang=src, tgt_lang=tgt)
            await self.refused(link)

    async def test_a_heartbeat_of_nobody(self):
        link = Link()
        self.links.append(link)
        await link.connect(self.one, "/ws/node")
        await link.send("node_heartbeat", **heartbeat("gpu-1"))
        await self.refused(link, "INVALID_SESSION")
        await link.is_closed()

    async def test_a_heartbeat_for_another_node(self):
        node = await self.node(self.one, "gpu-1")
        await node.send("node_heartbeat", **heartbeat("good"))
        await self.refused(node, "NODE_ID_CONFLICT", "gpu-1")

    async def test_a_result_of_a_job_that_it_does_not_have(self):
        node = await self.node(self.one, "gpu-1")
        await node.send("job_result", job_id="job-1", attempt_id=1, node_id="gpu-1", session_id="s", utterance_index=0,
                        success=True, text_asr="forged", text_translated="forged", trace_id="t")
        await node.send("job_ack", job_id="job-1", attempt_id=1, node_id="gpu-1", session_id="s", trace_id="t")
        await node.send("node_error", node_id="gpu-1", code="OUT_OF_MEMORY", message="so it is")
        await until(lambda: self.one.metric("lingua_node_errors_total") == 1, "the error of the node is counted")
        self.assertIn("OUT_OF_MEMORY", self.one.log())

    async def test_a_message_that_is_too_large(self):
        client = await self.client(self.one)
        await client.say(0, b"\0" * (1 << 20))
        self.assertEqual(await client.is_closed(), 1009)
        await until(lambda: self.one.metric("lingua_connections_cut_total", reason="too_large") == 1, "it is counted")

    async def test_text_that_is_not_utf8(self):
        client = await self.client(self.one)
        bad = b'{"type":"\xc3\x28"}'
        mask = b"\1\2\3\4"
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(bad))
        client.socket.transport.write(b"\x81" + bytes([0x80 | len(bad)]) + mask + masked)
        self.assertEqual(await client.is_closed(), 1007)
        await until(lambda: self.one.metric("lingua_connections_cut_total", reason="not_utf8") == 1, "it is counted")

    async def test_a_binary_message(self):
        client = await self.client(self.one)
        await client.socket.send(b"\1\2\3")
        await self.refused(client, about="binary")

    async def test_a_flood(self):
        client = await self.client(self.one)
        text = json.dumps({"type": "client_heartbeat", "session_id": client.session, "timestamp": 1})

        async def flood():
            for _ in range(100000):
                await client.send_text(text)
                await asyncio.sleep(0)

        task = asyncio.create_task(flood())
        await client.hear("error", code="SCHEDULER_OVERLOADED")
        await self.still_works()
        await client.is_closed()
        await asyncio.gather(task, return_exceptions=True)
        self.assertGreaterEqual(self.one.metric("lingua_connections_slowed_total"), 1)
        self.assertEqual(self.one.metric("lingua_connections_cut_total", reason="flood"), 1)

    async def test_a_reader_that_does_not_read(self):
        """A node whose socket is full: its assignments wait up to queue_size, then it is cut, and they go elsewhere."""
        slow = await self.raw("/ws/node")
        slow.sendall(frame(json.dumps({"type": "node_register", **registration("slow", tts=["de", "en", "fr"]),
                                       "max_concurrent_jobs": 64})))
        slow.sendall(frame(json.dumps({"type": "node_heartbeat", **heartbeat("slow")})))
        client = await self.client(self.one, "de", "fr")
        for index in range(30):
            await client.say(index, b"\1" * 240000)
            await asyncio.sleep(0)
        await until(lambda: self.one.metric("lingua_connections_cut_total", reason="slow_reader") >= 1, "the slow reader is cut")
        slow.close()
        await self.node(self.one, "quick", tts=["de", "en", "fr"], **{"max_concurrent_jobs": 2})
        for index in range(30):
            await client.result(index)

    async def raw(self, path):
        """A WebSocket whose other end is never read."""
        def connect():
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", self.one.port))
            key = base64.b64encode(os.urandom(16)).decode()
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
            head = b""
            while b"\r\n\r\n" not in head:
                head += s.recv(1)
            return s
        return await asyncio.to_thread(connect)

    async def test_a_handshake_that_never_ends(self):
        def half_open():
            s = socket.create_connection(("127.0.0.1", self.one.port), timeout=20)
            s.sendall(b"GET /ws/node HTTP/1.1\r\nHost: x\r\n")
            with s:
                return s.recv(4096)
        await asyncio.to_thread(half_open)  # it is closed from there
        await until(lambda: self.one.metric("lingua_connections_refused_total", reason="handshake") == 1, "it is counted")

    async def test_http_that_is_none(self):
        def send(data):
            with socket.create_connection(("127.0.0.1", self.one.port), timeout=20) as s:
                s.sendall(data)
                s.settimeout(5)
                try:
                    return s.recv(4096)
                except OSError:
                    return b""
        for data in (b"\0" * 4096, b"GET\r\n\r\n", b"POST /api/v1/stats HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
                     b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n", b"GET /ws/node HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"):
            answer = await asyncio.to_thread(send, data)
            self.assertNotIn(b"200 OK", answer)
        self.assertEqual((await self.one.fetch("/nowhere"))[0], 404)

    async def test_more_connections_than_may_be(self):
        links = []
        refused = 0
        for _ in range(45):
            try:
                links.append(await Link().connect(self.one, "/ws/session"))
            except Exception as error:  # noqa: BLE001  every refusal looks the same to a client: HTTP 503
                self.assertIn("503", str(error))
                refused += 1
        self.links += links
        self.assertEqual((len(links), refused), (38, 7))
        self.assertEqual(self.one.metric("lingua_connections_refused_total", reason="full"), 7)


class Tokens(Case):
    async def asyncSetUp(self):
        self.one = await self.linguad(merge_tokens(), env=TOKENS).up()

    async def status(self, path, token=None):
        """What the handshake is refused with; 0: it is not."""
        try:
            self.links.append(await Link().connect(self.one, path, token))
            return 0
        except Exception as error:  # noqa: BLE001  its class differs between versions of the library
            return getattr(error, "status_code", str(error))

    async def test_who_has_no_token_stays_outside(self):
        for path, right, wrong in (("/ws/node", "token-of-any-node-b", "token-of-speakers-c"),
                                   ("/ws/session", "token-of-speakers-c", "token-of-any-node-b")):
            self.assertEqual(await self.status(path), 401)
            self.assertEqual(await self.status(path, "unknown-unknown-unknown"), 401)
            self.assertEqual(await self.status(path, wrong), 401)
            self.assertEqual(await self.status(path, right), 0)
            self.assertEqual(await self.status(f"{path}?token={right}"), 0)
        self.assertEqual(await self.status("/ws/peer", "token-of-any-node-b"), 401)
        self.assertEqual((await self.one.fetch("/metrics"))[0], 401)
        refused = self.one.metric("lingua_connections_refused_total", "token-of-readers-dd", reason="token")
        self.assertEqual(refused, 8)

    async def test_a_stolen_node_id(self):
        owner = await self.join(Node("gpu-7"), self.one, "token-of-gpu-7-aaaa")
        thief = await Link().connect(self.one, "/ws/node", "token-of-any-node-b")
        self.links.append(thief)
        await thief.send("node_register", **registration("gpu-7"))
        self.assertEqual((await thief.hear("error"))["code"], "NODE_ID_CONFLICT")
        self.assertEqual(await thief.is_closed(), 1008)
        other = await Link().connect(self.one, "/ws/node", "token-of-gpu-7-aaaa")
        self.links.append(other)
        await other.send("node_register", **registration("gpu-8"))
        self.assertEqual((await other.hear("error"))["code"], "NODE_ID_CONFLICT")
        nameless = await Link().connect(self.one, "/ws/node", "token-of-any-node-b")
        self.links.append(nameless)
        await nameless.send("node_register", **registration())
        self.assertRegex((await nameless.hear("node_register_ack"))["node_id"], "^node-")
        client = await self.join(Client(), self.one, "token-of-speakers-c")
        await client.say(0)
        await client.result(0)
        self.assertFalse(owner.closed)

    async def test_no_token_is_ever_logged(self):
        await self.join(Node("gpu-7"), self.one, "token-of-gpu-7-aaaa")
        await self.status("/ws/node", "wrong-token-wrong-token")
        await self.status("/ws/session?token=wrong-token-wrong-token")
        self.assertNotIn("token-of", self.one.log())
        self.assertNotIn("wrong-token", self.one.log())


def merge_tokens():
    return {"tokens": {"required": "yes"}, "log": {"level": "debug"}}


def frame(text):
    """A masked text frame, for sockets that are written to by hand."""
    data = text.encode()
    head = bytes([0x81]) + (bytes([0x80 | 126]) + struct.pack(">H", len(data)) if len(data) > 125
                            else bytes([0x80 | len(data)]))
    return head + b"\0\0\0\0" + data


if __name__ == "__main__":
    main()
