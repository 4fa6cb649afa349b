"""Does a passkey let its owner in, from adding it to removing it? In a browser, with Chromium's own authenticator."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import CDPSession, expect

from tests.web.browser import DESKTOP, PHONE, Viewer
from tests.web.conftest import Looks
from tests.web.world import World, named_server


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server that people reach by a name, as passkeys want it."""
    with named_server(tmp_path_factory.mktemp("named")) as server:
        yield World(server)


# What the browser offers in the field of the address is chosen at once by Chromium's authenticator, as nobody looks.
_OFFERS_NOTHING = "PublicKeyCredential.isConditionalMediationAvailable = async () => false"


class Device:
    """A fingerprint reader at somebody's browser, that says yes."""

    def __init__(self, viewer: Viewer, **options: object) -> None:
        self._cdp: CDPSession = viewer.page.context.new_cdp_session(viewer.page)
        self._cdp.send("WebAuthn.enable", {"enableUI": False})
        wanted = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
            **options,
        }
        self._id = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": wanted})["authenticatorId"]

    def says_yes(self, yes: bool) -> None:
        """Whether its owner's finger is known."""
        self._cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": yes})

    def credentials(self) -> list[dict[str, object]]:
        """The passkeys that it holds."""
        found = self._cdp.send("WebAuthn.getCredentials", {"authenticatorId": self._id})["credentials"]
        assert isinstance(found, list)
        return found

    def forget(self) -> None:
        """It holds no passkey any more."""
        self._cdp.send("WebAuthn.clearCredentials", {"authenticatorId": self._id})


def add(viewer: Viewer, label: str) -> None:
    page = viewer.go("/account")
    page.get_by_label("Name of the passkey").fill(label)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("#notice")).to_contain_text(f"{label} signs you in from now on.")


def sign_out(viewer: Viewer) -> None:
    page = viewer.page
    page.locator(".me > summary").click()
    page.get_by_role("button", name="Sign out", exact=True).click()


def test_passkey_is_added_signs_in_and_is_removed(named: World, looks: Looks) -> None:
    viewer = looks(named, person="bob")
    viewer.page.add_init_script(_OFFERS_NOTHING)
    device = Device(viewer)
    add(viewer, "Work laptop")
    sign_out(viewer)
    page = viewer.page
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{viewer.url}/")
    viewer.go("/account")
    expect(page.get_by_text("by passkey, this one")).to_be_visible()
    page.get_by_role("button", name="Remove Work laptop").click()
    expect(page.locator("#notice")).to_contain_text("Work laptop lets nobody in any more")
    sign_out(viewer)
    viewer.expected = ["401"]
    assert len(device.credentials()) == 1
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("#notice")).to_contain_text("This passkey opens nothing here")


def test_passkey_is_offered_in_the_field_of_the_address(named: World, looks: Looks) -> None:
    viewer = looks(named, person="emma")
    Device(viewer)
    add(viewer, "Phone")
    sign_out(viewer)
    viewer.page.wait_for_url(f"{viewer.url}/")
    viewer.go("/account")
    expect(viewer.page.get_by_text("by passkey, this one")).to_be_visible()


def test_cancelling_is_told_beside_the_button_and_it_can_be_pressed_again(named: World, looks: Looks) -> None:
    viewer = looks(named, person="chris")
    viewer.page.add_init_script(_OFFERS_NOTHING)
    device = Device(viewer)
    device.says_yes(False)
    page = viewer.go("/account")
    button = page.get_by_role("button", name="Add a passkey")
    button.click()
    said = page.locator("form.passkey .said")
    expect(said).to_contain_text("Nothing was chosen, or it took too long.")
    expect(button).to_be_focused()
    device.says_yes(True)
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("signs you in from now on.")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("form.passkey .said")).to_contain_text("holds a passkey of yours")


def test_all_of_it_works_by_keyboard(named: World, looks: Looks) -> None:
    viewer = looks(named, person="dana")
    viewer.page.add_init_script(_OFFERS_NOTHING)
    Device(viewer)
    page = viewer.go("/account")
    page.get_by_label("Name of the passkey").focus()
    page.keyboard.type("Key ring")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("Key ring signs you in")
    page.locator("summary", has_text="Rename Key ring").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Keys")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove Keys")).to_be_visible()
    sign_out(viewer)
    page.get_by_label("Password").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{viewer.url}/")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_with_passkeys_are_for_everybody(named: World, looks: Looks, size: tuple[int, int], scheme: str) -> None:
    viewer = looks(named, person="alice", size=size, color_scheme=scheme)
    viewer.page.add_init_script(_OFFERS_NOTHING)
    device = Device(viewer)
    add(viewer, f"A name of {'many ' * 9}words")
    page = viewer.page
    page.locator("summary", has_text="Rename").first.click()
    assert (viewer.barriers(), viewer.overflow()) == ([], 0)
    viewer.go("/account")
    sign_out(viewer)
    device.forget()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("form.passkey .said")).to_contain_text("Nothing was chosen")
    assert (viewer.barriers(), viewer.overflow()) == ([], 0)


def test_without_scripts_there_is_no_button(named: World, looks: Looks) -> None:
    viewer = looks(named, person=None, java_script_enabled=False)
    page = viewer.go("/signin")
    expect(page.get_by_label("Password")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    viewer = looks(named, person="bob", java_script_enabled=False)
    page = viewer.go("/account")
    assert "Adding one takes scripts." in page.locator("main").inner_text()
    expect(page.get_by_role("button", name="Add a passkey")).to_be_hidden()


def test_at_another_address_of_the_server_the_page_says_where_passkeys_work(named: World, looks: Looks) -> None:
    viewer = looks(named, person=None)
    viewer.url = viewer.url.replace("localhost", "127.0.0.1")
    page = viewer.page
    page.goto(f"{viewer.url}/signin")
    expect(page.locator("form.passkey .said")).to_contain_text(f"work at {named.server.url} alone")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_disabled()
