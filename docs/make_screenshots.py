"""Takes the README's screenshots: the local chat in a browser, with real answers.

Needs chromium. Renders the photos (``make_photos``), starts ``tag4pic run`` with a database of its
own, sends a photo through the page and takes the picture.

    python docs/make_screenshots.py
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import make_photos
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).parent
SHOTS = {"light": "daisies", "dark": "sunset"}
PHONE = {"width": 400, "height": 860}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = {"DATABASE_URL": f"sqlite+aiosqlite:///{folder}/chat.db", "BOT_TOKEN": ""}
        bot = subprocess.Popen(
            [sys.executable, "-P", "-m", "bot.cli", "run", "--port", "0"],
            env=os.environ | settings | {"PYTHONUNBUFFERED": "1"},
            cwd=HERE.parent,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert bot.stdout
            lines = iter(bot.stdout.readline, "")
            url = next(found[0] for line in lines if (found := re.search(r"http://\S+", line)))
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"),
                    args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
                )
                for scheme, photo in SHOTS.items():
                    file = folder / f"{photo}.jpg"
                    make_photos.PHOTOS[photo]().save(file, quality=90)
                    _shoot(browser, f"{url}&chat={len(photo)}", file, scheme)
        finally:
            bot.terminate()
            bot.wait()


def _shoot(browser: Browser, url: str, photo: Path, scheme: str) -> None:
    page = browser.new_page(viewport=PHONE, color_scheme=scheme, locale="en-GB")  # type: ignore[arg-type]
    page.goto(url)
    page.set_input_files("#choose-photos", photo)
    page.click("#preview-send")
    page.locator(".message code").last.wait_for(timeout=60_000)
    page.wait_for_timeout(1500)  # bubbles slide in
    with Image.open(io.BytesIO(page.screenshot())) as shot:
        shot.convert("RGB").save(HERE / f"chat-{scheme}.png", optimize=True)
    page.close()


if __name__ == "__main__":
    main()
