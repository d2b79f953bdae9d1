"""The command that makes and rotates secrets; the file keeps what the keys module wrote."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.auth.keys import KeysError, create_key, find_key
from service.config import Settings
from service.webhooks.secrets import drop_old, new_secret, rotate, webhook_secret


def test_a_rotation_from_begin_to_end(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    create_key(file, "shop")
    with pytest.raises(KeysError, match="no secret"):
        drop_old(file, "shop")
    first = webhook_secret(file, "shop")
    second = rotate(file, "shop")
    assert find_key(file, "shop").webhook_secrets == [second, first]
    with pytest.raises(KeysError, match="--drop-old"):
        rotate(file, "shop")
    assert drop_old(file, "shop") == second == webhook_secret(file, "shop")
    assert find_key(file, "shop").webhook_secrets == [second]
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeysError, match="no key"):
        webhook_secret(file, "other")


def test_a_secret_is_32_random_bytes_that_the_settings_take() -> None:
    secret = new_secret()
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    settings = Settings(webhook_secret=secret)
    assert settings.webhook_secret == secret and secret not in repr(settings)
    for wrong in ("secret", "whsec_", "whsec_short", secret[:-1], f"{secret} "):
        with pytest.raises(ValueError, match="webhook_secret"):
            Settings(webhook_secret=wrong)


def test_the_command_prints_it(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    create_key(file, "shop")
    environment = {**os.environ, "LIKENESS_KEYS_FILE": str(file)}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "likeness.cli", "keys", "webhook-secret", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)

    rotated = run("shop", "--rotate").stdout.strip()
    assert find_key(file, "shop").webhook_secrets == [rotated]
    loose = run().stdout.strip()
    assert loose.startswith("whsec_") and loose != rotated
    assert (refused := run("nobody")).returncode == 1 and "no key called 'nobody'" in refused.stderr
