"""Shots at every door: the right form with anything in it, and anything at all."""

from __future__ import annotations

import gzip
import json
from urllib.parse import quote

from hypothesis import strategies as st

from common.clock import utc_now
from services.ingest.tests.edge import BROWSER_KEY, SERVER_KEY, basic
from services.ingest.tests.integration.fuzz.drafts import Draft, Pairs, Wreck
from services.ingest.tests.integration.site import ADMIN_KEY
from services.ingest.tests.shapes import (
    LITERALS,
    PATHS,
    attributes,
    envelopes,
    events,
    headers,
    messages,
    modes,
    odd,
    values,
)
from services.ingest.tests.vendors import ALL, NEW, Sent

AUTHORIZED: Pairs = [(b"authorization", basic(SERVER_KEY).encode())]
# Those that decide how a body is framed are for shots that are no requests.
fields = headers.map(
    lambda found: [
        (name.encode(), value.encode("latin-1").strip())
        for name, value in found.items()
        if name != "content-length"
    ]
)
texts = st.lists(st.sampled_from(LITERALS), max_size=12).map(lambda found: "".join(found).encode())
good = st.builds(
    lambda user, event, properties: {
        "batch": [{"type": "track", "userId": user, "event": event, "properties": properties}]
    },
    st.text(min_size=1, max_size=10),
    st.text(max_size=20),
    values | odd,
)
anything = (envelopes | messages | good | odd).map(lambda value: json.dumps(value).encode())
bodies = st.one_of(anything, texts, st.binary(max_size=200))


packed = bodies | bodies.map(gzip.compress)


@st.composite
def collected(draw: st.DrawFn) -> Draft:
    """At the collector and the import: a server's key most of the time."""
    more = draw(fields)
    pairs = more if draw(st.integers(0, 9)) == 0 else [*AUTHORIZED, *more]
    if draw(st.booleans()):
        return Draft("POST", b"/v1/batch", pairs, json.dumps(draw(good)).encode())
    return Draft("POST", draw(PATHS).encode(), pairs, draw(packed))


@st.composite
def wrapped(draw: st.DrawFn) -> Draft:
    """CloudEvents in all three modes."""
    pairs = [*AUTHORIZED, (b"content-type", draw(modes).encode())]
    if draw(st.booleans()):
        found = draw(st.dictionaries(attributes, st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=20), max_size=8))  # fmt: skip
        ours = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "userid": "u"} | found
        pairs += [(b"ce-" + k.encode(), v.encode("latin-1").strip()) for k, v in ours.items()]
        return Draft("POST", b"/v1/cloudevents", pairs, draw(packed))
    value = draw(events | st.lists(events | odd, max_size=5))
    return Draft("POST", b"/v1/cloudevents", pairs, json.dumps(value).encode())


@st.composite
def looked(draw: st.DrawFn) -> Draft:
    """The pixel, the settings document, the pages: by their addresses alone."""
    names = st.sampled_from(["key", "event", "user", "anonymous", "id", "path", "title", "x"])
    pairs = draw(st.lists(st.tuples(names, st.text(max_size=20)), max_size=8))
    query = "&".join(f"{k}={quote(v, errors='surrogatepass')}" for k, v in pairs)
    target = draw(
        st.sampled_from(
            [
                f"/v1/pixel.gif?key={BROWSER_KEY}&{query}",
                f"/v1/pixel.gif?{query}",
                f"/v1/projects/{BROWSER_KEY}/settings",
                f"/v1/projects/{quote(query)}/settings",
                f"/v1/{quote(query)}",
                "/docs",
                "/openapi.json",
                "/metrics",
                "/livez",
                f"/{quote(query)}",
            ]
        )
    )
    method = draw(st.sampled_from(["GET", "GET", "HEAD", "OPTIONS", "DELETE", "PUT", "POST"]))
    return Draft(method, target.encode(), draw(fields), b"")


@st.composite
def hooked(draw: st.DrawFn) -> Draft:
    """Webhooks: signed as the vendor does, over what the vendor would hardly send."""
    sent: Sent = draw(st.sampled_from(ALL))
    body = draw(st.sampled_from([sent.body] * 3) | texts | st.binary(max_size=100))
    message_id = draw(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12))
    target = sent.path(NEW).encode()

    def signed(body: bytes, secret: str) -> Pairs:
        pairs = sent.sign(body, secret, utc_now(), message_id)
        return [(name.encode(), value.encode("latin-1", "replace")) for name, value in pairs]

    return Draft("POST", target, [], body, signed)


@st.composite
def asked(draw: st.DrawFn) -> Draft:
    """The look-ups for admins."""
    text = st.text(max_size=20) | st.sampled_from(["user:u", "anon:", "email:a@b.example", "phone:+49", "user:\0", "x" * 5000, "a:b:c"])  # fmt: skip
    names = st.sampled_from(["ref", "workspace", "at", "x"])
    pairs = draw(st.lists(st.tuples(names, text), max_size=4))
    query = "&".join(f"{k}={quote(v, errors='surrogatepass')}" for k, v in pairs)
    name = quote(draw(text), errors="surrogatepass")
    target = draw(
        st.sampled_from(
            [
                f"/v1/profiles?{query}",
                f"/v1/consents?{query}",
                f"/v1/identifiers/shared?{query}",
                f"/v1/messages/{name}?{query}",
            ]
        )
    )
    key = draw(st.sampled_from([f"Bearer {ADMIN_KEY}"] * 9 + ["Bearer x", "", "Basic Og=="]))
    return Draft("GET", target.encode(), [(b"authorization", key.encode())], b"")


_LINES = [
    b"POST /v1/batch HTTP/1.1", b"POST /v1/batch HTTP/1.0", b"GET / HTTP/0.9", b"POST  /v1/batch HTTP/1.1", b"post /v1/batch HTTP/1.1",
    b"POST /v1/batch", b"PRI * HTTP/2.0", b"POST http://x/v1/batch HTTP/1.1", b"CONNECT x:1 HTTP/1.1", b"POST /v1/\xff\xfe HTTP/1.1",
    b"POST /v1/batch HTTP/9.9", b"\x16\x03\x01\x02\x00\x01\x00", b"GET /v1/pixel.gif?%00%ff&&&=&key HTTP/1.1", b"OPTIONS * HTTP/1.1",
]  # fmt: skip
_FIELDS = [
    b"content-length: -1", b"content-length: 5, 5", b"content-length: 99999999999999999999999", b"content-length: x", b"content-length: 10",
    b"content-length: 3\r\ncontent-length: 4", b"transfer-encoding: chunked", b"transfer-encoding: gzip", b"transfer-encoding: chunked, chunked",
    b"transfer-encoding : chunked", b"transfer-encoding: \x0bchunked", b"host:", b"host: a\r\nhost: b", b"expect: 100-continue",
    b"upgrade: websocket\r\nconnection: upgrade", b"connection: keep-alive", b"x" * 9000 + b": y", b"x: " + b"y" * 70_000, b" folded", b"no colon",
    b": no name", b"a\0b: c", b"a: b\0c", b"content-encoding: gzip", b"authorization: Basic \xff\xfe", b"content-type: \xe4\xf6",
]  # fmt: skip
_ENDS = [
    b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"5\r\nhel", b"zz\r\n", b"-1\r\n\r\n", b"FFFFFFFFFFFFFFFFF\r\n", b"5;x=\"y\r\nhello\r\n", b"5\nhello\n0\n\n",
    b"0\r\nx: y\r\n\r\n", b"{}", b'{"batch":[]}', b"\x1f\x8b\x08", b"GET /livez HTTP/1.1\r\n\r\n", b"\r\n" * 50, b"\0" * 100,
]  # fmt: skip
lines = st.sampled_from(_LINES) | st.binary(max_size=40)
junk = st.sampled_from(_FIELDS) | st.binary(max_size=30)


@st.composite
def broken(draw: st.DrawFn) -> Wreck:
    """What is no request, or only the beginning of one, or two that contradict each other."""
    eol = draw(st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r"]))
    authorized = [name + b": " + value for name, value in AUTHORIZED]
    fields = draw(st.lists(junk, max_size=4))
    ends = draw(st.lists(st.sampled_from(_ENDS) | st.binary(max_size=40), max_size=3))
    return Wreck(eol, (draw(lines), *authorized, *fields), tuple(ends))
