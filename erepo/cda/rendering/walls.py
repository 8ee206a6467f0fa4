"""Walls that a process builds around itself before it touches what others wrote.

Each wall stands by itself, so that one that a system lacks leaves the others: `build` tells which stand.

* limits of the kernel: processor time, memory, no byte into any file, no new descriptor, no core dump;
* `no_new_privs`, and death with the parent (Linux);
* a seccomp filter (Linux on x86-64 and ARM64): of all system calls, those remain that compute, use memory
  and speak through what is open already. No file is opened, no socket, no program started: the answer is
  EPERM.
"""

import ctypes
import platform
import resource
import signal
import struct
import sys
from typing import Final

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_SECCOMP_MODE_FILTER: Final = 2
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050001  # the last: errno 1, EPERM

#: AUDIT_ARCH of each machine, and its numbers (linux/unistd.h) of: read write close fstat lseek mmap mprotect
#: munmap brk rt_sigaction rt_sigprocmask rt_sigreturn mremap madvise futex exit exit_group getrandom
#: clock_gettime sigaltstack sched_yield.
_CALLS: Final = {
    "x86_64": (
        0xC000003E,
        (0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 25, 28, 202, 60, 231, 318, 228, 131, 24),
    ),
    "aarch64": (
        0xC00000B7,
        (63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 216, 233, 98, 93, 94, 278, 113, 132, 124),
    ),
}
#: Where the number of the call and the architecture lie in `struct seccomp_data`, in bytes.
_NUMBER, _ARCHITECTURE = 0, 4


def build(*, seconds: int, memory: int) -> list[str]:
    """Build every wall that this system has, and return their names.

    Args:
        seconds: of processor time, after which the kernel ends this process.
        memory: most bytes of address space.
    """
    # First a signal of its own, so that the parent can tell it from the system running out of memory.
    _limit(resource.RLIMIT_CPU, seconds, seconds + 1)
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    _limit(resource.RLIMIT_NOFILE, 3)
    standing = ["limits"]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
            standing.append("no-new-privileges")
            if _filter_calls(libc):
                standing.append("system-calls")
    return standing


def _limit(what: int, soft: int, hard: int | None = None) -> None:
    _, given = resource.getrlimit(what)
    most = soft if hard is None else hard
    most = most if given == resource.RLIM_INFINITY else min(most, given)
    resource.setrlimit(what, (min(soft, most), most))


def _filter_calls(libc: ctypes.CDLL) -> bool:
    if platform.machine() not in _CALLS:
        return False
    architecture, numbers = _CALLS[platform.machine()]
    steps = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL)]
    steps.append((_LOAD, 0, 0, _NUMBER))
    for index, number in enumerate(numbers):
        # Jump over the remaining questions and the refusal.
        steps.append((_EQUAL, len(numbers) - index, 0, number))
    steps += [(_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(
        struct.pack(
            "HxxxxxxP" if ctypes.sizeof(ctypes.c_void_p) == 8 else "HxxP", len(steps), ctypes.addressof(code)
        )
    )
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)
