# ruff: noqa: PLC0415 - where and when something is imported is what is tested here
from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mock_server
from mock_server.deferred import NOT_NEEDED, put_off, settle

HERE = Path(mock_server.__file__).parent
# What asks a mock over HTTP is no part of one that starts.
OURS = sorted({*HERE.rglob("*.py")} - {*HERE.glob("client/*.py"), HERE / "playing/over_http.py"})


@pytest.fixture
def late(tmp_path, monkeypatch):
    """A package nobody has imported, put off; it says so when it is imported."""
    package = tmp_path / "late_package"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import builtins\n"
        "builtins.late_imports = getattr(builtins, 'late_imports', 0) + 1\n"
        "LIMIT = 3\n"
        "class Refused(Exception): pass\n"
        "class Greeter:\n"
        "    default = 'Ada'\n"
        "    def __init__(self, name=default): self.name = name\n"
        "def double(number): return 2 * number\n"
    )
    (package / "inside.py").write_text("ANSWER = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    put_off(["late_package"])
    yield lambda: getattr(__import__("builtins"), "late_imports", 0)
    settle()
    for name in [name for name in sys.modules if name.startswith("late_package")]:
        del sys.modules[name]
    vars(__import__("builtins")).pop("late_imports", None)


def test_taking_names_imports_nothing(late):
    import late_package
    from late_package import Greeter, double

    assert (late_package.double, Greeter, double) != (None, None, None)
    assert late() == 0


def test_calling_looking_into_subclassing_and_asking_keep_a_promise(late):
    from late_package import Greeter, double

    class Loud(Greeter):
        pass

    assert double(4) == 8
    assert Greeter("Bo").name == "Bo"
    assert Greeter.default == "Ada"
    assert Loud().name == "Ada"
    assert isinstance(Loud(), Greeter)
    assert isinstance(None, Greeter | None)
    assert late() == 1


def test_the_first_use_takes_every_stand_in_away(late):
    put_off(["late_other"])
    from late_package import double

    double(1)

    assert "late_other" not in sys.modules
    from late_package import LIMIT
    from late_package.inside import ANSWER

    assert (LIMIT, ANSWER) == (3, 42)


def test_a_stand_in_that_has_left_gives_what_the_module_has(late):
    import late_package

    settle()

    assert late_package.LIMIT == 3
    with pytest.raises(late_package.Refused):
        raise late_package.Refused


def test_a_module_that_is_imported_already_stays(late):
    settle()
    import late_package

    put_off(["late_package"])

    assert sys.modules["late_package"] is late_package
    assert late_package.LIMIT == 3


def test_what_a_module_does_not_have_is_told_on_use(late):
    from late_package import nonsense

    with pytest.raises(AttributeError, match="nonsense"):
        nonsense()


@pytest.mark.parametrize("name", NOT_NEEDED)
def test_nothing_of_ours_imports_one_by_its_head(name):
    for path in OURS:
        for node in ast.parse(path.read_text()).body:
            taken = [alias.name for alias in getattr(node, "names", ())]
            if isinstance(node, ast.ImportFrom):
                taken = [str(node.module), *(f"{node.module}.{each}" for each in taken)]
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                assert not any(f"{each}.".startswith(f"{name}.") for each in taken), path


TEST_CLIENT = """
import sys
from mock_server.deferred import put_off, settle
put_off()
import connexion
before = {"httpx", "jinja2", "requests", "starlette.testclient"} & {
    name for name, module in sys.modules.items() if hasattr(module, "__file__")
}
app = connexion.AsyncApp("__main__")
app.add_api({"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {}})
with app.test_client() as client:
    page = client.get("/ui/")
print(before, page.status_code, type(client).__module__, sys.modules["httpx"].__version__)
"""


def test_connexion_can_still_test_itself_and_show_its_page():
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TEST_CLIENT],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.startswith("set() 200 starlette.testclient 0.")


WITH_ONE_THAT_IS_NEEDED = """
import sys
from mock_server import cli, deferred
deferred.NOT_NEEDED["asgiref"] = "connexion imports `asgiref.sync`"
sys.exit(cli.main(["serve", "--port", "0", "--quiet", "--scenario", "nowhere"]))
"""


def test_a_module_that_is_needed_after_all_only_costs_time():
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WITH_ONE_THAT_IS_NEEDED],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith("greenroom: nowhere: is no scenario")


NOT_AT_THE_START = """
import sys
import mock_server.start
print(sorted({"aiortc", "av", "mock_server.media.peer", "mock_server.http.whip"} & {*sys.modules}))
"""


def test_what_receives_media_is_not_imported_by_the_start():
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", NOT_AT_THE_START],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "[]\n"
