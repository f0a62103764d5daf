"""What clients may send that is not what they should: bodies, headers and addresses of any shape."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from services.ingest.tests.edge import SERVER_KEY, basic

EXPECTED = {200, 204, 400, 401, 404, 405, 413, 415, 429, 503}
PATHS = st.sampled_from(
    [
        "/v1/batch",
        "/v1/b",
        "/v1/track",
        "/v1/t",
        "/v1/import",
        "/v1/alias",
        "/v1/m",
        "/v1/x",
        "/v1/cloudevents",
        "/v1/pixel.gif",
    ]
)
LITERALS = [
    "NaN", "-Infinity", "1e999", "-0", "1E5", "9" * 400, '"\\ud800"', '"\\u0000"', '"\\udc00\\ud800"', "\ufeff",
    "{", "}", "[", "]", ",", ":", '"', "\\", '"a":', "null", "true", '{"a":1,"a":2}', "[" * 40, "]" * 40, "[" * 3000,
    '{"batch":[', "]}", '{"userId":"u"}', '{"userId":1e400}', '"batch":', "\0", "\n", "é", "😀",
]  # fmt: skip
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
odd = values | st.just("x" * 40_000)
messages = st.dictionaries(
    st.sampled_from(
        [
            "userId",
            "anonymousId",
            "messageId",
            "type",
            "event",
            "properties",
            "traits",
            "context",
            "timestamp",
            "sentAt",
        ]
    ),
    odd,
    max_size=8,
)
envelopes = st.fixed_dictionaries(
    {},
    optional={"batch": st.lists(messages | odd, max_size=4) | odd, "sentAt": odd, "writeKey": odd},
)
headers = st.dictionaries(
    st.sampled_from(
        ["content-encoding", "content-type", "origin", "authorization", "content-length"]
    ),
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=30)
    | st.sampled_from(["gzip", "br", "null", "Basic Og==", "Bearer", basic(SERVER_KEY)]),
    max_size=3,
)


attributes = st.sampled_from(
    ["specversion", "id", "source", "type", "subject", "time", "x", "data"]
)
modes = st.sampled_from(
    ["application/cloudevents+json", "application/cloudevents-batch+json", "application/json", "a/b", ""]
)  # fmt: skip
events = st.dictionaries(attributes, odd | st.sampled_from(["1.0", "u1", "/shop"]), max_size=8)
