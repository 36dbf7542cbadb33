"""Makes Keyturn's own processes hard to steer and to read from outside.

Imports the standard library only: the first thing that any process of Keyturn does is here.
"""

import ctypes
import os
import sys
from collections.abc import Mapping

try:
    import resource
except ImportError:  # Windows has no such limits.
    resource = None

DESCRIPTORS = 8192
_PR_SET_DUMPABLE = 4
_PR_SET_NAME = 15
_M_MMAP_THRESHOLD = -3
LARGE_BLOCK = 4 * 1024 * 1024
"""Bytes from which on a block is mapped by itself."""

_STEERING_PREFIXES = (
    # Code that Python, Qt, the loader or a toolkit would run in our process.
    "PYTHON", "QT_", "QML", "LD_", "DYLD_", "GTK", "GIO_", "GDK_PIXBUF_", "PYSIDE", "SHIBOKEN",
    # Drivers and loaders that a window pulls in.
    "LIBGL_", "MESA_", "GALLIUM_", "VK_", "GBM_", "EGL_", "__EGL_", "__GLX_", "__GL_", "LIBVA_",
    # TLS: other trust, other engines, a file with the keys.
    "OPENSSL_", "SSL_", "SSLKEYLOG",
    # What the C library ignores in setuid programs (ld.so(8), secure-execution mode).
    "GCONV_", "GLIBC_", "MALLOC_", "RESOLV_", "RES_",
    # Which keychain is used, and how.
    "KEYRING_", "KEYCHAIN_",
)  # fmt: skip
_STEERING_NAMES = frozenset({
    "HOSTALIASES", "GETCONF_DIR", "LOCALDOMAIN", "LOCPATH", "NIS_PATH", "NLSPATH", "TZDIR",
    "XLOCALEDIR", "XKB_CONFIG_ROOT", "XCURSOR_PATH",
    "FONTCONFIG_FILE", "FONTCONFIG_PATH", "FONTCONFIG_SYSROOT",
    "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    # Programs that others of ours, or the servers, would start.
    "BASH_ENV", "ENV", "BROWSER", "NODE_OPTIONS",
})  # fmt: skip


def clean_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for broker, console and pool: all but what could steer them.

    An agent that can set variables for us must not choose the code that we run, the trust that we
    place or the keychain that we ask. PATH, HOME, TMPDIR, the XDG folders, the session bus and the
    display stay: they say where things are.
    """
    return {name: value for name, value in env.items() if not _steers(name.upper())}


def make_undumpable() -> bool:
    """Keep other processes of the user from tracing this one and reading its memory (Linux).

    Root still can, and so can a debugger that started it. Returns False where the system has no
    such thing, or refuses.
    """
    return _prctl(_PR_SET_DUMPABLE, 0)


def raise_descriptor_limit() -> int:
    """Let this process open more files than a login allows at first; returns how many (POSIX).

    Two hundred connections with a server each need a thousand; a crowd at the socket must not make
    the log or the stop file the one that cannot be opened.
    """
    if resource is None:
        return 0
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return soft


SWITCH_SECONDS = 0.001
"""The longest that a thread of payloads computes while the loop waits for the interpreter."""


def prefer_the_loop() -> None:
    """Have threads give the interpreter up to the loop sooner than after Python's 5 ms."""
    sys.setswitchinterval(SWITCH_SECONDS)


def keep_large_blocks_apart() -> bool:
    """Have large blocks of memory grow where they are, and given back when they are free (glibc).

    Its allocator would move a block of up to 32 MB into its own heap, and out of it as that grows:
    each time it is copied, which held the loop up for 10 ms while a line of 60 MB came in (mallopt,
    M_MMAP_THRESHOLD). Returns False where the C library is another one.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    return mallopt is not None and mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK) == 1


def set_process_name(name: str) -> bool:
    """Name this process in `ps` and `top` (Linux, 15 bytes); False where that is not possible."""
    return _prctl(_PR_SET_NAME, ctypes.c_char_p(os.fsencode(name)[:15]))


def _steers(name: str) -> bool:
    return name in _STEERING_NAMES or name.startswith(_STEERING_PREFIXES)


def _prctl(option: int, argument: int | ctypes.c_char_p) -> bool:
    if sys.platform != "linux":
        return False
    unused = ctypes.c_ulong(0)
    call = ctypes.CDLL(None).prctl
    value = ctypes.c_ulong(argument) if isinstance(argument, int) else argument
    return call(ctypes.c_int(option), value, unused, unused, unused) == 0
