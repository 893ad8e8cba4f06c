"""How every benchmark prints: what, ours, the peer or floor of the same run, the ratio, the bar."""

import statistics

LINEAR = 1.3  # what a piece of ten times as many may cost, for hiccups of the machine


def median(measure, times=3):
    """The median of what measure() gives, so that one hiccup of the machine decides nothing."""
    return statistics.median(measure() for _ in range(times))


def row(what, ours, peer, ratio, bar, met):
    """Texts, and whether the bar is met; None where there is no bar."""
    verdict = {True: "met", False: "MISSED", None: ""}[met]
    print(f"{what:<52} {ours:>16} {peer:>28} {ratio:>8}  {bar:<28} {verdict}", flush=True)


def heading():
    row("what", "ours", "peer or floor, same run", "ratio", "bar", None)


def fewer_is_better(what, ours, peer, peer_name, most):
    ratio = ours / peer
    row(what, f"{ours:.3f} s", f"{peer_name} {peer:.3f} s", f"{ratio:.2f}", f"at most {most} x",
        ratio <= most)


def more_is_better(what, ours, peer, peer_name, least, unit):
    ratio = ours / peer
    row(what, f"{ours:,.0f} {unit}", f"{peer_name} {peer:,.0f}", f"{ratio:.2f}",
        f"at least {least} x", ratio >= least)


def absolute(what, ours, unit, most):
    row(what, f"{ours:,.1f} {unit}", "", "", f"below {most} {unit}", ours < most)


def linear(what, seconds):
    """{size: seconds}: what one piece costs must not grow with their number. The smallest size carries
    the start of a process and is printed for that; the bar is about the two largest."""
    sizes = sorted(seconds)
    each = [seconds[size] / size * 1e6 for size in sizes]
    ratio = each[-1] / each[-2]
    row(what, f"{each[-1]:.1f} us each", " ".join(f"{us:.1f}" for us in each[:-1]) + " us",
        f"{ratio:.2f}", f"at most {LINEAR} x", ratio <= LINEAR)
