"""What a report must not show: credentials, wherever they come from and wherever they stand."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

SECRET_FIELDS = (
    "access_token",
    "refresh_token",
    "device_token",
    "livekit_token",
    "token",
    "stream_key",
    "api_key",
    "api_secret",
    "password",
    "code",
)
SHORTEST = 6  # what is shorter is a word that may stand anywhere
MOST_LEARNED = 100_000
JWT_DOTS = 2
_NAMES = "|".join(SECRET_FIELDS)
_LEARNT = re.compile(rf'"({_NAMES})"\s*:\s*"((?:[^"\\]|\\.)+)"'.encode())
_FIELD = re.compile(rf'("(?:{_NAMES})"\s*:\s*)"(?:[^"\\]|\\.)+"')
_FIELD_NAME = re.compile(r'"(\w+)"')
_WORD = re.compile(rf"[\w.~-]{{{SHORTEST},}}")
_JWT = re.compile(r"\beyJ[\w-]{4,}\.[\w-]{4,}\.[\w-]*")
_SECRET_HEADERS = ("authorization", "x-api-key", "cookie", "set-cookie", "proxy-authorization")


@dataclass(slots=True)
class Secrets:
    """Credentials a run was given or has been told, each with the name printed in its place."""

    _words: dict[str, str] = field(default_factory=dict)
    _phrases: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def know(self, given: Mapping[str, str]) -> None:
        """Hide values, each by its placeholder."""
        with self._lock:
            for value, placeholder in given.items():
                self._know(value, placeholder)
                signature = value.rpartition(".")[2]
                if value.count(".") == JWT_DOTS and len(signature) >= SHORTEST:
                    self._phrases.setdefault(signature, signature_of(placeholder))

    def learn(self, content: bytes) -> None:
        """Hide from now on what an answer hands out: tokens, codes and stream keys."""
        found = _LEARNT.findall(content)
        if found and len(self._words) < MOST_LEARNED:
            with self._lock:
                for name, value in found:
                    self._know(value.decode("utf-8", "replace"), f"${name.decode().upper()}")

    def _know(self, value: str, placeholder: str) -> None:
        if len(value) < SHORTEST:
            return
        bare = value.rstrip("=")
        kept = self._words if _WORD.fullmatch(bare) else self._phrases
        kept.setdefault(bare if kept is self._words else value, placeholder)

    def hide(self, text: str) -> str:
        """Return a text without the credentials that are known."""
        text = _WORD.sub(self._instead, text)
        with self._lock:
            phrases = sorted(self._phrases.items(), key=lambda pair: -len(pair[0]))
        for value, placeholder in phrases:
            text = text.replace(value, placeholder)
        return text

    def _instead(self, found: re.Match[str]) -> str:
        word = found[0]
        bare = word.rstrip(".-")
        for known in (word, bare):
            if known in self._words:
                return self._words[known] + word[len(known) :]
        return word

    def hide_all(self, text: str) -> str:
        """Return a text without known credentials, secret fields and anything like a token."""
        return _JWT.sub("$TOKEN", hide_fields(self.hide(text)))

    def headers(
        self, sent: Iterable[tuple[str, str]], *, literal: bool = False
    ) -> tuple[tuple[str, str], ...]:
        """Return headers without credentials; those of a literal request are no secret."""
        return tuple((name, self._header(name, value, literal=literal)) for name, value in sent)

    def _header(self, name: str, value: str, *, literal: bool) -> str:
        hidden = self.hide(value)
        if literal or hidden != value or name.lower() not in _SECRET_HEADERS:
            return hidden
        if name.lower() in ("cookie", "set-cookie"):
            return re.sub(r"=[^;]+", "=…", value, count=1)
        return _JWT.sub("$ACCESS_TOKEN", value)


def signature_of(placeholder: str) -> str:
    """Return what a shell reads as the last part of the token in a variable."""
    return f"${{{placeholder.removeprefix('$')}##*.}}"


def hide_fields(text: str) -> str:
    """Return JSON text with the value of each secret field replaced by the field's name."""
    return _FIELD.sub(lambda found: f'{found[1]}"${_name(found[1])}"', text)


def _name(quoted: str) -> str:
    found = _FIELD_NAME.search(quoted)
    return found[1].upper() if found else "SECRET"
