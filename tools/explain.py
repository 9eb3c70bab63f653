"""What went wrong while setting up, in one line: pip's and uv's words, and errors of our own file handling."""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys

ENVIRONMENT = ".venv"
LOG = ".venv/setup.log"

LINES = 2  # of an installer's own words, where no better ones are known


def explain(log: str, what: str = "the installer") -> str:
    """The installer's log in one line: what is wrong and what to do."""
    # the last command's words; an earlier one's (uv's) failure has been tried again
    log = log.rpartition("\n$ ")[2]
    details = f"details: {LOG}"

    if says(log, "No space left on device", "os error 28", "Disk quota exceeded"):
        return f"the disk is full (the environment takes some 500 MB); free some space and run make again; {details}"
    if says(log, "DO NOT MATCH THE HASHES", "hash mismatch"):
        package = package_in(log, r"^ *(\S+==\S+) from \S+|hash mismatch for `([^`]+)`")
        return (
            f"{package} from the index does not have the hash the lock says, so nothing was installed; "
            f"the index or a proxy changed it, or the lock is wrong; {details}"
        )
    if says(log, "407 Proxy Authentication", "Cannot connect to proxy", "ProxyError", "unsuccessful tunnel"):
        return f"the proxy refuses the way to the package index; look at HTTPS_PROXY; {details}"
    if says(log, "CERTIFICATE_VERIFY_FAILED", "SSLError", "invalid peer certificate"):
        return f"the package index's certificate is not trusted here; name your authority in PIP_CERT; {details}"
    if says(log, "401 Client Error", "401 Unauthorized", "403 Client Error", "403 Forbidden"):
        return f"the package index refuses access (401 or 403); look at PIP_INDEX_URL; {details}"
    if says(
        log,
        "NewConnectionError",
        "connection broken by",
        "ConnectTimeout",
        "Read timed out",
        "ReadTimeoutError",
        "Failed to establish",
        "Name or service not known",
        "Temporary failure in name resolution",
        "error sending request",
        "dns error",
        "Max retries exceeded",
    ):
        return (
            f"the package index {index_host(log)}cannot be reached; check the network, HTTPS_PROXY or PIP_INDEX_URL "
            f"and run make again; {details}"
        )
    if says(log, "is not a trusted or secure host"):
        return (
            f"pip ignores a package index over plain http; use https, or name its host in PIP_TRUSTED_HOST; {details}"
        )
    if says(
        log, "No matching distribution found", "no version of", "because there are no versions", "no matching platform"
    ):
        package = package_in(log, r"No matching distribution found for (\S+)|no version of (\S+)")
        here = f"{sys.implementation.cache_tag} on {sys.platform} {os.uname().machine}"
        return f"the package index has no {package} for {here}; {details}"
    if says(log, "Permission denied", "os error 13", "Read-only file system"):
        return f"no right to write into {os.path.abspath(ENVIRONMENT)}; {details}"
    if found := re.search(r"killed by signal (\d+)", log):
        return f"{what} was killed by signal {found[1]} (out of memory?); run make again; {details}"
    if room() < 20_000_000:  # venv hides what its own children say
        return f"the disk is full (the environment takes some 500 MB); free some space and run make again; {details}"
    words = [line.strip() for line in log.splitlines() if re.match(r"\s*(error|×|╰)", line, re.IGNORECASE)]
    return f"{what} failed: {' '.join(words[-LINES:]) or 'without saying why'}; {details}"


def says(log: str, *words: str) -> bool:
    """Whether ``log`` has one of ``words``, in small letters or capitals."""
    return any(word.lower() in log.lower() for word in words)


def package_in(log: str, pattern: str) -> str:
    """The package an installer speaks of: the first group of ``pattern`` that matched."""
    found = re.search(pattern, log, re.MULTILINE | re.IGNORECASE)
    return next((part for part in found.groups() if part), "a package") if found else "a package"


def room() -> int:
    """Free bytes where the environment stands."""
    return shutil.disk_usage(".").free


def index_host(log: str) -> str:
    """Host and port of the index that did not answer, with a blank after; empty where the log does not tell."""
    if found := re.search(r"host='([^']+)', port=(\d+)", log):
        return f"{found[1]}:{found[2]} "
    if found := re.search(r"https?://(?:[^/@\s]*@)?([^/\s)`]+)", log):
        return f"{found[1]} "
    return ""


def explain_os_error(error: OSError) -> str:
    """An error of our own file handling in one line."""
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{where}the disk is full; free some space (the environment takes some 500 MB) and run make again"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{where}no right to write here; make the checkout yours (chown) or use another one"
    return f"{where}{error.strerror or error}"
