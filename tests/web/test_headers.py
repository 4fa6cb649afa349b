"""What is a browser told with every answer? Over https, to come by https alone from now on."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from tocsin.web.headers import Headers


@pytest.mark.parametrize(("is_secure", "told"), [(True, "max-age=31536000"), (False, None)])
def test_browser_is_to_come_by_https_alone_where_there_is_https(is_secure: bool, told: str | None) -> None:
    app = Starlette(
        routes=[Route("/", lambda request: PlainTextResponse("x"))],
        middleware=[Middleware(Headers, is_secure=is_secure)],
    )
    answer = TestClient(app).get("/")
    assert answer.headers.get("strict-transport-security") == told
    assert answer.headers["x-content-type-options"] == "nosniff"
