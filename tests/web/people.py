"""How does a test sign somebody in? As people do: an account, the link that sets its password, and the form."""

import re

import httpx2

PASSWORD = "a lantern over the harbour"
_TOKEN = re.compile(r'name="csrf" value="(\w+)"')


def _client(url: str, **headers: str) -> httpx2.Client:
    """A client that leaves no connection open behind it."""
    limits = httpx2.Limits(max_keepalive_connections=0)
    return httpx2.Client(base_url=url, trust_env=False, timeout=30, headers=headers, limits=limits)


class Person:
    """Somebody without a browser, who asks for pages and sends their forms; starts as a stranger.

    `address` is where they come from, as a proxy on the server's machine tells it.
    """

    def __init__(self, url: str, *, address: str = "127.0.0.1") -> None:
        self.http = _client(url, Accept="text/html", **{"X-Forwarded-For": address})
        self._last = ""

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """The answer to a GET; redirects are not followed."""
        response = self.http.get(path, headers=headers)
        if found := _TOKEN.search(response.text):
            self._last = found[1]
        return response

    def send(
        self, path: str, *, csrf: str | None = None, headers: dict[str, str] | None = None, **fields: str
    ) -> httpx2.Response:
        """The answer to a form, sent with the token of the last page that had one, unless told otherwise."""
        return self.http.post(
            path, data={"csrf": self._last if csrf is None else csrf, **fields}, headers=headers or {}
        )

    def sign_in(self, email: str, password: str = PASSWORD, onward: str = "/") -> httpx2.Response:
        """The answer to the form of the sign-in page."""
        self.get("/signin")
        return self.send("/signin", email=email, password=password, next=onward)

    @property
    def session(self) -> str:
        """The secret of the session; empty where there is none."""
        return self.http.cookies.get("tocsin") or ""

    @property
    def csrf(self) -> str:
        """The token of the last page that had one."""
        return self._last


def email_of(name: str) -> str:
    """The address of somebody of the tests."""
    return f"{name}@tests.example"


def account(url: str, token: str, name: str, *, role: str = "admin", person: str | None = None) -> int:
    """The number of a new account with the password of all tests; `token` is the admin's."""
    made = _made(url, token, name, role=role, person=person)
    assert made.status_code == 201, made.text
    return _set_password(url, made)


def _made(url: str, token: str, name: str, **of: str | None) -> httpx2.Response:
    """The answer to an admin who makes an account."""
    api = _client(url, Authorization=f"Bearer {token}")
    return api.post("/api/v1/accounts", json={"email": email_of(name), "name": name.title(), **of})


def _set_password(url: str, made: httpx2.Response) -> int:
    path = "/" + made.json()["link"].partition("://")[2].partition("/")[2]
    visitor = Person(url)
    visitor.get(path)
    set_ = visitor.send(path, password=PASSWORD, again=PASSWORD)
    assert set_.status_code == 303, set_.text
    return int(made.json()["account"]["id"])


def signed_in(url: str, token: str, name: str, *, role: str = "admin", person: str | None = None) -> Person:
    """Somebody with an account, made on the way where there is none yet, who is signed in."""
    made = _made(url, token, name, role=role, person=person)
    if made.status_code == 201:
        _set_password(url, made)
    someone = Person(url)
    assert someone.sign_in(email_of(name)).status_code == 303
    return someone
