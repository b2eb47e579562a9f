"""What a path that no operation has was probably meant to be, and what it differs in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from connexion.http_facts import METHODS

from mock_server.http.routes import Routes

# Longer ones are no slips of the pen, and comparing them takes long.
_LONGEST = 200
_LONGEST_SHOWN = 60
# How alike two paths must be, of 1, and two segments in which they differ.
_LEAST = 0.7
_ALIKE_SEGMENTS = 0.6
# Paths that are the same but for one segment.
_ALIKE = 0.75
# Of paths about as near, the one that has the method is meant.
_METHOD_COUNTS = 0.05


class Near(NamedTuple):
    """Hold a path template, its methods, and what it has that the asked path has not."""

    template: str
    methods: tuple[str, ...]
    has: str


class NearMisses:
    """Find the operation that is nearest to a path, among those of documents by their base path."""

    def __init__(self, documents: Mapping[str, Mapping[str, Any]]) -> None:
        self._bases = tuple(documents)
        self._methods: dict[str, tuple[str, ...]] = {}
        self._routes: Routes[str] = Routes()
        for base, document in documents.items():
            for path, item in document["paths"].items():
                methods = tuple(sorted(each.upper() for each in METHODS & item.keys()))
                self._methods[f"{base}{path}"] = methods
                for method in methods:
                    self._routes.add(f"{base}{path}", method, f"{base}{path}")

    def refusal(self, method: str, path: str) -> str:
        """Say in one sentence that there is no such path, and what is near."""
        near = self.nearest(method, path)
        if near is None:
            return "no operation has this path, `/v1/webinar/openapi.json` lists those there are"
        offered = " and ".join(near.methods)
        if method not in {*near.methods, "HEAD", "OPTIONS"}:
            offered += f", not {method}"
        return (
            f"no operation has this path, the nearest is `{near.template}` ({offered}), "
            f"which {near.has}"
        )

    def nearest(self, method: str, path: str) -> Near | None:
        """Return the nearest operation's path, None where nothing is near."""
        if len(path) > _LONGEST or not path.isprintable():
            return None
        segments = [each for each in path.split("/") if each]
        return (
            self._with_other_slashes(path, segments)
            or self._under_base(segments)
            or self._in_lower_case(path)
            or self._alike(method, segments)
        )

    def _near(self, path: str, has: str) -> Near | None:
        matched = self._routes.match(path)
        if matched is None:
            return None
        template = next(iter(matched[0].values()))
        return Near(template, self._methods[template], has)

    def _with_other_slashes(self, path: str, segments: list[str]) -> Near | None:
        only_last = path.endswith("/") and "//" not in path
        return self._near(
            _joined(segments), "has no slash at its end" if only_last else "has single slashes only"
        )

    def _under_base(self, segments: list[str]) -> Near | None:
        given = self._base_of(segments)
        # A right base may be of the other document, or be there twice; a wrong one may be any.
        dropped = [given.count("/")] if given else range(len(segments))
        for count in dropped:
            rest = _joined(segments[count:])
            for base in self._bases:
                if near := self._near(base + rest, _other_base(base, segments[:count])):
                    return near
            if given and (near := self._near(rest, f"has `{given}` once")):
                return near
        return None

    def _base_of(self, segments: list[str]) -> str:
        path = _joined(segments)
        return next((each for each in self._bases if f"{path}/".startswith(f"{each}/")), "")

    def _in_lower_case(self, path: str) -> Near | None:
        return self._near(path.lower(), "is in lower case")

    def _alike(self, method: str, segments: list[str]) -> Near | None:
        # Where the base is right, only what follows it is compared.
        base = self._base_of(segments)
        asked = segments[base.count("/") :]
        best, most = None, _LEAST
        for template, methods in self._methods.items():
            if asked and template.startswith(f"{base}/"):
                wanted = template.removeprefix(base).split("/")[1:]
                likeness = _likeness(wanted, asked) + _METHOD_COUNTS * (method in methods)
                if likeness > most:
                    most, best = likeness, Near(template, methods, _difference(wanted, asked))
        return best


def _joined(segments: Iterable[str]) -> str:
    return "".join(f"/{each}" for each in segments)


def _other_base(base: str, before: list[str]) -> str:
    if not before:
        return f"begins with `{base}`"
    return f"has `{base}` where this has `{_joined(before)[:_LONGEST_SHOWN]}`"


def _likeness(wanted: list[str], asked: list[str]) -> float:
    """Return how alike two paths are, of 1, parameters being like anything."""
    if len(wanted) != len(asked):
        return _ALIKE if _left_out(wanted, asked) or _left_out(asked, wanted) else 0.0
    pairs = [(w, a) for w, a in zip(wanted, asked, strict=True) if w[0] != "{"]
    if any(w != a and _ratio(w, a) < _ALIKE_SEGMENTS for w, a in pairs):
        return 0.0
    return _ratio("/".join(w for w, _ in pairs), "/".join(a for _, a in pairs))


def _left_out(longer: list[str], shorter: list[str]) -> str | None:
    """Return the one segment that is missing in the shorter path, None if more than it differs."""
    for index in reversed(range(len(longer))):
        rest = longer[:index] + longer[index + 1 :]
        if len(rest) != len(shorter):
            return None
        pairs = list(zip(rest, shorter, strict=True))
        # What has only parameters left is like anything.
        same = [one for one, other in pairs if one == other]
        if same and all(one == other or "{" in one + other for one, other in pairs):
            return longer[index]
    return None


def _ratio(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    # The quick bounds spare the slow comparison of what is not alike at all.
    if matcher.real_quick_ratio() < _ALIKE_SEGMENTS or matcher.quick_ratio() < _ALIKE_SEGMENTS:
        return 0.0
    return matcher.ratio()


def _difference(wanted: list[str], asked: list[str]) -> str:
    if len(wanted) > len(asked):
        return f"has one segment more, `{_left_out(wanted, asked)}`"
    if len(wanted) < len(asked):
        return f"has one segment less, not `{(_left_out(asked, wanted) or '')[:_LONGEST_SHOWN]}`"
    differing = [
        f"`{w}` where this has `{a[:_LONGEST_SHOWN]}`"
        for w, a in zip(wanted, asked, strict=True)
        if w[0] != "{" and w != a
    ]
    return f"has {' and '.join(differing)}"
