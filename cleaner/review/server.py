"""The review server: pages over a run on loopback, and what persons say there. Starlette, served by uvicorn.

Every answer has the guard's headers. What a person says is durable before it is answered; nothing is held that the
file of corrections does not hold. Sends nothing to anywhere.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as ASGIScope

from cleaner.corrections.format import CorrectionError, Scope
from cleaner.decision.corrected import on_line
from cleaner.review import queries
from cleaner.review.desk import NAME, Desk, Said, State
from cleaner.review.guard import HEADERS, Guard, refused
from cleaner.review.index import ReviewError
from cleaner.review.pages import FILES, file, page
from cleaner.review.view import ReviewedArticle, Stretch, article_at, policy_of, stretches

LOOPBACK = "127.0.0.1"
MOST = 10**12  # numbers in addresses


@dataclass(frozen=True, slots=True)
class ReviewPages:
    """What the pages are about."""

    out: Path
    index: Path
    desk: Desk
    guard: Guard

    def database(self) -> closing[Connection]:
        """The index, for one request."""
        return closing(queries.opened(self.index))


def articles(out: Path, index: Path) -> Iterator[ReviewedArticle]:
    """The documents of a run, most worth a look first; what cannot be read is left out."""
    with closing(queries.opened(index)) as database:
        for row in database.execute("select * from document where digest != '' order by interest desc, n"):
            with suppress(ReviewError):
                yield article_at(out, row, policy_of(out))


def make_review(out: Path, index: Path, corrections: Path, *, port: int, who: str) -> ReviewPages:
    """A review of a run whose index is made."""
    desk = Desk(corrections, policy_of(out), lambda: datetime.now(UTC))
    return ReviewPages(out, index, desk, Guard(port, who[:NAME].strip() or "someone"))


def listening(port: int) -> socket.socket:
    """A socket on loopback that holds callers until the server answers; port 0: any free one. Raises ReviewError when
    it is taken."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((LOOPBACK, port))
        bound.listen()  # before the address is told: a browser that is faster than the server waits
    except OSError as error:
        bound.close()
        raise ReviewError(f"port {port} cannot be used ({error.strerror or error}); give another one") from error
    return bound


def serve(review: ReviewPages, bound: socket.socket) -> None:
    """Answers until it is interrupted."""
    config = uvicorn.Config(application(review), log_level="error", access_log=False, server_header=False, ws="none")
    uvicorn.Server(config).run(sockets=[bound])


def application(review: ReviewPages) -> ASGIApp:
    """The pages and what they ask, behind the guard."""
    pages = {
        "/enter": _enter, "/": _list, "/d/{n:int}": _document, "/lines": _lines, "/static/{name}": _static,
    }  # fmt: skip
    acts = {
        "/api/say": _say, "/api/undo": _undo, "/api/reviewed": _reviewed, "/api/line": _line, "/api/name": _name,
        "/api/invite": _invite,
    }  # fmt: skip
    routes = [Route(path, _threaded(review, answer), methods=["GET"]) for path, answer in pages.items()]
    routes += [Route(path, _threaded(review, _acting(act)), methods=["POST"]) for path, act in acts.items()]
    return _Guarded(Starlette(routes=routes), review.guard)


@dataclass(frozen=True, slots=True)
class _Guarded:
    """Asks the guard before anything else is done."""

    inner: ASGIApp
    guard: Guard

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        refusal = self.guard.refusal(Request(scope))
        await (refusal or self.inner)(scope, receive, send)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request: its address, what it sends, who sends it."""

    request: Request
    values: dict[str, Any]

    def number(self, name: str) -> int:
        """A whole number it sends. Raises ReviewError."""
        value = self.values.get(name)
        if type(value) is not int or not 0 <= value < MOST:
            raise ReviewError(f"{name} is not the number of anything here")
        return value


Answer = Callable[[ReviewPages, _Asked], Response]
Act = Callable[[ReviewPages, _Asked], dict[str, Any]]


def _threaded(review: ReviewPages, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """An answer that may wait for disks, and its errors in words."""

    async def answered(request: Request) -> Response:
        values: Any = {}
        if request.method == "POST":
            try:
                values = json.loads(await request.body())
            except ValueError:
                values = None
            if not isinstance(values, dict):
                return refused("send a JSON object", 400)
        return await run_in_threadpool(_safely, review, answer, _Asked(request, values))

    return answered


def _safely(review: ReviewPages, answer: Answer, asked: _Asked) -> Response:
    try:
        return answer(review, asked)
    except (ReviewError, CorrectionError) as error:
        return _as_json({"error": str(error)}, 400) if asked.request.method == "POST" else refused(str(error), 400)
    except OSError as error:
        what = f"{error.filename or review.desk.path}: {error.strerror or error}; nothing was kept"
        return _as_json({"error": what}, 500) if asked.request.method == "POST" else refused(what, 500)


def _as_json(values: dict[str, Any], status: int = 200) -> Response:
    return JSONResponse(values, status, HEADERS)


def _html(content: str, status: int = 200) -> Response:
    return HTMLResponse(content.encode("utf-8", "replace"), status, HEADERS)


# Pages --------------------------------------------------------------------------------------------


def _enter(review: ReviewPages, asked: _Asked) -> Response:
    token = asked.request.query_params.get("token", "")
    key = review.guard.enter(token)
    if key is None and review.guard.is_spent(token):
        return refused("this address was used already; ask the one who is in for another (Invite), or start again", 403)
    if key is None:
        what = "this is not an address of this review: copy the whole of the one that `cleancopy review` printed last"
        return refused(f"{what}; each time it is started there is another", 403)
    response = RedirectResponse("/", 303, HEADERS)
    response.set_cookie(review.guard.cookie, key, httponly=True, samesite="lax", path="/")
    return response


def _static(_: ReviewPages, asked: _Asked) -> Response:
    name = asked.request.path_params["name"]
    if name not in FILES:
        return refused("there is no such file", 404)
    return Response(file(name), headers=HEADERS, media_type=FILES[name])


def _common(review: ReviewPages, asked: _Asked, database: Connection, here: str) -> dict[str, Any]:
    session = review.guard.session(asked.request)
    return {"here": here, "who": session.who if session else "", "progress": _progress(review, database)}


def _progress(review: ReviewPages, database: Connection) -> dict[str, int]:
    state = review.desk.state()
    counts = {"reviewed": len(state.reviewed), "corrected": len(state.corrected)}
    return counts | {"documents": int(queries.meta(database, "documents"))}


def _start(asked: _Asked) -> int:
    text = asked.request.query_params.get("start", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _list(review: ReviewPages, asked: _Asked) -> Response:
    filters, start = queries.Filters.of(asked.request.query_params), _start(asked)
    with review.database() as database:
        rows = queries.documents(database, filters, start)
        state = review.desk.state()
        return _html(
            page(
                "list.html", **_common(review, asked, database, "documents"), rows=rows[: queries.PAGE],
                more=len(rows) > queries.PAGE, start=start, size=queries.PAGE, count=queries.count(database, filters),
                facets=queries.meta(database, "facets"), unread=queries.meta(database, "unread"),
                reviewed=state.reviewed, corrected=state.corrected,
                filters=_Given(filters.query()),
            )
        )  # fmt: skip


class _Given(dict[str, str]):
    """Filters as a template asks for them: empty where not set."""

    def __missing__(self, name: str) -> str:
        return ""


def _document(review: ReviewPages, asked: _Asked) -> Response:
    filters = queries.Filters.of(asked.request.query_params)
    with review.database() as database:
        row = queries.document(database, min(asked.request.path_params["n"], MOST))
        if row is None:
            return refused("there is no such document", 404)
        shown, why, state = list[list[Stretch]](), str(row["why"]), review.desk.state()
        if row["digest"]:
            try:
                shown = _shown(review, _article(review, row), state)
            except ReviewError as error:
                why = str(error)
        return _html(
            page(
                "document.html", **_common(review, asked, database, ""), row=row, article=shown, why=why,
                filters=_Given(filters.query()), reviewed=row["digest"] in state.reviewed,
                before=queries.beside(database, row, filters, back=True), after=queries.beside(database, row, filters),
            )
        )  # fmt: skip


def _article(review: ReviewPages, row: queries.Row) -> ReviewedArticle:
    return article_at(review.out, row, review.desk.policy)


def _shown(review: ReviewPages, article: ReviewedArticle, state: State) -> list[list[Stretch]]:
    """The stretches of a document, by lines."""
    lines: list[list[Stretch]] = []
    for stretch in stretches(article, state.corrections, review.desk.policy):
        if stretch.breaks or not lines:
            lines.append([])
        lines[-1].append(stretch)
    return lines


def _lines(review: ReviewPages, asked: _Asked) -> Response:
    query = asked.request.query_params
    source, words, start = query.get("source", ""), query.get("words", ""), _start(asked)
    with review.database() as database:
        rows = queries.lines(database, source, words, start)
        state = review.desk.state()
        return _html(
            page(
                "lines.html", **_common(review, asked, database, "lines"),
                lines=[_repeated(review, row, state) for row in rows[: queries.PAGE]], more=len(rows) > queries.PAGE,
                start=start, size=queries.PAGE, source=source, words=words,
                sources=queries.meta(database, "facets")["source"], query={"source": source, "words": words},
            )
        )  # fmt: skip


def _repeated(review: ReviewPages, row: queries.Row, state: State) -> dict[str, Any]:
    """A repeated line with what is said of it."""
    decision = on_line(state.corrections, row["text"], row["source"], review.desk.policy)
    removed = decision.action != "keep" if decision else row["gone"] > row["kept"]
    label = decision.label if decision else row["label"]
    why = decision.reasons[0] if decision else ""
    return {**dict(row), "removed": removed, "label": label, "corrected": decision is not None, "why": why}


# Acts ---------------------------------------------------------------------------------------------


def _acting(act: Act) -> Answer:
    """An act whose answer tells how far the review is."""

    def answer(review: ReviewPages, asked: _Asked) -> Response:
        values = act(review, asked)
        with review.database() as database:
            values["progress"] = page("_progress.html", progress=_progress(review, database))
        return _as_json(values)

    return answer


def _who(review: ReviewPages, asked: _Asked) -> str:
    session = review.guard.session(asked.request)
    if session is None:
        raise ReviewError("this session has ended; open a new address")
    return session.who


def _article_of(review: ReviewPages, asked: _Asked) -> ReviewedArticle:
    with review.database() as database:
        row = queries.document(database, asked.number("n"))
    if row is None or not row["digest"]:
        raise ReviewError("there is no such document")
    return _article(review, row)


def _drawn(review: ReviewPages, article: ReviewedArticle) -> str:
    return page("_article.html", article=_shown(review, article, review.desk.state()))


def _say(review: ReviewPages, asked: _Asked) -> dict[str, object]:
    article = _article_of(review, asked)
    shown = stretches(article, review.desk.state().corrections, review.desk.policy)
    rows = review.desk.say(article, shown, _said(asked.values), _who(review, asked))
    where = {Scope.TEXT: "in this text", Scope.SOURCE: "on the whole source", Scope.EVERYWHERE: "everywhere"}
    count = f"{len(rows)} lines" if len(rows) > 1 else "the line"
    return {"html": _drawn(review, article), "message": f"{rows[0].label}: {count} {where[rows[0].scope]}; u undoes it"}


def _said(values: dict[str, Any]) -> Said:
    """What a page sends. Raises ReviewError."""
    try:
        spans = tuple((start, end) for start, end in values["spans"])
        if not all(type(offset) is int for span in spans for offset in span) or not isinstance(values["verdict"], str):
            raise TypeError
        return Said(spans, values["verdict"], Scope(values.get("scope", Scope.TEXT)), values.get("part") is True)
    except (KeyError, TypeError, ValueError):
        raise ReviewError("send spans, a verdict and a scope") from None


def _undo(review: ReviewPages, asked: _Asked) -> dict[str, object]:
    article = _article_of(review, asked) if "n" in asked.values else None
    rows = review.desk.undo(_who(review, asked), article.document if article else "")
    message = f"taken back: {rows[0].label}" if rows else "nothing of yours to take back here"
    return {"message": message, "html": _drawn(review, article) if article else ""}


def _reviewed(review: ReviewPages, asked: _Asked) -> dict[str, object]:
    done = asked.values.get("done") is True
    review.desk.review(_article_of(review, asked), _who(review, asked), done=done)
    return {"message": "reviewed: what is not corrected is right" if done else "not reviewed"}


def _line(review: ReviewPages, asked: _Asked) -> dict[str, object]:
    with review.database() as database:
        row = queries.line(database, asked.number("line"))
        document = queries.document(database, row["document"]) if row else None
    if row is None or document is None:
        raise ReviewError("there is no such line")
    article = _article(review, document)
    said = Said(((row["start"], row["end"]),), str(asked.values.get("verdict")), Scope.SOURCE)
    shown = stretches(article, review.desk.state().corrections, review.desk.policy)
    rows = review.desk.say(article, shown, said, _who(review, asked))
    html = page("_line.html", line=_repeated(review, row, review.desk.state()))
    return {"html": html, "message": f"{rows[0].label} on all of {row['source']}; u undoes it"}


def _name(review: ReviewPages, asked: _Asked) -> dict[str, Any]:
    session, who = review.guard.session(asked.request), asked.values.get("who")
    if session is None or not isinstance(who, str) or not who.strip() or not who.strip()[:NAME].isprintable():
        raise ReviewError("give a name")
    session.who = who.strip()[:NAME]
    return {"message": f"you are {session.who}"}


def _invite(review: ReviewPages, _: _Asked) -> dict[str, object]:
    return {"address": review.guard.invite()}
