"""Makes the pictures of the documentation again, from a running demo.

    onevoice demo --small
    .venv/bin/python tools/pictures.py http://127.0.0.1:8600 PASSWORD

Where a picture has more colours than 256, the rarest are replaced by their nearest kin, so that it stays small.
"""

import struct
import sys
import zlib
from collections import Counter
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
LOGIN = "owner@demo.example"
SIZE = {"width": 1440, "height": 900}
MAX_BYTES = 300_000
SWITCHES = ["--no-sandbox", "--disable-background-networking", "--disable-features=HttpsUpgrades"]
"""The last takes the place of Playwright's own list, with which a frame of another site has no storage."""
ANNA = "Anna Kowalska"
PARTS = {
    "setup": "/data/setup",
    "snippet": "/data/snippet",
    "keys": "/data/keys",
    "plan": "/data/plan",
    "imports": "/data/imports",
    "rejected": "/data/rejected",
    "roles": "/settings/roles",
    "identity-rules": "/settings/identity",
    "sites": "/settings/sites",
    "channels": "/settings/channels",
    "sending": "/settings/sending",
}
"""Pictures of parts of Data and Settings."""


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("Say where the demo runs and its password: tools/pictures.py http://127.0.0.1:8600 PASSWORD")
    url, password = sys.argv[1].rstrip("/"), sys.argv[2]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium-headless-shell", args=SWITCHES)
        page = browser.new_page(viewport=SIZE, color_scheme="light", reduced_motion="reduce")  # type: ignore[arg-type]
        page.goto(f"{url}/login")
        page.evaluate("localStorage.setItem('onevoice.tour', '{\"step\":0,\"open\":false}')")
        page.fill("input[name=login]", LOGIN)
        page.fill("input[name=password]", password)
        page.click("button[type=submit]")
        page.wait_for_url(lambda there: "/login" not in there)
        page.goto(f"{url}/live")
        page.wait_for_timeout(15_000)  # long enough for the column of the rate to have something in it
        keep(page, "live")
        page.goto(f"{url}/desk")
        page.locator(".dk-row", has_text=ANNA).click()
        page.locator(".dk-door-choice").first.wait_for()
        settle(page)
        keep(page, "desk")
        page.goto(f"{url}/customers?q=kowal")
        settle(page)
        keep(page, "customers")
        page.goto(f"{url}/customers?q=ania")
        page.get_by_text(ANNA).first.click(force=True)  # the row is one link, laid over its cells
        page.wait_for_url(lambda there: "/customers/" in there)
        settle(page)
        keep(page, "customer")
        of_messages(page)
        for name, path in PARTS.items():
            page.goto(url + path)
            page.locator(".part-head h1").wait_for()
            settle(page)
            keep(page, name)
        page.goto(f"{url}/data/webhooks")
        page.locator("main a[href^='/data/webhooks/']").first.click()
        settle(page)
        keep(page, "webhook")
        page.goto(f"{url}/content/templates")
        page.get_by_role("link", name="promotion").click()
        values = page.get_by_role("button", name="Sample values", exact=True)
        values.click()
        page.get_by_label("What whoever asks for the message adds").fill('{"offer": "Zima", "percent": 15}')
        values.click()
        settle(page)
        keep(page, "template")
        page.evaluate("localStorage.setItem('onevoice.tour', '{\"step\":1,\"open\":true}')")
        page.goto(f"{url}/customers?q=ania")
        settle(page)
        keep(page, "tour")
        pocket(page, page.request.get(f"{url}/api/me").json()["demo_pocket"])
        browser.close()


def pocket(page: Page, url: str) -> None:
    """A question answered by both sides, and one answer more that its provider does not take yet."""
    page.goto(url)
    answer, send = page.get_by_label("Your answer"), page.locator(".pk-write button[type=submit]")
    phone = page.locator(".pk-phone")
    answer.fill("Tak, Tatra Wide. Odłożyć 39 do soboty?")
    send.click()
    phone.get_by_text("Tatra Wide").wait_for()
    page.get_by_label("Phone: Message").fill("Tak, poproszę!")
    phone.get_by_role("button", name="Send").click()
    page.locator(".pk-side").get_by_text("Tak, poproszę!").wait_for()
    page.get_by_role("button", name="429").click()
    answer.fill("Odłożone do soboty, numer 4172.")
    send.click()
    page.get_by_text("Telegram said 429").wait_for()
    keep(page, "pocket")
    page.get_by_role("group", name="Telegram behaves").get_by_role("button", name="OK").click()
    page.get_by_role("group", name="Which of the devices").get_by_role("button", name="Browser").click()
    browser = page.frame_locator(".pk-browser iframe")
    browser.locator("a.tile", has_text="Brama").click()
    settle(page)  # the chat comes once the page rests
    browser.locator("#ask").click()
    browser.locator("textarea").fill("Kiedy wróci 39? Noszę też 38,5.")
    browser.locator("textarea").press("Enter")
    page.locator(".pk-side").get_by_text("Kiedy wróci 39?").wait_for()
    answer.fill("W czwartek, w Gdańsku Wrzeszczu.")
    send.click()
    browser.get_by_text("W czwartek").wait_for()
    settle(page)
    keep(page, "pocket-browser")


def of_messages(page: Page) -> None:
    """From the page of somebody who was written to: all of it, one to come, and why one went."""
    page.keyboard.press("o")
    page.locator("[data-message]").first.wait_for()
    settle(page)
    keep(page, "customer-messages")
    page.keyboard.press("r")
    page.locator("dialog[open] textarea").fill(
        "Dzień dobry, {{ customer.first_name }}! Tak, Tatra 39 jest też szersza. Odłożyć parę w Gdańsku Wrzeszczu?"
    )
    settle(page)
    keep(page, "write")
    page.locator("dialog[open] textarea").fill("")
    page.keyboard.press("Escape")
    page.locator("[data-message] a").nth(1).click()
    page.wait_for_url(lambda there: "/messages/" in there)
    settle(page)
    keep(page, "why")


def settle(page: Page) -> None:
    page.wait_for_timeout(3_000)  # the demo never stops sending, so the page is never without traffic


def keep(page: Page, name: str) -> None:
    file = FOLDER / f"{name}.png"
    page.evaluate("document.activeElement instanceof HTMLElement && document.activeElement.blur()")
    page.mouse.move(SIZE["width"] - 2, SIZE["height"] - 2)
    shot = page.screenshot()
    file.write_bytes(shot if len(shot) <= MAX_BYTES else reduced(shot))
    print(f"{file.name}: {file.stat().st_size // 1000} kB")


def reduced(png: bytes) -> bytes:
    """The same picture with a palette of 256 colours."""
    width, height, rows = pixels(png)
    counted = Counter(row[i : i + 3] for row in rows for i in range(0, len(row), 3))
    palette = [colour for colour, _ in counted.most_common(256)]
    place = {colour: index for index, colour in enumerate(palette)}
    for colour in counted:
        if colour not in place:
            place[colour] = min(range(len(palette)), key=lambda i: distance(palette[i], colour))
    raw = b"".join(b"\0" + bytes(place[row[i : i + 3]] for i in range(0, len(row), 3)) for row in rows)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + chunk(b"PLTE", b"".join(palette))
        + chunk(b"IDAT", zlib.compress(raw, 9))
        + chunk(b"IEND", b"")
    )


def distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pixels(png: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and rows of RGB of a screenshot: 8 bits, not interlaced, with or without alpha."""
    place, data = 8, b""
    width = height = colours = 0
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        body = png[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            width, height, _, colours = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            data += body
        place += 12 + length
    size = 4 if colours == 6 else 3
    raw, stride = zlib.decompress(data), width * size
    above, rows = bytearray(stride), []
    for start in range(0, len(raw), stride + 1):
        line = bytearray(raw[start + 1 : start + 1 + stride])
        unfilter(raw[start], line, above, size)
        rows.append(bytes(line) if size == 3 else bytes(each for i, each in enumerate(line) if i % 4 != 3))
        above = line
    return width, height, rows


def unfilter(how: int, line: bytearray, above: bytearray, size: int) -> None:
    """Source: the PNG specification, filter types 0 to 4."""
    for i, value in enumerate(line):
        left = line[i - size] if i >= size else 0
        up = above[i]
        corner = above[i - size] if i >= size else 0
        if how == 1:
            line[i] = value + left & 255
        elif how == 2:
            line[i] = value + up & 255
        elif how == 3:
            line[i] = value + (left + up) // 2 & 255
        elif how == 4:
            guess = left + up - corner
            nearest = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]
            line[i] = value + nearest & 255


if __name__ == "__main__":
    main()
