"""Uploads that something happens to: after each fault every listed file is compared with what was sent."""

from __future__ import annotations

import hashlib
import itertools
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPException
from pathlib import Path

from faults import Fault, Verdict, small_disk, told
from registry_peers import NotStarted, Peer, Running, Wheel, running, wheel

FLIGHT = 20_000_000
"""Bytes of an upload that something happens to."""

PATIENCE = 10.0
"""Seconds in which an accepted file must be listed."""

DATABASE = 10_000_000
"""Bytes that a server may hold beside the files before they count as leftovers."""


def damage(server: Running, *sent: Wheel) -> list[str]:
    """What is wrong with the files that are listed of these projects: each must be one that was sent, whole."""
    known = {hashlib.sha256(one.data).hexdigest(): one.filename for one in sent}
    wrong = []
    for project in sorted({one.project for one in sent}):
        for filename, (url, stated) in server.listed(project).items():
            status, body = server.fetch(project, url)
            found = hashlib.sha256(body).hexdigest()
            if status != 200:
                wrong.append(f"listed, answers {status}")
            elif known.get(found) != filename:
                wrong.append("listed, bytes damaged" + (", hash of the damage stated" if stated == found else ""))
            elif stated and stated != found:
                wrong.append("listed with another hash")
    return wrong


def attempt(server: Running, one: Wheel) -> int:
    """Upload; the status, or 0 if there was no answer."""
    connection = server.connect(60)
    try:
        return server.upload(connection, one.form())
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def again(server: Running, one: Wheel) -> str:
    """Send the upload that failed once more; what is wrong with the outcome."""
    status = attempt(server, one)
    if status != 200:
        return f"retry answered {status}"
    found = damage(server, one) or ([] if appears(server, one) else ["accepted, not listed"])
    return found[0] if found else ""


def appears(server: Running, one: Wheel) -> bool:
    """Whether an accepted file is listed, now or soon: pypiserver's cache lags behind by a second or so."""
    deadline = time.monotonic() + PATIENCE
    while one.filename not in server.listed(one.project):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def after_restart(peer: Peer, *sent: Wheel) -> list[str]:
    """What is wrong once the server was started again: with what is listed, with the next upload, with the disk."""
    with running(peer) as server:
        wrong = damage(server, *sent) if sent else []
        reason = again(server, wheel("next", "1.0", 5_000))
        wrong += [f"after a restart, the next upload: {reason}"] if reason else []
        kept = sum(len(one.data) for one in sent if one.filename in server.listed(one.project))
    held = sum(path.stat().st_size for path in peer.directory.rglob("*") if path.is_file())
    left = held - kept
    return [*wrong, f"{left / 1e6:.0f} MB of leftovers"] if left > DATABASE else wrong


def kill(peer: Peer, tries: int) -> Verdict:
    """``kill -9`` at a random moment of an upload."""
    chance, wrong = random.Random(7), []
    sent = [wheel("kill-warm-up", "1.0", FLIGHT)]
    server = peer.start()
    timed = time.perf_counter()
    attempt(server, sent[0])
    whole = time.perf_counter() - timed
    try:
        for number in range(tries):
            one = wheel(f"kill-{number}", "1.0", FLIGHT)
            sent.append(one)
            sender = threading.Thread(target=attempt, args=(server, one))
            sender.start()
            time.sleep(chance.uniform(0.02, 1.1 * whole))
            server.kill()
            sender.join()
            server = peer.start()
            found = damage(server, one) or [again(server, one)]
            wrong += [reason for reason in found if reason][:1]
    finally:
        server.stop()
    return told(wrong + after_restart(peer, *sent), tries, f"whole after {tries} kills")


def full_disk(peer: Peer, tries: int) -> Verdict:  # noqa: ARG001 (one try fills the disk)
    """A file system with two megabytes left."""
    sent = [wheel(f"full-{number}", "1.0", 300_000) for number in range(12)]
    with small_disk(peer) as disk:
        with running(peer) as server:
            attempt(server, wheel("full-warm-up", "1.0", 5_000))
            disk.fill(left=2_000_000)
            statuses = [attempt(server, one) for one in sent]
            refused = [one for one, status in zip(sent, statuses, strict=True) if status != 200]
            wrong = damage(server, *sent)
            for one, status in zip(sent, statuses, strict=True):
                if status == 200 and not appears(server, one):
                    wrong.append("accepted, not listed")
                elif status != 200 and one.filename in server.listed(one.project):
                    wrong.append("refused, yet listed")
            disk.clear()
            wrong += [reason for reason in (again(server, one) for one in refused[:3]) if reason]
        wrong += after_restart(peer, *sent)
    said = "/".join(sorted({str(status) for status in statuses if status != 200})) or "nothing refused"
    return told(wrong, len(sent), f"refused with {said}, all listed files whole")


def failing_sync(peer: Peer, tries: int) -> Verdict:  # noqa: ARG001
    """The first fsync of an upload, and all after it, answer EIO; then from the second on, and so forth."""
    if shutil.which("strace") is None:
        return Verdict(well=None, text="strace is missing")
    wrong: list[str] = []
    sent: list[Wheel] = []
    failed = 0
    with running(peer) as server:
        attempt(server, wheel("sync-warm-up", "1.0", 5_000))
        for call in ("fsync", "fdatasync"):
            for first in itertools.count(1):
                one = wheel(f"{call}-{first}", "1.0", 500_000)
                sent.append(one)
                with failing_calls(server, call, first) as reached:
                    status = attempt(server, one)
                if not reached():
                    break
                failed += 1
                wrong += damage(server, one)[:1]
                if status == 200:
                    wrong.append("accepted although the disk refused")
                elif one.filename in server.listed(one.project):
                    wrong.append("refused, yet listed")
                wrong += [f"retry: {reason}" for reason in [again(server, one)] if reason]
    if not failed:
        return Verdict(well=False, text="accepted without syncing anything")
    return told(wrong + after_restart(peer, *sent), failed, f"refused at each of {failed} syncs, retry works")


@contextmanager
def failing_calls(server: Running, call: str, first: int) -> Iterator[Callable[[], int]]:
    """strace on all threads of the server, in each of which this system call fails from the ``first`` time on.

    The callable tells afterwards how many calls did.
    """
    log = Path(tempfile.mkstemp(prefix="strace-")[1])
    command = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={call}"]
    command += ["-e", f"inject={call}:error=EIO:when={first}+", "-p", str(server.process.pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while tracer.poll() is None and not _traced(server):
        time.sleep(0.05)
    counted: list[int] = []
    try:
        yield lambda: counted[0]
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
        counted.append(log.read_text().count("INJECTED"))
        log.unlink()


def _traced(server: Running) -> bool:
    threads = Path(f"/proc/{server.process.pid}/task").glob("*/status")
    return all("TracerPid:\t0" not in thread.read_text() for thread in threads)


def same_name(peer: Peer, tries: int) -> Verdict:
    """Eight clients upload other bytes under one name at the same time."""
    wrong = []
    with running(peer) as server:
        rounds = max(3, tries // 2)
        for number in range(rounds):
            rivals = [wheel(f"race-{number}", "1.0", 50_000, salt=str(client)) for client in range(8)]
            statuses = at_once(server, rivals)
            winners = [one for one, status in zip(rivals, statuses, strict=True) if status == 200]
            if len(winners) != 1:
                wrong.append(f"{len(winners)} of 8 told that they won")
                continue
            wrong += (damage(server, winners[0]) or [])[:1]
    return told(wrong + after_restart(peer), rounds, f"one winner in each of {rounds} rounds")


def at_once(server: Running | Sequence[Running], wheels: Sequence[Wheel]) -> list[int]:
    """Upload from as many threads; with several servers in turn."""
    servers = [server] if isinstance(server, Running) else list(server)
    statuses, start = [0] * len(wheels), threading.Barrier(len(wheels))

    def work(number: int) -> None:
        start.wait()
        statuses[number] = attempt(servers[number % len(servers)], wheels[number])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(wheels))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def two_processes(peer: Peer, tries: int) -> Verdict:
    """Two servers on one data directory."""
    wrong = []
    with running(peer) as first:
        try:
            second = peer.start()
        except NotStarted:
            return Verdict(well=True, text="the second one refuses to start")
        try:
            rounds = max(3, tries // 2)
            for number in range(rounds):
                rivals = [wheel(f"two-{number}", "1.0", 50_000, salt=str(client)) for client in range(4)]
                statuses = at_once((first, second), rivals)
                winners = [one for one, status in zip(rivals, statuses, strict=True) if status == 200]
                if len(winners) != 1:
                    wrong.append(f"{len(winners)} of 4 told that they won")
                    continue
                for server in (first, second):
                    seen = damage(server, winners[0])
                    wrong += seen[:1] or ([] if appears(server, winners[0]) else ["not seen by both"])
        finally:
            second.stop()
    return told(wrong + after_restart(peer), rounds, f"agree in each of {rounds} rounds")


def half_a_body(peer: Peer, tries: int) -> Verdict:
    """A connection that ends in the middle of its body."""
    wrong, sent = [], []
    with running(peer) as server:
        for number in range(tries):
            one = wheel(f"half-{number}", "1.0", 3_000_000)
            sent.append(one)
            with begun(server, one, (number + 1) / (tries + 1)) as connection:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_WR)
                connection.settimeout(0.5)
                with suppress(OSError):
                    connection.recv(1000)
            found = damage(server, one)
            wrong += (found or [reason for reason in [again(server, one)] if reason])[:1]
    return told(wrong + after_restart(peer, *sent), tries, f"nothing listed in {tries} tries, retry works")


def stalled(peer: Peer, tries: int) -> Verdict:  # noqa: ARG001
    """Ten uploads that stop in the middle and hold their connections; then one that does not."""
    waiting = [wheel(f"stalled-{number}", "1.0", 3_000_000) for number in range(10)]
    healthy = wheel("healthy", "1.0", 3_000_000)
    with running(peer) as server, ExitStack() as connections:
        for one in waiting:
            connections.enter_context(begun(server, one, 0.5))
        started = time.perf_counter()
        status = attempt(server, healthy)
        taken = time.perf_counter() - started
        wrong = [] if status == 200 else [f"the healthy one was answered {status} after {taken:.0f} s"]
        wrong += damage(server, healthy, *waiting)
    return told(wrong + after_restart(peer, healthy, *waiting), 1, f"the healthy one passes, in {taken:.1f} s")


@contextmanager
def begun(server: Running, one: Wheel, part: float) -> Iterator[socket.socket]:
    """A connection on which this part of an upload was sent, and the rest does not come."""
    form = one.form()
    head = [f"POST {server.upload_path} HTTP/1.1", "Host: x"]
    head += [f"{name}: {value}" for name, value in server.headers(len(form)).items()]
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode() + form[: int(len(form) * part)])
        yield connection


FAULTS: dict[str, Fault] = {
    "kill": Fault("kill -9 during a 20 MB upload", kill),
    "full": Fault("full disk (2 MB left)", full_disk),
    "eio": Fault("EIO on fsync, from the first, second ... on", failing_sync),
    "race": Fault("8 uploads of one name, other bytes", same_name),
    "two": Fault("two servers on one directory", two_processes),
    "half": Fault("half-sent bodies", half_a_body),
    "stalled": Fault("10 stalled uploads, then a healthy one", stalled),
}
