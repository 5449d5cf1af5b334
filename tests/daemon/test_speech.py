#!/usr/bin/python3
"""test_speech.py - one instance: nodes register, clients speak, and hear what was understood.

Mostly waits: for pauses of speech.
"""

import asyncio
import base64

from clients import Node, result_of
from support import Case, main


class Speech(Case):
    async def asyncSetUp(self):
        self.one = await self.linguad({"scheduler": {"pause": "300ms", "max_duration": "2s", "pending_limit": "1500ms"}}).up()

    async def test_an_utterance_comes_back_translated(self):
        node = await self.node(self.one, "gpu-1")
        client = await self.client(self.one)
        await client.say(0, b"\1\2" * 1600, trace_id="trace-of-mine")
        result = await client.result(0)
        self.assertEqual(result["session_id"], client.session)
        self.assertEqual(result["text_asr"], "said 0")
        self.assertEqual(result["text_translated"], "en 0 by gpu-1")
        self.assertEqual(base64.b64decode(result["tts_audio"]), b"sound")
        self.assertEqual(result["tts_format"], "opus")
        self.assertEqual(result["trace_id"], "trace-of-mine")
        job = node.jobs[0]
        self.assertEqual(base64.b64decode(job["audio"]), b"\1\2" * 1600)
        self.assertEqual((job["src_lang"], job["tgt_lang"], job["attempt_id"]), ("de", "en", 1))
        self.assertEqual((job["audio_format"], job["sample_rate"]), ("pcm16", 16000))
        self.assertEqual(job["trace_id"], "trace-of-mine")
        self.assertEqual(job["job_id"], result["job_id"])
        self.assertIs(job["is_manual_cut"], True)
        self.assertNotIn("is_timeout_triggered", job)
        self.assertTrue(job["pipeline"]["use_asr"] and job["pipeline"]["use_nmt"] and job["pipeline"]["use_tts"])

    async def test_a_session_is_greeted_as_clients_know_it(self):
        client = await self.client(self.one)
        self.assertRegex(client.session, r"^s-[0-9A-F]{8}$")
        other = await self.client(self.one, trace_id="t-1")
        self.assertNotEqual(client.session, other.session)
        self.assertEqual(other.trace, "t-1")
        await client.send("client_heartbeat", session_id=client.session, timestamp=1)
        beat = await client.hear("server_heartbeat")
        self.assertEqual(beat["session_id"], client.session)
        self.assertGreater(beat["timestamp"], 1700000000000)

    async def test_events_of_an_utterance_come_in_order(self):
        await self.node(self.one, "gpu-1")
        client = await self.client(self.one)
        await client.say(0)
        await client.result(0)
        events = [m for m in client.heard if m["type"] == "ui_event"]
        self.assertEqual([e["event"] for e in events], ["DISPATCHED", "NODE_ACCEPTED", "ASR_FINAL", "NMT_DONE"])
        for event in events:
            self.assertEqual((event["status"], event["session_id"], event["trace_id"], event["utterance_index"]),
                             ("ok", client.session, client.trace, 0))
            self.assertGreaterEqual(event["elapsed_ms"], 0)

    async def test_results_come_in_the_order_of_speech(self):
        class Backwards(Node):
            async def do(self, job):
                await asyncio.sleep(0.4 if job["utterance_index"] % 2 == 0 else 0.0)
                await self.send("job_result", **result_of(job, self.node_id))

        await self.join(Backwards("gpu-1", **{"max_concurrent_jobs": 8}), self.one)
        client = await self.client(self.one)
        for index in range(6):
            await client.say(index)
        heard = [(await client.result())["utterance_index"] for _ in range(6)]
        self.assertEqual(heard, list(range(6)))

    async def test_chunks_become_utterances(self):
        node = await self.node(self.one, "gpu-1")
        client = await self.client(self.one, audio_format="pcm16", sample_rate=16000)
        await client.chunk(b"\1" * 6400)
        await client.chunk(b"\2" * 6400)
        await client.chunk(is_final=True)
        first = await client.result(0)
        self.assertEqual(first["trace_id"], client.trace)
        self.assertEqual(base64.b64decode(node.jobs[0]["audio"]), b"\1" * 6400 + b"\2" * 6400)
        self.assertIs(node.jobs[0]["is_manual_cut"], True)
        self.assertEqual(node.jobs[0]["padding_ms"], 280)
        await client.chunk(b"\3" * 6400)  # and then silence
        await client.result(1)
        self.assertIs(node.jobs[1]["is_timeout_triggered"], True)
        self.assertNotIn("is_manual_cut", node.jobs[1])
        await client.chunk(b"\4" * 70000)  # more than two seconds
        await client.result(2)
        self.assertIs(node.jobs[2]["is_max_duration_triggered"], True)

    async def test_nodes_that_never_acknowledge_are_served(self):
        await self.node(self.one, "gpu-1", acks=False)
        client = await self.client(self.one)
        for index in range(3):
            await client.say(index)
            await client.result(index)
        events = [m["event"] for m in client.heard if m["type"] == "ui_event"]
        self.assertNotIn("NODE_ACCEPTED", events)

    async def test_a_node_that_had_the_job_before_does_not_end_it(self):
        class Forgetful(Node):
            """Says DUPLICATE_JOB_ID before it answers, as nodes do that got a job twice."""
            async def do(self, job):
                await self.send("job_result", **result_of(
                    job, self.node_id, success=False,
                    error={"code": "PROCESSING_ERROR", "message": f"DUPLICATE_JOB_ID: {job['job_id']}"}))
                await self.send("job_result", **result_of(job, self.node_id))

        await self.join(Forgetful("gpu-1"), self.one)
        client = await self.client(self.one)
        await client.say(0)
        self.assertEqual((await client.result(0))["text_asr"], "said 0")

    async def test_what_is_understood_so_far_is_shown(self):
        class Talkative(Node):
            async def do(self, job):
                await self.send("asr_partial", job_id=job["job_id"], node_id=self.node_id, session_id=job["session_id"],
                                utterance_index=job["utterance_index"], text="so f\u00e4r", is_final=False,
                                trace_id=job["trace_id"])
                await self.send("job_result", **result_of(job, self.node_id))

        await self.join(Talkative("gpu-1"), self.one)
        client = await self.client(self.one)
        await client.say(4)
        partial = await client.hear("asr_partial")
        self.assertEqual((partial["text"], partial["utterance_index"], partial["is_final"], partial["session_id"]),
                         ("so f\u00e4r", 4, False, client.session))
        await client.hear("ui_event", event="ASR_PARTIAL")
        await client.result(4)

    async def test_silence_is_a_missing_result(self):
        class Deaf(Node):
            async def do(self, job):
                await self.send("job_result", **result_of(job, self.node_id, text_asr="", text_translated="",
                                                          tts_audio=""))

        await self.join(Deaf("gpu-1"), self.one)
        client = await self.client(self.one)
        await client.say(0)
        missing = await client.hear("missing_result", utterance_index=0)
        self.assertEqual(missing["reason"], "silence_detected")

    async def test_a_failure_is_told_with_its_code(self):
        class Broken(Node):
            async def do(self, job):
                await self.send("job_result", **result_of(job, self.node_id, success=False,
                                                          error={"code": "TTS_TIMEOUT", "message": "no voice"}))

        for i in range(3):
            await self.join(Broken(f"gpu-{i}"), self.one)
        client = await self.client(self.one)
        await client.say(0)
        event = await client.hear("ui_event", event="ERROR")
        self.assertEqual((event["status"], event["error_code"]), ("error", "TTS_TIMEOUT"))
        error = await client.hear("error")
        self.assertEqual(error["code"], "TTS_TIMEOUT")

    async def test_nobody_for_the_pair(self):
        await self.node(self.one, "gpu-1")
        client = await self.client(self.one, "fr", "it")
        await client.say(0)
        error = await client.hear("error")
        self.assertEqual(error["code"], "NO_AVAILABLE_NODE")
        event = await client.hear("ui_event", event="ERROR")
        self.assertEqual(event["error_code"], "NO_AVAILABLE_NODE")

    async def test_a_lost_node_s_jobs_go_elsewhere(self):
        first = await self.node(self.one, "gpu-1", answers=False)
        client = await self.client(self.one)
        await client.say(0)
        await first.hear("job_assign")
        second = await self.node(self.one, "gpu-2")
        first.drop()
        result = await client.result(0)
        self.assertEqual(result["text_translated"], "en 0 by gpu-2")
        self.assertEqual(second.jobs[0]["attempt_id"], 2)

    async def test_a_closed_session_gets_its_last_answer_first(self):
        await self.node(self.one, "gpu-1", work=0.2)
        client = await self.client(self.one, audio_format="pcm16")
        await client.chunk(b"\1" * 6400)
        await client.send("session_close", session_id=client.session, reason="done")
        await client.hear("session_close_ack", session_id=client.session)
        kinds = [m["type"] for m in client.heard]
        self.assertIn("translation_result", kinds)
        await client.send("session_init", client_version="1", platform="web", src_lang="de", tgt_lang="en")
        again = await client.hear("session_init_ack")
        self.assertNotEqual(again["session_id"], client.session)

    async def test_a_node_that_comes_back_replaces_its_old_connection(self):
        old = await self.node(self.one, "gpu-1")
        new = await self.node(self.one, "gpu-1")
        await old.is_closed()
        client = await self.client(self.one)
        await client.say(0)
        await client.result(0)
        self.assertEqual((len(old.jobs), len(new.jobs)), (0, 1))

    async def test_a_node_without_a_name_gets_one(self):
        node = await self.node(self.one)
        self.assertRegex(node.node_id, r"^node-[0-9A-F]{8}$")

    async def test_no_node_ever_has_more_than_its_limit(self):
        nodes = [await self.node(self.one, f"gpu-{i}", work=0.05) for i in range(2)]
        clients = [await self.client(self.one) for _ in range(6)]
        for index in range(6):
            for client in clients:
                await client.say(index)
        for client in clients:
            for index in range(6):
                await client.result(index)
        for node in nodes:
            self.assertLessEqual(node.at_work_most, 4)
            self.assertGreater(len(node.jobs), 0)

    async def test_marks_of_the_player_are_taken(self):
        client = await self.client(self.one)
        await client.send("tts_started", session_id=client.session, trace_id="t", group_id="g", ts_start_ms=1)
        await client.send("tts_play_ended", session_id=client.session, trace_id="t", group_id="g", ts_end_ms=2)
        await client.send("client_heartbeat", session_id=client.session, timestamp=1)
        await client.hear("server_heartbeat")
        self.assertEqual([m for m in client.heard if m["type"] == "error"], [])

    async def test_a_draining_node_ends_what_it_has(self):
        node = await self.node(self.one, "gpu-1", work=0.3)
        client = await self.client(self.one)
        await client.say(0)
        await node.hear("job_assign")
        await node.send("node_drain", node_id="gpu-1")
        await client.result(0)
        await node.is_closed()
        self.assertEqual(len(node.jobs), 1)


class Rooms(Case):
    async def asyncSetUp(self):
        self.one = await self.linguad().up()

    async def test_members_hear_each_other_in_their_languages(self):
        await self.node(self.one, "gpu-1", asr=("de", "en", "fr"), tts=("de", "en", "fr"))
        await self.node(self.one, "gpu-2", asr=("de", "en", "fr"), tts=("de", "en", "fr"))
        speaker, english, french = [await self.client(self.one) for _ in range(3)]
        await speaker.send("room_create", client_ts=1, display_name="Anna", preferred_lang="de")
        ack = await speaker.hear("room_create_ack")
        code = ack["room_code"]
        self.assertRegex(code, r"^[0-9]{6}$")
        members = await speaker.hear("room_members")
        self.assertEqual([m["session_id"] for m in members["members"]], [speaker.session])
        await english.send("room_join", room_code=code, display_name="Ben", preferred_lang="en")
        await english.hear("room_members")
        await french.send("room_join", room_code=code, preferred_lang="fr")
        members = await french.hear("room_members")
        self.assertEqual({m["session_id"] for m in members["members"]},
                         {speaker.session, english.session, french.session})
        await speaker.say(0)
        self.assertTrue((await english.result(0))["text_translated"].startswith("en 0"))
        self.assertTrue((await french.result(0))["text_translated"].startswith("fr 0"))

        await speaker.send("webrtc_offer", room_code=code, to=english.session, sdp={"type": "offer", "sdp": "v=0"})
        offer = await english.hear("webrtc_offer")
        self.assertEqual((offer["to"], offer["sdp"]), (speaker.session, {"type": "offer", "sdp": "v=0"}))
        await english.send("room_leave", room_code=code)
        await french.hear("room_members")

    async def test_a_room_that_is_none(self):
        client = await self.client(self.one)
        await client.send("room_join", room_code="999999", preferred_lang="en")
        self.assertEqual((await client.hear("room_error"))["code"], "ROOM_NOT_FOUND")


if __name__ == "__main__":
    main()
