from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mock_server.cli import main
from mock_server.errors import OperatorError
from mock_server.faults import FAULTS, FaultError, find_fault, table
from mock_server.start import _confession

NAMES = [fault.name for fault in FAULTS]


def test_names_are_unique():
    assert len(set(NAMES)) == len(NAMES)


def test_broken_sentences_are_unique_but_in_families():
    assert len({(fault.family, fault.breaks) for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("fault", FAULTS, ids=NAMES)
def test_a_fault_is_named_in_kebab_case_and_breaks_one_sentence(fault):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", fault.name)
    assert fault.breaks[0].isupper()
    assert not fault.breaks.endswith(".")
    assert any((fault.contract, fault.handlers, fault.checks, fault.wrap))


def test_every_fault_is_looked_at_by_a_test():
    texts = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    looked_at = re.findall(r"^@fault\(\"([^\"]+)\"\)", texts, re.MULTILINE)
    assert sorted(looked_at) == sorted(NAMES)


def test_an_unknown_name_is_refused_with_the_nearest_ones():
    with pytest.raises(FaultError) as caught:
        find_fault("oldest-frist")
    assert isinstance(caught.value, OperatorError)
    assert str(caught.value) == (
        "no fault has the name `oldest-frist`, did you mean `oldest-first`? "
        "`--fault list` shows all names"
    )


def test_a_name_like_no_other_is_refused_without_a_guess():
    with pytest.raises(FaultError, match=r"^no fault has the name `zzz`, `--fault list` shows"):
        find_fault("zzz")


def test_the_option_lists_a_line_a_fault(capsys):
    assert main(["serve", "--fault", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == table().splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    first = FAULTS[0]
    assert lines[0].split(maxsplit=2) == [first.name, first.family, first.breaks]


def test_the_option_refuses_an_unknown_name(capsys):
    assert main(["serve", "--port", "0", "--fault", "nonsense"]) == 1
    assert "no fault has the name `nonsense`" in capsys.readouterr().err


def test_a_faulty_mock_serves_the_true_contract(mock_with, true_mock):
    with mock_with(scenario="empty", fault="room-title-of-256") as faulty:
        served = faulty.send("GET", "/openapi.json").content
    assert served == true_mock.send("GET", "/openapi.json").content


def test_editing_a_contract_leaves_the_given_one_alone(contract):
    before = repr(contract)
    for fault in FAULTS:
        enforced = fault.enforced(contract)
        assert (enforced is contract) == (fault.contract is None)
        assert (enforced == contract) == (fault.contract is None)
    assert repr(contract) == before


def test_the_banner_of_a_faulty_mock_says_what_is_broken():
    said = _confession("oldest-first")
    assert said == (
        "Wrong on purpose (`oldest-first`). Broken is: Lists give the newest row first\n\n"
    )
    assert _confession(None) == ""


def test_a_true_mock_does_not_even_import_faults():
    program = (
        "import sys, warnings; warnings.simplefilter('ignore')\n"
        "from mock_server.app import build_app, build_env\n"
        "from mock_server.contract.load import bundle_path, load_contract\n"
        "from mock_server.settings import Settings\n"
        "contract = load_contract(bundle_path('openapi'))\n"
        "control = load_contract(bundle_path('control'))\n"
        "build_app(build_env(Settings(), contract), contract, control, None)\n"
        "sys.exit('mock_server.faults' in sys.modules)\n"
    )
    root = Path(__file__).parent.parent.parent
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 0
