"""`Blocking` in whole programs: forks, and the end of the interpreter."""

import os

import pytest

from tests.support.programs import output_of


@pytest.fixture
def base_url(sandbox):
    """Of a sandbox on a socket."""
    return sandbox["ETELECOM_BASE_URL"]


PROGRAM = """
    import logging, os, sys, threading, traceback
    from etelecom_async import Session, SessionClosed
    from etelecom_async.blocking import Blocking

    # asyncio's dev mode tells of slow steps: a busy machine is not what is looked for.
    logging.getLogger("asyncio").addFilter(lambda record: not record.getMessage().startswith("Executing "))
    blocking = Blocking(Session.from_env())

    def ask():
        check = blocking.session.zalo.check_consent
        return blocking.run(check(oa_id=1000000000000000003, phone="0900000000"), timeout=60).state.value

    def in_child(work):
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            try:
                work()
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(0)
        os.waitpid(pid, 0)
"""


def lines_of(program, base_url):
    return output_of(program, base_url, before=PROGRAM).splitlines()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])  # a name is looked up by a thread of the loop's
def test_a_program_that_closes_nothing_ends_in_silence(host, base_url):
    said = lines_of('print(ask(), ask()); print("end")', base_url.replace("127.0.0.1", host))
    assert said == ["never asked never asked", "end"]


def test_a_program_ends_while_its_daemon_threads_call(base_url):
    program = """
        def work():
            try:
                while True:
                    ask()
            except SessionClosed:
                pass

        for _ in range(8):
            threading.Thread(target=work, daemon=True).start()
        print(ask())
    """
    assert lines_of(program, base_url) == ["never asked"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_forked_before_and_after_the_first_call_has_its_own_loop(base_url):
    program = """
        in_child(lambda: print("child before", ask(), ask()))
        print("parent", ask())
        in_child(lambda: (print("child after", ask()), in_child(lambda: print("grandchild", ask()))))
        print("parent", ask())
    """
    assert lines_of(program, base_url) == [
        *("child before never asked never asked", "parent never asked", "child after never asked"),
        *("grandchild never asked", "parent never asked"),
    ]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_forked_in_the_middle_of_calls_of_other_threads_works(base_url):
    program = """
        going = True
        def work():
            while going:
                ask()
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for number in range(5):
            in_child(lambda: print("child", number, ask()))
        going = False
        for thread in threads:
            thread.join()
        print("parent", ask())
    """
    said = lines_of(program, base_url)
    assert said == [*(f"child {number} never asked" for number in range(5)), "parent never asked"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_children_that_end_as_programs_do_end_in_silence_and_leave_the_parents_loop_alone(base_url):
    program = """
        print(ask())
        sys.stdout.flush()
        pids = []
        for _ in range(2):
            pid = os.fork()
            if pid == 0:
                print(f"child {ask()}\\n", end="")  # in one write, so that the other child's does not come between
                sys.exit()
            pids.append(pid)
        for pid in pids:
            assert os.waitpid(pid, 0)[1] == 0
        print("parent", ask())
    """
    assert sorted(lines_of(program, base_url)) == ["child never asked"] * 2 + ["never asked", "parent never asked"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_of_one_that_was_closed_stays_closed(base_url):
    program = """
        print(ask())
        blocking.close()
        def refused():
            try:
                ask()
            except Exception as error:
                print(type(error).__name__)
        in_child(refused)
    """
    assert lines_of(program, base_url) == ["never asked", "SessionClosed"]
