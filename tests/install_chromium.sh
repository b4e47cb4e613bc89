#!/bin/sh
# Make sure that the browser tests find a Chromium: the system's, Playwright's own, or one installed now.
python=$1

present() {
  [ -n "$CHROMIUM" ] && [ -x "$CHROMIUM" ] && return 0
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null && return 0
  done
  "$python" - <<'PYTHON'
import pathlib, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    sys.exit(not pathlib.Path(playwright.chromium.executable_path).exists())
PYTHON
}

present && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo 'Installing Chromium with apt-get …' >&2
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >&2
else
  echo 'Installing the Chromium of Playwright …' >&2
  "$python" -m playwright install chromium >&2
fi
present && exit 0
cat >&2 <<'MESSAGE'
The browser tests need a Chromium, and none could be found or installed. Install one (on Debian:
apt-get install chromium), or set CHROMIUM to the path of a Chromium or Chrome, and run make test again.
MESSAGE
exit 1
