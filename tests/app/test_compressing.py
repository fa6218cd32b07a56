"""Answers in JSON are compressed for those who read that, and say so; nothing else changes."""

import gzip
import json

from flask import Flask, Response, jsonify

from app import compressing

LONG = {"words": "as a page says them " * 200}


def test_long_answers_are_compressed_for_those_who_can_read_it():
    server = Flask(__name__)
    server.add_url_rule("/long", "long", lambda: jsonify(LONG))
    server.add_url_rule("/short", "short", lambda: jsonify(1))
    server.add_url_rule("/text", "text", lambda: Response("x" * 9_000, mimetype="text/plain"))
    compressing.install(server)
    client = server.test_client()
    reads = {"Accept-Encoding": "gzip, br"}
    packed = client.get("/long", headers=reads)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) == len(packed.data) < 500
    assert json.loads(gzip.decompress(packed.data)) == LONG
    plain = client.get("/long")
    assert plain.json == LONG
    assert "Accept-Encoding" in packed.vary
    assert "Accept-Encoding" in plain.vary
    for path in ("/short", "/text"):
        assert "Content-Encoding" not in client.get(path, headers=reads).headers
