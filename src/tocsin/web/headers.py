"""What may a page do in the browser? Headers on every answer: nothing but what this server itself sends it."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types default",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# Browsers come by https alone for a year from their last visit. Not to hosts below this one, which are others.
SECURE = {"Strict-Transport-Security": "max-age=31536000"}


class Headers:
    """Adds the headers; an answer that has one already keeps it. `is_secure`: people reach this server by https."""

    def __init__(self, app: ASGIApp, *, is_secure: bool = False) -> None:
        self._app = app
        wanted = {**HEADERS, **(SECURE if is_secure else {})}
        self._raw = [(name.lower().encode(), value.encode()) for name, value in wanted.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, with the headers."""

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(it for it in self._raw if it[0] not in given)]
            await send(message)

        await self._app(scope, receive, tell if scope["type"] == "http" else send)
