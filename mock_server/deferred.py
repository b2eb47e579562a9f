"""Modules that the start imports by the way and no answer needs, put off until they are used.

connexion imports, with itself, a test client, two HTTP clients and a template engine: half of the
time to the first answer and a fifth of the memory of a server that uses none of them. Python's own
`importlib.util.LazyLoader` puts off `import x` but not `from x import Y`, which most of these are.
So a stand-in takes a module's place while the mock starts, and the names taken from it are
promises: calling, subclassing or looking into one imports the module. A use that was not foreseen
is slower, not wrong. When the start is over the stand-ins leave, and an import is an import again.

A promise can stand for a class or a function, not for a constant nor for an exception to catch,
and a stand-in has no modules of its own: so nothing of ours imports one of these by its head (a
test looks), and where a newer library does, `greenroom serve` imports everything as usual.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

# What is put off, and why no answer needs it.
NOT_NEEDED: Mapping[str, str] = {
    "starlette.testclient": "connexion's applications can test themselves",
    "httpx": "connexion asks OAuth servers with it; the mock knows its own tokens",
    "requests": "connexion fetches parts of a contract with it; a bundle is whole",
    "jinja2": "connexion fills in contracts that are templates; a bundle is none",
    "starlette.templating": "fills in the page of the Swagger UI, when it is asked for",
    "werkzeug.wrappers": "werkzeug's requests; connexion has them for Flask",
    "werkzeug.serving": "werkzeug's own server",
    "werkzeug.test": "werkzeug's own test client",
    "uvicorn.main": "uvicorn's command line; the mock has its own",
    "faker.factory": "goes through all of Faker's folders to find what has people's names",
    "faker.proxy": "chooses among what `faker.factory` finds",
}


def put_off(modules: Iterable[str] = NOT_NEEDED) -> None:
    """Let stand-ins take the places of modules that are not imported yet, until `settle`."""
    for name in modules:
        sys.modules.setdefault(name, _StandIn(name))


def settle() -> None:
    """Take the stand-ins away; names taken from them stay promises."""
    for name, module in tuple(sys.modules.items()):
        if isinstance(module, _StandIn):
            del sys.modules[name]


class _StandIn(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        promise = _Promise(self.__name__, name)
        return promise if sys.modules.get(self.__name__) is self else promise.kept()


class _Promise:
    def __init__(self, module: str, name: str) -> None:
        self._place = module, name

    def kept(self) -> Any:
        # What is imported now must not meet stand-ins.
        settle()
        module, name = self._place
        return getattr(import_module(module), name)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.kept()(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.kept(), name)

    def __mro_entries__(self, _: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self.kept(),)

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self.kept())

    def __or__(self, other: Any) -> Any:
        return self.kept() | other
