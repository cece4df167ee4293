"""Run nullcline experiments and open their archives as labelled data sets.

    import nullcline

    data = nullcline.run("pair.toml", solver__rtol=1e-9)
    data.x.plot.line(x="time")

The numbers come from the program `nullcline`; this package writes experiment files, calls it, and opens what it wrote.
"""

from .archive import groups, open
from .program import NotFound, NullclineError, analyze, check, program, run

__all__ = ["NotFound", "NullclineError", "analyze", "check", "groups", "open", "program", "run"]
