"""Start-up time, memory and speed of the recogniser with one worker.

RSS counts shared pages in each process, PSS splits them. Usage: `python benchmarks/recogniser.py`.
"""

import time
from contextlib import AsyncExitStack

import anyio
import psutil

from plugins.pii.options import RecogniserOptions
from plugins.pii.recogniser import open_recogniser

TEXT = "On Monday Maria Gonzalez wrote to Robert Fischer from Berlin, at r.fischer@example.com. "


def report(process: psutil.Process) -> None:
    total = 0
    for one in (process, *process.children(recursive=True)):
        memory = one.memory_full_info()
        total += memory.rss
        name = " ".join(one.cmdline()[-2:])
        print(
            f"{one.pid:>8}  rss {memory.rss / 1e6:6.1f} MB  pss {memory.pss / 1e6:6.1f} MB  {name}"
        )
    print(f"{'sum':>8}  rss {total / 1e6:6.1f} MB")


async def main() -> None:
    began = time.perf_counter()
    async with AsyncExitStack() as stack:
        recogniser = await open_recogniser(stack, RecogniserOptions(workers=1, cache=0))
        print(f"ready after {time.perf_counter() - began:.2f} s")
        report(psutil.Process())
        worker = psutil.Process().children()[0]
        before = worker.cpu_times()
        texts = [f"{TEXT * 5}{n}" for n in range(1_000)]
        await recogniser.find(texts)
        after = worker.cpu_times()
        used = after.user + after.system - before.user - before.system
        print(f"{sum(map(len, texts)) / used:.0f} characters per CPU second")
        report(psutil.Process())


anyio.run(main)
