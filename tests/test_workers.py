"""Processes that work together get their addresses, and none is left running."""

import pytest

from shared import workers

TELLS = """
import json, os, sys
config = json.loads(os.environ["TF_CONFIG"])
print(sys.argv[1:], config.get("task", {}).get("index"), config.get("cluster"))
"""
SLEEPS = "import time; time.sleep(100)"


def test_addresses_are_different_and_can_be_used():
    assert len(set(workers.free_addresses(5))) == 5


def test_a_worker_is_told_its_number_and_all_addresses(tmp_path):
    for number in range(2):
        log = tmp_path / f"{number}.txt"
        process = workers.start(TELLS, ["a b", "c"], log, number, ["x:1", "y:2"])
        workers.finish([process], limit=60)
        assert log.read_text() == f"['a b', 'c'] {number} {{'worker': ['x:1', 'y:2']}}\n"


def test_a_process_that_works_alone_has_no_cluster(tmp_path):
    workers.finish([workers.start(TELLS, [], tmp_path / "log")], limit=60)
    assert (tmp_path / "log").read_text() == "[] None None\n"


def test_when_one_fails_the_others_are_stopped(tmp_path):
    programs = SLEEPS, "import sys; sys.exit(3)"
    processes = [workers.start(p, [], tmp_path / str(k)) for k, p in enumerate(programs)]
    with pytest.raises(RuntimeError, match=r"exit codes \[None, 3\]"):
        workers.finish(processes, limit=60)
    assert None not in [process.poll() for process in processes]


def test_when_the_time_is_over_all_are_stopped(tmp_path):
    process = workers.start(SLEEPS, [], tmp_path / "log")
    with pytest.raises(RuntimeError, match="not ready after 0.5 s"):
        workers.finish([process], limit=0.5)
    assert process.poll() is not None
