"""Which addresses is a page pushed to? Those of browsers' push services, and none that an attacker would like."""

import pytest

from tocsin.integrations.push.services import Subscription, contact_of, fault_in_endpoint, host_of, origin_of

UNKNOWN = "is no push service of a browser that is known; an operator may name it in TOCSIN_PUSH_HOSTS"
NO_ADDRESS = "must be the https address that a browser's push service gave out"


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/dQw4w9WgXcQ:APA91bE_-x",
        "https://jmt17.google.com/fcm/send/abc",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAAAB",
        "https://web.push.apple.com/QOFaB-x",
        "https://wns2-by3p.notify.windows.com/w/?token=BQYAAAB%2bx%3d",
        "https://fcm.googleapis.com:443/fcm/send/abc",
    ],
)
def test_push_services_of_the_browsers_are_known(endpoint: str) -> None:
    assert fault_in_endpoint(endpoint) is None


@pytest.mark.parametrize(
    ("endpoint", "fault"),
    [
        pytest.param("http://fcm.googleapis.com/x", "must be https", id="plain http"),
        pytest.param("http://127.0.0.1/x", "must be https", id="this machine"),
        pytest.param("https://127.0.0.1/x", f"127.0.0.1 {UNKNOWN}", id="this machine by https"),
        pytest.param("https://169.254.169.254/latest/meta-data", f"169.254.169.254 {UNKNOWN}", id="a cloud's secrets"),
        pytest.param("https://[::1]/x", NO_ADDRESS, id="IPv6"),
        pytest.param("https://evil.example/fcm.googleapis.com/x", f"evil.example {UNKNOWN}", id="in the path"),
        pytest.param(
            "https://fcm.googleapis.com.evil.example/x", f"fcm.googleapis.com.evil.example {UNKNOWN}", id="as"
        ),
        pytest.param("https://evilpush.apple.com/x", f"evilpush.apple.com {UNKNOWN}", id="no name below"),
        pytest.param("https://push.apple.com/x", f"push.apple.com {UNKNOWN}", id="the name itself"),
        pytest.param("https://fcm.googleapis.com@evil.example/x", NO_ADDRESS, id="as a user"),
        pytest.param("https://evil.example\\@fcm.googleapis.com/x", NO_ADDRESS, id="a backslash"),
        pytest.param("https://fcm.googleapis.com#@evil.example/x", NO_ADDRESS, id="a fragment"),
        pytest.param("https://fcm.googleapis.com:8443/x", f"fcm.googleapis.com:8443 {UNKNOWN}", id="another port"),
        pytest.param("https://fcm.googleapis.com", NO_ADDRESS, id="no path"),
        pytest.param("https://fcm.googleapis.com/x\r\nHost: evil", NO_ADDRESS, id="a line end"),
        pytest.param("https://FCM.googleapis.com/x", NO_ADDRESS, id="no browser writes capitals"),
        pytest.param("https://ｆcm.googleapis.com/x", NO_ADDRESS, id="another script"),
        pytest.param("file:///etc/passwd", NO_ADDRESS, id="a file"),
        pytest.param("gopher://fcm.googleapis.com/x", NO_ADDRESS, id="another scheme"),
        pytest.param("", NO_ADDRESS, id="nothing"),
        pytest.param("https://fcm.googleapis.com/" + "x" * 1_000, "is longer than 1024 characters", id="a novel"),
    ],
)
def test_other_address_is_refused_with_what_is_wrong(endpoint: str, fault: str) -> None:
    assert fault_in_endpoint(endpoint) == fault


def test_operator_may_name_push_services() -> None:
    named = ("push.example.org", "*.example.net:8443")
    assert fault_in_endpoint("https://push.example.org/x", named) is None
    assert fault_in_endpoint("https://a.example.net:8443/x", named) is None
    assert fault_in_endpoint("https://a.example.net/x", named) == f"a.example.net {UNKNOWN}"
    assert fault_in_endpoint("http://push.example.org/x", named) == "must be https"


def test_plain_http_is_for_a_stand_in_on_this_machine() -> None:
    named = ("127.0.0.1:9000", "localhost:80")
    assert fault_in_endpoint("http://127.0.0.1:9000/push/x", named) is None
    assert fault_in_endpoint("http://localhost/push/x", named) is None
    assert fault_in_endpoint("http://127.0.0.1:9001/push/x", named) == "must be https"


def test_origin_is_what_push_services_are_told_of_themselves() -> None:
    assert origin_of("https://web.push.apple.com/QOF/a") == "https://web.push.apple.com"
    assert host_of("https://web.push.apple.com/QOF/a") == "web.push.apple.com"


def test_nothing_by_which_a_browser_could_be_rung_is_shown() -> None:
    it = Subscription("https://web.push.apple.com/secret", "key", "auth")
    assert repr(it) == "Subscription(https://web.push.apple.com/…)"


@pytest.mark.parametrize(
    ("public_url", "sender", "contact"),
    [
        ("https://tocsin.example.org", "tocsin@example.org", "https://tocsin.example.org"),
        ("http://127.0.0.1:8770", "tocsin@example.org", "mailto:tocsin@example.org"),
        ("http://127.0.0.1:8770", None, "mailto:tocsin@localhost"),
    ],
)
def test_push_services_are_told_whom_to_ask(public_url: str, sender: str | None, contact: str) -> None:
    assert contact_of(public_url, sender) == contact
