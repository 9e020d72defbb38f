# SPDX-License-Identifier: Apache-2.0
"""What can happen to a file: flipped bits, zeros, an end that is missing, a log that is not its own; and a disk of 2 MB."""

import os
import subprocess

PAGE = 4096


class SmallDisk:
    """A tmpfs on the folder, if we may mount one."""

    def __init__(self, folder, size="3m"):
        self.folder = folder
        self.ballast = os.path.join(folder, "ballast")
        self.mounted, self.why = False, "only root can mount one"
        if os.geteuid() == 0:
            done = subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=700,size=" + size, "tmpfs", folder], capture_output=True, text=True, check=False)
            self.mounted, self.why = done.returncode == 0, done.stderr.strip() or "mount failed" if done.returncode else ""

    @staticmethod
    def forget(folder):
        """One that a killed run has left there."""
        if os.path.ismount(folder):
            subprocess.run(["umount", "-l", folder], check=False)

    def fill(self, leave):
        """Until about so many bytes are free."""
        with open(self.ballast, "wb", buffering=0) as f:
            while (room := self.free() - leave) > 0:
                try:
                    f.write(b"\0" * min(room, 65536))
                except OSError:
                    return

    def free(self):
        st = os.statvfs(self.folder)
        return st.f_bavail * st.f_frsize

    def empty(self):
        if os.path.exists(self.ballast):
            os.unlink(self.ballast)

    def close(self):
        if self.mounted:
            subprocess.run(["umount", "-l", self.folder], check=True)
            self.mounted = False


def damage(rng, path):
    """Does one thing to the file (and its log), and says what."""
    ways = [flip_bits, flip_header, zero_pages, noise_page, truncate]
    if os.path.exists(path + "-wal") and os.path.getsize(path + "-wal") > PAGE:
        ways += [flip_log, flip_log, cut_log, noise_log, no_log]
    return rng.choice(ways)(rng, path)


def write_at(path, at, data):
    with open(path, "r+b") as f:
        f.seek(at)
        f.write(data)


def flip(rng, path, first, end, count):
    places = []
    for _ in range(count):
        at = rng.randrange(first, end)
        with open(path, "r+b") as f:
            f.seek(at)
            byte = f.read(1)[0]
            f.seek(at)
            f.write(bytes([byte ^ 1 << rng.randrange(8)]))
        places.append(at)
    return places


def flip_bits(rng, path):
    return "bits flipped at %s of %d" % (flip(rng, path, 100, os.path.getsize(path), rng.randint(1, 20)), os.path.getsize(path))


def flip_header(rng, path):
    """Not the two words by which another program's file, or a newer one's, is known: those are believed."""
    return "a bit of the header flipped at %s" % flip(rng, path, 0, 60, 1)


def zero_pages(rng, path):
    pages = os.path.getsize(path) // PAGE
    places = [rng.randrange(pages) for _ in range(rng.randint(1, 4))]
    # With nothing of its first bytes left a file is nobody's.
    for page in places:
        write_at(path, page * PAGE + (100 if page == 0 else 0), bytes(PAGE - (100 if page == 0 else 0)))
    return "pages of zeros: %s of %d" % (places, pages)


def noise_page(rng, path):
    pages = os.path.getsize(path) // PAGE
    page = rng.randrange(1, max(2, pages))
    write_at(path, page * PAGE, rng.randbytes(PAGE))
    return "a page of noise: %d of %d" % (page, pages)


def truncate(rng, path):
    size = os.path.getsize(path)
    to = rng.randrange(1, size)
    os.truncate(path, to)
    return "cut to %d of %d" % (to, size)


def flip_log(rng, path):
    return "bits flipped in its log at %s" % flip(rng, path + "-wal", 0, os.path.getsize(path + "-wal"), rng.randint(1, 3))


def cut_log(rng, path):
    size = os.path.getsize(path + "-wal")
    os.truncate(path + "-wal", rng.randrange(size))
    return "its log cut to %d of %d" % (os.path.getsize(path + "-wal"), size)


def noise_log(rng, path):
    size = os.path.getsize(path + "-wal")
    write_at(path + "-wal", 0, rng.randbytes(size))
    return "a log of noise"


def no_log(rng, path):
    os.unlink(path + "-wal")
    return "its log taken away"
