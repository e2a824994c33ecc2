"""Who may speak to the review server: a browser on this machine that came by the address with the one-time token.

A token opens one session and is worth nothing afterwards. What changes anything must come from a page of this very
server. No other host name is answered, so that no name on the internet can be made to point here.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

#: Nothing from anywhere else, nothing inline, no frame around it.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
SESSIONS = 100  # at once; the oldest ends
BODY = 1_000_000  # bytes of a request


@dataclass(slots=True)
class Session:
    """One browser, and the name its person gave."""

    who: str


@dataclass(slots=True)
class Guard:
    """The tokens that are still good, and the sessions they opened."""

    port: int
    who: str  # until a person gives another name
    _tokens: set[str] = field(default_factory=set)
    _spent: list[str] = field(default_factory=list)  # tokens that opened a browser, the last SESSIONS of them
    _sessions: dict[str, Session] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def cookie(self) -> str:
        """The cookie's name: cookies know no ports, and two servers may run."""
        return f"cleancopy-{self.port}"

    def invite(self) -> str:
        """An address that lets one browser in."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._tokens.add(token)
        return f"http://127.0.0.1:{self.port}/enter?token={token}"

    def enter(self, token: str) -> str | None:
        """The key of a new session for a good token, which is used up; None for another one."""
        with self._lock:
            good = next((known for known in self._tokens if _same(known, token)), None)
            if good is None:
                return None
            self._tokens.discard(good)
            self._spent = [*self._spent, good][-SESSIONS:]
            key = secrets.token_urlsafe(24)
            while len(self._sessions) >= SESSIONS:
                del self._sessions[next(iter(self._sessions))]
            self._sessions[key] = Session(self.who)
            return key

    def is_spent(self, token: str) -> bool:
        """Whether a token was good, and has opened a browser."""
        return any(_same(known, token) for known in self._spent)

    def session(self, request: Request) -> Session | None:
        """The session of a request."""
        return self._sessions.get(request.cookies.get(self.cookie, ""))

    def refusal(self, request: Request) -> Response | None:
        """Why a request is not answered; None when it is."""
        hosts = {f"{name}:{self.port}" for name in LOOPBACK}
        if request.headers.get("host", "") not in hosts:
            return refused("this server answers at 127.0.0.1 only", 421)
        if request.method not in ("GET", "HEAD"):
            if request.headers.get("origin", "") not in {f"http://{host}" for host in hosts}:
                return refused("only a page of this server may do that", 403)
            if request.headers.get("content-type", "").partition(";")[0] != "application/json":
                return refused("send JSON", 415)
            if not request.headers.get("content-length", "").isdecimal():
                return refused("say how long it is", 411)
            if int(request.headers["content-length"]) > BODY:
                return refused("that is too long", 413)
        if request.url.path != "/enter" and self.session(request) is None:
            return refused("open the address that `cleancopy review` printed; each opens one browser, once", 403)
        return None


def _same(known: str, token: str) -> bool:
    return secrets.compare_digest(known.encode(), token.encode("utf-8", "replace"))


def refused(why: str, status: int) -> Response:
    """A plain answer, in words that say what to do."""
    return PlainTextResponse(why + "\n", status, HEADERS)
