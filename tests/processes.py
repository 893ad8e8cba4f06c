"""What the kernel says of processes; for tests."""


def state_of(pid):
    """The letter of /proc/PID/stat, such as S, T or Z; "" when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_alive(pid):
    """Whether it runs, sleeps or is stopped; a zombie is not."""
    return state_of(pid) not in ("", "Z", "X")


def is_stopped(pid):
    return state_of(pid) == "T"
